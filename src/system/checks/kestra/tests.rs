//! A Kestra and an nginx played by threads of the test: each answers by the first line and headers
//! of what it is asked.

#![expect(clippy::disallowed_types, reason = "the other side of a connection")]

use super::*;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

const PASSWORD: &str = "s3cret pa:ss%";
const PAGE: &str = "HTTP/1.1 200 OK\r\n\r\n<title>Kestra</title>";
const EVENT: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: start\n\n";
static GOING: AtomicBool = AtomicBool::new(false);

/// A server on a port of its own.
fn listen(talk: impl Fn(TcpStream) -> io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().for_each(|stream| drop(talk(stream.unwrap()))));
    port
}

/// Reads a request to its end and gives the answer to its head.
fn answer(stream: impl Read + Write, answers: fn(&str) -> String) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    io::copy(&mut (&mut reader).take(length.parse().unwrap()), &mut io::sink())?;
    let stream = reader.get_mut();
    stream.write_all(answers(&head).as_bytes())?;
    stream.flush()
}

fn plain(answers: fn(&str) -> String) -> u16 {
    listen(move |stream| answer(stream, answers))
}

fn encrypted(answers: fn(&str) -> String) -> u16 {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![pair.cert.der().clone()], key)
            .unwrap();
    let config = Arc::new(config);
    listen(move |stream| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        answer(StreamOwned::new(tls, stream), answers)
    })
}

/// What a Kestra under `/kestra` answers.
fn kestra(request: &str) -> String {
    let path = request.split(' ').nth(1).unwrap();
    match path {
        "/kestra" => "HTTP/1.1 307 x\r\nLocation: /kestra/ui/\r\n\r\n".into(),
        "/kestra/ui/" => PAGE.into(),
        "/kestra/health" => "HTTP/1.1 200 OK\r\n\r\n{\"status\":\"UP\"}".into(),
        _ if path.ends_with("/follow") && request.contains("Authorization") => EVENT.into(),
        _ if path.ends_with("/follow") => "HTTP/1.1 401 x\r\n\r\n".into(),
        _ => "HTTP/1.1 404 x\r\n\r\n".into(),
    }
}

fn serving(public: &str) -> Serving {
    let upstream: Url = format!("http://localhost:{}", plain(kestra)).parse().unwrap();
    Serving {
        public: public.parse().unwrap(),
        health: upstream.join("/kestra/health").unwrap(),
        upstream,
        context_path: "/kestra".into(),
        login: Some(("admin@kestra.io".into(), PASSWORD.into())),
        trust: Vec::new(),
    }
}

/// A Kestra as it should be behind an nginx that answers so.
fn behind(answers: fn(&str) -> String) -> Serving {
    serving(&format!("http://localhost:{}/kestra/", plain(answers)))
}

fn outcomes(serving: &Serving) -> Vec<(&'static str, Outcome)> {
    let findings = look(serving, &GOING);
    assert!(!format!("{findings:?} {serving:?}").contains("s3cret"));
    findings.iter().map(|finding| (finding.code, finding.outcome)).collect()
}

fn finding(serving: &Serving, code: &str) -> Finding {
    look(serving, &GOING).into_iter().find(|finding| finding.code == code).unwrap()
}

#[test]
fn a_kestra_behind_a_good_nginx_passes() {
    assert_eq!(
        outcomes(&behind(kestra)),
        [
            ("kestra-answers", Outcome::Ok),
            ("kestra-health", Outcome::Ok),
            ("public-ui", Outcome::Ok),
            ("public-redirect", Outcome::Ok),
            ("public-scheme", Outcome::Skipped),
            ("public-stream", Outcome::Ok),
            ("public-upload", Outcome::Ok),
        ]
    );
}

#[test]
fn a_kestra_that_does_not_answer_skips_everything() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let upstream = format!("http://{free}").parse().unwrap();
    let silent = Serving { upstream, ..behind(kestra) };
    assert!(outcomes(&silent).iter().all(|(_, outcome)| *outcome == Outcome::Skipped));
}

#[test]
fn a_check_that_is_cancelled_skips_everything() {
    let findings = look(&behind(kestra), &AtomicBool::new(true));
    assert!(findings.iter().all(|finding| finding.outcome == Outcome::Skipped), "{findings:?}");
}

#[test]
fn a_kestra_without_the_context_path_is_told() {
    let elsewhere = Serving { context_path: "/other".into(), ..behind(kestra) };
    let kestra = finding(&elsewhere, "kestra-answers");
    assert_eq!((kestra.outcome, kestra.evidence.as_str()), (Outcome::Failed, "status 404"));
}

#[test]
fn another_page_is_not_kestra() {
    let page = behind(|_| "HTTP/1.1 200 OK\r\n\r\nWelcome to nginx!".into());
    assert!(finding(&page, "public-ui").what.contains("another page"));
    assert!(finding(&page, "public-redirect").evidence.contains("/kestra, status 200"));
}

#[test]
fn a_gateway_error_is_blamed_on_the_upstream() {
    let gateway = behind(|_| "HTTP/1.1 502 Bad Gateway\r\n\r\n".into());
    assert!(finding(&gateway, "public-ui").remedy.contains("forwards to"));
    assert_eq!(finding(&gateway, "public-upload").outcome, Outcome::Skipped);
}

#[test]
fn a_circle_of_redirects_ends() {
    let circle = behind(|_| "HTTP/1.1 307 x\r\nLocation: /kestra/ui/\r\n\r\n".into());
    assert!(finding(&circle, "public-redirect").what.ends_with("in a circle"));
}

#[test]
fn an_event_that_stays_in_a_buffer_is_found() {
    let buffering = behind(|request| kestra(request).replace("\n\n", "\n"));
    let stream = finding(&buffering, "public-stream");
    assert_eq!(
        (stream.outcome, stream.evidence.as_str()),
        (Outcome::Failed, "the connection was closed")
    );
}

#[test]
fn a_stream_behind_an_unknown_login_is_skipped() {
    let unknown = Serving { login: None, ..behind(kestra) };
    assert_eq!(finding(&unknown, "public-stream").outcome, Outcome::Skipped);
}

#[test]
fn a_login_in_front_of_kestra_is_not_taken_for_a_certificate() {
    let locked = behind(|request| kestra(&request.replace("Authorization", "X")));
    let stream = finding(&locked, "public-stream");
    assert!(stream.outcome == Outcome::Skipped && stream.what.contains("a login of its own"));
}

#[test]
fn a_refused_upload_is_found() {
    let small = behind(|request| {
        if request.starts_with("POST") { "HTTP/1.1 413 x\r\n\r\n".into() } else { kestra(request) }
    });
    assert!(finding(&small, "public-upload").remedy.contains("client_max_body_size"));
}

#[test]
fn a_certificate_of_an_unknown_authority_is_a_note_and_gets_no_password() {
    let port = encrypted(|request| {
        assert!(!request.contains("Authorization"));
        kestra(request).replacen("\r\n", "\r\nSet-Cookie: csrfToken=x; Path=/\r\n", 1)
    });
    let private = serving(&format!("https://localhost:{port}/kestra/"));
    assert_eq!(finding(&private, "public-ui").outcome, Outcome::Note);
    assert_eq!(finding(&private, "public-scheme").outcome, Outcome::Failed);
    let stream = finding(&private, "public-stream");
    assert!(stream.outcome == Outcome::Skipped && stream.what.contains("unproved certificate"));
    // The server is still there, so it never saw a password.
    assert_eq!(finding(&private, "public-upload").outcome, Outcome::Ok);
}
