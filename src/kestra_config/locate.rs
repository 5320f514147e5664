//! Opening a place of a file: the mappings that make up the configuration there, and the way back
//! from bytes of an embedded text, or of a text within that text, to bytes of the file.

use super::place::{PathStep, Place};
use super::reading::Reading;
use super::text::{self, Splice};
use super::yaml::{Id, KeyValue, ScalarStyle, Shape, Tree};
use super::{Refusal, merge, verify};

/// The configuration at a place, within the text that holds it.
pub(super) struct Scope<'t, 'a> {
    pub(super) tree: &'t Tree<'a>,
    pub(super) roots: Vec<Id>,
    /// The entries that lead to the configuration within the text.
    pub(super) prefix: Vec<KeyValue>,
    /// How new lines of the file end.
    pub(super) ending: &'static str,
    /// The block scalars that hold the text, from the file inwards.
    blocks: &'t [&'t BlockText],
}

impl Scope<'_, '_> {
    /// The same splices for the file.
    pub(super) fn outward(&self, mut splices: Vec<Splice>) -> Vec<Splice> {
        if !self.blocks.is_empty() {
            splices = text::take_newline_before(self.tree.text, splices);
        }
        for block in self.blocks.iter().rev() {
            splices = splices.iter().map(|splice| block.outward(splice)).collect();
        }
        splices
    }
}

/// Reads the configuration at a place of a file, with the lines of the file.
pub(super) fn read(tree: &Tree, place: &Place) -> Result<Reading, Refusal> {
    let (reading, lines) = open_tree(tree, place, &place.path, &[], |scope| {
        let lines: usize = scope.blocks.iter().map(|block| block.lines_above).sum();
        Ok((Reading::of(scope.tree, &scope.roots)?, lines))
    })?;
    Ok(reading.outward(lines, place.is_compose()))
}

/// Opens the configuration at a place of a file. Lines in a refusal are those of the file.
pub(super) fn open<T>(
    source: &str,
    place: &Place,
    visit: impl FnOnce(&Scope) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    open_tree(&Tree::parse(source)?, place, &place.path, &[], visit)
}

/// Opens what is left of the path in a text, with the block scalars around it.
fn open_tree<T, F>(
    tree: &Tree,
    place: &Place,
    path: &[PathStep],
    blocks: &[&BlockText],
    visit: F,
) -> Result<T, Refusal>
where
    F: FnOnce(&Scope) -> Result<T, Refusal>,
{
    let ending = blocks.first().map_or_else(|| text::line_ending(tree.text), |block| block.ending);
    let document = place.document.filter(|_| blocks.is_empty());
    if path.is_empty() && document.is_none() {
        let roots = tree.documents.iter().map(|document| document.root).collect();
        return visit(&Scope { tree, roots, prefix: Vec::new(), ending, blocks });
    }
    let Found { value, prefix, rest } = value_at(tree, document, path)
        .ok_or_else(|| Refusal::new(None, format!("there is no {place} in this file")))?;
    let Some(block) = BlockText::of(tree, value, &prefix, place)? else {
        return visit(&Scope { tree, roots: vec![value], prefix, ending, blocks });
    };
    let blocks = [blocks, &[&block]].concat();
    let inner =
        Tree::parse(&block.text).and_then(|tree| open_tree(&tree, place, rest, &blocks, visit));
    inner.map_err(|refusal| Refusal {
        line: refusal.line.map(|line| line + block.lines_above),
        ..refusal
    })
}

/// Refuses a change of anything in the file but the configuration at its place.
pub(super) fn verify_rest(before: &str, after: &str, place: &Place) -> Result<(), Refusal> {
    if place.is_whole() {
        return Ok(());
    }
    let (mut before, mut after) = (before.to_owned(), after.to_owned());
    let mut path = place.path.as_slice();
    let mut document = place.document;
    loop {
        let (old_tree, new_tree) = (Tree::parse(&before)?, Tree::parse(&after)?);
        let (old, new) = (value_at(&old_tree, document, path), value_at(&new_tree, document, path));
        let (Some(old), Some(new)) = (old, new) else {
            return Err(Refusal::new(None, format!("{place} would be lost")));
        };
        verify::same_outside((&old_tree, old.value), (&new_tree, new.value))?;
        let texts = (
            BlockText::of(&old_tree, old.value, &old.prefix, place)?,
            BlockText::of(&new_tree, new.value, &new.prefix, place)?,
        );
        let (Some(old_text), Some(new_text)) = texts else { return Ok(()) };
        path = old.rest;
        if path.is_empty() {
            return Ok(());
        }
        (before, after, document) = (old_text.text, new_text.text, None);
    }
}

/// A value on a path, the entries that lead to it, and what is left of the path inside its text.
pub(super) struct Found<'p> {
    pub(super) value: Id,
    prefix: Vec<KeyValue>,
    pub(super) rest: &'p [PathStep],
}

/// Follows a path. In a stream without a document number the last document that has it counts.
fn value_at<'p>(tree: &Tree, document: Option<usize>, path: &'p [PathStep]) -> Option<Found<'p>> {
    let documents = tree.documents.iter().enumerate().rev();
    let mut meant = documents.filter(|(at, _)| document.is_none_or(|number| number == at + 1));
    meant.find_map(|(_, document)| follow(tree, document.root, path))
}

/// Aliases and merge keys are followed to where the text is.
pub(super) fn follow<'p>(tree: &Tree, root: Id, path: &'p [PathStep]) -> Option<Found<'p>> {
    let (mut value, mut prefix) = (tree.resolve(root), Vec::new());
    for (done, step) in path.iter().enumerate() {
        if let Shape::Scalar(_, ScalarStyle::Literal) = tree.nodes[value].shape {
            return Some(Found { value, prefix, rest: &path[done..] });
        }
        let next = match step {
            PathStep::Item(index) => tree.items(value).nth(*index)?,
            PathStep::Key(name) if tree.is_map(value) => {
                let entries = merge::effective(tree, value).ok()?.in_effect;
                let (key, next) = entries.into_iter().rfind(|&(key, _)| tree.key(key) == *name)?;
                prefix.push(KeyValue { map: value, key, value: next });
                next
            }
            PathStep::Key(_) => return None,
        };
        value = tree.resolve(next);
    }
    Some(Found { value, prefix, rest: &[] })
}

/// A literal block scalar that holds YAML: its text without the indentation, and where each line
/// is in the file.
#[derive(Debug)]
struct BlockText {
    text: String,
    lines: Vec<BlockLine>,
    indent: usize,
    /// How most lines around it end.
    ending: &'static str,
    /// How many lines of the file come before its first one.
    lines_above: usize,
    /// The byte of the file after the text.
    end: usize,
}

#[derive(Debug, Clone, Copy)]
struct BlockLine {
    /// Its first byte in the block's text.
    inner: usize,
    /// Its first byte in the file, before its indentation.
    outer: usize,
    /// How many blanks of it are indentation.
    margin: usize,
}

impl BlockText {
    /// The text of a place's value; `None` where the value is a mapping, or can become one.
    fn of(
        tree: &Tree,
        value: Id,
        prefix: &[KeyValue],
        place: &Place,
    ) -> Result<Option<Self>, Refusal> {
        let node = &tree.nodes[value];
        let refuse = |reason: &str| Err(tree.refuse(value, format!("{place} {reason}")));
        match &node.shape {
            Shape::Map { .. } => Ok(None),
            _ if tree.is_empty(value) => Ok(None),
            Shape::Scalar(text, ScalarStyle::Literal) => {
                Self::unindented(tree, value, text, prefix).map(Some)
            }
            Shape::Scalar(_, ScalarStyle::Folded) => {
                refuse("is folded (>) where a literal block (|) is needed")
            }
            _ => refuse("is neither a mapping nor a literal block (|)"),
        }
    }

    /// Removes the indentation; refuses what does not give the text that the parser gave.
    fn unindented(
        tree: &Tree,
        value: Id,
        expected: &str,
        prefix: &[KeyValue],
    ) -> Result<Self, Refusal> {
        let node = &tree.nodes[value];
        let start = text::next_line(tree.text, node.start);
        let end = if node.end < start { start } else { text::next_line(tree.text, node.end) };
        let mut block = Self {
            text: String::with_capacity(end - start),
            lines: Vec::new(),
            indent: if start < end { node.column } else { usual_indent(tree, prefix) },
            ending: text::line_ending(tree.text),
            lines_above: text::line_of(tree.text, start) - 1,
            end,
        };
        let mut at = start;
        while at < end {
            let next = text::next_line(tree.text, at);
            let line = &tree.text[at..next];
            let blanks = line.len() - line.trim_start_matches(' ').len();
            let margin = blanks.min(block.indent);
            block.lines.push(BlockLine { inner: block.text.len(), outer: at, margin });
            block.text.push_str(&line[margin..]);
            at = next;
        }
        // `|-` drops the last newline.
        if !expected.ends_with('\n') && block.text.ends_with('\n') {
            let length = block.text.len();
            let unended = block.text.trim_end_matches('\n').trim_end_matches('\r').len();
            block.text.truncate(unended);
            block.end -= length - unended;
        }
        let is_same = block.text.replace("\r\n", "\n").trim_end_matches(['\n', ' '])
            == expected.trim_end_matches(['\n', ' ']);
        if !is_same {
            return Err(tree.refuse(value, "the indentation of the block cannot be followed"));
        }
        Ok(block)
    }

    /// The same splice for the file.
    fn outward(&self, splice: &Splice) -> Splice {
        let (start, end) = (splice.range.start, splice.range.end);
        let ends_lines = self.begins_line(end);
        let whole_lines = ends_lines && self.begins_line(start);
        let (from, to) = (self.outer(start, whole_lines), self.outer(end, ends_lines));
        Splice::replace(from..to.max(from), self.indented(&splice.text, whole_lines))
    }

    fn begins_line(&self, inner: usize) -> bool {
        inner == 0 || self.text[..inner].ends_with('\n')
    }

    /// The byte of the file; `before_margin` for that where the line with this first byte begins.
    fn outer(&self, inner: usize, before_margin: bool) -> usize {
        let lines = &self.lines[..self.lines.partition_point(|line| line.inner <= inner)];
        match lines.last() {
            Some(line) if !before_margin => line.outer + line.margin + inner - line.inner,
            Some(line) if line.inner == inner => line.outer,
            _ => self.end,
        }
    }

    /// Gives every line its indentation; blank lines get none.
    fn indented(&self, text: &str, from_line_start: bool) -> String {
        let mut result = String::with_capacity(text.len() + self.indent * 4);
        let mut begins = from_line_start;
        for line in text.split_inclusive('\n') {
            if begins && !line.trim_end().is_empty() {
                result.push_str(&" ".repeat(self.indent));
            }
            result.push_str(line);
            begins = true;
        }
        result
    }
}

/// How far a text would be indented below the last of these keys.
fn usual_indent(tree: &Tree, prefix: &[KeyValue]) -> usize {
    let maps: Vec<Id> = prefix.iter().map(|entry| entry.map).collect();
    let column = maps.last().map_or(0, |&map| tree.nodes[map].column);
    column + tree.indent_around(&maps, None)
}
