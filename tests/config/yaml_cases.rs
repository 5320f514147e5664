//! What an experienced operator would have typed, byte for byte.
//!
//! A case is a file in `tests/config/yaml`: the edit, the text before, the text after. The variable
//! `YAML_CASES` names another folder, in which a case may also be three files, `NAME.in.yml`,
//! `NAME.edit.json` and `NAME.out.yml`. An edit has `set` and `remove`, and may have `at` (keys to
//! an embedded configuration), `compose`, `refuse` (the file must be left alone) and `refuse_ok`
//! (it may be).

use kestra_setup::kestra_config::{Edit, Place, Value, patch_at};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use support::YamlCase;

#[test]
fn every_case_comes_out_byte_for_byte() {
    let folder = std::env::var_os("YAML_CASES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/yaml"),
        PathBuf::from,
    );
    let cases: Vec<Case> = YamlCase::all(&folder).into_iter().map(Case::new).collect();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    let failures: Vec<String> = cases.iter().filter_map(Case::failure).collect();
    let (failed, all) = (failures.len(), cases.len());
    assert!(failures.is_empty(), "{failed} of {all} cases failed\n\n{}", failures.join("\n"));
}

struct Case {
    name: String,
    before: String,
    after: String,
    edit: Json,
}

impl Case {
    fn new(case: YamlCase) -> Self {
        let YamlCase { name, edit, before, after } = case;
        Self { edit: serde_json::from_str(&edit).unwrap(), name, before, after }
    }

    fn failure(&self) -> Option<String> {
        let flag = |name: &str| self.edit[name].as_bool().unwrap_or(false);
        match patch_at(&self.before, &self.place(), &self.edits()) {
            Err(_) if flag("refuse") || flag("refuse_ok") => None,
            Err(refusal) => {
                Some(format!("{}: refused, line {:?}: {refusal}", self.name, refusal.line))
            }
            Ok(text) if text == self.after => None,
            Ok(text) => Some(format!("{}:\n{}", self.name, difference(&self.after, &text))),
        }
    }

    fn place(&self) -> Place {
        let keys = self.edit["at"].as_array().into_iter().flatten();
        let keys: Vec<String> = keys.map(|key| key.as_str().unwrap().to_owned()).collect();
        let is_compose = self.edit["compose"].as_bool().unwrap_or(false);
        if keys.is_empty() { Place::whole() } else { Place::at(keys, is_compose) }
    }

    fn edits(&self) -> Vec<Edit> {
        let sets = self.edit["set"].as_object().into_iter().flatten();
        let removals = self.edit["remove"].as_array().into_iter().flatten();
        let sets = sets.map(|(property, value)| {
            let value = match value {
                Json::Bool(truth) => Value::Bool(*truth),
                _ => Value::Text(value.as_str().unwrap().to_owned()),
            };
            Edit::Set(property.clone(), value)
        });
        sets.chain(removals.map(|name| Edit::Remove(name.as_str().unwrap().to_owned()))).collect()
    }
}

/// Lines with a sign before them; what cannot be seen is escaped.
fn difference(wanted: &str, got: &str) -> String {
    let diff = similar::TextDiff::from_lines(wanted, got);
    let lines =
        diff.iter_all_changes().map(|change| format!("  {}{:?}", change.tag(), change.value()));
    lines.collect::<Vec<_>>().join("\n")
}
