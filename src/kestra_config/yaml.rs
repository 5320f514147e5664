//! A parsed text as one flat vector of nodes in file order, each with its bytes in the file.
//!
//! A node's subtree is the run of nodes from its own index up to [`Node::after`], so nothing here
//! recurses and depth costs nothing.

use super::Refusal;
use super::kind::{self, Kind};
pub(super) use granit_parser::ScalarStyle;
use std::borrow::Cow;

/// The index of a node.
pub(super) type Id = usize;

/// The indentation in a text that shows none of its own.
pub(super) const DEFAULT_INDENT: usize = 2;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    Scalar(Cow<'a, str>, ScalarStyle),
    Map { flow: bool },
    List { flow: bool },
    Alias(Id),
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) shape: Shape<'a>,
    /// The first byte, after its anchor and tag. A block scalar begins at its `|` or `>`.
    pub(super) start: usize,
    /// The byte after the last one that belongs to it; the line ending of a block scalar's last
    /// line does not.
    pub(super) end: usize,
    /// The index after its subtree.
    pub(super) after: Id,
    /// Counted from 1.
    pub(super) line: usize,
    /// For a key in a block mapping and for the mapping itself: the column of its keys. For a
    /// block scalar: that of its text.
    pub(super) column: usize,
    /// An explicit tag: `int` for `!!int`, the whole tag for another.
    pub(super) tag: Option<Box<str>>,
}

/// A key with its value, and the mapping that holds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyValue {
    pub(super) map: Id,
    pub(super) key: Id,
    pub(super) value: Id,
}

/// One document of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document {
    pub(super) root: Id,
    /// The byte after its `---`, or where it begins without one.
    pub(super) start: usize,
}

#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) text: &'a str,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) documents: Vec<Document>,
}

impl Node<'_> {
    /// Whether it is a text below a `|` or `>`.
    pub(super) fn is_block_scalar(&self) -> bool {
        matches!(self.shape, Shape::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded))
    }

    /// Whether it has bytes of its own, which a missing value has not.
    pub(super) fn is_written(&self) -> bool {
        self.start < self.end
    }
}

impl Tree<'_> {
    /// The keys and values of a mapping; nothing for other nodes.
    pub(super) fn entries(&self, map: Id) -> impl Iterator<Item = (Id, Id)> {
        let end = if self.is_map(map) { self.nodes[map].after } else { map };
        let mut next = map + 1;
        std::iter::from_fn(move || {
            let key = Some(next).filter(|&key| key < end)?;
            let value = self.nodes[key].after;
            next = self.nodes[value].after;
            Some((key, value))
        })
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(&self, list: Id) -> impl Iterator<Item = Id> {
        let end = self.nodes[list].after;
        let is_list = matches!(self.nodes[list].shape, Shape::List { .. });
        let first = (is_list && list + 1 < end).then_some(list + 1);
        std::iter::successors(first, move |&item| {
            Some(self.nodes[item].after).filter(|&next| next < end)
        })
    }

    pub(super) fn is_map(&self, id: Id) -> bool {
        matches!(self.nodes[id].shape, Shape::Map { .. })
    }

    pub(super) fn is_flow(&self, id: Id) -> bool {
        matches!(self.nodes[id].shape, Shape::Map { flow: true } | Shape::List { flow: true })
    }

    /// Whether a value holds nothing yet, so that keys may be put below it.
    pub(super) fn is_empty(&self, id: Id) -> bool {
        match &self.nodes[id].shape {
            Shape::Map { .. } => self.nodes[id].after == id + 1,
            Shape::Scalar(..) => self.kind(id) == Kind::Null,
            _ => false,
        }
    }

    /// How far the keys of a mapping are indented: as in its own subtree, else as the mapping itself
    /// in its parent, else as in the next larger subtree. `ancestors` come from the root down.
    pub(super) fn indent_around(&self, ancestors: &[Id], map: Option<Id>) -> usize {
        let mut inner = map;
        if let Some(indent) = inner.and_then(|map| self.most_common_indent(map)) {
            return indent;
        }
        for &outer in ancestors.iter().rev() {
            let own = inner.and_then(|inner| self.indent_between(outer, inner));
            if let Some(indent) = own.or_else(|| self.most_common_indent(outer)) {
                return indent;
            }
            inner = Some(outer);
        }
        let roots = self.documents.iter().map(|document| document.root);
        let mut roots = roots.filter(|&root| root < self.nodes.len()).rev();
        roots.find_map(|root| self.most_common_indent(root)).unwrap_or(DEFAULT_INDENT)
    }

    /// The first of several that are equally common.
    fn most_common_indent(&self, root: Id) -> Option<usize> {
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for map in (root..self.nodes[root].after).filter(|&id| self.is_map(id)) {
            for (_, value) in self.entries(map) {
                let Some(indent) = self.indent_between(map, value) else { continue };
                match counts.iter_mut().find(|(known, _)| *known == indent) {
                    Some((_, count)) => *count += 1,
                    None => counts.push((indent, 1)),
                }
            }
        }
        counts.into_iter().rev().max_by_key(|&(_, count)| count).map(|(indent, _)| indent)
    }

    fn indent_between(&self, outer: Id, inner: Id) -> Option<usize> {
        let are_blocks = [outer, inner].iter().all(|&id| self.is_map(id) && !self.is_flow(id));
        let indent = self.nodes[inner].column.checked_sub(self.nodes[outer].column)?;
        (are_blocks && indent > 0).then_some(indent)
    }

    /// Why this node keeps the file from being edited.
    pub(super) fn refuse(&self, id: Id, reason: impl Into<String>) -> Refusal {
        Refusal::new(Some(self.nodes[id].line), reason)
    }

    /// The node itself, or the target of an alias.
    pub(super) fn resolve(&self, id: Id) -> Id {
        if let Shape::Alias(target) = self.nodes[id].shape { target } else { id }
    }

    /// The text of a scalar; empty for other nodes.
    pub(super) fn scalar(&self, id: Id) -> &str {
        match &self.nodes[id].shape {
            Shape::Scalar(text, _) => text,
            _ => "",
        }
    }

    /// The text of a key; of a collection as key, its source.
    pub(super) fn key(&self, id: Id) -> &str {
        let node = &self.nodes[self.resolve(id)];
        match &node.shape {
            Shape::Scalar(text, ScalarStyle::Plain) => {
                kind::boolean(text).map_or(text, |truth| if truth { "true" } else { "false" })
            }
            Shape::Scalar(text, _) => text,
            _ => &self.text[node.start..node.end],
        }
    }

    /// Whether a key is the merge key of YAML 1.1.
    pub(super) fn is_merge(&self, key: Id) -> bool {
        matches!(&self.nodes[key].shape, Shape::Scalar(text, ScalarStyle::Plain) if text == "<<")
    }

    /// The type that YAML 1.1 gives a scalar.
    pub(super) fn kind(&self, id: Id) -> Kind {
        let node = &self.nodes[id];
        let Shape::Scalar(text, style) = &node.shape else { return Kind::Other };
        match (node.tag.as_deref(), style) {
            (None, ScalarStyle::Plain) => kind::of_plain(text),
            (None | Some("str" | "!"), _) => Kind::Text,
            (Some("bool"), _) => Kind::Bool,
            (Some("int"), _) => Kind::Int,
            (Some("float"), _) => Kind::Float,
            (Some("null"), _) => Kind::Null,
            (Some("timestamp"), _) => Kind::Date,
            (Some(_), _) => Kind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_decides_the_type_of_a_scalar() {
        for (text, kind) in [
            ("!!str 1", Kind::Text),
            ("! 1", Kind::Text),
            ("!!bool true", Kind::Bool),
            ("!!int 1", Kind::Int),
            ("!!float 1.5", Kind::Float),
            ("!!null ~", Kind::Null),
            ("!!timestamp 2024-01-01", Kind::Date),
            ("!!binary aGk=", Kind::Other),
            ("[1]", Kind::Other),
        ] {
            let tree = Tree::parse(text).unwrap();
            assert_eq!(tree.kind(tree.documents[0].root), kind, "{text}");
        }
    }
}
