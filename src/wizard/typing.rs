//! What is typed, pasted or corrected, until it is an answer.

use super::editor::Editor;
use super::{FormStep, Step, Wizard};
use crate::answers::Fix;
use crate::form::{self, Field, FieldKind, SelectOption};
use crate::key::Key;

impl Wizard {
    pub(super) fn asking(&mut self) -> Option<&mut FormStep> {
        match &mut self.step {
            Step::FormStep(asking) => Some(asking),
            _ => None,
        }
    }

    /// A key that is no command: text for a field, a move for a choice.
    pub(super) fn type_key(&mut self, key: Key) {
        let Some(field) = self.asking().map(|asking| asking.field) else { return };
        match field.kind {
            FieldKind::Select(_) if key == Key::Char('?') => self.help = Some(0),
            FieldKind::Select(choices) => self.move_choice(field, choices, key),
            FieldKind::Text | FieldKind::Secret => self.edit_text(key),
        }
    }

    fn move_choice(&mut self, field: &'static Field, choices: &'static [SelectOption], key: Key) {
        let current = self.answers.get(field);
        let at = choices.iter().position(|choice| choice.value == current).unwrap_or(0);
        let next = match key {
            Key::Right | Key::Char(' ') => (at + 1) % choices.len(),
            Key::Left => (at + choices.len() - 1) % choices.len(),
            Key::Char(c) => {
                c.to_digit(10).map_or(usize::MAX, |digit| digit as usize).wrapping_sub(1)
            }
            _ => return,
        };
        let Some(choice) = choices.get(next) else { return };
        self.answers.set(field, choice.value);
        if let Some(asking) = self.asking() {
            asking.problem = None;
            asking.note = None;
        }
    }

    fn edit_text(&mut self, key: Key) {
        let Some(asking) = self.asking() else { return };
        if asking.editor.key(key) {
            asking.problem = None;
            asking.note = None;
        }
    }

    /// Pasted text is one line of one answer, or a proxy with all its parts. It replaces a text
    /// that was not touched: whoever pastes a whole answer does not want it behind the old one.
    pub(super) fn paste(&mut self, text: &str) {
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let (Some(first), Some(asking)) = (lines.first(), self.asking()) else { return };
        let field = asking.field;
        if self.take_proxy(field, first.trim()) || !field.choices().is_empty() {
            return;
        }
        let Some(asking) = self.asking() else { return };
        if !asking.editor.is_touched {
            asking.editor = Editor::typed("");
        }
        asking.editor.insert(if field.is_secret() { first } else { first.trim() });
        asking.problem = None;
        asking.note = Some(match lines.len() {
            1 => "pasted; Enter takes it.".to_owned(),
            count => format!("{count} lines pasted; used the first."),
        });
    }

    /// A proxy URL given to a field of the proxy fills all of them; false if it is none.
    pub(super) fn take_proxy(&mut self, field: &Field, text: &str) -> bool {
        let is_about_proxy = *field == form::CONNECTION || *field == form::PROXY_ADDRESS;
        if !(is_about_proxy && text.contains("://") && self.answers.set_proxy(text)) {
            return false;
        }
        self.show_answer("the proxy's URL filled all fields.".to_owned());
        true
    }

    /// Takes what was typed as the answer, corrected where it can be.
    pub(crate) fn commit(&mut self) {
        let Some(asking) = self.asking() else { return };
        if !std::mem::take(&mut asking.editor.is_touched) {
            return;
        }
        let field = asking.field;
        let typed = zeroize::Zeroizing::new(asking.editor.text().to_owned());
        if self.take_proxy(field, &typed) {
            return;
        }
        // What will not do is kept as it was typed, so that going back loses nothing.
        let checked = field.check(&typed);
        let value = checked.as_deref().unwrap_or(&typed);
        self.answers.set(field, value);
        let note = checked.as_ref().ok().and_then(|value| note(field, &typed, value));
        if let Step::FormStep(asking) = &mut self.step {
            asking.editor = Editor::of(&self.answers, field);
            asking.note = note;
        }
    }

    /// Takes a correction, and shows it.
    pub(super) fn correct(&mut self, fix: &Fix) {
        self.answers.set(fix.field, &fix.value);
        self.show_answer(now_is(fix.field, &fix.value));
    }

    /// Shows what the field with the focus says by now, and why.
    fn show_answer(&mut self, note: String) {
        if let Step::FormStep(asking) = &mut self.step {
            asking.problem = None;
            asking.editor = Editor::of(&self.answers, asking.field);
            asking.note = Some(note);
        }
    }

    /// Where a problem offers several ways, its digits take one; else a digit is a digit.
    pub(super) fn takes_fix(&mut self, key: Key) -> bool {
        let Key::Char(c) = key else { return false };
        let number = c.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
        let problem = self.asking().and_then(|asking| asking.problem.as_ref());
        let fixes = problem.map_or(&[][..], |problem| &problem.fixes);
        let chosen =
            number.filter(|_| fixes.len() > 1).and_then(|number| fixes.get(number)).cloned();
        chosen.map(|fix| self.correct(&fix)).is_some()
    }
}

/// What the operator should see about a value that was taken.
fn note(field: &Field, typed: &str, value: &str) -> Option<String> {
    let is_corrected = typed != value && !field.is_secret();
    let corrected = is_corrected.then(|| now_is(field, value));
    corrected.or_else(|| (field.notes)(value).into_iter().next())
}

/// Names the question, since this may be read when the next one has the focus.
fn now_is(field: &Field, value: &str) -> String {
    format!("{} is now {}", field.label, if value.is_empty() { "empty" } else { value })
}
