//! Lines from top to bottom, one of which must stay in view.

use crate::settings::{ascii, counted};
use crate::ui::wrapped;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::borrow::Cow;

/// The content between header and footer.
#[derive(Default)]
pub(super) struct Page {
    /// Paragraphs are broken to fit into so many columns.
    width: u16,
    lines: Vec<Line<'static>>,
    cursor: Option<(u16, usize)>,
    /// How far down the lines go that explain the one with the cursor.
    explained: usize,
    scroll: usize,
    /// Whether lines were left out.
    pub(super) is_shortened: bool,
    /// How far a part of the page can be scrolled; the page itself by default.
    furthest: Option<usize>,
}

/// The part of a page that fits.
pub(super) struct Visible {
    pub(super) lines: Vec<Line<'static>>,
    pub(super) cursor: Option<(u16, u16)>,
    /// How far the page can be scrolled.
    pub(super) furthest: usize,
}

impl Page {
    /// An empty page of so many columns.
    pub(super) fn new(width: u16) -> Self {
        Self { width, ..Self::default() }
    }

    /// An empty page whose first lines are scrolled away.
    pub(super) fn scrolled(width: u16, scroll: usize) -> Self {
        Self { width, scroll, ..Self::default() }
    }

    pub(super) fn line(&mut self, line: impl Into<Line<'static>>) {
        self.lines.push(line.into());
    }

    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.lines.push(Line::raw(ascii(&text.into()).into_owned()));
    }

    pub(super) fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// A text broken into lines, all beginning at this column or where the text itself begins.
    pub(super) fn paragraph(&mut self, indent: usize, text: &str, style: Style) {
        for line in ascii(text).split('\n') {
            let words = line.trim_start();
            let indent = indent + line.len() - words.len();
            let room = usize::from(self.width).saturating_sub(indent + 1);
            for words in wrapped(words, room) {
                let margin = Span::raw(" ".repeat(indent));
                self.lines.push(Line::from(vec![margin, Span::styled(words, style)]));
            }
        }
    }

    /// A mark in column 2, and beside it a text that is broken where it has to be.
    pub(super) fn marked(&mut self, (mark, style): (&str, Style), text: &str, of_text: Style) {
        let first = self.lines.len();
        self.paragraph(4, text, of_text);
        if let Some(margin) = self.lines.get_mut(first).and_then(|line| line.spans.first_mut()) {
            *margin = Span::styled(format!("  {mark} "), style);
        }
    }

    /// Adds these to the last line.
    pub(super) fn beside(&mut self, spans: impl IntoIterator<Item = Span<'static>>) {
        if let Some(line) = self.lines.last_mut() {
            line.spans.extend(spans);
        }
    }

    /// Puts these in front of a line, in place of its margin.
    pub(super) fn margin(&mut self, line: usize, spans: Vec<Span<'static>>) {
        if let Some(line) = self.lines.get_mut(line).filter(|line| !line.spans.is_empty()) {
            line.spans.splice(..1, spans);
        }
    }

    /// Leaves out what has no room, blank lines first, and tells how much that is and which key shows
    /// it.
    pub(super) fn shorten(&mut self, room: usize, key: &str) {
        self.tighten(room);
        if self.lines.len() > room {
            self.is_shortened = true;
            let kept = room.saturating_sub(1);
            let gone = self.lines.len() - kept;
            self.lines.truncate(kept);
            if room == 0 {
                return;
            }
            self.line(format!("  … {}   {key} shows all", counted(gone, "more line")));
        }
    }

    /// The last lines alone, so many of them.
    pub(super) fn end(mut self, room: usize) -> Self {
        let gone = self.lines.len().saturating_sub(room);
        self.lines.drain(..gone);
        self.is_shortened |= gone > 0;
        self
    }

    /// How many lines there are that are not blank.
    pub(super) fn filled(&self) -> usize {
        self.lines.iter().filter(|line| !is_blank(line)).count()
    }

    /// Adds the lines of another page, and its cursor.
    pub(super) fn extend(&mut self, other: Self) {
        let above = self.lines.len();
        self.is_shortened |= other.is_shortened;
        self.lines.extend(other.lines);
        if let Some((column, line)) = other.cursor {
            self.cursor = Some((column, above + line));
            self.explained = above + other.explained;
        }
    }

    /// How many lines there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Sets how far a part of the page can be scrolled.
    pub(super) fn scrolls(&mut self, furthest: usize) {
        self.furthest = Some(furthest);
    }

    /// Puts the cursor on the line that comes next.
    pub(super) fn cursor(&mut self, column: usize) {
        self.cursor = Some((u16::try_from(column).unwrap_or(u16::MAX), self.lines.len()));
    }

    /// Keeps what was added since the cursor in view with it.
    pub(super) fn explain_cursor(&mut self) {
        self.explained = self.lines.len();
    }

    /// The lines that fit, among them the one with the cursor and those that explain it.
    pub(super) fn visible(mut self, rows: u16) -> Visible {
        let rows = usize::from(rows);
        self.tighten(rows);
        let last_start = self.lines.len().saturating_sub(rows);
        let needed = self.cursor.map_or(0, |(_, line)| {
            self.explained.clamp(line + 1, line + rows.max(1)).saturating_sub(rows)
        });
        let start = self.scroll.max(needed).min(last_start.max(needed));
        let lines = self.lines.into_iter().skip(start).take(rows).collect();
        let cursor = self.cursor.and_then(|(x, line)| {
            let y = line.checked_sub(start)?.min(rows.saturating_sub(1));
            Some((x, u16::try_from(y).ok()?))
        });
        Visible { lines, cursor, furthest: self.furthest.unwrap_or(last_start) }
    }

    /// Where there is too little room, blank lines go before others.
    fn tighten(&mut self, rows: usize) {
        for at in (0..self.lines.len()).rev() {
            if !is_blank(&self.lines[at]) || self.lines.len() <= rows {
                continue;
            }
            self.lines.remove(at);
            self.explained -= usize::from(self.explained > at);
            if let Some((_, line)) = &mut self.cursor {
                *line -= usize::from(*line > at);
            }
        }
    }
}

fn is_blank(line: &Line<'_>) -> bool {
    line.spans.iter().all(|span| span.content.trim().is_empty())
}

/// A text that has no more room than this: both ends of it, where it is too long. A text that has
/// no room at all is left out.
pub(super) fn elided(text: &str, room: usize) -> String {
    let count = text.chars().count();
    if count <= room {
        return text.to_owned();
    }
    if room < 2 {
        return String::new();
    }
    let kept = room - 1;
    let end = kept / 2;
    let first: String = text.chars().take(kept - end).collect();
    let last: String = text.chars().skip(count - end).collect();
    format!("{first}…{last}")
}

/// The beginning of a text that has no more room than this.
pub(super) fn cut(text: &str, room: usize) -> Cow<'_, str> {
    match text.char_indices().nth(room) {
        Some(_) => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_keeps_both_ends() {
        let url = "https://ops.example.com/";
        assert_eq!(elided(url, 24), url);
        assert_eq!(elided(url, 14), "https:/…e.com/");
        assert_eq!(elided(url, 1), "");
        assert_eq!([cut("proxy:3128", 10), cut("proxy:3128", 9)], ["proxy:3128", "proxy:31…"]);
    }

    #[test]
    fn blank_lines_go_first_and_the_cursor_stays_on_its_line() {
        let mut page = Page::default();
        page.blank();
        page.cursor(3);
        page.text("field");
        page.explain_cursor();
        page.blank();
        page.text("more");
        let Visible { lines, cursor, .. } = page.visible(2);
        assert_eq!((lines[0].to_string(), cursor), ("field".to_owned(), Some((3, 0))));
        assert_eq!(lines[1].to_string(), "more");
    }
}
