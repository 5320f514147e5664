//! What follows an escape: function keys, and the answers and reports that nobody asked for.
//!
//! Sources: ECMA-48 5.4 (the grammar), xterm's `ctlseqs`, `infocmp -1` of xterm, vt220,
//! linux, rxvt, screen and tmux.

use crate::key::Key;

/// A sequence after its introducer.
pub(super) enum Sequence {
    /// `ESC [`, with the parameters so far.
    Control(Vec<u8>),
    /// `ESC [ [`: a function key of the Linux console.
    Linux,
    /// `ESC O`: an application key.
    Single,
    /// A text that the terminal sends, up to BEL or `ESC \`, which alone is swallowed like Alt.
    Text,
    /// So many bytes of a mouse report in its oldest form.
    Mouse(u8),
}

/// What a byte did to a sequence.
pub(super) enum Progress {
    More,
    Key(Key),
    /// It was complete and means nothing here.
    Swallowed,
    Paste,
    /// The byte cannot be part of it, so that it means what it means alone.
    Broken,
}

/// Parameters that are looked at; longer ones belong to no key.
const PARAMETERS: usize = 16;

impl Sequence {
    /// The sequence that this byte begins after an escape.
    pub(super) fn begin(byte: u8) -> Option<Self> {
        match byte {
            b'[' => Some(Self::Control(Vec::new())),
            b'O' => Some(Self::Single),
            b']' | b'P' | b'X' | b'^' | b'_' => Some(Self::Text),
            _ => None,
        }
    }

    /// Whether its beginning may as well have been Alt with a letter, typed by hand, after which
    /// nothing else comes.
    pub(super) fn is_alt_key_too(&self) -> bool {
        matches!(self, Self::Text)
    }

    pub(super) fn step(&mut self, byte: u8) -> Progress {
        match self {
            Self::Control(parameters) => match control(parameters, byte) {
                Ok(step) => step,
                Err(next) => {
                    *self = next;
                    Progress::More
                }
            },
            Self::Linux => match byte {
                b'A' => Progress::Key(Key::F1),
                b' '..=b'~' => Progress::Swallowed,
                _ => Progress::Broken,
            },
            Self::Single => single(byte),
            Self::Text => text(byte),
            Self::Mouse(1) => Progress::Swallowed,
            Self::Mouse(left) => {
                *left -= 1;
                Progress::More
            }
        }
    }
}

/// A byte of `ESC [ …`; an error is the other kind of sequence that it turned out to be.
fn control(parameters: &mut Vec<u8>, byte: u8) -> Result<Progress, Sequence> {
    match byte {
        b'[' if parameters.is_empty() => Err(Sequence::Linux),
        b'M' if parameters.is_empty() => Err(Sequence::Mouse(3)),
        // rxvt ends a key with Shift so; elsewhere the byte precedes the last.
        b'$' if parameters.first().is_some_and(u8::is_ascii_digit) => Ok(end(parameters, b'~')),
        b' '..=b'?' => {
            if parameters.len() < PARAMETERS {
                parameters.push(byte);
            }
            Ok(Progress::More)
        }
        b'@'..=b'~' => Ok(end(parameters, byte)),
        _ => Ok(Progress::Broken),
    }
}

/// The meaning of a whole `ESC [ …`. What follows the first parameter are modifiers.
fn end(parameters: &[u8], last: u8) -> Progress {
    let number = parameters.split(|&byte| byte == b';').next().unwrap_or_default();
    let is_report = number.first().is_some_and(|byte| !byte.is_ascii_digit());
    let key = match (number, last) {
        _ if is_report => return Progress::Swallowed,
        (b"200", b'~') => return Progress::Paste,
        (b"1" | b"7", b'~' | b'^' | b'@') => Key::Home,
        (b"4" | b"8", b'~' | b'^' | b'@') => Key::End,
        (b"3", b'~' | b'^' | b'@') => Key::Delete,
        (b"5", b'~' | b'^' | b'@') => Key::PageUp,
        (b"6", b'~' | b'^' | b'@') => Key::PageDown,
        (b"11", b'~') | (_, b'P') => Key::F1,
        (_, b'Z') => Key::BackTab,
        // rxvt writes arrows with Shift in lower case.
        (b"", b'a'..=b'd') => return arrow(last.to_ascii_uppercase()),
        _ => return arrow(last),
    };
    Progress::Key(key)
}

/// A byte of `ESC O …`, where old konsole and xterm put a digit for modifiers.
fn single(byte: u8) -> Progress {
    match byte {
        b'0'..=b'9' | b';' => Progress::More,
        b'P' => Progress::Key(Key::F1),
        // Enter of an application keypad.
        b'M' => Progress::Key(Key::Enter),
        b'a'..=b'd' => arrow(byte.to_ascii_uppercase()),
        b' '..=b'~' => arrow(byte),
        _ => Progress::Broken,
    }
}

fn arrow(last: u8) -> Progress {
    let key = match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        _ => return Progress::Swallowed,
    };
    Progress::Key(key)
}

fn text(byte: u8) -> Progress {
    const BEL: u8 = 0x07;
    match byte {
        BEL => Progress::Swallowed,
        0..0x20 => Progress::Broken,
        _ => Progress::More,
    }
}
