//! Files to install by hand, where this user may not write.

use super::fs::directory::Directory;
use super::fs::{WriteError, locate};
use super::passwd;
use crate::plan::{FileChange, Plan};
use crate::shell;
use std::path::{Path, PathBuf};

/// What was saved for installing by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The saved files, in the order of the plan.
    pub files: Vec<PathBuf>,
    /// One command for each, ready for a shell.
    pub commands: Vec<String>,
}

/// Saves the files of a plan in a folder of this user's own, mode 0600, and gives the commands that
/// install them. No file is replaced: a second `kestra.conf` becomes `kestra.conf.2`.
///
/// # Errors
/// The folder cannot be made or written; then nothing of the plan is in it.
pub fn save_aside(plan: &Plan, folder: &Path) -> Result<Exported, WriteError> {
    let open = Directory::make(folder)?;
    let mut exported = Exported { files: Vec::new(), commands: Vec::new() };
    for change in plan.pending() {
        if let Err(error) = save(change, &open, &mut exported) {
            exported.files.iter().filter_map(|file| file.file_name()).for_each(|name| {
                let _ = open.remove(name);
            });
            return Err(error);
        }
    }
    open.sync()?;
    Ok(exported)
}

fn save(
    change: &FileChange,
    folder: &Directory,
    exported: &mut Exported,
) -> Result<(), WriteError> {
    let wanted = change.path.file_name().unwrap_or_default().to_string_lossy();
    let mut name = wanted.clone().into_owned();
    let mut number = 1;
    while folder.stat_of(&name)?.is_some() {
        number += 1;
        name = format!("{wanted}.{number}");
    }
    let saved = folder.path_of(&name);
    let command = command(change, &saved)?;
    exported.files.push(saved);
    exported.commands.push(command);
    folder.save(&name, change.after.as_str().as_bytes())
}

/// `cp` keeps owner and mode of an existing file; `install` sets those of a new one, to the owner of
/// its folder as the wizard would.
fn command(change: &FileChange, saved: &Path) -> Result<String, WriteError> {
    let (saved, target) = (shell::path(saved), shell::path(&change.path));
    if change.before.is_some() {
        return Ok(format!("sudo cp -- {saved} {target}"));
    }
    let folder = locate(&change.path)?.directory.stat().ok();
    let owner = folder.map_or(String::new(), |it| passwd::owner(it.st_uid, it.st_gid));
    let (user, group) = owner.split_once(':').unwrap_or(("root", "root"));
    let mode = change.mode;
    Ok(format!("sudo install -D -m {mode:04o} -o {user} -g {group} -- {saved} {target}"))
}
