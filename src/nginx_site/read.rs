//! Back from a file that the wizard wrote to the answers it was written from.
//!
//! A `recommended` file has a header line and a fingerprint of its text. A `documented` file
//! is nothing but Kestra's documentation, so it is known by its directives.

use super::conf::{Directive, flat, parse};
use super::render::{DOCUMENTED, FINGERPRINT, fingerprint};
use super::server::Listen;
use super::{Target, Version, render};
use crate::settings::{ContextPath, Port, Site, SiteForm, Template, Tls, Upstream};

/// How the first line of a `recommended` file begins, in every version.
const OURS: &str = "# Written by kestra-setup.";

/// A file that the wizard wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What it asks nginx to do.
    pub site: Site,
    /// Whether somebody changed it since, be it a person or certbot.
    pub edited: bool,
    /// Whether nobody changed it and it is written from another template than today's.
    pub outdated: bool,
}

/// The site in a file that the wizard wrote, or that was copied from Kestra's documentation;
/// `None` for any other file. Never fails, whatever the text is.
pub fn read(text: &str) -> Option<Written> {
    let directives = parse(text);
    let template = if text.starts_with(OURS) {
        Template::Recommended
    } else if is_from_the_documentation(&directives) {
        Template::Documented
    } else {
        return None;
    };
    let site = site(&directives, template)?;
    let is_todays = render(&site, &target(text)) == text;
    let is_untouched = template == Template::Recommended && has_own_fingerprint(text);
    Some(Written {
        site,
        edited: !is_todays && !is_untouched,
        outdated: !is_todays && is_untouched,
    })
}

/// Whether the wizard may replace this text after showing the difference alone. What somebody else
/// wrote, or certbot manages by now, is not replaced without a question.
pub fn is_ours(text: &str) -> bool {
    let says_so = text.starts_with(OURS) && !text.contains("# managed by Certbot");
    read(text).is_some_and(|written| says_so || !written.edited)
}

/// Whether the fingerprint in the second line is that of the lines after it.
fn has_own_fingerprint(text: &str) -> bool {
    let rest = || text.split_once('\n')?.1.strip_prefix(FINGERPRINT)?.split_once('\n');
    rest().is_some_and(|(own, text)| own == fingerprint(text))
}

/// Whether a location has every header and every other directive of Kestra's documentation, whatever
/// the value of the latter: time-outs are edited. A file with several upstreams is about more than
/// Kestra.
fn is_from_the_documentation(directives: &[Directive]) -> bool {
    if flat(directives).filter(|it| it.name == "proxy_pass").count() != 1 {
        return false;
    }
    let documented = parse(DOCUMENTED);
    let wanted = || flat(&documented).filter(|it| !matches!(&*it.name, "location" | "proxy_pass"));
    let has = |block: &[Directive], wanted: &Directive| {
        let is_header = wanted.name == "proxy_set_header";
        block
            .iter()
            .any(|it| it.name == wanted.name && (!is_header || it.value() == wanted.value()))
    };
    let mut locations = flat(directives).filter(|it| it.name == "location");
    locations.any(|location| wanted().all(|wanted| has(&location.block, wanted)))
}

/// The nginx that the text was made for, as far as the text shows it.
fn target(text: &str) -> Target {
    let has = |wanted: &str| text.contains(wanted);
    let version = match (has("http2 on;"), has(" ssl http2;")) {
        (true, _) => Some(Version::WITH_HTTP2_DIRECTIVE),
        (_, true) => Some(Version(1, 22, 1)),
        _ => None,
    };
    Target { version, ipv6: has("listen [::]:") }
}

fn site(directives: &[Directive], template: Template) -> Option<Site> {
    let mut locations = flat(directives).filter(|it| it.name == "location");
    let (context_path, upstream) = locations.find_map(|location| {
        let target = location.block.iter().find(|it| it.name == "proxy_pass")?;
        Some((location.value().parse::<ContextPath>().ok()?, upstream(target.first()?)?))
    })?;
    let has_tls_in_front = flat(directives)
        .any(|it| it.name == "proxy_set_header" && it.value() == "X-Forwarded-Proto https");
    Some(Site { context_path, upstream, template, form: form(directives)?, has_tls_in_front })
}

fn upstream(target: &str) -> Option<Upstream> {
    target.strip_prefix("http://")?.split('/').next()?.parse().ok()
}

fn form(directives: &[Directive]) -> Option<SiteForm> {
    let first = |wanted: &str| flat(directives).find(|it| it.name == wanted).map(Directive::value);
    let Some(names) = first("server_name") else {
        return first("listen").is_none().then_some(SiteForm::Location);
    };
    let tls = match (first("ssl_certificate"), first("ssl_certificate_key")) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate: certificate.parse().ok()?,
            key: key.parse().ok()?,
            port: port(directives, true).unwrap_or(Port::HTTPS),
        }),
        _ => None,
    };
    let listen = port(directives, false).unwrap_or(Port::HTTP);
    Some(SiteForm::Server { names: names.parse().ok()?, listen, tls })
}

/// The first port that is listened on with or without TLS, on every address.
fn port(directives: &[Directive], tls: bool) -> Option<Port> {
    let listens = flat(directives).filter(|it| it.name == "listen").filter_map(Listen::of);
    listens
        .filter(|it| it.address.is_empty() && it.tls == tls)
        .find_map(|it| it.port.to_string().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::render::HEADER;
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
            has_tls_in_front: template == Template::Recommended && ports.0.is_multiple_of(2),
        }
    }

    /// Lines of our own files in any order, with hostile ones between them.
    fn shuffled() -> impl Strategy<Value = String> {
        let site = site(Template::Recommended, "a.example", "kestra", "/kestra", (80, 8080));
        let text = render(&site, &Target::default());
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

    #[test]
    fn a_port_of_quic_is_not_the_port_of_http() {
        let site = site(Template::Recommended, "a.example", "kestra", "", (8000, 8080));
        let text = render(&site, &Target::default());
        let (before, after) = text.split_once("    listen").unwrap();
        let edited = format!("{before}    listen 443 quic;\n    listen{after}");
        assert_eq!(read(&edited), Some(Written { site, edited: true, outdated: false }));
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
            let written = Written { site: site.clone(), edited: false, outdated: false };
            prop_assert_eq!(read(&render(&site, &Target::default())), Some(written));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            prop_assert_eq!(read(&text), None);
            prop_assert_eq!(read(&format!("{HEADER}\n{FINGERPRINT}{text}")), None);
        }

        #[test]
        fn what_is_read_from_any_text_can_be_written_and_read_again(text in shuffled()) {
            if let Some(Written { site, .. }) = read(&text) {
                let again = read(&render(&site, &Target::default()));
                prop_assert_eq!(again, Some(Written { site, edited: false, outdated: false }));
            }
        }
    }
}
