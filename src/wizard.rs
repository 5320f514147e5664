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
mod rows;
mod shown;
mod typing;

pub use asking::Asking;
pub use choosing::{Choosing, Way};
pub use event::{Effect, Event, NextStep, Saved, SavedFile, Trouble};
pub use keys::{Action, Binding};
pub use result::{page, report, with_next_steps};
pub use reviewing::{Preview, Reviewing};
pub use rows::Row;

use crate::answers::Answers;
use crate::checks::{Check, Verdict};
use crate::found::Found;
use crate::key::Key;
use crate::plan::Plan;
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
    /// The files are being looked at, before this goes on.
    Looking(Then),
    /// Files are being written; nothing interrupts that. What is put back or repaired has no plan.
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
    /// The checks that are under way.
    running: Vec<Check>,
    help: Option<usize>,
    /// How many lines of the result are scrolled away.
    scrolled: usize,
    is_quitting: bool,
}

/// What goes on once the files have been looked at.
#[derive(Debug, Clone)]
pub enum Then {
    /// The review of what was said, on top of what the files say now.
    Review,
    /// The review of the files alone: what was said is forgotten.
    StartOver,
    /// Writing these texts, whatever the files say now.
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
            running: Vec::new(),
            help: None,
            scrolled: 0,
            is_quitting: false,
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
                if !self.is_covered() {
                    self.paste(&text);
                }
                None
            }
            Event::Line(text) => self.line(&text),
            Event::Keep => self.keep(),
            Event::PreviousQuestion => self.previous_question(),
            Event::Looked(files) => self.looked(files),
            Event::Checked(check, verdicts) => self.checked(check, verdicts),
            Event::Written(result) => self.written(result),
            Event::Stopped(saved) => {
                self.forget_what_stood();
                self.step = Step::Done(saved);
                None
            }
            Event::Reminder => {
                self.with_review(Reviewing::conceal);
                None
            }
            Event::Drawn { furthest } => {
                self.scroll_to(|scroll| scroll.min(furthest));
                None
            }
        }
    }

    /// What the footer shows and the keys do, at this moment.
    pub fn bindings(&self) -> impl Iterator<Item = &'static Binding> {
        self.keys().iter().copied().flatten()
    }

    fn keys(&self) -> keys::Tables {
        match &self.step {
            _ if self.is_quitting => keys::QUITTING,
            _ if self.help.is_some() => keys::HELP,
            Step::Asking(asking) => asking.keys(),
            Step::Reviewing(_) => keys::REVIEWING,
            Step::Looking(_) => keys::LOOKING,
            Step::Writing(_) => keys::WRITING,
            Step::Choosing(_) => keys::CHOOSING,
            Step::Done(_) => keys::DONE,
        }
    }

    fn key(&mut self, key: Key) -> Option<Effect> {
        if !self.is_covered() && self.takes_fix(key) {
            return None;
        }
        if let Some(action) = keys::action(self.keys(), key) {
            return self.act(action);
        }
        if !self.is_covered() {
            self.type_key(key);
        }
        None
    }

    /// Whether the help or a question lies over the page, whose fields then take nothing.
    fn is_covered(&self) -> bool {
        self.is_quitting || self.help.is_some()
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
            Action::Scroll(lines) => {
                self.scroll_to(|scroll| scroll.saturating_add_signed(lines.into()));
            }
            Action::Reveal => return self.reveal(),
            Action::Test => return self.test(),
            Action::Write => return self.write(),
            Action::NextTab => self.with_review(Reviewing::next_tab),
            Action::Full => self.with_review(Reviewing::toggle_full),
            Action::UndoChange => return self.undo_change(),
            Action::Copy => return self.copy(),
            Action::Choose(number) => return self.choose(number),
            Action::StartOver => return self.start_over(),
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
                self.show_review(Preview::Problems(problems));
                return None;
            }
        };
        let mut unseen = Plan::paths(&settings, &self.found);
        unseen.retain(|path| self.found.snapshot(path).is_none());
        if !unseen.is_empty() {
            return Some(self.look(unseen, Then::Review));
        }
        let preview = Preview::new(&self.answers, &settings, &self.found);
        let nginx = preview.nginx_check(&settings);
        self.show_review(preview);
        nginx.and_then(|check| self.check(check))
    }

    fn show_review(&mut self, preview: Preview) {
        let notes = self.notes_on(&preview);
        self.step = Step::Reviewing(Reviewing::new(preview, notes));
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
        // Whoever went back meanwhile is not called away.
        let Step::Looking(then) = &self.step else { return None };
        match then.clone() {
            Then::Review => self.read_again(false),
            Then::StartOver => self.read_again(true),
            Then::Overwrite(plan) => Some(self.writing(plan.over(&self.found), Effect::Write)),
        }
    }

    fn look(&mut self, files: Vec<std::path::PathBuf>, then: Then) -> Effect {
        self.step = Step::Looking(then);
        Effect::Look(files)
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
        self.running.push(check.clone());
        Some(Effect::Check(check))
    }

    /// Looks once more, whatever came of it before; not twice at the same time.
    fn check_anew(&mut self, check: Check) -> Option<Effect> {
        if self.is_running(|running| *running == check) {
            return None;
        }
        self.verdicts.retain(|(about, _)| *about != check);
        self.check(check)
    }

    fn checked(&mut self, check: Check, verdicts: Vec<Verdict>) -> Option<Effect> {
        if verdicts == [Verdict::cancelled()] {
            // Was said when the operator stopped it, who may have begun another.
            return None;
        }
        self.running.retain(|running| *running != check);
        self.verdicts.retain(|(about, _)| *about != check);
        self.verdicts.push((check, verdicts));
        None
    }

    /// What was found about the files before they changed is no longer so.
    fn forget_what_stood(&mut self) {
        self.verdicts.retain(|(check, _)| !matches!(check, Check::Standing | Check::Reload));
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
