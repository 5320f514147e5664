//! TLS with the public authorities that Java and browsers know, and nothing of this machine's own
//! store: a company's authority installed here would hide an interception that Kestra's Java does
//! not trust.

use super::issuer::issuer;
use super::shown;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore,
    SignatureScheme, StreamOwned,
};
use std::io::{self, Read, Write};
use std::sync::{Arc, OnceLock};

/// A connection that is agreed and verified.
pub(crate) struct Secured<W: Read + Write> {
    /// What is said on it.
    pub(crate) stream: StreamOwned<ClientConnection, W>,
    /// Who issued the other side's certificate, fit for a terminal.
    pub(crate) issuer: String,
}

/// Why TLS did not come about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// No known authority stands behind the certificate.
    #[error("certificate by {issuer}")]
    Untrusted {
        /// Who issued it, fit for a terminal.
        issuer: String,
    },
    /// The certificate is for another name or another time.
    #[error("{reason}, certificate by {issuer}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
        /// Who issued it, fit for a terminal.
        issuer: String,
    },
    /// It never came to a certificate.
    #[error("{0}")]
    Cut(String),
}

/// Agrees on TLS over `wire` with `host`, whose certificate has to be good for that name.
///
/// `trust` are authorities beside the public ones.
///
/// # Errors
/// [`TlsError`].
pub(crate) fn secure<W: Read + Write>(
    mut wire: W,
    host: &str,
    trust: &[CertificateDer<'static>],
) -> Result<Secured<W>, TlsError> {
    let witness = Arc::new(Witness::new(trust).map_err(TlsError::cut)?);
    let mut connection = client(host, Arc::clone(&witness)).map_err(TlsError::cut)?;
    match connection.complete_io(&mut wire) {
        Ok(_) => {
            Ok(Secured { stream: StreamOwned::new(connection, wire), issuer: witness.issuer() })
        }
        Err(error) => Err(witness.explain(&error)),
    }
}

/// Whether what answers on `wire` answers a first TLS message in TLS.
pub(crate) fn starts_tls(mut wire: impl Read + Write, host: &str) -> bool {
    let mut first = [0];
    let asked = Witness::new(&[])
        .map_err(io::Error::other)
        .and_then(|witness| client(host, Arc::new(witness)))
        .and_then(|mut connection| connection.write_tls(&mut wire))
        .and_then(|_| wire.read_exact(&mut first));
    asked.is_ok() && is_tls(first[0])
}

/// Whether a byte is the start of a TLS alert or handshake message.
pub(crate) fn is_tls(first: u8) -> bool {
    matches!(first, 0x15 | 0x16)
}

fn client(host: &str, witness: Arc<Witness>) -> io::Result<ClientConnection> {
    let name = server_name(host).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous() // The witness verifies like the usual verifier, and takes down the issuer.
        .with_custom_certificate_verifier(witness)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)
}

fn server_name(host: &str) -> Result<ServerName<'static>, InvalidDnsNameError> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

impl TlsError {
    fn cut(error: impl std::error::Error) -> Self {
        Self::Cut(shown(&error.to_string()))
    }
}

/// The usual verifier, which also remembers whose certificate it saw: rustls forgets the ones that
/// it refuses.
#[derive(Debug)]
struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    issuer: OnceLock<String>,
}

impl Witness {
    fn new(trust: &[CertificateDer<'static>]) -> Result<Self, rustls::Error> {
        let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        roots.add_parsable_certificates(trust.iter().cloned());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self { verifier, issuer: OnceLock::new() })
    }

    fn issuer(&self) -> String {
        self.issuer.get().cloned().unwrap_or_else(|| "an issuer without a name".into())
    }

    fn explain(&self, error: &io::Error) -> TlsError {
        use CertificateError::{BadSignature, UnknownIssuer};
        match error.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(UnknownIssuer | BadSignature)) => {
                TlsError::Untrusted { issuer: self.issuer() }
            }
            Some(rustls::Error::InvalidCertificate(reason)) => {
                TlsError::Invalid { reason: shown(&reason.to_string()), issuer: self.issuer() }
            }
            _ => TlsError::cut(error),
        }
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(issuer) = issuer(certificate) {
            self.issuer.get_or_init(|| shown(&issuer));
        }
        self.verifier.verify_server_cert(certificate, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
