//! Whether events arrive when Kestra sends them, or in bursts when a buffer is full.
//!
//! The measure is the first event of an execution's stream, which Kestra sends at once. Over plain
//! HTTP a small event passes an nginx that buffers, so there this look proves less than reading the
//! nginx file does.

#![expect(clippy::disallowed_methods, reason = "the delay is what is measured")]

use super::{Client, NoAnswer, Observation, Request};
use crate::system::checks::http::io_in_words;
use std::io::{BufReader, Read};
use std::time::{Duration, Instant};
use url::Url;

/// An execution that does not exist has a stream too.
const STREAM: &str = "api/v1/main/executions/kestraSetupLooksAtThis/follow";

/// The most bytes that are read of a stream.
const LONGEST: u64 = 64 * 1024;

/// How much later an event may be for people than it was for nginx.
const LATE: Duration = Duration::from_secs(1);

/// The delay that nginx adds to an event.
pub(super) fn real_time(client: &Client) -> Observation {
    let inside = match first_event(client, &client.inside(STREAM)) {
        Ok(took) => took,
        Err(Missed::Kept | Missed::Locked) => {
            return Observation::skipped("Kestra shows its event streams only after a login");
        }
        Err(Missed::Other(why)) => {
            return Observation::skipped("Kestra itself sends no event to look at").seen(&why);
        }
    };
    match first_event(client, &client.outside(STREAM)) {
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
    /// It takes a login that may not be sent on this connection.
    Kept,
    /// What happened instead.
    Other(String),
}

fn first_event(client: &Client, url: &Url) -> Result<Duration, Missed> {
    let started = Instant::now();
    let request = Request { url, accept: "text/event-stream", with_login: true, body: None };
    let answer = client.send(&request).map_err(|error| match error {
        NoAnswer::LoginKept => Missed::Kept,
        NoAnswer::Failed(why) => Missed::Other(why),
    })?;
    let kind = answer.header("content-type").unwrap_or_default();
    match answer.status() {
        200 if kind.starts_with("text/event-stream") => {}
        401 => return Err(Missed::Locked),
        status => return Err(Missed::Other(format!("no event stream, status {status}"))),
    }
    let body = BufReader::new(answer.response.into_body().into_reader()).take(LONGEST);
    let mut before = 0;
    for byte in body.bytes() {
        match byte {
            Ok(b'\n') if before == b'\n' => return Ok(started.elapsed()),
            Ok(byte) => before = byte,
            Err(error) => return Err(Missed::Other(io_in_words(&error))),
        }
    }
    Err(Missed::Other("the connection was closed".to_owned()))
}
