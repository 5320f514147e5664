//! The sessions of the README and of the guide are played.

use super::transcript;
use std::fs;
use std::path::Path;

#[test]
fn the_sessions_of_the_readme_come_out_as_they_are_shown() {
    transcript::run("README.md");
}

#[test]
fn the_sessions_of_the_guide_come_out_as_they_are_shown() {
    transcript::run("assets/guide.md");
}

#[test]
fn every_file_that_they_link_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in ["README.md", "assets/guide.md"] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let folder = root.join(page).parent().unwrap().to_owned();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("https://")) {
            assert!(folder.join(target).exists(), "{page}: {target}");
        }
    }
}

#[test]
fn the_yaml_of_the_guide_is_yaml() {
    let text = include_str!("../../assets/guide.md");
    let blocks: Vec<_> = text.split("```yaml\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let text = block.split("```").next().unwrap();
        serde_yaml::from_str::<serde_yaml::Value>(text).unwrap();
    }
}
