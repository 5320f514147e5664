//! Real servers, each with a private folder and a free port, stopped when they are dropped.
//!
//! One that is not installed is a failure where `CI` is set, a loud line elsewhere.

use crate::site::{free_port, identity};
use kestra_setup::answers::Answers;
use kestra_setup::form;
use kestra_setup::nginx_site::{Target, render};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::server::Identity;
use support::within;
use tempfile::TempDir;

/// Debian keeps these servers where the PATH of an ordinary user does not look.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A name of loopback that the proxies know and this machine does not.
pub(crate) const NAME: &str = "known-to-the-proxy.invalid";

/// How long a server may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Squid with Basic.
pub(crate) fn squid() -> Option<Server> {
    squid_with(&free_port().to_string(), Setup::new())
}

/// The port of a Squid that speaks only TLS, beside the usual one.
pub(crate) fn squid_behind_tls() -> Option<(Server, u16)> {
    let port = free_port();
    Some((squid_with(&port.to_string(), Setup::new())?, port))
}

fn squid_with(tls_port: &str, setup: Setup) -> Option<Server> {
    setup.credentials();
    setup.certificate(&identity("proxy.fixture"));
    setup.hosts();
    let text = include_str!("fixtures/squid.conf")
        .replace("13129", tls_port)
        .replace("18443 18444 18445 18446", "1024-65535");
    let config = setup.config(&text, "13128");
    // Squid keeps shared memory under this name; a second Squid of the same name would not start.
    let name = format!("way{}", setup.port);
    setup.start(&["squid", "-N", "-n", &name, "-f", &config])
}

/// tinyproxy with Basic; the password is `tinypass`, since its configuration takes no spaces.
pub(crate) fn tinyproxy() -> Option<Server> {
    let setup = Setup::new();
    setup.write("tinyproxy.filter", "^forbidden\\.example$\n");
    let text = include_str!("fixtures/tinyproxy.conf");
    let any_port = text.lines().filter(|line| !line.starts_with("ConnectPort"));
    let config = setup.config(&any_port.collect::<Vec<_>>().join("\n"), "18888");
    setup.start_in_namespace("hosts", "tinyproxy", &["-d", "-c", &config])
}

/// Dante for everybody.
pub(crate) fn open_dante() -> Option<Server> {
    let setup = Setup::new();
    let config = setup.config(include_str!("fixtures/danted-open.conf"), "11081");
    setup.start(&["danted", "-f", &config])
}

/// Dante with a login. It knows the accounts of the system only, so it runs in a mount namespace
/// of its own, where the system has one account more and a name server that answers nothing.
pub(crate) fn dante() -> Option<Server> {
    let setup = Setup::new();
    setup.credentials();
    setup.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
    let config = setup.config(include_str!("fixtures/danted.conf"), "11080");
    setup.start_in_namespace("passwd shadow resolv.conf hosts", "danted", &["-f", &config])
}

/// nginx as a web server.
pub(crate) fn nginx() -> Option<Server> {
    Setup::new().start_nginx(include_str!("fixtures/web.conf"))
}

/// Caddy with these lines in its site; `KESTRA` is where Kestra listens.
pub(crate) fn caddy(kestra: u16, lines: &str) -> Option<Server> {
    let setup = Setup::new();
    let config = setup.in_front(include_str!("fixtures/Caddyfile"), kestra, lines);
    setup.start(&["caddy", "run", "--adapter", "caddyfile", "--config", &config])
}

/// `HAProxy` with these lines in its frontend.
pub(crate) fn haproxy(kestra: u16, lines: &str) -> Option<Server> {
    let setup = Setup::new();
    let config = setup.in_front(include_str!("fixtures/haproxy.cfg"), kestra, lines);
    setup.start(&["haproxy", "-db", "-f", &config])
}

/// Apache with these lines in its configuration.
pub(crate) fn apache(kestra: u16, lines: &str) -> Option<Server> {
    let setup = Setup::new();
    setup.certificate(&identity("localhost"));
    let config = setup.in_front(include_str!("fixtures/apache.conf"), kestra, lines);
    setup.start(&["apache2", "-D", "FOREGROUND", "-f", &config])
}

/// nginx in front of a Kestra, without the lines that hold `left_out`.
pub(crate) fn nginx_before(
    kestra: u16,
    scheme: &str,
    left_out: &str,
    identity: &Identity,
) -> Option<Server> {
    let setup = Setup::new();
    setup.certificate(identity);
    let text = include_str!("fixtures/reverse.conf").replace("@LOCATIONS@", &locations(kestra));
    let text = if scheme == "http" { text.replace(" ssl;", ";") } else { text };
    let is_kept = |line: &&str| {
        let is_tls = line.contains("ssl_certificate");
        (left_out.is_empty() || !line.contains(left_out)) && !(is_tls && scheme == "http")
    };
    let lines = text.lines().filter(is_kept);
    setup.start_nginx(&lines.collect::<Vec<_>>().join("\n"))
}

/// What the wizard writes for a server block that is there.
fn locations(kestra: u16) -> String {
    let mut answers = Answers::default();
    for (field, text) in [
        (&form::URL, "https://localhost/kestra/"),
        (&form::REVERSE_PROXY, "nginx"),
        (&form::NGINX_FORM, "location"),
        (&form::UPSTREAM, &format!("127.0.0.1:{kestra}")),
    ] {
        answers.set(field, text);
    }
    render(&answers.settings().unwrap().nginx.unwrap().site, &Target::default())
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    child: Child,
    folder: TempDir,
}

impl Server {
    /// What it printed when it started.
    fn output(&self) -> String {
        fs::read_to_string(self.folder.path().join("output")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(group) = Pid::from_raw(self.child.id().cast_signed()) else { return };
        for signal in [Signal::TERM, Signal::KILL] {
            let _ = kill_process_group(group, signal);
            if within(PATIENCE, || self.child.try_wait().is_ok_and(|status| status.is_some())) {
                return;
            }
        }
    }
}

/// What a server needs before it starts.
struct Setup {
    folder: TempDir,
    port: u16,
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Servers that drop the rights of root still write their logs here.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        Self { folder, port: free_port() }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Writes a fixture with this folder and this port in it.
    fn config(&self, fixture: &str, port: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let text = fixture.replace("@DIR@", &folder).replace(port, &self.port.to_string());
        self.write("server.conf", &text);
        format!("{folder}/server.conf")
    }

    /// Writes a fixture of a reverse proxy.
    fn in_front(&self, fixture: &str, kestra: u16, lines: &str) -> String {
        let text = fixture.replace("@LINES@", lines);
        self.config(&text.replace("KESTRA", &format!("127.0.0.1:{kestra}")), "18080")
    }

    /// The accounts of Squid and of Dante.
    fn credentials(&self) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/net/fixtures/mkcreds.sh");
        let status = Command::new("sh").arg(script).arg(self.folder.path()).status();
        assert!(status.unwrap().success(), "mkcreds.sh needs openssl");
    }

    /// The names that the server knows.
    fn hosts(&self) {
        self.write("hosts", &format!("127.0.0.1 localhost\n127.0.0.1 {NAME}\n"));
    }

    /// The pair that a TLS port shows.
    fn certificate(&self, identity: &Identity) {
        self.write("srv.crt", &identity.certificate.pem());
        self.write("srv.key", &identity.key.serialize_pem());
    }

    fn start_nginx(self, fixture: &str) -> Option<Server> {
        let config = self.config(fixture, "18080");
        let folder = self.folder.path().display().to_string();
        self.start(&["nginx", "-e", "stderr", "-p", &folder, "-c", &config])
    }

    /// Starts a server whose `/etc` has these files of its folder.
    fn start_in_namespace(self, files: &str, program: &str, words: &[&str]) -> Option<Server> {
        const MOUNTS: &str = "cd \"$0\" && mount --make-rprivate / \
            && for file in $1; do mount --bind $file /etc/$file || exit 1; done \
            && shift && exec \"$@\"";
        if !support::is_root(program) || !support::can_unshare(&["-m"]) || !support::has(program) {
            return None;
        }
        self.hosts();
        let folder = self.folder.path().display().to_string();
        let start = ["unshare", "-m", "sh", "-c", MOUNTS, &folder, files, program];
        self.start(&[&start[..], words].concat())
    }

    fn start(self, command: &[&str]) -> Option<Server> {
        if !support::has(command[0]) {
            return None;
        }
        let log = fs::File::create(self.folder.path().join("output")).unwrap();
        let child = Command::new(command[0])
            .args(&command[1..])
            .env("PATH", PATH)
            .env("HOME", self.folder.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Server { port: self.port, child, folder: self.folder };
        let answers = || TcpStream::connect(("127.0.0.1", server.port)).is_ok();
        assert!(within(PATIENCE, answers), "{} did not start: {}", command[0], server.output());
        Some(server)
    }
}
