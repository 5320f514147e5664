//! What the login of each era of Kestra's releases comes to, told by behaviour.

use crate::fake_kestra::{Era, Fake, PASSWORD, SIX, USERNAME};
use kestra_setup::checks::{Finding, Outcome};
use kestra_setup::system::checks::kestra::Kestra;
use std::sync::atomic::AtomicBool;

static GOING: AtomicBool = AtomicBool::new(false);

/// A Kestra that people open where it listens.
fn kestra(fake: Fake) -> Kestra {
    let (context, open_urls) = (fake.context, fake.open_urls.clone());
    let upstream = format!("http://localhost:{}", fake.serve());
    Kestra {
        public: format!("{upstream}{context}/").parse().unwrap(),
        health: format!("{upstream}{context}/health").parse().ok(),
        upstream: upstream.parse().unwrap(),
        context_path: context.to_owned(),
        login: Some((USERNAME.to_owned(), PASSWORD.into())),
        open_urls,
        has_task_url: false,
        program: "kestra-setup".to_owned(),
    }
}

fn fake(era: Era, entries: &[&str]) -> Fake {
    let open_urls = entries.iter().map(|&entry| entry.to_owned()).collect();
    Fake { era, open_urls, version: "2.0.0-SNAPSHOT", ..Fake::new("/kestra") }
}

/// Everything that is not as it should be.
fn bad(fake: Fake) -> Vec<Finding> {
    let is_bad = |it: &Finding| matches!(it.outcome, Outcome::Failed | Outcome::Warning);
    let findings = kestra(fake).check(&GOING);
    assert!(!format!("{findings:?}").contains(PASSWORD));
    findings.into_iter().filter(is_bad).collect()
}

fn codes(fake: Fake) -> Vec<(&'static str, Outcome)> {
    bad(fake).iter().map(|finding| (finding.code, finding.outcome)).collect()
}

const LOGIN: (&str, Outcome) = ("kestra-login", Outcome::Failed);
const WEBHOOKS: (&str, Outcome) = ("kestra-webhooks", Outcome::Warning);

#[test]
fn every_era_is_told_by_what_it_answers() {
    let hooks = ["/kestra/api/v1/main/executions/webhook/"];
    assert_eq!(codes(fake(Era::E0, &[])), [("kestra-release", Outcome::Failed), WEBHOOKS]);
    assert_eq!(codes(fake(Era::E1, &[])), [LOGIN, WEBHOOKS]);
    assert_eq!(codes(fake(Era::E1, &hooks)), [LOGIN]);
    assert_eq!(codes(fake(Era::E1, &SIX)), []);
    assert_eq!(codes(fake(Era::E1b, &SIX)), [LOGIN]);
    assert_eq!(codes(fake(Era::E2, &[])), []);
    assert_eq!(codes(fake(Era::E2, &SIX)), []);
    assert_eq!(codes(fake(Era::E2, &hooks)), [WEBHOOKS]);
}

#[test]
fn at_the_root_nothing_has_to_be_opened() {
    for era in [Era::E1, Era::E1b, Era::E2] {
        assert_eq!(codes(Fake { context: "", ..fake(era, &[]) }), [], "{era:?}");
    }
    let old = Fake { context: "", ..fake(Era::E0, &[]) };
    assert_eq!(codes(old), [("kestra-release", Outcome::Failed)]);
}

#[test]
fn a_release_with_an_advisory_is_known_by_its_version_too() {
    let findings = bad(Fake { version: "1.3.20", ..fake(Era::E1, &SIX) });
    assert_eq!(findings[0].code, "kestra-release");
    assert_eq!(findings[0].evidence, "version 1.3.20");
    assert!(findings[0].summary.contains("CVE-2026-53576"), "{findings:?}");
}

#[test]
fn the_remedy_of_a_closed_login_page_is_one_that_can_mend_it() {
    let remedy = |fake: Fake| bad(fake).remove(0).remedy;
    assert!(remedy(fake(Era::E1, &[])).contains("--open-urls login-and-webhooks"));
    let only_webhooks = remedy(fake(Era::E1b, &SIX));
    assert!(only_webhooks.contains("a host name without a path"), "{only_webhooks}");
    assert!(!only_webhooks.contains("--open-urls"), "{only_webhooks}");
    let nobody = Kestra { login: None, ..kestra(fake(Era::E1, &[])) }.check(&GOING);
    let login = nobody.iter().find(|it| it.code == "kestra-login").unwrap();
    assert!(login.remedy.contains("kestra.server.basic-auth.username"), "{login:?}");
}

#[test]
fn an_entry_that_opens_the_first_setup_is_named() {
    for entry in ["/kestra/api/v1/main/basicAuth", "/kestra/api/v1/main/b"] {
        let finding = bad(fake(Era::E1, &[&SIX[..], &[entry]].concat())).remove(0);
        assert_eq!(finding.code, "kestra-takeover");
        assert!(finding.remedy.contains(&format!("Remove {entry} from")), "{finding:?}");
    }
}

#[test]
fn an_api_without_a_login_is_told_and_no_advice_on_webhooks() {
    for context in ["/a", "/ap", "/api"] {
        let finding = bad(Fake { context, ..fake(Era::E1, &[]) }).remove(0);
        assert_eq!(finding.code, "kestra-open-api", "{finding:?}");
        let findings = kestra(Fake { context, ..fake(Era::E1, &[]) }).check(&GOING);
        let webhooks = findings.iter().find(|it| it.code == "kestra-webhooks").unwrap();
        assert_eq!((webhooks.outcome, webhooks.remedy.as_str()), (Outcome::Skipped, ""));
    }
}

#[test]
fn both_entries_for_webhooks_are_named() {
    let finding = bad(fake(Era::E1, &[])).remove(1);
    for entry in ["/kestra/api/v1/main/executions/webhook/", " /api/v1/main/executions/webhook/"] {
        assert!(finding.remedy.contains(entry), "{finding:?}");
    }
}

#[test]
fn a_kestra_that_was_not_restarted_has_another_path() {
    let other = Kestra { context_path: "/other".to_owned(), ..kestra(fake(Era::E1, &SIX)) };
    let finding = other.check(&GOING).remove(0);
    assert_eq!((finding.code, finding.outcome), ("kestra-answers", Outcome::Failed));
    assert!(finding.remedy.starts_with("Restart Kestra"), "{finding:?}");
}

#[test]
fn tasks_are_told_where_the_public_url_does_not_lead_to_kestra() {
    let nowhere = Kestra {
        public: "http://kestra-setup.invalid/kestra/".parse().unwrap(),
        ..kestra(fake(Era::E1, &SIX))
    };
    let of_tasks = |kestra: &Kestra| kestra.check(&GOING).pop().unwrap();
    let finding = of_tasks(&nowhere);
    assert_eq!((finding.code, finding.outcome), ("kestra-tasks", Outcome::Warning));
    let line = format!("kestra.tasks.sdk.authentication.url: {}kestra ", nowhere.upstream);
    assert!(finding.remedy.contains(&line), "{finding:?}");
    let login = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let locked = format!("http://localhost:{}/kestra/", crate::site::answering(login));
    let locked = Kestra { public: locked.parse().unwrap(), ..nowhere.clone() };
    let finding = of_tasks(&locked);
    assert_eq!(finding.outcome, Outcome::Warning, "{finding:?}");
    assert!(finding.remedy.contains(&line) && finding.evidence.contains("401"), "{finding:?}");
    assert_eq!(of_tasks(&Kestra { has_task_url: true, ..nowhere }).outcome, Outcome::Ok);
}
