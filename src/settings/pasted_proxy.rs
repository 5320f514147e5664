//! A whole forward proxy in one line, as it is pasted or stands in `HTTPS_PROXY`.

use super::text::trimmed;
use super::{Host, Invalid, Port, ProxyAddress, ProxyKind, ProxyUsername, Secret};
use percent_encoding::percent_decode_str;
use std::str::FromStr;
use url::Url;

/// What `http://user:pass@host:port` says; `Debug` masks the password.
///
/// Without a scheme it is an HTTP proxy, as curl reads it. Without a port it is 80 for HTTP, as
/// Micronaut reads it (curl would take 1080), and 1080 for SOCKS. The login is percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastedProxy {
    /// From the scheme.
    pub kind: ProxyKind,
    /// Host and port.
    pub address: ProxyAddress,
    /// The part of the login before the colon.
    pub username: Option<String>,
    /// The part of the login behind the colon.
    pub password: Option<Secret>,
}

impl FromStr for PastedProxy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let url = read(trimmed(text)?)?;
        let kind = kind(url.scheme())?;
        Ok(Self {
            kind,
            address: address(&url, kind)?,
            username: username(&url)?,
            password: password(&url)?,
        })
    }
}

/// Messages never repeat the text, which may hold a password.
fn no_proxy() -> Invalid {
    Invalid::new("this is not the address of a proxy. Write it as http://user:password@host:port")
}

/// A backslash, as in `DOMAIN\user`, would end the host; encoded, it stays in the login.
fn read(text: &str) -> Result<Url, Invalid> {
    let text = text.replace('\\', "%5C");
    let text = if text.contains("://") { text } else { format!("http://{text}") };
    let url: Url = text.parse().map_err(|_| no_proxy())?;
    let has_more = !matches!(url.path(), "" | "/") || url.query().or(url.fragment()).is_some();
    if has_more { Err(no_proxy()) } else { Ok(url) }
}

fn kind(scheme: &str) -> Result<ProxyKind, Invalid> {
    match scheme {
        "http" => Ok(ProxyKind::Http),
        "socks" | "socks5" | "socks5h" => Ok(ProxyKind::Socks),
        "https" => Err(Invalid::new(
            "Kestra cannot talk TLS to a proxy. Use its http:// port; https sites work through it.",
        )),
        "socks4" | "socks4a" => Err(Invalid::new("Kestra can use SOCKS 5, not SOCKS 4.")),
        _ => Err(no_proxy()),
    }
}

fn address(url: &Url, kind: ProxyKind) -> Result<ProxyAddress, Invalid> {
    let host: Host = url.host_str().unwrap_or_default().parse().map_err(|_| no_proxy())?;
    let port = match (url.port(), kind) {
        (Some(port), _) => port.to_string().parse()?,
        (None, ProxyKind::Http) => Port::HTTP,
        (None, ProxyKind::Socks) => Port::SOCKS,
    };
    ProxyAddress::new(host, port)
}

fn username(url: &Url) -> Result<Option<String>, Invalid> {
    match url.username() {
        "" => Ok(None),
        name => Ok(Some(decoded(name)?.parse::<ProxyUsername>()?.to_string())),
    }
}

fn password(url: &Url) -> Result<Option<Secret>, Invalid> {
    match url.password() {
        None | Some("") => Ok(None),
        Some(password) => decoded(password)?.parse().map(Some),
    }
}

fn decoded(text: &str) -> Result<String, Invalid> {
    let refusal = |_| Invalid::new("the login is not UTF-8 after percent-decoding.");
    percent_decode_str(text).decode_utf8().map(String::from).map_err(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(text: &str) -> PastedProxy {
        text.parse().unwrap()
    }

    #[test]
    fn one_paste_fills_every_field() {
        let proxy = proxy("http://svc-kestra:hunter2@proxy.corp:3128\r\n");
        assert_eq!(proxy.kind, ProxyKind::Http);
        assert_eq!(proxy.address.to_string(), "proxy.corp:3128");
        assert_eq!(proxy.username.as_deref(), Some("svc-kestra"));
        assert_eq!(proxy.password, Some(Secret::from("hunter2")));
    }

    #[test]
    fn a_login_is_percent_decoded_and_may_hold_what_urls_cannot() {
        let login = |text: &str| {
            let proxy = proxy(text);
            (proxy.username.unwrap(), proxy.password.unwrap().reveal().to_owned())
        };
        let expected = ("us er".to_owned(), "s3cret pa:ss%".to_owned());
        assert_eq!(login("http://us%20er:s3cret%20pa%3Ass%25@proxy:3128"), expected);
        assert_eq!(login("http://us er:s3cret pa:ss%@proxy:3128"), expected);
        assert_eq!(login("CORP\\u:p@w@proxy:3128"), ("CORP\\u".to_owned(), "p@w".to_owned()));
    }

    #[test]
    fn socks_and_its_default_port_come_from_the_scheme() {
        for text in ["socks5://proxy", "socks5h://proxy/", "SOCKS://proxy:1080"] {
            assert_eq!(proxy(text).kind, ProxyKind::Socks, "{text}");
            assert_eq!(proxy(text).address.to_string(), "proxy:1080", "{text}");
        }
    }

    #[test]
    fn a_value_without_scheme_or_port_is_an_http_proxy_on_80() {
        assert_eq!(proxy("proxy.corp:3128").kind, ProxyKind::Http);
        assert_eq!(proxy("http://proxy.corp").address.to_string(), "proxy.corp:80");
    }

    #[test]
    fn debug_and_refusals_hide_the_password() {
        assert!(!format!("{:?}", proxy("http://u:hunter2@proxy:1")).contains("hunter2"));
        for text in [
            "https://u:hunter2@proxy:1",
            "http://u:hunter2@pro{xy:1",
            "u:hunter2@proxy:1/x",
            "http://u:80/hunter2@proxy:1",
        ] {
            let refusal = text.parse::<PastedProxy>().unwrap_err();
            assert!(!format!("{refusal:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn an_encoded_line_break_in_a_login_is_refused() {
        assert!("http://u%0ax:p@proxy:1".parse::<PastedProxy>().is_err());
        assert!("http://u:p%0a@proxy:1".parse::<PastedProxy>().is_err());
    }
}
