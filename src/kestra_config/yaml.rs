//! A parsed text as one flat vector of nodes in file order, each with its bytes in the file.
//!
//! A node's subtree is the run of nodes from its own index up to [`Node::after`], so nothing here
//! recurses and depth costs nothing.

use super::kind::{self, Kind};
use super::{Refusal, builder, strict, text};
use std::borrow::Cow;

/// The index of a node.
pub(super) type Id = usize;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    Scalar(Cow<'a, str>, Style),
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

impl<'a> Tree<'a> {
    /// Parses a text; refuses what SnakeYAML would refuse, with the line.
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        text::screen(text)?;
        let tree = builder::build(text)?;
        strict::screen(&tree)?;
        Ok(tree)
    }

    /// The keys and values of a mapping; nothing for other nodes.
    pub(super) fn entries(&self, map: Id) -> Entries<'_, 'a> {
        let end = if self.is_map(map) { self.nodes[map].after } else { map + 1 };
        Entries { tree: self, next: map + 1, end }
    }

    /// The items of a list.
    pub(super) fn items(&self, list: Id) -> impl Iterator<Item = Id> {
        let end = self.nodes[list].after;
        let first = (list + 1 < end).then_some(list + 1);
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

    /// The node itself, or the one that an alias stands for.
    pub(super) fn resolve(&self, id: Id) -> Id {
        if let Shape::Alias(target) = self.nodes[id].shape { target } else { id }
    }

    /// The text of a key; of a collection as key, its source.
    pub(super) fn key(&self, id: Id) -> &str {
        let node = &self.nodes[self.resolve(id)];
        match &node.shape {
            Shape::Scalar(text, Style::Plain) => {
                kind::boolean(text).map_or(text, |truth| if truth { "true" } else { "false" })
            }
            Shape::Scalar(text, _) => text,
            _ => &self.text[node.start..node.end],
        }
    }

    /// Whether a key is the merge key of YAML 1.1.
    pub(super) fn is_merge(&self, key: Id) -> bool {
        matches!(&self.nodes[key].shape, Shape::Scalar(text, Style::Plain) if text == "<<")
    }

    /// The type that YAML 1.1 gives a scalar.
    pub(super) fn kind(&self, id: Id) -> Kind {
        let node = &self.nodes[id];
        let Shape::Scalar(text, style) = &node.shape else { return Kind::Other };
        match (node.tag.as_deref(), style) {
            (None, Style::Plain) => kind::of_plain(text),
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

/// Pairs of key and value.
pub(super) struct Entries<'t, 'a> {
    tree: &'t Tree<'a>,
    next: Id,
    end: Id,
}

impl Iterator for Entries<'_, '_> {
    type Item = (Id, Id);

    fn next(&mut self) -> Option<(Id, Id)> {
        let key = Some(self.next).filter(|&key| key < self.end)?;
        let value = self.tree.nodes[key].after;
        self.next = self.tree.nodes[value].after;
        Some((key, value))
    }
}
