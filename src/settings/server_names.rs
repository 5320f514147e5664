//! The names under which nginx serves Kestra, `server_name`.

use super::text::{only, trimmed};
use super::{Host, Invalid};
use std::fmt;
use std::str::FromStr;

/// More names than this are a paste that went wrong.
const MOST: usize = 32;

/// One to 32 names: hosts, and wildcards such as `*.mycompany.com`.
///
/// nginx takes `a,b`, `x:80`, `http://x` and UTF-8 as names without a word and never matches them
/// (measured with 1.22 and 1.28); here they are corrected or refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerNames(Vec<ServerName>);

/// One name, as nginx understands it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ServerName {
    /// Matches this host only.
    Plain(Host),
    /// `*.` and this host: matches every name below it, at any depth, but not itself.
    Wildcard(Host),
}

impl ServerNames {
    /// The names in their order, each once.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ServerName> {
        self.0.iter()
    }

    /// Whether nginx would serve this host by name.
    pub(crate) fn matches(&self, host: &Host) -> bool {
        self.iter().any(|name| match name {
            ServerName::Plain(name) => name == host,
            ServerName::Wildcard(parent) => {
                let names = host.name().zip(parent.name());
                let front = names.and_then(|(name, parent)| name.strip_suffix(parent));
                front.is_some_and(|front| front.len() > 1 && front.ends_with('.'))
            }
        })
    }

    /// The name, if there is only one and it is no wildcard: a redirect can be sure of it.
    pub(crate) fn only_plain(&self) -> Option<&Host> {
        match self.0.as_slice() {
            [ServerName::Plain(host)] => Some(host),
            _ => None,
        }
    }
}

impl FromStr for ServerNames {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut names = Vec::new();
        for word in trimmed(text)?.split([' ', ',']).filter(|word| !word.is_empty()) {
            for name in read(word)? {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        match names.len() {
            0 => Err(Invalid::new("a server name is missing, e.g. kestra.example.com")),
            1..=MOST => Ok(Self(names)),
            _ => Err(Invalid::new(format!("these are more than {MOST} server names."))),
        }
    }
}

impl fmt::Display for ServerNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{name}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(host) => host.fmt(f),
            Self::Wildcard(parent) => write!(f, "*.{parent}"),
        }
    }
}

/// The names that a word means: nginx's `.example.com` is two.
fn read(word: &str) -> Result<Vec<ServerName>, Invalid> {
    if let Some(parent) = word.strip_prefix("*.") {
        return Ok(vec![ServerName::Wildcard(parent_of_wildcard(parent)?)]);
    }
    if let Some(parent) = word.strip_prefix('.') {
        let parent = parent_of_wildcard(parent)?;
        return Ok(vec![ServerName::Plain(parent.clone()), ServerName::Wildcard(parent)]);
    }
    Ok(vec![ServerName::Plain(plain(word)?)])
}

fn plain(word: &str) -> Result<Host, Invalid> {
    if word.contains('*') {
        return Err(Invalid::new("\"*\" is only allowed in front, as in *.example.com"));
    }
    let refusal = match word.parse::<Host>() {
        Ok(host) if is_catch_all(&host) => {
            Invalid::new("\"_\" matches nothing. Write the host of the public URL.")
        }
        Ok(host) => return Ok(host),
        Err(refusal) => refusal,
    };
    let is_longer = !word.starts_with('[') && word.contains([':', '/', '@']);
    match Host::inside(word).filter(|(host, _)| is_longer && !is_catch_all(host)) {
        Some((host, _)) => Err(Invalid::new("write the name alone, without port, path or http://")
            .or_use(host.to_string())),
        None => Err(refusal),
    }
}

/// nginx people write `_` for "any name"; it is only a name that no browser asks for.
fn is_catch_all(host: &Host) -> bool {
    host.name() == Some("_")
}

fn parent_of_wildcard(text: &str) -> Result<Host, Invalid> {
    only(text, |c| c != '*' && c != ':', "a name behind \"*.\"")?;
    let parent: Host = text.parse()?;
    match parent.name() {
        Some(name) if name.contains('.') => Ok(parent),
        _ => Err(Invalid::new("\"*.\" needs a domain behind it, as in *.example.com")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> String {
        text.parse::<ServerNames>()
            .map_or_else(|refusal| refusal.message, |names| names.to_string())
    }

    fn serves(names: &str, host: &str) -> bool {
        names.parse::<ServerNames>().unwrap().matches(&host.parse().unwrap())
    }

    #[test]
    fn a_dot_in_front_is_the_name_and_all_below_it() {
        assert_eq!(names(".mycompany.com"), "mycompany.com *.mycompany.com");
    }

    #[test]
    fn each_name_stands_once() {
        assert_eq!(names("a.example, A.EXAMPLE a.example."), "a.example");
    }

    #[test]
    fn a_bare_ipv6_address_gets_its_brackets() {
        assert_eq!(names("2001:db8::1 ::1"), "[2001:db8::1] [::1]");
    }

    #[test]
    fn a_wildcard_serves_every_depth_below_but_not_its_parent() {
        assert!(serves("*.mycompany.com", "k.mycompany.com"));
        assert!(serves("*.mycompany.com", "a.b.mycompany.com"));
        assert!(!serves("*.mycompany.com", "mycompany.com"));
        assert!(!serves("*.mycompany.com", "notmycompany.com"));
    }

    #[test]
    fn names_that_nginx_never_matches_are_refused() {
        for odd in ["_", "*", "www.*", "*.com", "~^www", "mycompany.com:80", "*.10.0.0.5", ".com"] {
            assert!(odd.parse::<ServerNames>().is_err(), "{odd}");
        }
    }

    #[test]
    fn a_pasted_address_offers_its_host() {
        let refusal = "https://mycompany.com:8443/kestra/".parse::<ServerNames>().unwrap_err();
        assert_eq!(refusal.suggestion.as_deref(), Some("mycompany.com"));
    }

    #[test]
    fn a_redirect_is_sure_of_a_name_only_if_it_is_alone() {
        let only = |text: &str| text.parse::<ServerNames>().unwrap().only_plain().is_some();
        assert!(only("a.example"));
        assert!(!only("a.example b.example"));
        assert!(!only("*.a.example"));
    }
}
