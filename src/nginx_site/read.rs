//! Back from a file that the wizard wrote to the answers it was written from.
//!
//! A `recommended` file says so itself and carries a fingerprint of its text. A `documented` file
//! is nothing but Kestra's documentation, so it is ours if the same answers give the same text.

use super::render::{FINGERPRINT, HEADER, fingerprint};
use super::{Machine, Version, render};
use crate::settings::{ContextPath, Port, Site, SiteForm, Template, Tls, Upstream};

/// A file that the wizard wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What it asks nginx to do.
    pub site: Site,
    /// Whether somebody changed it since, be it a person or certbot.
    pub edited: bool,
}

/// The site in a file that the wizard wrote, or that was copied from Kestra's documentation;
/// `None` for any other file. Never fails, whatever the text is.
#[must_use]
pub fn read(text: &str) -> Option<Written> {
    if text.starts_with(HEADER) {
        let site = site(text, Template::Recommended)?;
        return Some(Written { site, edited: !has_own_fingerprint(text) });
    }
    if !is_from_the_documentation(text) {
        return None;
    }
    let site = site(text, Template::Documented)?;
    let edited = render(&site, &machine(text)) != text;
    Some(Written { site, edited })
}

/// Whether the wizard may replace this text after showing the difference alone. What somebody else
/// wrote, or certbot manages by now, is not replaced without a word.
#[must_use]
pub fn is_ours(text: &str) -> bool {
    let says_so = text.starts_with(HEADER) && !text.contains("# managed by Certbot");
    read(text).is_some_and(|written| says_so || !written.edited)
}

fn has_own_fingerprint(text: &str) -> bool {
    let rest = || text.strip_prefix(HEADER)?.strip_prefix('\n')?.strip_prefix(FINGERPRINT);
    rest()
        .and_then(|rest| rest.split_once('\n'))
        .is_some_and(|(own, text)| own == fingerprint(text))
}

/// Nothing else than Kestra's documentation sets `X-Forwarded-Protocol` this way, and a file with
/// several upstreams is about more than Kestra.
fn is_from_the_documentation(text: &str) -> bool {
    let count = |wanted: &str| directives(text).filter(|(name, _)| *name == wanted).count();
    let mut headers = directives(text).filter(|(name, _)| *name == "proxy_set_header");
    count("proxy_pass") == 1 && headers.any(|(_, value)| value == "X-Forwarded-Protocol $scheme")
}

/// The machine that the text was made for, as far as the text shows it.
fn machine(text: &str) -> Machine {
    let has = |wanted: &str| text.contains(wanted);
    let nginx = match (has("http2 on;"), has(" ssl http2;")) {
        (true, _) => Some(Version::WITH_HTTP2_DIRECTIVE),
        (_, true) => Some(Version(1, 22, 1)),
        _ => None,
    };
    Machine { nginx, ipv6: has("listen [::]:") }
}

fn site(text: &str, template: Template) -> Option<Site> {
    let (context_path, upstream) = kestra(text)?;
    Some(Site { context_path, upstream, template, form: form(text)? })
}

/// The location that passes to Kestra, and where it passes to.
fn kestra(text: &str) -> Option<(ContextPath, Upstream)> {
    let mut location = "";
    for (name, value) in directives(text) {
        match name {
            "location" => location = value,
            "proxy_pass" => return Some((location.parse().ok()?, upstream(value)?)),
            _ => {}
        }
    }
    None
}

fn upstream(target: &str) -> Option<Upstream> {
    target.strip_prefix("http://")?.split('/').next()?.parse().ok()
}

fn form(text: &str) -> Option<SiteForm> {
    let first = |wanted: &str| Some(directives(text).find(|(name, _)| *name == wanted)?.1);
    let Some(names) = first("server_name") else {
        return first("listen").is_none().then_some(SiteForm::Location);
    };
    let tls = match (first("ssl_certificate"), first("ssl_certificate_key")) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate: certificate.parse().ok()?,
            key: key.parse().ok()?,
            port: port(text, true).unwrap_or(Port::HTTPS),
        }),
        _ => None,
    };
    let listen = port(text, false).unwrap_or(Port::HTTP);
    Some(SiteForm::Server { names: names.parse().ok()?, listen, tls })
}

/// The first port that is listened on with or without TLS, on every address.
fn port(text: &str, tls: bool) -> Option<Port> {
    directives(text).filter(|(name, _)| *name == "listen").find_map(|(_, value)| {
        let mut words = value.split_whitespace();
        let port = words.next()?.parse().ok()?;
        (words.any(|word| word == "ssl") == tls).then_some(port)
    })
}

/// Name and value of each directive that stands on a line of its own, as ours do.
fn directives(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let code = line.split('#').next()?.trim();
        let (name, value) = code.strip_suffix([';', '{'])?.split_once(char::is_whitespace)?;
        Some((name, value.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn site(template: Template, names: &str, host: &str, path: &str, ports: (u16, u16)) -> Site {
        let port = |number: u16| number.to_string().parse().unwrap();
        Site {
            context_path: path.parse().unwrap(),
            upstream: format!("{host}:{}", ports.1).parse().unwrap(),
            template,
            form: SiteForm::Server {
                names: names.parse().unwrap(),
                listen: port(ports.0),
                tls: None,
            },
        }
    }

    /// Lines of our own files in any order, with hostile ones between them.
    fn shuffled() -> impl Strategy<Value = String> {
        let site = site(Template::Recommended, "a.example", "kestra", "/kestra", (80, 8080));
        let text = render(&site, &Machine::default());
        let hostile = [
            "proxy_pass ;",
            "location {",
            ";",
            "{",
            "listen",
            "listen [::",
            "é;",
            "server_name é;",
            "#;",
        ];
        let lines: Vec<_> = text.lines().chain(hostile).map(str::to_owned).collect();
        let some = prop::collection::vec(prop::sample::select(lines), 0..40);
        some.prop_map(|lines| format!("{HEADER}\n{}", lines.join("\n")))
    }

    proptest! {
        #[test]
        fn every_site_is_read_back(
            documented: bool,
            names in "[a-z0-9]{1,9}(\\.[a-z]{1,5})( \\*\\.[a-z]{1,9}\\.[a-z]{2})?",
            host in "([a-z_]{1,9}|10\\.0\\.0\\.[1-9]|\\[::[1-9]\\])",
            path in "(/k[a-z0-9._~-]{0,9}){0,3}",
            ports in (1_u16.., 1_u16..),
        ) {
            let template = if documented { Template::Documented } else { Template::Recommended };
            let site = site(template, &names, &host, &path, ports);
            let written = Written { site: site.clone(), edited: false };
            prop_assert_eq!(read(&render(&site, &Machine::default())), Some(written));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            prop_assert_eq!(read(&text), None);
            prop_assert_eq!(read(&format!("{HEADER}\n{FINGERPRINT}{text}")), None);
        }

        #[test]
        fn what_is_read_from_any_text_can_be_written_and_read_again(text in shuffled()) {
            if let Some(Written { site, .. }) = read(&text) {
                let again = read(&render(&site, &Machine::default()));
                prop_assert_eq!(again, Some(Written { site, edited: false }));
            }
        }
    }
}
