//! The wizard: reads the configuration, settles what keeps it from being read, and asks on the full
//! screen or line by line.

use super::apply::runner;
use super::sources::take_variables;
use super::{CommandError, has_colours, is_dumb, only, report, words};
use crate::cli::Invocation;
use crate::kestra_config::Place;
use crate::machine::Machine;
use crate::messages::{capital, interrupted, not_written};
use crate::plan::Plan;
use crate::system::console::{self, Console, setting};
use crate::system::discover::{self, DiscoverError};
use crate::system::draft;
use crate::system::effects::{API_URL, EffectRunner, WriteFailure};
use crate::system::fs::backup::History;
use crate::system::fs::lock::Lock;
use crate::system::fs::{self, WriteError};
use crate::system::line_reader::Ended;
use crate::system::nginx::Deadline;
use crate::ui::plain::{self, TerminalRuntime};
use crate::ui::tui::backend::Colors;
use crate::ui::tui::theme::{Level, Theme};
use crate::ui::tui::{self, Left};
use crate::wizard::{Choice, Dialog, Effect, Event, Exit, Failure, Step, Wizard};
use clap::ColorChoice;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long an escape may take to become a longer key; `ESCDELAY` overrides it.
const ESCAPE_DELAY: Duration = Duration::from_millis(100);

/// The exit code of a wizard that was left with answers: that of an interrupt.
const QUIT: u8 = 130;

pub(super) fn run(invocation: &Invocation, console: &mut Console) -> Result<u8, CommandError> {
    if !console::can_ask() {
        return Err(CommandError::Answers(vec![
            "there is no terminal to ask on. See kestra-setup apply --help.".to_owned(),
        ]));
    }
    let mut machine = configuration(invocation.config.as_deref(), only(&invocation.at)?, console)?;
    // It was read already.
    let mut answers = machine.answers().unwrap_or_default();
    let problems = take_variables(&mut answers);
    if !problems.is_empty() {
        return Err(CommandError::Answers(problems));
    }
    machine.expect_nginx_file(&answers);
    let mut runner = runner(&machine, API_URL)?;
    let first = before_the_first_question(&mut runner, &mut answers, &machine);
    let (mut wizard, mut effect) = Wizard::new(answers, machine);
    if let Some(failure) = first {
        wizard = wizard.starting_with(Dialog::new(failure, Plan::default()));
        if let Some(draft) = draft::load(&runner.config) {
            wizard = wizard.resuming_at(draft.step());
        }
        effect = None;
    }
    ask(invocation, wizard, effect, &runner, console)
}

/// Reads the configuration, and asks where that is not possible as it is.
fn configuration(
    config: Option<&Path>,
    place: Option<&Place>,
    console: &mut Console,
) -> Result<Machine, CommandError> {
    let (mut config, mut place) = (config.map(Path::to_owned), place.cloned());
    let preferred = draft::config();
    loop {
        let looked =
            discover::configurations(config.as_deref(), place.clone(), preferred.as_deref());
        let error = match looked {
            Ok(machine) => return Ok(machine),
            Err(error) => error,
        };
        let (DiscoverError::Refused { path, .. } | DiscoverError::NoPlace { path, .. }) = &error
        else {
            return Err(error.into());
        };
        let (path, has_no_place) = (path.clone(), matches!(error, DiscoverError::NoPlace { .. }));
        console.message(&words(&error.into()));
        let (path, at) = mended(path, place, has_no_place, console)?;
        (config, place) = (Some(path), at);
    }
}

/// What to go on with: the same file once its operator has corrected it, a place in it, or another
/// file.
fn mended(
    path: PathBuf,
    place: Option<Place>,
    has_no_place: bool,
    console: &mut Console,
) -> Result<(PathBuf, Option<Place>), CommandError> {
    let separate = fs::beside(&path);
    let mut choices = vec![
        "Open it in your editor, then look again".to_owned(),
        format!("Write a separate file: {}", separate.display()),
    ];
    if has_no_place {
        choices.push("Name the place of the configuration in it".to_owned());
    }
    choices.push("Quit".to_owned());
    match choose(&choices, console)? {
        Some(0) => {
            if let Err(error) = console::edit(&path) {
                console.message(&format!("The editor could not be used: {error}"));
            }
            Ok((path, place))
        }
        Some(1) => Ok((separate, None)),
        Some(2) if has_no_place => {
            console
                .message("Keys joined by dots, as --at takes them, or a dot for the whole file:");
            let named = line()?.unwrap_or_default();
            let invalid = |error| CommandError::Answers(vec![format!("at: {error}")]);
            Ok((path, Some(named.trim().parse().map_err(invalid)?)))
        }
        _ => Err(CommandError::Refused("the configuration was left as it is".to_owned())),
    }
}

/// A line of the input; `None` at its end.
pub(super) fn line() -> Result<Option<String>, CommandError> {
    match console::first_line_of_input() {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        line => Ok(Some(line.map_err(lost)?.reveal().to_owned())),
    }
}

/// Asks for one of these, counted from 0; `None` for any other line, or the end of the input.
fn choose(choices: &[String], console: &mut Console) -> Result<Option<usize>, CommandError> {
    for (choice, number) in choices.iter().zip(1..) {
        console.message(&format!("{number}. {choice}"));
    }
    console.message(&format!("Number 1 to {}:", choices.len()));
    let number: Option<usize> = line()?.and_then(|line| line.trim().parse().ok());
    Ok(number.and_then(|number| number.checked_sub(1)))
}

fn ask(
    invocation: &Invocation,
    wizard: Wizard,
    first: Option<Effect>,
    runner: &EffectRunner,
    console: &mut Console,
) -> Result<u8, CommandError> {
    if is_plain(invocation) {
        return plain(wizard, first, runner, console);
    }
    let theme = theme(invocation.colour);
    match tui::run(wizard, first, runner.clone(), theme, escape_delay()).map_err(lost)? {
        Left::Signal(code) => Ok(code),
        Left::Plain(wizard) => plain(*wizard, None, runner, console),
        Left::Exit(exit, wizard) => {
            if let Step::Done(saved) = wizard.step() {
                report(saved, console);
            }
            Ok(leave(exit, &wizard, runner.lock.is_some(), console))
        }
    }
}

/// Does with the answers what the operator decided, and reports it; gives the exit code. Whoever only
/// looks while another wizard runs decides nothing about its draft.
fn leave(exit: Exit, wizard: &Wizard, has_lock: bool, console: &mut Console) -> u8 {
    match (exit, wizard.step()) {
        (Exit::KeepDraft, _) => {
            console.message(&keep_draft(wizard));
            return QUIT;
        }
        (Exit::Discard, _) => {
            if has_lock {
                draft::forget(wizard.machine().config());
            }
            console.message("Answers discarded. Nothing was written.");
            return QUIT;
        }
        // A draft that was offered and not decided on stays.
        (Exit::Done, Step::Dialog(_)) => {}
        (Exit::Done, _) if !has_lock => {}
        (Exit::Done, _) => draft::forget(wizard.machine().config()),
    }
    0
}

/// Keeps the answers for the next start, without secrets.
fn keep_draft(wizard: &Wizard) -> String {
    draft::save(wizard);
    if draft::load(wizard.machine().config()).is_none() {
        return "No draft kept: there was nothing to keep.".to_owned();
    }
    format!("Draft kept. Run {} to continue.", wizard.answers().defaults().program)
}

/// One question after the other. An end of the input, a broken line or a signal is no consent: the
/// answers are kept for the next start, without secrets.
fn plain(
    mut wizard: Wizard,
    mut first: Option<Effect>,
    runner: &EffectRunner,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let mut runner = runner.clone();
    if wizard.machine().is_partial {
        // There is no frame that would wait for it.
        let machine = discover::complete(wizard.machine().clone(), Deadline::usual());
        first = wizard.update(Event::Discovered(Box::new(machine))).or(first);
    }
    // The full screen may have found an nginx and read another configuration before it came to this.
    runner.follow(wizard.machine());
    let has_lock = runner.lock.is_some();
    let mut runtime = TerminalRuntime::new(runner).map_err(lost)?;
    let ended = plain::run(&mut wizard, first, &mut runtime);
    drop(runtime);
    let ended = match ended {
        Ok(exit) => return Ok(leave(exit, &wizard, has_lock, console)),
        Err(ended) => ended,
    };
    let kept = keep_draft(&wizard);
    let why = if let Ended::Input = ended { "End of input. " } else { "" };
    console.message(&format!("{why}{kept}"));
    Ok(ended.exit_code())
}

fn lost(source: std::io::Error) -> CommandError {
    CommandError::Io { what: "cannot use the terminal".to_owned(), source }
}

/// Takes the lock for the whole session. What prevents a plain start is asked first: another wizard,
/// a write that was interrupted, a draft.
fn before_the_first_question(
    runner: &mut EffectRunner,
    answers: &mut crate::answers::Answers,
    machine: &Machine,
) -> Option<Failure> {
    let lock = History::here().and_then(|history| Lock::take(&history));
    match lock {
        Ok(lock) => runner.lock = Some(Arc::new(lock)),
        Err(error @ WriteError::Locked(_)) => {
            return Some(Failure {
                state: "locked",
                lines: vec![format!("{}.", capital(&error)), error.remedy()],
                choices: vec![Choice::ReadOnly, Choice::Quit],
            });
        }
        // Without a place for backups nothing can be written; the write reports that.
        Err(_) => {}
    }
    let open =
        runner.lock.as_ref().map(|lock| lock.interrupted()?.as_ref().map(interrupted).transpose());
    match open {
        Some(Ok(Some(open))) => return Some(open),
        Some(Err(error)) => {
            let failure = WriteFailure { error, plan: Plan::default(), theirs: None };
            return Some(not_written(&failure));
        }
        _ => {}
    }
    let draft = draft::load(machine.config())?;
    draft.resume(answers);
    (!answers.is_untouched()).then(|| Failure {
        state: "draft",
        lines: vec![draft.words()],
        choices: vec![Choice::Continue, Choice::Fresh, Choice::Quit],
    })
}

/// Where a full screen cannot be, or is not wanted.
fn is_plain(invocation: &Invocation) -> bool {
    let accessible =
        !matches!(setting("ACCESSIBLE").to_ascii_lowercase().as_str(), "" | "0" | "false");
    invocation.plain || accessible || is_dumb() || tui::is_too_small()
}

/// Glyphs and colours that this terminal can show.
fn theme(wanted: ColorChoice) -> Theme {
    let has_colours = has_colours(wanted);
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(setting).into_iter().find(|it| !it.is_empty());
    let level = Level::of(&setting("TERM"), &locale.unwrap_or_default(), has_colours);
    let colors = if has_colours { Colors::Basic } else { Colors::Mono };
    Theme::new(level, colors)
}

fn escape_delay() -> Duration {
    let milliseconds = setting("ESCDELAY").parse().ok();
    milliseconds.map_or(ESCAPE_DELAY, Duration::from_millis)
}
