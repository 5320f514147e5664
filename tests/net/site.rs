//! Where the outbound connection leads: a small TLS site of the test's own, and places that answer nothing.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use support::server::{Authority, Identity, answer, listen};

pub(crate) use support::free_port;

/// A site that answers every request with 204.
pub(crate) struct Site {
    pub(crate) port: u16,
}

impl Site {
    /// A site on loopback with a certificate for `name`, issued by `issuer`.
    pub(crate) fn start(name: &str, issuer: &str) -> Self {
        let secure = Authority::new(issuer).identity(name).server();
        let port = listen(move |stream| {
            answer(secure(stream), |_| "HTTP/1.1 204 No Content\r\n\r\n".to_owned())
        });
        Self { port }
    }
}

/// A certificate for this name and its key.
pub(crate) fn identity(name: &str) -> Identity {
    Authority::new("Test CA").identity(name)
}

/// A port where every connection is accepted and closed at once.
pub(crate) fn closing() -> u16 {
    listen(|stream| {
        drop(stream);
        Ok(())
    })
}

/// A port where every connection is accepted, read and never answered.
pub(crate) fn silent() -> u16 {
    listen(|mut stream| io::copy(&mut stream, &mut io::sink()).map(drop))
}

/// A port that gives every connection the same answer.
pub(crate) fn answering(words: &'static [u8]) -> u16 {
    listen(|mut stream| {
        stream.read_exact(&mut [0])?;
        stream.write_all(words)
    })
}

/// A port where not even the connection is answered, as behind a firewall: the queue of the
/// listener is full, and Linux ignores who comes after.
pub(crate) struct BlackHole {
    pub(crate) port: u16,
    _full: (TcpListener, Vec<TcpStream>),
}

impl BlackHole {
    pub(crate) fn dig() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let patience = std::time::Duration::from_millis(200);
        let queue = (0..4).map_while(|_| TcpStream::connect_timeout(&address, patience).ok());
        let queue = queue.collect();
        Self { port: address.port(), _full: (listener, queue) }
    }
}
