//! `show` and `print`: the current settings, and what would be written.

use super::sources::Sources;
use super::{CommandError, only};
use crate::answers::{Answers, Source};
use crate::cli::{GivenAnswers, Invocation};
use crate::form::{self, Field};
use crate::kestra_release::Release;
use crate::lint;
use crate::machine::Machine;
use crate::plan::FileKind;
use crate::system::console::Console;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// `show --json`; the shape is documented in the manual page.
#[derive(Serialize)]
struct ShowReport<'a> {
    config: &'a Path,
    /// The release that runs Kestra, where it was seen.
    release: Option<Release>,
    settings: BTreeMap<&'static str, String>,
    /// The server block of nginx that answers the public URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<SiteReport<'a>>,
    problems: Vec<Entry>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct SiteReport<'a> {
    file: &'a Path,
    line: usize,
    names: Vec<&'a str>,
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    message: String,
    blocks: bool,
}

pub(super) fn run(
    invocation: &Invocation,
    given: &GivenAnswers,
    as_answers: bool,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let sources = Sources::new(invocation.config.as_deref(), only(&invocation.at)?, given)?;
    let Sources { answers, machine, .. } = &sources;
    if machine.text(machine.config()).is_none() {
        let config = machine.config().display();
        console.warn(&format!("there is no configuration at {config} yet."));
    }
    if let Ok(Some(reading)) = machine.reading() {
        for warning in lint::urgent(machine, &reading) {
            console.warn(&warning);
        }
    }
    if invocation.json {
        console.json(&ShowReport {
            config: machine.config(),
            release: machine.release(),
            settings: answers
                .questions()
                .map(|field| (field.name, shown(answers, field)))
                .collect(),
            site: site(answers, machine),
            problems: answers
                .problems()
                .into_iter()
                .map(|it| Entry { name: it.field.name, message: it.message, blocks: it.blocks })
                .collect(),
            warnings: console.warnings(),
        })?;
    } else if as_answers {
        console.print(&answers_file(answers))?;
    } else {
        let site = site(answers, machine).map_or(String::new(), |site| {
            let (file, names) = (site.file.display(), site.names.join(" "));
            format!("{:<24} {file}:{} ({names})\n", "answered by", site.line)
        });
        let release = machine.release().map(|it| format!("{:<24} {it}\n", "release"));
        console.print_text(&(words(answers) + &site + &release.unwrap_or_default()))?;
    }
    Ok(0)
}

fn site<'a>(answers: &Answers, machine: &'a Machine) -> Option<SiteReport<'a>> {
    let server = machine.site(&answers.get(&form::URL).parse().ok()?)?;
    let (file, line) = (machine.nginx.config.file(server), server.0.line);
    Some(SiteReport { file, line, names: server.names().collect() })
}

/// The answer as it may be shown.
fn shown(answers: &Answers, field: &Field) -> String {
    field.shown(&answers.get(field)).into_owned()
}

fn words(answers: &Answers) -> String {
    let mut text = String::new();
    for field in answers.questions() {
        let source = match answers.source(field) {
            Source::Environment(variable) => format!("  (from {variable})"),
            Source::Default => "  (default)".to_owned(),
            Source::Given | Source::Found => String::new(),
        };
        let line = format!("{:<24} {}{source}", field.name, shown(answers, field));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// A file for `apply --answers`. What may not be shown is left out, so it stays as it is.
fn answers_file(answers: &Answers) -> String {
    let is_open =
        |field: &&Field| !field.is_secret() && shown(answers, field) == answers.get(field);
    let open = answers.questions().filter(is_open);
    let entries: serde_yaml::Mapping =
        open.map(|field| (field.name.into(), answers.get(field).into_owned().into())).collect();
    serde_yaml::to_string(&entries).unwrap_or_default()
}

pub(super) fn print(
    invocation: &Invocation,
    kind: FileKind,
    given: &GivenAnswers,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let mut sources = Sources::new(invocation.config.as_deref(), only(&invocation.at)?, given)?;
    let plan = sources.plan()?;
    let Some(change) = plan.changes.iter().find(|change| change.kind == kind) else {
        let why = match kind {
            FileKind::Nginx => {
                "reverse-proxy: no nginx file is written. Add --reverse-proxy nginx."
            }
            _ => "proxy-credentials: no env file is written with these answers.",
        };
        return Err(CommandError::Answers(vec![why.to_owned()]));
    };
    console.print(change.after.as_str())?;
    Ok(0)
}
