//! The part of a large file that an edit can have changed, so that the proof need not read the
//! rest again.
//!
//! Where both texts have the same bytes up to a root section, and from a later one on, a parser
//! is in the same state at both borders: it reads the same before and after them. That holds only
//! for files whose sections know nothing of each other, without aliases and tags, in one document;
//! all others are read as a whole.

use super::keys;
use super::text;
use super::yaml::{Id, Shape, Tree};
use std::collections::HashSet;

/// Below this size a file is read as a whole, which takes no time.
const LARGE: usize = 1 << 18;

/// So many sections after a difference one must be the same again.
const NEAR: usize = 4;

/// The root sections of a file, where they can be read apart from one another.
#[derive(Debug)]
pub(super) struct Sections {
    /// Where each begins, and the first name of its key.
    starts: Vec<(usize, String)>,
}

impl Sections {
    /// The sections of a large file; `None` if they cannot be read apart.
    pub(super) fn of_large(tree: &Tree) -> Option<Self> {
        if tree.text.len() < LARGE { None } else { Self::of(tree) }
    }

    fn of(tree: &Tree) -> Option<Self> {
        let [document] = tree.documents.as_slice() else { return None };
        let root = document.root;
        let is_plain_map = tree.nodes[root].shape == (Shape::Map { flow: false });
        let is_special = |id: Id| {
            let node = &tree.nodes[id];
            node.tag.is_some() || matches!(node.shape, Shape::Alias(_))
        };
        if !is_plain_map || tree.nodes[root].column > 0 || (root..tree.nodes.len()).any(is_special)
        {
            return None;
        }
        let starts = tree.entries(root).map(|(key, _)| {
            let start = tree.nodes[key].start;
            let begins_line = text::line_start(tree.text, start) == start;
            (begins_line && !tree.is_merge(key)).then(|| (start, first_name(tree.key(key))))
        });
        Some(Self { starts: starts.collect::<Option<_>>()? })
    }

    /// The sections of both texts that differ, as texts that can be read alone; the bytes of all
    /// others are the same in both, in the same order.
    pub(super) fn apart(&self, before: &str, after: &str) -> Option<(String, String)> {
        let head = self.starts.first()?.0;
        let mut at = after.starts_with(&before[..head]).then_some(head)?;
        let (mut one, mut two) = (String::new(), String::new());
        let (mut outside, mut inside) = (HashSet::new(), Vec::new());
        let mut section = 0;
        while section < self.starts.len() {
            let same = self.text(before, section);
            let is_last = section + 1 == self.starts.len();
            if after[at..].starts_with(same) && (!is_last || at + same.len() == after.len()) {
                outside.insert(self.starts[section].1.as_str());
                (section, at) = (section + 1, at + same.len());
                continue;
            }
            let (next, until) = self.resume(before, after, section, at)?;
            let old: String = (section..next).map(|section| self.text(before, section)).collect();
            for (part, all) in [(old.as_str(), &mut one), (&after[at..until], &mut two)] {
                inside.extend(names(part)?);
                all.push_str(part);
            }
            (section, at) = (next, until);
        }
        let is_apart =
            at == after.len() && inside.iter().all(|name| !outside.contains(name.as_str()));
        is_apart.then_some((one, two))
    }

    /// The next section that stands in the other text too, and where; the end if there is none.
    fn resume(
        &self,
        before: &str,
        after: &str,
        section: usize,
        at: usize,
    ) -> Option<(usize, usize)> {
        let mut near = section..(section + NEAR).min(self.starts.len());
        let again = |next| {
            let place = at + after[at..].find(self.text(before, next))?;
            let is_further = (next, place) != (section, at);
            (is_further && after[..place].ends_with('\n')).then_some((next, place))
        };
        let is_near_end = section + NEAR >= self.starts.len();
        near.find_map(again).or_else(|| is_near_end.then_some((self.starts.len(), after.len())))
    }

    fn text<'t>(&self, before: &'t str, section: usize) -> &'t str {
        let end = self.starts.get(section + 1).map_or(before.len(), |(start, _)| *start);
        &before[self.starts[section].0..end]
    }
}

/// The first names of the root keys of a part; `None` if it cannot stand between others.
fn names(part: &str) -> Option<Vec<String>> {
    // Blank lines and comments might belong to a block scalar above, and what follows the end of
    // a document to none.
    let is_marker = |line: &str| line.starts_with("...") || line.starts_with("---");
    if part.starts_with([' ', '\n', '\r', '#']) || part.lines().any(is_marker) {
        return None;
    }
    if part.is_empty() {
        return Some(Vec::new());
    }
    let tree = Tree::parse(part).ok()?;
    let sections = Sections::of(&tree)?;
    let is_implicit = tree.documents.iter().all(|document| document.start == 0);
    is_implicit.then(|| sections.starts.into_iter().map(|(_, name)| name).collect())
}

fn first_name(key: &str) -> String {
    let mut name = keys::hyphenated(key);
    name.truncate(name.find(['.', '[']).unwrap_or(name.len()));
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kestra_config::proof::prove;
    use crate::kestra_config::read;
    use proptest::prelude::*;

    fn apart(before: &str, after: &str) -> Option<(String, String)> {
        Sections::of(&Tree::parse(before).ok()?)?.apart(before, after)
    }

    #[test]
    fn only_the_sections_with_a_difference_are_left() {
        for (before, after, old, new) in [
            (
                "a: 1\nb:\n  c: 1\nd: 1\n",
                "a: 1\nb:\n  c: 2\nd: 1\n",
                "b:\n  c: 1\n",
                "b:\n  c: 2\n",
            ),
            ("#\na: 1\nb: 1\nc: 1\n", "#\na: 2\nb: 1\nc: 2\n", "a: 1\nc: 1\n", "a: 2\nc: 2\n"),
            ("a: 1\nb: 1\n", "a: 1\nb: 1\nc: 1\n", "b: 1\n", "b: 1\nc: 1\n"),
            ("a: 1\nb: 1\nc: 1\n", "a: 1\nc: 1\n", "b: 1\n", ""),
        ] {
            assert_eq!(
                apart(before, after),
                Some((old.into(), new.into())),
                "{before:?} {after:?}"
            );
        }
    }

    #[test]
    fn sections_that_know_of_each_other_are_not_read_apart() {
        for (before, after) in [
            ("a: &x 1\nb: *x\n", "a: &x 2\nb: *x\n"),
            ("a: 1\nb: 1\na.c: 1\n", "a: 1\nb: 1\na.c: 2\n"),
            ("a: 1\nb: 1\n---\nc: 1\n", "a: 1\nb: 2\n---\nc: 1\n"),
            ("a: 1\nb: 1\n", "a: 1\n---\nb: 1\n"),
            ("a: |+\n  x\nb: 1\nc: 1\n", "a: |+\n  x\n\nc: 1\n"),
            ("a: 1\n<<: {b: 1}\nc: 1\n", "a: 1\n<<: {b: 1}\nc: 2\n"),
            ("a: 1\nb: 1\n", "a: 1\nb: 'x\n"),
            ("a: 1\nb: 1\nc: 1\n", "a: 1\nb: 2\n...\nc: 1\n"),
        ] {
            assert_eq!(apart(before, after), None, "{before:?} {after:?}");
        }
    }

    fn is_proved(before: &str, after: &str) -> bool {
        matches!((read(before), read(after)), (Ok(one), Ok(two)) if prove(&one, &two, &[]).is_ok())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_proved_for_the_parts_is_proved_for_the_whole(
            at in any::<prop::sample::Index>(),
            piece in prop::sample::select(&["", "x", " ", "\n", "\n\n", ": ", "#", "'", "\"", "{", "]", "- ", "&a ", "*a", "---\n", "...\n", "|", "? ", "b: 2\n", "  y\n", "# c\n"][..]),
            length in 0..12_usize,
        ) {
            const BEFORE: &str = "# top\na: |+\n  x\n\nb:\n  c: 1\n# d\nd: 'x\n  y'\ne: [1,\n  2]\nf:\n- 1\ng: z\n  z\nh: >\n  t\n\ni: 1\n";
            let from = at.index(BEFORE.len());
            let after = format!("{}{piece}{}", &BEFORE[..from], &BEFORE[(from + length).min(BEFORE.len())..]);
            if let Some((one, two)) = apart(BEFORE, &after) {
                prop_assert!(is_proved(BEFORE, &after) || !is_proved(&one, &two), "{after}");
            }
        }
    }
}
