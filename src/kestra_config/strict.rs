//! What our parser accepts and SnakeYAML refuses.
//!
//! An edit must never be verified by a reader that is laxer than Kestra's, so everything that
//! Kestra could not read is refused here: characters before parsing, structure and tabs after it.

use super::Refusal;
use super::kind::{self, Kind};
use super::text;
use super::yaml::{Document, Id, Node, ScalarStyle, Shape, Tree};

/// A larger text is no configuration. It is the limit for every text that is read.
const MAX_BYTES: usize = 4 << 20;

/// Refuses characters that SnakeYAML cannot read, or that the two readers split into lines
/// differently.
pub(super) fn check_characters(text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::new(None, "the text is larger than 4 MiB"));
    }
    for (at, c) in text.char_indices() {
        let reason = match c {
            '\t' | '\n' | ' '..='~' => continue,
            '\r' if text[at..].starts_with("\r\n") => continue,
            '\r' => "a carriage return without a newline",
            '\u{85}' | '\u{2028}' | '\u{2029}' => "a Unicode line separator",
            '\u{feff}' if at > 0 => "a byte order mark inside the text",
            '\0'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => "a control character",
            _ => continue,
        };
        return Err(Refusal::new(Some(text::line_of(text, at)), reason));
    }
    Ok(())
}

/// Refuses structure that SnakeYAML refuses.
pub(super) fn check_structure(tree: &Tree) -> Result<(), Refusal> {
    if let Some(line) = stray_end_marker(tree) {
        return Err(Refusal::new(Some(line), "an end marker (...) before the first document"));
    }
    for map in (0..tree.nodes.len()).filter(|&id| tree.is_map(id)) {
        for (key, _) in tree.entries(map) {
            check_key(tree, &tree.nodes[key])?;
        }
    }
    check_tabs(tree)
}

/// Refuses the name of an anchor that SnakeYAML refuses.
pub(super) fn check_anchor(name: &str, line: usize) -> Result<(), Refusal> {
    if name.contains([',', '[', ']', '{', '}', ':', '/', '.', '*', '&']) {
        return Err(Refusal::new(
            Some(line),
            "the name of an anchor has a character that Kestra cannot read",
        ));
    }
    Ok(())
}

/// Refuses tags below a root that SnakeYAML's safe constructor does not know, or not on a node of
/// this type.
pub(super) fn check_tags(tree: &Tree, root: Id) -> Result<(), Refusal> {
    for node in &tree.nodes[root..tree.nodes[root].after] {
        if node.tag.as_ref().is_some_and(|tag| !is_known_tag(tag, node)) {
            // The tag itself may be a password that was written without quotes.
            return Err(Refusal::new(
                Some(node.line),
                "a tag (!…) that Kestra cannot read; a value that begins with ! needs quotes",
            ));
        }
    }
    Ok(())
}

fn is_known_tag(tag: &str, node: &Node) -> bool {
    match (&node.shape, tag) {
        (Shape::Scalar(..), "!" | "str" | "binary" | "null")
        | (Shape::Map { .. }, "!" | "map" | "set")
        | (Shape::List { .. }, "!" | "seq" | "omap" | "pairs") => true,
        (Shape::Scalar(text, _), "bool") => kind::boolean(&text.to_ascii_lowercase()).is_some(),
        (Shape::Scalar(text, _), "int") => kind::of_plain(text) == Kind::Int,
        (Shape::Scalar(text, _), "float") => {
            matches!(kind::of_plain(text), Kind::Float | Kind::Int)
        }
        (Shape::Scalar(text, _), "timestamp") => kind::of_plain(text) == Kind::Date,
        _ => false,
    }
}

/// SnakeYAML wants a key before a colon, and on one line unless it follows a `?`.
fn check_key(tree: &Tree, node: &Node) -> Result<(), Refusal> {
    if !matches!(node.shape, Shape::Scalar(..)) || node.is_block_scalar() {
        return Ok(());
    }
    let refuse = |reason: &str| Err(Refusal::new(Some(node.line), reason));
    if !node.is_written() {
        return refuse("a colon without a key");
    }
    let is_long = tree.text[node.start..node.end].contains('\n');
    if is_long && !tree.text[..node.start].trim_end().ends_with('?') {
        return refuse("a key goes over several lines");
    }
    Ok(())
}

fn stray_end_marker(tree: &Tree) -> Option<usize> {
    let begins = |&document: &Document| match tree.nodes.get(document.root) {
        Some(root) if !tree.text[..document.start].ends_with("---") => root.start,
        _ => document.start,
    };
    let first = tree.documents.first().map_or(tree.text.len(), begins);
    let is_end = |line: &str| line.trim_start_matches('\u{feff}').starts_with("...");
    let mut lines = tree.text[..first].lines().zip(1..);
    lines.find(|(line, _)| is_end(line)).map(|(_, number)| number)
}

/// Refuses a tab where SnakeYAML does. It accepts one in a comment, in a quoted or block scalar,
/// within a line of a plain scalar, and after a plain scalar; nowhere else.
fn check_tabs(tree: &Tree) -> Result<(), Refusal> {
    let source = tree.text;
    let is_text = |node: &&Node| matches!(node.shape, Shape::Scalar(..)) && node.is_written();
    let mut scalars = tree.nodes.iter().filter(is_text).peekable();
    let mut last = None;
    let mut harmless_to = 0;
    for (tab, _) in source.match_indices('\t') {
        if tab < harmless_to {
            continue;
        }
        while let Some(scalar) = scalars.next_if(|scalar| scalar.start < tab) {
            last = Some(scalar);
        }
        harmless_to = harmless_until(source, tab, last).ok_or_else(|| {
            let line = Some(text::line_of(source, tab));
            Refusal::new(line, "a tab where Kestra accepts only spaces")
        })?;
    }
    Ok(())
}

/// Up to which byte every tab is as harmless as this one; `None` if it is not. `last` is the
/// scalar that begins before it.
fn harmless_until(source: &str, tab: usize, last: Option<&Node>) -> Option<usize> {
    let mut from = text::line_start(source, tab);
    if let Some(scalar) = last {
        if tab < scalar.end {
            return within_scalar(source, tab, scalar);
        }
        let is_plain = matches!(scalar.shape, Shape::Scalar(_, ScalarStyle::Plain));
        if is_plain && source[scalar.end..tab].bytes().all(|byte| byte == b' ') {
            let rest = &source[tab..];
            return Some(tab + rest.len() - rest.trim_start_matches([' ', '\t']).len());
        }
        from = from.max(scalar.end);
    }
    let hash = from + source[from..tab].find('#')?;
    let begins_comment =
        hash == text::after_bom(source) || source[..hash].ends_with([' ', '\t', '\n']);
    begins_comment.then(|| text::next_line(source, tab))
}

/// The header of a block scalar and the margins of a plain one are not part of its text.
fn within_scalar(source: &str, tab: usize, scalar: &Node) -> Option<usize> {
    match scalar.shape {
        Shape::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) => Some(scalar.end),
        Shape::Scalar(_, ScalarStyle::Plain) => {
            let before = source[scalar.start..tab].trim_end_matches([' ', '\t']);
            (!before.ends_with('\n')).then_some(tab + 1)
        }
        _ => {
            let body = text::next_line(source, scalar.start);
            if tab >= body {
                return Some(scalar.end);
            }
            source[scalar.start..tab].contains(" #").then_some(body)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            "a: &b_c\n",
            "---\n...\n---\na: 1\n",
            "a: &x 1\nb: &x 2\nc: *x\n",
        ] {
            assert!(read(text).is_ok(), "{text:?} {:?}", read(text));
        }
    }

    #[test]
    fn an_unknown_tag_is_not_repeated() {
        let refusal = read("password: !Passw0rd2026\n").unwrap_err();
        assert!(!refusal.reason.contains("Passw0rd"), "{refusal}");
    }

    #[test]
    fn unreadable_characters_are_refused_with_their_line() {
        for bad in
            ["\0", "\u{7}", "\u{7f}", "\u{85}", "\u{9b}", "\u{2028}", "\u{ffff}", "\r", "\u{feff}"]
        {
            let refused = check_characters(&format!("a: b\r\nc: '{bad}'\n"));
            assert_eq!(refused.map_err(|refusal| refusal.line), Err(Some(2)), "{bad:?}");
        }
        assert_eq!(check_characters("\u{feff}a: \"b\t\u{a0}\u{e9}\u{2014}\u{1f680}\"\r\n"), Ok(()));
    }

    #[test]
    fn a_tab_is_accepted_only_where_snakeyaml_accepts_it() {
        for good in [
            "a: b\t# c\n",
            "a: b\t\n",
            "#\tc\na: b #\tc\td\n",
            "a: \"b\n\tc\td\"\n",
            "a: |\n  b\tc\n  \td\n",
            "a: b\tc\n",
            "a: | #\tc\n  b\n",
        ] {
            assert!(read(good).is_ok(), "{good:?}");
        }
        for bad in [
            "a:\tb\n",
            "a: \"b\"\t# c\n",
            "\t# c\na: b\n",
            "a: {\tb: c}\n",
            "a: b\n\t\nc: d\n",
            "a: b\n \tc\n",
            "a: |\t\n  b\n",
            "a:\n\tb: c\n",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
