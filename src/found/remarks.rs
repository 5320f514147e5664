//! What in a configuration makes an edit useless, or stops Kestra from starting.

use crate::kestra::{Kind, Reading};

/// The properties that a null value makes fatal: Micronaut finds the key and no value for it
/// (run with Micronaut 4.7 and 4.10).
const NEVER_NULL: [&str; 6] = [
    "kestra.url",
    "micronaut.server.context-path",
    "micronaut.http.services.api.proxy-type",
    "micronaut.http.services.api.proxy-address",
    "micronaut.http.services.api.proxy-username",
    "micronaut.http.services.api.proxy-password",
];

/// What is good to know about this configuration, one sentence each.
#[must_use]
pub fn of(reading: &Reading) -> Vec<String> {
    let mut all = Vec::new();
    for property in NEVER_NULL {
        let lines = reading.lines(property);
        if reading.get(property).is_some_and(|scalar| scalar.kind == Kind::Null) {
            all.push(format!("{property} is empty: Kestra does not start with that. Give it a value or remove the line."));
        }
        if let [.., first, last] = lines[..] {
            all.push(format!("{property} stands there twice, in lines {first} and {last}; which one counts depends on the version of Kestra."));
        }
    }
    all.extend(unread_authorization(reading));
    all
}

/// `proxy-authorization` without username and password: no Micronaut that was read acts on it.
fn unread_authorization(reading: &Reading) -> Option<String> {
    let api = |key: &str| reading.get(&format!("micronaut.http.services.api.{key}"));
    let has_header = api("proxy-authorization")
        .or(reading.get("micronaut.http.client.proxy-authorization"))
        .is_some();
    (has_header && api("proxy-password").is_none()).then(|| {
        "Kestra does not act on proxy-authorization; 4 offers username + password or ${ENV_VAR}.".to_owned()
    })
}
