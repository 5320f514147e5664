//! The state machine behind every way of asking.
//!
//! [`Wizard::update`] is the only place where anything changes: an event in, at most one effect
//! out. It knows no terminal, no clock and no disk, so a test drives it like a person would, and
//! full screen and plain mode cannot drift apart.

mod dialog;
mod event;
mod form_step;
mod keymap;
mod live_preview;
mod load;
mod navigation;
mod queries;
mod result;
mod review;
mod typing;

pub use dialog::{Choice, Dialog};
pub use event::{
    Effect, Event, Exit, Failure, LoadFailure, LoadRequest, NextStep, Undo, WriteResult,
    WriteState, WrittenFile,
};
use form_step::Editor;
pub(crate) use form_step::FormStep;
pub(crate) use keymap::{Action, Binding};
pub use live_preview::{FilePreview, LivePreview, PlanRequest};
pub use result::report;
pub(crate) use result::with_next_steps;
pub use review::{Preview, Review, ReviewRow};

use crate::answers::Answers;
use crate::checks::{Check, Finding, Outcome};
use crate::form::{self, ScreenId};
use crate::kestra_release::Release;
use crate::key::Key;
use crate::machine::Machine;
use crate::plan::Plan;
use std::time::Duration;

/// How long revealed secrets stay on the screen.
pub(crate) const REVEAL: Duration = Duration::from_secs(10);

/// Where the operator is, with what only that step has.
#[derive(Debug, Clone)]
pub enum Step {
    /// On one of the screens.
    FormStep(FormStep),
    /// On the review: the files as they would be written.
    Review(Review),
    /// The machine or the files are being looked at, before this goes on.
    Discovering(AfterDiscovery),
    /// Files are being written; nothing interrupts that. What is put back or repaired has no plan.
    Writing(Plan),
    /// A failure or a question with several choices.
    Dialog(Dialog),
    /// On the result page, the last one.
    Done(WriteResult),
}

/// The state machine: events in, effects out. It touches nothing else.
#[derive(Debug, Clone)]
pub struct Wizard {
    answers: Answers,
    machine: Machine,
    step: Step,
    /// Answers before each edit from the review, for `u`.
    past: Vec<Answers>,
    /// What was checked and what was found; nothing yet where a check is under way.
    checks: Vec<(Check, Option<Vec<Finding>>)>,
    /// The preview beside the form.
    pub(crate) live_preview: LivePreview,
    /// How many lines of the help are scrolled away, if it is open.
    pub(crate) help: Option<usize>,
    /// How many lines of the result are scrolled away.
    pub(crate) scrolled: usize,
    /// Whether it is being asked if the answers may be lost.
    pub(crate) is_quitting: bool,
    /// For how many seconds the outbound connection is being tested.
    pub(crate) seconds: usize,
    /// The step at which that test is; empty in its first second.
    pub(crate) test_step: &'static str,
    /// Whether the questions are shown that are rarely changed.
    is_unfolded: bool,
    /// The step of a draft, where continuing with it leads.
    resumed_at: usize,
}

/// What goes on once the files have been looked at.
#[derive(Debug, Clone)]
pub enum AfterDiscovery {
    /// The review of the answers, on top of what the files hold now.
    Review,
    /// Leaving a screen whose defaults depend on the rest of the machine.
    Accept(FormStep),
    /// The field of the configuration, and from there on, once another one was read.
    Load(LoadRequest, FormStep, Onwards),
    /// Writing these texts, whatever the files hold now.
    Overwrite(Plan),
}

/// Where another configuration leads once it was read.
pub(crate) type Onwards = fn(&mut Wizard) -> Option<Effect>;

impl Wizard {
    /// Of several configurations one is chosen first. A new one starts with the first question, an
    /// existing one with the review.
    ///
    /// Gives the first effect, if there is something to look at at once.
    pub fn new(answers: Answers, machine: Machine) -> (Self, Option<Effect>) {
        let mut wizard = Self {
            step: Step::FormStep(FormStep::first(&answers, 0)),
            answers,
            machine,
            past: Vec::new(),
            checks: Vec::new(),
            live_preview: LivePreview::default(),
            help: None,
            scrolled: 0,
            is_quitting: false,
            seconds: 0,
            test_step: "",
            is_unfolded: false,
            resumed_at: 0,
        };
        let effect = wizard.begin();
        (wizard, effect)
    }

    /// Starts with a question about the start itself, such as what becomes of a draft.
    pub fn starting_with(mut self, dialog: Dialog) -> Self {
        self.step = Step::Dialog(dialog);
        self
    }

    /// Lets [`Choice::Continue`] lead to this step, counted from 0.
    pub(crate) fn resuming_at(self, step: usize) -> Self {
        Self { resumed_at: step, ..self }
    }

    /// What happens, and what is to be done about it outside.
    pub fn update(&mut self, event: Event) -> Option<Effect> {
        let effect = self.take(event);
        // What has the focus is in view.
        if let Step::FormStep(form_step) = &self.step {
            self.is_unfolded |= form::is_folded(form_step.field);
        }
        effect.or_else(|| self.certificate_check().and_then(|check| self.check(check)))
    }

    fn take(&mut self, event: Event) -> Option<Effect> {
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
            Event::Discovered(machine) => self.discovered(*machine),
            Event::ReleaseFound(config, release) => {
                self.release_found(&config, release);
                None
            }
            Event::Loaded(request, result) => self.loaded(&request, result),
            Event::FilesRead(files) => self.looked(files),
            Event::Checked(check, findings) => {
                self.checked(&check, findings);
                None
            }
            Event::Written(result) => self.written(result),
            Event::Stopped(saved) => {
                let is_undone = saved.state == WriteState::RolledBack;
                let saved = if is_undone { with_next_steps(saved, &self.answers) } else { saved };
                self.end_with(saved);
                None
            }
            Event::Reminder => {
                self.with_review(|review| review.show_secrets(false));
                None
            }
            Event::Paused => self.plan_preview(),
            Event::Second(step) => {
                self.seconds += 1;
                self.test_step = step;
                None
            }
            Event::Planned(number, files) => {
                self.planned(number, files);
                None
            }
            Event::Scroll { lines, furthest } => {
                let scroll = match (&mut self.help, &mut self.step) {
                    (Some(help), _) => help,
                    (None, Step::Review(review)) => &mut review.scroll,
                    // Beside these two, the result alone has keys that scroll.
                    (None, _) => &mut self.scrolled,
                };
                let from = furthest.min(*scroll);
                *scroll = from.saturating_add_signed(lines.into()).min(furthest);
                None
            }
        }
    }

    /// What the footer shows and the keys do, at this moment.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = &'static Binding> {
        self.keys().iter().copied().flatten()
    }

    fn keys(&self) -> keymap::Tables {
        match &self.step {
            _ if self.is_quitting => keymap::QUITTING,
            _ if self.help.is_some() => keymap::HELP,
            Step::FormStep(step) if step.screen().id == ScreenId::Proxy => keymap::PROXY_SCREEN,
            Step::FormStep(_) => keymap::SCREEN,
            Step::Review(review) if review.is_confirming => keymap::CONFIRMING,
            Step::Review(_) => keymap::REVIEW,
            Step::Discovering(_) => keymap::DISCOVERING,
            Step::Writing(_) => keymap::WRITING,
            Step::Dialog(_) => keymap::DIALOG,
            Step::Done(_) => keymap::DONE,
        }
    }

    fn key(&mut self, key: Key) -> Option<Effect> {
        if !self.is_covered() {
            if self.takes_fix(key) || self.unfolds(key) {
                return None;
            }
            if let Some(effect) = self.chooses_configuration(key) {
                return Some(effect);
            }
        }
        // What the footer would not name does nothing.
        if let Some(action) = keymap::action(self.keys(), key).filter(|it| self.offers(*it)) {
            return self.act(action, key);
        }
        if !self.is_covered() {
            self.type_key(key);
        }
        None
    }

    /// Whether the help or a question covers the page, whose fields then take no input.
    fn is_covered(&self) -> bool {
        self.is_quitting || self.help.is_some()
    }

    fn act(&mut self, action: Action, key: Key) -> Option<Effect> {
        match action {
            Action::Accept => return self.accept(),
            Action::Back => return self.stop_test().or_else(|| self.back()),
            Action::NextField => return self.move_focus(1),
            Action::PreviousField => return self.move_focus(-1),
            Action::Edit => self.edit(key.digit()?),
            Action::Help => self.help = Some(0),
            Action::CloseHelp => self.help = None,
            // Needs the size of the terminal: see `Event::Scroll`.
            Action::Scroll(_) => {}
            Action::Reveal => return self.reveal(),
            Action::Test => return self.test(),
            Action::Write => self.ask_to_write(),
            Action::Confirm => return self.write(),
            Action::Decline => self.with_review(|review| review.is_confirming = false),
            Action::NextTab => self.with_review(Review::next_tab),
            Action::Full => self.with_review(Review::toggle_full),
            Action::UndoChange => return self.undo_change(),
            Action::Copy => return self.copy(),
            Action::Choose => return self.choose(key.digit()? - 1),
            Action::StartOver => return self.start_over(),
            Action::Quit => return self.quit(),
            Action::Stay => self.is_quitting = false,
            Action::Leave => return Some(Effect::Exit(Exit::Done)),
            Action::KeepDraft => {
                self.commit();
                return Some(Effect::Exit(Exit::KeepDraft));
            }
            Action::Reload => return self.check_anew(Check::Reload),
            Action::CheckAll => return self.check_anew(Check::All),
            Action::UndoWrite => return self.undo_write(),
            Action::Redraw => return Some(Effect::Redraw),
            Action::Suspend => return Some(Effect::Suspend),
        }
        None
    }

    /// To the review. The machine and the files are looked at first, where that was not done yet.
    fn review(&mut self) -> Option<Effect> {
        self.forget_failures();
        if self.machine.is_partial {
            self.step = Step::Discovering(AfterDiscovery::Review);
            return None;
        }
        let settings = match self.answers.settings() {
            Ok(settings) => settings,
            Err(problems) => {
                self.show_review(Preview::Problems(problems));
                return None;
            }
        };
        let mut unseen = Plan::paths(&settings, &self.machine);
        unseen.retain(|path| self.machine.snapshot(path).is_none());
        if !unseen.is_empty() {
            return Some(self.look(unseen, AfterDiscovery::Review));
        }
        let preview = Preview::new(&self.answers, &settings, &self.machine);
        let nginx = preview.nginx_check(&settings);
        self.show_review(preview);
        nginx.and_then(|check| self.check(check))
    }

    fn show_review(&mut self, preview: Preview) {
        let notes = self.notes_on(&preview);
        self.step = Step::Review(Review::new(preview, notes));
    }

    fn with_review(&mut self, change: impl FnOnce(&mut Review)) {
        if let Step::Review(review) = &mut self.step {
            change(review);
        }
    }

    /// Takes the whole machine, which may have other defaults.
    fn discovered(&mut self, machine: Machine) -> Option<Effect> {
        if !self.machine.is_partial {
            // Another configuration was read meanwhile, with the whole machine.
            return None;
        }
        self.take_machine(machine);
        match &self.step {
            Step::Discovering(AfterDiscovery::Review) => self.review(),
            Step::Discovering(AfterDiscovery::Accept(form_step)) => {
                self.step = Step::FormStep(form_step.clone());
                self.refresh();
                self.accept()
            }
            _ => None,
        }
    }

    fn take_machine(&mut self, mut machine: Machine) {
        machine.candidates = std::mem::take(&mut self.machine.candidates);
        self.machine = machine;
        self.live_preview.forget_request();
        self.refresh();
    }

    /// Takes what the machine gives by now as found. Answers that were given stay, and so does what
    /// is being typed.
    fn refresh(&mut self) {
        if let Ok(found) = self.machine.answers() {
            self.answers = found.with(&self.answers);
        }
        let Step::FormStep(form_step) = &self.step else { return };
        let mut form_step = form_step.clone();
        if !self.rows(&form_step).contains(&form_step.field) {
            let first = FormStep::first(&self.answers, form_step.screen);
            form_step = FormStep { is_returning: form_step.is_returning, ..first };
        } else if !form_step.editor.is_touched {
            form_step.editor = Editor::of(&self.answers, form_step.field);
        }
        self.step = Step::FormStep(form_step);
    }

    /// Takes the release. What is under review stays as it is; its notes tell what is known now.
    fn release_found(&mut self, config: &std::path::Path, release: Release) {
        if config != self.machine.config() {
            return;
        }
        self.machine.installed = Some(release);
        if let Step::Review(review) = &self.step {
            let notes = self.notes_on(review.preview());
            self.with_review(|review| review.notes = notes);
        } else {
            self.refresh();
        }
    }

    fn looked(&mut self, files: Vec<(std::path::PathBuf, crate::machine::Seen)>) -> Option<Effect> {
        for (path, seen) in files {
            self.machine.see(path, seen);
        }
        self.live_preview.forget_request();
        self.refresh();
        match self.step.clone() {
            Step::Discovering(AfterDiscovery::Overwrite(plan)) if !self.is_quitting => {
                Some(self.writing(plan.over(&self.machine), Effect::Write))
            }
            // A review is about what the files hold now.
            Step::Discovering(AfterDiscovery::Review | AfterDiscovery::Overwrite(_))
            | Step::Review(_) => self.review(),
            // Whoever went back meanwhile is not called away.
            _ => None,
        }
    }

    fn look(&mut self, files: Vec<std::path::PathBuf>, then: AfterDiscovery) -> Effect {
        self.step = Step::Discovering(then);
        Effect::ReadFiles(files)
    }

    /// Checks what was not checked yet.
    fn check(&mut self, check: Check) -> Option<Effect> {
        if self.checks.iter().any(|(known, _)| *known == check) {
            return None;
        }
        self.checks.push((check.clone(), None));
        Some(Effect::Check(check))
    }

    /// Forgets which files were found wrong: they may have been corrected since.
    fn forget_failures(&mut self) {
        self.checks.retain(|(check, findings)| {
            let is_about_files = matches!(check, Check::Certificate { .. } | Check::Nginx { .. });
            let mut findings = findings.iter().flatten();
            !is_about_files || findings.all(|finding| finding.outcome != Outcome::Failed)
        });
    }

    /// Checks again; not twice at the same time.
    fn check_anew(&mut self, check: Check) -> Option<Effect> {
        self.checks.retain(|(known, findings)| *known != check || findings.is_none());
        self.scrolled = 0;
        self.check(check)
    }

    fn checked(&mut self, check: &Check, findings: Vec<Finding>) {
        // That one was stopped was shown then, and another may have begun.
        let is_cancelled = findings == [Finding::cancelled()];
        let known = self.checks.iter_mut().find(|(known, _)| known == check && !is_cancelled);
        if let Some((_, found)) = known {
            *found = Some(findings);
        }
    }

    /// Shows the result. What was found about the files before they changed is no longer so.
    fn end_with(&mut self, saved: WriteResult) {
        self.checks.retain(|(check, _)| !matches!(check, Check::All | Check::Reload));
        self.scrolled = 0;
        self.step = Step::Done(saved);
    }

    /// Asks what becomes of the answers, if there are any; asked again, discards them.
    pub(super) fn quit(&mut self) -> Option<Effect> {
        let has_answers = match &self.step {
            Step::FormStep(form_step) if form_step.editor.is_touched => true,
            Step::Done(_) => false,
            _ => !self.answers.is_untouched(),
        };
        if self.is_quitting || !has_answers {
            let exit = if self.is_quitting { Exit::Discard } else { Exit::Done };
            return Some(Effect::Exit(exit));
        }
        self.is_quitting = true;
        None
    }
}
