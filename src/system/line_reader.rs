//! The terminal as plain mode uses it: prompts out, lines in.
//!
//! Lines are collected here and not by the kernel, which cuts them at 4096 bytes, so the echo is
//! ours as well and a password typed ahead is never shown. Prompts go to standard error, which is
//! a terminal wherever anything is asked; standard output stays free for data.

mod line;

use super::signals::{self, Signal, Watch};
use crate::settings::Secret;
use line::{Line, Taken};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read, retry_on_intr, write};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the operator sees what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// As it is typed, a question mark for what is not ASCII.
    Shown,
    /// Not at all.
    Hidden,
}

/// Why there are no more lines.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The operator pressed Ctrl-D on an empty line.
    #[error("the input ended")]
    Input,
    /// A signal is a reason to leave. A line that is gone is [`Signal::Hangup`].
    #[error("left for a signal")]
    Signal(Signal),
    /// The terminal cannot be read or written.
    #[error("cannot use the terminal")]
    Io(#[from] io::Error),
}

impl Ended {
    /// The exit code of a program that leaves for this. It is never consent.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Signal(signal) => signal.exit_code().unwrap_or(1),
            Self::Input | Self::Io(_) => 1,
        }
    }
}

/// The terminal, which gives every key at once and echoes nothing, until this is dropped.
pub struct Lines {
    watch: Watch,
    /// How the terminal was.
    before: Termios,
    /// What was typed and not yet asked for.
    ahead: VecDeque<u8>,
    /// A reason to leave that came while another program had the terminal.
    due: Option<Signal>,
}

impl Lines {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If standard input is no terminal, or the system refuses a signal handler.
    pub fn take() -> io::Result<Self> {
        // First, so that a signal cannot leave the terminal without echo.
        let watch = Watch::new()?;
        let before = tcgetattr(io::stdin())?;
        let lines = Self { watch, before, ahead: VecDeque::new(), due: None };
        lines.silence()?;
        Ok(lines)
    }

    /// Says whole lines.
    ///
    /// # Errors
    /// If the line is gone.
    pub fn say(&self, text: &str) -> io::Result<()> {
        let (stderr, mut left) = (io::stderr(), text.as_bytes());
        while !left.is_empty() {
            match retry_on_intr(|| write(&stderr, left)) {
                Ok(written) => left = &left[written..],
                // Another program has set the terminal to not wait.
                Err(Errno::AGAIN) => drop(poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], None)),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// One line of any length, asked for with this prompt; without its end.
    ///
    /// # Errors
    /// If there will be none.
    pub fn read(&mut self, prompt: &str, echo: Echo) -> Result<Secret, Ended> {
        self.say(prompt)?;
        let mut line = Line::new(echo);
        let read = self.collect(prompt, &mut line);
        if let Err(Ended::Signal(_)) = read {
            // The shell's prompt begins on a line of its own. If the line is gone, so be it.
            let _ = self.say("\n");
        }
        read.map(|()| line.text())
    }

    /// Gives the terminal to another program, such as sudo, as it was. A Ctrl-C there is meant for
    /// that program.
    pub fn lend<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.give_back();
        let result = work();
        // If the terminal is gone, the next line says so.
        let _ = self.silence();
        let mut meant_for_us = self.watch.arrived().into_iter();
        self.due = meant_for_us
            .find(|signal| signal.exit_code().is_some() && *signal != Signal::Interrupt);
        self.leaving().store(self.due.is_some(), Ordering::SeqCst);
        result
    }

    /// Set as soon as there is a reason to leave, for whoever is at work meanwhile.
    #[must_use]
    pub fn leaving(&self) -> &AtomicBool {
        self.watch.leaving()
    }

    /// Collects a line. A signal comes first: after Ctrl-C nothing counts that was typed before it.
    fn collect(&mut self, prompt: &str, line: &mut Line) -> Result<(), Ended> {
        loop {
            self.heed(prompt, line)?;
            let taken = line.take(&mut self.ahead);
            self.say(&line.echo())?;
            match taken {
                Taken::All => self.wait()?,
                Taken::Line => return Ok(()),
                Taken::End => return Err(Ended::Input),
            }
        }
    }

    fn heed(&mut self, prompt: &str, line: &Line) -> Result<(), Ended> {
        for signal in self.due.into_iter().chain(self.watch.arrived()) {
            match signal {
                Signal::Hangup | Signal::Interrupt | Signal::Terminate => {
                    return Err(Ended::Signal(signal));
                }
                Signal::Stop if signals::can_stop() => {
                    self.give_back();
                    signals::stop()?;
                }
                Signal::Continue => {
                    // Whoever stopped this program may have left the terminal in any state.
                    self.silence()?;
                    self.say(&format!("\n{prompt}{}", line.shown()))?;
                }
                Signal::Stop | Signal::Resized => {}
            }
        }
        Ok(())
    }

    /// Waits for keys or a signal, whichever comes first.
    fn wait(&mut self) -> Result<(), Ended> {
        let stdin = io::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&self.watch, PollFlags::IN)];
        retry_on_intr(|| poll(&mut fds, None)).map_err(io::Error::from)?;
        let is_signalled = !fds[1].revents().is_empty();
        if is_signalled { Ok(()) } else { self.read_ahead() }
    }

    fn read_ahead(&mut self) -> Result<(), Ended> {
        let mut bytes = zeroize::Zeroizing::new([0; 4096]);
        match retry_on_intr(|| read(io::stdin(), &mut bytes[..])) {
            // Ctrl-D is a byte here, so nothing is the end of the line itself.
            Ok(0) => Err(Ended::Signal(Signal::Hangup)),
            Ok(length) => {
                self.ahead.extend(&bytes[..length]);
                Ok(())
            }
            // Another program has set the terminal to not wait, and has been faster.
            Err(Errno::AGAIN) => Ok(()),
            Err(error) => Err(Ended::Io(error.into())),
        }
    }

    /// Every key at once, and no echo. Signal keys stay; Ctrl-\ does not, since a program that
    /// dies of it restores nothing.
    fn silence(&self) -> io::Result<()> {
        let mut silent = self.before.clone();
        silent.local_modes -=
            LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL | LocalModes::IEXTEN;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        silent.special_codes[SpecialCodeIndex::VQUIT] = 0;
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &silent)?)
    }

    fn give_back(&self) {
        // The line may be gone, and then there is nothing to restore and nobody to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.give_back();
    }
}
