//! The text for nginx, byte for byte, as `tests/config/golden/nginx/*.conf` shows it, and the way back.
//!
//! `UPDATE_GOLDEN=1 cargo test --test config golden` writes the files anew; read the diff as code.

use super::nginx_variants::variants;
use kestra_setup::nginx_site::{Target, Version, Written, read, render};
use kestra_setup::settings::{Port, Site, SiteForm, Template, Tls};
use std::path::{Path, PathBuf};

/// The page of Kestra's documentation; its indentation was lost when it was copied.
const DOCUMENTATION: &str = include_str!("golden/documentation.txt");

const OLD: Target = Target { version: Some(Version(1, 22, 1)), ipv6: true };
const NEW: Target = Target { version: Some(Version(1, 28, 0)), ipv6: true };
const IPV6: Target = Target { version: None, ipv6: true };
const UNKNOWN: Target = Target { version: None, ipv6: false };

fn sites() -> Vec<(String, Site)> {
    let tls = Tls {
        certificate: "/etc/ssl/certs/kestra.pem".parse().unwrap(),
        key: "/etc/ssl/private/kestra.key".parse().unwrap(),
        port: Port::HTTPS,
    };
    variants(Port::HTTP, &tls)
}

fn site(name: &str) -> Site {
    sites().into_iter().find(|(other, _)| other == name).unwrap().1
}

/// Every site on every machine; only one file where the machine does not show.
fn texts() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/golden/nginx");
    let mut texts: Vec<(PathBuf, String)> = Vec::new();
    for (name, site) in sites() {
        let plain = render(&site, &UNKNOWN);
        for (machine, suffix) in [(IPV6, "-ipv6"), (OLD, "-nginx-1.22"), (NEW, "-nginx-1.28")] {
            let text = render(&site, &machine);
            if text != plain && texts.iter().all(|(_, other)| *other != text) {
                texts.push((folder.join(format!("{name}{suffix}.conf")), text));
            }
        }
        texts.push((folder.join(format!("{name}.conf")), plain));
    }
    texts
}

fn trimmed(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim(), "\n"]).collect()
}

#[test]
fn every_variant_is_its_golden_file() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for (path, text) in texts() {
        if update {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(golden, text, "{}", path.display());
    }
}

#[test]
fn every_golden_file_has_its_variant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/golden/nginx");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), texts().len());
}

#[test]
fn documented_at_the_root_is_the_first_block_of_the_documentation() {
    let text = trimmed(&render(&site("documented-root-location"), &NEW));
    let documentation = DOCUMENTATION.replace("<kestra_port>", "8080");
    assert!(text.starts_with("location / {\n"));
    assert!(documentation.contains(&format!("\n{text}\n")), "{text}");
}

#[test]
fn documented_under_a_path_is_the_second_block_of_the_documentation() {
    let text = trimmed(&render(&site("documented-path-server"), &NEW));
    let documentation = DOCUMENTATION.replace("<kestra-hostname>:<kestra-port>", "localhost:8080");
    assert!(text.starts_with("server {\n"));
    assert!(documentation.contains(&format!("\n{text}\n")), "{text}");
}

#[test]
fn recommended_holds_every_line_of_the_documentation_in_its_order() {
    let recommended = render(&site("recommended-root-location"), &NEW);
    let mut lines = recommended.lines().map(str::trim);
    for line in render(&site("documented-root-location"), &NEW).lines().map(str::trim) {
        let wanted = line.replace("600s", "3700s");
        assert!(lines.any(|line| line == wanted), "{wanted}");
    }
}

#[test]
fn what_was_written_is_read_back_unedited() {
    for (name, site) in sites() {
        for machine in [OLD, NEW, IPV6, UNKNOWN] {
            let written = Written { site: site.clone(), edited: false, outdated: false };
            assert_eq!(read(&render(&site, &machine)), Some(written), "{name}");
        }
    }
}

#[test]
fn any_edit_is_noticed_and_the_answers_still_come_back() {
    let ours = sites().into_iter().filter(|(_, site)| site.template == Template::Recommended);
    for (name, site) in ours {
        let text = render(&site, &NEW);
        let edits = [
            text.replace("00s;", "10s;"),
            text.replace('\n', "\r\n"),
            format!("{text}# managed by Certbot\n"),
        ];
        for edited in edits {
            let written = Written { site: site.clone(), edited: true, outdated: false };
            assert_eq!(read(&edited), Some(written), "{name}:\n{edited}");
        }
    }
}

#[test]
fn the_block_that_was_copied_from_the_documentation_is_read() {
    let (_, block) = DOCUMENTATION.split_once("to the following\n\n").unwrap();
    let block = block.replace("<kestra-hostname>:<kestra-port>", "kestra:8080");
    let written = read(&block).unwrap();
    assert_eq!(written.site.template, Template::Documented);
    assert_eq!(written.site.context_path.as_str(), "/kestra");
    assert_eq!(written.site.upstream.to_string(), "kestra:8080");
    assert!(matches!(written.site.form, SiteForm::Server { tls: None, .. }));
}

#[test]
fn a_file_of_others_is_not_ours() {
    let other = "server {\n    listen 80;\n    location / {\n        proxy_pass http://localhost:8080;\n    }\n}\n";
    let two = format!("{other}{}", render(&site("documented-root-server"), &NEW));
    for text in ["", "server {}", other, two.as_str(), "location / { return 404; }"] {
        assert_eq!(read(text), None, "{text}");
    }
}
