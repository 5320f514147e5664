//! Verification: before and after differ in the wanted properties, and in nothing else.
//!
//! It knows nothing of splices. It compares what was read from one text with what was read from
//! the other.

use super::reading::{Reading, Scalar};
use super::yaml::{Id, Shape, Tree};
use super::{Edit, Kind, Refusal, Value};
use std::collections::HashSet;

/// Refuses a result in which anything but the wanted properties differs.
pub(super) fn verify(before: &Reading, after: &Reading, edits: &[Edit]) -> Result<(), Refusal> {
    let wanted: HashSet<&str> = edits.iter().map(Edit::property).collect();
    edits.iter().try_for_each(|edit| came_out(before, after, edit))?;
    for (path, scalar) in before.iter() {
        let is_same = |it: &Scalar| it.kind == scalar.kind && it.text == scalar.text;
        if !wanted.contains(list_of(path))
            && !after.get(path).is_some_and(is_same)
            && !gave_way(after, path, scalar, edits)
        {
            // The line only: a foreign key may hold anything.
            let reason = "the edit would change another setting too";
            return Err(Refusal::new(Some(scalar.line), reason));
        }
    }
    let is_new = |path: &str| !wanted.contains(list_of(path)) && before.get(path).is_none();
    match after.iter().find(|(path, _)| is_new(path)) {
        Some(_) => Err(Refusal::new(None, "the edit would bring another setting into effect too")),
        None => Ok(()),
    }
}

/// Refuses a result in which a node of the file outside these two values differs, or an alias to a
/// part of them has another meaning now.
pub(super) fn same_outside(
    (before, old): (&Tree, Id),
    (after, new): (&Tree, Id),
) -> Result<(), Refusal> {
    let differs = |id: Id| {
        let line = before.nodes.get(id).map(|node| node.line);
        Refusal::new(line, "the edit would change the rest of the file too")
    };
    let (old_end, new_end) = (before.nodes[old].after, after.nodes[new].after);
    let (before_len, after_len) = (before.nodes.len(), after.nodes.len());
    if old != new || before_len - old_end != after_len - new_end {
        return Err(differs(old));
    }
    let outside = (0..old).zip(0..new).chain((old_end..before_len).zip(new_end..after_len));
    for (one, two) in outside {
        let (a, b) = (&before.nodes[one], &after.nodes[two]);
        let is_same = match (&a.shape, &b.shape) {
            (&Shape::Alias(one), &Shape::Alias(two)) if one > old && one < old_end => {
                let source = |tree: &Tree, id: Id| {
                    tree.text[tree.nodes[id].start..tree.nodes[id].end].to_owned()
                };
                source(before, one) == source(after, two)
            }
            (&Shape::Alias(one), &Shape::Alias(two)) => {
                one == two || (one >= old_end && one - old_end == two.wrapping_sub(new_end))
            }
            (one, two) => one == two,
        };
        if !is_same || a.tag != b.tag {
            return Err(differs(one));
        }
    }
    Ok(())
}

/// Refuses a reading in which an edit has not had its effect.
pub(super) fn came_out(before: &Reading, after: &Reading, edit: &Edit) -> Result<(), Refusal> {
    let line = before.get(edit.property()).map(|scalar| scalar.line);
    match edit {
        Edit::Set(property, value) if is_value(after, property, value) => Ok(()),
        Edit::Set(property, _) => Err(Refusal::new(
            line,
            format!(
                "{property} would not have the wanted value: an alias, a merge key or a tag decides about it"
            ),
        )),
        Edit::Remove(property) if after.get(property).is_none() => Ok(()),
        Edit::Remove(property) => Err(Refusal::new(
            line,
            format!("{property} would still be set, by an alias or a merge key that others share"),
        )),
    }
}

/// The list that an item belongs to, else the property itself.
fn list_of(path: &str) -> &str {
    path.split('[').next().unwrap_or(path)
}

/// Whether a property is read as this value, in whatever style.
pub(super) fn is_value(reading: &Reading, property: &str, value: &Value) -> bool {
    let is = |property: &str, kind: Kind, text: &str| {
        reading.get(property).is_some_and(|scalar| scalar.kind == kind && scalar.text == text)
    };
    match value {
        Value::Text(text) => is(property, Kind::Text, text),
        Value::Secret(secret) => is(property, Kind::Text, secret.reveal()),
        Value::Bool(truth) => is(property, Kind::Bool, &truth.to_string()),
        Value::List(items) => {
            let mut items_in_order = items.iter().enumerate();
            is(property, Kind::List, &items.len().to_string())
                && items_in_order
                    .all(|(at, item)| is(&format!("{property}[{at}]"), Kind::Text, item))
        }
    }
}

/// A null parent disappears once it has a child.
fn gave_way(after: &Reading, path: &str, scalar: &Scalar, edits: &[Edit]) -> bool {
    let is_parent =
        |property: &str| property.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    scalar.kind == Kind::Null
        && after.get(path).is_none()
        && edits.iter().any(|edit| matches!(edit, Edit::Set(property, _) if is_parent(property)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kestra_config::{patch, read};
    use proptest::prelude::*;

    const BEFORE: &str = "a: 1\nkestra:\n  url: u # c\n  queue: {type: h2, x: [1, two]}\n  text: |\n    one\n    two\n  last: 'yes'\nmicronaut.server.port: 80\n";

    fn wanted() -> [Edit; 2] {
        [
            Edit::Set("kestra.url".into(), Value::Text("https://k.example.org".into())),
            Edit::Remove("a".into()),
        ]
    }

    fn finding(after: &str) -> Result<(), Refusal> {
        verify(&read(BEFORE)?, &read(after)?, &wanted())
    }

    /// What must come out, put together by hand.
    fn expected() -> String {
        BEFORE.replace("a: 1\n", "").replace("url: u", "url: https://k.example.org")
    }

    #[test]
    fn the_wanted_result_is_accepted() -> Result<(), Refusal> {
        assert_eq!(patch(BEFORE, &wanted())?, expected());
        finding(&expected())
    }

    #[test]
    fn every_lost_line_is_refused() {
        let text = expected();
        for lost in text.lines() {
            assert!(finding(&text.replace(&format!("{lost}\n"), "")).is_err(), "{lost}");
        }
    }

    #[test]
    fn another_type_spelling_of_a_value_or_place_is_refused() {
        for (from, to) in [
            ("https://k.example.org", "http://k.example.org"),
            ("80", "\"80\""),
            ("'yes'", "yes"),
            ("[1, two]", "[two, 1]"),
            ("[1, two]", "[1, two, ~]"),
            ("  last", "last"),
            ("    two", "     two"),
            ("x: ", "X-y: "),
            ("kestra:\n", "a: 1\nkestra:\n"),
            ("kestra:\n", "kestra:\n  new: ~\n"),
            ("  last: 'yes'\n", "  last: 'yes'\nkestra.URL: x\n"),
        ] {
            let corrupted = expected().replace(from, to);
            assert!(finding(&corrupted).is_err(), "{corrupted}");
        }
    }

    proptest! {
        /// A corrupted result is no YAML, means the same, or is refused.
        #[test]
        fn a_mutated_result_never_passes_for_the_wanted_one(
            at in any::<prop::sample::Index>(),
            piece in prop::sample::select(&["", "x", " ", "\n", ":", ": ", "#", "'", "\"", "{", "]", "- ", "&a ", "*a", "!!str ", "---\n", "|", "1"][..]),
            length in 0..3_usize,
        ) {
            let text = expected();
            let from = at.index(text.len());
            let mutated = format!("{}{piece}{}", &text[..from], &text[(from + length).min(text.len())..]);
            if let (Ok(reading), Ok(right)) = (read(&mutated), read(&text)) {
                let values = |reading: &Reading| -> Vec<_> {
                    let mut all: Vec<_> = reading.iter().map(|(path, scalar)| (path.to_owned(), scalar.text.clone(), scalar.kind)).collect();
                    all.sort_by(|one, two| one.0.cmp(&two.0));
                    all
                };
                prop_assert_eq!(finding(&mutated).is_ok(), values(&reading) == values(&right), "{}", mutated);
            }
        }
    }
}
