//! Kestra as it stands: looked at where it listens, and again where people open it.
//!
//! Kestra itself comes first, so that its faults are not blamed on nginx; where it does not answer,
//! everything behind it is skipped and says so.

mod page;
mod stream;
mod upload;

use super::net::{Answer, Budget, Connection, Request, shown};
use crate::checks::{Finding, Outcome};
use crate::settings::Secret;
use rustls::pki_types::CertificateDer;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use url::Url;

/// The longest that one request may take.
const REQUEST: Duration = Duration::from_secs(10);

/// Where Kestra listens and where people open it. Its `Debug` masks the password.
#[derive(Debug, Clone)]
pub struct Serving {
    /// `kestra.url`, with its final slash.
    pub public: Url,
    /// Where Kestra listens, such as `http://localhost:8080`; only scheme, host and port count.
    pub upstream: Url,
    /// Empty, or with a leading and without a final slash.
    pub context_path: String,
    /// Kestra's own health, such as `http://localhost:8081/kestra/health`.
    pub health: Url,
    /// Username and password of Kestra's own login, which the event stream needs.
    pub login: Option<(String, Secret)>,
    /// Authorities beside the public ones; DER.
    pub trust: Vec<CertificateDer<'static>>,
}

/// One look at what stands.
type Look = fn(&Client) -> Observation;

/// What is looked at once Kestra answers, in the order in which it is shown.
const LOOKS: &[(&str, Look)] = &[
    ("kestra-health", page::health),
    ("public-ui", page::public_ui),
    ("public-redirect", page::redirect),
    ("public-scheme", page::scheme),
    ("public-stream", stream::real_time),
    ("public-upload", upload::limit),
];

/// The codes of every finding that [`look`] gives, in their order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    std::iter::once("kestra-answers").chain(LOOKS.iter().map(|(code, _)| *code))
}

/// Looks at Kestra, at its health, and through the public address at the pages, the redirects, the
/// scheme, an event stream and the upload limit.
///
/// Blocks for ten seconds at most for each of the dozen requests, and ends within a tenth of a
/// second once `cancelled` is set.
pub fn look(serving: &Serving, cancelled: &AtomicBool) -> Vec<Finding> {
    let visitor = Client { serving, cancelled };
    let kestra = page::kestra(&visitor);
    let answers = kestra.outcome != Outcome::Skipped;
    let mut findings = vec![kestra.finding("kestra-answers")];
    for (code, look) in LOOKS {
        let finding = match answers {
            _ if cancelled.load(Ordering::Relaxed) => Observation::skipped("the check was stopped"),
            false => Observation::skipped("not looked at, since Kestra does not answer"),
            true => look(&visitor),
        };
        findings.push(finding.finding(code));
    }
    findings
}

/// Goes to the pages of one Kestra.
struct Client<'a> {
    serving: &'a Serving,
    cancelled: &'a AtomicBool,
}

impl<'a> Client<'a> {
    /// A page as Kestra itself serves it, named from its context path on.
    fn inside(&self, page: &str) -> Url {
        let mut url = self.serving.upstream.clone();
        url.set_path(&format!("{}/{page}", self.serving.context_path));
        url
    }

    /// The same page as people open it.
    fn outside(&self, page: &str) -> Url {
        let mut url = self.serving.public.clone();
        url.set_path(&format!("{}{page}", self.serving.public.path()));
        url
    }

    fn open(&self, url: &Url) -> Result<Connection<'a>, String> {
        Connection::open(url, &self.serving.trust, Budget::new(REQUEST, self.cancelled))
    }

    fn get(&self, url: &Url) -> Result<Answer<'a>, String> {
        let request = Request { method: "GET", headers: "", body: &[] };
        self.open(url)?.ask(url, &request).map_err(|error| in_words(&error))
    }
}

/// Why a conversation ended, fit for a terminal.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "no answer in time".into(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".into(),
        io::ErrorKind::InvalidData => "the answer is not HTTP".into(),
        _ => shown(&error.to_string()),
    }
}

/// A finding that does not know its code yet.
#[derive(Debug, PartialEq, Eq)]
struct Observation {
    outcome: Outcome,
    what: String,
    evidence: String,
    remedy: String,
}

impl Observation {
    fn new(outcome: Outcome, what: impl Into<String>) -> Self {
        Self { outcome, what: what.into(), evidence: String::new(), remedy: String::new() }
    }

    fn ok(what: impl Into<String>) -> Self {
        Self::new(Outcome::Ok, what)
    }

    fn failed(what: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, what)
    }

    fn skipped(what: impl Into<String>) -> Self {
        Self::new(Outcome::Skipped, what)
    }

    fn seen(self, evidence: &str) -> Self {
        Self { evidence: shown(evidence), ..self }
    }

    fn status(self, status: u16) -> Self {
        self.seen(&format!("status {status}"))
    }

    fn try_this(self, remedy: impl Into<String>) -> Self {
        Self { remedy: remedy.into(), ..self }
    }

    fn finding(self, code: &'static str) -> Finding {
        let Self { outcome, what, evidence, remedy } = self;
        Finding { code, outcome, what, evidence, remedy }
    }
}

#[cfg(test)]
mod tests;
