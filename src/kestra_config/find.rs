//! Where a property stands, in every spelling, and where a new one belongs.

use super::keys;
use super::patch::Scope;
use super::yaml::{Id, Shape, Tree};
use std::collections::HashSet;

/// A key with its value, and the mapping that holds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) map: Id,
    pub(super) key: Id,
    pub(super) value: Id,
}

/// The entries that lead to something, from the root down, its own entry last.
#[derive(Debug, Clone)]
pub(super) struct KeyPath {
    pub(super) entries: Vec<Entry>,
    /// Whether no duplicate key further down hides it.
    pub(super) is_live: bool,
}

/// A value that is on the way to a property that does not exist.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    pub(super) trail: KeyPath,
    /// What would have to be a mapping.
    pub(super) value: Id,
    /// What is left of the property below it.
    pub(super) rest: usize,
}

/// What a walk along one property comes across, in file order.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) occurrences: Vec<KeyPath>,
    pub(super) parents: Vec<Parent>,
}

impl Found {
    /// The deepest parent; of several as deep as one another the last that
    /// has keys, else the last that can have some.
    pub(super) fn deepest(&self, tree: &Tree) -> Option<&Parent> {
        let live = || self.parents.iter().filter(|parent| parent.trail.is_live);
        let least = live().map(|parent| parent.rest).min()?;
        let deepest = || live().filter(|parent| parent.rest == least);
        let is_empty = |parent: &&Parent| tree.is_empty(parent.value);
        let has_keys = |parent: &&Parent| tree.is_map(parent.value) && !tree.is_empty(parent.value);
        let empty = || deepest().rfind(is_empty);
        deepest().rfind(has_keys).or_else(empty).or_else(|| deepest().next_back())
    }
}

/// Looks for a property in a configuration. Aliases and merge keys are not followed: what stands
/// there belongs to others too.
pub(super) fn property(scope: &Scope, property: &str) -> Found {
    let mut walk = Walk { tree: scope.tree, found: Found::default() };
    for &root in &scope.roots {
        let trail = KeyPath { entries: scope.prefix.clone(), is_live: true };
        walk.value(root, property, &trail);
    }
    walk.found
}

struct Walk<'t, 'a> {
    tree: &'t Tree<'a>,
    found: Found,
}

impl Walk<'_, '_> {
    fn value(&mut self, value: Id, rest: &str, trail: &KeyPath) {
        let parent = Parent { trail: trail.clone(), value, rest: rest.len() };
        self.found.parents.push(parent);
        for (entry, below, is_live) in self.matching(value, rest) {
            let mut entries = trail.entries.clone();
            entries.push(entry);
            let trail = KeyPath { entries, is_live: trail.is_live && is_live };
            match below {
                "" => self.found.occurrences.push(trail),
                _ => self.value(entry.value, below, &trail),
            }
        }
    }

    /// The entries on the way, what is left of the property below each, and whether it counts.
    fn matching<'p>(&self, map: Id, rest: &'p str) -> Vec<(Entry, &'p str, bool)> {
        let on_the_way = self.tree.entries(map).filter_map(|(key, value)| {
            let below = keys::below(rest, &keys::hyphenated(self.tree.key(key)))?;
            Some((Entry { map, key, value }, below, true))
        });
        let mut entries: Vec<_> = on_the_way.collect();
        let mut seen = HashSet::new();
        for (entry, _, is_live) in entries.iter_mut().rev() {
            *is_live = seen.insert(self.tree.key(entry.key));
        }
        entries
    }
}

/// Whether a value belongs to several keys, or is too special to put keys into.
pub(super) fn objection(tree: &Tree, parent: Id) -> Option<&'static str> {
    let node = &tree.nodes[parent];
    match node.shape {
        Shape::Alias(_) => Some("the settings there are an alias to what other keys use too"),
        _ if node.tag.is_some() => Some("a tag stands before the settings there"),
        Shape::Map { .. } => None,
        _ if tree.is_empty(parent) => None,
        Shape::List { .. } => Some("a list stands where settings are expected"),
        Shape::Scalar(..) => Some("a value stands where settings are expected"),
    }
}
