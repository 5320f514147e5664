//! One wizard at a time.
//!
//! Whoever holds the lock may write; that is why writing asks for a [`Lock`]. The kernel drops it
//! with the process, so a kill never leaves one behind.
#![expect(clippy::disallowed_types, reason = "the lock is a file")]

use crate::system::fs::WriteError;
use crate::system::fs::backup::History;
use crate::system::passwd;
use jiff::Timestamp;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read as _, Write as _};

/// The right to write, as long as it lives.
#[derive(Debug)]
#[must_use = "the lock goes when this does"]
pub struct Lock {
    history: History,
    _held: File,
}

/// What the holder wrote into the lock file. Only shown, never trusted.
#[derive(Serialize, Deserialize)]
struct Holder {
    by: String,
    pid: u32,
    since: Timestamp,
}

impl Lock {
    /// Takes the lock of this history, or says who has it.
    ///
    /// # Errors
    /// [`WriteError::Locked`], or the state folder cannot be made or written.
    pub fn take(history: &History) -> Result<Self, WriteError> {
        history.prepare()?;
        let path = history.folder().join("lock");
        let failed = |error: io::Error| WriteError::at(&path, error);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(CWD, &path, flags, Mode::RUSR | Mode::WUSR);
        let mut held = File::from(opened.map_err(|errno| failed(errno.into()))?);
        match flock(&held, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(locked(held)),
            result => result.map_err(|errno| failed(errno.into()))?,
        }
        sign(&mut held).map_err(failed)?;
        Ok(Self { history: history.clone(), _held: held })
    }

    /// The history that is locked.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }
}

fn sign(held: &mut File) -> io::Result<()> {
    let holder =
        Holder { by: passwd::current_user(), pid: std::process::id(), since: Timestamp::now() };
    held.set_len(0)?;
    held.write_all(serde_json::to_string(&holder)?.as_bytes())
}

fn locked(held: File) -> WriteError {
    let mut said = String::new();
    let holder = held.take(4096).read_to_string(&mut said).ok();
    let holder: Option<Holder> = holder.and_then(|_| serde_json::from_str(&said).ok());
    match holder {
        Some(Holder { by, pid, since }) => {
            WriteError::Locked { by, pid: Some(pid), since: Some(since) }
        }
        None => WriteError::Locked { by: "another wizard".into(), pid: None, since: None },
    }
}
