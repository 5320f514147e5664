//! Where the outbound connection leads: a small TLS site of the test's own, and places that answer nothing.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

pub(crate) use support::free_port;

/// A site that answers every request with 204.
pub(crate) struct Site {
    pub(crate) port: u16,
}

impl Site {
    /// A site on loopback with a certificate for `name`, issued by `issuer`.
    pub(crate) fn start(name: &str, issuer: &str) -> Self {
        let Identity { certificate, key } = Identity::new(name, issuer);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = rustls::crypto::ring::default_provider().into();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let port = listen(move |stream| answer(stream, Arc::clone(&config)));
        Self { port }
    }
}

/// A certificate and its key.
pub(crate) struct Identity {
    pub(crate) certificate: Certificate,
    pub(crate) key: KeyPair,
}

impl Identity {
    pub(crate) fn new(name: &str, issuer: &str) -> Self {
        let issuer = authority(issuer);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Self { certificate, key }
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    tls.read_exact(&mut [0])?;
    tls.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    tls.flush()
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

/// A port where every connection is talked to on a thread of its own.
fn listen(talk: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let talk = talk.clone();
            thread::spawn(move || talk(stream.unwrap()));
        }
    });
    port
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
