//! The real binary, as a shell sees it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "runs the program and looks at the disk from outside"
)]

mod cases;
mod leaks;
mod readme;
mod transcript;
mod unused;
