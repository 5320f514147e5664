//! Where a configuration really lives: a file of its own, or a part of a Compose or Helm file.

use super::block_text::BlockText;
use super::find::Entry;
use super::patch::Scope;
use super::reading::{self, Reading};
use super::splice::{self, Splice};
use super::window::Sections;
use super::yaml::{Id, Shape, Style, Tree};
use super::{Edit, Refusal, proof, seed, step};
use std::fmt;

/// Where in a file the configuration lives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    keys: Vec<String>,
    is_compose: bool,
}

impl Place {
    /// The whole file is the configuration.
    #[must_use]
    pub fn whole() -> Self {
        Self::default()
    }

    /// The literal keys of the file that lead to the configuration: a mapping, or a literal block
    /// scalar that holds YAML. With `is_compose`, Docker Compose replaces variables in it, so a
    /// `$` is written `$$`.
    #[must_use]
    pub fn at(keys: Vec<String>, is_compose: bool) -> Self {
        Self { keys, is_compose }
    }

    /// Whether the whole file is the configuration.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether Docker Compose replaces variables in it.
    #[must_use]
    pub fn is_compose(&self) -> bool {
        self.is_compose
    }
}

/// For people: `services.kestra.environment.KESTRA_CONFIGURATION`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            f.write_str("the whole file")
        } else {
            f.write_str(&self.keys.join("."))
        }
    }
}

/// The places of a file that hold a configuration, judged by its content: the services of a
/// Compose file with `KESTRA_CONFIGURATION`, the `configurations.application` of the Helm chart,
/// else the whole file.
///
/// # Errors
///
/// Refuses what cannot be read, and a Compose file without `KESTRA_CONFIGURATION`.
pub fn places(text: &str) -> Result<Vec<Place>, Refusal> {
    let tree = Tree::parse(text)?;
    let mut places = Vec::new();
    for document in &tree.documents {
        candidates(&tree, document.root, &mut Vec::new(), &mut places);
    }
    if places.is_empty() && is_compose_file(&tree) {
        return Err(Refusal::new(None, "no service in this Compose file has KESTRA_CONFIGURATION"));
    }
    if places.is_empty() {
        places.push(Place::whole());
    }
    Ok(places)
}

const VARIABLE: &str = "KESTRA_CONFIGURATION";

fn candidates(tree: &Tree, value: Id, keys: &mut Vec<String>, places: &mut Vec<Place>) {
    if let Shape::List { .. } = tree.nodes[value].shape {
        let names_it = |item: Id| match &tree.nodes[item].shape {
            Shape::Scalar(text, _) => text.split('=').next() == Some(VARIABLE),
            _ => false,
        };
        if tree.items(value).any(names_it) {
            places.push(Place::at([keys.as_slice(), &[VARIABLE.to_owned()]].concat(), true));
        }
    }
    for (key, value) in tree.entries(value) {
        keys.push(tree.key(key).to_owned());
        if tree.key(key) == VARIABLE {
            places.push(Place::at(keys.clone(), true));
        } else if keys.iter().map(String::as_str).eq(["configurations", "application"]) {
            places.push(Place::at(keys.clone(), false));
        } else {
            candidates(tree, value, keys, places);
        }
        keys.pop();
    }
}

fn is_compose_file(tree: &Tree) -> bool {
    let named = |map: Id, names: &[&str]| -> Vec<Id> {
        let entries = tree.entries(map).filter(|&(key, _)| names.contains(&tree.key(key)));
        entries.map(|(_, value)| value).collect()
    };
    let roots = tree.documents.iter().map(|document| document.root);
    roots.flat_map(|root| named(root, &["services"])).any(|services| {
        tree.entries(services).any(|(_, service)| !named(service, &["image", "build"]).is_empty())
    })
}

/// What was found at a place.
enum Spot {
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
    let outer = Tree::parse(source)?;
    match locate(&outer, place)? {
        Spot::Here(roots, prefix) => visitor(&Scope { tree: &outer, roots, prefix, is_compose }, 0),
        Spot::Within(block) => {
            let further_down = |refusal: Refusal| Refusal {
                line: refusal.line.map(|line| line + block.lines_above()),
                ..refusal
            };
            let tree = Tree::parse(block.text()).map_err(further_down)?;
            let roots = tree.documents.iter().map(|document| document.root).collect();
            let scope = Scope { tree: &tree, roots, prefix: Vec::new(), is_compose };
            let splices = visitor(&scope, block.lines_above()).map_err(further_down)?;
            Ok(splices.iter().map(|splice| block.outward(splice)).collect())
        }
    }
}

fn locate(tree: &Tree, place: &Place) -> Result<Spot, Refusal> {
    if place.is_whole() {
        let roots = tree.documents.iter().map(|document| document.root).collect();
        return Ok(Spot::Here(roots, Vec::new()));
    }
    let absent = || Refusal::new(None, format!("there is no {place} in this file"));
    let roots = tree.documents.iter().rev().map(|document| document.root);
    let found =
        roots.map(|root| follow(tree, root, place)).find(|found| !matches!(found, Ok(None)));
    let (value, prefix) = found.transpose()?.flatten().ok_or_else(absent)?;
    let node = &tree.nodes[value];
    let refuse = |reason: &str| Err(Refusal::new(Some(node.line), format!("{place} {reason}")));
    match &node.shape {
        Shape::Map { .. } => Ok(Spot::Here(vec![value], prefix)),
        _ if tree.is_empty(value) => Ok(Spot::Here(vec![value], prefix)),
        Shape::Scalar(_, Style::Literal) => {
            BlockText::of(tree, value, usual_indent(tree, &prefix)).map(Spot::Within)
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
