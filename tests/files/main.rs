//! The writing transaction, as its callers see it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "looks at the disk from outside"
)]

mod attributes;
mod handover;
mod history;
mod place;
mod reading;
mod writing;
