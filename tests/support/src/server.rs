//! Servers on threads of the test, with certificates of an authority of the test.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// An authority that nobody trusts who was not told to.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(of_authority(name), key).unwrap())
    }

    /// Its own certificate, in DER.
    pub fn der(&self) -> &[u8] {
        self.0.der()
    }

    pub fn identity(&self, name: &str) -> Identity {
        self.identity_between(name, 1975, 4096)
    }

    /// A certificate that is valid from the first day of one year to that of another.
    pub fn identity_between(&self, name: &str, from: i32, until: i32) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate, key }
    }
}

fn of_authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// A certificate and its key.
pub struct Identity {
    pub certificate: Certificate,
    pub key: KeyPair,
}

impl Identity {
    /// As `openssl req -x509` makes it.
    pub fn self_signed() -> Self {
        let key = KeyPair::generate().unwrap();
        Self { certificate: of_authority("x").self_signed(&key).unwrap(), key }
    }

    /// TLS around a connection.
    pub fn server(&self) -> impl Fn(TcpStream) -> Secured + Send + Sync + use<> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let provider = rustls::crypto::ring::default_provider().into();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        move |stream| {
            let server = ServerConnection::new(Arc::clone(&config)).unwrap();
            Secured(StreamOwned::new(server, stream))
        }
    }
}

/// A connection that ends as TLS asks for.
pub struct Secured(StreamOwned<ServerConnection, TcpStream>);

impl Read for Secured {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Secured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.0.conn.send_close_notify();
        let _ = self.0.flush();
    }
}

/// A server on a port of its own, each connection on a thread of its own.
pub fn listen(talk: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let talk = Arc::new(talk);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let talk = Arc::clone(&talk);
            thread::spawn(move || drop(talk(stream.unwrap())));
        }
    });
    port
}

/// Reads the head of a request and gives its answer.
pub fn answer(
    mut stream: impl Read + Write,
    mut answers: impl FnMut(&str) -> String,
) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let answer = answers(&String::from_utf8_lossy(&head));
    let answer = answer.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(answer.as_bytes())?;
    stream.flush()
}
