//! A question of the form.

use super::reply::{self, Reply};
use super::words::{NONE, choices, current, in_words, or_none, taken};
use super::{Outside, Session, Shown, text};
use crate::answers::{Answers, Fix, Problem};
use crate::form::{self, Field, FieldKind};
use crate::key::Key;
use crate::settings::Secret;
use crate::system::line_reader::{Echo, Ended};
use crate::wizard::{Effect, Event, Step};

impl<O: Outside> Session<'_, O> {
    /// Asks the question with the focus.
    pub(super) fn question(&mut self) -> Result<Option<Effect>, Ended> {
        let Step::FormStep(asking) = self.wizard.step() else { return Ok(None) };
        let (field, problem) = (asking.field(), asking.problem().cloned());
        if self.shown != Some(Shown::Question(field)) {
            self.present(field)?;
        }
        if let Some(problem) = &problem {
            self.say(&error(problem))?;
        }
        let line = self.read(&prompt(field, problem.as_ref()), echo(field))?;
        self.answer(field, problem.map_or(0, |problem| problem.fixes.len()), &line)
    }

    fn answer(
        &mut self,
        field: &'static Field,
        fixes: usize,
        line: &Secret,
    ) -> Result<Option<Effect>, Ended> {
        match reply::read(line.reveal(), |word| means_fix(word, fixes) || means_none(word, field)) {
            Reply::Enter => self.take(field, [Event::Keep]),
            Reply::Word(NONE) => self.take(field, [Event::Line(String::new())]),
            Reply::Word(digit) => self.take(field, fixed(digit)),
            Reply::Text(text) => self.take(field, [Event::Line(meant(field, text))]),
            Reply::Back => self.go_back(field),
            Reply::Help => self.explain(field),
            Reply::List => self.list(),
            Reply::Quit => Ok(self.wizard.update(Event::Key(Key::Ctrl('c')))),
        }
    }

    /// Says the question, with everything that is known about its answer.
    fn present(&mut self, field: &'static Field) -> Result<(), Ended> {
        let answers = self.wizard.answers();
        let number = answers.questions().take_while(|other| *other != field).count() + 1;
        let count = answers.questions().count();
        let question = field.question;
        let stop = if question.ends_with('?') { "" } else { "." };
        let mut lines =
            vec![String::new(), format!("Question {number} of {count}. {question}{stop}")];
        if *field == form::REVERSE_PROXY {
            lines.extend(self.wizard.found().sights.iter().map(|sight| format!("Found: {sight}")));
        }
        lines.extend(Some(field.help.to_owned()).filter(|help| !help.is_empty()));
        lines.extend(choices(answers, field));
        lines.extend(current(answers, field));
        self.shown = Some(Shown::Question(field));
        self.say(&lines.join("\n"))
    }

    /// Tells the wizard, and says what it took. Only the last event asks for something.
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
            if asking.field() == field && asking.problem().is_some());
        if !is_refused {
            self.confirm(field, &before)?;
        }
        Ok(effect)
    }

    /// Says what was taken, also for other questions that the same answer settled.
    fn confirm(&mut self, field: &'static Field, before: &Answers) -> Result<(), Ended> {
        let answers = self.wizard.answers();
        let word = if answers == before { "Kept" } else { "Saved" };
        let mut lines = vec![format!("{word}: {}", taken(answers, field))];
        let is_new = |other: &&'static Field| {
            *other != field
                && (answers.is_set(other) || before.is_set(other))
                && answers.get(other) != before.get(other)
        };
        let others = form::fields().filter(is_new);
        lines.extend(
            others.map(|other| format!("Saved: {}: {}", other.label, in_words(answers, other))),
        );
        let notes = (field.notes)(&answers.get(field));
        lines.extend(notes.iter().map(|note| format!("Note: {note}")));
        self.say(&lines.join("\n"))
    }

    fn go_back(&mut self, field: &'static Field) -> Result<Option<Effect>, Ended> {
        let effect = self.wizard.update(Event::PreviousQuestion);
        let is_first =
            matches!(self.wizard.step(), Step::FormStep(asking) if asking.field() == field);
        if is_first {
            self.say("This is the first question.")?;
        }
        self.shown = None;
        Ok(effect)
    }

    fn explain(&mut self, field: &'static Field) -> Result<Option<Effect>, Ended> {
        let mut lines = vec![text::flowing(field.long_help)];
        for (example, outcome) in field.examples {
            lines.push(format!("Example: {} ({outcome})", or_none(example)));
        }
        lines.push(format!("Ends up in {}.", field.stored_in));
        lines.push(
            "Answers: text, or: back, help, list, quit; \\quit for the text quit.".to_owned(),
        );
        self.say(&lines.join("\n"))?;
        self.shown = None;
        Ok(None)
    }

    /// Every open question with its answer.
    pub(super) fn list(&mut self) -> Result<Option<Effect>, Ended> {
        let answers = self.wizard.answers();
        let lines: Vec<_> = (1..)
            .zip(answers.questions())
            .map(|(n, field)| format!("{n}. {}: {}", field.label, in_words(answers, field)))
            .collect();
        self.say(&lines.join("\n"))?;
        self.shown = None;
        Ok(None)
    }
}

fn means_fix(word: &str, fixes: usize) -> bool {
    fixes > 1 && word.parse().is_ok_and(|number| (1..=fixes).contains(&number))
}

fn means_none(word: &str, field: &Field) -> bool {
    word == NONE && field.optional && field.choices().is_empty()
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

fn echo(field: &Field) -> Echo {
    if field.is_secret() { Echo::Hidden } else { Echo::Shown }
}

/// What is wrong, and the corrections where there are several.
fn error(problem: &Problem) -> String {
    let several = if problem.fixes.len() > 1 { &problem.fixes[..] } else { &[] };
    let fixes = (1..).zip(several).map(|(number, Fix { field, value })| {
        format!("\n{number}. {}: {}", field.label, or_none(value))
    });
    format!("Error: {}{}", problem.message, fixes.collect::<String>())
}

fn prompt(field: &Field, problem: Option<&Problem>) -> String {
    let fixes = problem.map_or(&[][..], |problem| &problem.fixes);
    match (fixes, field.kind) {
        ([fix], _) if fix.field == field => {
            format!("Did you mean {} ? Press Enter for yes, or type it:", or_none(&fix.value))
        }
        ([fix], _) => {
            let (label, value) = (fix.field.label, or_none(&fix.value));
            format!("Change \"{label}\" to {value} ? Press Enter for yes, or type another:")
        }
        ([_, .., _], _) => format!("Number 1 to {}, or type another:", fixes.len()),
        ([], FieldKind::Select(choices)) => format!("Number 1 to {}:", choices.len()),
        ([], FieldKind::Secret) => format!("{} (not shown):", field.label),
        ([], FieldKind::Text) => format!("{}:", field.label),
    }
}
