//! The operator's clipboard, through any number of machines.

use super::{PASSWORD, at_review, program};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use support::Session;

/// What was put on the clipboard last.
fn clipboard(session: &Session) -> Option<String> {
    let output = String::from_utf8_lossy(session.output());
    let (_, copy) = output.rsplit_once("\x1b]52;c;")?;
    let text = BASE64_STANDARD.decode(copy.split('\x07').next()?).ok()?;
    String::from_utf8(text).ok()
}

#[test]
fn y_copies_the_shown_file_without_its_secrets_and_confirms_it() {
    let mut session = at_review(program().start());
    session.press("y").wait_for("bytes to the clipboard of your terminal").settle();
    assert!(session.screen().contains("secrets are masked"), "{}", session.screen());
    let copied = clipboard(&session).expect("a copy");
    assert!(copied.starts_with("kestra:\n  url: https://ops.example.com/kestra/\n"), "{copied}");
    assert!(copied.contains("proxy-password: ") && !copied.contains(PASSWORD), "{copied}");
}

#[test]
fn y_copies_no_secret_while_they_are_shown() {
    let mut session = at_review(program().start());
    session.press("r").press("f").wait_for(PASSWORD).press("y").wait_for("to the clipboard");
    let copied = clipboard(&session).expect("a copy");
    assert!(copied.contains("proxy-password: ") && !copied.contains(PASSWORD), "{copied}");
}
