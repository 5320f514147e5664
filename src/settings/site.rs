//! The site that nginx serves, and the upstream that it forwards to.

use super::host::host_and_port;
use super::text::trimmed;
use super::{ContextPath, FilePath, Host, Invalid, Port, ServerNames};
use std::fmt;
use std::str::FromStr;

/// A Kestra server behind nginx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The path that Kestra serves under, the same on both sides of nginx.
    pub context_path: ContextPath,
    /// The address that nginx forwards to.
    pub upstream: Upstream,
    /// The text that is rendered.
    pub template: Template,
    /// Server block or locations.
    pub form: SiteForm,
    /// Whether TLS ends in front of this nginx, whose `$scheme` is then not the client's.
    pub has_tls_in_front: bool,
}

impl Site {
    /// The port for https; `None` where nginx serves plain http.
    pub(crate) fn tls_port(&self) -> Option<Port> {
        match &self.form {
            SiteForm::Server { tls, .. } => tls.as_ref().map(|tls| tls.port),
            SiteForm::Location => None,
        }
    }
}

/// A template of the nginx file; the answer `nginx-style`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Template {
    /// The documentation's directives and those that measurements added.
    Recommended,
    /// Verbatim from Kestra's documentation.
    Documented,
}

/// The scope of the nginx file; the answer `nginx-form`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteForm {
    /// A server block of its own.
    Server {
        /// `server_name`.
        names: ServerNames,
        /// The port of http.
        listen: Port,
        /// `None` without https.
        tls: Option<Tls>,
    },
    /// Locations to include in a server block that exists.
    Location,
}

/// How nginx serves https.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The chain in PEM, `ssl_certificate`.
    pub certificate: FilePath,
    /// The private key in PEM, `ssl_certificate_key`.
    pub key: FilePath,
    /// The port of https.
    pub port: Port,
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recommended => "recommended",
            Self::Documented => "documented",
        })
    }
}

/// Kestra as nginx reaches it, `host:port`.
///
/// nginx resolves a name once, when it starts, and does not start if it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upstream {
    host: Host,
    port: Port,
}

impl Upstream {
    /// The machine that Kestra runs on, as nginx knows it.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The port that Kestra listens on.
    pub(crate) fn port(&self) -> Port {
        self.port
    }
}

impl FromStr for Upstream {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        if text.contains(['/', '@']) {
            return Err(with_inside(
                Invalid::new("write it as host:port, e.g. localhost:8080"),
                text,
            ));
        }
        if let Ok(port) = text.parse::<Port>() {
            return Err(port_missing().or_use(format!("localhost:{port}")));
        }
        let (host, port) = host_and_port(text).map_err(Invalid::keep_suggestion_if::<Self>)?;
        let host = host.connectable()?;
        match port {
            Some(port) => Ok(Self { host, port }),
            None => Err(port_missing().or_use(format!("{host}:{}", Port::KESTRA))),
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn port_missing() -> Invalid {
    Invalid::new("a port is missing. Write it as host:port, e.g. localhost:8080")
}

/// Adds the `host:port` of a pasted address; without a port in it, Kestra's own.
fn with_inside(refusal: Invalid, text: &str) -> Invalid {
    refusal.or_use(Host::inside(text).and_then(|(host, port)| {
        Some(format!("{}:{}", host.connectable().ok()?, port.unwrap_or(Port::KESTRA)))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(text: &str) -> Option<String> {
        text.parse::<Upstream>().unwrap_err().suggestion
    }

    #[test]
    fn a_missing_port_offers_kestras_own() {
        assert_eq!(suggestion("kestra").as_deref(), Some("kestra:8080"));
        assert_eq!(suggestion("[::1]").as_deref(), Some("[::1]:8080"));
    }

    #[test]
    fn a_port_alone_offers_this_machine() {
        assert_eq!(suggestion("8085").as_deref(), Some("localhost:8085"));
    }

    #[test]
    fn a_pasted_address_offers_its_host_and_port() {
        assert_eq!(suggestion("http://kestra:8085/kestra").as_deref(), Some("kestra:8085"));
    }

    #[test]
    fn an_address_to_listen_on_is_no_upstream() {
        for host in ["0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "255.255.255.255"] {
            assert!(format!("{host}:8080").parse::<Upstream>().is_err(), "{host}");
        }
    }

    #[test]
    fn both_halves_are_normalised() {
        let upstream: Upstream = " [0:0::1]:8080\n".parse().unwrap();
        assert_eq!(upstream.to_string(), "[::1]:8080");
    }
}
