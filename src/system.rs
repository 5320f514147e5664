//! The only door to disk, network, processes and signals.

pub mod signals;
