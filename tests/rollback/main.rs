//! What stands in the way of a write, and the way back from one, on the real program.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "runs the program and looks at the disk from outside"
)]

mod back;
mod foreign;
mod interrupted;
mod machine;
mod meanwhile;
mod obstacles;
#[expect(dead_code, reason = "here it is only asked, not started")]
mod private_nginx;
mod proof;
mod sudo;
