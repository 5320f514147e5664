//! Taking properties away, with the parents that this empties; comments and blank lines stay.

use super::find::{self, Entry, KeyPath};
use super::patch::Scope;
use super::splice::Splice;
use super::yaml::{Id, Shape, Style, Tree};
use super::{Edit, Refusal, flow, text};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The splices that take every occurrence of what is to be removed away. Values that are `growing`
/// get new keys in the same pass, and are not pruned.
pub(super) fn remove(
    scope: &Scope,
    edits: &[Edit],
    growing: &[Id],
) -> Result<Vec<Splice>, Refusal> {
    let mut pruning = Pruning { scope, growing, removed: HashSet::new(), left: HashMap::new() };
    let mut leaves = Vec::new();
    for edit in edits {
        let Edit::Remove(property) = edit else { continue };
        for trail in find::property(scope, property).occurrences {
            scope.refuse_special(&trail)?;
            pruning.take(&trail)?;
            leaves.push(trail);
        }
    }
    let mut topmost: BTreeMap<Id, Entry> = BTreeMap::new();
    for trail in &leaves {
        if let Some(&top) = trail.entries.iter().find(|entry| pruning.removed.contains(&entry.key))
        {
            topmost.insert(top.key, top);
        }
    }
    pruning.splices(topmost.values())
}

struct Pruning<'s, 't, 'a> {
    scope: &'s Scope<'t, 'a>,
    growing: &'s [Id],
    /// The keys of the entries that go.
    removed: HashSet<Id>,
    /// How many entries of a mapping stay.
    left: HashMap<Id, usize>,
}

impl Pruning<'_, '_, '_> {
    /// Marks an entry, and those above it that hold nothing else.
    fn take(&mut self, trail: &KeyPath) -> Result<(), Refusal> {
        let tree = self.scope.tree;
        if let Some(leaf) = trail.entries.last() {
            let value = tree.resolve(leaf.value);
            if tree.is_map(value) && !tree.is_empty(value) {
                let line = Some(tree.nodes[leaf.key].line);
                return Err(Refusal::new(
                    line,
                    "a whole section stands where a single value is to be removed",
                ));
            }
        }
        for entry in trail.entries[self.scope.prefix.len()..].iter().rev() {
            if !self.removed.insert(entry.key) {
                break;
            }
            let left =
                self.left.entry(entry.map).or_insert_with(|| tree.entries(entry.map).count());
            *left -= 1;
            if *left > 0 || self.growing.contains(&entry.map) {
                break;
            }
        }
        Ok(())
    }

    fn splices<'e>(
        &self,
        topmost: impl Iterator<Item = &'e Entry>,
    ) -> Result<Vec<Splice>, Refusal> {
        let tree = self.scope.tree;
        let mut splices = Vec::new();
        let mut braces = HashSet::new();
        for entry in topmost {
            if !tree.is_flow(entry.map) {
                splices.extend(lines_of(tree, *entry)?);
            } else if braces.insert(entry.map) {
                splices.extend(flow::remove(tree, entry.map, &self.removed));
            }
        }
        Ok(splices)
    }
}

/// Takes the lines of an entry away, save for own-line comments and blank lines.
fn lines_of(tree: &Tree, entry: Entry) -> Result<Vec<Splice>, Refusal> {
    let column = tree.nodes[entry.map].column;
    let end = tree.nodes[entry.value].end;
    let (first, last) = own_lines(tree, entry, column).ok_or_else(|| {
        Refusal::new(
            Some(tree.nodes[entry.key].line),
            "the setting shares its line with another one",
        )
    })?;
    let contents = Contents::of(tree, entry);
    let mut splices = Vec::new();
    let mut at = first;
    while at < last {
        let next = text::next_line(tree.text, at);
        let (indent, line) = text::indented(tree.text, at);
        if contents.hold(at) || !(line.is_empty() || line.starts_with('#')) {
            splices.push(Splice::delete(at..next));
        } else if line.starts_with('#') {
            splices.extend(dedented(at, indent, column));
        }
        at = next;
    }
    if tree.is_map(entry.value) {
        splices.extend(dedent_after(tree.text, text::next_line(tree.text, end), column));
    }
    Ok(splices)
}

/// From the first byte of the first line to the one after the last line, if no other entry
/// stands on them.
fn own_lines(tree: &Tree, entry: Entry, column: usize) -> Option<(usize, usize)> {
    let key = tree.nodes[entry.key].start;
    let first = text::line_start(tree.text, key);
    let (indent, _) = text::indented(tree.text, first);
    let end = tree.nodes[entry.value].end.max(tree.nodes[entry.key].end);
    let is_alone =
        indent == column && text::is_blank_or_comment(text::rest_of_line(tree.text, end));
    is_alone.then(|| (first, text::next_line(tree.text, end)))
}

/// The ranges of scalars with several lines, in which a `#` begins no comment.
struct Contents(Vec<(usize, usize)>);

impl Contents {
    fn of(tree: &Tree, entry: Entry) -> Self {
        let nodes = &tree.nodes[entry.key..tree.nodes[entry.value].after];
        let scalars = nodes.iter().filter(|node| {
            matches!(node.shape, Shape::Scalar(_, style) if style != Style::Plain || node.end > node.start)
        });
        Self(scalars.map(|node| (node.start, node.end)).collect())
    }

    fn hold(&self, line: usize) -> bool {
        let before = self.0.partition_point(|&(start, _)| start < line);
        before > 0 && line < self.0[before - 1].1
    }
}

/// Comments that stood inside what was pruned move to its column.
fn dedent_after(source: &str, from: usize, column: usize) -> Vec<Splice> {
    let mut splices = Vec::new();
    let mut at = from;
    while at < source.len() {
        let (indent, line) = text::indented(source, at);
        if !line.is_empty() {
            if !line.starts_with('#') || indent <= column {
                break;
            }
            splices.extend(dedented(at, indent, column));
        }
        at = text::next_line(source, at);
    }
    splices
}

fn dedented(line: usize, indent: usize, column: usize) -> Option<Splice> {
    (indent > column).then(|| Splice::delete(line + column..line + indent))
}
