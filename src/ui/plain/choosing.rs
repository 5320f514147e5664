//! Something stands in the way, and the result.

use super::reply::{self, Reply};
use super::{Outside, Session, Shown};
use crate::key::Key;
use crate::system::line_reader::{Echo, Ended};
use crate::wizard::{Choice, Effect, Event, Exit, Step, report};

impl<O: Outside> Session<'_, O> {
    /// Asks for the way on.
    pub(super) fn choose(&mut self) -> Result<Option<Effect>, Ended> {
        let Step::Dialog(choosing) = self.wizard.step() else { return Ok(None) };
        let trouble = choosing.trouble().clone();
        let default = choosing.selected();
        self.say("")?;
        self.say_verbatim(trouble.lines)?;
        self.say(&numbered(&trouble.ways))?;
        self.shown = None;
        let prompt = format!("Number 1 to {} (default: {}):", trouble.ways.len(), default + 1);
        let line = self.read(&prompt, Echo::Shown)?;
        match reply::read(line.reveal(), |_| false) {
            Reply::Enter => self.go(default, &trouble.ways),
            Reply::Text(text) if text.trim() == "n" && trouble.ways.contains(&Choice::Fresh) => {
                Ok(self.press('n'))
            }
            Reply::Text(text) => match text.trim().parse::<usize>() {
                Ok(number) if (1..=trouble.ways.len()).contains(&number) => {
                    self.go(number - 1, &trouble.ways)
                }
                _ => self
                    .say(&format!("Type a number from 1 to {}.", trouble.ways.len()))
                    .map(|()| None),
            },
            Reply::Back => Ok(self.wizard.update(Event::Key(Key::Esc))),
            Reply::Quit => Ok(self.press('q')),
            Reply::Help | Reply::List | Reply::Word(_) => Ok(None),
        }
    }

    /// Takes the way with this number, counted from 0; one that writes only after a typed `yes`.
    fn go(&mut self, number: usize, ways: &[Choice]) -> Result<Option<Effect>, Ended> {
        let Some(way) = ways.get(number) else { return Ok(None) };
        if way.writes() && !self.agrees(&format!("{}. Type yes to do so", way.label()))? {
            return Ok(None);
        }
        let key = char::from_digit(u32::try_from(number + 1).unwrap_or(0), 10);
        Ok(key.and_then(|key| self.press(key)))
    }

    /// Says the result, and asks what else there is to do. The input may end here: all is done.
    pub(super) fn result(&mut self) -> Result<Option<Effect>, Ended> {
        let Step::Done(saved) = self.wizard.step() else { return Ok(None) };
        let can_undo = saved.undo.is_some();
        if self.shown != Some(Shown::Result) {
            let lines = report(saved);
            self.say("")?;
            self.say_verbatim(lines)?;
            self.shown = Some(Shown::Result);
        }
        let undo = if can_undo { "u to undo, " } else { "" };
        let prompt = format!("Type r to reload nginx, c to check, {undo}or press Enter to quit:");
        let line = match self.read(&prompt, Echo::Shown) {
            Err(Ended::Input) => return Ok(Some(Effect::Exit(Exit::Done))),
            line => line?,
        };
        match reply::read(line.reveal(), |_| false) {
            Reply::Enter | Reply::Quit => Ok(self.press('q')),
            Reply::Text(text) => self.result_command(text.trim(), can_undo),
            _ => Ok(None),
        }
    }

    fn result_command(&mut self, text: &str, can_undo: bool) -> Result<Option<Effect>, Ended> {
        match text {
            "r" => Ok(self.press('r')),
            "c" => Ok(self.press('c')),
            "q" => Ok(self.press('q')),
            "u" if can_undo && self.agrees("Put the files back? Type yes to do so")? => {
                self.shown = None;
                Ok(self.press('u'))
            }
            _ => Ok(None),
        }
    }
}

fn numbered(ways: &[Choice]) -> String {
    let lines: Vec<_> =
        (1..).zip(ways).map(|(number, way)| format!("{number}. {}", way.label())).collect();
    lines.join("\n")
}
