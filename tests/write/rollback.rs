//! Obstacles to a write, and undoing one, with the real program.

mod back;
mod foreign;
mod interrupted;
mod meanwhile;
mod obstacles;
mod sudo;
mod verification;
