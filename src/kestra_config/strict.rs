//! What our parser accepts and SnakeYAML refuses, apart from what [`super::text`] finds.
//!
//! A file that Kestra cannot read must not pass for one that it can, before an edit or after it.

use super::kind::{self, Kind};
use super::yaml::{Id, Node, Shape, Style, Tree};
use super::{Refusal, tabs};

/// Refuses structure that SnakeYAML refuses.
pub(super) fn screen(tree: &Tree) -> Result<(), Refusal> {
    if let Some(line) = lonely_end(tree) {
        return Err(Refusal::new(Some(line), "a document ends (...) that has not begun"));
    }
    for map in (0..tree.nodes.len()).filter(|&id| tree.is_map(id)) {
        for (key, _) in tree.entries(map) {
            self::key(tree, &tree.nodes[key])?;
        }
    }
    tabs::screen(tree)
}

/// Refuses the name of an anchor that SnakeYAML refuses.
pub(super) fn anchor(name: &str, line: usize) -> Result<(), Refusal> {
    if name.contains([',', '[', ']', '{', '}', ':', '/', '.', '*', '&']) {
        return Err(Refusal::new(
            Some(line),
            "the name of an anchor has a sign that Kestra cannot read",
        ));
    }
    Ok(())
}

/// Refuses tags below a root that SnakeYAML's safe constructor does not know, or not for what
/// they stand before.
pub(super) fn tags(tree: &Tree, root: Id) -> Result<(), Refusal> {
    for node in &tree.nodes[root..tree.nodes[root].after] {
        match &node.tag {
            Some(tag) if !is_right(tag, node) => {
                return Err(Refusal::new(Some(node.line), "Kestra cannot read the tag there"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_right(tag: &str, node: &Node) -> bool {
    match &node.shape {
        Shape::Scalar(text, _) => match tag {
            "!" | "str" | "binary" | "null" => true,
            "bool" => kind::boolean(&text.to_ascii_lowercase()).is_some(),
            "int" => kind::of_plain(text) == Kind::Int,
            "float" => matches!(kind::of_plain(text), Kind::Float | Kind::Int),
            "timestamp" => kind::of_plain(text) == Kind::Date,
            _ => false,
        },
        Shape::Map { .. } => matches!(tag, "!" | "map" | "set"),
        Shape::List { .. } => matches!(tag, "!" | "seq" | "omap" | "pairs"),
        Shape::Alias(_) => false,
    }
}

/// SnakeYAML wants a key before a colon, and on one line unless a `?` stands before it.
fn key(tree: &Tree, node: &Node) -> Result<(), Refusal> {
    let refuse = |reason: &str| Err(Refusal::new(Some(node.line), reason));
    match node.shape {
        Shape::Scalar(_, Style::Literal | Style::Folded) => return Ok(()),
        Shape::Scalar(..) => {}
        _ => return Ok(()),
    }
    if node.start == node.end {
        return refuse("a colon stands without a key");
    }
    let is_long = tree.text[node.start..node.end].contains('\n');
    if is_long && !tree.text[..node.start].trim_end().ends_with('?') {
        return refuse("a key goes over several lines");
    }
    Ok(())
}

/// An end marker before the first document.
fn lonely_end(tree: &Tree) -> Option<usize> {
    let begins = |&document: &super::yaml::Document| match tree.nodes.get(document.root) {
        Some(root) if !tree.text[..document.start].ends_with("---") => root.start,
        _ => document.start,
    };
    let first = tree.documents.first().map_or(tree.text.len(), begins);
    let is_end = |line: &str| line.trim_start_matches('\u{feff}').starts_with("...");
    let mut lines = tree.text[..first].lines().zip(1..);
    lines.find(|(line, _)| is_end(line)).map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use crate::kestra_config::read;

    #[test]
    fn what_snakeyaml_cannot_read_is_refused() {
        for text in [
            "...\na: 1\n",
            "...\n",
            ": a\n",
            "{: a}\n",
            "{a\nb: c}\n",
            "a: &b:c d\n",
            "a: !x b\n",
            "!x a: b\n",
            "a: !!map b\n",
            "a: !!int b\n",
            "!x a\n",
            "a: 1\n...\nb: 2\n",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_snakeyaml_reads_is_read() {
        for text in [
            "? a\n  b\n: c\n",
            "a: !!str 1\nb: !!int 0x1\nc: !!map {}\nd: !!set {a}\n",
            "a: &b.c\n".replace('.', "_").as_str(),
            "---\n...\n---\na: 1\n",
            "a: &x 1\nb: &x 2\nc: *x\n",
        ] {
            assert!(read(text).is_ok(), "{text:?} {:?}", read(text));
        }
    }
}
