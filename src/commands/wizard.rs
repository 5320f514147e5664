//! The wizard: looks at the machine, settles what has to be settled before the first question, and
//! asks on the full screen or line by line.

use super::apply::world;
use super::settle::look_and_settle;
use super::sources::take_variables;
use super::{CommandError, only, report};
use crate::cli::{Colour, Invocation};
use crate::machine::Found;
use crate::plan::Plan;
use crate::system::console::{self, Console, variable};
use crate::system::discover::Discovery;
use crate::system::effects::{EffectRunner, capital, interrupted, trouble};
use crate::system::fs::WriteError;
use crate::system::fs::backup::History;
use crate::system::fs::lock::Lock;
use crate::system::line_reader::Ended;
use crate::system::{draft, terminal};
use crate::ui::plain::{self, TerminalRuntime};
use crate::ui::tui::backend::Colors;
use crate::ui::tui::theme::{Level, Theme};
use crate::ui::tui::{self, Left};
use crate::wizard::{Choice, Dialog, Effect, Failure, Wizard};
use std::sync::Arc;
use std::time::Duration;

/// How long an escape may take to become a longer key, unless `ESCDELAY` says otherwise.
const ESCAPE_DELAY: Duration = Duration::from_millis(100);

/// The exit code of a wizard that was left with answers: that of an interrupt.
const QUIT: u8 = 130;

pub(super) fn run(invocation: &Invocation, console: &mut Console) -> Result<u8, CommandError> {
    if !console::can_ask() {
        return Err(CommandError::Answers(vec![
            "There is no terminal to ask on. Say what is wanted: kestra-setup apply --help"
                .to_owned(),
        ]));
    }
    let mut looked = look_and_settle(invocation.config.as_deref(), only(&invocation.at)?, console)?;
    take_variables(&mut looked.answers);
    looked.read_named_nginx_file();
    let Discovery { mut answers, found, nginx } = looked;
    let mut world = world(found.config().to_owned(), found.place().clone(), nginx)?;
    let first = before_the_first_question(&mut world, &mut answers, &found);
    let (mut wizard, mut effect) = Wizard::new(answers, found);
    if let Some(trouble) = first {
        wizard = wizard.asking_first(Dialog::new(trouble, Plan::default()));
        if let Some(draft) = draft::load(wizard.found().config()) {
            wizard = wizard.resuming_at(draft.step());
        }
        effect = None;
    }
    ask(invocation, wizard, effect, &world, console)
}

fn ask(
    invocation: &Invocation,
    wizard: Wizard,
    first: Option<Effect>,
    world: &EffectRunner,
    console: &mut Console,
) -> Result<u8, CommandError> {
    if is_plain(invocation) {
        return plain(wizard, first, world, console);
    }
    let theme = theme(invocation.colour);
    match tui::run(wizard, first, world.clone(), theme, escape_delay()).map_err(lost)? {
        Left::Signal(code) => Ok(code),
        Left::Quit { keeps_draft } => {
            console.say(if keeps_draft {
                "Draft kept. Run kestra-setup to continue."
            } else {
                "Answers discarded. Nothing was written."
            });
            Ok(QUIT)
        }
        Left::Plain(wizard) => plain(*wizard, None, world, console),
        Left::Done(saved) => {
            if let Some(saved) = saved {
                report(&saved, console);
            }
            Ok(0)
        }
    }
}

/// One question after the other. An end of the input, a broken line or a signal is no consent: the
/// answers are kept for the next start, without secrets.
fn plain(
    mut wizard: Wizard,
    first: Option<Effect>,
    world: &EffectRunner,
    console: &mut Console,
) -> Result<u8, CommandError> {
    let mut runtime = TerminalRuntime::new(world).map_err(lost)?;
    let ended = plain::run(&mut wizard, first, &mut runtime);
    drop(runtime);
    let Err(ended) = ended else {
        draft::forget(&world.config);
        return Ok(0);
    };
    draft::save(&wizard, &world.config);
    if let Ended::Input = ended {
        console.say("End of input: left without writing.");
    }
    Ok(ended.exit_code())
}

pub(super) fn lost(source: std::io::Error) -> CommandError {
    CommandError::Io { what: "cannot use the terminal".to_owned(), source }
}

/// Takes the lock for the whole session. What stands in the way of a plain start is asked first:
/// another wizard, a write that was interrupted, a draft.
fn before_the_first_question(
    world: &mut EffectRunner,
    answers: &mut crate::answers::Answers,
    found: &Found,
) -> Option<Failure> {
    let lock = History::here().and_then(|history| Lock::take(&history));
    match lock {
        Ok(lock) => world.lock = Some(Arc::new(lock)),
        Err(error @ WriteError::Locked { .. }) => {
            return Some(Failure {
                state: "locked",
                lines: vec![format!("{}.", capital(&error)), error.remedy()],
                ways: vec![Choice::ReadOnly, Choice::Quit],
            });
        }
        // Without a place for backups nothing can be written, and the write will say so.
        Err(_) => {}
    }
    let open = world.lock.as_ref().map(|lock| interrupted(lock));
    match open {
        Some(Ok(Some(open))) => return Some(open),
        Some(Err(error)) => return Some(trouble(&error, &Plan::default())),
        _ => {}
    }
    let draft = draft::load(found.config())?;
    draft.resume(answers);
    (!answers.is_untouched()).then(|| Failure {
        state: "draft",
        lines: vec![draft.words()],
        ways: vec![Choice::Continue, Choice::Fresh, Choice::Quit],
    })
}

fn text(name: &str) -> String {
    variable(name).map_or(String::new(), |value| value.reveal().to_owned())
}

/// Where a full screen cannot be, or is not wanted.
fn is_plain(invocation: &Invocation) -> bool {
    let accessible =
        !matches!(text("ACCESSIBLE").to_ascii_lowercase().as_str(), "" | "0" | "false");
    invocation.plain
        || accessible
        || matches!(text("TERM").as_str(), "" | "dumb")
        || terminal::is_tiny()
}

/// Glyphs and colours that this terminal can show.
fn theme(wanted: Colour) -> Theme {
    let has_colours = has_colours(wanted);
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(text).into_iter().find(|it| !it.is_empty());
    let level = Level::of(&text("TERM"), &locale.unwrap_or_default(), has_colours);
    let colors = if has_colours { Colors::Basic } else { Colors::Mono };
    Theme::new(level, colors)
}

/// systemd gives serial lines `TERM=vt220`; monochrome terminals say so in their name.
fn has_colours(wanted: Colour) -> bool {
    let term = text("TERM");
    let is_mono = ["vt", "ansi", "linux", "sun"].iter().any(|name| term.starts_with(name))
        || term.contains("-m");
    match wanted {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => text("NO_COLOR").is_empty() && !is_mono,
    }
}

fn escape_delay() -> Duration {
    let milliseconds = text("ESCDELAY").parse().ok();
    milliseconds.map_or(ESCAPE_DELAY, Duration::from_millis)
}
