//! The only door to disk, network, processes and signals.

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
