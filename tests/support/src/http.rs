//! A client that controls what it sends and records when what arrives.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// The header lines, names in lower case.
    pub head: Vec<String>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub fn get(port: u16, target: &str) -> Reply {
    request(port, "GET", target, "", "")
}

/// One request on a connection of its own; `headers` are whole lines, each with its line end.
pub fn request(port: u16, method: &str, target: &str, headers: &str, body: &str) -> Reply {
    let mut reader = open(port, method, target, headers, body);
    let (status, head) = read_head(&mut reader);
    let mut reply = Reply { status, head, body: String::new() };
    let chunked = reply.header("transfer-encoding").is_some();
    if chunked {
        while let Some(chunk) = read_chunk(&mut reader) {
            reply.body.push_str(&chunk);
        }
    } else {
        // A server that refuses a large body may reset what it did not read.
        let _ = reader.read_to_string(&mut reply.body);
    }
    reply
}

/// The events of a stream, each with the time since the request, and whether it ended as it should.
#[derive(Debug)]
pub struct Stream {
    pub events: Vec<(Duration, String)>,
    pub whole: bool,
}

/// Follows a stream to its end; `headers` as in [`request`].
pub fn follow(port: u16, target: &str, headers: &str) -> Stream {
    let start = Instant::now();
    let headers = format!("accept: text/event-stream\r\n{headers}");
    let mut reader = open(port, "GET", target, &headers, "");
    assert_eq!(read_head(&mut reader).0, 200);
    let (mut events, mut text, mut whole) = (Vec::new(), String::new(), false);
    while let Some(chunk) = read_chunk(&mut reader) {
        whole = chunk.is_empty();
        text.push_str(&chunk);
        while let Some(end) = text.find("\n\n") {
            events.push((start.elapsed(), text.drain(..end + 2).collect()));
        }
        if whole {
            break;
        }
    }
    Stream { events, whole }
}

fn open(port: u16, method: &str, target: &str, headers: &str, body: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: my-host.com\r\n{headers}content-length: {length}\r\n"
    );
    stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).unwrap();
    // The answer counts, also where the server refused to read all of this.
    let _ = stream.write_all(body.as_bytes());
    BufReader::new(stream)
}

fn read_head(reader: &mut impl BufRead) -> (u16, Vec<String>) {
    let mut lines = reader.lines().map(Result::unwrap).take_while(|line| !line.is_empty());
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let lower = |line: String| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_lowercase()),
        None => line,
    };
    (status, lines.map(lower).collect())
}

/// The next chunk; the last one is empty; `None` where the connection ended without it.
fn read_chunk(reader: &mut impl BufRead) -> Option<String> {
    let mut size = String::new();
    reader.read_line(&mut size).ok()?;
    let size = usize::from_str_radix(size.trim(), 16).ok()?;
    let mut chunk = vec![0; size + 2];
    reader.read_exact(&mut chunk).ok()?;
    chunk.truncate(size);
    String::from_utf8(chunk).ok()
}
