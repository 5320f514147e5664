//! Tabs, which our parser takes for blanks in places where SnakeYAML stops.
//!
//! SnakeYAML accepts a tab in a comment, in a quoted or block scalar, within a line of a plain
//! scalar, and after a plain scalar; nowhere else.

use super::Refusal;
use super::text;
use super::yaml::{Node, Shape, Style, Tree};

/// Refuses a tab where SnakeYAML does.
pub(super) fn screen(tree: &Tree) -> Result<(), Refusal> {
    let source = tree.text;
    let mut scalars = tree.nodes.iter().filter_map(Scalar::of).peekable();
    let mut last = None;
    let mut harmless_to = 0;
    for (tab, _) in source.match_indices('\t') {
        if tab < harmless_to {
            continue;
        }
        while let Some(scalar) = scalars.next_if(|scalar| scalar.start < tab) {
            last = Some(scalar);
        }
        harmless_to = harmless(source, tab, last.as_ref()).ok_or_else(|| {
            let line = Some(text::line_of(source, tab));
            Refusal::new(line, "a tab stands where Kestra accepts only spaces")
        })?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Scalar {
    start: usize,
    end: usize,
    style: Style,
}

impl Scalar {
    fn of(node: &Node) -> Option<Self> {
        match node.shape {
            Shape::Scalar(_, style) if node.start < node.end => {
                Some(Self { start: node.start, end: node.end, style })
            }
            _ => None,
        }
    }
}

/// Up to which byte every tab is as harmless as this one; `None` if it is not.
fn harmless(source: &str, tab: usize, last: Option<&Scalar>) -> Option<usize> {
    let Some(scalar) = last else { return in_comment(source, text::line_start(source, tab), tab) };
    if tab < scalar.end {
        return inside(source, tab, scalar);
    }
    let between = &source[scalar.end..tab];
    if scalar.style == Style::Plain && between.bytes().all(|byte| byte == b' ') {
        let rest = &source[tab..];
        return Some(tab + rest.len() - rest.trim_start_matches([' ', '\t']).len());
    }
    let line = between.rfind('\n').map_or(scalar.end, |newline| scalar.end + newline + 1);
    in_comment(source, line, tab)
}

/// The end of the line, if a comment begins between these bytes of it.
fn in_comment(source: &str, from: usize, tab: usize) -> Option<usize> {
    let hash = from + source[from..tab].find('#')?;
    let begins = hash == text::after_bom(source) || source[..hash].ends_with([' ', '\t', '\n']);
    begins.then(|| text::next_line(source, tab))
}

/// The header of a block scalar and the margins of a plain one are no text.
fn inside(source: &str, tab: usize, scalar: &Scalar) -> Option<usize> {
    match scalar.style {
        Style::Single | Style::Double => Some(scalar.end),
        Style::Plain => {
            let before = source[scalar.start..tab].trim_end_matches([' ', '\t']);
            (!before.ends_with('\n')).then_some(tab + 1)
        }
        Style::Literal | Style::Folded => {
            let body = text::next_line(source, scalar.start);
            let is_text = tab >= body || source[scalar.start..tab].contains(" #");
            is_text.then_some(if tab >= body { scalar.end } else { body })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tree;

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
            assert!(Tree::parse(good).is_ok(), "{good:?}");
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
            assert!(Tree::parse(bad).is_err(), "{bad:?}");
        }
    }
}
