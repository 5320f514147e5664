//! The program while it runs.

use crate::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{ioctl_fionread, read, retry_on_intr, write};
use rustix::process::{Pid, kill_process};
use rustix::termios::{LocalModes, OutputModes, Termios, Winsize, tcgetattr, tcsetwinsize};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything that a test waits for may take, on a machine that does much else.
const DEADLINE: Duration = Duration::from_secs(20);

/// Longer than the pause by which a program tells typing from an unmarked paste.
const TYPING: Duration = Duration::from_millis(45);

/// A program that runs in a terminal, and the person in front of it.
pub struct Session {
    child: Child,
    master: Option<OwnedFd>,
    /// Kept, so that the terminal's modes can be read when the program has left.
    tty: Option<OwnedFd>,
    emulator: vt100::Parser,
    output: Vec<u8>,
    /// How much of the output came before the last answer to a prompt.
    answered: usize,
    modes_at_exit: Option<Termios>,
    home: TempDir,
}

impl Session {
    pub(crate) fn new(
        child: Child,
        master: OwnedFd,
        tty: OwnedFd,
        (columns, rows): (u16, u16),
        home: TempDir,
    ) -> Self {
        Self {
            child,
            master: Some(master),
            tty: Some(tty),
            emulator: vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0),
            output: Vec::new(),
            answered: 0,
            modes_at_exit: None,
            home,
        }
    }

    /// The home of the program.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sends bytes at once, as a macro or a broken line would.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let mut left = bytes.as_ref();
        while !left.is_empty() {
            let sent = write(self.master(), left).expect("the terminal takes bytes");
            left = &left[sent..];
        }
        self
    }

    /// Types a text by hand: with a pause after each few characters, so that it is no paste.
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for few in text.chars().collect::<Vec<_>>().chunks(8) {
            self.send(few.iter().collect::<String>()).pause();
        }
        self
    }

    /// Presses a key of [`crate::key`], or one with a character, after a pause that hands make.
    pub fn press(&mut self, key: &str) -> &mut Self {
        self.pause().send(key)
    }

    /// Presses keys, one after the other.
    pub fn keys<'a>(&mut self, keys: impl IntoIterator<Item = &'a str>) -> &mut Self {
        for key in keys {
            self.press(key);
        }
        self
    }

    /// Writes what the review of the wizard shows: `w`, and Enter at its question.
    pub fn write_plan(&mut self) -> &mut Self {
        self.press("w").wait_for("enter yes").press(crate::key::ENTER)
    }

    /// Pastes a text, between the marks that a terminal sets.
    pub fn paste(&mut self, text: &str) -> &mut Self {
        self.send(format!("\x1b[200~{text}\x1b[201~"))
    }

    /// Changes the size of the terminal, of which the program hears by SIGWINCH.
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.read_for(Duration::ZERO);
        self.emulator.screen_mut().set_size(at_least_one(rows), at_least_one(columns));
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.master(), size).expect("the terminal changes its size");
        self
    }

    /// Sends a signal to the program.
    pub fn signal(&mut self, signal: Signal) -> &mut Self {
        kill_process(self.pid(), signal).expect("the program is there");
        self
    }

    /// The process of the program.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Takes the terminal away, as a lost line does.
    pub fn hang_up(&mut self) -> &mut Self {
        self.master = None;
        self.tty = None;
        self
    }

    /// Waits until the screen shows a text.
    ///
    /// # Panics
    ///
    /// With the screen, if it never does.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("{text:?} to be shown"), |screen| screen.contents().contains(text))
    }

    /// Waits until the screen no longer shows a text.
    ///
    /// # Panics
    ///
    /// With the screen, if it always does.
    #[track_caller]
    pub fn wait_gone(&mut self, text: &str) -> &mut Self {
        self.wait_until(&format!("{text:?} to go"), |screen| !screen.contents().contains(text))
    }

    /// Waits until the screen is as wanted.
    ///
    /// # Panics
    ///
    /// With the screen, if it never is.
    #[track_caller]
    pub fn wait_until(
        &mut self,
        wanted: &str,
        is_so: impl Fn(&vt100::Screen) -> bool,
    ) -> &mut Self {
        let end = Instant::now() + DEADLINE;
        while !is_so(self.emulator.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(self.read_once(left), "waited for {wanted}; the screen is\n{}", self.screen());
        }
        self
    }

    /// Waits until a program that asks line by line has asked something since the last answer.
    ///
    /// # Panics
    ///
    /// With the screen, if it never does.
    #[track_caller]
    pub fn wait_for_prompt(&mut self) -> &mut Self {
        let end = Instant::now() + DEADLINE;
        while self.output.len() <= self.answered || !self.output.ends_with(b": ") {
            let left = end.saturating_duration_since(Instant::now());
            assert!(self.read_once(left), "waited for a prompt; the screen is\n{}", self.screen());
        }
        self
    }

    /// Answers the next prompts, each with a line.
    #[track_caller]
    pub fn answer<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> &mut Self {
        for line in lines {
            self.wait_for_prompt();
            self.answered = self.output.len();
            self.send(format!("{line}\r"));
        }
        self
    }

    /// Waits until the program has read its input and written nothing for a while, so that bytes
    /// can be counted.
    pub fn settle(&mut self) -> &mut Self {
        self.wait_until_read();
        while self.read_once(Duration::from_millis(200)) {}
        self
    }

    /// What the screen shows.
    pub fn screen(&self) -> String {
        self.emulator.screen().contents()
    }

    /// The screen with its styles and modes.
    pub fn emulated(&self) -> &vt100::Screen {
        self.emulator.screen()
    }

    /// Where the cursor is: column and line, counted from 0.
    pub fn cursor(&self) -> (u16, u16) {
        let (row, column) = self.emulator.screen().cursor_position();
        (column, row)
    }

    /// Every byte that has been read from the program.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Waits until the program leaves and returns its exit code.
    ///
    /// # Panics
    ///
    /// If it stays, or is killed by a signal.
    #[track_caller]
    pub fn wait_exit(&mut self) -> i32 {
        let status = self.wait_status();
        status.code().unwrap_or_else(|| panic!("it left by {status}"))
    }

    #[track_caller]
    fn wait_status(&mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                break status;
            }
            assert!(Instant::now() < end, "it does not leave; the screen is\n{}", self.screen());
            if self.master.is_some() {
                self.read_once(Duration::from_millis(5));
            } else {
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        self.modes_at_exit = self.tty.as_ref().and_then(|tty| tcgetattr(tty).ok());
        // Once nobody holds the terminal, what is still in it ends with an error.
        self.tty = None;
        while self.master.is_some() && self.read_once(DEADLINE) {}
        status
    }

    /// Asserts that the program has left the terminal as it was.
    ///
    /// # Panics
    ///
    /// If it is raw, on its alternate screen, marks pastes, or hides its cursor.
    #[track_caller]
    pub fn assert_restored(&self) {
        let screen = self.emulator.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is still on");
        assert!(!screen.bracketed_paste(), "pastes are still marked");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!self.is_raw(), "the terminal is still raw");
    }

    /// Whether the terminal is raw: now, or if the program has left, when it left.
    pub fn is_raw(&self) -> bool {
        let now = self.tty.as_ref().and_then(|tty| tcgetattr(tty).ok());
        let modes = now.or_else(|| self.modes_at_exit.clone()).expect("the terminal has modes");
        let line = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        !(modes.local_modes.contains(line) && modes.output_modes.contains(OutputModes::OPOST))
    }

    fn master(&self) -> &OwnedFd {
        self.master.as_ref().expect("the line is not lost")
    }

    /// Waits until the program has read what was sent, and then as long as hands do.
    fn pause(&mut self) -> &mut Self {
        self.wait_until_read();
        self.read_for(TYPING);
        self
    }

    fn wait_until_read(&mut self) {
        let end = Instant::now() + DEADLINE;
        while self.tty.as_ref().is_some_and(|tty| ioctl_fionread(tty).is_ok_and(|left| left > 0)) {
            assert!(Instant::now() < end, "it reads nothing; the screen is\n{}", self.screen());
            self.read_once(Duration::from_millis(1));
        }
    }

    fn read_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while self.read_once(end.saturating_duration_since(Instant::now())) {}
        if let Some(left) = end.checked_duration_since(Instant::now()) {
            std::thread::sleep(left);
        }
    }

    /// Reads what the program writes next; false if it writes nothing in this time.
    fn read_once(&mut self, time: Duration) -> bool {
        let master = self.master.as_ref().expect("the line is not lost");
        let time = Timespec::try_from(time).expect("a short time");
        let mut fds = [PollFd::new(master, PollFlags::IN)];
        if retry_on_intr(|| poll(&mut fds, Some(&time))).expect("poll") == 0 {
            return false;
        }
        let mut bytes = [0; 65536];
        let length = read(master, &mut bytes).unwrap_or(0);
        self.output.extend_from_slice(&bytes[..length]);
        self.emulator.process(&bytes[..length]);
        length > 0
    }
}

impl Drop for Session {
    /// Leaves no program behind, whatever became of the test.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn at_least_one(length: u16) -> NonZeroU16 {
    NonZeroU16::new(length).unwrap_or(NonZeroU16::MIN)
}
