//! Lines of a text, and the replacements that make up an edit.

use std::ops::Range;

/// The line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

/// Where the text begins after a byte order mark.
pub(super) fn after_bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}

/// The first byte of the line that holds this byte.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(after_bom(text), |newline| newline + 1)
}

/// The first byte after the line that holds this byte.
pub(super) fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The rest of the line from this byte on, without its ending.
pub(super) fn rest_of_line(text: &str, at: usize) -> &str {
    text[at..next_line(text, at)].trim_end_matches(['\n', '\r'])
}

/// The rest of the line up to the next blank: of a block scalar's first line, its indicators.
pub(super) fn word(text: &str, at: usize) -> &str {
    rest_of_line(text, at).split([' ', '\t']).next().unwrap_or_default()
}

/// The line that begins at this byte as (indentation, what follows it).
pub(super) fn indented(text: &str, start: usize) -> (usize, &str) {
    let line = rest_of_line(text, start);
    let content = line.trim_start_matches(' ');
    (line.len() - content.len(), content.trim_end())
}

/// Whether nothing but blanks and a comment follows on the line.
pub(super) fn is_blank_or_comment(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with('#')
}

/// The next byte that is neither blank nor in a comment.
pub(super) fn next_token(source: &str, mut at: usize) -> usize {
    loop {
        at += source[at..].len() - source[at..].trim_start().len();
        if !source[at..].starts_with('#') {
            return at;
        }
        at = next_line(source, at);
    }
}

/// The line ending that most lines have.
pub(super) fn line_ending(text: &str) -> &'static str {
    let newlines = text.matches('\n').count();
    let windows = text.matches("\r\n").count();
    if windows * 2 > newlines { "\r\n" } else { "\n" }
}

/// The bytes of a range give way to a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    pub(super) fn delete(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// Where lines are deleted up to the end of a text without a final newline, the newline before them
/// goes with them; otherwise an empty line would stay at the end. New lines come after it.
pub(super) fn take_newline_before(text: &str, mut splices: Vec<Splice>) -> Vec<Splice> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let is_deletion = |splice: &Splice| splice.text.is_empty() && !splice.range.is_empty();
    let mut from = text.len();
    for Splice { range, .. } in splices.iter().rev().filter(|splice| is_deletion(splice)) {
        if range.end == from && line_start(text, range.start) == range.start {
            from = range.start;
        }
    }
    let is_ended = from == text.len() || text.ends_with('\n');
    let Some(above) = text[..from].strip_suffix('\n').filter(|_| !is_ended) else {
        return splices;
    };
    splices.retain(|splice| splice.range.start < from || !is_deletion(splice));
    for splice in splices.iter_mut().filter(|splice| splice.range.start >= from) {
        let line = splice.text.trim_end_matches(['\n', '\r']);
        let ending = &splice.text[line.len()..];
        *splice = Splice::insert(text.len(), format!("{ending}{line}"));
    }
    splices.push(Splice::delete(above.trim_end_matches('\r').len()..text.len()));
    splices
}

/// The text with all splices done; `None` when two of them want the same bytes.
///
/// Insertions at the same place keep their order.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut result = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for splice in splices {
        result.push_str(text.get(done..splice.range.start)?);
        result.push_str(&splice.text);
        done = splice.range.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_majority_decides_about_line_endings() {
        assert_eq!(line_ending("a\r\nb\r\nc\n"), "\r\n");
        assert_eq!(line_ending("a\r\nb\n"), "\n");
    }

    #[test]
    fn splices_are_applied_at_once_and_in_order() {
        let splices = vec![Splice::insert(3, "1"), Splice::delete(0..1), Splice::insert(3, "2")];
        assert_eq!(apply("abc", splices).as_deref(), Some("bc12"));
    }

    #[test]
    fn overlapping_splices_are_refused() {
        assert_eq!(apply("abc", vec![Splice::delete(0..2), Splice::delete(1..3)]), None);
    }
}
