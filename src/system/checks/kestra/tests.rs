//! A Kestra and an nginx played by threads of the test: each answers by the first line and headers
//! of what it is asked.

use super::*;
use crate::system::checks::http::test::AUTHORITY;
use std::io::{BufRead, BufReader, Write};
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
        "/kestra/api/v1/main/flows/search" | "/kestra/api/v1/main/kestra-setup-check/configs" => {
            "HTTP/1.1 401 x\r\n\r\n".into()
        }
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
        health: upstream.join("/kestra/health").ok(),
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
fn what_is_not_where_it_should_be_tells_nothing_about_the_login() {
    let before_its_restart = Kestra { context_path: "/other".into(), ..behind(kestra) };
    let another_program = with(|_| "HTTP/1.1 404 x\r\n\r\nno".into());
    for kestra in [before_its_restart, another_program] {
        let findings = outcomes(&kestra);
        for code in ["kestra-open-api", "kestra-release", "kestra-login", "kestra-webhooks"] {
            assert!(findings.contains(&(code, Outcome::Skipped)), "{code}: {findings:?}");
        }
    }
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
fn a_redirect_of_nginx_itself_is_told_from_one_of_kestra() {
    let remedy = |answers| finding(&behind(answers), "public-redirect").remedy;
    let with_its_port = |request: &str| match request.split(' ').nth(1) {
        Some("/kestra") => "HTTP/1.1 301 x\r\nLocation: http://localhost:1/kestra/\r\n\r\n".into(),
        _ => kestra(request),
    };
    assert!(remedy(with_its_port).contains("absolute_redirect off"));
    let of_kestra = |request: &str| match request.split(' ').nth(1) {
        Some("/kestra") => "HTTP/1.1 307 x\r\nLocation: /kestra//ui/\r\n\r\n".into(),
        _ => kestra(request),
    };
    assert!(remedy(of_kestra).contains("no final slash"));
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
fn a_login_in_front_of_every_page_is_no_fault() {
    let locked = behind(|_| "HTTP/1.1 401 x\r\nWWW-Authenticate: Basic\r\n\r\n".into());
    let findings = locked.check(&GOING);
    for finding in findings.iter().filter(|finding| finding.code.starts_with("public-")) {
        assert_eq!(finding.outcome, Outcome::Skipped, "{finding:?}");
    }
    let told = findings.iter().filter(|finding| finding.summary == LOGIN_IN_FRONT);
    let codes: Vec<_> = told.map(|finding| finding.code).collect();
    assert_eq!(codes, ["public-ui", "public-redirect"]);
    // Tasks have no such login.
    let tasks = findings.iter().find(|finding| finding.code == "kestra-tasks");
    assert_eq!(tasks.unwrap().outcome, Outcome::Warning);
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

/// A Kestra that answers so itself, behind an nginx as it should be.
fn with(answers: fn(&str) -> String) -> Kestra {
    let upstream: Url = format!("http://localhost:{}", plain(answers)).parse().unwrap();
    Kestra { health: upstream.join("/kestra/health").ok(), upstream, ..behind(kestra) }
}

#[test]
fn a_kestra_that_is_not_healthy_is_told_with_its_words() {
    let down = with(|request| {
        kestra(request).replace("200 OK\r\n\r\n{\"status\":\"UP\"}", "503 x\r\n\r\nDOWN")
    });
    let health = finding(&down, "kestra-health");
    assert_eq!((health.outcome, &*health.evidence), (Outcome::Failed, "DOWN"));
    let moved = with(|request| {
        kestra(request).replace("200 OK\r\n\r\n{\"status\":\"UP\"}", "404 x\r\n\r\n")
    });
    let health = finding(&moved, "kestra-health");
    assert_eq!((health.outcome, &*health.evidence), (Outcome::Skipped, "status 404"));
}

#[test]
fn a_health_that_cannot_be_asked_is_not_judged() {
    let unknown = Kestra { health: None, ..behind(kestra) };
    let health = finding(&unknown, "kestra-health");
    assert_eq!((health.outcome, &*health.evidence), (Outcome::Skipped, "endpoints.all.port"));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = Kestra { health: format!("http://{free}/").parse().ok(), ..behind(kestra) };
    let health = finding(&closed, "kestra-health");
    assert_eq!((health.outcome, &*health.evidence), (Outcome::Skipped, "connection refused"));
}

#[test]
fn another_program_at_the_address_of_kestra_is_told() {
    let other = with(|_| "HTTP/1.1 403 x\r\n\r\nno".into());
    let answers = finding(&other, "kestra-answers");
    assert_eq!((answers.outcome, &*answers.evidence), (Outcome::Failed, "status 403"));
    assert!(answers.summary.ends_with("does not look like Kestra"), "{answers:?}");
}

#[test]
fn what_kestra_gives_no_answer_to_is_not_judged() {
    let mute = with(|request| {
        let is_asked = |word| request.contains(word);
        if is_asked("/api/v1/configs") || is_asked("/webhook/") {
            String::new()
        } else {
            kestra(request)
        }
    });
    for (code, summary) in [
        ("kestra-login", "Kestra does not answer what its login page asks for"),
        ("kestra-webhooks", "Kestra does not answer a webhook"),
        ("kestra-tasks", "Kestra itself does not answer"),
    ] {
        let finding = finding(&mute, code);
        assert_eq!((finding.outcome, &*finding.summary), (Outcome::Skipped, summary));
    }
}

#[test]
fn at_the_root_a_closed_login_page_is_no_matter_of_open_urls() {
    let closed = |request: &str| match request.split(' ').nth(1).unwrap() {
        "/" => "HTTP/1.1 307 x\r\nLocation: /ui/\r\n\r\n".into(),
        "/ui/" => PAGE.into(),
        "/ping" => "HTTP/1.1 200 OK\r\n\r\npong".into(),
        _ => "HTTP/1.1 401 x\r\n\r\n".into(),
    };
    let public: Url = format!("http://localhost:{}/", plain(closed)).parse().unwrap();
    let context_path = String::new();
    let root = Kestra { upstream: public.clone(), public, context_path, ..with(closed) };
    let (login, webhooks) = (finding(&root, "kestra-login"), finding(&root, "kestra-webhooks"));
    assert_eq!(
        (login.outcome, &*login.remedy),
        (Outcome::Failed, "Check what asks for a login at the address that Kestra listens on")
    );
    assert_eq!(
        (webhooks.outcome, &*webhooks.remedy),
        (
            Outcome::Warning,
            "Add /api/v1/main/executions/webhook/ to kestra.server.basic-auth.open-urls"
        )
    );
}

#[test]
fn a_redirect_that_leads_away_is_shown() {
    let away = behind(|request| {
        kestra(request).replace(": /kestra/ui/", ": http://internal:8080/kestra/ui/")
    });
    let invalid = behind(|request| kestra(request).replace(": /kestra/ui/", ": http://["));
    for (kestra, location) in [(away, "http://internal:8080/kestra/ui/"), (invalid, "http://[")] {
        let redirect = finding(&kestra, "public-redirect");
        let seen = format!("{} -> {location}", kestra.public.as_str().trim_end_matches('/'));
        assert_eq!((redirect.outcome, redirect.evidence), (Outcome::Failed, seen));
    }
}

/// What comes of uploads where requests for them are answered so.
fn uploads(answers: fn(&str) -> String) -> (Outcome, String) {
    let upload = finding(&behind(answers), "public-upload");
    (upload.outcome, upload.summary)
}

fn is_huge(request: &str) -> bool {
    request.contains("10737418240")
}

/// Closes where an upload is asked for.
fn mute(request: &str) -> String {
    if request.starts_with("POST") { String::new() } else { kestra(request) }
}

#[test]
fn an_upload_without_an_answer_is_no_refusal() {
    let no_answer = (Outcome::Skipped, "an upload of 1.5 MB got no answer".to_owned());
    assert_eq!(uploads(mute), no_answer);
    let not_refused = (Outcome::Ok, "a length of 10 GB is not refused".to_owned());
    assert_eq!(uploads(|it| if is_huge(it) { kestra(it) } else { mute(it) }), not_refused);
    let asking = listen(|stream| {
        let (mut reader, mut head) = (BufReader::new(stream), String::new());
        while reader.read_line(&mut head)? > 2 {}
        let asks = "HTTP/1.1 100 Continue\r\n\r\n".to_owned();
        let answer = if head.contains("expect: ") { asks } else { mute(&head) };
        reader.get_mut().write_all(answer.as_bytes())
    });
    let upload =
        finding(&public_at(&format!("http://localhost:{asking}/kestra/")), "public-upload");
    assert_eq!((upload.outcome, upload.summary), not_refused);
}

#[test]
fn a_length_that_is_refused_is_told_from_a_body_that_is() {
    let huge = |request: &str| {
        if is_huge(request) { "HTTP/1.1 413 x\r\n\r\n".into() } else { kestra(request) }
    };
    let on_the_way = "uploads of 10 GB, which Kestra accepts, are refused on the way".to_owned();
    assert_eq!(uploads(huge), (Outcome::Warning, on_the_way));
}

#[test]
fn a_kestra_without_events_has_nothing_to_compare() {
    let mute = with(|request| kestra(request).replace("\n\n", "\n"));
    let stream = finding(&mute, "public-stream");
    assert_eq!(
        (stream.outcome, &*stream.summary, &*stream.evidence),
        (Outcome::Skipped, "Kestra itself sends no event to compare", "the stream ended")
    );
}

#[test]
fn an_event_that_is_held_back_for_more_than_a_second_is_late() {
    let late = behind(|request| {
        if request.contains("/follow") {
            std::thread::sleep(Duration::from_millis(1500));
        }
        kestra(request)
    });
    let stream = finding(&late, "public-stream");
    assert_eq!(stream.outcome, Outcome::Warning);
    assert!(
        stream.evidence.starts_with("1.") && stream.evidence.contains(" s instead of 0."),
        "{stream:?}"
    );
}

#[test]
fn where_others_may_read_it_a_login_is_not_sent() {
    // An address of this machine that is not known as one.
    let kestra = public_at(&format!("http://0.0.0.0:{}/kestra/", plain(kestra)));
    let client = Client { kestra: &kestra, cancelled: &GOING };
    let page = client.outside("api/v1/main/executions/x/follow");
    let answer = client.get_with_login(&page).unwrap();
    assert_eq!((answer.status(), answer.is_login_kept), (401, true));
    let stream = stream::real_time(&client).0;
    assert!(stream.summary.contains("only over https with a trusted certificate"), "{stream:?}");
}

#[test]
fn a_stream_that_is_not_reached_tells_nothing_about_buffering() {
    let other: fn(&str) -> String = |request| {
        let is_stream = request.contains("/follow");
        if is_stream { "HTTP/1.1 404 x\r\n\r\n".into() } else { kestra(request) }
    };
    let closing: fn(&str) -> String = |request| {
        if request.contains("/follow") { String::new() } else { kestra(request) }
    };
    for (answers, seen) in
        [(other, "no event stream, status 404"), (closing, "the connection was closed")]
    {
        let stream = finding(&behind(answers), "public-stream");
        assert_eq!(
            (stream.outcome, &*stream.summary, &*stream.evidence),
            (Outcome::Skipped, "no event stream was reached", seen)
        );
    }
}

#[test]
fn a_context_path_that_disables_the_login_is_named() {
    let open = with(|request| kestra(&request.replace("/api/", "/kestra/")).replace("401", "200"));
    let api = Kestra { context_path: "/api".into(), ..open };
    let finding = finding(&api, "kestra-open-api");
    assert_eq!(finding.outcome, Outcome::Failed);
    assert!(finding.remedy.contains("The context path /api disables the login"), "{finding:?}");
}
