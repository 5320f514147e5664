//! From a path to the directory that holds the file, one component at a time.
//!
//! Each component is opened below the one before it, without following links, and no path is used
//! twice. So whoever controls a directory on the way cannot redirect a write by root halfway.

use super::directory::Directory;
use super::read::ReadError;
use crate::system::passwd;
use rustix::fs::{FileType, Mode, OFlags, fstat, openat, readlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

/// As many links in a row as Linux follows.
const MAX_LINKS: usize = 40;

/// Where a file is, or would be.
pub(crate) struct ResolvedPath {
    /// The deepest directory on the way that exists.
    pub(crate) directory: Directory,
    /// The directories below it that would have to be made, outermost first.
    pub(crate) missing: Vec<OsString>,
    pub(crate) name: OsString,
}

impl ResolvedPath {
    /// The path of the file without any link in it.
    pub(crate) fn real_path(&self) -> PathBuf {
        let mut path = self.directory.path().to_owned();
        path.extend(&self.missing);
        path.join(&self.name)
    }

    /// The directory of the file; `None` if it does not exist.
    pub(crate) fn existing(self) -> Option<Directory> {
        self.missing.is_empty().then_some(self.directory)
    }
}

/// Finds a file. Links are followed, also to a file that does not exist yet.
///
/// # Errors
/// To root, [`ReadError::UntrustedLink`]: a link of another user counts only if it leads into a
/// directory of the same user. Other users follow links as the system lets them.
pub(crate) fn locate(path: &Path) -> Result<ResolvedPath, ReadError> {
    PathWalk::new(path, true)?.finish()
}

/// Where a path leads; `None` if no link is on it. A write follows the path itself, and is refused
/// where it leads elsewhere by then.
pub fn target(path: &Path) -> Option<PathBuf> {
    target_of(path, locate(path).ok()?.real_path())
}

/// The same for a path that was followed to this file.
pub(super) fn target_of(path: &Path, real: PathBuf) -> Option<PathBuf> {
    (std::path::absolute(path).ok()? != real).then_some(real)
}

/// Finds a file by a path that had no link in it before.
///
/// # Errors
/// [`ReadError::NewLink`] if there is one by now.
pub(crate) fn locate_real(path: &Path) -> Result<ResolvedPath, ReadError> {
    PathWalk::new(path, false)?.finish()
}

enum LinkStep {
    Root,
    Parent,
    Name(OsString),
    /// The end of a link that this user owns: the directory must be the same user's.
    Owned {
        link: PathBuf,
        by: u32,
    },
}

struct PathWalk<'a> {
    path: &'a Path,
    follows_links: bool,
    links: usize,
    /// What is still to be done, the next last.
    steps: Vec<LinkStep>,
    at: Directory,
    /// Names of which the first does not exist, or is the file itself.
    rest: Vec<OsString>,
}

impl<'a> PathWalk<'a> {
    fn new(path: &'a Path, follows_links: bool) -> Result<Self, ReadError> {
        let absolute = std::path::absolute(path).map_err(|error| ReadError::at(path, error))?;
        let at = Directory::root().map_err(|errno| ReadError::at(path, errno))?;
        let mut walk =
            Self { path, follows_links, links: 0, steps: Vec::new(), at, rest: Vec::new() };
        walk.push(&absolute);
        Ok(walk)
    }

    fn push(&mut self, path: &Path) {
        self.steps.extend(path.components().rev().filter_map(|part| match part {
            Component::RootDir | Component::Prefix(_) => Some(LinkStep::Root),
            Component::ParentDir => Some(LinkStep::Parent),
            Component::Normal(name) => Some(LinkStep::Name(name.to_owned())),
            Component::CurDir => None,
        }));
    }

    fn finish(mut self) -> Result<ResolvedPath, ReadError> {
        while let Some(step) = self.steps.pop() {
            match step {
                LinkStep::Root => {
                    self.at = Directory::root().map_err(|errno| self.failed(errno))?;
                }
                LinkStep::Parent if self.rest.is_empty() => {
                    self.at = self.at.parent().map_err(|errno| self.failed(errno))?;
                }
                // The kernel takes no `..` of a directory that does not exist.
                LinkStep::Parent => return Err(self.failed(Errno::NOENT)),
                LinkStep::Name(name) if self.rest.is_empty() => self.enter(name)?,
                LinkStep::Name(name) => self.rest.push(name),
                LinkStep::Owned { link, by } => self.check_owner(link, by)?,
            }
        }
        let Some(name) = self.rest.pop() else {
            return Err(ReadError::NotRegular { path: self.path.to_owned(), what: "a folder" });
        };
        Ok(ResolvedPath { directory: self.at, missing: self.rest, name })
    }

    /// Takes the next component, whatever it is.
    fn enter(&mut self, name: OsString) -> Result<(), ReadError> {
        // This opens the thing itself, and has no effect on a FIFO or a device.
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = match openat(self.at.fd(), &name, flags, Mode::empty()) {
            Err(Errno::NOENT) => {
                self.rest.push(name);
                return Ok(());
            }
            found => found.map_err(|errno| self.failed(errno))?,
        };
        let stat = fstat(&found).map_err(|errno| self.failed(errno))?;
        let is_last = !self.steps.iter().any(|step| !matches!(step, LinkStep::Owned { .. }));
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => self.follow(&name, &found, stat.st_uid),
            _ if is_last => {
                self.rest.push(name);
                Ok(())
            }
            FileType::Directory => {
                self.at = Directory::new(found, self.at.path_of(&name));
                Ok(())
            }
            _ => Err(self.failed(Errno::NOTDIR)),
        }
    }

    fn follow(&mut self, name: &OsStr, link: &OwnedFd, owner: u32) -> Result<(), ReadError> {
        let path = self.at.path_of(name);
        if !self.follows_links {
            return Err(ReadError::NewLink(path));
        }
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(ReadError::Loop(self.path.to_owned()));
        }
        let target = readlinkat(link, "", Vec::new()).map_err(|errno| self.failed(errno))?;
        if geteuid().is_root() && owner != 0 {
            self.steps.push(LinkStep::Owned { link: path, by: owner });
        }
        self.push(Path::new(&OsString::from_vec(target.into_bytes())));
        Ok(())
    }

    fn check_owner(&self, path: PathBuf, by: u32) -> Result<(), ReadError> {
        let stat = self.at.stat().map_err(|errno| self.failed(errno))?;
        if stat.st_uid == by {
            return Ok(());
        }
        Err(ReadError::UntrustedLink { path, owner: passwd::user(by) })
    }

    fn failed(&self, source: impl Into<io::Error>) -> ReadError {
        ReadError::at(self.path, source)
    }
}
