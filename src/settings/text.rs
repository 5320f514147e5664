//! Which characters an answer may hold, and how much of an unknown text may be shown.
//!
//! Blanks around an answer are dropped. Invisible characters are refused: most of them come with a
//! paste, and some change what a name means without changing how it looks.

use super::{Host, Invalid};
use std::borrow::Cow;
use url::Url;

/// The text without blanks and line ends around it; refuses characters that cannot be seen.
pub(super) fn trimmed(text: &str) -> Result<&str, Invalid> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let Some(hidden) = text.chars().find(|&c| is_hidden(c)) else { return Ok(text) };
    Err(Invalid::new(match hidden {
        '\n' | '\r' => "this takes one line. Leave out the line break.".to_owned(),
        '\t' => "leave out the tab.".to_owned(),
        _ => format!("leave out the invisible character U+{:04X}.", u32::from(hidden)),
    }))
}

/// Refuses the first character that is not allowed, by name: `";" cannot be part of a server name`.
pub(super) fn only(text: &str, allowed: fn(char) -> bool, what: &str) -> Result<(), Invalid> {
    match text.chars().find(|&c| !allowed(c)) {
        None => Ok(()),
        Some(' ') => Err(Invalid::new(format!("a space cannot be part of {what}."))),
        Some('"') => Err(Invalid::new(format!("a quote cannot be part of {what}."))),
        Some(c) => Err(Invalid::new(format!("\"{c}\" cannot be part of {what}."))),
    }
}

/// The text without the quotes or angle brackets that came with it, if there were any.
pub(super) fn unquoted(text: &str) -> Option<&str> {
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('<', '>')];
    pairs.iter().find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close))
}

/// A number and what there are so many of, such as `1 file` and `2 files`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Whether a character is invisible or looks like a blank.
///
/// Control, format, private and non-ASCII space characters (Unicode categories Cc, Cf, Co, Zs, Zl,
/// Zp), and the letters and selectors that are drawn as nothing.
pub(crate) fn is_hidden(c: char) -> bool {
    let is_odd_space = c.is_whitespace() && c != ' ';
    c.is_control() || is_odd_space || is_format(c) || is_drawn_as_nothing(c) || is_private(c)
}

fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_drawn_as_nothing(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}')
}

fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Shown in place of a text that may hold a secret.
pub(crate) const HIDDEN: &str = "…";

/// A reference to one variable, `${NAME}`; an address without its login, path and query; else
/// [`HIDDEN`].
pub(crate) fn redacted(text: &str) -> Cow<'_, str> {
    if text.is_empty() || reference(text).is_some() {
        return text.into();
    }
    address(text).map_or(HIDDEN.into(), Cow::Owned)
}

/// The text for an output that shows ASCII only.
pub(crate) fn ascii(text: &str) -> Cow<'_, str> {
    if text.contains(HIDDEN) { text.replace(HIDDEN, "...").into() } else { text.into() }
}

/// The name in `${NAME}`, if the text is that and nothing else. What has a default may have a secret
/// in it.
pub(crate) fn reference(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}

fn address(text: &str) -> Option<String> {
    let url: Url = text.trim().parse().ok()?;
    let is_known = matches!(url.scheme(), "http" | "https" | "socks" | "socks5" | "socks5h");
    let host: Host = url.host_str().filter(|_| is_known)?.parse().ok()?;
    let has_login = !url.username().is_empty() || url.password().is_some();
    let login = if has_login { "…@" } else { "" };
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let has_more = !matches!(url.path(), "" | "/") || url.query().or(url.fragment()).is_some();
    let rest = if has_more { "/…" } else { url.path() };
    Some(format!("{}://{login}{host}{port}{rest}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_an_answer_are_dropped() {
        assert_eq!(trimmed(" \tkestra\r\n"), Ok("kestra"));
    }

    #[test]
    fn what_nobody_can_see_is_refused() {
        for hidden in "\u{1b}\0\u{7f}\u{85}\u{a0}\u{ad}\u{200b}\u{200d}\u{202e}\u{2028}\u{3000}\u{fe0f}\u{feff}\u{e000}\u{e0041}\u{10fffd}".chars() {
            assert!(trimmed(&format!("a{hidden}b")).is_err(), "{hidden:?}");
        }
    }

    #[test]
    fn letters_of_other_scripts_can_be_seen() {
        assert!(trimmed("münchen 東京 Ελλάδα").is_ok());
    }

    #[test]
    fn an_address_shows_its_scheme_host_and_port() {
        for (text, shown) in [
            ("https://admin:hunter2@a.example/", "https://…@a.example/"),
            ("http://hunter2@p:3128", "http://…@p:3128/"),
            ("https://a.example/x?token=hunter2", "https://a.example/…"),
            ("https://a.example/#hunter2", "https://a.example/…"),
            ("https://hooks.example/services/hunter2", "https://hooks.example/…"),
            ("socks5://p:1", "socks5://p:1"),
        ] {
            assert_eq!(redacted(text), shown, "{text}");
        }
    }

    #[test]
    fn any_other_text_is_hidden() {
        for text in
            ["hunter2", "u:hunter2@p", "u:hunter2@p:1", "x://hunter2", "${A:hunter2}", "a${B}"]
        {
            assert_eq!(redacted(text), HIDDEN, "{text}");
        }
        assert_eq!((redacted("${A_1}"), redacted("")), ("${A_1}".into(), "".into()));
    }
}
