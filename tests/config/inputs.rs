//! Hostile, mistaken and good inputs, each with the outcome wanted.
//!
//! `tests/config/inputs.csv`, or the file that the variable `INPUTS_CSV` names: columns field, input
//! (JSON-escaped), outcome (accept, normalise, reject), normalised, reason.

use kestra_setup::settings::{
    ContextPath, FilePath, Invalid, Port, ServerNames, ServerUrl, Upstream,
};
use serde::Deserialize;
use std::fmt::Display;
use std::str::FromStr;

#[derive(Deserialize)]
struct Case {
    field: String,
    input: String,
    outcome: String,
    normalised: String,
    reason: String,
}

#[test]
fn every_input_has_its_outcome() {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/inputs.csv");
    let path = std::env::var("INPUTS_CSV").unwrap_or(bundled.to_owned());
    let cases: Vec<Case> =
        csv::Reader::from_path(&path).unwrap().deserialize().collect::<Result<_, _>>().unwrap();
    assert!(!cases.is_empty(), "{path} holds no cases");

    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| failure(case, &serde_json::from_str::<String>(&case.input).unwrap()))
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

fn failure(case: &Case, input: &str) -> Option<String> {
    let Case { field, outcome: wanted, normalised, reason, .. } = case;
    let result = outcome(field, input);
    let is_as_wanted = match &result {
        Ok((outcome, text)) => outcome == wanted && text == normalised,
        Err(_) => wanted == "reject",
    };
    let wish = format!("wanted {wanted} {normalised:?} ({reason})");
    (!is_as_wanted).then(|| format!("{field} {input:?}: {wish}, came {result:?}"))
}

/// What became of an input: taken as it is, corrected, or refused with a message.
fn outcome(field: &str, input: &str) -> Result<(&'static str, String), String> {
    match field {
        "url" => parsed::<ServerUrl>(input),
        "server_name" => parsed::<ServerNames>(input),
        // A host alone is no upstream.
        "upstream_host" => {
            let with_port = parsed::<Upstream>(&format!("{}:80", input.trim_end()))?.1;
            Ok(compared(input, with_port.trim_end_matches(":80").to_owned()))
        }
        "port" | "listen_port" => parsed::<Port>(input),
        "context_path" => parsed::<ContextPath>(input),
        "cert_path" => parsed::<FilePath>(input),
        unknown => Ok(("unknown", format!("field {unknown}"))),
    }
}

fn parsed<T: FromStr<Err = Invalid> + Display>(
    input: &str,
) -> Result<(&'static str, String), String> {
    let value: T = input.parse().map_err(|refusal: Invalid| refusal.message)?;
    Ok(compared(input, value.to_string()))
}

fn compared(input: &str, text: String) -> (&'static str, String) {
    (if text == input { "accept" } else { "normalise" }, text)
}
