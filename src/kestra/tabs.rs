//! Tabs, which our parser takes for blanks in places where SnakeYAML stops.
//!
//! SnakeYAML accepts a tab in a comment, in a quoted or block scalar, within a line of a plain
//! scalar, and after a plain scalar; nowhere else.

use super::Refusal;
use super::text;
use super::yaml::{Shape, Style, Tree};

/// Refuses a tab where SnakeYAML does.
pub(super) fn screen(tree: &Tree) -> Result<(), Refusal> {
    let mut last = None;
    let mut scalars = spans(tree).peekable();
    for (tab, _) in tree.text.match_indices('\t') {
        while let Some(scalar) = scalars.next_if(|scalar| scalar.start < tab) {
            last = Some(scalar);
        }
        if !is_harmless(tree.text, tab, last.as_ref()) {
            let line = text::line_of(tree.text, tab);
            return Err(Refusal::new(Some(line), "a tab stands where Kestra accepts only spaces"));
        }
    }
    Ok(())
}

struct Scalar {
    start: usize,
    end: usize,
    style: Style,
}

fn spans<'t>(tree: &'t Tree) -> impl Iterator<Item = Scalar> + 't {
    tree.nodes.iter().filter_map(|node| match node.shape {
        Shape::Scalar(_, style) if node.start < node.end => {
            Some(Scalar { start: node.start, end: node.end, style })
        }
        _ => None,
    })
}

fn is_harmless(source: &str, tab: usize, last: Option<&Scalar>) -> bool {
    let line = text::line_start(source, tab);
    let from = match last {
        Some(scalar) if tab < scalar.end => return is_inside(source, tab, line, scalar),
        Some(scalar) if scalar.style == Style::Plain => {
            if source[scalar.end..tab].trim_matches([' ', '\t']).is_empty() {
                return true;
            }
            scalar.end.max(line)
        }
        Some(scalar) => scalar.end.max(line),
        None => line,
    };
    let between = &source[from..tab];
    between.find('#').is_some_and(|hash| {
        from + hash == line || source[..from + hash].ends_with([' ', '\t', '\n'])
    })
}

/// The header of a block scalar and the margin of a plain one are no text.
fn is_inside(source: &str, tab: usize, line: usize, scalar: &Scalar) -> bool {
    match scalar.style {
        Style::Plain => !source[line.max(scalar.start)..tab].trim_matches([' ', '\t']).is_empty(),
        Style::Single | Style::Double => true,
        Style::Literal | Style::Folded => {
            line > scalar.start || source[scalar.start..tab].contains(" #")
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
