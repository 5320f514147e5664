//! The full screen: bytes of a terminal in, bytes of a terminal out.

pub mod backend;
pub mod input;
pub mod reader;
pub mod terminal;
pub mod theme;
pub mod view;
