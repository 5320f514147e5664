//! Text for any terminal: ASCII, 72 columns, no control characters.

use crate::settings;
use crate::ui::wrapped;

/// The longest line.
const WIDTH: usize = 72;

/// The lines of a text, each with its end, broken at blanks; what goes on begins where the text of
/// its line begins. A word that is longer than a line is broken anywhere.
pub(super) fn fitted(text: &str) -> String {
    text.split('\n').fold(String::new(), |mut page, line| {
        let line = ascii(line);
        let words = line.trim_start();
        let indent = (line.len() - words.len()).min(WIDTH / 2);
        for piece in wrapped(words.trim_end(), WIDTH - indent) {
            page.push_str(" ".repeat(indent).as_str());
            page.push_str(piece.trim_end());
            page.push('\n');
        }
        page
    })
}

/// A text whose paragraphs may be broken anew, except those whose columns are aligned.
pub(super) fn flowing(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        if paragraph.contains("  ") { paragraph.to_owned() } else { paragraph.replace('\n', " ") }
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// A line with its end that must stay as it is. A backslash at the end of a piece means that it goes
/// on, as in a shell; a piece ends after a blank where it can.
pub(super) fn verbatim(line: &str) -> String {
    let mut rest = ascii(line);
    let mut page = String::new();
    while rest.len() > WIDTH {
        let blank = rest[..WIDTH - 1].rfind(' ').filter(|at| *at > WIDTH / 2);
        let tail = rest.split_off(blank.map_or(WIDTH - 1, |at| at + 1));
        page.push_str(&rest);
        page.push_str("\\\n");
        rest = tail;
    }
    page + &rest + "\n"
}

/// A question mark for whatever is not printable ASCII, so that nothing in a file or an answer can
/// steer the terminal.
fn ascii(text: &str) -> String {
    let shown = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    settings::ascii(text).replace('\t', " ").chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_line_goes_on_below_its_text() {
        let line = format!("  1  {}", "word ".repeat(20));
        let page = fitted(&line);
        let lines: Vec<_> = page.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("  word") && lines[0].len() <= WIDTH);
    }

    #[test]
    fn a_line_of_a_file_says_where_it_goes_on() {
        let page = verbatim(&format!("+{}", "x".repeat(100)));
        let (first, second) = page.split_once("\\\n").unwrap();
        assert_eq!((first.len(), second.len()), (71, 31));
    }

    proptest! {
        #[test]
        fn nothing_but_short_lines_of_ascii_is_said(text in "\\PC{0,200}|[\\x00-\\x7f]{0,200}") {
            for page in [fitted(&text), text.lines().map(verbatim).collect()] {
                prop_assert!(page.lines().all(|line| line.len() <= WIDTH), "{page}");
                prop_assert!(page.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic()));
            }
        }

        #[test]
        fn a_line_of_a_file_can_be_put_together_again(line in "[a-z ]{0,300}") {
            prop_assert_eq!(verbatim(&line).replace("\\\n", ""), line + "\n");
        }

        #[test]
        fn no_word_is_lost(text in "[a-z ]{0,300}") {
            let words = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(words(&fitted(&text)), words(&text));
        }
    }
}
