//! The answers file: a YAML mapping of the names of the questions.

use crate::form::{self, Field};
use crate::settings::Secret;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_yaml::{Error, Value};
use std::collections::BTreeSet;
use std::fmt;

/// What an answers file says, and what is wrong with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AnswersFile {
    /// The answers, in the order of the form: a mapping has none, and some answers follow others.
    pub answers: Vec<(&'static Field, Secret)>,
    /// Every unknown name and every value that is no text, one sentence each. The text itself is
    /// never repeated, since a password may stand in it.
    pub problems: Vec<String>,
}

/// Reads the text of an answers file. JSON is YAML, so it may be JSON too. A value counts as it is
/// written, also without quotes: `1.10` is no number here.
#[must_use]
pub fn parse(text: &str) -> AnswersFile {
    let mut file = AnswersFile::default();
    let mut seen = BTreeSet::new();
    match serde_yaml::from_str::<Option<Entries>>(text) {
        _ if text.trim().is_empty() => {}
        Ok(entries) => entries.unwrap_or_default().0.into_iter().for_each(|(name, value)| {
            match form::field(&name) {
                None => file.problems.push(unknown(&name)),
                Some(_) if !seen.insert(name.clone()) => {
                    file.problems.push(format!("{name}: given twice"));
                }
                Some(field) => file.answers.push((field, value.unwrap_or_default().into())),
            }
        }),
        Err(error) => file.problems = refusals(text, &error),
    }
    file.answers.sort_by_key(|(field, _)| form::position(field));
    file
}

/// Names and values as they are written; no value for null.
#[derive(Default)]
struct Entries(Vec<(String, Option<String>)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping of names to values")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
        let mut entries = Entries::default();
        while let Some(entry) = map.next_entry()? {
            entries.0.push(entry);
        }
        Ok(entries)
    }
}

/// Why a text is no mapping of names to texts: every entry that is none, if it is a mapping at all.
fn refusals(text: &str, error: &Error) -> Vec<String> {
    match serde_yaml::from_str(text) {
        Ok(Value::Mapping(entries)) => {
            let problem = |(name, value): (&Value, &Value)| match name.as_str() {
                None => Some("a name in the answers file is no text".to_owned()),
                Some(name) if form::field(name).is_none() => Some(unknown(name)),
                Some(name) if value.is_sequence() || value.is_mapping() => {
                    Some(format!("{name}: the value is no text; put it in quotes"))
                }
                Some(_) => None,
            };
            entries.iter().filter_map(problem).collect()
        }
        Ok(_) => vec!["the answers file is not a mapping of names to values".to_owned()],
        Err(_) => {
            let line = |location: serde_yaml::Location| format!(", line {}", location.line());
            let line = error.location().map_or(String::new(), line);
            vec![format!("the answers file is not YAML{line}")]
        }
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = form::fields().map(|field| field.name).collect();
    format!("{name}: there is no such question. The names are: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_say_the_same() {
        let yaml = parse("url: https://a.example/\nlisten: 8081\n");
        assert_eq!(parse(r#"{"url": "https://a.example/", "listen": 8081}"#), yaml);
        assert_eq!((yaml.answers.len(), yaml.problems.len()), (2, 0));
    }

    #[test]
    fn a_value_is_taken_as_it_is_written() {
        for text in ["1.10", "0x1F", "1e5", "+5", "0o17", ".5", "12345678901234567890123", "yes"] {
            let file = parse(&format!("proxy-password: {text}\n"));
            assert_eq!(file.answers, [(&form::PROXY_PASSWORD, text.into())]);
        }
        for text in ["", "~", "null"] {
            assert_eq!(parse(&format!("certificate: {text}\n")).answers[0].1.reveal(), "");
        }
    }

    #[test]
    fn every_problem_is_listed_at_once_beside_the_answers() {
        let AnswersFile { problems, .. } = parse("ulr: x\nlisten: [1]\n");
        assert!(problems[0].starts_with("ulr: there is no such question."));
        assert_eq!(problems[1], "listen: the value is no text; put it in quotes");
        let file = parse("ulr: x\nlisten: 1\nlisten: 2\n");
        assert_eq!((file.answers.len(), file.problems.len()), (1, 2));
        assert_eq!(file.problems[1], "listen: given twice");
    }

    #[test]
    fn a_broken_file_is_refused_without_repeating_it() {
        let file = parse("proxy-password: \"hunter2\n");
        assert!(file.problems[0].contains("not YAML") && !file.problems[0].contains("hunter2"));
        assert_eq!(parse("- x\n").problems.len(), 1);
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(parse("# nothing\n"), AnswersFile::default());
    }
}
