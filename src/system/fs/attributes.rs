//! Owner, group, mode, ACL and labels: what a plain rename would lose.

use super::directory::Directory;
use super::read::OpenedFile;
use crate::system::fs::backup::journal::FileMetadata;
use rustix::fs::{
    Gid, Mode, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fremovexattr, fsetxattr,
    fstat,
};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::os::fd::AsFd;

/// Signatures over the contents, which are wrong for other contents in any case.
const OF_THE_CONTENT: [&CStr; 2] = [c"security.ima", c"security.evm"];

/// Linux takes no larger value and no longer list of names.
const LARGEST: usize = 64 * 1024;

/// Copies everything but the contents from one file to another.
///
/// `false` means that this user or this file system cannot: the old file must be written in place.
pub(super) fn copy(old: &OpenedFile, new: &impl AsFd) -> Result<bool, Errno> {
    match copy_all(old, new) {
        Err(Errno::PERM | Errno::ACCESS | Errno::INVAL | Errno::NOTSUP) => Ok(false),
        result => result.map(|()| true),
    }
}

/// Gives a file that was not there its mode, and its owner: a file that comes back had one, if this
/// user may give it; a new one takes that of the folder.
pub(super) fn set(
    wanted: &FileMetadata,
    directory: &Directory,
    new: &impl AsFd,
) -> Result<(), Errno> {
    match wanted.owner {
        None => directory.give(new)?,
        Some((uid, gid)) => match fchown(new, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid))) {
            Err(Errno::PERM) => {}
            result => result?,
        },
    }
    fchmod(new, Mode::from_raw_mode(wanted.mode))
}

/// The owner first: giving a file away clears bits of its mode. The mode before the ACL, whose
/// mask it shares.
fn copy_all(old: &OpenedFile, new: &impl AsFd) -> Result<(), Errno> {
    let made = fstat(new)?;
    let owner = (old.stat.st_uid, old.stat.st_gid);
    if owner != (made.st_uid, made.st_gid) {
        fchown(new, Some(Uid::from_raw(owner.0)), Some(Gid::from_raw(owner.1)))?;
    }
    let (wanted, inherited) = (extended(&old.file)?, extended(new)?);
    for name in inherited.keys().filter(|name| !wanted.contains_key(*name)) {
        fremovexattr(new, name)?;
    }
    fchmod(new, Mode::from_raw_mode(old.mode()))?;
    for (name, value) in wanted.iter().filter(|(name, value)| inherited.get(*name) != Some(value)) {
        fsetxattr(new, name, value, XattrFlags::empty())?;
    }
    Ok(())
}

/// The extended attributes, which are where Linux keeps ACLs and SELinux labels.
fn extended(file: &impl AsFd) -> Result<BTreeMap<CString, Vec<u8>>, Errno> {
    let mut names = Vec::with_capacity(LARGEST);
    match flistxattr(file, rustix::buffer::spare_capacity(&mut names)) {
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(BTreeMap::new()),
        listed => listed?,
    };
    names
        .split(|byte| *byte == 0)
        .filter_map(|name| CString::new(name).ok())
        .filter(|name| !name.is_empty() && !OF_THE_CONTENT.contains(&name.as_c_str()))
        .map(|name| {
            let mut value = Vec::with_capacity(LARGEST);
            fgetxattr(file, &name, rustix::buffer::spare_capacity(&mut value))?;
            Ok((name, value))
        })
        .collect()
}
