//! Plain mode in a real terminal: the program as somebody with a screen reader or a serial line
//! meets it.

use std::path::Path;
use support::{Program, Session, Signal, key};

/// Found nowhere but in the file that it is for.
const PASSWORD: &str = "xK9#vonKarman";

/// Everything that is asked without a proxy and without nginx.
const SHORT: [&str; 4] = ["https://ops.example.com/", "", "direct", "none"];

fn program() -> Program {
    in_surroundings(Program::new(env!("CARGO_BIN_EXE_kestra-setup")))
}

/// A configuration and a history of its own, wherever this test runs.
fn in_surroundings(program: Program) -> Program {
    let state = program.home().join("state");
    program.env("KESTRA_SETUP_STATE", state).env("KESTRA_SETUP_REVERSE_PROXY", "none")
}

fn plain() -> Session {
    program().args(["--plain", "--config", "config.yml"]).start()
}

/// At the prompt for the password.
fn at_password() -> Session {
    let mut session = plain();
    session.answer(["https://ops.example.com/", "", "http", "proxy.corp.example:3128", "svc"]);
    session.wait_for("Password (not shown)").wait_for_prompt();
    session
}

fn config(home: &Path) -> Option<String> {
    std::fs::read_to_string(home.join("config.yml")).ok()
}

fn assert_nothing_written(session: &Session) {
    session.assert_restored();
    assert_eq!(config(session.home()), None);
}

fn printed(session: &Session) -> String {
    String::from_utf8_lossy(session.output()).into_owned()
}

#[test]
fn plain_mode_is_for_whoever_asks_and_for_terminals_that_can_do_no_more() {
    let wanted = [
        program().arg("--plain"),
        program().env("ACCESSIBLE", "1"),
        program().env("TERM", "dumb"),
        program().env_remove("TERM"),
        program().size(39, 24),
        program().size(80, 9),
    ];
    for program in wanted {
        let mut session = program.start();
        session.wait_for("Public URL:");
        assert!(!session.output().contains(&0x1b), "{}", session.screen());
    }
}

#[test]
fn a_command_has_no_colours_for_a_terminal_that_can_do_no_more() {
    for program in [program().env("TERM", "dumb"), program().env_remove("TERM")] {
        let mut session = program.args(["apply", "--url", "ops.example.com"]).start();
        session.wait_for("error: url:");
        assert!(!session.output().contains(&0x1b), "{}", session.screen());
    }
}

#[test]
fn accessible_may_be_switched_off() {
    let mut session = program().env("ACCESSIBLE", "0").start();
    session.wait_for("Public URL");
    assert!(session.emulated().alternate_screen());
}

#[test]
fn a_session_ends_with_what_was_agreed_to() {
    let mut session = plain();
    session.answer(SHORT.into_iter().chain(["w", "yes"]));
    session.wait_for("Done. 1 file written.");
    session.answer([""]);
    assert_eq!(session.wait_exit(), 0);
    session.assert_restored();
    let expected = "kestra:\n  url: https://ops.example.com/\n";
    assert_eq!(config(session.home()).as_deref(), Some(expected));
}

#[test]
fn only_plain_text_is_sent() {
    let mut session = plain();
    session.answer(SHORT.into_iter().chain(["d", "unknown", "list", "help", "q", "q"]));
    assert_eq!(session.wait_exit(), 130);
    let text = |byte: &u8| matches!(byte, b'\r' | b'\n' | b' '..=b'~');
    assert!(session.output().iter().all(text), "{:?}", printed(&session));
    assert!(printed(&session).lines().all(|line| line.trim_end().len() <= 72));
}

#[test]
fn a_password_shows_nowhere() {
    let mut session = at_password();
    session.answer([PASSWORD]);
    session.wait_for("Saved: hidden");
    session.answer(["", "none", "d", "list", "4", "back", "w", "yes", ""]);
    assert_eq!(session.wait_exit(), 0);
    assert!(!printed(&session).contains(PASSWORD), "{}", printed(&session));
    assert!(config(session.home()).unwrap_or_default().contains(PASSWORD));
}

#[test]
fn of_pasted_lines_the_first_is_the_answer_and_the_rest_is_dropped() {
    let mut session = plain();
    session.wait_for_prompt().send("https://ops.example.com/\r\rdirect\rnone\rw\ryes\ryes");
    session.wait_for("5 were dropped.").wait_for("Question 2 of 4.").wait_for_prompt();
    session.press(key::CTRL_D);
    assert_eq!(session.wait_exit(), 1);
    assert_nothing_written(&session);
}

#[test]
fn nothing_that_was_typed_before_the_last_question_agrees_to_it() {
    let mut session = plain();
    session.answer(SHORT).wait_for("w to").wait_for_prompt().send("w\ryes\r");
    session.wait_for("1 was dropped.").wait_for("y or n").wait_for_prompt().press(key::CTRL_D);
    assert_eq!(session.wait_exit(), 1);
    assert_nothing_written(&session);
}

#[test]
fn a_line_that_the_terminal_would_cut_is_refused_and_a_shorter_one_is_not() {
    let mut session = at_password();
    session.answer(["p".repeat(9_000).as_str()]).wait_for("apply --answers FILE");
    session.answer(["p".repeat(4_094).as_str()]).wait_for("Saved: hidden");
}

#[test]
fn the_end_of_the_input_aborts_wherever_it_comes() {
    let whole: Vec<_> = SHORT.into_iter().chain(["w"]).collect();
    for count in [0, 2, 4, 5] {
        let mut session = plain();
        session.answer(whole[..count].iter().copied()).wait_for_prompt().press(key::CTRL_D);
        assert_eq!(session.wait_exit(), 1, "{}", session.screen());
        assert_nothing_written(&session);
    }
}

#[test]
fn a_signal_gives_the_echo_back() {
    for (signal, code) in [(Signal::HUP, 129), (Signal::TERM, 143)] {
        let mut session = at_password();
        assert!(session.is_raw());
        session.signal(signal);
        assert_eq!(session.wait_exit(), code);
        assert_nothing_written(&session);
    }
}

#[test]
fn ctrl_c_asks_what_becomes_of_the_answers_and_a_second_one_discards_them() {
    for (then, words) in [
        (key::CTRL_C, "Answers discarded. Nothing was written."),
        ("q\r", "Answers discarded. Nothing was written."),
        ("s\r", "Draft kept. Run kestra-setup --config "),
        (key::CTRL_D, "End of input. Draft kept. Run kestra-setup --config "),
    ] {
        let mut session = at_password();
        session.press(key::CTRL_C).wait_for("s to keep a draft, q to discard").wait_for_prompt();
        assert!(!session.is_raw());
        session.send(then).wait_for(words);
        assert_eq!(session.wait_exit(), if then == key::CTRL_D { 1 } else { 130 });
        assert_nothing_written(&session);
        let is_kept = session.home().join("state/draft.json").exists();
        assert_eq!(is_kept, words.contains("kept"), "{then:?}");
    }
}

#[test]
fn whoever_stays_after_ctrl_c_is_asked_again_and_can_test() {
    let mut session = plain();
    session.answer(["https://ops.example.com/", "", "http", "127.0.0.1:1"]);
    session.wait_for("Username").wait_for_prompt().press(key::CTRL_C).wait_for("Quit?");
    session.answer(["", "", "", "none", "t"]).wait_for("nothing listens on 127.0.0.1:1");
}

#[test]
fn a_line_that_is_lost_writes_nothing() {
    let mut session = plain();
    session.answer(SHORT.into_iter().chain(["w"]));
    session.hang_up();
    assert_eq!(session.wait_exit(), 129);
    assert_eq!(config(session.home()), None);
}

#[test]
fn an_interrupted_session_leaves_a_draft_without_its_password() {
    let mut session = at_password();
    session.answer([PASSWORD]);
    session.signal(Signal::TERM);
    assert_eq!(session.wait_exit(), 143);
    let draft = std::fs::read_to_string(session.home().join("state/draft.json"));
    let draft = draft.expect("a draft");
    assert!(draft.contains("proxy.corp.example:3128") && !draft.contains(PASSWORD), "{draft}");
}

#[test]
fn the_next_start_offers_the_answers() {
    let mut session = at_password();
    session.signal(Signal::TERM);
    assert_eq!(session.wait_exit(), 143);
    let home = session.home();
    let again = program().env("KESTRA_SETUP_STATE", home.join("state"));
    let config = home.join("config.yml");
    let mut session = again.arg("--plain").arg("--config").arg(config).start();
    session.wait_for("You stopped at step 2").wait_for("1. Continue with these answers");
    session.answer(["", "list"]);
    session.wait_for("4. Address: proxy.corp.example:3128");
}

#[test]
fn a_signal_comes_before_what_was_typed() {
    let mut session = plain();
    session.answer(SHORT.into_iter().chain(["w"]));
    session.signal(Signal::STOP).signal(Signal::TERM).send("yes\r").signal(Signal::CONT);
    assert_eq!(session.wait_exit(), 143);
    assert_nothing_written(&session);
}

#[test]
fn a_stopped_job_asks_again() {
    let command = format!("{} --plain --config config.yml", env!("CARGO_BIN_EXE_kestra-setup"));
    let script = format!("set -m; {command}; echo stopped; read -r line; fg");
    let mut session = in_surroundings(Program::new("sh")).args(["-c", &script]).start();
    session.wait_for("Public URL:").type_text("https://ops.").press(key::CTRL_Z);
    session.wait_for("stopped").assert_restored();
    session.press(key::ENTER).wait_until("the question again", |screen| {
        screen.contents().matches("Public URL:").count() == 2
    });
    session.type_text("https://ops.example.com/\r").wait_for("Saved: https://ops.example.com/");
}

#[test]
fn nobody_is_stopped_who_could_not_go_on() {
    let mut session = plain();
    session.wait_for("Public URL:").press(key::CTRL_Z).type_text("https://ops.example.com/\r");
    session.wait_for("Question 2 of");
}

#[test]
fn keys_erase_as_at_a_shell() {
    let mut session = plain();
    session.wait_for("Public URL:").type_text("wrong").press(key::CTRL_U);
    session.type_text("https://ops.exx").press(key::BACKSPACE).type_text("ample.com/\r");
    session.wait_for("Saved: https://ops.example.com/");
}
