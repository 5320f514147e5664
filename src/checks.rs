//! What can be checked, and the findings, as plain data.

use crate::nginx_site::Gap;
use crate::settings::{Connection, Host};
use serde::Serialize;

/// What a test of the outbound connection cannot know; shown once, beside its result.
pub(crate) const SCOPE: &str = "This tests the outbound connection of this machine. A Kestra in a \
                         container, or on another machine, may have another one.";

/// Something to check. Equal checks are about the same value, so a late finding about a value that
/// is no longer there is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// Whether api.kestra.io can be reached this way.
    Outbound(Connection),
    /// Whether nginx takes this text, tested on a private copy.
    Nginx {
        /// The whole text of the nginx file.
        text: String,
        /// Whether it is to be included in a server block.
        is_location: bool,
    },
    /// Whether nginx can serve this host with this certificate, and with this key.
    Certificate {
        /// The file with the chain.
        certificate: String,
        /// The file with the key, if it is known.
        key: Option<String>,
        /// The host of the public URL.
        host: Option<Host>,
    },
    /// Everything that can be tested about the configuration, nginx and Kestra.
    All,
    /// Reload nginx, tested first.
    Reload,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It works as it should.
    Ok,
    /// It works; something about it is worth knowing.
    Note,
    /// It works, and not as it should.
    Warning,
    /// It does not work, or is open to others; `check` exits with 6.
    Failed,
    /// It could not be checked; the summary has the reason.
    Skipped,
}

/// One thing that was checked. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name for scripts, such as `proxy-auth-wrong`.
    pub code: &'static str,
    /// A [`Failed`](Outcome::Failed) one decides the exit code of `check`.
    pub outcome: Outcome,
    /// One sentence in plain words.
    #[serde(rename = "what")]
    pub summary: String,
    /// What was seen: a status line, a line of nginx, a property and its line. May be empty.
    pub evidence: String,
    /// What the operator can do; empty where nothing is to be done.
    pub remedy: String,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok:",
            Self::Note => "note:",
            Self::Warning => "warning:",
            Self::Failed => "failed:",
            Self::Skipped => "skipped:",
        }
    }
}

impl Finding {
    /// One without evidence and remedy.
    pub(crate) fn new(code: &'static str, outcome: Outcome, summary: impl Into<String>) -> Self {
        let (summary, evidence, remedy) = (summary.into(), String::new(), String::new());
        Self { code, outcome, summary, evidence, remedy }
    }

    /// Something could not be checked, and why.
    pub(crate) fn skipped(code: &'static str, why: impl Into<String>) -> Self {
        Self::new(code, Outcome::Skipped, why)
    }

    pub(crate) fn seen(self, evidence: impl Into<String>) -> Self {
        Self { evidence: evidence.into(), ..self }
    }

    /// With what the operator can do.
    pub(crate) fn try_this(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..self }
    }

    /// The test of the outbound connection was stopped before it had a result.
    pub fn cancelled() -> Self {
        Self::skipped("way-out-cancelled", "the test of the outbound connection was stopped")
    }

    /// The finding as one paragraph.
    pub(crate) fn in_words(&self) -> String {
        format!("{} {}", self.outcome.word(), self.text())
    }

    /// The same for where a mark tells how it came out.
    pub(crate) fn text(&self) -> String {
        let summary = self.summary.trim_end_matches('.');
        let evidence =
            if self.evidence.is_empty() { String::new() } else { format!(" ({})", self.evidence) };
        let remedy = sentence(&self.remedy);
        let space = if remedy.is_empty() { "" } else { " " };
        format!("{summary}{evidence}.{space}{remedy}")
    }
}

impl From<Gap> for Finding {
    fn from(gap: Gap) -> Self {
        Self {
            code: gap.code,
            outcome: if gap.is_failure { Outcome::Failed } else { Outcome::Warning },
            evidence: gap.place(),
            remedy: format!("{}, then reload nginx.", gap.change),
            summary: gap.summary,
        }
    }
}

/// A text with its full stop; nothing for nothing.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    if text.is_empty() { String::new() } else { format!("{text}.") }
}
