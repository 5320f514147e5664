//! Writing to disk and undoing it: conflicts, rights, file systems, interruptions.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "runs the program and looks at the disk from outside"
)]

mod files;
mod mounts;
mod rollback;
mod safety;
