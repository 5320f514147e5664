//! Writes with the rights of root: `sudo kestra-setup … apply --answers - --expect SHA256`.
//!
//! The program makes the plan again, as root, from the same answers, and writes it only if its
//! digest is that of the plan that was reviewed. The answers go through a pipe, so no password is
//! in an argument or a temporary file. sudo asks for its own password at the terminal.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where sudo is started"
)]

use super::installed::ROOTS_PATH;
use crate::kestra_config::Place;
use crate::machine::Text;
use crate::plan::Plan;
use rustix::fs::{FileType, stat};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use zeroize::Zeroizing;

/// Where sudo is looked for: `PATH` may name a folder that anybody can write.
const FOLDERS: [&str; 3] = ["/usr/bin", "/bin", "/usr/local/bin"];

/// What sudo needs of the environment: the terminal and the language of its prompt.
const PASSED_ON: [&str; 8] =
    ["TERM", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "DISPLAY", "XAUTHORITY"];

/// Writes the plan as root.
///
/// # Errors
/// Nothing was written: sudo is missing or refused, or the files changed meanwhile.
pub(crate) fn run(plan: &Plan, config: &Path, place: &Place) -> Result<(), String> {
    let sudo = find_sudo().ok_or("there is no sudo of root's in /usr/bin or /usr/local/bin")?;
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let answers = answers(plan)?;
    let mut child = Command::new(sudo)
        .arg("--")
        .arg(program)
        .arg("--config")
        .arg(config)
        .arg(format!("--at={place}"))
        .args(["apply", "--answers", "-", "--expect", &plan.digest()])
        .env_clear()
        .env("PATH", ROOTS_PATH)
        .envs(PASSED_ON.iter().filter_map(|name| Some((name, env::var_os(name)?))))
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut pipe) = child.stdin.take() {
        // If sudo refuses, nobody reads the answers; its exit code tells.
        let _ = pipe.write_all(answers.as_bytes());
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(why(status)) }
}

/// A program of root's that nobody else can replace.
fn find_sudo() -> Option<PathBuf> {
    let is_of_root = |path: &PathBuf| {
        stat(path).is_ok_and(|stat| {
            let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            is_file && stat.st_uid == 0 && stat.st_mode & 0o022 == 0
        })
    };
    FOLDERS.iter().map(|folder| Path::new(folder).join("sudo")).find(is_of_root)
}

/// An answers file: those that the operator gave, the others as defaults, and the texts that files
/// had when they were reviewed, where those are no longer on the disk.
fn answers(plan: &Plan) -> Result<Zeroizing<String>, String> {
    #[derive(Serialize)]
    struct AllAnswers<'a> {
        #[serde(flatten)]
        set: BTreeMap<&'a str, &'a str>,
        defaults: BTreeMap<&'a str, &'a str>,
        reviewed: BTreeMap<Cow<'a, str>, Option<&'a str>>,
    }
    let pair = |is_set| {
        let answers = plan.answers.iter().filter(move |answer| answer.is_set == is_set);
        answers.map(|answer| (answer.name, answer.text.reveal())).collect()
    };
    let reviewed = plan.reviewed.iter();
    let reviewed =
        reviewed.map(|(path, text)| (path.to_string_lossy(), text.as_ref().map(Text::as_str)));
    let reviewed = reviewed.collect();
    let answers = AllAnswers { set: pair(true), defaults: pair(false), reviewed };
    serde_json::to_string(&answers).map(Zeroizing::new).map_err(|error| error.to_string())
}

/// What the exit code of the other program means; sudo itself exits with 1.
fn why(status: ExitStatus) -> String {
    match status.code() {
        Some(4) => "a file changed on disk meanwhile".to_owned(),
        Some(5) => "root may not write there either".to_owned(),
        Some(6) => "the result failed its verification, and the files were restored".to_owned(),
        _ => format!("sudo ended with {status}; its messages show when you leave"),
    }
}
