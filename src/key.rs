//! A key press, free of any terminal: what the wizard understands.

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

impl Key {
    /// The number of a digit; `None` for 0, since things are counted from 1.
    pub(crate) fn digit(self) -> Option<usize> {
        match self {
            Self::Char(c @ '1'..='9') => c.to_digit(10).map(|digit| digit as usize),
            _ => None,
        }
    }
}
