//! The ways of asking: [`tui`] on the full screen, [`plain`] one line at a time.

pub mod plain;
pub mod tui;
