//! What nginx serves: the part of the settings that its text is made of.

use super::{ContextPath, FilePath, Invalid, Port, ServerNames, Upstream};
use std::fmt;
use std::str::FromStr;

/// One Kestra behind nginx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The path under which Kestra serves.
    pub context_path: ContextPath,
    /// Where Kestra listens.
    pub upstream: Upstream,
    /// Which wording.
    pub style: Style,
    /// A server block of its own, or locations.
    pub form: Form,
    /// Whether TLS ends in front of this nginx, whose `$scheme` is then not the client's.
    pub has_tls_in_front: bool,
}

impl Site {
    /// The port for https; `None` where nginx serves plain http.
    #[must_use]
    pub fn tls_port(&self) -> Option<Port> {
        match &self.form {
            Form::Server { tls, .. } => tls.as_ref().map(|tls| tls.port),
            Form::Location => None,
        }
    }
}

/// Which wording of the nginx text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// The documentation's lines and what measuring added to them.
    Recommended,
    /// Word for word as in Kestra's documentation.
    Documented,
}

/// The shape of the nginx file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A server block of its own.
    Server {
        /// The names that it answers to.
        names: ServerNames,
        /// The port of plain http.
        listen: Port,
        /// The certificate, for https.
        tls: Option<Tls>,
    },
    /// Locations to include in a server block that exists.
    Location,
}

/// A certificate and where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain.
    pub certificate: FilePath,
    /// Its private key.
    pub key: FilePath,
    /// The port of https.
    pub port: Port,
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
