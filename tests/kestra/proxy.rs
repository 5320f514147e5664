//! A forward proxy that forwards nothing: it keeps what it was asked and refuses.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::spawn;
use std::time::Duration;

/// Kestra asks soon after its start; a real one needs a minute on a small machine.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Proxy {
    pub(crate) port: u16,
    asked: Receiver<String>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// On the IPv6 loopback address, if this machine has one.
    pub(crate) fn start_on_ipv6() -> Option<Self> {
        TcpListener::bind("[::1]:0").ok().map(Self::listen)
    }

    fn listen(listener: TcpListener) -> Self {
        let port = listener.local_addr().unwrap().port();
        let (sender, asked) = channel();
        spawn(move || listener.incoming().for_each(|stream| refuse(&stream.unwrap(), &sender)));
        Self { port, asked }
    }

    /// Whether anything was asked for so far.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.try_recv().is_ok()
    }

    /// The head of the first request.
    pub(crate) fn first_connect(&self) -> String {
        self.asked.recv_timeout(PATIENCE).expect("nothing asked the proxy for anything")
    }
}

fn refuse(mut stream: &TcpStream, asked: &Sender<String>) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream);
    while reader.read_line(&mut head).is_ok_and(|length| length > 2) {}
    // Whoever waits for it may be gone, and so may who asked.
    let _ = asked.send(head);
    let _ = stream
        .write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}
