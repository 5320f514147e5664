//! A write that was killed between its first file and its second.

use std::fs;
use support::machine::Machine;

/// A machine on which that happened, if it can be made to.
fn interrupted() -> Option<Machine> {
    support::has("strace").then(|| {
        let machine = Machine::new();
        machine.interrupt();
        machine
    })
}

#[test]
fn the_next_wizard_shows_what_undoing_changes_or_forgets_it() {
    let Some(machine) = interrupted() else { return };
    let mut session = machine.start(&[]);
    session.wait_for("was interrupted").wait_for("etc/kestra.conf").wait_for("-  url: https://ops");
    session.press("2").wait_for("The files stay as they are");
    assert!(machine.has_new());
    // The next one writes, and the backups are still there.
    assert_eq!(machine.run(&["rollback", "--list"]).out.lines().count(), 1);
    assert_eq!(machine.apply(&["--reverse-proxy", "none"]).code, Some(0));
}

#[test]
fn the_next_wizard_undoes_it() {
    let Some(machine) = interrupted() else { return };
    machine.start(&[]).wait_for("was interrupted").press("1").wait_for("Undone.");
    assert!(machine.has_old() && !machine.at("etc/kestra.conf").exists());
}

#[test]
fn nothing_is_written_over_it() {
    let Some(machine) = interrupted() else { return };
    for words in [&["apply", "--url", "https://third.example.com/"][..], &["rollback", "another"]] {
        let ran = machine.run(words);
        assert_eq!((ran.code, machine.has_new()), (Some(1), true), "{ran:?}");
        assert!(ran.talk.contains("interrupted"), "{ran:?}");
    }
}

#[test]
fn without_a_terminal_rollback_undoes_it() {
    let Some(machine) = interrupted() else { return };
    let ran = machine.run(&["rollback"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(machine.has_old() && !machine.at("etc/kestra.conf").exists());
}

#[test]
fn on_a_terminal_rollback_asks_before_it_undoes_it() {
    let Some(machine) = interrupted() else { return };
    let mut session = machine.start_command(&["rollback"]);
    session.wait_for("-  url: https://ops").wait_for("Undo this?").type_text("no\n");
    session.wait_for("Nothing was undone.");
    assert_eq!((session.wait_exit(), machine.has_new()), (1, true));
}

#[test]
fn a_damaged_journal_can_only_be_forgotten() {
    let Some(machine) = interrupted() else { return };
    let checkpoints = fs::read_dir(machine.at("home/state/checkpoints")).unwrap();
    let open = checkpoints.map(|it| it.unwrap().path().join("open.json")).find(|it| it.exists());
    fs::write(open.unwrap(), "{").unwrap();
    let ran = machine.run(&["rollback"]);
    assert_eq!((ran.code, machine.has_new()), (Some(1), true), "{ran:?}");
    assert!(ran.talk.contains("is damaged") && ran.talk.contains("rollback --forget"), "{ran:?}");
    let mut session = machine.start(&[]);
    session.wait_for("damaged: EOF").wait_for("It cannot be undone from here.");
    session.wait_for("2  Quit").press("1").wait_for("The files stay as they are");
    assert!(machine.has_new());
    assert_eq!(machine.apply(&["--reverse-proxy", "none"]).code, Some(0));
}

#[test]
fn a_backup_that_is_not_what_was_saved_is_not_put_back() {
    let Some(machine) = interrupted() else { return };
    let mut session = machine.start(&[]);
    session.wait_for("was interrupted");
    let checkpoints = fs::read_dir(machine.at("home/state/checkpoints")).unwrap();
    for checkpoint in checkpoints {
        fs::write(checkpoint.unwrap().path().join("old-0"), "theirs\n").unwrap();
    }
    session.press("1").wait_for("damaged: it is not what was saved");
    session.wait_for("1  Keep the files as they are").wait_for("2  Quit");
    assert!(machine.has_new());
}

#[test]
fn rollback_forgets_it() {
    let Some(machine) = interrupted() else { return };
    let ran = machine.run(&["rollback", "--forget"]);
    assert_eq!((ran.code, machine.has_new()), (Some(0), true), "{ran:?}");
    assert!(ran.talk.contains("are kept"), "{ran:?}");
    let ran = machine.run(&["rollback", "--force"]);
    assert_eq!((ran.code, machine.has_old()), (Some(0), true), "{ran:?}");
}

#[test]
fn a_change_since_is_lost_only_by_force_and_even_then_kept() {
    let Some(machine) = interrupted() else { return };
    let theirs = machine.read("etc/config.yml") + "# theirs\n";
    fs::write(machine.config(), &theirs).unwrap();
    let ran = machine.run(&["rollback"]);
    assert_eq!((ran.code, machine.read("etc/config.yml")), (Some(4), theirs.clone()), "{ran:?}");
    let ran = machine.run(&["rollback", "--force"]);
    assert_eq!((ran.code, machine.has_old()), (Some(0), true), "{ran:?}");
    assert_eq!(machine.run(&["rollback"]).code, Some(0));
    assert_eq!(machine.read("etc/config.yml"), theirs);
}

#[test]
fn the_wizard_leads_out_of_a_change_since() {
    let Some(machine) = interrupted() else { return };
    let theirs = machine.read("etc/config.yml") + "# theirs\n";
    fs::write(machine.config(), &theirs).unwrap();
    let mut session = machine.start(&[]);
    session.wait_for("was interrupted").press("1").wait_for("was changed since that write");
    session.wait_for("Undo it anyway").wait_for("Keep the files").press("1").wait_for("Undone.");
    assert!(machine.has_old());
}

#[test]
fn nothing_temporary_is_left() {
    let Some(machine) = interrupted() else { return };
    machine.start(&[]).wait_for("was interrupted").press("1").wait_for("Undone.");
    let left = fs::read_dir(machine.at("etc")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["config.yml"]);
}
