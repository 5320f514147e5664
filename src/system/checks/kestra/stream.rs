//! Whether events arrive when Kestra sends them, or in bursts when a buffer is full.
//!
//! The events of a running execution are followed where there is one and its login is known: they
//! hold the whole execution, 20 kB and more, and the end of one stays in an nginx that buffers
//! until the next event. Any other execution has one small event only, which passes such an nginx
//! over plain HTTP; so an early first event alone is never called live.

#![expect(clippy::disallowed_methods, reason = "the delay is what is measured")]

use super::{Client, LOGIN_IN_FRONT, NoAnswer, Observation, REQUEST, Request};
use crate::checks::Outcome;
use crate::system::checks::http::{io_in_words, text};
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};
use url::Url;

/// An execution that does not exist has a stream too, with an event that Kestra sends at once.
const NO_EXECUTION: &str = "kestraSetupLooksAtThis";

/// How much later an event may be for people than it was for the reverse proxy.
const LATE: Duration = Duration::from_secs(1);

/// The most bytes that are read of a stream.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The events that came, until what ended the reading.
#[derive(Debug, Default)]
struct Events {
    /// When each was complete, since the request.
    at: Vec<Duration>,
    bytes: usize,
    end: String,
}

/// The delay that the reverse proxy adds to events.
pub(super) fn real_time(client: &Client) -> Observation {
    let running = running_execution(client);
    let wanted = if running.is_some() { 2 } else { 1 };
    let id = running.as_deref().unwrap_or(NO_EXECUTION);
    let page = format!("api/v1/main/executions/{id}/follow");
    let locked = "Kestra shows its event streams only after a login";
    let inside = match follow(client, &client.inside(&page), wanted, REQUEST, locked) {
        Ok(inside) if inside.at.is_empty() => {
            return Observation::skipped("Kestra itself sends no event to compare")
                .seen(&inside.end);
        }
        Ok(inside) => inside,
        Err(skipped) => return skipped,
    };
    let slowest = inside.at.last().copied().unwrap_or_default();
    let limit = (slowest + 4 * LATE).min(REQUEST);
    let page = client.outside(&page);
    let outside = match follow(client, &page, inside.at.len(), limit, LOGIN_IN_FRONT) {
        Ok(outside) => outside,
        Err(skipped) => return skipped,
    };
    let late = outside.at.iter().zip(&inside.at).find(|(at, inside)| **at > **inside + LATE);
    if late.is_some() || outside.at.len() < inside.at.len() {
        let seen = match late {
            Some((at, inside)) => format!("{} instead of {}", seconds(*at), seconds(*inside)),
            None => {
                format!("event {} of {}: {}", outside.at.len() + 1, inside.at.len(), outside.end)
            }
        };
        return Observation::new(Outcome::Warning, "events do not arrive when Kestra sends them")
            .seen(&seen)
            .try_this(
                "Switch buffering off where Kestra is passed on: proxy_buffering off; in nginx's \
                 location. Then reload it",
            );
    }
    let took = seconds(outside.at.last().copied().unwrap_or_default());
    if inside.at.len() > 1 {
        return Observation::ok("the events of a running execution arrive at once")
            .seen(&format!("{} bytes after {took}", outside.bytes));
    }
    Observation::ok("a small event arrives at once")
        .seen(&format!("{took}; no execution was running whose large events could be followed"))
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f32())
}

/// An execution that runs now, asked from Kestra itself.
fn running_execution(client: &Client) -> Option<String> {
    client.kestra.login.as_ref()?;
    let mut url = client.inside("api/v1/main/executions/search");
    url.set_query(Some("state=RUNNING&size=1"));
    let answer = client.get_with_login(&url).ok()?;
    let found: serde_json::Value = serde_json::from_str(&text(answer.response)).ok()?;
    let first = found["results"].get(0)?;
    let id = first["id"].as_str()?;
    let is_word = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_word && first["state"]["current"] == "RUNNING").then(|| id.to_owned())
}

/// Follows a stream until so many events came, it ends, or `limit` is over.
///
/// # Errors
/// Why it was not followed: it takes a login that is not known, in the words of `locked`, or that
/// may not be sent on this connection; or it was not reached, which tells nothing about buffering.
fn follow(
    client: &Client,
    url: &Url,
    wanted: usize,
    limit: Duration,
    locked: &str,
) -> Result<Events, Observation> {
    let unreached = |why: &str| Observation::skipped("no event stream was reached").seen(why);
    let started = Instant::now();
    let mut events = Events::default();
    let headers = &[("accept", "text/event-stream")];
    let request = Request { headers, with_login: true, limit, ..Request::get(url) };
    let answer = match client.send(&request) {
        Ok(answer) => answer,
        // A reverse proxy that buffers may hold back the head as well.
        Err(NoAnswer::Timeout(why)) => return Ok(Events { end: why, ..events }),
        Err(no_answer) => return Err(unreached(&no_answer.into_words())),
    };
    let kind = answer.header("content-type").unwrap_or_default();
    match answer.status() {
        200 if kind.starts_with("text/event-stream") => {}
        401 if answer.is_login_kept => {
            return Err(Observation::skipped(
                "Kestra's login is sent only over https with a trusted certificate, and event \
                 streams need it",
            ));
        }
        401 => return Err(Observation::skipped(locked)),
        status => return Err(unreached(&format!("no event stream, status {status}"))),
    }
    let mut body = BufReader::new(answer.response.into_body().into_reader()).take(LONGEST);
    let mut before = 0;
    while events.at.len() < wanted {
        let chunk = match body.fill_buf() {
            Ok([]) => return Ok(Events { end: "the stream ended".to_owned(), ..events }),
            Ok(chunk) => chunk,
            Err(error) => return Ok(Events { end: io_in_words(&error), ..events }),
        };
        for byte in chunk {
            if (before, *byte) == (b'\n', b'\n') {
                events.at.push(started.elapsed());
            }
            before = *byte;
        }
        let length = chunk.len();
        events.bytes += length;
        body.consume(length);
    }
    Ok(events)
}
