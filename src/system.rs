//! The only door to disk, network, processes and signals.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "everything that touches the world is here"
)]

pub mod candidates;
pub mod checks;
pub mod console;
pub mod discover;
pub mod draft;
pub mod editor;
pub mod effects;
pub mod elevate;
pub mod export;
pub mod fs;
mod installed;
pub mod line_reader;
pub mod nginx;
pub mod passwd;
pub mod signals;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Keeps the memory of this process, which may hold passwords, out of core dumps and from other
/// processes of the same user.
pub fn disable_core_dumps() {
    // Nothing depends on it, and no kernel refuses it.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
