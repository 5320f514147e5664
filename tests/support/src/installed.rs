//! Whether this machine has what a test needs.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

/// Where servers lie, which are not on the path of every user.
const SERVERS: &str = "/usr/local/sbin:/usr/sbin:/sbin";

/// Whether a program is installed, as [`needs`] has it.
pub fn has(program: &str) -> bool {
    let path = format!("{}:{SERVERS}", env::var("PATH").unwrap_or_default());
    let found = path.split(':').any(|folder| Path::new(folder).join(program).is_file());
    needs(found, program)
}

/// Whether what a test needs is there. If not, that is reported; with `CI` set it is a failure, as
/// a gate without the test would be no gate.
///
/// # Panics
/// With `CI` set, if it is not there.
pub fn needs(is_there: bool, what: &str) -> bool {
    assert!(is_there || env::var_os("CI").is_none(), "this machine has to have {what}");
    if !is_there {
        not_tested(&format!("this machine does not have {what}"));
    }
    is_there
}

/// Whether `unshare` may make what these options ask for, as [`needs`] has it.
pub fn can_unshare(options: &[&str]) -> bool {
    let status = Command::new("unshare").args(options).arg("true").status();
    needs(status.is_ok_and(|status| status.success()), "a right to make mount namespaces")
}

/// Whether root runs the test. If not, what only root can test is named aloud; that fails no gate,
/// since the gate may be run by anybody.
pub fn is_root(what: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        not_tested(&format!("only root can test {what}"));
    }
    is_root
}

fn not_tested(why: &str) {
    // Not by `eprintln!`, which a test that passes keeps to itself.
    let _ = writeln!(io::stderr(), "NOT TESTED: {why}");
}
