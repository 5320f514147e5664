//! The wizard for screen readers, serial lines and dumb terminals: one question after the other.
//!
//! It drives the same [`Wizard`] as the full screen and has no rule of its own, so it asks the same
//! questions and takes the same answers. It only ever adds lines: ASCII, 72 columns, no sequences.
//! The end of the input is never consent.

mod pages;
mod question;
mod reply;
#[cfg(test)]
mod tests;
mod text;

use crate::checks::{Check, Finding};
use crate::form::Field;
use crate::key::Key;
use crate::messages;
use crate::plan;
use crate::settings::Secret;
use crate::system::effects::{EffectRunner, Performed};
use crate::system::elevate;
use crate::system::line_reader::{Echo, Ended, LineReader, TypedLine};
use crate::system::signals::Signal;
use crate::wizard::{Effect, Event, Exit, Step, Wizard};
use reply::is_yes;
use std::io;

const GREETING: &str = "Kestra setup, plain mode. Answers: text, or: back, help, list, quit.";

/// What plain mode runs on: an operator, and a machine.
pub trait Runtime {
    /// Prints whole lines, each with its end.
    ///
    /// # Errors
    /// If the terminal is gone.
    fn print(&mut self, text: &str) -> io::Result<()>;

    /// The line that the operator types at a prompt.
    ///
    /// # Errors
    /// If there will be none.
    fn read(&mut self, prompt: &str, echo: Echo) -> Result<TypedLine, Ended>;

    /// Drops what the operator typed before being asked.
    fn drop_typed_ahead(&mut self) {}

    /// Performs an effect of the wizard, and waits for it. A write always comes back.
    fn perform(&mut self, effect: Effect) -> Option<Event>;
}

/// An operator at a terminal, and this machine.
pub(crate) struct TerminalRuntime {
    lines: LineReader,
    effects: EffectRunner,
}

impl TerminalRuntime {
    /// Takes the terminal over until this is dropped.
    ///
    /// # Errors
    /// If standard input is no terminal.
    pub(crate) fn new(effects: EffectRunner) -> io::Result<Self> {
        Ok(Self { lines: LineReader::new()?, effects })
    }
}

impl Runtime for TerminalRuntime {
    fn print(&mut self, text: &str) -> io::Result<()> {
        LineReader::print(text)
    }

    fn read(&mut self, prompt: &str, echo: Echo) -> Result<TypedLine, Ended> {
        self.lines.read(prompt, echo)
    }

    fn drop_typed_ahead(&mut self) {
        LineReader::drop_typed_ahead();
    }

    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            // sudo asks for its password at this terminal.
            Effect::Elevate(plan) => {
                let EffectRunner { config, place, .. } = &self.effects;
                let result = self.lines.lend(|| elevate::run(&plan, config, place));
                Some(messages::elevated(&plan, config, result))
            }
            other => {
                let performed = self.effects.perform(other, self.lines.leaving());
                if let Some(Performed::Loaded(_, Ok(machine))) = &performed {
                    self.effects.follow(machine);
                }
                performed.map(messages::event)
            }
        }
    }
}

/// Asks until the operator is done or leaves; gives what becomes of the answers.
///
/// # Errors
/// Where the input ended or cannot be read, or by a signal but Ctrl-C; then nothing was agreed to.
pub fn run(
    wizard: &mut Wizard,
    first: Option<Effect>,
    runtime: &mut impl Runtime,
) -> Result<Exit, Ended> {
    let mut mode = PlainMode { wizard, runtime, printed: None, settled: Vec::new() };
    mode.greet()?;
    mode.perform(first)?;
    loop {
        let effect = match mode.ask() {
            Err(Ended::Signal(Signal::Interrupt)) => mode.quit(),
            effect => effect?,
        };
        if let Some(Effect::Exit(exit)) = effect {
            return Ok(exit);
        }
        mode.perform(effect)?;
    }
}

/// What was printed in full last, so that it is not printed again after every line.
#[derive(Debug, PartialEq, Eq)]
enum Printed {
    Question(&'static Field),
    Review,
    Result,
}

struct PlainMode<'a, R> {
    wizard: &'a mut Wizard,
    runtime: &'a mut R,
    printed: Option<Printed>,
    /// Questions that were answered with another one, as by a pasted URL of a proxy.
    settled: Vec<&'static Field>,
}

impl<R: Runtime> PlainMode<'_, R> {
    fn greet(&mut self) -> Result<(), Ended> {
        let mut lines = vec![GREETING.to_owned(), self.configuration()];
        if let Step::FormStep(_) = self.wizard.step() {
            let remarks = plan::config_notes(self.wizard.machine()).into_iter();
            lines.extend(remarks.map(|remark| format!("Note: {remark}")));
        }
        self.print(&lines.join("\n"))
    }

    fn configuration(&self) -> String {
        let file = &self.wizard.answers().defaults().config_file;
        format!("Configuration: {file} ({})", self.wizard.state())
    }

    /// Reads one line of the operator and updates the wizard.
    fn ask(&mut self) -> Result<Option<Effect>, Ended> {
        if self.wizard.is_quitting {
            return self.what_becomes_of_the_answers();
        }
        match self.wizard.step() {
            Step::FormStep(_) => self.question(),
            Step::Review(_) => self.review(),
            Step::Dialog(_) => self.dialog(),
            Step::Done(_) => self.result(),
            // A look that the full screen began does not come back here.
            Step::Discovering(_) => Ok(self.wizard.update(Event::Key(Key::Esc))),
            // A write does; one that does not leaves nothing to ask.
            Step::Writing(_) => Ok(Some(Effect::Exit(Exit::Done))),
        }
    }

    /// Ctrl-C, and the word quit: as in full screen, a second one discards the answers.
    fn quit(&mut self) -> Option<Effect> {
        self.printed = None;
        self.wizard.update(Event::Key(Key::Ctrl('c')))
    }

    fn what_becomes_of_the_answers(&mut self) -> Result<Option<Effect>, Ended> {
        self.runtime.drop_typed_ahead();
        let prompt =
            "Quit? Type s to keep a draft, q to discard the answers, or press Enter to stay:";
        let line = self.read(prompt, Echo::Shown)?;
        Ok(match line.reveal().trim() {
            "s" => self.press('s'),
            "q" | "quit" => self.press('q'),
            "" => self.press('n'),
            _ => None,
        })
    }

    /// Performs effects until the wizard wants no more of them, and prints what checks found.
    fn perform(&mut self, mut effect: Option<Effect>) -> Result<(), Ended> {
        while let Some(wanted) = effect.take() {
            if let Some(announcement) = announcement(&wanted) {
                self.print(announcement)?;
            }
            let Some(event) = self.runtime.perform(wanted) else { return Ok(()) };
            if let Event::Checked(_, findings) = &event {
                let lines: Vec<_> = findings.iter().map(Finding::in_words).collect();
                self.print(&lines.join("\n"))?;
            }
            let is_loaded = matches!(event, Event::Loaded(_, Ok(_)));
            effect = self.wizard.update(event);
            if is_loaded {
                self.print(&self.configuration())?;
            }
        }
        Ok(())
    }

    /// Whether the operator types `y` or `yes` after having been asked; anything else is no.
    fn confirms(&mut self, question: &str) -> Result<bool, Ended> {
        self.runtime.drop_typed_ahead();
        let line = self.read(&format!("{question} y or n [n]:"), Echo::Shown)?;
        Ok(is_yes(line.reveal()))
    }

    fn press(&mut self, key: char) -> Option<Effect> {
        self.wizard.update(Event::Key(Key::Char(key)))
    }

    fn print(&mut self, text: &str) -> Result<(), Ended> {
        Ok(self.runtime.print(&text::fitted(text))?)
    }

    /// Prints lines that must stay as they are, such as those of a file.
    fn print_verbatim(&mut self, lines: impl IntoIterator<Item = String>) -> Result<(), Ended> {
        let text: String = lines.into_iter().map(|line| text::verbatim(&line)).collect();
        Ok(self.runtime.print(&text)?)
    }

    /// A whole line. Of a paste the first one, and none that the terminal has cut.
    fn read(&mut self, prompt: &str, echo: Echo) -> Result<Secret, Ended> {
        let prompt = text::fitted(prompt);
        let prompt = format!("{} ", prompt.trim_end());
        loop {
            let line = self.runtime.read(&prompt, echo)?;
            match line.dropped {
                0 => {}
                1 => self.print("Note: pasted lines: only the first is used; 1 was dropped.")?,
                n => self.print(&format!(
                    "Note: pasted lines: only the first is used; {n} were dropped."
                ))?,
            }
            if !line.is_cut {
                return Ok(line.text);
            }
            self.print(
                "Error: the terminal cuts a line after 4095 bytes. For a longer value use an \
                 answers file: kestra-setup apply --answers FILE",
            )?;
        }
    }
}

fn announcement(effect: &Effect) -> Option<&'static str> {
    match effect {
        Effect::Check(Check::Nginx { .. }) => Some("Testing the nginx file..."),
        Effect::Check(Check::Outbound(_)) => Some("Testing the outbound connection (max 10 s)..."),
        Effect::Check(Check::All) => Some("Checking..."),
        Effect::Check(Check::Reload) => Some("Reloading nginx..."),
        effect if effect.writes() => Some("Writing..."),
        _ => None,
    }
}
