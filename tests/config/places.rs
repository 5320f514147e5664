//! Every place where a configuration of Kestra is: found, edited there, or refused with what to do.
//!
//! A case is `NAME.in.yml` with `NAME.json` in `tests/config/places`, or in the folder that the
//! variable `PLACES_CASES` names: `arguments` of `apply`, and either `expected`, the name of the
//! file with the text afterwards, or `refusal`, a pattern that standard error must match,
//! in any case, over lines.

use crate::yaml_reader::ask_python;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Reads pairs of texts, prints the paths at which they differ. A text that is YAML itself is read
/// as such.
const READER: &str = r#"
import json, sys, yaml
class Loader(yaml.SafeLoader): pass
Loader.add_multi_constructor("!", lambda loader, tag, node: tag)
def opened(value):
    if isinstance(value, str) and ("\n" in value):
        try: return opened(list(yaml.load_all(value, Loader))[0])
        except Exception: return value
    if isinstance(value, dict): return {str(k): opened(v) for k, v in value.items()}
    if isinstance(value, list): return {str(n): opened(v) for n, v in enumerate(value)}
    return value
def differ(a, b, path):
    if isinstance(a, dict) and isinstance(b, dict):
        return [p for k in list(a) + [k for k in b if k not in a]
                for p in differ(a.get(k), b.get(k), path + [k])]
    return [] if type(a) == type(b) and a == b else [".".join(path)]
for before, after in json.load(sys.stdin):
    a, b = (opened(list(yaml.load_all(text, Loader))) for text in (before, after))
    print(json.dumps(differ(a, b, [])))
"#;

struct Case {
    name: String,
    before: String,
    arguments: Vec<String>,
    expected: Option<String>,
    refusal: Option<String>,
    /// The ends of the properties that may differ.
    changed: Vec<String>,
}

fn cases() -> Vec<Case> {
    let folder = std::env::var_os("PLACES_CASES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/places"),
        PathBuf::from,
    );
    let files =
        fs::read_dir(&folder).unwrap().filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.strip_suffix(".in.yml")?.to_owned())).collect();
    names.sort();
    let read = |file: &str| fs::read_to_string(folder.join(file)).expect(file);
    let case = |name: String| {
        let json: Json = serde_json::from_str(&read(&format!("{name}.json"))).expect(&name);
        let words = |key: &str| -> Option<Vec<String>> {
            let words = json[key].as_array()?.iter();
            Some(words.map(|word| word.as_str().unwrap().to_owned()).collect())
        };
        Case {
            before: read(&format!("{name}.in.yml")),
            arguments: words("arguments").unwrap_or_default(),
            expected: json["expected"].as_str().map(read),
            refusal: json["refusal"].as_str().map(str::to_owned),
            changed: words("changed").unwrap_or_else(|| vec!["kestra.url".to_owned()]),
            name,
        }
    };
    names.into_iter().map(case).collect()
}

/// A home with one file in it.
struct Home(tempfile::TempDir);

impl Home {
    fn with(text: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file.yml"), text).unwrap();
        Self(home)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut program = Command::new(env!("CARGO_BIN_EXE_kestra-setup"));
        let home = self.0.path();
        program.env_clear().env("HOME", home).env("KESTRA_SETUP_STATE", home.join("state"));
        program.args(["--config", "file.yml"]).args(arguments).current_dir(home);
        program.stdin(Stdio::null()).output().unwrap()
    }

    fn apply(&self, case: &Case) -> Output {
        let arguments = case.arguments.iter().map(String::as_str);
        self.run(&["apply"].into_iter().chain(arguments).collect::<Vec<_>>())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.path().join("file.yml")).unwrap()
    }
}

impl Case {
    fn failure(&self) -> Option<String> {
        let home = Home::with(&self.before);
        let first = home.apply(self);
        let shown = String::from_utf8_lossy(&first.stderr).into_owned();
        let fail = |why: &str| Some(format!("{}: {why}\n{shown}", self.name));
        if let Some(refusal) = &self.refusal {
            let is_right = first.status.code() == Some(2)
                && regex_lite::Regex::new(&format!("(?is){refusal}"))
                    .expect(&self.name)
                    .is_match(&shown)
                && home.text() == self.before;
            return if is_right { None } else { fail(&format!("not refused with {refusal}")) };
        }
        if !first.status.success() {
            return fail("failed");
        }
        let after = home.text();
        if self.expected.as_ref() != Some(&after) {
            return fail(&format!("came out as\n{after}"));
        }
        if !home.apply(self).status.success() || home.text() != after {
            return fail("the second run changed something");
        }
        home.run(&["rollback"]);
        (home.text() != self.before).then(|| format!("{}: not rolled back", self.name))
    }
}

#[test]
fn every_place_is_edited_or_refused_as_it_should_be() {
    let cases = cases();
    let failures: Vec<String> = cases.iter().filter_map(Case::failure).collect();
    let (failed, all) = (failures.len(), cases.len());
    assert!(failures.is_empty(), "{failed} of {all} cases failed\n\n{}", failures.join("\n"));
}

#[test]
fn another_reader_sees_only_the_wanted_properties_change() {
    let cases = cases();
    let edited: Vec<&Case> = cases.iter().filter(|case| case.expected.is_some()).collect();
    let pairs: Vec<_> = edited.iter().map(|case| (&case.before, &case.expected)).collect();
    let Some(found) = ask_python(READER, &json!(pairs)) else { return };
    assert_eq!(found.len(), edited.len());
    for (case, line) in edited.iter().zip(found) {
        let paths: Vec<String> = serde_json::from_value(line).unwrap();
        let is_wanted = |path: &String| case.changed.iter().any(|end| path.ends_with(end));
        assert!(!paths.is_empty() && paths.iter().all(is_wanted), "{}: {paths:?}", case.name);
    }
}

/// A unit of this machine whose variables hold the configuration.
const UNIT: &str = r#"mount -t tmpfs none /etc/systemd && mkdir /etc/systemd/system && cd / || exit 99
    printf "KESTRA_CONFIGURATION='\nkestra:\n  url: https://old.example.com/\n'\n" > "$HOME/k.env"
    printf '[Service]\nUser=nobody\nEnvironmentFile=%s\nExecStart=/opt/kestra-1.3.25 server local\n' \
        "$HOME/k.env" > /etc/systemd/system/flows.service
    exec "$1" apply --url https://ops.example.com/"#;

#[test]
fn nothing_new_is_planned_beside_an_env_file_that_a_unit_reads() {
    let namespace = ["--mount", "--map-root-user"];
    if !support::can_unshare(&namespace) {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut program = Command::new("unshare");
    program.args(namespace).args(["sh", "-c", UNIT, "sh", env!("CARGO_BIN_EXE_kestra-setup")]);
    program.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", home.path());
    let output = program.stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("k.env, line 1") && shown.contains("--config /etc/kestra/config.yml"));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}
