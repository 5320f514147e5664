//! nginx in front of Kestra: a site in, text out; and what an existing configuration does.
//!
//! Nothing is escaped here. Every value is a type whose alphabet cannot hold nginx syntax, which is
//! the only defence: `nginx -t` accepts 83 of 211 hostile values (measured with 1.22 and 1.28).

pub mod conf;
mod needs;
mod read;
mod render;
mod server;

pub use needs::{Change, Gap, gaps, gaps_of_file, passes, redirects};
pub use read::{Written, is_ours, read};
pub use render::render;
pub use server::{Config, Include, Listen, Server, reaches};
pub(crate) use server::{address_and_port, wildcard};

use crate::settings::Invalid;
use std::fmt;
use std::str::FromStr;

/// The nginx that will read a text, as far as the text depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Target {
    /// Its version; HTTP/2 is left out where it is not known.
    pub version: Option<Version>,
    /// Whether its machine has IPv6; without it, `listen [::]:80` stops nginx from starting.
    pub ipv6: bool,
}

/// The version of an nginx: major, minor, patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// From here on `http2 on;` is right and `listen … http2` warns; before, `http2 on;` stops
    /// nginx from starting (measured with 1.22.1 and 1.28.3).
    pub(crate) const WITH_HTTP2_DIRECTIVE: Self = Self(1, 25, 1);
}

impl FromStr for Version {
    type Err = Invalid;

    /// Reads what `nginx -v` and `nginx -V` print, or the number alone.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let first = text.trim().lines().next().unwrap_or_default();
        let name = first.strip_prefix("nginx version:").unwrap_or(first).trim_start();
        let prefixes = ["nginx/", "openresty/"];
        let number = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        let number = number.split_whitespace().next().unwrap_or_default();
        let mut parts = number.split('.').map(str::parse);
        let mut next = || parts.next()?.ok();
        let mut version = || Some(Self(next()?, next()?, next()?));
        version().ok_or_else(|| Invalid::new("this is not the version of an nginx."))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nginx_prints_is_read() {
        for text in [
            "nginx version: nginx/1.22.1 (Debian)\n",
            "nginx version: nginx/1.22.1 (Debian)\nbuilt with OpenSSL\nconfigure arguments: -x",
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
