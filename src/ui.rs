//! The ways of asking: [`tui`] on the full screen, [`plain`] one line at a time.

pub mod plain;
pub mod tui;

/// Breaks at blanks; a word that is longer than a line is cut.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let Some(line) = lines.last_mut() else { return lines };
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + word.len() <= width {
                line.extend([" "].iter().take(gap).copied());
                line.extend(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
            } else {
                let rest = word.split_off(width);
                line.extend(word);
                lines.push(String::new());
                word = rest;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_breaks_at_blanks() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("", 3), [""]);
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_it_may_be(text in "[a-z ]{0,80}", width in 1usize..20) {
            prop_assert!(wrapped(&text, width).iter().all(|line| line.len() <= width));
        }
    }
}
