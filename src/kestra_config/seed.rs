//! New keys, as a tree of one name per level, before they are written in somebody's layout.

use super::yaml::Style;
use super::{Edit, Value, compose, scalar};

/// A new key and what goes below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewKey {
    pub(super) name: String,
    pub(super) grows: Grows,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grows {
    Value(Value),
    Keys(Vec<NewKey>),
}

/// Adds a property; parents that are new already are shared.
pub(super) fn plant(seeds: &mut Vec<NewKey>, property: &str, value: &Value) {
    let Some((name, rest)) = property.split_once('.') else {
        let grows = Grows::Value(value.clone());
        return seeds.push(NewKey { name: property.to_owned(), grows });
    };
    let known =
        seeds.iter().position(|seed| seed.name == name && matches!(seed.grows, Grows::Keys(_)));
    let at = known.unwrap_or_else(|| {
        seeds.push(NewKey { name: name.to_owned(), grows: Grows::Keys(Vec::new()) });
        seeds.len() - 1
    });
    if let Grows::Keys(below) = &mut seeds[at].grows {
        plant(below, rest, value);
    }
}

/// One line for each key, in block style.
pub(super) fn lines(seeds: &[NewKey], column: usize, step: usize) -> Vec<String> {
    let mut lines = Vec::new();
    push_lines(&mut lines, seeds, column, step);
    lines
}

fn push_lines(lines: &mut Vec<String>, seeds: &[NewKey], column: usize, step: usize) {
    for seed in seeds {
        let key = scalar::write_key(&seed.name, false, false);
        match &seed.grows {
            Grows::Value(value) => {
                let value = scalar::write(value, Style::Plain, false);
                lines.push(format!("{:column$}{key}: {value}", ""));
            }
            Grows::Keys(below) => {
                lines.push(format!("{:column$}{key}:", ""));
                push_lines(lines, below, column + step, step);
            }
        }
    }
}

/// The edits as YAML to paste by hand, without their secrets; what is to be removed is named in
/// comments.
pub(super) fn by_hand(edits: &[Edit], is_compose: bool) -> String {
    let mut seeds = Vec::new();
    let mut paste = Vec::new();
    for edit in edits {
        match edit {
            Edit::Set(property, Value::Secret(_)) if property.ends_with("proxy-authorization") => {
                let header = "Basic <base64 of username:password>".to_owned();
                plant(&mut seeds, property, &Value::Text(header));
            }
            Edit::Set(property, Value::Secret(_)) => {
                plant(&mut seeds, property, &Value::Text("<password>".to_owned()));
            }
            Edit::Set(property, value) => plant(&mut seeds, property, &arriving(value, is_compose)),
            Edit::Remove(property) => {
                paste.push(format!("# Remove {property} wherever it is set."));
            }
        }
    }
    paste.extend(lines(&seeds, 0, 2));
    paste.into_iter().map(|line| line + "\n").collect()
}

/// The value to write so that this one arrives.
pub(super) fn arriving(value: &Value, is_compose: bool) -> Value {
    match value {
        Value::Text(text) if is_compose => Value::Text(compose::written(text)),
        Value::Secret(text) if is_compose => Value::Secret(compose::written(text.reveal()).into()),
        _ => value.clone(),
    }
}

/// The edit with the value to write, so that the wanted one arrives.
pub(super) fn arriving_edit(edit: &Edit, is_compose: bool) -> Edit {
    match edit {
        Edit::Set(property, value) => Edit::Set(property.clone(), arriving(value, is_compose)),
        Edit::Remove(_) => edit.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand_says_the_same_as_the_edits() {
        let edits = [
            Edit::Set("micronaut.server.context-path".into(), Value::Text("/k".into())),
            Edit::Remove("kestra.url".into()),
            Edit::Set("micronaut.server.cors".into(), Value::Bool(true)),
            Edit::Set("micronaut.a".into(), Value::Text("$1".into())),
        ];
        assert_eq!(
            by_hand(&edits, true),
            "# Remove kestra.url wherever it is set.\nmicronaut:\n  server:\n    context-path: /k\n    cors: true\n  a: $$1\n"
        );
    }
}
