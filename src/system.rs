//! The only door to disk, network, processes and signals.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "everything that touches the world is here"
)]

pub mod candidates;
pub mod checks;
pub mod console;
pub mod discover;
pub mod draft;
pub mod effects;
pub mod elevate;
pub mod export;
pub mod fs;
mod installed;
pub mod line_reader;
pub mod nginx;
pub mod passwd;
pub mod signals;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Keeps the memory of this process, which may hold passwords, out of core dumps and from other
/// processes of the same user.
pub fn disable_core_dumps() {
    // Nothing depends on it, and no kernel refuses it.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// What this work gives, where it takes no longer than this; else it ends on a thread of its own and
/// nobody hears of it.
///
/// # Errors
/// `TimedOut`, or the system refuses the thread.
fn within<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, result) = mpsc::channel();
    // The receiver is gone where the time was over.
    thread::Builder::new().spawn(move || drop(sender.send(work())))?;
    result.recv_timeout(time).map_err(|_| timed_out())
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

/// The entries of a folder by name; none where it cannot be read.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    entries.sort();
    entries
}

/// A program in the folders of a `PATH`. Relative ones are skipped: root must not run whatever is in
/// the working directory.
fn program_in(path: &str, name: &str) -> Option<PathBuf> {
    let folders = path.split(':').map(Path::new).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The addresses of a host. A name server that does not answer would hold the caller for minutes, so
/// the time is limited.
fn resolve(host: &str, port: u16, time: Duration) -> io::Result<Vec<SocketAddr>> {
    let host = host.to_owned();
    within(time, move || Ok((host.as_str(), port).to_socket_addrs()?.collect()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_not_taken_from_the_working_directory() {
        let src = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
        let found = program_in(&format!("src:.:{src}"), "main.rs");
        assert_eq!(found, Some(Path::new(src).join("main.rs")));
        assert_eq!(program_in("src:.", "main.rs"), None);
    }
}
