//! From edits to a verified text: read, set, remove, verify.
//!
//! Everything is set before anything is removed, so that a parent that gets a new key is never
//! removed with its old ones.

use super::block::{self, NewKey};
use super::find::{self, KeyPath, Parent};
use super::locate::{self, Scope};
use super::place::Place;
use super::reading::Reading;
use super::text::{self, Splice};
use super::yaml::{DEFAULT_INDENT, Id, KeyValue, ScalarStyle, Shape, Tree};
use super::{Edit, Kind, Refusal, Value, flow, list, scalar, verify};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Edits the configuration at a place of a file.
pub(super) fn patch(source: &str, place: &Place, edits: &[Edit]) -> Result<String, Refusal> {
    let (before, pending, splices) = locate::open(source, place, |scope| {
        let before = Reading::of(scope.tree, &scope.roots)?;
        let pending = pending(&before, edits, place.is_compose());
        let splices = scope.outward(set(scope, &pending)?);
        Ok((before, pending, splices))
    })?;
    let with_new = apply(source, splices)?;
    let removed = if pending.iter().any(|edit| matches!(edit, Edit::Remove(_))) {
        let open = |scope: &Scope| Ok(scope.outward(remove(scope, &pending)?));
        apply(&with_new, locate::open(&with_new, place, open)?)?
    } else {
        with_new.clone()
    };
    if removed == source {
        pending.iter().try_for_each(|edit| verify::came_out(&before, &before, edit))?;
        return Ok(removed);
    }
    let verify = |after: &str| {
        // Before Compose replaces anything.
        let reading = locate::open(after, place, |it| Reading::of(it.tree, &it.roots))?;
        verify::verify(&before, &reading, &pending)?;
        locate::verify_rest(source, after, place)
    };
    // A missing final newline stays missing when the last lines go, unless a block scalar that is
    // last now would lose its own.
    let is_unended = !source.trim_start_matches('\u{feff}').is_empty() && !source.ends_with('\n');
    if is_unended && removed.ends_with('\n') {
        let unended = removed.trim_end_matches(['\n', '\r']);
        if verify(unended).is_ok() {
            return Ok(unended.to_owned());
        }
    }
    verify(&removed)?;
    Ok(removed)
}

fn apply(source: &str, splices: Vec<Splice>) -> Result<String, Refusal> {
    text::apply(source, splices)
        .ok_or_else(|| Refusal::new(None, "two of the changes meet in the same place"))
}

/// The edits that are not fulfilled yet, with the values to write. Of several edits of one
/// property only the last counts.
fn pending(before: &Reading, edits: &[Edit], is_compose: bool) -> Vec<Edit> {
    let is_last = |(at, edit): &(usize, &Edit)| {
        edits[at + 1..].iter().all(|later| later.property() != edit.property())
    };
    let last = edits.iter().enumerate().filter(is_last).map(|(_, edit)| edit);
    last.filter(|edit| !is_done(before, edit, is_compose))
        .map(|edit| edit.written(is_compose))
        .collect()
}

/// Whether a property has the wanted value already, in whatever style.
fn is_done(before: &Reading, edit: &Edit, is_compose: bool) -> bool {
    let Edit::Set(property, value) = edit else { return false };
    match value.text().filter(|_| is_compose) {
        Some(text) => before.get(property).is_some_and(|scalar| {
            scalar.kind == Kind::Text && scalar::is_same_for_compose(&scalar.text, text)
        }),
        None => verify::is_value(before, property, value),
    }
}

/// The edits as YAML to paste by hand, without their secrets; what is to be removed is named in
/// comments.
pub(super) fn paste(edits: &[Edit], is_compose: bool) -> String {
    let (mut keys, mut lines) = (Vec::new(), Vec::new());
    for edit in edits {
        match edit.written(is_compose) {
            Edit::Set(property, Value::Secret(_)) => {
                let is_header = property.ends_with("proxy-authorization");
                let blank =
                    if is_header { "Basic <base64 of username:password>" } else { "<password>" };
                NewKey::queue(&mut keys, &property, &Value::Text(blank.to_owned()));
            }
            Edit::Set(property, value) => NewKey::queue(&mut keys, &property, &value),
            Edit::Remove(property) => {
                lines.push(format!("# Remove {property} wherever it is set."));
            }
        }
    }
    lines.extend(NewKey::lines(&keys, 0, DEFAULT_INDENT));
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The splices that set what is to be set.
fn set(scope: &Scope, edits: &[Edit]) -> Result<Vec<Splice>, Refusal> {
    let mut splices = Vec::new();
    let mut insertions: Vec<Insertion> = Vec::new();
    for edit in edits {
        let Edit::Set(property, value) = edit else { continue };
        let matches = find::property(scope, property);
        if let Some(path) = matches.occurrences.iter().rfind(|path| path.is_live) {
            refuse_tag(scope, path)?;
            splices.extend(replace(scope, path, value)?);
        } else {
            Insertion::queue(&mut insertions, matches.deepest(scope.tree), property, value);
        }
    }
    // Where a mapping and its last value end together, the keys of the inner one come first.
    insertions.sort_by_key(|insertion| {
        Reverse(insertion.parent.as_ref().map_or(0, |parent| parent.path.entries.len()))
    });
    for insertion in &insertions {
        splices.extend(insertion.render(scope)?);
    }
    splices.extend(block::keep_unended(scope.tree, &splices));
    Ok(text::take_newline_before(scope.tree.text, splices))
}

/// New keys and the value that gets them; none for a text without documents.
struct Insertion {
    parent: Option<Parent>,
    keys: Vec<NewKey>,
}

impl Insertion {
    fn queue(all: &mut Vec<Self>, parent: Option<&Parent>, property: &str, value: &Value) {
        let rest = parent.map_or(property, |parent| &property[property.len() - parent.rest..]);
        let target = parent.map(|parent| parent.value);
        let known = all.iter().position(|it| it.parent.as_ref().map(|p| p.value) == target);
        let at = known.unwrap_or_else(|| {
            all.push(Self { parent: parent.cloned(), keys: Vec::new() });
            all.len() - 1
        });
        NewKey::queue(&mut all[at].keys, rest, value);
    }

    fn render(&self, scope: &Scope) -> Result<Vec<Splice>, Refusal> {
        let tree = scope.tree;
        let Some(parent) = &self.parent else {
            return Ok(block::at_root(scope, None, &self.keys, DEFAULT_INDENT));
        };
        refuse_tag(scope, &parent.path)?;
        if let Some(reason) = find::objection(tree, parent.value) {
            return Err(tree.refuse(parent.value, reason));
        }
        if tree.is_flow(parent.value) && !tree.is_empty(parent.value) {
            return Ok(flow::insert(tree, parent.value, &self.keys, scope.ending));
        }
        match parent.path.entries.last() {
            Some(holder) if tree.is_flow(holder.map) => {
                Ok(vec![flow::fill(tree, *holder, &self.keys, scope.ending)])
            }
            _ => block::insert(scope, parent, &self.keys),
        }
    }
}

/// Refuses to touch what is in a collection with a tag.
fn refuse_tag(scope: &Scope, path: &KeyPath) -> Result<(), Refusal> {
    let is_tagged = |entry: &&KeyValue| scope.tree.nodes[entry.map].tag.is_some();
    match path.entries.iter().find(is_tagged) {
        Some(entry) => Err(scope.tree.refuse(entry.map, "the settings there have a tag")),
        None => Ok(()),
    }
}

/// Puts a value in the place of another one; everything around it stays.
fn replace(scope: &Scope, path: &KeyPath, value: &Value) -> Result<Vec<Splice>, Refusal> {
    let tree = scope.tree;
    let Some(entry) = path.entries.last() else { return Ok(Vec::new()) };
    let node = &tree.nodes[entry.value];
    if let (Shape::List { .. }, Value::List(items)) = (&node.shape, value) {
        return list::replace(scope, entry.value, items);
    }
    let write = |style| scalar::write(value, style, tree.is_flow(entry.map));
    match &node.shape {
        _ if node.is_block_scalar() => {
            Ok(replace_block_scalar(tree, entry.value, &write(ScalarStyle::Plain)))
        }
        Shape::Scalar(..) if !node.is_written() => {
            Ok(vec![insert_value(tree, *entry, &write(ScalarStyle::Plain))?])
        }
        Shape::Scalar(_, style) => Ok(vec![Splice::replace(node.start..node.end, write(*style))]),
        Shape::Map { .. } | Shape::List { .. } if !tree.is_empty(entry.value) => {
            Err(Refusal::new(Some(node.line), "a section or a list where a single value belongs"))
        }
        _ => Ok(vec![Splice::replace(node.start..node.end, write(ScalarStyle::Plain))]),
    }
}

/// A block scalar becomes one line; the comment behind its indicator stays.
fn replace_block_scalar(tree: &Tree, value: Id, written: &str) -> Vec<Splice> {
    let node = &tree.nodes[value];
    let indicators = text::word(tree.text, node.start).len();
    let body = text::next_line(tree.text, node.start);
    let mut splices = vec![Splice::replace(node.start..node.start + indicators, written)];
    if node.end > body {
        splices.push(Splice::delete(body..text::next_line(tree.text, node.end)));
    }
    splices
}

/// Writes a value where there is none yet. Blanks that end the line come before it.
fn insert_value(tree: &Tree, entry: KeyValue, written: &str) -> Result<Splice, Refusal> {
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

/// The splices that remove every occurrence of what is to be removed, and the parents that this
/// empties.
fn remove(scope: &Scope, edits: &[Edit]) -> Result<Vec<Splice>, Refusal> {
    let mut paths = Vec::new();
    for edit in edits {
        let Edit::Remove(property) = edit else { continue };
        paths.extend(find::property(scope, property).occurrences);
    }
    let removed = emptied(scope, &paths)?;
    let mut topmost: BTreeMap<Id, KeyValue> = BTreeMap::new();
    for path in &paths {
        let top = path.entries.iter().find(|entry| removed.contains(&entry.key));
        topmost.extend(top.map(|&top| (top.key, top)));
    }
    let mut splices = Vec::new();
    let mut braces = HashSet::new();
    for &entry in topmost.values() {
        if !scope.tree.is_flow(entry.map) {
            splices.extend(block::remove(scope.tree, entry)?);
        } else if braces.insert(entry.map) {
            splices.extend(flow::remove(scope.tree, entry.map, &removed));
        }
    }
    Ok(splices)
}

/// The keys of the entries at these paths, and of those above them that hold nothing else.
fn emptied(scope: &Scope, paths: &[KeyPath]) -> Result<HashSet<Id>, Refusal> {
    let tree = scope.tree;
    let mut removed = HashSet::new();
    let mut left: HashMap<Id, usize> = HashMap::new();
    for path in paths {
        refuse_tag(scope, path)?;
        let value = path.entries.last().map(|leaf| tree.resolve(leaf.value));
        if let Some(value) = value.filter(|&value| tree.is_map(value) && !tree.is_empty(value)) {
            return Err(tree.refuse(value, "a whole section where a single value is to be removed"));
        }
        for entry in path.entries[scope.prefix.len()..].iter().rev() {
            removed.insert(entry.key);
            let left = left.entry(entry.map).or_insert_with(|| tree.entries(entry.map).count());
            *left -= 1;
            if *left > 0 {
                break;
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_to_paste_has_the_effect_of_the_edits() {
        let edits = [
            Edit::Set("micronaut.server.context-path".into(), Value::Text("/k".into())),
            Edit::Remove("kestra.url".into()),
            Edit::Set("micronaut.server.cors".into(), Value::Bool(true)),
            Edit::Set("micronaut.a".into(), Value::Text("$1".into())),
        ];
        assert_eq!(
            paste(&edits, true),
            "# Remove kestra.url wherever it is set.\nmicronaut:\n  server:\n    context-path: /k\n    cors: true\n  a: $$1\n"
        );
    }
}
