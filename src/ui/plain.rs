//! The wizard for screen readers, serial lines and dumb terminals: one question after the other.
//!
//! It drives the same [`Wizard`] as the full screen and has no rule of its own, so it asks the same
//! questions and takes the same answers. It only ever adds lines: ASCII, 72 columns, no sequences.
//! The end of the input is never consent.

mod asking;
mod choosing;
mod reply;
mod reviewing;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub use terminal::AtTerminal;

use crate::checks::{Check, Finding};
use crate::form::Field;
use crate::settings::Secret;
use crate::system::line_reader::{Echo, Ended};
use crate::wizard::{Effect, Event, Exit, Step, Wizard};
use reply::is_yes;
use std::io;

const GREETING: &str = "Kestra setup, plain mode. Answers: text, or: back, help, list, quit.";

/// The operator and the world.
pub trait Outside {
    /// Says whole lines, each with its end.
    ///
    /// # Errors
    /// If nobody can hear it.
    fn say(&mut self, text: &str) -> io::Result<()>;

    /// The line that the operator answers to a prompt, without its end.
    ///
    /// # Errors
    /// If there will be none.
    fn read(&mut self, prompt: &str, echo: Echo) -> Result<Secret, Ended>;

    /// Does what the wizard asks of the world, and waits for it. A write always comes back.
    fn perform(&mut self, effect: Effect) -> Option<Event>;
}

/// Asks until the operator is done or leaves.
///
/// # Errors
/// Where the input ended or cannot be read, or by a signal; then nothing was agreed to.
pub fn run(
    wizard: &mut Wizard,
    first: Option<Effect>,
    outside: &mut impl Outside,
) -> Result<(), Ended> {
    let mut session = Session { wizard, outside, shown: None };
    session.greet()?;
    session.settle(first)?;
    loop {
        let effect = session.ask()?;
        if let Some(Effect::Exit(_)) = effect {
            return Ok(());
        }
        session.settle(effect)?;
    }
}

/// What was said in full last, so that it is not said again after every line.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Question(&'static Field),
    Review,
    Result,
}

struct Session<'a, O> {
    wizard: &'a mut Wizard,
    outside: &'a mut O,
    shown: Option<Shown>,
}

impl<O: Outside> Session<'_, O> {
    fn greet(&mut self) -> Result<(), Ended> {
        let file = &self.wizard.answers().defaults().config_file;
        let mut lines =
            vec![GREETING.to_owned(), format!("Configuration: {file} ({})", self.wizard.state())];
        if let Step::FormStep(_) = self.wizard.step() {
            let remarks = self.wizard.found().remarks().into_iter();
            lines.extend(remarks.map(|remark| format!("Note: {remark}")));
        }
        self.say(&lines.join("\n"))
    }

    /// One line of the operator, and what is to be done about it.
    fn ask(&mut self) -> Result<Option<Effect>, Ended> {
        if self.wizard.is_quitting() {
            return self.confirm_quitting();
        }
        match self.wizard.step() {
            Step::FormStep(_) => self.question(),
            Step::Review(_) => self.review(),
            Step::Dialog(_) => self.choose(),
            Step::Done(_) => self.result(),
            // Every look and every write comes back; one that does not leaves nothing to ask.
            Step::Looking(_) | Step::Writing(_) => Ok(Some(Effect::Exit(Exit::Done))),
        }
    }

    /// Does what is asked of the world until nothing more is, and says what came of it.
    fn settle(&mut self, mut effect: Option<Effect>) -> Result<(), Ended> {
        while let Some(wanted) = effect.take() {
            if let Some(announcement) = announcement(&wanted) {
                self.say(announcement)?;
            }
            let Some(event) = self.outside.perform(wanted) else { return Ok(()) };
            if let Event::Checked(_, findings) = &event {
                let lines: Vec<_> = findings.iter().map(Finding::in_words).collect();
                self.say(&lines.join("\n"))?;
            }
            effect = self.wizard.update(event);
        }
        Ok(())
    }

    fn confirm_quitting(&mut self) -> Result<Option<Effect>, Ended> {
        let is_sure = self.agrees("Quit and lose the answers? Type yes to quit")?;
        Ok(self.press(if is_sure { 'q' } else { 'n' }))
    }

    /// Whether the operator types `yes`; anything else is no.
    fn agrees(&mut self, question: &str) -> Result<bool, Ended> {
        let line = self.read(&format!("{question} (default: no):"), Echo::Shown)?;
        Ok(is_yes(line.reveal()))
    }

    fn press(&mut self, key: char) -> Option<Effect> {
        self.wizard.update(Event::Key(crate::key::Key::Char(key)))
    }

    fn say(&mut self, text: &str) -> Result<(), Ended> {
        Ok(self.outside.say(&text::fitted(text))?)
    }

    /// Says lines that must stay as they are, such as those of a file.
    fn say_verbatim(&mut self, lines: impl IntoIterator<Item = String>) -> Result<(), Ended> {
        let text: String = lines.into_iter().map(|line| text::verbatim(&line)).collect();
        Ok(self.outside.say(&text)?)
    }

    fn read(&mut self, prompt: &str, echo: Echo) -> Result<Secret, Ended> {
        let prompt = text::fitted(prompt);
        self.outside.read(&format!("{} ", prompt.trim_end()), echo)
    }
}

fn announcement(effect: &Effect) -> Option<&'static str> {
    match effect {
        Effect::Check(Check::Nginx { .. }) => Some("Testing the nginx file..."),
        Effect::Check(Check::Outbound(_)) => Some("Testing the way out (max 10 s)..."),
        Effect::Check(Check::All) => Some("Checking..."),
        Effect::Check(Check::Reload) => Some("Reloading nginx..."),
        effect if effect.writes() => Some("Writing..."),
        _ => None,
    }
}
