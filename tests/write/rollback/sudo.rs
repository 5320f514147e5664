//! The way through sudo, played by a script that keeps what it was given.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use support::machine::{As, Machine, PASSWORD};
use support::{Session, key};

/// A machine whose operator may read the configuration and not write it, and its sudo.
fn with_sudo(script: &str) -> Option<(Machine, String)> {
    let machine = support::has("setpriv").then(|| Machine::of(As::Nobody))?;
    fs::set_permissions(machine.config(), Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(machine.at("etc"), Permissions::from_mode(0o555)).unwrap();
    fs::write(
        machine.at("script"),
        format!("#!/bin/sh\ncd {}\n{script}\n", machine.at("home").display()),
    )
    .unwrap();
    // By another process, as a program that is open for writing anywhere cannot be started.
    let install = ["-D", "-m", "0755", "script", "bin/sudo"];
    let installed = Command::new("install").args(install).current_dir(machine.at("")).status();
    assert!(installed.unwrap().success());
    let path = format!("{}:{}", machine.at("bin").display(), std::env::var("PATH").unwrap());
    Some((machine, path))
}

/// At the end of the way through sudo.
fn through_sudo(machine: &Machine, path: &str) -> Session {
    let mut session = machine.start(&[
        ("PATH", path),
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_CONNECTION", "http"),
        ("KESTRA_SETUP_PROXY_ADDRESS", "proxy.corp.example:3128"),
        ("KESTRA_SETUP_PROXY_USERNAME", "svc"),
        ("KESTRA_SETUP_PROXY_PASSWORD", PASSWORD),
    ]);
    session.wait_for("w write").write_plan().wait_for("Write with sudo").press("1");
    session
}

#[test]
fn the_reviewed_plan_goes_through_a_pipe_and_no_password_in_an_argument() {
    let Some((machine, path)) = with_sudo("echo \"$@\" > words\ncat > plan") else { return };
    let mut session = through_sudo(&machine, &path);
    session.wait_for("Done, with sudo.");
    let words = machine.read("home/words");
    assert!(
        words.ends_with("kestra-setup apply --plan -\n") && !words.contains(PASSWORD),
        "{words}"
    );
    let plan = machine.read("home/plan");
    // What came through the pipe is what the other end writes.
    let other = Machine::new();
    let there =
        plan.replace(machine.at("etc").to_str().unwrap(), other.at("etc").to_str().unwrap());
    assert_eq!(other.pipe(&["apply", "--plan", "-"], &there).code, Some(0));
    assert!(other.read("etc/config.yml").contains(PASSWORD));
    assert!(!String::from_utf8_lossy(session.output()).contains(PASSWORD));
}

#[test]
fn a_configuration_of_roots_own_is_no_concern_of_the_plan() {
    let machine = Machine::new();
    fs::create_dir(machine.at("home/.kestra")).unwrap();
    fs::write(machine.at("home/.kestra/config.yml"), "a: [\n").unwrap();
    let path = machine.at("etc/kestra.conf");
    let plan = format!(
        r#"{{"version":1,"changes":[{{"kind":"nginx","path":{path:?},"before":null,"after":"new\n","mode":420}}]}}"#
    );
    let ran = machine.pipe(&["apply", "--plan", "-"], &plan);
    assert_eq!((ran.code, machine.read("etc/kestra.conf").as_str()), (Some(0), "new\n"), "{ran:?}");
}

#[test]
fn a_refusal_of_sudo_leaves_the_answers() {
    let Some((machine, path)) = with_sudo("exit 1") else { return };
    let mut session = through_sudo(&machine, &path);
    session.wait_for("Writing with sudo failed").wait_for("Save the files");
    assert!(machine.has_old());
    session.press(key::ESC).wait_for("w write").wait_for("ops.example.com");
}

#[test]
fn the_other_end_says_why_by_its_exit_code() {
    let Some((machine, path)) = with_sudo("exit 4") else { return };
    through_sudo(&machine, &path).wait_for("a file changed on disk meanwhile");
}

#[test]
fn a_ctrl_c_at_the_prompt_of_sudo_is_meant_for_sudo() {
    let script = "trap 'exit 1' INT\necho 'password, please' >/dev/tty\nsleep 10 & wait";
    let Some((machine, path)) = with_sudo(script) else { return };
    let mut session = through_sudo(&machine, &path);
    session.wait_for("password, please").press(key::CTRL_C);
    session.wait_for("Writing with sudo failed").press(key::ESC).wait_for("w write");
}
