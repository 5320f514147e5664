//! What has to be installed on the machine that runs the tests.

use kestra_setup::system::nginx::{Found, find};
use std::io::Write;

/// The nginx of this machine; `None`, said aloud, where there is none. In CI there has to be one.
pub(crate) fn nginx() -> Option<Found> {
    let found = find();
    if found.binary.is_some() {
        return Some(found);
    }
    missing("nginx", "nginx-light");
    None
}

/// Fails in CI, and says elsewhere what is not tested; not by `eprintln!`, which a test that passes
/// keeps to itself.
pub(crate) fn missing(program: &str, package: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI needs {program}: apt-get install {package}");
    let _ = writeln!(
        std::io::stderr(),
        "NOT TESTED: there is no {program} (apt-get install {package})"
    );
}
