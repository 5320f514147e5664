//! Which entries of a mapping are in effect: the last of duplicate keys, and those of merge keys.

use super::Refusal;
use super::yaml::{Id, Shape, Tree};
use indexmap::IndexMap;
use std::collections::HashSet;

/// Up to this many keys are compared with one another, which takes half as long as to hash them.
const FEW: usize = 8;

/// How many mappings may take over from one another in a row.
const MAX_DEPTH: usize = 50;

/// How many mappings one may take over from, directly or through others.
const MAX_VISITED: usize = 10_000;

/// The entries of a mapping, as SnakeYAML makes them.
#[derive(Debug)]
pub(super) struct EffectiveEntries {
    /// What Micronaut gets to see, in its order.
    pub(super) in_effect: Vec<(Id, Id)>,
    /// Entries whose key comes again further down in the same mapping.
    pub(super) shadowed: Vec<(Id, Id)>,
}

/// Drops duplicates and resolves `<<`.
pub(super) fn effective(tree: &Tree, map: Id) -> Result<EffectiveEntries, Refusal> {
    let mut entries = own(tree, map);
    if entries.in_effect.iter().any(|&(key, _)| tree.is_merge(key)) {
        let mut merged = Merged { tree, entries: IndexMap::new(), visited: 0 };
        merged.add(&entries.in_effect, 0)?;
        entries.in_effect = merged.entries.into_values().collect();
    }
    Ok(entries)
}

/// The entries of the mapping itself, `<<` among them.
fn own(tree: &Tree, map: Id) -> EffectiveEntries {
    let mut entries: Vec<_> = tree.entries(map).collect();
    let is_new = |at: usize| {
        let key = tree.key(entries[at].0);
        entries[..at].iter().all(|&(earlier, _)| tree.key(earlier) != key)
    };
    if entries.len() <= FEW && (1..entries.len()).all(is_new) {
        return EffectiveEntries { in_effect: entries, shadowed: Vec::new() };
    }
    entries.reverse();
    let mut seen = HashSet::with_capacity(entries.len());
    // Merge keys are no duplicates of one another.
    let counts = |&(key, _): &(Id, Id)| tree.is_merge(key) || seen.insert(tree.key(key));
    let (mut in_effect, mut shadowed): (Vec<_>, Vec<_>) = entries.into_iter().partition(counts);
    in_effect.reverse();
    shadowed.reverse();
    EffectiveEntries { in_effect, shadowed }
}

struct Merged<'t, 'a> {
    tree: &'t Tree<'a>,
    entries: IndexMap<&'t str, (Id, Id)>,
    /// How many mappings were taken over from, each time counted.
    visited: usize,
}

impl Merged<'_, '_> {
    /// Keys of the outermost mapping win over merged ones, earlier merged ones over later ones.
    fn add(&mut self, entries: &[(Id, Id)], depth: usize) -> Result<(), Refusal> {
        for &(key, value) in entries {
            let name = self.tree.key(key);
            if self.tree.is_merge(key) {
                let source = self.tree.resolve(value);
                match self.tree.nodes[source].shape {
                    Shape::List { .. } => {
                        self.tree.items(source).try_for_each(|item| self.merge(item, depth))?;
                    }
                    _ => self.merge(source, depth)?,
                }
            } else if depth == 0 {
                self.entries.insert(name, (key, value));
            } else {
                self.entries.entry(name).or_insert((key, value));
            }
        }
        Ok(())
    }

    fn merge(&mut self, source: Id, depth: usize) -> Result<(), Refusal> {
        let line = Some(self.tree.nodes[source].line);
        let source = self.tree.resolve(source);
        if !self.tree.is_map(source) {
            return Err(Refusal::new(line, "the value of a merge key (<<) is no mapping"));
        }
        self.visited += 1;
        if depth == MAX_DEPTH || self.visited > MAX_VISITED {
            return Err(Refusal::new(line, "merge keys multiply the file beyond what can be read"));
        }
        self.add(&own(self.tree, source).in_effect, depth + 1)
    }
}
