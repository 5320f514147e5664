//! Secrets of a text that is read line by line, because it is no YAML, only embedded or commented out.

use super::QUOTES;
use super::names::smells;
use super::words::hidden_in;
use crate::kestra_config::text;
use std::ops::Range;

/// Secrets of a text that is read line by line, because it is no YAML or only embedded.
pub(super) fn of_lines(source: &str, offset: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut at, mut above) = (0, Above::default());
    while at < source.len() {
        let line = text::rest_of_line(source, at);
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if above.covers(line, indent) {
            ranges.push(offset + at + indent..offset + at + line.len());
        } else if !content.is_empty() {
            ranges.extend(
                above.value(line).map(|value| offset + at + value.start..offset + at + value.end),
            );
            ranges.extend(of_line(line, offset + at));
            above = Above::of(line, indent);
        }
        at = text::next_line(source, at);
    }
    ranges
}

/// What a line says about the lines below it.
#[derive(Default)]
struct Above {
    /// The indentation of a key that smells.
    secret: Option<usize>,
    /// Whether the value of that key is still to come, wherever it stands.
    is_open: bool,
    /// Whether a variable was named whose `value` is to come.
    names_secret: bool,
}

impl Above {
    fn of(line: &str, indent: usize) -> Self {
        let (key, value) = named(line).map_or(("", ""), |(key, start)| (key, &line[start..]));
        Self {
            secret: smells(key).then_some(indent),
            is_open: is_open(value),
            names_secret: key == "name" && smells(value.trim_matches(QUOTES)),
        }
    }

    /// Whether a line belongs to the secret: it stands further to the right, is an item of a list, or
    /// names nothing.
    fn covers(&self, line: &str, indent: usize) -> bool {
        let goes_on = line.trim_start().starts_with('-') || named(line).is_none();
        let is_below = |above| indent > above || (self.is_open && goes_on);
        !line.trim().is_empty() && self.secret.is_some_and(is_below)
    }

    /// Where this line has the value of the variable that was named above it.
    fn value(&self, line: &str) -> Option<Range<usize>> {
        let (key, start) = named(line).filter(|_| self.names_secret)?;
        (key == "value").then(|| start..line.trim_end().len().max(start))
    }
}

/// Whether a value goes on below its line, or begins there.
fn is_open(value: &str) -> bool {
    let rest = value.get(1..).unwrap_or_default();
    match value.chars().next() {
        None | Some('|' | '>' | '&' | '!' | '#') => true,
        Some('[') => !rest.contains(']'),
        Some('{') => !rest.contains('}'),
        Some(quote @ ('"' | '\'')) => !rest.contains(quote),
        Some(_) => false,
    }
}

pub(super) fn of_line(line: &str, offset: usize) -> Vec<Range<usize>> {
    let mut ranges = hidden_in(line, offset);
    // A second look at what follows the first key finds the rest of a mapping in braces.
    let mut rest = 0;
    while let Some((key, value)) = named(&line[rest..]) {
        let start = rest + value;
        if smells(key) {
            ranges.push(offset + start..offset + line.trim_end().len().max(start));
            break;
        }
        rest = start;
    }
    ranges
}

/// The first `name: value` of a line: the name, and where the value begins.
fn named(line: &str) -> Option<(&str, usize)> {
    let colon = line.match_indices(':').map(|(at, _)| at).find(|&at| {
        let after = &line[at + 1..];
        after.is_empty() || after.starts_with([' ', '\t']) || line[..at].ends_with(QUOTES)
    })?;
    let name = line[..colon].trim_end().rsplit([' ', '\t', '{', ',', '[']).next()?;
    let blanks = line[colon + 1..].len() - line[colon + 1..].trim_start().len();
    Some((name.trim_matches(QUOTES), colon + 1 + blanks))
}
