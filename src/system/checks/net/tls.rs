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
    /// Why the certificate should have been refused, if it was only looked at.
    pub(crate) doubt: Option<TlsError>,
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
    wire: W,
    host: &str,
    trust: &[CertificateDer<'static>],
) -> Result<Secured<W>, TlsError> {
    agree(wire, host, Witness::new(trust, Sternness::Refuses))
}

/// Like [`secure`], but a certificate that is not good is noted and not refused. For public pages
/// only: whatever is said on such a connection, anybody may hear.
///
/// # Errors
/// [`TlsError::Cut`].
pub(crate) fn look<W: Read + Write>(
    wire: W,
    host: &str,
    trust: &[CertificateDer<'static>],
) -> Result<Secured<W>, TlsError> {
    agree(wire, host, Witness::new(trust, Sternness::Notes))
}

fn agree<W: Read + Write>(
    mut wire: W,
    host: &str,
    witness: Result<Witness, rustls::Error>,
) -> Result<Secured<W>, TlsError> {
    let witness = Arc::new(witness.map_err(TlsError::cut)?);
    let mut connection = client(host, Arc::clone(&witness)).map_err(TlsError::cut)?;
    match connection.complete_io(&mut wire) {
        Ok(_) => Ok(witness.vouch(StreamOwned::new(connection, wire))),
        Err(error) => Err(witness.explain(&error)),
    }
}

/// Whether what answers on `wire` answers a first TLS message in TLS.
pub(crate) fn starts_tls(mut wire: impl Read + Write, host: &str) -> bool {
    let mut first = [0];
    let asked = Witness::new(&[], Sternness::Refuses)
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
    sternness: Sternness,
    issuer: OnceLock<String>,
    doubt: OnceLock<CertificateError>,
}

/// What the witness does about a certificate that is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sternness {
    Refuses,
    Notes,
}

impl Witness {
    fn new(trust: &[CertificateDer<'static>], sternness: Sternness) -> Result<Self, rustls::Error> {
        let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        roots.add_parsable_certificates(trust.iter().cloned());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Self { verifier, sternness, issuer: OnceLock::new(), doubt: OnceLock::new() })
    }

    fn issuer(&self) -> String {
        self.issuer.get().cloned().unwrap_or_else(|| "an issuer without a name".into())
    }

    fn vouch<W: Read + Write>(&self, stream: StreamOwned<ClientConnection, W>) -> Secured<W> {
        let doubt = self.doubt.get().map(|reason| self.accuse(reason));
        Secured { stream, issuer: self.issuer(), doubt }
    }

    fn explain(&self, error: &io::Error) -> TlsError {
        match error.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(reason)) => self.accuse(reason),
            _ => TlsError::cut(error),
        }
    }

    fn accuse(&self, reason: &CertificateError) -> TlsError {
        use CertificateError::{BadSignature, UnknownIssuer};
        let issuer = self.issuer();
        match reason {
            UnknownIssuer | BadSignature => TlsError::Untrusted { issuer },
            _ => TlsError::Invalid { reason: shown(&reason.to_string()), issuer },
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
        match self.verifier.verify_server_cert(certificate, chain, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(reason))
                if self.sternness == Sternness::Notes =>
            {
                self.doubt.get_or_init(|| reason);
                Ok(ServerCertVerified::assertion())
            }
            result => result,
        }
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
