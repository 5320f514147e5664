//! nginx.conf with everything that it includes, as any user may read it.
//!
//! `nginx -T` would say the same, but it wants to be root, so the files are followed here.

#![expect(clippy::disallowed_methods, reason = "system/ reads the disk")]

use super::conf::{Directive, parse};
use super::{Server, real};
use crate::nginx_site::wildcard;
use std::fs;
use std::path::{Path, PathBuf};

/// Includes nested deeper than this are not followed, so that a file which includes itself ends.
const DEEPEST: u8 = 8;

/// What matters of a configuration to a file that joins it.
#[derive(Debug, Default)]
pub(super) struct Effective {
    /// The patterns of the includes inside `http {}`, absolute, in their order.
    pub(super) includes: Vec<PathBuf>,
    pub(super) servers: Vec<Server>,
    /// Where the running nginx writes its process id, if the configuration says.
    pub(super) pid: Option<PathBuf>,
    folder: PathBuf,
}

impl Effective {
    /// Reads nginx.conf; what cannot be read is left out.
    pub(super) fn read(conf: &Path) -> Self {
        let folder = conf.parent().unwrap_or(conf).to_owned();
        let mut effective = Self { folder, ..Self::default() };
        effective.main(conf, 0);
        effective
    }

    fn main(&mut self, file: &Path, depth: u8) {
        for directive in directives(file) {
            match (directive.name.as_str(), directive.first()) {
                ("http", _) => self.http(directive.block, file, depth),
                ("pid", Some(pid)) => self.pid = Some(self.folder.join(&pid.text)),
                ("include", Some(pattern)) if depth < DEEPEST => {
                    for file in glob(&self.folder.join(&pattern.text)) {
                        self.main(&file, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    fn http(&mut self, block: Vec<Directive>, file: &Path, depth: u8) {
        for directive in block {
            match (directive.name.as_str(), directive.first()) {
                ("server", _) => {
                    let inside = self.flat(directive.block, depth);
                    self.servers.push(server(file, &inside));
                }
                ("include", Some(pattern)) if depth < DEEPEST => {
                    let pattern = self.folder.join(&pattern.text);
                    for file in glob(&pattern) {
                        self.http(directives(&file), &file, depth + 1);
                    }
                    self.includes.push(pattern);
                }
                _ => {}
            }
        }
    }

    /// The directives of a server block, those of its includes among them.
    fn flat(&self, block: Vec<Directive>, depth: u8) -> Vec<Directive> {
        let mut all = Vec::new();
        for directive in block {
            match directive.first() {
                Some(pattern) if directive.name == "include" && depth < DEEPEST => {
                    let files = glob(&self.folder.join(&pattern.text));
                    all.extend(
                        files.iter().flat_map(|file| self.flat(directives(file), depth + 1)),
                    );
                }
                _ => all.push(directive),
            }
        }
        all
    }
}

fn directives(file: &Path) -> Vec<Directive> {
    let bytes = fs::read(file).unwrap_or_default();
    parse(&String::from_utf8_lossy(&bytes))
}

fn server(file: &Path, block: &[Directive]) -> Server {
    let all = |name| block.iter().filter(move |directive| directive.name == name);
    let names =
        all("server_name").flat_map(|names| &names.args).map(|name| name.text.clone()).collect();
    let mut ports: Vec<u16> =
        all("listen").filter_map(Directive::first).filter_map(|to| port(&to.text)).collect();
    // nginx listens on 80 when nothing is said.
    if all("listen").next().is_none() {
        ports.push(80);
    }
    ports.sort_unstable();
    ports.dedup();
    Server { file: real(file), names, ports }
}

/// The port of a `listen` argument: `80`, `*:80`, `127.0.0.1:80`, `[::]:80`, or an address alone.
fn port(listen: &str) -> Option<u16> {
    if listen.starts_with("unix:") {
        return None;
    }
    let after_address = listen.rsplit_once(']').map_or(listen, |(_, after)| after);
    let last = after_address.rsplit(':').next().unwrap_or_default();
    Some(last.parse().unwrap_or(80))
}

/// The files that an include takes, sorted as glob(3) sorts them. Names that begin with a dot are
/// passed over, as nginx does.
fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern {
        let part = part.to_string_lossy();
        if part.contains(['*', '?', '[']) {
            found = found.iter().flat_map(|folder| matches_in(folder, &part)).collect();
        } else {
            for path in &mut found {
                path.push(part.as_ref());
            }
        }
    }
    found.retain(|path| path.is_file());
    found
}

fn matches_in(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |name: &str| !name.starts_with('.') && wildcard(pattern, name);
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(fits))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir, write};

    fn read(files: &[(&str, &str)]) -> (Effective, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        create_dir(dir.path().join("conf.d")).unwrap();
        for (name, text) in files {
            write(dir.path().join(name), text).unwrap();
        }
        (Effective::read(&dir.path().join("nginx.conf")), dir)
    }

    #[test]
    fn servers_are_found_through_includes() {
        let main = "pid run/x.pid; http { include conf.d/*.conf; server { server_name a b; listen [::]:8443 ssl; } }";
        let other = "server { server_name \"c\"; include conf.d/names; }";
        let (found, dir) = read(&[
            ("nginx.conf", main),
            ("conf.d/o.conf", other),
            ("conf.d/names", "listen 127.0.0.1:81; listen 81;"),
        ]);
        assert_eq!(found.includes, [dir.path().join("conf.d/*.conf")]);
        assert_eq!(found.pid, Some(dir.path().join("run/x.pid")));
        let seen: Vec<_> =
            found.servers.iter().map(|s| (s.names.join(" "), s.ports.clone())).collect();
        assert_eq!(seen, [("c".to_owned(), vec![81]), ("a b".to_owned(), vec![8443])]);
    }

    #[test]
    fn includes_outside_http_are_no_place_for_a_server() {
        let (found, _dir) = read(&[("nginx.conf", "include conf.d/*.conf; events {}")]);
        assert_eq!(found.includes, [] as [PathBuf; 0]);
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let (found, _dir) = read(&[
            ("nginx.conf", "http { include conf.d/*; }"),
            ("conf.d/a", "include conf.d/a;"),
        ]);
        assert_eq!(found.includes.len(), usize::from(DEEPEST));
    }

    #[test]
    fn hidden_and_other_files_are_not_taken() {
        let (found, _dir) = read(&[
            ("nginx.conf", "http { include conf.d/[k]*.con?; }"),
            ("conf.d/.k.conf", "server {}"),
            ("conf.d/kestra", "server {}"),
            ("conf.d/kestra.conf", "server {}"),
        ]);
        assert_eq!(found.servers.len(), 1);
        assert_eq!(found.servers[0].ports, [80]);
    }

    #[test]
    fn every_form_of_listen_has_its_port() {
        let ports =
            ["80", "*:81", "[::]:82", "[::1]", "localhost", "10.0.0.1", "unix:/x.sock"].map(port);
        assert_eq!(ports, [Some(80), Some(81), Some(82), Some(80), Some(80), Some(80), None]);
    }
}
