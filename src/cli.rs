//! The command line: what was asked for, before anything is done about it.
//!
//! The flags are made from the form, so a question cannot be without its flag, nor a flag without
//! its question.

mod flags;
mod man;
mod text;

pub(crate) use man::man;
pub(crate) use text::completions;

use crate::form::{self, Field};
use crate::kestra_config::Place;
use crate::plan::FileKind;
use crate::settings::Secret;
use clap::{Arg, ArgMatches, ColorChoice, Command};
use flags::{answering, at, everywhere, json, option, switch, with_flags};
use std::path::PathBuf;

/// A parsed command line. Its answers are still text.
#[derive(Debug)]
pub struct Invocation {
    /// The file that `--config` names.
    pub(crate) config: Option<PathBuf>,
    /// Where in that file the configuration is; several for `apply` only.
    pub(crate) at: Vec<Place>,
    /// Whether questions come one by one, without a full screen.
    pub(crate) plain: bool,
    /// By default where the terminal has them and `NO_COLOR` is not set.
    pub(crate) colour: ColorChoice,
    /// Whether standard output gets an object for machines, from a command that has one.
    pub(crate) json: bool,
    /// What is to be done.
    pub(crate) task: Task,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Task {
    Wizard,
    /// Write without asking.
    Apply(ApplyOptions),
    Show {
        /// Answers that override the files.
        given: GivenAnswers,
        /// As an answers file for `apply`.
        as_answers: bool,
    },
    /// Print what would be written.
    Print {
        what: FileKind,
        /// Answers that override the files.
        given: GivenAnswers,
    },
    Check {
        /// The destination of the outbound test, instead of api.kestra.io.
        api_url: Option<String>,
    },
    Rollback(RollbackCommand),
    /// Print the completions of a shell.
    Completions(clap_complete::Shell),
    Man,
}

/// What is written without asking, and how it is reported.
#[derive(Debug)]
pub(crate) struct ApplyOptions {
    pub(crate) given: GivenAnswers,
    /// Show what would change and write nothing.
    pub(crate) dry_run: bool,
    /// The digest of the plan that was reviewed; another plan is not written.
    pub(crate) expect: Option<String>,
}

#[derive(Debug)]
pub(crate) enum RollbackCommand {
    List,
    /// Leave the files as they are and forget an interrupted write.
    Forget,
    Undo(UndoOptions),
}

/// Which write is undone, and how.
#[derive(Debug, Default)]
pub(crate) struct UndoOptions {
    /// Its name; the last write of the configuration if not given.
    pub(crate) id: Option<String>,
    /// Also where files changed since.
    pub(crate) force: bool,
    pub(crate) yes: bool,
}

/// Answers given on the command line. Files that they name are read by `system`.
#[derive(Debug, Default)]
pub(crate) struct GivenAnswers {
    /// The answers file; `-` is standard input.
    pub(crate) file: Option<PathBuf>,
    pub(crate) flags: Vec<(&'static Field, Secret)>,
    /// Where the password comes from.
    pub(crate) password: Option<PasswordSource>,
}

/// Where a password comes from; never from an argument, since those show in `ps`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    /// The first line of this file.
    File(PathBuf),
    /// The first line of standard input.
    Input,
}

/// Reads the command line.
///
/// # Errors
/// Wrong usage, and the requests for help and version, which are errors to clap.
pub fn parse<I, T>(arguments: I) -> Result<Invocation, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<std::ffi::OsString> + Clone,
{
    let command = command().mut_subcommand("apply", |apply| apply.arg(flags::expect()));
    // Of a global flag, clap would drop what stands before the command for what stands behind it.
    let command = command.mut_arg("at", |at| at.global(false)).mut_subcommands(|it| it.arg(at()));
    command.try_get_matches_from(arguments).map(|matches| invocation(&matches))
}

/// The command line as people use it, for the parser, the completions and the manual page.
pub(crate) fn command() -> Command {
    Command::new("kestra-setup")
        .version(env!("KESTRA_SETUP_VERSION"))
        .about("Set the public URL, the forward proxy and the nginx site of a Kestra server")
        .after_help(text::AFTER_HELP)
        .subcommand_required(false)
        .args(everywhere())
        .subcommands([
            answering(Command::new("apply").about("Write without asking; prints the difference"))
                .after_help(text::APPLY_EXAMPLES)
                .arg(switch("dry-run", "Show what would change; exit code 3 if something would"))
                .arg(json()),
            with_flags(Command::new("show").about("Show the current settings, secrets masked"))
                .arg(json())
                .after_help(text::SHOW_EXAMPLES)
                .arg(
                    switch("answers", "Print an answers file for apply, without secrets")
                        .conflicts_with("json"),
                ),
            answering(
                Command::new("print").about("Print what would be written; nothing is written"),
            )
            .arg(
                Arg::new("what")
                    .required(true)
                    .help("Which of the files")
                    .value_parser(["config", "nginx", "env"]),
            )
            .after_help(text::PRINT_EXAMPLES),
            Command::new("check")
                .about("Check the current settings against the running system")
                .after_help(text::CHECK_EXAMPLES)
                .arg(json())
                .arg(option(
                    "api-url",
                    "URL",
                    "Test the outbound connection to this address instead of https://api.kestra.io",
                )),
            Command::new("rollback")
                .about("Undo a write; shows the difference first")
                .after_help(text::ROLLBACK_EXAMPLES)
                .arg(
                    Arg::new("id")
                        .value_name("ID")
                        .help("Which write [default: the last one to this configuration]"),
                )
                .arg(switch("list", "List the writes that can be undone").conflicts_with("id"))
                .arg(json().requires("list"))
                .arg(switch(
                    "force",
                    "Undo also where files changed since; a backup keeps the change",
                ))
                .arg(switch("yes", "Do not ask"))
                .arg(
                    switch("forget", "Keep the files and forget an interrupted write")
                        .conflicts_with_all(["id", "list", "force"]),
                ),
            Command::new("completions").about("Print the completions of a shell").arg(
                Arg::new("shell")
                    .required(true)
                    .help("Which shell")
                    .value_parser(clap::value_parser!(clap_complete::Shell)),
            ),
            Command::new("man").about("Print the manual page"),
        ])
}

fn invocation(matches: &ArgMatches) -> Invocation {
    Invocation {
        config: matches.get_one("config").cloned(),
        at: places(matches),
        plain: matches.get_flag("plain"),
        colour: matches.get_one("color").copied().unwrap_or_default(),
        json: matches.subcommand().is_some_and(|(_, matches)| {
            matches.try_get_one("json").is_ok_and(|json| json == Some(&true))
        }),
        task: matches.subcommand().map_or(Task::Wizard, |(name, matches)| task(name, matches)),
    }
}

/// Those before the command and those behind it.
fn places(matches: &ArgMatches) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let all = [Some(matches), matches.subcommand().map(|(_, matches)| matches)];
    for place in all.into_iter().flatten().filter_map(|it| it.get_many("at")).flatten() {
        if !places.contains(place) {
            places.push(place.clone());
        }
    }
    places
}

fn task(name: &str, matches: &ArgMatches) -> Task {
    match name {
        "apply" => Task::Apply(ApplyOptions {
            given: with_file(matches),
            dry_run: matches.get_flag("dry-run"),
            expect: text_of(matches, "expect"),
        }),
        "show" => Task::Show { given: given(matches), as_answers: matches.get_flag("answers") },
        "print" => Task::Print { what: what(matches), given: with_file(matches) },
        "check" => Task::Check { api_url: text_of(matches, "api-url") },
        "rollback" => Task::Rollback(rollback(matches)),
        "completions" => matches.get_one("shell").copied().map_or(Task::Man, Task::Completions),
        _ => Task::Man,
    }
}

fn rollback(matches: &ArgMatches) -> RollbackCommand {
    if matches.get_flag("list") {
        return RollbackCommand::List;
    }
    if matches.get_flag("forget") {
        return RollbackCommand::Forget;
    }
    RollbackCommand::Undo(UndoOptions {
        id: text_of(matches, "id"),
        force: matches.get_flag("force"),
        yes: matches.get_flag("yes"),
    })
}

fn what(matches: &ArgMatches) -> FileKind {
    match text_of(matches, "what").as_deref() {
        Some("nginx") => FileKind::Nginx,
        Some("env") => FileKind::Env,
        _ => FileKind::Config,
    }
}

fn with_file(matches: &ArgMatches) -> GivenAnswers {
    GivenAnswers { file: matches.get_one("answers").cloned(), ..given(matches) }
}

fn given(matches: &ArgMatches) -> GivenAnswers {
    let flags = form::fields().filter(|field| !field.is_secret());
    let file = matches.get_one("proxy-password-file").cloned().map(PasswordSource::File);
    let input = matches.get_flag("proxy-password-stdin").then_some(PasswordSource::Input);
    GivenAnswers {
        file: None,
        flags: flags
            .filter_map(|field| Some((field, text_of(matches, field.name)?.into())))
            .collect(),
        password: file.or(input),
    }
}

fn text_of(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn every_question_but_the_password_is_a_flag_of_apply() {
        for field in form::fields() {
            let argument = format!("--{}={}", field.name, "x");
            let parsed = parse(["kestra-setup", "apply", &argument]);
            assert_eq!(parsed.is_ok(), !field.is_secret(), "{argument}");
        }
    }

    #[test]
    fn a_flag_without_its_value_takes_no_other_flag_for_it() {
        assert!(parse(["kestra-setup", "apply", "--proxy-username", "--dry-run"]).is_err());
        // An empty value is an answer: it takes a context path or a certificate away.
        for line in [["apply", "--context-path", ""], ["apply", "--proxy-username=-svc", "--json"]]
        {
            assert!(parse(["kestra-setup"].into_iter().chain(line)).is_ok(), "{line:?}");
        }
    }

    #[test]
    fn places_stand_before_and_behind_the_command() {
        let line = ["kestra-setup", "--at", "one", "apply", "--at", "two", "--at", "one"];
        let places = ["one", "two"].map(|place| place.parse().unwrap());
        assert_eq!(parse(line).unwrap().at, places);
    }

    #[test]
    fn config_stands_before_or_behind_the_command() {
        for line in
            [["kestra-setup", "--config", "/x", "show"], ["kestra-setup", "show", "--config", "/x"]]
        {
            assert_eq!(parse(line).unwrap().config, Some("/x".into()));
        }
    }
}
