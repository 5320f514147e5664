//! `apply`: writes without asking, or shows what it would write.

use super::sources::Sources;
use super::{CommandError, difference, only, report};
use crate::cli::{ApplyOptions, GivenAnswers, Invocation};
use crate::machine::Machine;
use crate::messages;
use crate::plan::{self, DiffStat, FileChange, FileKind, Plan};
use crate::system::console::Console;
use crate::system::discover::look_at;
use crate::system::effects::{API_URL, EffectRunner};
use crate::wizard;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// `apply --json`; the shape is documented in the manual page.
#[derive(Serialize)]
struct ApplyReport<'a> {
    pending: bool,
    files: Vec<ChangedFile<'a>>,
    written: Option<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ChangedFile<'a> {
    kind: FileKind,
    path: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a Path>,
    new: bool,
    #[serde(flatten)]
    stat: DiffStat,
}

impl<'a> From<&'a FileChange> for ChangedFile<'a> {
    fn from(change: &'a FileChange) -> Self {
        Self {
            kind: change.kind,
            path: &change.path,
            target: change.target.as_deref(),
            new: change.before.is_none(),
            stat: change.stat(),
        }
    }
}

pub(super) fn run(
    invocation: &Invocation,
    options: &ApplyOptions,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let (sources, plan) = match &options.expect {
        Some(digest) => reviewed(invocation, &options.given, digest)?,
        None => planned(invocation, &options.given)?,
    };
    let urgent = sources.urgent(&plan);
    for it in &urgent {
        console.warn(it);
    }
    // Where standard output is closed or full, the files are written anyway, and that is reported.
    let mut printed = Ok(());
    // A reviewed plan was shown already.
    if !invocation.json && options.expect.is_none() {
        printed = plan.pending().try_for_each(|change| console.print_text(&difference(change)));
    }
    if plan.is_noop() {
        console.message("Nothing to do.");
    }
    for note in sources.notes(&plan).difference(&urgent) {
        console.warn(note);
    }
    let mut id = None;
    let mut warnings = console.warnings();
    if !plan.is_noop() && !options.dry_run {
        let Sources { answers, machine, .. } = &sources;
        let receipt = runner(machine, API_URL)?.write(&plan)?;
        id.clone_from(&receipt.id);
        let written = wizard::with_next_steps(messages::written(receipt), answers);
        report(&written, console);
        warnings.extend(written.warnings);
    }
    if invocation.json {
        let files = plan.pending().map(ChangedFile::from).collect();
        let pending = !plan.is_noop();
        let report = ApplyReport { pending, files, written: id.clone(), warnings };
        printed = console.json(&report);
    }
    let outcome = if id.is_some() { "the files are written" } else { "nothing was written" };
    printed.map_err(|source| CommandError::Output { outcome, source })?;
    Ok(if options.dry_run && !plan.is_noop() { 3 } else { 0 })
}

fn planned(invocation: &Invocation, given: &GivenAnswers) -> Result<(Sources, Plan), CommandError> {
    let mut sources = Sources::new(invocation.config.as_deref(), invocation.at.first(), given)?;
    let mut plan = sources.plan()?;
    for place in invocation.at.iter().skip(1) {
        sources.extend(&mut plan, place)?;
    }
    if let Some(change) = plan::foreign(&plan) {
        return Err(CommandError::Answers(vec![format!(
            "nginx-file: {} was not written by kestra-setup. Name another file, or move it away.",
            change.path.display()
        )]));
    }
    Ok((sources, plan))
}

/// The plan with this digest. Its operator may have left the nginx file out, or replaced one that
/// somebody else wrote.
fn reviewed(
    invocation: &Invocation,
    given: &GivenAnswers,
    digest: &str,
) -> Result<(Sources, Plan), CommandError> {
    let mut sources = Sources::exactly(invocation.config.as_deref(), only(&invocation.at)?, given)?;
    let plan = sources.plan()?;
    let mut machine = sources.machine.clone();
    for change in &plan.changes {
        machine.see(change.path.clone(), look_at(&change.path));
    }
    let plan = plan.over(&machine);
    let without_nginx = plan.clone().without(FileKind::Nginx);
    let reviewed = [plan, without_nginx].into_iter().find(|plan| plan.digest() == digest);
    reviewed.map(|plan| (sources, plan)).ok_or(CommandError::Unexpected)
}

/// What carries out effects on this machine. The outbound connection is tested to this address.
pub(super) fn runner(machine: &Machine, api_url: &str) -> Result<EffectRunner, CommandError> {
    let is_of_web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let refused =
        || CommandError::Answers(vec!["api-url: this takes an http or https URL".to_owned()]);
    let api_url = api_url.parse().ok().filter(is_of_web).ok_or_else(refused)?;
    let (config, place) = (machine.config().to_owned(), machine.place().clone());
    let nginx = machine.nginx.clone();
    Ok(EffectRunner { config, place, nginx, api_url, step: Arc::default(), lock: None })
}
