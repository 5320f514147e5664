//! Others on the same machine: their links, their folders, their files in the state folder.

use rustix::fs::{AtFlags, CWD, Gid, Mode, Uid, chownat, mkfifoat};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use support::Program;
use support::machine::{As, Machine, NEW_LINE, OLD, PASSWORD, ran};

const NOBODY: u32 = 65534;

fn give_to_nobody(path: &Path) {
    try_to_give_to_nobody(path).unwrap();
}

fn try_to_give_to_nobody(path: &Path) -> rustix::io::Result<()> {
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    chownat(CWD, path, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)
}

/// A machine of root's, whose folder `home` is somebody else's.
fn with_another_user() -> Option<Machine> {
    support::is_root("what it does in a folder of another user").then(|| {
        let machine = Machine::new();
        give_to_nobody(&machine.at("home"));
        machine
    })
}

/// Root's state folder is not in the home of another user.
fn apply(machine: &Machine, config: &Path, more: &[&str]) -> support::machine::Ran {
    let words = [&["apply", "--url", "https://ops.example.com/"], more].concat();
    let mut command = machine.command_for(config, &[], &words);
    ran(command.env("KESTRA_SETUP_STATE", machine.at("state")).stdin(Stdio::null()))
}

#[test]
fn root_follows_no_link_of_another_user_into_a_folder_of_somebody_else() {
    let Some(machine) = with_another_user() else { return };
    let link = machine.at("home/config.yml");
    symlink(machine.config(), &link).unwrap();
    give_to_nobody(&link);
    let ran = apply(&machine, &link, &[]);
    assert_eq!((ran.code, machine.has_old()), (Some(1), true), "{ran:?}");
    assert!(ran.talk.contains("home/config.yml is a link that nobody owns"), "{ran:?}");
}

#[test]
fn root_follows_a_link_of_another_user_within_that_users_folders_and_its_own_links_everywhere() {
    let Some(machine) = with_another_user() else { return };
    let (real, link) = (machine.at("home/real.yml"), machine.at("home/config.yml"));
    fs::write(&real, OLD).unwrap();
    symlink("real.yml", &link).unwrap();
    give_to_nobody(&link);
    let ran = apply(&machine, &link, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains(&format!("config.yml -> {}", real.display())), "{ran:?}");
    assert!(machine.read("home/real.yml").contains(NEW_LINE));
    let own = machine.at("home/own.yml");
    symlink(machine.config(), &own).unwrap();
    assert_eq!((apply(&machine, &own, &[]).code, machine.has_new()), (Some(0), true));
}

#[test]
fn root_appends_no_password_to_a_file_that_an_env_file_of_a_service_links_to() {
    let Some(machine) = with_another_user() else { return };
    let (target, link) = (machine.at("etc/environment"), machine.at("home/kestra.env"));
    fs::write(&target, "A=1\n").unwrap();
    symlink(&target, &link).unwrap();
    give_to_nobody(&link);
    let password = machine.at("etc/password");
    fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let (link, password) = (link.display().to_string(), password.display().to_string());
    let proxy =
        ["--connection", "http", "--proxy-address", "proxy:3128", "--proxy-username", "svc"];
    let env = ["--proxy-credentials", "env", "--proxy-password-file", &password, "--env-file"];
    let words = |file| [&proxy[..], &env, &[file]].concat();
    let ran = apply(&machine, &machine.config(), &words(&link));
    assert_eq!((ran.code, machine.has_old()), (Some(1), true), "{ran:?}");
    assert!(ran.talk.contains("kestra.env is a link that nobody owns"), "{ran:?}");
    assert_eq!(machine.read("etc/environment"), "A=1\n");
    // Elsewhere it is written.
    let other = machine.at("home/other.env").display().to_string();
    let ran = apply(&machine, &machine.config(), &words(&other));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let written = machine.read("home/other.env");
    assert!(
        written.contains(&format!("='{PASSWORD}'")) || written.contains(&format!("={PASSWORD}"))
    );
    assert_eq!(fs::metadata(machine.at("home/other.env")).unwrap().uid(), NOBODY);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_password_wherever_it_comes_from() {
    let words = "apply --url https://ops.example.com/ --connection http --proxy-address proxy:3128 \
                 --proxy-username svc";
    let marked = format!("\u{feff}{PASSWORD}");
    let answers = format!("proxy-password: \"{marked}\"\n");
    for (source, input) in [
        (&["--proxy-password-stdin"][..], &marked),
        (&["--proxy-password-file", "/dev/stdin"], &marked),
        (&["--answers", "-"], &answers),
        (&[], &marked),
    ] {
        let machine = Machine::new();
        let words: Vec<_> = words.split_whitespace().chain(source.iter().copied()).collect();
        fs::write(machine.at("home/input"), input).unwrap();
        let mut command = machine.command(&[], &words);
        if source.is_empty() {
            command.env("KESTRA_SETUP_PROXY_PASSWORD", &marked);
        }
        let ran = ran(command.stdin(fs::File::open(machine.at("home/input")).unwrap()));
        let written = machine.read("etc/config.yml");
        let line = format!("proxy-password: {PASSWORD}\n");
        assert!(ran.code == Some(0) && written.contains(&line), "{source:?} {written} {ran:?}");
    }
}

#[test]
fn no_folder_of_root_is_given_to_whoever_swaps_it_with_one_that_was_just_made() {
    let Some(machine) = with_another_user() else { return };
    let (mine, made) = (machine.at("secret"), machine.at("home/made"));
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("key"), "x").unwrap();
    let stops = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stops.load(Ordering::Relaxed) {
                if fs::remove_dir(&made).is_ok() {
                    let _ = symlink(&mine, &made);
                    // The next round may have removed the link by now.
                    let _ = try_to_give_to_nobody(&made);
                }
            }
        });
        for number in 0..10 {
            apply(&machine, &made.join(format!("{number}/config.yml")), &[]);
            let _ = fs::remove_file(&made).or_else(|_| fs::remove_dir_all(&made));
        }
        stops.store(true, Ordering::Relaxed);
    });
    assert_eq!(fs::metadata(&mine).unwrap().uid(), 0);
    assert_eq!(fs::read_dir(&mine).unwrap().count(), 1);
}

#[test]
fn a_state_folder_keeps_its_rights_and_one_that_others_control_is_refused() {
    let machine = Machine::new();
    let state = machine.at("home/state");
    fs::create_dir(&state).unwrap();
    let mode = |mode| fs::set_permissions(&state, Permissions::from_mode(mode)).unwrap();
    for open in [0o777, 0o1777, 0o770] {
        mode(open);
        let ran = machine.apply(&[]);
        assert_eq!((ran.code, machine.has_old()), (Some(1), true), "{ran:?}");
        assert!(ran.talk.contains("can be written by others"), "{ran:?}");
    }
    mode(0o755);
    assert_eq!((machine.apply(&[]).code, machine.has_new()), (Some(0), true));
    assert_eq!(fs::metadata(&state).unwrap().mode() & 0o7777, 0o755);
    if support::is_root("a state folder of another user") {
        give_to_nobody(&state);
        let ran = machine.run(&["rollback"]);
        assert_eq!((ran.code, machine.has_new()), (Some(1), true), "{ran:?}");
        assert!(ran.talk.contains("belongs to nobody"), "{ran:?}");
    }
}

#[test]
fn a_configuration_in_a_folder_that_cannot_be_read_is_no_fresh_setup() {
    // Of processes of its own, since a Kestra that runs on this machine would be a candidate.
    const APART: [&str; 4] = ["-m", "-p", "--fork", "--mount-proc"];
    let is_possible = support::is_root("a folder of Kestra's that nobody else may enter")
        && support::has("setpriv")
        && support::can_unshare(&APART);
    if !is_possible {
        return;
    }
    let machine = Machine::of(As::Nobody);
    let script = "mount -t tmpfs t /etc && mkdir -m 700 /etc/kestra && \
                  echo 'kestra: {}' > /etc/kestra/config.yml && exec \"$@\"";
    let rights = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let mut command = Command::new("unshare");
    command
        .args(APART)
        .args(["sh", "-c", script, "sh"])
        .args(rights)
        .arg(machine.at("kestra-setup"));
    command.args(["apply", "--url", "https://ops.example.com/", "--reverse-proxy", "none"]);
    let ran = ran(command.current_dir(machine.at("home")).env("HOME", machine.at("home")));
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.talk.contains("cannot read /etc/kestra/config.yml: permission denied"), "{ran:?}");
    assert!(!machine.at("home/.kestra").exists());
}

#[test]
fn a_variable_that_is_not_utf8_is_an_error() {
    use std::os::unix::ffi::OsStrExt as _;
    let machine = Machine::new();
    let value = OsStr::from_bytes(b"https://\xff.example/");
    let mut command = machine.command(&[], &["apply", "--context-path", ""]);
    let ran = ran(command.env("KESTRA_SETUP_URL", value));
    assert_eq!((ran.code, machine.has_old()), (Some(2), true), "{ran:?}");
    assert!(ran.talk.contains("KESTRA_SETUP_URL: the value is not UTF-8 text."), "{ran:?}");
    let wizard = Program::new(support::machine::program()).env("KESTRA_SETUP_URL", value);
    let mut session = wizard.arg("--config").arg(machine.config()).start();
    assert_eq!(session.wait_exit(), 2);
    session.wait_for("KESTRA_SETUP_URL: the value is not UTF-8 text.");
}

#[test]
fn root_undoes_no_write_through_a_link_that_another_user_put_there_since() {
    let Some(machine) = with_another_user() else { return };
    let config = machine.at("home/kestra/config.yml");
    assert_eq!(apply(&machine, &config, &[]).code, Some(0));
    let (moved, secret) = (machine.at("home/moved"), machine.at("secret"));
    fs::create_dir(&secret).unwrap();
    fs::copy(&config, secret.join("config.yml")).unwrap();
    let text = fs::read_to_string(&config).unwrap();
    fs::rename(machine.at("home/kestra"), moved).unwrap();
    symlink(&secret, machine.at("home/kestra")).unwrap();
    give_to_nobody(&machine.at("home/kestra"));
    for words in [&["rollback"][..], &["rollback", "--force"]] {
        let mut command = machine.command_for(&config, &[], words);
        let ran = ran(command.env("KESTRA_SETUP_STATE", machine.at("state")).stdin(Stdio::null()));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.talk.contains("home/kestra has become a link meanwhile"), "{ran:?}");
    }
    assert_eq!(machine.read("secret/config.yml"), text);
}

#[test]
fn root_writes_no_file_that_another_user_has_linked_into_the_own_folder() {
    let Some(machine) = with_another_user() else { return };
    let link = machine.at("home/config.yml");
    fs::hard_link(machine.config(), &link).unwrap();
    let ran = apply(&machine, &link, &[]);
    assert_eq!((ran.code, machine.has_old()), (Some(1), true), "{ran:?}");
    assert!(ran.talk.contains("home/config.yml is a link that nobody owns"), "{ran:?}");
}

#[test]
fn nobody_waits_for_a_fifo_in_the_state_folder() {
    let machine = Machine::new();
    let checkpoint = machine.at("home/state/checkpoints/x");
    fs::create_dir_all(&checkpoint).unwrap();
    mkfifoat(CWD, checkpoint.join("open.json"), Mode::RUSR | Mode::WUSR).unwrap();
    mkfifoat(CWD, machine.at("home/state/draft.json"), Mode::RUSR | Mode::WUSR).unwrap();
    let ran = machine.apply(&[]);
    assert_eq!((ran.code, machine.has_old()), (Some(1), true), "{ran:?}");
    assert!(ran.talk.contains("is a FIFO") && ran.talk.contains("--forget"), "{ran:?}");
    assert_eq!(machine.run(&["rollback", "--forget"]).code, Some(0));
    assert_eq!((machine.apply(&[]).code, machine.has_new()), (Some(0), true));
    let lock = machine.at("home/state/lock");
    fs::remove_file(&lock).unwrap();
    mkfifoat(CWD, &lock, Mode::RUSR | Mode::WUSR).unwrap();
    assert_eq!(machine.run(&["rollback"]).code, Some(1));
}

#[test]
fn the_memory_of_the_wizard_is_in_no_core_dump() {
    if support::is_root("who may read the memory of the wizard") && support::has("setpriv") {
        let session = Machine::of(As::Nobody).wizard();
        let process = format!("/proc/{}/environ", session.pid().as_raw_nonzero());
        assert_eq!(fs::metadata(process).unwrap().uid(), 0);
    }
}

#[test]
fn a_full_or_closed_standard_output_is_told_with_the_outcome() {
    let outputs: [fn() -> Stdio; 2] = [
        || fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into(),
        || std::io::pipe().unwrap().1.into(),
    ];
    for output in outputs {
        for (words, outcome) in [(&["--dry-run"][..], "nothing was written"), (&[], "are written")]
        {
            let machine = Machine::new();
            let all = [&["apply", "--url", "https://ops.example.com/"], words].concat();
            let mut command = machine.command(&[], &all);
            let child = command.stdin(Stdio::null()).stdout(output()).stderr(Stdio::piped());
            let ended = child.spawn().unwrap().wait_with_output().unwrap();
            let talk = String::from_utf8(ended.stderr).unwrap();
            assert_eq!(
                (ended.status.code(), machine.has_new()),
                (Some(1), words.is_empty()),
                "{talk}"
            );
            assert!(
                talk.contains("cannot write to standard output") && talk.contains(outcome),
                "{talk}"
            );
        }
    }
}
