//! What holds whatever happens, in whatever order, in a terminal of whatever size.

use crate::operator::{Asked, CONFIG, EXISTING, Operator, PASSWORD};
use kestra_setup::checks::{Check, Outcome};
use kestra_setup::form;
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

/// Where somebody may be before the moves of a test.
fn starts() -> impl Strategy<Value = Operator> {
    (0..4).prop_map(|start| match start {
        0 => Operator::fresh(),
        1 => Operator::with_https_proxy("http://svc-kestra:s3cret@proxy:3128"),
        2 => Operator::reconfiguring(EXISTING),
        _ => Operator::fresh().at_the_proxy().with_a_login().enter(),
    })
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
    fn holding_enter_never_writes(
        start in starts(),
        steps in prop::collection::vec(keys().prop_filter("w", |key| *key != Key::Char('w')), 0..30),
    ) {
        let operator = steps.into_iter().fold(start, Operator::press);
        prop_assert!(operator.presses(40, Key::Enter).plan().is_none());
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
