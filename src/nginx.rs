//! nginx in front of Kestra: a site in, text out; and back from a file that the wizard wrote.
//!
//! Nothing is escaped here. Every value is a type whose alphabet cannot hold nginx syntax, which is
//! the only defence: `nginx -t` takes 83 of 211 hostile values (measured with 1.22 and 1.28).

mod read;
mod render;
mod version;

pub use read::{Written, read};
pub use render::render;
pub use version::Version;

use crate::settings::{ContextPath, FilePath, Invalid, Port, ServerNames, Upstream};
use std::fmt;
use std::str::FromStr;

/// What nginx is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where Kestra is served.
    pub context_path: ContextPath,
    /// Where Kestra is.
    pub upstream: Upstream,
    /// In which words.
    pub style: Style,
    /// How much of the configuration is ours.
    pub form: Form,
}

/// Which wording of the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// Every line of Kestra's documentation, and what measurement added, each with its reason.
    Recommended,
    /// Kestra's documentation, word for word.
    Documented,
}

/// How much of the configuration is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A server block of its own.
    Server {
        /// The names it answers to.
        names: ServerNames,
        /// The port for plain http.
        listen: Port,
        /// With a certificate, `listen` only redirects to https.
        tls: Option<Tls>,
    },
    /// Locations alone, for an `include` inside a server block that exists.
    Location,
}

/// How https is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate with its chain.
    pub certificate: FilePath,
    /// Its private key, which is named and never read or written.
    pub key: FilePath,
    /// The port for https, 443 unless something else is said.
    pub port: Port,
}

/// What the text depends on beside the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    /// The nginx that will read it; HTTP/2 is left out where it is not known.
    pub nginx: Option<Version>,
    /// Whether the machine has IPv6; without it, `listen [::]:80` stops nginx from starting.
    pub ipv6: bool,
}

impl FromStr for Style {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "recommended" => Ok(Self::Recommended),
            "documented" => Ok(Self::Documented),
            _ => Err(Invalid::new("the wording is recommended or documented.")),
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recommended => "recommended",
            Self::Documented => "documented",
        })
    }
}
