//! A change as lines to look at, with secrets masked.

use super::{FileChange, FileKind, Text, env};
use crate::kestra_config;
use crate::settings::Secret;
use crate::settings::is_hidden;
use similar::{DiffOp, TextDiff};
use std::ops::Range;

/// What stands in place of a secret, whatever its length.
pub const MASK: &str = Secret::MASK;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// One line of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happens to it.
    pub mark: Mark,
    /// Its text without the line end, secrets masked unless they were asked for.
    pub text: String,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It stays.
    Same,
    /// It is on disk and goes.
    Removed,
    /// It comes.
    Added,
    /// Not a line of the file: says where the following lines stand.
    Place,
}

impl Mark {
    /// What stands in front of the line.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Removed => "-",
            Self::Added => "+",
            Self::Place => "",
        }
    }
}

impl FileChange {
    /// The whole text for a new file, else the difference; every line for an unchanged file.
    #[must_use]
    pub fn preview(&self, reveal: bool) -> Vec<Line> {
        match &self.before {
            Some(before) if before != &self.after => self.difference(before, reveal),
            _ => {
                let lines = Masked::new(self.after.as_str(), self.kind, reveal).lines;
                lines.into_iter().map(|text| Line { mark: Mark::Same, text }).collect()
            }
        }
    }

    /// The text that will stand there.
    #[must_use]
    pub fn masked(&self, reveal: bool) -> String {
        Masked::new(self.after.as_str(), self.kind, reveal)
            .lines
            .iter()
            .map(|line| line.clone() + "\n")
            .collect()
    }

    fn difference(&self, before: &Text, reveal: bool) -> Vec<Line> {
        let old = Masked::new(before.as_str(), self.kind, reveal);
        let new = Masked::new(self.after.as_str(), self.kind, reveal);
        let diff = TextDiff::from_lines(before.as_str(), self.after.as_str());
        let mut lines = Vec::new();
        for group in diff.grouped_ops(CONTEXT) {
            let first = group.first().map_or(0, |op| op.old_range().start);
            lines.push(Line { mark: Mark::Place, text: format!("@@ line {} @@", first + 1) });
            for op in &group {
                push(&mut lines, op, &old, &new);
            }
        }
        lines
    }

    /// How many lines change, come and go, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = self.count();
        let lines = |n: usize| if n == 1 { "line" } else { "lines" };
        let Some(before) = &self.before else {
            return format!("new file, {} {}", count.added, lines(count.added));
        };
        if count.is_nothing() {
            return "no changes".to_owned();
        }
        let kept = before.as_str().lines().count().saturating_sub(count.removed + count.changed);
        let Count { changed, added, removed } = count;
        // A line that goes takes the comment behind it along.
        let keeps_comments = self.kind == FileKind::Config && removed == 0;
        let comments = if keeps_comments { " and all comments" } else { "" };
        format!(
            "{changed} {} changed, {added} added, {removed} removed. {kept} other {}{comments} untouched.",
            lines(changed),
            lines(kept)
        )
    }

    /// How many lines change, come and go.
    #[must_use]
    pub fn count(&self) -> Count {
        let before = self.before.as_ref().map_or("", Text::as_str);
        let diff = TextDiff::from_lines(before, self.after.as_str());
        diff.ops().iter().fold(Count::default(), Count::add)
    }
}

/// How many lines change, come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Lines that stay with another text.
    pub changed: usize,
    /// Lines that come.
    pub added: usize,
    /// Lines that go.
    pub removed: usize,
}

impl Count {
    fn is_nothing(self) -> bool {
        self == Self::default()
    }

    fn add(self, op: &DiffOp) -> Self {
        let (old, new) = (op.old_range().len(), op.new_range().len());
        match op {
            DiffOp::Equal { .. } => self,
            _ => Self {
                changed: self.changed + old.min(new),
                added: self.added + new.saturating_sub(old),
                removed: self.removed + old.saturating_sub(new),
            },
        }
    }
}

fn push(lines: &mut Vec<Line>, op: &DiffOp, old: &Masked, new: &Masked) {
    let mut take = |mark, from: &Masked, range: Range<usize>| {
        let texts = from.lines.get(range).unwrap_or_default();
        lines.extend(texts.iter().map(|text| Line { mark, text: text.clone() }));
    };
    if let DiffOp::Equal { .. } = op {
        take(Mark::Same, new, op.new_range());
    } else {
        take(Mark::Removed, old, op.old_range());
        take(Mark::Added, new, op.new_range());
        let gone = old.lines.get(op.old_range()).unwrap_or_default();
        // Without its secret a line that changed looks as if it had not.
        let added = lines.iter_mut().rev().take(op.new_range().len());
        added.filter(|line| gone.contains(&line.text)).for_each(|line| line.text += "  (changed)");
    }
}

/// A piece of configuration, or a line of an env file, with every secret masked.
#[must_use]
pub fn hide_secrets(text: &str) -> String {
    let kind = if env::is_assignment(text) { FileKind::Env } else { FileKind::Config };
    let lines = Masked::new(text, kind, false).lines;
    lines.iter().map(|line| line.clone() + "\n").collect()
}

/// The lines of a text with every secret replaced; as many lines as the text has.
struct Masked {
    lines: Vec<String>,
}

impl Masked {
    fn new(text: &str, kind: FileKind, reveal: bool) -> Self {
        Self::of(text, &if reveal { Vec::new() } else { secrets(text, kind) })
    }

    fn of(text: &str, secrets: &[Range<usize>]) -> Self {
        let mut at = 0;
        let lines = text.split_inclusive('\n').map(|line| {
            let range = at..at + line.len();
            at = range.end;
            masked(line, range.start, secrets)
        });
        Self { lines: lines.collect() }
    }
}

fn secrets(text: &str, kind: FileKind) -> Vec<Range<usize>> {
    match kind {
        FileKind::Config => kestra_config::secrets(text),
        FileKind::Env => env::values(text),
        FileKind::Nginx => Vec::new(),
        FileKind::Unknown => lines(text).collect(),
    }
}

fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        at += line.len();
        at - line.len()..at
    })
}

/// A line without its end and without the secrets that lie in it. Each secret leaves one mask on
/// the line where it begins; the rest of a secret of several lines leaves nothing.
fn masked(line: &str, start: usize, secrets: &[Range<usize>]) -> String {
    let end = start + line.trim_end_matches(['\n', '\r']).len();
    let first = secrets.partition_point(|secret| secret.end <= start);
    let mut shown = String::new();
    let mut at = start;
    for secret in secrets[first..].iter().take_while(|secret| secret.start < end) {
        shown.push_str(&line[at - start..secret.start.max(at) - start]);
        shown.push_str(MASK);
        at = secret.end.min(end).max(at);
    }
    shown.push_str(&line[at - start..end - start]);
    printable(&shown)
}

/// What cannot be seen made visible, so that no file can send sequences to the terminal, or look like
/// another.
fn printable(text: &str) -> String {
    let seen = |c| match c {
        '\t' => ' ',
        c if is_hidden(c) => '?',
        c => c,
    };
    text.chars().map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(before: &str, after: &str) -> FileChange {
        let (before, after) = (Some(before.into()), after.into());
        FileChange { kind: FileKind::Config, path: "config.yml".into(), before, after, mode: 0o600 }
    }

    fn shown(change: &FileChange, reveal: bool) -> String {
        let lines = change.preview(reveal);
        let lines = lines.iter().map(|line| format!("{}{}\n", line.mark.sign(), line.text));
        lines.collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_difference_shows_no_secret_of_either_side() {
        let change = change("a: 1\npassword: old-one\n", "a: 1\npassword: new-one\n");
        assert_eq!(
            shown(&change, false),
            "@@ line 1 @@\n a: 1\n-password: *********\n+password: *********  (changed)\n"
        );
        assert!(shown(&change, true).contains("+password: new-one"));
    }

    #[test]
    fn a_secret_is_masked_wherever_its_name_stands() {
        let far = (0..9).fold(String::new(), |text, n| format!("{text}far{n}: {n}\n"));
        let text = |url: &str| format!("x: &pw hunter2\nurl: {url}\n{far}password: *pw\n");
        let alias = change(&text("1"), &text("2"));
        assert!(!shown(&alias, false).contains("hunter2"), "{}", shown(&alias, false));
        let text =
            |url: &str| format!("a: &a 1\n{far}b:\n  url: {url}\n  c: *a\nsecrets:\n- hunter2\n");
        let list = change(&text("1"), &text("2"));
        assert!(!shown(&list, false).contains("hunter2"), "{}", shown(&list, false));
    }

    #[test]
    fn a_bracket_or_quote_that_is_open_above_what_is_shown_is_seen() {
        let list = "secrets: [\n0,\n@hunter2,\n1]\n";
        let text = "password: \"0\n@also: hunter2\nmid: 0\nend: 1\"\n";
        for open in [list, text] {
            let open = open.replace('@', &"far,\n".repeat(9));
            let change = change(&format!("{open}url: 1\n"), &format!("{open}url: 2\n"));
            assert!(!shown(&change, false).contains("hunter2"), "{}", shown(&change, false));
        }
    }

    #[test]
    fn a_line_to_set_by_hand_hides_its_value() {
        assert_eq!(hide_secrets("LOGIN='hunter2'"), format!("LOGIN={MASK}\n"));
    }

    #[test]
    fn every_line_of_a_long_secret_is_masked() {
        let change = change("", "key-password: |\n  first\n  second\nb: 1\n");
        let shown = shown(&change, false);
        assert!(!shown.contains("first") && !shown.contains("second") && shown.contains("b: 1"));
    }

    #[test]
    fn no_file_can_send_sequences_to_the_terminal() {
        let change = change("", "a: \u{1b}[31mred\nb: \u{202e}x\u{200b}\n");
        assert!(!shown(&change, true).contains(['\u{1b}', '\u{202e}', '\u{200b}']));
    }

    #[test]
    fn the_summary_counts_what_a_person_would_count() {
        let before = "# top\na: 1\nb: 2\nc: 3\n";
        let one = change(before, "# top\na: 1\nb: 5\nc: 3\nd: 4\n");
        assert_eq!(
            one.summary(),
            "1 line changed, 1 added, 0 removed. 3 other lines and all comments untouched."
        );
        let gone = change(before, "# top\na: 1\nc: 3\n");
        assert_eq!(gone.summary(), "0 lines changed, 0 added, 1 removed. 3 other lines untouched.");
    }
}
