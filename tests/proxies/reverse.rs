//! A real nginx in front of something that behaves like a Kestra, looked at from both sides.

use crate::servers;
use crate::site::{Identity, listen};
use kestra_setup::checks::{Outcome, Verdict};
use kestra_setup::system::serving::{self, Serving};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

static GOING: AtomicBool = AtomicBool::new(false);

/// How long a stream stays open after its first event; long enough to tell bursts from real time.
const STREAM: Duration = Duration::from_millis(1500);

/// Answers as a Kestra under `/kestra` does, as far as the looks go.
fn kestra(stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    let length = length.map_or(0, |length| length.parse().unwrap());
    io::copy(&mut (&mut reader).take(length), &mut io::sink())?;
    let stream = reader.get_mut();
    stream.write_all(answer(&head).as_bytes())?;
    if head.contains("/follow") {
        thread::sleep(STREAM);
    }
    Ok(())
}

fn answer(head: &str) -> String {
    let (status, headers, body) = match head.split(' ').nth(1).unwrap() {
        "/kestra/" => ("307 x", "Location: /kestra/ui/\r\n".to_owned(), ""),
        "/kestra/ui/" => ("200 OK", cookie(head), "<title>Kestra</title>"),
        "/kestra/health" => ("200 OK", String::new(), "{\"status\":\"UP\"}"),
        path if path.ends_with("/follow") => {
            ("200 OK", "Content-Type: text/event-stream\r\n".to_owned(), "id: start\n\n")
        }
        _ => ("404 x", String::new(), ""),
    };
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n{body}")
}

/// Micronaut believes `X-Forwarded-Proto` only beside `X-Forwarded-Host`.
fn cookie(head: &str) -> String {
    let is_https = head.contains("X-Forwarded-Proto: https") && head.contains("X-Forwarded-Host:");
    format!("Set-Cookie: csrfToken=x; Path=/{}\r\n", if is_https { "; Secure" } else { "" })
}

/// What is found with an nginx whose lines with `left_out` are missing.
fn look(left_out: &str) -> Option<Vec<Verdict>> {
    let kestra = listen(kestra);
    let identity = Identity::new("localhost", "Test CA");
    let nginx = servers::nginx_before(kestra, left_out, &identity)?;
    let serving = Serving {
        public: format!("https://localhost:{}/kestra/", nginx.port).parse().unwrap(),
        upstream: format!("http://localhost:{kestra}").parse().unwrap(),
        context_path: "/kestra".into(),
        health: format!("http://localhost:{kestra}/kestra/health").parse().unwrap(),
        login: None,
        trust: vec![identity.authority.clone()],
    };
    Some(serving::look(&serving, &GOING))
}

fn failures(left_out: &str) -> Option<Vec<&'static str>> {
    let verdicts = look(left_out)?;
    assert!(verdicts.iter().all(|verdict| verdict.outcome != Outcome::Skipped), "{verdicts:?}");
    let failed = verdicts.into_iter().filter(|verdict| verdict.outcome == Outcome::Failed);
    Some(failed.map(|verdict| verdict.code).collect())
}

#[test]
fn a_good_nginx_passes_every_look() {
    let Some(verdicts) = look("") else { return };
    assert!(verdicts.iter().all(|verdict| verdict.outcome == Outcome::Ok), "{verdicts:?}");
    assert_eq!(verdicts[3].evidence, "/kestra -> /kestra/ -> /kestra/ui/");
}

#[test]
fn a_line_that_is_missing_is_felt_where_it_matters() {
    for (left_out, code) in [
        ("proxy_buffering off", "public-stream"),
        ("client_max_body_size", "public-upload"),
        ("X-Forwarded-Host", "public-scheme"),
        ("return 308", "public-redirect"),
    ] {
        let Some(failed) = failures(left_out) else { return };
        assert_eq!(failed, [code], "without {left_out}");
    }
}
