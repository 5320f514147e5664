//! What stands in the way of a write, and the way back from one, on the real program.

mod back;
mod foreign;
mod interrupted;
mod meanwhile;
mod obstacles;
mod proof;
mod sudo;
