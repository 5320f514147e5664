//! nginx files that somebody else wrote.

use std::fs;
use support::Session;
use support::machine::Machine;

const CERTBOT: &str = "server {\n    listen 443 ssl; # managed by Certbot\n}\n";

fn with_foreign() -> (Machine, String) {
    let machine = Machine::new();
    let path = machine.at("etc/kestra.conf");
    fs::write(&path, CERTBOT).unwrap();
    (machine, path.display().to_string())
}

fn wizard(machine: &Machine, path: &str) -> Session {
    let mut session = machine.start(&[
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_REVERSE_PROXY", "nginx"),
        ("KESTRA_SETUP_NGINX_FILE", path),
    ]);
    session.wait_for("w write");
    session
}

#[test]
fn apply_leaves_it_alone() {
    let (machine, path) = with_foreign();
    let ran = machine.apply(&["--reverse-proxy", "nginx", "--nginx-file", &path]);
    assert_eq!((ran.code, machine.has_old()), (Some(2), true), "{ran:?}");
    assert!(ran.talk.contains("was not written by kestra-setup"), "{ran:?}");
    assert_eq!(machine.read("etc/kestra.conf"), CERTBOT);
}

#[test]
fn the_wizard_asks_and_keeps_a_backup() {
    let (machine, path) = with_foreign();
    let mut session = wizard(&machine, &path);
    session.write_plan().wait_for("was not written by kestra-setup");
    assert!(machine.has_old() && machine.read("etc/kestra.conf") == CERTBOT);
    session.press("2").wait_for("Done.");
    assert!(machine.has_new() && machine.read("etc/kestra.conf").contains("proxy_pass"));
    drop(session);
    assert_eq!(machine.run(&["rollback"]).code, Some(0));
    assert!(machine.has_old() && machine.read("etc/kestra.conf") == CERTBOT);
}

#[test]
fn the_wizard_writes_the_rest_where_that_is_chosen() {
    let (machine, path) = with_foreign();
    wizard(&machine, &path).write_plan().wait_for("was not written").press("3").wait_for("Done.");
    assert!(machine.has_new() && machine.read("etc/kestra.conf") == CERTBOT);
}
