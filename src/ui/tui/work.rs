//! Work on threads of their own, whose outcome always arrives.
#![expect(clippy::disallowed_methods, reason = "how long something takes is known here only")]

use super::Happening;
use crate::checks::Finding;
use crate::machine::{Machine, Snapshot};
use crate::messages;
use crate::system::discover;
use crate::system::effects::EffectRunner;
use crate::wizard::{Choice, Effect, Event, Failure, LoadFailure};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// Does what is asked on a thread of its own; what comes of it is sent.
pub(super) fn start(
    effect: Effect,
    runner: &EffectRunner,
    cancelled: &Arc<AtomicBool>,
    sender: Sender<Happening>,
) {
    let (runner, cancelled) = (runner.clone(), Arc::clone(cancelled));
    let guard = Guard { sender, last_word: last_word(&effect) };
    thread::spawn(move || {
        if let Some(performed) = runner.perform(effect, &cancelled) {
            // Nobody waits for it once the wizard is left.
            let _ = guard.sender.send(Happening::Event(messages::event(performed)));
        }
    });
}

/// Looks at the rest of the machine on a thread of its own; it always arrives.
pub(super) fn discover(machine: Machine, sender: Sender<Happening>) {
    let last_word = Some(Event::Discovered(Box::new(machine.as_far_as_known())));
    let guard = Guard { sender, last_word };
    thread::spawn(move || {
        let machine = discover::complete_in_time(machine);
        let discovered = Event::Discovered(Box::new(machine.clone()));
        let _ = guard.sender.send(Happening::Event(discovered));
        find_release(&machine, &guard.sender);
    });
}

/// Asks the Kestra of another configuration for its release, on a thread of its own.
pub(super) fn discover_release(machine: Machine, sender: Sender<Happening>) {
    thread::spawn(move || find_release(&machine, &sender));
}

fn find_release(machine: &Machine, sender: &Sender<Happening>) {
    if let Some(release) = discover::release(machine) {
        let found = Event::ReleaseFound(machine.config().to_owned(), release);
        let _ = sender.send(Happening::Event(found));
    }
}

/// Tells the loop when its thread dies, which would otherwise wait for ever.
struct Guard {
    sender: Sender<Happening>,
    last_word: Option<Event>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(event) = self.last_word.take().filter(|_| thread::panicking()) {
            let _ = self.sender.send(Happening::Event(event));
        }
    }
}

/// What is reported where it fails.
fn last_word(effect: &Effect) -> Option<Event> {
    const STOPPED: &str = "this stopped because of an error in kestra-setup itself";
    match effect {
        Effect::ReadFiles(paths) => {
            let unread =
                |path: &PathBuf| (path.clone(), Snapshot::Unreadable(STOPPED.to_owned()).into());
            Some(Event::FilesRead(paths.iter().map(unread).collect()))
        }
        Effect::Load(request) => {
            let failure = LoadFailure { message: STOPPED.to_owned(), candidates: Vec::new() };
            Some(Event::Loaded(request.clone(), Err(failure)))
        }
        Effect::Check(check) => {
            let finding = Finding::skipped("check-stopped", STOPPED);
            Some(Event::Checked(check.clone(), vec![finding]))
        }
        effect if effect.writes() => Some(Event::Written(Err(Failure {
            state: "interrupted",
            lines: vec!["Writing stopped half way. The journal knows how to undo it.".to_owned()],
            choices: vec![Choice::Undo, Choice::Forget, Choice::Quit],
        }))),
        _ => None,
    }
}

/// The moment so long from now.
pub(super) fn after(duration: Duration) -> Instant {
    Instant::now() + duration
}

/// How long it is until then.
pub(super) fn until(at: Instant) -> Duration {
    at.saturating_duration_since(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::resume_unwind;
    use std::sync::mpsc;

    /// What is heard of a thread that ends so.
    fn heard(end: fn()) -> Vec<Happening> {
        let (sender, happenings) = mpsc::channel();
        let guard = Guard { sender, last_word: Some(Event::Paused) };
        let worker = thread::spawn(move || {
            let _guard = guard;
            end();
        });
        drop(worker.join());
        happenings.iter().collect()
    }

    #[test]
    fn only_a_thread_that_dies_has_a_last_word() {
        assert!(heard(|| {}).is_empty());
        let died = heard(|| resume_unwind(Box::new("as if it had panicked")));
        assert!(matches!(died[..], [Happening::Event(Event::Paused)]));
    }
}
