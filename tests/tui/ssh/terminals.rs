//! Terminals of every kind.

use super::{URL, at_password, at_proxy, program, sent, shown};
use support::{Program, Session, key};

const TERMINALS: [&str; 7] =
    ["vt100", "vt220", "linux", "screen", "tmux-256color", "ansi", "xterm"];

const MONO: [&str; 4] = ["vt100", "vt220", "linux", "ansi"];

/// Every glyph beyond ASCII, and what terminals without it get.
const GLYPHS: [(&str, &str); 14] = [
    ("─", "-"),
    ("│", "|"),
    ("┃", ">"),
    ("●", "*"),
    ("○", "o"),
    ("✓", "+"),
    ("✗", "x"),
    ("→", ">"),
    ("·", "."),
    ("•", "*"),
    ("…", "~"),
    ("▸", ">"),
    ("↑", "^"),
    ("↓", "v"),
];

/// How many of these glyphs a terminal may be sent.
fn glyphs_of(terminal: &str) -> usize {
    match terminal {
        "vt100" | "vt220" | "ansi" => 0,
        "linux" => 2,
        _ => GLYPHS.len(),
    }
}

/// Through every screen and out.
fn through(program: Program) -> Session {
    looked_at(program).0
}

/// The same, with what each of the screens showed.
fn looked_at(program: Program) -> (Session, Vec<String>) {
    let mut session = program.start();
    let mut screens = vec![seen(session.wait_for("Public URL"))];
    let mut session = at_password(session);
    screens.push(seen(&mut session));
    screens.push(seen(session.press(key::ENTER).wait_for("Is there an nginx")));
    screens.push(seen(session.press(key::ENTER).wait_for("w write")));
    screens.push(seen(session.press("?").wait_for("Help: Review")));
    session.press(key::ESC).wait_gone("Help: Review");
    screens.push(seen(session.write_plan().wait_for("Done.")));
    session.press(key::ENTER);
    assert_eq!(session.wait_exit(), 0);
    session.assert_restored();
    (session, screens)
}

/// The screen once it is still, in ASCII: without the name of the home, which is another each time,
/// and without the live preview, which slow lines get later.
fn seen(session: &mut Session) -> String {
    let home = session.home().display().to_string();
    let lines = shown(session.settle());
    let is_form = lines.iter().any(|line| line.contains("enter next"));
    let is_preview =
        |line: &&String| is_form && (line.starts_with(" ──") || line.starts_with(" --"));
    let text = lines
        .iter()
        .take_while(|line| !is_preview(line))
        .fold(String::new(), |text, line| text + line.as_str() + "\n");
    let text = text.replace(&home, "HOME");
    GLYPHS.iter().fold(text, |text, (glyph, ascii)| text.replace(glyph, ascii))
}

/// The parameters of every change of style that was sent.
fn styles(session: &Session) -> Vec<String> {
    let text = sent(session);
    let sequences = text.split("\x1b[").skip(1);
    let styles = sequences.filter_map(|rest| {
        let end = rest.find(|char: char| char.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    styles.collect()
}

fn has_colours(session: &Session) -> bool {
    let is_colour = |code: &str| code.parse().is_ok_and(|code: u8| code >= 30);
    styles(session).iter().any(|style| style.split(';').any(is_colour))
}

#[test]
fn every_terminal_shows_the_same_in_the_glyphs_that_it_has() {
    let (_, expected) = looked_at(program());
    for terminal in TERMINALS {
        let (session, screens) = looked_at(program().env("TERM", terminal));
        assert_eq!(screens, expected, "{terminal}");
        assert_eq!(has_colours(&session), !MONO.contains(&terminal), "{terminal}");
        let text = GLYPHS[..glyphs_of(terminal)]
            .iter()
            .fold(sent(&session), |text, (glyph, _)| text.replace(glyph, ""));
        assert!(text.is_ascii(), "{terminal}");
        assert!(!sent(&session).contains("38;5"), "{terminal}");
    }
}

#[test]
fn colours_are_for_whoever_wants_them() {
    for (program, is_wanted) in [
        (program().env("NO_COLOR", "1"), false),
        (program().env("NO_COLOR", ""), true),
        (program().args(["--color", "never"]), false),
        (program().args(["--color", "always"]).env("TERM", "vt100").env("NO_COLOR", "1"), true),
        (program().args(["--color", "auto"]), true),
    ] {
        assert_eq!(has_colours(&through(program)), is_wanted);
    }
}

#[test]
fn without_colours_the_focus_and_an_error_are_bold_and_in_words() {
    let mut session = at_proxy(program().env("NO_COLOR", "1").start());
    session.press(key::RIGHT).wait_for("Username").press(key::TAB).type_text("proxy");
    session.press(key::ENTER).wait_for("port is missing").settle();
    let (_, row) = session.cursor();
    let is_bold = |row, column| session.emulated().cell(row, column).is_some_and(vt100::Cell::bold);
    assert!(is_bold(row, 0) && is_bold(row, 2), "the mark and the label");
    let line = |row: u16| session.screen().lines().nth(row.into()).unwrap_or_default().to_owned();
    assert!(line(row).starts_with("x Address"), "{}", session.screen());
    let error = (0..24).find(|row| line(*row).starts_with("  x ")).expect("an error");
    assert!(is_bold(error, 4), "{}", session.screen());
}

#[test]
fn the_cursor_is_never_hidden_and_is_in_the_field() {
    let mut session = program().start();
    session.wait_for("Public URL").type_text(URL).settle();
    let text = format!("  Public URL      {URL}");
    assert_eq!(session.cursor(), (u16::try_from(text.len()).expect("a column"), 6));
    let session = through(program());
    assert!(!sent(&session).contains("\x1b[?25l"));
}
