//! What the full screen and plain mode show: everything here only reads.

#[cfg(doc)]
use super::Event;
use super::{Action, Preview, Step, Wizard, keymap};
use crate::answers::{Answers, Problem};
use crate::checks::{Check, Finding};
use crate::form::{self, Field};
use crate::key::Key;
use crate::machine::Machine;
use crate::plan;
use crate::settings::counted;

impl Wizard {
    /// The number of the step in the step bar, counted from 0.
    pub(crate) fn number(&self) -> usize {
        match &self.step {
            Step::FormStep(form_step) => form_step.screen,
            _ => form::SCREENS.len(),
        }
    }

    /// Which page is shown: when this changes, what was typed before was meant for another page.
    pub(crate) fn place(&self) -> (usize, std::mem::Discriminant<Step>, bool) {
        let is_confirming = matches!(&self.step, Step::Review(review) if review.is_confirming);
        (self.number(), std::mem::discriminant(&self.step), is_confirming)
    }

    /// The question with the focus, on a screen of the form.
    pub fn focused(&self) -> Option<&'static Field> {
        match &self.step {
            Step::FormStep(form_step) => Some(form_step.field),
            _ => None,
        }
    }

    /// What is wrong with answers that were given and left as they are.
    pub(crate) fn problems_left(&self) -> Vec<Problem> {
        if self.answers.is_untouched() {
            return Vec::new();
        }
        let is_left = |field| self.answers.is_set(field) && !self.answers.get(field).is_empty();
        let mut problems = self.answers.problems();
        problems.retain(|problem| problem.blocks && is_left(problem.field));
        problems
    }

    /// Whether an action would do something at this moment, so that the footer names its key.
    pub(crate) fn offers(&self, action: Action) -> bool {
        match (action, &self.step) {
            (Action::Back, Step::FormStep(form_step)) => {
                form_step.screen > 0 || form_step.is_returning
            }
            (Action::NextField, Step::FormStep(form_step)) => self.rows(form_step).len() > 1,
            (Action::NextTab, Step::Review(review)) => review.files().len() > 1,
            (Action::UndoChange, _) => self.past.iter().any(|past| self.differs_from(past)),
            (Action::Reload, Step::Done(saved)) => {
                let is_left = saved.next.iter().any(|it| it.key == Some('r'));
                is_left && !self.is_running(|check| *check == Check::Reload)
            }
            (Action::CheckAll, _) => !self.is_running(|check| *check == Check::All),
            (Action::UndoWrite, Step::Done(saved)) => saved.undo.is_some(),
            _ => true,
        }
    }

    /// Whether other answers were given by now.
    pub(super) fn differs_from(&self, past: &Answers) -> bool {
        !past.given().eq(self.answers.given())
    }

    /// How far a key would scroll at this moment, if it scrolls: see [`Event::Scroll`].
    pub(crate) fn scrolls_by(&self, key: Key) -> Option<i16> {
        match keymap::action(self.keys(), key)? {
            Action::Scroll(lines) => Some(lines),
            _ => None,
        }
    }

    /// Where the operator is.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// The answers that were given.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The machine, as far as it was looked at.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Whether such a check is under way.
    pub(crate) fn is_running(&self, is_it: impl Fn(&Check) -> bool) -> bool {
        self.checks.iter().any(|(check, findings)| findings.is_none() && is_it(check))
    }

    /// What came of a check. A finding about another value is not found, however late it comes.
    pub(crate) fn finding(&self, check: &Check) -> Option<&Finding> {
        self.finding_about(|about| about == check)
    }

    /// What came of the first check of this kind.
    pub(crate) fn finding_about(&self, is_it: impl Fn(&Check) -> bool) -> Option<&Finding> {
        let mut checks = self.checks.iter().filter(|(about, _)| is_it(about));
        checks.find_map(|(_, findings)| findings.as_ref()?.first())
    }

    /// The findings of the check and of the reload.
    pub(crate) fn health_check(&self) -> impl Iterator<Item = &Finding> {
        let is_it = |check: &Check| matches!(check, Check::All | Check::Reload);
        let checks = self.checks.iter().filter(move |(check, _)| is_it(check));
        checks.flat_map(|(_, findings)| findings.iter().flatten())
    }

    /// The state of the files, for the title bar.
    pub fn state(&self) -> String {
        let is_new = !self.answers.defaults().is_reconfiguration;
        match &self.step {
            _ if self.is_quitting => "quit?".to_owned(),
            Step::Done(saved) => saved.state.label().to_owned(),
            Step::Dialog(dialog) => dialog.failure.state.to_owned(),
            Step::Writing(_) => "writing".to_owned(),
            Step::Discovering(_) => "not written".to_owned(),
            Step::Review(_) if is_new => "not written".to_owned(),
            Step::FormStep(_) if is_new => "new".to_owned(),
            Step::FormStep(_) | Step::Review(_) => match self.answers.changes().count() {
                0 => "no changes".to_owned(),
                count => counted(count, "change"),
            },
        }
    }

    /// Which settings differ from the files, in words, and in fewer words.
    pub(crate) fn changed_in_words(&self) -> [String; 2] {
        if !self.answers.defaults().is_reconfiguration {
            return ["only these settings change"; 2].map(str::to_owned);
        }
        let changed: Vec<_> = self.answers.changes().map(|field| field.name).collect();
        match changed.as_slice() {
            [] => ["nothing differs".to_owned(), "0 settings differ".to_owned()],
            [only] => [format!("only {only} differs"), "1 setting differs".to_owned()],
            several => [
                format!("only {} differ", several.join(", ")),
                format!("{} settings differ", several.len()),
            ],
        }
    }

    /// What is good to know before this is written.
    pub(super) fn notes_on(&self, preview: &Preview) -> Vec<String> {
        let notes = self.answers.problems().into_iter().filter(|problem| !problem.blocks);
        let mut all = plan::notes(&self.answers, &self.machine, preview.plan());
        all.extend(notes.map(|problem| format!("{}.", problem.message.trim_end_matches('.'))));
        all
    }
}
