//! The writing transaction, as its callers see it.

mod attributes;
mod export;
mod history;
mod place;
mod reading;
mod states;
mod writing;
