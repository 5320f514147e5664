//! The real operator and the real world.

use super::Outside;
use crate::messages;
use crate::settings::Secret;
use crate::system::effects::EffectRunner;
use crate::system::elevate;
use crate::system::line_reader::{Echo, Ended, Lines};
use crate::wizard::{Effect, Event};
use std::io;

/// An operator at a terminal, and this machine.
pub struct AtTerminal<'a> {
    lines: Lines,
    runner: &'a EffectRunner,
}

impl<'a> AtTerminal<'a> {
    /// Takes the terminal over until this is dropped.
    ///
    /// # Errors
    /// If standard input is no terminal.
    pub fn new(runner: &'a EffectRunner) -> io::Result<Self> {
        Ok(Self { lines: Lines::take()?, runner })
    }
}

impl Outside for AtTerminal<'_> {
    fn say(&mut self, text: &str) -> io::Result<()> {
        self.lines.say(text)
    }

    fn read(&mut self, prompt: &str, echo: Echo) -> Result<Secret, Ended> {
        self.lines.read(prompt, echo)
    }

    fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            // sudo asks for its password at this terminal.
            Effect::Elevate(plan) => {
                let result = self.lines.lend(|| elevate::run(&plan));
                Some(messages::elevated(&plan, result))
            }
            other => self.runner.perform(other, self.lines.leaving()).map(messages::event),
        }
    }
}
