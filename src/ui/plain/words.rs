//! An answer in words, and what Enter alone would mean.

use crate::answers::{Answers, Source};
use crate::form::{Field, SelectOption};

/// The word for no answer, where one is not required.
pub(super) const NONE: &str = "none";

/// The choices, numbered, the one that Enter takes named in words.
pub(super) fn choices(answers: &Answers, field: &Field) -> Vec<String> {
    let value = answers.get(field);
    let numbered = |(number, choice): (usize, &SelectOption)| {
        let mark = if choice.value == value { mark(answers, field) } else { String::new() };
        let help =
            if choice.help.is_empty() { String::new() } else { format!("\n   {}", choice.help) };
        format!("{number}. {}{mark}{help}", choice.label)
    };
    (1..).zip(field.choices()).map(numbered).collect()
}

fn mark(answers: &Answers, field: &Field) -> String {
    match answers.source(field) {
        Source::Said | Source::Found => " (current)".to_owned(),
        Source::Environment(variable) => format!(" (default, from {variable})"),
        Source::Default => " (default)".to_owned(),
    }
}

/// What Enter alone means, unless a numbered choice says it.
pub(super) fn current(answers: &Answers, field: &Field) -> Option<String> {
    let value = answers.get(field);
    if field.choice(&value).is_some() {
        return None;
    }
    let words = in_words(answers, field);
    if words == NONE {
        let means =
            if field.optional { " (Enter leaves it empty)" } else { ". An answer is required." };
        return Some(format!("Current value: {words}{means}"));
    }
    let or_none = if field.optional { ", none empties it" } else { "" };
    Some(match answers.source(field) {
        Source::Said | Source::Found => format!("Current value: {words} (Enter keeps it{or_none})"),
        Source::Environment(variable) => {
            format!("Default: {words}, from {variable} (Enter takes it{or_none})")
        }
        Source::Default => format!("Default: {words} (Enter takes it{or_none})"),
    })
}

/// An answer that was given: how long a password is shows that it arrived, and nothing else of it.
pub(super) fn taken(answers: &Answers, field: &Field) -> String {
    let value = answers.get(field);
    if field.is_secret() && answers.is_set(field) && !value.is_empty() {
        return format!("typed {} characters", value.chars().count());
    }
    in_words(answers, field)
}

/// An answer in words, never a secret.
pub(super) fn in_words(answers: &Answers, field: &Field) -> String {
    let value = answers.get(field);
    if field.is_secret() && answers.keeps_password_elsewhere() {
        return "kept in the environment".to_owned();
    }
    match field.choice(&value) {
        Some(choice) => choice.label.to_owned(),
        None if field.is_secret() && !value.is_empty() => "hidden".to_owned(),
        None => or_none(&answers.shown(field)).to_owned(),
    }
}

/// A value, or the word for none.
pub(super) fn or_none(value: &str) -> &str {
    if value.is_empty() { NONE } else { value }
}
