//! Secrets, and the login at the forward proxy as a configuration holds it.
//!
//! Micronaut expands `${…}` in every value that it reads, so a literal `${` has to be escaped.

use super::Invalid;
use super::text::trimmed;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// A password or another text that is not to be shown.
///
/// It has no `Display`, its `Debug` is masked, and its memory is zeroed on drop.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Shown in place of every secret, however long it is.
    pub(crate) const MASK: &'static str = "*********";

    /// The text itself. Every call is a place where the secret could leak; there are few.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is the empty text.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Secret {
    type Err = Invalid;

    /// Nothing is trimmed. Control characters are rejected: they come with a paste, and no proxy
    /// accepts them.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.contains(char::is_control) {
            return Err(Invalid::new(
                "a password cannot hold line breaks, tabs or control characters.",
            ));
        }
        Ok(text.into())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::MASK)
    }
}

/// The username at the forward proxy: not empty, without invisible characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ProxyUsername(String);

impl ProxyUsername {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether Basic authentication would read a part of the name as the password (RFC 7617).
    pub(crate) fn has_colon(&self) -> bool {
        self.0.contains(':')
    }

    /// The value of `proxy-authorization`.
    ///
    /// # Errors
    /// The username has a colon, which would end it in the header.
    pub(crate) fn basic(&self, password: &Secret) -> Result<Secret, Invalid> {
        if self.has_colon() {
            return Err(Invalid::new("a username with \":\" cannot be sent. Ask for another one."));
        }
        Ok(basic_header(&self.0, password))
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

shows_its_field!(ProxyUsername);

/// `Basic` and the base64 of `username:password` in UTF-8, as in an `Authorization` header.
pub(crate) fn basic_header(username: &str, password: &Secret) -> Secret {
    let login = Secret::from(format!("{username}:{}", password.reveal()));
    format!("Basic {}", BASE64_STANDARD.encode(login.reveal())).into()
}

/// The login in a `Basic …` header; `None` if it is another scheme or not UTF-8.
pub(crate) fn decode_basic(header: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let (username, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((username.to_owned(), password.into()))
}

/// The text to write so that Micronaut reads this one: `${` becomes `${:$}{`, a placeholder
/// without a name and with the default `$`, and a brace (run with Micronaut 4.7).
pub(crate) fn escape_placeholder(text: &str) -> String {
    text.replace("${", "${:$}{")
}

/// The inverse of [`escape_placeholder`]; real placeholders stay as they are.
pub(crate) fn unescape_placeholder(text: &str) -> String {
    text.replace("${:$}{", "${")
}

/// Whether Micronaut would replace a part of this text.
pub(crate) fn has_placeholder(text: &str) -> bool {
    // Without what is escaped, the text around it would close up: `$${:$}{{` means `$${{`.
    text.split("${:$}{").any(|part| part.contains("${"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "*********");
    }

    #[test]
    fn a_line_break_is_no_part_of_a_password() {
        assert!("hunter2\n".parse::<Secret>().is_err());
        assert_eq!(" hunter 2 ".parse(), Ok(Secret::from(" hunter 2 ")));
    }

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
        for text in ["${:$}{a}", "$a{b}", "$${:$}{{a}"] {
            assert!(!has_placeholder(text), "{text}");
        }
    }

    #[test]
    fn a_real_placeholder_stays_when_unescaping() {
        assert_eq!(unescape_placeholder("${NAME:default}"), "${NAME:default}");
    }

    proptest! {
        #[test]
        fn unescaping_takes_escaping_back(text in "[${}:a]{0,16}") {
            let escaped = escape_placeholder(&text);
            prop_assert!(!has_placeholder(&escaped), "{}", escaped);
            prop_assert_eq!(unescape_placeholder(&escaped), text);
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
