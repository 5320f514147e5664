//! Whether files over nginx's usual limit of 1 MB get through.

use super::{Client, NoAnswer, Observation, Request};

/// Over nginx's limit, and small enough for any line.
const SIZE: usize = 1_500_000;

/// Offers 1.5 MB to a page that does not exist: nginx counts before Kestra is asked.
pub(super) fn limit(client: &Client) -> Observation {
    let (url, body) = (client.outside("api/v1/kestra-setup-check"), vec![b' '; SIZE]);
    let request = Request { url: &url, accept: "*/*", with_login: false, body: Some(&body) };
    match client.send(&request).map(|answer| answer.status()) {
        Ok(413) => Observation::failed("uploads over 1 MB are refused on the way to Kestra")
            .status(413)
            .try_this("Set client_max_body_size 10g; in nginx's location of Kestra, then reload"),
        Ok(status @ (502 | 504)) => {
            Observation::skipped("nginx does not reach Kestra").status(status)
        }
        Ok(status) => Observation::ok("an upload of 1.5 MB passes nginx").status(status),
        Err(NoAnswer::Failed(why)) => {
            Observation::skipped("an upload of 1.5 MB got no answer").seen(&why)
        }
        Err(NoAnswer::LoginKept) => Observation::skipped("an upload of 1.5 MB was not sent"),
    }
}
