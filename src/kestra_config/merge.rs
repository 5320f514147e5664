//! Which entries of a mapping are in effect: the last of duplicate keys, and those of merge keys.

use super::Refusal;
use super::yaml::{Id, Shape, Tree};
use std::collections::{HashMap, HashSet};

/// Up to this many keys are compared with one another; more are hashed.
const FEW: usize = 12;

/// How many mappings may take over from one another in a row.
const MAX_DEPTH: usize = 50;

/// How many mappings one may take over from, directly or through others.
const MAX_VISITED: usize = 10_000;

/// How many entries one mapping may take over.
const MAX_MERGED: usize = 200_000;

/// The entries of a mapping, as SnakeYAML makes them.
#[derive(Debug, Default)]
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
        let mut merged = Merged { tree, index: HashMap::new(), entries: Vec::new(), visited: 0 };
        merged.add(&entries.in_effect, true, 0)?;
        entries.in_effect = merged.entries;
    }
    Ok(entries)
}

/// The entries of the mapping itself, `<<` among them.
pub(super) fn own(tree: &Tree, map: Id) -> EffectiveEntries {
    let all: Vec<_> = tree.entries(map).collect();
    let keys: Vec<&str> = all.iter().map(|&(key, _)| tree.key(key)).collect();
    if are_different(&keys) {
        return EffectiveEntries { in_effect: all, shadowed: Vec::new() };
    }
    let last: HashMap<&str, usize> = keys.iter().zip(0..).map(|(&key, at)| (key, at)).collect();
    // Merge keys are no duplicates of one another.
    let counts = |&(at, (key, _)): &(usize, (Id, Id))| tree.is_merge(key) || last[keys[at]] == at;
    let (in_effect, shadowed): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(counts);
    let entries =
        |numbered: Vec<(usize, (Id, Id))>| numbered.into_iter().map(|(_, entry)| entry).collect();
    EffectiveEntries { in_effect: entries(in_effect), shadowed: entries(shadowed) }
}

fn are_different(keys: &[&str]) -> bool {
    if keys.len() > FEW {
        return keys.iter().collect::<HashSet<_>>().len() == keys.len();
    }
    keys.iter().enumerate().all(|(at, key)| !keys[at + 1..].contains(key))
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
            return Err(Refusal::new(line, "the value of a merge key (<<) is no mapping"));
        }
        self.visited += 1;
        if depth == MAX_DEPTH || self.visited > MAX_VISITED || self.entries.len() > MAX_MERGED {
            return Err(Refusal::new(line, "merge keys multiply the file beyond what can be read"));
        }
        self.add(&own(self.tree, source).in_effect, false, depth + 1)
    }
}
