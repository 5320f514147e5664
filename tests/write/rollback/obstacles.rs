//! Links, things that are no files, missing rights and a full disk.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use support::machine::{As, Machine, OLD, PASSWORD, ran};

#[test]
fn the_file_behind_a_symlink_is_written_and_named() {
    let machine = Machine::new();
    let real = machine.at("home/real.yml");
    fs::rename(machine.config(), &real).unwrap();
    symlink(&real, machine.config()).unwrap();
    let shown = format!("config.yml -> {}", real.display());
    let ran = machine.apply(&[]);
    assert_eq!((ran.code, machine.has_new()), (Some(0), true), "{ran:?}");
    assert!(ran.talk.contains(&shown) && ran.out.contains(&shown), "{ran:?}");
    assert!(fs::symlink_metadata(machine.config()).unwrap().is_symlink());
    let ran = machine.run(&["rollback"]);
    assert_eq!((ran.code, machine.has_old()), (Some(0), true), "{ran:?}");
    assert!(ran.out.contains(&shown), "{ran:?}");
    assert!(fs::symlink_metadata(machine.config()).unwrap().is_symlink());
}

#[test]
fn where_a_typed_path_leads_is_shown_before_anything_is_written() {
    let machine = Machine::new();
    let link = machine.at("etc/kestra.conf");
    symlink("/x/y.conf", &link).unwrap();
    let file = link.display().to_string();
    let answers = [
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_REVERSE_PROXY", "nginx"),
        ("KESTRA_SETUP_NGINX_FILE", &file),
    ];
    let mut session = machine.start(&answers);
    session.wait_for("w write").wait_for("kestra.conf -> /x/y.conf");
    session.resize(40, 10).wait_gone("/x/y.conf").press("w").wait_for("Write 2 files?");
    session.wait_for("etc/kestra.conf ->").wait_for("/x/y.conf");
    drop(session);
    let plain = [&answers[..], &[("ACCESSIBLE", "1")]].concat();
    machine.start(&plain).wait_for("kestra.conf -> /x/y.conf: new file");
    let ran = machine.apply(&["--reverse-proxy", "nginx", "--nginx-file", &file, "--dry-run"]);
    assert!(ran.out.contains("kestra.conf -> /x/y.conf\n"), "{ran:?}");
}

/// Every command on what is in the place of the configuration.
fn each_is_refused(machine: &Machine, words: &str) {
    let every = [&["apply", "--url", "https://ops.example.com/"][..], &["show"], &["check"]];
    for command in every {
        let ran = machine.run(command);
        let printed = format!("{}{}", ran.out, ran.talk);
        assert!(ran.code != Some(0) && printed.contains(words), "{command:?}: {ran:?}");
    }
    let mut session = machine.start(&[]);
    assert_eq!(session.wait_exit(), 1, "{}", session.screen());
    let shown = session.screen().replace('\n', "");
    assert!(shown.contains(words), "{shown}");
}

#[test]
fn a_symlink_that_leads_back_to_itself_is_named() {
    let machine = Machine::new();
    fs::remove_file(machine.config()).unwrap();
    symlink("config.yml", machine.config()).unwrap();
    each_is_refused(&machine, "is a symlink that leads back to itself");
}

#[test]
fn a_folder_is_named() {
    let machine = Machine::new();
    fs::remove_file(machine.config()).unwrap();
    fs::create_dir(machine.config()).unwrap();
    each_is_refused(&machine, "is a folder, not a file");
}

#[test]
fn a_fifo_is_named_and_nobody_waits_for_it() {
    let machine = Machine::new();
    fs::remove_file(machine.config()).unwrap();
    mknodat(CWD, machine.config(), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    each_is_refused(&machine, "is a FIFO, not a file");
}

/// A machine whose operator may read the configuration and not write it.
fn read_only() -> Option<Machine> {
    support::has("setpriv").then(|| Machine::of(As::Nobody)).inspect(|machine| {
        fs::set_permissions(machine.config(), Permissions::from_mode(0o444)).unwrap();
        fs::set_permissions(machine.at("etc"), Permissions::from_mode(0o555)).unwrap();
    })
}

#[test]
fn missing_rights_end_a_command_with_5() {
    let Some(machine) = read_only() else { return };
    let ran = machine.apply(&[]);
    assert_eq!((ran.code, machine.has_old()), (Some(5), true), "{ran:?}");
    assert!(ran.talk.contains("permission denied (user "), "{ran:?}");
}

#[test]
fn missing_rights_leave_three_ways_in_the_wizard() {
    let Some(machine) = read_only() else { return };
    let nginx = machine.at("etc/kestra.conf").display().to_string();
    let mut session = machine.start(&[
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_REVERSE_PROXY", "nginx"),
        ("KESTRA_SETUP_NGINX_FILE", &nginx),
    ]);
    session.wait_for("w write").write_plan().wait_for("permission denied (user");
    session.wait_for("1  Write with sudo").wait_for("2  Save the files under ~/kestra-setup-out/");
    session.wait_for("3  Correct \"File\"");
    assert!(machine.has_old());
}

#[test]
fn files_are_saved_aside_with_the_commands_that_install_them() {
    let Some(machine) = read_only() else { return };
    let mut session = machine.start(&[
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_CONNECTION", "http"),
        ("KESTRA_SETUP_PROXY_ADDRESS", "proxy.corp.example:3128"),
        ("KESTRA_SETUP_PROXY_USERNAME", "svc"),
        ("KESTRA_SETUP_PROXY_PASSWORD", PASSWORD),
    ]);
    session.wait_for("w write").write_plan().wait_for("Save the files").press("2");
    session.wait_for("Nothing was installed.").wait_for("sudo cp --");
    let saved = machine.at("home/kestra-setup-out/config.yml");
    assert_eq!(fs::metadata(&saved).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(saved).unwrap().contains(PASSWORD));
    session.press("\r");
    assert_eq!(session.wait_exit(), 0);
    assert!(session.screen().contains("sudo cp --"), "{}", session.screen());
    assert!(!String::from_utf8_lossy(session.output()).contains(PASSWORD));
}

#[test]
fn a_full_disk_is_named_and_the_old_file_stays() {
    let machine = Machine::new();
    let (etc, config) = (machine.at("etc").display().to_string(), machine.config());
    let mount = format!(
        "mount -t tmpfs -o size=64k t {etc} && cp {0}/old {1} && \
         head -c 1M /dev/zero > {etc}/fill; \"$@\"; code=$?; cmp {0}/old {1} && ls {etc} && exit $code",
        machine.at("home").display(),
        config.display(),
    );
    fs::write(machine.at("home/old"), OLD).unwrap();
    let map = if rustix::process::geteuid().is_root() { "--fork" } else { "--map-root-user" };
    if !support::can_unshare(&["-m", map]) {
        return;
    }
    let before = ["unshare", "-m", map, "sh", "-c", &mount, "sh"];
    let words = ["apply", "--url", "https://ops.example.com/"];
    let ran = ran(&mut machine.command(&before, &words));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.talk.contains("the disk is full"), "{ran:?}");
    assert!(ran.out.ends_with("config.yml\nfill\n"), "{ran:?}");
}

#[test]
fn a_file_with_other_hard_links_is_changed_in_place_and_that_is_said() {
    let machine = Machine::new();
    fs::hard_link(machine.config(), machine.at("etc/link")).unwrap();
    let ran = machine.apply(&[]);
    assert_eq!((ran.code, machine.has_new()), (Some(0), true), "{ran:?}");
    assert_eq!(machine.read("etc/link"), machine.read("etc/config.yml"));
    let words = "changed in place, not atomic: it has other hard links, mode 0644";
    assert!(ran.talk.contains(words), "{ran:?}");
}

#[test]
fn a_file_that_is_marked_immutable_is_named_with_the_command_that_frees_it() {
    let machine = Machine::new();
    let config = machine.config();
    let mark = |flag| Command::new("chattr").arg(flag).arg(&config).output();
    // Not every file system has the flag, and only root sets it.
    if !mark("+i").is_ok_and(|ran| ran.status.success()) {
        return;
    }
    let ran = machine.apply(&[]);
    mark("-i").unwrap();
    assert_eq!((ran.code, machine.has_old()), (Some(1), true), "{ran:?}");
    let free = format!("is marked immutable\nRemove the flag: chattr -i {}", config.display());
    assert!(ran.talk.contains(&free), "{ran:?}");
}
