//! The only door to disk, network, processes and signals.

mod net;
pub mod probe;
pub mod serving;
