//! The end of `--help`, and the completions.

use super::command;
use crate::form;
use clap::Command;

pub(super) const AFTER_HELP: &str = "\
Examples:
  kestra-setup                              the wizard
  kestra-setup --config docker-compose.yml  for the configuration in this file
  kestra-setup apply --url https://my-host.com/ --dry-run
  kestra-setup check

Without a command the wizard starts: full screen, or with --plain one question
after the other. An existing configuration opens on the review.

Passwords: --proxy-password-file, --proxy-password-stdin, the variable
KESTRA_SETUP_PROXY_PASSWORD, or the answers file. Every other answer can be
given as KESTRA_SETUP_NAME too, such as KESTRA_SETUP_URL.

Exit codes: 0 done or nothing to do, 1 the system refused, 2 wrong usage or an
invalid answer, 3 changes are pending (--dry-run), 4 a file changed
meanwhile, 5 permission denied, 6 verification failed and all is restored, or
check found something that does not work.";

pub(super) const APPLY_EXAMPLES: &str = "\
Examples:
  kestra-setup apply --url https://my-host.com/kestra/ --dry-run
  kestra-setup apply --answers answers.yml
  kestra-setup apply --config docker-compose.yml --url https://my-host.com/";

pub(super) const SHOW_EXAMPLES: &str = "\
Examples:
  kestra-setup show
  kestra-setup show --answers > answers.yml";

pub(super) const PRINT_EXAMPLES: &str = "\
Examples:
  kestra-setup print config
  kestra-setup print nginx --nginx-form location";

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  kestra-setup check
  kestra-setup check --json | jq '.findings[] | select(.outcome == \"failed\")'";

pub(super) const ROLLBACK_EXAMPLES: &str = "\
Examples:
  kestra-setup rollback
  kestra-setup rollback --list
  kestra-setup --config /etc/kestra/config.yml rollback --yes";

/// The completions of a shell.
pub(crate) fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    let command = ["apply", "show", "print"]
        .into_iter()
        .fold(command(), |command, name| command.mut_subcommand(name, with_choices));
    clap_complete::generate(shell, &mut { command }, "kestra-setup", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The parser takes any text, so that a wrong one is listed with all others; a shell may know the
/// right ones.
fn with_choices(command: Command) -> Command {
    let choices = form::fields().filter(|field| !field.choices().is_empty());
    choices.fold(command, |command, field| {
        let values: Vec<_> = field.choices().iter().map(|choice| choice.value).collect();
        command.mut_arg(field.name, |arg| arg.value_name("VALUE").value_parser(values))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum as _;

    #[test]
    fn a_shell_completes_flags_and_choices_and_not_what_is_for_machines() {
        for shell in clap_complete::Shell::value_variants() {
            let script = completions(*shell);
            for word in ["rollback", "nginx-style", "proxy-password-file"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            assert!(!script.contains("--expect "), "{shell}");
        }
    }
}
