//! Secrets among the words of a line: assignments, addresses, headers and what a command is given.

use super::QUOTES;
use super::names::smells;
use std::ops::Range;

/// Secrets within one line that has no key of its own.
pub(super) fn hidden_in(source: &str, offset: usize) -> Vec<Range<usize>> {
    let mut ranges = assigned(source, offset);
    ranges.extend(in_addresses(source, offset));
    if source.contains([' ', '-']) {
        ranges.extend(in_headers(source, offset));
        ranges.extend(in_commands(source, offset));
    }
    ranges
}

/// The values of `NAME=value`, as in lists of variables and in command lines.
fn assigned(source: &str, offset: usize) -> Vec<Range<usize>> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut end = 0;
    for (equals, _) in source.match_indices('=') {
        let left = source[..equals].trim_end();
        let name = left.rsplit(|c| !is_name(c)).next().unwrap_or_default();
        if equals >= end && smells(name) {
            let value = &source[equals + 1..];
            end = equals + 1 + value.find(['\n', '&', ';']).unwrap_or(value.len());
            let value = source[equals + 1..end].trim_end_matches(QUOTES);
            let blanks = value.len() - value.trim_start().len();
            let start = offset + equals + 1;
            ranges.push(start + blanks..start + value.len());
        }
    }
    ranges
}

/// The password in `scheme://user:password@host`.
fn in_addresses(source: &str, offset: usize) -> Vec<Range<usize>> {
    let words = source.split_inclusive([' ', '\t', '\n', '"', '\'']).scan(0, |next, word| {
        *next += word.len();
        Some((*next - word.len(), word))
    });
    words
        .filter_map(|(start, word)| {
            let user = word.find("://").map(|at| at + 3).or(leads_to_port(word).then_some(0))?;
            // A password may hold a slash or an at sign that should have been escaped.
            let host = user + word[user..].rfind('@')?;
            let password = user + word[user..host].find(':')? + 1;
            Some(offset + start + password..offset + start + host)
        })
        .collect()
}

/// Whether a word without a scheme ends like `user:password@host:3128`.
fn leads_to_port(word: &str) -> bool {
    let end = word.trim_end_matches(|c: char| c.is_whitespace() || ",]}\"'".contains(c));
    let port = end.rsplit_once('@').and_then(|(_, host)| host.rsplit_once(':'));
    port.is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

/// What follows `Basic` or `Bearer`.
fn in_headers(source: &str, offset: usize) -> Vec<Range<usize>> {
    let all = words(source);
    let tokens = all.windows(2).filter(|pair| {
        let scheme = &source[pair[0].clone()];
        let is_scheme =
            scheme.eq_ignore_ascii_case("basic") || scheme.eq_ignore_ascii_case("bearer");
        let before = source[..pair[0].start].trim_end();
        let begins = before.trim_end_matches(QUOTES).is_empty() || before.ends_with([':', '=']);
        is_scheme && (begins || is_token(&source[pair[1].clone()]))
    });
    tokens.map(|pair| offset + pair[1].start..offset + pair[1].end).collect()
}

/// Whether a word in the middle of a text is none of a language: `Basic header` is shown.
fn is_token(word: &str) -> bool {
    word.chars().skip(1).any(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '=')
}

/// What a command is given with `--password` and the like, and the password behind `-u user:`.
fn in_commands(source: &str, offset: usize) -> Vec<Range<usize>> {
    let all = words(source);
    let values = all.windows(2).filter_map(|pair| {
        let [flag, value] = [&source[pair[0].clone()], &source[pair[1].clone()]];
        match Flag::of(flag) {
            Flag::Secret if !value.starts_with('-') => Some(pair[1].clone()),
            Flag::Login => Some(pair[1].start + value.find(':')? + 1..pair[1].end),
            _ => None,
        }
    });
    let attached = all.iter().filter_map(|range| {
        let word = &source[range.clone()];
        let starts = ["--user=", "--proxy-user=", "-u", "-U"];
        starts.iter().find(|start| word.starts_with(**start))?;
        Some(range.start + word.find(':')? + 1..range.end)
    });
    values.chain(attached).map(|range| offset + range.start..offset + range.end).collect()
}

/// What a word of a command says about the one behind it.
pub(super) enum Flag {
    Secret,
    Login,
    Other,
}

impl Flag {
    pub(super) fn of(word: &str) -> Self {
        let short = word.strip_prefix('-').filter(|rest| rest.chars().all(char::is_alphabetic));
        if matches!(word, "--user" | "--proxy-user")
            || short.is_some_and(|rest| rest.ends_with(['u', 'U']))
        {
            return Self::Login;
        }
        match word.strip_prefix("--") {
            Some(name) if smells(name) => Self::Secret,
            _ => Self::Other,
        }
    }
}

/// The words of a line without the quotes, commas and brackets around them.
fn words(source: &str) -> Vec<Range<usize>> {
    let is_between = |c: char| c.is_whitespace() || "\"',[]{}".contains(c);
    let mut at = 0;
    let pieces = source.split_inclusive(is_between).map(|piece| {
        let start = at;
        at += piece.len();
        start..start + piece.trim_end_matches(is_between).len()
    });
    pieces.filter(|range| !range.is_empty()).collect()
}
