//! The review: numbered settings above, the files as they will be below.

use super::page::Page;
use super::{Look, syntax};
use crate::checks::{Check, Outcome};
use crate::plan::{FileChange, FileKind, Line as PreviewLine};
use crate::wizard::{Preview, Reviewing, Row, Wizard};
use ratatui::text::{Line, Span};

/// The most lines that notes take away from the preview.
const NOTES: u16 = 4;

pub(super) fn page(look: Look, wizard: &Wizard, reviewing: &Reviewing, rows: u16) -> Page {
    let mut page = Page::default();
    if !reviewing.is_full() {
        for row in reviewing.rows(wizard.answers()) {
            page.line(setting(look, &row));
        }
        if !look.is_small {
            page.blank();
        }
    }
    match reviewing.preview() {
        Preview::Ready(_) => files(look, wizard, reviewing, &mut page, rows),
        Preview::Pending => page.text(" Reading the files..."),
        Preview::Refused(refusal) => {
            let line = refusal.line.map_or(String::new(), |line| format!(" (line {line})"));
            let text =
                format!("Cannot be changed without touching something else: {refusal}{line}.");
            page.paragraph(1, look.width, &text, look.theme.error());
            if !refusal.paste.is_empty() {
                page.text(" Write this into the file by hand; nothing else of it has to change:");
                page.blank();
                refusal.paste.lines().for_each(|line| page.text(format!("   {line}")));
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

fn setting(look: Look, row: &Row) -> Line<'static> {
    let mark = if row.is_changed { '*' } else { ' ' };
    let text = format!("{mark}{} {:<14} {}", row.number, row.label, row.text);
    let width = usize::from(look.width);
    let room = width.saturating_sub(row.remark.len() + 2);
    let text: String = text.chars().take(room).collect();
    let column = 53.min(room.saturating_sub(1));
    let remark = if look.is_small { "" } else { &row.remark };
    let style = if row.is_changed { look.theme.strong() } else { look.theme.plain() };
    Line::from(vec![Span::styled(format!("{text:<column$} "), style), Span::raw(remark.to_owned())])
}

fn files(look: Look, wizard: &Wizard, reviewing: &Reviewing, page: &mut Page, rows: u16) {
    page.line(tabs(look, reviewing));
    let Some(change) = reviewing.shown() else { return };
    let below = below(look, wizard, reviewing, change);
    let room = usize::from(rows).saturating_sub(page.len() + below.len()).max(1);
    let lines = reviewing.lines();
    let is_difference = change.before.is_some() && !change.is_noop();
    let start = reviewing.scroll().min(lines.len().saturating_sub(room));
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

/// Says how much of the file is in view, where not all of it is.
fn position(look: Look, page: &mut Page, lines: &[PreviewLine], start: usize, count: usize) {
    if count < lines.len() {
        let text = format!("{}-{} of {}", start + 1, start + count, lines.len());
        page.append_right(look.width, &text);
    }
}

fn tabs(look: Look, reviewing: &Reviewing) -> Line<'static> {
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
        FileKind::Config | FileKind::Env => change
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
    reviewing: &Reviewing,
    change: &FileChange,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if change.before.is_some() && !change.is_noop() && !look.is_small {
        lines.push(Line::raw(format!(" {}", change.summary())));
    }
    if !look.is_small {
        lines.extend(notes(look, wizard));
    }
    lines.push(checks(look, wizard, reviewing));
    if let Some(note) = reviewing.note() {
        lines.push(Line::styled(format!(" {note}"), look.theme.strong()));
    }
    lines
}

/// What is good to know before writing, as far as there is room for it.
fn notes(look: Look, wizard: &Wizard) -> Vec<Line<'static>> {
    let mut page = Page::default();
    for note in wizard.review_notes() {
        page.paragraph(1, look.width, &format!("Note: {note}"), look.theme.note());
    }
    page.visible(NOTES).0
}

fn checks(look: Look, wizard: &Wizard, reviewing: &Reviewing) -> Line<'static> {
    let mut words = vec!["YAML ok".to_owned(), wizard.changed_in_words()];
    if let Some(nginx) = reviewing.files().iter().find(|change| change.kind == FileKind::Nginx) {
        words.push(nginx_word(wizard, nginx));
    }
    if let Some(verdict) = wizard.way_out().as_ref().and_then(|check| wizard.verdict(check)) {
        words.push(
            if verdict.outcome == Outcome::Ok { "proxy test ok" } else { "proxy test failed" }
                .to_owned(),
        );
    }
    let text: String =
        format!(" Checks  {}", words.join(" | ")).chars().take(look.width.into()).collect();
    Line::raw(text)
}

fn nginx_word(wizard: &Wizard, change: &FileChange) -> String {
    if change.is_noop() {
        return "nginx: nothing to do".to_owned();
    }
    let about =
        |check: &Check| matches!(check, Check::Nginx { text, .. } if text == change.after.as_str());
    match wizard.verdict_about(about) {
        Some(verdict) if verdict.outcome == Outcome::Ok => "nginx -t ok (sandbox)".to_owned(),
        Some(verdict) => verdict.what.clone(),
        None if wizard.running().is_some_and(about) => "nginx -t ...".to_owned(),
        None => "nginx not tested".to_owned(),
    }
}
