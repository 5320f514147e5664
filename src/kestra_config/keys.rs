//! Every spelling of a property name is the same name: Micronaut hyphenates them all.
//!
//! `proxyAddress`, `proxy_address`, `PROXY_ADDRESS` and `ProxyAddress` are `proxy-address`. Dots
//! are kept: a dotted key and nested keys are one path.

/// The canonical spelling of a key.
pub(crate) fn hyphenated(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 4);
    hyphenate(&mut name, key);
    name
}

/// What is left of a property below a canonical key: `None` when the key is not on its path,
/// an empty text when the key is all of it.
pub(super) fn below<'p>(property: &'p str, key: &str) -> Option<&'p str> {
    let rest = property.strip_prefix(key)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

/// Appends the canonical spelling of a key, as Micronaut's `NameUtils.hyphenate` makes it.
pub(super) fn hyphenate(name: &mut String, key: &str) {
    if key.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return name.push_str(key);
    }
    let (mut before_last, mut last) = ('.', '.');
    for c in key.chars().map(|c| if c == '_' { '-' } else { c }) {
        if c.is_alphabetic() && !c.is_lowercase() {
            if starts_word(before_last, last) {
                name.push('-');
            }
            name.extend(c.to_lowercase());
        } else if c != '-' {
            if last == '-' {
                name.push('-');
            }
            name.push(c);
        }
        (before_last, last) = (last, c);
    }
}

/// Whether a capital after these two characters begins a word of its own.
fn starts_word(before_last: char, last: char) -> bool {
    let goes_on = last == '.' || last.is_uppercase();
    let counts_on = last.is_ascii_digit() && (before_last.is_uppercase() || before_last == '-');
    !goes_on && !counts_on
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_the_same_name() {
        for key in [
            "proxy-address",
            "proxyAddress",
            "proxy_address",
            "PROXY_ADDRESS",
            "ProxyAddress",
            "Proxy-Address",
        ] {
            assert_eq!(hyphenated(key), "proxy-address", "{key}");
        }
    }

    #[test]
    fn dots_are_not_dashes() {
        assert_eq!(hyphenated("proxy.address"), "proxy.address");
        assert_eq!(hyphenated("Kestra.Url"), "kestra.url");
    }

    #[test]
    fn names_with_capitals_in_a_row_and_digits_are_one_word_each() {
        assert_eq!(hyphenated("proxyURL"), "proxy-url");
        assert_eq!(hyphenated("s3Bucket"), "s3-bucket");
        assert_eq!(hyphenated("S3Bucket"), "s3bucket");
    }

    #[test]
    fn a_key_is_on_a_path_only_by_whole_names() {
        assert_eq!(below("kestra.url", "kestra"), Some("url"));
        assert_eq!(below("kestra.url", "kestra.url"), Some(""));
        assert_eq!(below("kestra.url", "kest"), None);
    }
}
