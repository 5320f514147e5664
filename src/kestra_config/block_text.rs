//! A literal block scalar that holds YAML: its text without the indentation, and the way back.

use super::Refusal;
use super::splice::Splice;
use super::text;
use super::yaml::{Id, Shape, Tree};

/// The text of a literal block scalar, and where each of its lines stands in the file.
#[derive(Debug)]
pub(super) struct BlockText {
    text: String,
    lines: Vec<Line>,
    indent: usize,
    lines_above: usize,
    /// The byte after the block in the file.
    end: usize,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    /// Its first byte in the block's text.
    inner: usize,
    /// Its first byte in the file, before its indentation.
    outer: usize,
    /// How many blanks of it are indentation.
    margin: usize,
}

impl BlockText {
    /// Takes the indentation off; refuses what does not give the text that the parser gave.
    /// An empty block gets the `usual` indentation.
    pub(super) fn of(tree: &Tree, value: Id, usual: usize) -> Result<Self, Refusal> {
        let node = &tree.nodes[value];
        let start = text::next_line(tree.text, node.start);
        let end = if node.end < start { start } else { text::next_line(tree.text, node.end) };
        let mut block = Self {
            text: String::with_capacity(end - start),
            lines: Vec::new(),
            indent: if start < end { node.column } else { usual },
            lines_above: text::line_of(tree.text, start) - 1,
            end,
        };
        let mut at = start;
        while at < end {
            let next = text::next_line(tree.text, at);
            block.push(&tree.text[at..next], at);
            at = next;
        }
        let Shape::Scalar(expected, _) = &node.shape else { return Ok(block) };
        let unix = block.text.replace("\r\n", "\n");
        if unix.trim_end_matches(['\n', ' ']) == expected.trim_end_matches(['\n', ' ']) {
            return Ok(block);
        }
        Err(Refusal::new(Some(node.line), "the indentation of the block cannot be followed"))
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How many lines of the file stand above the first one.
    pub(super) fn lines_above(&self) -> usize {
        self.lines_above
    }

    /// The same splice for the file.
    pub(super) fn outward(&self, splice: &Splice) -> Splice {
        let (start, end) = (splice.range.start, splice.range.end);
        let whole_lines = self.begins_line(start) && self.begins_line(end);
        let from = if whole_lines { self.before_margin(start) } else { self.after_margin(start) };
        let to =
            if self.begins_line(end) { self.before_margin(end) } else { self.after_margin(end) };
        Splice::replace(from..to.max(from), self.indented(&splice.text, whole_lines))
    }

    fn push(&mut self, line: &str, outer: usize) {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        let margin = blanks.min(self.indent);
        self.lines.push(Line { inner: self.text.len(), outer, margin });
        self.text.push_str(&line[margin..]);
    }

    fn begins_line(&self, inner: usize) -> bool {
        inner == 0 || self.text[..inner].ends_with('\n')
    }

    fn before_margin(&self, inner: usize) -> usize {
        self.line(inner).filter(|line| line.inner == inner).map_or(self.end, |line| line.outer)
    }

    fn after_margin(&self, inner: usize) -> usize {
        self.line(inner).map_or(self.end, |line| line.outer + line.margin + inner - line.inner)
    }

    fn line(&self, inner: usize) -> Option<&Line> {
        let after = self.lines.partition_point(|line| line.inner <= inner);
        self.lines.get(after.checked_sub(1)?)
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
