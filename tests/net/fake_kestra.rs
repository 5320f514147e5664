//! A fake of Kestra that answers in its shape: the redirect to the UI, live executions, uploads,
//! and an echo that shows what reached it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// Serves under a context path, on a port of its own, until the test ends.
pub(crate) fn serve(context: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn(move || {
        for stream in listener.incoming() {
            spawn(move || answer(&stream.unwrap(), context));
        }
    });
    port
}

/// The head as it came, and how long the body was.
struct Request {
    head: String,
    body: usize,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> Self {
        let mut head = String::new();
        while reader.read_line(&mut head).unwrap() > 2 {}
        let length = |line: &str| {
            line.to_lowercase().strip_prefix("content-length: ").map(|n| n.trim().parse().unwrap())
        };
        let body = head.lines().find_map(length).unwrap_or(0);
        reader.read_exact(&mut vec![0; body]).unwrap();
        Self { head, body }
    }

    fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// Micronaut believes `X-Forwarded-Proto` only beside `X-Forwarded-Host`.
    fn ok_with_cookie(&self) -> String {
        let said = |line| self.head.contains(line);
        let is_https = said("X-Forwarded-Proto: https") && said("X-Forwarded-Host:");
        let secure = if is_https { "; Secure" } else { "" };
        format!("200 OK\r\nset-cookie: csrfToken=x; Path=/{secure}")
    }
}

fn answer(stream: &TcpStream, context: &str) {
    let mut reader = BufReader::new(stream);
    let request = Request::read(&mut reader);
    let path = request.target().split('?').next().unwrap();
    match path.strip_prefix(context) {
        Some("" | "/") => reply(stream, &format!("307 Found\r\nlocation: {context}/ui/"), ""),
        Some(ui) if ui.starts_with("/ui/") => {
            reply(stream, &request.ok_with_cookie(), "<title>Kestra</title>");
        }
        Some("/health") => reply(stream, "200 OK", "{\"status\":\"UP\"}"),
        Some("/api/v1/upload") => reply(stream, "200 OK", &request.body.to_string()),
        Some("/api/v1/away") => reply(stream, &away(stream, context), ""),
        Some(unknown) if unknown.ends_with("/follow") && path == request.target() => {
            nothing_yet(stream);
        }
        Some(follow) if follow.ends_with("/follow") => execution(stream),
        Some(echo) if echo.starts_with("/api/v1/echo") => reply(stream, "200 OK", &request.head),
        _ => reply(stream, "404 Not Found", ""),
    }
}

/// A redirect that names the address under which nginx reaches this fake.
fn away(stream: &TcpStream, context: &str) -> String {
    let port = stream.local_addr().unwrap().port();
    format!("307 Found\r\nlocation: http://localhost:{port}{context}/ui/")
}

fn reply(mut stream: &TcpStream, status: &str, body: &str) {
    let length = body.len();
    let text =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let _ = stream.write_all(text.as_bytes());
}

/// The execution that `live_view::QUERY` asks for.
fn execution(stream: &TcpStream) {
    begin(stream);
    for number in 0..6 {
        event(stream, "progress", &format!("{number} {}", "x".repeat(20_000)));
        sleep(Duration::from_millis(200));
    }
    sleep(Duration::from_millis(800));
    event(stream, "progress", "end");
    end(stream);
}

/// An execution of which there is nothing to say yet: the event that Kestra sends at once, and a
/// silence that is long enough to tell bursts from real time.
fn nothing_yet(stream: &TcpStream) {
    begin(stream);
    event(stream, "start", "{}");
    sleep(Duration::from_millis(1500));
    end(stream);
}

fn begin(mut stream: &TcpStream) {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
}

fn event(mut stream: &TcpStream, id: &str, data: &str) {
    let event = format!("id: {id}\ndata: {data}\n\n");
    let _ = stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
}

fn end(mut stream: &TcpStream) {
    // The browser may have gone meanwhile.
    let _ = stream.write_all(b"0\r\n\r\n");
}
