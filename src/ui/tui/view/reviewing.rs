//! The review: numbered settings above, the files as they will be below.

use super::page::{Page, elided};
use super::{Look, syntax};
use crate::checks::{Check, Finding, Outcome};
use crate::plan::{DiffLine, DiffTag, FileChange, FileKind};
use crate::settings::{Connection, ascii};
use crate::wizard::{Preview, Review, ReviewRow, Wizard};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// The most lines that notes take away from the preview.
const NOTES: u16 = 4;

/// A preview of fewer lines says nothing.
const LEAST_PREVIEW: usize = 2;

/// Where the remarks on settings begin, if the settings are shorter than that.
const REMARKS: usize = 53;

/// A remark of fewer columns says nothing.
const LEAST_REMARK: usize = 12;

pub(super) fn page(look: Look, wizard: &Wizard, reviewing: &Review, rows: u16) -> Page {
    let mut page = Page::default();
    if !reviewing.is_full() {
        for row in ReviewRow::all(wizard.answers()) {
            page.line(setting(look, &row));
        }
        if !look.is_small {
            page.blank();
        }
    }
    let is_ready = matches!(reviewing.preview(), Preview::Ready(_));
    if let Some(note) = reviewing.note().filter(|_| !is_ready) {
        page.paragraph(1, look.width, note, look.theme.strong());
    }
    match reviewing.preview() {
        Preview::Ready(_) => files(look, wizard, reviewing, &mut page, rows),
        Preview::Refused(refusal) => {
            let line = refusal.line.map_or(String::new(), |line| format!(" (line {line})"));
            let text =
                format!("Cannot be changed without touching something else: {refusal}{line}.");
            page.paragraph(1, look.width, &text, look.theme.error());
            if !refusal.paste.is_empty() {
                paste(look, &mut page, &refusal.paste);
            }
        }
        Preview::Problems(problems) => {
            for problem in problems.iter().filter(|problem| problem.blocks) {
                let text = format!("{}: {}", problem.field.label, problem.message);
                page.paragraph(1, look.width, &text, look.theme.error());
            }
        }
    }
    page
}

/// What the operator can write by hand.
fn paste(look: Look, page: &mut Page, text: &str) {
    let what = "Write this into the file by hand; nothing else of it has to change:";
    page.paragraph(1, look.width, what, look.theme.plain());
    page.blank();
    text.lines().for_each(|line| page.text(format!("   {line}")));
}

/// What a setting says, and what it said before if there is room for that.
fn setting(look: Look, row: &ReviewRow) -> Line<'static> {
    let width = usize::from(look.width);
    let (mark, style) =
        if row.is_changed { ('*', look.theme.strong()) } else { (' ', look.theme.plain()) };
    let label_width = if look.is_small { 13 } else { 14 };
    let label = format!("{mark}{} {:<label_width$} ", row.number, row.label);
    let text = label.clone() + &elided(&ascii(&row.text), width.saturating_sub(label.len() + 1));
    let left = width.saturating_sub(text.width() + 2);
    let remark =
        if left < LEAST_REMARK { String::new() } else { elided(&ascii(&row.remark), left) };
    let column = REMARKS.min(width.saturating_sub(remark.len() + 2));
    Line::from(vec![Span::styled(format!("{text:<column$} "), style), Span::raw(remark)])
}

fn files(look: Look, wizard: &Wizard, reviewing: &Review, page: &mut Page, rows: u16) {
    let Some(change) = reviewing.shown() else { return };
    let below = below(look, wizard, reviewing, change);
    let taken = page.len() + 1 + below.len();
    if taken + LEAST_PREVIEW > rows.into() && !reviewing.is_full() {
        // `f` shows the file; what the last key came to is worth more than a line of it.
        let room = usize::from(rows).saturating_sub(page.len());
        let gone = below.len().saturating_sub(room);
        return below.into_iter().skip(gone).for_each(|line| page.line(line));
    }
    page.line(tabs(look, reviewing));
    let room = usize::from(rows).saturating_sub(taken).max(1);
    let lines = reviewing.lines();
    let is_difference = change.before.is_some() && !change.is_noop();
    let lead = lead(lines, room);
    let furthest = lines.len().saturating_sub(lead + room);
    page.scrolls(furthest);
    let start = lead + reviewing.scroll().min(furthest);
    let visible: Vec<_> = lines.iter().skip(start).take(room).collect();
    for line in &visible {
        page.line(syntax::line(look, change.kind, line, is_difference));
    }
    for _ in visible.len()..room {
        page.blank();
    }
    position(look, page, lines, start, visible.len());
    for line in below {
        page.line(line);
    }
}

/// The lines above those in view. Where little fits, what stands before the first change goes.
fn lead(lines: &[DiffLine], room: usize) -> usize {
    let is_change = |line: &DiffLine| matches!(line.tag, DiffTag::Added | DiffTag::Removed);
    let first = lines.iter().position(is_change).unwrap_or(0);
    (first + 2).saturating_sub(room).min(first).min(lines.len().saturating_sub(room))
}

/// Says how much of the file is in view, where not all of it is.
fn position(look: Look, page: &mut Page, lines: &[DiffLine], start: usize, count: usize) {
    if count < lines.len() {
        let text = format!("{}-{} of {}", start + 1, start + count, lines.len());
        page.append_right(look.width, &text);
    }
}

fn tabs(look: Look, reviewing: &Review) -> Line<'static> {
    let names: Vec<_> = reviewing
        .files()
        .iter()
        .enumerate()
        .map(|(tab, change)| (tab == reviewing.tab(), name(change)))
        .map(|(is_shown, name)| if is_shown { format!("[{name}]") } else { format!(" {name} ") })
        .collect();
    let about = reviewing.shown().map_or(String::new(), about);
    let text = format!("-- {} ", names.join(" "));
    let width = usize::from(look.width);
    let rule = "-".repeat(width.saturating_sub(text.len() + about.len() + 10));
    let about = if look.is_small { String::new() } else { format!("{rule} {about} ") };
    let line = format!("{text}{about}");
    let rest = "-".repeat(width.saturating_sub(line.len()));
    Line::from(line + &rest)
}

fn name(change: &FileChange) -> String {
    match change.kind {
        FileKind::Nginx => "nginx".to_owned(),
        FileKind::Config | FileKind::Env | FileKind::Unknown => change
            .path
            .file_name()
            .map_or("file".to_owned(), |name| name.to_string_lossy().into_owned()),
    }
}

fn about(change: &FileChange) -> String {
    match &change.before {
        None => format!("{}, mode {:04o}", change.summary(), change.mode),
        Some(_) if change.is_noop() => "no changes".to_owned(),
        Some(_) => "- on disk, + after writing".to_owned(),
    }
}

/// Summary, checks and what the last key came to.
fn below(
    look: Look,
    wizard: &Wizard,
    reviewing: &Review,
    change: &FileChange,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if change.before.is_some() && !change.is_noop() && !look.is_small {
        lines.push(Line::raw(format!(" {}", change.summary())));
    }
    if !look.is_small {
        lines.extend(notes(look, wizard, reviewing));
    }
    lines.push(checks(look, wizard, reviewing));
    if let Some(note) = reviewing.note() {
        lines.push(Line::styled(format!(" {note}"), look.theme.strong()));
    }
    lines
}

/// What is good to know before writing, as far as there is room for it.
fn notes(look: Look, wizard: &Wizard, reviewing: &Review) -> Vec<Line<'static>> {
    let mut page = Page::default();
    let nginx = reviewing.files().iter().find(|change| change.kind == FileKind::Nginx);
    let finding = nginx.and_then(|change| wizard.finding_about(is_test_of(change)));
    if let Some(finding) = finding.filter(|finding| finding.outcome != Outcome::Ok) {
        let style = match finding.outcome {
            Outcome::Failed => look.theme.error(),
            _ => look.theme.note(),
        };
        page.paragraph(1, look.width, &finding.in_words(), style);
    }
    for note in reviewing.notes() {
        page.labelled(" Note: ", look.width, note, look.theme.note());
    }
    page.visible(NOTES).lines
}

/// What was looked at. What came of it comes first where not all of it has room.
fn checks(look: Look, wizard: &Wizard, reviewing: &Review) -> Line<'static> {
    let nginx = reviewing.files().iter().find(|change| change.kind == FileKind::Nginx);
    let way_out = wizard.way_out();
    let finding = way_out.as_ref().and_then(|check| wizard.finding(check));
    let results = nginx.map(|change| nginx_word(wizard, change)).into_iter();
    let results: Vec<_> = results
        .chain(finding.zip(way_out.as_ref()).map(|(it, way)| way_out_word(way, it)))
        .collect();
    let line = |changed: String| {
        let words = ["YAML ok", &changed].into_iter().chain(results.iter().copied());
        format!(" Checks  {}", words.collect::<Vec<_>>().join(" | "))
    };
    let text = line(wizard.changed_in_words());
    let has_room = text.len() < look.width.into();
    Line::raw(if has_room { text } else { line(wizard.change_count_in_words()) })
}

fn way_out_word(way: &Check, finding: &Finding) -> &'static str {
    let is_direct = *way == Check::Outbound(Connection::Direct);
    match (finding.outcome, is_direct) {
        (Outcome::Ok | Outcome::Note | Outcome::Warning, false) => "proxy test ok",
        (Outcome::Ok | Outcome::Note | Outcome::Warning, true) => "way out ok",
        (Outcome::Failed, false) => "proxy test failed",
        (Outcome::Failed, true) => "way out failed",
        (Outcome::Skipped, _) => "way out not tested",
    }
}

fn nginx_word(wizard: &Wizard, change: &FileChange) -> &'static str {
    if change.is_noop() {
        return "nginx: nothing to do";
    }
    match wizard.finding_about(is_test_of(change)).map(|finding| finding.outcome) {
        Some(Outcome::Ok) => "nginx -t ok (sandbox)",
        Some(Outcome::Note | Outcome::Warning) => "nginx -t: see the note",
        Some(Outcome::Failed) => "nginx -t failed",
        None if wizard.is_running(is_test_of(change)) => "nginx -t ...",
        Some(Outcome::Skipped) | None => "nginx not tested",
    }
}

/// Whether a check is the private test of this text.
fn is_test_of(change: &FileChange) -> impl Fn(&Check) -> bool {
    |check| matches!(check, Check::Nginx { text, .. } if text == change.after.as_str())
}
