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
use rustix::process::geteuid;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Where a text is included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludedIn {
    /// Inside `http {}`: server blocks.
    Http,
    /// Inside `server {}`: locations.
    Server,
}

/// The pair that replaces a certificate which this user cannot read. It is public, and worth
/// nothing anywhere else.
const CERTIFICATE: &str = include_str!("../../../assets/nginx/throwaway.crt");
const KEY: &str = include_str!("../../../assets/nginx/throwaway.key");

/// Tests a text with `nginx -t` on a private copy. Touches nothing live, as any user. Skipped,
/// with the reason, where there is no nginx or it cannot be run.
///
/// The evidence names everything that was replaced in the copy.
pub fn test_privately(nginx: &Nginx, text: &str, level: IncludedIn, deadline: Deadline) -> Finding {
    let Some(binary) = &nginx.binary else {
        return skipped("There is no nginx on this machine to test the file with.", String::new());
    };
    let copy = TestCopy::of(text);
    match run_on(nginx, binary, &copy.text, level, deadline) {
        Ok(ran) => judge(&ran, &copy.stubs),
        Err(error) => skipped("nginx could not be run.", error.to_string()),
    }
}

fn run_on(
    nginx: &Nginx,
    binary: &Path,
    text: &str,
    level: IncludedIn,
    deadline: Deadline,
) -> io::Result<Ran> {
    let dir = tempfile::tempdir()?;
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text);
    fs::create_dir(dir.path().join("logs"))?;
    write("snippet.conf", text)?;
    write("throwaway.crt", CERTIFICATE)?;
    write("throwaway.key", KEY)?;
    write("nginx.conf", &wrapper(level))?;
    // Every path in the wrapper is relative, so that no folder name has to be quoted.
    let mut command = Command::new(binary);
    command.current_dir(&dir).arg("-t").args(["-c", "nginx.conf", "-p", "."]);
    // Older ones complain that they cannot open their log, and go on.
    if nginx.version >= Some(Version(1, 19, 5)) {
        command.args(["-e", "logs/error.log"]);
    }
    run(&mut command, deadline)
}

/// Without `user`, root's nginx gives its temporary folders away to a user that a container may
/// not have; anyone else's warns about the line.
fn wrapper(level: IncludedIn) -> String {
    let user = if geteuid().is_root() { "user root;\n" } else { "" };
    let include = match level {
        IncludedIn::Http => "include snippet.conf;",
        IncludedIn::Server => {
            "server { listen unix:private.sock; server_name _; include snippet.conf; }"
        }
    };
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};\n"));
    let temp = temp.concat();
    format!(
        "{user}pid nginx.pid;\nerror_log logs/error.log;\nevents {{ }}\nhttp {{\naccess_log off;\n{temp}{include}\n}}\n"
    )
}

fn judge(ran: &Ran, stubs: &[Stub]) -> Finding {
    let output = ran
        .output
        .replace("in ./snippet.conf:", "in line ")
        .replace("in snippet.conf:", "in line ");
    let Some(mut failure) = explain::failure(ran.ok, &output) else { return accepted(stubs) };
    if failure.evidence.contains("nginx.conf:") {
        return skipped("nginx cannot run a private test here.", failure.evidence);
    }
    failure.evidence = list(&failure.evidence, stubs);
    failure
}

/// nginx accepts the text; what it would not have accepted unchanged makes it a note.
fn accepted(stubs: &[Stub]) -> Finding {
    let evidence = list("nginx -t on a private copy: the test is successful", stubs);
    let ok = Finding::new("nginx-test", Outcome::Ok, "nginx accepts this file.").seen(evidence);
    let Some((what, remedy)) = stubs.iter().find_map(Stub::problem) else { return ok };
    Finding { outcome: Outcome::Note, summary: what, remedy, ..ok }
}

fn list(line: &str, stubs: &[Stub]) -> String {
    let stubs = stubs.iter().map(|stub| format!("; {stub}"));
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

/// The copy of a text that any user can test, and what was replaced in it.
#[derive(Debug)]
struct TestCopy {
    text: String,
    stubs: Vec<Stub>,
}

/// One thing that was replaced in the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stub {
    /// A port below 1024, which only root may bind.
    Port(u16),
    /// A certificate or a key that is not there.
    Missing(String),
    /// A certificate or a key that this user may not read; nginx reads it as root.
    Unreadable(String),
    /// A host that does not resolve on this machine.
    Unresolved(String),
}

impl fmt::Display for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(f, "tested with port {} for {port}", port + MOVED_BY),
            Self::Missing(path) => {
                write!(f, "tested with a throw-away pair for {path}, which is not there")
            }
            Self::Unreadable(path) => {
                write!(f, "tested with a throw-away pair for {path}, which only root may read")
            }
            Self::Unresolved(host) => {
                write!(f, "tested with 127.0.0.1 for {host}, which does not resolve")
            }
        }
    }
}

impl Stub {
    /// What stops nginx when it meets the text itself, and what to do.
    fn problem(&self) -> Option<(String, String)> {
        match self {
            Self::Port(_) | Self::Unreadable(_) => None,
            Self::Missing(path) => Some((
                format!("nginx accepts this file, but would not start: {path} is not there."),
                "Put the certificate and its key there before nginx is reloaded.".into(),
            )),
            Self::Unresolved(host) => Some((
                format!(
                    "nginx accepts this file, but would not start: \"{host}\" does not resolve on this machine."
                ),
                "Correct the address of Kestra, or give the name an entry in DNS or /etc/hosts."
                    .into(),
            )),
        }
    }
}

impl TestCopy {
    fn of(text: &str) -> Self {
        let parsed = parse(text);
        let all: Vec<_> = flat(&parsed).collect();
        let mut splices = Vec::new();
        let mut stubs = Vec::new();
        for (stub, splice) in ports(&all).chain(certificates(&all)).chain(upstreams(&all)) {
            stubs.extend(stub.filter(|stub| !stubs.contains(stub)));
            splices.push(splice);
        }
        Self { text: spliced(text, splices), stubs }
    }
}

type Replacement = (Range<usize>, String);

/// The last splice first, so that the places of the others remain right.
fn spliced(text: &str, mut splices: Vec<Replacement>) -> String {
    splices.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    for (span, with) in splices {
        text.replace_range(span, &with);
    }
    text
}

fn firsts<'a>(all: &[&'a Directive], name: &'static str) -> impl Iterator<Item = &'a Word> {
    all.iter().filter(move |directive| directive.name == name).filter_map(|it| it.args.first())
}

fn ports(all: &[&Directive]) -> impl Iterator<Item = (Option<Stub>, Replacement)> {
    firsts(all, "listen").filter_map(|listen| {
        let (address, port) = address_and_port(&listen.text)?;
        let port = Some(port).filter(|port| *port < 1024)?;
        let colon = if address.is_empty() { "" } else { ":" };
        let moved = format!("{address}{colon}{}", port + MOVED_BY);
        Some((Some(Stub::Port(port)), (listen.span.clone(), moved)))
    })
}

/// All of them or none: half a pair would not match.
fn certificates(all: &[&Directive]) -> impl Iterator<Item = (Option<Stub>, Replacement)> {
    const PAIR: [(&str, &str); 2] =
        [("ssl_certificate", "throwaway.crt"), ("ssl_certificate_key", "throwaway.key")];
    let each = move || {
        PAIR.into_iter().flat_map(|(name, with)| firsts(all, name).map(move |path| (path, with)))
    };
    let needed = each().any(|(path, _)| unreadable(&path.text).is_some());
    each()
        .filter(move |_| needed)
        .map(|(path, with)| (unreadable(&path.text), (path.span.clone(), with.to_owned())))
}

fn unreadable(path: &str) -> Option<Stub> {
    match File::open(path).err()?.kind() {
        io::ErrorKind::PermissionDenied => Some(Stub::Unreadable(path.to_owned())),
        _ => Some(Stub::Missing(path.to_owned())),
    }
}

fn upstreams(all: &[&Directive]) -> impl Iterator<Item = (Option<Stub>, Replacement)> {
    firsts(all, "proxy_pass").filter_map(|url| {
        let (scheme, rest) = url.text.split_once("://")?;
        let host = rest.split([':', '/']).next()?;
        if needs_no_resolver(host) || resolves(host) {
            return None;
        }
        let stubbed = format!("{scheme}://127.0.0.1{}", &rest[host.len()..]);
        Some((Some(Stub::Unresolved(host.to_owned())), (url.span.clone(), stubbed)))
    })
}

/// An address, the beginning of an IPv6 address, or a variable.
fn needs_no_resolver(host: &str) -> bool {
    host.is_empty() || host.contains(['[', '$']) || host.parse::<IpAddr>().is_ok()
}

fn resolves(host: &str) -> bool {
    let (sender, answer) = mpsc::channel();
    let host = host.to_owned();
    thread::spawn(move || sender.send((host, 0).to_socket_addrs().is_ok()));
    answer.recv_timeout(RESOLVING).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privileged_ports_are_moved_and_reported() {
        let copy = TestCopy::of(
            "listen 80; listen [::]:443 ssl; listen 8080; listen 127.0.0.1:80; listen 127.0.0.1; listen [::]; listen unix:/s;",
        );
        assert_eq!(
            copy.text,
            "listen 20080; listen [::]:20443 ssl; listen 8080; listen 127.0.0.1:20080; listen 127.0.0.1:20080; listen [::]:20080; listen unix:/s;"
        );
        assert_eq!(copy.stubs, [Stub::Port(80), Stub::Port(443)]);
    }

    #[test]
    fn half_a_pair_is_replaced_as_a_whole() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let copy =
            TestCopy::of(&format!("ssl_certificate {here}; ssl_certificate_key /no/such.key;"));
        assert_eq!(copy.text, "ssl_certificate throwaway.crt; ssl_certificate_key throwaway.key;");
        assert_eq!(copy.stubs, [Stub::Missing("/no/such.key".into())]);
    }

    #[test]
    fn a_name_that_does_not_resolve_is_replaced() {
        let copy = TestCopy::of("x { proxy_pass http://kestra.invalid:8080/kestra; }");
        assert_eq!(copy.text, "x { proxy_pass http://127.0.0.1:8080/kestra; }");
        assert_eq!(copy.stubs, [Stub::Unresolved("kestra.invalid".into())]);
    }

    #[test]
    fn addresses_and_localhost_stay() {
        for url in
            ["http://localhost:8080", "http://10.0.0.1:1/x", "http://[::1]:8080", "http://$host"]
        {
            let text = format!("proxy_pass {url};");
            assert_eq!(TestCopy::of(&text).text, text);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        let text = "# listen 80;\nserver_name a; return 308 https://a$request_uri;";
        let copy = TestCopy::of(text);
        assert_eq!((copy.text.as_str(), copy.stubs), (text, vec![]));
    }
}
