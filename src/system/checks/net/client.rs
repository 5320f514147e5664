//! One request on a connection of its own. No redirects, no cookies, nothing kept.

use super::http::{Head, host_header, port, read_head};
use super::tls::look;
use super::{Budget, dial};
use rustls::pki_types::CertificateDer;
use std::io::{self, BufReader, Read, Write};
use url::{Position, Url};

/// The most bytes of a body that anybody here reads.
const BODY: u64 = 64 * 1024;

/// What can be talked on: TCP or TLS.
trait Channel: Read + Write {}

impl<T: Read + Write> Channel for T {}

/// A connection to a web server, whose certificate was looked at and not insisted on.
pub(crate) struct Connection<'a> {
    channel: Box<dyn Channel + 'a>,
    /// Why the certificate is not good, fit for a terminal.
    pub(crate) doubt: Option<String>,
}

/// What is asked for. Header values come from this program, never from outside.
#[derive(Clone, Copy)]
pub(crate) struct Request<'r> {
    /// Such as `GET`.
    pub(crate) method: &'static str,
    /// Further headers, each with its end of line.
    pub(crate) headers: &'r str,
    /// What is sent after them.
    pub(crate) body: &'r [u8],
}

/// The head of an answer, and its body still on the way.
pub(crate) struct Answer<'a> {
    /// Status and headers.
    pub(crate) head: Head,
    /// Why the certificate is not good, fit for a terminal.
    pub(crate) doubt: Option<String>,
    body: BufReader<Box<dyn Channel + 'a>>,
}

impl<'a> Connection<'a> {
    /// Connects to the server of an http or https address.
    ///
    /// # Errors
    /// Why not, fit for a terminal.
    pub(crate) fn open(
        url: &Url,
        trust: &[CertificateDer<'static>],
        budget: Budget<'a>,
    ) -> Result<Self, String> {
        let host = url.host_str().unwrap_or_default();
        let wire = dial(host, port(url), budget).map_err(|error| error.to_string())?;
        if url.scheme() == "http" {
            return Ok(Self { channel: Box::new(wire), doubt: None });
        }
        let secured = look(wire, host, trust).map_err(|error| error.to_string())?;
        let doubt = secured.doubt.map(|doubt| doubt.to_string());
        Ok(Self { channel: Box::new(secured.stream), doubt })
    }

    /// Asks, and reads the head of the answer.
    ///
    /// # Errors
    /// Those of the connection. A server that answers before it has read everything is heard.
    pub(crate) fn ask(mut self, url: &Url, request: &Request) -> io::Result<Answer<'a>> {
        let sent = self.send(url, request);
        let mut body = BufReader::new(self.channel);
        match read_head(&mut body) {
            Ok(head) => Ok(Answer { head, doubt: self.doubt, body }),
            Err(error) => Err(sent.err().unwrap_or(error)),
        }
    }

    fn send(&mut self, url: &Url, request: &Request) -> io::Result<()> {
        let Request { method, headers, body } = request;
        let path = &url[Position::BeforePath..Position::AfterQuery];
        let host = host_header(url);
        let length = body.len();
        write!(
            self.channel,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: kestra-setup\r\n\
             Connection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        )?;
        self.channel.write_all(body)?;
        self.channel.flush()
    }
}

impl Answer<'_> {
    /// The first 64 KiB of the body, chunk sizes among it if there are any.
    pub(crate) fn text(self) -> String {
        let mut text = Vec::new();
        // A body that is cut is still worth a look.
        drop(self.body.take(self.head.length().min(BODY)).read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Reads up to the end of the first event of an event stream.
    ///
    /// # Errors
    /// Those of the connection, and `UnexpectedEof` if there is none within 64 KiB.
    pub(crate) fn first_event(self) -> io::Result<()> {
        let mut before = 0;
        for byte in self.body.take(BODY).bytes() {
            let byte = byte?;
            if (before, byte) == (b'\n', b'\n') {
                return Ok(());
            }
            before = byte;
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
