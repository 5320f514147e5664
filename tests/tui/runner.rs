//! The runner of the terminal tests, tried on programs that are everywhere.

use support::{Program, Signal, key};

/// A shell that hears a hangup also where this program was told to ignore them, as by nohup.
fn shell(script: &str) -> support::Session {
    Program::new("env").args(["--default-signal=HUP", "sh", "-c", script]).start()
}

#[test]
fn what_is_typed_is_shown_and_the_cursor_follows() {
    let mut session = Program::new("cat").start();
    session.type_text("hello").wait_for("hello");
    assert_eq!(session.cursor(), (5, 0));
    session.keys([key::ENTER, key::CTRL_D]);
    assert_eq!(session.wait_exit(), 0);
    assert_eq!(session.screen(), "hello\nhello");
}

#[test]
fn a_program_has_a_home_of_its_own_and_no_proxy() {
    let mut session = shell("echo $HOME; env | grep -ci proxy");
    session.wait_exit();
    assert_eq!(session.screen(), format!("{}\n0", session.home().display()));
}

#[test]
fn a_new_size_is_heard_of() {
    let mut session =
        shell("trap 'stty size; exit 3' WINCH; echo ready; while :; do read -r x; done");
    session.wait_for("ready").resize(100, 30).wait_for("30 100");
    assert_eq!(session.wait_exit(), 3);
}

#[test]
fn a_signal_is_heard_of() {
    let mut session = shell("trap 'exit 7' TERM; echo ready; while :; do read -r x; done");
    session.wait_for("ready").signal(Signal::TERM);
    assert_eq!(session.wait_exit(), 7);
}

#[test]
fn a_lost_line_is_heard_of() {
    let mut session = shell("trap 'exit 9' HUP; echo ready; while :; do read -r x; done");
    session.wait_for("ready").hang_up();
    assert_eq!(session.wait_exit(), 9);
}

#[test]
fn everything_is_read_before_the_end() {
    let mut session = shell("seq 20000");
    session.wait_exit();
    assert!(session.output().ends_with(b"\n20000\r\n"));
    session.assert_restored();
}

#[test]
fn a_terminal_left_raw_is_noticed() {
    let mut session = shell("stty raw -echo");
    session.wait_exit();
    assert!(session.is_raw());
}
