//! A question of the form.

use super::reply::{self, Reply};
use super::{PlainMode, Printed, Runtime, text};
use crate::answers::{Answers, Fix, Problem, Source};
use crate::form::{self, Field, FieldKind, SelectOption};
use crate::key::Key;
use crate::lint;
use crate::settings::Secret;
use crate::system::line_reader::{Echo, Ended};
use crate::wizard::{Effect, Event, Step, Wizard};

/// The word for no answer, where one is not required.
const NONE: &str = "none";

impl<R: Runtime> PlainMode<'_, R> {
    /// Asks the question with the focus, unless other answers have settled it.
    pub(super) fn question(&mut self) -> Result<Option<Effect>, Ended> {
        let Step::FormStep(asking) = self.wizard.step() else { return Ok(None) };
        let (field, problem) = (asking.field, asking.problem.clone());
        if problem.is_none() && self.is_settled(field) {
            return Ok(self.wizard.update(Event::Keep));
        }
        if self.printed != Some(Printed::Question(field)) {
            self.present(field)?;
        }
        if let Some(problem) = &problem {
            self.print(&error(problem))?;
        }
        let prompt = prompt(self.wizard, field, problem.as_ref());
        let line =
            self.read(&prompt, if field.is_secret() { Echo::Hidden } else { Echo::Shown })?;
        self.answer(field, problem.map_or(0, |problem| problem.fixes.len()), &line)
    }

    /// Whether there is nothing to ask: a certificate that is not there has no key.
    fn is_settled(&self, field: &'static Field) -> bool {
        let answers = self.wizard.answers();
        let has_no_certificate =
            *field == form::CERTIFICATE_KEY && answers.get(&form::CERTIFICATE).is_empty();
        has_no_certificate || self.settled.contains(&field)
    }

    fn answer(
        &mut self,
        field: &'static Field,
        fixes: usize,
        line: &Secret,
    ) -> Result<Option<Effect>, Ended> {
        let is_word = |word: &str| {
            let is_none = word == NONE && field.optional && field.choices().is_empty();
            let is_fix = word.parse().is_ok_and(|number| (1..=fixes).contains(&number));
            is_none || (fixes > 1 && is_fix)
        };
        match reply::read(line.reveal(), is_word) {
            Reply::Enter => self.take(field, [Event::Keep]),
            Reply::Word(NONE) => self.take(field, [Event::Line(String::new())]),
            Reply::Word(digit) => self.take(field, fixed(digit)),
            Reply::Text(text) => self.take(field, [Event::Line(meant(field, text))]),
            Reply::Back => self.go_back(field),
            Reply::Help => self.explain(field),
            Reply::List => self.list(),
            Reply::Quit => Ok(self.quit()),
        }
    }

    /// Prints the question, with everything that is known about its answer.
    fn present(&mut self, field: &'static Field) -> Result<(), Ended> {
        let answers = self.wizard.answers();
        let open: Vec<_> =
            self.wizard.questions().filter(|other| !self.is_settled(other)).collect();
        let number = open.iter().take_while(|other| **other != field).count() + 1;
        let count = open.len();
        let question = field.question;
        let stop = if question.ends_with('?') { "" } else { "." };
        let mut lines =
            vec![String::new(), format!("Question {number} of {count}. {question}{stop}")];
        if *field == form::REVERSE_PROXY {
            lines.extend(
                lint::nginx_summary(self.wizard.machine())
                    .iter()
                    .map(|line| format!("Found: {line}")),
            );
        }
        lines.extend(Some(field.help.to_owned()).filter(|help| !help.is_empty()));
        lines.extend(choices(answers, field));
        if *field == form::CONFIGURATION {
            let candidates = self.wizard.machine().candidates.iter();
            let numbered = |(number, it)| format!("{number}. {it}");
            lines.extend((1..).zip(candidates).map(numbered));
        }
        lines.extend(about_default(answers, field));
        self.printed = Some(Printed::Question(field));
        self.print(&lines.join("\n"))
    }

    /// Updates the wizard, and prints what it accepted. Only the last event has an effect.
    fn take(
        &mut self,
        field: &'static Field,
        events: impl IntoIterator<Item = Event>,
    ) -> Result<Option<Effect>, Ended> {
        let before = self.wizard.answers().clone();
        let mut effect = None;
        for event in events {
            effect = self.wizard.update(event);
        }
        let is_refused = matches!(self.wizard.step(), Step::FormStep(asking)
            if asking.field == field && asking.problem.is_some());
        let is_loading = matches!(effect, Some(Effect::Load(_)));
        if !is_refused && !is_loading {
            self.acknowledge(field, &before)?;
        }
        Ok(effect)
    }

    /// Prints what was accepted, also for other questions that the same answer settled.
    fn acknowledge(&mut self, field: &'static Field, before: &Answers) -> Result<(), Ended> {
        let answers = self.wizard.answers();
        let word = if answers == before { "Kept" } else { "Saved" };
        let mut lines = vec![format!("{word}: {}", in_words(answers, field))];
        for other in form::fields().filter(|other| *other != field) {
            let is_known = answers.is_set(other) || before.is_set(other);
            if is_known && answers.get(other) != before.get(other) {
                lines.push(format!("Saved: {}: {}", other.label, in_words(answers, other)));
                self.settled.push(other);
            }
        }
        let notes = (field.notes)(&answers.get(field));
        lines.extend(notes.iter().map(|note| format!("Note: {note}")));
        self.print(&lines.join("\n"))
    }

    fn go_back(&mut self, field: &'static Field) -> Result<Option<Effect>, Ended> {
        // Whoever goes back may want to change what a paste has filled.
        self.settled.clear();
        let mut effect = self.wizard.update(Event::PreviousQuestion);
        if self.wizard.focused() == Some(field) {
            self.print("This is the first question.")?;
        }
        if self.wizard.focused().is_some_and(|field| self.is_settled(field)) {
            effect = self.wizard.update(Event::PreviousQuestion);
        }
        self.printed = None;
        Ok(effect)
    }

    fn explain(&mut self, field: &'static Field) -> Result<Option<Effect>, Ended> {
        let mut lines = vec![text::flowing(field.long_help)];
        for (example, outcome) in field.examples {
            lines.push(format!("Example: {} ({outcome})", or_none(example)));
        }
        lines.push(format!("{}.", field.stored_in));
        lines.extend((field.guide)(self.wizard.answers()));
        lines.push(
            "Answers: text, or: back, help, list, quit; \\quit for the text quit.".to_owned(),
        );
        self.print(&lines.join("\n"))?;
        self.printed = None;
        Ok(None)
    }

    /// Every open question with its answer.
    pub(super) fn list(&mut self) -> Result<Option<Effect>, Ended> {
        let answers = self.wizard.answers();
        let lines: Vec<_> = (1..)
            .zip(answers.questions())
            .map(|(n, field)| format!("{n}. {}: {}", field.label, in_words(answers, field)))
            .collect();
        self.print(&lines.join("\n"))?;
        self.printed = None;
        Ok(None)
    }
}

/// The correction with this digit, taken, and on to the next question.
fn fixed(digit: &str) -> Vec<Event> {
    let keys = digit.chars().map(|digit| Event::Key(Key::Char(digit)));
    keys.chain([Event::Keep]).collect()
}

/// The value of the choice that was named; any other text as it is, for the wizard to judge.
fn meant(field: &Field, text: &str) -> String {
    let choice = reply::choice(field.choices(), text);
    choice.map_or(text, |choice| choice.value).to_owned()
}

/// What is wrong, and the corrections where there are several.
fn error(problem: &Problem) -> String {
    let several = if problem.fixes.len() > 1 { &problem.fixes[..] } else { &[] };
    let fixes = (1..).zip(several).map(|(number, Fix { field, value })| {
        format!("\n{number}. {}: {}", field.label, or_none(value))
    });
    format!("Error: {}{}", problem.message, fixes.collect::<String>())
}

/// What to type, the answer that Enter keeps, and the way back.
fn prompt(wizard: &Wizard, field: &'static Field, problem: Option<&Problem>) -> String {
    let answers = wizard.answers();
    let is_first = wizard.questions().next() == Some(field);
    let fixes = problem.map_or(&[][..], |problem| &problem.fixes);
    let value = answers.get(field);
    let (what, default) = match (fixes, field.kind) {
        ([fix], _) if fix.field == field => {
            let value = or_none(&fix.value);
            return format!("Did you mean {value} ? Press Enter for yes, or type it:");
        }
        ([fix], _) => {
            let (label, value) = (fix.field.label, or_none(&fix.value));
            return format!(
                "Change \"{label}\" to {value} ? Press Enter for yes, or type another:"
            );
        }
        ([_, .., _], _) => return format!("Number 1 to {}, or type another:", fixes.len()),
        ([], FieldKind::Select(choices)) => {
            let number = choices.iter().position(|choice| choice.value == value);
            let number = number.map_or(NONE.to_owned(), |number| (number + 1).to_string());
            (format!("Number 1 to {}", choices.len()), number)
        }
        ([], FieldKind::Secret) => {
            (format!("{} (not shown)", field.label), in_words(answers, field))
        }
        ([], FieldKind::Text) => (field.label.to_owned(), in_words(answers, field)),
    };
    let is_required = default == NONE && !field.optional;
    let default = if is_required { String::new() } else { format!(" [{default}]") };
    let back = if is_first { "" } else { " or back" };
    format!("{what}{default}{back}:")
}

/// The choices, numbered, the one that Enter takes named in words.
fn choices(answers: &Answers, field: &Field) -> Vec<String> {
    let value = answers.get(field);
    let numbered = |(number, choice): (usize, &SelectOption)| {
        let mark = match answers.source(field) {
            _ if choice.value != value => String::new(),
            Source::Given | Source::Found => " (current)".to_owned(),
            Source::Environment(variable) => format!(" (default, from {variable})"),
            Source::Default => " (default)".to_owned(),
        };
        let help =
            if choice.help.is_empty() { String::new() } else { format!("\n   {}", choice.help) };
        format!("{number}. {}{mark}{help}", choice.label)
    };
    (1..).zip(field.choices()).map(numbered).collect()
}

/// Where the text in brackets comes from, and how to have none.
fn about_default(answers: &Answers, field: &Field) -> Option<String> {
    let value = answers.get(field);
    if field.choice(&value).is_some() {
        return None;
    }
    if value.is_empty() {
        return (!field.optional).then(|| "An answer is required.".to_owned());
    }
    let origin = match answers.source(field) {
        Source::Environment(variable) => format!(" from {variable}"),
        Source::Given | Source::Found | Source::Default => String::new(),
    };
    let none = if field.optional { " Type none for no value." } else { "" };
    Some(format!("Enter accepts the value in brackets{origin}.{none}"))
}

/// An answer in words, never a secret.
fn in_words(answers: &Answers, field: &Field) -> String {
    let value = answers.get(field);
    if field.is_secret() && answers.keeps_password_elsewhere() {
        return "kept in the environment".to_owned();
    }
    match field.choice(&value) {
        Some(choice) => choice.label.to_owned(),
        None if field.is_secret() && !value.is_empty() => "hidden".to_owned(),
        None => or_none(&answers.shown(field)).to_owned(),
    }
}

/// A value, or the word for none.
fn or_none(value: &str) -> &str {
    if value.is_empty() { NONE } else { value }
}
