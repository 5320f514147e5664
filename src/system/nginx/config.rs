//! nginx.conf with everything that it includes, as any user may read it.
//!
//! `nginx -T` would print the same, but it wants to be root, so the files are followed here.

use crate::nginx_site::conf::{Directive, parse_file};
use crate::nginx_site::{Config, Include, wildcard};
use crate::system::entries;
use std::fs::File;
use std::io::Read as _;
use std::mem;
use std::path::{Path, PathBuf};

/// Includes nested deeper than this are not followed, so that a file which includes itself ends.
const DEEPEST: u8 = 8;

/// So many files are read at most, and so much of each.
const MOST_FILES: usize = 4096;
const LARGEST: u64 = 4 * 1024 * 1024;

#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) config: Config,
    /// Where the running nginx writes its process id, if that is set; below its prefix.
    pub(super) pid: Option<PathBuf>,
    folder: PathBuf,
    files: usize,
}

impl Read {
    /// Reads nginx.conf; what cannot be read is left out.
    pub(super) fn new(conf: &Path) -> Self {
        let folder = conf.parent().unwrap_or(conf).to_owned();
        let mut read = Self { folder, ..Self::default() };
        read.main(conf, 0);
        read
    }

    fn main(&mut self, file: &Path, depth: u8) {
        for directive in self.directives(file) {
            match (directive.name.as_str(), directive.first()) {
                ("http", _) => {
                    let mut http = mem::take(&mut self.config.http);
                    let includes = self.expand(directive.block, depth, &mut http);
                    self.config.http = http;
                    self.config.includes.extend(includes);
                }
                ("pid", Some(pid)) => self.pid = Some(pid.into()),
                ("include", Some(pattern)) if depth < DEEPEST => {
                    for file in glob(&self.folder.join(pattern)) {
                        self.main(&file, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds the directives of a block, those of its includes among them, and gives the includes.
    fn expand(
        &mut self,
        block: Vec<Directive>,
        depth: u8,
        all: &mut Vec<Directive>,
    ) -> Vec<Include> {
        let mut includes = Vec::new();
        for mut directive in block {
            match directive.first() {
                Some(pattern) if directive.name == "include" && depth < DEEPEST => {
                    let (pattern, start) = (self.folder.join(pattern), all.len());
                    for file in glob(&pattern) {
                        let block = self.directives(&file);
                        includes.extend(self.expand(block, depth + 1, all));
                    }
                    includes.push(Include { pattern, start, end: all.len() });
                }
                _ => {
                    let block = mem::take(&mut directive.block);
                    self.expand(block, depth, &mut directive.block);
                    all.push(directive);
                }
            }
        }
        includes
    }

    fn directives(&mut self, file: &Path) -> Vec<Directive> {
        self.files += 1;
        let mut bytes = Vec::new();
        let open = if self.files > MOST_FILES { None } else { File::open(file).ok() };
        let Some(open) = open else { return Vec::new() };
        // What cannot be read is left out.
        let _ = open.take(LARGEST).read_to_end(&mut bytes);
        if let Ok(real) = file.canonicalize()
            && real != file
        {
            self.config.links.insert(file.to_owned(), real);
        }
        parse_file(&String::from_utf8_lossy(&bytes), file)
    }
}

/// The files that an include takes, sorted as glob(3) sorts them. Names that begin with a dot are
/// skipped, as nginx does.
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
    // A FIFO would be waited for.
    found.retain(|path| path.is_file());
    found
}

fn matches_in(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let fits = |name: &str| !name.starts_with('.') && wildcard(pattern, name);
    let entries = entries(folder).into_iter().filter(|(name, _)| fits(name));
    entries.map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx_site::Server;
    use std::fs::{create_dir, write};

    fn read(files: &[(&str, &str)]) -> (Read, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        create_dir(dir.path().join("conf.d")).unwrap();
        for (name, text) in files {
            write(dir.path().join(name), text).unwrap();
        }
        (Read::new(&dir.path().join("nginx.conf")), dir)
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
        let patterns: Vec<_> = found.config.includes.iter().map(|it| it.pattern.clone()).collect();
        assert_eq!(patterns, [dir.path().join("conf.d/*.conf")]);
        assert_eq!(found.pid, Some("run/x.pid".into()));
        let ports = |server: Server<'_>| {
            server.listens().iter().map(|listen| listen.port).collect::<Vec<_>>()
        };
        let servers = found.config.servers();
        let seen: Vec<_> = servers
            .map(|server| (server.names().collect::<Vec<_>>().join(" "), ports(server)))
            .collect();
        assert_eq!(seen, [("c".to_owned(), vec![81, 81]), ("a b".to_owned(), vec![8443])]);
    }

    #[test]
    fn includes_outside_http_are_no_place_for_a_server() {
        let (found, _dir) = read(&[("nginx.conf", "include conf.d/*.conf; events {}")]);
        assert_eq!(found.config.includes, []);
    }

    #[test]
    fn a_file_that_includes_itself_ends() {
        let (found, _dir) = read(&[
            ("nginx.conf", "http { include conf.d/*; }"),
            ("conf.d/a", "include conf.d/a;"),
        ]);
        assert_eq!(found.config.includes.len(), usize::from(DEEPEST));
    }

    #[test]
    fn hidden_and_other_files_are_not_taken() {
        let (found, dir) = read(&[
            ("nginx.conf", "http { include conf.d/[k]*.con?; }"),
            ("conf.d/.k.conf", "server {}"),
            ("conf.d/kestra", "server {}"),
            ("conf.d/kestra.conf", "server {}"),
        ]);
        let files: Vec<_> = found.config.servers().map(|server| &*server.0.file).collect();
        assert_eq!(files, [dir.path().join("conf.d/kestra.conf")]);
    }

    #[test]
    fn a_link_is_known_by_both_its_names() {
        let (_, dir) = read(&[("nginx.conf", ""), ("site", "server {}")]);
        std::os::unix::fs::symlink(dir.path().join("site"), dir.path().join("conf.d/k")).unwrap();
        write(dir.path().join("nginx.conf"), "http { include conf.d/*; }").unwrap();
        let read = Read::new(&dir.path().join("nginx.conf"));
        let server = read.config.servers().next().unwrap();
        assert!(server.0.file.ends_with("conf.d/k"));
        assert_eq!(read.config.file(server), dir.path().join("site").canonicalize().unwrap());
    }
}
