//! The manual page: made from the command line and the form, and the rest from `assets/man.roff`.

use super::command;
use super::flags::ANSWERS;
use crate::form::{self, Field};
use clap::{Arg, Command};
use clap_mangen::Man;
use std::fmt::Write as _;
use std::io;

/// What neither the command line nor the form describes: answers files, variables, places, exit codes,
/// JSON, examples.
const REST: &str = include_str!("../../assets/man.roff");

/// The manual page, in roff.
///
/// # Errors
/// Where it cannot be rendered.
pub(crate) fn man() -> io::Result<String> {
    let whole = command().after_help("").disable_help_subcommand(true);
    let man = Man::new(whole.clone()).date("");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    page += &commands(&whole);
    page += &answers();
    Ok(page + REST)
}

/// Every command with its own options; those of the answers have their own section.
fn commands(whole: &Command) -> String {
    let mut text = String::from(".SH COMMANDS\n");
    for command in whole.get_subcommands() {
        let own = |arg: &&Arg| arg.get_help_heading() != Some(ANSWERS) && !arg.is_hide_set();
        let takes_answers = command.get_arguments().any(|arg| arg.get_help_heading().is_some());
        let answers = if takes_answers { " [\\fIANSWERS\\fR]" } else { "" };
        let about = command.get_about().map_or(String::new(), ToString::to_string);
        let _ = writeln!(text, ".SS {}{answers}\n{}", roff(command.get_name()), roff(&about));
        command.get_arguments().filter(own).for_each(|arg| option(&mut text, arg));
    }
    text
}

fn option(text: &mut String, arg: &Arg) {
    let value = match arg.get_possible_values().as_slice() {
        choices if arg.is_positional() && !choices.is_empty() => {
            choices.iter().map(clap::builder::PossibleValue::get_name).collect::<Vec<_>>().join("|")
        }
        _ if arg.get_action().takes_values() => arg.get_value_names().unwrap_or_default().join(" "),
        _ => String::new(),
    };
    let name = arg.get_long().map_or(String::new(), |long| format!("--{long} "));
    let help = arg.get_help().map_or(String::new(), ToString::to_string);
    let _ = writeln!(text, ".TP\n\\fB{}\\fI{}\\fR\n{}", roff(&name), roff(&value), roff(&help));
}

/// Every question, with its choices and where its answer goes.
fn answers() -> String {
    let mut text = String::from(".SH ANSWERS\n");
    form::fields().for_each(|field| answer(&mut text, field));
    text
}

fn answer(text: &mut String, field: &Field) {
    let (name, question) = (roff(field.name), roff(field.question));
    let _ = if field.is_secret() {
        writeln!(text, ".TP\n\\fB{name}\\fR (no flag)\n{question}")
    } else {
        let values: Vec<_> = field.choices().iter().map(|choice| choice.value).collect();
        let value = if values.is_empty() { field.value_name } else { &values.join("|") };
        writeln!(text, ".TP\n\\fB\\-\\-{name}\\fR \\fI{}\\fR\n{question}", roff(value))
    };
    for choice in field.choices() {
        let (value, label, help) = (choice.value, roff(choice.label), roff(choice.help));
        let label = if value == choice.label { String::new() } else { format!("{label}. ") };
        let _ = writeln!(text, ".br\n\\fI{}\\fR: {label}{help}", roff(value));
    }
    for paragraph in field.long_help.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        // Columns and commands keep their lines.
        let keeps_lines = paragraph.contains("  ");
        let (start, end) = if keeps_lines { (".nf\n", "\n.fi") } else { ("", "") };
        let _ = writeln!(text, ".sp\n{start}{}{end}", roff(paragraph));
    }
    let _ = writeln!(text, ".sp\n{}.", roff(field.stored_in));
}

/// Text that roff does not take for a command.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace("\n.", "\n\\&.");
    text.replace("\n'", "\n\\&'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_option_and_question_has_its_paragraph() {
        let page = man().unwrap();
        for command in command().get_subcommands() {
            assert!(page.contains(&format!(".SS {}", command.get_name())), "{command}");
            for long in command.get_arguments().filter_map(Arg::get_long) {
                assert!(page.contains(&roff(&format!("--{long}"))), "{command} {long}");
            }
        }
        assert!(form::fields().all(|field| page.contains(&roff(field.question))));
    }

    #[test]
    fn a_table_keeps_its_lines() {
        let page = man().unwrap().replace("\\-", "-");
        assert!(page.contains(".nf\nNot through it") && page.contains("\nHTTP tasks   "), "{page}");
    }

    #[test]
    fn no_line_is_taken_for_an_unknown_request() {
        let known = [
            ".SH", ".SS", ".TP", ".TH", ".br", ".sp", ".nf", ".fi", ".RS", ".RE", ".ie", ".el",
            ".B", ".BR", ".IP", ".PP",
        ];
        for line in man().unwrap().lines().filter(|line| line.starts_with(['.', '\''])) {
            assert!(known.contains(&line.split(' ').next().unwrap()), "{line}");
        }
    }
}
