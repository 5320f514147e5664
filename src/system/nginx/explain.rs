//! What nginx's own lines mean, and what to do about them.
//!
//! `nginx -t` ends well although a server block is ignored, so two of its warnings count as
//! failures here.

use crate::checks::{Finding, Outcome};
use crate::form::{self, Field};
use crate::settings::{FilePath, ServerNames};
use rustix::process::geteuid;

/// One complaint: words of nginx's line, a name for scripts, what it means, what to do.
struct Complaint(&'static str, &'static str, &'static str, &'static str);

/// The first match applies, so specific patterns precede general ones.
const COMPLAINTS: &[Complaint] = &[
    Complaint(
        "host not found in upstream",
        "nginx-unknown-host",
        "nginx cannot resolve the name of Kestra's address, and would not start.",
        "Correct the address, or give the name an entry in DNS or /etc/hosts.",
    ),
    Complaint(
        "of the \"listen\" directive",
        "nginx-bad-listen",
        "nginx rejects this listen line.",
        "Correct the listen port.",
    ),
    Complaint(
        "duplicate location",
        "nginx-duplicate-location",
        "The server block has this location twice.",
        "Remove one of the two, or put Kestra under a context path.",
    ),
    Complaint(
        "\"location\" directive is not allowed here",
        "nginx-location-outside-server",
        "Locations are outside of a server block.",
        "Include the file inside server { }, or write it as a server block of its own.",
    ),
    Complaint(
        "directive is not allowed here",
        "nginx-wrong-place",
        "A directive is in a place where nginx does not allow it.",
        "Include a file with a server block at http level, and one with locations inside server { }.",
    ),
    Complaint(
        "duplicate default server",
        "nginx-duplicate-default",
        "Two server blocks are both the default of a port.",
        "Leave default_server to one of them.",
    ),
    Complaint(
        "conflicting server name",
        "nginx-conflicting-name",
        "Another server block has this name on this port, so nginx ignores one of the two.",
        "Include Kestra's locations in that server block, or choose another server name.",
    ),
    Complaint(
        "suspicious symbols",
        "nginx-suspicious-name",
        "A server name holds characters that no browser sends, so it never matches.",
        "Write the bare host name, without scheme or slash.",
    ),
    Complaint(
        "key values mismatch",
        "nginx-key-mismatch",
        "The certificate and the key do not belong together.",
        "Name the key with which this certificate was made.",
    ),
    Complaint(
        "no \"ssl_certificate",
        "nginx-no-certificate",
        "A server block uses TLS without a certificate.",
        "Name a certificate and its key.",
    ),
    Complaint(
        "cannot load certificate key",
        "nginx-key",
        "nginx cannot load the key of the certificate.",
        "Check that the file is there, is PEM, and can be read by root.",
    ),
    Complaint(
        "cannot load certificate",
        "nginx-certificate",
        "nginx cannot load the certificate.",
        "Check that the file is there, is PEM, and can be read by root.",
    ),
    Complaint(
        "invalid port",
        "nginx-bad-port",
        "A port is not a number from 1 to 65535.",
        "Correct the port.",
    ),
    Complaint(
        "Address family not supported",
        "nginx-no-ipv6",
        "This machine has no IPv6, so a listen [::] line stops nginx.",
        "Remove the line that listens on [::].",
    ),
    Complaint(
        "unknown directive",
        "nginx-unknown-directive",
        "This nginx does not know a directive of the file.",
        "Remove it, or install the nginx that has it.",
    ),
    Complaint(
        "Cannot assign requested address",
        "nginx-bad-address",
        "nginx is to listen on an address that this machine does not have.",
        "Correct the address of the listen line.",
    ),
    Complaint(
        "bind() to",
        "nginx-bind",
        "nginx is not permitted to listen on a port of this file.",
        "Choose another port; where SELinux is enforced, allow it with semanage port.",
    ),
    Complaint(
        "Permission denied",
        "nginx-permission",
        "nginx is not permitted to open one of its files.",
        "Run the test as root: sudo nginx -t",
    ),
    Complaint(
        "No such file or directory",
        "nginx-missing-file",
        "A file that the configuration names is not there.",
        "Correct the path, or create the file.",
    ),
];

const ANY_OTHER: Complaint = Complaint(
    "",
    "nginx-refused",
    "nginx rejects this configuration.",
    "Run nginx -t for the details, and correct that line.",
);

/// Warnings that end with success and yet mean that something does not work.
const WARNINGS_THAT_COUNT: [&str; 2] = ["conflicting server name", "suspicious symbols"];

/// The question whose answer a complaint of nginx is about, by the code of its finding; `None` if it
/// is about none.
pub(crate) fn blamed(code: &str) -> Option<&'static Field> {
    match code {
        "nginx-certificate" | "nginx-no-certificate" => Some(&form::CERTIFICATE),
        "nginx-key" | "nginx-key-mismatch" => Some(&form::CERTIFICATE_KEY),
        "nginx-unknown-host" | "nginx-bad-port" => Some(&form::UPSTREAM),
        "nginx-bad-listen" | "nginx-bind" => Some(&form::LISTEN),
        "nginx-conflicting-name" | "nginx-suspicious-name" => Some(&form::SERVER_NAME),
        "nginx-location-outside-server" => Some(&form::NGINX_FORM),
        "nginx-wrong-place" | "nginx-missing-file" => Some(&form::NGINX_FILE),
        "nginx-duplicate-location" => Some(&form::CONTEXT_PATH),
        _ => None,
    }
}

/// Whether nginx complains about a file or port that this user may not open, which is no fault of
/// the configuration.
pub(super) fn is_denied(complaint: &Finding) -> bool {
    !geteuid().is_root() && ["nginx-permission", "nginx-bind"].contains(&complaint.code)
}

/// The worst failure in the output of nginx, explained; `None` if there is none.
pub(super) fn failure(ok: bool, output: &str) -> Option<Finding> {
    failures(ok, output).into_iter().next()
}

/// Every failure in the output of nginx, the worst first, each once: Debian's nginx repeats lines.
pub(super) fn failures(ok: bool, output: &str) -> Vec<Finding> {
    let fatal = |line: &&str| ["[emerg]", "[crit]"].iter().any(|level| line.contains(level));
    let counts = |line: &&str| WARNINGS_THAT_COUNT.iter().any(|warning| line.contains(warning));
    let mut all: Vec<Finding> = Vec::new();
    for line in output.lines().filter(fatal).chain(output.lines().filter(counts)) {
        let finding = in_plain_words(line);
        if !all.contains(&finding) {
            all.push(finding);
        }
    }
    if all.is_empty() && !ok {
        all.push(in_plain_words(output.lines().last().unwrap_or_default()));
    }
    all
}

fn in_plain_words(line: &str) -> Finding {
    let known = COMPLAINTS.iter().find(|Complaint(words, ..)| line.contains(words));
    let Complaint(_, code, what, remedy) = known.unwrap_or(&ANY_OTHER);
    Finding::new(code, Outcome::Failed, *what).seen(evidence(line)).try_this(*remedy)
}

/// What a line of nginx may show: the file and line that it is about, and the name of a server. The
/// rest quotes files in which anything may be a secret.
fn evidence(line: &str) -> String {
    let name = line
        .split_once("server name \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .filter(|(name, _)| name.parse::<ServerNames>().is_ok())
        .map(|(name, _)| format!("\"{name}\""));
    let place = line.rsplit_once(" in ").map(|(_, place)| place).filter(|place| is_place(place));
    name.into_iter().chain(place.map(str::to_owned)).collect::<Vec<_>>().join(" in ")
}

/// Whether a text is a path and the number of a line, or `line` and a number.
fn is_place(text: &str) -> bool {
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_path =
        |path: &str| format!("/{}", path.trim_start_matches("./")).parse::<FilePath>().is_ok();
    text.strip_prefix("line ").is_some_and(is_number)
        || text.rsplit_once(':').is_some_and(|(path, line)| is_number(line) && is_path(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(ok: bool, output: &str) -> Option<&'static str> {
        failure(ok, output).map(|finding| finding.code)
    }

    #[test]
    fn a_success_with_ordinary_warnings_is_no_failure() {
        let output = "nginx: [warn] the \"listen ... http2\" directive is deprecated\nnginx: configuration file ok";
        assert_eq!(code(true, output), None);
    }

    #[test]
    fn an_ignored_server_block_is_a_failure() {
        let output = "nginx: [warn] conflicting server name \"a\" on 0.0.0.0:80, ignored\nnginx: test is successful";
        assert_eq!(code(true, output), Some("nginx-conflicting-name"));
    }

    #[test]
    fn every_failure_is_told_once_and_the_fatal_one_first() {
        let output = "nginx: [warn] conflicting server name \"a\"\n2026/11/23 12:00:00 [warn] 1#1: \
                    conflicting server name \"a\"\nnginx: [emerg] invalid port";
        let codes: Vec<_> = failures(false, output).into_iter().map(|it| it.code).collect();
        assert_eq!(codes, ["nginx-bad-port", "nginx-conflicting-name"]);
    }

    #[test]
    fn the_fatal_line_speaks_not_the_first() {
        let output = "nginx: [warn] user\nnginx: [emerg] host not found in upstream \"x\" in /a:3\nnginx: failed";
        let finding = failure(false, output).unwrap();
        assert_eq!((finding.code, finding.evidence.as_str()), ("nginx-unknown-host", "/a:3"));
    }

    #[test]
    fn nothing_of_a_file_is_quoted_but_its_place_and_a_server_name() {
        for (output, shown) in [
            (
                "nginx: [emerg] unknown directive \"hunter2\" in /etc/nginx/a.conf:3",
                "/etc/nginx/a.conf:3",
            ),
            ("2026/11/23 12:00:00 [emerg] 18#18: odd: hunter2", ""),
            (
                "nginx: [warn] conflicting server name \"a.example\" on 0.0.0.0:80, ignored",
                "\"a.example\"",
            ),
            ("nginx: [warn] server name \"hunter2?\" has suspicious symbols in /a:1", "/a:1"),
        ] {
            assert_eq!(evidence(output), shown, "{output}");
        }
        assert_eq!(code(false, ""), Some("nginx-refused"));
    }

    /// In the words of nginx 1.22 with OpenSSL 3.0.
    #[test]
    fn a_complaint_leads_to_its_question() {
        for (complaint, field) in [
            ("cannot load certificate \"/x\": BIO_new_file() failed", &form::CERTIFICATE),
            ("cannot load certificate \"/k\": PEM_read_bio_X509_AUX() failed", &form::CERTIFICATE),
            ("cannot load certificate key \"/k\": BIO_new_file() failed", &form::CERTIFICATE_KEY),
            ("SSL_CTX_use_PrivateKey(\"/k\") failed (key values mismatch)", &form::CERTIFICATE_KEY),
            (
                "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive in /a:1",
                &form::CERTIFICATE,
            ),
            ("no \"ssl_certificate_key\" is defined for certificate \"/x\"", &form::CERTIFICATE),
            ("host not found in upstream \"kestra-app\" in /a:4", &form::UPSTREAM),
            ("invalid port in upstream \"k:99999\" in /a:4", &form::UPSTREAM),
            ("host not found in \"80x\" of the \"listen\" directive in /a:2", &form::LISTEN),
            ("invalid port in \"80x\" of the \"listen\" directive in /a:2", &form::LISTEN),
            ("bind() to 0.0.0.0:8443 failed (13: Permission denied)", &form::LISTEN),
            ("conflicting server name \"a\" on 0.0.0.0:80, ignored", &form::SERVER_NAME),
            ("\"location\" directive is not allowed here in /a:1", &form::NGINX_FORM),
            ("\"server\" directive is not allowed here in /a:1", &form::NGINX_FILE),
            ("duplicate location \"/kestra/\" in /a:9", &form::CONTEXT_PATH),
        ] {
            assert_eq!(blamed(in_plain_words(complaint).code), Some(field), "{complaint}");
        }
        for complaint in [
            "unknown directive \"proxy_pass\" in /a:1",
            "bind() to 192.0.2.1:80 failed (99: Cannot assign requested address)",
        ] {
            assert_eq!(blamed(in_plain_words(complaint).code), None, "{complaint}");
        }
    }
}
