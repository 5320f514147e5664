//! Which nginx it is, as far as the text depends on it.

use crate::settings::Invalid;
use std::fmt;
use std::str::FromStr;

/// The version of an nginx: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// From here on `http2 on;` is right and `listen … http2` warns; before, `http2 on;` stops
    /// nginx from starting (measured with 1.22.1 and 1.28.3).
    pub const WITH_HTTP2_DIRECTIVE: Self = Self(1, 25, 1);
}

impl FromStr for Version {
    type Err = Invalid;

    /// Reads what `nginx -v` prints, `nginx version: nginx/1.22.1 (Debian)`, or the number alone.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        read(text.trim()).ok_or_else(|| Invalid::new("this is not the version of an nginx."))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

fn read(text: &str) -> Option<Version> {
    let text = text.strip_prefix("nginx version:").unwrap_or(text).trim_start();
    let text =
        ["nginx/", "openresty/"].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let number = text.split_whitespace().next()?;
    let mut parts = number.split('.').map(str::parse);
    let mut next = || parts.next()?.ok();
    Some(Version(next()?, next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nginx_prints_is_read() {
        for text in [
            "nginx version: nginx/1.22.1 (Debian)\n",
            "nginx/1.22.1",
            "1.22.1",
            "nginx version: openresty/1.22.1.4",
        ] {
            assert_eq!(text.parse(), Ok(Version(1, 22, 1)), "{text}");
        }
    }

    #[test]
    fn another_server_is_no_nginx() {
        for text in ["", "Tengine/2.4.0", "nginx: not found", "1.x.2", "1.22"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(Version(1, 9, 15) < Version::WITH_HTTP2_DIRECTIVE);
        assert!(Version(1, 100, 0) > Version::WITH_HTTP2_DIRECTIVE);
    }
}
