//! The terminal as plain mode uses it: prompts out, lines in.
//!
//! The terminal collects the lines itself, with its own erasing keys and its own echo, which is off
//! while a password is typed. Prompts go to standard error, which is a terminal wherever anything
//! is asked; standard output stays free for data.

use super::console::Tty;
use super::signals::{self, Signal, Watch};
use crate::settings::Secret;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, retry_on_intr};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush,
    tcgetattr, tcsetattr,
};
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// What Linux keeps of a line, its end included. It drops the rest without a word.
const LONGEST_LINE: usize = 4096;

/// Nobody types two lines in this time: what arrives sooner is part of a paste.
const PASTE: Timespec = Timespec { tv_sec: 0, tv_nsec: 30_000_000 };

/// Whether the operator sees what is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// As it is typed.
    Shown,
    /// Not at all, as for a password.
    Hidden,
}

/// A line of the operator.
#[derive(Debug)]
pub struct TypedLine {
    /// Its text, without its end. Bytes that are not UTF-8 are U+FFFD, which no answer accepts.
    pub(crate) text: Secret,
    /// Whether it filled the terminal's buffer, so that its end is lost.
    pub(crate) is_cut: bool,
    /// How many lines came with it, as from a paste. They are gone.
    pub(crate) dropped: usize,
}

impl From<&str> for TypedLine {
    fn from(text: &str) -> Self {
        Self { text: text.into(), is_cut: false, dropped: 0 }
    }
}

/// Why there are no more lines.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The operator pressed Ctrl-D.
    #[error("the input ended")]
    Input,
    /// A signal is a reason to leave. A line that is gone is [`Signal::Hangup`].
    #[error("left for a signal")]
    Signal(Signal),
    /// The terminal cannot be read or written.
    #[error("cannot use the terminal")]
    Io(#[source] io::Error),
}

impl From<io::Error> for Ended {
    /// A terminal whose line is gone refuses everything with EIO. The signal may come later.
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::IO) => Self::Signal(Signal::Hangup),
            _ => Self::Io(error),
        }
    }
}

impl Ended {
    /// The exit code of a program that leaves for this. It is never consent.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Signal(signal) => signal.exit_code().unwrap_or(1),
            Self::Input | Self::Io(_) => 1,
        }
    }
}

/// The terminal, in its line mode until this is dropped.
pub(crate) struct LineReader {
    watch: Watch,
    /// The modes of the terminal, restored on drop.
    before: Termios,
    /// A reason to leave that came while another program had the terminal.
    due: Option<Signal>,
}

impl LineReader {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// If standard input is no terminal, or the system refuses a signal handler.
    pub(crate) fn new() -> io::Result<Self> {
        // First, so that a signal cannot leave the terminal without echo.
        let watch = Watch::new()?;
        let before = tcgetattr(io::stdin())?;
        let reader = Self { watch, before, due: None };
        reader.set_modes(Echo::Shown)?;
        Ok(reader)
    }

    /// Prints a text as it is.
    ///
    /// # Errors
    /// If the line is gone.
    pub(crate) fn print(text: &str) -> io::Result<()> {
        Tty.write_all(text.as_bytes())
    }

    /// The next line, asked for with this prompt.
    ///
    /// # Errors
    /// If there will be none.
    pub(crate) fn read(&mut self, prompt: &str, echo: Echo) -> Result<TypedLine, Ended> {
        // Before the prompt, so that what is typed at the prompt is already hidden.
        self.set_modes(echo)?;
        Self::print(prompt)?;
        let bytes = self.collect(prompt, echo);
        let shown = self.set_modes(Echo::Shown);
        if let Err(Ended::Signal(_) | Ended::Input) = bytes {
            // The shell's prompt begins on a line of its own. If the line is gone, so be it.
            let _ = Self::print("\n");
        }
        let bytes = bytes?;
        shown?;
        let dropped = self.drop_paste()?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(TypedLine { text: text.into(), is_cut: bytes.len() >= LONGEST_LINE, dropped })
    }

    /// Drops what was typed before it was asked for, so that it agrees to nothing.
    pub(crate) fn drop_typed_ahead() {
        // If the terminal is gone, reading the next line fails.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }

    /// Gives the terminal to another program, such as sudo, as it was. A Ctrl-C there is meant for
    /// that program.
    pub(crate) fn lend<T>(&mut self, work: impl FnOnce() -> T) -> T {
        self.restore();
        let result = work();
        // If the terminal is gone, reading the next line fails.
        let _ = self.set_modes(Echo::Shown);
        let mut meant_for_us = self.watch.arrived().into_iter();
        self.due = meant_for_us
            .find(|signal| signal.exit_code().is_some() && *signal != Signal::Interrupt);
        self.leaving().store(self.due.is_some(), Ordering::SeqCst);
        result
    }

    /// Set as soon as there is a reason to leave, for work in progress.
    pub(crate) fn leaving(&self) -> &AtomicBool {
        self.watch.leaving()
    }

    /// The bytes of a line, its end included. A signal comes first: after Ctrl-C nothing counts
    /// that was typed before it.
    fn collect(&mut self, prompt: &str, echo: Echo) -> Result<Vec<u8>, Ended> {
        let mut line = Vec::new();
        loop {
            self.heed_signals(prompt, echo)?;
            if !self.wait(None)? {
                continue;
            }
            // Ctrl-D behind some text ends a read, but not the line.
            match read_once()? {
                Some(bytes) if bytes.is_empty() => {
                    // A line that has gone since ends a read as well.
                    self.wait(Some(&Timespec::default()))?;
                    return Err(Ended::Input);
                }
                bytes => line.extend(bytes.into_iter().flatten()),
            }
            if line.ends_with(b"\n") {
                return Ok(line);
            }
        }
    }

    fn heed_signals(&mut self, prompt: &str, echo: Echo) -> Result<(), Ended> {
        for signal in self.due.take().into_iter().chain(self.watch.arrived()) {
            match signal {
                Signal::Interrupt => {
                    // Whoever stays goes on working.
                    self.leaving().store(false, Ordering::SeqCst);
                    return Err(Ended::Signal(signal));
                }
                Signal::Hangup | Signal::Terminate => return Err(Ended::Signal(signal)),
                Signal::Stop if signals::can_stop() => {
                    self.restore();
                    signals::stop()?;
                }
                Signal::Continue => {
                    // Whoever stopped this program may have left the terminal in any state.
                    self.set_modes(echo)?;
                    Self::print(&format!("\n{prompt}"))?;
                }
                Signal::Stop | Signal::Resized => {}
            }
        }
        Ok(())
    }

    /// Waits for a line or a signal, whichever comes first; whether it is a line.
    fn wait(&self, time: Option<&Timespec>) -> Result<bool, Ended> {
        let stdin = io::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&self.watch, PollFlags::IN)];
        retry_on_intr(|| poll(&mut fds, time)).map_err(io::Error::from)?;
        let [input, signal] = fds;
        if input.revents().contains(PollFlags::HUP) {
            return Err(Ended::Signal(Signal::Hangup));
        }
        Ok(signal.revents().is_empty() && !input.revents().is_empty())
    }

    /// The lines that arrive right behind another one: how many there were.
    fn drop_paste(&self) -> Result<usize, Ended> {
        let mut count = 0;
        while self.wait(Some(&PASTE))? {
            read_once()?;
            count += 1;
        }
        if count > 0 {
            // The last line of a paste may have no end.
            Self::drop_typed_ahead();
        }
        Ok(count)
    }

    /// Lines, signal keys, and an echo or none. Ctrl-\ does nothing, since a program that dies of
    /// it restores nothing.
    fn set_modes(&self, echo: Echo) -> io::Result<()> {
        let mut modes = self.before.clone();
        modes.input_modes |= InputModes::ICRNL;
        modes.local_modes |= LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHO;
        if echo == Echo::Hidden {
            modes.local_modes -= LocalModes::ECHO;
            // Enter still ends the line of the prompt.
            modes.local_modes |= LocalModes::ECHONL;
        }
        modes.special_codes[SpecialCodeIndex::VQUIT] = 0;
        Ok(tcsetattr(io::stdin(), OptionalActions::Now, &modes)?)
    }

    fn restore(&self) {
        // The line may be gone, and then there is nothing to restore and nobody to tell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

impl Drop for LineReader {
    fn drop(&mut self) {
        self.restore();
    }
}

/// What the terminal has collected; `None` where another program has been faster.
fn read_once() -> Result<Option<Vec<u8>>, Ended> {
    let mut bytes = vec![0; LONGEST_LINE];
    match retry_on_intr(|| read(io::stdin(), &mut bytes)) {
        Ok(length) => {
            bytes.truncate(length);
            Ok(Some(bytes))
        }
        Err(Errno::AGAIN) => Ok(None),
        Err(error) => Err(io::Error::from(error).into()),
    }
}
