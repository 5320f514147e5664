//! From the parser's events to a [`Tree`], with spans corrected to what an editor needs.

use super::yaml::{Document, Id, Node, ScalarStyle, Shape, Tree};
use super::{Refusal, strict, text};
use granit_parser::{Event, Parser, Span, StructureStyle, Tag};
use std::borrow::Cow;

/// SnakeYAML's limit on aliases to collections, its guard against alias bombs.
const MAX_ALIASES: usize = 50;

/// SnakeYAML's limit on nesting.
const MAX_DEPTH: usize = 50;

/// No configuration has as many keys and values. A list of four megabytes has, and would take a
/// gigabyte and half a minute.
const MAX_NODES: usize = 200_000;

/// The namespace of `!!int` and the like.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

impl<'a> Tree<'a> {
    /// Parses a text; refuses what SnakeYAML would refuse, with the line.
    pub(super) fn parse(text: &'a str) -> Result<Self, Refusal> {
        strict::check_characters(text)?;
        let tree = build(text)?;
        strict::check_structure(&tree)?;
        Ok(tree)
    }
}

fn build(text: &str) -> Result<Tree<'_>, Refusal> {
    let options = granit_parser::options! { emit_comments: false, emit_anchor_events: true };
    let nodes = Vec::with_capacity(text.len() / 8);
    let mut builder = Builder {
        tree: Tree { text, nodes, documents: Vec::new() },
        open: Vec::new(),
        anchors: vec![0],
        aliases: 0,
        cursor: text::after_bom(text),
        last_end: 0,
    };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let (line, info) = (error.marker().line(), error.info());
            Refusal::new(Some(line), format!("not YAML: {info}{}", advice(text, line)))
        })?;
        builder.take(event, &span)?;
        if builder.tree.nodes.len() > MAX_NODES {
            let reason = "more than 200,000 keys and values";
            return Err(Refusal::new(Some(span.start.line()), reason));
        }
    }
    Ok(builder.tree)
}

/// What to do about the one line that many write and no YAML reader takes.
fn advice(text: &str, line: usize) -> &'static str {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    if line.contains(": [") && line.contains("]:") {
        "; an address in brackets needs http:// and quotes: \"http://[::1]:3128\""
    } else {
        ""
    }
}

struct Builder<'a> {
    tree: Tree<'a>,
    /// The collections that are not closed yet.
    open: Vec<Id>,
    /// The node of each anchor; ids are dense and begin at 1.
    anchors: Vec<Id>,
    aliases: usize,
    /// The byte after the last token.
    cursor: usize,
    /// Where the last value ended.
    last_end: usize,
}

impl<'a> Builder<'a> {
    fn take(&mut self, event: Event<'a>, span: &Span) -> Result<(), Refusal> {
        match event {
            Event::DocumentStart(explicit, _) => self.document(explicit, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text, style, anchor, tag.as_deref(), span);
                Ok(())
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                self.collection(Shape::Map { flow }, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                self.collection(Shape::List { flow }, anchor, tag.as_deref(), span)
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.close(span);
                Ok(())
            }
            Event::Alias(id) => self.alias(id, span),
            Event::Anchor(_, name) => strict::check_anchor(&name, span.start.line()),
            _ => Ok(()),
        }
    }

    /// SnakeYAML wants `---` before every document but the first.
    fn document(&mut self, explicit: bool, span: &Span) -> Result<(), Refusal> {
        if !explicit && !self.tree.documents.is_empty() {
            return Err(Refusal::new(Some(span.start.line()), "a document begins without ---"));
        }
        let start = if explicit { bytes(span).1 } else { self.cursor };
        self.cursor = start;
        self.tree.documents.push(Document { root: self.tree.nodes.len(), start });
        Ok(())
    }

    fn scalar(
        &mut self,
        mut text: Cow<'a, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: &Span,
    ) {
        let (mut start, mut end) = bytes(span);
        let mut cursor = end;
        if start == end && style == ScalarStyle::Plain {
            text = Cow::Borrowed("");
        }
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            start = self.header(start);
            end = self.content_end(start, end);
            // The parser ends the last line of the file although it has no newline.
            if end == self.tree.text.len() && text.ends_with('\n') {
                text.to_mut().pop();
            }
        } else if start == end && !self.open.is_empty() {
            start = self.nothing(start);
            (end, cursor) = (start, start);
        }
        let id = self.push(Shape::Scalar(text, style), anchor, tag, span);
        let node = &mut self.tree.nodes[id];
        (node.start, node.end, node.after) = (start, end, id + 1);
        (self.cursor, self.last_end) = (cursor, end);
    }

    /// Where a missing value would begin. It is reported before its colon; where there is no colon
    /// either, as in `? key`, before the next token. An item of a list is reported further down.
    fn nothing(&self, at: usize) -> usize {
        let source = self.tree.text;
        let in_list = self.open.last().map(|&id| &self.tree.nodes[id].shape);
        if in_list == Some(&Shape::List { flow: false }) {
            let token = text::next_token(source, self.cursor);
            let is_dash = source[token..].starts_with('-') && token <= at;
            return if is_dash { token + 1 } else { self.cursor };
        }
        if source[at..].starts_with(':') {
            at + 1
        } else if source[self.cursor..at].contains(':') {
            at
        } else {
            self.cursor
        }
    }

    /// The `|` or `>` of a block scalar: the first token after the last one that is no indicator,
    /// comment, anchor or tag.
    fn header(&self, content: usize) -> usize {
        let bytes = self.tree.text.as_bytes();
        let mut at = self.cursor;
        while at < content {
            match bytes[at] {
                b'|' | b'>' => return at,
                b'#' => at = text::next_line(self.tree.text, at),
                b'&' | b'!' => at += self.tree.text[at..].find(char::is_whitespace).unwrap_or(1),
                _ => at += 1,
            }
        }
        content
    }

    /// Blank lines after a block scalar belong to it only if it keeps them.
    fn content_end(&self, header: usize, end: usize) -> usize {
        let line = text::rest_of_line(self.tree.text, header);
        let head = header + line.split(" #").next().unwrap_or_default().trim_end().len();
        let body = text::next_line(self.tree.text, header);
        if end <= body {
            return head;
        }
        let content = &self.tree.text[body..end];
        if text::word(self.tree.text, header).contains('+') {
            // The parser counts the indentation of the next line too.
            let Some(newline) = content.rfind('\n') else {
                return if content.trim().is_empty() { head } else { end };
            };
            if !content[newline..].trim().is_empty() {
                return end;
            }
            return body + content[..newline].trim_end_matches('\r').len();
        }
        let kept = content.trim_end_matches([' ', '\n', '\r']);
        if kept.is_empty() { head } else { body + kept.len() }
    }

    fn collection(
        &mut self,
        shape: Shape<'a>,
        anchor: usize,
        tag: Option<&Tag>,
        span: &Span,
    ) -> Result<(), Refusal> {
        if self.open.len() == MAX_DEPTH {
            return Err(Refusal::new(
                Some(span.start.line()),
                "nested deeper than 50 levels, which Kestra cannot read",
            ));
        }
        let id = self.push(shape, anchor, tag, span);
        self.open.push(id);
        self.cursor = self.cursor.max(bytes(span).1);
        Ok(())
    }

    fn close(&mut self, span: &Span) {
        let Some(id) = self.open.pop() else { return };
        let after = self.tree.nodes.len();
        if self.tree.is_flow(id) {
            self.cursor = bytes(span).1;
            self.last_end = self.cursor;
        }
        let end = self.last_end;
        let column = self.tree.nodes.get(id + 1).map_or(0, |first| first.column);
        let node = &mut self.tree.nodes[id];
        (node.after, node.end) = (after, end);
        if node.shape == (Shape::Map { flow: false }) {
            node.column = column;
        }
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<(), Refusal> {
        let refuse = |reason: &str| Err(Refusal::new(Some(span.start.line()), reason));
        let target = self.anchors.get(anchor).copied().unwrap_or(0);
        if self.open.contains(&target) {
            return refuse("an alias to a value that holds it");
        }
        if !matches!(self.tree.nodes[target].shape, Shape::Scalar(..)) {
            self.aliases += 1;
            if self.aliases > MAX_ALIASES {
                return refuse(
                    "more than 50 aliases to mappings or lists, which Kestra cannot read",
                );
            }
        }
        let id = self.push(Shape::Alias(target), 0, None, span);
        self.tree.nodes[id].after = id + 1;
        self.cursor = bytes(span).1;
        self.last_end = self.cursor;
        Ok(())
    }

    fn push(&mut self, shape: Shape<'a>, anchor: usize, tag: Option<&Tag>, span: &Span) -> Id {
        let id = self.tree.nodes.len();
        if anchor > 0 {
            self.anchors.resize(self.anchors.len().max(anchor + 1), 0);
            self.anchors[anchor] = id;
        }
        let (start, end) = bytes(span);
        let column = span.indent.unwrap_or(span.start.col());
        let tag = tag.map(|tag| match tag.suffix_in_namespace(YAML_TAGS) {
            Some(name) => name.into(),
            None => tag.original().into(),
        });
        let line = span.start.line();
        self.tree.nodes.push(Node { shape, start, end, after: id, line, column, tag });
        id
    }
}

/// Spans of a text always have byte offsets.
fn bytes(span: &Span) -> (usize, usize) {
    span.byte_range().map_or((0, 0), |range| (range.start, range.end))
}
