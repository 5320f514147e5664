//! A screen of the form.

use super::Look;
use super::page::Page;
use crate::answers::{Answers, Problem, Source};
use crate::checks::{Outcome, Verdict};
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
                    Source::Environment(variable) => format!("  (from {variable})"),
                    _ => String::new(),
                };
                (self.blanks(&self.wizard.answers().get(field), &source), 0)
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
        (format!("< {} >", field.choice(&value).map_or(&*value, |choice| choice.label)), 2)
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
        if !help.is_empty() {
            page.paragraph(column, self.look.width, help, theme.plain());
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
        let answers = self.wizard.answers();
        let typed = self.asking.typed().0;
        if let Ok(url) = typed.parse::<ServerUrl>() {
            let path = url.path().to_string();
            let added = if url.to_string() == typed { "" } else { "(corrected)" };
            page.text(" The wizard takes from this address:");
            page.text(format!("   kestra.url     {url}  {added}"));
            let path = if path.is_empty() { "/".to_owned() } else { path };
            page.text(format!("   context path   {path:<33} (change in step 3)"));
            page.text(format!(
                "   server name    {:<33} (change in step 3)",
                url.host().to_string()
            ));
            page.blank();
            let has_nginx = answers.get(&form::REVERSE_PROXY) == "nginx";
            if url.is_https() && has_nginx && answers.get(&form::CERTIFICATE).is_empty() {
                page.text(
                    " Note: the address is https. Without a certificate in step 3 nginx serves",
                );
                page.text("       plain http; the last page shows how to add one.");
                page.blank();
            }
            for note in url.notes() {
                page.paragraph(
                    1,
                    self.look.width,
                    &format!("Note: {note}"),
                    self.look.theme.note(),
                );
            }
        }
        self.will_write(page);
    }

    fn will_write(&self, page: &mut Page) {
        let answers = self.wizard.answers();
        let nginx =
            answers.asks(&form::NGINX_FILE).then(|| answers.get(&form::NGINX_FILE).into_owned());
        let files = [Some(answers.here().config_file.clone()), nginx];
        for (path, label) in files.into_iter().flatten().zip(["Will write", ""]) {
            let exists = self.wizard.found().text(&PathBuf::from(&path)).is_some();
            let state = if exists { "exists" } else { "new file" };
            page.text(format!(" {label:<11}{path}  ({state})"));
        }
        for remark in &self.wizard.found().remarks {
            page.paragraph(1, self.look.width, &format!("Note: {remark}"), self.look.theme.note());
        }
    }

    fn about_proxy(&self, page: &mut Page) {
        if let Some(found) = &self.wizard.answers().here().proxy {
            let kind = found.proxy.kind;
            page.text(format!(
                " From your shell: {}={kind}://{}",
                found.variable, found.proxy.address
            ));
            page.blank();
        }
        let way = self.wizard.way_out();
        let verdict = way.as_ref().and_then(|check| self.wizard.verdict(check));
        page.text(" Test        ^T  reach https://api.kestra.io this way (max 10 s)");
        if way.is_some() && self.wizard.running() == way.as_ref() {
            page.text("             testing...");
        } else if let Some(verdict) = verdict {
            self.verdict(page, verdict);
        }
        page.blank();
        page.text(" Covers the Kestra API only. HTTP tasks and plugins use their own settings or");
        page.text(" JAVA_OPTS -Dhttps.proxyHost; F1 explains.");
    }

    fn verdict(&self, page: &mut Page, verdict: &Verdict) {
        let theme = self.look.theme;
        let (word, style) = match verdict.outcome {
            Outcome::Ok => ("ok: ", theme.good()),
            Outcome::Note | Outcome::Skipped => ("", theme.note()),
            Outcome::Failed => ("Test failed: ", theme.error()),
        };
        page.paragraph(13, self.look.width, &format!("{word}{}", verdict.what), style);
        let remedy = if verdict.outcome == Outcome::Failed && verdict.remedy.is_empty() {
            "You can continue."
        } else {
            &verdict.remedy
        };
        if !remedy.is_empty() {
            page.paragraph(13, self.look.width, remedy, theme.plain());
        }
    }

    fn about_nginx(&self, page: &mut Page) {
        let found = self.wizard.found();
        for (line, label) in
            found.sights.iter().zip(std::iter::once("Found").chain(std::iter::repeat("")))
        {
            page.text(format!(" {label:<7}{line}"));
        }
        let answers = self.wizard.answers();
        if let Some(note) = self.wizard.served_elsewhere() {
            page.paragraph(1, self.look.width, &format!("Note: {note}"), self.look.theme.note());
        }
        if !answers.get(&form::CONTEXT_PATH).is_empty() {
            let note =
                " Note: some releases of Kestra keep the login out of reach below a path; F1.";
            page.line(Span::styled(note, self.look.theme.note()));
        }
        if answers.asks(&form::UPSTREAM) {
            let (url, path) = (answers.get(&form::URL), answers.get(&form::CONTEXT_PATH));
            let listen =
                if answers.asks(&form::LISTEN) { answers.get(&form::LISTEN) } else { "".into() };
            page.text(format!("        {url}  ->  nginx :{listen} {path}"));
            page.text(format!("        ->  http://{}{path}", answers.get(&form::UPSTREAM)));
        }
    }
}

/// What is wrong, what to do, and the keys that do it.
fn error(problem: &Problem) -> String {
    let ways = match problem.fixes.as_slice() {
        [] => String::new(),
        [only] => format!(" Enter = use {}", only.value),
        several => several.iter().zip(1..).fold(String::new(), |ways, (fix, number)| {
            format!("{ways} {number} = {} {}", fix.field.name, fix.value)
        }),
    };
    let word = if problem.blocks { "Error" } else { "Note" };
    format!("{word}: {}{ways}", problem.message)
}
