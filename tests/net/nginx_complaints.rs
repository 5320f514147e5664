//! What a real nginx rejects leads to the question whose answer is to blame.

use kestra_setup::form::{self, Defaults, Field};
use kestra_setup::kestra_config::Place;
use kestra_setup::machine;
use kestra_setup::messages::not_written;
use kestra_setup::nginx_site::conf::parse_file;
use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::effects::{API_URL, EffectRunner, Performed};
use kestra_setup::system::fs::backup::History;
use kestra_setup::system::fs::lock::Lock;
use kestra_setup::wizard::{Choice, Effect, Failure};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use support::machine::Machine;
use support::nginx::binary;
use support::private_nginx::PrivateNginx;
use support::site::Site;

const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/nginx/throwaway.crt");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/nginx/throwaway.key");
/// A site of somebody else with the same name on the same port.
const OTHER: &str = "server {\n  listen 18080;\n  server_name my-host.com;\n}\n";
/// The same with the path of Kestra, which includes our file.
const THEIRS: &str = "server {\n  listen 18080;\n  server_name my-host.com;\n  location /kestra/ { return 204; }\n  INCLUDE\n}\n";

/// What comes of writing this text into a file of a real nginx that also reads another site.
fn written(text: &str, file: &str, theirs: &str) -> Option<Result<(), (Failure, String)>> {
    let machine = Machine::new();
    let private = PrivateNginx::on(&machine)?;
    let (path, other) = (private.included(file), private.included("aaa.conf"));
    let theirs = theirs.replace("INCLUDE", &format!("include {};", path.display()));
    fs::write(&other, &theirs).unwrap();
    let mut nginx = machine::Nginx {
        binary: binary(),
        conf: Some(machine.at("etc/nginx/nginx.conf")),
        ..machine::Nginx::default()
    };
    nginx.config.http = parse_file(&theirs, &other);
    let lock = Lock::take(&History::at(machine.at("history"))).unwrap();
    let runner = EffectRunner {
        config: PathBuf::new(),
        place: Place::default(),
        nginx,
        api_url: API_URL.parse().unwrap(),
        step: Arc::default(),
        lock: Some(Arc::new(lock)),
    };
    let change = FileChange {
        kind: FileKind::Nginx,
        path: path.clone(),
        target: None,
        before: None,
        after: text.into(),
        mode: 0o644,
    };
    let plan = Plan { changes: vec![change], ..Plan::default() };
    Some(match runner.perform(Effect::Write(plan), &AtomicBool::new(false)).unwrap() {
        Performed::Failed(failure) => {
            assert!(!path.exists(), "the file was left");
            Err((not_written(&failure), other.display().to_string()))
        }
        Performed::Written(_) => Ok(()),
        other => panic!("{other:?}"),
    })
}

fn text(answered: &[(&Field, &str)]) -> String {
    let site = Site { recommended: true, context: "/kestra", upstream: 8080 };
    site.written(Defaults::default(), &[&[(&form::LISTEN, "18080")][..], answered].concat())
}

fn with_tls(certificate: &str, key: &str) -> String {
    let tls = [(&form::CERTIFICATE, certificate), (&form::CERTIFICATE_KEY, key)];
    text(&[&[(&form::URL, "https://my-host.com/kestra/")][..], &tls[..]].concat())
}

#[test]
fn every_complaint_of_a_real_nginx_leads_to_its_question() {
    let folder = tempfile::tempdir().unwrap();
    let other_key = folder.path().join("other.key");
    fs::write(&other_key, rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let (other_key, manifest) =
        (other_key.to_str().unwrap(), concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let plain = text(&[]);
    let site = "kestra.conf";
    for (what, text, file, theirs, field) in [
        ("no certificate", with_tls("/no/such.pem", KEY), site, "", &form::CERTIFICATE),
        ("no PEM", with_tls(manifest, KEY), site, "", &form::CERTIFICATE),
        ("no key", with_tls(CERTIFICATE, "/no/such.key"), site, "", &form::CERTIFICATE_KEY),
        ("a key that is none", with_tls(CERTIFICATE, manifest), site, "", &form::CERTIFICATE_KEY),
        ("another key", with_tls(CERTIFICATE, other_key), site, "", &form::CERTIFICATE_KEY),
        ("no host", text(&[(&form::UPSTREAM, "kestra.invalid:8080")]), site, "", &form::UPSTREAM),
        ("a port", plain.replace("listen 18080", "listen 99999"), site, "", &form::LISTEN),
        (
            "a name",
            plain.replace("server_name ", "server_name http://"),
            site,
            "",
            &form::SERVER_NAME,
        ),
        ("another server", plain.clone(), site, OTHER, &form::SERVER_NAME),
        ("outside", text(&[(&form::NGINX_FORM, "location")]), site, "", &form::NGINX_FORM),
        ("inside", plain.clone(), "kestra.inc", THEIRS, &form::NGINX_FILE),
        (
            "twice",
            text(&[(&form::NGINX_FORM, "location")]),
            "kestra.inc",
            THEIRS,
            &form::CONTEXT_PATH,
        ),
    ] {
        let Some(outcome) = written(&text, file, theirs) else { return };
        let (failure, other) = outcome.expect_err(what);
        assert_eq!(failure.choices[0], Choice::Change(field), "{what}: {:?}", failure.lines);
        assert_eq!(failure.lines[0], "nginx rejected the new file. All files are restored.");
        if ["another server", "twice"].contains(&what) {
            let names_it = failure
                .lines
                .iter()
                .any(|line| line.contains(&other) || line.contains("kestra.inc:"));
            assert!(names_it, "{what}: {:?}", failure.lines);
        }
    }
}

#[test]
fn good_files_are_written() {
    for text in [text(&[]), with_tls(CERTIFICATE, KEY)] {
        let Some(outcome) = written(&text, "kestra.conf", "") else { return };
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}
