//! Values that the wizard refuses to write or writes in another form, and why.

use super::boot::Booted;
use super::config::{Credentials, config};
use super::programs::{self, Program};
use super::proxy::Proxy;

/// A good configuration with one line of it replaced.
fn with(line: &str, other: &str, proxy: u16) -> String {
    let good = config("", proxy, Credentials::Plain);
    assert!(good.contains(line), "{line} in {good}");
    good.replace(line, other)
}

const URL: &str = "url: https://www.my-host.com/\n";
const ADDRESS: &str = "proxy-address: 127.0.0.1:1\n";
const TYPE: &str = "proxy-type: http\n";
const PASSWORD: &str = "proxy-password: \"s3cret pa:ss%\"\n";

fn assert_fatal(program: &Program, line: &str, other: &str, because: &str) {
    let (status, log) = Booted::fails(program, &with(line, other, 1));
    assert!(
        !status.success() && log.contains(because),
        "{}, {other}: {status}, {log}",
        program.name
    );
}

#[test]
fn a_url_without_a_scheme_stops_the_start() {
    for program in programs::all() {
        assert_fatal(program, URL, "url: www.my-host.com/\n", "Invalid configuration");
    }
}

#[test]
fn an_address_without_a_port_stops_the_start() {
    for program in programs::all() {
        assert_fatal(
            program,
            ADDRESS,
            "proxy-address: my.company.proxy.address\n",
            "proxy-address",
        );
    }
}

#[test]
fn other_values_that_stop_the_start() {
    let Some(program) = programs::newest_standin() else { return };
    for (line, other, because) in [
        (URL, "url:\n", "No value present"),
        (URL, "url: ''\n", "Invalid configuration"),
        (URL, "url: ftp://www.my-host.com/\n", "Invalid configuration"),
        (URL, "url: ${NOT_SET}\n", "Could not resolve placeholder"),
        (ADDRESS, "proxy-address:\n", "proxy-address"),
        (ADDRESS, "proxy-address: '[::1]:3128'\n", "proxy-address"),
        (ADDRESS, "proxy-address: socks5://127.0.0.1:1\n", "proxy-address"),
        (TYPE, "proxy-type: socks5\n", "proxy-type"),
        (TYPE, "proxy-type: https\n", "proxy-type"),
        (PASSWORD, "proxy-password:\n", "proxy-password"),
        (PASSWORD, "proxy-password: \"${NOT_SET}\"\n", "NOT_SET"),
        (PASSWORD, "proxy-password: \"a${b\"\n", "Incomplete placeholder"),
    ] {
        assert_fatal(program, line, other, because);
    }
}

#[test]
fn a_username_without_a_password_means_no_login() {
    let Some(program) = programs::newest_standin() else { return };
    for other in ["# no password\n", "proxy-password: ''\n"] {
        let proxy = Proxy::start();
        let _booted = Booted::up(program, &with(PASSWORD, other, proxy.port), "");
        assert!(!proxy.first_connect().to_lowercase().contains("authorization"));
    }
}

#[test]
fn an_address_without_a_type_fails_at_each_request_only() {
    let Some(program) = programs::newest_standin() else { return };
    let booted = Booted::up(program, &with(TYPE, "# no type\n", 1), "");
    assert!(booted.wait_for("not loaded").contains("type DIRECT is not compatible"));
}

#[test]
fn an_escaped_placeholder_arrives_as_it_was_meant() {
    let Some(program) = programs::newest_standin() else { return };
    let proxy = Proxy::start();
    let _booted = Booted::up(
        program,
        &with(PASSWORD, "proxy-password: 'pre${:$}{abc}post'\n", proxy.port),
        "",
    );
    // "username:pre${abc}post"
    assert!(proxy.first_connect().contains("Basic dXNlcm5hbWU6cHJlJHthYmN9cG9zdA=="));
}

#[test]
fn an_ipv6_proxy_is_reached_in_the_form_of_a_url() {
    let (Some(program), Some(proxy)) = (programs::newest_standin(), Proxy::start_on_ipv6()) else {
        return;
    };
    let config = with(ADDRESS, &format!("proxy-address: http://[::1]:{}\n", proxy.port), 1);
    let _booted = Booted::up(program, &config, "");
    assert!(proxy.first_connect().starts_with("CONNECT api.kestra.io:443"));
}
