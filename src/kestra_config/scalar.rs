//! How a value is written: plain where YAML 1.1 and 1.2 agree on the string, else in quotes; and
//! with `$` doubled where Docker Compose interpolates the text.

use super::kind::{self, Kind};
use super::yaml::ScalarStyle;
use super::{Value, list};
use crate::settings::is_hidden;

/// Writes a value in the style that the old one had, as far as the value allows it.
pub(super) fn write(value: &Value, old: ScalarStyle, in_flow: bool) -> String {
    let text = match value {
        Value::Bool(truth) => return truth.to_string(),
        Value::List(items) => return list::in_brackets(items, old),
        Value::Text(text) => text.as_str(),
        Value::Secret(secret) => secret.reveal(),
    };
    match old {
        ScalarStyle::SingleQuoted if text.chars().all(is_raw) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => double_quoted(text),
        _ if is_plain(text, in_flow) => text.to_owned(),
        _ => double_quoted(text),
    }
}

/// Writes a key of one name; `in_quotes` where all its neighbours are, as in JSON.
pub(super) fn write_key(name: &str, in_flow: bool, in_quotes: bool) -> String {
    if in_quotes || !is_plain(name, in_flow) { double_quoted(name) } else { name.to_owned() }
}

/// Whether the text without quotes is this string to every reader of YAML.
pub(super) fn is_plain(text: &str, in_flow: bool) -> bool {
    let begins_well =
        text.starts_with(|c: char| !c.is_whitespace() && !"-?:,[]{}#&*!|>'\"%@`".contains(c));
    begins_well
        && !text.ends_with(char::is_whitespace)
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && text.chars().all(|c| is_raw(c) && c != '\t')
        && !(in_flow && text.contains([',', '[', ']', '{', '}', '?']))
        && is_text_everywhere(text)
}

/// Whether no reader takes the word for something else: YAML 1.1 with and without the letters
/// `y` and `n`, and the core schema of 1.2 with its `0o17` and its decimal `08`.
fn is_text_everywhere(text: &str) -> bool {
    let is_letter = matches!(text, "y" | "Y" | "n" | "N");
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_decimal = !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit());
    let is_octal = unsigned
        .strip_prefix("0o")
        .is_some_and(|digits| digits.bytes().all(|b| (b'0'..=b'7').contains(&b)));
    let is_float = text.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c))
        && text.parse::<f64>().is_ok();
    let is_special = matches!(
        unsigned.to_ascii_lowercase().as_str(),
        ".inf" | ".nan" | "true" | "false" | "yes" | "no" | "on" | "off" | "null"
    );
    kind::of_plain(text) == Kind::Text
        && !(is_letter || is_decimal || is_octal || is_float || is_special)
}

/// Whether a character may be written unescaped: it is seen, and it is one (U+FFFE and U+FFFF
/// are none, and SnakeYAML refuses them).
fn is_raw(c: char) -> bool {
    !is_hidden(c) && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn double_quoted(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        _ if is_raw(c) => c.to_string(),
        _ if u32::from(c) > 0xFFFF => format!("\\U{:08X}", u32::from(c)),
        _ => format!("\\u{:04X}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// The text to write so that Compose passes this one on.
pub(super) fn for_compose(text: &str) -> String {
    text.replace('$', "$$")
}

/// What Compose passes on. Its own variables stay as they are written.
pub(super) fn after_compose(text: &str) -> String {
    text.replace("$$", "$")
}

/// Whether Compose would make the wanted text of the written one.
///
/// A variable of Compose, such as `${KESTRA_HOST}`, is shown as it is written; when the operator
/// gives it back unchanged it stays.
pub(super) fn is_same_for_compose(written: &str, wanted: &str) -> bool {
    written == for_compose(wanted) || (wanted.contains("${") && after_compose(written) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_survives_compose() {
        assert_eq!(after_compose(&for_compose("a$b$$c${D}")), "a$b$$c${D}");
    }

    #[test]
    fn a_variable_of_compose_stays_when_it_comes_back_unchanged() {
        assert!(is_same_for_compose("http://${HOST}/", "http://${HOST}/"));
        assert!(!is_same_for_compose("pa$word", "pa$word"));
    }

    fn plain(text: &str) -> String {
        write(&Value::Text(text.into()), ScalarStyle::Plain, false)
    }

    #[test]
    fn what_every_reader_takes_for_that_string_stays_plain() {
        for text in [
            "https://k.example.org/",
            "proxy:3128",
            "10.0.0.1:3128",
            "/kestra",
            "HTTP",
            "12:60",
            "Basic dXNlcjpwYXNz",
            "a#b",
            "it's",
            "ünïcødé 🚀",
            "${KESTRA_PROXY_PASSWORD}",
            "https://例え.jp/",
            "info",
            "nan",
            "2024-13",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn what_a_reader_takes_for_something_else_is_quoted() {
        for text in [
            "",
            "yes",
            "y",
            "N",
            "null",
            "~",
            "12:30",
            "0777",
            "08",
            "0o17",
            "1e3",
            "1_000",
            ".5",
            "2024-01-01",
            "=",
            "<<",
            "@home:1",
            "-x",
            "- x",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "[::1]:3128",
            "...",
            "+.inf",
            ".NaN",
            "tRuE",
            "%a",
            "`a",
        ] {
            assert_eq!(plain(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(
            plain("a\u{200b}b\u{202e}\n\u{1}\u{e0001}"),
            r#""a\u200Bb\u202E\n\u0001\U000E0001""#
        );
        assert_eq!(plain("\u{2800}\u{600}\u{e000}\u{180b}"), r#""\u2800\u0600\uE000\u180B""#);
    }

    #[test]
    fn the_old_quotes_are_kept_where_they_can_be() {
        let single =
            |text: &str| write(&Value::Text(text.into()), ScalarStyle::SingleQuoted, false);
        assert_eq!(single("o'neil"), "'o''neil'");
        assert_eq!(single("a\nb"), r#""a\nb""#);
        assert_eq!(write(&Value::Text("a".into()), ScalarStyle::DoubleQuoted, false), "\"a\"");
        assert_eq!(write(&Value::Bool(true), ScalarStyle::DoubleQuoted, false), "true");
    }
}
