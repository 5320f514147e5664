//! What only a real Kestra shows: its login and setup pages, a webhook, a live execution.
//!
//! The requests are those of its own UI and of its documentation. Where no Kestra can be had, each
//! of these reports what it did not test. `harness.rs` runs them on stand-ins of each era of releases,
//! see `src/kestra_release.rs`.

use super::boot::Booted;
use super::config::{Credentials, LOGGED_IN, config, config_with};
use super::programs::{Program, kestras, report};
use kestra_setup::checks::Outcome;
use kestra_setup::kestra_release::Era;
use kestra_setup::system::checks::kestra::Kestra;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use support::http::{Reply, Stream, follow, get, request};
use support::nginx::{self, Nginx};
use support::site::Site;

const CONTEXTS: [&str; 2] = ["", "/kestra"];

/// After its first task, nothing happens for three seconds.
const FLOW: &str = "id: proof
namespace: company.team
tasks:
  - id: before
    type: io.kestra.plugin.core.log.Log
    message: before
  - id: silence
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT3S
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: a-key-of-the-tests
";

const HOOK: &str = "/api/v1/main/executions/webhook/company.team/proof/a-key-of-the-tests";

/// A Kestra with what the wizard writes, and with more behind it.
fn up(program: &Program, context: &str, more: &str) -> Booted {
    let config = config(context, 1, Credentials::Plain);
    Booted::up(program, &format!("{config}{more}"), context)
}

/// Creates the flow as the administrator.
fn with_flow(program: &Program, context: &str, more: &str) -> Booted {
    let kestra = up(program, context, more);
    let headers = format!("{LOGGED_IN}content-type: application/x-yaml\r\n");
    let flows = format!("{context}/api/v1/main/flows");
    let reply = request(kestra.port, "POST", &flows, &headers, FLOW);
    assert_eq!(reply.status, 200, "{}: {reply:?}", program.name);
    kestra
}

fn logged_in(kestra: &Booted, path: &str) -> Reply {
    request(kestra.port, "GET", path, LOGGED_IN, "")
}

#[test]
fn the_api_is_closed_without_a_login_at_the_root_and_under_a_context_path() {
    for program in kestras("the login under a context path") {
        for context in CONTEXTS {
            let kestra = up(program, context, "");
            let flows = format!("{context}/api/v1/main/flows/search");
            assert_eq!(get(kestra.port, &flows).status, 401, "{}, {flows}", program.name);
            assert_eq!(logged_in(&kestra, &flows).status, 200, "{}, {flows}", program.name);
        }
    }
}

/// What the login page asks for before anyone is logged in: a part of its own in later releases.
fn login_page(kestra: &Booted, context: &str) -> u16 {
    let [own, all] = ["configs/login", "configs"].map(|it| format!("{context}/api/v1/{it}"));
    let has_own = logged_in(kestra, &own).status == 200;
    get(kestra.port, if has_own { &own } else { &all }).status
}

/// What the first setup sends, without a login.
fn set_up(kestra: &Booted, context: &str) -> u16 {
    const HEADERS: &str = "content-type: application/json\r\n";
    let body = r#"{"uid": "proof", "username": "admin@kestra.io", "password": "Admin1234"}"#;
    let setup = format!("{context}/api/v1/main/basicAuth");
    request(kestra.port, "POST", &setup, HEADERS, body).status
}

fn of_configs(kestra: &Booted, context: &str, name: &str) -> Option<String> {
    let body = logged_in(kestra, &format!("{context}/api/v1/configs")).body;
    let configs: serde_json::Value = serde_json::from_str(&body).unwrap();
    Some(configs[name].as_str()?.to_owned())
}

const HOOKS: &str = "/kestra/api/v1/main/executions/webhook/";
const SETUP: &str = "/kestra/api/v1/main/basicAuth";
const SIX: [&str; 6] = [
    "/ping",
    "/api/v1/executions/webhook/",
    "/api/v1/main/executions/webhook/",
    HOOKS,
    "/kestra/api/v1/configs",
    "/kestra/api/v1/basicAuthValidationErrors",
];

fn open_urls(entries: &[&str]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    format!("---\nkestra.server.basic-auth.open-urls: [{}]\n", entries.join(", "))
}

/// Without a login under `/kestra`: the login page, a webhook, the first setup, and that once more;
/// an administrator is in the configuration.
type Row = [u16; 4];

/// The rows with the packaged default, the entry for webhooks, the six that the wizard writes, and
/// these with the one that it never writes. What is 0 is not known.
const ERAS: [(&str, Option<Era>, [Row; 4]); 4] = [
    (
        "E0",
        Some(Era::LoginBypass),
        [[200, 401, 0, 0], [200, 200, 0, 0], [200, 200, 0, 0], [200, 200, 0, 0]],
    ),
    (
        "E1",
        Some(Era::Closed),
        [[401, 401, 401, 401], [401, 200, 401, 401], [200, 200, 401, 401], [200, 200, 204, 204]],
    ),
    (
        "E1b",
        Some(Era::WebhooksOnly),
        [[401, 401, 401, 401], [401, 200, 401, 401], [401, 200, 401, 401], [401, 200, 401, 401]],
    ),
    (
        "E2",
        Some(Era::Open),
        [[200, 200, 401, 401], [200, 401, 401, 401], [200, 200, 401, 401], [200, 200, 401, 401]],
    ),
];

fn row(program: &Program, entries: &[&str]) -> Row {
    let kestra = with_flow(program, "/kestra", &open_urls(entries));
    let page = login_page(&kestra, "/kestra");
    let webhook = request(kestra.port, "POST", &format!("/kestra{HOOK}"), "", "").status;
    assert_check(program, &kestra, entries, [page, webhook]);
    [page, webhook, set_up(&kestra, "/kestra"), set_up(&kestra, "/kestra")]
}

/// What `check` makes of it, which sends no request that changes anything.
fn assert_check(program: &Program, kestra: &Booted, entries: &[&str], [page, webhook]: [u16; 2]) {
    let upstream = format!("http://127.0.0.1:{}", kestra.port);
    let checked = Kestra {
        public: format!("{upstream}/kestra/").parse().unwrap(),
        upstream: upstream.parse().unwrap(),
        context_path: "/kestra".to_owned(),
        health: format!("http://127.0.0.1:{}/kestra/health", kestra.others[0]).parse().ok(),
        login: Some(("admin@kestra.io".to_owned(), "Admin1234".into())),
        open_urls: entries.iter().map(|&entry| entry.to_owned()).collect(),
        has_task_url: false,
        program: "kestra-setup".to_owned(),
    };
    let findings = checked.check(&AtomicBool::new(false));
    let is = |code: &str| findings.iter().find(|it| it.code == code).unwrap().outcome;
    let expected = |is_bad, bad| if is_bad { bad } else { Outcome::Ok };
    let seen = format!("{}, {entries:?}: {findings:?}", program.name);
    assert_eq!(is("kestra-answers"), Outcome::Ok, "{seen}");
    assert_eq!(is("kestra-open-api"), Outcome::Ok, "{seen}");
    assert_eq!(is("kestra-login"), expected(page == 401, Outcome::Failed), "{seen}");
    assert_eq!(is("kestra-webhooks"), expected(webhook == 401, Outcome::Warning), "{seen}");
    assert_eq!(
        is("kestra-takeover"),
        expected(entries.contains(&SETUP), Outcome::Failed),
        "{seen}"
    );
}

#[test]
fn the_table_of_open_urls_is_that_of_the_era() {
    for program in kestras("open-urls under a context path") {
        let with_setup = [&SIX[..], &[SETUP]].concat();
        let table = [&[][..], &[HOOKS], &SIX, &with_setup].map(|entries| row(program, entries));
        let fits = |known: &[Row; 4]| {
            let pairs = known.iter().flatten().zip(table.iter().flatten());
            pairs.into_iter().all(|(known, seen)| *known == 0 || known == seen)
        };
        let era = ERAS.iter().find(|(_, _, known)| fits(known));
        let (name, era, _) = era.unwrap_or_else(|| panic!("{}: {table:?}", program.name));
        report(&format!("SEEN: {} is of {name}: {table:?}", program.name));
        let known = Era::of_version(program.name.trim_start_matches("Kestra "));
        assert!(known.is_none() || known == *era, "{}: not {known:?}", program.name);
    }
}

/// As the wizard has it for a new server under a path, with an empty database.
#[test]
fn a_server_under_a_path_is_set_up_by_its_configuration() {
    for program in kestras("a setup under a context path") {
        let context = "/kestra";
        let config = config_with(context, 1, Credentials::Plain, "login-and-webhooks");
        let kestra = Booted::up(program, &config, context);
        let flows = "/kestra/api/v1/main/flows/search";
        assert_eq!(get(kestra.port, flows).status, 401, "{}", program.name);
        assert_eq!(logged_in(&kestra, flows).status, 200, "{}", program.name);
        assert_eq!(get(kestra.port, "/ping").status, 404, "{}", program.name);
        let page = login_page(&kestra, context);
        report(&format!("SEEN: {}, login page with the wizard's entries: {page}", program.name));
    }
}

#[test]
fn the_first_setup_is_done_once_at_the_root() {
    for program in kestras("the first setup") {
        for context in CONTEXTS {
            let config = config(context, 1, Credentials::Plain);
            let kestra = Booted::fresh(program, &config, context);
            let statuses = [set_up(&kestra, context), set_up(&kestra, context)];
            report(&format!("SEEN: {}, setup under {context:?}: {statuses:?}", program.name));
            let is_right = match context {
                "" => statuses[0] == 204 && (statuses[1] == 401 || is_bypassed(&kestra)),
                _ => statuses == [401, 401] || statuses[0] == 204,
            };
            assert!(is_right, "{}, {context:?}: {statuses:?}", program.name);
        }
    }
}

/// Whether anyone passes the login: a release of E0.
fn is_bypassed(kestra: &Booted) -> bool {
    get(kestra.port, "/api/v1/main/kestra-setup-check/configs").status != 401
}

/// The wizard refuses these paths, so they are written here by hand.
#[test]
fn every_api_is_open_under_a_prefix_of_its_path() {
    for program in kestras("the login under /api") {
        for context in ["/a", "/ap", "/api"] {
            let config = config("/kestra", 1, Credentials::Plain).replace("/kestra", context);
            let kestra = Booted::up(program, &config, context);
            let open = get(kestra.port, &format!("{context}/api/v1/main/flows/search")).status;
            let login = get(kestra.port, &format!("{context}/api/v1/configs/login")).status;
            // A filter that knows the path asks for a login here too, and answers its page.
            let is_seen = (open, login) == (401, 200) || open == 200;
            report(&format!("SEEN: {}, APIs under {context}: {open}", program.name));
            assert!(is_seen, "{}, {context}: {open}, {login}", program.name);
        }
    }
}

/// `kestra.url` as Kestra has it in effect.
fn url(program: &Program, text: &str) -> Option<String> {
    let kestra = Booted::up(program, text, "");
    of_configs(&kestra, "", "url")
}

/// Every boot has a variable `KESTRA_URL`.
#[test]
fn the_file_wins_over_variables_and_of_two_spellings_alike_the_last() {
    const ONE: &str = "https://one.example.com/";
    const TWO: &str = "https://two.example.com/";
    for program in kestras("spellings") {
        let alike = format!("kestra:\n  url: {ONE}\nkestra.url: {TWO}\n");
        assert_eq!(url(program, &alike).as_deref(), Some(TWO), "{}", program.name);
        let other_way = format!("kestra.url: {ONE}\nkestra:\n  url: {TWO}\n");
        assert_eq!(url(program, &other_way).as_deref(), Some(TWO), "{}", program.name);
        let unlike = url(program, &format!("kestra:\n  url: {ONE}\n  URL: {TWO}\n"));
        report(&format!("SEEN: {}, url then URL: {unlike:?}", program.name));
        assert!([ONE, TWO].contains(&unlike.as_deref().unwrap()), "{}", program.name);
    }
}

#[test]
fn kestras_run_side_by_side_on_loopback_ports_of_their_own() {
    let running: Vec<_> = kestras("several at once").map(|it| (it, up(it, "", ""))).collect();
    let ports = |kestra: &Booted| [kestra.port, kestra.others[0], kestra.others[1]];
    let all: Vec<u16> = running.iter().flat_map(|(_, kestra)| ports(kestra)).collect();
    let mut distinct = all.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), all.len(), "{all:?}");
    for (program, kestra) in &running {
        assert_eq!(get(kestra.port, "/ping").status, 200, "{}", program.name);
        let heard = listening(kestra.port);
        let is_loopback = |address: &String| address.ends_with("0100007F");
        assert!(!heard.is_empty() && heard.iter().all(is_loopback), "{}: {heard:?}", program.name);
        report(&format!("SEEN: {} on {:?}", program.name, ports(kestra)));
    }
}

/// The addresses on which something listens on this port, as Linux writes them.
fn listening(port: u16) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|it| std::fs::read_to_string(it).unwrap());
    let lines = tables.iter().flat_map(|table| table.lines());
    let sockets = lines.filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (local, state) = (words.next()?, words.nth(1)?);
        let (address, at) = local.split_once(':')?;
        (state == "0A" && at == format!("{port:04X}")).then(|| address.to_owned())
    });
    sockets.collect()
}

/// Starts an execution and follows it as a browser does, at the port of Kestra or of an nginx.
fn execution(kestra: &Booted, port: u16, context: &str) -> Stream {
    let executions = format!("{context}/api/v1/main/executions");
    let flow = format!("{executions}/company.team/proof");
    let started = request(kestra.port, "POST", &flow, LOGGED_IN, "");
    let execution: serde_json::Value = serde_json::from_str(&started.body).unwrap();
    let id = execution["id"].as_str().unwrap();
    follow(port, &format!("{executions}/{id}/follow"), LOGGED_IN)
}

/// The task that waits is seen while it does, and the end comes by itself.
fn is_live(Stream { events, whole }: &Stream) -> bool {
    let seen = events.iter().find(|(_, event)| event.contains("\"silence\""));
    let (Some((seen, _)), Some((end, last))) = (seen, events.last()) else { return false };
    *whole && last.contains("id: end") && end.saturating_sub(*seen) > Duration::from_secs(2)
}

#[test]
fn an_execution_is_followed_live_through_nginx() {
    let Some(nginx) = nginx::binary() else { return };
    for program in kestras("a real execution through nginx") {
        for context in CONTEXTS {
            let kestra = with_flow(program, context, "");
            for site in Site::all(kestra.port).filter(|site| site.context == context) {
                let nginx = Nginx::start(nginx.clone(), |port| site.server(port), &[]);
                let stream = execution(&kestra, nginx.port, context);
                assert!(is_live(&stream), "{}, {site:?}: {stream:?}", program.name);
            }
        }
    }
}

#[test]
fn a_silence_longer_than_the_read_timeout_cuts_a_real_execution() {
    let Some(nginx) = nginx::binary() else { return };
    for program in kestras("a silence through nginx") {
        let kestra = with_flow(program, "", "");
        let site = Site { recommended: true, context: "", upstream: kestra.port };
        let text = |port| site.server(port).replace("3700s", "2s");
        let nginx = Nginx::start(nginx.clone(), text, &[]);
        // The first stream of a Kestra may begin later than nginx waits.
        let [direct, cut] = [kestra.port, nginx.port].map(|port| execution(&kestra, port, ""));
        assert!(direct.whole && !cut.whole, "{}: {direct:?}, {cut:?}", program.name);
    }
}
