//! A session over SSH, with the real program in a real terminal: lines that drop, keys that come
//! torn, terminals of every kind and size, and the bytes that all of it costs.

mod bytes;
mod copying;
pub(crate) mod interrupted;
mod keys;
mod sizes;
mod stopped;
mod terminals;

use std::path::Path;
use support::{Program, Session, key};

/// Found nowhere but in the file that it is for.
const PASSWORD: &str = "xK9#vonKarman";

const URL: &str = "https://ops.example.com/kestra/";

/// A configuration and a history of its own, and no nginx.
fn program() -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_kestra-setup"));
    let home = program.home().to_owned();
    at_home(program, &home)
}

/// Uses the files that are in this home.
fn at_home(program: Program, home: &Path) -> Program {
    program
        .arg("--config")
        .arg(home.join("config.yml"))
        .env("KESTRA_SETUP_STATE", home.join("state"))
        .env("KESTRA_SETUP_REVERSE_PROXY", "none")
}

/// The next start on the machine of this session.
fn again(session: &Session) -> Session {
    at_home(Program::new(env!("CARGO_BIN_EXE_kestra-setup")), session.home()).start()
}

fn start() -> Session {
    let mut session = program().start();
    session.wait_for("Public URL");
    session
}

/// On the second screen, with an address on the first.
fn at_proxy(mut session: Session) -> Session {
    session.wait_for("Public URL").type_text(URL).press(key::ENTER);
    session.wait_for("Connection");
    session
}

/// In the field for the proxy's username.
fn at_username(session: Session) -> Session {
    let mut session = at_proxy(session);
    session.press(key::RIGHT).wait_for("Username").press(key::TAB);
    session.type_text("proxy.corp.example:3128").press(key::TAB).settle();
    session
}

/// In the field for the proxy's password, which is typed.
fn at_password(session: Session) -> Session {
    let mut session = at_username(session);
    session.type_text("svc-kestra").press(key::TAB).type_text(PASSWORD);
    let masks = ["•", "*"].map(|glyph| glyph.repeat(PASSWORD.len()));
    session.wait_until("a mask", |screen| {
        masks.iter().any(|mask| screen.contents().contains(mask.as_str()))
    });
    session
}

/// Before the plan, with a login for the proxy.
fn at_review(session: Session) -> Session {
    let mut session = at_password(session);
    session.press(key::ENTER).wait_for("Is there an nginx").press(key::ENTER);
    session.wait_for("1 Public URL");
    session
}

/// The screen, without the blanks at the ends of its lines.
fn shown(session: &Session) -> Vec<String> {
    session.screen().lines().map(|line| line.trim_end().to_owned()).collect()
}

fn sent(session: &Session) -> String {
    String::from_utf8_lossy(session.output()).into_owned()
}
