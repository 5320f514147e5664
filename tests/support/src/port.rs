//! Ports for servers that a test starts.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below what the system gives to those who do not choose (32768 and up on Linux), and above the
/// ports that the tests name.
const FIRST: u32 = 22_000;
const COUNT: u32 = 10_000;

/// A port of the loopback address that nobody uses now. It is none that the system hands out, so
/// that it is still free for a program which takes seconds to start.
///
/// # Panics
/// Where all of them are in use.
pub fn free_port() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut ports = (0..COUNT).map(|_| nth(TRIED.fetch_add(1, Ordering::Relaxed)));
    ports.find(is_free).expect("a port that is free")
}

/// Each process begins elsewhere, as several of them may run at once.
fn nth(count: u32) -> u16 {
    let number = process::id().wrapping_mul(97).wrapping_add(count);
    u16::try_from(FIRST + number % COUNT).expect("a port")
}
