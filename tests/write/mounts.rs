//! File systems and rights that prevent a write.
//!
//! Each case is a real process in a mount namespace of its own, so that nothing here can touch the
//! machine. As root the cases with fewer rights run as nobody.

use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::fs::backup::History;
use kestra_setup::system::fs::lock::Lock;
use kestra_setup::system::fs::{self as files, FileAction, Receipt, WriteError};
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The file to write.
const ME: &str = "KESTRA_SETUP_UNDER_TEST";
/// What is in it.
const OLD: &str = "KESTRA_SETUP_OLD_UNDER_TEST";

#[test]
fn the_process_under_test() {
    if env::var_os(ME).is_some() {
        match write() {
            Ok(receipt) => {
                let file = &receipt.files[0];
                let action = match file.action {
                    FileAction::InPlace(reason) => format!("in place, since {reason}"),
                    other => format!("{other:?}"),
                };
                println!("\nwritten: {action} {}", file.owner);
            }
            Err(error) => println!("\n{}: {error}", error.exit_code()),
        }
    }
}

fn write() -> Result<Receipt, WriteError> {
    let path = PathBuf::from(env::var_os(ME).unwrap());
    let old = env::var(OLD).ok();
    files::write(&plan(path, old.as_deref()), &Lock::take(&History::here()?)?, &|| Ok(()))
}

/// Whether the cases can be made here.
fn can_mount() -> bool {
    support::can_unshare(&MAP)
}

/// A mount namespace; without root, in a user namespace, where the user is root.
const MAP: [&str; 2] = ["--mount", "--map-root-user"];

const NOBODY: &str = "setpriv --reuid 65534 --regid 65534 --clear-groups";

/// Who the write runs as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Root,
    Nobody,
}

/// Writes `f` in a folder that `before` has prepared. Gives the outcome and what `after` prints. Both are shell, with the folder as working directory.
fn case(before: &str, user: As, old: Option<&str>, after: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("place");
    fs::create_dir(&place).unwrap();
    for path in [folder.path(), &place] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }
    // Where it is built, nobody may not look. Not by this process: a test that starts a program at
    // this moment would inherit the open copy, and nobody could run it.
    let (this, copy) = (env::current_exe().unwrap(), folder.path().join("me"));
    assert!(Command::new("cp").arg(this).arg(copy).status().unwrap().success());
    let rights = if user == As::Nobody { NOBODY } else { "" };
    let run = format!("{rights} ../me mounts::the_process_under_test --exact --nocapture");
    // A shell that is in a folder already does not see what is mounted over it.
    let script = format!("set -e\nmkdir -m 0777 ../state\n{before}\ncd \"$PWD\"\n{run}\n{after}");
    let output = Command::new("unshare")
        .args(if rustix::process::geteuid().is_root() { &MAP[..1] } else { &MAP })
        .args(["sh", "-c", &script])
        .current_dir(&place)
        .env(ME, place.join("f"))
        .envs(old.map(|old| (OLD, old)))
        .env("KESTRA_SETUP_STATE", folder.path().join("state/of-the-test"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let shown = shown.replace(&format!("{}/", place.display()), "");
    shown.lines().filter(|line| !is_of_the_harness(line)).collect::<Vec<_>>().join("\n")
}

fn plan(path: PathBuf, old: Option<&str>) -> Plan {
    let (before, after) = (old.map(Into::into), "new\n".repeat(5000).into());
    let change =
        FileChange { kind: FileKind::Config, path, target: None, before, after, mode: 0o600 };
    Plan { changes: vec![change], ..Plan::default() }
}

fn is_of_the_harness(line: &str) -> bool {
    line.is_empty() || line.starts_with("running") || line.starts_with("test ") || line == "ok"
}

#[test]
fn a_read_only_mount_is_named() {
    if can_mount() {
        let before = "mount -t tmpfs t .; cd \"$PWD\"; echo old > f; mount -o remount,ro .";
        let shown = case(before, As::Root, Some("old\n"), "cat f; ls -A");
        assert_eq!(shown, "1: cannot write f: the file system is read-only\nold\nf");
    }
}

#[test]
fn a_full_disk_is_named_and_the_old_file_stays() {
    if can_mount() {
        let before = "mount -t tmpfs -o size=64k t .; cd \"$PWD\"; echo old > f; \
                      head -c 52k /dev/zero > fill";
        let shown = case(before, As::Root, Some("old\n"), "cat f; ls -A");
        assert_eq!(shown, "1: cannot write f: the disk is full\nold\nf\nfill");
    }
}

#[test]
fn a_mounted_file_is_written_in_place() {
    if can_mount() {
        let before = "echo old > outer; touch f; mount --bind outer f";
        let shown = case(before, As::Root, Some("old\n"), "head -n 1 outer; ls -A");
        assert_eq!(shown, "written: in place, since it is a mounted file root:root\nnew\nf\nouter");
    }
}

#[test]
fn a_mounted_file_in_a_read_only_folder_is_written_in_place() {
    if can_mount() {
        let before = "mount -t tmpfs t .; cd \"$PWD\"; touch f; echo old > ../outer; \
                      mount --bind ../outer f; mount -o remount,ro .";
        let shown = case(before, As::Root, Some("old\n"), "head -n 1 f; ls -A");
        assert_eq!(
            shown,
            "written: in place, since its folder cannot be written root:root\nnew\nf"
        );
    }
}

/// Cases with two users need the rights of root to begin with.
fn can_be_nobody() -> bool {
    support::is_root("what somebody else may not do") && can_mount()
}

#[test]
fn permission_denied_names_file_and_user() {
    if can_be_nobody() {
        let shown = case("", As::Nobody, None, "ls -A");
        assert_eq!(shown, "5: cannot write f: permission denied (user nobody)");
    }
}

#[test]
fn a_file_that_may_be_written_in_a_folder_that_may_not_is_written_in_place() {
    if can_be_nobody() {
        let before = "echo old > f; chgrp nogroup f; chmod 660 f";
        let shown = case(before, As::Nobody, Some("old\n"), "stat -c '%a %U:%G' f; ls -A");
        assert_eq!(
            shown,
            "written: in place, since its folder cannot be written root:nogroup\n660 root:nogroup\nf"
        );
    }
}

#[test]
fn a_file_is_written_in_a_folder_that_cannot_be_listed() {
    if can_be_nobody() {
        let before = "chown nobody:nogroup .; chmod 300 .";
        let shown = case(before, As::Nobody, None, "stat -c '%a %U:%G' f");
        assert_eq!(shown, "written: Created nobody:nogroup\n600 nobody:nogroup");
    }
}

#[test]
fn a_file_of_another_owner_keeps_it() {
    if can_be_nobody() {
        let before = "echo old > f; chgrp nogroup f; chmod 660 f; chmod 777 .";
        let shown = case(before, As::Nobody, Some("old\n"), "stat -c '%a %U:%G' f; ls -A");
        assert_eq!(
            shown,
            "written: in place, since its owner, group or access list cannot be given to a new file root:nogroup\n660 root:nogroup\nf"
        );
    }
}

#[test]
fn a_folder_that_hands_down_its_group_does_not_change_that_of_a_file() {
    if can_be_nobody() {
        let before = "echo old > f; chmod 640 f; chgrp nogroup .; chmod 2775 .";
        let shown = case(before, As::Root, Some("old\n"), "stat -c '%a %U:%G' f; ls -A");
        assert_eq!(shown, "written: Replaced root:root\n640 root:root\nf");
    }
}

#[test]
fn what_root_makes_in_the_folder_of_a_service_is_the_services() {
    if can_be_nobody() {
        let shown = case("chown nobody:nogroup .", As::Root, None, "stat -c '%a %U:%G' f");
        assert_eq!(shown, "written: Created nobody:nogroup\n600 nobody:nogroup");
    }
}
