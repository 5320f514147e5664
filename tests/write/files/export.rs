//! What is exported can be installed with the commands that are shown.

use super::place::{Place, change, mode, text};
use kestra_setup::plan::{FileChange, Plan};
use kestra_setup::system::export::save_aside;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

#[test]
fn files_set_aside_come_with_commands_and_replace_nothing() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1\n");
    let changes = vec![
        change(&path, Some("a: 1\n"), "a: 2\n"),
        FileChange { mode: 0o644, ..change(&place.path("it's.conf"), None, "n\n") },
    ];
    let out = place.path("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("config.yml"), "theirs\n").unwrap();
    let aside = save_aside(&Plan { changes, ..Plan::default() }, &out).unwrap();
    assert_eq!(aside.files, [out.join("config.yml.2"), out.join("it's.conf")]);
    assert_eq!(
        (text(&out.join("config.yml")).as_str(), text(&aside.files[0]).as_str()),
        ("theirs\n", "a: 2\n")
    );
    assert_eq!(mode(&aside.files[1]), 0o600);
    for command in &aside.commands {
        run_without_sudo(command);
    }
    assert_eq!((text(&path).as_str(), mode(&place.path("it's.conf"))), ("a: 2\n", 0o644));
}

#[test]
fn what_cannot_be_saved_whole_leaves_nothing() {
    let place = Place::new();
    let looped = place.path("loop.conf");
    symlink("loop.conf", &looped).unwrap();
    let changes =
        vec![change(&place.path("config.yml"), None, "a\n"), change(&looped, None, "b\n")];
    let out = place.path("out");
    let error = save_aside(&Plan { changes, ..Plan::default() }, &out).unwrap_err();
    assert!(error.to_string().contains("leads back to itself"), "{error}");
    assert_eq!(fs::read_dir(out).unwrap().count(), 0);
}

fn run_without_sudo(command: &str) {
    let command = command.strip_prefix("sudo ").unwrap();
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}
