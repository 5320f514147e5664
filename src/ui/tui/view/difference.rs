//! A file as it will be, or what changes in it.

use super::Ui;
use super::page::elided;
use crate::plan::{FileChange, FileKind, Line as PreviewLine, Mark};
use ratatui::text::{Line, Span};

/// The rule above a file: the names of the files, which one is shown, and what happens to it.
pub(super) fn title(ui: Ui, names: &[String], shown: usize, about: &str) -> Line<'static> {
    let rule = ui.theme.glyphs.rule;
    let width = usize::from(ui.width);
    let names_width: usize = names.iter().map(|name| name.chars().count() + 2).sum();
    let about = elided(about, width.saturating_sub(names_width + 9), ui.theme.glyphs.ellipsis);
    let mut spans = vec![Span::styled(format!(" {rule}{rule} "), ui.theme.dim())];
    for (number, name) in names.iter().enumerate() {
        let style = if number == shown { ui.theme.strong() } else { ui.theme.dim() };
        let space = if number > 0 { "  " } else { "" };
        spans.push(Span::styled(format!("{space}{name}"), style));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let end = if about.is_empty() { 1 } else { about.chars().count() + 5 };
    let middle = rule.repeat(width.saturating_sub(used + 1 + end));
    spans.push(Span::styled(format!(" {middle}"), ui.theme.dim()));
    if !about.is_empty() {
        spans.push(Span::styled(format!(" {about} {rule}{rule}"), ui.theme.dim()));
    }
    Line::from(spans)
}

/// What a file is called in a title.
pub(super) fn name(change: &FileChange) -> String {
    match change.kind {
        FileKind::Nginx => "nginx".to_owned(),
        FileKind::Config | FileKind::Env => change
            .path
            .file_name()
            .map_or("file".to_owned(), |name| name.to_string_lossy().into_owned()),
    }
}

/// What happens to a file, for its title.
pub(super) fn about(change: &FileChange) -> String {
    match &change.before {
        None => format!("{}, mode {:04o}", change.summary(), change.mode),
        Some(_) if change.is_noop() => "no changes".to_owned(),
        Some(_) => change.summary(),
    }
}

/// One line: a mark in column 2, then the text.
pub(super) fn line(ui: Ui, kind: FileKind, line: &PreviewLine) -> Line<'static> {
    let theme = ui.theme;
    match line.mark {
        Mark::Place => Line::styled(format!("    {}", line.text), theme.dim()),
        Mark::Removed => Line::styled(format!("  - {}", line.text), theme.removed()),
        Mark::Added => Line::styled(format!("  + {}", line.text), theme.added()),
        Mark::Same => {
            let mut spans = vec![Span::raw("    ")];
            spans.extend(coloured(ui, kind, &line.text));
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
    };
    let (key, rest) = text.split_at(key.unwrap_or(0));
    vec![Span::styled(key.to_owned(), ui.theme.key()), Span::raw(rest.to_owned())]
}
