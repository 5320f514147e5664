//! TEMPSTUB
pub mod theme;
pub mod view;
