//! The keyboard, on a thread of its own.
//!
//! It sleeps until a byte arrives, and wakes without one only while the decoder holds something.
//! A line that is gone ends it: nothing is read twice from a dead terminal.
#![expect(clippy::disallowed_methods, reason = "when a key arrived is known here and nowhere else")]

use super::input::{BURST, Decoder, Input};
use crate::system::signals::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, retry_on_intr};
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Held by whoever reads the terminal: the thread here, or a program that it is lent to.
static TURN: Mutex<()> = Mutex::new(());

/// Leaves what is typed to another reader as long as the guard lives.
pub(super) fn pause() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An input, and when it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The key or the paste.
    pub input: Input,
    /// When its last byte was read. What arrived before a screen was shown was not meant for it.
    pub(crate) at: Instant,
}

/// Sends what is typed at `tty` to this channel, until its receiver is dropped. When the line is
/// gone, a [`Signal::Hangup`] is the last that is sent.
///
/// # Errors
///
/// If the system refuses the thread.
pub fn listen<T, E>(tty: T, mut decoder: Decoder, events: Sender<E>) -> io::Result<()>
where
    T: AsFd + Send + 'static,
    E: From<Typed> + From<Signal> + Send + 'static,
{
    thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
        let mut at = Instant::now();
        while let Some(inputs) = next(&tty, &mut decoder, at) {
            at = Instant::now();
            for input in inputs {
                if events.send(E::from(Typed { input, at })).is_err() {
                    return;
                }
            }
        }
        // Nobody is left to hear it if this fails.
        let _ = events.send(E::from(Signal::Hangup));
    })?;
    Ok(())
}

/// What the next bytes or the next silence mean; `None` when there will be no more.
fn next(tty: &impl AsFd, decoder: &mut Decoder, last: Instant) -> Option<Vec<Input>> {
    let patience = decoder.patience();
    if !is_readable(tty, patience).ok()? {
        return Some(decoder.silence());
    }
    if patience.is_none() && last.elapsed() >= BURST {
        // Nothing was held, so this silence was not worth a wake-up.
        decoder.silence();
    }
    let _turn = pause();
    // Another reader may have taken them meanwhile, such as sudo the password.
    if !is_readable(tty, Some(Duration::ZERO)).ok()? {
        return Some(Vec::new());
    }
    let mut bytes = [0; 4096];
    let length = retry_on_intr(|| read(tty, &mut bytes));
    decoded(length.map(|length| &bytes[..length]), decoder)
}

/// What a `read` came to; `None` when there will be no more.
fn decoded(read: Result<&[u8], Errno>, decoder: &mut Decoder) -> Option<Vec<Input>> {
    match read {
        Ok([]) => None,
        Ok(bytes) => Some(decoder.read(bytes)),
        // Another program has set the terminal to not wait, and has been faster.
        Err(Errno::AGAIN) => Some(Vec::new()),
        Err(_) => None,
    }
}

/// Waits for bytes or the end of them; false if neither came in time.
fn is_readable(tty: &impl AsFd, patience: Option<Duration>) -> io::Result<bool> {
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    let mut fds = [PollFd::new(tty, PollFlags::IN)];
    let ready = retry_on_intr(|| poll(&mut fds, patience.as_ref()))?;
    Ok(ready > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use std::io::Write;
    use std::sync::mpsc::{self, Receiver};

    #[derive(Debug, PartialEq)]
    enum Heard {
        Input(Input),
        Signal(Signal),
    }

    impl From<Typed> for Heard {
        fn from(typed: Typed) -> Self {
            Self::Input(typed.input)
        }
    }

    impl From<Signal> for Heard {
        fn from(signal: Signal) -> Self {
            Self::Signal(signal)
        }
    }

    fn keyboard() -> (io::PipeWriter, Receiver<Heard>) {
        let (tty, keys) = io::pipe().unwrap();
        let (sender, events) = mpsc::channel();
        listen(tty, Decoder::new(Duration::from_millis(20)), sender).unwrap();
        (keys, events)
    }

    #[test]
    fn an_escape_arrives_after_its_delay() {
        let (mut keys, events) = keyboard();
        keys.write_all(b"\x1b").unwrap();
        assert_eq!(events.recv(), Ok(Heard::Input(Input::Key(Key::Esc))));
    }

    #[test]
    fn bytes_that_another_program_took_first_are_no_end_of_the_line() {
        let mut decoder = Decoder::new(Duration::ZERO);
        assert_eq!(decoded(Err(Errno::AGAIN), &mut decoder), Some(Vec::new()));
        assert_eq!(decoded(Err(Errno::IO), &mut decoder), None);
    }

    #[test]
    fn the_end_of_the_line_is_a_hangup_and_the_last_event() {
        let (mut keys, events) = keyboard();
        keys.write_all(b"a").unwrap();
        drop(keys);
        let a = Heard::Input(Input::Key(Key::Char('a')));
        assert_eq!(events.iter().collect::<Vec<_>>(), [a, Heard::Signal(Signal::Hangup)]);
    }
}
