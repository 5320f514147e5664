//! Kestra as it runs: checked where it listens, and again where people open it.
//!
//! Kestra itself comes first, so that its faults are not blamed on nginx; where it does not answer,
//! everything behind it is skipped.

mod login;
mod pages;
mod stream;

use super::http::{Accept, agent, in_words, refused_certificate, shown};
use crate::checks::{Finding, Outcome};
use crate::settings::{Secret, basic_header};
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ureq::http::Response;
use ureq::{Body, SendBody};
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
    /// Kestra's own health, such as `http://localhost:8081/kestra/health`; `None` where its port is
    /// not known.
    pub health: Option<Url>,
    /// Username and password of Kestra's own login, which the event stream needs.
    pub login: Option<(String, Secret)>,
    /// The entries of `kestra.server.basic-auth.open-urls`; none means the packaged default.
    pub open_urls: Vec<String>,
    /// Whether `kestra.tasks.sdk.authentication.url` gives tasks an address of their own.
    pub has_task_url: bool,
    /// This program for this configuration, such as `kestra-setup --config /srv/config.yml`.
    pub program: String,
}

type CheckFunction = fn(&Client) -> Observation;

/// The checks that need a Kestra that answers, in the order in which they are shown.
const CHECKS: &[(&str, CheckFunction)] = &[
    ("kestra-open-api", login::open_api),
    ("kestra-release", login::release),
    ("kestra-takeover", login::takeover),
    ("kestra-login", login::page),
    ("kestra-webhooks", login::webhooks),
    ("kestra-health", pages::health),
    ("public-ui", pages::public_ui),
    ("public-redirect", pages::redirect),
    ("public-scheme", pages::scheme),
    ("public-stream", stream::real_time),
    ("public-upload", pages::upload_limit),
    ("kestra-tasks", pages::task_address),
];

/// What the login page asks for first. Whatever its status, Kestra answers it in the same way from
/// both sides.
const CONFIGS: &str = "api/v1/configs";

/// Why pages or events are not seen there; the login of Kestra itself comes after its pages.
const LOGIN_IN_FRONT: &str = "what is in front of Kestra asks for a login of its own";

/// The codes of findings that come before everything else where they fail: others can get in.
pub(crate) const URGENT: [&str; 3] = ["kestra-open-api", "kestra-release", "kestra-takeover"];

/// The codes of every finding of [`Kestra::check`], in their order.
pub(crate) fn codes() -> impl Iterator<Item = &'static str> {
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
        let answers = kestra.0.outcome != Outcome::Skipped;
        let mut is_public = true;
        let mut findings = vec![kestra.finding("kestra-answers")];
        for (code, check) in CHECKS {
            let observation = if client.is_cancelled() {
                Observation::skipped("the check was stopped")
            } else if *code == "kestra-takeover" && client.setup_entry().is_some() {
                // The configuration tells this one alone.
                check(&client)
            } else if !answers {
                Observation::skipped("not checked, since Kestra does not answer")
            } else if !is_public
                && ["public-scheme", "public-stream", "public-upload"].contains(code)
            {
                // A page that is not reached tells nothing about buffering or sizes.
                Observation::skipped("not checked, since the public URL does not show Kestra")
            } else {
                check(&client)
            };
            is_public &= *code != "public-ui"
                || !matches!(observation.0.outcome, Outcome::Failed | Outcome::Skipped);
            findings.push(observation.finding(code));
        }
        findings
    }
}

struct Client<'a> {
    kestra: &'a Kestra,
    cancelled: &'a AtomicBool,
}

struct Request<'r> {
    url: &'r Url,
    /// Kestra's own login, if one is known and may be sent.
    with_login: bool,
    /// How long the answer may take, its body included.
    limit: Duration,
    headers: &'static [(&'static str, &'static str)],
    /// By POST, and sent once the server asked for it; without it the request is a GET.
    upload: Option<Upload<'r>>,
}

impl<'r> Request<'r> {
    fn get(url: &'r Url) -> Self {
        Self { url, with_login: false, limit: REQUEST, headers: &[], upload: None }
    }
}

#[derive(Clone, Copy)]
enum Upload<'r> {
    Sent(&'r [u8]),
    /// So many bytes, of which none is sent.
    Declared(u64),
}

/// The head of an answer, and its body still on the way.
struct PageAnswer {
    response: Response<Body>,
    /// Why the certificate is not trusted, fit for a terminal.
    doubt: Option<String>,
    /// Whether Kestra's login was asked for and not sent: anybody may read this connection.
    is_login_kept: bool,
}

impl PageAnswer {
    fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The value of a header, damaged characters replaced.
    fn header(&self, name: &str) -> Option<String> {
        let value = self.response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }
}

/// Why there is no answer, fit for a terminal.
enum NoAnswer {
    /// The certificate is not trusted.
    Untrusted(String),
    /// There was a connection, and the time was up.
    Timeout(String),
    /// Anything else.
    Failed(String),
}

impl NoAnswer {
    fn into_words(self) -> String {
        let (Self::Untrusted(why) | Self::Timeout(why) | Self::Failed(why)) = self;
        why
    }
}

impl From<ureq::Error> for NoAnswer {
    fn from(error: ureq::Error) -> Self {
        use ureq::Timeout::{Connect, Resolve};
        if let Some(refused) = refused_certificate(&error) {
            return Self::Untrusted(refused.reason);
        }
        match error {
            ureq::Error::Timeout(reason) if !matches!(reason, Connect | Resolve) => {
                Self::Timeout(in_words(&error))
            }
            _ => Self::Failed(in_words(&error)),
        }
    }
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

    fn get(&self, url: &Url) -> Result<PageAnswer, String> {
        self.send(&Request::get(url)).map_err(NoAnswer::into_words)
    }

    /// The status of a page; `None` where there is no answer.
    fn status(&self, url: &Url) -> Option<u16> {
        self.get(url).ok().map(|answer| answer.status())
    }

    /// With Kestra's login where it is known and may be sent, else without.
    fn get_with_login(&self, url: &Url) -> Result<PageAnswer, String> {
        let request = Request { with_login: true, ..Request::get(url) };
        self.send(&request).map_err(NoAnswer::into_words)
    }

    /// Sends a request; where the certificate is not trusted, once more, to see what answers.
    fn send(&self, request: &Request) -> Result<PageAnswer, NoAnswer> {
        if self.is_cancelled() {
            return Err(NoAnswer::Failed("the check was stopped".to_owned()));
        }
        match self.try_send(request, Accept::Trusted) {
            Err(NoAnswer::Untrusted(doubt)) => {
                let answer = self.try_send(request, Accept::Any)?;
                Ok(PageAnswer { doubt: Some(doubt), ..answer })
            }
            result => result,
        }
    }

    fn try_send(&self, request: &Request, accept: Accept) -> Result<PageAnswer, NoAnswer> {
        let wanted = self.kestra.login.as_ref().filter(|_| request.with_login);
        let login = wanted.filter(|_| may_carry_login(request.url, accept));
        let is_login_kept = wanted.is_some() && login.is_none();
        let (agent, url) = (agent(None, accept, request.limit), request.url.as_str());
        let Some(upload) = request.upload else {
            let mut get = agent.get(url);
            for (name, value) in request.headers {
                get = get.header(*name, *value);
            }
            if let Some((username, password)) = login {
                get = get.header("authorization", basic_header(username, password).reveal());
            }
            return Ok(PageAnswer { response: get.call()?, doubt: None, is_login_kept });
        };
        // A server that refuses large bodies can refuse before it is sent one. ureq 3.5.2 reads on
        // after such an answer, to the end of the connection, where that is a new one.
        drop(agent.head(url).call());
        let post = agent.post(url).header("expect", "100-continue").header("connection", "close");
        let response = match upload {
            // Caddy passes on the "100 Continue" of Kestra beside its own, which ureq refuses.
            Upload::Sent(body) => post.send(body).or_else(|_| agent.post(url).send(body))?,
            Upload::Declared(length) => post
                .header("content-length", length.to_string())
                .send(SendBody::from_reader(&mut NotSent))?,
        };
        Ok(PageAnswer { response, doubt: None, is_login_kept })
    }
}

/// The error of [`NotSent`].
const NOT_SENT: &str = "the body was asked for and not sent";

/// A body that ends the request where it would begin.
struct NotSent;

impl Read for NotSent {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(NOT_SENT))
    }
}

/// Whether nobody on the way can read a login: verified https, or an address of this machine.
fn may_carry_login(url: &Url, accept: Accept) -> bool {
    let is_here = url.host().is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    });
    is_here || (url.scheme() == "https" && accept == Accept::Trusted)
}

/// A finding that does not know its code yet. Its evidence is fit for a terminal.
#[derive(Debug, PartialEq, Eq)]
struct Observation(Finding);

impl Observation {
    fn new(outcome: Outcome, summary: impl Into<String>) -> Self {
        Self(Finding::new("", outcome, summary))
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
        Self(self.0.seen(shown(evidence)))
    }

    fn status(self, status: u16) -> Self {
        self.seen(&format!("status {status}"))
    }

    fn try_this(self, remedy: impl Into<String>) -> Self {
        Self(self.0.try_this(remedy))
    }

    fn finding(self, code: &'static str) -> Finding {
        Finding { code, ..self.0 }
    }
}

#[cfg(test)]
mod tests;
