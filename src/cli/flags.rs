//! The flags. Those of the questions are made from the form.

use crate::form::{self, Field, FieldKind};
use crate::kestra_config::Place;
use clap::builder::UnknownArgumentValueParser;
use clap::{Arg, ArgAction, ColorChoice, Command, value_parser};
use std::path::PathBuf;

/// What `--help` and the manual page print above the flags of the questions.
pub(super) const ANSWERS: &str = "Answers";

const CONFIG: &str =
    "File with the configuration [default: the one that is found, else ~/.kestra/config.yml]";

/// The flags of every command.
pub(super) fn everywhere() -> [Arg; 4] {
    [
        option("config", "PATH", CONFIG).value_parser(value_parser!(PathBuf)).global(true),
        at().global(true),
        switch("plain", "Ask line by line, without a full screen").global(true),
        option("color", "WHEN", "When to use colours")
            .value_parser(value_parser!(ColorChoice))
            .default_value("auto")
            .global(true),
    ]
}

/// Where in the file, which may be given several times.
pub(super) fn at() -> Arg {
    option("at", "KEY.PATH", "Where in the file the configuration is, . for the whole file")
        .value_parser(value_parser!(Place))
        .action(ArgAction::Append)
}

/// A command that takes answers from a file and from flags.
pub(super) fn answering(command: Command) -> Command {
    let file = option("answers", "FILE", "Answers from a YAML or JSON file, - for standard input");
    with_flags(command.arg(file.value_parser(value_parser!(PathBuf))))
}

/// A command that takes answers from flags.
pub(super) fn with_flags(command: Command) -> Command {
    let file =
        option("proxy-password-file", "FILE", "Password for the proxy: the first line of a file");
    let input = "Password for the proxy: the first line of standard input";
    command
        .args(form::fields().filter(|field| !field.is_secret()).map(flag))
        .arg(file.value_parser(value_parser!(PathBuf)).help_heading(ANSWERS))
        .arg(
            switch("proxy-password-stdin", input)
                .conflicts_with("proxy-password-file")
                .help_heading(ANSWERS),
        )
        .arg(password_argument())
}

/// No flag takes the password. Without this, clap would guess one of the flags that begin like it.
fn password_argument() -> Arg {
    let instead = UnknownArgumentValueParser::suggest_arg("--proxy-password-file")
        .and_suggest("arguments show in ps, so the password comes from a file");
    Arg::new(form::PROXY_PASSWORD.name)
        .long(form::PROXY_PASSWORD.name)
        .value_parser(instead)
        .hide(true)
}

fn flag(field: &'static Field) -> Arg {
    let arg = Arg::new(field.name).long(field.name).help(field.question).help_heading(ANSWERS);
    match field.kind {
        // Not a list of possible values: an invalid answer is listed with all others.
        FieldKind::Select(choices) => {
            let values: Vec<_> = choices.iter().map(|choice| choice.value).collect();
            arg.value_name(values.join("|"))
        }
        FieldKind::Text | FieldKind::Secret => arg.value_name(field.value_name),
    }
}

/// What the wizard gives to sudo. Not for people, so it is in no text.
pub(super) fn expect() -> Arg {
    option("expect", "SHA256", "Write only the plan with this digest")
        .requires("answers")
        .hide(true)
}

pub(super) fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

pub(super) fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

pub(super) fn json() -> Arg {
    switch("json", "Print a JSON object; the manual page documents its shape")
}
