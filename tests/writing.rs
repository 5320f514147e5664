//! The writing transaction, as its callers see it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "looks at the disk from outside"
)]

use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::files::{self, How, InPlace, ProofFailure, ReadError, WriteError};
use kestra_setup::system::handover::save_aside;
use kestra_setup::system::history::{self, History};
use kestra_setup::system::lock::Lock;
use rustix::fs::{XattrFlags, getxattr, setxattr};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder for the files, and a history beside it.
struct Place {
    folder: TempDir,
    history: History,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let history = History::at(folder.path().join("state"));
        Self { folder, history }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn has(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn write(&self, changes: Vec<FileChange>) -> Result<files::Receipt, WriteError> {
        files::write(&Plan { changes }, &Lock::take(&self.history)?, &|| Ok(()))
    }

    /// Leaves a write as a kill just before its end would.
    fn dies_writing(&self, changes: Vec<FileChange>) {
        let (plan, lock) = (Plan { changes }, Lock::take(&self.history).unwrap());
        let dies = || resume_unwind(Box::new("as if killed"));
        let write = || files::write(&plan, &lock, &dies);
        assert!(catch_unwind(AssertUnwindSafe(write)).is_err());
    }

    fn roll_back(&self, overwrite: bool) -> Result<files::Receipt, WriteError> {
        self.history.rollback(None)?.run(&Lock::take(&self.history)?, overwrite)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn change(path: &Path, before: Option<&str>, after: &str) -> FileChange {
    let (before, after) = (before.map(Into::into), after.into());
    FileChange { kind: FileKind::Config, path: path.to_owned(), before, after, mode: 0o600 }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn refuses() -> Result<(), ProofFailure> {
    let (what, evidence, remedy) = ("it is wrong".into(), "[emerg]".into(), "Mend it.".into());
    Err(ProofFailure { what, evidence, remedy })
}

#[test]
fn a_new_file_is_for_its_owner_alone() {
    let place = Place::new();
    let path = place.path("config.yml");
    let receipt = place.write(vec![change(&path, None, "a: 1\n")]).unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("a: 1\n", 0o600));
    assert_eq!(receipt.files[0].how, How::Created);
    assert_eq!(place.names(), ["config.yml", "state"]);
}

#[test]
fn missing_folders_are_made_for_this_user_alone() {
    let place = Place::new();
    let path = place.path("home/.kestra/config.yml");
    place.write(vec![change(&path, None, "a: 1\n")]).unwrap();
    assert_eq!(mode(&place.path("home/.kestra")), 0o700);
    place.roll_back(false).unwrap();
    assert_eq!(place.names(), ["state"]);
}

#[test]
fn a_folder_of_nginx_is_never_made() {
    let place = Place::new();
    let path = place.path("conf.d/kestra.conf");
    let change = FileChange { kind: FileKind::Nginx, ..change(&path, None, "server {}\n") };
    let error = place.write(vec![change]).unwrap_err();
    assert!(matches!(error, WriteError::NoFolder { .. }), "{error}");
}

#[test]
fn an_existing_file_keeps_its_mode() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1\n");
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    let receipt = place.write(vec![change(&path, Some("a: 1\n"), "a: 2\n")]).unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("a: 2\n", 0o664));
    assert_eq!(receipt.files[0].how, How::Replaced);
    assert_eq!(receipt.warnings.len(), 1);
}

#[test]
fn a_symlink_stays_and_its_target_is_written() {
    let place = Place::new();
    let real = place.has("real.yml", "a: 1\n");
    let link = place.path("config.yml");
    symlink("real.yml", &link).unwrap();
    let receipt = place.write(vec![change(&link, Some("a: 1\n"), "a: 2\n")]).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(text(&real), "a: 2\n");
    assert_eq!(receipt.files[0].real_path, fs::canonicalize(real).unwrap());
}

#[test]
fn a_symlink_to_nothing_leads_to_the_new_file() {
    let place = Place::new();
    let link = place.path("config.yml");
    symlink("new.yml", &link).unwrap();
    place.write(vec![change(&link, None, "a: 1\n")]).unwrap();
    assert_eq!(text(&place.path("new.yml")), "a: 1\n");
}

#[test]
fn a_hard_link_is_written_in_place_and_said() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1, long\n");
    fs::hard_link(&path, place.path("other")).unwrap();
    let receipt = place.write(vec![change(&path, Some("a: 1, long\n"), "a: 2\n")]).unwrap();
    assert_eq!(text(&place.path("other")), "a: 2\n");
    assert_eq!(receipt.files[0].how, How::InPlace(InPlace::HardLinks));
}

#[test]
fn a_failed_proof_puts_everything_back() {
    let place = Place::new();
    let old = place.has("config.yml", "a: 1\n");
    let linked = place.has("linked.yml", "b: 1\n");
    fs::hard_link(&linked, place.path("other")).unwrap();
    let plan = Plan {
        changes: vec![
            change(&old, Some("a: 1\n"), "a: 2\n"),
            change(&linked, Some("b: 1\n"), "b: 2, longer\n"),
            change(&place.path("new/kestra.env"), None, "a=b\n"),
        ],
    };
    let error = files::write(&plan, &Lock::take(&place.history).unwrap(), &refuses).unwrap_err();
    assert_eq!((error.exit_code(), error.to_string().as_str()), (6, "it is wrong"));
    assert_eq!((text(&old).as_str(), text(&linked).as_str()), ("a: 1\n", "b: 1\n"));
    assert_eq!(place.names(), ["config.yml", "linked.yml", "other", "state"]);
    assert_eq!(place.history.list(), []);
}

#[test]
fn a_file_changed_in_between_is_not_overwritten() {
    let place = Place::new();
    let path = place.has("config.yml", "theirs\nof two lines\n");
    let error = place.write(vec![change(&path, Some("a: 1\n"), "a: 2\n")]).unwrap_err();
    assert_eq!(error.exit_code(), 4);
    let WriteError::Changed(conflict) = error else { panic!("{error}") };
    assert_eq!((conflict.opened.unwrap().lines, conflict.now.unwrap().lines), (1, 2));
    assert_eq!(text(&path), "theirs\nof two lines\n");
}

#[test]
fn a_file_that_appeared_or_vanished_is_a_change() {
    let place = Place::new();
    let here = place.has("here", "theirs\n");
    let gone = place.path("gone");
    for change in [change(&here, None, "ours\n"), change(&gone, Some("was\n"), "ours\n")] {
        assert_eq!(place.write(vec![change]).unwrap_err().exit_code(), 4);
    }
}

#[test]
fn one_conflict_keeps_every_file_from_being_written() {
    let place = Place::new();
    let first = place.has("first", "1\n");
    let second = place.has("second", "theirs\n");
    let changes = vec![change(&first, Some("1\n"), "2\n"), change(&second, Some("1\n"), "2\n")];
    place.write(changes).unwrap_err();
    assert_eq!((text(&first).as_str(), text(&second).as_str()), ("1\n", "theirs\n"));
}

#[test]
fn one_file_is_not_written_twice() {
    let place = Place::new();
    let path = place.has("config.yml", "1\n");
    let link = place.path("link");
    symlink(&path, &link).unwrap();
    let changes = vec![change(&path, Some("1\n"), "2\n"), change(&link, Some("1\n"), "3\n")];
    let error = place.write(changes).unwrap_err();
    assert!(matches!(error, WriteError::Twice { .. }), "{error}");
}

#[test]
fn a_folder_a_fifo_and_a_loop_are_refused_without_waiting() {
    let place = Place::new();
    let fifo = place.path("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
    let looped = place.path("loop");
    symlink("loop", &looped).unwrap();
    for (path, said) in [
        (place.folder.path(), "is a folder, not a file"),
        (&fifo, "is a FIFO, not a file"),
        (Path::new("/dev/null"), "is a device, not a file"),
        (&looped, "is a symlink that leads back to itself"),
    ] {
        let error = place.write(vec![change(path, None, "x")]).unwrap_err();
        assert_eq!(error.to_string(), format!("{} {said}", path.display()));
        assert!(files::read(path).is_err());
    }
}

#[test]
fn reading_says_where_a_file_stops_being_text() {
    let place = Place::new();
    let path = place.path("config.yml");
    fs::write(&path, b"a: \xff\n").unwrap();
    assert!(matches!(files::read(&path), Err(ReadError::NotText { offset: 3, .. })));
}

#[test]
fn reading_stops_at_sixteen_mebibytes() {
    let place = Place::new();
    let path = place.has("config.yml", "");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(files::LARGEST as u64).unwrap();
    assert!(files::read(&path).unwrap().is_some());
    file.set_len(files::LARGEST as u64 + 1).unwrap();
    assert!(matches!(files::read(&path), Err(ReadError::TooLarge { .. })));
}

#[test]
fn two_wizards_at_once_and_the_second_hears_of_the_first() {
    let place = Place::new();
    let _first = Lock::take(&place.history).unwrap();
    let Err(WriteError::Locked { pid, since, .. }) = Lock::take(&place.history) else {
        panic!("two locks at once")
    };
    assert_eq!(pid, Some(std::process::id()));
    assert!(since.is_some());
}

#[test]
fn a_lock_file_of_nonsense_is_not_believed() {
    let place = Place::new();
    let _first = Lock::take(&place.history).unwrap();
    fs::write(place.path("state/lock"), "\u{1b}[2J{").unwrap();
    let error = Lock::take(&place.history).unwrap_err();
    assert_eq!(error.to_string(), "already being edited by another wizard");
}

#[test]
fn the_state_folder_is_for_this_user_alone() {
    let place = Place::new();
    place.write(vec![change(&place.path("config.yml"), None, "a: 1\n")]).unwrap();
    let mut folders = vec![place.path("state")];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                assert_eq!(mode(&entry), 0o600, "{}", entry.display());
            }
        }
    }
}

#[test]
fn nothing_to_write_leaves_no_checkpoint() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1\n");
    let receipt = place.write(vec![change(&path, Some("a: 1\n"), "a: 1\n")]).unwrap();
    assert_eq!(receipt, files::Receipt::default());
}

#[test]
fn the_last_twenty_checkpoints_are_kept() {
    let place = Place::new();
    let path = place.has("config.yml", "0\n");
    for number in 0..23 {
        let (before, after) = (format!("{number}\n"), format!("{}\n", number + 1));
        place.write(vec![change(&path, Some(&before), &after)]).unwrap();
    }
    assert_eq!(place.history.list().len(), 20);
}

#[test]
fn rolling_back_twice_is_where_it_began() {
    let place = Place::new();
    let (old, new) = (place.has("config.yml", "a: 1\n"), place.path("new.conf"));
    place.write(vec![change(&old, Some("a: 1\n"), "a: 2\n"), change(&new, None, "n\n")]).unwrap();
    let shown = place.history.rollback(None).unwrap().restores();
    assert_eq!(shown[1].now.as_ref().unwrap().as_str(), "n\n");
    assert_eq!(shown[1].then, None);
    let receipt = place.roll_back(false).unwrap();
    assert_eq!((text(&old).as_str(), new.exists()), ("a: 1\n", false));
    assert_eq!(receipt.files[1].how, How::Removed);
    place.roll_back(false).unwrap();
    assert_eq!((text(&old).as_str(), text(&new).as_str()), ("a: 2\n", "n\n"));
    assert_eq!(place.history.list().len(), 3);
}

#[test]
fn a_rollback_spares_what_others_changed_unless_told() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1\n");
    place.write(vec![change(&path, Some("a: 1\n"), "a: 2\n")]).unwrap();
    fs::write(&path, b"theirs \xff\n").unwrap();
    assert_eq!(place.roll_back(false).unwrap_err().exit_code(), 4);
    place.roll_back(true).unwrap();
    assert_eq!(text(&path), "a: 1\n");
    place.roll_back(false).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"theirs \xff\n");
}

#[test]
fn a_checkpoint_is_named_exactly() {
    let place = Place::new();
    for id in ["nonsense", "../..", ""] {
        let error = place.history.rollback(Some(id)).err().unwrap();
        assert!(matches!(error, WriteError::NoCheckpoint { .. }), "{error}");
    }
}

#[test]
fn a_damaged_journal_is_an_error_with_a_remedy() {
    let place = Place::new();
    fs::create_dir_all(place.path("state/checkpoints/x")).unwrap();
    fs::write(place.path("state/checkpoints/x/open.json"), "{\"version\": 9").unwrap();
    let error = place.write(vec![]).unwrap_err();
    assert!(matches!(error, WriteError::Damaged { .. }), "{error}");
}

#[test]
fn files_set_aside_come_with_commands_and_replace_nothing() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1\n");
    let changes = vec![
        change(&path, Some("a: 1\n"), "a: 2\n"),
        FileChange { mode: 0o644, ..change(&place.path("it's.conf"), None, "n\n") },
    ];
    let out = place.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("config.yml"), "theirs\n").unwrap();
    let aside = save_aside(&Plan { changes }, &out).unwrap();
    assert_eq!(aside.files, [out.join("config.yml.2"), out.join("it's.conf")]);
    assert_eq!(
        (text(&out.join("config.yml")).as_str(), text(&aside.files[0]).as_str()),
        ("theirs\n", "a: 2\n")
    );
    assert_eq!(mode(&aside.files[1]), 0o600);
    for command in &aside.commands {
        run_without_sudo(command);
    }
    assert_eq!((text(&path).as_str(), mode(&place.path("it's.conf"))), ("a: 2\n", 0o644));
}

fn run_without_sudo(command: &str) {
    let command = command.strip_prefix("sudo ").unwrap();
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

#[test]
fn after_an_interrupted_write_nothing_else_is_written() {
    let place = Place::new();
    let path = place.has("config.yml", "1\n");
    place.dies_writing(vec![change(&path, Some("1\n"), "2\n")]);
    let error = place.write(vec![change(&path, Some("2\n"), "3\n")]).unwrap_err();
    assert!(matches!(error, WriteError::Interrupted { .. }), "{error}");
}

#[test]
fn a_write_half_done_in_place_is_repaired_either_way() {
    for ends in [history::undo, |open| history::finish(open, &|| Ok(())).map(drop)] {
        let place = Place::new();
        let path = place.has("config.yml", "old contents\n");
        fs::hard_link(&path, place.path("other")).unwrap();
        place.dies_writing(vec![change(&path, Some("old contents\n"), "new\n")]);
        fs::write(&path, "new contents\n").unwrap();
        ends(Lock::take(&place.history).unwrap().interrupted().unwrap().unwrap()).unwrap();
        assert!(["old contents\n", "new\n"].contains(&&*text(&path)));
    }
}

#[test]
fn undoing_spares_what_others_changed_since_and_puts_back_the_rest() {
    let place = Place::new();
    let (ours, theirs) = (place.has("ours", "1\n"), place.has("theirs", "1\n"));
    place
        .dies_writing(vec![change(&ours, Some("1\n"), "2\n"), change(&theirs, Some("1\n"), "2\n")]);
    fs::write(&theirs, "theirs\n").unwrap();
    let lock = Lock::take(&place.history).unwrap();
    let error = history::undo(lock.interrupted().unwrap().unwrap()).unwrap_err();
    assert_eq!(error.exit_code(), 4);
    assert_eq!((text(&ours).as_str(), text(&theirs).as_str()), ("1\n", "theirs\n"));
    history::leave(&lock.interrupted().unwrap().unwrap()).unwrap();
    assert!(lock.interrupted().unwrap().is_none());
    assert_eq!(place.history.list().len(), 1);
}

#[test]
fn a_journal_holds_no_contents() {
    let place = Place::new();
    place.write(vec![change(&place.path("config.yml"), None, "password: hunter2\n")]).unwrap();
    let id = place.history.list()[0].id.clone();
    let journal = text(&place.path("state/checkpoints").join(id).join("closed.json"));
    assert!(journal.contains("config.yml") && !journal.contains("hunter2"), "{journal}");
}

/// `user::rw-,user:12345:r--,group::r--,mask::r--,other::---` as Linux keeps it.
fn access_list() -> Vec<u8> {
    let entries =
        [(1, 6, u32::MAX), (2, 4, 12345), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, bits, id) in entries {
        list.extend(u16::to_le_bytes(tag));
        list.extend(u16::to_le_bytes(bits));
        list.extend(u32::to_le_bytes(id));
    }
    list
}

#[test]
fn access_list_and_attributes_stay_with_the_file() {
    let place = Place::new();
    let path = place.has("config.yml", "1\n");
    let (list, note) = (access_list(), b"kept".to_vec());
    let attributes = [("system.posix_acl_access", list), ("user.note", note)];
    for (name, value) in &attributes {
        setxattr(&path, *name, value, XattrFlags::empty()).unwrap();
    }
    let receipt = place.write(vec![change(&path, Some("1\n"), "2\n")]).unwrap();
    assert_eq!((receipt.files[0].how, mode(&path)), (How::Replaced, 0o640));
    for (name, value) in &attributes {
        assert_eq!(attribute(&path, name), *value);
    }
}

fn attribute(path: &Path, name: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(1024);
    getxattr(path, name, rustix::buffer::spare_capacity(&mut value)).unwrap();
    value
}

#[test]
fn a_folder_that_hands_down_its_access_list_opens_no_file() {
    let place = Place::new();
    let (old, new) = (place.has("old", "1\n"), place.path("new"));
    fs::set_permissions(&old, Permissions::from_mode(0o600)).unwrap();
    let (folder, default) = (place.folder.path(), "system.posix_acl_default");
    setxattr(folder, default, &access_list(), XattrFlags::empty()).unwrap();
    place.write(vec![change(&old, Some("1\n"), "2\n"), change(&new, None, "1\n")]).unwrap();
    assert_eq!((mode(&old), mode(&new)), (0o600, 0o600));
    let inherited = getxattr(&old, "system.posix_acl_access", &mut [0; 1024][..]);
    assert_eq!(inherited, Err(rustix::io::Errno::NODATA));
}
