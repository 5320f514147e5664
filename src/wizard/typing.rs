//! Input that becomes an answer: typed, pasted, corrected, or a whole line in plain mode.

use super::form_step::Editor;
use super::{Effect, FormStep, Step, Wizard};
use crate::answers::{Fix, Problem};
use crate::form::{self, Field, FieldKind, SelectOption};
use crate::key::Key;
use crate::machine::Candidate;

impl Wizard {
    pub(super) fn form_step(&mut self) -> Option<&mut FormStep> {
        match &mut self.step {
            Step::FormStep(form_step) => Some(form_step),
            _ => None,
        }
    }

    /// A key that is no command: text for a field, a move for a choice.
    pub(super) fn type_key(&mut self, key: Key) {
        let Some(form_step) = self.form_step() else { return };
        let field = form_step.field;
        let is_edit = match field.kind {
            FieldKind::Select(_) if key == Key::Char('?') => {
                self.help = Some(0);
                false
            }
            FieldKind::Select(choices) => self.move_choice(field, choices, key),
            FieldKind::Text | FieldKind::Secret => {
                *field != form::MORE && form_step.editor.key(key)
            }
        };
        if let Some(form_step) = self.form_step().filter(|_| is_edit) {
            form_step.problem = None;
            form_step.note = None;
        }
    }

    /// Gives whether the key chooses.
    fn move_choice(&mut self, field: &Field, choices: &[SelectOption], key: Key) -> bool {
        let current = self.answers.get(field);
        let at = choices.iter().position(|choice| choice.value == current).unwrap_or(0);
        let next = match key {
            Key::Right | Key::Char(' ') => (at + 1) % choices.len(),
            Key::Left => (at + choices.len() - 1) % choices.len(),
            _ => key.digit().map_or(choices.len(), |digit| digit - 1),
        };
        let Some(choice) = choices.get(next) else { return false };
        self.answers.set(field, choice.value);
        true
    }

    /// Pasted text is one line of one answer, or a proxy with all its parts. It replaces a text
    /// that was not touched: a pasted answer is meant to replace the old one.
    pub(super) fn paste(&mut self, text: &str) {
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let (Some(first), Some(form_step)) = (lines.first(), self.form_step()) else { return };
        let field = form_step.field;
        let takes_text = field.choices().is_empty() && *field != form::MORE;
        if self.take_proxy(field, first.trim()) || !takes_text {
            return;
        }
        let Some(form_step) = self.form_step() else { return };
        if !form_step.editor.is_touched {
            form_step.editor = Editor::typed("");
        }
        form_step.editor.insert(if field.is_secret() { first } else { first.trim() });
        form_step.problem = None;
        form_step.note = Some(match lines.len() {
            1 => "Pasted. Enter accepts it.".to_owned(),
            count => format!("{count} lines pasted; used the first."),
        });
    }

    /// A proxy URL given to a field of the proxy fills all of them; false if it is none.
    pub(super) fn take_proxy(&mut self, field: &Field, text: &str) -> bool {
        let is_about_proxy = *field == form::CONNECTION || *field == form::PROXY_ADDRESS;
        if !(is_about_proxy && text.contains("://") && self.answers.set_proxy(text)) {
            return false;
        }
        self.show_answer("The URL of the proxy filled all fields.".to_owned());
        true
    }

    /// Takes what was typed as the answer, corrected where it can be.
    pub(crate) fn commit(&mut self) {
        let Some(form_step) = self.form_step() else { return };
        if !std::mem::take(&mut form_step.editor.is_touched) {
            return;
        }
        let field = form_step.field;
        let typed = zeroize::Zeroizing::new(form_step.editor.text().to_owned());
        if self.take_proxy(field, &typed) {
            return;
        }
        self.forget_failures();
        // An invalid answer is kept as typed, so that going back loses nothing.
        let checked = field.check(&typed);
        let value = checked.as_deref().unwrap_or(&typed);
        self.answers.set(field, value);
        let note = checked.as_ref().ok().and_then(|value| note(field, &typed, value));
        if let Step::FormStep(form_step) = &mut self.step {
            form_step.editor = Editor::of(&self.answers, field);
            form_step.note = note;
        }
    }

    /// Takes a correction, and shows it.
    pub(super) fn correct(&mut self, fix: &Fix) {
        self.answers.set(fix.field, &fix.value);
        self.show_answer(now_is(fix.field, &fix.value));
    }

    /// Shows what the field with the focus has by now, and why.
    fn show_answer(&mut self, note: String) {
        if let Step::FormStep(form_step) = &mut self.step {
            form_step.problem = None;
            form_step.editor = Editor::of(&self.answers, form_step.field);
            form_step.note = Some(note);
        }
    }

    /// Where a problem offers several corrections, its digits take one; else a digit is a digit.
    pub(super) fn takes_fix(&mut self, key: Key) -> bool {
        let problem = self.form_step().and_then(|form_step| form_step.problem.as_ref());
        let fixes = problem.map_or(&[][..], |problem| &problem.fixes);
        let digit = key.digit().filter(|_| fixes.len() > 1);
        let chosen = digit.and_then(|digit| fixes.get(digit - 1)).cloned();
        chosen.map(|fix| self.correct(&fix)).is_some()
    }

    /// A whole answer at once: accepted or refused like a typed one.
    pub(super) fn line(&mut self, text: &str) -> Option<Effect> {
        let number = text.trim().parse().ok();
        let chosen = number.and_then(|number| self.candidate(number)).cloned();
        let form_step = self.form_step()?;
        let field = form_step.field;
        if *field == form::CONFIGURATION {
            if let Some(Candidate { path, place, .. }) = chosen {
                return self.load(path, place, Self::go_on);
            }
            form_step.editor = Editor::typed(text);
            return self.load_typed(Self::go_on).or_else(|| self.go_on());
        }
        if field.choices().is_empty() {
            form_step.editor = Editor::typed(text);
            self.commit();
        } else if !self.take_proxy(field, text.trim()) {
            match field.check(text) {
                Ok(value) => self.answers.set(field, &value),
                Err(invalid) => {
                    self.form_step()?.problem = Some(Problem::invalid(field, invalid));
                    return None;
                }
            }
        }
        self.go_on()
    }

    /// The current answer, with the shown correction if there is one.
    pub(super) fn keep(&mut self) -> Option<Effect> {
        let form_step = self.form_step()?;
        if *form_step.field == form::CONFIGURATION {
            // The current one was read; another that could not be read is dropped.
            form_step.problem = None;
        }
        let problem = form_step.problem.take_if(|problem| problem.fixes.len() == 1);
        problem.iter().flat_map(|problem| &problem.fixes).for_each(|fix| self.correct(fix));
        self.go_on()
    }

    /// One question back, always, also from an invalid answer.
    pub(super) fn previous_question(&mut self) -> Option<Effect> {
        let previous = match &self.step {
            Step::FormStep(form_step) if form_step.is_returning => return self.review(),
            Step::FormStep(form_step) => {
                self.questions().take_while(|other| *other != form_step.field).last()
            }
            Step::Review(_) => self.answers.questions().last(),
            Step::Discovering(_) | Step::Writing(_) | Step::Dialog(_) | Step::Done(_) => {
                return self.back();
            }
        };
        self.step = Step::FormStep(FormStep::on(&self.answers, previous?));
        None
    }

    /// Visits every question, not only those that need an answer.
    fn go_on(&mut self) -> Option<Effect> {
        if self.shows_problem() {
            return None;
        }
        let Step::FormStep(form_step) = &self.step else { return None };
        let (is_returning, field) = (form_step.is_returning, form_step.field);
        let is_settled = self.open_question(form_step.screen(), field).is_none();
        let next = self.questions().skip_while(|other| *other != field).nth(1);
        match next {
            Some(next) if !is_returning || !is_settled || field.row() == next.row() => {
                self.visit(next, is_returning);
                None
            }
            _ => self.finish(),
        }
    }
}

/// What the operator should see about a value that was taken.
fn note(field: &Field, typed: &str, value: &str) -> Option<String> {
    let is_corrected = typed != value && !field.is_secret();
    let corrected = is_corrected.then(|| match value.strip_suffix('/') {
        Some(rest) if rest == typed => "A final slash is added.".to_owned(),
        _ => now_is(field, value),
    });
    corrected.or_else(|| (field.notes)(value).into_iter().next())
}

/// Names the question, since this may be read when the next one has the focus.
fn now_is(field: &Field, value: &str) -> String {
    format!("{} is now {}", field.label, if value.is_empty() { "empty" } else { value })
}
