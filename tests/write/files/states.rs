//! No state without a choice: whatever a kill, a fault and somebody else leave behind, one of the
//! offered choices leads to a program that writes again.

use super::place::{Place, change, text};
use std::fs;
use std::path::Path;

const OLD: &str = "old: 1\n";
const NEW: &str = "new: 22\n";
/// As a write in place leaves a file that stops halfway.
const MIXED: &str = "new: 1\n";
const THEIRS: &str = "theirs\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    None,
    Journal,
    JournalIsFifo,
    Paths,
    Backup,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Undo,
    UndoOverwriting,
    Forget,
}

/// What is in a file, if it exists.
type State = Option<&'static str>;

fn put(path: &Path, state: State) {
    match state {
        Some(text) => fs::write(path, text).unwrap(),
        None => drop(fs::remove_file(path)),
    }
}

/// An interrupted write to one file that existed and one that did not.
fn left(existing: State, fresh: State, damage: Damage) -> Place {
    let place = Place::new();
    let (old, new) = (place.has("old.yml", OLD), place.path("new.yml"));
    place.dies_writing(vec![change(&old, Some(OLD), NEW), change(&new, None, NEW)]);
    put(&old, existing);
    put(&new, fresh);
    let checkpoints = place.path("state/checkpoints");
    let checkpoint = fs::read_dir(checkpoints).unwrap().next().unwrap().unwrap().path();
    let journal = checkpoint.join("open.json");
    match damage {
        Damage::None => {}
        Damage::Journal => fs::write(journal, "{").unwrap(),
        Damage::JournalIsFifo => {
            fs::remove_file(&journal).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, &journal, rustix::fs::Mode::RUSR).unwrap();
        }
        Damage::Paths => {
            let elsewhere = text(&journal).replace("\".kestra-setup-", "\"../.kestra-setup-");
            fs::write(journal, elsewhere).unwrap();
        }
        Damage::Backup => fs::remove_file(checkpoint.join("old-0")).unwrap(),
    }
    place
}

fn choose(place: &Place, choice: Choice) -> Result<(), String> {
    let lock = place.lock().map_err(|error| error.to_string())?;
    let pending = || match lock.interrupted() {
        Ok(pending) => pending.ok_or("nothing was interrupted".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match choice {
        Choice::Undo => pending()?.undo().map_err(|error| error.to_string()),
        Choice::UndoOverwriting => {
            pending()?.undo_overwriting(&lock).map(drop).map_err(|error| error.to_string())
        }
        Choice::Forget => lock.forget_interrupted().map(drop).map_err(|error| error.to_string()),
    }
}

/// Whether the program writes.
fn works(place: &Place) -> bool {
    writes(place).is_ok()
}

fn writes(place: &Place) -> Result<(), String> {
    let another = place.path("another");
    let written = place.write(vec![change(&another, None, "1\n")]);
    written.map(|_| fs::remove_file(another).unwrap()).map_err(|error| error.to_string())
}

/// The outcome of a choice in this state, and whether the program writes again after it.
fn outcome(state: (State, State, Damage), choice: Choice) -> (Place, Result<(), String>) {
    let place = left(state.0, state.1, state.2);
    assert!(!works(&place), "{state:?}: an interrupted write is not noticed");
    let outcome = choose(&place, choice);
    assert!(outcome.is_err() || works(&place), "{state:?}: {choice:?} leads nowhere");
    (place, outcome)
}

#[test]
fn every_interrupted_write_can_be_forgotten_and_its_backups_are_kept() {
    for damage in
        [Damage::None, Damage::Journal, Damage::JournalIsFifo, Damage::Paths, Damage::Backup]
    {
        let state = (Some(THEIRS), None, damage);
        let (place, outcome) = outcome(state, Choice::Forget);
        assert_eq!(outcome, Ok(()), "{state:?}");
        assert_eq!(text(&place.path("old.yml")), THEIRS);
        let checkpoints = fs::read_dir(place.path("state/checkpoints")).unwrap();
        let has_backup = |path: &Path| path.join("new-0").exists();
        assert!(checkpoints.map(|it| it.unwrap().path()).any(|it| has_backup(&it)), "{state:?}");
    }
}

#[test]
fn every_interrupted_write_can_be_undone_and_only_a_change_of_others_needs_force() {
    for existing in [Some(OLD), Some(NEW), Some(MIXED), Some(THEIRS), None] {
        for fresh in [None, Some(NEW), Some(THEIRS)] {
            let state = (existing, fresh, Damage::None);
            let is_theirs = [existing, fresh].contains(&Some(THEIRS)) || existing.is_none();
            let (place, undone) = outcome(state, Choice::Undo);
            assert_eq!(undone.is_err(), is_theirs, "{state:?}: {undone:?}");
            if is_theirs {
                assert_eq!(choose(&place, Choice::UndoOverwriting), Ok(()), "{state:?}");
                assert_eq!(writes(&place), Ok(()), "{state:?}");
            }
            assert_eq!(text(&place.path("old.yml")), OLD, "{state:?}");
            assert!(!place.path("new.yml").exists(), "{state:?}");
        }
    }
}

#[test]
fn a_change_of_others_during_the_write_is_left_alone_and_nothing_is_interrupted() {
    let place = Place::new();
    let (first, second) = (place.has("first", OLD), place.has("second", OLD));
    let lock = place.lock().unwrap();
    let plan = super::place::plan(vec![change(&first, Some(OLD), NEW)]);
    // While the result is verified, somebody changes a file of another write.
    let verify = || {
        fs::write(&second, THEIRS).unwrap();
        Ok(())
    };
    kestra_setup::system::fs::write(&plan, &lock, &verify).unwrap();
    drop(lock);
    let changes = vec![change(&first, Some(NEW), OLD), change(&second, Some(OLD), NEW)];
    assert_eq!(place.write(changes).unwrap_err().exit_code(), 4);
    assert_eq!((text(&first).as_str(), text(&second).as_str()), (NEW, THEIRS));
    assert!(works(&place));
}
