//! `apply`: writes without asking, or says what it would write.

use super::sources::{Sources, foreign};
use super::{CommandError, difference, report};
use crate::cli::{Invocation, Said, Task};
use crate::kestra_config;
use crate::machine::Machine;
use crate::messages;
use crate::plan::{FileChange, FileKind, Plan};
use crate::system::console::{Console, input};
use crate::system::effects::{API_URL, EffectRunner};
use crate::system::export::piped;
use crate::system::nginx::{self, Deadline};
use crate::wizard;
use serde::Serialize;
use std::path::Path;

/// `apply --json`; the shape is documented in the manual page.
#[derive(Serialize)]
struct Report<'a> {
    pending: bool,
    files: Vec<Entry<'a>>,
    written: Option<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    kind: FileKind,
    path: &'a Path,
    new: bool,
    changed: usize,
    added: usize,
    removed: usize,
}

impl<'a> From<&'a FileChange> for Entry<'a> {
    fn from(change: &'a FileChange) -> Self {
        let count = change.count();
        Self {
            kind: change.kind,
            path: &change.path,
            new: change.before.is_none(),
            changed: count.changed,
            added: count.added,
            removed: count.removed,
        }
    }
}

pub(super) fn run(invocation: &Invocation, console: &mut Console) -> Result<u8, CommandError> {
    match &invocation.task {
        Task::Apply { said, dry_run, json } => answers(invocation, said, *dry_run, *json, console),
        _ => plan(console),
    }
}

fn answers(
    invocation: &Invocation,
    said: &Said,
    dry_run: bool,
    json: bool,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let mut sources = Sources::new(invocation.config.as_deref(), said)?;
    let plan = sources.plan()?;
    if let Some(refused) = foreign(&plan) {
        return Err(refused);
    }
    if !json {
        for change in plan.pending() {
            console.print(&difference(change))?;
        }
    }
    let mut id = None;
    if plan.is_noop() {
        console.say("Nothing to do.");
    } else {
        sources.notes(&plan).iter().for_each(|note| console.say(&format!("Note: {note}")));
    }
    if !plan.is_noop() && !dry_run {
        let Sources { answers, machine, .. } = &sources;
        let receipt = runner(machine)?.write(&plan)?;
        id.clone_from(&receipt.id);
        let written = messages::written(receipt);
        report(&wizard::with_next_steps(written, answers, &plan), console);
    }
    if json {
        let files = plan.pending().map(Entry::from).collect();
        console.json(&Report { pending: !plan.is_noop(), files, written: id })?;
    }
    Ok(if dry_run && !plan.is_noop() { 3 } else { 0 })
}

/// The other end of the pipe to sudo: writes only what was reviewed, if every file still is what
/// was shown. No other file counts, such as a configuration of root's own.
fn plan(console: &mut Console) -> Result<u8, CommandError> {
    let plan: Plan = piped::from_json(input())?;
    let config = plan.changes.iter().find(|change| change.kind == FileKind::Config);
    let place = |change: &FileChange| kestra_config::only_place(change.after.as_str());
    let (path, place) = config.map(|it| (it.path.clone(), place(it))).unwrap_or_default();
    let mut machine = Machine::new(path, place);
    machine.nginx = nginx::find(Deadline::usual());
    report(&messages::written(runner(&machine)?.write(&plan)?), console);
    Ok(0)
}

/// What carries out effects on this machine.
pub(super) fn runner(machine: &Machine) -> Result<EffectRunner, CommandError> {
    let api_url =
        API_URL.parse().map_err(|_| CommandError::Answers(vec!["api-url: no URL".to_owned()]))?;
    let (config, place) = (machine.config().to_owned(), machine.place().clone());
    Ok(EffectRunner { config, place, nginx: machine.nginx.clone(), api_url, lock: None })
}
