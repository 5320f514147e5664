//! A program in a terminal of its own, for tests that read like a person using it.
//!
//! ```no_run
//! # use support::{Program, key};
//! let mut session = Program::new("kestra-setup").start();
//! session.wait_for("Public URL").type_text("https://ops.example.com/").press(key::ENTER);
//! session.wait_for("How does Kestra reach api.kestra.io?").press(key::CTRL_C);
//! assert_eq!(session.wait_exit(), 130);
//! ```
//!
//! Nothing runs beside the test: what the program writes is read while the test waits for it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests start the program and wait for it"
)]

pub mod http;
mod installed;
pub mod live_view;
pub mod machine;
pub mod nginx;
mod patience;
mod port;
pub mod private_nginx;
mod program;
mod random;
mod secrets;
pub mod server;
mod session;
pub mod site;
mod yaml_case;

pub use installed::{can_unshare, has, is_root, needs};
pub use patience::within;
pub use port::free_port;
pub use program::Program;
pub use random::Random;
pub use rustix::process::Signal;
pub use secrets::{SECRET, assert_no_secret, secret_texts};
pub use session::Session;
pub use yaml_case::YamlCase;

/// What keys send, on a terminal like xterm.
pub mod key {
    /// Enter.
    pub const ENTER: &str = "\r";
    /// Escape.
    pub const ESC: &str = "\x1b";
    /// Tab.
    pub const TAB: &str = "\t";
    /// Shift-Tab.
    pub const BACK_TAB: &str = "\x1b[Z";
    /// Backspace.
    pub const BACKSPACE: &str = "\x7f";
    /// Delete.
    pub const DELETE: &str = "\x1b[3~";
    /// The arrow up.
    pub const UP: &str = "\x1b[A";
    /// The arrow down.
    pub const DOWN: &str = "\x1b[B";
    /// The arrow right.
    pub const RIGHT: &str = "\x1b[C";
    /// The arrow left.
    pub const LEFT: &str = "\x1b[D";
    /// Home.
    pub const HOME: &str = "\x1b[H";
    /// End.
    pub const END: &str = "\x1b[F";
    /// Page up.
    pub const PAGE_UP: &str = "\x1b[5~";
    /// Page down.
    pub const PAGE_DOWN: &str = "\x1b[6~";
    /// Help.
    pub const F1: &str = "\x1bOP";
    /// Ctrl-C.
    pub const CTRL_C: &str = "\x03";
    /// Ctrl-D, the end of the input where lines are read.
    pub const CTRL_D: &str = "\x04";
    /// Ctrl-L.
    pub const CTRL_L: &str = "\x0c";
    /// Ctrl-R.
    pub const CTRL_R: &str = "\x12";
    /// Ctrl-T.
    pub const CTRL_T: &str = "\x14";
    /// Ctrl-U.
    pub const CTRL_U: &str = "\x15";
    /// Ctrl-Z.
    pub const CTRL_Z: &str = "\x1a";
}
