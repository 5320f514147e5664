//! The full screen, plain mode and `apply` are three ways to give the same answers: the same
//! answers make the same plan, and both ways of asking ask the same questions.

use kestra_setup::answers::Answers;
use kestra_setup::form::{self, Defaults, Field, FieldKind};
use kestra_setup::kestra_config::Place;
use kestra_setup::key::Key;
use kestra_setup::machine::{Machine, Snapshot};
use kestra_setup::plan::Plan;
use kestra_setup::system::line_reader::{Echo, Ended, TypedLine};
use kestra_setup::ui::plain::{self, Runtime};
use kestra_setup::wizard::{Effect, Event, Preview, Step, Wizard};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

const CONFIG: &str = "/etc/kestra/config.yml";

/// A configuration with something in it that is not the wizard's.
const EXISTING: &str = "\
kestra:
  url: https://old.example/kestra/ # asked for by ops
micronaut:
  server:
    context-path: /kestra
  http:
    services:
      api:
        proxy-type: http
        proxy-address: old-proxy:3128
";

/// What a person would answer, by question; a question that is not in it is passed by Enter.
type Wishes = BTreeMap<&'static str, String>;

/// The questions in the order in which they were asked, and what came of the answers.
#[derive(Debug, PartialEq)]
struct Outcome {
    asked: Vec<&'static str>,
    plan: Plan,
}

fn machine(config: Option<&str>) -> (Answers, Machine) {
    let config = config.map_or(Snapshot::Absent, |text| Snapshot::Text(text.into()));
    let mut machine = Machine::new(CONFIG.into(), Place::default());
    machine.see(CONFIG.into(), config);
    machine.defaults = Defaults { has_nginx: true, ..Defaults::default() };
    (machine.answers().expect("a configuration that can be read"), machine)
}

/// What is at these paths on that machine: nothing beside the configuration.
fn looked(found: &Machine, paths: Vec<PathBuf>) -> Event {
    let look = |path: PathBuf| {
        let snapshot = found.snapshot(&path).cloned().unwrap_or(Snapshot::Absent);
        (path, snapshot.into())
    };
    Event::FilesRead(paths.into_iter().map(look).collect())
}

fn plan(wizard: &Wizard) -> Plan {
    match wizard.step() {
        Step::Review(reviewing) => match reviewing.preview() {
            Preview::Ready(plan) => plan.clone(),
            other => panic!("no plan: {other:?}"),
        },
        other => panic!("not at the review: {other:?}"),
    }
}

/// Somebody at the full screen, who visits every question with Tab.
struct AtScreen {
    wizard: Wizard,
    found: Machine,
}

impl AtScreen {
    fn press(&mut self, key: Key) {
        let mut effect = self.wizard.update(Event::Key(key));
        while let Some(Effect::ReadFiles(paths)) = effect {
            effect = self.wizard.update(looked(&self.found, paths));
        }
    }

    fn answer(&mut self, field: &'static Field, wish: &str) {
        if let FieldKind::Select(choices) = field.kind {
            let mut digits = choices.iter().zip('1'..);
            let (_, digit) = digits.find(|(choice, _)| choice.value == wish).expect(wish);
            return self.press(Key::Char(digit));
        }
        self.press(Key::Ctrl('e'));
        self.press(Key::Ctrl('u'));
        wish.chars().for_each(|c| self.press(Key::Char(c)));
    }

    /// To the next question; from the last of a screen to the next screen.
    fn go_on(&mut self, field: &'static Field) {
        self.press(Key::Tab);
        let is_back =
            self.wizard.focused().is_some_and(|now| form::position(now) <= form::position(field));
        if is_back {
            self.press(Key::Enter);
        }
    }
}

fn on_the_screen(config: Option<&str>, wishes: &Wishes) -> Outcome {
    let (answers, found) = machine(config);
    let mut person = AtScreen { wizard: Wizard::new(answers, found.clone()).0, found };
    while person.wizard.focused() != Some(&form::URL) {
        person.press(Key::Esc);
    }
    let mut asked = Vec::new();
    while let Some(field) = person.wizard.focused() {
        assert!(asked.len() < 40, "{asked:?}");
        let has_certificate = !person.wizard.answers().get(&form::CERTIFICATE).is_empty();
        // The screen shows the row; plain mode has nothing to ask.
        if *field != form::CERTIFICATE_KEY || has_certificate {
            asked.push(field.name);
        }
        if let Some(wish) = wishes.get(field.name) {
            person.answer(field, wish);
        }
        person.go_on(field);
    }
    Outcome { asked, plan: plan(&person.wizard) }
}

/// Somebody in plain mode, who reads the question before answering.
struct AtLine<'a> {
    wishes: &'a Wishes,
    found: &'a Machine,
    field: Option<&'static Field>,
    asked: Vec<&'static str>,
    /// On the way from the review of an existing configuration to its first question.
    is_going_back: bool,
}

impl Runtime for AtLine<'_> {
    fn print(&mut self, text: &str) -> io::Result<()> {
        assert!(!text.contains("Error:"), "{text}");
        if let Some((_, question)) = text.split_once("Question ") {
            let is_it = |field: &&'static Field| {
                let question = question.replace('\n', " ");
                question.split_once(". ").is_some_and(|(_, rest)| rest.starts_with(field.question))
            };
            self.field = form::fields().find(is_it);
        }
        Ok(())
    }

    fn read(&mut self, prompt: &str, echo: Echo) -> Result<TypedLine, Ended> {
        let is_at_review = prompt.starts_with("Type a number");
        if self.is_going_back && (is_at_review || self.field != Some(&form::URL)) {
            return Ok("back".into());
        }
        let field = self.field.filter(|_| !is_at_review).ok_or(Ended::Input)?;
        self.is_going_back = false;
        self.asked.push(field.name);
        assert_eq!(field.is_secret(), echo == Echo::Hidden);
        Ok(line(field, self.wishes.get(field.name)).as_str().into())
    }

    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::ReadFiles(paths) => Some(looked(self.found, paths)),
            _ => None,
        }
    }
}

/// The line that gives this answer; words of plain mode follow a backslash.
fn line(field: &Field, wish: Option<&String>) -> String {
    let Some(wish) = wish else { return String::new() };
    let words = ["back", "help", "list", "quit", "none"];
    let word = wish.trim().trim_start_matches('\\');
    match field.choices().iter().position(|choice| choice.value == wish) {
        Some(at) if at % 2 == 0 => (at + 1).to_string(),
        None if wish.is_empty() => "none".to_owned(),
        None if words.contains(&word) => format!("\\{wish}"),
        _ => wish.clone(),
    }
}

fn in_plain_mode(config: Option<&str>, wishes: &Wishes) -> Outcome {
    let (answers, found) = machine(config);
    let (mut wizard, first) = Wizard::new(answers, found.clone());
    let is_going_back = config.is_some();
    let mut person = AtLine { wishes, found: &found, field: None, asked: vec![], is_going_back };
    let ended = plain::run(&mut wizard, first, &mut person);
    assert!(matches!(ended, Err(Ended::Input)), "{ended:?}");
    Outcome { asked: person.asked, plan: plan(&wizard) }
}

/// What `apply` makes of the answers to these questions.
fn applied(config: Option<&str>, wishes: &Wishes, asked: &[&str]) -> Plan {
    let (mut answers, mut found) = machine(config);
    for field in form::fields().filter(|field| asked.contains(&field.name)) {
        if let Some(wish) = wishes.get(field.name) {
            answers.set(field, wish);
        }
    }
    let settings = answers.settings().expect("answers that will do");
    for path in Plan::paths(&settings, &found) {
        if found.snapshot(&path).is_none() {
            found.see(path, Snapshot::Absent);
        }
    }
    Plan::new(&answers, &settings, &found).expect("a plan")
}

/// One of these answers, or none.
fn one_of(name: &'static str, texts: &'static [&'static str]) -> BoxedStrategy<Wishes> {
    let wish = move |text: Option<&str>| text.map(|text| (name, text.to_owned()));
    option::of(select(texts)).prop_map(move |text| wish(text).into_iter().collect()).boxed()
}

/// Answers that go together, or none.
fn all_or_none(wishes: &'static [(&'static str, &'static str)]) -> BoxedStrategy<Wishes> {
    let all = |wishes: &[(&'static str, &str)]| {
        wishes.iter().map(|(name, text)| (*name, (*text).to_owned())).collect::<Wishes>()
    };
    any::<bool>().prop_map(move |given| if given { all(wishes) } else { Wishes::new() }).boxed()
}

fn login() -> BoxedStrategy<Wishes> {
    let username = select(&["svc", "CORP\\svc", "quit", "none", "\\back"][..]);
    let password = "[!-~][ -~]{0,12}|help|\\\\quit|  list ";
    let login = (username, password).prop_map(|(username, password): (&str, String)| {
        Wishes::from([("proxy-username", username.to_owned()), ("proxy-password", password)])
    });
    option::of(login).prop_map(Option::unwrap_or_default).boxed()
}

/// An address, and its path where that is given as well.
fn address(path: &'static str) -> BoxedStrategy<Wishes> {
    let host = select(&["ops.example.com", "a.example:8443", "[2001:db8::1]"][..]);
    let rest = (select(&["http", "https"][..]), any::<bool>(), any::<bool>());
    (host, rest)
        .prop_map(move |(host, (scheme, slash, names_path))| {
            let slash = if slash { "/" } else { "" };
            let mut wishes = Wishes::from([("url", format!("{scheme}://{host}{path}{slash}"))]);
            if names_path {
                wishes.insert("context-path", path.to_owned());
            }
            wishes
        })
        .boxed()
}

/// Answers that do not contradict each other.
fn wishes(path: &'static str) -> impl Strategy<Value = Wishes> {
    let parts = vec![
        address(path),
        one_of("connection", &["direct", "http", "socks"]),
        all_or_none(&[("proxy-address", "proxy.corp.example:3128")]),
        login(),
        one_of("proxy-credentials", &["plain", "basic", "env"]),
        one_of("proxy-password-variable", &["PROXY_PW"]),
        one_of("env-file", &["", "/srv/kestra.env"]),
        one_of("reverse-proxy", &["nginx", "none"]),
        one_of("upstream", &["127.0.0.1:9000", "kestra:8080"]),
        one_of("listen", &["80", "8081"]),
        all_or_none(&[("certificate", "/etc/tls/a.pem"), ("certificate-key", "/etc/tls/a.key")]),
        one_of("nginx-form", &["server", "location"]),
        one_of("nginx-style", &["recommended", "documented"]),
        one_of("nginx-file", &["/srv/nginx/kestra.conf"]),
    ];
    parts.prop_map(|parts| {
        let mut wishes: Wishes = parts.into_iter().flatten().collect();
        if wishes["url"].starts_with("http://") {
            wishes.retain(|name, _| !name.starts_with("certificate"));
        }
        // An answer is required there.
        wishes.entry("proxy-address").or_insert_with(|| "[2001:db8::2]:3128".to_owned());
        wishes
    })
}

fn start() -> impl Strategy<Value = (Option<&'static str>, Wishes)> {
    prop_oneof![
        wishes("").prop_map(|wishes| (None, wishes)),
        wishes("/kestra").prop_map(|wishes| (None, wishes)),
        wishes("/kestra").prop_map(|wishes| (Some(EXISTING), wishes)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_same_answers_make_the_same_plan_and_are_asked_for_alike((config, wishes) in start()) {
        let screen = on_the_screen(config, &wishes);
        let lines = in_plain_mode(config, &wishes);
        prop_assert_eq!(&screen.plan.changes, &lines.plan.changes);
        prop_assert_eq!(&screen.asked, &lines.asked);
        let applied = applied(config, &wishes, &lines.asked);
        prop_assert_eq!(applied.changes, lines.plan.changes);
    }
}

#[test]
fn every_question_of_the_form_is_asked_somewhere() {
    let wishes = [
        ("url", "https://ops.example.com/kestra/"),
        ("connection", "http"),
        ("proxy-address", "proxy:3128"),
        ("proxy-username", "svc"),
        ("proxy-password", "pw"),
        ("proxy-credentials", "env"),
        ("reverse-proxy", "nginx"),
        ("certificate", "/etc/tls/a.pem"),
        ("certificate-key", "/etc/tls/a.key"),
    ];
    let wishes = wishes.map(|(name, text)| (name, text.to_owned())).into();
    let all: Vec<_> = form::fields().map(|field| field.name).collect();
    assert_eq!(in_plain_mode(None, &wishes).asked, all);
    assert_eq!(on_the_screen(None, &wishes).asked, all);
}
