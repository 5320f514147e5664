//! Whether tasks that call Kestra itself reach it.
//!
//! Tasks of git and of Kestra's own plugin take its address from
//! `kestra.tasks.sdk.authentication.url`, else from `kestra.url`: a public URL sends them through
//! whatever is in front, from the machine of the worker.

use super::{Client, Observation};
use crate::checks::Outcome;

/// Whatever its status, Kestra answers this in the same way from both sides.
const PAGE: &str = "api/v1/configs";

pub(super) fn address(client: &Client) -> Observation {
    if client.kestra.has_task_url {
        return Observation::ok("tasks call Kestra at an address of their own")
            .seen("kestra.tasks.sdk.authentication.url");
    }
    let inside = match client.get(&client.inside(PAGE)) {
        Ok(answer) => answer.status(),
        Err(why) => return Observation::skipped("Kestra itself does not answer").seen(&why),
    };
    let seen = match client.get(&client.outside(PAGE)) {
        Ok(answer) if answer.doubt.is_some() => {
            format!("the certificate: {}", answer.doubt.unwrap_or_default())
        }
        Ok(answer) if answer.status() == inside => {
            return Observation::ok(
                "tasks that call Kestra reach it through the public URL, from here",
            );
        }
        Ok(answer) => format!("status {} instead of {inside}", answer.status()),
        Err(why) => why,
    };
    let mut internal = client.inside("").to_string();
    internal.truncate(internal.trim_end_matches('/').len());
    Observation::new(
        Outcome::Warning,
        "tasks that call Kestra (git, Kestra's own plugin) will fail: the public URL does not lead \
         from here to its API",
    )
    .seen(&seen)
    .try_this(format!(
        "Give them the internal address: kestra.tasks.sdk.authentication.url: {internal} with \
         kestra.tasks.sdk.authentication.username: <e-mail> and \
         kestra.tasks.sdk.authentication.password: <password>"
    ))
}
