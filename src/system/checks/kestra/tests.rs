//! A Kestra and an nginx played by threads of the test: each answers by the first line and headers
//! of what it is asked.

use super::*;
use crate::system::checks::http::test::AUTHORITY;
use std::net::TcpListener;
use support::server::{Authority, answer, listen};

const PASSWORD: &str = "s3cret pa:ss%";
const PAGE: &str = "HTTP/1.1 200 OK\r\n\r\n<title>Kestra</title>";
const EVENT: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: start\n\n";
static GOING: AtomicBool = AtomicBool::new(false);

fn plain(answers: fn(&str) -> String) -> u16 {
    listen(move |stream| answer(&stream, answers))
}

fn encrypted(authority: &Authority, answers: fn(&str) -> String) -> u16 {
    let secure = authority.identity("localhost").server();
    listen(move |stream| answer(secure(stream), answers))
}

/// What a Kestra under `/kestra` answers.
fn kestra(request: &str) -> String {
    let path = request.split(' ').nth(1).unwrap();
    match path {
        "/kestra" => "HTTP/1.1 307 x\r\nLocation: /kestra/ui/\r\n\r\n".into(),
        "/kestra/ui/" => PAGE.into(),
        "/kestra/ping" => "HTTP/1.1 200 OK\r\n\r\npong".into(),
        "/kestra/api/v1/configs" => "HTTP/1.1 200 OK\r\n\r\n{\"version\":\"1.3.25\"}".into(),
        "/kestra/api/v1/main/flows/search" => "HTTP/1.1 401 x\r\n\r\n".into(),
        _ if path.ends_with("kestra-setup-check/configs") => "HTTP/1.1 401 x\r\n\r\n".into(),
        "/kestra/health" => "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"UP\"}".into(),
        _ if path.ends_with("/follow") && request.contains("authorization") => EVENT.into(),
        _ if path.ends_with("/follow") => "HTTP/1.1 401 x\r\n\r\n".into(),
        _ => "HTTP/1.1 404 x\r\n\r\n".into(),
    }
}

fn public_at(public: &str) -> Kestra {
    let upstream: Url = format!("http://localhost:{}", plain(kestra)).parse().unwrap();
    Kestra {
        public: public.parse().unwrap(),
        health: upstream.join("/kestra/health").unwrap(),
        upstream,
        context_path: "/kestra".into(),
        login: Some(("admin@kestra.io".into(), PASSWORD.into())),
        open_urls: Vec::new(),
        has_task_url: false,
        program: "kestra-setup".to_owned(),
    }
}

/// A Kestra as it should be behind an nginx that answers so.
fn behind(answers: fn(&str) -> String) -> Kestra {
    public_at(&format!("http://localhost:{}/kestra/", plain(answers)))
}

fn outcomes(kestra: &Kestra) -> Vec<(&'static str, Outcome)> {
    let findings = kestra.check(&GOING);
    assert!(!format!("{findings:?} {kestra:?}").contains("s3cret"));
    findings.iter().map(|finding| (finding.code, finding.outcome)).collect()
}

fn finding(kestra: &Kestra, code: &str) -> Finding {
    kestra.check(&GOING).into_iter().find(|finding| finding.code == code).unwrap()
}

#[test]
fn a_kestra_behind_a_good_nginx_passes() {
    assert_eq!(
        outcomes(&behind(kestra)),
        [
            ("kestra-answers", Outcome::Ok),
            ("kestra-open-api", Outcome::Ok),
            ("kestra-release", Outcome::Ok),
            ("kestra-takeover", Outcome::Ok),
            ("kestra-login", Outcome::Ok),
            ("kestra-webhooks", Outcome::Ok),
            ("kestra-health", Outcome::Ok),
            ("public-ui", Outcome::Ok),
            ("public-redirect", Outcome::Ok),
            ("public-scheme", Outcome::Skipped),
            ("public-stream", Outcome::Ok),
            ("public-upload", Outcome::Ok),
            ("kestra-tasks", Outcome::Ok),
        ]
    );
}

#[test]
fn a_kestra_that_does_not_answer_skips_everything() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upstream = format!("http://{free}").parse().unwrap();
    let silent = Kestra { upstream, ..behind(kestra) };
    assert!(outcomes(&silent).iter().all(|(_, outcome)| *outcome == Outcome::Skipped));
}

#[test]
fn a_check_that_is_cancelled_skips_everything() {
    let findings = behind(kestra).check(&AtomicBool::new(true));
    assert!(findings.iter().all(|finding| finding.outcome == Outcome::Skipped), "{findings:?}");
}

#[test]
fn a_kestra_without_the_context_path_is_told() {
    let elsewhere = Kestra { context_path: "/other".into(), ..behind(kestra) };
    let kestra = finding(&elsewhere, "kestra-answers");
    assert_eq!(
        (kestra.outcome, kestra.evidence.as_str()),
        (Outcome::Failed, "/other/ping does not answer")
    );
}

#[test]
fn another_page_is_not_kestra() {
    let page = behind(|_| "HTTP/1.1 200 OK\r\n\r\nWelcome to nginx!".into());
    assert!(finding(&page, "public-ui").summary.contains("another page"));
    assert!(finding(&page, "public-redirect").evidence.contains("/kestra, status 200"));
}

#[test]
fn a_gateway_error_is_blamed_on_the_upstream() {
    let gateway = behind(|_| "HTTP/1.1 502 Bad Gateway\r\n\r\n".into());
    assert!(finding(&gateway, "public-ui").remedy.contains("forwards to"));
    assert_eq!(finding(&gateway, "public-upload").outcome, Outcome::Skipped);
}

#[test]
fn a_page_that_is_not_reached_tells_nothing_about_buffering() {
    // Another program, which has event streams of its own and refuses large bodies.
    let other = behind(|request| match request.split(' ').next() {
        Some("POST") => "HTTP/1.1 413 x\r\n\r\n".into(),
        _ => "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nhello".into(),
    });
    for code in ["public-stream", "public-upload"] {
        let finding = finding(&other, code);
        assert_eq!((finding.outcome, &*finding.remedy), (Outcome::Skipped, ""), "{code}");
    }
}

#[test]
fn a_circle_of_redirects_ends() {
    let circle = behind(|_| "HTTP/1.1 307 x\r\nLocation: /kestra/ui/\r\n\r\n".into());
    assert!(finding(&circle, "public-redirect").summary.ends_with("in a circle"));
}

#[test]
fn an_event_that_stays_in_a_buffer_is_found() {
    let buffering = behind(|request| kestra(request).replace("\n\n", "\n"));
    let stream = finding(&buffering, "public-stream");
    assert_eq!(
        (stream.outcome, stream.evidence.as_str()),
        (Outcome::Warning, "event 1 of 1: the stream ended")
    );
}

#[test]
fn a_stream_behind_an_unknown_login_is_skipped() {
    let unknown = Kestra { login: None, ..behind(kestra) };
    assert_eq!(finding(&unknown, "public-stream").outcome, Outcome::Skipped);
}

#[test]
fn a_login_in_front_of_kestra_is_not_taken_for_a_certificate() {
    let locked = behind(|request| kestra(&request.replace("authorization", "X")));
    let stream = finding(&locked, "public-stream");
    assert!(stream.outcome == Outcome::Skipped && stream.summary.contains("a login of its own"));
}

#[test]
fn a_refused_upload_is_found() {
    let small = behind(|request| {
        if request.starts_with("POST") { "HTTP/1.1 413 x\r\n\r\n".into() } else { kestra(request) }
    });
    assert!(finding(&small, "public-upload").remedy.contains("client_max_body_size"));
}

#[test]
fn a_login_is_sent_where_nobody_can_read_it() {
    let may = |url: &str, accept| may_carry_login(&url.parse().unwrap(), accept);
    for url in ["http://localhost/", "http://127.0.0.2:8080/", "https://[::1]/"] {
        assert!(may(url, Accept::Any), "{url}");
    }
    assert!(may("https://my-host.com/", Accept::Trusted));
    for url in ["https://my-host.com/", "http://my-host.com/", "http://localhost.my-host.com/"] {
        assert!(!may(url, Accept::Any), "{url}");
    }
    assert!(!may("http://my-host.com/", Accept::Trusted));
}

#[test]
fn a_certificate_of_an_unknown_authority_is_a_warning() {
    let page = |request: &str| {
        kestra(request).replacen("\r\n", "\r\nSet-Cookie: csrfToken=x; Path=/\r\n", 1)
    };
    let outcome = |authority: &Authority, code| {
        let port = encrypted(authority, page);
        finding(&public_at(&format!("https://localhost:{port}/kestra/")), code).outcome
    };
    let stranger = Authority::new("stranger");
    assert_eq!(outcome(&stranger, "public-ui"), Outcome::Warning);
    assert_eq!(outcome(&AUTHORITY, "public-ui"), Outcome::Ok);
    // Kestra itself shows no cookie here, so nothing is known about the scheme.
    assert_eq!(outcome(&stranger, "public-scheme"), Outcome::Skipped);
    assert_eq!(outcome(&stranger, "public-upload"), Outcome::Ok);
}
