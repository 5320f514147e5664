//! A fake of Kestra that answers in its shape: the redirect to the UI, the login as each era of
//! releases has it, live executions, uploads, and an echo that shows what reached it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{sleep, spawn};
use std::time::Duration;

pub(crate) const USERNAME: &str = "admin@kestra.io";
pub(crate) const PASSWORD: &str = "Admin1234 s3cret";

/// The packaged default of `kestra.server.basic-auth.open-urls`.
const DEFAULT: [&str; 5] = [
    "/ping",
    "/api/v1/executions/webhook/",
    "/api/v1/main/executions/webhook/",
    "/api/v1/*/executions/webhook/",
    "/api/v1/basicAuthValidationErrors",
];

/// What the wizard writes under `/kestra`.
pub(crate) const SIX: [&str; 6] = [
    "/ping",
    "/api/v1/executions/webhook/",
    "/api/v1/main/executions/webhook/",
    "/kestra/api/v1/main/executions/webhook/",
    "/kestra/api/v1/configs",
    "/kestra/api/v1/basicAuthValidationErrors",
];

/// Releases that differ in their login under a context path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    E0,
    E1,
    E1b,
    E2,
}

#[derive(Debug, Clone)]
pub(crate) struct Fake {
    pub(crate) context: &'static str,
    pub(crate) era: Era,
    pub(crate) version: &'static str,
    /// `open-urls`; the packaged default where there are none.
    pub(crate) open_urls: Vec<String>,
    /// Whether `X-Forwarded-Proto` decides about `Secure`, as since September 2026.
    pub(crate) trusts_scheme: bool,
    /// Whether an execution runs, with events of 20 kB.
    pub(crate) is_running: bool,
}

/// A well-configured one of era E1, on a port of its own, until the test ends.
pub(crate) fn serve(context: &'static str) -> u16 {
    Fake::new(context).serve()
}

impl Fake {
    pub(crate) fn new(context: &'static str) -> Self {
        let open_urls = SIX.map(str::to_owned).to_vec();
        let (era, version) = (Era::E1, "1.3.25");
        Self { context, era, version, open_urls, trusts_scheme: true, is_running: false }
    }

    pub(crate) fn serve(self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        spawn(move || {
            for stream in listener.incoming() {
                let fake = self.clone();
                spawn(move || fake.answer(&stream.unwrap()));
            }
        });
        port
    }

    /// Whether the login protects this path, seen with the context path as Kestra's filter
    /// sees it.
    fn is_guarded(&self, path: &str) -> bool {
        let prefix = "/api/v1/";
        let Some(relative) = path.strip_prefix(self.context).filter(|it| it.starts_with(prefix))
        else {
            return false;
        };
        if self.era != Era::E2 && !self.context.is_empty() && prefix.starts_with(self.context) {
            return false;
        }
        let listed = |path: &str| match self.open_urls.as_slice() {
            [] => DEFAULT.iter().any(|entry| path.starts_with(entry)),
            entries => entries.iter().any(|entry| path.starts_with(entry.as_str())),
        };
        let login = ["/api/v1/configs", "/api/v1/basicAuthValidationErrors"];
        let is_open = match self.era {
            Era::E0 => {
                ["/configs", "/basicAuth"].iter().any(|end| path.ends_with(end)) || listed(path)
            }
            Era::E1 => login.contains(&path) || listed(path),
            Era::E1b => login.contains(&path) || (listed(path) && path.contains("/webhook/")),
            Era::E2 => {
                relative == "/api/v1/configs/login" || login[1] == relative || listed(relative)
            }
        };
        !is_open
    }

    fn answer(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let request = Request::head(&mut reader);
        let path = request.target().split('?').next().unwrap();
        let is_test = ["/echo", "/upload", "/away"].iter().any(|word| path.contains(word))
            || request.target().ends_with(support::live_view::QUERY);
        if !is_test && self.is_guarded(path) && !request.has_login() {
            let status = "401 Unauthorized\r\nwww-authenticate: Basic";
            return reply(stream, status, "");
        }
        if request.has_line("expect: 100-continue") {
            let _ = reader.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let _ = std::io::copy(&mut (&mut reader).take(request.length()), &mut std::io::sink());
        let ok = "200 OK";
        match path.strip_prefix(self.context) {
            _ if path.contains("/ui/") => {
                reply(stream, &self.ok_with_cookie(&request), "<title>Kestra</title>");
            }
            Some("" | "/") => {
                reply(stream, &format!("307 Found\r\nlocation: {}/ui/", self.context), "");
            }
            Some("/ping") => reply(stream, ok, "pong"),
            Some("/health") => reply(stream, ok, "{\"status\":\"UP\"}"),
            Some("/api/v1/configs") => {
                reply(stream, ok, &format!("{{\"version\":\"{}\"}}", self.version));
            }
            Some("/api/v1/configs/login") if self.era == Era::E2 => reply(stream, ok, "{}"),
            Some("/api/v1/main/flows/search") => reply(stream, ok, "{\"results\":[]}"),
            Some("/api/v1/main/basicAuth") => reply(stream, "405 Method Not Allowed", ""),
            Some("/api/v1/main/executions/search") => {
                let one = "{\"id\":\"2x4y\",\"state\":{\"current\":\"RUNNING\"}}";
                let results = if self.is_running { one } else { "" };
                reply(stream, ok, &format!("{{\"results\":[{results}]}}"));
            }
            Some("/api/v1/main/executions/2x4y/follow") => {
                begin(stream);
                event(stream, "start", "{}");
                event(stream, "progress", &"x".repeat(20_000));
                sleep(Duration::from_secs(6));
                end(stream);
            }
            Some("/api/v1/upload") => reply(stream, ok, &request.length().to_string()),
            Some("/api/v1/away") => reply(stream, &away(stream, self.context), ""),
            Some(follow) if follow.ends_with("/follow") && request.target() == path => {
                nothing_yet(stream);
            }
            Some(follow) if follow.ends_with("/follow") => execution(stream),
            Some(echo) if echo.starts_with("/api/v1/echo") => reply(stream, ok, &request.0),
            _ => reply(stream, "404 Not Found", ""),
        }
    }

    /// Micronaut believes `X-Forwarded-Proto` only beside `X-Forwarded-Host`.
    fn ok_with_cookie(&self, request: &Request) -> String {
        let is_https =
            request.has_line("x-forwarded-proto: https") && request.has_line("x-forwarded-host:");
        let secure = if is_https && self.trusts_scheme { "; Secure" } else { "" };
        format!("200 OK\r\nset-cookie: csrfToken=x; Path=/{secure}")
    }
}

/// The head as it came.
struct Request(String);

impl Request {
    fn head(reader: &mut impl BufRead) -> Self {
        let mut head = String::new();
        while reader.read_line(&mut head).unwrap_or(0) > 2 {}
        Self(head)
    }

    fn has_line(&self, line: &str) -> bool {
        self.0.to_lowercase().contains(&format!("\n{line}"))
    }

    fn has_login(&self) -> bool {
        let login = BASE64_STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
        self.0.contains(&format!("Basic {login}"))
    }

    fn length(&self) -> u64 {
        let head = self.0.to_lowercase();
        let mut lines = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
        lines.next().map_or(0, |length| length.trim().parse().unwrap())
    }

    fn target(&self) -> &str {
        self.0.split(' ').nth(1).unwrap_or("/")
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

/// An execution of which nothing is known yet: the event that Kestra sends at once, and a
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
    let _ = stream.write_all(head.as_bytes());
}

fn event(mut stream: &TcpStream, id: &str, data: &str) {
    let event = format!("id: {id}\ndata: {data}\n\n");
    let _ = stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
}

fn end(mut stream: &TcpStream) {
    // The browser may have gone meanwhile.
    let _ = stream.write_all(b"0\r\n\r\n");
}
