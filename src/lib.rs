//! `kestra-setup`: gives a Kestra server its public URL, its way out through a forward proxy and
//! its place behind nginx.
//!
//! Answers are text, their meaning is a type, the plan is both the preview and what is written,
//! and only [`system`] touches the world. In reading order, each module using only those above it:
//!
//! - [`shell`]: commands to copy
//! - [`settings`]: values that cannot be wrong, and the rules across them
//! - [`form`]: every question, once
//! - [`answers`]: what was said, as text
//! - [`kestra_release`]: releases of Kestra that differ in their login
//! - [`kestra_config`]: a Kestra configuration: text in, properties out; edits in, text out
//! - [`nginx_site`]: a site in, the text for nginx out; and back
//! - [`found`]: what lies on this machine, and the answers in it
//! - [`plan`]: what would change on disk, shown and written from the same value
//! - [`checks`]: what can be looked at, and what came of it
//! - [`key`]: a key press, free of any terminal
//! - [`wizard`]: the state machine behind every way of asking
//! - [`system`]: the only door to disk, network, processes and signals
//! - [`tui`]: the full screen
//! - [`plain`]: the same questions, one line at a time
//! - [`cli`]: the command line
//! - [`commands`]: what each command does

pub mod answers;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod form;
pub mod kestra_config;
pub mod kestra_release;
pub mod key;
pub mod machine;
pub mod nginx_site;
pub mod plan;
pub mod settings;
pub mod shell;
pub mod system;
pub mod ui;
pub mod wizard;
