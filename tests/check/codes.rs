//! The codes of `check`, by which scripts tell its findings apart.

use crate::machine::{self, Machine};
use crate::site;
use serde_json::Value;
use std::fs;

#[test]
fn what_cannot_be_looked_at_has_its_code_all_the_same() {
    let machine = Machine::new();
    fs::write(machine.config(), "kestra.url: ${PUBLIC}\n").unwrap();
    let url = format!("http://127.0.0.1:{}", site::saying(b"HTTP/1.1 204 x\r\n\r\n"));
    // It comes before the one of this machine, and cannot be run.
    fs::write(machine.at("home/nginx"), "").unwrap();
    let mut command = machine.command(&[], &["check", "--json", "--api-url", &url]);
    let ran = machine::ran(command.env("PATH", machine.at("home")));
    let verdicts: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let skipped: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict["outcome"] == "skipped")
        .map(|verdict| verdict["code"].as_str().unwrap())
        .collect();
    let serving = "kestra-answers kestra-health public-ui public-redirect public-scheme \
                   public-stream public-upload";
    let wanted: Vec<_> = ["nginx-test-live"].into_iter().chain(serving.split(' ')).collect();
    assert_eq!(skipped, wanted, "{ran:?}");
}
