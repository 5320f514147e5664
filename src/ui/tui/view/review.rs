//! The review: numbered settings, and the files as they will be.

use super::page::{Page, elided};
use super::{Ui, difference, masked};
use crate::checks::{Check, Outcome};
use crate::messages::capital;
use crate::plan::{DiffLine, DiffTag, FileChange, FileKind};
use crate::settings::{Connection, counted};
use crate::ui::tui::theme::{Theme, glyph};
use crate::wizard::{Preview, Review, ReviewRow, Wizard};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The most lines that notes take away from the preview.
const NOTES: usize = 5;

/// A preview of fewer lines is of no use.
const LEAST_PREVIEW: usize = 2;

/// A remark of fewer columns is of no use.
const LEAST_REMARK: usize = 12;

pub(super) fn page(ui: Ui, wizard: &Wizard, review: &Review, rows: u16, is_split: bool) -> Page {
    let mut page = Page::new(ui.width);
    if !review.is_full {
        for row in ReviewRow::all(wizard.answers()) {
            page.line(setting(ui, &row));
        }
        if !ui.is_small {
            page.blank();
        }
    }
    match review.preview() {
        Preview::Ready(_) if is_split => {
            page.extend(below(ui, wizard, review));
        }
        Preview::Ready(_) => {
            let below = below(ui, wizard, review);
            let taken = page.len() + 1 + below.len();
            if taken + LEAST_PREVIEW > rows.into() && !review.is_full {
                // What is about to be agreed to is worth more than the settings.
                if review.is_confirming {
                    page = Page::new(ui.width);
                }
                // `f` shows the file; the outcome of the last key is worth more than a line of it.
                let room = usize::from(rows).saturating_sub(page.len());
                page.extend(below.end(room));
            } else {
                file(ui, review, &mut page, usize::from(rows).saturating_sub(taken).max(1));
                page.extend(below);
            }
        }
        Preview::Refused(refusal) => {
            note(review, &mut page);
            let text = format!("{}.", capital(&refusal.outcome()));
            page.marked((glyph::BAD, ui.theme.bad()), &text, ui.theme.bad());
            if !refusal.paste.is_empty() {
                let what = "Write this into the file by hand; nothing else of it has to change:";
                page.paragraph(2, what, Style::new());
                page.blank();
                refusal.paste.lines().for_each(|line| page.text(format!("    {line}")));
            }
        }
        Preview::Problems(problems) => {
            note(review, &mut page);
            for problem in problems.iter().filter(|problem| problem.blocks) {
                let text = format!("{}: {}", problem.field.label, problem.message);
                page.marked((glyph::BAD, ui.theme.bad()), &text, ui.theme.bad());
            }
        }
    }
    page
}

/// The right pane: the file over its whole height.
pub(super) fn beside(ui: Ui, review: &Review, rows: u16) -> Page {
    let mut page = Page::new(ui.width);
    if review.preview().plan().is_some() {
        file(ui, review, &mut page, usize::from(rows).saturating_sub(2));
    }
    page
}

/// The value of a setting, and the earlier one if there is room for it.
fn setting(ui: Ui, row: &ReviewRow) -> Line<'static> {
    let theme = ui.theme;
    let width = usize::from(ui.width);
    let (mark, style) =
        if row.is_changed { (glyph::BULLET, Theme::strong()) } else { (" ", Style::new()) };
    let label = format!("{:<13}  ", row.label);
    let used = 4 + label.len();
    let (value, how) = row.text.split_once("  ").unwrap_or((&row.text, ""));
    let value = masked(value);
    let text = elided(&value, width.saturating_sub(used + 2));
    let how = if how.is_empty() { String::new() } else { format!("  {how}") };
    let taken = used + text.chars().count();
    let how = if taken + how.chars().count() + 2 > width { String::new() } else { how };
    let left = width.saturating_sub(taken + how.chars().count() + 4);
    let remark = if left < LEAST_REMARK { String::new() } else { elided(&row.remark, left) };
    Line::from(vec![
        Span::styled(format!("{mark} "), theme.warn()),
        Span::styled(format!("{} ", row.number), theme.accent()),
        Span::raw(label),
        Span::styled(text, style),
        Span::styled(how, theme.dim()),
        Span::styled(if remark.is_empty() { remark } else { format!("   {remark}") }, theme.dim()),
    ])
}

/// The file that is shown, in so many lines below its title.
fn file(ui: Ui, review: &Review, page: &mut Page, room: usize) {
    let Some(file) = review.shown.get(review.tab) else { return };
    let names: Vec<_> = review.shown.iter().map(|it| it.name.as_str()).collect();
    let lines = &file.lines;
    let lead = lead(lines, room);
    let furthest = lines.len().saturating_sub(lead + room);
    page.scrolls(furthest);
    let start = lead + review.scroll.min(furthest);
    let visible: Vec<_> = lines.iter().skip(start).take(room).collect();
    let mut about = file.about.clone();
    if visible.len() < lines.len() {
        let (first, last) = (start + 1, start + visible.len());
        about = format!("{about}, {first}-{last} of {}", lines.len());
    }
    page.line(difference::title(ui, &names, review.tab, &about));
    for line in &visible {
        page.line(difference::line(ui, file, line));
    }
    (visible.len()..room).for_each(|_| page.blank());
}

/// The lines above those in view. Where little fits, what is above the first change goes.
fn lead(lines: &[DiffLine], room: usize) -> usize {
    let is_change = |line: &DiffLine| matches!(line.tag, DiffTag::Added | DiffTag::Removed);
    let first = lines.iter().position(is_change).unwrap_or(0);
    (first + 2).saturating_sub(room).min(first).min(lines.len().saturating_sub(room))
}

/// Notes, where links lead, checks and the outcome of the last key.
fn below(ui: Ui, wizard: &Wizard, review: &Review) -> Page {
    let mut page = notes(ui, wizard, review);
    page.shorten(if ui.is_small { 2 } else { NOTES }, "?");
    for change in review.files().iter().filter(|it| it.target.is_some() && !it.is_noop()) {
        page.marked(("!", ui.theme.warn()), &change.destination(), Style::new());
    }
    checks(ui, wizard, review, &mut page);
    if review.is_confirming {
        page.line(question(ui, review));
    }
    if let Some(note) = &review.note {
        page.line(Line::styled(format!("  {note}"), Theme::strong()));
    }
    page
}

/// Asks once before anything is written.
fn question(ui: Ui, review: &Review) -> Line<'static> {
    let count = review.files().iter().filter(|change| !change.is_noop()).count();
    let files = counted(count, "file");
    let (key, dim) = (ui.theme.accent(), ui.theme.dim());
    Line::from(vec![
        Span::styled(format!("  Write {files}?   "), Theme::strong()),
        Span::styled("enter", key),
        Span::styled(" yes   ", dim),
        Span::styled("esc", key),
        Span::styled(" no", dim),
    ])
}

fn note(review: &Review, page: &mut Page) {
    if let Some(note) = &review.note {
        page.paragraph(2, note, Theme::strong());
    }
}

/// What is good to know before writing.
pub(super) fn notes(ui: Ui, wizard: &Wizard, review: &Review) -> Page {
    let mut page = Page::new(ui.width);
    let nginx = review.files().iter().find(|change| change.kind == FileKind::Nginx);
    let finding = nginx.and_then(|change| wizard.finding_about(is_test_of(change)));
    if let Some(finding) = finding.filter(|finding| finding.outcome != Outcome::Ok) {
        page.marked(ui.outcome(finding.outcome), &finding.text(), Style::new());
    }
    for note in review.notes() {
        page.marked(("!", ui.theme.warn()), &capital(note), Style::new());
    }
    page
}

/// What was checked, each with its mark; below each other where they do not fit side by side.
fn checks(ui: Ui, wizard: &Wizard, review: &Review, page: &mut Page) {
    let nginx = review.files().iter().find(|change| change.kind == FileKind::Nginx);
    let outbound = wizard.way_out();
    let finding = outbound.as_ref().and_then(|check| wizard.finding(check));
    let tested = finding.zip(outbound.as_ref()).map(|(finding, check)| {
        let is_direct = *check == Check::Outbound(Connection::Direct);
        let what = if is_direct { "connection" } else { "proxy" };
        let words = match finding.outcome {
            Outcome::Ok | Outcome::Note | Outcome::Warning => "tested",
            Outcome::Failed => "test failed",
            Outcome::Skipped => "not tested",
        };
        (finding.outcome, format!("{what} {words}"))
    });
    let rest = nginx.map(|change| nginx_test(wizard, change)).into_iter().chain(tested);
    let line = |changed: String| {
        let mut spans = vec![Span::raw("  ")];
        for (outcome, text) in [(Outcome::Ok, changed)].into_iter().chain(rest.clone()) {
            let (mark, style) = ui.outcome(outcome);
            spans.push(Span::styled(format!("{mark} "), style));
            let style = if outcome == Outcome::Skipped { ui.theme.dim() } else { Style::new() };
            spans.push(Span::styled(format!("{text}   "), style));
        }
        Line::from(spans)
    };
    let [_, few_words] = wizard.changed_in_words();
    // Each ends in three blanks.
    let lines = wizard.changed_in_words().map(line);
    if let Some(line) = lines.into_iter().find(|line| line.width() < usize::from(ui.width) + 3) {
        return page.line(line);
    }
    for (outcome, text) in [(Outcome::Ok, few_words)].into_iter().chain(rest.clone()) {
        page.marked(ui.outcome(outcome), &text, Style::new());
    }
}

fn nginx_test(wizard: &Wizard, change: &FileChange) -> (Outcome, String) {
    if change.is_noop() {
        return (Outcome::Skipped, "nginx unchanged".to_owned());
    }
    let outcome = wizard.finding_about(is_test_of(change)).map(|finding| finding.outcome);
    let words = match outcome {
        Some(Outcome::Ok | Outcome::Note | Outcome::Warning) => "nginx accepts the file",
        Some(Outcome::Failed) => "nginx rejects the file",
        None if wizard.is_running(is_test_of(change)) => "testing nginx",
        Some(Outcome::Skipped) | None => "nginx not tested",
    };
    (outcome.unwrap_or(Outcome::Skipped), words.to_owned())
}

/// Whether a check is the private test of this text.
fn is_test_of(change: &FileChange) -> impl Fn(&Check) -> bool {
    |check| matches!(check, Check::Nginx { text, .. } if text == change.after.as_str())
}
