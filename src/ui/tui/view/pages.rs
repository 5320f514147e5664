//! The pages that are no screen of the form: help, dialogs, the result.

use super::page::{Page, elided};
use super::{Ui, questions, review};
use crate::answers::Answers;
use crate::checks::{Check, Finding, Outcome, sentence};
use crate::form::{self, Field};
use crate::messages::capital;
use crate::ui::tui::theme::{Theme, glyph};
use crate::wizard::{Dialog, NextStep, Step, Wizard, WriteResult, WrittenFile};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

const KEYS: &str = "\
Keys    Enter       accept; goes to the next field that still needs an answer
        Tab, Down   next field            Shift-Tab, Up   previous field
        Esc         back one screen, answers kept
        Left, Right choose among several  Space, 1-3      the same
        ^U  ^W  ^K  erase to start, word, to end      ^A ^E  start, end
        ^R          show or hide the password    ^T  test    ^L  redraw
        ^C          quit (asks if there are answers); ^Z suspend";

/// Of what happened at least so many lines are shown: other choices come into view with the mark.
const LEAST_TOLD: usize = 4;

/// The column of the finding, beside what it is about.
const SUBJECT: usize = 18;

/// A path keeps so many columns, before the text about its file is shortened.
const LEAST_PATH: usize = 24;

/// No line of a help is longer.
const LONGEST_LINE: u16 = 78;

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
t        test the outbound connection
y        copy the shown file to the clipboard of your terminal
Esc      back to the questions
q ^C     quit";

const CHOICES: &str = "\
Nothing was changed, unless the page names it.

Enter    take the choice with the mark
1-4      take the choice with that number
Up Down  move the mark
Esc      back; nothing is written and the answers are kept
q ^C     quit";

const RESULT: &str = "\
The files are written or restored, as the page tells. What is numbered is
left for you to do.

r        reload nginx, after nginx -t; it is never restarted
c        check everything: files, nginx, outbound connection, Kestra
u        put the files back as they were before this write
Up Down  scroll; PgUp PgDn faster
Enter    quit; the page stays in your terminal";

/// The help of a page; where that had to leave something out, below the whole of it.
pub(super) fn help(ui: Ui, wizard: &Wizard, is_shortened: bool, scroll: usize) -> Page {
    let mut page = Page::scrolled(ui.width, scroll);
    let known = match wizard.step() {
        Step::FormStep(step) if is_shortened => questions::known(ui, wizard, step),
        Step::Review(review) if is_shortened => review::notes(ui, wizard, review),
        Step::Dialog(dialog) if is_shortened => happened(ui, dialog),
        _ => Page::new(ui.width),
    };
    if known.len() > 0 {
        page.extend(known);
        page.blank();
    }
    let (title, text) = match wizard.step() {
        Step::FormStep(step) => return about(ui, page, step.field, &wizard.typed_answers()),
        Step::Review(_) | Step::Discovering(_) | Step::Writing(_) => ("Review", REVIEW),
        Step::Dialog(_) => ("What you can do", CHOICES),
        Step::Done(_) => ("Result", RESULT),
    };
    let text = &text.replace("{digits}", &format!("{:<8}", form::review_digits()));
    page.line(Span::styled(format!("  Help: {title}"), Theme::strong()));
    page.blank();
    page.paragraph(2, &flowing(ui, text), Style::new());
    page
}

/// The help of a question.
fn about(ui: Ui, mut page: Page, field: &Field, answers: &Answers) -> Page {
    page.line(Span::styled(format!("  Help: {}", field.label), Theme::strong()));
    page.blank();
    page.paragraph(2, &flowing(ui, field.long_help), Style::new());
    page.blank();
    examples(&mut page, ui, field);
    page.paragraph(2, field.stored_in, ui.theme.dim());
    page.blank();
    let guide = (field.guide)(answers);
    if !guide.is_empty() {
        let heading = "What does not go through this proxy, where you need it:";
        page.paragraph(2, heading, Theme::strong());
        page.paragraph(4, &guide.join("\n"), Style::new());
        page.blank();
    }
    page.paragraph(2, KEYS, Style::new());
    page
}

/// A text made for 78 columns; in fewer its full lines go on in the next one.
fn flowing(ui: Ui, text: &str) -> String {
    if ui.width > LONGEST_LINE + 3 {
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
        if 2 + width + 3 + outcome.len() < ui.width.into() {
            page.line(format!("  {example:<width$}   {outcome}"));
        } else {
            page.paragraph(2, example, Style::new());
            page.paragraph(6, outcome, ui.theme.dim());
        }
    }
    if !field.examples.is_empty() {
        page.blank();
    }
}

pub(super) fn waiting(what: &str) -> Page {
    let mut page = Page::default();
    page.blank();
    page.line(Span::styled(format!("  {what}{}", glyph::ELLIPSIS), Theme::strong()));
    page
}

/// What happened, as far as there is room for it beside the choices.
pub(super) fn dialog(ui: Ui, dialog: &Dialog, rows: u16) -> Page {
    let choices = choices(ui, dialog);
    let mut page = Page::new(ui.width);
    if !ui.is_small {
        page.blank();
    }
    page.extend(happened(ui, dialog));
    page.shorten(usize::from(rows).saturating_sub(choices.len() + 1).max(LEAST_TOLD), "?");
    page.blank();
    page.extend(choices);
    page
}

fn happened(ui: Ui, dialog: &Dialog) -> Page {
    let mut page = Page::new(ui.width);
    let mut lines = dialog.failure.lines.iter();
    if let Some(first) = lines.next() {
        let is_failure = dialog.is_about_a_plan();
        let mark = if is_failure { (glyph::BAD, ui.theme.bad()) } else { ("!", ui.theme.warn()) };
        page.marked(mark, first, Theme::strong());
    }
    for line in lines {
        page.paragraph(4, line, Style::new());
    }
    page
}

fn choices(ui: Ui, dialog: &Dialog) -> Page {
    let theme = ui.theme;
    let mut page = Page::new(ui.width);
    for (number, choice) in dialog.failure.choices.iter().enumerate() {
        let is_selected = number == dialog.selected;
        let (mark, style) =
            if is_selected { (glyph::POINTER, Theme::strong()) } else { (" ", Style::new()) };
        if is_selected {
            page.cursor(2);
        }
        let mark = format!("{mark} {} ", number + 1);
        page.marked((&mark, theme.accent()), &choice.label(), style);
        if is_selected {
            page.explain_cursor();
        }
    }
    page
}

pub(super) fn done(ui: Ui, wizard: &Wizard, result: &WriteResult) -> Page {
    let theme = ui.theme;
    let mut page = Page::scrolled(ui.width, wizard.scrolled);
    if !ui.is_small {
        page.blank();
    }
    for (check, words) in [(Check::All, "Checking"), (Check::Reload, "Reloading nginx")] {
        if wizard.is_running(|running| *running == check) {
            page.line(Span::styled(format!("  {words}{}", glyph::ELLIPSIS), Theme::strong()));
            page.blank();
        }
    }
    let all: Vec<_> = wizard.health_check().collect();
    if !all.is_empty() {
        findings(ui, &mut page, &all);
        page.blank();
    }
    for urgent in &result.urgent {
        page.marked((glyph::BAD, theme.bad()), urgent, theme.bad());
        page.blank();
    }
    page.marked((glyph::GOOD, theme.good()), &result.headline, theme.good());
    page.blank();
    let name = result.files.iter().map(|file| file.what.chars().count()).max().unwrap_or(0);
    let name = name.max(10);
    files(ui, &mut page, &result.files, name);
    if let Some(undo) = &result.undo {
        let beside = format!("    {:<name$}  {}", "undo", undo.command);
        if beside.len() < ui.width.into() {
            page.line(Span::styled(beside, theme.dim()));
        } else {
            page.line(Span::styled("    undo", theme.dim()));
            page.paragraph(7, &undo.command, theme.dim());
        }
    }
    if !result.open.is_empty() {
        page.blank();
        page.paragraph(2, &result.open, Style::new());
    }
    if !result.next.is_empty() {
        page.blank();
        let title = if result.files.is_empty() { "  Next" } else { "  To bring it into effect" };
        page.line(Span::styled(title, Theme::strong()));
        page.blank();
    }
    for (step, number) in result.next.iter().zip(1..) {
        next_step(ui, &mut page, step, number);
    }
    for warning in &result.warnings {
        page.blank();
        page.marked(("!", theme.warn()), warning, Style::new());
    }
    page
}

/// One line for each file, in columns. Where they do not fit, a path keeps both its ends.
fn files(ui: Ui, page: &mut Page, files: &[WrittenFile], name: usize) {
    let widest = |of: &dyn Fn(&WrittenFile) -> usize| files.iter().map(of).max().unwrap_or(0);
    let room = usize::from(ui.width).saturating_sub(4 + name + 2 + 3 + 1);
    let is_whole = room >= LEAST_PATH + widest(&|file| file.about.chars().count());
    let about = |file: &WrittenFile| match file.about.split_once(", ") {
        Some((how, _)) if !is_whole => how.to_owned(),
        _ => file.about.clone(),
    };
    let room = room.saturating_sub(widest(&|file| about(file).chars().count()));
    let column = widest(&|file| file.path.chars().count()).min(room);
    for file in files {
        let path = elided(&file.path, column);
        page.line(Line::from(vec![
            Span::raw(format!("    {:<name$}  {path:<column$}", file.what)),
            Span::styled(format!("   {}", about(file)), ui.theme.dim()),
        ]));
    }
}

/// What was checked: how many of each outcome, then one line each with its subject, the remedy
/// below it. What waits for Kestra is one line.
fn findings(ui: Ui, page: &mut Page, all: &[&Finding]) {
    let theme = ui.theme;
    let count = |outcome| all.iter().filter(|finding| finding.outcome == outcome).count();
    let is_waiting = |finding: &&&Finding| {
        finding.outcome == Outcome::Skipped
            && ["Kestra", "public URL"].contains(&subject(finding.code))
    };
    let waiting = all.iter().filter(is_waiting).count();
    let mut spans = vec![Span::raw("  ")];
    for (number, word, style) in [
        (count(Outcome::Ok), "ok", theme.good()),
        (count(Outcome::Failed), "failed", theme.bad()),
        (count(Outcome::Warning), "to correct", theme.warn()),
        (count(Outcome::Note), "to note", Style::new()),
        (count(Outcome::Skipped) - waiting, "not checked", theme.dim()),
        (waiting, "wait for Kestra", theme.dim()),
    ] {
        if number > 0 {
            spans.push(Span::styled(format!("{number} {word}   "), style));
        }
    }
    let line = Line::from(spans);
    if line.width() < usize::from(ui.width) + 3 {
        page.line(line);
    } else {
        page.paragraph(2, line.to_string().trim(), Style::new());
    }
    page.blank();
    let (later, now): (Vec<_>, Vec<_>) = all.iter().partition(is_waiting);
    for finding in now {
        self::finding(page, ui, finding);
    }
    if let Some(first) = later.first() {
        let more = match later.len() {
            1 => String::new(),
            count => format!(" {} more wait for it.", count - 1),
        };
        let summary = format!("{}{more}", sentence(&first.summary));
        self::finding(page, ui, &Finding { summary, ..(*first).clone() });
    }
}

/// What a finding with this code is about.
fn subject(code: &str) -> &'static str {
    match code.split('-').next().unwrap_or_default() {
        "config" => "config.yml",
        "nginx" => "nginx",
        "kestra" => "Kestra",
        "public" => "public URL",
        _ => "outbound",
    }
}

/// A step that is left to do; its commands are alone on their lines, so that they can be copied.
fn next_step(ui: Ui, page: &mut Page, step: &NextStep, number: usize) {
    let theme = ui.theme;
    let first = page.len();
    page.paragraph(7, &step.what, Style::new());
    page.margin(first, vec![Span::styled(format!("    {number}  "), theme.accent())]);
    if let Some(key) = step.key {
        let key = Span::styled(format!("   {key}"), theme.accent());
        page.beside([key, Span::styled(" does it now", theme.dim())]);
    }
    for line in step.lines.iter().chain((!step.command.is_empty()).then_some(&step.command)) {
        page.paragraph(7, line, Style::new());
    }
}

fn finding(page: &mut Page, ui: Ui, finding: &Finding) {
    let style = if finding.outcome == Outcome::Skipped { ui.theme.dim() } else { Style::new() };
    let indent = if ui.is_small { 4 } else { SUBJECT };
    let first = page.len();
    page.paragraph(indent, &capital(&sentence(&finding.summary)), style);
    let (mark, mark_style) = ui.outcome(finding.outcome);
    let subject = subject(finding.code);
    let name = if ui.is_small { String::new() } else { format!("{subject:<14}") };
    page.margin(
        first,
        vec![Span::styled(format!("  {mark} "), mark_style), Span::styled(name, style)],
    );
    if !finding.remedy.is_empty() && finding.outcome != Outcome::Ok {
        let remedy = format!("→ {}", sentence(&finding.remedy));
        page.paragraph(indent, &remedy, Style::new());
    }
    if !finding.evidence.is_empty() && finding.outcome == Outcome::Failed {
        page.paragraph(indent, &finding.evidence, ui.theme.dim());
    }
}
