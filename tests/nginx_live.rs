//! Every nginx text, in a real nginx, in front of a fake of Kestra, as a browser would see it.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a test touches the world"
)]

#[path = "common/fake_kestra.rs"]
mod fake_kestra;
#[path = "common/http.rs"]
mod http;
#[path = "common/live_view.rs"]
mod live_view;
#[path = "common/nginx.rs"]
mod nginx;
#[path = "common/site.rs"]
mod site;

use http::{free_port, get, request};
use kestra_setup::checks::Outcome;
use kestra_setup::system::nginx::{reload, test_live};
use live_view::{Seen, see};
use nginx::{Nginx, binary};
use site::Site;
use std::process::Command;
use std::thread;

/// Starts nginx with an own server block.
fn start(site: Site) -> Option<Nginx> {
    Some(Nginx::start(binary()?, |port| site.server(port), &[]))
}

/// Both wordings, with and without a context path, each in front of a fake that has it too.
fn sites() -> Vec<Site> {
    let with_fake = |site: Site| Site { upstream: fake_kestra::serve(site.context), ..site };
    Site::all(0).map(with_fake).collect()
}

fn site(recommended: bool, context: &'static str) -> Site {
    Site { recommended, context, upstream: fake_kestra::serve(context) }
}

#[test]
fn the_ui_is_reached_by_the_bare_address() {
    for site in sites() {
        let Some(nginx) = start(site) else { return };
        let first = get(nginx.port, &format!("{}/", site.context));
        assert_eq!(
            (first.status, first.header("location")),
            (307, Some(&*format!("{}/ui/", site.context))),
            "{site:?}"
        );
        assert_eq!(
            get(nginx.port, &format!("{}/ui/", site.context)).body,
            "<title>Kestra</title>",
            "{site:?}"
        );
    }
}

#[test]
fn locations_work_inside_a_server_block_that_is_there() {
    for site in sites() {
        let Some(binary) = binary() else { return };
        let including = |port| {
            format!(
                "server {{ listen {port}; include kestra.inc; location = /own {{ return 204; }} }}"
            )
        };
        let nginx = Nginx::start(binary, including, &[("kestra.inc", &site.locations())]);
        assert_eq!(get(nginx.port, &format!("{}/ui/", site.context)).status, 200, "{site:?}");
        assert_eq!(get(nginx.port, "/own").status, 204, "{site:?}");
    }
}

#[test]
fn a_live_execution_arrives_in_real_time() {
    for site in sites() {
        let Some(nginx) = start(site) else { return };
        assert_eq!(see(nginx.port, site.context), Seen::Live, "{site:?}");
    }
}

/// What becomes of a live execution when a line of the text is another.
fn with(line: &str, other: &str) -> Option<Seen> {
    let site = site(true, "");
    assert!(site.locations().contains(line));
    let nginx = Nginx::start(binary()?, |port| site.server(port).replace(line, other), &[]);
    Some(see(nginx.port, ""))
}

#[test]
fn a_live_execution_is_late_without_proxy_buffering_off() {
    let Some(seen) = with("proxy_buffering off;", "") else { return };
    assert_eq!(seen, Seen::Late);
}

#[test]
fn a_silence_longer_than_the_read_timeout_cuts_a_live_execution() {
    let Some(seen) = with("proxy_read_timeout 3600s;", "proxy_read_timeout 500ms;") else { return };
    assert_eq!(seen, Seen::Cut);
}

#[test]
fn an_upload_of_5_mb_passes_only_in_the_recommended_wording() {
    for site in sites() {
        let Some(nginx) = start(site) else { return };
        let body = "x".repeat(5_000_000);
        let reply =
            request(nginx.port, "POST", &format!("{}/api/v1/upload", site.context), "", &body);
        let expected = if site.recommended { (200, "5000000") } else { (413, "") };
        assert_eq!(reply.status, expected.0, "{site:?}");
        assert!(reply.body.contains(expected.1), "{site:?}");
    }
}

/// The header lines that reach Kestra from a client which lies about everything.
fn what_a_liar_gets_through(site: Site) -> Option<String> {
    let nginx = start(site)?;
    let lies = "x-real-ip: 6.6.6.6\r\nx-forwarded-proto: https\r\nx-forwarded-host: evil.example\r\n\
        x-forwarded-protocol: https\r\n";
    Some(
        request(nginx.port, "GET", &format!("{}/api/v1/echo", site.context), lies, "")
            .body
            .to_lowercase(),
    )
}

#[test]
fn a_client_cannot_forge_what_the_recommended_wording_sets() {
    for site in [site(true, ""), site(true, "/kestra")] {
        let Some(head) = what_a_liar_gets_through(site) else { return };
        for line in [
            "x-real-ip: 127.0.0.1",
            "x-forwarded-proto: http\r",
            "x-forwarded-host: my-host.com",
            "host: my-host.com",
        ] {
            assert!(head.contains(line), "{line} in {head}");
        }
        assert!(!head.contains("evil") && !head.contains("6.6.6.6"), "{head}");
    }
}

#[test]
fn a_client_can_forge_the_scheme_in_the_documented_wording() {
    let Some(head) = what_a_liar_gets_through(site(false, "")) else { return };
    assert!(
        head.contains("x-forwarded-proto: https")
            && head.contains("x-forwarded-host: evil.example"),
        "{head}"
    );
}

/// The request line that reaches Kestra.
fn passed_on(site: Site, path: &str) -> Option<String> {
    let nginx = start(site)?;
    let head = get(nginx.port, &format!("{}/api/v1/echo/{path}", site.context)).body;
    Some(head.lines().next().unwrap_or_default().to_owned())
}

#[test]
fn an_encoded_slash_stays_encoded_in_the_recommended_wording() {
    let Some(line) = passed_on(site(true, "/kestra"), "a%2Fb%3Bc") else { return };
    assert_eq!(line, "GET /kestra/api/v1/echo/a%2Fb%3Bc HTTP/1.1");
}

#[test]
fn an_encoded_slash_is_decoded_in_the_documented_wording_of_a_context_path() {
    let Some(line) = passed_on(site(false, "/kestra"), "a%2Fb%3Bc") else { return };
    assert_eq!(line, "GET /kestra/api/v1/echo/a/b;c HTTP/1.1");
}

#[test]
fn the_bare_context_path_leads_inside_and_a_longer_name_does_not() {
    let Some(nginx) = start(site(true, "/kestra")) else { return };
    let bare = get(nginx.port, "/kestra?a=b");
    assert_eq!((bare.status, bare.header("location")), (308, Some("/kestra/?a=b")));
    assert_eq!(get(nginx.port, "/kestrafoo").status, 404);
}

/// Two servers, the first of which sends everyone to the second.
fn tls_servers(site: Site, listen: u16, tls: u16) -> String {
    let pair = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/nginx/throwaway");
    let locations = site.locations();
    format!(
        "server {{ listen {listen}; server_name my-host.com;
            location / {{ return 308 https://my-host.com:{tls}$request_uri; }} }}
        server {{ listen {tls} ssl http2; server_name my-host.com;
            ssl_certificate {pair}.crt; ssl_certificate_key {pair}.key;
            ssl_protocols TLSv1.2 TLSv1.3; {locations} }}"
    )
}

/// An nginx with TLS, and the port of its TLS server.
fn start_tls(site: Site) -> Option<(Nginx, u16)> {
    let tls = free_port();
    let nginx = Nginx::start(binary()?, |port| tls_servers(site, port, tls), &[]);
    Some((nginx, tls))
}

#[test]
fn the_redirect_to_https_keeps_a_post_a_post() {
    let Some((nginx, tls)) = start_tls(site(true, "/kestra")) else { return };
    let reply = request(nginx.port, "POST", "/kestra/api/v1/echo?a=%2F", "", "x");
    let there = format!("https://my-host.com:{tls}/kestra/api/v1/echo?a=%2F");
    assert_eq!((reply.status, reply.header("location")), (308, Some(&*there)));
}

#[test]
fn tls_speaks_http_2_and_says_https_to_kestra() {
    let Some((_nginx, tls)) = start_tls(site(true, "/kestra")) else { return };
    let url = format!("https://my-host.com:{tls}/kestra/api/v1/echo");
    let here = format!("my-host.com:{tls}:127.0.0.1");
    let curl = Command::new("curl")
        .args(["-sk", "--http2", "--resolve", &here, "-w", "%{http_version}", &url])
        .output();
    let said = String::from_utf8(curl.unwrap().stdout).unwrap();
    assert!(said.ends_with("\r\n2"), "{said}");
    assert!(said.contains("X-Forwarded-Proto: https\r"), "{said}");
    assert!(said.contains(&format!("X-Forwarded-Host: my-host.com:{tls}\r")), "{said}");
}

#[test]
fn a_reload_leaves_a_live_execution_alone() {
    let site = site(true, "");
    let Some(nginx) = start(site) else { return };
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(see(nginx.port, ""), Seen::Live));
        let found = nginx.found();
        assert_eq!((found.running, test_live(&found).outcome), (true, Outcome::Ok));
        assert_eq!(reload(&found).outcome, Outcome::Ok);
    });
    assert_eq!(get(nginx.port, "/ui/").status, 200);
}
