//! How far an author indents.

use super::text;
use super::yaml::{Id, Tree};

/// What is used when a file shows no step of its own.
pub(super) const USUAL: usize = 2;

/// The indentation step around a mapping: that of its own subtree, else of the mapping itself in
/// its parent, else of the next larger subtree. `trail` are its ancestors from the root down.
pub(super) fn around(tree: &Tree, trail: &[Id], map: Option<Id>) -> usize {
    let mut inner = map;
    if let Some(step) = inner.and_then(|map| most_common(tree, map)) {
        return step;
    }
    for &outer in trail.iter().rev() {
        let own = inner.and_then(|inner| between(tree, outer, inner));
        if let Some(step) = own.or_else(|| most_common(tree, outer)) {
            return step;
        }
        inner = Some(outer);
    }
    let documents = tree.documents.iter().filter(|document| document.root < tree.nodes.len());
    documents.rev().find_map(|document| most_common(tree, document.root)).unwrap_or(USUAL)
}

/// The step that most mappings in this subtree have; the first one of several.
fn most_common(tree: &Tree, root: Id) -> Option<usize> {
    let mut counts: Vec<(usize, usize)> = Vec::new();
    for map in (root..tree.nodes[root].after).filter(|&id| tree.is_map(id)) {
        for step in tree.entries(map).filter_map(|(_, value)| between(tree, map, value)) {
            match counts.iter_mut().find(|(known, _)| *known == step) {
                Some((_, count)) => *count += 1,
                None => counts.push((step, 1)),
            }
        }
    }
    let most = counts.iter().map(|&(_, count)| count).max()?;
    counts.into_iter().find(|&(_, count)| count == most).map(|(step, _)| step)
}

/// How much further in the keys of a mapping stand than those of the one that holds it.
fn between(tree: &Tree, outer: Id, inner: Id) -> Option<usize> {
    let are_blocks = [outer, inner].iter().all(|&id| tree.is_map(id) && !tree.is_flow(id));
    let step = tree.nodes[inner].column.checked_sub(tree.nodes[outer].column)?;
    (are_blocks && step > 0).then_some(step)
}

/// The step of mappings in braces with a line for each entry: from the line of the brace to its
/// first key.
pub(super) fn in_braces(tree: &Tree, map: Id) -> usize {
    let Some((key, _)) = tree.entries(map).next() else { return USUAL };
    let margin = |at: usize| text::indented(tree.text, text::line_start(tree.text, at)).0;
    let step = margin(tree.nodes[key].start).checked_sub(margin(tree.nodes[map].start));
    step.filter(|&step| step > 0).unwrap_or(USUAL)
}
