//! The only door to disk, network, processes and signals.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "everything that touches the world is here"
)]

pub mod checks;
pub mod console;
pub mod discover;
pub mod draft;
pub mod editor;
pub mod effects;
pub mod elevate;
pub mod export;
pub mod fs;
pub mod line_reader;
pub mod nginx;
pub mod passwd;
pub mod signals;
pub mod terminal;
