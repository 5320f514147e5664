//! The login at the forward proxy, and how it stands in a configuration.
//!
//! Micronaut expands `${…}` in every value it reads, so a literal `${` has to be escaped.

use super::text::trimmed;
use super::{Invalid, Secret};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fmt;
use std::str::FromStr;

/// The name at the forward proxy: something, and nothing invisible in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProxyUsername(String);

impl ProxyUsername {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether Basic authentication would take a part of the name for the password (RFC 7617).
    #[must_use]
    pub fn has_colon(&self) -> bool {
        self.0.contains(':')
    }

    /// The value of `proxy-authorization`, `Basic` and the base64 of `username:password` in UTF-8.
    ///
    /// # Errors
    /// A username with a colon cannot be told apart from its password.
    pub fn basic(&self, password: &Secret) -> Result<Secret, Invalid> {
        if self.has_colon() {
            return Err(Invalid::new("a username with \":\" cannot be sent. Ask for another one."));
        }
        let login = format!("{self}:{}", password.reveal());
        Ok(format!("Basic {}", BASE64_STANDARD.encode(login.as_bytes())).into())
    }
}

impl FromStr for ProxyUsername {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match trimmed(text)? {
            "" => Err(Invalid::new("a username is missing.")),
            name => Ok(Self(name.to_owned())),
        }
    }
}

impl fmt::Display for ProxyUsername {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The login in a `Basic …` header; `None` if it is none, or not UTF-8.
#[must_use]
pub fn decode_basic(header: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let (username, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((username.to_owned(), password.into()))
}

/// What has to be written so that Micronaut reads this text: `${` becomes `${:$}{`, a placeholder
/// without a name and with the default `$`, and a brace (run with Micronaut 4.7).
#[must_use]
pub fn escape_placeholder(text: &str) -> String {
    text.replace("${", "${:$}{")
}

/// The text behind [`escape_placeholder`]; real placeholders stay as they are.
#[must_use]
pub fn unescape_placeholder(text: &str) -> String {
    text.replace("${:$}{", "${")
}

/// Whether Micronaut would put something else in place of a part of this text.
#[must_use]
pub fn has_placeholder(text: &str) -> bool {
    text.replace("${:$}{", "").contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn username(text: &str) -> ProxyUsername {
        text.parse().unwrap()
    }

    #[test]
    fn basic_is_the_base64_of_utf_8() {
        let header = username("usér").basic(&"p:w€".into()).unwrap();
        assert_eq!(header.reveal(), "Basic dXPDqXI6cDp34oKs");
        assert_eq!(decode_basic(header.reveal()), Some(("usér".into(), "p:w€".into())));
    }

    #[test]
    fn a_colon_in_a_username_cannot_be_sent() {
        assert!(username("a:b").basic(&"hunter2".into()).is_err());
    }

    #[test]
    fn what_is_no_basic_login_is_none() {
        for header in ["", "Basic", "Basic !", "Bearer dTpw", "Basic dXA=", "Basic /zo="] {
            assert_eq!(decode_basic(header), None, "{header}");
        }
        assert!(decode_basic("basic  dTpw").is_some());
    }

    #[test]
    fn a_literal_placeholder_is_escaped() {
        assert_eq!(escape_placeholder("pre${abc}post"), "pre${:$}{abc}post");
        assert_eq!(escape_placeholder("$ $$ $x {x} #{x}"), "$ $$ $x {x} #{x}");
    }

    #[test]
    fn only_a_real_placeholder_is_one() {
        assert!(has_placeholder("${NAME}") && has_placeholder("${:$}{a}${b}"));
        assert!(!has_placeholder("${:$}{a}") && !has_placeholder("$a{b}"));
    }

    #[test]
    fn a_real_placeholder_stays_when_unescaping() {
        assert_eq!(unescape_placeholder("${NAME:default}"), "${NAME:default}");
    }

    proptest! {
        #[test]
        fn unescaping_takes_escaping_back(text in "[${}:a]{0,16}") {
            prop_assert_eq!(unescape_placeholder(&escape_placeholder(&text)), text);
        }

        #[test]
        fn every_login_survives_basic(name in "[^:\\p{C}\\s]{1,8}", password in "\\PC{0,16}") {
            if let Ok(name) = name.parse::<ProxyUsername>() {
                let header = name.basic(&password.as_str().into()).unwrap();
                prop_assert_eq!(decode_basic(header.reveal()), Some((name.to_string(), password.into())));
            }
        }
    }
}
