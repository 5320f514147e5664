//! The state machine behind every way of asking.
//!
//! [`Wizard::update`] is the only place where anything changes: an event in, at most one effect
//! out. It knows no terminal, no clock and no disk, so a test drives it like a person would, and
//! full screen and plain mode cannot drift apart.

mod asking;
mod choosing;
mod editor;
mod event;
mod keys;
mod line;
mod moving;
mod result;
mod reviewing;
mod typing;

pub use asking::Asking;
pub use choosing::{Choosing, Way};
pub use event::{Effect, Event, Saved, SavedFile, Trouble};
pub use keys::{Action, Binding};
pub use result::{report, with_next_steps};
pub use reviewing::{Preview, Reviewing, Row};

use crate::answers::Answers;
use crate::checks::{Check, Verdict};
use crate::form;
use crate::found::Found;
use crate::key::Key;
use crate::plan::Plan;
use crate::settings::Form;
use std::time::Duration;

/// How long revealed secrets stay on the screen.
pub const REVEAL: Duration = Duration::from_secs(10);

/// Where the operator is.
#[derive(Debug, Clone)]
pub enum Step {
    /// On one of the screens.
    Asking(Asking),
    /// Before the plan.
    Reviewing(Reviewing),
    /// The plan is being written; nothing interrupts that.
    Writing(Plan),
    /// Something stands in the way, and there is more than one way on.
    Choosing(Choosing),
    /// The files are written.
    Done(Saved),
}

/// The whole state.
#[derive(Debug, Clone)]
pub struct Wizard {
    answers: Answers,
    found: Found,
    step: Step,
    /// Answers before each edit from the review, for `u`.
    past: Vec<Answers>,
    verdicts: Vec<(Check, Vec<Verdict>)>,
    running: Option<Check>,
    help: Option<u16>,
    is_quitting: bool,
    /// What goes on once the files have been looked at again.
    after_look: AfterLook,
}

/// What goes on once the files have been looked at again.
#[derive(Debug, Clone, Default)]
enum AfterLook {
    #[default]
    Review,
    StartOver,
    Overwrite(Plan),
}

impl Wizard {
    /// A new configuration starts with the first question, an existing one with the review.
    ///
    /// Gives the first effect, if there is something to look at at once.
    #[must_use]
    pub fn new(answers: Answers, found: Found) -> (Self, Option<Effect>) {
        let is_reconfiguration = answers.here().is_reconfiguration;
        let mut wizard = Self {
            step: Step::Asking(Asking::new(&answers, 0, 0)),
            answers,
            found,
            past: Vec::new(),
            verdicts: Vec::new(),
            running: None,
            help: None,
            is_quitting: false,
            after_look: AfterLook::Review,
        };
        let effect = if is_reconfiguration { wizard.review() } else { None };
        (wizard, effect)
    }

    /// Starts with a question about the start itself, such as what becomes of a draft.
    #[must_use]
    pub fn asking_first(mut self, choosing: Choosing) -> Self {
        self.step = Step::Choosing(choosing);
        self
    }

    /// What happens, and what is to be done about it outside.
    pub fn update(&mut self, event: Event) -> Option<Effect> {
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => {
                self.paste(&text);
                None
            }
            Event::Line(text) => self.line(&text),
            Event::Keep => self.keep(),
            Event::PreviousQuestion => self.previous_question(),
            Event::Looked(files) => self.looked(files),
            Event::Checked(check, verdicts) => self.checked(check, verdicts),
            Event::Written(result) => self.written(result),
            Event::Stopped(saved) => {
                self.step = Step::Done(saved);
                None
            }
            Event::Reminder => {
                self.with_review(Reviewing::conceal);
                None
            }
        }
    }

    /// What the footer shows and the keys do, at this moment.
    #[must_use]
    pub fn bindings(&self) -> &'static [Binding] {
        match &self.step {
            _ if self.is_quitting => keys::QUITTING,
            _ if self.help.is_some() => keys::HELP,
            Step::Asking(asking) => asking.bindings(),
            Step::Reviewing(_) => keys::REVIEWING,
            Step::Writing(_) => keys::WRITING,
            Step::Choosing(_) => keys::CHOOSING,
            Step::Done(_) => keys::DONE,
        }
    }

    fn key(&mut self, key: Key) -> Option<Effect> {
        if self.takes_fix(key) {
            return None;
        }
        if let Some(action) = keys::action(self.bindings(), key) {
            return self.act(action);
        }
        self.type_key(key);
        None
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Accept => return self.accept(),
            Action::Back => return self.stop_test().or_else(|| self.back()),
            Action::NextField => self.move_focus(1),
            Action::PreviousField => self.move_focus(-1),
            Action::Edit(number) => self.edit(number),
            Action::Help => self.help = Some(0),
            Action::CloseHelp => self.help = None,
            Action::Scroll(lines) => self.scroll(lines),
            Action::Reveal => return self.reveal(),
            Action::Test => return self.test(),
            Action::Write => return self.write(),
            Action::NextTab => self.with_review(Reviewing::next_tab),
            Action::Full => self.with_review(Reviewing::toggle_full),
            Action::UndoChange => return self.undo_change(),
            Action::Copy => return self.copy(),
            Action::Choose(number) => return self.choose(number),
            Action::Quit => return self.quit(),
            Action::Stay => self.is_quitting = false,
            Action::Leave => return Some(Effect::Exit),
            Action::Reload => return self.check_anew(Check::Reload),
            Action::CheckAll => return self.check_anew(Check::Standing),
            Action::UndoWrite => return self.undo_write(),
            Action::Redraw => return Some(Effect::Redraw),
            Action::Suspend => return Some(Effect::Suspend),
        }
        None
    }

    /// To the review. The files are looked at first, where that was not done yet.
    fn review(&mut self) -> Option<Effect> {
        let settings = match self.answers.settings() {
            Ok(settings) => settings,
            Err(problems) => {
                self.step = Step::Reviewing(Reviewing::new(Preview::Problems(problems)));
                return None;
            }
        };
        let mut unseen = Plan::paths(&settings, &self.found);
        unseen.retain(|path| self.found.snapshot(path).is_none());
        if !unseen.is_empty() {
            self.step = Step::Reviewing(Reviewing::new(Preview::Pending));
            return Some(Effect::Look(unseen));
        }
        let preview = Preview::new(&self.answers, &settings, &self.found);
        let nginx = preview.nginx_check(&settings);
        self.step = Step::Reviewing(Reviewing::new(preview));
        nginx.and_then(|check| self.check(check))
    }

    fn with_review(&mut self, change: impl FnOnce(&mut Reviewing)) {
        if let Step::Reviewing(reviewing) = &mut self.step {
            change(reviewing);
        }
    }

    fn looked(
        &mut self,
        files: Vec<(std::path::PathBuf, crate::found::Snapshot)>,
    ) -> Option<Effect> {
        for (path, snapshot) in files {
            self.found.see(path, snapshot);
        }
        match std::mem::take(&mut self.after_look) {
            AfterLook::Review => self.read_again(false),
            AfterLook::StartOver => self.read_again(true),
            AfterLook::Overwrite(plan) => {
                let plan = plan.over(&self.found);
                self.step = Step::Writing(plan.clone());
                Some(Effect::Write(plan))
            }
        }
    }

    /// Takes what the files say now as found, and keeps what was said unless it is to start over.
    fn read_again(&mut self, forget: bool) -> Option<Effect> {
        if let Ok(found) = self.found.answers(self.answers.here().clone()) {
            let said = if forget { Answers::default() } else { self.answers.clone() };
            self.answers = found.with(&said);
        }
        self.review()
    }

    fn check(&mut self, check: Check) -> Option<Effect> {
        if self.verdict(&check).is_some() {
            return None;
        }
        self.running = Some(check.clone());
        Some(Effect::Check(check))
    }

    /// Looks once more, whatever came of it before; not twice at the same time.
    fn check_anew(&mut self, check: Check) -> Option<Effect> {
        if self.running.as_ref() == Some(&check) {
            return None;
        }
        self.verdicts.retain(|(about, _)| *about != check);
        self.check(check)
    }

    fn checked(&mut self, check: Check, verdicts: Vec<Verdict>) -> Option<Effect> {
        if self.running.as_ref() == Some(&check) {
            self.running = None;
        }
        self.verdicts.retain(|(about, _)| *about != check);
        self.verdicts.push((check, verdicts));
        None
    }

    /// The number of the step in the step bar, counted from 0.
    #[must_use]
    pub fn number(&self) -> usize {
        match &self.step {
            Step::Asking(asking) => asking.number(),
            _ => form::SCREENS.len(),
        }
    }

    /// Which page is shown: when this changes, what was typed before was meant for another page.
    #[must_use]
    pub fn place(&self) -> (usize, std::mem::Discriminant<Step>) {
        (self.number(), std::mem::discriminant(&self.step))
    }

    /// Where the operator is.
    #[must_use]
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// What was said.
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// What was found.
    #[must_use]
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Whether it is being asked if the answers may be lost.
    #[must_use]
    pub fn is_quitting(&self) -> bool {
        self.is_quitting
    }

    /// How many lines of the help are scrolled away, if it is open.
    #[must_use]
    pub fn help(&self) -> Option<u16> {
        self.help
    }

    /// The check that is under way.
    #[must_use]
    pub fn running(&self) -> Option<&Check> {
        self.running.as_ref()
    }

    /// What came of a check. A verdict about another value is not found, however late it comes.
    #[must_use]
    pub fn verdict(&self, check: &Check) -> Option<&Verdict> {
        self.verdict_about(|about| about == check)
    }

    /// What came of the first check of this kind.
    #[must_use]
    pub fn verdict_about(&self, is_it: impl Fn(&Check) -> bool) -> Option<&Verdict> {
        self.verdicts.iter().find(|(about, _)| is_it(about))?.1.first()
    }

    /// What came of looking at what stands, and of the reload.
    pub fn standing(&self) -> impl Iterator<Item = &Verdict> {
        let is_it = |check: &Check| matches!(check, Check::Standing | Check::Reload);
        self.verdicts.iter().filter(move |(check, _)| is_it(check)).flat_map(|(_, all)| all)
    }

    /// The state of the files, for the title bar.
    #[must_use]
    pub fn state(&self) -> String {
        let is_new = !self.answers.here().is_reconfiguration;
        match &self.step {
            _ if self.is_quitting => "quit?".to_owned(),
            Step::Done(saved) => saved.state.to_owned(),
            Step::Choosing(choosing) => choosing.trouble().state.to_owned(),
            Step::Writing(_) => "writing".to_owned(),
            Step::Reviewing(_) if is_new => "not written".to_owned(),
            Step::Asking(_) if is_new => "new config".to_owned(),
            Step::Asking(_) | Step::Reviewing(_) => match self.answers.said().count() {
                0 => "no changes".to_owned(),
                1 => "1 change".to_owned(),
                count => format!("{count} changes"),
            },
        }
    }

    /// Which settings differ from the files, in words.
    #[must_use]
    pub fn changed_in_words(&self) -> String {
        let said: Vec<_> = self.answers.said().map(|(field, _)| field.name).collect();
        match said.as_slice() {
            _ if !self.answers.here().is_reconfiguration => "only listed keys".to_owned(),
            [] => "nothing differs".to_owned(),
            [only] => format!("only {only} differs"),
            several => format!("only {} differ", several.join(", ")),
        }
    }

    /// Says where nginx answers to the name already, so that it would ignore our file.
    #[must_use]
    pub fn served_elsewhere(&self) -> Option<String> {
        let nginx = self.answers.settings().ok()?.nginx?;
        let Form::Server { names, listen, .. } = &nginx.site.form else { return None };
        let served = self.found.served_elsewhere(names, *listen, nginx.file.as_path())?;
        let (name, file) = (&served.name, served.file.display());
        Some(format!(
            "{file} answers to {name} already, so nginx would ignore this file. Write as location."
        ))
    }

    /// What is good to know before writing.
    #[must_use]
    pub fn review_notes(&self) -> Vec<String> {
        let notes = self.answers.problems().into_iter().filter(|problem| !problem.blocks);
        let mut all: Vec<_> = self.served_elsewhere().into_iter().collect();
        all.extend(self.found.remarks.iter().cloned());
        all.extend(notes.map(|problem| format!("{}.", problem.message.trim_end_matches('.'))));
        all
    }

    fn quit(&mut self) -> Option<Effect> {
        let has_answers = match &self.step {
            Step::Asking(asking) if asking.is_touched() => true,
            Step::Done(_) => false,
            _ => !self.answers.is_untouched(),
        };
        if self.is_quitting || !has_answers {
            return Some(Effect::Exit);
        }
        self.is_quitting = true;
        None
    }
}
