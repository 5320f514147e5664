//! Answers as plain mode gives them: a whole line at once, every question in its turn.

use super::{Asking, Editor};
use crate::answers::Problem;
use crate::form::Field;
use crate::wizard::{Effect, Step, Wizard};
use tui_input::Input;

impl Wizard {
    /// A whole answer at once: accepted or refused like a typed one.
    pub(in crate::wizard) fn line(&mut self, text: &str) -> Option<Effect> {
        let asking = self.asking()?;
        let field = asking.field;
        if field.choices().is_empty() {
            let input = Input::new(text.to_owned());
            asking.editor = Editor { input, is_touched: true, is_revealed: false };
            self.commit();
        } else if !self.fill_by_proxy(text) {
            self.choose_by_word(field, text)?;
        }
        self.to_next_question()
    }

    /// The answer as it stands, with the shown correction if there is one.
    pub(in crate::wizard) fn keep(&mut self) -> Option<Effect> {
        let problem = self.asking()?.problem.take_if(|problem| problem.fixes.len() == 1);
        if let Some(fix) = problem.and_then(|problem| problem.fixes.into_iter().next()) {
            self.apply(fix.field, &fix.value);
        }
        self.to_next_question()
    }

    /// One question back, always, also from an answer that will not do.
    pub(in crate::wizard) fn previous_question(&mut self) -> Option<Effect> {
        let previous = match &self.step {
            Step::Asking(asking) if asking.is_returning => return self.review(),
            Step::Asking(asking) => {
                self.answers.questions().take_while(|other| *other != asking.field).last()
            }
            Step::Reviewing(_) => self.answers.questions().last(),
            Step::Writing(_) | Step::Choosing(_) | Step::Done(_) => return self.back(),
        };
        self.step = Step::Asking(Asking::on(&self.answers, previous?));
        None
    }

    /// Takes the choice with this value; `None` if there is none, which is shown.
    fn choose_by_word(&mut self, field: &'static Field, text: &str) -> Option<()> {
        match field.check(text) {
            Ok(value) => self.answers.say(field, &value),
            Err(invalid) => {
                self.asking()?.problem = Some(Problem::invalid(field, invalid));
                return None;
            }
        }
        Some(())
    }

    fn to_next_question(&mut self) -> Option<Effect> {
        if self.shows_problem() {
            return None;
        }
        let Step::Asking(asking) = &self.step else { return None };
        let (is_returning, field) = (asking.is_returning, asking.field);
        let is_settled = is_returning && self.open_question(asking.screen(), field).is_none();
        let next = self.answers.questions().skip_while(|other| *other != field).nth(1);
        match next.filter(|_| !is_settled) {
            Some(next) => {
                self.leave_for(next, is_returning);
                None
            }
            None => self.finish(),
        }
    }
}
