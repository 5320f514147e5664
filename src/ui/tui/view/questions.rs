//! A screen of the form: its fields, what is known about the one with the focus, and below them
//! what the answers do to the files.

mod notes;

use super::page::{Page, elided};
use super::{Ui, difference};
use crate::answers::{Problem, Source};
use crate::checks::{Finding, Outcome};
use crate::form::{self, Field, FieldKind, ScreenId};
use crate::plan::FileKind;
use crate::ui::tui::theme::{Theme, glyph};
use crate::wizard::{FormStep, Wizard};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Values are not wider than this, however wide the terminal is.
const WIDEST: usize = 50;

/// The rows for messages about the field with the focus.
const MESSAGES: usize = 3;

/// A preview of fewer rows, its title included, shows nothing.
const LEAST_PREVIEW: usize = 5;

/// No label is longer.
const LONGEST_LABEL: usize = 13;

pub(super) fn page(ui: Ui, wizard: &Wizard, step: &FormStep, rows: u16, is_split: bool) -> Page {
    let mut page = Page::new(ui.width);
    if !ui.is_small {
        page.blank();
        let heading = format!("  {}", step.screen().heading);
        page.line(Span::styled(heading, Theme::strong()));
        page.blank();
    }
    let rows_of_form = wizard.rows(step);
    let form = Form::new(ui, wizard, step, &rows_of_form);
    for field in rows_of_form {
        form.field(&mut page, field);
    }
    page.blank();
    let below = page.len();
    form.about_focus(&mut page);
    page.explain_cursor();
    let mut known = form.about_screen();
    known.shorten(usize::from(rows).saturating_sub(page.filled()), "f1");
    page.extend(known);
    if ui.is_small && form.has_news() {
        page.explain_cursor();
    }
    if !ui.is_small {
        // What is below keeps its place while the messages change.
        let candidates = if step.screen().id == ScreenId::Address {
            wizard.machine().candidates.len()
        } else {
            0
        };
        while page.len() < below + MESSAGES.max(1 + candidates) {
            page.blank();
        }
    }
    if !is_split {
        page.blank();
        let free = usize::from(rows).saturating_sub(page.len());
        if free >= LEAST_PREVIEW {
            preview(ui, wizard, step, &mut page, free);
        }
    }
    page
}

/// What is known on this screen, as a whole.
pub(super) fn known(ui: Ui, wizard: &Wizard, step: &FormStep) -> Page {
    Form::new(ui, wizard, step, &wizard.rows(step)).about_screen()
}

/// What the answers do to the file of this screen, in so many rows.
pub(super) fn preview(ui: Ui, wizard: &Wizard, step: &FormStep, page: &mut Page, rows: usize) {
    let kind = if step.screen().id == ScreenId::Nginx { FileKind::Nginx } else { FileKind::Config };
    let preview = &wizard.live_preview;
    if let Some(file) = preview.file(kind) {
        page.line(difference::title(ui, &[&file.name], 0, &file.about));
        difference::lines(ui, file, step.field, preview.is_stale, rows - 1)
            .for_each(|line| page.line(line));
    }
}

struct Form<'a> {
    ui: Ui,
    wizard: &'a Wizard,
    step: &'a FormStep,
    /// Where the values begin: in the same column on every screen, if there is room for that.
    column: usize,
    /// What blocks at the fields that were left.
    problems: Vec<Problem>,
    /// What was found about the certificate in the answers.
    certificate: Option<&'a Finding>,
}

impl<'a> Form<'a> {
    fn new(ui: Ui, wizard: &'a Wizard, step: &'a FormStep, rows: &[&Field]) -> Self {
        let longest = rows.iter().map(|field| field.label.len()).max().unwrap_or(0);
        let column = if ui.is_small { longest + 4 } else { LONGEST_LABEL + 5 };
        let certificate = wizard.certificate_check().and_then(|check| wizard.finding(&check));
        Self { ui, wizard, step, column, problems: wizard.problems_left(), certificate }
    }

    fn field(&self, page: &mut Page, field: &'static Field) {
        let theme = self.ui.theme;
        let has_focus = *field == *self.step.field;
        let is_bad = self.problem(field).is_some() || self.is_rejected(field);
        let (mark, mark_style) = match (is_bad, has_focus) {
            (true, _) => (glyph::BAD, theme.bad()),
            (false, true) => (glyph::FOCUS, theme.accent()),
            (false, false) => (" ", Style::new()),
        };
        let style = if has_focus { Theme::strong() } else { Style::new() };
        let label = format!(" {:<width$}", field.label, width = self.column - 2);
        let mut spans = vec![Span::styled(mark, mark_style), Span::styled(label, style)];
        let cursor = self.value(field, has_focus, &mut spans);
        if has_focus {
            page.cursor(self.column + cursor);
        }
        page.line(Line::from(spans));
    }

    /// Whether the certificate or its key in this field was found to be wrong.
    fn is_rejected(&self, field: &Field) -> bool {
        let finding = self.certificate.filter(|finding| finding.outcome == Outcome::Failed);
        finding.is_some_and(|finding| match finding.code {
            "certificate-key" => *field == form::CERTIFICATE_KEY,
            _ => *field == form::CERTIFICATE,
        })
    }

    /// What blocks at a field: on leaving the one with the focus, at the others always.
    fn problem(&self, field: &Field) -> Option<&Problem> {
        if *field == *self.step.field {
            return self.step.problem.as_ref();
        }
        self.problems.iter().find(|problem| problem.field == field)
    }

    /// Adds the value of a field. Gives where in it the cursor is.
    fn value(&self, field: &Field, has_focus: bool, spans: &mut Vec<Span<'static>>) -> usize {
        if !field.choices().is_empty() {
            return self.options(field, has_focus, spans);
        }
        let theme = self.ui.theme;
        let style = if has_focus { Theme::strong() } else { Style::new() };
        if *field == form::MORE {
            let room = usize::from(self.ui.width).saturating_sub(self.column + 5);
            let text = elided(&form::folded(self.wizard.answers()), room);
            let style = if has_focus { Theme::strong() } else { theme.dim() };
            spans.push(Span::styled(text, style));
            spans.push(Span::styled(format!("  {}", glyph::POINTER), theme.accent()));
            return 0;
        }
        let answers = self.wizard.answers();
        // A file may have a text for this field that may not be shown.
        let is_shown = answers.shown(field) == answers.get(field);
        let (text, cursor, remark) = match field.kind {
            FieldKind::Secret => self.secret(field, has_focus),
            _ if has_focus && (self.step.editor.is_touched || is_shown) => {
                let (text, cursor) = self.line_of_text(self.step.typed());
                (text, cursor, String::new())
            }
            _ => {
                let remark = self.remark(field);
                let room = self.room().saturating_sub(remark.len() + 2);
                let answers = self.wizard.answers_in_preview();
                let value = answers.shown(field);
                (elided(&value, room), 0, remark)
            }
        };
        if text.is_empty() && remark.is_empty() && field.kind == FieldKind::Text {
            // Not by colour alone: an example is no value.
            let example = field.examples.first().map_or("", |(example, _)| example);
            let example = elided(&format!("e.g. {example}"), self.room());
            spans.push(Span::styled(example, theme.dim()));
            return cursor;
        }
        let gap = if text.is_empty() || remark.is_empty() { "" } else { "  " };
        spans.push(Span::styled(text, style));
        spans.push(Span::styled(format!("{gap}{remark}"), theme.dim()));
        cursor
    }

    fn room(&self) -> usize {
        usize::from(self.ui.width).saturating_sub(self.column + 2).clamp(8, WIDEST)
    }

    /// Where an answer that nobody gave comes from.
    fn remark(&self, field: &Field) -> String {
        let answers = self.wizard.answers_in_preview();
        let follows_url = *field == form::CONTEXT_PATH || *field == form::SERVER_NAME;
        match answers.source(field) {
            _ if *field == form::CONFIGURATION => self.state_of_configuration().to_owned(),
            Source::Environment(variable) => format!("from {variable}"),
            Source::Default if follows_url && !answers.get(&form::URL).is_empty() => {
                "from the URL".to_owned()
            }
            _ => String::new(),
        }
    }

    /// The part of the line around the cursor that fits.
    fn line_of_text(&self, (text, cursor): (&str, usize)) -> (String, usize) {
        let room = self.room();
        let start = (cursor + 1).saturating_sub(room);
        let shown: String = text.chars().skip(start).take(room).collect();
        let before: String = text.chars().skip(start).take(cursor - start).collect();
        (shown, before.width())
    }

    fn secret(&self, field: &Field, has_focus: bool) -> (String, usize, String) {
        let (text, cursor) = self.step.typed();
        if has_focus && self.step.editor.is_touched {
            let (text, cursor) = if self.step.editor.is_revealed {
                self.line_of_text((text, cursor))
            } else {
                self.line_of_text((&glyph::BULLET.repeat(text.chars().count()), cursor))
            };
            return (text, cursor, String::new());
        }
        let answers = self.wizard.answers();
        let mask = glyph::BULLET.repeat(9);
        let (text, remark) = match answers.source(field) {
            _ if answers.keeps_password_elsewhere() => {
                (String::new(), "kept in the environment".to_owned())
            }
            _ if answers.get(field).is_empty() => (String::new(), String::new()),
            Source::Found => (mask, "unchanged".to_owned()),
            Source::Environment(variable) => (mask, format!("from {variable}")),
            Source::Given | Source::Default => (mask, String::new()),
        };
        (text, 0, remark)
    }

    /// The options side by side, or the chosen one between arrows where they do not fit.
    fn options(&self, field: &Field, has_focus: bool, spans: &mut Vec<Span<'static>>) -> usize {
        let theme = self.ui.theme;
        let value = self.wizard.answers().get(field);
        let width: usize = field.choices().iter().map(|option| option.label.len() + 5).sum();
        let room = usize::from(self.ui.width).saturating_sub(self.column + 1);
        let strong = if has_focus { Theme::strong() } else { Style::new() };
        if width > room + 3 {
            let label = field.choice(&value).map_or(&*value, |option| option.label);
            let label = elided(label, room.saturating_sub(4));
            spans.push(Span::styled("< ", theme.dim()));
            spans.push(Span::styled(label, strong));
            spans.push(Span::styled(" >", theme.dim()));
            return 2;
        }
        let (mut at, mut cursor) = (0, 0);
        for option in field.choices() {
            let is_chosen = option.value == value;
            let (mark, mark_style, style) = if is_chosen {
                cursor = at;
                (glyph::CHOSEN, theme.accent(), strong)
            } else {
                (glyph::OTHER, theme.dim(), theme.dim())
            };
            let gap = if at > 0 { "   " } else { "" };
            spans.push(Span::styled(format!("{gap}{mark} "), mark_style));
            spans.push(Span::styled(option.label, style));
            cursor += if is_chosen { gap.len() } else { 0 };
            at += gap.len() + 2 + option.label.len();
        }
        cursor
    }
}

impl Ui {
    /// The mark of an outcome.
    pub(super) fn outcome(self, outcome: Outcome) -> (&'static str, Style) {
        let theme = self.theme;
        match outcome {
            Outcome::Ok => (glyph::GOOD, theme.good()),
            Outcome::Failed => (glyph::BAD, theme.bad()),
            Outcome::Warning | Outcome::Note => ("!", theme.warn()),
            Outcome::Skipped => (glyph::IDLE, theme.dim()),
        }
    }
}
