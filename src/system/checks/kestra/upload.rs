//! Whether files get through that Kestra accepts: over 1 MB, nginx's usual limit, and 10 GB, its own.

use super::{Client, NOT_SENT, NoAnswer, Observation, Request, Upload};
use crate::checks::Outcome;

/// Over nginx's limit, and small enough for any line.
const SIZE: usize = 1_500_000;

/// `micronaut.server.max-request-size` of Kestra.
const LARGEST: u64 = 10 * 1024 * 1024 * 1024;

/// Offers files to a page that does not exist: whatever is in front counts before Kestra is asked.
/// nginx and Apache refuse a length alone, so nothing is sent of the largest; Caddy counts bytes.
pub(super) fn limit(client: &Client) -> Observation {
    let url = client.outside("kestra-setup-check");
    let body = vec![b' '; SIZE];
    let upload = |upload| {
        let answer = client.send(&Request { upload: Some(upload), ..Request::get(&url) });
        answer.map(|answer| answer.status()).map_err(NoAnswer::into_words)
    };
    let offered = upload(Upload::Declared(LARGEST));
    let sent = upload(Upload::Sent(&body));
    match (offered, sent) {
        (_, Ok(413)) => refused("uploads over 1 MB are refused on the way to Kestra"),
        (Ok(413), _) => refused("uploads of 10 GB, which Kestra accepts, are refused on the way"),
        (_, Ok(status @ 502..=504)) => {
            Observation::skipped("the reverse proxy does not reach Kestra").status(status)
        }
        (_, Ok(status)) => {
            Observation::ok("uploads pass, as large as Kestra accepts them").status(status)
        }
        // Kestra may answer before it has read the body, which is no refusal.
        (Ok(_), Err(why)) => Observation::ok("a length of 10 GB is not refused").seen(&why),
        (Err(asked), Err(why)) if asked == NOT_SENT => {
            Observation::ok("a length of 10 GB is not refused").seen(&why)
        }
        (_, Err(why)) => Observation::skipped("an upload of 1.5 MB got no answer").seen(&why),
    }
}

fn refused(what: &str) -> Observation {
    Observation::new(Outcome::Warning, what).status(413).try_this(
        "Allow 10 GB where Kestra is passed on: client_max_body_size 10g; in nginx, \
         LimitRequestBody 0 in Apache, request_body max_size in Caddy. Then reload it",
    )
}
