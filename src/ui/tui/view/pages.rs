//! The pages that are no screen of the form: help, ways on, result.

use super::Look;
use super::page::Page;
use crate::checks::{Check, Finding, Outcome};
use crate::form::{self, Field};
use crate::wizard::{Dialog, Step, Wizard, WriteResult};
use ratatui::text::Span;

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

pub(super) fn help(look: Look, step: &Step, scroll: usize) -> Page {
    let mut page = Page::scrolled(scroll);
    let (title, text) = match step {
        Step::FormStep(asking) => return about(look, page, asking.field()),
        Step::Review(_) | Step::Discovering(_) | Step::Writing(_) => ("Review", REVIEW),
        Step::Dialog(_) => ("Ways on", CHOICES),
        Step::Done(_) => ("Result", RESULT),
    };
    let text = &text.replace("{digits}", &format!("{:<8}", form::review_digits()));
    page.line(Span::styled(format!(" Help: {title}"), look.theme.strong()));
    page.blank();
    page.paragraph(1, look.width, &flowing(look, text), look.theme.plain());
    page
}

/// The help of a question.
fn about(look: Look, mut page: Page, field: &Field) -> Page {
    page.line(Span::styled(format!(" Help: {}", field.label), look.theme.strong()));
    page.blank();
    page.paragraph(1, look.width, &flowing(look, field.long_help), look.theme.plain());
    page.blank();
    examples(&mut page, look, field);
    let stored_in = format!("Ends up in {}", field.stored_in);
    page.paragraph(1, look.width, &stored_in, look.theme.plain());
    page.blank();
    page.paragraph(1, look.width, KEYS, look.theme.plain());
    page
}

/// A text made for 80 columns; in fewer its full lines go on in the next one.
fn flowing(look: Look, text: &str) -> String {
    if look.width >= 80 {
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

fn examples(page: &mut Page, look: Look, field: &Field) {
    let width = field.examples.iter().map(|(example, _)| example.len()).max().unwrap_or(0).max(7);
    for (example, outcome) in field.examples {
        let example = if example.is_empty() { "(empty)" } else { example };
        page.paragraph(
            1,
            look.width,
            &format!("{example:<width$}   {outcome}"),
            look.theme.plain(),
        );
    }
    if !field.examples.is_empty() {
        page.blank();
    }
}

pub(super) fn waiting(look: Look, what: &str) -> Page {
    let mut page = Page::default();
    page.blank();
    page.line(Span::styled(format!(" {what}"), look.theme.strong()));
    page
}

/// What happened, as far as there is room for it beside the ways on.
pub(super) fn choosing(look: Look, choosing: &Dialog, rows: u16) -> Page {
    let ways = ways(look, choosing);
    let mut page = Page::default();
    for line in &choosing.failure().lines {
        page.paragraph(1, look.width, line, look.theme.plain());
    }
    page.shorten(usize::from(rows).saturating_sub(ways.len() + 1).max(LEAST_TOLD));
    page.blank();
    page.extend(ways);
    page
}

fn ways(look: Look, choosing: &Dialog) -> Page {
    let mut page = Page::default();
    for (number, way) in choosing.failure().ways.iter().enumerate() {
        let is_selected = number == choosing.selected();
        let mark = if is_selected { '>' } else { ' ' };
        let style = if is_selected { look.theme.strong() } else { look.theme.plain() };
        if is_selected {
            page.cursor(1);
        }
        page.labelled(&format!(" {mark} {}  ", number + 1), look.width, &way.label(), style);
        if is_selected {
            page.explain_cursor();
        }
    }
    page
}

pub(super) fn done(look: Look, wizard: &Wizard, saved: &WriteResult) -> Page {
    let mut page = Page::scrolled(wizard.scrolled());
    for line in crate::wizard::page(saved) {
        page.paragraph(1, look.width, &line, look.theme.plain());
    }
    page.blank();
    for (check, words) in [(Check::All, " Checking..."), (Check::Reload, " Reloading nginx...")] {
        if wizard.is_running(|running| *running == check) {
            page.text(words);
        }
    }
    for finding in wizard.standing() {
        findings(&mut page, look, finding);
    }
    page
}

fn findings(page: &mut Page, look: Look, finding: &Finding) {
    let style = match finding.outcome {
        Outcome::Failed => look.theme.error(),
        Outcome::Ok => look.theme.good(),
        Outcome::Warning => look.theme.note(),
        Outcome::Note | Outcome::Skipped => look.theme.plain(),
    };
    page.paragraph(1, look.width, &finding.in_words(), style);
}
