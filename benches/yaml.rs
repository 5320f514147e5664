//! What reading and editing a configuration of one megabyte costs, next to parsing it alone.
//!
//! `cargo bench --bench yaml` prints a table of the processor time of the best of several runs, and
//! how many times the time of parsing alone each one takes.

#![expect(clippy::print_stdout, reason = "a benchmark prints a table")]

use kestra_setup::form;
use kestra_setup::kestra_config::{self, Edit, Place, Value};
use kestra_setup::machine::{Machine, Snapshot};
use kestra_setup::plan::Plan;
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;

const BYTES: usize = 1 << 20;
const RUNS: usize = 5;

fn main() {
    let text = configuration();
    println!("{} bytes, {} lines, best of {RUNS} runs\n", text.len(), text.lines().count());
    let parsing = best(|| serde_yaml::from_str::<serde_yaml::Value>(&text).is_ok());
    let rows = [
        ("parser events alone", best(|| events(&text))),
        ("serde_yaml to values", parsing),
        ("read", best(|| kestra_config::read(&text).is_ok())),
        ("patch, verification included", best(|| kestra_config::patch(&text, &edits()).is_ok())),
        (
            "read and patch",
            best(|| {
                kestra_config::read(&text).is_ok() && kestra_config::patch(&text, &edits()).is_ok()
            }),
        ),
        ("open, show, write", best(|| session(&text).is_some())),
    ];
    println!("{:24} {:>9} {:>14}", "what", "ms", "times parsing");
    for (what, time) in rows {
        let ratio = time.as_secs_f64() / parsing.as_secs_f64();
        println!("{what:24} {:>9.1} {ratio:>14.2}", time.as_secs_f64() * 1000.0);
    }
}

/// What `apply` does between reading the file and having written it.
fn session(text: &str) -> Option<()> {
    let mut found = Machine::new("config.yml".into(), Place::default());
    found.see("config.yml".into(), Snapshot::Text(text.into()));
    let mut answers = found.answers().ok()?;
    answers.set(&form::URL, "https://kestra.example.org/");
    let plan = Plan::new(&answers, &answers.settings().ok()?, &found).ok()?;
    let change = plan.pending().next()?;
    assert!(!change.preview().is_empty() && !change.summary().is_empty());
    let mut file = tempfile::tempfile().ok()?;
    file.write_all(change.after.as_str().as_bytes()).ok()?;
    file.sync_all().ok()
}

fn best(run: impl Fn() -> bool) -> Duration {
    let timed = || {
        let start = processor_time();
        assert!(black_box(run()), "the configuration must be read and edited");
        processor_time().saturating_sub(start)
    };
    (0..RUNS).map(|_| timed()).min().unwrap_or_default()
}

/// What this process has used, so that other programs on the machine do not count.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn events(text: &str) -> bool {
    granit_parser::Parser::new_from_str(text).all(|event| event.is_ok())
}

/// What operators have, many times over, under a section of its own each.
fn configuration() -> String {
    let mut text = String::from(
        "kestra:\n  url: http://localhost:8080/ # old\n  queue:\n    type: postgres\n\n",
    );
    for section in 1.. {
        if text.len() > BYTES {
            break;
        }
        text.push_str(&SECTION.replace('@', &section.to_string()));
    }
    text.push_str("\nmicronaut:\n  server:\n    port: 8080\n  http:\n    services:\n      api:\n        proxy-type: HTTP\n        proxyAddress: old:1\n        proxy-username: u\n");
    text
}

const SECTION: &str = r#"# Section @
section-@:
  datasource:
    url: jdbc:postgresql://db@:5432/kestra
    username: kestra
    password: "k3str4:@" # rotate
    poolSize: @
  open-urls:
    - /health
    - '/webhook/@'
  text: |
    line one
    line two
  flow: {a: 1, b: [x, y], "c": true}
"#;

fn edits() -> Vec<Edit> {
    let set = |name: &str, value: &str| Edit::Set(name.to_owned(), Value::Text(value.to_owned()));
    vec![
        set("kestra.url", "https://kestra.example.org/"),
        set("micronaut.server.context-path", "/kestra"),
        set("micronaut.http.services.api.proxy-address", "proxy.example.org:3128"),
        Edit::Remove("micronaut.http.services.api.proxy-username".to_owned()),
        Edit::Remove("micronaut.http.services.api.proxy-password".to_owned()),
    ]
}
