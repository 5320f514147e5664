//! Kestra as it runs: checked where it listens, and again where people open it.
//!
//! Kestra itself comes first, so that its faults are not blamed on nginx; where it does not answer,
//! everything behind it is skipped.

mod pages;
mod stream;
mod upload;

use super::http::{Accept, agent, header, in_words, refused_certificate, shown, text};
use crate::checks::{Finding, Outcome};
use crate::settings::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ureq::Body;
use ureq::http::Response;
use url::{Host, Url};

/// The longest that one request may take.
const REQUEST: Duration = Duration::from_secs(10);

/// Where Kestra listens and where people open it. Its `Debug` masks the password.
#[derive(Debug, Clone)]
pub struct Kestra {
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
}

type Check = fn(&Client) -> Observation;

/// The checks that need a Kestra that answers, in the order in which they are shown.
const CHECKS: &[(&str, Check)] = &[
    ("kestra-health", pages::health),
    ("public-ui", pages::public_ui),
    ("public-redirect", pages::redirect),
    ("public-scheme", pages::scheme),
    ("public-stream", stream::real_time),
    ("public-upload", upload::limit),
];

/// The codes of every finding of [`Kestra::check`], in their order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    std::iter::once("kestra-answers").chain(CHECKS.iter().map(|(code, _)| *code))
}

impl Kestra {
    /// Checks Kestra and its health, and through the public address the pages, the redirects, the
    /// scheme, an event stream and the upload limit.
    ///
    /// Blocks for ten seconds at most for each of the dozen requests. Starts no further one once
    /// `cancelled` is set.
    pub fn check(&self, cancelled: &AtomicBool) -> Vec<Finding> {
        let client = Client { kestra: self, cancelled };
        let kestra = pages::kestra(&client);
        let answers = kestra.outcome != Outcome::Skipped;
        let mut findings = vec![kestra.finding("kestra-answers")];
        for (code, check) in CHECKS {
            let observation = match answers {
                _ if client.is_cancelled() => Observation::skipped("the check was stopped"),
                false => Observation::skipped("not checked, since Kestra does not answer"),
                true => check(&client),
            };
            findings.push(observation.finding(code));
        }
        findings
    }
}

/// Requests to one Kestra.
struct Client<'a> {
    kestra: &'a Kestra,
    cancelled: &'a AtomicBool,
}

/// What is asked for.
struct Request<'r> {
    url: &'r Url,
    accept: &'static str,
    /// Kestra's own login, if one is known and may be sent.
    with_login: bool,
    /// Sent by POST once the server asked for it; by GET where there is none.
    body: Option<&'r [u8]>,
}

/// The head of an answer, and its body still on the way.
struct Answer {
    response: Response<Body>,
    /// Why the certificate is not trusted, fit for a terminal.
    doubt: Option<String>,
}

impl Answer {
    fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    fn header(&self, name: &str) -> Option<String> {
        header(self.response.headers(), name)
    }

    /// The first 64 KiB of the body.
    fn text(self) -> String {
        text(self.response)
    }
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
enum NoAnswer {
    /// Kestra's login would go over a connection that anybody may read.
    LoginKept,
    /// What went wrong, fit for a terminal.
    Failed(String),
}

impl Client<'_> {
    /// A page as Kestra itself serves it, named from its context path on.
    fn inside(&self, page: &str) -> Url {
        let mut url = self.kestra.upstream.clone();
        url.set_path(&format!("{}/{page}", self.kestra.context_path));
        url
    }

    /// The same page as people open it.
    fn outside(&self, page: &str) -> Url {
        let mut url = self.kestra.public.clone();
        url.set_path(&format!("{}{page}", self.kestra.public.path()));
        url
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn get(&self, url: &Url) -> Result<Answer, String> {
        let request = Request { url, accept: "*/*", with_login: false, body: None };
        self.send(&request).map_err(|error| match error {
            NoAnswer::LoginKept => String::new(),
            NoAnswer::Failed(why) => why,
        })
    }

    /// Sends a request; where the certificate is not trusted, once more, to see what answers.
    fn send(&self, request: &Request) -> Result<Answer, NoAnswer> {
        if self.is_cancelled() {
            return Err(NoAnswer::Failed("the check was stopped".to_owned()));
        }
        let error = match self.try_send(request, Accept::Trusted)? {
            Ok(response) => return Ok(Answer { response, doubt: None }),
            Err(error) => error,
        };
        let Some(refused) = refused_certificate(&error) else {
            return Err(NoAnswer::Failed(in_words(&error)));
        };
        match self.try_send(request, Accept::Any)? {
            Ok(response) => Ok(Answer { response, doubt: Some(refused.reason) }),
            Err(error) => Err(NoAnswer::Failed(in_words(&error))),
        }
    }

    fn try_send(
        &self,
        request: &Request,
        accept: Accept,
    ) -> Result<Result<Response<Body>, ureq::Error>, NoAnswer> {
        let login = self.kestra.login.as_ref().filter(|_| request.with_login);
        if login.is_some() && !may_carry_login(request.url, accept) {
            return Err(NoAnswer::LoginKept);
        }
        let (agent, url) = (agent(None, accept, REQUEST), request.url.as_str());
        Ok(match request.body {
            None => {
                let get = agent.get(url).header("accept", request.accept);
                match login {
                    Some(login) => get.header("authorization", basic(login).reveal()),
                    None => get,
                }
                .call()
            }
            // A server that refuses large bodies can say so before it is sent one. ureq 3.5.2 reads
            // on after such an answer, to the end of the connection, where that is a new one.
            Some(body) => {
                drop(agent.head(url).call());
                let post = agent.post(url).header("expect", "100-continue");
                post.header("connection", "close").send(body)
            }
        })
    }
}

/// Whether nobody on the way can read a login: verified https, or an address of this machine.
fn may_carry_login(url: &Url, accept: Accept) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_here || (url.scheme() == "https" && accept == Accept::Trusted)
}

fn basic((username, password): &(String, Secret)) -> Secret {
    let login = Secret::from(format!("{username}:{}", password.reveal()));
    format!("Basic {}", BASE64_STANDARD.encode(login.reveal())).into()
}

/// A finding that does not know its code yet.
#[derive(Debug, PartialEq, Eq)]
struct Observation {
    outcome: Outcome,
    summary: String,
    evidence: String,
    remedy: String,
}

impl Observation {
    fn new(outcome: Outcome, summary: impl Into<String>) -> Self {
        Self { outcome, summary: summary.into(), evidence: String::new(), remedy: String::new() }
    }

    fn ok(summary: impl Into<String>) -> Self {
        Self::new(Outcome::Ok, summary)
    }

    fn failed(summary: impl Into<String>) -> Self {
        Self::new(Outcome::Failed, summary)
    }

    fn skipped(summary: impl Into<String>) -> Self {
        Self::new(Outcome::Skipped, summary)
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
        let Self { outcome, summary, evidence, remedy } = self;
        Finding { code, outcome, summary, evidence, remedy }
    }
}

#[cfg(test)]
mod tests;
