//! Answers as plain mode gives them: a whole line at once, every question in its turn.

use super::editor::Editor;
use super::{Effect, FormStep, Step, Wizard};
use crate::answers::Problem;
use crate::form::Field;

impl Wizard {
    /// A whole answer at once: accepted or refused like a typed one.
    pub(super) fn line(&mut self, text: &str) -> Option<Effect> {
        let asking = self.asking()?;
        let field = asking.field;
        if field.choices().is_empty() {
            asking.editor = Editor::typed(text);
            self.commit();
        } else if !self.take_proxy(field, text.trim()) && !self.take_choice(field, text) {
            return None;
        }
        self.go_on()
    }

    /// The answer as it stands, with the shown correction if there is one.
    pub(super) fn keep(&mut self) -> Option<Effect> {
        let problem = self.asking()?.problem.take_if(|problem| problem.fixes.len() == 1);
        problem.iter().flat_map(|problem| &problem.fixes).for_each(|fix| self.correct(fix));
        self.go_on()
    }

    /// One question back, always, also from an answer that will not do.
    pub(super) fn previous_question(&mut self) -> Option<Effect> {
        let previous = match &self.step {
            Step::FormStep(asking) if asking.is_returning => return self.review(),
            Step::FormStep(asking) => {
                self.answers.questions().take_while(|other| *other != asking.field).last()
            }
            Step::Review(_) => self.answers.questions().last(),
            Step::Looking(_) | Step::Writing(_) | Step::Dialog(_) | Step::Done(_) => {
                return self.back();
            }
        };
        self.step = Step::FormStep(FormStep::on(&self.answers, previous?));
        None
    }

    /// Takes the choice with this value. If there is none, that is shown and nothing changes.
    fn take_choice(&mut self, field: &'static Field, text: &str) -> bool {
        let checked = field.check(text);
        match (checked, self.asking()) {
            (Ok(value), _) => self.answers.set(field, &value),
            (Err(invalid), Some(asking)) => {
                asking.problem = Some(Problem::invalid(field, invalid));
                return false;
            }
            (Err(_), None) => return false,
        }
        true
    }

    /// Visits every question, not only those that need an answer.
    fn go_on(&mut self) -> Option<Effect> {
        if self.shows_problem() {
            return None;
        }
        let Step::FormStep(asking) = &self.step else { return None };
        let (is_returning, field) = (asking.is_returning, asking.field);
        let is_settled = self.open_question(asking.screen(), field).is_none();
        let next = self.answers.questions().skip_while(|other| *other != field).nth(1);
        match next {
            Some(next) if !is_returning || !is_settled || field.row() == next.row() => {
                self.visit(next, is_returning);
                None
            }
            _ => self.finish(),
        }
    }
}
