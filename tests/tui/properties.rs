//! What holds whatever happens, in whatever order, in a terminal of whatever size.

use crate::operator::{Asked, CONFIG, EXISTING, Operator, PASSWORD};
use kestra_setup::checks::{Check, Finding, Outcome};
use kestra_setup::form;
use kestra_setup::kestra_release::Release;
use kestra_setup::key::Key;
use kestra_setup::wizard::{Choice, Event, Preview, Step, WriteResult};
use proptest::prelude::*;

/// Something that a person, or the world, may do.
#[derive(Debug, Clone)]
enum Move {
    Press(Key),
    Paste(String),
    Line(String),
    Keep,
    PreviousQuestion,
    Change(String),
    Find(Outcome),
    Written,
    Refused(usize),
    Stopped,
    Reminder,
    SlowDisk,
    DiskAnswers,
    /// The last check but so many comes out, perhaps once more.
    CheckedLate(usize, Outcome),
    Paused,
    /// The last plan but so many for the live preview arrives.
    Planned(usize),
    Second,
    Release(&'static str),
    Resize(u16, u16),
}

impl Move {
    fn happens_to(self, operator: Operator) -> Operator {
        match self {
            Self::Press(key) => operator.press(key),
            Self::Paste(text) => operator.pastes(&text),
            Self::Line(text) => operator.happens(Event::Line(text)),
            Self::Keep => operator.happens(Event::Keep),
            Self::PreviousQuestion => operator.happens(Event::PreviousQuestion),
            Self::Change(text) => operator.meanwhile(CONFIG, &text),
            Self::Find(outcome) if operator.has_checked() => operator.finds(outcome, "seen", "do"),
            Self::Find(_) => operator.happens(Event::Checked(Check::All, Vec::new())),
            Self::Written => operator.write_succeeds(),
            Self::Refused(count) => {
                let choices = WAYS.into_iter().take(count).collect();
                operator.write_fails("not written", &["", "no"], choices)
            }
            Self::Stopped => operator.happens(Event::Stopped(WriteResult::default())),
            Self::Reminder => operator.happens(Event::Reminder),
            Self::SlowDisk => operator.waits_for_the_disk(),
            Self::DiskAnswers => operator.disk_answers(),
            Self::CheckedLate(back, outcome) => {
                let mut checks = operator.asked().iter().rev().filter_map(|asked| match asked {
                    Asked::Check(check) => Some(check.clone()),
                    _ => None,
                });
                match checks.nth(back) {
                    Some(check) => {
                        let finding = Finding { outcome, ..Finding::cancelled() };
                        operator.happens(Event::Checked(check, vec![finding]))
                    }
                    None => operator,
                }
            }
            Self::Paused => operator.pauses(),
            Self::Planned(back) => operator.planned(back),
            Self::Second => operator.happens(Event::Second("logging in")),
            Self::Release(version) => {
                let config = operator.wizard().machine().config().to_owned();
                let release = Release::of_version(version, "/opt/kestra --version".to_owned());
                operator.happens(Event::ReleaseFound(config, release))
            }
            Self::Resize(width, height) => operator.sized(width, height),
        }
    }
}

const WAYS: [Choice; 12] = [
    Choice::Reapply,
    Choice::StartOver,
    Choice::Overwrite,
    Choice::SaveBeside,
    Choice::Change(&form::NGINX_FILE),
    Choice::WithoutNginx,
    Choice::Retry,
    Choice::Sudo,
    Choice::Replace,
    Choice::Continue,
    Choice::Fresh,
    Choice::Quit,
];

fn keys() -> impl Strategy<Value = Key> {
    use Key::{
        BackTab, Backspace, Char, Ctrl, Delete, Down, End, Enter, Esc, F1, Home, Left, PageDown,
        PageUp, Right, Tab, Up,
    };
    let named = prop::sample::select(vec![
        Enter, Enter, Enter, Tab, Tab, BackTab, Down, Up, Left, Right, Home, End, PageUp, PageDown,
        Backspace, Delete, Esc, F1,
    ]);
    let letters = prop::sample::select("wrufyq?123456789 abz.:/@-".chars().collect::<Vec<_>>());
    let control = prop::sample::select("acdefklrtuwz".chars().collect::<Vec<_>>());
    prop_oneof![
        6 => named,
        4 => letters.prop_map(Char),
        1 => any::<char>().prop_map(Char),
        1 => control.prop_map(Ctrl)
    ]
}

fn texts() -> impl Strategy<Value = String> {
    let likely = vec![
        "https://ops.example.com/kestra/",
        "ops.example.com",
        "http://us%40er:s3cret@proxy:3128",
        "socks5://[2001:db8::1]:1080",
        "proxy:3128",
        "/app",
        "/etc/nginx/conf.d/other.conf",
        "a\nb\r\nc",
        "nginx",
        "back",
        "e\u{301}\u{200b}\u{1b}[31m",
        "",
    ];
    prop_oneof![4 => prop::sample::select(likely).prop_map(str::to_owned), 1 => ".{0,300}"]
}

fn moves() -> impl Strategy<Value = Move> {
    let config =
        prop::sample::select(vec!["", EXISTING, "kestra: {url: http://a.example/}\n", "["]);
    let outcomes = prop::sample::select(vec![Outcome::Ok, Outcome::Note, Outcome::Failed]);
    prop_oneof![
        24 => keys().prop_map(Move::Press),
        4 => texts().prop_map(Move::Paste),
        2 => texts().prop_map(Move::Line),
        1 => config.prop_map(|text| Move::Change(text.to_owned())),
        1 => outcomes.prop_map(Move::Find),
        1 => Just(Move::Written),
        1 => (0..=WAYS.len()).prop_map(Move::Refused),
        1 => Just(Move::Stopped),
        1 => Just(Move::Keep),
        1 => Just(Move::PreviousQuestion),
        1 => Just(Move::Reminder)
    ]
}

/// What happens to a wizard in the order of a world that is slow: nothing comes that was not asked for.
fn events() -> impl Strategy<Value = Move> {
    let config = prop::sample::select(vec!["", EXISTING, "kestra: {url: http://a.example/}\n"]);
    let outcomes = || prop::sample::select(vec![Outcome::Ok, Outcome::Skipped, Outcome::Failed]);
    let versions = prop::sample::select(vec!["1.3.20", "1.3.25", "2.0.0"]);
    let sizes = prop::sample::select(vec![(80, 24), (40, 10), (120, 40)]);
    prop_oneof![
        24 => keys().prop_map(Move::Press),
        4 => texts().prop_map(Move::Paste),
        2 => config.prop_map(|text| Move::Change(text.to_owned())),
        1 => Just(Move::SlowDisk),
        2 => Just(Move::DiskAnswers),
        2 => (0..4usize, outcomes()).prop_map(|(back, outcome)| Move::CheckedLate(back, outcome)),
        2 => Just(Move::Paused),
        2 => (0..3usize).prop_map(Move::Planned),
        1 => Just(Move::Second),
        1 => versions.prop_map(Move::Release),
        1 => Just(Move::Written),
        1 => (1..=WAYS.len()).prop_map(Move::Refused),
        1 => Just(Move::Stopped),
        1 => sizes.prop_map(|(width, height)| Move::Resize(width, height)),
    ]
}

/// Whether a move is the end of a write, which comes only where one is under way.
fn ends_a_write(step: &Move) -> bool {
    matches!(step, Move::Written | Move::Refused(_) | Move::Stopped)
}

const SIZES: [(u16, u16); 3] = [(80, 24), (40, 10), (120, 40)];

/// The keys that the footer names, each with what it does.
fn footer(operator: &Operator, (width, height): (u16, u16)) -> Vec<(String, String)> {
    let screen = operator.screen(width, height);
    let last = screen.lines().nth(usize::from(height) - 1).unwrap_or_default();
    let labels = last.split("  ").map(str::trim).filter(|label| !label.is_empty());
    let parts = labels.map(|label| label.split_once(' ').unwrap_or((label, "")));
    parts.map(|(key, what)| (key.to_owned(), what.to_owned())).collect()
}

/// What has to be seen however small the screen is, by its first words: what is wrong with the field
/// that has the focus, what is about to be agreed to, the choice that Enter takes.
fn needed(step: &Step, screen: &str) -> Vec<String> {
    let mark = match step {
        Step::FormStep(_) => "  ✗ ",
        Step::Review(_) => "  Write ",
        Step::Dialog(_) => "  ▸ ",
        _ => return Vec::new(),
    };
    let begins = |line: &&str| line.starts_with(mark);
    let is_page = !screen.contains("  Help: ");
    let lines = screen.lines().filter(begins).filter(|_| is_page);
    lines.map(|line| line.chars().take(16).collect::<String>().trim_end().to_owned()).collect()
}

fn key(name: &str) -> Key {
    match name {
        "enter" => Key::Enter,
        "tab" => Key::Tab,
        "esc" => Key::Esc,
        "f1" => Key::F1,
        "pgdn" => Key::PageDown,
        "^c" => Key::Ctrl('c'),
        "^t" => Key::Ctrl('t'),
        name => Key::Char(name.chars().next().expect("a key")),
    }
}

/// What holds in every state.
fn is_sound(operator: &Operator) {
    let wizard = operator.wizard();
    let is_asking = wizard.state() == "quit?";
    for (width, height) in SIZES {
        let screen = operator.screen(width, height);
        assert!(screen.lines().count() == usize::from(height), "{screen}");
        let whole = footer(operator, (300, height));
        let named = footer(operator, (width, height));
        let is_whole = |label: &(String, String)| whole.contains(label) || label.1 == "scroll";
        assert!(named.iter().all(is_whole), "{named:?} {whole:?}\n{screen}");
        assert!(!named.is_empty() || matches!(wizard.step(), Step::Writing(_)), "{screen}");
        for needed in needed(wizard.step(), &operator.screen(300, 60)) {
            assert!(screen.contains(&needed), "{needed:?} at {width}x{height}\n{screen}");
        }
        let ascii: String = screen.chars().map(in_ascii).collect();
        assert_eq!(operator.ascii_screen(width, height), ascii);
        if let Step::FormStep(step) = wizard.step()
            && !operator.screen(200, 60).contains("  Help: ")
        {
            let (x, y) = operator.cursor(width, height);
            let line = screen.lines().nth(y.into()).unwrap_or_default();
            let label = format!(" {} ", step.field.label);
            let is_there =
                format!("{line} ").chars().skip(1).collect::<String>().starts_with(&label);
            let value = step.field.label.len() + 2;
            assert!(is_there && usize::from(x) >= value, "{} {x},{y}\n{screen}", step.field.name);
        }
    }
    // What the footer names does something: it shows, or another moment would show it.
    let here = operator.clone().sized(300, 40);
    let screen = here.screen(300, 40);
    for (name, what) in footer(operator, (300, 40)) {
        let pressed = here.clone().press(key(&name));
        let is_done = pressed.screen(300, 40) != screen
            || pressed.asked().len() != operator.asked().len()
            || format!("{:?}", pressed.wizard().step()) != format!("{:?}", wizard.step());
        // Seen already: a refusal that is repeated, secrets where there are none, a whole file.
        let seen = ["secrets", "copy", "full", "next", "review", "write", "test"];
        assert!(is_done || seen.contains(&&*what), "{name} {what} does nothing:\n{screen}");
    }
    if matches!(wizard.step(), Step::Writing(_)) {
        assert_eq!(wizard.state(), "writing");
        return;
    }
    // There is a way out.
    let out = operator.clone().presses(2, Key::Ctrl('c'));
    assert!(out.asked().contains(&Asked::Exit), "{}", out.screen(80, 24));
    // The review is about its answers and about the files as they are known.
    if let Step::Review(review) = wizard.step()
        && !is_asking
    {
        let has_help = operator.screen(200, 60).contains("  Help: ");
        let closed = operator.clone().presses(usize::from(has_help), Key::F1);
        let declined = closed.press(Key::Char('n'));
        let again = declined.press(Key::Char('1')).press(Key::Esc).disk_answers();
        let Step::Review(other) = again.wizard().step() else {
            panic!("not back at the review:\n{}", again.screen(80, 24))
        };
        match (review.preview(), other.preview()) {
            (Preview::Ready(one), Preview::Ready(two)) => assert_eq!(one, two),
            (Preview::Problems(one), Preview::Problems(two)) => {
                assert_eq!(format!("{one:?}"), format!("{two:?}"));
            }
            (Preview::Refused(_), Preview::Refused(_)) => {}
            (one, two) => panic!("{one:?} {two:?}"),
        }
        assert_eq!(review.notes(), other.notes());
    }
}

fn in_ascii(glyph: char) -> char {
    let glyphs = "─│┃→▸●•○✓✗·…↑↓".chars().zip("-|>>>**o+x.~^v".chars());
    glyphs.clone().find(|(one, _)| *one == glyph).map_or(glyph, |(_, ascii)| ascii)
}

/// How often something was to be written.
fn writes(operator: &Operator) -> usize {
    operator.asked().iter().filter(|asked| matches!(asked, Asked::Write(_))).count()
}

/// Nothing is written but what a review showed at its question, or a choice offers.
fn writes_only_what_was_agreed_to(before: &Operator, step: &Move, after: &Operator) {
    if writes(before) == writes(after) {
        return;
    }
    assert_ne!(before.wizard().state(), "quit?");
    match (before.wizard().step(), step) {
        (Step::Review(review), Move::Press(Key::Enter | Key::Char('y'))) => {
            let Preview::Ready(plan) = review.preview() else { panic!("{review:?}") };
            assert_eq!(after.plan(), Some(plan));
        }
        (Step::Dialog(_), Move::Press(_)) | (Step::Discovering(_), Move::DiskAnswers) => {}
        (at, _) => panic!("{step:?} writes at {at:?}"),
    }
}

/// Where somebody may be before the moves of a test.
fn starts() -> impl Strategy<Value = Operator> {
    (0..8).prop_map(|start| match start {
        0 => Operator::fresh(),
        4 => several(),
        6 => Operator::reconfiguring(EXISTING)
            .press(Key::Char('1'))
            .pastes("https://b.example/kestra/")
            .enter()
            .writes(),
        7 => Operator::fresh().at_the_proxy().with_a_login().enter().writes().write_succeeds(),
        5 => Operator::reconfiguring(EXISTING).press(Key::Char('6')).press(Key::Char('1')).enter(),
        1 => Operator::with_https_proxy("http://svc-kestra:s3cret@proxy:3128"),
        2 => Operator::reconfiguring(EXISTING),
        _ => Operator::fresh().at_the_proxy().with_a_login().enter(),
    })
}

fn several() -> Operator {
    let other = "kestra:\n  url: https://other.example.com/\n";
    let unit = ("/etc/kestra/config.yml", other, "kestra.service names it");
    Operator::choosing(&[unit, (CONFIG, EXISTING, "Kestra reads it by default")])
}

/// With the password that must be found nowhere, typed or found.
fn with_the_password() -> impl Strategy<Value = Operator> {
    (0..3).prop_map(|start| match start {
        0 => Operator::reconfiguring(EXISTING),
        1 => Operator::fresh().at_the_proxy().with_a_login(),
        _ => {
            let login = Operator::fresh().at_the_proxy().pastes("http://svc:x@proxy:3128");
            login.goes_to(&form::PROXY_PASSWORD).types(PASSWORD)
        }
    })
}

fn is_reveal(step: &Move) -> bool {
    matches!(step, Move::Press(Key::Char('r') | Key::Ctrl('r')))
}

fn config() -> ProptestConfig {
    ProptestConfig::with_cases(40)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_panics_at_any_size(
        start in starts(),
        steps in prop::collection::vec((moves(), 1u16..200, 1u16..60), 0..40),
    ) {
        steps.into_iter().fold(start, |operator, (step, width, height)| {
            let operator = step.happens_to(operator);
            let (x, y) = operator.cursor(width, height);
            assert!(x < width && y < height);
            operator
        });
    }

    #[test]
    fn every_state_is_sound(
        start in starts(),
        steps in prop::collection::vec(events(), 0..30),
    ) {
        let operator = steps.into_iter().fold(start, |operator, step| {
            let is_writing = matches!(operator.wizard().step(), Step::Writing(_));
            if ends_a_write(&step) && !is_writing {
                return operator;
            }
            let after = step.clone().happens_to(operator.clone());
            writes_only_what_was_agreed_to(&operator, &step, &after);
            after
        });
        is_sound(&operator);
    }

    #[test]
    fn holding_enter_never_writes(
        start in starts(),
        steps in prop::collection::vec(keys().prop_filter("w", |key| *key != Key::Char('w')), 0..30),
    ) {
        let before = writes(&start);
        let operator = steps.into_iter().fold(start, Operator::press);
        prop_assert_eq!(writes(&operator.presses(40, Key::Enter)), before);
    }

    #[test]
    fn what_is_written_is_what_was_shown(
        start in starts(),
        steps in prop::collection::vec(keys(), 0..40),
    ) {
        let operator = steps.into_iter().fold(start, Operator::press);
        let shown = match operator.wizard().step() {
            Step::Review(reviewing) => match reviewing.preview() {
                Preview::Ready(plan) => Some(plan.clone()),
                _ => None,
            },
            _ => None,
        };
        let before = operator.asked().len();
        let operator = operator.press(Key::Char('w'));
        let written = operator.asked()[before..].iter().find_map(|asked| match asked {
            Asked::Write(plan) => Some(plan.clone()),
            _ => None,
        });
        if written.is_some() {
            prop_assert_eq!(written, shown);
        }
    }

    #[test]
    fn the_password_is_on_no_screen_unless_it_is_revealed(
        start in with_the_password(),
        steps in prop::collection::vec(moves().prop_filter("reveals", |step| !is_reveal(step)), 0..40),
    ) {
        steps.into_iter().fold(start, |operator, step| {
            let operator = step.happens_to(operator);
            assert!(!operator.screen(200, 60).contains(PASSWORD), "{}", operator.screen(200, 60));
            operator
        });
    }

    #[test]
    fn the_password_is_in_no_debug_even_if_it_is_revealed(
        start in with_the_password(),
        steps in prop::collection::vec(moves(), 0..40),
    ) {
        let operator = steps.into_iter().fold(start, |operator, step| step.happens_to(operator));
        let wizard = operator.wizard();
        let shown = format!("{:?}{:?}{:?}", operator.asked(), wizard, wizard.answers());
        prop_assert!(!shown.contains(PASSWORD), "{}", shown);
    }
}
