//! Keys as bad lines and impatient hands send them.

use super::{URL, at_proxy, at_username, program, start};
use support::key;

#[test]
fn an_arrow_torn_after_its_escape_is_an_arrow() {
    let mut session = at_proxy(program().start());
    session.send("\x1b").send("[C").wait_for("Username");
    session.press(key::ESC).wait_for("Where will people open");
}

#[test]
fn the_escape_delay_is_that_of_the_environment() {
    let mut session = program().env("ESCDELAY", "1500").start();
    session.wait_for("Public URL").type_text("ac").send("\x1b").settle().send("[D").press("b");
    session.wait_for("Public URL      abc");
}

#[test]
fn a_paste_without_end_does_not_hold_ctrl_c() {
    let mut session = start();
    session.send("\x1b[200~lost").settle().send(key::CTRL_C).wait_for("keep a draft");
    session.press(key::CTRL_C);
    assert_eq!(session.wait_exit(), 130);
    session.assert_restored();
}

#[test]
fn a_paste_without_end_is_taken_after_a_while() {
    let mut session = start();
    session.send(format!("\x1b[200~{URL}")).wait_for(URL).press("x").wait_for("/kestra/x");
}

#[test]
fn a_pasted_line_end_is_not_an_enter_with_or_without_marks() {
    for paste in [format!("\x1b[200~{URL}\r\x1b[201~"), format!("{URL}\r"), format!("{URL}\n")] {
        let mut session = start();
        session.send(paste).wait_for(URL).settle();
        assert!(session.screen().contains("Where will people open"), "{}", session.screen());
    }
}

#[test]
fn a_line_feed_is_enter_and_ctrl_h_is_backspace() {
    let mut session = start();
    session.type_text(URL).type_text("x\x08").press("\n").wait_for("How does Kestra reach");
    session.press(key::ESC).wait_for(&format!("Public URL      {URL}"));
}

#[test]
fn nothing_is_on_alt_and_on_the_keys_that_stop_a_line() {
    let mut session = start();
    let before = session.settle().screen();
    session.keys(["\x13", "\x11", "\x1bx", "\x1bw", "\x1b1"]).settle();
    assert_eq!(session.screen(), before);
    session.press("x").wait_for("x ");
}

#[test]
fn a_held_enter_does_not_answer_the_next_screen() {
    let mut session = start();
    session.type_text(URL).settle().send("\r\r\r\r\r\r\r\r");
    session.wait_for("How does Kestra reach").settle();
    assert!(session.screen().contains("How does Kestra reach"), "{}", session.screen());
}

#[test]
fn enter_however_long_it_is_held_writes_nothing() {
    let mut session = at_proxy(program().start());
    session.keys([key::ENTER; 12]).settle();
    assert!(session.screen().contains("w write"), "{}", session.screen());
    assert!(!session.home().join("config.yml").exists());
}

#[test]
fn what_is_typed_before_the_first_screen_is_meant_for_it() {
    let mut session = program().start();
    session.send("abc").wait_for("abc");
}

#[test]
fn a_paste_of_several_lines_gives_its_first() {
    let mut session = at_username(program().start());
    session.paste("svc-kestra\nmore\n").wait_for("2 lines pasted; used the first.");
}
