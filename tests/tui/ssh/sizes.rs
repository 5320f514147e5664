//! Terminals of every size.

use super::{at_password, at_proxy, program, shown, start};
use support::{Session, key};

/// Sizes at and around every border of a layout, and the extremes.
const SIZES: [(u16, u16); 14] = [
    (40, 10),
    (41, 11),
    (40, 60),
    (59, 15),
    (59, 16),
    (60, 15),
    (60, 16),
    (79, 24),
    (80, 12),
    (80, 24),
    (100, 30),
    (132, 43),
    (200, 10),
    (200, 60),
];

/// Waits for the cursor to be behind this label.
fn wait_focus(session: &mut Session, label: &str) {
    session.wait_until(&format!("the cursor in {label}"), |screen| {
        let (row, column) = screen.cursor_position();
        let contents = screen.contents();
        let line = contents.lines().nth(row.into()).unwrap_or_default();
        format!("{line} ").starts_with(&format!("┃ {label} "))
            && usize::from(column) > label.len() + 2
    });
}

fn assert_focus_at_every_size(session: &mut Session, label: &str) {
    for (columns, rows) in SIZES {
        wait_focus(session.resize(columns, rows), label);
    }
}

#[test]
fn the_field_with_the_focus_and_its_label_are_in_view_at_every_size() {
    let mut session = start();
    assert_focus_at_every_size(&mut session, "Public URL");
    session.resize(80, 24);
    let mut session = at_password(session);
    assert_focus_at_every_size(&mut session, "Password");
    session.press(key::TAB);
    assert_focus_at_every_size(&mut session, "Save as");
}

#[test]
fn every_field_of_every_screen_is_in_view_on_the_smallest_one() {
    let mut session = program().env("KESTRA_SETUP_REVERSE_PROXY", "nginx").size(40, 10).start();
    session = at_proxy(session);
    session.press(key::RIGHT).wait_for("Username");
    for label in ["Address", "Username", "Password"] {
        wait_focus(session.press(key::TAB), label);
    }
    session.keys([key::BACK_TAB; 3]).press(key::LEFT).press(key::ENTER).wait_for("3/4 nginx");
    for label in ["Certificate", "Key", "Kestra at", "More"] {
        wait_focus(session.press(key::TAB), label);
    }
    wait_focus(session.press(key::RIGHT), "Server name");
    for label in ["Listen on", "Write as", "Template", "File"] {
        wait_focus(session.press(key::TAB), label);
    }
}

#[test]
fn a_terminal_that_is_too_small_is_told_and_p_asks_one_by_one() {
    let mut session = at_proxy(program().start());
    session.resize(39, 24).wait_for("Terminal is 39x24.").resize(39, 9).wait_for("39x9");
    session.press("p").wait_for("Number 1 to 3 [1]");
    assert!(!session.emulated().alternate_screen() && !session.emulated().bracketed_paste());
    // Nothing of what is typed from now on goes to the full screen.
    session.send("http\r").wait_for("Saved: HTTP proxy");
}

#[test]
fn p_is_a_letter_where_there_is_room() {
    let mut session = start();
    session.resize(39, 9).wait_for("Terminal is").resize(40, 10).wait_for("Public URL");
    session.press("p").wait_for("Public URL     p");
}

#[test]
fn a_storm_of_sizes_loses_no_key_and_ends_with_the_right_screen() {
    let text = "https://ops.example.com/";
    let mut session = start();
    let mut keys = text.chars();
    for step in 0..200 {
        session.resize(40 + step % 60, 10 + step % 20);
        std::thread::sleep(std::time::Duration::from_millis(10));
        if step % 8 == 0 {
            session.send(keys.next().map_or(String::new(), String::from));
        }
    }
    session.resize(80, 24).settle().resize(81, 24).wait_for("Where will people open").settle();
    assert!(session.screen().contains(&format!("Public URL      {text}")), "{}", session.screen());
    let before = shown(&session);
    session.press(key::CTRL_L).settle();
    assert_eq!(shown(&session), before);
}
