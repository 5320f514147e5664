//! `check`: what can be proved about what stands.

use super::CommandError;
use super::apply::world;
use crate::checks::{Check, Outcome, Verdict};
use crate::cli::Invocation;
use crate::system::console::Console;
use crate::system::look::{Looked, look};
use std::sync::atomic::AtomicBool;

pub(super) fn run(
    invocation: &Invocation,
    json: bool,
    api_url: Option<&str>,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let Looked { found, nginx, .. } = look(invocation.config.as_deref(), None)?;
    let mut world = world(found.config().to_owned(), found.place().clone(), nginx)?;
    if let Some(url) = api_url {
        let refused = |_| CommandError::Answers(vec![format!("api-url: \"{url}\" is no URL")]);
        world.api_url = url.parse().map_err(refused)?;
    }
    let verdicts = world.check(&Check::Standing, &AtomicBool::new(false));
    if json {
        console.json(&verdicts)?;
    } else {
        let lines: Vec<_> = verdicts.iter().map(Verdict::in_words).collect();
        console.print(&(lines.join("\n") + "\n"))?;
    }
    let failed = verdicts.iter().any(|verdict| verdict.outcome == Outcome::Failed);
    Ok(if failed { 6 } else { 0 })
}
