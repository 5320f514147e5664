//! The line drops, or somebody ends the program.

use super::{PASSWORD, URL, again, at_home, at_password, at_proxy, at_review, program, start};
use rustix::process::{Pid, kill_process};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use support::{Program, Session, Signal, key, within};

fn draft(session: &Session) -> String {
    fs::read_to_string(session.home().join("state/draft.json")).unwrap_or_default()
}

/// What the system reports of a process: its state and the ticks of a hundredth that it has run.
fn state(pid: Pid) -> (String, u64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
    (fields[0].to_owned(), ticks(11) + ticks(12))
}

/// Waits for the program to end; gives how long it ran since, in ticks of a hundredth.
fn ticks_until_gone(session: &Session, before: u64) -> u64 {
    let has_left = || state(session.pid()).0 == "Z";
    assert!(within(Duration::from_secs(10), has_left), "it does not leave");
    state(session.pid()).1 - before
}

#[test]
fn each_signal_restores_the_terminal_and_leaves_a_draft_without_secrets() {
    for (signal, code) in [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)] {
        let mut session = at_password(program().start());
        session.signal(signal);
        assert_eq!(session.wait_exit(), code);
        session.assert_restored();
        let (text, path) = (draft(&session), session.home().join("state/draft.json"));
        assert!(text.contains(URL) && text.contains("proxy.corp.example:3128"), "{text}");
        assert!(!text.contains(PASSWORD), "{text}");
        let mode = fs::metadata(path).expect("a draft").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!session.home().join("config.yml").exists());
    }
}

#[test]
fn what_is_in_the_field_is_in_the_draft() {
    let mut session = start();
    session.type_text(URL).signal(Signal::HUP);
    assert_eq!(session.wait_exit(), 129);
    assert!(draft(&session).contains(URL), "{}", draft(&session));
}

#[test]
fn a_password_within_an_address_that_will_not_do_is_not_in_the_draft() {
    let mut session = at_proxy(program().start());
    session.press(key::RIGHT).wait_for("Username").press(key::TAB);
    session.type_text(&format!("svc:{PASSWORD}@proxy")).press(key::TAB).settle();
    session.signal(Signal::TERM);
    assert_eq!(session.wait_exit(), 143);
    assert!(draft(&session).contains(URL) && !draft(&session).contains(PASSWORD));
}

#[test]
fn the_next_start_goes_on_with_the_answers() {
    let mut session = at_password(program().start());
    session.signal(Signal::TERM).wait_exit();

    let mut session = again(&session);
    session.wait_for("You stopped at step 2 at ").wait_for("passwords are not kept");
    session.press(key::ENTER).wait_for("proxy.corp.example:3128").wait_for("svc-kestra");
    session.press(key::ESC).wait_for(URL);
}

#[test]
fn n_and_its_number_start_over() {
    for key in ["n", "2"] {
        let mut session = at_proxy(program().start());
        session.signal(Signal::TERM).wait_exit();

        let mut session = again(&session);
        session.wait_for("You stopped at step 2").press(key).wait_for("Where will people open");
        assert!(!session.screen().contains("ops.example.com"), "{}", session.screen());
    }
}

#[test]
fn who_does_not_decide_about_a_draft_keeps_it() {
    let mut session = at_proxy(program().start());
    session.signal(Signal::TERM).wait_exit();
    for leave in ["3", "interrupted"] {
        let mut next = again(&session);
        next.wait_for("You stopped at step 2 at ");
        if leave == "3" {
            next.press(leave)
        } else {
            next.signal(Signal::TERM)
        };
        next.wait_exit();
    }
    again(&session).wait_for("You stopped at step 2 at ");
}

#[test]
fn who_starts_over_and_leaves_is_not_asked_again() {
    let mut session = at_proxy(program().start());
    session.signal(Signal::TERM).wait_exit();
    let mut next = again(&session);
    next.wait_for("You stopped at step 2").press("2").wait_for("Where will people open");
    next.press(key::CTRL_C).wait_exit();
    again(&session).wait_for("Where will people open");
}

#[test]
fn a_lost_line_ends_the_program_at_once_and_costs_nothing() {
    let mut session = at_password(program().start());
    let (_, before) = state(session.pid());
    session.hang_up();
    let ticks = ticks_until_gone(&session, before);
    assert!(ticks <= 20, "it ran for {ticks} hundredths of a second");
    assert_eq!(session.wait_exit(), 129);
    assert!(draft(&session).contains("svc-kestra") && !draft(&session).contains(PASSWORD));
}

/// Without a terminal that controls it no signal tells that the line is gone: reading ends, and
/// writing fails.
#[test]
fn a_line_that_is_lost_without_a_signal_is_noticed_by_the_next_frame() {
    let alone = Program::new("setsid").args(["--wait", env!("CARGO_BIN_EXE_kestra-setup")]);
    let home = alone.home().to_owned();
    let mut session = at_proxy(at_home(alone, &home).start());
    let wizard = child_of(session.pid());
    kill_process(wizard, Signal::STOP).expect("it is there");
    session.send("x").hang_up();
    kill_process(wizard, Signal::CONT).expect("it is there");
    let is_there = || Path::new(&format!("/proc/{wizard}")).exists() && state(wizard).0 != "Z";
    assert!(within(Duration::from_secs(10), || !is_there()), "it does not leave");
    let draft = fs::read_to_string(home.join("state/draft.json"));
    assert!(draft.expect("a draft").contains(URL));
}

/// The only child of a process.
fn child_of(pid: Pid) -> Pid {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let child = children.expect("a process").trim().parse().expect("one child");
    Pid::from_raw(child).expect("a process")
}

#[test]
fn a_signal_lets_a_write_finish() {
    let slow = ["-f", "-o", "/dev/null", "-e", "inject=fsync,fdatasync:delay_enter=300000"];
    if !can_trace() {
        return;
    }
    let traced = Program::new("strace").args(slow).arg(env!("CARGO_BIN_EXE_kestra-setup"));
    let home = traced.home().to_owned();
    let mut session = at_review(at_home(traced, &home).start());
    let wizard = child_of(session.pid());
    session.write_plan().wait_for("Writing…");
    kill_process(wizard, Signal::TERM).expect("it is there");
    assert_eq!(session.wait_exit(), 143);
    session.assert_restored();
    let config = fs::read_to_string(home.join("config.yml")).expect("the file is written");
    assert!(config.contains(URL) && config.contains(PASSWORD), "{config}");
    again(&session).wait_for("no changes");
}

#[expect(clippy::disallowed_types, reason = "asks a program whether it can trace")]
pub(crate) fn can_trace() -> bool {
    let status = std::process::Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    support::needs(status.is_ok_and(|status| status.success()), "strace, and a right to use it")
}
