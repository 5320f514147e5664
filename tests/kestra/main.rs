//! What the wizard writes, read by what reads it: `cargo test --test kestra`, or on Kestras that are
//! given, `KESTRA_JAR=/path/kestra-1.3.25.jar:/path/kestra-2.0.0.jar cargo test --test kestra`.
//!
//! Apart from the quick tests, because it downloads and boots Java programs; nothing is downloaded
//! where Kestras are given. What it shows is kept in `assets/kestra-facts.md`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test touches the world"
)]

mod boot;
mod config;
mod harness;
mod programs;
mod proxy;
mod real;
mod squid;
mod wrong;

use boot::Booted;
use config::{BASIC, Credentials, config};
use programs::Program;
use proxy::Proxy;
use squid::Squid;
use support::http::get;
use support::live_view::{Seen, see};
use support::nginx::{self, Nginx};
use support::site::Site;

/// The head of the first CONNECT of a boot.
fn first_connect(program: &Program, credentials: Credentials) -> String {
    let proxy = Proxy::start();
    let _booted = Booted::up(program, &config("", proxy.port, credentials), "");
    proxy.first_connect()
}

#[test]
fn a_plain_login_is_on_the_first_connect() {
    for program in programs::all() {
        let head = first_connect(program, Credentials::Plain);
        assert!(head.starts_with("CONNECT api.kestra.io:443 HTTP/1.1"), "{}: {head}", program.name);
        assert!(
            head.contains(&format!("proxy-authorization: Basic {BASIC}")),
            "{}: {head}",
            program.name
        );
    }
}

#[test]
fn a_login_from_the_environment_is_on_the_first_connect() {
    for program in programs::all() {
        let head = first_connect(program, Credentials::Env);
        assert!(
            head.contains(&format!("proxy-authorization: Basic {BASIC}")),
            "{}: {head}",
            program.name
        );
    }
}

#[test]
fn a_basic_login_never_leaves() {
    for program in programs::all() {
        let head = first_connect(program, Credentials::Basic);
        assert!(!head.to_lowercase().contains("authorization"), "{}: {head}", program.name);
    }
}

/// What squid logs of the first CONNECT: its answer, and who asked.
fn squid_status(program: &Program, credentials: Credentials) -> Option<String> {
    let squid = Squid::start()?;
    let _booted = Booted::up(program, &config("", squid.port, credentials), "");
    Some(squid.first_connect())
}

#[test]
fn squid_lets_a_plain_login_in_and_keeps_a_basic_one_out() {
    for program in programs::some() {
        let Some(plain) = squid_status(program, Credentials::Plain) else { return };
        assert!(!plain.contains("/407 ") && plain.contains(" username "), "{plain}");
        let Some(basic) = squid_status(program, Credentials::Basic) else { return };
        assert!(basic.contains("TCP_DENIED/407"), "{basic}");
    }
}

#[test]
fn the_ui_comes_up_at_the_root_and_under_a_context_path() {
    for program in programs::all() {
        for context in ["", "/kestra"] {
            let booted = Booted::up(program, &config(context, 1, Credentials::Plain), context);
            let bare = get(booted.port, &format!("{context}/"));
            let inside = format!("{context}/ui/");
            assert_eq!(
                (bare.status, bare.header("location")),
                (307, Some(&*inside)),
                "{}",
                program.name
            );
        }
    }
}

/// What a filter on `/api/v1/**`, such as Kestra's authentication, sees of a request.
fn seen_by_the_guard(program: &Program, config: &str, context: &str) -> Option<String> {
    let booted = Booted::up(program, config, context);
    let reply = get(booted.port, &format!("{context}/api/v1/configs"));
    assert_eq!(reply.status, 200);
    reply.header("guarded").map(str::to_owned)
}

/// So Kestra's exceptions for its login page, which compare the whole path, do not fit.
#[test]
fn the_guard_sees_the_context_path_in_front() {
    let Some(program) = programs::newest_standin() else { return };
    for context in ["", "/kestra"] {
        let config = config(context, 1, Credentials::Plain);
        let seen = seen_by_the_guard(program, &config, context);
        assert_eq!(seen, Some(format!("{context}/api/v1/configs")));
    }
}

/// The wizard refuses these paths, so they are written here by hand.
#[test]
fn the_guard_sees_nothing_under_a_prefix_of_its_own_path() {
    let Some(program) = programs::newest_standin() else { return };
    let good = config("/kestra", 1, Credentials::Plain);
    assert!(good.contains("context-path: \"/kestra\"\n"), "{good}");
    for context in ["/a", "/ap", "/api"] {
        let config = good.replace("/kestra", context);
        assert_eq!(seen_by_the_guard(program, &config, context), None, "{context}");
    }
}

/// Follows an execution without judging it: the first request to a fresh program may take longer.
fn warm_up(booted: &Booted, context: &str) {
    see(booted.port, context);
}

#[test]
fn a_live_execution_arrives_in_real_time_through_nginx() {
    let (Some(program), Some(nginx)) = (programs::newest_standin(), nginx::binary()) else {
        return;
    };
    for context in ["", "/kestra"] {
        let booted = Booted::up(program, &config(context, 1, Credentials::Plain), context);
        warm_up(&booted, context);
        for site in Site::all(booted.port).filter(|site| site.context == context) {
            let nginx = Nginx::start(nginx.clone(), |port| site.server(port), &[]);
            assert_eq!(see(nginx.port, context), Seen::Live, "{site:?}");
        }
    }
}

#[test]
fn a_silence_longer_than_the_read_timeout_cuts_a_live_execution() {
    let (Some(program), Some(nginx)) = (programs::newest_standin(), nginx::binary()) else {
        return;
    };
    let booted = Booted::up(program, &config("", 1, Credentials::Plain), "");
    warm_up(&booted, "");
    assert_eq!(see(booted.port, ""), Seen::Live);
    let site = Site { recommended: true, context: "", upstream: booted.port };
    let text = |port| site.server(port).replace("3700s", "500ms");
    let nginx = Nginx::start(nginx, text, &[]);
    assert_eq!(see(nginx.port, ""), Seen::Cut);
}
