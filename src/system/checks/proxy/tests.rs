//! Proxies that say what no well-behaved one would, played by threads of the test.

use super::trouble::*;
use super::*;
use std::collections::HashSet;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

const PASSWORD: &str = "s3cret pa:ss%";
const BASIC: &str = "a2VzdHJhOnMzY3JldCBwYTpzcyU=";
const WANTS_BASIC: &[u8] = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n";
static GOING: AtomicBool = AtomicBool::new(false);

/// A proxy that gives the next answer to each connection, then hangs up, and what it was told.
fn proxy(answers: &[&[u8]]) -> (u16, Receiver<Vec<u8>>) {
    let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
    let (heard, told) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (stream, answer) in listener.incoming().zip(answers) {
            drop(converse(stream.unwrap(), &answer, &heard));
        }
    });
    (port, told)
}

fn converse(
    mut stream: impl Read + Write,
    answer: &[u8],
    heard: &Sender<Vec<u8>>,
) -> io::Result<()> {
    let mut question = [0; 1024];
    let length = stream.read(&mut question)?;
    drop(heard.send(question[..length].to_vec()));
    stream.write_all(answer)
}

fn route(protocol: Protocol, port: u16) -> Route {
    Route {
        protocol,
        host: "127.0.0.1".into(),
        port,
        login: None,
        target: Url::parse("http://site.example/").unwrap(),
        trust: Vec::new(),
    }
}

fn with_login(route: Route) -> Route {
    Route { login: Some(("kestra".into(), PASSWORD.into())), ..route }
}

fn http(answers: &[&[u8]]) -> Finding {
    way_out(&route(Protocol::Http, proxy(answers).0), &GOING)
}

fn socks(answers: &[&[u8]]) -> Finding {
    way_out(&route(Protocol::Socks, proxy(answers).0), &GOING)
}

#[test]
fn every_answer_to_connect_has_its_diagnosis() {
    let wants = |scheme: &str| format!("HTTP/1.1 407 x\r\nProxy-Authenticate: {scheme}\r\n\r\n");
    let squid = |errno: &str| format!("HTTP/1.1 503 x\r\nX-Squid-Error: ERR_FAIL {errno}\r\n\r\n");
    for (answer, code) in [
        (wants("Basic realm=\"x\""), "proxy-auth-needed"),
        (wants("NTLM, BASIC"), "proxy-auth-needed"),
        (wants("NTLM\r\nProxy-Authenticate: Negotiate"), "proxy-auth-scheme"),
        (wants("Digest realm=\"basic\", qop=basic"), "proxy-auth-scheme"),
        ("HTTP/1.1 403 No\r\n\r\n".into(), "proxy-forbidden"),
        ("HTTP/1.1 500 No\r\n\r\n".into(), "proxy-dest-failed"),
        (squid("0"), "proxy-dest-failed"),
        (squid("111"), "proxy-dest-refused"),
        (squid("110"), "proxy-dest-timeout"),
        ("HTTP/1.1 504 No\r\n\r\n".into(), "proxy-dest-timeout"),
        ("HTTP/1.1 200 Yes\r\n\r\n".into(), "site-silent"),
        ("HTTP/1.1 200 Yes\r\n".into(), "proxy-no-reply"),
        ("HTTP/1.1 400 No\r\n\r\n".into(), "not-a-proxy"),
        ("HTTP/1.1 401 No\r\n\r\n".into(), "not-a-proxy"),
        ("HTTP/1.1 501 No\r\n\r\n".into(), "not-a-proxy"),
        ("Hello\r\n".into(), "not-a-proxy"),
        ("SSH-2.0-OpenSSH\r\n".into(), "not-a-proxy"),
        ("\x15\x03\x03\0\x02\x01\0".into(), "proxy-is-tls"),
        ("\x05\x01".into(), "proxy-is-socks"),
    ] {
        assert_eq!(http(&[answer.as_bytes()]).code, code, "{answer:?}");
    }
}

#[test]
fn a_proxy_that_closes_without_a_word_is_asked_what_it_speaks() {
    assert_eq!(http(&[b"", b"\x05\xff"]).code, "proxy-is-socks");
    assert_eq!(http(&[b"", b"", b"\x15\x03\x03"]).code, "proxy-is-tls");
    assert_eq!(http(&[b"", b"", b""]).code, "proxy-no-reply");
    assert_eq!(socks(&[b"", b"HTTP/1.1 405 x\r\n\r\n"]).code, "proxy-is-http");
    assert_eq!(socks(&[b"", b"", b"\x16\x03"]).code, "proxy-is-tls");
    assert_eq!(socks(&[b"", b"", b""]).code, "proxy-no-reply");
}

#[test]
fn every_answer_to_a_socks_greeting_has_its_diagnosis() {
    for (answer, code) in [
        (&b"\x05\xff"[..], "proxy-auth-needed"),
        (b"\x05\x01", "proxy-auth-scheme"),
        (b"\x05", "proxy-no-reply"),
        (b"\x05\x00\x05\x01\x00\x01", "proxy-dest-failed"),
        (b"\x05\x00\x05\x02\x00\x01", "proxy-forbidden"),
        (b"\x05\x00\x05\x04\x00\x01", "proxy-dest-failed"),
        (b"\x05\x00\x05\x05\x00\x01", "proxy-dest-refused"),
        (b"\x05\x00\x05\x06\x00\x01", "proxy-dest-timeout"),
        (b"\x05\x00\x05\x00\x00\x03\xff", "proxy-no-reply"),
        (b"HTTP/1.1 400 Bad\r\n\r\n", "proxy-is-http"),
        (b"\x15\x03\x01", "proxy-is-tls"),
        (b"\x00\x5b", "not-a-proxy"),
    ] {
        assert_eq!(socks(&[answer]).code, code, "{answer:?}");
    }
}

#[test]
fn the_password_goes_only_to_a_proxy_that_asks_for_basic() {
    let (port, told) = proxy(&[WANTS_BASIC, b"HTTP/1.1 403 No\r\n\r\n"]);
    let finding = way_out(&with_login(route(Protocol::Http, port)), &GOING);
    let connect = "CONNECT site.example:80 HTTP/1.1\r\nHost: site.example:80\r\n";
    let login = format!("{connect}Proxy-Authorization: Basic {BASIC}\r\n\r\n");
    assert_eq!(told.recv().unwrap(), format!("{connect}\r\n").as_bytes());
    assert_eq!(told.recv().unwrap(), login.as_bytes());
    assert_eq!(finding.code, "proxy-forbidden");
}

#[test]
fn a_password_that_is_refused_is_wrong_by_either_status() {
    for status in ["401", "407"] {
        let refusal = format!("HTTP/1.0 {status} No\r\n\r\n");
        let (port, _told) = proxy(&[WANTS_BASIC, refusal.as_bytes()]);
        let finding = way_out(&with_login(route(Protocol::Http, port)), &GOING);
        assert_eq!(finding.code, "proxy-auth-wrong");
    }
}

#[test]
fn a_proxy_that_says_the_password_back_is_not_quoted() {
    let echo = format!("HTTP/1.1 407 {PASSWORD} {BASIC}\r\nX-Squid-Error: {PASSWORD} 1\r\n\r\n");
    for answer in [echo.clone(), echo.replace("407", "503")] {
        let (port, _told) = proxy(&[WANTS_BASIC, answer.as_bytes()]);
        let route = with_login(route(Protocol::Http, port));
        let said = format!("{:?} {route:?}", way_out(&route, &GOING));
        assert!(!said.contains("s3cret") && !said.contains(BASIC), "{said}");
    }
}

#[test]
fn hostile_words_never_reach_the_terminal() {
    let hostile = b"HTTP/1.1 407 \x1b[2J\0\r\nProxy-Authenticate: \x1b]0;x\x07NTLM\xff\r\n\r\n";
    let finding = http(&[hostile]);
    assert_eq!(finding.code, "proxy-auth-scheme");
    assert_eq!(finding.evidence, "status 407, offers ]0;x NTLM\u{fffd}");
}

#[test]
fn cancelling_ends_a_wait_at_once() {
    let cancelled = Arc::new(AtomicBool::new(false));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let route = route(Protocol::Http, listener.local_addr().unwrap().port());
    let flag = Arc::clone(&cancelled);
    let operator = thread::spawn(move || {
        let held = listener.accept();
        flag.store(true, Ordering::Relaxed);
        held
    });
    let started = Instant::now();
    assert_eq!(way_out(&route, &cancelled).code, "way-out-cancelled");
    assert!(started.elapsed() < Duration::from_secs(2));
    drop(operator.join());
}

#[test]
fn every_row_of_the_table_says_what_and_what_to_do() {
    let all = [
        &PROXY_DNS,
        &PROXY_REFUSED,
        &PROXY_TIMEOUT,
        &AUTH_NEEDED,
        &AUTH_WRONG,
        &AUTH_SCHEME,
        &FORBIDDEN,
        &DEST_FAILED,
        &DEST_REFUSED,
        &DEST_TIMEOUT,
        &NO_REPLY,
        &IS_TLS,
        &IS_SOCKS,
        &IS_HTTP,
        &NOT_A_PROXY,
        &TLS_CLOSED,
        &TLS_UNTRUSTED,
        &TLS_INVALID,
        &SITE_SILENT,
        &DIRECT_DNS,
        &DIRECT_REFUSED,
        &DIRECT_TIMEOUT,
    ];
    let mut codes = HashSet::new();
    for row in all {
        let finding = row.seen("{proxy}").finding("PROXY", "SITE");
        assert!(codes.insert(finding.code), "{} is there twice", finding.code);
        assert!(finding.remedy.len() > 20 && !finding.remedy.contains('{'), "{finding:?}");
        assert!(finding.what.contains("PROXY") || finding.what.contains("SITE"), "{finding:?}");
    }
}
