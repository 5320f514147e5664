//! No screen, page or error shows a secret of a file, wherever in it the secret is. The corpus is
//! `tests/support/secrets.txt`.

use super::operator::{CONFIG, EXISTING, NGINX, Operator, here};
use kestra_setup::answers::Answers;
use kestra_setup::checks::Finding;
use kestra_setup::form;
use kestra_setup::kestra_config::{self, Place};
use kestra_setup::key::Key;
use kestra_setup::machine::{Machine, Snapshot};
use kestra_setup::nginx_site;
use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::line_reader::{Echo, Ended, TypedLine};
use kestra_setup::ui::plain::{self, Runtime};
use kestra_setup::wizard::{Effect, Event, Wizard};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use support::{assert_no_secret, secret_texts};

#[test]
fn the_corpus_is_as_large_as_it_claims() {
    let kinds = ["config", "own", "broken", "env", "nginx", "answers"];
    assert!(kinds.map(|kind| secret_texts(kind).len()).iter().sum::<usize>() >= 300);
}

/// A fragment between the settings that are changed, so that it is in the context of both.
fn around(fragment: &str) -> String {
    let url = "kestra.url: https://old.example/\n";
    let proxy = "micronaut.http.services.api.proxy-type: http\n\
                 micronaut.http.services.api.proxy-address: old:3128\n";
    format!("{url}{fragment}{proxy}")
}

/// A change in both directions, and the new file as a whole.
fn differences(kind: FileKind, before: &str, after: &str) -> String {
    let mut shown = String::new();
    for (before, after) in
        [(Some(before), after), (Some(after), before), (None, before), (Some(before), before)]
    {
        let before = before.map(Into::into);
        let (path, after) = ("/x".into(), after.into());
        let change = FileChange { kind, path, target: None, before, after, mode: 0o600 };
        let lines = change.preview().into_iter().map(|line| line.text + "\n");
        let _ = write!(shown, "{}{}{change:?}", lines.collect::<String>(), change.redacted());
    }
    shown
}

/// Drawing takes time, and lines are redacted one by one: every so many texts are enough.
const DRAWN: usize = 10;

/// Everything that the full screen shows of these files on a way through its steps.
fn screens(files: &[(&str, &str)]) -> String {
    use Key::{Backspace, Char, Ctrl, Down, Enter, Esc, F1, Tab};
    let keys = [
        Char('f'),
        Down,
        Down,
        Char('f'),
        F1,
        Esc,
        Tab,
        Char('f'),
        Char('f'),
        Tab,
        Char('y'),
        Char('q'),
        Esc,
        Char('1'),
        F1,
        Esc,
        Tab,
        Tab,
        Enter,
        Char('3'),
        Tab,
        Enter,
        Tab,
        Tab,
        Esc,
        Char('1'),
        Ctrl('u'),
        Char('h'),
        Enter,
        Backspace,
        Esc,
        Char('w'),
        Esc,
        Ctrl('c'),
    ];
    let mut operator = Operator::at(here(), files);
    let mut shown = operator.screen(120, 40);
    for key in keys {
        operator = operator.press(key);
        let screen = operator.screen(80, 24);
        let _ = write!(shown, "{screen}{:?}", operator.wizard().answers());
    }
    shown
}

/// Somebody in plain mode who asks for everything, and what they are shown.
struct Reader<'a> {
    found: &'a Machine,
    lines: std::slice::Iter<'static, &'static str>,
    shown: String,
}

impl Runtime for Reader<'_> {
    fn print(&mut self, text: &str) -> io::Result<()> {
        self.shown.push_str(text);
        Ok(())
    }

    fn read(&mut self, prompt: &str, _: Echo) -> Result<TypedLine, Ended> {
        self.shown.push_str(prompt);
        self.lines.next().map(|line| (*line).into()).ok_or(Ended::Input)
    }

    fn perform(&mut self, effect: Effect) -> Option<Event> {
        let Effect::ReadFiles(paths) = effect else { return None };
        let look = |path: PathBuf| {
            let snapshot = self.found.snapshot(&path).cloned().unwrap_or(Snapshot::Absent);
            (path, snapshot.into())
        };
        Some(Event::FilesRead(paths.into_iter().map(look).collect()))
    }
}

fn plain_mode(answers: Answers, found: &Machine) -> String {
    const LINES: &[&str] = &[
        "d",
        "list",
        "help",
        "1",
        "help",
        "https://new.example/",
        "d",
        "3",
        "new:1",
        "",
        "",
        "d",
        "back",
        "back",
        "back",
        "back",
        "back",
        "list",
        "quit",
        "no",
    ];
    let (mut wizard, first) = Wizard::new(answers, found.clone());
    let mut reader = Reader { found, lines: LINES.iter(), shown: String::new() };
    let _ = plain::run(&mut wizard, first, &mut reader);
    reader.shown
}

fn found(config: &str) -> Machine {
    let mut found = Machine::new(CONFIG.into(), Place::default());
    found.see(CONFIG.into(), Snapshot::Text(config.into()));
    found
}

#[test]
fn no_screen_shows_a_secret_of_a_configuration() {
    let texts = secret_texts("config").into_iter().map(|text| around(&text));
    for (number, text) in texts.chain(secret_texts("own")).enumerate() {
        let changed = text.replace("old", "new");
        assert_no_secret(&differences(FileKind::Config, &text, &changed), &text);
        let found = found(&text);
        match found.answers() {
            Ok(answers) => {
                assert_no_secret(&plain_mode(answers, &found), &text);
                if number % DRAWN == 0 {
                    assert_no_secret(&screens(&[(CONFIG, &text)]), &text);
                }
            }
            Err(refusal) => assert_no_secret(&format!("{refusal} {refusal:?}"), &text),
        }
    }
}

#[test]
fn no_error_repeats_a_text_that_cannot_be_read() {
    for text in secret_texts("broken") {
        let refusal = kestra_config::read(&text).expect_err(&text);
        assert_no_secret(&format!("{refusal} {refusal:?}"), &text);
        assert_no_secret(&differences(FileKind::Config, &text, &around(&text)), &text);
    }
}

#[test]
fn no_screen_shows_a_secret_of_an_nginx_file() {
    let mut ours = Answers::default();
    ours.set(&form::URL, "http://a.example/");
    ours.set(&form::REVERSE_PROXY, "nginx");
    let settings = ours.settings().expect("settings");
    let plan = Plan::new(&ours, &settings, &Machine::default()).expect("a plan");
    let ours = plan.changes.last().expect("the nginx file").after.as_str();
    for (number, text) in secret_texts("nginx").into_iter().enumerate() {
        let foreign = format!("server {{\n  listen 80;\n{text}}}\n");
        for before in [
            &foreign,
            &format!("{ours}{text}"),
            &ours.replacen("location", &format!("{text}location"), 1),
        ] {
            assert_no_secret(&differences(FileKind::Nginx, before, ours), before);
            assert_no_secret(&format!("{:?}", gaps_of(before)), before);
        }
        if number % DRAWN == 0 {
            let files = [(CONFIG, EXISTING), (NGINX, foreign.as_str())];
            assert_no_secret(&screens(&files), &foreign);
        }
    }
}

/// What the nginx file lacks, in words.
fn gaps_of(text: &str) -> Vec<Finding> {
    let url = "https://ops.example.com/".parse().expect("an address");
    let gaps = nginx_site::gaps_of_file(text, Path::new("/x.conf"), &url);
    gaps.into_iter().flatten().map(Finding::from).collect()
}

#[test]
fn no_screen_shows_a_secret_of_an_env_file() {
    const FILE: &str = "/home/kestra/.kestra/kestra.env";
    for text in secret_texts("env") {
        assert_no_secret(&differences(FileKind::Env, &text, &format!("{text}PW=new\n")), &text);
        let mut found = found("kestra.url: https://old.example/\n");
        found.see(
            FILE.into(),
            Snapshot::Text(format!("{text}FORWARD_PROXY_PASSWORD='x\n").as_str().into()),
        );
        let mut answers = found.answers().expect("answers");
        for (field, text) in [
            (&form::CONNECTION, "http"),
            (&form::PROXY_ADDRESS, "p:1"),
            (&form::PROXY_USERNAME, "svc"),
            (&form::PROXY_PASSWORD, "hunter2"),
            (&form::PROXY_CREDENTIALS, "env"),
            (&form::ENV_FILE, FILE),
        ] {
            answers.set(field, text);
        }
        let settings = answers.settings().expect("settings");
        let refusal = Plan::new(&answers, &settings, &found).expect_err("an open quote");
        assert_eq!(refusal.paste, "FORWARD_PROXY_PASSWORD=<password>");
        assert_no_secret(&format!("{refusal} {refusal:?}"), &text);
    }
}
