//! A file as it will be, or what changes in it.

use super::page::{self, elided};
use super::{Ui, masked};
use crate::form::Field;
use crate::plan::{DiffLine, DiffTag, FileKind};
use crate::settings::HIDDEN;
use crate::ui::tui::theme::{Theme, glyph};
use crate::wizard::FilePreview;
use ratatui::text::{Line, Span};

/// The rule above a file: the names of the files, which one is shown, and what happens to it.
pub(super) fn title(ui: Ui, names: &[&str], shown: usize, about: &str) -> Line<'static> {
    let width = usize::from(ui.width);
    let names_width: usize = names.iter().map(|name| name.chars().count() + 2).sum();
    let room = width.saturating_sub(names_width + 9);
    // What comes last is worth the least.
    let mut about = about;
    while let (true, Some((first, _))) = (about.chars().count() > room, about.rsplit_once(", ")) {
        about = first;
    }
    let about = elided(about, room);
    let mut spans = vec![Span::styled(format!(" {0}{0} ", glyph::RULE), ui.theme.dim())];
    for (number, name) in names.iter().enumerate() {
        let style = if number == shown { Theme::strong() } else { ui.theme.dim() };
        let space = if number > 0 { "  " } else { "" };
        spans.push(Span::styled(format!("{space}{name}"), style));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let end = if about.is_empty() { 1 } else { about.chars().count() + 5 };
    let middle = glyph::RULE.repeat(width.saturating_sub(used + 1 + end));
    spans.push(Span::styled(format!(" {middle}"), ui.theme.dim()));
    if !about.is_empty() {
        spans.push(Span::styled(format!(" {about} {0}{0}", glyph::RULE), ui.theme.dim()));
    }
    Line::from(spans)
}

/// So many lines of a file, among them the one that holds the answer to a field.
pub(super) fn lines<'a>(
    ui: Ui,
    file: &'a FilePreview,
    field: &Field,
    is_stale: bool,
    room: usize,
) -> impl Iterator<Item = Line<'static>> + 'a {
    let key = field.key();
    let is_of_field = move |line: &DiffLine| {
        let text = line.text.trim_start();
        let is_there = line.tag != DiffTag::Removed && line.tag != DiffTag::Hunk;
        let rest = key.and_then(|key| text.strip_prefix(key));
        // What is hidden has the same key by chance: ours are shown.
        let blank = [':', ' '];
        let is_ours =
            |rest: &str| rest.starts_with(blank) && rest.trim_start_matches(blank) != HIDDEN;
        is_there && rest.is_some_and(is_ours)
    };
    let is_change = |line: &DiffLine| matches!(line.tag, DiffTag::Added | DiffTag::Removed);
    let lines = &file.lines;
    let focus = lines.iter().position(is_of_field);
    let first = focus.or_else(|| lines.iter().position(is_change)).unwrap_or(0);
    let start = (first + 2).saturating_sub(room).min(lines.len().saturating_sub(room));
    lines.iter().enumerate().skip(start).take(room).map(move |(number, line)| {
        let mut line = self::line(ui, file, line);
        if is_stale {
            line = Line::styled(line.to_string(), ui.theme.dim());
        } else if Some(number) == focus {
            let bar = Span::styled(format!(" {}", glyph::FOCUS), ui.theme.accent());
            if let Some(margin) = line.spans.first_mut() {
                *margin = Span::raw(margin.content.chars().skip(2).collect::<String>());
            }
            line.spans.insert(0, bar);
        }
        line
    })
}

/// One line: a mark in column 2, then the text.
pub(super) fn line(ui: Ui, file: &FilePreview, line: &DiffLine) -> Line<'static> {
    let theme = ui.theme;
    let room = usize::from(ui.width).saturating_sub(5);
    let text = masked(&line.text);
    let shown = match line.tag {
        // Both ends, so that what differs is in view.
        DiffTag::Added | DiffTag::Removed => elided(&text, room),
        DiffTag::Equal | DiffTag::Hunk => page::cut(&text, room).into_owned(),
    };
    let with_mark = |mark: &str, style| {
        let text = Span::styled(shown.clone(), style);
        Line::from(vec![Span::raw("  "), Span::styled(format!("{mark} "), style), text])
    };
    match line.tag {
        DiffTag::Hunk => with_mark(" ", theme.dim()),
        DiffTag::Removed => with_mark("-", theme.removed()),
        DiffTag::Added => with_mark("+", theme.added()),
        DiffTag::Equal => {
            let mark = if file.is_new { "+" } else { " " };
            let mut spans = vec![Span::raw("  "), Span::styled(format!("{mark} "), theme.good())];
            spans.extend(coloured(ui, file.kind, &shown));
            Line::from(spans)
        }
    }
}

/// Keys and comments of YAML and nginx, told apart by colour. Nobody relies on it.
fn coloured(ui: Ui, kind: FileKind, text: &str) -> Vec<Span<'static>> {
    let indent = text.len() - text.trim_start().len();
    if text[indent..].starts_with('#') {
        return vec![Span::styled(text.to_owned(), ui.theme.dim())];
    }
    let key = match kind {
        FileKind::Config => text.find(": ").or_else(|| text.strip_suffix(':').map(str::len)),
        FileKind::Env => text.find('='),
        FileKind::Nginx => text[indent..].find(' ').map(|end| indent + end),
        FileKind::Unknown => None,
    };
    let (key, rest) = text.split_at(key.unwrap_or(0));
    vec![Span::styled(key.to_owned(), ui.theme.key()), Span::raw(rest.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form;
    use crate::ui::tui::backend::Colors;
    use crate::ui::tui::theme::Level;

    fn ui() -> Ui {
        Ui { theme: Theme::new(Level::Full, Colors::Basic), width: 80, is_small: false }
    }

    #[test]
    fn the_bar_is_at_our_setting_and_not_at_one_with_the_same_key() {
        let text = |text: &str| DiffLine { tag: DiffTag::Equal, text: text.to_owned() };
        let all = ["datasources.postgres:", "  url: …", "kestra:", "  url: https://a.example/ # …"];
        let file = FilePreview {
            kind: FileKind::Config,
            name: String::new(),
            about: String::new(),
            is_new: false,
            lines: all.map(text).into(),
        };
        let shown = lines(ui(), &file, &form::URL, false, 9).map(|line| line.to_string());
        let barred: Vec<_> = shown.filter(|line| line.contains(glyph::FOCUS)).collect();
        assert_eq!(barred, [" ┃    url: https://a.example/ # …"]);
    }

    #[test]
    fn keys_and_comments_are_told_apart_in_the_files_that_are_known() {
        let key = |kind, text| {
            let spans = coloured(ui(), kind, text);
            let key = spans.into_iter().find(|span| span.style == ui().theme.key());
            key.map(|span| span.content.into_owned())
        };
        for (kind, text, expected) in [
            (FileKind::Config, "  url: x", "  url"),
            (FileKind::Config, "kestra:", "kestra"),
            (FileKind::Env, "NAME=value", "NAME"),
            (FileKind::Nginx, "  listen 80;", "  listen"),
            (FileKind::Unknown, "url: x", ""),
        ] {
            assert_eq!(key(kind, text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(key(FileKind::Config, "# url: x"), None);
    }
}
