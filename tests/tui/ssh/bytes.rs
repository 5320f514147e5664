//! What a session costs on a slow line.

use super::{at_home, at_username, program, sent, start};
use rustix::process::Pid;
use std::fs;
use std::time::Duration;
use support::Program;

/// What whiptail sends for the same form.
const FIRST_SCREEN: usize = 1776;

#[test]
fn a_typed_character_is_one_byte() {
    let mut session = at_username(program().start());
    // The first one takes the example out of the field.
    session.type_text("sv").settle();
    let before = session.settle().output().len();
    session.type_text("c-kestra").settle();
    // The preview is drawn when typing pauses; then the field's style is set once more.
    let sent = String::from_utf8_lossy(&session.output()[before..]).into_owned();
    assert_eq!(sent.trim_start_matches("\x1b[1m"), "c-kestra");
}

#[test]
fn the_first_screen_costs_no_more_than_that_of_whiptail() {
    let mut session = start();
    let count = session.settle().output().len();
    assert!(count <= FIRST_SCREEN, "{count} bytes");
}

#[test]
fn the_terminal_is_asked_nothing() {
    let mut session = start();
    session.settle();
    let text = sent(&session);
    // Device attributes, status and cursor reports, modes, keyboard, version, colours, capabilities.
    for ends in ["c", "n", "$p", "u", "q", "t", "x"] {
        let mut sequences = text.split("\x1b[").skip(1);
        let is_query = |rest: &str| {
            rest.trim_start_matches(|char: char| " <=>?;".contains(char) || char.is_ascii_digit())
                .starts_with(ends)
        };
        assert!(!sequences.any(is_query), "{text:?}");
    }
    assert!(!text.contains("\x1b]") && !text.contains("\x1bP") && !text.contains('\x05'));
}

/// How often the threads of a process have gone to sleep or were put there.
fn switches(pid: Pid) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
    let status = threads.flatten().map(|thread| fs::read_to_string(thread.path().join("status")));
    let counts = status.flatten().map(|text| {
        let values = text.lines().filter_map(|line| line.split_once("ctxt_switches:"));
        values.filter_map(|(_, value)| value.trim().parse::<u64>().ok()).sum::<u64>()
    });
    counts.sum()
}

#[test]
fn nothing_wakes_an_idle_program() {
    let mut session = at_username(program().start());
    let before = switches(session.settle().pid());
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(switches(session.pid()), before);
}

#[test]
fn a_frame_is_one_write() {
    let traced = Program::new("strace").args(["-f", "-o", "writes", "-e", "trace=write"]);
    let traced = traced.arg(env!("CARGO_BIN_EXE_kestra-setup"));
    if !super::interrupted::can_trace() {
        return;
    }
    let home = traced.home().to_owned();
    let mut session = at_home(traced, &home).start();
    session.wait_for("Public URL").settle();
    let writes = || {
        let trace = fs::read_to_string(home.join("writes")).expect("a trace");
        // nginx, which is asked for its version, writes there too.
        let of_thread = |line: &str| line.split(' ').next().map(str::to_owned);
        let frame = trace.lines().find(|line| line.contains("write(2,") && line.contains("\\33"));
        let thread = frame.and_then(of_thread);
        let is_own = |line: &&str| line.contains("write(2,") && of_thread(line) == thread;
        trace.lines().filter(is_own).count()
    };
    // The second one is what is found on the machine.
    let first = writes();
    assert!((1..=2).contains(&first), "the first screen: {first}");
    session.type_text("https://ops.example.com/").settle();
    assert!(writes() <= 2 + "https://ops.example.com/".len());
}
