//! Work on threads of their own, whose outcome always arrives.
#![expect(clippy::disallowed_methods, reason = "how long something takes is known here only")]

use super::Happening;
use crate::system::world::World;
use crate::wizard::{Effect, Event, Trouble, Way};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// Does what is asked on a thread of its own; what comes of it is sent.
pub(super) fn start(
    effect: Effect,
    world: &World,
    cancelled: &Arc<AtomicBool>,
    sender: Sender<Happening>,
) {
    let (world, cancelled) = (world.clone(), Arc::clone(cancelled));
    let guard = Guard { sender, is_write: matches!(effect, Effect::Write(_)) };
    thread::spawn(move || {
        if let Some(event) = world.perform(effect, &cancelled) {
            // Nobody waits for it once the wizard is left.
            let _ = guard.sender.send(Happening::Event(event));
        }
    });
}

/// Tells the loop when its thread dies, which would otherwise wait for ever.
struct Guard {
    sender: Sender<Happening>,
    is_write: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if thread::panicking() && self.is_write {
            let trouble = Trouble {
                state: "interrupted",
                lines: vec![
                    "Writing stopped half way. The journal knows how to undo it.".to_owned(),
                ],
                ways: vec![Way::Undo, Way::Finish, Way::Quit],
            };
            let _ = self.sender.send(Happening::Event(Event::Written(Err(trouble))));
        }
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
