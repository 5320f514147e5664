//! The operator's own editor, on a file that only the operator can mend.
#![expect(clippy::disallowed_types, reason = "this is where the editor is started")]

use super::console::{PASSWORD_VARIABLE, variable};
use std::io;
use std::path::Path;
use std::process::Command;

/// Opens a file in the editor that `VISUAL` or `EDITOR` names, else in `vi`, and waits for its end.
///
/// # Errors
/// The editor cannot be started, or exits with an error.
pub(crate) fn open(path: &Path) -> io::Result<()> {
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
