//! New keys in block style: after the last entry of a mapping, or below a key that has nothing.

use super::find::{Entry, Parent};
use super::patch::Scope;
use super::seed::{self, NewKey};
use super::splice::Splice;
use super::yaml::{Id, Tree};
use super::{Refusal, step, text};

/// Puts new keys into a mapping in block style, or where one can begin.
pub(super) fn add(
    scope: &Scope,
    parent: &Parent,
    seeds: &[NewKey],
    ending: &str,
) -> Result<Vec<Splice>, Refusal> {
    let tree = scope.tree;
    let trail = &parent.trail.entries;
    let outer: Vec<Id> = trail.iter().map(|entry| entry.map).collect();
    let map = Some(parent.value).filter(|&value| !tree.is_empty(value));
    let step = step::around(tree, &outer, map);
    match (map, trail.last()) {
        (Some(map), _) => {
            let is_root = trail.len() == scope.prefix.len();
            Ok(vec![after_last(tree, map, is_root, seeds, step, ending)])
        }
        (None, None) => Ok(at_root(tree, Some(parent.value), seeds, step, ending)),
        (None, Some(holder)) => below(tree, holder, seeds, step, ending),
    }
}

/// Puts new keys below a key that has nothing.
fn below(
    tree: &Tree,
    holder: &Entry,
    seeds: &[NewKey],
    step: usize,
    ending: &str,
) -> Result<Vec<Splice>, Refusal> {
    let (key, value) = (&tree.nodes[holder.key], &tree.nodes[holder.value]);
    if !tree.text[key.end..value.end].contains(':') {
        return Err(Refusal::new(Some(key.line), "a key without a colon cannot hold settings"));
    }
    let column = tree.nodes[holder.map].column + step;
    let at = after_comments(tree.text, text::next_line(tree.text, value.end), column);
    let lines = joined(tree.text, at, &seed::lines(seeds, column, step), ending);
    let mut splices = vec![Splice::insert(at, lines)];
    if value.start < value.end {
        let before = tree.text[..value.start].trim_end_matches([' ', '\n', '\r']).len();
        splices.push(Splice::delete(before..value.end));
    }
    Ok(splices)
}

/// Puts the first sections into a document that has none; `None` for a stream without documents.
pub(super) fn at_root(
    tree: &Tree,
    root: Option<Id>,
    seeds: &[NewKey],
    step: usize,
    ending: &str,
) -> Vec<Splice> {
    let lines = seed::lines(seeds, 0, step);
    match root.map(|root| &tree.nodes[root]) {
        Some(node) if node.start < node.end => {
            instead(tree.text, node.start, node.end, &lines, ending)
        }
        _ => {
            let at = after_comments(tree.text, document_start(tree, root), 0);
            vec![Splice::insert(at, joined(tree.text, at, &lines, ending))]
        }
    }
}

/// Where the first line of an empty document begins.
fn document_start(tree: &Tree, root: Option<Id>) -> usize {
    let document = tree.documents.iter().find(|document| Some(document.root) == root);
    match document.map(|document| document.start) {
        Some(start) if tree.text[..start].ends_with("---") => text::next_line(tree.text, start),
        Some(start) => start,
        None => text::after_bom(tree.text),
    }
}

/// Replaces a root that is `{}` or `null`; its comment stays.
fn instead(source: &str, start: usize, end: usize, lines: &[String], ending: &str) -> Vec<Splice> {
    let line = text::line_start(source, start);
    let next = text::next_line(source, end);
    let is_alone = line == start;
    let rest = text::rest_of_line(source, end);
    if is_alone && rest.trim().is_empty() {
        let mut lines = lines.join(ending);
        if source[..next].ends_with('\n') {
            lines.push_str(ending);
        }
        return vec![Splice::replace(line..next, lines)];
    }
    let from = if is_alone { start } else { source[..start].trim_end_matches(' ').len() };
    let to = if is_alone { end + rest.len() - rest.trim_start().len() } else { end };
    let at = after_comments(source, next, 0);
    vec![Splice::delete(from..to), Splice::insert(at, joined(source, at, lines, ending))]
}

/// A blank line before each new section.
fn apart(seeds: &[NewKey], column: usize, step: usize) -> Vec<String> {
    let section = |seed| {
        let lines = seed::lines(std::slice::from_ref(seed), column, step);
        std::iter::once(String::new()).chain(lines)
    };
    seeds.iter().flat_map(section).collect()
}

/// Whether a blank line stands between every two sections.
fn are_apart(tree: &Tree, map: Id) -> bool {
    let entries: Vec<_> = tree.entries(map).collect();
    let is_apart = |pair: &[(Id, Id)]| {
        let from = text::next_line(tree.text, tree.nodes[pair[0].1].end);
        let to = text::line_start(tree.text, tree.nodes[pair[1].0].start);
        tree.text
            .get(from..to)
            .is_some_and(|lines| lines.lines().any(|line| line.trim().is_empty()))
    };
    entries.len() > 1 && entries.windows(2).all(is_apart)
}

/// Inserts after the last entry of a mapping and after the comments that belong to it.
fn after_last(
    tree: &Tree,
    map: Id,
    is_root: bool,
    seeds: &[NewKey],
    step: usize,
    ending: &str,
) -> Splice {
    let node = &tree.nodes[map];
    let at = after_comments(tree.text, text::next_line(tree.text, node.end), node.column);
    let lines = if is_root && are_apart(tree, map) {
        apart(seeds, node.column, step)
    } else {
        seed::lines(seeds, node.column, step)
    };
    Splice::insert(at, joined(tree.text, at, &lines, ending))
}

/// Where the own-line comments end that are indented at least as deep as this column.
pub(super) fn after_comments(source: &str, from: usize, column: usize) -> usize {
    let (mut at, mut end) = (from, from);
    while at < source.len() {
        let (indent, content) = text::indented(source, at);
        let next = text::next_line(source, at);
        if content.starts_with('#') && indent >= column {
            end = next;
        } else if !content.is_empty() {
            break;
        }
        at = next;
    }
    end
}

/// The lines as a text to be inserted at the beginning of a line, or at the end of a file whose
/// last line is not ended; then the new last line is not ended either.
pub(super) fn joined(source: &str, at: usize, lines: &[String], ending: &str) -> String {
    let lines = lines.join(ending);
    if text::line_start(source, at) < at {
        format!("{ending}{lines}")
    } else {
        format!("{lines}{ending}")
    }
}
