//! Texts made from the command line: completions, the manual page, the end of `--help`.

use super::command;
use crate::form;
use clap_mangen::Man;
use std::fmt::Write as _;
use std::io;

pub(super) const AFTER_HELP: &str = "\
Without a command the wizard starts: full screen, or with --plain one question
after the other. An existing configuration opens on the review.

Passwords: --proxy-password-file, --proxy-password-stdin, the variable
KESTRA_SETUP_PROXY_PASSWORD, or the answers file. Every other answer can be
given as KESTRA_SETUP_NAME too, such as KESTRA_SETUP_URL.

Exit codes: 0 done or nothing to do, 1 the system refused, 2 wrong usage or an
answer that will not do, 3 changes are pending (--dry-run), 4 a file changed
meanwhile, 5 permission denied, 6 the result failed its proof and was put back.";

/// Prints the completions of a shell.
///
/// # Errors
/// Where nothing can be written there.
pub fn completions(shell: clap_complete::Shell, to: &mut dyn io::Write) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "kestra-setup", &mut script);
    to.write_all(&script)
}

/// Prints the manual page, in roff.
///
/// # Errors
/// Where nothing can be written there.
pub fn man(to: &mut dyn io::Write) -> io::Result<()> {
    let man = Man::new(command());
    let mut page = Vec::new();
    man.render(&mut page)?;
    to.write_all(&page)?;
    to.write_all(answers().as_bytes())?;
    to.write_all(JSON.as_bytes())
}

/// Every question, with its choices and where its answer goes.
fn answers() -> String {
    let mut text = String::from(".SH ANSWERS\n");
    for field in form::fields() {
        let lands = roff(field.lands);
        let _ = writeln!(
            text,
            ".TP\n\\fB{}\\fR\n{}. Goes to {lands}.",
            roff(field.name),
            roff(field.question)
        );
        for choice in field.choices() {
            let _ = writeln!(text, ".br\n{}: {}", roff(choice.value), roff(choice.label));
        }
    }
    text
}

/// Text that roff does not take for a command.
fn roff(text: &str) -> String {
    text.replace('\\', "\\\\").replace('-', "\\-").replace("\n.", "\n\\&.")
}

const JSON: &str = r".SH JSON
.TP
\fBshow \-\-json\fR
An object: config (path), settings (name to value, secrets as *********), problems (a list of name, message, blocks).
.TP
\fBapply \-\-json\fR
An object: pending (whether something changes), files (a list of kind, path, changed, added, removed, new), written (the ID for rollback, or null).
.TP
\fBcheck \-\-json\fR
A list of objects: code, outcome (ok, note, failed, skipped), what, evidence, remedy.
";
