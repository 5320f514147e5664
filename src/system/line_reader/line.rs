//! One line being typed: bytes in, the line and its echo out, with the erasing keys of a terminal.

use super::Echo;
use crate::settings::Secret;
use std::collections::VecDeque;
use zeroize::Zeroizing;

const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const CTRL_W: u8 = 0x17;
const ESCAPE: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// What taking bytes came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Every byte was taken, and the line goes on.
    All,
    /// The line is complete. Bytes after its end are left.
    Line,
    /// Ctrl-D on an empty line: there will be none.
    End,
}

/// A line being typed. Memory is zeroed on drop, since it may be a password.
pub(super) struct Line {
    bytes: Zeroizing<Vec<u8>>,
    echo: Echo,
    /// What is still to be shown of it.
    unshown: String,
    escape: Escape,
}

/// Where the line stands within the bytes of a key that is no character, such as an arrow.
enum Escape {
    None,
    Begun,
    /// One more byte.
    Short,
    /// Until a letter or the like.
    Long,
}

impl Line {
    pub(super) fn new(echo: Echo) -> Self {
        let bytes = Zeroizing::default();
        Self { bytes, echo, unshown: String::new(), escape: Escape::None }
    }

    /// Takes bytes until the line is complete.
    pub(super) fn take(&mut self, bytes: &mut VecDeque<u8>) -> Taken {
        while let Some(byte) = bytes.pop_front() {
            match byte {
                b'\n' | b'\r' => return self.end(Taken::Line),
                CTRL_D if self.bytes.is_empty() => return self.end(Taken::End),
                byte => self.byte(byte),
            }
        }
        Taken::All
    }

    /// What the terminal is to show of the bytes taken since the last call.
    pub(super) fn echo(&mut self) -> String {
        std::mem::take(&mut self.unshown)
    }

    /// The line as it stands on the terminal.
    pub(super) fn shown(&self) -> String {
        match self.echo {
            Echo::Shown => self.bytes.iter().filter_map(|byte| glyph(*byte)).collect(),
            Echo::Hidden => String::new(),
        }
    }

    /// The text. Bytes that are no UTF-8 become U+FFFD, which no answer takes.
    pub(super) fn text(&self) -> Secret {
        Secret::from(&*String::from_utf8_lossy(&self.bytes))
    }

    fn end(&mut self, taken: Taken) -> Taken {
        // Always, also after a password: the next line must not begin behind the prompt.
        self.unshown.push('\n');
        taken
    }

    fn byte(&mut self, byte: u8) {
        match (&self.escape, byte) {
            (_, ESCAPE) => self.escape = Escape::Begun,
            (Escape::Begun, b'[') => self.escape = Escape::Long,
            (Escape::Begun, b'O') => self.escape = Escape::Short,
            (Escape::Long, 0x20..0x40) => {}
            (Escape::Begun | Escape::Short | Escape::Long, _) => self.escape = Escape::None,
            (Escape::None, BACKSPACE | DELETE) => self.erase_character(),
            (Escape::None, CTRL_U) => self.erase_while(|_| true),
            (Escape::None, CTRL_W) => self.erase_word(),
            (Escape::None, 0..0x20) => {}
            (Escape::None, byte) => self.push(byte),
        }
    }

    fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
        if self.echo == Echo::Shown {
            self.unshown.extend(glyph(byte));
        }
    }

    /// Erases a character with all its bytes, the first of which is the one that was shown.
    fn erase_character(&mut self) {
        while let Some(byte) = self.bytes.pop() {
            if glyph(byte).is_some() {
                if self.echo == Echo::Shown {
                    self.unshown.push_str("\x08 \x08");
                }
                return;
            }
        }
    }

    fn erase_word(&mut self) {
        self.erase_while(|byte| byte == b' ');
        self.erase_while(|byte| byte != b' ');
    }

    fn erase_while(&mut self, is_part: impl Fn(u8) -> bool) {
        while self.bytes.last().is_some_and(|byte| is_part(*byte)) {
            self.erase_character();
        }
    }
}

/// What is shown for a byte: itself, or one question mark for all bytes of a character that is not
/// ASCII.
fn glyph(byte: u8) -> Option<char> {
    match byte {
        0..0x80 => Some(char::from(byte)),
        0x80..0xc0 => None,
        _ => Some('?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of these bytes, and what a terminal shows meanwhile.
    fn typed(bytes: &[u8], echo: Echo) -> (String, String) {
        let mut line = Line::new(echo);
        assert_eq!(line.take(&mut bytes.iter().copied().collect()), Taken::Line);
        let shown = line.echo().chars().fold(String::new(), |mut shown, c| {
            match c {
                '\x08' => drop(shown.pop()),
                ' ' if shown.is_empty() => {}
                c => shown.push(c),
            }
            shown
        });
        (line.text().reveal().to_owned(), shown.trim_end().to_owned())
    }

    fn text(bytes: &[u8]) -> String {
        let (text, shown) = typed(bytes, Echo::Shown);
        assert_eq!(shown.chars().count(), text.trim_end().chars().count(), "{shown}");
        text
    }

    #[test]
    fn a_line_may_be_longer_than_the_kernel_lets_it_be() {
        let long = "x".repeat(20_000);
        assert_eq!(text(format!("{long}\n").as_bytes()), long);
    }

    #[test]
    fn erasing_keys_do_what_they_do_at_a_shell() {
        assert_eq!(text(b"abc\x7f\x08d\r"), "ad");
        assert_eq!(text(b"one two  \x17three\n"), "one three");
        assert_eq!(text(b"wrong\x15right\n"), "right");
        assert_eq!(text(b"\x7f\x17\x15a\n"), "a");
    }

    #[test]
    fn a_character_of_several_bytes_is_erased_as_one() {
        assert_eq!(text("aü€\x7f\n".as_bytes()), "aü");
        assert_eq!(typed("ü\n".as_bytes(), Echo::Shown).1, "?");
    }

    #[test]
    fn keys_that_are_no_characters_leave_nothing() {
        assert_eq!(text(b"a\x1b[A\x1bOP\x1b[1;5C\x1b[3~\x01\tb\n"), "ab");
    }

    #[test]
    fn a_password_is_not_shown() {
        let (text, shown) = typed(b"hunter2\x7f3\n", Echo::Hidden);
        assert_eq!((text.as_str(), shown.as_str()), ("hunter3", ""));
    }

    #[test]
    fn what_follows_the_line_is_left_for_the_next_question() {
        let mut bytes: VecDeque<u8> = b"one\ntwo\n".iter().copied().collect();
        assert_eq!(Line::new(Echo::Shown).take(&mut bytes), Taken::Line);
        assert_eq!(bytes, *b"two\n");
    }

    #[test]
    fn the_end_of_the_input_is_the_end_only_on_an_empty_line() {
        let mut line = Line::new(Echo::Shown);
        assert_eq!(line.take(&mut [CTRL_D].into()), Taken::End);
        assert_eq!(line.take(&mut [b'a', CTRL_D].into()), Taken::All);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_pass_for_some() {
        assert_eq!(typed(b"a\xff\n", Echo::Shown).0, "a\u{fffd}");
    }
}
