//! What a plain scalar is to a YAML 1.1 reader, with the expressions of SnakeYAML's resolver.

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

/// The kind of an untagged plain scalar.
pub(super) fn of_plain(text: &str) -> Kind {
    match text.as_bytes() {
        [] => Kind::Null,
        [b'0'..=b'9' | b'-' | b'+' | b'.', ..] => of_number(text),
        _ => of_word(text),
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
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    match kind {
        Kind::Bool => boolean(text).map(|truth| truth.to_string()),
        Kind::Int => int(&digits).map(|value| value.to_string()),
        Kind::Float => float(&digits).map(java_double),
        _ => None,
    }
}

fn int(digits: &str) -> Option<i128> {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let value = if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).ok()?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).ok()?
    } else if digits.contains(':') {
        digits.split(':').try_fold(0_i128, |value, part| {
            value.checked_mul(60)?.checked_add(part.parse().ok()?)
        })?
    } else if digits.starts_with('0') {
        i128::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(sign * value)
}

fn float(digits: &str) -> Option<f64> {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let value = match digits.to_ascii_lowercase().as_str() {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        sixties if sixties.contains(':') => {
            let mut value = 0.0;
            for part in sixties.split(':') {
                value = value * 60.0 + part.parse::<f64>().ok()?;
            }
            value
        }
        number => number.parse().ok()?,
    };
    Some(sign * value)
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
    match scientific.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => scientific,
    }
}

fn of_word(text: &str) -> Kind {
    match text {
        "~" | "null" | "Null" | "NULL" => Kind::Null,
        "<<" | "=" => Kind::Other,
        _ if boolean(text).is_some() => Kind::Bool,
        _ => Kind::Text,
    }
}

fn of_number(text: &str) -> Kind {
    if is_int(text) {
        Kind::Int
    } else if is_float(text) {
        Kind::Float
    } else if is_date(text) {
        Kind::Date
    } else {
        Kind::Text
    }
}

fn is_int(text: &str) -> bool {
    let digits = unsigned(text);
    let all = |rest: &str, digit: fn(&u8) -> bool| {
        !rest.trim_start_matches('_').is_empty() && rest.bytes().all(|b| digit(&b) || b == b'_')
    };
    if let Some(rest) = digits.strip_prefix("0b") {
        all(rest, |b| matches!(b, b'0' | b'1'))
    } else if let Some(rest) = digits.strip_prefix("0x") {
        all(rest, u8::is_ascii_hexdigit)
    } else if let Some(rest) = digits.strip_prefix('0') {
        rest.is_empty() || all(rest, |b| matches!(b, b'0'..=b'7'))
    } else {
        let (first, sixties) = digits.split_once(':').map_or((digits, None), |(f, s)| (f, Some(s)));
        is_decimal(first) && sixties.is_none_or(are_sixtieths)
    }
}

fn is_float(text: &str) -> bool {
    let digits = unsigned(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if let Some((whole, rest)) = digits.split_once(':') {
        let Some((sixties, fraction)) = rest.split_once('.') else { return false };
        return is_decimal(whole) && are_sixtieths(sixties) && are_digits(fraction);
    }
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    exponent.is_none_or(is_exponent) && is_mantissa(text, mantissa, exponent.is_some())
}

/// `1.`, `1.5` and `1e3` may have a sign, `.5` has none.
fn is_mantissa(text: &str, mantissa: &str, has_exponent: bool) -> bool {
    match mantissa.split_once('.') {
        Some(("", fraction)) => text.starts_with('.') && is_decimal(fraction),
        Some((whole, fraction)) => is_decimal(whole) && are_digits(fraction),
        None => has_exponent && is_decimal(mantissa),
    }
}

fn is_exponent(text: &str) -> bool {
    let digits = unsigned(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_date(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim_start_matches([' ', '\t']))),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let shortest = if time.is_some() { 1 } else { 2 };
    counts(year, 4..=4)
        && counts(month, shortest..=2)
        && counts(day, shortest..=2)
        && time.is_none_or(is_time)
}

fn is_time(text: &str) -> bool {
    let (clock, zone) = match text.find(['Z', '+', '-']) {
        Some(at) => (text[..at].trim_end_matches([' ', '\t']), &text[at..]),
        None => (text, ""),
    };
    let clock = match clock.split_once('.') {
        Some((clock, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => clock,
        Some(_) => return false,
        None => clock,
    };
    let mut parts = clock.split(':');
    let (Some(hour), Some(minute), Some(second), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    counts(hour, 1..=2) && counts(minute, 2..=2) && counts(second, 2..=2) && is_zone(zone)
}

fn is_zone(zone: &str) -> bool {
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return matches!(zone, "" | "Z") };
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "00"));
    counts(hours, 1..=2) && counts(minutes, 2..=2)
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

/// Digits and underscores that begin with a digit.
fn is_decimal(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && are_digits(text)
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// `30`, `30:45`: each part below 60.
fn are_sixtieths(text: &str) -> bool {
    text.split(':').all(|part| match part.as_bytes() {
        [b'0'..=b'9'] => true,
        [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
        _ => false,
    })
}

fn counts(text: &str, digits: std::ops::RangeInclusive<usize>) -> bool {
    digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
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
    }
}
