//! Whether events arrive when Kestra sends them, or in bursts when a buffer is full.
//!
//! The measure is the first event of an execution's stream, which Kestra sends at once. Over plain
//! HTTP a small event passes an nginx that buffers, so there this look proves less than reading the
//! nginx file does.

#![expect(clippy::disallowed_methods, reason = "the delay is what is measured")]

use super::{Client, Observation, in_words};
use crate::settings::Secret;
use crate::system::checks::net::{Answer, Request, basic};
use std::time::{Duration, Instant};
use url::Url;
use zeroize::Zeroizing;

/// An execution that does not exist has a stream too.
const STREAM: &str = "api/v1/main/executions/kestraSetupLooksAtThis/follow";

/// How much later an event may be for people than it was for nginx.
const LATE: Duration = Duration::from_secs(1);

/// The delay that nginx adds to an event.
pub(super) fn real_time(visitor: &Client) -> Observation {
    let inside = match first_event(visitor, &visitor.inside(STREAM)) {
        Ok(took) => took,
        Err(Missed::Kept | Missed::Locked) => {
            return Observation::skipped("Kestra shows its event streams only after a login");
        }
        Err(Missed::Other(why)) => {
            return Observation::skipped("Kestra itself sends no event to look at").seen(&why);
        }
    };
    match first_event(visitor, &visitor.outside(STREAM)) {
        Ok(outside) if outside <= inside + LATE => {
            Observation::ok("an event of Kestra's arrives at once").seen(&seconds(outside))
        }
        Ok(outside) => late(&format!("{} after {}", seconds(outside), seconds(inside))),
        Err(Missed::Kept) => Observation::skipped("the login is kept from an unproved certificate"),
        Err(Missed::Locked) => {
            Observation::skipped("what stands in front of Kestra asks for a login of its own")
        }
        Err(Missed::Other(why)) => late(&why),
    }
}

fn late(why: &str) -> Observation {
    Observation::failed("events of Kestra's do not arrive when they are sent")
        .seen(why)
        .try_this("Set proxy_buffering off; in nginx's location of Kestra, then reload nginx")
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f32())
}

/// Why there was no event.
enum Missed {
    /// It takes a login that is not known.
    Locked,
    /// It takes a login that may not be said on this connection.
    Kept,
    /// What happened instead.
    Other(String),
}

fn first_event(visitor: &Client, url: &Url) -> Result<Duration, Missed> {
    let started = Instant::now();
    let connection = visitor.open(url).map_err(Missed::Other)?;
    let login = visitor.serving.login.as_ref();
    if connection.doubt.is_some() && login.is_some() {
        return Err(Missed::Kept);
    }
    let headers = headers(login);
    let request = Request { method: "GET", headers: &headers, body: &[] };
    let answer = connection.ask(url, &request).map_err(|error| Missed::Other(in_words(&error)))?;
    match answer.head.status {
        200 if is_stream(&answer) => {}
        401 => return Err(Missed::Locked),
        status => return Err(Missed::Other(format!("no event stream, status {status}"))),
    }
    answer.first_event().map_err(|error| Missed::Other(in_words(&error)))?;
    Ok(started.elapsed())
}

fn is_stream(answer: &Answer) -> bool {
    let mut kinds = answer.head.headers("Content-Type");
    kinds.next().is_some_and(|kind| kind.starts_with("text/event-stream"))
}

fn headers(login: Option<&(String, Secret)>) -> Zeroizing<String> {
    let accept = "Accept: text/event-stream\r\n";
    let Some((username, password)) = login else { return accept.to_owned().into() };
    let login = basic(username, password);
    format!("{accept}Authorization: Basic {}\r\n", login.reveal()).into()
}
