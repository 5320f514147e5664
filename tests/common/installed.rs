//! What has to be installed on the machine that runs the tests.

use kestra_setup::system::nginx::{Found, find};

/// The nginx of this machine; `None`, said aloud, where there is none. In CI there has to be one.
pub(crate) fn nginx() -> Option<Found> {
    let found = find();
    if found.binary.is_some() {
        return Some(found);
    }
    assert!(std::env::var_os("CI").is_none(), "CI needs nginx: apt-get install nginx-light");
    eprintln!("NOT TESTED: there is no nginx on this machine (apt-get install nginx-light)");
    None
}
