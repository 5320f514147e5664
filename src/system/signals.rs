//! Signals, as values on a channel.
//!
//! They have a thread of their own, so that one is heard while another thread waits for the
//! keyboard or the disk. Nothing happens in a signal handler.

use rustix::process::{getpgrp, getsid, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::thread;

/// What the system or another program wants of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The line is gone: save the draft and leave.
    Hangup,
    /// Leave, as by `kill -INT`; Ctrl-C on a raw terminal is a key.
    Interrupt,
    /// Leave, as by `kill`.
    Terminate,
    /// Stop until [`Signal::Continue`], as by `kill -TSTP`; Ctrl-Z on a raw terminal is a key.
    Stop,
    /// Go on after having been stopped: the terminal may be in any state.
    Continue,
    /// The terminal has another size.
    Resized,
}

impl Signal {
    /// The exit code of a program that leaves for this signal, 128 and its number; `None` if it
    /// is no reason to leave.
    pub(crate) fn exit_code(self) -> Option<u8> {
        match self {
            Self::Hangup => Some(129),
            Self::Interrupt => Some(130),
            Self::Terminate => Some(143),
            Self::Stop | Self::Continue | Self::Resized => None,
        }
    }

    fn from_number(number: i32) -> Option<Self> {
        match number {
            SIGHUP => Some(Self::Hangup),
            SIGINT => Some(Self::Interrupt),
            SIGTERM => Some(Self::Terminate),
            SIGTSTP => Some(Self::Stop),
            SIGCONT => Some(Self::Continue),
            SIGWINCH => Some(Self::Resized),
            _ => None,
        }
    }
}

/// Sends every signal from now on to this channel, until its receiver is dropped.
///
/// From now on SIGTSTP stops nothing by itself; [`stop`] does.
///
/// # Errors
///
/// If the system refuses a handler or the thread.
pub fn listen<E: From<Signal> + Send + 'static>(events: Sender<E>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever().filter_map(Signal::from_number) {
            if events.send(E::from(signal)).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Signals for somebody who waits for the keyboard at the same time: readable when one arrived.
///
/// Nobody else reads the keyboard then, so that another program, such as sudo, can be given it.
pub(crate) struct Watch {
    delivery: SignalDelivery<UnixStream, SignalOnly>,
    leaving: Arc<AtomicBool>,
}

impl Watch {
    /// Keeps every signal from now on. SIGTSTP stops nothing by itself; [`stop`] does.
    ///
    /// # Errors
    ///
    /// If the system refuses a handler.
    pub(crate) fn new() -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        let all = [SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGCONT];
        let delivery = SignalDelivery::with_pipe(read, write, SignalOnly, all)?;
        let leaving = Arc::default();
        for number in [SIGHUP, SIGINT, SIGTERM] {
            flag::register(number, Arc::clone(&leaving))?;
        }
        Ok(Self { delivery, leaving })
    }

    /// Every signal that arrived since the last call, a reason to leave first: Ctrl-C, which may
    /// be taken back, after the others.
    pub(crate) fn arrived(&mut self) -> Vec<Signal> {
        let mut all: Vec<_> = self.delivery.pending().filter_map(Signal::from_number).collect();
        all.sort_by_key(|signal| (signal.exit_code().is_none(), *signal == Signal::Interrupt));
        all
    }

    /// Set as soon as there is a reason to leave, for work in progress.
    pub(crate) fn leaving(&self) -> &AtomicBool {
        &self.leaving
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }
}

/// Whether a shell is there that can let a stopped program go on.
///
/// Such a shell gives every job a process group of its own. `ssh HOST kestra-setup`, a container
/// or a tmux window has none, and a program stopped there would never come back.
pub(crate) fn can_stop() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

/// Stops this job, with the scripts around it. The system may let the calling thread run on for a
/// moment, so what is to happen afterwards waits for [`Signal::Continue`].
///
/// # Errors
///
/// If the system refuses, which it does not for one's own process group.
pub(crate) fn stop() -> io::Result<()> {
    Ok(kill_current_process_group(rustix::process::Signal::STOP)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_for_a_signal_says_so() {
        let leaving = [Signal::Hangup, Signal::Interrupt, Signal::Terminate];
        assert_eq!(leaving.map(Signal::exit_code), [Some(129), Some(130), Some(143)]);
    }
}
