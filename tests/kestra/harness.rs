//! The tests of real Kestras, themselves tested: on stand-ins that are given as Kestras are, in jars.

use super::programs;
use std::env;
use std::process::Command;

/// Whether these tests pass on stand-ins of these releases, without a network where that can be had,
/// and what is printed meanwhile. `None` where there are no stand-ins, or Kestras are given already.
fn run(tests: &str, releases: &[&str]) -> Option<(bool, String)> {
    let this = env::current_exe().unwrap();
    let mut command = Command::new(&this);
    if support::has("ip") && support::can_unshare(&["-rn"]) {
        let alone = "ip link set lo up && exec \"$0\" \"$@\"";
        command = Command::new("unshare");
        command.args(["-rn", "sh", "-c", alone]).arg(this);
    }
    if programs::given().is_some() {
        return None;
    }
    programs::give_standins(&mut command, releases)?;
    let output = command.arg(tests).output().unwrap();
    let printed = [&*output.stdout, &output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&printed).into_owned()))
}

#[test]
fn a_given_kestra_passes() {
    let Some((passes, printed)) = run("real::", &["1.3.25"]) else { return };
    assert!(passes && !printed.contains("NOT TESTED"), "{printed}");
}

#[test]
fn given_kestras_of_every_era_are_told_apart_in_one_run() {
    let releases = ["1.3.20", "1.3.25", "9.1.0", "9.2.0"];
    let Some((passes, printed)) = run("of_the_era", &releases) else { return };
    assert!(passes, "{printed}");
    for (release, era) in releases.iter().zip(["E0", "E1", "E1b", "E2"]) {
        assert!(printed.contains(&format!("SEEN: Kestra {release} is of {era}: ")), "{printed}");
    }
}

#[test]
fn given_kestras_run_side_by_side() {
    let releases = ["1.3.20", "9.2.0"];
    let Some((passes, printed)) = run("side_by_side", &releases) else { return };
    assert!(passes, "{printed}");
    for release in releases {
        assert!(printed.contains(&format!("SEEN: Kestra {release} on [")), "{printed}");
    }
}

#[test]
fn what_is_given_and_behaves_as_no_kestra_fails() {
    for test in ["of_the_era", "the_api_is_closed"] {
        let Some((passes, printed)) = run(test, &["9.9.9"]) else { return };
        assert!(!passes, "{test}: {printed}");
    }
}
