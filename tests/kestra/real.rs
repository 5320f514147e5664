//! What only a real Kestra shows: its login and setup pages, a webhook, a live execution.
//!
//! The requests are those of its own UI and of its documentation. Where no Kestra can be had, each
//! of these says what it did not test.

use super::boot::Booted;
use super::config::{Credentials, LOGGED_IN, config};
use super::programs::{Program, kestras, say};
use std::time::Duration;
use support::http::{Reply, Stream, follow, get, request};
use support::nginx::{self, Nginx};
use support::site::Site;

const CONTEXTS: [&str; 2] = ["", "/kestra"];

/// After its first task, nothing happens for three seconds.
const FLOW: &str = "id: proof
namespace: company.team
tasks:
  - id: before
    type: io.kestra.plugin.core.log.Log
    message: before
  - id: silence
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT3S
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: a-key-of-the-tests
";

const HOOK: &str = "/api/v1/main/executions/webhook/company.team/proof/a-key-of-the-tests";

/// A Kestra with what the wizard writes, and with more behind it.
fn up(program: &Program, context: &str, more: &str) -> Booted {
    let config = config(context, 1, Credentials::Plain);
    Booted::up(program, &format!("{config}{more}"), context)
}

/// Creates the flow as the administrator.
fn with_flow(program: &Program, context: &str, more: &str) -> Booted {
    let kestra = up(program, context, more);
    let headers = format!("{LOGGED_IN}content-type: application/x-yaml\r\n");
    let flows = format!("{context}/api/v1/main/flows");
    let reply = request(kestra.port, "POST", &flows, &headers, FLOW);
    assert_eq!(reply.status, 200, "{}: {reply:?}", program.name);
    kestra
}

fn logged_in(kestra: &Booted, path: &str) -> Reply {
    request(kestra.port, "GET", path, LOGGED_IN, "")
}

#[test]
fn the_api_is_closed_without_a_login_at_the_root_and_under_a_context_path() {
    for program in kestras("the login under a context path") {
        for context in CONTEXTS {
            let kestra = up(program, context, "");
            let flows = format!("{context}/api/v1/main/flows/search");
            assert_eq!(get(kestra.port, &flows).status, 401, "{}, {flows}", program.name);
            assert_eq!(logged_in(&kestra, &flows).status, 200, "{}, {flows}", program.name);
        }
    }
}

/// What the login page asks for before anyone is logged in: a part of its own in later releases.
fn login_page(kestra: &Booted, context: &str) -> u16 {
    let [own, all] = ["configs/login", "configs"].map(|it| format!("{context}/api/v1/{it}"));
    let has_own = logged_in(kestra, &own).status == 200;
    get(kestra.port, if has_own { &own } else { &all }).status
}

/// The help of the context path says that releases differ here, so it is said which does what.
fn assert_reached(program: &Program, page: &str, context: &str, status: u16) {
    say(&format!("SEEN: {}, {page} page under {context:?}: {status}", program.name));
    let is_known = status == 200 || (status == 401 && !context.is_empty());
    assert!(is_known, "{}, {page} page under {context:?}: {status}", program.name);
}

#[test]
fn the_login_page_is_reached_at_the_root_and_may_be_closed_under_a_context_path() {
    for program in kestras("the login page under a context path") {
        for context in CONTEXTS {
            let kestra = up(program, context, "");
            assert_reached(program, "login", context, login_page(&kestra, context));
        }
    }
}

#[test]
fn the_setup_page_is_reached_at_the_root_and_may_be_closed_under_a_context_path() {
    for program in kestras("the setup page under a context path") {
        for context in CONTEXTS {
            let config = config(context, 1, Credentials::Plain);
            let kestra = Booted::fresh(program, &config, context);
            let asked = format!("{context}/api/v1/basicAuthValidationErrors");
            assert_reached(program, "setup", context, get(kestra.port, &asked).status);
        }
    }
}

/// The answer to a webhook that is called without a login.
fn webhook(program: &Program, context: &str, more: &str) -> u16 {
    let kestra = with_flow(program, context, more);
    request(kestra.port, "POST", &format!("{context}{HOOK}"), "", "").status
}

/// The sentence of `kestra-setup check` that names the setting.
#[test]
fn a_webhook_under_a_context_path_is_closed_until_open_urls_names_it() {
    let open = "---\nkestra:\n  server:\n    basic-auth:\n      open-urls:\n        \
        - /kestra/api/v1/main/executions/webhook/\n";
    for program in kestras("webhooks under a context path") {
        assert_eq!(webhook(program, "", ""), 200, "{}", program.name);
        assert_eq!(webhook(program, "/kestra", ""), 401, "{}", program.name);
        assert_eq!(webhook(program, "/kestra", open), 200, "{}", program.name);
    }
}

/// Starts an execution and follows it through nginx, as a browser does.
fn execution(kestra: &Booted, nginx: &Nginx, context: &str) -> Stream {
    let executions = format!("{context}/api/v1/main/executions");
    let flow = format!("{executions}/company.team/proof");
    let started = request(kestra.port, "POST", &flow, LOGGED_IN, "");
    let execution: serde_json::Value = serde_json::from_str(&started.body).unwrap();
    let id = execution["id"].as_str().unwrap();
    follow(nginx.port, &format!("{executions}/{id}/follow"), LOGGED_IN)
}

/// The task that waits is seen while it does, and the end comes by itself.
fn is_live(Stream { events, whole }: &Stream) -> bool {
    let seen = events.iter().find(|(_, event)| event.contains("\"silence\""));
    let (Some((seen, _)), Some((end, last))) = (seen, events.last()) else { return false };
    *whole && last.contains("id: end") && end.saturating_sub(*seen) > Duration::from_secs(2)
}

#[test]
fn an_execution_is_followed_live_through_nginx() {
    let Some(nginx) = nginx::binary() else { return };
    for program in kestras("a real execution through nginx") {
        for context in CONTEXTS {
            let kestra = with_flow(program, context, "");
            for site in Site::all(kestra.port).filter(|site| site.context == context) {
                let nginx = Nginx::start(nginx.clone(), |port| site.server(port), &[]);
                let stream = execution(&kestra, &nginx, context);
                assert!(is_live(&stream), "{}, {site:?}: {stream:?}", program.name);
            }
        }
    }
}
