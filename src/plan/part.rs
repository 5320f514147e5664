//! The part of two texts in which they differ: a file may have megabytes, an edit has lines.

use super::preview::CONTEXT;

/// The same part of a file before and after. It begins and ends between two sections of the file,
/// so that it can be read as YAML by itself.
pub(super) struct Part<'a> {
    /// How many lines of the file stand before the part.
    pub(super) lines_before: usize,
    /// How many bytes of the file stand before the part.
    pub(super) start: usize,
    pub(super) before: &'a str,
    pub(super) after: &'a str,
}

impl<'a> Part<'a> {
    /// The lines that differ, the lines shown around them, and the rest of their sections.
    pub(super) fn of(before: &'a str, after: &'a str) -> Self {
        let same = |(a, b): &(u8, u8)| a == b;
        let start = before.bytes().zip(after.bytes()).take_while(same).count();
        let room = before.len().min(after.len()) - start;
        let end = before.bytes().rev().zip(after.bytes().rev()).take(room).take_while(same).count();
        let from = section_before(before, start);
        let rest = before.len() - section_after(before, before.len() - end);
        Self {
            lines_before: before[..from].matches('\n').count(),
            start: from,
            before: &before[from..before.len() - rest],
            after: &after[from..after.len() - rest],
        }
    }
}

/// The start of the section that is shown first: the lines before `at` included that give context.
fn section_before(text: &str, at: usize) -> usize {
    let previous = |start: usize| {
        let above = text.as_bytes()[..start].strip_suffix(b"\n").unwrap_or_default();
        above.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1)
    };
    let line = text.as_bytes()[..at].iter().rposition(|&byte| byte == b'\n');
    let mut start = line.map_or(0, |newline| newline + 1);
    for _ in 0..CONTEXT {
        start = previous(start);
    }
    while !begins_section(text, start) {
        start = previous(start);
    }
    start
}

/// The end of the section that is shown last, the lines after `at` included that give context.
fn section_after(text: &str, at: usize) -> usize {
    let next = |start: usize| {
        let below = text.as_bytes()[start..].iter().position(|&byte| byte == b'\n');
        below.map_or(text.len(), |newline| start + newline + 1)
    };
    let mut end = next(at);
    for _ in 0..CONTEXT {
        end = next(end);
    }
    while !begins_section(text, end) {
        end = next(end);
    }
    end
}

/// Whether a key without indentation begins here, or the text begins or ends.
fn begins_section(text: &str, start: usize) -> bool {
    let first = text.as_bytes().get(start);
    start == 0 || first.is_none_or(|byte| byte.is_ascii_alphanumeric() || b"\"'".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sections_without_a_change_are_left_out() {
        let text = |c: &str| {
            let far = (0..9).fold(String::new(), |text, n| format!("{text}far{n}:\n  x: {n}\n"));
            format!("{far}b:\n  d: 1\n  c: {c}\n{far}")
        };
        let (before, after) = (text("1"), text("2"));
        let part = Part::of(&before, &after);
        assert_eq!(
            part.before,
            "far8:\n  x: 8\nb:\n  d: 1\n  c: 1\nfar0:\n  x: 0\nfar1:\n  x: 1\n"
        );
        assert_eq!(part.after, part.before.replace("c: 1", "c: 2"));
        assert_eq!(part.lines_before, 16);
    }

    proptest! {
        #[test]
        fn what_is_left_out_is_the_same_on_both_sides(
            before in "([a-c ]{0,3}: [0-9\u{e9}]?\n?){0,12}",
            after in "([a-c ]{0,3}: [0-9\u{e9}]?\n?){0,12}",
        ) {
            let part = Part::of(&before, &after);
            let from: usize = before.split_inclusive('\n').take(part.lines_before).map(str::len).sum();
            prop_assert_eq!(&before[..from], &after[..from]);
            prop_assert!(before[from..].starts_with(part.before));
            prop_assert_eq!(&before[from + part.before.len()..], &after[from + part.after.len()..]);
        }
    }
}
