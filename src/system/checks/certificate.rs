//! Certificates for nginx: those on this machine, and whether one is right for a host.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "reads certificates and keys"
)]

use crate::checks::{Finding, Outcome};
use crate::form::KnownCertificate;
use crate::nginx_site::Config;
use crate::nginx_site::conf::Directive;
use crate::settings::Host;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::fs::{Mode, OFlags, open};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// Where certbot keeps what it is given, one folder a name.
const CERTBOT: &str = "/etc/letsencrypt/live";

/// No chain of certificates is larger.
const LARGEST: u64 = 1 << 20;

/// The certificates that this nginx names and those of certbot, as far as they can be read and are
/// valid today with their key; and the first path that this user must not read.
pub(crate) fn discover(nginx: &Config) -> (Vec<KnownCertificate>, Option<String>) {
    let of_certbot = of_certbot(Path::new(CERTBOT));
    let mut unreadable =
        of_certbot.as_ref().err().filter(|it| is_denied(it)).map(|_| CERTBOT.into());
    let named = named_by(nginx).into_iter().map(|pair| (pair, true));
    let mut known: Vec<KnownCertificate> = Vec::new();
    let of_certbot = of_certbot.into_iter().flatten().map(|pair| (pair, false));
    for ((path, key), is_used) in named.chain(of_certbot) {
        let path = path.display().to_string();
        match read(Path::new(&path)) {
            Err(error) if is_denied(&error) => unreadable = unreadable.or(Some(path)),
            Ok(bytes) if known.iter().all(|it| it.path != path) => {
                known.extend(usable(&bytes, &key).map(|names| KnownCertificate {
                    path,
                    key: key.display().to_string(),
                    names,
                    is_used,
                }));
            }
            _ => {}
        }
    }
    (known, unreadable)
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// The certificates and keys of certbot.
fn of_certbot(folder: &Path) -> io::Result<Vec<(PathBuf, PathBuf)>> {
    let folders = std::fs::read_dir(folder)?.filter_map(Result::ok).map(|entry| entry.path());
    let pair = |folder: PathBuf| (folder.join("fullchain.pem"), folder.join("privkey.pem"));
    let mut pairs: Vec<_> = folders.map(pair).collect();
    pairs.sort();
    Ok(pairs)
}

/// The certificates and keys that nginx names, for all of http or for a server block. A relative path
/// is left out.
fn named_by(nginx: &Config) -> Vec<(PathBuf, PathBuf)> {
    let paths = |block: &[Directive], name| -> Vec<PathBuf> {
        let named = block.iter().filter(|directive| directive.name == name);
        named.filter_map(|directive| directive.first()).map(PathBuf::from).collect()
    };
    let blocks = [&nginx.http[..]].into_iter();
    let blocks = blocks.chain(nginx.servers().map(|server| &server.0.block[..]));
    let pairs = blocks.flat_map(|block| {
        let keys = paths(block, "ssl_certificate_key");
        paths(block, "ssl_certificate").into_iter().zip(keys)
    });
    pairs.filter(|(path, key)| path.is_absolute() && key.is_absolute()).collect()
}

/// The names of a certificate that is valid today and not of another key.
fn usable(bytes: &[u8], key: &Path) -> Option<Vec<String>> {
    let (facts, chain) = Facts::of(bytes)?;
    let is_usable =
        facts.is_valid_at(Timestamp::now()) && !matches!(matches_key(chain, key), Ok(false));
    is_usable.then_some(facts.names)
}

/// Whether nginx can serve this host with this certificate and key; without a key, whether the
/// certificate alone is right.
pub(crate) fn judge(certificate: &Path, key: Option<&Path>, host: Option<&Host>) -> Finding {
    let failed = |code, summary: String, remedy: &str| {
        Finding::new(code, Outcome::Failed, summary).try_this(remedy)
    };
    let bytes = match read(certificate) {
        Ok(bytes) => bytes,
        Err(error) => return unreadable("certificate", certificate, &error),
    };
    let Some((facts, chain)) = Facts::of(&bytes) else {
        let summary = format!("{} is not a certificate in PEM", certificate.display());
        return failed("certificate-invalid", summary, "Name the file with the certificate chain.");
    };
    let now = Timestamp::now();
    if !facts.is_valid_at(now) {
        let summary = if now < facts.from {
            format!("the certificate is not valid before {}", date(facts.from))
        } else {
            format!("the certificate expired on {}", date(facts.until))
        };
        return failed("certificate-expired", summary, "Renew it, for example with certbot renew.");
    }
    if let Some(host) = host.filter(|host| !host.is_named_by(&facts.names)) {
        let names = facts.names.join(", ");
        let names = if names.is_empty() { "no host" } else { &names };
        let summary = format!("the certificate is not for {host}, but for {names}");
        return failed("certificate-host", summary, "Name one that is valid for the public URL.");
    }
    match key.map(|key| (key, matches_key(chain, key))) {
        Some((key, Err(error))) => return unreadable("key", key, &error),
        Some((key, Ok(false))) => {
            let summary = format!("{} is not the key of this certificate", key.display());
            return failed("certificate-key", summary, "Name the key that it was issued for.");
        }
        Some((_, Ok(true))) | None => {}
    }
    let of_host = host.map_or(String::new(), |host| format!(" for {host}"));
    let summary = format!("the certificate is valid{of_host} until {}", date(facts.until));
    Finding::new("certificate-ok", Outcome::Ok, summary)
}

fn unreadable(what: &str, path: &Path, error: &io::Error) -> Finding {
    let path = path.display();
    let skipped = |why| {
        let summary = format!("{what} {path}: {why}, so it is not checked");
        Finding::skipped("certificate-unreadable", summary)
    };
    let why = match error.kind() {
        io::ErrorKind::PermissionDenied => return skipped("cannot be read by this user"),
        // rustls knows fewer curves than nginx, such as no P-521.
        io::ErrorKind::Unsupported => return skipped("a kind of key that is not known here"),
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::InvalidData => "not a key in PEM".to_owned(),
        _ => error.to_string(),
    };
    let code = if what == "key" { "certificate-key" } else { "certificate-missing" };
    let finding = Finding::new(code, Outcome::Failed, format!("{what} {path}: {why}"));
    finding.try_this(format!("Correct the path of the {what}."))
}

/// Opening a FIFO would wait for who writes it, which is never.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file =
        File::from(open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?);
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a key belongs to the first certificate of a chain.
fn matches_key(chain: Vec<CertificateDer<'static>>, key: &Path) -> io::Result<bool> {
    let key = PrivateKeyDer::from_pem_slice(&read(key)?);
    let key = key.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    let key = default_provider().key_provider.load_private_key(key);
    let key = key.map_err(|_| io::Error::from(io::ErrorKind::Unsupported))?;
    Ok(CertifiedKey::new(chain, key).keys_match().is_ok())
}

/// What is known of a certificate from itself.
struct Facts {
    names: Vec<String>,
    from: Timestamp,
    until: Timestamp,
}

impl Facts {
    /// Those of the first certificate of a chain, and the chain.
    fn of(pem: &[u8]) -> Option<(Self, Vec<CertificateDer<'static>>)> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
        let (_, parsed) = X509Certificate::from_der(chain.first()?).ok()?;
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names.map_or(Vec::new(), |names| {
            let names = names.value.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => address(bytes),
                _ => None,
            });
            names.collect()
        });
        let validity = parsed.validity();
        let from = Timestamp::from_second(validity.not_before.timestamp()).ok()?;
        let until = Timestamp::from_second(validity.not_after.timestamp()).ok()?;
        Some((Self { names, from, until }, chain))
    }

    fn is_valid_at(&self, now: Timestamp) -> bool {
        self.from <= now && now <= self.until
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(address) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(address).to_string());
    }
    let address = <[u8; 16]>::try_from(bytes).ok()?;
    Some(format!("[{}]", Ipv6Addr::from(address)))
}

fn date(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx_site::conf::parse_file;
    use rcgen::{CertificateParams, KeyPair, SanType, date_time_ymd};
    use std::fs;
    use std::path::PathBuf;
    use tempfile::TempDir;

    struct Pair(TempDir);

    impl Pair {
        fn new(names: &[&str], until: i32) -> Self {
            Self::valid(names, 2020, until)
        }

        fn valid(names: &[&str], from: i32, until: i32) -> Self {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            let mut params = CertificateParams::new(names).unwrap();
            // No name that nginx serves.
            params.subject_alt_names.push(SanType::Rfc822Name("a@b.example".try_into().unwrap()));
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(until, 1, 1);
            let key = KeyPair::generate().unwrap();
            let pair = Self(TempDir::new().unwrap());
            fs::write(pair.path("c.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
            fs::write(pair.path("k.pem"), key.serialize_pem()).unwrap();
            pair
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn judged(&self, host: &str) -> (&'static str, String) {
            let host: Host = host.parse().unwrap();
            let finding = judge(&self.path("c.pem"), Some(&self.path("k.pem")), Some(&host));
            (finding.code, finding.summary)
        }
    }

    #[test]
    fn a_valid_certificate_is_told_with_its_end() {
        let pair = Pair::new(&["ops.example.com", "*.apps.example.com"], 2090);
        let (code, summary) = pair.judged("ops.example.com");
        assert_eq!(code, "certificate-ok");
        assert_eq!(summary, "the certificate is valid for ops.example.com until 2090-01-01");
        assert_eq!(pair.judged("a.apps.example.com").0, "certificate-ok");
        assert_eq!(pair.judged("a.b.apps.example.com").0, "certificate-host");
    }

    #[test]
    fn a_certificate_that_nginx_names_is_found_once_unless_its_key_is_another() {
        let (good, other) = (Pair::new(&["a.example"], 2090), Pair::new(&["b.example"], 2090));
        let at = |pair: &Pair, name: &str| pair.path(name).display().to_string();
        let named = |certificate: &str, key: &str| {
            format!("server {{ ssl_certificate {certificate}; ssl_certificate_key {key}; }}\n")
        };
        let text = named(&at(&good, "c.pem"), &at(&good, "k.pem")).repeat(2)
            + &named(&at(&other, "c.pem"), &at(&good, "k.pem"))
            + &named("relative.pem", "relative.key");
        let http = parse_file(&text, Path::new("/etc/nginx/nginx.conf"));
        let (known, _) = discover(&Config { http, ..Config::default() });
        let of_nginx: Vec<_> = known.iter().filter(|it| it.is_used).collect();
        let [known] = of_nginx[..] else { panic!("{of_nginx:?}") };
        assert_eq!(
            (&*known.path, &*known.names),
            (&*at(&good, "c.pem"), &["a.example".to_owned()][..])
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let host = "ops.example.com";
        let (code, summary) = Pair::new(&["other.example.com"], 2090).judged(host);
        assert_eq!(code, "certificate-host");
        assert!(
            summary.ends_with("not for ops.example.com, but for other.example.com"),
            "{summary}"
        );
        let (code, summary) = Pair::new(&[host], 2021).judged(host);
        assert_eq!(
            (code, &*summary),
            ("certificate-expired", "the certificate expired on 2021-01-01")
        );
        let pair = Pair::new(&[host], 2090);
        fs::write(pair.path("k.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
        assert_eq!(pair.judged(host).0, "certificate-key");
        fs::write(pair.path("k.pem"), "no key").unwrap();
        assert_eq!(pair.judged(host).0, "certificate-key");
        fs::write(pair.path("c.pem"), "no certificate").unwrap();
        assert_eq!(pair.judged(host).0, "certificate-invalid");
        fs::remove_file(pair.path("c.pem")).unwrap();
        assert_eq!(pair.judged(host).0, "certificate-missing");
    }

    #[test]
    fn a_certificate_may_name_no_host() {
        let (code, summary) = Pair::new(&[], 2090).judged("ops.example.com");
        assert_eq!(code, "certificate-host");
        assert!(summary.ends_with("not for ops.example.com, but for no host"), "{summary}");
    }

    #[test]
    fn an_address_is_a_name_too() {
        let pair = Pair::new(&["127.0.0.1", "::1"], 2090);
        assert_eq!(
            ["127.0.0.1", "[::1]"].map(|host| pair.judged(host).0),
            ["certificate-ok", "certificate-ok"]
        );
        let (code, summary) = pair.judged("10.0.0.1");
        assert_eq!(code, "certificate-host");
        assert!(summary.ends_with("not for 10.0.0.1, but for 127.0.0.1, [::1]"), "{summary}");
    }

    #[test]
    fn one_for_the_future_is_not_valid_yet() {
        assert_eq!(
            Pair::valid(&["a.example"], 2090, 2091).judged("a.example"),
            ("certificate-expired", "the certificate is not valid before 2090-01-01".to_owned())
        );
    }

    #[test]
    fn what_this_user_must_not_read_is_not_judged() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let finding = unreadable("key", Path::new("/k.pem"), &denied);
        let summary = "key /k.pem: cannot be read by this user, so it is not checked".to_owned();
        let unjudged = Finding::skipped("certificate-unreadable", summary);
        assert_eq!(finding, unjudged);
        let folder = TempDir::new().unwrap();
        let finding = judge(folder.path(), None, None);
        assert_eq!((finding.code, finding.outcome), ("certificate-missing", Outcome::Failed));
        assert!(finding.summary.ends_with("Is a directory (os error 21)"), "{finding:?}");
    }

    /// On the curve P-521, made for this test.
    const OTHER_CURVE: &str = "-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIBM8bSx0wF7TIzOUwa
AkR6xhJrD1uBgwJJSLp081xTrlgubsNdGsIlguNp4A9TW7K7t1TSDR/ds4dy9MAt
+1YEM5qhgYkDgYYABAEoFGwWUhpGXUS4e9oorRNSvDQWDsWYqU4WjF96nX4kP/MM
5EZsAxrJRPUNwqO1KyX7QNa9tQNpLkxA/MZwhe7ATAEVe1SRt0Ba+/5n79omYIf5
IhNDkeWKNFKIk0mNFtB3y/Co4tmhUZzH5PnDTdAoFYsa/05GcVcwybBVzyp1RQNN
VQ==
-----END PRIVATE KEY-----
";

    #[test]
    fn a_key_that_only_nginx_knows_is_not_judged() {
        let pair = Pair::new(&["a.example"], 2090);
        fs::write(pair.path("k.pem"), OTHER_CURVE).unwrap();
        let (code, summary) = pair.judged("a.example");
        assert_eq!(code, "certificate-unreadable");
        assert!(summary.ends_with("not known here, so it is not checked"), "{summary}");
    }

    #[test]
    fn nobody_waits_for_a_fifo() {
        let folder = TempDir::new().unwrap();
        let fifo = folder.path().join("c.pem");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RUSR | Mode::WUSR).unwrap();
        assert_eq!(judge(&fifo, None, None).code, "certificate-invalid");
    }

    #[test]
    fn certbot_has_a_folder_a_name() {
        let folder = TempDir::new().unwrap();
        for name in ["b.example", "a.example"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let pair = |name: &str| {
            let folder = folder.path().join(name);
            (folder.join("fullchain.pem"), folder.join("privkey.pem"))
        };
        assert_eq!(of_certbot(folder.path()).unwrap(), ["a.example", "b.example"].map(pair));
    }
}
