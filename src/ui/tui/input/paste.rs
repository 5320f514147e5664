//! Pasted text: announced by the terminal, or known by its speed.
//!
//! Without this, a pasted newline would count as Enter.

use super::Input;
use crate::key::Key;

/// What ends a paste that the terminal announced.
const END: &[u8] = b"\x1b[201~";

/// Bytes of a paste that are kept: far more than any answer has. The rest is swallowed.
const LIMIT: usize = 16 * 1024;

/// A burst longer than this, in characters, was not typed.
const TYPED_AT_MOST: usize = 8;

/// A paste between its marks, which `ESC [ 200 ~` began.
#[derive(Default)]
pub(super) struct Bracketed {
    kept: Vec<u8>,
    /// How many bytes of [`END`] have come.
    matched: usize,
}

impl Bracketed {
    /// Takes a byte; true when it was the last of the end mark.
    pub(super) fn step(&mut self, byte: u8) -> bool {
        if byte == END[self.matched] {
            self.matched += 1;
            return self.matched == END.len();
        }
        // Only its first byte can begin the mark anew, as ESC occurs nowhere else in it.
        self.keep(self.matched);
        self.matched = usize::from(byte == END[0]);
        if self.matched == 0 && self.kept.len() < LIMIT {
            self.kept.push(byte);
        }
        false
    }

    fn keep(&mut self, part_of_mark: usize) {
        if self.kept.len() < LIMIT {
            self.kept.extend_from_slice(&END[..part_of_mark]);
        }
    }

    /// The paste as far as it came.
    pub(super) fn end(self) -> Option<Input> {
        let text: String = self.kept.utf8_chunks().map(|chunk| chunk.valid()).collect();
        paste(&text)
    }
}

/// The characters that came without a pause.
#[derive(Default)]
pub(super) struct Burst {
    /// Characters so far, handed on or not.
    length: usize,
    /// Those not handed on yet.
    held: String,
    /// A line has ended within the burst, so this is a paste without marks.
    pasting: bool,
    /// The last byte was a carriage return, so that a line feed now is its other half.
    after_return: bool,
}

impl Burst {
    /// Whether something is handed on only after a pause.
    pub(super) fn holds_text(&self) -> bool {
        !self.held.is_empty()
    }

    pub(super) fn push(&mut self, char: char) {
        self.after_return = false;
        self.length += 1;
        if self.held.len() < LIMIT {
            self.held.push(char);
        }
    }

    pub(super) fn carriage_return(&mut self, ready: &mut Vec<Input>) {
        self.line_end(ready);
        self.after_return = true;
    }

    pub(super) fn line_feed(&mut self, ready: &mut Vec<Input>) {
        if !std::mem::take(&mut self.after_return) {
            self.line_end(ready);
        }
    }

    fn line_end(&mut self, ready: &mut Vec<Input>) {
        if self.length > TYPED_AT_MOST {
            self.pasting = true;
            self.push('\n');
        } else {
            self.end(ready);
            ready.push(Input::Key(Key::Enter));
        }
    }

    /// Hands on at once what may have been typed, so that no key waits for its echo.
    pub(super) fn end_of_read(&mut self, ready: &mut Vec<Input>) {
        if !self.pasting && self.held.chars().count() <= TYPED_AT_MOST {
            ready.extend(self.held.drain(..).map(|char| Input::Key(Key::Char(char))));
        }
    }

    /// Hands on everything: a pause, or another key.
    pub(super) fn end(&mut self, ready: &mut Vec<Input>) {
        self.end_of_read(ready);
        if self.holds_text() {
            ready.extend(paste(&self.held));
        }
        *self = Self::default();
    }
}

/// A paste with its line ends made `\n`; nothing if nothing else is in it.
fn paste(text: &str) -> Option<Input> {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = lines.chars().filter(|&char| char == '\n' || !char.is_control()).collect();
    let text = text.trim_end_matches('\n');
    (!text.is_empty()).then(|| Input::Paste(text.to_owned()))
}
