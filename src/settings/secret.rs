//! A text that cannot show itself.

use super::Invalid;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// A password or another text that only the one writer may see.
///
/// It has no `Display`, its `Debug` is masked, and its memory is zeroed on drop.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Shown in place of every secret, however long it is.
    pub const MASK: &'static str = "*********";

    /// The text itself. Every call is a place where the secret could leak; there are few.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Secret {
    type Err = Invalid;

    /// Reads what an operator gave as a password. Nothing is trimmed; control characters are
    /// refused, since they come with a paste and no proxy takes them.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "*********");
    }

    #[test]
    fn a_line_break_is_no_part_of_a_password() {
        assert!("hunter2\n".parse::<Secret>().is_err());
        assert_eq!(" hunter 2 ".parse(), Ok(Secret::from(" hunter 2 ")));
    }
}
