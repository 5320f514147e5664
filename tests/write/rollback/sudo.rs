//! Elevation, with a script in the place of sudo that keeps what it was given.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use support::machine::{As, Machine, OLD, PASSWORD, Ran, program, ran};
use support::{Session, key};

/// A machine whose operator may read the configuration and not write it, and its sudo.
fn with_sudo(script: &str) -> Option<Machine> {
    let is_possible = support::is_root("what sudo is given") && support::can_unshare(&["-m"]);
    let machine = is_possible.then(|| Machine::of(As::Nobody))?;
    fs::set_permissions(machine.config(), Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(machine.at("etc"), Permissions::from_mode(0o555)).unwrap();
    let home = machine.at("home").display().to_string();
    fs::write(machine.at("sudo"), format!("#!/bin/sh\ncd {home}\n{script}\n")).unwrap();
    fs::set_permissions(machine.at("sudo"), Permissions::from_mode(0o755)).unwrap();
    Some(machine)
}

/// The words that start a program where this file is sudo, in a mount namespace of its own.
fn where_sudo_is(machine: &Machine, owner: &str) -> Vec<String> {
    let script = format!(
        "set -e; cp {0} {0}.copy; chown {owner} {0}.copy; \
         if [ -e /usr/bin/sudo ]; then mount --bind {0}.copy /usr/bin/sudo; else \
         mount -t tmpfs t /usr/local/bin; cp -p {0}.copy /usr/local/bin/sudo; fi; exec \"$@\"",
        machine.at("sudo").display()
    );
    ["unshare", "-m", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec()
}

/// Up to the point where sudo is started.
fn through_sudo(machine: &Machine) -> Session {
    through_sudo_of(machine, "root")
}

fn through_sudo_of(machine: &Machine, owner: &str) -> Session {
    let mut session = at_review(machine, owner);
    session.write_plan().wait_for("Write with sudo").press("1");
    session
}

fn at_review(machine: &Machine, owner: &str) -> Session {
    let answers = [
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_CONNECTION", "http"),
        ("KESTRA_SETUP_PROXY_ADDRESS", "proxy.corp.example:3128"),
        ("KESTRA_SETUP_PROXY_USERNAME", "svc"),
        ("KESTRA_SETUP_PROXY_PASSWORD", PASSWORD),
    ];
    let mut session = machine.start_behind(&where_sudo_is(machine, owner), &answers);
    session.wait_for("w write");
    session
}

#[test]
fn answers_and_digest_go_to_sudo_and_no_password_in_an_argument_or_variable() {
    let script = "echo \"$@\" > words\nenv > variables\ncat > answers";
    let Some(machine) = with_sudo(script) else { return };
    let mut session = through_sudo(&machine);
    session.wait_for("Done, with sudo.").wait_for("rollback");
    let (words, variables) = (machine.read("home/words"), machine.read("home/variables"));
    assert!(!variables.contains("KESTRA_SETUP") && !variables.contains(PASSWORD), "{variables}");
    assert!(!words.contains(PASSWORD), "{words}");
    assert!(!String::from_utf8_lossy(session.output()).contains(PASSWORD));
    let config = format!("--config {} ", machine.config().display());
    assert!(words.contains(&config), "{words}");
    let ran = as_root(&machine);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(machine.read("etc/config.yml").contains(PASSWORD));
    let ran = as_root(&machine);
    assert_eq!(ran.code, Some(4), "{ran:?}");
}

/// What the other end of sudo does with what that was given.
fn as_root(machine: &Machine) -> Ran {
    let words = machine.read("home/words");
    let answers = fs::File::open(machine.at("home/answers")).unwrap();
    let state = machine.at("state-of-root");
    let mut command = Command::new(program());
    command.args(words.split_whitespace().skip(2)).env("KESTRA_SETUP_STATE", state);
    ran(command.stdin(answers))
}

#[test]
fn a_change_of_others_is_overwritten_by_root_with_the_version_that_was_reviewed() {
    let Some(machine) = with_sudo("echo \"$@\" > words\ncat > answers") else { return };
    // Without the text that was reviewed, nobody could make the new one: theirs is no YAML.
    for theirs in [Some(format!("{OLD}server: theirs\n")), Some("\t: [".to_owned()), None] {
        let _ = fs::remove_file(machine.config());
        fs::write(machine.config(), OLD).unwrap();
        let mut session = at_review(&machine, "root");
        fs::remove_file(machine.config()).unwrap();
        if let Some(theirs) = &theirs {
            fs::write(machine.config(), theirs).unwrap();
        }
        session.write_plan().wait_for("changed on disk while you were editing");
        session.press(if theirs.is_some() { "4" } else { "1" });
        session.wait_for("Write with sudo").press("1").wait_for("Done, with sudo.");
        let ran = as_root(&machine);
        assert_eq!(ran.code, Some(0), "{theirs:?}: {ran:?}");
        let written = machine.read("etc/config.yml");
        assert!(written.contains(PASSWORD) && written.starts_with("# ours"), "{written}");
        assert!(!written.contains("theirs"), "{written}");
    }
}

#[test]
fn a_sudo_that_is_not_roots_is_not_started() {
    let Some(machine) = with_sudo("cat > answers") else { return };
    through_sudo_of(&machine, "nobody").wait_for("there is no sudo of root's");
    assert!(!machine.at("home/answers").exists());
}

#[test]
fn a_refusal_of_sudo_leaves_the_answers() {
    let Some(machine) = with_sudo("exit 1") else { return };
    let mut session = through_sudo(&machine);
    session.wait_for("Writing with sudo failed").wait_for("Save the files");
    assert!(machine.has_old());
    session.press(key::ESC).wait_for("w write").wait_for("ops.example.com");
}

#[test]
fn the_elevated_program_reports_why_by_its_exit_code() {
    let Some(machine) = with_sudo("exit 4") else { return };
    through_sudo(&machine).wait_for("a file changed on disk meanwhile");
}

#[test]
fn a_ctrl_c_at_the_prompt_of_sudo_is_meant_for_sudo() {
    let script = "trap 'exit 1' INT\necho 'password, please' >/dev/tty\nsleep 10 & wait";
    let Some(machine) = with_sudo(script) else { return };
    let mut session = through_sudo(&machine);
    session.wait_for("password, please").press(key::CTRL_C);
    session.wait_for("Writing with sudo failed").press(key::ESC).wait_for("w write");
}
