//! From edits to splices, from splices to a proved text.
//!
//! First everything is set, then everything is removed, so that a parent that gets a new key is
//! never pruned.

use super::embedded;
use super::find::{self, Entry, KeyPath, Parent};
use super::reading::Reading;
use super::seed::{self, NewKey};
use super::splice::Splice;
use super::window::Sections;
use super::yaml::{Id, Shape, Style, Tree};
use super::{
    Edit, Kind, Place, Refusal, Value, block, compose, flow, proof, remove, scalar, step, text,
};
use std::cmp::Reverse;

/// Edits the configuration at a place of a file.
pub(super) fn patch(source: &str, place: &Place, edits: &[Edit]) -> Result<String, Refusal> {
    let edits = last_of_each(edits);
    let mut first = FirstPass::default();
    let mut after = embedded::edit(source, place, |scope| first.make(scope, &edits))?;
    if first.leaves_removals {
        let removed = embedded::edit(&after, place, |scope| remove::remove(scope, &edits, &[]))?;
        after = like_before(&after, removed);
    }
    if after == source {
        // Only the sections of the edits were read so far, and none of the rest is proved below.
        super::read_at(source, place)?;
        return first.missed.map_or(Ok(after), Err);
    }
    embedded::prove(source, &after, place, first.sections.as_ref(), &first.pending)?;
    Ok(after)
}

/// What is learnt while the file is open for the first time.
#[derive(Default)]
struct FirstPass {
    /// The edits that are not fulfilled yet.
    pending: Vec<Edit>,
    /// Why the file cannot stay as it is.
    missed: Option<Refusal>,
    /// Whether the removals have to wait until everything is set.
    leaves_removals: bool,
    sections: Option<Sections>,
}

impl FirstPass {
    fn make(&mut self, scope: &Scope, edits: &[Edit]) -> Result<Vec<Splice>, Refusal> {
        let before = Reading::of_sections(scope.tree, &scope.roots, edits)?;
        let is_pending = |edit: &&Edit| !is_done(&before, edit, scope.is_compose);
        self.pending = edits.iter().filter(is_pending).cloned().collect();
        self.missed =
            self.pending.iter().find_map(|edit| proof::came_out(&before, &before, edit).err());
        self.sections = Sections::of_large(scope.tree);
        let (mut splices, growing) = set(scope, &self.pending)?;
        let can_wait = edits.iter().any(|edit| matches!(edit, Edit::Remove(_)));
        if can_wait && !is_simple(scope.tree, &growing) {
            self.leaves_removals = true;
        } else {
            splices.extend(remove::remove(scope, &self.pending, &growing)?);
        }
        Ok(splices)
    }
}

/// Whether what is set and what is removed cannot come in each other's way.
fn is_simple(tree: &Tree, growing: &[Id]) -> bool {
    let is_simple = |&map: &Id| tree.is_map(map) && !tree.is_flow(map) && !tree.is_empty(map);
    tree.text.ends_with('\n') && growing.iter().all(is_simple)
}

/// Of several edits of one property only the last counts.
fn last_of_each(edits: &[Edit]) -> Vec<Edit> {
    let is_last = |(at, edit): &(usize, &Edit)| {
        edits[at + 1..].iter().all(|later| later.property() != edit.property())
    };
    edits.iter().enumerate().filter(is_last).map(|(_, edit)| edit.clone()).collect()
}

/// A missing final newline stays missing when the last lines go.
fn like_before(before: &str, after: String) -> String {
    if before.ends_with('\n') || !after.ends_with('\n') {
        return after;
    }
    let trimmed = after.strip_suffix('\n').unwrap_or(&after);
    trimmed.strip_suffix('\r').unwrap_or(trimmed).to_owned()
}

/// What is edited: the mappings that make up a configuration, within a text.
pub(super) struct Scope<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) roots: Vec<Id>,
    /// The entries that lead to the configuration within the text.
    pub(super) prefix: Vec<Entry>,
    pub(super) is_compose: bool,
    /// How the lines of the file end.
    pub(super) ending: &'static str,
}

impl Scope<'_, '_> {
    /// The configuration as Micronaut reads it.
    pub(super) fn reading(&self) -> Result<Reading, Refusal> {
        Reading::of_properties(self.tree, &self.roots)
    }

    /// Refuses to touch what stands in a collection with a tag.
    pub(super) fn refuse_special(&self, trail: &KeyPath) -> Result<(), Refusal> {
        let tagged = trail.entries.iter().find(|entry| self.tree.nodes[entry.map].tag.is_some());
        match tagged {
            Some(entry) => {
                let line = Some(self.tree.nodes[entry.map].line);
                Err(Refusal::new(line, "a tag stands before the settings there"))
            }
            None => Ok(()),
        }
    }
}

/// The splices that set what is to be set, and the values that get new keys by it.
fn set(scope: &Scope, edits: &[Edit]) -> Result<(Vec<Splice>, Vec<Id>), Refusal> {
    let ending = scope.ending;
    let mut splices = Vec::new();
    let mut beds: Vec<Insertion> = Vec::new();
    for edit in edits {
        let Edit::Set(property, value) = edit else { continue };
        let value = seed::arriving(value, scope.is_compose);
        let found = find::property(scope, property);
        if let Some(trail) = found.occurrences.iter().rfind(|trail| trail.is_live) {
            scope.refuse_special(trail)?;
            splices.extend(replace(scope.tree, trail, &value)?);
        } else {
            sow(&mut beds, found.deepest(scope.tree), property, &value);
        }
    }
    // Where a mapping and its last one end together, the keys of the inner one come first.
    beds.sort_by_key(|bed| {
        Reverse(bed.parent.as_ref().map_or(0, |parent| parent.trail.entries.len()))
    });
    for bed in &beds {
        splices.extend(bed.grow(scope, ending)?);
    }
    let growing = beds.iter().filter_map(|bed| Some(bed.parent.as_ref()?.value)).collect();
    Ok((splices, growing))
}

/// Whether a property has the wanted value already, in whatever style.
fn is_done(before: &Reading, edit: &Edit, is_compose: bool) -> bool {
    match (before.get(edit.property()), edit) {
        (Some(scalar), Edit::Set(_, value)) if is_compose && value.text().is_some() => {
            let is_same = |text| compose::is_same(&scalar.text, text);
            scalar.kind == Kind::Text && value.text().is_some_and(is_same)
        }
        (Some(scalar), Edit::Set(_, value)) => proof::is_value(scalar, value),
        _ => false,
    }
}

/// Where new keys go, and which.
struct Insertion {
    parent: Option<Parent>,
    seeds: Vec<NewKey>,
}

fn sow(beds: &mut Vec<Insertion>, parent: Option<&Parent>, property: &str, value: &Value) {
    let rest = parent.map_or(property, |parent| &property[property.len() - parent.rest..]);
    let place = parent.map(|parent| parent.value);
    let known = beds.iter().position(|bed| bed.parent.as_ref().map(|p| p.value) == place);
    let at = known.unwrap_or_else(|| {
        beds.push(Insertion { parent: parent.cloned(), seeds: Vec::new() });
        beds.len() - 1
    });
    seed::plant(&mut beds[at].seeds, rest, value);
}

impl Insertion {
    fn grow(&self, scope: &Scope, ending: &str) -> Result<Vec<Splice>, Refusal> {
        let tree = scope.tree;
        let Some(parent) = &self.parent else {
            return Ok(block::at_root(tree, None, &self.seeds, step::USUAL, ending));
        };
        scope.refuse_special(&parent.trail)?;
        if let Some(reason) = find::objection(tree, parent.value) {
            return Err(Refusal::new(Some(tree.nodes[parent.value].line), reason));
        }
        if tree.is_flow(parent.value) && !tree.is_empty(parent.value) {
            return Ok(flow::add(tree, parent.value, &self.seeds, ending));
        }
        match parent.trail.entries.last() {
            Some(holder) if tree.is_flow(holder.map) => {
                Ok(vec![flow::fill(tree, *holder, &self.seeds, ending)])
            }
            _ => block::add(scope, parent, &self.seeds, ending),
        }
    }
}

/// Puts a value in the place of another one; everything around it stays.
fn replace(tree: &Tree, trail: &KeyPath, value: &Value) -> Result<Vec<Splice>, Refusal> {
    let Some(entry) = trail.entries.last() else { return Ok(Vec::new()) };
    let node = &tree.nodes[entry.value];
    let in_flow = tree.is_flow(entry.map);
    let write = |style| scalar::write(value, style, in_flow);
    let splices = match &node.shape {
        Shape::Scalar(_, Style::Literal | Style::Folded) => {
            block_scalar(tree, entry.value, &write(Style::Plain))
        }
        Shape::Scalar(..) if node.start == node.end => {
            vec![missing(tree, *entry, &write(Style::Plain))?]
        }
        Shape::Scalar(_, style) => vec![Splice::replace(node.start..node.end, write(*style))],
        Shape::Alias(_) => vec![Splice::replace(node.start..node.end, write(Style::Plain))],
        Shape::Map { .. } if tree.is_empty(entry.value) => {
            vec![Splice::replace(node.start..node.end, write(Style::Plain))]
        }
        Shape::Map { .. } | Shape::List { .. } => {
            return Err(Refusal::new(
                Some(node.line),
                "a section or a list stands where a single value belongs",
            ));
        }
    };
    Ok(splices)
}

/// A block scalar becomes one line; the comment behind its indicator stays.
fn block_scalar(tree: &Tree, value: Id, written: &str) -> Vec<Splice> {
    let node = &tree.nodes[value];
    let head = text::rest_of_line(tree.text, node.start);
    let indicators = head.find([' ', '\t']).unwrap_or(head.len());
    let body = text::next_line(tree.text, node.start);
    let mut splices = vec![Splice::replace(node.start..node.start + indicators, written)];
    if node.end > body {
        splices.push(Splice::delete(body..text::next_line(tree.text, node.end)));
    }
    splices
}

/// Writes a value where there is none yet. Blanks that end the line come before it.
fn missing(tree: &Tree, entry: Entry, written: &str) -> Result<Splice, Refusal> {
    let (key, end) = (&tree.nodes[entry.key], tree.nodes[entry.value].end);
    let rest = text::rest_of_line(tree.text, end);
    if tree.text[key.end..end].contains(':') {
        let blanks = if rest.trim().is_empty() { rest.len() } else { 0 };
        let gap = if blanks == 0 { " " } else { "" };
        Ok(Splice::insert(end + blanks, format!("{gap}{written}")))
    } else if tree.is_flow(entry.map) {
        Ok(Splice::insert(end, format!(": {written}")))
    } else {
        Err(Refusal::new(Some(key.line), "a key without a colon cannot hold a value"))
    }
}
