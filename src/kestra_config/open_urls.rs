//! What a configuration has about the paths that Kestra serves without a login.

use super::{Kind, Reading};
use crate::settings::ContextPath;

/// The list; it replaces the packaged default.
pub(crate) const PROPERTY: &str = "kestra.server.basic-auth.open-urls";

/// Where webhooks arrive, below the context path.
pub(crate) const WEBHOOKS: &str = "/api/v1/main/executions/webhook/";

/// The packaged default of 1.3.25 and 2.0.0-SNAPSHOT.
pub(crate) const PACKAGED: [&str; 5] = [
    "/ping",
    "/api/v1/executions/webhook/",
    WEBHOOKS,
    "/api/v1/*/executions/webhook/",
    "/api/v1/basicAuthValidationErrors",
];

/// The entries that are written for every context path.
pub(crate) const AT_ROOT: [&str; 3] = [PACKAGED[0], PACKAGED[1], PACKAGED[2]];

/// The entries that are written with the context path in front.
pub(crate) const UNDER_PATH: [&str; 3] =
    [WEBHOOKS, "/api/v1/configs", "/api/v1/basicAuthValidationErrors"];

/// The first setup.
pub(crate) const SETUP: &str = "/api/v1/main/basicAuth";

/// Whether a configuration opens login page and webhooks under its context path.
pub(crate) fn are_open(reading: &Reading) -> bool {
    let path = context_path(reading);
    let entries = entries(reading).unwrap_or_default();
    !path.is_root() && UNDER_PATH.iter().all(|rest| entries.contains(&format!("{path}{rest}")))
}

/// The entry that opens the first setup, with which anybody can create the administrator, again and
/// again.
pub(crate) fn opens_setup(reading: &Reading) -> Option<String> {
    entry_for(reading, &format!("{}{SETUP}", context_path(reading)))
}

/// The entry of a configuration that opens this path.
pub(crate) fn entry_for(reading: &Reading, path: &str) -> Option<String> {
    opening(&entries(reading)?, path).cloned()
}

/// The entry that opens this path: Kestra compares the start of a path only.
pub(crate) fn opening<'e>(entries: &'e [String], path: &str) -> Option<&'e String> {
    entries.iter().find(|entry| path.starts_with(entry.as_str()))
}

/// The context path; the root if there is none or it is not a valid one.
pub(crate) fn context_path(reading: &Reading) -> ContextPath {
    let text = reading.get("micronaut.server.context-path");
    text.and_then(|scalar| scalar.text.parse().ok()).unwrap_or_default()
}

/// The entries, which Micronaut also takes as a text with commas. Empty ones are left out.
pub(crate) fn entries(reading: &Reading) -> Option<Vec<String>> {
    let scalar = reading.get(PROPERTY)?;
    let item = |index| reading.get(&format!("{PROPERTY}[{index}]"));
    let texts: Vec<_> = match scalar.kind {
        Kind::List => (0_usize..).map_while(item).map(|scalar| &*scalar.text).collect(),
        _ => scalar.text.split(',').map(str::trim).collect(),
    };
    Some(texts.into_iter().filter(|text| !text.is_empty()).map(str::to_owned).collect())
}
