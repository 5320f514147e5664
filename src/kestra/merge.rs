//! Which entries of a mapping count: the last of duplicate keys, and what merge keys bring.

use super::Refusal;
use super::yaml::{Id, Shape, Tree};
use std::collections::HashMap;

/// Up to this many keys are compared with one another; more are hashed.
const FEW: usize = 12;

/// How many mappings may take over from one another in a row.
const DEEPEST: usize = 50;

/// How many mappings one may take over from, directly or through others.
const MOST_VISITED: usize = 10_000;

/// How many entries one mapping may take over.
const MOST_MERGED: usize = 200_000;

/// The entries of a mapping, as SnakeYAML makes them.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// What Micronaut gets to see, in its order.
    pub(super) in_effect: Vec<(Id, Id)>,
    /// Entries whose key comes again further down in the same mapping.
    pub(super) shadowed: Vec<(Id, Id)>,
}

/// Drops duplicates and resolves `<<`.
pub(super) fn effective(tree: &Tree, map: Id) -> Result<Entries, Refusal> {
    let mut entries = own(tree, map);
    if entries.in_effect.iter().any(|&(key, _)| tree.is_merge(key)) {
        let mut merged = Merged { tree, index: HashMap::new(), entries: Vec::new(), visited: 0 };
        merged.add(&entries.in_effect, true, 0)?;
        entries.in_effect = merged.entries;
    }
    Ok(entries)
}

/// The entries of the mapping itself, `<<` among them.
pub(super) fn own(tree: &Tree, map: Id) -> Entries {
    let all: Vec<_> = tree.entries(map).collect();
    let is_shadowed = shadowed(tree, &all);
    if !is_shadowed.contains(&true) {
        return Entries { in_effect: all, shadowed: Vec::new() };
    }
    let mut entries = Entries::default();
    for (entry, shadowed) in all.into_iter().zip(is_shadowed) {
        if shadowed { entries.shadowed.push(entry) } else { entries.in_effect.push(entry) }
    }
    entries
}

/// For each entry, whether its key comes again. Merge keys are no duplicates of one another.
fn shadowed(tree: &Tree, entries: &[(Id, Id)]) -> Vec<bool> {
    let comes_again =
        |at: usize, key: &str| entries[at + 1..].iter().any(|&(other, _)| tree.key(other) == key);
    let keys = entries.iter().enumerate().map(|(at, &(key, _))| (at, key));
    if entries.len() <= FEW {
        return keys
            .map(|(at, key)| !tree.is_merge(key) && comes_again(at, tree.key(key)))
            .collect();
    }
    let last: HashMap<_, _> = keys.clone().map(|(at, key)| (tree.key(key), at)).collect();
    keys.map(|(at, key)| !tree.is_merge(key) && last.get(tree.key(key)) != Some(&at)).collect()
}

struct Merged<'t, 'a> {
    tree: &'t Tree<'a>,
    index: HashMap<&'t str, usize>,
    entries: Vec<(Id, Id)>,
    /// How many mappings were taken over from, each time counted.
    visited: usize,
}

impl Merged<'_, '_> {
    /// Keys of the mapping itself win over merged ones, earlier merged ones over later ones.
    fn add(&mut self, entries: &[(Id, Id)], is_own: bool, depth: usize) -> Result<(), Refusal> {
        for &(key, value) in entries {
            if self.tree.is_merge(key) {
                self.merge(value, depth)?;
                continue;
            }
            let name = self.tree.key(key);
            match self.index.get(name) {
                None => {
                    self.index.insert(name, self.entries.len());
                    self.entries.push((key, value));
                }
                Some(&at) if is_own => self.entries[at] = (key, value),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// Takes over from a mapping, or from each mapping of a list.
    fn merge(&mut self, source: Id, depth: usize) -> Result<(), Refusal> {
        let source = self.tree.resolve(source);
        match self.tree.nodes[source].shape {
            Shape::List { .. } => {
                self.tree.items(source).try_for_each(|item| self.mapping(item, depth))
            }
            _ => self.mapping(source, depth),
        }
    }

    fn mapping(&mut self, source: Id, depth: usize) -> Result<(), Refusal> {
        let line = Some(self.tree.nodes[source].line);
        let source = self.tree.resolve(source);
        if !self.tree.is_map(source) {
            return Err(Refusal::new(
                line,
                "a merge key (<<) stands for something that is no mapping",
            ));
        }
        self.visited += 1;
        if depth == DEEPEST || self.visited > MOST_VISITED || self.entries.len() > MOST_MERGED {
            return Err(Refusal::new(line, "merge keys multiply the file beyond what can be read"));
        }
        self.add(&own(self.tree, source).in_effect, false, depth + 1)
    }
}
