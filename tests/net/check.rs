//! `check`, and the keys that check: the real program, a real nginx, a real Squid and a Kestra that
//! only seems to be one.

mod codes;
mod eras;
mod keys;
mod outbound;
mod setup;
mod traps;
