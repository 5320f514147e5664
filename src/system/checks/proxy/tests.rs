//! Proxies that answer as no well-behaved one would, played by threads of the test.

use super::diagnosis::*;
use super::*;
use crate::system::checks::http::test::AUTHORITY;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use support::server::{Authority, answer, listen};

const PASSWORD: &str = "s3cret pa:ss%";
const BASIC: &str = "a2VzdHJhOnMzY3JldCBwYTpzcyU=";
const WANTS_BASIC: &[u8] = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n";
const ALERT: &[u8] = b"\x15\x03\x03\0\x02\x02\x28";
static GOING: AtomicBool = AtomicBool::new(false);

/// A proxy that gives the next answer to each connection, the last one again and again, and what
/// it was sent.
fn proxy(answers: &[&[u8]]) -> (u16, Receiver<Vec<u8>>) {
    let answers: Vec<Vec<u8>> = answers.iter().map(|answer| answer.to_vec()).collect();
    let (heard, told) = channel();
    let next = Mutex::new((0, heard));
    let port = listen(move |mut stream| {
        let mut question = [0; 1024];
        let length = stream.read(&mut question)?;
        let answer = {
            let mut next = next.lock().unwrap();
            drop(next.1.send(question[..length].to_vec()));
            next.0 += 1;
            &answers[answers.len().min(next.0) - 1]
        };
        stream.write_all(answer)?;
        // Closing with something unread would reset the connection.
        stream.shutdown(std::net::Shutdown::Write)?;
        io::copy(&mut stream, &mut io::sink()).map(drop)
    });
    (port, told)
}

fn outbound(outbound: &Outbound, cancelled: &AtomicBool) -> Finding {
    super::outbound(outbound, cancelled, &|_| ())
}

fn through(kind: ProxyKind, port: u16) -> Outbound {
    let proxy = Proxy { kind, host: "127.0.0.1".into(), port, login: None };
    Outbound { proxy: Some(proxy), target: Url::parse("http://site.example/").unwrap() }
}

fn with_login(mut outbound: Outbound) -> Outbound {
    outbound.proxy.as_mut().unwrap().login = Some(("kestra".into(), PASSWORD.into()));
    outbound
}

fn http(answers: &[&[u8]]) -> Finding {
    outbound(&through(ProxyKind::Http, proxy(answers).0), &GOING)
}

fn socks(answers: &[&[u8]]) -> Finding {
    outbound(&through(ProxyKind::Socks, proxy(answers).0), &GOING)
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
    assert_eq!(http(&[b"", b"", ALERT]).code, "proxy-is-tls");
    assert_eq!(http(&[b"", b"", b""]).code, "proxy-no-reply");
    assert_eq!(socks(&[b"", b"HTTP/1.1 405 x\r\n\r\n"]).code, "proxy-is-http");
    assert_eq!(socks(&[b"", b"", ALERT]).code, "proxy-is-tls");
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
        (b"\x05\x00\x00", "proxy-no-reply"),
        (b"HTTP/1.1 400 Bad\r\n\r\n", "proxy-is-http"),
        (b"\x15\x03\x01", "proxy-is-tls"),
        (b"\x00\x5b", "not-a-proxy"),
    ] {
        assert_eq!(socks(&[answer]).code, code, "{answer:?}");
    }
}

#[test]
fn a_socks_proxy_that_refuses_a_login_or_closes_instead_refuses_the_login() {
    for (refusal, seen) in
        [(&b"\x01\x01"[..], "password authentication failed"), (b"", "the connection was closed")]
    {
        let port = listen(move |mut stream| {
            let mut question = [0; 1024];
            for answer in [b"\x05\x02", refusal] {
                let _ = stream.read(&mut question)?;
                stream.write_all(answer)?;
            }
            Ok(())
        });
        let finding = outbound(&with_login(through(ProxyKind::Socks, port)), &GOING);
        assert_eq!((finding.code, finding.evidence.as_str()), ("proxy-auth-wrong", seen));
    }
}

#[test]
fn the_password_goes_only_to_a_proxy_that_asks_for_basic() {
    let (port, told) = proxy(&[WANTS_BASIC, b"HTTP/1.1 403 No\r\n\r\n"]);
    let finding = outbound(&with_login(through(ProxyKind::Http, port)), &GOING);
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
        let finding = outbound(&with_login(through(ProxyKind::Http, port)), &GOING);
        assert_eq!(finding.code, "proxy-auth-wrong");
    }
}

#[test]
fn a_proxy_that_says_the_password_back_is_not_quoted() {
    let echo = format!("HTTP/1.1 407 {PASSWORD} {BASIC}\r\nX-Squid-Error: {PASSWORD} 1\r\n\r\n");
    for answer in [echo.clone(), echo.replace("407", "503")] {
        let (port, _told) = proxy(&[WANTS_BASIC, answer.as_bytes()]);
        let attempt = with_login(through(ProxyKind::Http, port));
        let output = format!("{:?} {attempt:?}", outbound(&attempt, &GOING));
        assert!(!output.contains("s3cret") && !output.contains(BASIC), "{output}");
    }
}

#[test]
fn hostile_words_never_reach_the_terminal() {
    let finding = http(&[b"HTTP/1.1 407 \xe9\r\nProxy-Authenticate: \xc2\x9b2JNTLM\xff\r\n\r\n"]);
    assert_eq!(finding.code, "proxy-auth-scheme");
    assert_eq!(finding.evidence, "status 407, offers 2JNTLM\u{fffd}");
    assert_eq!(http(&[b"HTTP/1.1 407 \x1b[2J\0\r\n\r\n"]).code, "not-a-proxy");
}

#[test]
fn a_test_that_was_cancelled_sends_no_login_and_finds_nothing() {
    let cancelled = Arc::new(AtomicBool::new(false));
    let (flag, (heard, told)) = (Arc::clone(&cancelled), channel());
    let heard = Mutex::new(heard);
    let port = listen(move |mut stream| {
        let mut question = [0; 1024];
        let length = stream.read(&mut question)?;
        drop(heard.lock().unwrap().send(question[..length].to_vec()));
        flag.store(true, Ordering::Relaxed);
        stream.write_all(WANTS_BASIC)
    });
    let finding = outbound(&with_login(through(ProxyKind::Http, port)), &cancelled);
    assert_eq!(finding, Finding::cancelled());
    assert!(!String::from_utf8(told.recv().unwrap()).unwrap().contains("Authorization"));
    assert!(told.try_recv().is_err());
}

/// A site with a certificate of this authority.
fn site(authority: &Authority) -> Url {
    let secure = authority.identity("localhost").server();
    let port = listen(move |stream| {
        answer(secure(stream), |_| "HTTP/1.1 403 Forbidden\r\n\r\n".to_owned())
    });
    format!("https://localhost:{port}/").parse().unwrap()
}

/// A proxy that opens every tunnel.
fn tunnels() -> u16 {
    listen(|client| {
        let mut head = Vec::new();
        answer(&client, |request| {
            head.push(request.split(' ').nth(1).unwrap_or_default().to_owned());
            "HTTP/1.1 200 OK\r\n\r\n".to_owned()
        })?;
        let mut site = std::net::TcpStream::connect(&*head[0])?;
        let (mut to_site, mut from_client) = (site.try_clone()?, client.try_clone()?);
        thread::spawn(move || drop(io::copy(&mut from_client, &mut to_site)));
        io::copy(&mut site, &mut &client).map(drop)
    })
}

#[test]
fn a_site_is_verified_directly_and_through_a_proxy() {
    let stranger = Authority::new("stranger");
    for (authority, code) in [(&*AUTHORITY, "way-out-ok"), (&stranger, "tls-untrusted")] {
        let target = site(authority);
        let direct = outbound(&Outbound { proxy: None, target: target.clone() }, &GOING);
        let proxied = Outbound { target, ..through(ProxyKind::Http, tunnels()) };
        let proxied = outbound(&proxied, &GOING);
        for finding in [direct, proxied] {
            assert_eq!(finding.code, code, "{finding:?}");
            assert!(finding.evidence.contains("status 403"), "{finding:?}");
        }
    }
}

#[test]
fn two_hundred_hostile_servers_are_survived() {
    let words: [&[u8]; 9] = [
        b"",
        b"\0",
        b"H",
        b"HTTP/1.1 ",
        b"HTTP/1.1 200 OK\r\nx: ",
        b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic,",
        b"\x05\x02\x01\0\x05\0\0\x03",
        b"\x16\x03\x03\xff\xff",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ];
    let fillers: [&[u8]; 6] = [b"", b"x", b"\0\xff\x1b[2J", b"a: b\r\n", b"\r\n\r\n", b"Basic, "];
    thread::scope(|scope| {
        for (start, filler) in words.iter().flat_map(|it| fillers.map(|filler| (*it, filler))) {
            for kind in [ProxyKind::Http, ProxyKind::Socks] {
                for size in [1000, 4_000_000] {
                    scope.spawn(move || {
                        let port = listen(move |mut stream| {
                            stream.write_all(start)?;
                            let chunk = filler.repeat(1000 / filler.len().max(1));
                            (0..size / 1000).try_for_each(|_| stream.write_all(&chunk))
                        });
                        let finding = outbound(&with_login(through(kind, port)), &GOING);
                        let words = format!("{finding:?}");
                        assert!(finding.outcome == Outcome::Failed, "{start:?}: {words}");
                        assert!(words.len() < 2000 && !words.contains('\x1b'), "{words}");
                    });
                }
            }
        }
    });
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
        assert!(
            finding.summary.contains("PROXY") || finding.summary.contains("SITE"),
            "{finding:?}"
        );
    }
}

#[test]
fn a_test_tells_its_steps() {
    let steps = std::cell::RefCell::new(Vec::new());
    // Nothing listens on the first port of this machine.
    let attempt = through(ProxyKind::Http, 1);
    super::outbound(&attempt, &GOING, &|step| steps.borrow_mut().push(step));
    assert_eq!(steps.into_inner(), ["connecting"]);
}

#[test]
fn a_test_that_is_cancelled_takes_no_further_step() {
    for last in ["connecting", "waiting for the answer"] {
        let cancelled = AtomicBool::new(false);
        let (port, asked) = proxy(&[b"HTTP/1.1 200 OK\r\n\r\n"]);
        let stop = |step| {
            if step == last {
                cancelled.store(true, Ordering::Relaxed);
            }
        };
        let finding = super::outbound(&through(ProxyKind::Http, port), &cancelled, &stop);
        assert_eq!(finding, Finding::cancelled());
        // The first question is about the proxy, the second for the site.
        assert_eq!(asked.try_iter().count(), usize::from(last != "connecting"), "{last}");
    }
}

#[test]
fn a_tunnel_that_is_closed_when_it_is_needed_again_is_a_failure_of_the_proxy() {
    let finding = http(&[b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 403 No\r\n\r\n"]);
    assert_eq!(finding.code, "proxy-dest-failed");
}

#[test]
fn a_socks_proxy_that_is_silent_after_its_greeting_gives_no_reply() {
    let port = listen(|mut stream| {
        let mut question = [0; 3];
        stream.read_exact(&mut question)?;
        stream.write_all(b"\x05\x00")?;
        io::copy(&mut stream, &mut io::sink()).map(drop)
    });
    let outbound = through(ProxyKind::Socks, port);
    let end = Instant::now() + Duration::from_millis(500);
    let attempt = Attempt { outbound: &outbound, cancelled: &GOING, tell: &|_| (), end };
    let finding = attempt.run().unwrap_err().finding("", "");
    assert_eq!((finding.code, &*finding.evidence), ("proxy-no-reply", "no answer in time"));
}
