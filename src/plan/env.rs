//! The file that gives a service its environment: lines of `NAME=value`.
//!
//! systemd, Docker Compose and a shell read the same file differently; single quotes mean the same
//! to all of them, which is why a value that needs quoting gets those.

use crate::settings::{Secret, escape_placeholder};
use std::ops::Range;
use zeroize::Zeroizing;

/// The text with this variable set; every other line stays as it is.
///
/// A `${` inside the password is escaped here too: Micronaut resolves a variable's value once more
/// (run with Micronaut 4.7 and 4.10).
pub(super) fn set(text: &str, name: &str, password: &Secret) -> String {
    let wanted = escape_placeholder(password.reveal());
    if value(text, name).is_some_and(|old| *old == *wanted) {
        return text.to_owned();
    }
    let line = format!("{name}={}", quoted(&wanted));
    if let Some((start, old)) =
        lines(text).filter(|(_, line)| assigned(line, name).is_some()).last()
    {
        return [&text[..start], &line, &text[start + old.len()..]].concat();
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let open = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    [text, open, &line, end].concat()
}

/// Every line without its end, and the place where it begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = next;
        next += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

/// The value of a variable, quotes taken off; the last one counts.
pub(crate) fn value(text: &str, name: &str) -> Option<Zeroizing<String>> {
    let value = lines(text).filter_map(|(_, line)| assigned(line, name)).last()?.trim();
    Some(Zeroizing::new(match value.as_bytes() {
        [b'\'', .., b'\''] => value[1..value.len() - 1].to_owned(),
        [b'"', .., b'"'] => unescape(&value[1..value.len() - 1]),
        _ => value.to_owned(),
    }))
}

/// Where the values of all variables stand: any of them may be a secret.
pub(super) fn values(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (start, line) in lines(text).filter(|(_, line)| !line.trim_start().starts_with('#')) {
        let Some(equals) = line.find('=') else { continue };
        let value = start + equals + 1;
        if ranges.last().is_none_or(|last| last.end <= start) {
            ranges.push(value..(start + line.len()).max(closing_quote(text, value)));
        }
    }
    ranges
}

/// Where a value in quotes ends, which may be lines further down; its beginning for another.
fn closing_quote(text: &str, value: usize) -> usize {
    let rest = &text[value..];
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = quote.map(|quote| rest[1..].find(quote).map_or(rest.len(), |at| at + 2));
    value + end.unwrap_or(0)
}

fn assigned<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.trim_start().strip_prefix(name)?.strip_prefix('=')
}

fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else if value.contains('\'') {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        format!("\"{}\"", escaped.replace('`', "\\`"))
    } else {
        format!("'{value}'")
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_stay_as_they_are() {
        let text = "# for kestra\nJAVA_OPTS=\"-Xmx1g\"\nPW=old\nTZ=UTC\n";
        let after = set(text, "PW", &"new".into());
        assert_eq!(after, "# for kestra\nJAVA_OPTS=\"-Xmx1g\"\nPW=new\nTZ=UTC\n");
    }

    #[test]
    fn a_missing_variable_goes_to_the_end() {
        assert_eq!(set("", "PW", &"x".into()), "PW=x\n");
        assert_eq!(set("A=1", "PW", &"x".into()), "A=1\nPW=x\n");
        assert_eq!(set("A=1\r\nB=2", "PW", &"x".into()), "A=1\r\nB=2\r\nPW=x\r\n");
    }

    #[test]
    fn every_line_keeps_its_own_end() {
        let text = |password| format!("A=1\r\n\nPW={password}\nB=2");
        assert_eq!(set(&text("old"), "PW", &"new".into()), text("new"));
    }

    #[test]
    fn a_value_that_is_right_already_changes_no_byte() {
        let text = "PW=\"x\"  \r\n\r\n";
        assert_eq!(set(text, "PW", &"x".into()), text);
    }

    #[test]
    fn a_value_of_several_lines_is_one_value() {
        let text = "A=1\nKEY=\"-----BEGIN\nhunter2\n-----END\"\nB=2\n";
        let texts: Vec<_> = values(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(texts, ["1", "\"-----BEGIN\nhunter2\n-----END\"", "2"]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for password in ["plain", "two words", "it's \"$HOME\" \\ `x`", "#1", "a${b}c", "=", ""] {
            let text = set("", "PW", &password.into());
            let read = value(&text, "PW").unwrap();
            assert_eq!(*read, escape_placeholder(password), "{text}");
        }
    }
}
