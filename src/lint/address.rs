//! How Micronaut parses the address of a proxy (`SharedHttpConvertersRegistrar`).
//!
//! It takes `host:port` split at its only colon, and the URLs that Java knows; the form takes less, and
//! corrects it.

use crate::settings::{Host, Port, ProxyAddress, split_port};

/// What is wrong with an address and what to do, in sentences; `None` where Kestra goes there.
pub(super) fn problem(text: &str) -> Option<String> {
    let what = match text.split_once("://") {
        Some((scheme, rest)) => of_url(&scheme.to_ascii_lowercase(), rest),
        None => of_pair(text),
    }?;
    Some(format!("{what} {}", remedy(text)))
}

const REFUSED: &str = "Kestra does not start with that.";

const EMPTY: &str = "Kestra takes an empty host for its own machine.";

fn of_url(scheme: &str, rest: &str) -> Option<&'static str> {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme {
        // A login may hold a slash that should have been escaped.
        "http" if rest.contains('@') => {
            Some("Kestra drops the login in it; it has properties of its own.")
        }
        // Without a port it is that of the scheme.
        "http" => {
            let (host, port) = split_port(authority);
            of_parts(host, port.unwrap_or("80"))
        }
        "https" => Some("Kestra cannot use TLS to the proxy itself, only to the sites behind it."),
        _ => Some(REFUSED),
    }
}

fn of_pair(text: &str) -> Option<&'static str> {
    match text.split(':').collect::<Vec<_>>()[..] {
        [host, port] => of_parts(host, port),
        _ => Some(REFUSED),
    }
}

fn of_parts(host: &str, port: &str) -> Option<&'static str> {
    let is_host = |text: &str| text.trim() == text && text.parse::<Host>().is_ok();
    let is_port = |text: &str| text.trim() == text && text.parse::<Port>().is_ok();
    match (host, port) {
        (_, port) if !is_port(port) => Some(REFUSED),
        ("", _) => Some(EMPTY),
        (host, _) if !is_host(host) => Some("Kestra looks for a machine of that very name."),
        _ => None,
    }
}

/// The address that was meant, where it can be told. The port of a proxy's TLS is never it.
fn remedy(text: &str) -> String {
    let meant = match text.parse::<ProxyAddress>() {
        Ok(address) => Some(address),
        Err(invalid) => invalid.suggestion.and_then(|text| text.parse().ok()),
    };
    let is_tls = text.trim_start().to_ascii_lowercase().starts_with("https:");
    match meant.filter(|_| !is_tls) {
        Some(address) => format!("Write {}.", address.in_config()),
        None if is_tls => "Write host:port of its plain port.".to_owned(),
        None => "Write host:port.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        problem(text).unwrap_or_default()
    }

    #[test]
    fn what_micronaut_takes_is_no_trouble() {
        for text in [
            "a:1",
            "Proxy.Corp:3128",
            "proxy.corp.:3128",
            "http://a:1/",
            "HTTP://a:1",
            "http://a",
            "http://a:1/path?x",
            "http://[::1]:3128",
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    #[test]
    fn what_keeps_kestra_from_starting_is_told() {
        for (text, meant) in [
            ("[::1]:3128", "http://[::1]:3128."),
            ("::1:3128", "http://[::1]:3128."),
            ("a:1/", "a:1."),
            ("a:1 ", "a:1."),
            ("a", "host:port."),
            ("3128", "host:port."),
            ("a:70000", "host:port."),
            ("socks5://a:1", "a:1."),
            ("u:hunter2@a:1", "a:1."),
        ] {
            assert_eq!(told(text), format!("{REFUSED} Write {meant}"), "{text}");
        }
    }

    #[test]
    fn what_kestra_takes_for_something_else_is_told() {
        for (text, wanted) in [
            (" a:1", "that very name. Write a:1."),
            ("//a:1", "that very name. Write host:port."),
            (":3128", "its own machine. Write host:port."),
            ("http://", "its own machine. Write host:port."),
            ("http://u:hunter2@a:1", "properties of its own. Write a:1."),
            ("https://a:8443", "behind it. Write host:port of its plain port."),
        ] {
            assert!(told(text).ends_with(wanted), "{text}: {}", told(text));
        }
    }
}
