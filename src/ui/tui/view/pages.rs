//! The pages that are no screen of the form: help, dialogs, the result.

use super::Ui;
use super::page::Page;
use super::page::elided;
use crate::checks::{Check, Finding, Outcome, sentence};
use crate::form::{self, Field};
use crate::wizard::{Dialog, NextStep, Step, Wizard, WriteResult, WrittenFile};
use ratatui::text::{Line, Span};

const KEYS: &str = "\
Keys    Enter       accept; goes to the next field that still needs an answer
        Tab, Down   next field            Shift-Tab, Up   previous field
        Esc         back one screen, answers kept
        Left, Right choose among several  Space, 1-3      the same
        ^U  ^W  ^K  erase to start, word, to end      ^A ^E  start, end
        ^R          show or hide the password    ^T  test    ^L  redraw
        ^C          quit (asks if there are answers); ^Z suspend";

/// Of what happened at least so many lines are shown: other ways come into view with the mark.
const LEAST_TOLD: usize = 4;

/// A line at least this long ends where it does because it was full.
const FULL: usize = 60;

const REVIEW: &str = "\
Nothing is written before you press w.

The numbered settings are what the wizard knows; a digit opens one, Enter
there returns here. Below are the files as they will be: the whole text of a
new file, the difference for one that exists ( - on disk, + after writing).

w        write the files that are shown, all or none
{digits} change one setting
Tab      the next file
f        the file on the whole screen
Up Down  scroll; PgUp PgDn faster
r        show secrets for 10 seconds
u        take back the last change
t        test the way out
y        copy the shown file to the clipboard of your terminal
Esc      back to the questions
q ^C     quit";

const CHOICES: &str = "\
Something stands in the way. Nothing was changed, unless the page says so.

Enter    take the way with the mark
1-4      take the way with that number
Up Down  move the mark
Esc      back; nothing is written and the answers are kept
q ^C     quit";

const RESULT: &str = "\
The files are written, or put back, as the page says. What is numbered is
left for you to do.

r        reload nginx, after nginx -t; it is never restarted
c        check what stands: files, nginx, the way out, Kestra
u        put the files back as they were before this write
Up Down  scroll; PgUp PgDn faster
Enter    quit; the page stays in your terminal";

pub(super) fn help(ui: Ui, step: &Step, scroll: usize) -> Page {
    let mut page = Page::scrolled(scroll);
    let (title, text) = match step {
        Step::FormStep(step) => return about(ui, page, step.field()),
        Step::Review(_) | Step::Discovering(_) | Step::Writing(_) => ("Review", REVIEW),
        Step::Dialog(_) => ("What you can do", CHOICES),
        Step::Done(_) => ("Result", RESULT),
    };
    let text = &text.replace("{digits}", &format!("{:<8}", form::review_digits()));
    page.line(Span::styled(format!("  Help: {title}"), ui.theme.strong()));
    page.blank();
    page.paragraph(2, ui.width, &flowing(ui, text), ui.theme.plain());
    page
}

/// The help of a question.
fn about(ui: Ui, mut page: Page, field: &Field) -> Page {
    page.line(Span::styled(format!("  Help: {}", field.label), ui.theme.strong()));
    page.blank();
    page.paragraph(2, ui.width, &flowing(ui, field.long_help), ui.theme.plain());
    page.blank();
    examples(&mut page, ui, field);
    page.paragraph(2, ui.width, &format!("Stored in {}", field.stored_in), ui.theme.dim());
    page.blank();
    page.paragraph(2, ui.width, KEYS, ui.theme.plain());
    page
}

/// A text made for 80 columns; in fewer its full lines go on in the next one.
fn flowing(ui: Ui, text: &str) -> String {
    if ui.width >= 80 {
        return text.to_owned();
    }
    text.lines().fold(String::new(), |flowing, line| {
        let last = flowing.rsplit('\n').next().unwrap_or_default();
        let is_table = |line: &str| line.trim_start().contains("  ");
        let is_text = !line.is_empty() && !line.starts_with(' ') && !is_table(line);
        let goes_on = last.len() >= FULL && is_text && !is_table(last);
        let between = if flowing.is_empty() {
            ""
        } else if goes_on {
            " "
        } else {
            "\n"
        };
        flowing + between + line
    })
}

fn examples(page: &mut Page, ui: Ui, field: &Field) {
    let width = field.examples.iter().map(|(example, _)| example.len()).max().unwrap_or(0).max(7);
    for (example, outcome) in field.examples {
        let example = if example.is_empty() { "(empty)" } else { example };
        let text = format!("{example:<width$}   {outcome}");
        page.paragraph(2, ui.width, &text, ui.theme.plain());
    }
    if !field.examples.is_empty() {
        page.blank();
    }
}

pub(super) fn waiting(ui: Ui, what: &str) -> Page {
    let mut page = Page::default();
    page.blank();
    page.line(Span::styled(format!("  {what}{}", ui.theme.glyphs.ellipsis), ui.theme.strong()));
    page
}

/// What happened, as far as there is room for it beside the choices.
pub(super) fn dialog(ui: Ui, dialog: &Dialog, rows: u16) -> Page {
    let choices = choices(ui, dialog);
    let mut page = Page::default();
    if !ui.is_small {
        page.blank();
    }
    let mut lines = dialog.failure().lines.iter();
    if let Some(first) = lines.next() {
        let is_failure = dialog.is_about_a_plan();
        let mark =
            if is_failure { (ui.theme.glyphs.bad, ui.theme.bad()) } else { ("!", ui.theme.warn()) };
        page.marked(mark, ui.width, first, ui.theme.strong());
    }
    for line in lines {
        page.paragraph(4, ui.width, line, ui.theme.plain());
    }
    page.shorten(usize::from(rows).saturating_sub(choices.len() + 1).max(LEAST_TOLD));
    page.blank();
    page.extend(choices);
    page
}

fn choices(ui: Ui, dialog: &Dialog) -> Page {
    let theme = ui.theme;
    let mut page = Page::default();
    for (number, choice) in dialog.failure().ways.iter().enumerate() {
        let is_selected = number == dialog.selected();
        let (mark, style) =
            if is_selected { (theme.glyphs.pointer, theme.strong()) } else { (" ", theme.plain()) };
        if is_selected {
            page.cursor(2);
        }
        let mark = format!("{mark} {} ", number + 1);
        page.marked((&mark, theme.accent()), ui.width, &choice.label(), style);
        if is_selected {
            page.explain_cursor();
        }
    }
    page
}

pub(super) fn done(ui: Ui, wizard: &Wizard, result: &WriteResult) -> Page {
    let theme = ui.theme;
    let mut page = Page::scrolled(wizard.scrolled());
    if !ui.is_small {
        page.blank();
    }
    page.marked((theme.glyphs.good, theme.good()), ui.width, &result.headline, theme.good());
    page.blank();
    let widest = result.files.iter().map(|file| file.path.chars().count()).max().unwrap_or(0);
    for WrittenFile { what, path, about } in &result.files {
        let room = usize::from(ui.width).saturating_sub(16 + about.chars().count() + 4);
        let path = elided(path, room, theme.glyphs.ellipsis);
        page.line(Line::from(vec![
            Span::raw(format!("    {what:<11} {path:<width$}", width = widest.min(room))),
            Span::styled(format!("   {about}"), theme.dim()),
        ]));
    }
    if result.undo.is_some() {
        page.line(Span::styled("    undo        kestra-setup rollback", theme.dim()));
    }
    if !result.next.is_empty() {
        page.blank();
        page.line(Span::styled("  To bring it into effect", theme.strong()));
        page.blank();
    }
    for (step, number) in result.next.iter().zip(1..) {
        next_step(ui, &mut page, step, number);
    }
    for warning in &result.warnings {
        page.blank();
        page.marked(("!", theme.warn()), ui.width, warning, theme.plain());
    }
    page.blank();
    for (check, words) in [(Check::All, "Checking"), (Check::Reload, "Reloading nginx")] {
        if wizard.is_running(|running| *running == check) {
            page.text(format!("  {words}{}", theme.glyphs.ellipsis));
        }
    }
    for finding in wizard.standing() {
        self::finding(&mut page, ui, finding);
    }
    page
}

/// A step that is left to do; its commands are alone on their lines, so that they can be copied.
fn next_step(ui: Ui, page: &mut Page, step: &NextStep, number: usize) {
    let theme = ui.theme;
    let mut spans =
        vec![Span::styled(format!("    {number}  "), theme.accent()), Span::raw(step.what.clone())];
    if let Some(key) = step.key {
        spans.push(Span::styled(format!("   {key}"), theme.accent()));
        spans.push(Span::styled(" does it now", theme.dim()));
    }
    page.line(Line::from(spans));
    for line in step.lines.iter().chain((!step.command.is_empty()).then_some(&step.command)) {
        page.paragraph(9, ui.width, line, theme.plain());
    }
}

fn finding(page: &mut Page, ui: Ui, finding: &Finding) {
    let style = if finding.outcome == Outcome::Skipped { ui.theme.dim() } else { ui.theme.plain() };
    page.marked(ui.outcome(finding.outcome), ui.width, &sentence(&finding.summary), style);
    if !finding.remedy.is_empty() {
        let remedy = format!("→ {}", sentence(&finding.remedy));
        page.paragraph(4, ui.width, &remedy, ui.theme.plain());
    }
    if !finding.evidence.is_empty() {
        page.paragraph(4, ui.width, &finding.evidence, ui.theme.dim());
    }
}
