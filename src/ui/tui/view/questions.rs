//! A screen of the form: its fields, what is known about the one with the focus, and below them
//! what the answers do to the files.

use super::page::{Page, elided};
use super::{Ui, difference};
use crate::answers::{Fix, Problem, Source};
use crate::checks::{Check, Finding, Outcome, SCOPE, sentence};
use crate::form::{self, Field, FieldKind, ScreenId};
use crate::lint;
use crate::messages;
use crate::plan::{self, FileKind};
use crate::settings::ServerUrl;
use crate::wizard::{FilePreview, FormStep, Wizard};
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
    let mut page = Page::default();
    if !ui.is_small {
        page.blank();
        let heading = format!("  {}", step.screen().heading);
        page.line(Span::styled(heading, ui.theme.strong()));
        page.blank();
    }
    let rows_of_form = wizard.rows(step);
    let form = Form { ui, wizard, step, column: column(ui, &rows_of_form) };
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
    let column = column(ui, &wizard.rows(step));
    Form { ui, wizard, step, column }.about_screen()
}

/// What the answers do to the file of this screen, in so many rows.
pub(super) fn preview(ui: Ui, wizard: &Wizard, step: &FormStep, page: &mut Page, rows: usize) {
    let kind = if step.screen().id == ScreenId::Nginx { FileKind::Nginx } else { FileKind::Config };
    let preview = wizard.live_preview();
    if let Some(FilePreview { change, lines }) = preview.file(kind) {
        let names = [change.kind.label(&change.path)];
        page.line(difference::title(ui, &names, 0, &difference::about(change)));
        difference::lines(ui, change, lines, step.field(), preview.is_stale(), rows - 1)
            .for_each(|line| page.line(line));
    }
}

/// Where the values begin: in the same column on every screen, if there is room for that.
fn column(ui: Ui, rows: &[&Field]) -> usize {
    let longest = rows.iter().map(|field| field.label.len()).max().unwrap_or(0);
    if ui.is_small { longest + 4 } else { LONGEST_LABEL + 5 }
}

struct Form<'a> {
    ui: Ui,
    wizard: &'a Wizard,
    step: &'a FormStep,
    column: usize,
}

impl Form<'_> {
    fn field(&self, page: &mut Page, field: &'static Field) {
        let theme = self.ui.theme;
        let has_focus = *field == *self.step.field();
        let is_bad = self.problem(field).is_some() || self.is_rejected(field);
        let (mark, mark_style) = match (is_bad, has_focus) {
            (true, _) => (theme.glyphs.bad, theme.bad()),
            (false, true) => (theme.glyphs.focus, theme.focus()),
            (false, false) => (" ", theme.plain()),
        };
        let style = if has_focus { theme.strong() } else { theme.plain() };
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
        let finding = self.certificate().filter(|finding| finding.outcome == Outcome::Failed);
        finding.is_some_and(|finding| match finding.code {
            "certificate-key" => *field == form::CERTIFICATE_KEY,
            _ => *field == form::CERTIFICATE,
        })
    }

    fn certificate(&self) -> Option<&Finding> {
        self.wizard.finding(&self.wizard.certificate_check()?)
    }

    /// What blocks at a field: on leaving the one with the focus, at the others always.
    fn problem(&self, field: &Field) -> Option<Problem> {
        if *field == *self.step.field() {
            return self.step.problem().filter(|problem| problem.blocks).cloned();
        }
        self.wizard.problem_left_at(field)
    }

    /// Adds the value of a field. Gives where in it the cursor is.
    fn value(&self, field: &Field, has_focus: bool, spans: &mut Vec<Span<'static>>) -> usize {
        if !field.choices().is_empty() {
            return self.options(field, has_focus, spans);
        }
        let theme = self.ui.theme;
        let style = if has_focus { theme.strong() } else { theme.plain() };
        if *field == form::MORE {
            let room = usize::from(self.ui.width).saturating_sub(self.column + 5);
            let text = elided(&form::folded(self.wizard.answers()), room, theme.glyphs.ellipsis);
            let style = if has_focus { theme.strong() } else { theme.dim() };
            spans.push(Span::styled(text, style));
            spans.push(Span::styled(format!("  {}", theme.glyphs.pointer), theme.accent()));
            return 0;
        }
        let (text, cursor, remark) = match field.kind {
            FieldKind::Secret => self.secret(field, has_focus),
            _ if has_focus && (self.step.is_touched() || !self.is_redacted(field)) => {
                let (text, cursor) = self.line_of_text(self.step.typed());
                (text, cursor, String::new())
            }
            _ => {
                let remark = self.remark(field);
                let room = self.room().saturating_sub(remark.len() + 2);
                let answers = self.wizard.answers_in_preview();
                let value = answers.shown(field);
                (elided(&value, room, theme.glyphs.ellipsis), 0, remark)
            }
        };
        if text.is_empty() && remark.is_empty() && field.kind == FieldKind::Text {
            // Not by colour alone: an example is no value.
            let example = field.examples.first().map_or("", |(example, _)| example);
            let example = elided(&format!("e.g. {example}"), self.room(), theme.glyphs.ellipsis);
            spans.push(Span::styled(example, theme.dim()));
            return cursor;
        }
        let gap = if text.is_empty() || remark.is_empty() { "" } else { "  " };
        spans.push(Span::styled(text, style));
        spans.push(Span::styled(format!("{gap}{remark}"), theme.dim()));
        cursor
    }

    /// Whether a file has a text for this field that may not be shown.
    fn is_redacted(&self, field: &Field) -> bool {
        let answers = self.wizard.answers();
        answers.shown(field) != answers.get(field)
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
        let bullet = self.ui.theme.glyphs.bullet;
        let (text, cursor) = self.step.typed();
        if has_focus && self.step.is_touched() {
            let (text, cursor) = if self.step.is_revealed() {
                self.line_of_text((text, cursor))
            } else {
                self.line_of_text((&bullet.repeat(text.chars().count()), cursor))
            };
            return (text, cursor, String::new());
        }
        let answers = self.wizard.answers();
        let mask = bullet.repeat(9);
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
        let strong = if has_focus { theme.strong() } else { theme.plain() };
        if width > room + 3 {
            let label = field.choice(&value).map_or(&*value, |option| option.label);
            let label = elided(label, room.saturating_sub(4), theme.glyphs.ellipsis);
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
                (theme.glyphs.chosen, theme.accent(), strong)
            } else {
                (theme.glyphs.other, theme.dim(), theme.dim())
            };
            let gap = if at > 0 { "   " } else { "" };
            spans.push(Span::styled(format!("{gap}{mark} "), mark_style));
            spans.push(Span::styled(option.label, style));
            cursor += if is_chosen { gap.len() } else { 0 };
            at += gap.len() + 2 + option.label.len();
        }
        cursor
    }

    /// Hint, finding or error, and what a key does: always in the same place.
    fn about_focus(&self, page: &mut Page) {
        let has_choices =
            *self.step.field() == form::CONFIGURATION && self.wizard.has_several_configurations();
        let (ui, theme, field) = (self.ui, self.ui.theme, self.step.field());
        let value = self.wizard.answers().get(field);
        let hint = field.choice(&value).map(|option| option.help).filter(|help| !help.is_empty());
        let hint = match hint {
            _ if has_choices => "Found here. A digit takes one, or type a path.",
            Some(hint) => hint,
            None => field.help,
        };
        let keys = if field.is_secret() { "  ^r shows it." } else { "" };
        if !ui.is_small || (self.step.problem().is_none() && !self.has_news()) {
            page.paragraph(2, ui.width, &format!("{hint}{keys}"), theme.dim());
        }
        if let Some(problem) = self.step.problem() {
            self.problem_and_fixes(page, problem);
        } else if let Some(note) = self.step.note() {
            let mark = (theme.glyphs.good, theme.good());
            page.marked(mark, ui.width, note, theme.plain());
        } else if let Some(problem) = self.problem_elsewhere() {
            let text = format!("{}: {}", problem.field.label, problem.message);
            page.marked((theme.glyphs.bad, theme.bad()), ui.width, &text, theme.bad());
        }
        if has_choices {
            self.candidates(page);
        }
    }

    /// Whether the outbound connection is or was tested: worth more than a hint.
    fn has_news(&self) -> bool {
        let is_known = |check: &Check| {
            self.wizard.is_running(|it| it == check) || self.wizard.finding(check).is_some()
        };
        self.step.screen().id == ScreenId::Proxy
            && self.wizard.way_out().is_some_and(|check| is_known(&check))
    }

    /// What is wrong with another field of this screen, which was left so.
    fn problem_elsewhere(&self) -> Option<Problem> {
        self.step.screen().fields.iter().find_map(|field| self.problem(field))
    }

    fn problem_and_fixes(&self, page: &mut Page, problem: &Problem) {
        let (ui, theme) = (self.ui, self.ui.theme);
        let (mark, style) = if problem.blocks {
            ((theme.glyphs.bad, theme.bad()), theme.bad())
        } else {
            (("!", theme.warn()), theme.plain())
        };
        page.marked(mark, ui.width, &messages::capital(&sentence(&problem.message)), style);
        let is_only = problem.fixes.len() == 1;
        for (fix, number) in problem.fixes.iter().zip(1..) {
            let key = if is_only { "enter".to_owned() } else { number.to_string() };
            page.line(Line::from(vec![
                Span::styled(format!("    {key}"), theme.accent()),
                Span::raw(format!("  {}", self.fix(fix))),
            ]));
        }
    }

    /// A correction, with the name of its question where that is another one.
    fn fix(&self, fix: &Fix) -> String {
        let value = if fix.value.is_empty() { "empty" } else { &fix.value };
        if *fix.field == *self.step.field() {
            format!("use {value}")
        } else {
            format!("{}: {value}", fix.field.label)
        }
    }

    /// What is known on this screen, whatever field has the focus.
    fn about_screen(&self) -> Page {
        let mut page = Page::default();
        match self.step.screen().id {
            ScreenId::Address => self.about_address(&mut page),
            ScreenId::Proxy => self.about_proxy(&mut page),
            ScreenId::Nginx => self.about_nginx(&mut page),
        }
        page
    }

    /// What is known of the file that holds the configuration.
    fn state_of_configuration(&self) -> &'static str {
        let machine = self.wizard.machine();
        let path = machine.config();
        match machine.text(path) {
            _ if machine.unwritable.iter().any(|file| file == path) => "not writable for you",
            Some(_) => "",
            None => "new file",
        }
    }

    /// The configurations that were found, each with its digit and the evidence for it.
    fn candidates(&self, page: &mut Page) {
        let (theme, machine) = (self.ui.theme, self.wizard.machine());
        let width = usize::from(self.ui.width).saturating_sub(9);
        let longest = machine.candidates.iter().map(|it| it.path.as_os_str().len()).max();
        let column = longest.unwrap_or(0).min(width / 2);
        for (candidate, number) in machine.candidates.iter().zip(1..=9) {
            let is_current = candidate.path == machine.config()
                && candidate.place.as_ref().is_none_or(|place| place == machine.place());
            let (mark, style) = if is_current {
                (theme.glyphs.chosen, theme.accent())
            } else {
                (theme.glyphs.other, theme.dim())
            };
            let path = elided(&candidate.path.to_string_lossy(), column, theme.glyphs.ellipsis);
            let room = width.saturating_sub(column + 2);
            page.line(Line::from(vec![
                Span::styled(format!("  {mark} "), style),
                Span::styled(format!("{number}  "), theme.accent()),
                Span::raw(format!("{path:<column$}")),
                Span::styled(
                    format!("  {}", elided(&candidate.reason, room, theme.glyphs.ellipsis)),
                    theme.dim(),
                ),
            ]));
        }
    }

    fn about_address(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let is_typed = *self.step.field() == form::URL;
        let text = if is_typed { self.step.typed().0.into() } else { answers.get(&form::URL) };
        if let Ok(url) = text.parse::<ServerUrl>() {
            let has_nginx = answers.get(&form::REVERSE_PROXY) == "nginx";
            if url.is_https() && has_nginx && answers.get(&form::CERTIFICATE).is_empty() {
                self.warning(page, HTTPS_WITHOUT_CERTIFICATE);
            }
            url.notes().iter().for_each(|note| self.warning(page, note));
        }
        for remark in plan::config_notes(self.wizard.machine()) {
            self.warning(page, &remark);
        }
    }

    fn about_proxy(&self, page: &mut Page) {
        let check = self.wizard.way_out();
        let finding = check.as_ref().and_then(|check| self.wizard.finding(check));
        if check.as_ref().is_some_and(|check| self.wizard.is_running(|it| it == check)) {
            let mark = (self.ui.theme.glyphs.idle, self.ui.theme.dim());
            let seconds = self.wizard.seconds();
            let step = match self.wizard.test_step() {
                "" => "connecting",
                step => step,
            };
            let text = format!("Testing api.kestra.io: {step}, {seconds} s of 10 s. esc stops it.");
            page.marked(mark, self.ui.width, &text, self.ui.theme.plain());
        } else if let Some(finding) = finding {
            self.finding(page, finding);
        }
    }

    fn finding(&self, page: &mut Page, finding: &Finding) {
        let (ui, theme) = (self.ui, self.ui.theme);
        page.marked(
            ui.outcome(finding.outcome),
            ui.width,
            &messages::capital(&sentence(&finding.summary)),
            theme.plain(),
        );
        let remedy = sentence(&finding.remedy);
        let remedy = match finding.outcome {
            // The network of this machine may differ from the one of Kestra's.
            Outcome::Failed => format!("{remedy} You can continue."),
            _ => remedy,
        };
        if !remedy.is_empty() {
            page.paragraph(4, ui.width, remedy.trim_start(), theme.dim());
        }
        page.paragraph(4, ui.width, SCOPE, theme.dim());
    }

    fn about_nginx(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        if let Some(finding) = self.certificate() {
            let path = answers.get(&form::CERTIFICATE);
            let mut known = answers.defaults().certificates.iter();
            let found = match known.find(|known| known.path == path) {
                _ if answers.source(&form::CERTIFICATE) != Source::Default => "",
                Some(known) if known.is_used => " nginx uses it already.",
                _ => " Found on this machine.",
            };
            let text = format!("{}{found}", messages::capital(&sentence(&finding.summary)));
            page.marked(
                self.ui.outcome(finding.outcome),
                self.ui.width,
                &text,
                self.ui.theme.plain(),
            );
        }
        let is_https = answers.get(&form::URL).starts_with("https:");
        let lacks_certificate = is_https
            && answers.asks(&form::CERTIFICATE)
            && answers.get(&form::CERTIFICATE).is_empty();
        if let Some(path) = &answers.defaults().unreadable_certificates
            && lacks_certificate
        {
            let text = format!("Only root may read {path}: it is not searched for a certificate.");
            let style = self.ui.theme.dim();
            page.marked((self.ui.theme.glyphs.idle, style), self.ui.width, &text, style);
        }
        for note in self.wizard.nginx_notes() {
            self.warning(page, &note);
        }
        for line in lint::nginx_summary(self.wizard.machine()) {
            page.paragraph(2, self.ui.width, &line, self.ui.theme.dim());
        }
        if answers.asks(&form::UPSTREAM) {
            page.blank();
            self.route(page);
        }
    }

    /// How a request travels: from the public URL through nginx to Kestra.
    fn route(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let has_tls =
            answers.asks(&form::CERTIFICATE) && !answers.get(&form::CERTIFICATE).is_empty();
        let nginx = match answers.asks(&form::LISTEN) {
            true if has_tls => "nginx :443".to_owned(),
            true => format!("nginx :{}", answers.shown(&form::LISTEN)),
            false => "your server block".to_owned(),
        };
        let url = answers.shown(&form::URL);
        let base = url.find("://").map_or(0, |at| at + 3);
        let origin = url[base..].find('/').map_or(&*url, |at| &url[..base + at]);
        let path = answers.shown(&form::CONTEXT_PATH);
        let upstream = format!("{}{path}", answers.shown(&form::UPSTREAM));
        let whole = format!("{origin} → {nginx} → {upstream}");
        if whole.chars().count() + 3 > self.ui.width.into() {
            return page.paragraph(2, self.ui.width, &whole, self.ui.theme.plain());
        }
        let arrow =
            || Span::styled(format!(" {} ", self.ui.theme.glyphs.arrow), self.ui.theme.accent());
        page.line(Line::from(vec![
            Span::raw(format!("  {origin}")),
            arrow(),
            Span::raw(nginx),
            arrow(),
            Span::raw(upstream),
        ]));
    }

    fn warning(&self, page: &mut Page, text: &str) {
        let text = messages::capital(&sentence(text));
        page.marked(("!", self.ui.theme.warn()), self.ui.width, &text, self.ui.theme.plain());
    }
}

impl Ui {
    /// The mark of an outcome.
    pub(super) fn outcome(self, outcome: Outcome) -> (&'static str, Style) {
        let theme = self.theme;
        match outcome {
            Outcome::Ok => (theme.glyphs.good, theme.good()),
            Outcome::Failed => (theme.glyphs.bad, theme.bad()),
            Outcome::Warning | Outcome::Note => ("!", theme.warn()),
            Outcome::Skipped => (theme.glyphs.idle, theme.dim()),
        }
    }
}

const HTTPS_WITHOUT_CERTIFICATE: &str =
    "Without a certificate nginx serves plain http. Step 3 asks for one.";
