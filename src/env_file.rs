//! The file that gives a service its environment: lines of `NAME=value`.
//!
//! systemd, Docker Compose and a shell read the same file differently; single quotes mean the same
//! to all of them, which is why a value that needs quoting gets those.

use crate::kestra_config::Refusal;
use crate::settings::{HIDDEN, Secret, escape_placeholder};
use std::ops::Range;

/// The text with this variable set; every other line stays as it is.
///
/// A `${` inside the password is escaped here too: Micronaut resolves a variable's value once more
/// (run with Micronaut 4.7 and 4.10).
///
/// # Errors
/// Refuses where not every reader would agree on what is replaced, with the line to set by hand.
pub(crate) fn set(text: &str, name: &str, password: &Secret) -> Result<String, Refusal> {
    let wanted = escape_placeholder(password.reveal());
    if value(text, name).is_some_and(|old| old.reveal() == wanted) {
        return Ok(text.to_owned());
    }
    let line = format!("{name}={}", quoted(&wanted));
    match place(text, name) {
        Ok(Some(old)) => Ok([&text[..old.start], &line, &text[old.end..]].concat()),
        Ok(None) => {
            let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
            let open = if text.is_empty() || text.ends_with('\n') { "" } else { end };
            Ok([text, open, &line, end].concat())
        }
        Err((at, why)) => {
            let number = 1 + text[..at].matches('\n').count();
            let paste = format!("{name}=<password>");
            Err(Refusal { line: Some(number), reason: format!("{name} {why}"), paste })
        }
    }
}

/// The last line that sets the variable; `None` where the text may get one more line. Else the byte
/// that is the obstacle, and why.
fn place(text: &str, name: &str) -> Result<Option<Range<usize>>, (usize, &'static str)> {
    let all: Vec<_> = statements(text).collect();
    let Some((start, line)) = lines(text).filter(|(_, line)| mentions(line, name)).last() else {
        let is_open = |last: &&Statement| last.is_open || ends_in_backslash(text.trim_end());
        let open = all.last().filter(is_open);
        let why = "cannot be added, since a quote or a backslash is open at the end";
        return open.map_or(Ok(None), |last| Err((last.start, why)));
    };
    let Some(own) = all.iter().find(|own| own.start == start).filter(|_| !goes_on(text, start))
    else {
        return Err((start, "follows an open quote or backslash"));
    };
    if own.is_open || own.end > start + line.len() {
        return Err((start, "has a value of several lines"));
    }
    if assigned(line, name).is_none() {
        return Err((start, "is not written as NAME=value alone"));
    }
    let mark = line.len() - line.trim_start_matches(BYTE_ORDER_MARK).len();
    Ok(Some(start + mark..start + line.len()))
}

/// Only its first line can begin with one.
const BYTE_ORDER_MARK: char = '\u{feff}';

fn unindented(line: &str) -> &str {
    line.trim_start_matches(BYTE_ORDER_MARK).trim_start()
}

/// Whether a line sets the variable, in whatever way.
fn mentions(line: &str, name: &str) -> bool {
    let line = unindented(line);
    let exported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
    let rest = exported.unwrap_or(line).trim_start().strip_prefix(name);
    rest.is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// Whether the line above ends in a backslash, which systemd minds in a comment too.
fn goes_on(text: &str, start: usize) -> bool {
    ends_in_backslash(text[..start].strip_suffix('\n').unwrap_or_default())
}

/// Two backslashes are one that does not count.
fn ends_in_backslash(text: &str) -> bool {
    let text = text.strip_suffix('\r').unwrap_or(text);
    (text.len() - text.trim_end_matches('\\').len()) % 2 == 1
}

/// Lines that are one assignment, one comment or something else.
struct Statement {
    start: usize,
    /// Where it ends, without its line end.
    end: usize,
    /// Whether a quote is open there.
    is_open: bool,
}

fn statements(text: &str) -> impl Iterator<Item = Statement> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = Some(next).filter(|&start| start < text.len())?;
        let line = first_line(&text[start..]);
        let value = line.find('=').filter(|_| !is_comment(line)).map(|equals| start + equals + 1);
        let (end, is_open) = value.map_or((start + line.len(), false), |at| end_of_value(text, at));
        next = text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1);
        Some(Statement { start, end, is_open })
    })
}

/// Where a value ends, and whether a quote is open there. A quote may go over lines, and so may what
/// has a backslash at its end.
fn end_of_value(text: &str, start: usize) -> (usize, bool) {
    let mut quote = None;
    let mut chars = text[start..].char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('\n', None) => {
                return (start + text[start..start + at].trim_end_matches('\r').len(), false);
            }
            ('\\', None | Some('"')) => {
                let rest = chars.as_str();
                chars.nth(usize::from(rest.starts_with("\r\n")));
            }
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
    }
    (text.len(), quote.is_some())
}

/// Every line without its end, and the place where it begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = next;
        next += line.len();
        (start, first_line(line))
    })
}

fn first_line(text: &str) -> &str {
    text.split('\n').next().unwrap_or_default().trim_end_matches('\r')
}

fn is_comment(line: &str) -> bool {
    unindented(line).starts_with(['#', ';'])
}

/// The value of a variable, quotes taken off; the last one counts. `None` where it is not clear to
/// every reader.
pub(crate) fn value(text: &str, name: &str) -> Option<Secret> {
    let line = place(text, name).ok()??;
    let value = assigned(&text[line], name)?.trim();
    Some(match value.as_bytes() {
        [b'\'', .., b'\''] => value[1..value.len() - 1].into(),
        [b'"', .., b'"'] => unescape(&value[1..value.len() - 1]).into(),
        _ => value.into(),
    })
}

/// The lines of the text as they may be shown: the names of its variables. A line within a value
/// may look like a variable and be a piece of a key, so it is hidden as a whole.
pub(crate) fn redacted(text: &str) -> Vec<String> {
    let mut shown = vec![HIDDEN.to_owned(); text.split_inclusive('\n').count()];
    let mut number = 0;
    for statement in statements(text) {
        let line = first_line(&text[statement.start..]);
        shown[number] = match unindented(line).split_once('=') {
            None if unindented(line).is_empty() => String::new(),
            _ if is_comment(line) => format!("# {HIDDEN}"),
            Some((name, value)) if is_name(name) && !value.trim_start_matches('=').is_empty() => {
                format!("{name}={HIDDEN}")
            }
            _ => HIDDEN.to_owned(),
        };
        number += 1 + text[statement.start..statement.end].matches('\n').count();
    }
    shown
}

/// The names of the variables that a text sets.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    statements(text).filter_map(|statement| {
        let line = unindented(first_line(&text[statement.start..]));
        let (name, _) = line.split_once('=').filter(|(name, _)| is_name(name))?;
        Some(name.strip_prefix("export ").unwrap_or(name))
    })
}

/// Whether a text is the name of a variable. Base64, which ends in `=`, is none if nothing follows.
fn is_name(text: &str) -> bool {
    let name = text.strip_prefix("export ").unwrap_or(text);
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn assigned<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    unindented(line).strip_prefix(name)?.strip_prefix('=')
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
    use proptest::prelude::*;

    fn set(text: &str, name: &str, password: &Secret) -> String {
        super::set(text, name, password).unwrap()
    }

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
    fn only_names_show() {
        let text = "A=\"a\\\"b\n#h=1\"\nB=x\\\nh2=x\n# prose\n#C=h3\nh4\n\nexport D='\\'\nE=5\n\
                    aDM=\nJBSW=====\nPEM=\"-----BEGIN\nh5=x\n-----END\"\nF=6\n";
        assert_eq!(
            redacted(text),
            [
                "A=…",
                "…",
                "B=…",
                "…",
                "# …",
                "# …",
                "…",
                "",
                "export D=…",
                "E=…",
                "…",
                "…",
                "PEM=…",
                "…",
                "…",
                "F=…"
            ]
        );
    }

    #[test]
    fn a_line_that_cannot_be_replaced_safely_is_left_alone() {
        for (text, line) in [
            ("PW=\"multi\nline\"\n", 1),
            ("A=\"x\nPW=old\n\"\n", 2),
            ("A=foo\\\nPW=old\n", 2),
            ("# foo\\\r\nPW=old\r\n", 2),
            ("B=1\nexport PW=old\n", 2),
            ("PW =old\n", 1),
            ("PW='old\n", 1),
            ("A=1\nB='x\n", 2),
            ("A=1\nB=x\\\n", 2),
            ("A=1\n# x\\", 2),
        ] {
            let refusal = super::set(text, "PW", &"new".into()).unwrap_err();
            assert_eq!(
                (refusal.line, refusal.paste.as_str()),
                (Some(line), "PW=<password>"),
                "{text}"
            );
            assert_eq!(value(text, "PW"), None, "{text}");
        }
    }

    #[test]
    fn a_backslash_that_ends_nothing_is_in_nobodys_way() {
        for above in ["A=x\\\\\n", "# x\\\n\n", "A='\\'\n", "A=\"x\ny\"\n"] {
            assert_eq!(
                set(&format!("{above}PW=old\n"), "PW", &"new".into()),
                format!("{above}PW=new\n")
            );
        }
    }

    #[test]
    fn a_byte_order_mark_stays_before_the_line() {
        assert_eq!(set("\u{feff}PW=old\nA=1\n", "PW", &"new".into()), "\u{feff}PW=new\nA=1\n");
    }

    #[test]
    fn what_is_written_is_read_back() {
        for password in ["plain", "two words", "it's \"$HOME\" \\ `x`", "#1", "a${b}c", "=", ""] {
            let text = set("", "PW", &password.into());
            let read = value(&text, "PW").unwrap();
            assert_eq!(read.reveal(), escape_placeholder(password), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_and_nothing_else_is_touched(
            text in "\u{feff}?((PW|A|export|[=#;'\"\\\\ é])|\n|\r\n){0,16}",
        ) {
            prop_assert_eq!(redacted(&text).len(), text.split_inclusive('\n').count());
            if let Ok(after) = super::set(&text, "PW", &"new".into()) {
                prop_assert_eq!(value(&after, "PW"), Some("new".into()), "{}", after);
                let kept = after.split('\n').filter(|line| text.contains(line)).count();
                prop_assert!(kept + 1 >= text.split('\n').count(), "{}", after);
            }
        }
    }
}
