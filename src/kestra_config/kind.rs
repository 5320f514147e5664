//! What a plain scalar is to a YAML 1.1 reader, with the expressions of SnakeYAML's resolver.

use regex_lite::Regex;
use std::sync::LazyLock;

/// The type that a scalar is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A string: whatever no other expression matches.
    Text,
    /// `true`, `no`, `On` and the like.
    Bool,
    /// A whole number in any base; `12:30` is one too (750).
    Int,
    /// A number with a point or an exponent.
    Float,
    /// Nothing, `~` or `null`. For a property that Micronaut knows, this stops the start.
    Null,
    /// A date, with or without a time.
    Date,
    /// A list; the text of the scalar is the number of its items.
    List,
    /// `<<`, `=`, or what an explicit tag makes of it.
    Other,
}

const INT: &str = r"(?x)^[-+]? (?:
    0b_*[01][01_]*
  | 0x_*[0-9a-fA-F][0-9a-fA-F_]*
  | 0 (?: _*[0-7][0-7_]* )?
  | [1-9][0-9_]* (?: :[0-5]?[0-9] )*
)$";

const FLOAT: &str = r"(?x)^(?:
    [-+]? [0-9][0-9_]* \.[0-9_]* (?: [eE][-+]?[0-9]+ )?
  | [-+]? [0-9][0-9_]* [eE][-+]?[0-9]+
  | \.[0-9][0-9_]* (?: [eE][-+]?[0-9]+ )?
  | [-+]? [0-9][0-9_]* (?: :[0-5]?[0-9] )+ \.[0-9_]*
  | [-+]? \.(?: inf | Inf | INF )
  | \.(?: nan | NaN | NAN )
)$";

const DATE: &str = r"(?x)^[0-9]{4}- (?:
    [0-9]{2}-[0-9]{2}
  | [0-9]{1,2}-[0-9]{1,2} [Tt\x20\t] [\x20\t]*
    [0-9]{1,2}:[0-9]{2}:[0-9]{2} (?: \.[0-9]* )?
    (?: [\x20\t]* (?: Z | [-+][0-9]{1,2} (?: :[0-9]{2} )? ) )?
)$";

static NUMBERS: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    let all = [(Kind::Int, INT), (Kind::Float, FLOAT), (Kind::Date, DATE)];
    all.into_iter().filter_map(|(kind, regex)| Some((kind, Regex::new(regex).ok()?))).collect()
});

/// The kind of an untagged plain scalar.
pub(super) fn of_plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "<<" | "=" => Kind::Other,
        // Nearly all numbers; it spares them the expressions.
        _ if !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()) => Kind::Int,
        _ if text.starts_with(|c: char| c.is_ascii_digit() || "-+.".contains(c)) => {
            let kind = NUMBERS.iter().find(|(_, regex)| regex.is_match(text));
            kind.map_or(Kind::Text, |(kind, _)| *kind)
        }
        _ if boolean(text).is_some() => Kind::Bool,
        _ => Kind::Text,
    }
}

/// Whether a boolean word means true; `None` for other words.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.len() > 5 => None,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// What Java's `toString` makes of a plain scalar once SnakeYAML has read it: `83` for `0123`, `750`
/// for `12:30`, `1000.0` for `1e3`. `None` for what stays as it is written, or is a date.
pub(super) fn as_read(kind: Kind, text: &str) -> Option<String> {
    let text = text.replace('_', "");
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let is_negative = text.starts_with('-');
    match kind {
        Kind::Bool => boolean(&text).map(|truth| truth.to_string()),
        Kind::Int => {
            let value = int(digits)?;
            Some(if is_negative { -value } else { value }.to_string())
        }
        Kind::Float => {
            let value = float(digits)?;
            Some(java_double(if is_negative { -value } else { value }))
        }
        _ => None,
    }
}

fn int(digits: &str) -> Option<i128> {
    if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).ok()
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).ok()
    } else if digits.contains(':') {
        digits
            .split(':')
            .try_fold(0_i128, |value, part| value.checked_mul(60)?.checked_add(part.parse().ok()?))
    } else {
        let radix = if digits.starts_with('0') { 8 } else { 10 };
        i128::from_str_radix(digits, radix).ok()
    }
}

fn float(digits: &str) -> Option<f64> {
    match digits.to_ascii_lowercase().as_str() {
        ".inf" => Some(f64::INFINITY),
        ".nan" => Some(f64::NAN),
        number => {
            let mut parts = number.split(':').map(str::parse::<f64>);
            parts.try_fold(0.0, |value, part| Some(value * 60.0 + part.ok()?))
        }
    }
}

/// `Double.toString`: at least one digit behind the point, an exponent below 10⁻³ and from 10⁷ on.
fn java_double(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    let exponent = if scientific.contains('.') { "E" } else { ".0E" };
    scientific.replace('e', exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_kestra_gets() {
        for (written, read) in [
            ("0123", "83"),
            ("0777", "511"),
            ("00", "0"),
            ("0x1F", "31"),
            ("0b101", "5"),
            ("+123", "123"),
            ("-0", "0"),
            ("1_000", "1000"),
            ("12:30", "750"),
            ("12:30:45", "45045"),
            ("-1:30", "-90"),
            ("3128", "3128"),
            ("1.", "1.0"),
            (".5", "0.5"),
            ("1e3", "1000.0"),
            ("1E10", "1.0E10"),
            ("12345678.5", "1.23456785E7"),
            ("1.10", "1.1"),
            (".inf", "Infinity"),
            ("-.inf", "-Infinity"),
            (".nan", "NaN"),
            ("20:30.15", "1230.15"),
            ("Yes", "true"),
            ("off", "false"),
        ] {
            assert_eq!(as_read(of_plain(written), written).as_deref(), Some(read), "{written}");
        }
    }

    #[test]
    fn what_snakeyaml_was_seen_to_change_is_no_text() {
        let kinds = [
            (Kind::Bool, "yes no on off true False OFF"),
            (Kind::Null, "~ null Null NULL"),
            (Kind::Int, "0123 0777 00 0 0x1F 0b101 +123 -0 1_000 12:30 1:00 12:30:45 -1:30 3128"),
            (Kind::Float, "1. .5 1e3 1E5 12e03 .inf -.inf .nan 20:30.15 1.5 -1.5e+3"),
            (Kind::Date, "2024-01-01 2024-13-45 2024-1-1T10:00:00Z 2024-01-01T10:00:00.5+01:00"),
            (
                Kind::Text,
                "08 09 0o17 12:60 y n proxy:3128 10.0.0.1:3128 1.2.3 2024-1-1 - + . 1:2:x",
            ),
        ];
        for (kind, words) in kinds {
            for word in words.split(' ') {
                assert_eq!(of_plain(word), kind, "{word}");
            }
        }
        assert_eq!(of_plain("2024-01-01 10:00:00"), Kind::Date);
        for text in ["2024-01-01 10:00", "2024-01-01 10:00:00.x", "2024-01-01 10:00:00 CET"] {
            assert_eq!(of_plain(text), Kind::Text, "{text}");
        }
    }
}
