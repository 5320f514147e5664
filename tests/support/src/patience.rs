//! Waiting for what a test cannot hear of.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Short enough not to be felt in a test, long enough not to be felt by the machine.
const PAUSE: Duration = Duration::from_millis(10);

/// Whether something comes true in this time; it is asked again until it does.
pub fn within(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    while !is_so() {
        if Instant::now() > end {
            return false;
        }
        sleep(PAUSE);
    }
    true
}
