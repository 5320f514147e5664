//! The only door to disk, network, processes and signals.

pub mod console;
pub mod draft;
pub mod editor;
pub mod elevate;
pub mod files;
pub mod handover;
pub mod history;
pub mod lines;
pub mod lock;
pub mod look;
pub mod names;
mod net;
pub mod nginx;
pub mod probe;
pub mod serving;
pub mod signals;
pub mod terminal;
pub mod world;
