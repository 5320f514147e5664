//! One wizard at a time.
//!
//! Whoever holds the lock may write; that is why writing asks for a [`Lock`]. The kernel drops it
//! with the process, so a kill never leaves one behind.
#![expect(clippy::disallowed_types, reason = "the lock is a file")]

use super::WriteError;
use super::backup::History;
use super::directory::Directory;
use crate::system::passwd;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

/// The right to write, as long as it lives.
#[derive(Debug)]
#[must_use = "dropping it releases the lock"]
pub struct Lock {
    history: History,
    pub(super) checkpoints: Arc<Directory>,
    held: File,
}

/// What the holder wrote into the lock file. Only shown, never trusted.
#[derive(Debug, Serialize, Deserialize)]
pub struct Holder {
    by: String,
    /// Its process.
    pub pid: u32,
    since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {}, since {:.0})", self.by, self.pid, self.since)
    }
}

impl Lock {
    /// Takes the lock of this history.
    ///
    /// # Errors
    /// [`WriteError::Locked`] if another process has it, [`WriteError::UnsafeState`], or the state
    /// folder cannot be made or written.
    pub fn take(history: &History) -> Result<Self, WriteError> {
        let state = history.make()?;
        let mut held = state.open_own("lock")?;
        match flock(&held, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => {
                return Err(WriteError::Locked(serde_json::from_reader(held.take(4096)).ok()));
            }
            result => result.map_err(|errno| state.failed("lock", errno))?,
        }
        sign(&mut held).map_err(|error| state.failed("lock", error))?;
        let checkpoints = Arc::new(state.make_child(super::backup::CHECKPOINTS)?);
        Ok(Self { history: history.clone(), checkpoints, held })
    }

    /// The history that is locked.
    pub fn history(&self) -> &History {
        &self.history
    }
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that another thread starts at this moment has it open
    /// as well, until it runs its program.
    fn drop(&mut self) {
        // Nothing is left to do if this fails.
        let _ = flock(&self.held, FlockOperation::Unlock);
    }
}

fn sign(held: &mut File) -> io::Result<()> {
    let holder =
        Holder { by: passwd::current_user(), pid: std::process::id(), since: Timestamp::now() };
    held.set_len(0)?;
    held.write_all(serde_json::to_string(&holder)?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_lock_is_free_although_a_starting_process_has_its_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::at(folder.path().join("state"));
        let lock = Lock::take(&history).unwrap();
        let inherited = lock.held.try_clone().unwrap();
        assert!(matches!(Lock::take(&history), Err(WriteError::Locked(_))));
        drop(lock);
        assert!(Lock::take(&history).is_ok());
        drop(inherited);
    }
}
