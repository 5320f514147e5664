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

/// Whether there is a file of this name; `yaml_*.rs` is one that begins so.
fn is_there(name: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let Some((start, _)) = name.split_once('*') else { return path.exists() };
    let start = start.rsplit('/').next().unwrap();
    let mut entries = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap());
    entries.any(|entry| entry.file_name().to_string_lossy().starts_with(start))
}

#[test]
fn every_file_that_the_pages_about_the_code_name_is_there() {
    for page in [include_str!("../../ARCHITECTURE.md"), include_str!("../../CONTRIBUTING.md")] {
        let is_file = |name: &&str| {
            ["src/", "tests/", "assets/", ".ci/"].iter().any(|folder| name.starts_with(folder))
        };
        let named: Vec<_> = page.split('`').skip(1).step_by(2).filter(is_file).collect();
        assert!(named.len() > 15, "{named:?}");
        let missing: Vec<_> = named.into_iter().filter(|name| !is_there(name)).collect();
        assert_eq!(missing, [""; 0]);
    }
}

/// A name may be shortened: `the_guard_sees_…`.
#[test]
fn the_facts_about_kestra_name_tests_that_there_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("assets/kestra-facts.md")).unwrap();
    let files = fs::read_dir(root.join("tests/kestra")).unwrap().map(|it| it.unwrap().path());
    let tests: String = files.filter_map(|file| fs::read_to_string(file).ok()).collect();
    let is_name = |word: &&str| word.matches('_').count() > 2 && !word.contains(['/', '$', ' ']);
    let names: Vec<_> = page.split('`').filter(is_name).collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(tests.contains(&format!("fn {}", name.trim_end_matches('…'))), "{name}");
    }
    assert!(!page.to_lowercase().contains("conclu"));
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
