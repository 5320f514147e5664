//! The table of diagnoses: every way to fail, in plain words, with what to do.
//!
//! What each proxy really answers was measured with Squid 5.7, tinyproxy 1.11.1 and Dante 1.4.2;
//! the integration tests hold the table to them.

use crate::checks::{Finding, Outcome};
use crate::system::checks::net::shown;
use std::io;

/// One row: `{proxy}`, `{site}` and `{seen}` stand for what the test was about and what it saw.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    code: &'static str,
    what: &'static str,
    remedy: &'static str,
}

/// A row and what was seen, fit for a terminal.
#[derive(Debug, thiserror::Error)]
#[error("{}: {seen}", trouble.code)]
pub(super) struct Closed {
    trouble: &'static Trouble,
    seen: String,
}

impl Trouble {
    /// This trouble, with what the other side said or what the system did.
    pub(super) fn seen(&'static self, seen: &str) -> Closed {
        Closed { trouble: self, seen: shown(seen) }
    }
}

impl Closed {
    /// The same as data for the operator.
    pub(super) fn finding(&self, proxy: &str, site: &str) -> Finding {
        // What was seen comes last: foreign text is never searched for holes.
        let fill = |words: &str| {
            words.replace("{proxy}", proxy).replace("{site}", site).replace("{seen}", &self.seen)
        };
        Finding {
            code: self.trouble.code,
            outcome: Outcome::Failed,
            what: fill(self.trouble.what),
            evidence: self.seen.clone(),
            remedy: fill(self.trouble.remedy),
        }
    }
}

/// What it means for a read or a write to fail.
pub(super) fn no_reply(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "no answer in time".into(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".into(),
        io::ErrorKind::InvalidData => "the answer is not HTTP".into(),
        _ => error.to_string(),
    }
}

pub(super) static PROXY_DNS: Trouble = Trouble {
    code: "proxy-dns",
    what: "the name of the proxy {proxy} has no address on this machine",
    remedy: "Check the spelling, and try the full name with its domain",
};

pub(super) static PROXY_REFUSED: Trouble = Trouble {
    code: "proxy-refused",
    what: "nothing listens on {proxy}",
    remedy: "Check the port; 3128 and 8080 are usual for HTTP, 1080 for SOCKS",
};

pub(super) static PROXY_TIMEOUT: Trouble = Trouble {
    code: "proxy-timeout",
    what: "no connection to {proxy}",
    remedy: "Check name and port, and ask whether a firewall lets this machine reach the proxy",
};

pub(super) static AUTH_NEEDED: Trouble = Trouble {
    code: "proxy-auth-needed",
    what: "{proxy} wants a username and a password",
    remedy: "Fill in both; Kestra sends neither if one is empty",
};

pub(super) static AUTH_WRONG: Trouble = Trouble {
    code: "proxy-auth-wrong",
    what: "{proxy} does not accept this username with this password",
    remedy: "Type the password again, or ask whether the account is locked or has expired",
};

pub(super) static AUTH_SCHEME: Trouble = Trouble {
    code: "proxy-auth-scheme",
    what: "{proxy} wants a login that Kestra cannot do",
    remedy: "Kestra can do Basic for HTTP, and username and password for SOCKS. Ask for one of \
             these, or run a local relay such as cntlm and enter its address here",
};

pub(super) static FORBIDDEN: Trouble = Trouble {
    code: "proxy-forbidden",
    what: "{proxy} does not allow connections to {site}",
    remedy: "Ask its administrators to allow {site}, with CONNECT if it is an HTTP proxy",
};

pub(super) static DEST_FAILED: Trouble = Trouble {
    code: "proxy-dest-failed",
    what: "{proxy} cannot reach {site}; most often it does not know the name",
    remedy: "Ask its administrators whether the proxy can resolve and reach {site}",
};

pub(super) static DEST_REFUSED: Trouble = Trouble {
    code: "proxy-dest-refused",
    what: "{site} refused the connection from {proxy}",
    remedy: "Ask its administrators whether a firewall behind the proxy blocks {site}",
};

pub(super) static DEST_TIMEOUT: Trouble = Trouble {
    code: "proxy-dest-timeout",
    what: "{proxy} got no answer from {site}",
    remedy: "Ask its administrators whether a firewall behind the proxy blocks {site}",
};

pub(super) static NO_REPLY: Trouble = Trouble {
    code: "proxy-no-reply",
    what: "{proxy} took the connection and gave no answer",
    remedy: "It may still be waiting for {site}: ask its administrators whether it can reach that. \
             Check also that the port is the one of the proxy",
};

pub(super) static IS_TLS: Trouble = Trouble {
    code: "proxy-is-tls",
    what: "{proxy} speaks only TLS",
    remedy: "Kestra speaks to proxies in clear text: ask for the plain HTTP port",
};

pub(super) static IS_SOCKS: Trouble = Trouble {
    code: "proxy-is-socks",
    what: "{proxy} is a SOCKS proxy",
    remedy: "Choose SOCKS as the connection, or ask for the port of the HTTP proxy",
};

pub(super) static IS_HTTP: Trouble = Trouble {
    code: "proxy-is-http",
    what: "{proxy} speaks HTTP, not SOCKS",
    remedy: "Choose HTTP as the connection; it is right for https sites too",
};

pub(super) static NOT_A_PROXY: Trouble = Trouble {
    code: "not-a-proxy",
    what: "what answers on {proxy} is not a proxy",
    remedy: "Check name and port: this looks like a web server or another service",
};

pub(super) static TLS_CLOSED: Trouble = Trouble {
    code: "tls-closed",
    what: "the connection to {site} opened, and ended before it was secure",
    remedy: "Something on the way, a proxy or a firewall, lets connections start and cuts them: \
             ask its administrators to let TLS to {site} through",
};

pub(super) static TLS_UNTRUSTED: Trouble = Trouble {
    code: "tls-untrusted",
    what: "TLS to {site} is opened on the way: the certificate that arrives is by {seen}",
    remedy: "If that is your company's authority, import it into the truststore of the Java that \
             runs Kestra: keytool -importcert -cacerts -alias company -file company-ca.pem. Or ask \
             for {site} to be exempt from inspection",
};

pub(super) static TLS_INVALID: Trouble = Trouble {
    code: "tls-invalid",
    what: "the certificate that {site} shows is not valid: {seen}",
    remedy: "Check the clock of this machine, and whether this network wants a sign-in first",
};

pub(super) static SITE_SILENT: Trouble = Trouble {
    code: "site-silent",
    what: "{site} was reached and did not answer a request",
    remedy: "Try again; if it stays so, ask whether the proxy or a firewall inspects the traffic",
};

pub(super) static DIRECT_DNS: Trouble = Trouble {
    code: "direct-dns",
    what: "the name {site} has no address on this machine",
    remedy: "Check the DNS of this machine; where only a proxy knows outside names, choose HTTP or \
             SOCKS as the connection",
};

pub(super) static DIRECT_REFUSED: Trouble = Trouble {
    code: "direct-refused",
    what: "{site} refused the connection from this machine",
    remedy: "Ask whether a firewall blocks {site}, and whether there is a proxy to go through",
};

pub(super) static DIRECT_TIMEOUT: Trouble = Trouble {
    code: "direct-timeout",
    what: "no connection from this machine to {site}",
    remedy: "Ask whether a firewall blocks {site}, and whether there is a proxy to go through",
};
