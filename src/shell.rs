//! Commands that the operator can copy.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// A text as one word of a shell command. With control characters it is quoted as bash, zsh and
/// ksh have it: a screen leaves them out, and the word would be another one.
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    if text.contains(char::is_control) {
        let mut escaped = String::new();
        for c in text.chars() {
            match c {
                '\'' | '\\' => escaped.extend(['\\', c]),
                c if c.is_control() => {
                    for byte in c.to_string().bytes() {
                        // Writing to a String cannot fail.
                        let _ = write!(escaped, "\\{byte:03o}");
                    }
                }
                c => escaped.push(c),
            }
        }
        return Cow::Owned(format!("$'{escaped}'"));
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// A path as one word of a shell command.
pub(crate) fn path(path: &Path) -> String {
    word(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(word("/etc/nginx/k.conf"), "/etc/nginx/k.conf");
        assert_eq!(word("/it's; $x"), r"'/it'\''s; $x'");
        assert_eq!(word("/my conf.yml"), "'/my conf.yml'");
        assert_eq!(word(""), "''");
        assert_eq!(word("/it's\na\\b\u{85}.yml"), r"$'/it\'s\012a\\b\302\205.yml'");
    }
}
