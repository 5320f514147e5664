//! Backups, and the ways back.

use super::place::{Place, change, mode, text};
use kestra_setup::plan::FileKind;
use kestra_setup::system::fs::lock::Lock;
use kestra_setup::system::fs::{FileAction, WriteError};
use std::fs;

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
    let id = place.history.list()[0].id.clone();
    let shown = place.history.rollback(&id).unwrap().restores();
    assert_eq!(shown[1].now.as_ref().unwrap().as_str(), "n\n");
    assert_eq!(shown[1].then, None);
    let receipt = place.roll_back(false).unwrap();
    assert_eq!((text(&old).as_str(), new.exists()), ("a: 1\n", false));
    assert_eq!(receipt.files[1].action, FileAction::Removed);
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
fn the_last_write_is_undone_and_kept_although_the_clock_was_set_back() {
    let place = Place::new();
    let path = place.has("config.yml", "0\n");
    let checkpoints = place.path("state/checkpoints");
    for number in 0..25 {
        let (before, after) = (format!("{number}\n"), format!("{}\n", number + 1));
        place.write(vec![change(&path, Some(&before), &after)]).unwrap();
        if number == 20 {
            for (checkpoint, second) in place.history.list().iter().rev().zip(10..) {
                let later = checkpoints.join(format!("20990101T0000{second}Z"));
                fs::rename(checkpoints.join(&checkpoint.id), later).unwrap();
            }
        }
    }
    assert_eq!(place.history.list().len(), 20);
    place.roll_back(false).unwrap();
    assert_eq!(text(&path), "24\n");
}

#[test]
fn a_checkpoint_is_named_exactly() {
    let place = Place::new();
    for id in ["nonsense", "../..", ""] {
        let error = place.history.rollback(id).err().unwrap();
        assert!(matches!(error, WriteError::NoCheckpoint(_)), "{error}");
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
fn after_an_interrupted_write_nothing_else_is_written() {
    let place = Place::new();
    let path = place.has("config.yml", "1\n");
    place.dies_writing(vec![change(&path, Some("1\n"), "2\n")]);
    let error = place.write(vec![change(&path, Some("2\n"), "3\n")]).unwrap_err();
    assert!(matches!(error, WriteError::Interrupted(_)), "{error}");
}

#[test]
fn a_write_half_done_in_place_is_undone() {
    let place = Place::new();
    let path = place.has("config.yml", "old contents\n");
    fs::hard_link(&path, place.path("other")).unwrap();
    place.dies_writing(vec![change(&path, Some("old contents\n"), "new\n")]);
    fs::write(&path, "new contents\n").unwrap();
    place.interrupted().undo().unwrap();
    assert_eq!(text(&path), "old contents\n");
}

#[test]
fn undoing_spares_what_others_changed_since_and_puts_back_the_rest() {
    let place = Place::new();
    let (ours, theirs) = (place.has("ours", "1\n"), place.has("theirs", "1\n"));
    place
        .dies_writing(vec![change(&ours, Some("1\n"), "2\n"), change(&theirs, Some("1\n"), "2\n")]);
    fs::write(&theirs, "theirs\n").unwrap();
    assert_eq!(place.interrupted().undo().unwrap_err().exit_code(), 4);
    assert_eq!((text(&ours).as_str(), text(&theirs).as_str()), ("1\n", "theirs\n"));
    place.interrupted().forget().unwrap();
    assert!(Lock::take(&place.history).unwrap().interrupted().unwrap().is_none());
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

#[test]
fn a_journal_of_version_1_is_read_and_its_files_have_no_known_kind() {
    let place = Place::new();
    let path = place.has("config.yml", "1\n");
    place.write(vec![change(&path, Some("1\n"), "2\n")]).unwrap();
    let id = place.history.list()[0].id.clone();
    let journal = place.path("state/checkpoints").join(id).join("closed.json");
    let mut old: serde_json::Value = serde_json::from_str(&text(&journal)).unwrap();
    old["version"] = 1.into();
    old.as_object_mut().unwrap().remove("context");
    old["files"][0].as_object_mut().unwrap().remove("kind");
    fs::write(&journal, old.to_string()).unwrap();
    let checkpoint = &place.history.list()[0];
    assert_eq!(checkpoint.files, [(FileKind::Unknown, path.clone())]);
    assert!(checkpoint.is_about(&path));
    place.roll_back(false).unwrap();
    assert_eq!(text(&path), "1\n");
}
