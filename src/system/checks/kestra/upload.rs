//! Whether files over nginx's usual limit of 1 MB get through.

use super::{Client, Observation, in_words};
use crate::system::checks::net::Request;

/// Over nginx's limit, and small enough for any line.
const SIZE: usize = 1_500_000;

/// Sends 1.5 MB to a page that does not exist: nginx counts before Kestra is asked.
pub(super) fn limit(visitor: &Client) -> Observation {
    let url = visitor.outside("api/v1/kestra-setup-check");
    let body = vec![b' '; SIZE];
    let request = Request { method: "POST", headers: "", body: &body };
    let answer = visitor
        .open(&url)
        .and_then(|connection| connection.ask(&url, &request).map_err(|error| in_words(&error)));
    match answer.map(|answer| answer.head.status) {
        Ok(413) => Observation::failed("uploads over 1 MB are refused on the way to Kestra")
            .status(413)
            .try_this("Set client_max_body_size 10g; in nginx's location of Kestra, then reload"),
        Ok(status @ (502 | 504)) => {
            Observation::skipped("nginx does not reach Kestra").status(status)
        }
        Ok(status) => Observation::ok("an upload of 1.5 MB passes nginx").status(status),
        Err(why) => Observation::skipped("an upload of 1.5 MB got no answer").seen(&why),
    }
}
