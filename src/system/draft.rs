//! The answers of an interrupted session, without secrets, for the next start.
#![expect(clippy::disallowed_methods, reason = "this is where the draft is written and read")]

use super::fs::backup::History;
use crate::answers::Answers;
use crate::form;
use crate::wizard::{Step, Wizard};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What was said before the session ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct Draft {
    config: PathBuf,
    at: Timestamp,
    step: usize,
    answers: BTreeMap<String, String>,
}

impl Draft {
    /// When and where the operator stopped, in the time zone of this machine.
    #[must_use]
    pub fn words(&self) -> String {
        let at = self.at.to_zoned_datetime(TimeZone::system());
        format!("You stopped at step {} at {}.", self.step, at.strftime("%H:%M on %Y-%m-%d"))
    }

    /// The step where the operator stopped, counted from 0.
    #[must_use]
    pub fn step(&self) -> usize {
        self.step.saturating_sub(1)
    }

    /// Says what was said then.
    pub fn resume(&self, answers: &mut Answers) {
        for (name, text) in &self.answers {
            if let Some(field) = form::field(name).filter(|field| !field.is_secret()) {
                answers.set(field, text);
            }
        }
    }
}

/// Saves what was said, if anything was. What will not do is left out: an address with a password
/// in it would be such a text. A draft that cannot be saved is lost: the session ends
/// because its line is gone, and nobody is there to be told.
pub fn save(wizard: &Wizard, config: &Path) {
    let said = wizard
        .answers()
        .given()
        .filter(|(field, text)| !field.is_secret() && field.check(text.reveal()).is_ok());
    let answers: BTreeMap<_, _> =
        said.map(|(field, text)| (field.name.to_owned(), text.reveal().to_owned())).collect();
    let is_open = match wizard.step() {
        // What becomes of the draft that there is was being asked.
        Step::Dialog(choosing) => choosing.is_about_a_plan(),
        // All is written; an older draft would be offered once more.
        Step::Done(_) => return forget(config),
        Step::FormStep(_) | Step::Review(_) | Step::Discovering(_) | Step::Writing(_) => {
            !answers.is_empty()
        }
    };
    let (true, Some(path)) = (is_open, place()) else { return };
    let step = wizard.number() + 1;
    let draft = Draft { config: config.to_owned(), at: Timestamp::now(), step, answers };
    let Ok(text) = serde_json::to_string(&draft) else { return };
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    // As above.
    let _ = file.and_then(|mut file| file.write_all(text.as_bytes()));
}

/// The draft about this configuration, if there is one.
#[must_use]
pub fn load(config: &Path) -> Option<Draft> {
    let text = fs::read_to_string(place()?).ok()?;
    let draft: Draft = serde_json::from_str(&text).ok()?;
    (draft.config == config && !draft.answers.is_empty()).then_some(draft)
}

/// Forgets the draft about this configuration.
pub fn forget(config: &Path) {
    if load(config).is_some() {
        // A draft that stays is offered once more.
        let _ = place().map(fs::remove_file);
    }
}

/// The state folder, made by whoever takes the lock.
fn place() -> Option<PathBuf> {
    Some(History::here().ok()?.folder().join("draft.json"))
}
