//! Mappings in braces: their layout, insertion and removal of entries; the latter of lists in brackets
//! too.

use super::block::{NewContent, NewKey, after_comments};
use super::scalar;
use super::text::{self, Splice};
use super::yaml::{DEFAULT_INDENT, Id, KeyValue, ScalarStyle, Tree};
use std::collections::HashSet;

/// How an author writes mappings in braces.
struct FlowLayout<'t> {
    /// Blanks inside the braces.
    pad: &'t str,
    /// Between a key and its value.
    colon: &'t str,
    /// Between a comma and the next key on the line.
    gap: &'t str,
    /// Keys and texts have double quotes, as in JSON.
    is_json: bool,
    /// Every entry has a line of its own and begins at this column.
    column: Option<usize>,
    indent: usize,
    ending: &'t str,
}

/// An entry of a mapping or a list, with its comma.
struct FlowItem {
    /// Its key; in a list, itself.
    id: Id,
    start: usize,
    end: usize,
    comma: Option<usize>,
    /// Nothing follows its colon.
    is_empty: bool,
}

impl FlowItem {
    /// Some readers take `a:,` for a text.
    fn first_comma(&self) -> &'static str {
        if self.is_empty { " ," } else { "," }
    }

    fn after(&self) -> usize {
        self.comma.map_or(self.end, |comma| comma + 1)
    }
}

/// Inserts new keys after the last entry of a mapping that has some.
pub(super) fn insert(tree: &Tree, map: Id, keys: &[NewKey], ending: &str) -> Vec<Splice> {
    let layout = layout(tree, map, ending);
    let items = items(tree, map);
    let Some(last) = items.last() else { return Vec::new() };
    let entries: Vec<String> = keys.iter().map(|key| layout.entry(key, layout.column)).collect();
    let gap = match layout.column {
        Some(column) => format!("{ending}{:column$}", ""),
        None => layout.gap.to_owned(),
    };
    let entries = entries.join(&format!(",{gap}"));
    let rest = text::rest_of_line(tree.text, last.after());
    let Some(column) = layout.column.filter(|_| text::is_blank_or_comment(rest)) else {
        return vec![match last.comma {
            Some(comma) => Splice::insert(comma + 1, format!("{gap}{entries},")),
            None => Splice::insert(last.end, format!("{}{gap}{entries}", last.first_comma())),
        }];
    };
    let at = after_comments(tree.text, text::next_line(tree.text, last.end), column);
    let line = |comma: &str| Splice::insert(at, format!("{:column$}{entries}{comma}{ending}", ""));
    match last.comma {
        Some(_) => vec![line(",")],
        None => vec![Splice::insert(last.end, last.first_comma()), line("")],
    }
}

/// Writes new keys as the value of a key that has none, in the layout of the mapping around it.
pub(super) fn fill(tree: &Tree, holder: KeyValue, keys: &[NewKey], ending: &str) -> Splice {
    let layout = layout(tree, holder.map, ending);
    let braces = layout.braces(keys, layout.column);
    let node = &tree.nodes[holder.value];
    let has_colon = tree.text[tree.nodes[holder.key].end..node.end].contains(':');
    match (node.is_written(), has_colon) {
        (true, _) => Splice::replace(node.start..node.end, braces),
        (false, true) => Splice::insert(node.end, format!(" {braces}")),
        (false, false) => Splice::insert(node.end, format!(": {braces}")),
    }
}

/// Removes the entries with these keys, or these items; the commas stay right.
pub(super) fn remove(tree: &Tree, collection: Id, removed: &HashSet<Id>) -> Vec<Splice> {
    let items = items(tree, collection);
    let Some(keep) = items.iter().rposition(|item| !removed.contains(&item.id)) else {
        let node = &tree.nodes[collection];
        return vec![Splice::delete(node.start + 1..node.end - 1)];
    };
    let mut splices = Vec::new();
    let is_removed = |item: &FlowItem| removed.contains(&item.id);
    // An entry that ends a line goes with the comma before it, which may have gone already.
    let mut done = 0;
    for (at, item) in items[..keep].iter().enumerate().filter(|(_, item)| is_removed(item)) {
        let next = &items[at + 1];
        let range = match own_lines(tree.text, item) {
            Some(lines) => lines,
            None if at > 0 && tree.text[item.after()..next.start].contains('\n') => {
                items[at - 1].after()..item.after()
            }
            None => item.start..next.start,
        };
        splices.push(Splice::delete(range.start.max(done)..range.end));
        done = range.end;
    }
    splices.extend(remove_tail(tree.text, &items[keep], &items[keep + 1..]));
    splices
}

/// Removes the last entries; the one before them ends as the last one did.
fn remove_tail(source: &str, kept: &FlowItem, tail: &[FlowItem]) -> Vec<Splice> {
    let Some(last) = tail.last() else { return Vec::new() };
    let lines: Option<Vec<_>> = tail.iter().map(|item| own_lines(source, item)).collect();
    let Some(lines) = lines else {
        let from = if last.comma.is_some() { kept.after() } else { kept.end };
        return vec![Splice::delete(from..last.after())];
    };
    let mut splices: Vec<_> = lines.into_iter().map(Splice::delete).collect();
    if let (None, Some(comma)) = (last.comma, kept.comma) {
        splices.push(Splice::delete(comma..comma + 1));
    }
    splices
}

/// The lines of an entry that shares them with no other.
fn own_lines(source: &str, item: &FlowItem) -> Option<std::ops::Range<usize>> {
    let start = text::line_start(source, item.start);
    let is_alone = source[start..item.start].trim().is_empty()
        && text::is_blank_or_comment(text::rest_of_line(source, item.after()));
    is_alone.then(|| start..text::next_line(source, item.after()))
}

fn items(tree: &Tree, collection: Id) -> Vec<FlowItem> {
    let mut from = tree.nodes[collection].start + 1;
    let mut items = Vec::new();
    let of_list = tree.items(collection).map(|item| (item, item));
    for (key, value) in tree.entries(collection).chain(of_list) {
        let start = text::next_token(tree.text, from);
        let end = tree.nodes[value].end.max(tree.nodes[key].end);
        let token = text::next_token(tree.text, end);
        let comma = tree.text[token..].starts_with(',').then_some(token);
        from = comma.map_or(end, |comma| comma + 1);
        let is_empty = tree.nodes[value].start == tree.nodes[value].end;
        items.push(FlowItem { id: key, start, end, comma, is_empty });
    }
    items
}

fn layout<'t>(tree: &'t Tree, map: Id, ending: &'t str) -> FlowLayout<'t> {
    let items = items(tree, map);
    let source = tree.text;
    let (pad, colon) = tree.entries(map).next().map_or(("", ": "), |(key, value)| {
        (
            blanks(source, tree.nodes[map].start + 1),
            colon(source, tree.nodes[key].end, tree.nodes[value].start),
        )
    });
    let is_json =
        tree.entries(map).all(|(key, _)| source[tree.nodes[key].start..].starts_with('"'));
    let colon = if is_json { colon } else { ": " };
    let first_gap = items.first().filter(|_| items.len() > 1).and_then(|item| item.comma);
    let gap = match first_gap {
        Some(comma) => blanks(source, comma + 1),
        None if colon == ":" => "",
        None => " ",
    };
    let column = items.last().and_then(|last| {
        let line = text::line_start(source, last.start);
        source[line..last.start].trim().is_empty().then_some(last.start - line)
    });
    FlowLayout { pad, colon, gap, is_json, column, indent: indent(tree, map), ending }
}

/// The indentation of mappings with a line for each entry: from the line of the brace to the first
/// key.
fn indent(tree: &Tree, map: Id) -> usize {
    let Some((key, _)) = tree.entries(map).next() else { return DEFAULT_INDENT };
    let margin = |at: usize| text::indented(tree.text, text::line_start(tree.text, at)).0;
    let indent = margin(tree.nodes[key].start).checked_sub(margin(tree.nodes[map].start));
    indent.filter(|&indent| indent > 0).unwrap_or(DEFAULT_INDENT)
}

/// The blanks at this byte, if something follows them on the line.
fn blanks(source: &str, at: usize) -> &str {
    let rest = text::rest_of_line(source, at);
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    if blanks == rest.len() { "" } else { &rest[..blanks] }
}

/// The text between a key and its value, if that is only a colon with blanks.
fn colon(source: &str, from: usize, to: usize) -> &str {
    match source.get(from..to) {
        Some(between) if between.trim_matches(' ') == ":" => between,
        _ => ": ",
    }
}

impl FlowLayout<'_> {
    fn entry(&self, new: &NewKey, column: Option<usize>) -> String {
        let key = scalar::write_key(&new.name, true, self.is_json);
        let style = if self.is_json { ScalarStyle::DoubleQuoted } else { ScalarStyle::Plain };
        match &new.content {
            NewContent::Value(value) => {
                format!("{key}{}{}", self.colon, scalar::write(value, style, true))
            }
            NewContent::Keys(below) => format!("{key}{}{}", self.colon, self.braces(below, column)),
        }
    }

    /// A mapping in braces; `column` is that of the key it belongs to.
    fn braces(&self, keys: &[NewKey], column: Option<usize>) -> String {
        let inner = column.map(|column| column + self.indent);
        let entries: Vec<String> = keys.iter().map(|key| self.entry(key, inner)).collect();
        let (Some(column), Some(inner)) = (column, inner) else {
            let (pad, entries) = (self.pad, entries.join(&format!(",{}", self.gap)));
            return format!("{{{pad}{entries}{pad}}}");
        };
        let ending = self.ending;
        let lines = entries.join(&format!(",{ending}{:inner$}", ""));
        format!("{{{ending}{:inner$}{lines}{ending}{:column$}}}", "", "")
    }
}
