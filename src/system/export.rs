//! The ways out when this user may not write: files to install by hand, and a plan for `sudo`.

pub mod piped;

use super::fs::WriteError;
use super::fs::folder::Folder;
use super::fs::resolve;
use super::passwd;
use crate::plan::{FileChange, Plan};
use crate::shell;
use rustix::fs::{AtFlags, CWD, statat};
use std::path::{Path, PathBuf};

/// What was saved for installing by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The saved files, in the order of the plan.
    pub files: Vec<PathBuf>,
    /// One command for each, ready for a shell.
    pub commands: Vec<String>,
}

/// Saves the files of a plan in a folder of this user's own, mode 0600, and says how to install
/// them. What lies there already stays: a second `kestra.conf` becomes `kestra.conf.2`.
///
/// # Errors
/// The folder cannot be made or written; then nothing of the plan lies there.
pub fn save_aside(plan: &Plan, folder: &Path) -> Result<Exported, WriteError> {
    let open = Folder::make(folder)?;
    let mut aside = Exported { files: Vec::new(), commands: Vec::new() };
    for change in plan.pending() {
        if let Err(error) = save(change, &open, &mut aside) {
            aside.files.iter().filter_map(|file| file.file_name()).for_each(|name| {
                let _ = open.remove(Path::new(name));
            });
            return Err(error);
        }
    }
    open.sync()?;
    Ok(aside)
}

fn save(change: &FileChange, folder: &Folder, aside: &mut Exported) -> Result<(), WriteError> {
    let name = free_name(change, folder)?;
    let saved = folder.path_of(Path::new(&name));
    let command = command(change, &saved)?;
    aside.files.push(saved);
    aside.commands.push(command);
    folder.save(&name, change.after.as_str().as_bytes())
}

fn free_name(change: &FileChange, folder: &Folder) -> Result<String, WriteError> {
    let wanted = change.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut name = wanted.clone();
    for number in 2.. {
        if folder.stat(Path::new(&name))?.is_none() {
            break;
        }
        name = format!("{wanted}.{number}");
    }
    Ok(name)
}

/// `cp` keeps owner and mode of a file that is there; `install` sets those of a new one, to the
/// owner of its folder as the wizard would.
fn command(change: &FileChange, saved: &Path) -> Result<String, WriteError> {
    let [saved, target] = [saved, &change.path].map(|path| path.to_string_lossy().into_owned());
    let (saved, target) = (shell::word(&saved), shell::word(&target));
    if change.before.is_some() {
        return Ok(format!("sudo cp -- {saved} {target}"));
    }
    let real = resolve(&change.path)?;
    let folder = real.ancestors().skip(1).find_map(|it| statat(CWD, it, AtFlags::empty()).ok());
    let owner = folder.map(|folder| passwd::owner(folder.st_uid, folder.st_gid));
    let owner = owner.as_deref().and_then(|owner| owner.split_once(':'));
    let (user, group) = owner.unwrap_or(("root", "root"));
    let mode = change.mode;
    Ok(format!("sudo install -D -m {mode:04o} -o {user} -g {group} -- {saved} {target}"))
}
