//! A configuration as Micronaut sees it: every property under its canonical name.
//!
//! Documents are merged in order, aliases and merge keys are resolved, the last of several
//! spellings is in effect. The answers come from here, and verification compares two of these.

use super::keys;
use super::kind::{self, Kind};
use super::yaml::{Id, Shape, Tree};
use super::{Refusal, merge, scalar, strict};
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::fmt;

/// More values than these are an alias bomb: twice as many as a text may have of its own.
const MAX_VALUES: usize = 400_000;

/// How deep values may be in one another, aliases followed. A text of its own has 50 levels; fifty
/// aliases that lead to one another could multiply them until the stack is exhausted.
const MAX_DEPTH: usize = 200;

/// A value, as Micronaut would see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The string that Kestra gets: `true` for `yes`, `83` for `0123`.
    pub text: String,
    /// Whether the file has another text, which YAML 1.1 takes for a number, a boolean or a date.
    pub(crate) is_reinterpreted: bool,
    /// Its type in YAML 1.1.
    pub kind: Kind,
    /// Its line, counted from 1.
    pub line: usize,
}

/// Shows the type and never the text: anything in a configuration may be a secret.
impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, kind, line, .. } = self;
        write!(f, "{kind:?}({} bytes, line {line})", text.len())
    }
}

#[derive(Debug)]
struct Property {
    scalar: Scalar,
    /// Lines of earlier occurrences, which are not in effect.
    earlier: Vec<usize>,
}

/// Every property of a configuration, canonical (dotted, kebab-case), in file order.
#[derive(Debug, Default)]
pub struct Reading {
    properties: IndexMap<String, Property>,
}

impl Reading {
    /// The value in effect: the last occurrence in any spelling.
    pub fn get(&self, property: &str) -> Option<&Scalar> {
        self.properties.get(property).map(|property| &property.scalar)
    }

    /// The lines of every occurrence in any spelling, counted from 1, in file order. The last one
    /// is in effect.
    pub(crate) fn lines(&self, property: &str) -> Vec<usize> {
        let Some(property) = self.properties.get(property) else { return Vec::new() };
        let mut lines = property.earlier.clone();
        lines.push(property.scalar.line);
        lines
    }

    /// Whether there is a value at this path or below it.
    pub(crate) fn has(&self, prefix: &str) -> bool {
        self.properties.contains_key(prefix)
            || self.iter().any(|(path, _)| {
                path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['.', '[']))
            })
    }

    /// Whether no property has a value, as in a file of comments.
    pub fn is_empty(&self) -> bool {
        self.properties.is_empty()
    }

    /// Every property and its value in effect.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Scalar)> {
        self.properties.iter().map(|(path, property)| (path.as_str(), &property.scalar))
    }

    /// The same reading of a text that begins `lines` further down in its file, with Compose's `$$`
    /// replaced.
    pub(super) fn outward(mut self, lines: usize, is_compose: bool) -> Self {
        for property in self.properties.values_mut() {
            property.scalar.line += lines;
            property.earlier.iter_mut().for_each(|line| *line += lines);
            if is_compose && property.scalar.text.contains("$$") {
                property.scalar.text = scalar::after_compose(&property.scalar.text);
            }
        }
        self
    }

    /// Reads mappings in order, the later over the earlier, as Micronaut does.
    pub(super) fn of(tree: &Tree, roots: &[Id]) -> Result<Self, Refusal> {
        let mut reader = Reader {
            tree,
            path: String::new(),
            values: 0,
            depth: 0,
            shadowed: Vec::new(),
            reading: Self::default(),
        };
        for &root in roots {
            reader.path.clear();
            strict::check_tags(tree, root)?;
            // Micronaut skips documents that are no mappings.
            if tree.is_map(tree.resolve(root)) {
                reader.value(root, true)?;
            }
        }
        let Reader { shadowed, mut reading, .. } = reader;
        // The lines of duplicate keys, which YAML itself drops, count with those of their properties.
        for (path, line) in shadowed {
            if let Some(property) = reading.properties.get_mut(&path) {
                property.earlier.push(line);
            }
        }
        for property in reading.properties.values_mut() {
            property.earlier.sort_unstable();
        }
        Ok(reading)
    }
}

struct Reader<'t, 'a> {
    tree: &'t Tree<'a>,
    path: String,
    /// How many values were read, those behind aliases each time.
    values: usize,
    /// How deep the current one is.
    depth: usize,
    shadowed: Vec<(String, usize)>,
    reading: Reading,
}

impl Reader<'_, '_> {
    /// `names`: keys are property names; below a list they are data.
    fn value(&mut self, id: Id, names: bool) -> Result<(), Refusal> {
        let node = &self.tree.nodes[id];
        self.values += 1;
        self.depth += 1;
        if self.values > MAX_VALUES || self.depth > MAX_DEPTH {
            let reason = "aliases multiply the file beyond what can be read";
            return Err(self.tree.refuse(id, reason));
        }
        match &node.shape {
            &Shape::Alias(target) => self.value(target, names)?,
            Shape::Map { .. } => self.map(id, names)?,
            Shape::List { .. } => self.list(id)?,
            Shape::Scalar(text, _) => {
                let kind = self.tree.kind(id);
                let read = kind::as_read(kind, text).unwrap_or_else(|| text.to_string());
                let is_reinterpreted = kind == Kind::Date || read != *text;
                self.put(Scalar { text: read, is_reinterpreted, kind, line: node.line });
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn map(&mut self, map: Id, names: bool) -> Result<(), Refusal> {
        let length = self.path.len();
        let entries = merge::effective(self.tree, map)?;
        for &(key, value) in &entries.shadowed {
            self.push_key(key, names);
            self.shadowed.push((self.path.clone(), self.tree.nodes[value].line));
            self.path.truncate(length);
        }
        for &(key, value) in &entries.in_effect {
            self.push_key(key, names);
            self.value(value, names)?;
            self.path.truncate(length);
        }
        Ok(())
    }

    fn list(&mut self, list: Id) -> Result<(), Refusal> {
        let (length, mut index) = (self.path.len(), 0_usize);
        let at = self.reading.properties.len();
        let line = self.tree.nodes[list].line;
        self.put(Scalar { text: String::new(), is_reinterpreted: false, kind: Kind::List, line });
        for item in self.tree.items(list) {
            let position = format!("[{index}]");
            self.path.push_str(&position);
            self.value(item, false)?;
            self.path.truncate(length);
            index += 1;
        }
        if let Some((_, property)) = self.reading.properties.get_index_mut(at) {
            property.scalar.text = index.to_string();
        }
        Ok(())
    }

    fn put(&mut self, scalar: Scalar) {
        match self.reading.properties.entry(self.path.clone()) {
            Entry::Vacant(place) => {
                place.insert(Property { scalar, earlier: Vec::new() });
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.earlier.push(known.scalar.line);
                known.scalar = scalar;
            }
        }
    }

    fn push_key(&mut self, key: Id, names: bool) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        if names {
            keys::hyphenate(&mut self.path, self.tree.key(key));
        } else {
            self.path.push_str(self.tree.key(key));
        }
    }
}
