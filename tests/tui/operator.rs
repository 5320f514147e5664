//! A person at the wizard, with a machine that is made up.
//!
//! What the wizard asks to look at is shown to it at once; checks and writes are answered when the
//! test states it, since that is when things go wrong.

use kestra_setup::checks::{Check, Finding, Outcome};
use kestra_setup::form::{self, Defaults, EnvironmentProxy, Field};
use kestra_setup::kestra_config::Place;
use kestra_setup::key::Key;
use kestra_setup::machine::{Candidate, Machine, Nginx, Snapshot};
use kestra_setup::nginx_site::{self, Config, Include, Version};
use kestra_setup::plan::{FileKind, Plan};
use kestra_setup::system::effects::{API_URL, EffectRunner, Performed};
use kestra_setup::ui::tui::{
    backend::Colors,
    frame::render,
    theme::{Level, Theme},
    view::{key_event, view},
};
use kestra_setup::wizard::{
    Choice, Dialog, Effect, Event, Failure, FilePreview, LoadFailure, LoadRequest, Step, Undo,
    Wizard, WriteResult, WriteState, WrittenFile,
};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Kestra's configuration on the made up machine.
pub(crate) const CONFIG: &str = "/home/kestra/.kestra/config.yml";

/// The nginx file on it.
pub(crate) const NGINX: &str = "/etc/nginx/conf.d/kestra.conf";

/// A password that must be found nowhere.
pub(crate) const PASSWORD: &str = "xK9#vonKarman";

/// A configuration as people have it: more in it than the wizard knows.
pub(crate) const EXISTING: &str = include_str!("operator.yml");

/// Somebody in front of the wizard.
#[derive(Debug, Clone)]
pub(crate) struct Operator {
    wizard: Wizard,
    disk: BTreeMap<PathBuf, Snapshot>,
    is_disk_slow: bool,
    /// What a slow disk was asked for.
    looks: Vec<Vec<PathBuf>>,
    loads: Vec<LoadRequest>,
    /// What the live preview was planned to be, in the order in which that was asked for.
    plans: Vec<(usize, Option<Vec<FilePreview>>)>,
    asked: Vec<Asked>,
    presses: usize,
    /// Columns and rows of the terminal.
    size: (u16, u16),
}

/// What the wizard wanted done, as far as a test looks at it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    /// To look at the world.
    Check(Check),
    /// To write.
    Write(Plan),
    /// To leave.
    Exit,
    /// Anything else, by its `Debug`.
    Other(String),
}

impl From<Effect> for Asked {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Check(check) => Self::Check(check),
            Effect::Write(plan) => Self::Write(plan),
            Effect::Exit(_) => Self::Exit,
            other => Self::Other(format!("{other:?}")),
        }
    }
}

impl Operator {
    /// At a machine with an nginx and no configuration.
    pub(crate) fn fresh() -> Self {
        Self::at(here(), &[])
    }

    /// At a machine whose shell names this proxy.
    pub(crate) fn with_https_proxy(url: &str) -> Self {
        let proxy = url.parse().expect("the URL of a proxy");
        let found = EnvironmentProxy { variable: "HTTPS_PROXY".to_owned(), proxy };
        Self::at(Defaults { proxy: Some(found), ..here() }, &[])
    }

    /// At a machine with this configuration, and no nginx file of the wizard's.
    pub(crate) fn reconfiguring(config: &str) -> Self {
        Self::at(here(), &[(CONFIG, config)])
    }

    /// At any machine.
    pub(crate) fn at(here: Defaults, files: &[(&str, &str)]) -> Self {
        let disk: BTreeMap<_, _> = files
            .iter()
            .map(|(path, text)| (PathBuf::from(path), Snapshot::Text((*text).into())))
            .collect();
        Self::on(machine(CONFIG.into(), Place::default(), &disk, here), disk)
    }

    /// At a machine whose nginx has these server blocks already.
    pub(crate) fn with_sites(text: &str) -> Self {
        let file = Path::new("/etc/nginx/sites-enabled/ops");
        let mut machine = machine(CONFIG.into(), Place::default(), &BTreeMap::new(), here());
        machine.nginx.config.http = nginx_site::conf::parse_file(text, file);
        Self::on(machine, BTreeMap::new())
    }

    /// At a machine with several files that may be Kestra's configuration, each with its evidence.
    pub(crate) fn choosing(files: &[(&str, &str, &str)]) -> Self {
        let disk: BTreeMap<_, _> = files
            .iter()
            .map(|(path, text, _)| (PathBuf::from(path), Snapshot::Text((*text).into())))
            .collect();
        let mut machine = machine(files[0].0.into(), Place::default(), &disk, here());
        let candidate = |(path, _, reason): &(&str, &str, &str)| Candidate {
            path: path.into(),
            place: None,
            reason: (*reason).to_owned(),
        };
        machine.candidates = files.iter().map(candidate).collect();
        Self::on(machine, disk)
    }

    fn on(machine: Machine, disk: BTreeMap<PathBuf, Snapshot>) -> Self {
        let answers = machine.answers().expect("a configuration that can be read");
        let (wizard, effect) = Wizard::new(answers, machine);
        let mut operator = Self {
            wizard,
            disk,
            is_disk_slow: false,
            looks: Vec::new(),
            loads: Vec::new(),
            plans: Vec::new(),
            asked: Vec::new(),
            presses: 0,
            size: (80, 24),
        };
        operator.take(effect);
        operator
    }

    /// Is asked about the start itself.
    pub(crate) fn asked_first(mut self, choosing: Dialog) -> Self {
        self.wizard = self.wizard.starting_with(choosing);
        self
    }

    /// One key press.
    pub(crate) fn press(self, key: Key) -> Self {
        let event = key_event(&self.wizard, theme(), self.size, key);
        self.happens(event).after(1)
    }

    /// The same key, several times.
    pub(crate) fn presses(self, count: usize, key: Key) -> Self {
        (0..count).fold(self, |operator, _| operator.press(key))
    }

    /// Types a text; counts as one press.
    pub(crate) fn types(self, text: &str) -> Self {
        let typed =
            text.chars().fold(self, |operator, c| operator.happens(Event::Key(Key::Char(c))));
        typed.after(1)
    }

    /// Pastes a text; counts as one press.
    pub(crate) fn pastes(self, text: &str) -> Self {
        self.happens(Event::Paste(text.to_owned())).after(1)
    }

    /// Presses Enter.
    pub(crate) fn enter(self) -> Self {
        self.press(Key::Enter)
    }

    /// Writes what the review shows: `w`, and Enter at its question.
    pub(crate) fn writes(self) -> Self {
        self.press(Key::Char('w')).enter()
    }

    /// Moves on until this question has the focus.
    pub(crate) fn goes_to(self, field: &Field) -> Self {
        let mut operator = self;
        for _ in 0..=form::fields().count() {
            if operator.question() == field.name {
                return operator;
            }
            // What is rarely changed is folded away behind one row.
            let key = if operator.question() == form::MORE.name { Key::Right } else { Key::Tab };
            operator = operator.press(key);
        }
        panic!("{} is not on this screen", field.name)
    }

    /// Fills the first screen, and is at the second.
    pub(crate) fn at_the_proxy(self) -> Self {
        self.pastes("https://ops.example.com/kestra").enter()
    }

    /// Chooses an HTTP proxy with a login, and is at the third screen.
    pub(crate) fn with_a_login(self) -> Self {
        self.pastes("http://svc-kestra:xK9%23vonKarman@proxy.corp.example:3128").enter()
    }

    /// Something else happens.
    pub(crate) fn happens(mut self, event: Event) -> Self {
        let effect = self.wizard.update(event);
        self.take(effect);
        self
    }

    /// Somebody else changes a file.
    pub(crate) fn meanwhile(mut self, path: &str, text: &str) -> Self {
        self.disk.insert(path.into(), Snapshot::Text(text.into()));
        self
    }

    /// The last check comes out like this.
    pub(crate) fn finds(self, outcome: Outcome, what: &str, remedy: &str) -> Self {
        let check = self.asked.iter().rev().find_map(|asked| match asked {
            Asked::Check(check) => Some(check.clone()),
            _ => None,
        });
        let finding = Finding {
            code: "test",
            outcome,
            summary: what.to_owned(),
            evidence: String::new(),
            remedy: remedy.to_owned(),
        };
        self.happens(Event::Checked(check.expect("a check"), vec![finding]))
    }

    /// The write succeeds.
    pub(crate) fn write_succeeds(self) -> Self {
        let file = |(what, path, about): (&str, &str, &str)| WrittenFile {
            kind: if what == "nginx" { FileKind::Nginx } else { FileKind::Config },
            what: what.to_owned(),
            path: path.to_owned(),
            about: about.to_owned(),
            is_removed: false,
        };
        let saved = WriteResult {
            state: WriteState::Written,
            headline: "Done. 2 files written.".to_owned(),
            files: vec![
                file(("config.yml", CONFIG, "new, mode 0600 kestra:kestra")),
                file(("nginx", NGINX, "new, mode 0644 root:root")),
            ],
            undo: Some(Undo {
                id: "20261123T085010Z".to_owned(),
                command: "kestra-setup rollback".to_owned(),
            }),
            ..WriteResult::default()
        };
        self.happens(Event::Written(Ok(saved)))
    }

    /// The write fails.
    pub(crate) fn write_fails(
        self,
        state: &'static str,
        lines: &[&str],
        choices: Vec<Choice>,
    ) -> Self {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.happens(Event::Written(Err(Failure { state, lines, choices })))
    }

    /// Has a terminal of this size.
    pub(crate) fn sized(self, width: u16, height: u16) -> Self {
        Self { size: (width, height), ..self }
    }

    /// What is on the screen.
    pub(crate) fn screen(&self, width: u16, height: u16) -> String {
        self.screen_of(theme(), width, height)
    }

    /// What is on the screen of a terminal without any glyph.
    pub(crate) fn ascii_screen(&self, width: u16, height: u16) -> String {
        self.screen_of(Theme::new(Level::Ascii, Colors::Mono), width, height)
    }

    fn screen_of(&self, theme: Theme, width: u16, height: u16) -> String {
        let size = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(size);
        let frame = view(&self.wizard, theme, (width, height));
        for (row, area) in frame.rows.iter().zip(size.rows()) {
            render(row, area, &mut buffer);
        }
        let cells = &buffer.content;
        let line = |row: &[Cell]| row.iter().map(Cell::symbol).collect::<String>();
        let rows = cells.chunks(usize::from(width).max(1));
        let lines: Vec<_> = rows.map(|row| line(row).trim_end().to_owned()).collect();
        lines.join("\n") + "\n"
    }

    /// The column and the row of the cursor, both counted from 0.
    pub(crate) fn cursor(&self, width: u16, height: u16) -> (u16, u16) {
        view(&self.wizard, theme(), (width, height)).cursor.into()
    }

    /// The question with the focus; empty where none has it.
    pub(crate) fn question(&self) -> &'static str {
        match self.wizard.step() {
            Step::FormStep(asking) => asking.field.name,
            _ => "",
        }
    }

    /// The answer to a question.
    pub(crate) fn answer(&self, field: &Field) -> String {
        self.wizard.answers().get(field).into_owned()
    }

    /// What was asked of the world last.
    pub(crate) fn last(&self) -> Option<&Asked> {
        self.asked.last()
    }

    /// Everything that was asked of the world.
    pub(crate) fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// Whether it was asked to look at something.
    pub(crate) fn has_checked(&self) -> bool {
        self.asked.iter().any(|asked| matches!(asked, Asked::Check(_)))
    }

    /// What was to be written, if anything was.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.asked.iter().rev().find_map(|asked| match asked {
            Asked::Write(plan) => Some(plan),
            _ => None,
        })
    }

    /// How many presses it took.
    pub(crate) fn count(&self) -> usize {
        self.presses
    }

    /// What the wizard knows.
    pub(crate) fn wizard(&self) -> &Wizard {
        &self.wizard
    }

    fn after(mut self, presses: usize) -> Self {
        self.presses += presses;
        self
    }

    /// From now on the disk does not answer.
    pub(crate) fn waits_for_the_disk(mut self) -> Self {
        self.is_disk_slow = true;
        self
    }

    /// The disk returns what it was asked for.
    pub(crate) fn disk_answers(mut self) -> Self {
        self.is_disk_slow = false;
        for paths in std::mem::take(&mut self.looks) {
            self.take(Some(Effect::ReadFiles(paths)));
        }
        for request in std::mem::take(&mut self.loads) {
            self.take(Some(Effect::Load(request)));
        }
        self
    }

    /// The live preview is planned, and shown once its plans arrive, in any order.
    pub(crate) fn pauses(self) -> Self {
        self.happens(Event::Paused)
    }

    /// The plan with this number arrives, counted from the one that was asked for last.
    pub(crate) fn planned(self, back: usize) -> Self {
        match self.plans.iter().rev().nth(back).cloned() {
            Some((number, files)) => self.happens(Event::Planned(number, files)),
            None => self,
        }
    }

    fn take(&mut self, effect: Option<Effect>) {
        match effect {
            Some(Effect::ReadFiles(paths)) if self.is_disk_slow => self.looks.push(paths),
            Some(Effect::ReadFiles(paths)) => {
                let look = |path: PathBuf| {
                    let snapshot = self.disk.get(&path).cloned().unwrap_or(Snapshot::Absent);
                    (path, snapshot.into())
                };
                let files = paths.into_iter().map(look).collect();
                let effect = self.wizard.update(Event::FilesRead(files));
                self.take(effect);
            }
            Some(Effect::Load(request)) if self.is_disk_slow => {
                self.loads.push(request.clone());
                self.asked.push(Effect::Load(request).into());
            }
            Some(effect @ Effect::Plan(_)) => {
                if let Some(Performed::Planned(number, files)) = nowhere().perform(effect, &IDLE) {
                    self.plans.push((number, files));
                }
            }
            Some(Effect::Load(request)) => {
                let LoadRequest { path, place } = request.clone();
                let machine = machine(path, place.unwrap_or_default(), &self.disk, here());
                let loaded = match machine.reading() {
                    Ok(_) => Ok(machine),
                    Err(refusal) => {
                        Err(LoadFailure { message: format!("{refusal}."), candidates: Vec::new() })
                    }
                };
                let effect = self.wizard.update(Event::Loaded(request, loaded.map(Box::new)));
                self.take(effect);
            }
            Some(effect) => self.asked.push(effect.into()),
            None => {}
        }
    }
}

/// Nothing cancels what a test performs.
static IDLE: AtomicBool = AtomicBool::new(false);

/// What plans for the live preview, which touches nothing.
fn nowhere() -> EffectRunner {
    EffectRunner {
        config: PathBuf::new(),
        place: Place::default(),
        nginx: Nginx::default(),
        api_url: API_URL.parse().expect("a URL"),
        step: Arc::default(),
        lock: None,
    }
}

/// A machine with Kestra's configuration in this file, and these files.
fn machine(
    config: PathBuf,
    place: Place,
    disk: &BTreeMap<PathBuf, Snapshot>,
    here: Defaults,
) -> Machine {
    let config_file = if config == Path::new(CONFIG) {
        here.config_file.clone()
    } else {
        config.display().to_string()
    };
    let mut machine = Machine::new(config, place);
    machine.nginx = nginx();
    for (path, snapshot) in disk.clone() {
        machine.see(path, snapshot);
    }
    machine.defaults = Defaults { config_file, ..here };
    machine
}

/// The nginx of Debian, with its folders empty.
fn nginx() -> Nginx {
    let include = |pattern: &str| Include { pattern: pattern.into(), start: 0, end: 0 };
    let includes = ["/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*"].map(include).into();
    Nginx {
        binary: Some("/usr/sbin/nginx".into()),
        version: Some(Version(1, 22, 1)),
        is_running: true,
        ipv6: true,
        config: Config { includes, ..Config::default() },
        ..Nginx::default()
    }
}

/// A machine with an nginx.
pub(crate) fn here() -> Defaults {
    Defaults {
        has_nginx: true,
        config_file: CONFIG.to_owned(),
        env_file: "/home/kestra/.kestra/kestra.env".to_owned(),
        ..Defaults::default()
    }
}

/// The glyphs of a terminal with colours; the colours themselves are not part of a screen's text.
fn theme() -> Theme {
    Theme::new(Level::Full, Colors::Basic)
}
