//! The nginx of this machine: what is known about it, and what it says about a text.
//!
//! The one thing to know: finding and [`test_privately`] touch nothing live and need no rights;
//! only [`reload`] changes anything, and it asks nginx first. nginx is never restarted, because a
//! restart that fails is an outage.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "system/ looks at the machine"
)]

mod conf;
mod copy;
mod effective;
mod explain;
mod live;
mod private;
mod run;
pub mod streaming;

pub(super) use explain::blamed;
pub use live::{Live, ask_live, reload, test_live};
pub use private::{Form, test_privately};

use effective::Effective;
use memchr::memmem;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where nginx lies on systems whose users do not have it on their `PATH`.
const USUAL_FOLDERS: &str = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin";

/// A `server {}` that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The file in which it stands, symbolic links followed.
    pub file: PathBuf,
    /// Its names as written, without quotes.
    pub names: Vec<String>,
    /// The ports it listens on; none if it has sockets alone.
    pub ports: Vec<u16>,
}

/// What is known about the nginx of this machine. Everything is empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that have nothing to do with each other"
)]
pub struct Found {
    /// The program.
    pub binary: Option<PathBuf>,
    /// As `nginx -V` says it.
    pub version: Option<(u32, u32, u32)>,
    /// Whether its process is there.
    pub running: bool,
    /// Whether systemd runs it, so that a reload goes there.
    pub by_systemd: bool,
    /// Its nginx.conf.
    pub conf: Option<PathBuf>,
    /// The patterns of files that it includes inside `http {}`, absolute, in their order.
    pub includes: Vec<PathBuf>,
    /// Where a file with a server block of ours is read; none if no include fits.
    pub file: Option<PathBuf>,
    /// The server blocks that are there, for conflicting names and ports.
    pub servers: Vec<Server>,
    /// Whether SELinux is enforced. Then nginx may connect to Kestra only after
    /// `setsebool -P httpd_can_network_connect 1`.
    pub selinux: bool,
    /// Whether this machine has IPv6, without which a `listen [::]:80` stops nginx.
    pub ipv6: bool,
}

impl Found {
    /// The server block of another file that has this name on this port. nginx would ignore ours.
    #[must_use]
    pub fn serving(&self, name: &str, port: u16, ours: &Path) -> Option<&Server> {
        let ours = real(ours);
        let has = |server: &&Server| {
            server.file != ours
                && server.ports.contains(&port)
                && server.names.iter().any(|known| known == name)
        };
        self.servers.iter().find(has)
    }
}

/// Looks for nginx and its configuration, as any user. Starts nothing but `nginx -V`; what cannot
/// be found out is left empty.
#[must_use]
pub fn find() -> Found {
    let found = Found { selinux: selinux_enforces(), ipv6: has_ipv6(), ..Found::default() };
    let Some(binary) = program() else { return found };
    let built = Built::ask(&binary);
    let found = Found { binary: Some(binary), version: built.version, ..found };
    match &built.conf {
        Some(conf) => with_conf(found, conf, built.pid.as_deref()),
        None => found,
    }
}

/// Relative folders are passed over: root must not run whatever lies in the working directory.
fn program() -> Option<PathBuf> {
    let path = env::var("PATH").unwrap_or_default();
    let path = format!("{path}:{USUAL_FOLDERS}");
    let folders = path.split(':').map(Path::new).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join("nginx")).find(|file| file.is_file())
}

/// The same for one program and one nginx.conf, such as those of a private prefix.
#[must_use]
pub fn look_at(binary: &Path, conf: &Path) -> Found {
    let built = Built::ask(binary);
    let found = Found { selinux: selinux_enforces(), ipv6: has_ipv6(), ..Found::default() };
    let found = Found { binary: Some(binary.to_owned()), version: built.version, ..found };
    with_conf(found, conf, built.pid.as_deref())
}

fn with_conf(found: Found, conf: &Path, built_pid: Option<&Path>) -> Found {
    let Effective { includes, servers, pid, .. } = Effective::read(conf);
    let process = pid.as_deref().or(built_pid).and_then(process);
    let running = process.is_some();
    let by_systemd = process.is_some_and(|process| is_a_service(&process));
    let file = place(&includes);
    Found { running, by_systemd, conf: Some(conf.to_owned()), includes, file, servers, ..found }
}

/// `conf.d/kestra.conf` wherever `conf.d/*.conf` is included, which is nearly everywhere; else the
/// first folder that takes such a name.
fn place(includes: &[PathBuf]) -> Option<PathBuf> {
    const TAKERS: [&str; 3] = ["conf.d/*.conf", "*.conf", "*"];
    let is_there = |pattern: &&PathBuf| pattern.parent().is_some_and(Path::is_dir);
    let taker = TAKERS.iter().find_map(|taker| {
        includes.iter().filter(is_there).find(|pattern| pattern.ends_with(taker))
    })?;
    Some(taker.with_file_name("kestra.conf"))
}

/// The file that a symbolic link leads to; the path itself where there is none yet.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// What was decided when nginx was built.
#[derive(Debug, Default, PartialEq, Eq)]
struct Built {
    version: Option<(u32, u32, u32)>,
    conf: Option<PathBuf>,
    pid: Option<PathBuf>,
}

impl Built {
    /// What `nginx -V` would say stands in the program as text. Reading it there is faster than
    /// starting nginx, which an operator waits for; a program without it is started.
    fn ask(binary: &Path) -> Self {
        let written = File::open(binary).and_then(spoken).map(|said| Self::read(&said));
        match written {
            Ok(built) if built.version.is_some() && built.conf.is_some() => built,
            _ => run::run(Command::new(binary).arg("-V"))
                .map(|ran| Self::read(&ran.said))
                .unwrap_or_default(),
        }
    }

    fn read(said: &str) -> Self {
        let option = |name| {
            said.split_whitespace().find_map(|word| word.strip_prefix(name)).map(PathBuf::from)
        };
        let version = said.split("nginx/").nth(1).and_then(version);
        Self { version, conf: option("--conf-path="), pid: option("--pid-path=") }
    }
}

/// The lines in a program that `nginx -V` prints. The program is read piece by piece, and no
/// further than needed: it has megabytes.
fn spoken(mut program: impl Read) -> io::Result<String> {
    const PIECE: u64 = 64 * 1024;
    /// Longer than any of the lines, which may lie across two pieces.
    const OVERLAP: usize = 16 * 1024;
    let mut said = ["nginx version: ", "configure arguments: "].map(|start| (start, None));
    let mut window = Vec::new();
    while said.iter().any(|(_, line)| line.is_none()) {
        window.drain(..window.len().saturating_sub(OVERLAP));
        let length = program.by_ref().take(PIECE).read_to_end(&mut window)?;
        // A script around nginx says these words only when it runs.
        if length == 0 || window.starts_with(b"#!") {
            break;
        }
        for (start, line) in &mut said {
            *line = line.take().or_else(|| line_in(&window, start));
        }
    }
    Ok(said.map(|(_, line)| line.unwrap_or_default()).join("\n"))
}

/// The whole line that begins with `start`.
fn line_in(window: &[u8], start: &str) -> Option<String> {
    let text = &window[memmem::find(window, start.as_bytes())?..];
    let end = text.iter().position(|&byte| byte == 0 || byte == b'\n')?;
    Some(String::from_utf8_lossy(&text[..end]).into_owned())
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let number = text.split(|char: char| !char.is_ascii_digit() && char != '.').next()?;
    let mut parts = number.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?))
}

/// The folder of nginx's process under `/proc`, if it is there.
fn process(pid_file: &Path) -> Option<PathBuf> {
    let pid = fs::read_to_string(pid_file).ok()?;
    // A daemon that was stopped may leave an empty file.
    let pid: u32 = pid.trim().parse().ok()?;
    let folder = Path::new("/proc").join(pid.to_string());
    let name = fs::read_to_string(folder.join("comm")).ok()?;
    (name.trim() == "nginx").then_some(folder)
}

/// systemd keeps the processes of a service in a group of its name.
fn is_a_service(process: &Path) -> bool {
    fs::read_to_string(process.join("cgroup")).is_ok_and(|groups| groups.contains("/nginx.service"))
}

fn selinux_enforces() -> bool {
    fs::read_to_string("/sys/fs/selinux/enforce").is_ok_and(|text| text.trim() == "1")
}

fn has_ipv6() -> bool {
    fs::read_to_string("/proc/net/if_inet6").is_ok_and(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "nginx version: nginx/1.22.1 (Debian)\nbuilt with OpenSSL\nconfigure arguments: \
        --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --pid-path=/run/nginx.pid --with-debug";

    #[test]
    fn the_build_says_version_and_places() {
        let places = [Some("/etc/nginx/nginx.conf".into()), Some("/run/nginx.pid".into())];
        let [conf, pid] = places;
        assert_eq!(Built::read(DEBIAN), Built { version: Some((1, 22, 1)), conf, pid });
        assert_eq!(Built::read("command not found"), Built::default());
    }

    #[test]
    fn a_program_says_the_same_without_being_started() {
        let program = DEBIAN.replace('\n', "\0\u{1}\0") + "\0";
        // Wherever the lines lie in it, also across two pieces.
        for code in [0, 65_500, 65_530, 65_536, 200_000] {
            let program = "\u{1}".repeat(code) + &program;
            assert_eq!(Built::read(&spoken(program.as_bytes()).unwrap()), Built::read(DEBIAN));
        }
        for other in ["\x7fELF", "#!/bin/sh\necho nginx version: nginx/1.22.1\n"] {
            assert_eq!(Built::read(&spoken(other.as_bytes()).unwrap()), Built::default());
        }
    }

    #[test]
    fn our_file_goes_where_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("conf.d")).unwrap();
        fs::create_dir(at("http.d")).unwrap();
        assert_eq!(
            place(&[at("http.d/*.conf"), at("conf.d/*.conf")]),
            Some(at("conf.d/kestra.conf"))
        );
        assert_eq!(
            place(&[at("http.d/*.conf"), at("gone/*.conf")]),
            Some(at("http.d/kestra.conf"))
        );
        assert_eq!(place(&[at("mime.types")]), None);
    }

    #[test]
    fn a_name_that_is_served_elsewhere_is_found() {
        let other = Server { file: "/a".into(), names: vec!["my-host".into()], ports: vec![80] };
        let found = Found { servers: vec![other.clone()], ..Found::default() };
        assert_eq!(found.serving("my-host", 80, Path::new("/b")), Some(&other));
        assert_eq!(found.serving("my-host", 443, Path::new("/b")), None);
        assert_eq!(found.serving("my-host", 80, Path::new("/a")), None);
    }
}
