//! The table of diagnoses: every way to fail, in plain words, with what to do.
//!
//! What each proxy really answers was measured with Squid 5.7, tinyproxy 1.11.1 and Dante 1.4.2;
//! the integration tests hold the table to them.

use crate::checks::{Finding, Outcome};
use crate::settings::ProxyKind;
use crate::system::checks::http::shown;

/// One row: `{proxy}`, `{site}` and `{seen}` are replaced by what the test was about and what it saw.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    code: &'static str,
    summary: &'static str,
    remedy: &'static str,
}

/// A row and what was seen, fit for a terminal.
#[derive(Debug)]
pub(super) struct ProxyFailure {
    diagnosis: &'static Diagnosis,
    seen: String,
}

impl Diagnosis {
    /// This diagnosis, with the answer of the other side or the error of the system.
    pub(super) fn seen(&'static self, seen: &str) -> ProxyFailure {
        ProxyFailure { diagnosis: self, seen: shown(seen) }
    }
}

impl ProxyFailure {
    /// The same as data for the operator.
    pub(super) fn finding(&self, proxy: &str, site: &str) -> Finding {
        // What was seen comes last: foreign text is never searched for holes.
        let fill = |words: &str| {
            words.replace("{proxy}", proxy).replace("{site}", site).replace("{seen}", &self.seen)
        };
        let Diagnosis { code, summary, remedy } = *self.diagnosis;
        let finding = Finding::new(code, Outcome::Failed, fill(summary));
        finding.seen(self.seen.as_str()).try_this(fill(remedy))
    }
}

/// What speaks on the port of a proxy, by the first byte of its answer.
pub(super) fn spoken(wanted: ProxyKind, first: u8) -> &'static Diagnosis {
    match (first, wanted) {
        // A TLS alert or handshake message.
        (0x15 | 0x16, _) => &IS_TLS,
        (b'H', ProxyKind::Socks) => &IS_HTTP,
        (0 | 4 | 5, ProxyKind::Http) => &IS_SOCKS,
        _ => &NOT_A_PROXY,
    }
}

/// What a status other than 2xx and 407 means; `reason` is Squid's, with the errno at its end.
pub(super) fn refused(status: u16, reason: &str) -> &'static Diagnosis {
    match status {
        403 | 451 => &FORBIDDEN,
        503 if reason.ends_with(" 111") => &DEST_REFUSED,
        503 if reason.ends_with(" 110") => &DEST_TIMEOUT,
        504 => &DEST_TIMEOUT,
        // Web servers do not know CONNECT: nginx 400 or 405, Apache 405, Python 501.
        500 | 502 | 503 => &DEST_FAILED,
        _ => &NOT_A_PROXY,
    }
}

pub(super) static PROXY_DNS: Diagnosis = Diagnosis {
    code: "proxy-dns",
    summary: "the name of the proxy {proxy} has no address on this machine",
    remedy: "Check the spelling, and try the full name with its domain",
};

pub(super) static PROXY_REFUSED: Diagnosis = Diagnosis {
    code: "proxy-refused",
    summary: "nothing listens on {proxy}",
    remedy: "Check the port; 3128 and 8080 are usual for HTTP, 1080 for SOCKS",
};

pub(super) static PROXY_TIMEOUT: Diagnosis = Diagnosis {
    code: "proxy-timeout",
    summary: "no connection to {proxy}",
    remedy: "Check name and port, and ask whether a firewall lets this machine reach the proxy",
};

pub(super) static AUTH_NEEDED: Diagnosis = Diagnosis {
    code: "proxy-auth-needed",
    summary: "{proxy} requires a username and a password",
    remedy: "Fill in both; Kestra sends neither if one is empty",
};

pub(super) static AUTH_WRONG: Diagnosis = Diagnosis {
    code: "proxy-auth-wrong",
    summary: "{proxy} does not accept this username with this password",
    remedy: "Type the password again, or ask whether the account is locked or has expired",
};

pub(super) static AUTH_SCHEME: Diagnosis = Diagnosis {
    code: "proxy-auth-scheme",
    summary: "{proxy} requires a login that Kestra does not support",
    remedy: "Kestra supports Basic for HTTP, and username and password for SOCKS. Ask for one of \
             these, or run a local relay such as cntlm and enter its address here",
};

pub(super) static FORBIDDEN: Diagnosis = Diagnosis {
    code: "proxy-forbidden",
    summary: "{proxy} does not allow connections to {site}",
    remedy: "Ask its administrators to allow {site}, with CONNECT if it is an HTTP proxy",
};

pub(super) static DEST_FAILED: Diagnosis = Diagnosis {
    code: "proxy-dest-failed",
    summary: "{proxy} cannot reach {site}; most often it does not know the name",
    remedy: "Ask its administrators whether the proxy can resolve and reach {site}",
};

pub(super) static DEST_REFUSED: Diagnosis = Diagnosis {
    code: "proxy-dest-refused",
    summary: "{site} refused the connection from {proxy}",
    remedy: "Ask its administrators whether a firewall behind the proxy blocks {site}",
};

pub(super) static DEST_TIMEOUT: Diagnosis = Diagnosis {
    code: "proxy-dest-timeout",
    summary: "{proxy} got no answer from {site}",
    remedy: "Ask its administrators whether a firewall behind the proxy blocks {site}",
};

pub(super) static NO_REPLY: Diagnosis = Diagnosis {
    code: "proxy-no-reply",
    summary: "{proxy} accepted the connection but did not answer",
    remedy: "It may still be waiting for {site}: ask its administrators whether it can reach that. \
             Check also that the port is the one of the proxy",
};

pub(super) static IS_TLS: Diagnosis = Diagnosis {
    code: "proxy-is-tls",
    summary: "{proxy} accepts TLS only",
    remedy: "Kestra talks to proxies in clear text: ask for the plain HTTP port",
};

pub(super) static IS_SOCKS: Diagnosis = Diagnosis {
    code: "proxy-is-socks",
    summary: "{proxy} is a SOCKS proxy",
    remedy: "Choose SOCKS as the connection, or ask for the port of the HTTP proxy",
};

pub(super) static IS_HTTP: Diagnosis = Diagnosis {
    code: "proxy-is-http",
    summary: "{proxy} speaks HTTP, not SOCKS",
    remedy: "Choose HTTP as the connection; it also carries https",
};

pub(super) static NOT_A_PROXY: Diagnosis = Diagnosis {
    code: "not-a-proxy",
    summary: "what answers on {proxy} is not a proxy",
    remedy: "Check name and port: this looks like a web server or another service",
};

pub(super) static TLS_CLOSED: Diagnosis = Diagnosis {
    code: "tls-closed",
    summary: "the connection to {site} was closed during the TLS handshake",
    remedy: "A proxy or a firewall in between closes connections: \
             ask its administrators to let TLS to {site} through",
};

pub(super) static TLS_UNTRUSTED: Diagnosis = Diagnosis {
    code: "tls-untrusted",
    summary: "the certificate that arrives for {site} is not trusted: {seen}",
    remedy: "A proxy on the way inspects TLS, and Java will refuse its certificate too. Import your \
             company's authority into the Java that runs Kestra: keytool -importcert -cacerts \
             -alias company -file company-ca.pem; or name a store that holds it in JAVA_OPTS: \
             -Djavax.net.ssl.trustStore=/path/truststore.jks. Or ask for {site} to be exempt from \
             inspection",
};

pub(super) static TLS_INVALID: Diagnosis = Diagnosis {
    code: "tls-invalid",
    summary: "the certificate of {site} is not valid: {seen}",
    remedy: "Check the clock of this machine, and whether this network requires a sign-in first",
};

pub(super) static SITE_SILENT: Diagnosis = Diagnosis {
    code: "site-silent",
    summary: "{site} accepted the connection but did not answer",
    remedy: "Try again; if it stays so, ask whether the proxy or a firewall inspects the traffic",
};

pub(super) static DIRECT_DNS: Diagnosis = Diagnosis {
    code: "direct-dns",
    summary: "the name {site} has no address on this machine",
    remedy: "Check the DNS of this machine; where only a proxy knows outside names, choose HTTP or \
             SOCKS as the connection",
};

pub(super) static DIRECT_REFUSED: Diagnosis = Diagnosis {
    code: "direct-refused",
    summary: "{site} refused the connection from this machine",
    remedy: "Ask whether a firewall blocks {site}, and whether there is a proxy to go through",
};

pub(super) static DIRECT_TIMEOUT: Diagnosis = Diagnosis {
    code: "direct-timeout",
    summary: "no connection from this machine to {site}",
    remedy: "Ask whether a firewall blocks {site}, and whether there is a proxy to go through",
};
