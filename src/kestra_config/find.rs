//! Where a property is, in every spelling, and which value could hold a new one.

use super::keys;
use super::locate::Scope;
use super::yaml::{Id, KeyValue, Shape, Tree};
use std::collections::HashSet;

/// The entries that lead to a value, from the root down, its own entry last.
#[derive(Debug, Clone)]
pub(super) struct KeyPath {
    pub(super) entries: Vec<KeyValue>,
    /// Whether no duplicate key further down hides it.
    pub(super) is_live: bool,
}

/// A value on the way to a property that does not exist.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    pub(super) path: KeyPath,
    /// What would have to be a mapping.
    pub(super) value: Id,
    /// How many bytes of the property are left below it.
    pub(super) rest: usize,
}

/// What a walk along one property meets, in file order.
#[derive(Debug, Default)]
pub(super) struct Matches {
    pub(super) occurrences: Vec<KeyPath>,
    pub(super) parents: Vec<Parent>,
}

impl Matches {
    /// The deepest parent; of several equally deep ones the last that has keys, else the last that
    /// can have some.
    pub(super) fn deepest(&self, tree: &Tree) -> Option<&Parent> {
        let live = || self.parents.iter().filter(|parent| parent.path.is_live);
        let least = live().map(|parent| parent.rest).min()?;
        let deepest = || live().filter(|parent| parent.rest == least);
        let is_empty = |parent: &&Parent| tree.is_empty(parent.value);
        let has_keys = |parent: &&Parent| tree.is_map(parent.value) && !tree.is_empty(parent.value);
        let empty = || deepest().rfind(is_empty);
        deepest().rfind(has_keys).or_else(empty).or_else(|| deepest().next_back())
    }

    /// Walks on from a value to what is left of the property below it.
    fn walk(&mut self, tree: &Tree, map: Id, rest: &str, path: KeyPath) {
        let on_the_way = tree.entries(map).filter_map(|(key, value)| {
            let below = keys::below(rest, &keys::hyphenated(tree.key(key)))?;
            Some((KeyValue { map, key, value }, below, false))
        });
        let mut on_the_way: Vec<_> = on_the_way.collect();
        let mut seen = HashSet::new();
        for (entry, _, is_last) in on_the_way.iter_mut().rev() {
            *is_last = seen.insert(tree.key(entry.key));
        }
        for &(entry, below, is_last) in &on_the_way {
            let entries = [path.entries.as_slice(), &[entry]].concat();
            let path = KeyPath { entries, is_live: path.is_live && is_last };
            if below.is_empty() {
                self.occurrences.push(path);
            } else {
                self.walk(tree, entry.value, below, path);
            }
        }
        self.parents.push(Parent { path, value: map, rest: rest.len() });
    }
}

/// Looks for a property in a configuration. Aliases and merge keys are not followed: their values
/// belong to other keys too.
pub(super) fn property(scope: &Scope, property: &str) -> Matches {
    let mut matches = Matches::default();
    for &root in &scope.roots {
        let path = KeyPath { entries: scope.prefix.clone(), is_live: true };
        matches.walk(scope.tree, root, property, path);
    }
    matches
}

/// Why a value can take no new keys: several keys share it, or it is something else.
pub(super) fn objection(tree: &Tree, parent: Id) -> Option<&'static str> {
    let node = &tree.nodes[parent];
    match node.shape {
        Shape::Alias(_) => Some("the settings there are an alias to what other keys use too"),
        _ if node.tag.is_some() => Some("the settings there have a tag"),
        Shape::Map { .. } => None,
        _ if tree.is_empty(parent) => None,
        Shape::List { .. } => Some("a list where settings are expected"),
        Shape::Scalar(..) => Some("a value where settings are expected"),
    }
}
