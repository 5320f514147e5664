//! `check`: tests the current settings against the running system.

use super::apply::runner;
use super::{CommandError, only};
use crate::checks::{Check, Finding, Outcome};
use crate::cli::Invocation;
use crate::system::console::Console;
use crate::system::discover::{self, DiscoverError};
use crate::system::effects::{API_URL, unreadable};
use serde::Serialize;
use std::sync::atomic::AtomicBool;

pub(super) fn run(
    invocation: &Invocation,
    api_url: Option<&str>,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let place = only(&invocation.at)?.cloned();
    let machine = match discover::configuration(invocation.config.as_deref(), place) {
        Err(
            error @ (DiscoverError::Refused { .. }
            | DiscoverError::NoPlace { .. }
            | DiscoverError::Read(_)),
        ) => {
            show(&[unreadable(&error)], invocation.json, console)?;
            let is_refused = !matches!(error, DiscoverError::Read(_));
            return Ok(if is_refused { 6 } else { error.exit_code() });
        }
        machine => machine?,
    };
    let runner = runner(&machine, api_url.unwrap_or(API_URL))?;
    let findings = runner.check(&Check::All, &AtomicBool::new(false));
    show(&findings, invocation.json, console)
}

/// `check --json`; the shape is documented in the manual page.
#[derive(Serialize)]
struct CheckReport<'a> {
    failed: usize,
    warnings: usize,
    findings: &'a [Finding],
}

fn show(findings: &[Finding], json: bool, console: &mut Console) -> Result<u8, CommandError> {
    let count = |outcome| findings.iter().filter(|finding| finding.outcome == outcome).count();
    let failed = count(Outcome::Failed);
    if json {
        let warnings = count(Outcome::Warning);
        console.json(&CheckReport { failed, warnings, findings })?;
    } else {
        console.print_text(&in_words(findings))?;
    }
    Ok(if failed > 0 { 6 } else { 0 })
}

/// A line for each. What was skipped for one and the same reason has one line, with its codes.
fn in_words(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    let is_one = |a: &Finding, b: &Finding| a.outcome == Outcome::Skipped && a.summary == b.summary;
    for alike in findings.chunk_by(is_one) {
        let codes: Vec<_> = alike.iter().map(|finding| finding.code).collect();
        let mut finding = alike[0].clone();
        if codes.len() > 1 {
            finding.evidence = codes.join(", ");
        }
        lines.push(finding.in_words());
    }
    lines.join("\n") + "\n"
}
