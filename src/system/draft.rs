//! The answers of an interrupted session, without secrets, for the next start.
use super::fs::backup::History;
use super::fs::directory::Directory;
use crate::answers::Answers;
use crate::form;
use crate::wizard::{Step, Wizard};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const DRAFT: &str = "draft.json";

/// The answers that were given before the session ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Draft {
    config: PathBuf,
    at: Timestamp,
    step: usize,
    answers: BTreeMap<String, String>,
}

impl Draft {
    /// When and where the operator stopped, in the time zone of this machine.
    pub(crate) fn words(&self) -> String {
        let at = self.at.to_zoned_datetime(TimeZone::system());
        format!("You stopped at step {} at {}.", self.step, at.strftime("%H:%M on %Y-%m-%d"))
    }

    /// The step where the operator stopped, counted from 0.
    pub(crate) fn step(&self) -> usize {
        self.step.saturating_sub(1)
    }

    /// Gives the same answers again.
    pub(crate) fn resume(&self, answers: &mut Answers) {
        for (name, text) in &self.answers {
            if let Some(field) = form::field(name).filter(|field| !field.is_secret()) {
                answers.set(field, text);
            }
        }
    }
}

/// Saves the answers, if any were given. Invalid ones are left out: an address with a password in it
/// is invalid. A draft that cannot be saved is lost: the session ends because its terminal is gone,
/// so nobody can be told.
pub(crate) fn save(wizard: &Wizard) {
    let config = wizard.machine().config();
    let given = wizard
        .answers()
        .given()
        .filter(|(field, text)| !field.is_secret() && field.check(text.reveal()).is_ok());
    let answers: BTreeMap<_, _> =
        given.map(|(field, text)| (field.name.to_owned(), text.reveal().to_owned())).collect();
    let is_open = match wizard.step() {
        // What becomes of the draft that there is was being asked.
        Step::Dialog(choosing) => choosing.is_about_a_plan(),
        // All is written; an older draft would be offered once more.
        Step::Done(_) => return forget(config),
        Step::FormStep(_) | Step::Review(_) | Step::Discovering(_) | Step::Writing(_) => {
            !answers.is_empty()
        }
    };
    let (true, Some(state)) = (is_open, state()) else { return };
    let step = wizard.number() + 1;
    let draft = Draft { config: config.to_owned(), at: Timestamp::now(), step, answers };
    let Ok(text) = serde_json::to_string(&draft) else { return };
    let Ok(mut file) = state.open_own(DRAFT) else { return };
    // As above.
    let _ = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
}

/// The draft about this configuration, if there is one.
pub(crate) fn load(config: &Path) -> Option<Draft> {
    read().filter(|draft| draft.config == config && !draft.answers.is_empty())
}

/// The configuration that the operator left half answered.
pub(crate) fn config() -> Option<PathBuf> {
    Some(read()?.config)
}

fn read() -> Option<Draft> {
    let file = state()?.read(DRAFT).ok()??;
    serde_json::from_slice(&file.content).ok()
}

/// Forgets the draft about this configuration.
pub(crate) fn forget(config: &Path) {
    if load(config).is_some() {
        // A draft that stays is offered once more.
        let _ = state().map(|state| state.remove(DRAFT));
    }
}

/// The state folder, if it exists; taking the lock creates it.
fn state() -> Option<Directory> {
    History::here().ok()?.open().ok()?
}
