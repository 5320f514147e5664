//! Every nginx text that the wizard writes, in a real nginx, in front of a fake of Kestra, as a
//! browser would see it.

use crate::fake_kestra;
use kestra_setup::checks::Outcome;
use kestra_setup::form::{self, Defaults};
use kestra_setup::system::nginx::{Deadline, ask_live, reload};
use std::process::Command;
use std::thread;
use support::free_port;
use support::http::{get, request};
use support::live_view::{Seen, see};
use support::nginx::{Nginx, binary};
use support::site::Site;

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

/// Locations for a server block that is there.
fn locations(site: Site) -> String {
    site.written(Defaults::default(), &[(&form::NGINX_FORM, "location")])
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
        let nginx = Nginx::start(binary, including, &[("kestra.inc", &locations(site))]);
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

/// What becomes of a live execution, in both wordings, when a line of the text is another.
fn with(line: &str, other: &str) -> Option<[Seen; 2]> {
    let binary = binary()?;
    let seen = |recommended| {
        let site = site(recommended, "");
        let text = |port| replaced(&site.server(port), line, other);
        see(Nginx::start(binary.clone(), text, &[]).port, "")
    };
    Some([true, false].map(seen))
}

/// A text with the rest of the line that begins so replaced.
fn replaced(text: &str, line: &str, other: &str) -> String {
    let found = text.lines().find(|it| it.trim_start().starts_with(line));
    text.replace(found.unwrap_or_else(|| panic!("no {line} in {text}")), other)
}

#[test]
fn a_live_execution_is_late_without_proxy_buffering_off() {
    let Some(seen) = with("proxy_buffering off;", "") else { return };
    assert_eq!(seen, [Seen::Late, Seen::Late]);
}

#[test]
fn a_silence_longer_than_the_read_timeout_cuts_a_live_execution() {
    let Some(seen) = with("proxy_read_timeout ", "proxy_read_timeout 500ms;") else { return };
    assert_eq!(seen, [Seen::Cut, Seen::Cut]);
}

#[test]
fn a_redirect_of_kestra_arrives_as_kestra_wrote_it() {
    for site in sites() {
        let Some(nginx) = start(site) else { return };
        let reply = get(nginx.port, &format!("{}/api/v1/away", site.context));
        let there = format!("http://localhost:{}{}/ui/", site.upstream, site.context);
        assert_eq!(reply.header("location"), Some(&*there), "{site:?}");
    }
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

/// What reaches Kestra from a client that forges everything, line by line.
fn what_a_liar_gets_through(site: Site) -> Option<Vec<String>> {
    let nginx = start(site)?;
    let forged = "x-real-ip: 6.6.6.6\r\nx-forwarded-for: 6.6.6.6\r\nx-forwarded-proto: https\r\n\
        x-forwarded-host: evil.example\r\nx-forwarded-protocol: https\r\nupgrade: h2c\r\n";
    let head =
        request(nginx.port, "GET", &format!("{}/api/v1/echo", site.context), forged, "").body;
    let mut lines: Vec<_> = head.trim_end().lines().map(str::to_lowercase).collect();
    lines.sort();
    Some(lines)
}

/// What both templates pass on of a client, in the order of the alphabet.
const SAID: [&str; 7] = [
    "connection: upgrade",
    "content-length: 0",
    "host: my-host.com",
    "upgrade: h2c",
    "x-forwarded-for: 6.6.6.6, 127.0.0.1",
    "x-forwarded-protocol: http",
    "x-real-ip: 127.0.0.1",
];

/// The same with the request line and what is passed on of scheme and host.
fn printed(site: Site, scheme: &str, host: &str) -> Vec<String> {
    let mut lines = SAID.map(str::to_owned).to_vec();
    lines.push(format!("get {}/api/v1/echo http/1.1", site.context));
    lines.push(format!("x-forwarded-host: {host}"));
    lines.push(format!("x-forwarded-proto: {scheme}"));
    lines.sort();
    lines
}

#[test]
fn a_client_cannot_forge_what_the_recommended_wording_sets() {
    for site in sites().into_iter().filter(|site| site.recommended) {
        let Some(lines) = what_a_liar_gets_through(site) else { return };
        assert_eq!(lines, printed(site, "http", "my-host.com"), "{site:?}");
    }
}

#[test]
fn a_client_can_forge_scheme_and_host_in_the_documented_wording() {
    for site in sites().into_iter().filter(|site| !site.recommended) {
        let Some(lines) = what_a_liar_gets_through(site) else { return };
        assert_eq!(lines, printed(site, "https", "evil.example"), "{site:?}");
    }
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
    let here = Defaults { tls_port: tls.to_string().parse().ok(), ..Defaults::default() };
    let printed = [
        (&form::URL, &*format!("https://my-host.com:{tls}{}/", site.context)),
        (&form::LISTEN, &*listen.to_string()),
        (&form::CERTIFICATE, &*format!("{pair}.crt")),
        (&form::CERTIFICATE_KEY, &*format!("{pair}.key")),
    ];
    site.written(here, &printed)
}

/// An nginx with TLS, and the port of its TLS server.
fn start_tls(site: Site) -> Option<(Nginx, u16)> {
    let tls = free_port();
    let nginx = Nginx::start(binary()?, |port| tls_servers(site, port, tls), &[]);
    Some((nginx, tls))
}

#[test]
fn the_redirect_to_https_keeps_a_post_a_post() {
    for site in sites() {
        let Some((nginx, tls)) = start_tls(site) else { return };
        let echo = format!("{}/api/v1/echo?a=%2F", site.context);
        let reply = request(nginx.port, "POST", &echo, "", "x");
        let there = format!("https://my-host.com:{tls}{echo}");
        assert_eq!((reply.status, reply.header("location")), (308, Some(&*there)), "{site:?}");
    }
}

/// What curl reports of a page on the TLS port, and the version of HTTP that it came by.
fn over_tls(tls: u16, path: &str) -> String {
    let url = format!("https://my-host.com:{tls}{path}");
    let here = format!("my-host.com:{tls}:127.0.0.1");
    let curl = Command::new("curl")
        .args(["-sk", "--http2", "--resolve", &here, "-w", "%{http_version}", &url])
        .output();
    String::from_utf8(curl.unwrap().stdout).unwrap()
}

#[test]
fn tls_speaks_http_2_and_sends_https_to_kestra() {
    if !support::has("curl") {
        return;
    }
    for site in sites() {
        let Some((_nginx, tls)) = start_tls(site) else { return };
        let printed = over_tls(tls, &format!("{}/api/v1/echo", site.context));
        assert!(printed.ends_with("\r\n2"), "{site:?}: {printed}");
        assert!(printed.contains("X-Forwarded-Protocol: https\r"), "{site:?}: {printed}");
        for line in ["Proto: https\r", &format!("Host: my-host.com:{tls}\r")] {
            let is_set = printed.contains(&format!("X-Forwarded-{line}"));
            assert_eq!(is_set, site.recommended, "{line}, {site:?}: {printed}");
        }
    }
}

#[test]
fn a_reload_leaves_a_live_execution_alone() {
    let site = site(true, "");
    let Some(nginx) = start(site) else { return };
    thread::scope(|scope| {
        scope.spawn(|| assert_eq!(see(nginx.port, ""), Seen::Live));
        let found = nginx.found();
        let live = ask_live(&found, Deadline::usual()).unwrap();
        assert_eq!((live.accepted, live.complaints), (true, vec![]));
        assert_eq!(reload(&found, Deadline::usual()).outcome, Outcome::Ok);
    });
    assert_eq!(get(nginx.port, "/ui/").status, 200);
}
