//! `kestra-setup`: gives a Kestra server its public URL, its way out through a forward proxy and
//! its place behind nginx.
//!
//! Answers are text, their meaning is a type, the plan is both the preview and what is written,
//! and only [`system`] touches the world. In reading order, each module using only those above it:
//!
//! - [`settings`]: newtypes that cannot be wrong, and the rules across them
//! - [`kestra`]: a Kestra configuration: text in, properties out; edits in, text out
//! - [`plan`]: what would change on disk, shown and written from the same value
//! - [`checks`]: what can be looked at, and what came of it
//! - [`key`]: a key press, free of any terminal
//! - [`tui`]: the full screen
//! - [`system`]: the only door to disk, network, processes and signals

pub mod checks;
pub mod kestra;
pub mod key;
pub mod plan;
pub mod settings;
pub mod system;
pub mod tui;
