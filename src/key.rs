//! A key press, free of any terminal: what the wizard understands and the footer prints.

use std::fmt;

/// A key press. Modifiers beside Ctrl are gone: nothing is bound to Alt, and Shift is in the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a key with one meaning has the name of its cap")]
pub enum Key {
    /// A printable character, the space included.
    Char(char),
    /// Enter, Ctrl-M or Ctrl-J.
    Enter,
    /// Escape alone, not the beginning of another key.
    Esc,
    /// Tab or Ctrl-I.
    Tab,
    BackTab,
    Up,
    Down,
    Left,
    Right,
    /// Home, or Find on a vt220.
    Home,
    /// End, or Select on a vt220.
    End,
    PageUp,
    PageDown,
    /// Backspace or Ctrl-H.
    Backspace,
    Delete,
    /// The help key.
    F1,
    /// Ctrl with a letter, which is in lower case.
    Ctrl(char),
}

impl fmt::Display for Key {
    /// The name that a footer prints, such as `^C`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(' ') => f.write_str("Space"),
            Self::Char(char) => write!(f, "{char}"),
            Self::Ctrl(letter) => write!(f, "^{}", letter.to_ascii_uppercase()),
            Self::BackTab => f.write_str("Shift-Tab"),
            named => write!(f, "{named:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_as_operators_write_it() {
        let keys = [Key::Ctrl('c'), Key::Enter, Key::BackTab, Key::Char(' '), Key::Char('w')];
        assert_eq!(keys.map(|key| key.to_string()), ["^C", "Enter", "Shift-Tab", "Space", "w"]);
    }
}
