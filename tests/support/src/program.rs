//! What is started, and in which surroundings.

use crate::Session;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A program that is about to be started, with a clean environment and an empty home.
pub struct Program {
    command: Command,
    columns: u16,
    rows: u16,
    home: TempDir,
}

impl Program {
    /// A program by its path, on an xterm of 80x24, which is its controlling terminal: it hears of
    /// new sizes and of a lost line.
    pub fn new(path: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(path);
        Self::of(command)
    }

    /// The same without a controlling terminal, and with nothing started before it: for what is
    /// measured.
    pub fn alone(path: impl AsRef<OsStr>) -> Self {
        Self::of(Command::new(path))
    }

    fn of(mut command: Command) -> Self {
        let home = TempDir::new().expect("a folder for the home");
        command.env_clear().current_dir(home.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.path()).env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        // Root's own is shared by the machine, whatever the home is.
        command.env("KESTRA_SETUP_STATE", home.path().join("state"));
        Self { command, columns: 80, rows: 24, home }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable away, such as `TERM`.
    pub fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Sets the size of the terminal.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    /// The home that the program will have, for files to be put there.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Starts it.
    pub fn start(mut self) -> Session {
        let (master, tty) = open(self.columns, self.rows).expect("a terminal");
        let stdio = || Stdio::from(tty.try_clone().expect("a copy of the terminal"));
        self.command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        let child = self.command.spawn().expect("the program starts");
        Session::new(child, master, tty, (self.columns, self.rows), self.home)
    }
}

/// A new terminal: the side of the person, and the side of the program.
fn open(columns: u16, rows: u16) -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let tty = ioctl_tiocgptpeer(&master, flags)?;
    let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&tty, size)?;
    Ok((master, tty))
}
