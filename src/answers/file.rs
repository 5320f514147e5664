//! The answers file: a YAML mapping of the names of the questions.

use crate::form::{self, Field};
use crate::settings::Secret;
use serde_yaml::{Mapping, Value};

/// Why an answers file cannot be taken, every reason at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct FileError(pub Vec<String>);

/// The answers in the text of an answers file. JSON is YAML, so it may be JSON too.
///
/// # Errors
/// Lists every unknown name and every value that is no text. The text itself is never repeated in
/// the message, since a password may stand in it.
pub fn parse(text: &str) -> Result<Vec<(&'static Field, Secret)>, FileError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let (mut answers, problems) = entries(text)?.iter().map(entry).fold(
        (Vec::new(), Vec::new()),
        |(mut answers, mut problems), read| {
            match read {
                Ok(answer) => answers.push(answer),
                Err(problem) => problems.push(problem),
            }
            (answers, problems)
        },
    );
    if !problems.is_empty() {
        return Err(FileError(problems));
    }
    // A mapping has no order: some answers follow others, which therefore come first.
    answers.sort_by_key(|(field, _)| form::position(field));
    Ok(answers)
}

fn entries(text: &str) -> Result<Mapping, FileError> {
    let refuse = |reason: String| FileError(vec![reason]);
    match serde_yaml::from_str(text) {
        Ok(Value::Mapping(mapping)) => Ok(mapping),
        Ok(Value::Null) => Ok(Mapping::new()),
        Ok(_) => Err(refuse("the answers file is not a mapping of names to values".to_owned())),
        Err(error) => {
            let line = |location: serde_yaml::Location| format!(", line {}", location.line());
            let line = error.location().map_or(String::new(), line);
            Err(refuse(format!("the answers file is not YAML{line}")))
        }
    }
}

fn entry((name, value): (&Value, &Value)) -> Result<(&'static Field, Secret), String> {
    let name = name.as_str().ok_or("a name in the answers file is no text")?;
    let field = form::field(name).ok_or_else(|| unknown(name))?;
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null => String::new(),
        _ => return Err(format!("{name}: the value is no text; put it in quotes")),
    };
    Ok((field, text.into()))
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
        assert_eq!(yaml.map(|answers| answers.len()), Ok(2));
    }

    #[test]
    fn every_problem_is_listed_at_once() {
        let FileError(problems) = parse("ulr: x\nlisten: [1]\n").unwrap_err();
        assert!(problems[0].starts_with("ulr: there is no such question."));
        assert_eq!(problems[1], "listen: the value is no text; put it in quotes");
    }

    #[test]
    fn a_broken_file_is_refused_without_repeating_it() {
        let error = parse("proxy-password: \"hunter2\n").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(parse("# nothing\n"), Ok(Vec::new()));
    }
}
