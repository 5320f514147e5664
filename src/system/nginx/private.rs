//! Tests a text with nginx before it is installed.
//!
//! A copy of the text is tested in a private folder, as any user. Ports below 1024, files that this
//! user cannot read and names that do not resolve would stop the test for reasons that are not the
//! text's, so the copy has others instead, and every one of them is reported. What the live
//! configuration adds, such as the same server name in another file, is not seen here.

use super::explain;
use super::run::{Deadline, Ran, run};
use crate::checks::{Finding, Outcome};
use crate::machine::Nginx;
use crate::nginx_site::conf::{Directive, Word, flat, parse};
use crate::nginx_site::{Version, address_and_port};
use crate::system::resolve;
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The pair that replaces a certificate which this user cannot read. It is public, and worth
/// nothing anywhere else.
const CERTIFICATE: &str = include_str!("../../../assets/nginx/throwaway.crt");
const KEY: &str = include_str!("../../../assets/nginx/throwaway.key");

/// Tests a text with `nginx -t` on a private copy: one of locations inside a server block, any
/// other at the level of `http`. Touches nothing live, as any user. Skipped, with the reason, where
/// there is no nginx or it cannot be run.
///
/// The evidence names everything that was replaced in the copy.
pub fn test_privately(nginx: &Nginx, text: &str, is_location: bool, deadline: Deadline) -> Finding {
    let Some(binary) = &nginx.binary else {
        return skipped("There is no nginx on this machine to test the file with.", String::new());
    };
    let (copy, stubs) = testable(text);
    match run_on(nginx, binary, &copy, is_location, deadline) {
        Ok(ran) => judge(&ran, &stubs),
        Err(error) => skipped("nginx could not be run.", error.to_string()),
    }
}

fn run_on(
    nginx: &Nginx,
    binary: &Path,
    text: &str,
    is_location: bool,
    deadline: Deadline,
) -> io::Result<Ran> {
    // Without `user`, root's nginx gives its temporary folders away to a user that a container may
    // not have; anyone else's warns about the line.
    let user = if geteuid().is_root() { "user root;\n" } else { "" };
    let include = if is_location {
        "server { listen unix:private.sock; server_name _; include snippet.conf; }"
    } else {
        "include snippet.conf;"
    };
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};\n"))
        .concat();
    // Every path is relative, so that no folder name has to be quoted.
    let conf = format!(
        "{user}pid nginx.pid;\nerror_log logs/error.log;\nevents {{ }}\nhttp {{\naccess_log off;\n{temp}{include}\n}}\n"
    );
    let dir = tempfile::tempdir()?;
    fs::create_dir(dir.path().join("logs"))?;
    for (name, text) in [
        ("snippet.conf", text),
        ("throwaway.crt", CERTIFICATE),
        ("throwaway.key", KEY),
        ("nginx.conf", &conf),
    ] {
        fs::write(dir.path().join(name), text)?;
    }
    let mut command = Command::new(binary);
    command.current_dir(&dir).arg("-t").args(["-c", "nginx.conf", "-p", "."]);
    // Older ones complain that they cannot open their log, and go on.
    if nginx.version >= Some(Version(1, 19, 5)) {
        command.args(["-e", "logs/error.log"]);
    }
    run(&mut command, deadline)
}

fn judge(ran: &Ran, stubs: &[Stub]) -> Finding {
    let output = ran
        .output
        .replace("in ./snippet.conf:", "in line ")
        .replace("in snippet.conf:", "in line ");
    let Some(mut failure) = explain::failure(ran.ok, &output) else { return accepted(stubs) };
    if failure.evidence.contains("nginx.conf:") || explain::is_denied(&failure) {
        return skipped("nginx cannot run a private test here.", failure.evidence);
    }
    failure.evidence = list(&failure.evidence, stubs);
    failure
}

/// nginx accepts the text; what it would not have accepted unchanged makes it a note.
fn accepted(stubs: &[Stub]) -> Finding {
    let evidence = list("nginx -t on a private copy: the test is successful", stubs);
    let ok = Finding::new("nginx-test", Outcome::Ok, "nginx accepts this file.").seen(evidence);
    let Some((problem, remedy)) = stubs.iter().find_map(|stub| stub.problem.as_ref()) else {
        return ok;
    };
    let summary = format!("nginx accepts this file, but would not start: {problem}.");
    Finding { outcome: Outcome::Note, summary, ..ok }.try_this(*remedy)
}

fn list(line: &str, stubs: &[Stub]) -> String {
    let stubs = stubs.iter().map(|stub| format!("; {}", stub.tested));
    std::iter::once(line.to_owned()).chain(stubs).collect()
}

fn skipped(what: &str, evidence: String) -> Finding {
    let remedy = if evidence.is_empty() { "" } else { "Run nginx -t after the file is installed." };
    Finding::skipped("nginx-test", what).seen(evidence).try_this(remedy)
}

/// nginx would wait for a resolver much longer than an operator does.
const RESOLVING: Duration = Duration::from_secs(3);

/// How far privileged ports are moved: 443 becomes 20443, which nobody is known to use.
const MOVED_BY: u16 = 20_000;

/// One thing that was replaced in the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stub {
    /// With what it was tested instead.
    tested: String,
    /// What stops nginx when it meets the text itself, and what to do.
    problem: Option<(String, &'static str)>,
}

type Replacement = (Range<usize>, String);

/// The copy of a text that any user can test, and what was replaced in it.
fn testable(text: &str) -> (String, Vec<Stub>) {
    let parsed = parse(text);
    let all: Vec<_> = flat(&parsed).collect();
    let (mut stubs, mut replacements) = (Vec::new(), Vec::new());
    for (stub, replacement) in ports(&all).chain(certificates(&all)).chain(upstreams(&all)) {
        stubs.extend(stub.filter(|stub| !stubs.contains(stub)));
        replacements.push(replacement);
    }
    // The last one first, so that the places of the others remain right.
    replacements.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut copy = text.to_owned();
    for (span, with) in replacements {
        copy.replace_range(span, &with);
    }
    (copy, stubs)
}

fn firsts<'a>(all: &[&'a Directive], name: &'static str) -> impl Iterator<Item = &'a Word> {
    all.iter().filter(move |directive| directive.name == name).filter_map(|it| it.args.first())
}

fn ports(all: &[&Directive]) -> impl Iterator<Item = (Option<Stub>, Replacement)> {
    firsts(all, "listen").filter_map(|listen| {
        let (address, port) = address_and_port(&listen.text)?;
        let port = Some(port).filter(|port| *port < 1024)?;
        let colon = if address.is_empty() { "" } else { ":" };
        let moved = port + MOVED_BY;
        let stub = Stub { tested: format!("tested with port {moved} for {port}"), problem: None };
        Some((Some(stub), (listen.span.clone(), format!("{address}{colon}{moved}"))))
    })
}

/// All of them or none: half a pair would not match.
fn certificates(all: &[&Directive]) -> Vec<(Option<Stub>, Replacement)> {
    const PAIR: [(&str, &str); 2] =
        [("ssl_certificate", "throwaway.crt"), ("ssl_certificate_key", "throwaway.key")];
    let mut replaced = Vec::new();
    for (name, with) in PAIR {
        for path in firsts(all, name) {
            replaced.push((unreadable(&path.text), (path.span.clone(), with.to_owned())));
        }
    }
    if replaced.iter().any(|(stub, _)| stub.is_some()) { replaced } else { Vec::new() }
}

fn unreadable(path: &str) -> Option<Stub> {
    let tested = |why| format!("tested with a throw-away pair for {path}, which {why}");
    // Opening a FIFO would wait for who writes it.
    Some(match accessat(CWD, path, Access::READ_OK, AtFlags::EACCESS).err()? {
        // nginx reads it as root.
        Errno::ACCESS => Stub { tested: tested("only root may read"), problem: None },
        _ => Stub {
            tested: tested("is not there"),
            problem: Some((
                format!("{path} is not there"),
                "Put the certificate and its key there before nginx is reloaded.",
            )),
        },
    })
}

fn upstreams(all: &[&Directive]) -> impl Iterator<Item = (Option<Stub>, Replacement)> {
    let is_block = |host: &str| firsts(all, "upstream").any(|name| name.text == host);
    firsts(all, "proxy_pass").filter_map(move |url| {
        let (scheme, rest) = url.text.split_once("://")?;
        let host = rest.split([':', '/']).next()?;
        // A socket, an address, the beginning of an IPv6 address, a variable, or a block of this file.
        let needs_no_resolver = host.is_empty()
            || host == "unix"
            || host.contains(['[', '$'])
            || host.parse::<IpAddr>().is_ok()
            || is_block(host);
        if needs_no_resolver || resolve(host, 0, RESOLVING).is_ok() {
            return None;
        }
        let stub = Stub {
            tested: format!("tested with 127.0.0.1 for {host}, which does not resolve"),
            problem: Some((
                format!("\"{host}\" does not resolve on this machine"),
                "Correct the address of Kestra, or give the name an entry in DNS or /etc/hosts.",
            )),
        };
        let stubbed = format!("{scheme}://127.0.0.1{}", &rest[host.len()..]);
        Some((Some(stub), (url.span.clone(), stubbed)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileged_ports_are_moved_and_reported() {
        let (copy, stubs) = testable(
            "listen 80; listen [::]:443 ssl; listen 8080; listen 127.0.0.1:80; listen 127.0.0.1; listen [::]; listen unix:/s;",
        );
        assert_eq!(
            copy,
            "listen 20080; listen [::]:20443 ssl; listen 8080; listen 127.0.0.1:20080; listen 127.0.0.1:20080; listen [::]:20080; listen unix:/s;"
        );
        let ports = [(20080, 80), (20443, 443)];
        assert_eq!(
            stubs,
            ports.map(|(moved, port)| Stub {
                tested: format!("tested with port {moved} for {port}"),
                problem: None
            })
        );
    }

    #[test]
    fn half_a_pair_is_replaced_as_a_whole() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let (copy, stubs) =
            testable(&format!("ssl_certificate {here}; ssl_certificate_key /no/such.key;"));
        assert_eq!(copy, "ssl_certificate throwaway.crt; ssl_certificate_key throwaway.key;");
        let tested = "tested with a throw-away pair for /no/such.key, which is not there";
        assert_eq!(stubs.iter().map(|it| it.tested.as_str()).collect::<Vec<_>>(), [tested]);
    }

    #[test]
    fn a_name_that_does_not_resolve_is_replaced() {
        let (copy, stubs) = testable("x { proxy_pass http://kestra.invalid:8080/kestra; }");
        assert_eq!(copy, "x { proxy_pass http://127.0.0.1:8080/kestra; }");
        let tested = "tested with 127.0.0.1 for kestra.invalid, which does not resolve";
        assert_eq!(stubs.iter().map(|it| it.tested.as_str()).collect::<Vec<_>>(), [tested]);
    }

    #[test]
    fn addresses_and_localhost_stay() {
        for url in [
            "http://localhost:8080",
            "http://10.0.0.1:1/x",
            "http://[::1]:8080",
            "http://$host",
            "http://unix:/run/kestra.sock",
            "http://kestra.invalid/kestra",
        ] {
            let text = format!("upstream kestra.invalid {{ server 10.0.0.1; }} proxy_pass {url};");
            assert_eq!(testable(&text), (text, vec![]));
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        let text = "# listen 80;\nserver_name a; return 308 https://a$request_uri;";
        assert_eq!(testable(text), (text.to_owned(), vec![]));
    }

    #[test]
    fn where_nginx_cannot_test_nothing_is_said_about_the_text() {
        let text = "listen 8080;";
        let on = |binary: Option<&str>| {
            let found = Nginx { binary: binary.map(Into::into), ..Nginx::default() };
            test_privately(&found, text, true, Deadline::usual())
        };
        let none = "There is no nginx on this machine to test the file with.";
        assert_eq!(on(None), skipped(none, String::new()));
        let error = "No such file or directory (os error 2)".to_owned();
        assert_eq!(on(Some("/no/such/nginx")), skipped("nginx could not be run.", error));
        let line = "nginx: [emerg] getpwnam(\"root\") failed in ./nginx.conf:1";
        let own = judge(&Ran { ok: false, output: line.to_owned() }, &[]);
        let here = "nginx cannot run a private test here.";
        assert_eq!(own, skipped(here, "./nginx.conf:1".to_owned()));
        let line = "nginx: [emerg] open() \"/var/log/a\" failed (13: Permission denied)";
        let denied = judge(&Ran { ok: false, output: line.to_owned() }, &[]);
        if geteuid().is_root() {
            assert_eq!(denied.code, "nginx-permission");
        } else {
            assert_eq!(denied, skipped(here, String::new()));
        }
    }
}
