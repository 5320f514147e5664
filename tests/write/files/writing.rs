//! All files or none, and nothing of anyone else's.

use super::place::{Place, change, mode, text};
use kestra_setup::checks::{Finding, Outcome};
use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::fs::lock::Lock;
use kestra_setup::system::fs::{self as files, FileAction, WriteError};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_new_file_is_for_its_owner_alone() {
    let place = Place::new();
    let path = place.path("config.yml");
    let receipt = place.write(vec![change(&path, None, "a: 1\n")]).unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("a: 1\n", 0o600));
    assert_eq!(receipt.files[0].action, FileAction::Created);
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
    assert!(matches!(error, WriteError::NoFolder(_)), "{error}");
}

fn refuses() -> Result<(), Finding> {
    let (summary, evidence, remedy) = ("it is wrong".into(), "[emerg]".into(), "Mend it.".into());
    Err(Finding { code: "", outcome: Outcome::Failed, summary, evidence, remedy })
}

#[test]
fn a_failed_verification_puts_everything_back() {
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
        ..Plan::default()
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
    assert!(matches!(error, WriteError::Twice(_)), "{error}");
}

#[test]
fn a_path_that_leads_elsewhere_than_shown_is_not_written() {
    let place = Place::new();
    let (first, second) = (place.has("first", "1\n"), place.has("second", "1\n"));
    let (link, file) = (place.path("link"), place.has("file", "1\n"));
    symlink(&first, &link).unwrap();
    let shown = [change(&link, Some("1\n"), "2\n"), change(&file, Some("1\n"), "2\n")];
    for path in [&link, &file] {
        fs::remove_file(path).unwrap();
        symlink(&second, path).unwrap();
    }
    for change in shown {
        let error = place.write(vec![change]).unwrap_err();
        let end = format!(" leads to {} by now", second.display());
        assert!(error.exit_code() == 4 && error.to_string().ends_with(&end), "{error}");
    }
    assert_eq!((text(&first).as_str(), text(&second).as_str()), ("1\n", "1\n"));
}

#[test]
fn two_wizards_at_once_and_the_second_hears_of_the_first() {
    let place = Place::new();
    let _first = Lock::take(&place.history).unwrap();
    let Err(WriteError::Locked(Some(holder))) = Lock::take(&place.history) else {
        panic!("two locks at once")
    };
    assert_eq!(holder.pid, std::process::id());
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
fn nothing_to_write_leaves_no_checkpoint() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1\n");
    let receipt = place.write(vec![change(&path, Some("a: 1\n"), "a: 1\n")]).unwrap();
    assert_eq!(receipt, files::Receipt::default());
}
