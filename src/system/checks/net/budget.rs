//! How long a look at the network may still take.
//!
//! Every wait of a check goes through here in short slices, so that cancelling is felt within a
//! tenth of a second whatever the other side does.

#![expect(clippy::disallowed_methods, reason = "a time limit needs a clock")]

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The longest that one wait lasts before the flag is looked at again.
const SLICE: Duration = Duration::from_millis(100);

/// The time that is left, and the flag by which the operator ends it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget<'a> {
    end: Instant,
    cancelled: &'a AtomicBool,
}

impl<'a> Budget<'a> {
    /// From now on, `total` at most.
    pub(crate) fn new(total: Duration, cancelled: &'a AtomicBool) -> Self {
        Self { end: Instant::now() + total, cancelled }
    }

    /// The same, but from now on `most` at most.
    pub(crate) fn capped(self, most: Duration) -> Self {
        Self { end: self.end.min(Instant::now() + most), ..self }
    }

    /// How long the next wait may last.
    ///
    /// # Errors
    /// `TimedOut` if nothing is left or the operator has left.
    pub(crate) fn slice(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() || self.is_cancelled() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(left.min(SLICE))
    }

    /// Whether the operator has left.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// What a call that cannot be interrupted comes to.
    ///
    /// It runs on a thread of its own, which is left behind if time is up first: neither
    /// `getaddrinfo` nor `connect` can be called off, but both end by themselves.
    ///
    /// # Errors
    /// Those of the call, and `TimedOut`.
    pub(crate) fn wait_for<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (done, result) = channel();
        thread::Builder::new().spawn(move || drop(done.send(call())))?;
        loop {
            match result.recv_timeout(self.slice()?) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(io::ErrorKind::Other.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_hangs_is_left_behind() {
        let (going, cancelled) = (AtomicBool::new(false), AtomicBool::new(true));
        let hang = || -> io::Result<()> {
            loop {
                thread::park();
            }
        };
        for budget in [
            Budget::new(Duration::from_millis(20), &going),
            Budget::new(Duration::from_secs(3600), &cancelled),
        ] {
            assert_eq!(budget.wait_for(hang).unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
    }

    #[test]
    fn a_cap_never_makes_more_time() {
        let going = AtomicBool::new(false);
        let spent = Budget::new(Duration::ZERO, &going).capped(Duration::from_secs(3600));
        assert!(spent.slice().is_err());
    }
}
