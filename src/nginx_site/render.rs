//! The text of a site. Its lines are in `assets/nginx`, where nginx people can read them; the
//! branches are here.

use super::{Target, Version};
use crate::settings::{Port, ServerNames, Site, SiteForm, Template, Tls};
use sha2::{Digest, Sha256};

const SLASH: &str = include_str!("../../assets/nginx/slash.conf");
const RECOMMENDED: &str = include_str!("../../assets/nginx/recommended.conf");
pub(super) const DOCUMENTED: &str = include_str!("../../assets/nginx/documented.conf");
const SERVER: &str = include_str!("../../assets/nginx/server.conf");
const TLS: &str = include_str!("../../assets/nginx/tls.conf");

/// The first line of a `recommended` file.
pub(super) const HEADER: &str = "# Written by kestra-setup. Edit freely; kestra-setup shows a diff before it changes this file.";
/// What precedes the [`fingerprint`] in the second line.
pub(super) const FINGERPRINT: &str = "# kestra-setup sha256 ";

/// The whole nginx file. The same site for the same nginx is always the same text.
///
/// `documented` is Kestra's documentation and nothing else. It shows no server block with a
/// certificate; there, and only there, the target shows in it too.
pub fn render(site: &Site, target: &Target) -> String {
    let locations = locations(site);
    let text = match &site.form {
        SiteForm::Location => locations,
        SiteForm::Server { names, listen, tls: Some(tls) } => {
            tls_servers(names, *listen, tls, target, &locations)
        }
        SiteForm::Server { names, listen, tls: None } => {
            let ipv6 = target.ipv6 && site.template == Template::Recommended;
            let (names, listen) = (names.to_string(), self::listen(*listen, ipv6, ""));
            fill(SERVER, &[("listen", &listen), ("names", &names), ("locations", &locations)])
        }
    };
    match site.template {
        Template::Recommended => format!("{HEADER}\n{FINGERPRINT}{}\n{text}", fingerprint(&text)),
        Template::Documented => text,
    }
}

/// The first 16 hex digits of the SHA-256: enough to notice an edit, short enough for a comment.
pub(super) fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text);
    let first = digest.iter().take(8).fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    format!("{first:016x}")
}

fn locations(site: &Site) -> String {
    let path = site.context_path.as_str();
    let upstream = site.upstream.to_string();
    match site.template {
        Template::Documented => {
            let location = if site.context_path.is_root() { "/" } else { path };
            fill(DOCUMENTED, &[("location", location), ("upstream", &upstream), ("path", path)])
        }
        Template::Recommended => {
            let slash =
                if path.is_empty() { String::new() } else { fill(SLASH, &[("path", path)]) };
            let scheme = if site.has_tls_in_front { "https" } else { "$scheme" };
            let holes =
                [("slash", &*slash), ("path", path), ("upstream", &upstream), ("scheme", scheme)];
            fill(RECOMMENDED, &holes)
        }
    }
}

fn tls_servers(
    names: &ServerNames,
    port: Port,
    tls: &Tls,
    target: &Target,
    locations: &str,
) -> String {
    let (ssl, http2) = match target.version {
        Some(version) if version < Version::WITH_HTTP2_DIRECTIVE => (" ssl http2", ""),
        Some(_) => (" ssl", "http2 on;"),
        None => (" ssl", ""),
    };
    fill(
        TLS,
        &[
            ("listen", &listen(port, target.ipv6, "")),
            ("target", &redirect_target(names, tls.port)),
            ("listen_tls", &listen(tls.port, target.ipv6, ssl)),
            ("http2", http2),
            ("names", &names.to_string()),
            ("certificate", &tls.certificate.to_string()),
            ("key", &tls.key.to_string()),
            ("locations", locations),
        ],
    )
}

fn listen(port: Port, ipv6: bool, with: &str) -> String {
    let ipv4 = format!("listen {port}{with};");
    if ipv6 { format!("{ipv4}\nlisten [::]:{port}{with};") } else { ipv4 }
}

/// A literal name where there is only one: `$host` comes from the client.
fn redirect_target(names: &ServerNames, port: Port) -> String {
    let name = names.only_plain().map_or("$host".to_owned(), ToString::to_string);
    if port == Port::HTTPS { name } else { format!("{name}:{port}") }
}

/// Fills the `{{ holes }}`. A hole alone on its line takes several lines, each indented like it,
/// or none.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for line in template.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        match values.iter().find(|(name, _)| line.trim_start() == hole(name)) {
            Some((_, value)) => value.lines().for_each(|line| push_line(&mut text, indent, line)),
            None => push_line(&mut text, "", &filled(line, values)),
        }
    }
    text
}

fn filled(line: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(line.to_owned(), |line, (name, value)| line.replace(&hole(name), value))
}

fn hole(name: &str) -> String {
    format!("{{{{ {name} }}}}")
}

fn push_line(text: &mut String, indent: &str, line: &str) {
    if !line.is_empty() {
        text.push_str(indent);
        text.push_str(line);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_alone_on_its_line_takes_many_lines_or_none() {
        let template = "a {\n    {{ many }}\n    {{ none }}\n}\n";
        let text = fill(template, &[("many", "b;\n\nc;\n"), ("none", "")]);
        assert_eq!(text, "a {\n    b;\n\n    c;\n}\n");
    }

    #[test]
    fn a_hole_inside_a_line_is_replaced() {
        assert_eq!(fill("x {{ a }}{{ b }};\n", &[("a", "1"), ("b", "")]), "x 1;\n");
    }
}
