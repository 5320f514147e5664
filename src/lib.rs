//! `kestra-setup`: gives a Kestra server its public URL, its way out through a forward proxy and
//! its place behind nginx.
//!
//! Answers are text, their meaning is a type, the plan is both the preview and what is written,
//! and only [`system`] touches the world. In reading order, each module using only those above it:
//!
//! - [`shell`]: commands to copy
//! - [`settings`]: values that cannot be wrong, and the rules across them
//! - [`form`]: every question, once
//! - [`answers`]: the answers, as text
//! - [`kestra_config`]: a Kestra configuration: text in, properties out; edits in, text out
//! - [`env_file`]: a file of environment variables, read and edited
//! - [`nginx_site`]: a site in, the text for nginx out; and what an existing nginx does
//! - [`machine`]: what is on this machine, and the answers in it
//! - [`lint`]: what in it cannot work
//! - [`plan`]: what would change on disk, shown and written from the same value
//! - [`checks`]: what can be checked, and findings
//! - [`key`]: a key press, free of any terminal
//! - [`wizard`]: the state machine behind every way of asking
//! - [`system`]: the only door to disk, network, processes and signals
//! - [`messages`]: errors and receipts as pages and next steps
//! - [`ui`]: the full screen, and the same questions one line at a time
//! - [`cli`]: the command line
//! - [`commands`]: what each command does

pub mod answers;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod env_file;
pub mod form;
pub mod kestra_config;
pub mod key;
pub mod lint;
pub mod machine;
pub mod messages;
pub mod nginx_site;
pub mod plan;
pub mod settings;
pub mod shell;
pub mod system;
pub mod ui;
pub mod wizard;
