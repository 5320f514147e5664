//! Two writers at once, and a file that changes while it is looked at.

use kestra_setup::plan::{FileChange, FileKind, Plan};
use std::fs;
use support::key;
use support::machine::{Machine, NEW_LINE, OLD};

const THEIRS: &str =
    "# ours\nkestra:\n  url: https://old.example.com/\n  queue:\n    type: postgres\n";

#[test]
fn a_second_writer_hears_who_writes_and_since_when() {
    let machine = Machine::new();
    let mut first = machine.wizard();
    let ran = machine.apply(&[]);
    assert_eq!((ran.code, machine.has_old()), (Some(1), true), "{ran:?}");
    let pid = format!("pid {}, since 20", first.pid().as_raw_nonzero());
    assert!(ran.talk.contains("being edited by") && ran.talk.contains(&pid), "{ran:?}");
    first.write_plan().wait_for("Done.");
    assert!(machine.has_new());
}

#[test]
fn a_second_wizard_may_look_and_not_write() {
    let machine = Machine::new();
    let first = machine.wizard();
    let mut second = machine.start(&[("KESTRA_SETUP_URL", "https://ops.example.com/")]);
    second.wait_for("Already being edited by");
    second.wait_for(&format!("pid {}", first.pid().as_raw_nonzero()));
    second.press("1").wait_for("ops.example.com").write_plan().wait_for("Already being edited by");
    assert!(machine.has_old());
    drop(first);
    second.press("1").wait_for("Done.");
    assert!(machine.has_new());
}

#[test]
fn a_second_wizard_may_leave() {
    let machine = Machine::new();
    let _first = machine.wizard();
    let mut second = machine.start(&[]);
    second.wait_for("Already being edited by").press("2");
    assert_eq!(second.wait_exit(), 0);
    second.assert_restored();
}

#[test]
fn a_second_wizard_leaves_the_draft_alone_whatever_becomes_of_its_own_answers() {
    let machine = Machine::new();
    let _first = machine.wizard();
    let draft = machine.at("home/state/draft.json");
    fs::write(&draft, "the first one's").unwrap();
    let mut second = machine.start(&[("KESTRA_SETUP_URL", "https://ops.example.com/")]);
    second.wait_for("Already being edited by").press("1").wait_for("ops.example.com");
    second.press(key::CTRL_C).wait_for("keep a draft").press(key::CTRL_C);
    assert_eq!(second.wait_exit(), 130);
    assert_eq!(fs::read_to_string(&draft).unwrap(), "the first one's");
}

/// The digest of the plan that makes the new text out of the old one and replaces this one by it.
fn digest(machine: &Machine, before: &str) -> String {
    let change = FileChange {
        kind: FileKind::Config,
        path: machine.config(),
        target: None,
        before: Some(before.into()),
        after: OLD.replace("  url: https://old.example.com/\n", NEW_LINE).into(),
        mode: 0o600,
    };
    Plan { changes: vec![change], ..Plan::default() }.digest()
}

#[test]
fn a_reviewed_plan_is_refused_once_its_file_changed() {
    let machine = Machine::new();
    let answers = r#"{"url": "https://ops.example.com/", "defaults": {"connection": "direct"}}"#;
    let words = ["apply", "--answers", "-", "--expect", &digest(&machine, OLD)];
    fs::write(machine.config(), THEIRS).unwrap();
    let ran = machine.pipe(&words, answers);
    assert_eq!((ran.code, machine.read("etc/config.yml")), (Some(4), THEIRS.to_owned()), "{ran:?}");
    assert!(ran.talk.contains("nothing was written"), "{ran:?}");
    fs::write(machine.config(), OLD).unwrap();
    let ran = machine.pipe(&words, answers);
    assert_eq!((ran.code, machine.has_new()), (Some(0), true), "{ran:?}");
}

#[test]
fn a_reviewed_plan_overwrites_a_change_with_the_text_that_it_was_made_from() {
    let machine = Machine::new();
    fs::write(machine.config(), THEIRS).unwrap();
    let (config, text) = (machine.config().display().to_string(), OLD.replace('\n', "\\n"));
    let answers = format!(
        r#"{{"url": "https://ops.example.com/", "defaults": {{"connection": "direct"}},
        "reviewed": {{"{config}": "{text}"}}}}"#
    );
    let words = ["apply", "--answers", "-", "--expect", &digest(&machine, THEIRS)];
    let ran = machine.pipe(&words, &answers);
    assert_eq!((ran.code, machine.has_new()), (Some(0), true), "{ran:?}");
}

#[test]
fn both_changes_are_kept_where_that_is_chosen() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    fs::write(machine.config(), THEIRS).unwrap();
    session.write_plan().wait_for("changed on disk while you were editing");
    session.wait_for("+  queue:").wait_for("+    type: ").wait_for("Keep both");
    assert_eq!(machine.read("etc/config.yml"), THEIRS);
    session.press(key::ENTER).wait_for("w write");
    session.write_plan().wait_for("Done.");
    let both = THEIRS.replace("  url: https://old.example.com/\n", NEW_LINE);
    assert_eq!(machine.read("etc/config.yml"), both);
}

#[test]
fn theirs_is_kept_and_ours_beside_it_where_that_is_chosen() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    fs::write(machine.config(), THEIRS).unwrap();
    session.write_plan().wait_for("Keep both").press("2").wait_for("the new ones are beside them");
    assert_eq!(machine.read("etc/config.yml"), THEIRS);
    assert!(machine.read("etc/config.yml.kestra-setup-new").contains(NEW_LINE));
}

#[test]
fn a_file_of_nginx_is_saved_where_no_nginx_includes_it() {
    let machine = Machine::new();
    fs::create_dir(machine.at("sites-enabled")).unwrap();
    let file = machine.at("sites-enabled/kestra").display().to_string();
    let mut session = machine.start(&[
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_REVERSE_PROXY", "nginx"),
        ("KESTRA_SETUP_NGINX_FILE", &file),
    ]);
    session.wait_for("w write");
    fs::write(&file, "server {}\n").unwrap();
    session.write_plan().wait_for("no file").press("2").wait_for("the new ones are beside them");
    let names = |folder: &str| {
        let entries = fs::read_dir(machine.at(folder)).unwrap();
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names("sites-enabled"), ["kestra"]);
    assert!(names("etc").contains(&"kestra.kestra-setup-new".to_owned()), "{:?}", names("etc"));
}

#[test]
fn ours_is_dropped_where_that_is_chosen() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    fs::write(machine.config(), THEIRS).unwrap();
    session.write_plan().wait_for("Keep both").press("3").wait_for("no changes");
    session.press("w").wait_for("Nothing to write.");
    assert_eq!(machine.read("etc/config.yml"), THEIRS);
}

#[test]
fn theirs_is_lost_only_where_that_is_chosen_and_then_in_the_backup() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    fs::write(machine.config(), THEIRS).unwrap();
    session.write_plan().wait_for("Keep both").press("4").wait_for("Done.");
    assert!(machine.has_new());
    session.press(key::ENTER);
    assert_eq!(session.wait_exit(), 0);
    assert_eq!(machine.run(&["rollback"]).code, Some(0));
    assert_eq!(machine.read("etc/config.yml"), THEIRS);
}

#[test]
fn done_is_not_shown_where_nothing_was_written() {
    const NOTHING: &str = "Nothing was written. The files are as";
    let new = OLD.replace("  url: https://old.example.com/\n", NEW_LINE);
    let machine = Machine::new();
    let mut session = machine.wizard();
    fs::write(machine.config(), &new).unwrap();
    session.write_plan().wait_for("Keep both").press("4").wait_for(NOTHING).wait_gone("Done");
    drop(session);
    fs::write(machine.config(), OLD).unwrap();
    let url = ("KESTRA_SETUP_URL", "https://ops.example.com/");
    let mut session = machine.start(&[url, ("ACCESSIBLE", "1")]);
    session.answer(["w"]).wait_for("Write 1 file?");
    fs::write(machine.config(), &new).unwrap();
    session.answer(["yes", "4", "yes"]).wait_for(NOTHING).wait_gone("Done");
    let ran = machine.apply(&[]);
    assert_eq!((ran.code, ran.talk.contains("Nothing to do.")), (Some(0), true), "{ran:?}");
    assert!(!ran.talk.contains("Done"), "{ran:?}");
}

#[test]
fn undone_is_not_shown_where_the_files_were_so_already() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    session.write_plan().wait_for("Done.");
    fs::write(machine.config(), OLD).unwrap();
    session.press("u").wait_for("Nothing was written.").wait_gone("Undone");
}

#[test]
fn a_file_that_is_gone_comes_back_with_every_setting_it_had() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    fs::remove_file(machine.config()).unwrap();
    session.write_plan().wait_for("now      no file").wait_for("3 lines");
    session.wait_for("To overwrite it is to write it again").wait_gone("Keep both");
    session.press("1").wait_for("Done. 1 file written.");
    assert!(machine.has_new());
}

#[test]
fn one_line_is_no_lines() {
    let machine = Machine::new();
    let mut session = machine.wizard();
    fs::write(machine.config(), "kestra.url: https://old.example.com/\n").unwrap();
    session.write_plan().wait_for("1 line").wait_gone("1 lines");
}
