//! A TCP port.

use super::Invalid;
use super::text::trimmed;
use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

/// A TCP port, 1 to 65535.
///
/// Plain ASCII digits only: nginx reads `080` as 80 and `80.5` as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(NonZeroU16);

impl Port {
    /// Where http is served unless something else is said.
    pub const HTTP: Self = Self::known(80);
    /// Where https is served unless something else is said.
    pub const HTTPS: Self = Self::known(443);
    /// Where SOCKS is served unless something else is said (RFC 1928).
    pub const SOCKS: Self = Self::known(1080);
    /// Where Kestra is served unless something else is said.
    pub const KESTRA: Self = Self::known(8080);

    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0.get()
    }

    const fn known(number: u16) -> Self {
        match NonZeroU16::new(number) {
            Some(number) => Self(number),
            None => Self(NonZeroU16::MAX),
        }
    }
}

impl FromStr for Port {
    type Err = Invalid;

    /// Messages never repeat the text: what follows a colon may be a password.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        if text.is_empty() {
            return Err(Invalid::new("a port is missing. Ports go from 1 to 65535."));
        }
        if !text.chars().all(|c| c.is_ascii_digit()) {
            return Err(Invalid::new("a port is a number from 1 to 65535."));
        }
        let number = text.parse().ok().filter(|_| !text.starts_with('0'));
        number.map(Self).ok_or_else(|| Invalid::new("a port is a number from 1 to 65535."))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_port_is_named() {
        let refusal = "70000".parse::<Port>().unwrap_err();
        assert_eq!(refusal.message, "a port is a number from 1 to 65535.");
    }

    #[test]
    fn only_plain_digits_are_a_port() {
        for text in ["0", "080", "+80", "-1", "8_0", "8e1", "80.5", "８０", "٨٠"] {
            assert!(text.parse::<Port>().is_err(), "{text}");
        }
    }
}
