//! What a typed line means: an answer, or one of the words that every question understands.

use crate::form::SelectOption;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply<'a> {
    /// The value in brackets.
    Enter,
    Back,
    Help,
    /// A list of every answer.
    List,
    Quit,
    /// A word with a meaning at this place only.
    Word(&'a str),
    /// This, as it was typed.
    Text(&'a str),
}

/// Reads a line. `is_word` tells which words have a meaning at this place only.
///
/// A leading backslash makes a word an answer, and is part of any other answer: `\quit` is the
/// answer `quit`, `\\quit` the answer `\quit`, and `CORP\quit` and `\other` are themselves.
pub(super) fn read(line: &str, is_word: impl Fn(&str) -> bool) -> Reply<'_> {
    let word = line.trim();
    if let Some(command) = command(word) {
        return command;
    }
    if is_word(word) {
        return Reply::Word(word);
    }
    let escaped = line.strip_prefix('\\').filter(|rest| {
        let word = rest.trim_start_matches('\\').trim();
        !word.is_empty() && (command(word).is_some() || is_word(word))
    });
    Reply::Text(escaped.unwrap_or(line))
}

/// Whether this is a yes.
pub(super) fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// The choice that a number, a value, or the unmistakable beginning of a value or label names.
pub(super) fn choice(
    choices: &'static [SelectOption],
    text: &str,
) -> Option<&'static SelectOption> {
    let text = text.trim().to_ascii_lowercase();
    if let Ok(number) = text.parse::<usize>() {
        return choices.get(number.checked_sub(1)?);
    }
    let exact = choices.iter().find(|choice| choice.value == text);
    exact.or_else(|| {
        let begins = |word: &str| word.to_ascii_lowercase().starts_with(&text);
        let mut meant =
            choices.iter().filter(|choice| begins(choice.value) || begins(choice.label));
        meant.next().filter(|_| meant.next().is_none())
    })
}

fn command(word: &str) -> Option<Reply<'static>> {
    Some(match word.to_ascii_lowercase().as_str() {
        "" => Reply::Enter,
        "back" => Reply::Back,
        "help" => Reply::Help,
        "list" => Reply::List,
        "quit" => Reply::Quit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form;
    use proptest::prelude::*;

    fn none(word: &str) -> bool {
        word == "none"
    }

    #[test]
    fn words_are_commands_and_escaped_words_are_answers() {
        let replies = ["", "back", " Help ", "list", "quit"].map(|line| read(line, none));
        assert_eq!(replies, [Reply::Enter, Reply::Back, Reply::Help, Reply::List, Reply::Quit]);
        assert_eq!(read("none", none), Reply::Word("none"));
        for (line, text) in [("\\quit", "quit"), ("\\\\quit", "\\quit"), ("\\none", "none")] {
            assert_eq!(read(line, none), Reply::Text(text));
        }
    }

    #[test]
    fn a_backslash_before_anything_else_stays() {
        for line in ["\\", "\\\\", "\\secret", "CORP\\quit", " spaces stay ", "quit now"] {
            assert_eq!(read(line, none), Reply::Text(line));
        }
    }

    #[test]
    fn a_choice_is_taken_by_number_first_letter_or_word() {
        let choices = form::CONNECTION.choices();
        for text in ["2", "h", "HTTP", "http proxy", " http "] {
            assert_eq!(choice(choices, text).map(|choice| choice.value), Some("http"), "{text}");
        }
        assert_eq!(choice(choices, "SOCKS5").map(|choice| choice.value), Some("socks"));
    }

    #[test]
    fn what_could_mean_two_choices_means_none() {
        let choices = form::REVERSE_PROXY.choices();
        for text in ["n", "0", "3", "x"] {
            assert_eq!(choice(choices, text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_can_be_answered(text in "\\\\{0,3} ?(quit|none|back|help|[a-z\\\\]{0,6}) ?") {
            prop_assume!(!text.trim().is_empty());
            let escaped = format!("\\{text}");
            let says_it = |line: &str| read(line, none) == Reply::Text(&text);
            prop_assert!(says_it(&text) || says_it(&escaped), "{text}");
        }
    }
}
