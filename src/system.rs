//! The only door to disk, network, processes and signals.

pub mod files;
pub mod handover;
pub mod history;
pub mod lock;
pub mod names;
mod net;
pub mod probe;
pub mod serving;
pub mod nginx;
pub mod signals;
