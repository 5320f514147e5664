//! What follows the questions: the review, the dialogs on the way, and the result.

use super::reply::{self, Reply};
use super::{PlainMode, Printed, Runtime};
use crate::form;
use crate::key::Key;
use crate::messages::printed;
use crate::plan::{FileChange, Plan};
use crate::settings::counted;
use crate::system::line_reader::{Echo, Ended};
use crate::wizard::{
    Action, Choice, Effect, Event, Exit, Preview, Review, ReviewRow, Step, Wizard, report,
};

const HELP: &str = "\
Nothing is written before you type w and then y.
A number opens the setting; after its answer you are here again.
d shows the whole text of a new file, the difference for one that exists (- on disk, + after \
writing): your settings, and of everything else its structure only.
t tests whether api.kestra.io can be reached this way. u undoes the last change. \
back returns to the questions, list shows every answer.";

impl<R: Runtime> PlainMode<'_, R> {
    /// Asks what to do with the plan.
    pub(super) fn review(&mut self) -> Result<Option<Effect>, Ended> {
        if self.printed != Some(Printed::Review) {
            self.print(&page(self.wizard))?;
            self.printed = Some(Printed::Review);
        }
        let prompt = "Type a number to change it, d for the diff, t to test the outbound connection, \
                      w to write, q to quit:";
        let line = self.read(prompt, Echo::Shown)?;
        match reply::read(line.reveal(), |_| false) {
            Reply::Text(text) => self.review_command(text.trim()),
            Reply::Back => Ok(self.wizard.update(Event::PreviousQuestion)),
            Reply::Quit => Ok(self.quit()),
            Reply::List => self.list(),
            Reply::Help => self.print(HELP).map(|()| None),
            // Enter alone agrees to nothing.
            Reply::Enter | Reply::Word(_) => Ok(None),
        }
    }

    fn review_command(&mut self, text: &str) -> Result<Option<Effect>, Ended> {
        let key = text.chars().next().filter(|_| text.len() == 1);
        let is_row = |key: char| {
            Key::Char(key).digit().is_some_and(|digit| digit <= form::review_rows().len())
        };
        match key {
            Some('w') => self.write(),
            Some('d') => self.differences(),
            Some(key) if matches!(key, 't' | 'u' | 'q') || is_row(key) => {
                self.printed = self.printed.take().filter(|_| key == 't');
                Ok(self.press(key))
            }
            _ => self.print("Type help for what can be answered here.").map(|()| None),
        }
    }

    /// Writes what was shown, if the operator confirms it.
    fn write(&mut self) -> Result<Option<Effect>, Ended> {
        let files = plan(self.wizard).map_or(0, |plan| plan.pending().count());
        let question = match files {
            0 => return self.explain_refusal(),
            count => format!("Write {}?", counted(count, "file")),
        };
        if self.confirms(&question)? {
            self.press('w');
            return Ok(self.wizard.update(Event::Key(Key::Enter)));
        }
        self.print("Not written.").map(|()| None)
    }

    /// Lets the wizard show why there is nothing that could be written.
    fn explain_refusal(&mut self) -> Result<Option<Effect>, Ended> {
        let effect = self.press('w');
        if let Step::Review(reviewing) = self.wizard.step() {
            let note = reviewing.note.clone().unwrap_or_default();
            self.print(&note)?;
        }
        Ok(effect)
    }

    fn differences(&mut self) -> Result<Option<Effect>, Ended> {
        let changes: Vec<_> = plan(self.wizard).into_iter().flat_map(Plan::pending).collect();
        let lines: Vec<_> = changes.into_iter().flat_map(difference).collect();
        if lines.is_empty() {
            return self.explain_refusal();
        }
        self.print_verbatim(lines).map(|()| None)
    }

    /// Asks which of the choices of a dialog to take.
    pub(super) fn dialog(&mut self) -> Result<Option<Effect>, Ended> {
        let Step::Dialog(dialog) = self.wizard.step() else { return Ok(None) };
        let failure = dialog.failure.clone();
        let default = dialog.selected;
        self.print("")?;
        self.print_verbatim(failure.lines)?;
        self.print(&numbered(&failure.choices))?;
        self.printed = None;
        let prompt = format!("Number 1 to {} [{}]:", failure.choices.len(), default + 1);
        let line = self.read(&prompt, Echo::Shown)?;
        match reply::read(line.reveal(), |_| false) {
            Reply::Enter => self.go(default, &failure.choices),
            Reply::Text(text) if text.trim() == "n" && failure.choices.contains(&Choice::Fresh) => {
                Ok(self.press('n'))
            }
            Reply::Text(text) => match text.trim().parse::<usize>() {
                Ok(number) if (1..=failure.choices.len()).contains(&number) => {
                    self.go(number - 1, &failure.choices)
                }
                _ => self
                    .print(&format!("Type a number from 1 to {}.", failure.choices.len()))
                    .map(|()| None),
            },
            Reply::Back => Ok(self.wizard.update(Event::Key(Key::Esc))),
            Reply::Quit => Ok(self.quit()),
            Reply::Help | Reply::List | Reply::Word(_) => Ok(None),
        }
    }

    /// Takes the choice with this number, counted from 0; one that writes only after a yes.
    fn go(&mut self, number: usize, choices: &[Choice]) -> Result<Option<Effect>, Ended> {
        let Some(choice) = choices.get(number) else { return Ok(None) };
        if choice.writes() && !self.confirms(&format!("{}?", choice.label()))? {
            return Ok(None);
        }
        let key = char::from_digit(u32::try_from(number + 1).unwrap_or(0), 10);
        Ok(key.and_then(|key| self.press(key)))
    }

    /// Prints the result, and asks what else there is to do. The input may end here: all is done.
    pub(super) fn result(&mut self) -> Result<Option<Effect>, Ended> {
        let Step::Done(saved) = self.wizard.step() else { return Ok(None) };
        let can_undo = saved.undo.is_some();
        if self.printed != Some(Printed::Result) {
            let lines = report(saved);
            self.print("")?;
            self.print_verbatim(lines)?;
            self.printed = Some(Printed::Result);
        }
        let offer = |action, words| if self.wizard.offers(action) { words } else { "" };
        let reload = offer(Action::Reload, "r to reload nginx, ");
        let undo = offer(Action::UndoWrite, "u to undo, ");
        let prompt = format!("Type {reload}c to check, {undo}or press Enter to quit:");
        let line = match self.read(&prompt, Echo::Shown) {
            Err(Ended::Input) => return Ok(Some(Effect::Exit(Exit::Done))),
            line => line?,
        };
        match reply::read(line.reveal(), |_| false) {
            Reply::Enter | Reply::Quit => Ok(self.quit()),
            Reply::Text(text) => self.result_command(text.trim(), can_undo),
            _ => Ok(None),
        }
    }

    fn result_command(&mut self, text: &str, can_undo: bool) -> Result<Option<Effect>, Ended> {
        match text {
            "r" => Ok(self.press('r')),
            "c" => Ok(self.press('c')),
            "q" => Ok(self.press('q')),
            "u" if can_undo && self.confirms("Put the files back?")? => {
                self.printed = None;
                Ok(self.press('u'))
            }
            _ => Ok(None),
        }
    }
}

fn plan(wizard: &Wizard) -> Option<&Plan> {
    let Step::Review(reviewing) = wizard.step() else { return None };
    reviewing.preview().plan()
}

fn difference(change: &FileChange) -> Vec<String> {
    let heading = format!("--- {} ({})", change.destination(), change.summary());
    std::iter::once(heading).chain(printed(change)).collect()
}

fn page(wizard: &Wizard) -> String {
    let Step::Review(reviewing) = wizard.step() else { return String::new() };
    let is_new = !wizard.answers().defaults().is_reconfiguration;
    let state = if is_new { String::new() } else { format!(": {}", wizard.state()) };
    let mut lines = vec![String::new(), format!("Review{state}. Nothing is written yet.")];
    lines.extend(ReviewRow::all(wizard.answers()).iter().map(row));
    lines.extend(preview(reviewing));
    lines.extend(reviewing.notes().iter().map(|note| format!("Note: {note}")));
    lines.join("\n")
}

fn row(row: &ReviewRow) -> String {
    let remark = match (row.remark.as_str(), row.is_changed) {
        ("", true) => " (changed)".to_owned(),
        ("", false) => String::new(),
        (remark, _) if remark.starts_with('(') => format!(" {remark}"),
        (remark, _) => format!(" (changed, {remark})"),
    };
    format!("{}. {}: {}{remark}", row.number, row.label, row.text.replace('→', "->"))
}

fn preview(reviewing: &Review) -> Vec<String> {
    match reviewing.preview() {
        Preview::Ready(plan) => plan.changes.iter().map(about).collect(),
        Preview::Refused(refusal) => {
            let mut lines = vec![format!("Error: {}", refusal.outcome())];
            if !refusal.paste.is_empty() {
                lines.push("Written into it by hand, this has the same effect:".to_owned());
                lines.push(refusal.paste.clone());
            }
            lines
        }
        Preview::Problems(problems) => {
            let blocking = problems.iter().filter(|problem| problem.blocks);
            blocking.map(|one| format!("Error: {}: {}", one.field.label, one.message)).collect()
        }
    }
}

fn about(change: &FileChange) -> String {
    let mode =
        if change.before.is_none() { format!(", mode {:04o}", change.mode) } else { String::new() };
    format!("File {}: {}{mode}", change.destination(), change.summary())
}

fn numbered(choices: &[Choice]) -> String {
    let lines: Vec<_> = (1..)
        .zip(choices)
        .map(|(number, choice)| format!("{number}. {}", choice.label()))
        .collect();
    lines.join("\n")
}
