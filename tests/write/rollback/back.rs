//! `rollback`.

use std::fs;
use std::process::Stdio;
use support::key;
use support::machine::{Machine, NEW_LINE, OLD, ran};

/// A machine on which the address was changed once.
fn written() -> Machine {
    let machine = Machine::new();
    let ran = machine.apply(&[]);
    assert_eq!((ran.code, machine.has_new()), (Some(0), true), "{ran:?}");
    machine
}

/// The names of the writes, the newest first.
fn list(machine: &Machine) -> Vec<String> {
    let ran = machine.run(&["rollback", "--list"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.out.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_rollback_shows_the_difference_and_gives_every_byte_back() {
    let machine = written();
    let ran = machine.run(&["rollback"]);
    assert_eq!((ran.code, machine.has_old()), (Some(0), true), "{ran:?}");
    assert!(ran.out.contains("-  url: https://ops.example.com/"), "{ran:?}");
    assert!(ran.out.contains("+  url: https://old.example.com/"), "{ran:?}");
}

#[test]
fn a_rollback_is_taken_back_like_any_write() {
    let machine = written();
    for is_old in [true, false, true] {
        assert_eq!(machine.run(&["rollback"]).code, Some(0));
        assert_eq!((machine.has_old(), machine.has_new()), (is_old, !is_old));
    }
    assert_eq!(list(&machine).len(), 4);
}

#[test]
fn a_write_is_taken_back_by_its_name() {
    let machine = written();
    fs::write(machine.config(), OLD).unwrap();
    machine.apply(&["--context-path", ""]);
    let writes = list(&machine);
    assert_eq!(writes.len(), 2);
    let ran = machine.run(&["rollback", &writes[1]]);
    assert_eq!((ran.code, machine.has_old()), (Some(0), true), "{ran:?}");
}

#[test]
fn a_name_that_is_not_listed_is_refused() {
    let machine = written();
    for name in ["nothing", "../state", "/etc"] {
        let ran = machine.run(&["rollback", name]);
        assert_eq!((ran.code, machine.has_new()), (Some(1), true), "{ran:?}");
        assert!(ran.talk.contains("there is no backup"), "{ran:?}");
    }
}

#[test]
fn nothing_to_undo_is_reported() {
    let ran = Machine::new().run(&["rollback"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.talk.contains("there is no write to ") && ran.talk.contains("to undo"), "{ran:?}");
}

#[test]
fn where_the_files_are_as_before_there_is_nothing_to_do() {
    let machine = written();
    fs::write(machine.config(), OLD).unwrap();
    let ran = machine.run(&["rollback"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{ran:?}");
    assert_eq!(ran.talk, "Nothing to do: the files are as they were before that write.\n");
}

#[test]
fn a_change_since_is_lost_only_by_force_and_even_then_kept() {
    let machine = written();
    let theirs = machine.read("etc/config.yml") + "# theirs\n";
    fs::write(machine.config(), &theirs).unwrap();
    let refused = machine.run(&["rollback"]);
    assert_eq!((refused.code, machine.read("etc/config.yml")), (Some(4), theirs.clone()));
    let words = ["changed on disk", "this command with --force undoes it as well"];
    assert!(words.into_iter().all(|words| refused.talk.contains(words)), "{refused:?}");
    let forced = machine.run(&["rollback", "--force"]);
    assert_eq!((forced.code, machine.has_old()), (Some(0), true), "{forced:?}");
    assert_eq!(machine.run(&["rollback"]).code, Some(0));
    assert_eq!(machine.read("etc/config.yml"), theirs);
}

#[test]
fn a_broken_configuration_is_taken_back_too() {
    let machine = written();
    fs::write(machine.config(), format!("{NEW_LINE}\t: [broken\n")).unwrap();
    assert_eq!(machine.apply(&[]).code, Some(1));
    let ran = machine.run(&["rollback", "--force"]);
    assert_eq!((ran.code, machine.has_old()), (Some(0), true), "{ran:?}");
}

#[test]
fn a_file_that_was_new_is_gone_again() {
    let machine = Machine::new();
    fs::remove_file(machine.config()).unwrap();
    machine.apply(&[]);
    assert!(machine.config().exists());
    let ran = machine.run(&["rollback"]);
    assert_eq!((ran.code, machine.config().exists()), (Some(0), false), "{ran:?}");
    machine.run(&["rollback"]);
    assert_eq!(machine.read("etc/config.yml"), format!("kestra:\n{NEW_LINE}"));
}

#[test]
fn the_result_page_takes_back_too() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    session.write_plan().wait_for("Done.").press("u").wait_for("Undone.");
    assert!(machine.has_old());
}

#[test]
fn the_result_page_asks_before_it_takes_back_a_change_of_others() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    session.write_plan().wait_for("Done.");
    let theirs = machine.read("etc/config.yml") + "# theirs\n";
    fs::write(machine.config(), &theirs).unwrap();
    session.press("u").wait_for("was changed since that write").wait_for("2  Quit");
    assert_eq!(machine.read("etc/config.yml"), theirs);
    session.press("1").wait_for("Undone.");
    assert!(machine.has_old());
}

#[test]
fn what_cannot_be_taken_back_leaves_the_files_and_says_why() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    session.write_plan().wait_for("Done.");
    fs::remove_dir_all(machine.at("home/state/checkpoints")).unwrap();
    session.press("u").wait_for("There is no backup").wait_for("1  Quit, write nothing");
    assert!(machine.has_new());
}

#[test]
fn a_check_after_somebody_broke_the_file_says_so() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    session.write_plan().wait_for("Done.");
    fs::write(machine.config(), "\t: [broken\n").unwrap();
    session.press("c").wait_for("1 failed").wait_for("line 1");
}

#[test]
fn it_undoes_the_last_write_of_that_configuration() {
    let machine = written();
    let other = machine.at("etc/other.yml");
    fs::write(&other, OLD).unwrap();
    let run = |words: &[&str]| ran(machine.command_for(&other, &[], words).stdin(Stdio::null()));
    assert_eq!(run(&["apply", "--url", "https://ops.example.com/"]).code, Some(0));
    let ran = machine.run(&["rollback"]);
    assert_eq!((ran.code, machine.has_old()), (Some(0), true), "{ran:?}");
    assert!(machine.read("etc/other.yml").contains(NEW_LINE));
    assert_eq!(run(&["rollback"]).code, Some(0));
    assert_eq!(machine.read("etc/other.yml"), OLD);
}

#[test]
fn it_asks_on_a_terminal_after_showing_the_difference() {
    let machine = written();
    let mut session = machine.start_command(&["rollback"]);
    session.wait_for("+  url: https://old.example.com/").wait_for("Undo this?").type_text("no\n");
    assert_eq!((session.wait_exit(), machine.has_new()), (1, true));
    let mut session = machine.start_command(&["rollback"]);
    session.wait_for("Undo this?").press(key::CTRL_D);
    assert_eq!((session.wait_exit(), machine.has_new()), (1, true));
    let mut session = machine.start_command(&["rollback"]);
    session.wait_for("Undo this?").send(b"yes\xff\n").wait_for("cannot use the terminal");
    assert_eq!((session.wait_exit(), machine.has_new()), (1, true));
    let mut session = machine.start_command(&["rollback"]);
    session.wait_for("Undo this?").type_text("yes\n");
    assert_eq!((session.wait_exit(), machine.has_old()), (0, true));
    let mut session = machine.start_command(&["rollback", "--yes"]);
    session.wait_for("Redone.");
    assert_eq!((session.wait_exit(), machine.has_new()), (0, true));
}

#[test]
fn the_list_shows_what_each_write_did_and_sends_nothing_to_the_terminal() {
    let machine = Machine::new();
    let strange = machine.at("etc/\u{1b}[31m.yml");
    fs::write(&strange, OLD).unwrap();
    let words = ["apply", "--url", "https://ops.example.com/"];
    assert_eq!(ran(machine.command_for(&strange, &[], &words).stdin(Stdio::null())).code, Some(0));
    let lines = machine.run(&["rollback", "--list"]).out;
    assert!(lines.contains("etc/\\u{1b}[31m.yml  url, reverse-proxy\n"), "{lines}");
    let json = machine.run(&["rollback", "--list", "--json"]).out;
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    let write = &list["writes"][0];
    assert_eq!(write["settings"], serde_json::json!(["url", "reverse-proxy"]));
    assert_eq!(write["files"], serde_json::json!([strange]));
    assert_eq!(write["config"], serde_json::json!(strange));
}
