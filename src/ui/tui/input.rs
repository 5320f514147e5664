//! The bytes of a terminal, decoded to keys and pastes.
//!
//! The one thing to know: the decoder has no clock. [`Decoder::patience`] tells how long the
//! rest of what it holds may take, and is told by [`Decoder::silence`] that nothing came.
//!
//! crossterm's own reader decides at once, so that an arrow key split by the network becomes `Esc`,
//! `[`, `A`; it waits forever for the end of a paste, Ctrl-C included; and it knows no line feed.

mod paste;
mod sequence;
#[cfg(test)]
mod tests;

use crate::key::Key;
use paste::{Bracketed, Burst};
use sequence::{Progress, Sequence};
use std::fmt;
use std::time::Duration;

/// How long the rest of a sequence that cannot be anything else, or of a paste, may take. Longer
/// than the time after which TCP sends a lost packet again.
const STALL: Duration = Duration::from_secs(1);

/// Characters closer together than this were not typed by hand.
pub(super) const BURST: Duration = Duration::from_millis(30);

/// What an operator did at the keyboard.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// One key press, its escape sequence complete.
    Key(Key),
    /// A pasted text: lines apart by `\n`, none at the end, no other control characters. The
    /// field judges what to do with more than one line. May be a password.
    Paste(String),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "Key({key:?})"),
            Self::Paste(text) => write!(f, "Paste({} bytes)", text.len()),
        }
    }
}

/// The position of the decoder within a sequence.
enum State {
    Ground,
    /// After so many escapes in a row.
    Escape(usize),
    /// Within a sequence that an escape began.
    Sequence(Sequence),
    /// Within a paste that the terminal announced.
    Pasting(Bracketed),
}

/// Turns bytes into keys and pastes.
pub struct Decoder {
    escape_delay: Duration,
    state: State,
    /// A character whose bytes have not all come.
    partial: Vec<u8>,
    /// That character belongs to Alt and is not wanted.
    alt: bool,
    burst: Burst,
    ready: Vec<Input>,
}

impl Decoder {
    /// A decoder that lets the rest of a key take `escape_delay` after an escape.
    pub fn new(escape_delay: Duration) -> Self {
        Self {
            escape_delay,
            state: State::Ground,
            partial: Vec::new(),
            alt: false,
            burst: Burst::default(),
            ready: Vec::new(),
        }
    }

    /// Decodes what one `read` brought.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Input> {
        // A lone Ctrl-C is a person who wants out of a paste that has lost its end.
        if bytes == [ctrl('c')] && matches!(self.state, State::Pasting(_)) {
            self.end_paste();
        }
        for &byte in bytes {
            self.step(byte);
        }
        self.burst.end_of_read(&mut self.ready);
        std::mem::take(&mut self.ready)
    }

    /// How long to wait for more bytes before [`Decoder::silence`]; `None` where nothing is held, so
    /// that a silence of [`BURST`] need not be told before the next bytes.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match &self.state {
            State::Ground => self.burst.holds_text().then_some(BURST),
            State::Escape(_) => Some(self.escape_delay),
            State::Sequence(sequence) if sequence.is_alt_key_too() => Some(self.escape_delay),
            State::Sequence(_) | State::Pasting(_) => Some(STALL),
        }
    }

    /// Decides about what is held, since its rest did not come in time.
    pub(crate) fn silence(&mut self) -> Vec<Input> {
        self.burst.end(&mut self.ready);
        match std::mem::replace(&mut self.state, State::Ground) {
            State::Ground | State::Sequence(_) => {}
            State::Escape(times) => {
                self.ready.extend(std::iter::repeat_n(Input::Key(Key::Esc), times));
            }
            State::Pasting(paste) => self.ready.extend(paste.end()),
        }
        std::mem::take(&mut self.ready)
    }

    fn step(&mut self, byte: u8) {
        match &mut self.state {
            State::Ground => self.ground(byte),
            State::Escape(times) => match byte {
                ESC => *times += 1,
                byte => self.after_escape(byte),
            },
            State::Sequence(sequence) => match sequence.step(byte) {
                Progress::More => {}
                Progress::Key(key) => self.finish(Some(key)),
                Progress::Swallowed => self.finish(None),
                Progress::Paste => self.state = State::Pasting(Bracketed::default()),
                Progress::Broken => {
                    self.state = State::Ground;
                    self.ground(byte);
                }
            },
            State::Pasting(paste) => {
                if paste.step(byte) {
                    self.end_paste();
                }
            }
        }
    }

    fn ground(&mut self, byte: u8) {
        if !byte.is_ascii() {
            return self.part_of_a_character(byte);
        }
        self.partial.clear();
        self.alt = false;
        match byte {
            ESC => {
                self.burst.end(&mut self.ready);
                self.state = State::Escape(1);
            }
            b' '..=b'~' => self.burst.push(char::from(byte)),
            b'\r' => self.burst.carriage_return(&mut self.ready),
            b'\n' => self.burst.line_feed(&mut self.ready),
            byte => self.control(byte),
        }
    }

    fn control(&mut self, byte: u8) {
        let key = match byte {
            b'\t' => Key::Tab,
            0x08 | 0x7f => Key::Backspace,
            // Terminal servers and habits stop and start the line with these.
            _ if byte == ctrl('s') || byte == ctrl('q') => return,
            1..=26 => Key::Ctrl(char::from(byte - 1 + b'a')),
            _ => return,
        };
        self.burst.end(&mut self.ready);
        self.ready.push(Input::Key(key));
    }

    /// Collects the bytes of a character beyond ASCII and drops those that are none.
    fn part_of_a_character(&mut self, byte: u8) {
        let continues = byte & 0b1100_0000 == 0b1000_0000;
        if !continues {
            self.partial.clear();
            self.alt = false;
        }
        self.partial.push(byte);
        match str::from_utf8(&self.partial) {
            Ok(text) => {
                if let Some(char) = text.chars().find(|char| !char.is_control() && !self.alt) {
                    self.burst.push(char);
                }
                self.partial.clear();
                self.alt = false;
            }
            Err(error) if error.error_len().is_some() => self.partial.clear(),
            Err(_) => {}
        }
    }

    fn after_escape(&mut self, byte: u8) {
        match (Sequence::begin(byte), byte) {
            (Some(sequence), _) => self.state = State::Sequence(sequence),
            // What the Linux console sends for Shift-Tab.
            (None, b'\t') => self.finish(Some(Key::BackTab)),
            // Alt with a character, to which nothing is bound.
            (None, byte) => {
                self.finish(None);
                if !byte.is_ascii() {
                    self.part_of_a_character(byte);
                    self.alt = !self.partial.is_empty();
                }
            }
        }
    }

    fn finish(&mut self, key: Option<Key>) {
        self.state = State::Ground;
        self.ready.extend(key.map(Input::Key));
    }

    fn end_paste(&mut self) {
        if let State::Pasting(paste) = std::mem::replace(&mut self.state, State::Ground) {
            self.ready.extend(paste.end());
        }
    }
}

const ESC: u8 = 0x1b;

const fn ctrl(letter: char) -> u8 {
    letter as u8 & 0x1f
}
