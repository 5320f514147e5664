//! The address under which people open Kestra, `kestra.url`.

use super::host::host_and_port;
use super::text::{trimmed, unquoted};
use super::{ContextPath, Host, Invalid, Port};
use std::fmt;
use std::str::FromStr;

/// The public address of Kestra: `https://my-host.com/kestra/`, always with a slash at the end and
/// without a default port.
///
/// Since Kestra 1.0 a server whose `kestra.url` is no http or https URL does not start
/// (`AppConfigValidator`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl {
    https: bool,
    host: Host,
    port: Option<Port>,
    path: ContextPath,
}

impl ServerUrl {
    /// Whether people come by https.
    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    /// The machine in the address.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The port that a browser connects to.
    pub(crate) fn effective_port(&self) -> Port {
        self.port.unwrap_or(default_port(self.https))
    }

    /// The path, which must be Kestra's context path: Kestra does not add that to its links.
    pub(crate) fn path(&self) -> &ContextPath {
        &self.path
    }

    /// The same address with another path.
    pub(crate) fn with_path(&self, path: &ContextPath) -> Self {
        Self { path: path.clone(), ..self.clone() }
    }

    /// The same address for https.
    pub(crate) fn with_https(&self) -> Self {
        Self { https: true, port: None, ..self.clone() }
    }

    /// What works and is still worth knowing, one sentence each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let host = &self.host;
        let mut notes = Vec::new();
        if host.is_unspecified() {
            notes.push(format!("{host} is an address to listen on; no browser can open it."));
        } else if host.is_loopback() {
            notes.push(format!(
                "links in alerts will point to {host} and only work on this machine."
            ));
        } else if host.is_private() {
            notes.push(format!(
                "links in alerts will point to {host} and only work inside your network."
            ));
        }
        if self.https && host.name().is_some_and(|name| name.contains('_')) {
            notes.push(format!("no public authority certifies {host}, because of the \"_\"."));
        }
        if !self.https && !host.is_loopback() {
            notes.push("the address is http: logins cross the network unencrypted.".to_owned());
        }
        notes
    }
}

impl FromStr for ServerUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        if text.is_empty() {
            return Err(Invalid::new("an address is needed, e.g. https://my-host.com/kestra/"));
        }
        read(text).map_err(|refusal| refusal.or_use(base_of(text).map(|base| base.to_string())))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}/", self.path)
    }
}

fn default_port(https: bool) -> Port {
    if https { Port::HTTPS } else { Port::HTTP }
}

fn read(text: &str) -> Result<ServerUrl, Invalid> {
    let (https, rest) = scheme(text)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(Invalid::new("leave out the login. Everyone who gets a link would see it."));
    }
    if path.contains(['?', '#']) {
        return Err(Invalid::new("leave out everything from \"?\" or \"#\" on."));
    }
    if path.contains('%') {
        return Err(Invalid::new("\"%\" cannot be part of the address. nginx would decode it."));
    }
    let (host, port) = host_and_port(authority)?;
    let port = port.filter(|port| *port != default_port(https));
    // An address that ends in these was copied from a browser; as a context path it was meant.
    let path = if matches!(path.trim_matches('/'), "ui" | "api") { "" } else { path };
    let path = path.parse::<ContextPath>().map_err(|refusal| Invalid::new(refusal.message))?;
    Ok(ServerUrl { https, host, port, path })
}

fn scheme(text: &str) -> Result<(bool, &str), Invalid> {
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| Invalid::new("the address needs http:// or https:// in front."))?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok((true, rest)),
        "http" => Ok((false, rest)),
        _ => Err(Invalid::new("the address has to start with http:// or https://.")),
    }
}

/// The text without the remains of a scheme, such as `https:` or `//`.
fn without_scheme(text: &str) -> &str {
    let text = text.strip_prefix("https:").or(text.strip_prefix("http:")).unwrap_or(text);
    text.trim_start_matches('/')
}

/// The address that was meant by a bare host name or by what a browser shows.
fn base_of(text: &str) -> Option<ServerUrl> {
    let text = unquoted(text).unwrap_or(text);
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", without_scheme(text)));
    let address = rest.split(['?', '#']).next()?;
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    let host = authority.rsplit('@').next()?;
    // A single word may be anything, such as a password in the wrong field.
    if !text.contains("://") && !host.contains(['.', ':']) && host != "localhost" {
        return None;
    }
    read(&format!("{scheme}://{host}{}", ContextPath::before_kestra(path))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Invalid {
        text.parse::<ServerUrl>().unwrap_err()
    }

    fn notes(text: &str) -> Vec<String> {
        text.parse::<ServerUrl>().unwrap().notes()
    }

    #[test]
    fn a_missing_scheme_offers_https() {
        let refusal = refusal("ops.example.com/kestra");
        assert_eq!(refusal.message, "the address needs http:// or https:// in front.");
        assert_eq!(refusal.suggestion.as_deref(), Some("https://ops.example.com/kestra/"));
    }

    #[test]
    fn half_a_scheme_offers_a_whole_one() {
        for text in ["https:a.example", "https:/a.example", "//a.example/", "a.example"] {
            assert_eq!(refusal(text).suggestion.as_deref(), Some("https://a.example/"), "{text}");
        }
    }

    #[test]
    fn what_a_browser_shows_offers_the_base_address() {
        for page in ["ui/main/flows?page=1", "ui/x", "#top", "api/v1/main/flows", "?a=/ui/"] {
            let suggestion = refusal(&format!("https://ops.example.com/kestra/{page}")).suggestion;
            assert_eq!(suggestion.as_deref(), Some("https://ops.example.com/kestra/"), "{page}");
        }
    }

    #[test]
    fn a_login_in_the_address_is_refused_and_never_repeated() {
        let refusal = refusal("https://admin:hunter2@mycompany.com/");
        assert_eq!(refusal.suggestion.as_deref(), Some("https://mycompany.com/"));
        assert!(!refusal.message.contains("hunter2"));
    }

    #[test]
    fn quotes_around_an_address_offer_what_is_inside() {
        assert_eq!(
            refusal("\"https://a.example\"").suggestion.as_deref(),
            Some("https://a.example/")
        );
    }

    #[test]
    fn an_address_that_others_cannot_reach_is_noted() {
        assert_eq!(
            notes("http://localhost:8080/"),
            ["links in alerts will point to localhost and only work on this machine."]
        );
        assert!(notes("http://0.0.0.0:8080/")[0].contains("to listen on"));
        assert_eq!(notes("https://10.0.0.5/").len(), 1);
        assert_eq!(notes("https://my_host.corp/").len(), 2);
    }

    #[test]
    fn plain_http_is_noted() {
        assert_eq!(
            notes("http://mycompany.com/"),
            ["the address is http: logins cross the network unencrypted."]
        );
        assert!(notes("https://mycompany.com/").is_empty());
    }

    #[test]
    fn the_effective_port_is_the_default_of_the_scheme() {
        let port = |text: &str| text.parse::<ServerUrl>().unwrap().effective_port().get();
        assert_eq!((port("http://a.example/"), port("https://a.example/")), (80, 443));
        assert_eq!(port("http://a.example:443/"), 443);
    }
}
