//! The terminal, taken over and given back.
//!
//! Keys come from standard input, and the screen is standard error: both must be terminals where
//! anything is asked, and standard output stays free for data. Nothing else is opened, and the
//! terminal is asked nothing.
#![expect(clippy::disallowed_methods, reason = "when a frame was shown is known here")]

use super::backend::{Colors, LeanBackend};
use super::frame::Frame;
use super::reader;
use crate::system::console::Tty;
use crate::system::signals;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crossterm::cursor::{MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, queue};
use ratatui::layout::Size;
use std::fmt;
use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use std::{panic, thread};

/// Whether the terminal is ours; restoring it sets this to false, once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The whole terminal, raw and on its alternate screen, until this is dropped or the thread that
/// made it panics.
pub struct FullScreen {
    backend: LeanBackend<Tty>,
}

impl FullScreen {
    /// Takes the terminal over. Nothing is sent before the first frame.
    ///
    /// # Errors
    ///
    /// If standard input is no terminal that can be made raw.
    pub fn enter(colors: Colors) -> io::Result<Self> {
        give_back_on_panic();
        let mut screen = Self { backend: LeanBackend::new(Tty, size(), colors) };
        screen.take()?;
        Ok(screen)
    }

    /// Draws a frame in the size that the terminal has now, and returns when it began to be sent: what
    /// was typed before was meant for the frame before. Draws nothing while suspended.
    ///
    /// # Errors
    ///
    /// If the terminal cannot be written to, since the line is gone.
    pub fn draw(&mut self, view: impl FnOnce(Size) -> Frame) -> io::Result<Instant> {
        // Before, not after: a program that answers the first byte it sees must be heard.
        let drawn_at = Instant::now();
        if TAKEN.load(Ordering::SeqCst) {
            let size = size();
            self.backend.resize(size);
            self.backend.draw(view(size))?;
        }
        Ok(drawn_at)
    }

    /// Lets the next frame draw everything, whatever another program has left on the screen.
    pub fn redraw(&mut self) {
        self.backend.clear();
    }

    /// Gives the terminal back and stops this job; nothing is drawn before [`FullScreen::resume`].
    /// Does nothing where no shell could let the job go on.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn suspend(&mut self) -> io::Result<()> {
        if !signals::can_stop() {
            return Ok(());
        }
        give_back();
        signals::stop()
    }

    /// Gives the terminal back while another program, such as sudo, needs it, keyboard included.
    pub fn lend<T>(&mut self, use_it: impl FnOnce() -> T) -> T {
        let _keyboard = reader::pause();
        give_back();
        let result = use_it();
        // A terminal that cannot be taken over again fails at the next frame; what the other
        // program came to must not be lost with it.
        let _ = self.take();
        result
    }

    /// Takes the terminal over again, for the next frame to draw everything. This is for
    /// [`signals::Signal::Continue`], which follows every stop, also one from outside, after which
    /// the terminal may be in any state.
    ///
    /// # Errors
    ///
    /// If standard input cannot be made raw.
    pub fn resume(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        self.take()
    }

    /// Puts a text on the operator's clipboard with the next frame, over any number of SSH hops.
    /// Whether the terminal allows that cannot be known.
    ///
    /// # Errors
    ///
    /// None that this terminal has.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        self.backend.queue(Copy(text))
    }

    fn take(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        self.backend.queue(EnterAlternateScreen)?;
        self.backend.queue(EnableBracketedPaste)?;
        self.backend.queue(Show)?;
        self.backend.clear();
        Ok(())
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Restores the terminal, if it is ours. The screen is cleared first for those terminals that have
/// no other to go back to.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // The line may be gone, and then there is nothing to restore and nobody to tell.
    let mut bytes = Vec::new();
    let _ = queue!(
        bytes,
        SetAttribute(Attribute::Reset),
        Clear(ClearType::All),
        MoveTo(0, 0),
        DisableBracketedPaste,
        LeaveAlternateScreen,
    );
    let _ = Tty.write_all(&bytes);
    let _ = disable_raw_mode();
}

/// Makes a panic of this thread give the terminal back before it prints its message. A panic of
/// another is the business of whoever waits for that thread: it must neither take the terminal
/// from a loop that goes on nor write over the screen.
fn give_back_on_panic() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let owner = thread::current().id();
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().id() == owner {
                give_back();
            }
            if !TAKEN.load(Ordering::SeqCst) {
                report(panic);
            }
        }));
    });
}

/// The size of the terminal; 80x24 on serial lines, which do not know theirs.
pub(super) fn size() -> Size {
    let known = rustix::termios::tcgetwinsize(io::stderr()).ok();
    known
        .map(|size| Size { width: size.ws_col, height: size.ws_row })
        .filter(|size| size.width > 0 && size.height > 0)
        .unwrap_or(Size { width: 80, height: 24 })
}

/// OSC 52, from xterm's `ctlseqs`.
struct Copy<'a>(&'a str);

impl Command for Copy<'_> {
    fn write_ansi(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "\x1b]52;c;{}\x07", BASE64_STANDARD.encode(self.0))
    }
}
