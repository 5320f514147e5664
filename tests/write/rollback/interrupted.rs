//! A write that was killed between its first file and its second.

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
fn the_next_wizard_finishes_it() {
    let Some(machine) = interrupted() else { return };
    let mut session = machine.start(&[]);
    session.wait_for("was interrupted").wait_for("etc/kestra.conf").press("1").wait_for("Done.");
    assert!(machine.has_new() && machine.read("etc/kestra.conf").contains("server {"));
}

#[test]
fn the_next_wizard_undoes_it() {
    let Some(machine) = interrupted() else { return };
    machine.start(&[]).wait_for("was interrupted").press("2").wait_for("Undone.");
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
fn nothing_temporary_is_left() {
    let Some(machine) = interrupted() else { return };
    machine.start(&[]).wait_for("was interrupted").press("2").wait_for("Undone.");
    let left = std::fs::read_dir(machine.at("etc")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["config.yml"]);
}
