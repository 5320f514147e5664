//! A screen of the form.

use super::Look;
use super::page::{Page, elided};
use crate::answers::{Answers, Fix, Problem, Source};
use crate::checks::{Outcome, SCOPE, Verdict, sentence};
use crate::form::{self, Field, Kind};
use crate::settings::ServerUrl;
use crate::wizard::{Asking, Wizard};
use ratatui::text::{Line, Span};
use std::path::PathBuf;
use unicode_width::UnicodeWidthStr;

pub(super) fn page(look: Look, wizard: &Wizard, asking: &Asking) -> Page {
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
fn column(look: Look, answers: &Answers, asking: &Asking) -> usize {
    let asked = asking.screen().fields.iter().filter(|field| answers.asks(field));
    let gap = if look.is_small { 2 } else { 3 };
    asked.map(|field| field.label.len()).max().unwrap_or(0) + gap
}

struct Rows<'a> {
    look: Look,
    wizard: &'a Wizard,
    asking: &'a Asking,
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
        }
    }

    /// What stands in the field, and where in it the cursor is.
    fn value(&self, field: &Field, has_focus: bool) -> (String, usize) {
        match field.kind {
            Kind::Choice(_) => self.choices(field),
            Kind::Secret if has_focus => self.secret(field),
            Kind::Text if has_focus => self.line_of_text(self.asking.typed()),
            Kind::Secret => (self.blanks(&self.kept_secret(field), ""), 0),
            Kind::Text => {
                let source = match self.wizard.answers().source(field) {
                    Source::Environment(variable) if !self.look.is_small => {
                        format!("  (from {variable})")
                    }
                    _ => String::new(),
                };
                let room = self.room().saturating_sub(source.len());
                (self.blanks(&elided(&self.wizard.answers().get(field), room), &source), 0)
            }
        }
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
        let mask = crate::plan::MASK;
        match answers.source(field) {
            _ if answers.keeps_password_elsewhere() => "(kept in the environment)".to_owned(),
            _ if answers.get(field).is_empty() => String::new(),
            Source::Found => format!("{mask} (unchanged)"),
            Source::Environment(variable) => format!("{mask} (from {variable})"),
            Source::Said | Source::Default => mask.to_owned(),
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

    /// What is good to know on this screen.
    fn about(&self, page: &mut Page) {
        match self.asking.number() {
            0 => self.about_address(page),
            1 => self.about_proxy(page),
            _ => self.about_nginx(page),
        }
    }

    fn about_address(&self, page: &mut Page) {
        let typed = self.asking.typed().0;
        if let Ok(url) = typed.parse::<ServerUrl>() {
            self.taken_from(page, &url, typed);
            page.blank();
        }
        self.will_write(page);
    }

    fn taken_from(&self, page: &mut Page, url: &ServerUrl, typed: &str) {
        let answers = self.wizard.answers();
        let (address, path, host) =
            (url.to_string(), url.path().to_string(), url.host().to_string());
        let corrected = match address.strip_prefix(typed) {
            Some("") => "",
            Some("/") => "(\"/\" added at the end)",
            _ => "(corrected)",
        };
        let path = if path.is_empty() { "/".to_owned() } else { path };
        self.row(page, " ", "The wizard takes from this address:");
        for (label, value, remark) in [
            ("kestra.url", address, corrected),
            ("context path", path, "(change in step 3)"),
            ("server name", host, "(change in step 3)"),
        ] {
            let text = format!("{value:<33} {remark}");
            let has_room = 18 + text.len() < self.look.width.into();
            let text = if has_room { text } else { value };
            self.row(page, &format!("   {label:<14} "), text.trim_end());
        }
        page.blank();
        let has_nginx = answers.get(&form::REVERSE_PROXY) == "nginx";
        if url.is_https() && has_nginx && answers.get(&form::CERTIFICATE).is_empty() {
            self.note(page, HTTPS_WITHOUT_CERTIFICATE);
        }
        for note in url.notes() {
            self.note(page, &note);
        }
    }

    fn will_write(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let nginx =
            answers.asks(&form::NGINX_FILE).then(|| answers.get(&form::NGINX_FILE).into_owned());
        let files = [Some(answers.here().config_file.clone()), nginx];
        let width = files.iter().flatten().map(String::len).max().unwrap_or(0);
        for (path, label) in files.into_iter().flatten().zip(["Will write", ""]) {
            let exists = self.wizard.found().text(&PathBuf::from(&path)).is_some();
            let state = if exists { "exists" } else { "new file" };
            self.row(page, &format!(" {label:<12}"), &format!("{path:<width$}   {state}"));
        }
        for remark in &self.wizard.found().remarks {
            self.note(page, remark);
        }
    }

    fn about_proxy(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        if let Some(found) = &answers.here().proxy {
            let is_used = matches!(answers.source(&form::PROXY_ADDRESS), Source::Environment(_))
                && answers.asks(&form::PROXY_ADDRESS);
            let used = if is_used { "   (used above)" } else { "" };
            let (variable, proxy) = (&found.variable, &found.proxy);
            let text = format!("{variable}={}://{}{used}", proxy.kind, proxy.address);
            self.row(page, " From your shell: ", &text);
            page.blank();
        }
        let way = self.wizard.way_out();
        let verdict = way.as_ref().and_then(|check| self.wizard.verdict(check));
        self.row(page, " Test        ", "^T  reach https://api.kestra.io this way (max 10 s)");
        if way.is_some() && self.wizard.running() == way.as_ref() {
            self.row(page, TEST, "testing...");
        } else if let Some(verdict) = verdict {
            self.verdict(page, verdict);
        }
        page.blank();
        self.row(page, " ", COVERS);
    }

    fn verdict(&self, page: &mut Page, verdict: &Verdict) {
        let theme = self.look.theme;
        let (word, style) = match verdict.outcome {
            Outcome::Ok => ("ok: ", theme.good()),
            Outcome::Note => ("Note: ", theme.note()),
            Outcome::Skipped => ("not tested: ", theme.plain()),
            Outcome::Failed => ("Test failed: ", theme.error()),
        };
        page.labelled(TEST, self.look.width, &format!("{word}{}", verdict.what), style);
        let remedy = sentence(&verdict.remedy);
        let remedy = match verdict.outcome {
            // A machine that the operator sits at may be closed where Kestra's is not.
            Outcome::Failed => format!("{remedy} You can continue."),
            _ => remedy,
        };
        if !remedy.is_empty() {
            self.row(page, TEST, remedy.trim_start());
        }
        self.row(page, TEST, SCOPE);
    }

    fn about_nginx(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let labels = std::iter::once("Found").chain(std::iter::repeat(""));
        for (line, label) in self.wizard.found().sights.iter().zip(labels) {
            self.row(page, &format!(" {label:<7}"), line);
        }
        if let Some(note) = self.wizard.served_elsewhere() {
            self.note(page, &note);
        }
        if !answers.get(&form::CONTEXT_PATH).is_empty() {
            self.note(
                page,
                "some releases of Kestra keep the login out of reach below a path; F1.",
            );
        }
        if answers.asks(&form::UPSTREAM) {
            page.blank();
            self.flow(page);
        }
    }

    /// The way of a request: the address, nginx, Kestra.
    fn flow(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let [url, path] = [&form::URL, &form::CONTEXT_PATH].map(|field| answers.get(field));
        let has_tls =
            answers.asks(&form::CERTIFICATE) && !answers.get(&form::CERTIFICATE).is_empty();
        let nginx = match answers.asks(&form::LISTEN) {
            true if has_tls => "nginx :443".to_owned(),
            true => format!("nginx :{}", answers.get(&form::LISTEN)),
            false => "your server block,".to_owned(),
        };
        let path = if path.is_empty() { "/".into() } else { path };
        let steps = [
            format!("->  {nginx} {path}"),
            format!("->  http://{}{path}", answers.get(&form::UPSTREAM)),
        ];
        let widest = steps.iter().map(String::len).max().unwrap_or(0);
        let has_room = 8 + url.len() + 2 + widest < self.look.width.into();
        let [first, second] = steps;
        if has_room {
            self.row(page, "        ", &format!("{url}  {first}"));
            self.row(page, &" ".repeat(8 + url.len() + 2), &second);
        } else {
            self.row(page, "        ", &url);
            self.row(page, "          ", &first);
            self.row(page, "          ", &second);
        }
    }

    fn row(&self, page: &mut Page, label: &str, text: &str) {
        page.labelled(label, self.look.width, text, self.look.theme.plain());
    }

    fn note(&self, page: &mut Page, note: &str) {
        page.labelled(" Note: ", self.look.width, note, self.look.theme.note());
    }
}

/// Where the outcome of the test stands.
const TEST: &str = "             ";

const COVERS: &str = "Covers the Kestra API only. HTTP tasks and plugins use their own settings or \
                      JAVA_OPTS -Dhttps.proxyHost; F1 explains.";

const HTTPS_WITHOUT_CERTIFICATE: &str = "the address is https. Without a certificate in step 3 \
                                         nginx serves plain http; the last page shows how to add one.";

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
