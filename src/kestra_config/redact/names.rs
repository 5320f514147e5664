//! Which names smell of a secret.

use crate::kestra_config::keys;

/// Parts of names whose values are covered. `key` alone is a name of too many other things.
const SMELLS: [&str; 18] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "authorization",
    "credential",
    "private-key",
    "license",
    "licence",
    "api-key",
    "apikey",
    "access-key",
    "account-key",
    "encryption-key",
    "signing-key",
];

pub(super) fn smells(key: &str) -> bool {
    let name = keys::hyphenated(key);
    let last = name.rsplit('.').next().unwrap_or_default();
    last != "redacted-env-vars"
        && (SMELLS.iter().any(|smell| last.contains(smell)) || last.split('-').any(is_pass))
}

/// `pw`, `pass` and `dbpass`, but not words that end like it.
fn is_pass(part: &str) -> bool {
    const WORDS: [&str; 6] =
        ["bypass", "compass", "encompass", "trespass", "overpass", "underpass"];
    part == "pw" || (part.ends_with("pass") && !WORDS.contains(&part))
}
