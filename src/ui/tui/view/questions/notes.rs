//! What is known beside the fields: about the one with the focus, and about the whole screen.

use super::super::page::{Page, elided};
use super::Form;
use crate::answers::{Answers, Fix, Problem, Source};
use crate::checks::{Check, Finding, Outcome, SCOPE, sentence};
use crate::form::{self, ScreenId};
use crate::lint;
use crate::messages;
use crate::plan;
use crate::settings::ServerUrl;
use crate::ui::tui::theme::glyph;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

const HTTPS_WITHOUT_CERTIFICATE: &str =
    "Without a certificate nginx serves plain http. Step 3 asks for one.";

impl Form<'_> {
    /// Hint, finding or error, and what a key does: always in the same place.
    pub(super) fn about_focus(&self, page: &mut Page) {
        let has_choices =
            *self.step.field == form::CONFIGURATION && self.wizard.has_several_configurations();
        let (ui, theme, field) = (self.ui, self.ui.theme, self.step.field);
        let value = self.wizard.answers().get(field);
        let hint = field.choice(&value).map(|option| option.help).filter(|help| !help.is_empty());
        let hint = match hint {
            _ if has_choices => "Found here. A digit takes one, or type a path.",
            Some(hint) => hint,
            None => field.help,
        };
        let keys = if field.is_secret() { "  ^r shows it." } else { "" };
        // Another field of this screen may have been left with one.
        let left = self.step.screen().fields.iter().find_map(|it| self.problem(it));
        let has_problem = self.step.problem.is_some() || left.is_some();
        if !ui.is_small || !(has_problem || self.has_news()) {
            page.paragraph(2, &format!("{hint}{keys}"), theme.dim());
        }
        if let Some(problem) = &self.step.problem {
            self.problem_and_fixes(page, problem);
        } else if let Some(note) = &self.step.note {
            let mark = (glyph::GOOD, theme.good());
            page.marked(mark, note, Style::new());
        } else if let Some(problem) = left {
            let text = format!("{}: {}", problem.field.label, problem.message);
            page.marked((glyph::BAD, theme.bad()), &text, theme.bad());
        }
        if has_choices {
            self.candidates(page);
        }
    }

    /// Whether the outbound connection is or was tested: worth more than a hint.
    pub(super) fn has_news(&self) -> bool {
        let is_known = |check: &Check| {
            self.wizard.is_running(|it| it == check) || self.wizard.finding(check).is_some()
        };
        self.step.screen().id == ScreenId::Proxy
            && self.wizard.way_out().is_some_and(|check| is_known(&check))
    }

    fn problem_and_fixes(&self, page: &mut Page, problem: &Problem) {
        let theme = self.ui.theme;
        let message = messages::capital(&sentence(&problem.message));
        page.marked((glyph::BAD, theme.bad()), &message, theme.bad());
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
        if *fix.field == *self.step.field {
            format!("use {value}")
        } else {
            format!("{}: {value}", fix.field.label)
        }
    }

    /// What is known on this screen, whatever field has the focus.
    pub(super) fn about_screen(&self) -> Page {
        let mut page = Page::new(self.ui.width);
        match self.step.screen().id {
            ScreenId::Address => self.about_address(&mut page),
            ScreenId::Proxy => self.about_proxy(&mut page),
            ScreenId::Nginx => self.about_nginx(&mut page),
        }
        page
    }

    /// What is known of the file that holds the configuration.
    pub(super) fn state_of_configuration(&self) -> &'static str {
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
                (glyph::CHOSEN, theme.accent())
            } else {
                (glyph::OTHER, theme.dim())
            };
            let path = elided(&candidate.path.to_string_lossy(), column);
            let room = width.saturating_sub(column + 2);
            page.line(Line::from(vec![
                Span::styled(format!("  {mark} "), style),
                Span::styled(format!("{number}  "), theme.accent()),
                Span::raw(format!("{path:<column$}")),
                Span::styled(format!("  {}", elided(&candidate.reason, room)), theme.dim()),
            ]));
        }
    }

    fn about_address(&self, page: &mut Page) {
        let answers = self.wizard.answers_in_preview();
        let is_typed = *self.step.field == form::URL;
        let text = if is_typed { self.step.typed().0.into() } else { answers.get(&form::URL) };
        if let Ok(url) = text.parse::<ServerUrl>() {
            if url.is_https() && lacks_certificate(answers) {
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
            let mark = (glyph::IDLE, self.ui.theme.dim());
            let seconds = self.wizard.seconds;
            let step = match self.wizard.test_step {
                "" => "connecting",
                step => step,
            };
            let text = format!("Testing api.kestra.io: {step}, {seconds} s of 10 s. esc stops it.");
            page.marked(mark, &text, Style::new());
        } else if let Some(finding) = finding {
            self.finding(page, finding);
        }
    }

    fn finding(&self, page: &mut Page, finding: &Finding) {
        let (ui, theme) = (self.ui, self.ui.theme);
        page.marked(
            ui.outcome(finding.outcome),
            &messages::capital(&sentence(&finding.summary)),
            Style::new(),
        );
        let remedy = sentence(&finding.remedy);
        let remedy = match finding.outcome {
            // The network of this machine may differ from the one of Kestra's.
            Outcome::Failed => format!("{remedy} You can continue."),
            _ => remedy,
        };
        if !remedy.is_empty() {
            page.paragraph(4, remedy.trim_start(), theme.dim());
        }
        page.paragraph(4, SCOPE, theme.dim());
    }

    fn about_nginx(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        if let Some(finding) = self.certificate {
            let path = answers.get(&form::CERTIFICATE);
            let mut known = answers.defaults().certificates.iter();
            let found = match known.find(|known| known.path == path) {
                _ if answers.source(&form::CERTIFICATE) != Source::Default => "",
                Some(known) if known.is_used => " nginx uses it already.",
                _ => " Found on this machine.",
            };
            let text = format!("{}{found}", messages::capital(&sentence(&finding.summary)));
            page.marked(self.ui.outcome(finding.outcome), &text, Style::new());
        }
        if let Some(path) = &answers.defaults().unreadable_certificates
            && answers.get(&form::URL).starts_with("https:")
            && lacks_certificate(answers)
        {
            let text = format!("Only root may read {path}: it is not searched for a certificate.");
            let style = self.ui.theme.dim();
            page.marked((glyph::IDLE, style), &text, style);
        }
        for note in plan::nginx_notes(answers, self.wizard.machine()) {
            self.warning(page, &note);
        }
        for line in lint::nginx_summary(self.wizard.machine()) {
            page.paragraph(2, &line, self.ui.theme.dim());
        }
        if answers.asks(&form::UPSTREAM) {
            page.blank();
            self.route(page);
        }
    }

    /// How a request travels: from the public URL through nginx to Kestra.
    fn route(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let nginx = if answers.asks(&form::LISTEN) {
            format!("nginx :{}", form::served_port(answers))
        } else {
            "your server block".to_owned()
        };
        let url = answers.shown(&form::URL);
        let base = url.find("://").map_or(0, |at| at + 3);
        let origin = url[base..].find('/').map_or(&*url, |at| &url[..base + at]);
        let path = answers.shown(&form::CONTEXT_PATH);
        let upstream = format!("{}{path}", answers.shown(&form::UPSTREAM));
        let whole = format!("{origin} → {nginx} → {upstream}");
        if whole.chars().count() + 3 > self.ui.width.into() {
            return page.paragraph(2, &whole, Style::new());
        }
        let arrow = || Span::styled(format!(" {} ", glyph::ARROW), self.ui.theme.accent());
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
        page.marked(("!", self.ui.theme.warn()), &text, Style::new());
    }
}

/// Whether nginx gets a server block of ours that serves no https.
fn lacks_certificate(answers: &Answers) -> bool {
    answers.asks(&form::CERTIFICATE) && answers.get(&form::CERTIFICATE).is_empty()
}
