//! Every screen as the operator sees it. The snapshots are read as if they were code.

use kestra_setup::answers::Here;
use kestra_setup::found::{Found, Snapshot};
use kestra_setup::key::Key;
use kestra_setup::tui::{theme::Theme, view::view};
use kestra_setup::wizard::{Effect, Event, Wizard};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::PathBuf;

struct Operator {
    wizard: Wizard,
    found: Found,
}

impl Operator {
    fn fresh() -> Self {
        let found = Found { config: "/home/kestra/.kestra/config.yml".into(), ..Found::default() };
        Self::on(found, Here { has_nginx: true, ..here() })
    }

    fn on(found: Found, here: Here) -> Self {
        let answers = found.answers(here).expect("a readable configuration");
        let (wizard, effect) = Wizard::new(answers, found.clone());
        let mut operator = Self { wizard, found };
        operator.serve(effect);
        operator
    }

    fn serve(&mut self, effect: Option<Effect>) {
        if let Some(Effect::Look(paths)) = effect {
            let look = |path: PathBuf| {
                let snapshot = self.found.files.get(&path).cloned().unwrap_or(Snapshot::Absent);
                (path, snapshot)
            };
            let files = paths.into_iter().map(look).collect();
            let effect = self.wizard.update(Event::Looked(files));
            self.serve(effect);
        }
    }

    fn key(mut self, key: Key) -> Self {
        let effect = self.wizard.update(Event::Key(key));
        self.serve(effect);
        self
    }

    fn types(self, text: &str) -> Self {
        text.chars().fold(self, |operator, c| operator.key(Key::Char(c)))
    }

    fn enter(self) -> Self {
        self.key(Key::Enter)
    }

    fn screen(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| view(&self.wizard, Theme::mono(), frame)).expect("a frame");
        terminal.backend().to_string()
    }
}

fn here() -> Here {
    Here { config_file: "/home/kestra/.kestra/config.yml".to_owned(), ..Here::default() }
}

#[test]
fn a_first_setup() {
    let operator = Operator::fresh();
    println!("{}", operator.screen(80, 24));
    let operator = operator.types("https://ops.example.com/kestra");
    println!("{}", operator.screen(80, 24));
    let operator = operator.enter();
    println!("{}", operator.screen(80, 24));
    let operator = operator.key(Key::Right);
    println!("{}", operator.screen(80, 24));
    let operator = operator.enter();
    println!("{}", operator.screen(80, 24));
    let operator = operator.types("proxy.corp.example:3128").enter();
    println!("{}", operator.screen(80, 24));
    println!("{}", operator.screen(40, 10));
    let operator = operator.enter();
    println!("{}", operator.screen(80, 24));
    println!("{}", operator.screen(40, 10));
    let operator = operator.key(Key::Char('?'));
    println!("{}", operator.screen(80, 24));
}
