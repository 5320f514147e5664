//! A change as lines to look at, redacted unless the operator asks for the real text.

use super::redact::{self, Shown, revealed};
use super::{FileChange, FileKind, Text};
use crate::settings::{HIDDEN, Secret, counted};
use serde::Serialize;
use similar::{DiffOp, TextDiff};

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    pub(crate) tag: DiffTag,
    /// Its text without the line end.
    pub text: String,
}

/// What happens to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiffTag {
    Equal,
    /// It is on disk and goes.
    Removed,
    Added,
    /// Not a line of the file: the number of the line that follows.
    Hunk,
}

impl DiffTag {
    /// The sign in front of the line.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Equal => " ",
            Self::Removed => "-",
            Self::Added => "+",
            Self::Hunk => "",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct DiffStat {
    /// Lines that get another text.
    pub(crate) changed: usize,
    pub(crate) added: usize,
    pub(crate) removed: usize,
}

impl FileChange {
    /// The whole text of a new or unchanged file, else the difference; redacted.
    pub fn preview(&self) -> Vec<DiffLine> {
        self.lines(|text| self.redact(text))
    }

    /// The same with everything that is in the file, for the operator who asks for it.
    pub(crate) fn revealed(&self) -> Vec<DiffLine> {
        self.lines(revealed)
    }

    /// The new text, redacted.
    pub fn redacted(&self) -> String {
        let shown = self.redact(&self.after);
        (0..redact::lines(self.after.as_str()).len()).map(|at| shown(at) + "\n").collect()
    }

    /// What is hidden in a new env file is the password, so it shows as one.
    fn redact<'a>(&self, text: &'a Text) -> Shown<'a> {
        let shown = redact::redacted(text, self.kind);
        if self.kind != FileKind::Env || self.before.is_some() {
            return shown;
        }
        Box::new(move |at| shown(at).replace(HIDDEN, Secret::MASK))
    }

    fn lines<'a>(&'a self, shown: impl Fn(&'a Text) -> Shown<'a>) -> Vec<DiffLine> {
        let after = shown(&self.after);
        let Some(before) = self.before.as_ref().filter(|before| **before != self.after) else {
            let count = redact::lines(self.after.as_str()).len();
            return (0..count)
                .map(|at| DiffLine { tag: DiffTag::Equal, text: after(at) })
                .collect();
        };
        let before = shown(before);
        let mut lines = Vec::new();
        for hunk in similar::group_diff_ops(self.operations(), CONTEXT) {
            let first = hunk.first().map_or(0, |op| op.old_range().start);
            lines.push(DiffLine { tag: DiffTag::Hunk, text: format!("@@ line {} @@", first + 1) });
            for op in &hunk {
                push(&mut lines, op, &before, &after);
            }
        }
        lines
    }

    /// What changes, in the numbers of lines. The texts are compared, not what of them is shown.
    fn operations(&self) -> Vec<DiffOp> {
        let before = self.before.as_ref().map_or("", Text::as_str);
        let before: Vec<_> = before.split_inclusive('\n').collect();
        let after: Vec<_> = self.after.as_str().split_inclusive('\n').collect();
        TextDiff::from_slices(&before, &after).ops().to_vec()
    }

    /// How many lines change, in words.
    pub fn summary(&self) -> String {
        let stat = self.stat();
        let Some(before) = &self.before else {
            return format!("new file, {}", counted(stat.added, "line"));
        };
        if stat == DiffStat::default() {
            return "no changes".to_owned();
        }
        let DiffStat { changed, added, removed } = stat;
        let kept = before.as_str().lines().count().saturating_sub(removed + changed);
        // A line that goes takes the comment behind it along.
        let keeps_comments = self.kind == FileKind::Config && removed == 0;
        let comments = if keeps_comments { " and all comments" } else { "" };
        format!(
            "{} changed, {added} added, {removed} removed. {}{comments} untouched.",
            counted(changed, "line"),
            counted(kept, "other line")
        )
    }

    pub(crate) fn stat(&self) -> DiffStat {
        let mut stat = DiffStat::default();
        let operations = self.operations();
        for op in operations.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
            let (old, new) = (op.old_range().len(), op.new_range().len());
            stat.changed += old.min(new);
            stat.added += new.saturating_sub(old);
            stat.removed += old.saturating_sub(new);
        }
        stat
    }
}

fn push(lines: &mut Vec<DiffLine>, op: &DiffOp, before: &Shown, after: &Shown) {
    let tagged = |tag| move |text: String| DiffLine { tag, text };
    let new = op.new_range().map(after);
    if let DiffOp::Equal { .. } = op {
        return lines.extend(new.map(tagged(DiffTag::Equal)));
    }
    let old: Vec<_> = op.old_range().map(before).collect();
    lines.extend(old.iter().cloned().map(tagged(DiffTag::Removed)));
    for text in new {
        // Without its value a line that changed looks as if it had not.
        let note = if old.contains(&text) { "  (changed)" } else { "" };
        lines.push(DiffLine { tag: DiffTag::Added, text: format!("{text}{note}") });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(before: &str, after: &str) -> FileChange {
        let (before, after) = (Some(before.into()), after.into());
        let (kind, path) = (FileKind::Config, "config.yml".into());
        FileChange { kind, path, target: None, before, after, mode: 0o600 }
    }

    fn shown(lines: &[DiffLine]) -> String {
        lines.iter().flat_map(|line| [line.tag.sign(), &line.text, "\n"]).collect()
    }

    #[test]
    fn a_difference_shows_no_secret_of_either_side() {
        let change = change("kestra: 1\npassword: old-one\n", "kestra: 1\npassword: new-one\n");
        assert_eq!(
            shown(&change.preview()),
            "@@ line 1 @@\n kestra: …\n-password: …\n+password: …  (changed)\n"
        );
        assert!(shown(&change.revealed()).contains("+password: new-one"));
    }

    #[test]
    fn far_changes_are_shown_apart() {
        let text = |url: &str| format!("url: {url}\n{}kind: {url}\n", "name: x\n".repeat(9));
        let far = change(&text("1"), &text("2"));
        assert_eq!(
            shown(&far.revealed()),
            "@@ line 1 @@\n-url: 1\n+url: 2\n name: x\n name: x\n name: x\n\
             @@ line 8 @@\n name: x\n name: x\n name: x\n-kind: 1\n+kind: 2\n"
        );
    }

    #[test]
    fn a_line_that_ends_otherwise_is_a_line_of_its_own() {
        let change = change("name: x\r\nurl: 1\rkind: 2\n", "name: x\r\nurl: 2\rkind: 2\n");
        assert_eq!(change.stat(), DiffStat { changed: 1, added: 0, removed: 0 });
        assert!(shown(&change.revealed()).contains("-url: 1?kind: 2\n"));
    }

    #[test]
    fn no_file_can_send_sequences_to_the_terminal() {
        let change = change("", "a: \u{1b}[31mred\nb: \u{202e}x\u{200b}\n");
        assert!(!shown(&change.revealed()).contains(['\u{1b}', '\u{202e}', '\u{200b}']));
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
