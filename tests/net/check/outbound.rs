//! The outbound connection that the configuration names, through a real Squid.

use crate::site::Site;
use crate::{servers, site};
use std::fs;
use support::machine::{Machine, Ran};

/// The one in the accounts of the Squid.
const PASSWORD: &str = "s3cret pa:ss%";

/// Checks a configuration with this Squid and this password.
fn check(port: u16, password: &str, target: &str) -> Ran {
    let machine = Machine::new();
    let config = format!(
        "kestra.url: https://my-host.com/\nmicronaut.http.services.api:\n  proxy-type: http\n  \
         proxy-address: 127.0.0.1:{port}\n  proxy-username: kestra\n  proxy-password: '{password}'\n"
    );
    fs::write(machine.config(), config).unwrap();
    let ran = machine.run(&["check", "--api-url", target]);
    assert!(!ran.out.contains(password) && !ran.talk.contains(password), "{ran:?}");
    ran
}

#[test]
fn a_connection_that_works_is_reported_with_its_limits() {
    let Some(squid) = servers::squid() else { return };
    let target = format!("http://127.0.0.1:{}/", site::answering(b"HTTP/1.1 204 x\r\n\r\n"));
    let ran = check(squid.port, PASSWORD, &target);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("which took the password"), "{ran:?}");
    assert_eq!(ran.out.matches("This tests the outbound connection of this").count(), 1, "{ran:?}");
}

#[test]
fn a_wrong_password_is_told() {
    let Some(squid) = servers::squid() else { return };
    let ran = check(squid.port, "wrong-password", "https://localhost:443/");
    assert_eq!(ran.code, Some(6), "{ran:?}");
    assert!(ran.out.contains("does not accept this username with this password"), "{ran:?}");
}

#[test]
fn a_login_that_only_kestra_knows_is_not_said_to_be_missing() {
    let Some(squid) = servers::squid() else { return };
    let ran = check(squid.port, "${LOGIN}", "https://localhost:443/");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.out.contains("skipped: The proxy requires a login, which is a placeholder"),
        "{ran:?}"
    );
}

#[test]
fn a_certificate_of_nobody_known_is_told() {
    let Some(squid) = servers::squid() else { return };
    let target = Site::start("localhost", "Corporate TLS Inspection CA");
    let ran = check(squid.port, PASSWORD, &format!("https://localhost:{}/", target.port));
    assert_eq!(ran.code, Some(6), "{ran:?}");
    assert!(ran.out.contains("no public authority signed it"), "{ran:?}");
}

/// The finding for a proxy that cannot be tried.
fn untried(keys: &str) -> String {
    let machine = Machine::new();
    fs::write(machine.config(), format!("micronaut.http.services.api: {{{keys}}}\n")).unwrap();
    machine.run(&["check", "--api-url", "http://127.0.0.1:1"]).out
}

#[test]
fn a_placeholder_is_told_from_what_will_not_do() {
    let placeholder = "is a placeholder";
    assert!(untried("proxy-type: http, proxy-address: '${P}'").contains(placeholder));
    for (keys, part) in [
        ("proxy-type: hTTp, proxy-address: 'a:1'", "type"),
        ("proxy-type: http, proxy-address: 'socks5://a:1'", "address"),
        ("proxy-type: '${T}', proxy-address: a", "address"),
    ] {
        let output = untried(keys);
        let wanted = format!("The proxy's {part} is none that Kestra accepts");
        assert!(output.contains(&wanted) && !output.contains(placeholder), "{keys}: {output}");
    }
}
