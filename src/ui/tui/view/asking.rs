//! A screen of the form.

use super::Look;
use super::page::{Page, elided};
use crate::answers::{Answers, Fix, Problem, Source};
use crate::form::{Field, FieldKind};
use crate::settings::ascii;
use crate::wizard::{FormStep, Wizard};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub(super) fn page(look: Look, wizard: &Wizard, asking: &FormStep) -> Page {
    let mut page = Page::default();
    if !look.is_small {
        page.line(Span::styled(format!(" {}", asking.screen().heading), look.theme.strong()));
        page.blank();
    }
    let rows = Rows { look, wizard, asking, column: column(look, wizard.answers(), asking) };
    let fields = asking.screen().fields.iter();
    fields
        .filter(|field| wizard.answers().asks(field))
        .for_each(|field| rows.field(&mut page, field));
    if !look.is_small {
        page.blank();
        rows.about(&mut page);
    }
    page
}

/// Where the values begin.
fn column(look: Look, answers: &Answers, asking: &FormStep) -> usize {
    let asked = asking.screen().fields.iter().filter(|field| answers.asks(field));
    let gap = if look.is_small { 2 } else { 3 };
    asked.map(|field| field.label.len()).max().unwrap_or(0) + gap
}

pub(super) struct Rows<'a> {
    pub(super) look: Look,
    pub(super) wizard: &'a Wizard,
    pub(super) asking: &'a FormStep,
    column: usize,
}

impl Rows<'_> {
    fn field(&self, page: &mut Page, field: &'static Field) {
        let has_focus = *field == *self.asking.field();
        let style = if has_focus { self.look.theme.strong() } else { self.look.theme.plain() };
        let label = format!(" {:<width$}", field.label, width = self.column - 1);
        let (value, cursor) = self.value(field, has_focus);
        if has_focus {
            page.cursor(self.column + cursor);
        }
        page.line(Line::from(vec![Span::styled(label, style), Span::raw(value)]));
        if has_focus {
            self.below(page, field);
            page.explain_cursor();
        } else if let Some(problem) = self.wizard.problem_left_at(field) {
            let column = if self.look.is_small { 1 } else { self.column };
            page.paragraph(column, self.look.width, &error(&problem), self.look.theme.error());
        }
    }

    /// What stands in the field, and where in it the cursor is.
    fn value(&self, field: &Field, has_focus: bool) -> (String, usize) {
        match field.kind {
            FieldKind::Select(_) => self.choices(field),
            FieldKind::Secret if has_focus => self.secret(field),
            FieldKind::Text
                if has_focus && (self.asking.is_touched() || !self.is_redacted(field)) =>
            {
                self.line_of_text(self.asking.typed())
            }
            FieldKind::Text if has_focus => {
                (self.blanks(&ascii(&self.wizard.answers().shown(field)), ""), 0)
            }
            FieldKind::Secret => (self.blanks(&self.kept_secret(field), ""), 0),
            FieldKind::Text => {
                let source = match self.wizard.answers().source(field) {
                    Source::Environment(variable) if !self.look.is_small => {
                        format!("  (from {variable})")
                    }
                    _ => String::new(),
                };
                let room = self.room().saturating_sub(source.len());
                (
                    self.blanks(
                        &elided(&ascii(&self.wizard.answers().shown(field)), room),
                        &source,
                    ),
                    0,
                )
            }
        }
    }

    /// Whether a file has a text for this field that may not be shown.
    fn is_redacted(&self, field: &Field) -> bool {
        let answers = self.wizard.answers();
        answers.shown(field) != answers.get(field)
    }

    fn room(&self) -> usize {
        usize::from(self.look.width).saturating_sub(self.column + 1).max(8)
    }

    /// The part of the line around the cursor that fits.
    fn line_of_text(&self, (text, cursor): (&str, usize)) -> (String, usize) {
        let room = self.room();
        let start = (cursor + 1).saturating_sub(room);
        let shown: String = text.chars().skip(start).take(room).collect();
        let before: String = text.chars().skip(start).take(cursor - start).collect();
        (self.blanks(&shown, ""), before.width())
    }

    fn secret(&self, field: &Field) -> (String, usize) {
        let (text, cursor) = self.asking.typed();
        if !self.asking.is_touched() {
            return (self.blanks(&self.kept_secret(field), ""), 0);
        }
        if self.asking.is_revealed() {
            return self.line_of_text((text, cursor));
        }
        self.line_of_text((&"*".repeat(text.chars().count()), cursor))
    }

    fn kept_secret(&self, field: &Field) -> String {
        let answers = self.wizard.answers();
        let mask = crate::settings::Secret::MASK;
        match answers.source(field) {
            _ if answers.keeps_password_elsewhere() => "(kept in the environment)".to_owned(),
            _ if answers.get(field).is_empty() => String::new(),
            Source::Found => format!("{mask} (unchanged)"),
            Source::Environment(variable) => format!("{mask} (from {variable})"),
            Source::Given | Source::Default => mask.to_owned(),
        }
    }

    /// The text on its line, which is drawn as far as it goes.
    fn blanks(&self, text: &str, behind: &str) -> String {
        let used = text.width() + behind.len();
        format!("{text}{}{behind}", "_".repeat(self.room().saturating_sub(used)))
    }

    fn choices(&self, field: &Field) -> (String, usize) {
        let value = self.wizard.answers().get(field);
        let marks: Vec<_> = field
            .choices()
            .iter()
            .map(|choice| (choice.value == value, choice.label))
            .map(|(is_chosen, label)| format!("({}) {label}", if is_chosen { '*' } else { ' ' }))
            .collect();
        let all = marks.join("   ");
        if all.len() <= self.room() && !self.look.is_small {
            let at = all.find("(*)").map_or(0, |at| at + 1);
            return (all, at);
        }
        let label = field.choice(&value).map_or(&*value, |choice| choice.label);
        (format!("< {} >", elided(label, self.room().saturating_sub(4))), 2)
    }

    /// What is wrong, or corrected, or else what the field is for.
    fn below(&self, page: &mut Page, field: &Field) {
        let theme = self.look.theme;
        let column = if self.look.is_small { 1 } else { self.column };
        if let Some(problem) = self.asking.problem() {
            return page.paragraph(column, self.look.width, &error(problem), theme.error());
        }
        if let Some(note) = self.asking.note() {
            page.paragraph(column, self.look.width, &format!("Note: {note}"), theme.note());
        }
        let value = self.wizard.answers().get(field);
        let choice = field.choice(&value).map(|choice| choice.help).filter(|help| !help.is_empty());
        let help = choice.unwrap_or(field.help);
        let keys = if field.is_secret() { "  ^R shows it while you type." } else { "" };
        if !help.is_empty() {
            page.paragraph(column, self.look.width, &format!("{help}{keys}"), theme.plain());
        }
    }
}

/// What is wrong, what to do, and the keys that do it.
fn error(problem: &Problem) -> String {
    let word = if problem.blocks { "Error" } else { "Note" };
    let message = &problem.message;
    match problem.fixes.as_slice() {
        [] => format!("{word}: {message}"),
        [only] if only.field == problem.field => {
            format!("{word}: {message} Enter = use {}", only.value)
        }
        [only] => format!("{word}: {message} Enter = {}", answer(only)),
        several => {
            several.iter().zip(1..).fold(format!("{word}: {message}"), |text, (fix, key)| {
                format!("{text}\n  {key} = {}", answer(fix))
            })
        }
    }
}

/// A correction, with the name of its question.
fn answer(fix: &Fix) -> String {
    let value = if fix.value.is_empty() { "empty" } else { &fix.value };
    format!("{}: {value}", fix.field.label)
}
