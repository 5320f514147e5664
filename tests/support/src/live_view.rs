//! What a live execution has to look like to a browser.

use crate::http::{Stream, follow};
use std::time::Duration;

/// Six events of 20 kB, one every 200 ms, a second of silence, and an end.
pub const QUERY: &str = "events=6&bytes=20000&silence=1000";

/// Where the stream of any execution is.
pub const PATH: &str = "/api/v1/main/executions/x/follow";

/// How an execution arrived.
#[derive(Debug, PartialEq)]
pub enum Seen {
    /// One event after the other, each at once.
    Live,
    /// Each event waits in nginx for the next, or all of them for the end.
    Late,
    /// The stream broke off.
    Cut,
}

/// Follows an execution under a context path.
pub fn see(port: u16, context: &str) -> Seen {
    let Stream { events, whole } = follow(port, &format!("{context}{PATH}?{QUERY}"), "");
    if !whole || events.len() != 7 {
        return Seen::Cut;
    }
    let pause = |from: usize, to: usize| events[to].0.saturating_sub(events[from].0);
    let one_by_one = pause(0, 5) > Duration::from_millis(600);
    let before_the_silence = pause(5, 6) > Duration::from_millis(500);
    if one_by_one && before_the_silence { Seen::Live } else { Seen::Late }
}
