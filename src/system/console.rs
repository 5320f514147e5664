//! Standard input, output and error, the terminal, the environment and the operator's editor, for the
//! commands.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where commands read files, variables and standard input, and start the editor"
)]

use crate::settings::{Secret, ascii, is_hidden};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read, Write};
use std::path::Path;
use std::process::Command;

/// The variable that holds the password of the proxy. No other program inherits it.
pub(crate) const PASSWORD_VARIABLE: &str = "KESTRA_SETUP_PROXY_PASSWORD";

const MAX_BYTES: u64 = super::fs::MAX_BYTES as u64;

/// Colours a line. It must not change the text.
pub(crate) type Paint = fn(&str) -> String;

/// Data goes to standard output, messages to standard error.
pub struct Console {
    data: Box<dyn Write>,
    paint_data: Option<Paint>,
    messages: Box<dyn Write>,
    paint_messages: Option<Paint>,
    is_utf8: bool,
    warnings: Vec<String>,
}

impl Console {
    /// Data to standard output, messages to standard error; no colours until [`paint`](Self::paint).
    pub fn standard() -> Self {
        Self {
            data: Box::new(io::stdout()),
            paint_data: None,
            messages: Box::new(io::stderr()),
            paint_messages: None,
            is_utf8: has_utf8_locale(),
            warnings: Vec::new(),
        }
    }

    /// Colours what goes to a terminal, or everything.
    pub(crate) fn paint(&mut self, paint: Paint, always: bool) {
        self.paint_data = (always || io::stdout().is_terminal()).then_some(paint);
        self.paint_messages = (always || io::stderr().is_terminal()).then_some(paint);
    }

    /// Prints data.
    ///
    /// # Errors
    /// Where standard output cannot be written, such as a pipe whose reader went away.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.data.write_all(text.as_bytes())?;
        self.data.flush()
    }

    /// Prints data for people.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub(crate) fn print_text(&mut self, text: &str) -> io::Result<()> {
        let text = self.readable(text, self.paint_data);
        self.print(&text)
    }

    /// Prints a report for machines, which serializes as an object.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub(crate) fn json(&mut self, report: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(report)?;
        self.print(&(text + "\n"))
    }

    /// Tells the operator. If standard error is closed, nothing can be done about that.
    pub(crate) fn message(&mut self, text: &str) {
        let text = self.readable(text.trim_end(), self.paint_messages) + "\n";
        // In one piece: standard output may be on the same terminal.
        let _ = self.messages.write_all(text.as_bytes());
    }

    /// Warns the operator, and keeps the warning for a report.
    pub(crate) fn warn(&mut self, text: &str) {
        self.message(&format!("warning: {text}"));
        self.warnings.push(harmless(text));
    }

    /// The warnings so far, for a report.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    fn readable(&self, text: &str, paint: Option<Paint>) -> String {
        let text = harmless(text);
        let text = if self.is_utf8 { text } else { ascii(&text).into_owned() };
        match paint {
            Some(paint) => text.split('\n').map(paint).collect::<Vec<_>>().join("\n"),
            None => text,
        }
    }
}

/// Standard error, which waits where another program has set it to not wait.
pub(crate) struct Tty;

impl Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(io::stderr(), bytes) {
                Err(Errno::AGAIN) => {
                    let stderr = io::stderr();
                    poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], None)?;
                }
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text of lines and tabs that sends no sequences to a terminal, whatever was quoted in it.
pub(crate) fn harmless(text: &str) -> String {
    let is_layout = |c| matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_hidden(c) && !is_layout(c) { '?' } else { c }).collect()
}

/// Whether the terminal shows more than ASCII, by the first of these variables that is set.
fn has_utf8_locale() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os);
    let mut locales = set.map(|value| value.to_string_lossy().to_ascii_lowercase());
    let first = locales.find(|locale| !locale.is_empty());
    first.is_some_and(|locale| locale.contains("utf-8") || locale.contains("utf8"))
}

/// Whether somebody is there who can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A variable of the environment; `None` if it is not set or not UTF-8.
pub(crate) fn variable(name: &str) -> Option<Secret> {
    std::env::var(name).ok().map(Secret::from)
}

/// The same as plain text, for a variable that holds no secret; empty where there is none.
pub(crate) fn setting(name: &str) -> String {
    variable(name).map_or(String::new(), |value| value.reveal().to_owned())
}

/// The names of the variables of the environment that begin like this, and whether their values are
/// UTF-8. Names that are not UTF-8 are left out.
pub(crate) fn variables(start: &str) -> impl Iterator<Item = (String, bool)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_str().is_some())))
        .filter(move |(name, _)| name.starts_with(start))
}

/// The text of a file, `-` for standard input.
///
/// # Errors
/// Where it cannot be read, is not UTF-8, or is larger than 4 MiB.
pub(crate) fn read_named(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text)?
    } else {
        File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?
    };
    if read as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 4 MiB"));
    }
    Ok(text)
}

/// The first line of standard input, without its end.
///
/// # Errors
/// Where there is none.
pub(crate) fn first_line_of_input() -> io::Result<Secret> {
    let mut line = zeroize::Zeroizing::new(String::new());
    if io::stdin().lock().take(MAX_BYTES).read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).into())
}

/// Opens a file in the editor that `VISUAL` or `EDITOR` names, else in `vi`, and waits for its end.
///
/// # Errors
/// The editor cannot be started, or exits with an error.
pub(crate) fn edit(path: &Path) -> io::Result<()> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(variable);
    let editor = named.map(|it| it.reveal().to_owned()).find(|it| !it.trim().is_empty());
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    // Through a shell, since the variable may hold arguments.
    let script = format!("{editor} \"$1\"");
    let status = Command::new("sh")
        .args(["-c", &script, "editor"])
        .arg(path)
        .env_remove(PASSWORD_VARIABLE)
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{editor} ended with {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_keeps_its_lines_and_tabs_and_sends_nothing_else() {
        assert_eq!(harmless("a\tb\nc\u{1b}[31m\r\u{9b}\u{202e}\u{7f}"), "a\tb\nc?[31m????");
    }
}
