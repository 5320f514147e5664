//! The little of TCP, TLS and HTTP that the checks need: blocking, bounded, and cut short at once
//! when time is up or the operator leaves.
//!
//! Whatever answers is taken for hostile. Nothing is read without a limit, and text from the
//! network passes [`shown`] before anybody sees it.

mod budget;
mod client;
mod dial;
mod http;
mod issuer;
mod tls;

pub(crate) use budget::Budget;
pub(crate) use client::{Answer, Connection, Request};
pub(crate) use dial::{DialError, Wire, dial};
pub(crate) use http::{Head, authority, basic, host_header, port, read_head};
pub(crate) use tls::{TlsError, is_tls, secure, starts_tls};

/// The most characters of foreign text that one finding shows.
const SHOWN: usize = 200;

/// Foreign text made fit for a terminal: controls and invisible characters become spaces, runs of
/// spaces one, and the rest is cut at 200 characters.
///
/// Without this, a reason phrase or a certificate could move the cursor or rewrite the screen.
pub(crate) fn shown(text: &str) -> String {
    let visible: String = text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect();
    let joined = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.chars().take(SHOWN).collect()
}

/// Controls, and the characters that hide or turn the text around them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_the_cursor() {
        assert_eq!(shown("No\u{1b}[2J\0\r\n\u{9b}1m \u{202e}way"), "No [2J 1m way");
    }

    #[test]
    fn foreign_text_is_cut() {
        assert_eq!(shown(&"x".repeat(5000)).len(), SHOWN);
    }
}
