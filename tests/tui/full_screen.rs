//! The terminal layer in a real terminal, under a form that does nothing else.
//!
//! The form is this test program itself, started again to run `full_screen::a_form` alone.

use kestra_setup::key::Key;
use kestra_setup::system::signals::{self, Signal};
use kestra_setup::ui::tui::backend::Colors;
use kestra_setup::ui::tui::frame::{Frame, Row};
use kestra_setup::ui::tui::input::{Decoder, Input};
use kestra_setup::ui::tui::reader::{self, Typed};
use kestra_setup::ui::tui::terminal::FullScreen;
use ratatui::text::Line;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;
use support::{Program, Session, key};

const IN_ITS_TERMINAL: &str = "FORM_IN_ITS_TERMINAL";

enum Event {
    Typed(Typed),
    Signal(Signal),
}

impl From<Typed> for Event {
    fn from(typed: Typed) -> Self {
        Self::Typed(typed)
    }
}

impl From<Signal> for Event {
    fn from(signal: Signal) -> Self {
        Self::Signal(signal)
    }
}

#[test]
fn a_form() {
    if std::env::var_os(IN_ITS_TERMINAL).is_some() {
        println!("left: {}", run());
    }
}

/// One field; why it was left.
fn run() -> String {
    let (sender, events) = mpsc::channel::<Event>();
    signals::listen(sender.clone()).unwrap();
    let mut screen = FullScreen::enter(Colors::Basic).unwrap();
    reader::listen(std::io::stdin(), Decoder::new(Duration::from_millis(100)), sender).unwrap();
    let mut text = String::new();
    loop {
        let line = format!("Text: {text}");
        let drawn = screen.draw(|size| {
            let mut rows = vec![Row::new(); size.height.into()];
            let cursor = (u16::try_from(line.len()).unwrap(), 0).into();
            rows[0].push((0..size.width, Line::from(line)));
            rows[usize::from(size.height) - 1].push((0..size.width, Line::from(size.to_string())));
            Frame { rows, cursor }
        });
        if drawn.is_err() {
            return "the line is gone".to_owned();
        }
        match events.recv().unwrap() {
            Event::Signal(Signal::Resized) => {}
            Event::Signal(Signal::Continue) => screen.resume().unwrap(),
            Event::Signal(Signal::Stop) => screen.suspend().unwrap(),
            Event::Signal(signal) => return format!("{signal:?}"),
            Event::Typed(Typed { input: Input::Paste(paste), .. }) => {
                text.extend(["<", &paste, ">"]);
            }
            Event::Typed(Typed { input: Input::Key(key), .. }) => match key {
                Key::Char(char) => text.push(char),
                Key::Ctrl('c') => return "Ctrl-C".to_owned(),
                Key::Ctrl('e') => text += &screen.lend(borrow),
                Key::Ctrl('l') => screen.redraw(),
                Key::Ctrl('p') => panic!("the form panics"),
                Key::Ctrl('t') => drop(std::thread::spawn(|| panic!("a worker panics")).join()),
                Key::Ctrl('y') => screen.copy("copied").unwrap(),
                Key::Ctrl('z') => screen.suspend().unwrap(),
                key => text.extend(["[", &format!("{key:?}"), "]"]),
            },
        }
    }
}

/// Another program that asks something, as sudo does, and is slow to read it.
fn borrow() -> String {
    std::io::stderr().write_all(b"Password:\n").unwrap();
    let stdin = std::io::stdin();
    poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None).unwrap();
    std::thread::yield_now();
    let mut line = String::new();
    stdin.read_line(&mut line).unwrap();
    format!("({})", line.trim_end())
}

fn program(path: &str) -> Program {
    Program::new(path).env(IN_ITS_TERMINAL, "1")
}

fn path_of_form() -> String {
    std::env::current_exe().unwrap().to_str().unwrap().to_owned()
}

fn start() -> Session {
    let mut session =
        program(&path_of_form()).args(["--exact", "full_screen::a_form", "--nocapture"]).start();
    session.wait_for("Text:");
    session
}

fn assert_left(session: &mut Session, why: &str) {
    session.wait_exit();
    session.assert_restored();
    assert!(session.screen().contains(&format!("left: {why}")), "{}", session.screen());
}

#[test]
fn the_terminal_is_taken_and_given_back() {
    let mut session = start();
    assert!(session.is_raw() && session.emulated().alternate_screen());
    assert!(session.emulated().bracketed_paste() && !session.emulated().hide_cursor());
    session.press(key::CTRL_C);
    assert_left(&mut session, "Ctrl-C");
}

#[test]
fn each_signal_restores_the_terminal() {
    for (signal, name) in [
        (support::Signal::HUP, "Hangup"),
        (support::Signal::INT, "Interrupt"),
        (support::Signal::TERM, "Terminate"),
    ] {
        let mut session = start();
        session.signal(signal);
        assert_left(&mut session, name);
    }
}

#[test]
fn a_lost_line_ends_the_program() {
    let mut session = start();
    session.hang_up();
    session.wait_exit();
}

#[test]
fn a_panic_restores_the_terminal_before_its_message() {
    let mut session = start();
    session.press("\x10").wait_exit();
    session.assert_restored();
    assert!(session.screen().contains("the form panics"), "{}", session.screen());
}

#[test]
fn a_panic_of_a_worker_leaves_the_screen_alone() {
    let mut session = start();
    session.press(key::CTRL_T).press("x").wait_for("Text: x");
    assert!(session.is_raw() && !session.screen().contains("panic"));
}

#[test]
fn a_typed_character_is_one_byte_on_the_line() {
    let mut session = start();
    let before = session.settle().output().len();
    session.type_text("abcdef").settle();
    assert_eq!(&session.output()[before..], b"abcdef");
}

#[test]
fn an_escape_torn_from_its_arrow_is_an_arrow() {
    let mut session = start();
    session.send("\x1b").send("[A").wait_for("Text: [Up]");
    session.press(key::ESC).wait_for("Text: [Up][Esc]");
}

#[test]
fn a_paste_is_one_input_with_or_without_marks() {
    let mut session = start();
    session.paste("one\r").wait_for("Text: <one>");
    session.send("another one\r").wait_for("Text: <one><another one>");
    session.type_text("typed by hand").press(key::ENTER).wait_for("typed by hand[Enter]");
}

#[test]
fn a_paste_without_end_does_not_hold_ctrl_c() {
    let mut session = start();
    session.send("\x1b[200~lost").settle().send(key::CTRL_C);
    assert_left(&mut session, "Ctrl-C");
}

#[test]
fn a_storm_of_sizes_ends_with_the_right_screen_and_every_key() {
    let mut session = start();
    for step in 0..200 {
        session.resize(40 + step % 60, 10 + step % 20);
        if step % 25 == 0 {
            session.send("x");
        }
    }
    session.resize(77, 17).wait_for("77x17").wait_for("Text: xxxxxxxx");
}

#[test]
fn a_redraw_repairs_the_screen() {
    let mut session = start();
    let before = session.settle().output().len();
    session.press(key::CTRL_L).settle();
    assert!(session.output()[before..].starts_with(b"\x1b[m\x1b[H\x1b[2JText:"));
}

#[test]
fn a_copy_reaches_the_clipboard_of_the_terminal() {
    let mut session = start();
    session.press("\x19").settle();
    assert!(session.output().ends_with(b"\x1b]52;c;Y29waWVk\x07"));
}

#[test]
fn what_is_typed_for_a_borrower_reaches_it_whole() {
    let mut session = start();
    session.press("\x05").wait_for("Password:").type_text("for the borrower").press(key::ENTER);
    session.wait_for("Text: (for the borrower)").press("x").wait_for("(for the borrower)x");
}

#[test]
fn nobody_is_stopped_who_could_not_go_on() {
    let mut session = start();
    session.press(key::CTRL_Z).press("x").wait_for("Text: x");
}

#[test]
fn a_stopped_job_gives_the_terminal_back_and_takes_it_again() {
    let script = format!(
        "set -m; {} --exact full_screen::a_form --nocapture; echo stopped; read -r line; fg",
        path_of_form()
    );
    let mut session = program("sh").args(["-c", &script]).start();
    session.wait_for("Text:").press("x").wait_for("Text: x").press(key::CTRL_Z).wait_for("stopped");

    session.assert_restored();
    session.press(key::ENTER).wait_for("Text: x").press("y").wait_for("Text: xy");
    assert!(session.is_raw() && session.emulated().alternate_screen());
    session.press(key::CTRL_C);
    assert_left(&mut session, "Ctrl-C");
}
