//! Where a configuration really lives: a file of its own, or a part of a Compose or Helm file.

use super::block_text::BlockText;
use super::find::Entry;
use super::patch::Scope;
use super::place::Place;
use super::reading::{self, Reading};
use super::splice::{self, Splice};
use super::window::Sections;
use super::yaml::{Id, Shape, Style, Tree};
use super::{Edit, Refusal, proof, seed, step, text};

/// What was found at a place.
enum Located {
    /// Mappings of the file itself, and the entries that lead to them.
    Here(Vec<Id>, Vec<Entry>),
    /// A text within the file.
    Within(BlockText),
}

/// Reads the configuration at a place of a file.
pub(super) fn read(source: &str, place: &Place) -> Result<Reading, Refusal> {
    let (mut reading, mut lines) = (Reading::default(), 0);
    visit(source, place, |scope, first_line| {
        (reading, lines) = (scope.reading()?, first_line);
        Ok(Vec::new())
    })?;
    Ok(reading.outward(lines, place.is_compose))
}

/// Lets an edit make its splices for the configuration at a place, and does them.
pub(super) fn edit(
    source: &str,
    place: &Place,
    make: impl FnOnce(&Scope) -> Result<Vec<Splice>, Refusal>,
) -> Result<String, Refusal> {
    let splices = visit(source, place, |scope, _| make(scope))?;
    splice::apply(source, splices)
        .ok_or_else(|| Refusal::new(None, "two of the changes meet in the same place"))
}

/// Proves an edit of a file: the wanted properties differ in the configuration, nothing else
/// does, there or in the rest of the file.
pub(super) fn prove(
    source: &str,
    after: &str,
    place: &Place,
    sections: Option<&Sections>,
    edits: &[Edit],
) -> Result<(), Refusal> {
    let arriving = |edit| seed::arriving_edit(edit, place.is_compose);
    let edits: Vec<Edit> = edits.iter().map(arriving).collect();
    let parts = sections.filter(|_| place.is_whole()).and_then(|all| all.apart(source, after));
    let (one, two) = parts.as_ref().map_or((source, after), |(one, two)| (one, two));
    proof::prove(&as_written(one, place)?, &as_written(two, place)?, &edits)?;
    if place.is_whole() {
        return Ok(());
    }
    let path = reading::literal_path(&place.keys);
    proof::prove_rest(&rest(source)?, &rest(after)?, &path)
}

/// The reading of a configuration before Compose has replaced anything.
fn as_written(source: &str, place: &Place) -> Result<Reading, Refusal> {
    let mut reading = Reading::default();
    visit(source, place, |scope, _| {
        reading = scope.reading()?;
        Ok(Vec::new())
    })?;
    Ok(reading)
}

fn rest(source: &str) -> Result<Reading, Refusal> {
    let tree = Tree::parse(source)?;
    let roots: Vec<Id> = tree.documents.iter().map(|document| document.root).collect();
    Reading::of_keys(&tree, &roots)
}

/// Shows a configuration to a visitor, who may give splices for it; returns them for the file.
fn visit(
    source: &str,
    place: &Place,
    visitor: impl FnOnce(&Scope, usize) -> Result<Vec<Splice>, Refusal>,
) -> Result<Vec<Splice>, Refusal> {
    let is_compose = place.is_compose;
    let ending = text::line_ending(source);
    let outer = Tree::parse(source)?;
    match locate(&outer, place)? {
        Located::Here(roots, prefix) => {
            visitor(&Scope { tree: &outer, roots, prefix, is_compose, ending }, 0)
        }
        Located::Within(block) => {
            let further_down = |refusal: Refusal| Refusal {
                line: refusal.line.map(|line| line + block.lines_above()),
                ..refusal
            };
            let tree = Tree::parse(block.text()).map_err(further_down)?;
            let roots = tree.documents.iter().map(|document| document.root).collect();
            let scope = Scope { tree: &tree, roots, prefix: Vec::new(), is_compose, ending };
            let splices = visitor(&scope, block.lines_above()).map_err(further_down)?;
            Ok(splices.iter().map(|splice| block.outward(splice)).collect())
        }
    }
}

fn locate(tree: &Tree, place: &Place) -> Result<Located, Refusal> {
    if place.is_whole() {
        let roots = tree.documents.iter().map(|document| document.root).collect();
        return Ok(Located::Here(roots, Vec::new()));
    }
    let absent = || Refusal::new(None, format!("there is no {place} in this file"));
    let roots = tree.documents.iter().rev().map(|document| document.root);
    let found =
        roots.map(|root| follow(tree, root, place)).find(|found| !matches!(found, Ok(None)));
    let (value, prefix) = found.transpose()?.flatten().ok_or_else(absent)?;
    let node = &tree.nodes[value];
    let refuse = |reason: &str| Err(Refusal::new(Some(node.line), format!("{place} {reason}")));
    match &node.shape {
        Shape::Map { .. } => Ok(Located::Here(vec![value], prefix)),
        _ if tree.is_empty(value) => Ok(Located::Here(vec![value], prefix)),
        Shape::Scalar(_, Style::Literal) => {
            BlockText::of(tree, value, usual_indent(tree, &prefix)).map(Located::Within)
        }
        Shape::Scalar(_, Style::Folded) => {
            refuse("is folded (>) where a literal block (|) is needed")
        }
        Shape::Scalar(..) => refuse("is neither a mapping nor a literal block (|)"),
        Shape::Alias(_) => refuse("is an alias to what other keys use too"),
        Shape::List { .. } => refuse("is a list, not a mapping"),
    }
}

/// How far in a text would stand below the last of these keys.
fn usual_indent(tree: &Tree, prefix: &[Entry]) -> usize {
    let maps: Vec<Id> = prefix.iter().map(|entry| entry.map).collect();
    let column = maps.last().map_or(0, |&map| tree.nodes[map].column);
    column + step::around(tree, &maps, None)
}

/// The value at literal keys, and the entries that lead to it.
fn follow(tree: &Tree, root: Id, place: &Place) -> Result<Option<(Id, Vec<Entry>)>, Refusal> {
    let (mut value, mut prefix) = (root, Vec::new());
    for name in &place.keys {
        let refuse = |reason: &str| Err(Refusal::new(Some(tree.nodes[value].line), reason));
        match tree.nodes[value].shape {
            Shape::Alias(_) => {
                return refuse("an alias to what other keys use too leads to the configuration");
            }
            Shape::List { .. } => {
                return refuse(
                    "the variables are a list (- NAME=value); write them as a mapping (NAME: value)",
                );
            }
            _ => {}
        }
        let Some((key, next)) =
            tree.entries(value).filter(|&(key, _)| tree.key(key) == *name).last()
        else {
            return Ok(None);
        };
        prefix.push(Entry { map: value, key, value: next });
        value = next;
    }
    Ok(Some((value, prefix)))
}
