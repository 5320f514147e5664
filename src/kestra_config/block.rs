//! Mappings in block style: new keys after the last entry or below a key without a value, and
//! removal of entries.

use super::find::Parent;
use super::locate::Scope;
use super::scalar;
use super::text::{self, Splice};
use super::yaml::{Id, KeyValue, Node, ScalarStyle, Shape, Tree};
use super::{Refusal, Value, list};

/// A new key and its value or the keys below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewKey {
    pub(super) name: String,
    pub(super) content: NewContent,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum NewContent {
    Value(Value),
    Keys(Vec<NewKey>),
}

impl NewKey {
    /// Queues a property, one level for each of its names; parents that are new already are shared.
    pub(super) fn queue(keys: &mut Vec<Self>, property: &str, value: &Value) {
        let Some((name, rest)) = property.split_once('.') else {
            let content = NewContent::Value(value.clone());
            return keys.push(Self { name: property.to_owned(), content });
        };
        let is_parent = |key: &Self| key.name == name && matches!(key.content, NewContent::Keys(_));
        let at = keys.iter().position(is_parent).unwrap_or_else(|| {
            keys.push(Self { name: name.to_owned(), content: NewContent::Keys(Vec::new()) });
            keys.len() - 1
        });
        if let NewContent::Keys(below) = &mut keys[at].content {
            Self::queue(below, rest, value);
        }
    }

    /// The lines of these keys in block style.
    pub(super) fn lines(keys: &[Self], column: usize, indent: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for Self { name, content } in keys {
            let name = scalar::write_key(name, false, false);
            match content {
                NewContent::Value(Value::List(items)) => {
                    lines.push(format!("{:column$}{name}:", ""));
                    lines.extend(list::lines(items, ScalarStyle::Plain, column + indent));
                }
                NewContent::Value(value) => {
                    let value = scalar::write(value, ScalarStyle::Plain, false);
                    lines.push(format!("{:column$}{name}: {value}", ""));
                }
                NewContent::Keys(below) => {
                    lines.push(format!("{:column$}{name}:", ""));
                    lines.extend(Self::lines(below, column + indent, indent));
                }
            }
        }
        lines
    }
}

/// Inserts new keys into a mapping in block style, or where one can begin.
pub(super) fn insert(
    scope: &Scope,
    parent: &Parent,
    keys: &[NewKey],
) -> Result<Vec<Splice>, Refusal> {
    let tree = scope.tree;
    let entries = &parent.path.entries;
    let outer: Vec<Id> = entries.iter().map(|entry| entry.map).collect();
    let map = Some(parent.value).filter(|&value| !tree.is_empty(value));
    let indent = tree.indent_around(&outer, map);
    match (map, entries.last()) {
        (Some(map), _) => {
            let is_root = entries.len() == scope.prefix.len();
            Ok(vec![after_last(scope, map, is_root, keys, indent)])
        }
        (None, None) => Ok(at_root(scope, Some(parent.value), keys, indent)),
        (None, Some(&holder)) => below(scope, holder, keys, indent),
    }
}

/// Inserts the first sections into a document without content; `None` for a stream without
/// documents.
pub(super) fn at_root(
    scope: &Scope,
    root: Option<Id>,
    keys: &[NewKey],
    indent: usize,
) -> Vec<Splice> {
    let tree = scope.tree;
    let lines = NewKey::lines(keys, 0, indent);
    if let Some(node) = root.map(|root| &tree.nodes[root]).filter(|node| node.is_written()) {
        return instead(scope, node.start, node.end, &lines);
    }
    let document = tree.documents.iter().find(|document| Some(document.root) == root);
    let first_line = match document.map(|document| document.start) {
        Some(start) if tree.text[..start].ends_with("---") => text::next_line(tree.text, start),
        Some(start) => start,
        None => text::after_bom(tree.text),
    };
    vec![insert_lines(scope, after_comments(tree.text, first_line, 0), &lines)]
}

/// Replaces a root that is `{}` or `null`; its comment stays.
fn instead(scope: &Scope, start: usize, end: usize, lines: &[String]) -> Vec<Splice> {
    let source = scope.tree.text;
    let line = text::line_start(source, start);
    let next = text::next_line(source, end);
    let is_alone = line == start;
    let rest = text::rest_of_line(source, end);
    if is_alone && rest.trim().is_empty() {
        let mut lines = lines.join(scope.ending);
        if source[..next].ends_with('\n') {
            lines.push_str(scope.ending);
        }
        return vec![Splice::replace(line..next, lines)];
    }
    let from = if is_alone { start } else { source[..start].trim_end_matches(' ').len() };
    let to = if is_alone { end + rest.len() - rest.trim_start().len() } else { end };
    let at = after_comments(source, next, 0);
    vec![Splice::delete(from..to), insert_lines(scope, at, lines)]
}

/// Inserts new keys below a key without a value.
fn below(
    scope: &Scope,
    holder: KeyValue,
    keys: &[NewKey],
    indent: usize,
) -> Result<Vec<Splice>, Refusal> {
    let tree = scope.tree;
    let (key, value) = (&tree.nodes[holder.key], &tree.nodes[holder.value]);
    if !tree.text[key.end..value.end].contains(':') {
        return Err(Refusal::new(Some(key.line), "a key without a colon cannot hold settings"));
    }
    let column = tree.nodes[holder.map].column + indent;
    let at = after_comments(tree.text, text::next_line(tree.text, value.end), column);
    let mut splices = vec![insert_lines(scope, at, &NewKey::lines(keys, column, indent))];
    if value.is_written() {
        let before = tree.text[..value.start].trim_end_matches([' ', '\n', '\r']).len();
        splices.push(Splice::delete(before..value.end));
    }
    Ok(splices)
}

/// Inserts after the last entry of a mapping and after the comments that belong to it. A new
/// section is separated by a blank line where all sections are.
fn after_last(scope: &Scope, map: Id, is_root: bool, keys: &[NewKey], indent: usize) -> Splice {
    let tree = scope.tree;
    let node = &tree.nodes[map];
    let at = after_comments(tree.text, text::next_line(tree.text, node.end), node.column);
    let mut lines = Vec::new();
    // A `|+` would take the blank line for its own.
    let last = tree.nodes[..node.after].iter().rfind(|last| last.is_written());
    let is_kept = last.is_some_and(|last| keeps_blank_lines(tree, last));
    let is_spaced = is_root && !is_kept && are_spaced(tree, map);
    for key in keys {
        if is_spaced {
            lines.push(String::new());
        }
        lines.extend(NewKey::lines(std::slice::from_ref(key), node.column, indent));
    }
    insert_lines(scope, at, &lines)
}

/// Whether a blank line separates every two sections.
fn are_spaced(tree: &Tree, map: Id) -> bool {
    let entries: Vec<_> = tree.entries(map).collect();
    let is_spaced = |pair: &[(Id, Id)]| {
        let from = text::next_line(tree.text, tree.nodes[pair[0].1].end);
        let to = text::line_start(tree.text, tree.nodes[pair[1].0].start);
        let between = tree.text.get(from..to);
        between.is_some_and(|lines| lines.lines().any(|line| line.trim().is_empty()))
    };
    entries.len() > 1 && entries.windows(2).all(is_spaced)
}

/// Where the own-line comments end that are indented at least as deep as this column.
pub(super) fn after_comments(source: &str, from: usize, column: usize) -> usize {
    let (mut at, mut end) = (from, from);
    while at < source.len() {
        let (indent, content) = text::indented(source, at);
        let next = text::next_line(source, at);
        if content.starts_with('#') && indent >= column {
            end = next;
        } else if !content.is_empty() {
            break;
        }
        at = next;
    }
    end
}

/// Inserts lines at the beginning of a line, or at the end of a text whose last line has no
/// newline; then the new last line has none either.
pub(super) fn insert_lines(scope: &Scope, at: usize, lines: &[String]) -> Splice {
    let (source, ending) = (scope.tree.text, scope.ending);
    let lines = lines.join(ending);
    if text::line_start(source, at) == at {
        Splice::insert(at, format!("{lines}{ending}"))
    } else {
        Splice::insert(at, format!("{ending}{lines}"))
    }
}

/// A block scalar whose last line has no newline must not get one by lines after it: it becomes
/// `|-`.
pub(super) fn keep_unended(tree: &Tree, splices: &[Splice]) -> Option<Splice> {
    let length = tree.text.len();
    let node = tree.nodes.last().filter(|node| node.is_block_scalar() && node.end == length)?;
    let is_replaced = |splice: &Splice| splice.range.contains(&node.start);
    let is_followed = |splice: &Splice| splice.range.start == length && !splice.text.is_empty();
    if splices.iter().any(is_replaced) || !splices.iter().any(is_followed) {
        return None;
    }
    let header = text::word(tree.text, node.start);
    let indicators = header.replace(['+', '-'], "");
    Some(Splice::replace(node.start..node.start + header.len(), format!("{indicators}-")))
}

/// Removes the lines of an entry except own-line comments, which move to its column, and blank lines.
pub(super) fn remove(tree: &Tree, entry: KeyValue) -> Result<Vec<Splice>, Refusal> {
    let (key, value) = (&tree.nodes[entry.key], &tree.nodes[entry.value]);
    let column = tree.nodes[entry.map].column;
    let first = text::line_start(tree.text, key.start);
    let end = value.end.max(key.end);
    let is_alone = text::indented(tree.text, first).0 == column
        && text::is_blank_or_comment(text::rest_of_line(tree.text, end));
    if !is_alone {
        return Err(tree.refuse(entry.key, "the setting shares its line with another one"));
    }
    // A `#` in one of these begins no comment.
    let is_text = |node: &&Node| matches!(node.shape, Shape::Scalar(..)) && node.is_written();
    let texts: Vec<&Node> = tree.nodes[entry.key..value.after].iter().filter(is_text).collect();
    let is_in_text = |line: usize| {
        let before = texts.partition_point(|text| text.start < line);
        before > 0 && line < texts[before - 1].end
    };
    let last = text::next_line(tree.text, end);
    // The comments of a section that come after its last entry.
    let until =
        if tree.is_map(entry.value) { after_comments(tree.text, last, column + 1) } else { last };
    let mut splices = Vec::new();
    let mut at = first;
    while at < until {
        let next = text::next_line(tree.text, at);
        let (indent, line) = text::indented(tree.text, at);
        if is_in_text(at) || !(line.is_empty() || line.starts_with('#')) {
            splices.push(Splice::delete(at..next));
        } else if line.starts_with('#') && indent > column {
            splices.push(Splice::delete(at + column..at + indent));
        }
        at = next;
    }
    splices.extend(blank_lines_to_keep_out(tree, entry, last));
    Ok(splices)
}

/// The blank lines after a removed entry, where a `|+` above it would take them for its own.
fn blank_lines_to_keep_out(tree: &Tree, entry: KeyValue, from: usize) -> Option<Splice> {
    let before = tree.nodes[..entry.key].iter().rfind(|node| node.is_written())?;
    let is_kept = keeps_blank_lines(tree, before);
    let is_next = text::next_line(tree.text, before.end)
        == text::line_start(tree.text, tree.nodes[entry.key].start);
    let mut to = from;
    while to < tree.text.len() && text::rest_of_line(tree.text, to).trim().is_empty() {
        to = text::next_line(tree.text, to);
    }
    (is_kept && is_next && to > from).then(|| Splice::delete(from..to))
}

/// Whether the blank lines after a node are part of it.
fn keeps_blank_lines(tree: &Tree, node: &Node) -> bool {
    node.is_block_scalar() && text::word(tree.text, node.start).contains('+')
}
