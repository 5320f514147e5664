//! Random edits of random texts, read before and after by PyYAML: only the wanted properties differ.
//!
//! `YAML_EDITS` is how many (two thousand without it), `YAML_SEED` from which seed.

use crate::yaml_reader::ask_python;
use kestra_setup::kestra_config::{Edit, Place, Value, patch_at};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;
use support::Random;

/// Reads `[before, after, keys, set, remove]` and prints what differs from the wanted result.
const READER: &str = r#"
import json, sys, yaml
class Loader(yaml.SafeLoader): pass
Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)
def flat(value, path, into):
    if isinstance(value, dict):
        for key, below in value.items(): flat(below, path + "." + str(key) if path else str(key), into)
    elif isinstance(value, list):
        into[path] = ("list", len(value))
        for n, item in enumerate(value): flat(item, "%s[%d]" % (path, n), into)
    else: into[path] = (type(value).__name__, value)
    return into
def read(text, keys):
    documents = list(yaml.load_all(text, Loader))
    rest = None
    if keys:
        at = documents[0]
        for key in keys[:-1]: at = at[key]
        inner, at[keys[-1]] = at[keys[-1]], None
        rest, documents = flat(documents[0], "", {}), list(yaml.load_all(inner, Loader))
    into = {}
    for document in documents:
        if isinstance(document, dict): flat(document, "", into)
    return rest, into
for before, after, keys, wanted, removed in json.load(sys.stdin):
    try:
        (rest, properties), (rest_after, result) = read(before, keys), read(after, keys)
    except Exception as error:
        print(json.dumps("unreadable: %s" % error)); continue
    for name in removed: properties.pop(name, None)
    for name, value in wanted.items():
        for parent in [p for p in properties if name.startswith(p + ".")]: del properties[parent]
        properties[name] = (type(value).__name__, value)
    wrong = [p for p in set(properties) | set(result) if properties.get(p) != result.get(p)]
    print(json.dumps("" if not wrong and rest == rest_after else "differs at %s" % (wrong or "the rest")))
"#;

/// Writes a random mapping and keeps the properties that it has.
struct Writer<'r> {
    random: &'r mut Random,
    properties: Vec<String>,
    next: usize,
}

impl Writer<'_> {
    fn map(&mut self, path: &str, column: usize, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..=self.random.below(3) {
            self.next += 1;
            let key =
                format!("{}{}", self.random.pick(&["url", "server", "proxy-type", "x"]), self.next);
            let property = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if !text.is_empty() && self.random.below(8) == 0 {
                text += self.random.pick(&["\n", "# own line\n", "      # deep\n"]);
            }
            let _ = write!(text, "{:column$}{key}:", "");
            text += &self.value(&property, column, depth);
        }
        text
    }

    fn value(&mut self, property: &str, column: usize, depth: usize) -> String {
        let inner = column + 2;
        match self.random.below(if depth == 0 { 8 } else { 11 }) {
            0..=2 => {
                self.properties.push(property.to_owned());
                let value = self.random.pick(&[
                    "a",
                    "'it''s'",
                    "\"q # no\"",
                    "12:30",
                    "0123",
                    "yes",
                    "h://x:1/ # why",
                    "1.5",
                    "~",
                    "",
                ]);
                if value.is_empty() { "\n".to_owned() } else { format!(" {value}\n") }
            }
            3 | 4 => {
                self.properties.push(property.to_owned());
                let header = self.random.pick(&["|", "|-", "|+", ">", ">-", ">+", "|2"]);
                let mut text = format!(" {header}\n{:inner$}first\n", "");
                for _ in 0..self.random.below(3) {
                    let line = self.random.pick(&["second", "# no comment", "  deeper", ""]);
                    let _ = match line {
                        "" => writeln!(text),
                        _ => writeln!(text, "{:inner$}{line}", ""),
                    };
                }
                text
            }
            5 | 6 => {
                let indent = column + 2 * self.random.below(2);
                let mut text = "\n".to_owned();
                for _ in 0..=self.random.below(3) {
                    let item =
                        self.random.pick(&["- a", "-", "- # c", "- x: 1", "- [1, b]", "-   "]);
                    let _ = writeln!(text, "{:indent$}{item}", "");
                }
                text
            }
            7 => {
                let keys: Vec<String> =
                    (0..=self.random.below(3)).map(|n| format!("f{n}")).collect();
                self.properties.extend(keys.iter().map(|key| format!("{property}.{key}")));
                let pairs: Vec<String> = keys.iter().map(|key| format!("{key}: v")).collect();
                if self.random.below(2) == 0 {
                    return format!(" {{{}}}\n", pairs.join(", "));
                }
                let lines: Vec<String> =
                    pairs.iter().map(|pair| format!("{:inner$}{pair}", "")).collect();
                format!(" {{\n{}\n{:column$}}}\n", lines.join(",\n"), "")
            }
            _ => format!("\n{}", self.map(property, inner, depth - 1)),
        }
    }
}

struct Sample {
    before: String,
    keys: Vec<String>,
    edits: Vec<Edit>,
}

fn sample(random: &mut Random) -> Sample {
    let mut writer = Writer { random, properties: Vec::new(), next: 0 };
    let mut text = writer.map("", 0, 3);
    let properties = writer.properties;
    let mut keys = Vec::new();
    if random.below(3) == 0 {
        let indented: Vec<String> = text
            .lines()
            .map(|line| if line.is_empty() { String::new() } else { format!("        {line}") })
            .collect();
        let header = random.pick(&["|", "|-", "|+"]);
        let after = random.pick(&["", "  other:\n    image: x\n", "\n# end\n"]);
        text = format!(
            "services:\n  k:\n    environment:\n      KESTRA_CONFIGURATION: {header}\n{}\n{after}",
            indented.join("\n")
        );
        keys = ["services", "k", "environment", "KESTRA_CONFIGURATION"].map(str::to_owned).to_vec();
    }
    if random.below(3) == 0 {
        text.truncate(text.trim_end_matches('\n').len());
    }
    if random.below(6) == 0 {
        text = text.replace('\n', "\r\n");
    }
    let mut edits: Vec<Edit> = Vec::new();
    for _ in 0..=random.below(3) {
        let known = properties.get(random.below(properties.len() + 1)).cloned();
        let new =
            random.pick(&["kestra.url", "brand.new", "micronaut.server.context-path"]).to_owned();
        let text =
            random.pick(&["https://k.example.org/", "0123", "a: b", "it's", "x\ny", "two words"]);
        let edit = match (random.below(3), known) {
            (0, Some(known)) => Edit::Remove(known),
            (1, Some(known)) => Edit::Set(known, Value::Text(text.to_owned())),
            _ => Edit::Set(new, Value::Text(text.to_owned())),
        };
        if edits.iter().all(|other| !is_within(other.property(), edit.property())) {
            edits.push(edit);
        }
    }
    Sample { before: text, keys, edits }
}

/// Whether one of two properties is the other, or below it.
fn is_within(one: &str, other: &str) -> bool {
    let below = |one: &str, other: &str| {
        one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    below(one, other) || below(other, one)
}

#[test]
fn random_edits_change_only_what_is_wanted() {
    let number = |name: &str, default: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let mut random = Random(number("YAML_SEED", 7) as u64 | 1);
    let count = number("YAML_EDITS", 2_000);
    let (mut cases, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let Sample { before, keys, edits } = sample(&mut random);
        let place = if keys.is_empty() { Place::whole() } else { Place::at(keys.clone(), false) };
        match patch_at(&before, &place, &edits) {
            Ok(after) => {
                assert_eq!(patch_at(&after, &place, &edits).as_ref(), Ok(&after), "{before}");
                cases.push((before, after, keys, edits));
            }
            Err(refusal) => refused.push((refusal.reason.clone(), before, edits)),
        }
    }
    let pairs: Vec<Json> = cases
        .iter()
        .map(|(before, after, keys, edits)| {
            let set: serde_json::Map<_, _> = edits
                .iter()
                .filter_map(|edit| match edit {
                    Edit::Set(name, Value::Text(text)) => Some((name.clone(), json!(text))),
                    _ => None,
                })
                .collect();
            let removed: Vec<_> = edits
                .iter()
                .filter_map(|edit| match edit {
                    Edit::Remove(name) => Some(name),
                    Edit::Set(..) => None,
                })
                .collect();
            json!([before, after, keys, set, removed])
        })
        .collect();
    let Some(findings) = ask_python(READER, &json!(pairs)) else { return };
    assert_eq!(findings.len(), cases.len());
    for (finding, (before, after, _, edits)) in findings.iter().zip(&cases) {
        assert_eq!(finding, "", "{edits:?}\n--- before\n{before}--- after\n{after}");
    }
    let (reason, before, edits) = refused.first().cloned().unwrap_or_default();
    assert!(
        refused.len() * 20 <= count,
        "{} of {count} refused: {reason}\n{edits:?}\n{before}",
        refused.len()
    );
}
