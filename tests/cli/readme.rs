//! The README keeps its word: its sessions are played, its picture is the screen.

use super::transcript;

use std::fs;

/// A file of the repository.
fn file(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn its_sessions_come_out_as_they_are_shown() {
    transcript::run("README.md");
}

#[test]
fn its_picture_is_the_screen() {
    let snapshot = file("tests/tui/snapshots/tui__screens__review_new.snap");
    let (_, screens) = snapshot.split_once("80x24, cursor 1,21\n").unwrap();
    let screen: String = screens.split_inclusive('\n').take(24).collect();
    assert!(file("README.md").contains(&screen), "the screen is now:\n{screen}");
}

#[test]
fn its_yaml_is_yaml() {
    let readme = file("README.md");
    let blocks: Vec<_> = readme.split("```yaml\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let text = block.split("```").next().unwrap();
        serde_yaml::from_str::<serde_yaml::Value>(text).unwrap();
    }
}
