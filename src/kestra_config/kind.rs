//! What a plain scalar is to a YAML 1.1 reader, with the expressions of SnakeYAML's resolver.

/// The type that a scalar is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A string.
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
