//! What can be looked at, and what came of it, as plain data.

use serde::Serialize;

/// How a look at the world came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It works.
    Ok,
    /// It works, and there is something to know.
    Note,
    /// It does not work; `check` leaves with 6.
    Failed,
    /// It could not be looked at, and why is said.
    Skipped,
}

/// One thing that was looked at, and what came of it. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// A stable name for scripts, such as `proxy-auth-wrong`.
    pub code: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What is so, in plain words, one sentence.
    pub what: String,
    /// What was seen: a status line, a line of nginx, a property and its line. May be empty.
    pub evidence: String,
    /// What the operator can do; empty where nothing is to be done.
    pub remedy: String,
}
