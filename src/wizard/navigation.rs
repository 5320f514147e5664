//! From question to question, and to the review.

use super::{AfterDiscovery, Effect, FormStep, Onwards, Review, ReviewRow, Step, Wizard};
use crate::answers::Problem;
use crate::checks::{Check, Finding};
use crate::form::{self, Field, SCREENS, Screen, ScreenId};
use crate::key::Key;
use crate::settings::{Connection, ServerUrl};

impl Wizard {
    /// Enter: the shown correction, or the next question that still needs an answer.
    pub(super) fn accept(&mut self) -> Option<Effect> {
        if let Step::Dialog(dialog) = &self.step {
            return self.choose(dialog.selected);
        }
        if let Some(effect) = self.load_typed(Self::accept) {
            return Some(effect);
        }
        let form_step = self.form_step()?;
        if let Some(problem) = form_step.problem.take_if(|problem| problem.fixes.len() == 1) {
            problem.fixes.iter().for_each(|fix| self.correct(fix));
            return None;
        }
        self.commit();
        let is_partial = self.machine.is_partial;
        let form_step = self.form_step()?;
        // Only the defaults of this screen depend on what is found on the machine.
        if is_partial && form_step.screen().id == ScreenId::Nginx {
            self.step = Step::Discovering(AfterDiscovery::Accept(form_step.clone()));
            return None;
        }
        if self.shows_problem() { None } else { self.onwards() }
    }

    /// Shows the problem of the focused field; returns whether it blocks.
    pub(super) fn shows_problem(&mut self) -> bool {
        let Step::FormStep(form_step) = &mut self.step else { return false };
        if *form_step.field == form::CONFIGURATION {
            return form_step.problem.is_some();
        }
        let mut problems = self.answers.problems().into_iter();
        form_step.problem =
            problems.find(|problem| problem.blocks && problem.field == form_step.field);
        form_step.problem.is_some()
    }

    /// Shows what blocks at the field with the focus, or leads to the next field of the screen that
    /// blocks.
    fn lead_to_problem(&mut self) {
        if self.shows_problem() {
            return;
        }
        if let Step::FormStep(form_step) = &self.step
            && let Some(problem) = self.open_question(form_step.screen(), form_step.field)
        {
            self.focus(problem);
        }
    }

    fn onwards(&mut self) -> Option<Effect> {
        let Step::FormStep(form_step) = &self.step else { return None };
        let (number, is_returning) = (form_step.screen, form_step.is_returning);
        match self.open_question(form_step.screen(), form_step.field) {
            Some(problem) => self.focus(problem),
            None if is_returning || number + 1 == SCREENS.len() => return self.finish(),
            None => self.open_screen(number + 1),
        }
        None
    }

    /// The next question of this screen that blocks, in the order of the screen,
    /// beginning after the one with the focus.
    pub(super) fn open_question(&self, screen: &Screen, focus: &Field) -> Option<Problem> {
        let problems = self.answers.problems();
        let at = screen.fields.iter().position(|field| *field == focus).unwrap_or(0);
        let (before, after) = screen.fields.split_at(at + 1);
        after.iter().chain(before).find_map(|field| {
            problems.iter().find(|problem| problem.blocks && problem.field == *field).cloned()
        })
    }

    /// To the review, or to the first question that blocks it.
    pub(super) fn finish(&mut self) -> Option<Effect> {
        match self.answers.problems().into_iter().find(|problem| problem.blocks) {
            Some(problem) => {
                self.focus(problem);
                None
            }
            None => self.review(),
        }
    }

    /// Moves to a question that blocks. An answer that is missing is not yet an error.
    fn focus(&mut self, problem: Problem) {
        let is_returning =
            matches!(&self.step, Step::FormStep(form_step) if form_step.is_returning);
        let form_step = FormStep::on(&self.answers, problem.field);
        let is_missing = problem.fixes.is_empty() && self.answers.get(problem.field).is_empty();
        let problem = (!is_missing).then_some(problem);
        self.step = Step::FormStep(FormStep { problem, is_returning, ..form_step });
    }

    pub(super) fn open_screen(&mut self, number: usize) {
        self.forget_failures();
        self.step = Step::FormStep(FormStep::first(&self.answers, number));
    }

    /// Moves the focus; what was corrected on the field before stays to be read.
    pub(super) fn visit(&mut self, field: &'static Field, is_returning: bool) {
        let note = self.form_step().and_then(|form_step| form_step.note.take());
        let problem = self.problems_left().into_iter().find(|problem| problem.field == field);
        let form_step = FormStep::on(&self.answers, field);
        self.step = Step::FormStep(FormStep { problem, note, is_returning, ..form_step });
    }

    /// Esc: one screen back, always, also from an invalid answer.
    pub(super) fn back(&mut self) -> Option<Effect> {
        self.commit();
        match &self.step {
            Step::FormStep(form_step) if form_step.is_returning => return self.review(),
            Step::FormStep(form_step) => {
                if let Some(screen) = form_step.screen.checked_sub(1) {
                    self.open_screen(screen);
                }
            }
            Step::Review(review) if review.is_full => {
                self.with_review(Review::toggle_full);
            }
            Step::Discovering(
                AfterDiscovery::Accept(form_step) | AfterDiscovery::Load(_, form_step, _),
            ) => {
                self.step = Step::FormStep(form_step.clone());
            }
            Step::Review(_) | Step::Discovering(_) => self.open_screen(SCREENS.len() - 1),
            Step::Dialog(dialog) if dialog.is_about_a_plan() => return self.review(),
            Step::Dialog(_) => return self.review_or_ask(),
            Step::Writing(_) | Step::Done(_) => {}
        }
        None
    }

    /// Tab and the arrows visit every question, valid or not.
    pub(super) fn move_focus(&mut self, by: isize) -> Option<Effect> {
        if let Step::Dialog(dialog) = &mut self.step {
            let count = dialog.failure.choices.len().max(1);
            dialog.selected = (dialog.selected + count).saturating_add_signed(by) % count;
            return None;
        }
        let then: Onwards =
            if by < 0 { |wizard| wizard.move_focus(-1) } else { |wizard| wizard.move_focus(1) };
        // A path that could not be read is dropped.
        let is_refused = self.form_step().is_some_and(|it| it.problem.is_some());
        if !is_refused && let Some(effect) = self.load_typed(then) {
            return Some(effect);
        }
        if let Some(form_step) = self.form_step() {
            // Only what is corrected now is still to be read on the next question.
            form_step.note = None;
        }
        self.commit();
        let Step::FormStep(form_step) = &self.step else { return None };
        let asked = self.rows(form_step);
        let at = asked.iter().position(|field| *field == form_step.field).unwrap_or(0);
        let is_returning = form_step.is_returning;
        match at.checked_add_signed(by) {
            Some(next) => self.visit(asked[next % asked.len()], is_returning),
            // Shift-Tab on the first field also goes back: Esc is never the only way.
            None if is_returning => self.visit(asked[asked.len() - 1], is_returning),
            None => return self.back(),
        }
        None
    }

    /// The rows of a screen, from top to bottom: its open questions, and one row for those that
    /// are folded away.
    pub(crate) fn rows(&self, form_step: &FormStep) -> Vec<&'static Field> {
        let fields = form_step.screen().fields.iter().copied();
        let asked = fields.filter(|field| self.answers.asks(field));
        let is_folded = |field: &&'static Field| !self.is_unfolded && form::is_folded(field);
        let (folded, mut rows): (Vec<_>, Vec<_>) = asked.partition(is_folded);
        if !folded.is_empty() {
            rows.push(&form::MORE);
        }
        if form_step.screen().id == ScreenId::Address {
            rows.push(&form::CONFIGURATION);
        }
        rows
    }

    /// Enter, Right and the space unfold what is rarely changed; gives whether they did.
    pub(super) fn unfolds(&mut self, key: Key) -> bool {
        let Step::FormStep(form_step) = &self.step else { return false };
        let is_key = matches!(key, Key::Enter | Key::Right | Key::Char(' '));
        if *form_step.field != form::MORE || !is_key {
            return false;
        }
        let (at, is_returning) = (self.rows(form_step).len() - 1, form_step.is_returning);
        self.is_unfolded = true;
        let Step::FormStep(form_step) = &self.step else { return false };
        if let Some(first) = self.rows(form_step).get(at).copied() {
            self.visit(first, is_returning);
        }
        true
    }

    /// Shows or hides a secret.
    pub(super) fn reveal(&mut self) -> Option<Effect> {
        match &mut self.step {
            Step::FormStep(form_step) if form_step.field.is_secret() => {
                form_step.editor.is_revealed = !form_step.editor.is_revealed;
                None
            }
            Step::Review(review) => {
                review.show_secrets(!review.is_revealed);
                review.is_revealed.then_some(Effect::Remind(super::REVEAL))
            }
            _ => None,
        }
    }

    /// ^T: tests the outbound connection of the current answers.
    pub(super) fn test(&mut self) -> Option<Effect> {
        self.commit();
        if let Some(form_step) = self.form_step() {
            // Its place is that of the result.
            form_step.note = None;
        }
        let Some(check) = self.way_out() else {
            self.lead_to_problem();
            return None;
        };
        // A newer test makes the one under way pointless.
        self.checks
            .retain(|(other, findings)| *other == check || findings.is_some() || !is_test(other));
        let test = self.check_anew(check)?;
        (self.seconds, self.test_step) = (0, "");
        Some(test)
    }

    /// Forgets the checks that are under way, so that they can be asked for again.
    pub(crate) fn abandon_checks(&mut self) {
        self.checks.retain(|(_, findings)| findings.is_some());
    }

    /// Esc during a test of the outbound connection, where that is in view: only the test ends.
    pub(super) fn stop_test(&mut self) -> Option<Effect> {
        let shown = match &self.step {
            Step::FormStep(form_step) if form_step.screen().id == ScreenId::Proxy => self.way_out(),
            _ => None,
        };
        let mut running = self.checks.iter_mut().filter(|(_, findings)| findings.is_none());
        let (_, findings) = running.find(|(check, _)| Some(check) == shown.as_ref())?;
        *findings = Some(vec![Finding::cancelled()]);
        Some(Effect::Cancel)
    }

    /// The test of the outbound connection of the current answers.
    pub(crate) fn way_out(&self) -> Option<Check> {
        match self.answers.connection().ok()? {
            Connection::Proxy(proxy) if proxy.address.is_none() => None,
            connection => Some(Check::Outbound(connection)),
        }
    }

    /// The check of the certificate in the answers, on its screen while it is not being typed.
    pub(crate) fn certificate_check(&self) -> Option<Check> {
        let Step::FormStep(form_step) = &self.step else { return None };
        let fields = [&form::CERTIFICATE, &form::CERTIFICATE_KEY];
        let is_typing = form_step.editor.is_touched && fields.contains(&form_step.field);
        let is_there = form_step.screen().fields.contains(&&form::CERTIFICATE);
        if is_typing || !is_there || !self.answers.asks(&form::CERTIFICATE) {
            return None;
        }
        let [certificate, key] = fields.map(|field| {
            let path = field.check(&self.answers.get(field)).ok();
            path.filter(|path| !path.is_empty())
        });
        let url = self.answers.get(&form::URL).parse::<ServerUrl>().ok();
        let host = url.map(|url| url.host().clone());
        Some(Check::Certificate { certificate: certificate?, key, host })
    }

    /// A digit of the review opens one setting, to which Enter returns.
    pub(super) fn edit(&mut self, number: usize) {
        let row = ReviewRow::all(&self.answers).into_iter().find(|row| row.number == number);
        let (Step::Review(_), Some(row)) = (&self.step, row) else { return };
        self.forget_failures();
        self.past.push(self.answers.clone());
        self.step = Step::FormStep(FormStep {
            is_returning: true,
            ..FormStep::on(&self.answers, row.field)
        });
    }

    /// `u`: the answers as they were before the last edit.
    pub(super) fn undo_change(&mut self) -> Option<Effect> {
        while self.past.last().is_some_and(|past| !self.differs_from(past)) {
            self.past.pop();
        }
        self.answers = self.past.pop()?;
        // What was found out since then stays known.
        self.refresh();
        self.review()
    }
}

/// Whether this tests the outbound connection, the one check that can be stopped.
fn is_test(check: &Check) -> bool {
    matches!(check, Check::Outbound(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::wizard::Event;

    /// On this row, as long as the machine was not looked at.
    fn waiting_at(field: &'static Field) -> Wizard {
        let mut machine = Machine::default();
        machine.is_partial = true;
        machine.defaults.has_nginx = true;
        let mut answers = machine.answers().unwrap();
        answers.set(&form::URL, "http://a.example/");
        let (mut wizard, _) = Wizard::new(answers, machine);
        wizard.visit(field, false);
        wizard
    }

    #[test]
    fn esc_while_the_machine_is_looked_at_returns_to_the_field_with_what_was_typed() {
        let mut wizard = waiting_at(&form::UPSTREAM);
        for key in [Key::Ctrl('u'), Key::Char('k'), Key::Char(':'), Key::Char('1'), Key::Enter] {
            wizard.update(Event::Key(key));
        }
        assert!(matches!(wizard.step, Step::Discovering(_)));
        wizard.update(Event::Key(Key::Esc));
        assert_eq!(wizard.focused(), Some(&form::UPSTREAM));
        assert_eq!(wizard.answers.get(&form::UPSTREAM), "k:1");
    }

    #[test]
    fn a_check_that_was_abandoned_can_be_asked_for_again() {
        let mut wizard = waiting_at(&form::CONNECTION);
        assert!(matches!(wizard.update(Event::Key(Key::Ctrl('t'))), Some(Effect::Check(_))));
        assert!(wizard.update(Event::Key(Key::Ctrl('t'))).is_none());
        wizard.abandon_checks();
        assert!(matches!(wizard.update(Event::Key(Key::Ctrl('t'))), Some(Effect::Check(_))));
    }

    #[test]
    fn a_row_that_is_there_no_longer_gives_way_to_the_first_of_its_screen() {
        for field in [&form::UPSTREAM, &form::MORE] {
            let mut wizard = waiting_at(field);
            wizard.update(Event::Discovered(Box::default()));
            assert_eq!(wizard.focused(), Some(&form::REVERSE_PROXY), "{field:?}");
        }
    }
}
