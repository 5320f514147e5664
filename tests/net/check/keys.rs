//! The keys that look at the world: `^T` while typing, `c` and `r` on the result page.

use super::setup::Setup;
use crate::site;
use support::machine::Machine;
use support::{Session, key};

/// On the screen of the proxy, with this proxy in its fields.
fn at_the_proxy(machine: &Machine, port: u16) -> Session {
    let address = format!("127.0.0.1:{port}");
    let mut session = machine
        .start(&[("KESTRA_SETUP_CONNECTION", "http"), ("KESTRA_SETUP_PROXY_ADDRESS", &address)]);
    session.wait_for("w write").press("3").wait_for("^t test");
    session
}

#[test]
fn a_test_reports_what_it_found() {
    let machine = Machine::new();
    let mut session = at_the_proxy(&machine, site::answering(b"HTTP/1.1 403 Forbidden\r\n\r\n"));
    session.press(key::CTRL_T).wait_for("✗").wait_for("You can continue.");
    session.wait_for("This tests the outbound connection of this");
}

#[test]
fn typing_goes_on_while_it_is_tested() {
    let machine = Machine::new();
    let mut session = at_the_proxy(&machine, site::silent());
    session.press(key::CTRL_T).wait_for("Testing api");
    session.type_text("9").wait_gone("Testing api");
    session.press(key::BACKSPACE).wait_for("127.0.0.1:");
}

#[test]
fn esc_stops_a_test_at_once_and_the_next_one_runs() {
    let machine = Machine::new();
    let mut session = at_the_proxy(&machine, site::silent());
    for _ in 0..2 {
        session.press(key::CTRL_T).wait_for("Testing api").press(key::ESC);
        session.wait_for("was stopped");
    }
    session.press(key::ESC).wait_for("w write");
}

#[test]
fn the_result_page_checks_and_reloads() {
    let Some(mut setup) = Setup::new() else { return };
    setup.start();
    let port = setup.nginx.port.clone();
    let url = format!("http://localhost:{port}/");
    // An outbound connection that ends at once: no test may go further than this machine.
    let proxy = format!("127.0.0.1:{}", site::free_port());
    let mut session = setup.wizard(&[
        ("KESTRA_SETUP_URL", &url),
        ("KESTRA_SETUP_CONTEXT_PATH", ""),
        ("KESTRA_SETUP_CONNECTION", "http"),
        ("KESTRA_SETUP_PROXY_ADDRESS", &proxy),
    ]);
    session.wait_for("w write").wait_gone("testing nginx").write_plan().wait_for("Done.");
    session.press("r").wait_for("nginx has read its configuration again");
    session.press("c").wait_for("othing listens on 127.0.0.1:");
    assert_eq!(
        setup.machine.read("etc/nginx/conf.d/kestra.conf").matches("location /kestra").count(),
        0
    );
    session.press(key::ENTER);
    assert_eq!(session.wait_exit(), 0);
}

#[test]
fn an_nginx_that_was_started_meanwhile_is_reloaded() {
    let Some(mut setup) = Setup::new() else { return };
    let url = format!("http://localhost:{}/other/", setup.nginx.port);
    let mut session =
        setup.wizard(&[("KESTRA_SETUP_URL", &url), ("KESTRA_SETUP_CONTEXT_PATH", "/other")]);
    session.wait_for("w write").wait_gone("testing nginx").write_plan().wait_for("Done.");
    setup.start();
    session.press("r").wait_for("nginx has read its configuration again");
}
