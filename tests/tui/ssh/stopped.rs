//! A shell with jobs, and the screen drawn anew.

use super::{URL, at_home, at_proxy, program, shown};
use rustix::process::{Pid, kill_process};
use std::fs::read_to_string;
use std::time::Duration;
use support::{Program, Session, Signal, key, within};

/// The wizard as a job of an interactive shell, on its second screen.
fn job() -> Session {
    let shell = Program::new("sh").arg("-i").env("PS1", "ready> ").env("ENV", "");
    let home = shell.home().to_owned();
    let mut session = shell
        .env("KESTRA_SETUP_STATE", home.join("state"))
        .env("KESTRA_SETUP_REVERSE_PROXY", "none")
        .start();
    let command = format!("{} --config config.yml\r", env!("CARGO_BIN_EXE_kestra-setup"));
    session.wait_for("ready>").type_text(&command);
    at_proxy(session)
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_draws_the_screen_anew() {
    let mut session = job();
    let before = shown(session.settle());
    session.press(key::CTRL_Z).wait_for("Stopped").settle();
    session.assert_restored();
    assert!(!session.screen().contains("How does Kestra"), "{}", session.screen());

    session.type_text("fg\r").wait_for("How does Kestra").settle();
    assert_eq!(shown(&session), before);
    assert!(session.is_raw() && session.emulated().alternate_screen());
    assert!(session.emulated().bracketed_paste());
    session.press(key::ESC).wait_for("Where will people open").wait_for(URL);
}

#[test]
fn a_signal_to_stop_gives_the_terminal_to_the_shell_too() {
    let mut session = job();
    let shell = session.pid().as_raw_nonzero();
    let children = read_to_string(format!("/proc/{shell}/task/{shell}/children"));
    let wizard = children.expect("the shell").trim().parse().expect("its only child");
    let wizard = Pid::from_raw(wizard).expect("a process");
    kill_process(wizard, Signal::TSTP).expect("the wizard is there");
    session.wait_for("Stopped").settle().assert_restored();
    session.type_text("fg\r").wait_for("How does Kestra");
    assert!(session.is_raw() && session.emulated().alternate_screen());
}

#[test]
fn a_stopped_job_that_loses_its_line_leaves_its_answers() {
    let mut session = job();
    session.press(key::CTRL_Z).wait_for("Stopped").hang_up();
    let draft = session.home().join("state/draft.json");
    let is_kept = || read_to_string(&draft).is_ok_and(|text| text.contains(URL));
    assert!(within(Duration::from_secs(10), is_kept), "no draft");
}

#[test]
fn a_redraw_repairs_the_screen_with_what_was_on_it() {
    let mut session = at_proxy(program().start());
    let (screen, cursor) = (shown(session.settle()), session.cursor());
    let before = session.output().len();
    session.press(key::CTRL_L).settle();
    assert!(session.output()[before..].starts_with(b"\x1b[m\x1b[H\x1b[2J"));
    assert_eq!((shown(&session), session.cursor()), (screen, cursor));
}

#[test]
fn nobody_is_stopped_who_could_not_go_on() {
    let alone = Program::new(env!("CARGO_BIN_EXE_kestra-setup"));
    let home = alone.home().to_owned();
    let mut session = at_proxy(at_home(alone, &home).start());
    session.press(key::CTRL_Z).press(key::RIGHT).wait_for("Username");
    assert!(session.is_raw());
}
