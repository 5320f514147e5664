//! Names of users and groups, for people to read.
//!
//! Taken from `/etc/passwd` and `/etc/group` only, so a name that a directory service alone knows
//! shows as its number. Nothing is decided by these names.
#![expect(clippy::disallowed_methods, reason = "reads the user database")]

use rustix::process::geteuid;
use std::fs;
use std::path::{Path, PathBuf};

/// The user whose rights this process has.
pub(crate) fn current_user() -> String {
    user(geteuid().as_raw())
}

/// The name of a user, or its number.
pub(crate) fn user(uid: u32) -> String {
    name_in("/etc/passwd", uid)
}

/// Owner and group the way `ls` and `chown` put them: `kestra:kestra`.
pub(crate) fn owner(uid: u32, gid: u32) -> String {
    format!("{}:{}", user(uid), name_in("/etc/group", gid))
}

/// The home of a user in the user database, where Java takes it from.
pub(crate) fn home(uid: u32) -> Option<PathBuf> {
    column(Path::new("/etc/passwd"), 5, 2, &uid.to_string()).map(PathBuf::from)
}

fn name_in(database: &str, id: u32) -> String {
    let number = id.to_string();
    column(Path::new(database), 0, 2, &number).unwrap_or(number)
}

/// A column of the first line with this text in another column. Both files begin a line with
/// `name:password:number`; a home is column 5.
pub(super) fn column(database: &Path, wanted: usize, known: usize, text: &str) -> Option<String> {
    let lines = fs::read_to_string(database).ok()?;
    let line = lines.lines().find(|line| line.split(':').nth(known) == Some(text))?;
    line.split(':').nth(wanted).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_zero_is_root() {
        assert_eq!(owner(0, 0), "root:root");
    }

    #[test]
    fn an_unknown_user_is_its_number() {
        assert_eq!(user(4_000_000_000), "4000000000");
    }
}
