//! What on a machine cannot work, or surprises.
//!
//! Only what the questions do not see themselves: their answers are checked as
//! [`problems`](crate::answers::Answers::problems), and the screens correct as they read. Here are the
//! properties of a configuration, one by one; the rest is below.

mod address;
mod login;
mod nginx;
mod surroundings;

pub(crate) use login::{
    advisory, closed_login, closed_webhooks, missing_administrator, open_apis, urgent,
};
pub(crate) use nginx::{existing_servers, existing_site, including_server, nginx_summary};
pub(crate) use surroundings::{config_warnings, unpublished, unread_env_file, variables};

use crate::kestra_config::{Kind, Reading, Scalar};
use crate::settings::{
    ContextPath, ProxyAddress, ProxyKind, ServerUrl, has_placeholder, means_direct, redacted,
};

/// The properties that a null value makes fatal: Micronaut finds the key and no value for it
/// (run with Micronaut 4.7 and 4.10).
const NEVER_NULL: [&str; 6] = [
    "kestra.url",
    "micronaut.server.context-path",
    "micronaut.http.services.api.proxy-type",
    "micronaut.http.services.api.proxy-address",
    "micronaut.http.services.api.proxy-username",
    "micronaut.http.services.api.proxy-password",
];

/// Whose proxy Kestra's calls take: its own client's, and what that inherits.
const CLIENTS: [&str; 2] = ["micronaut.http.services.api", "micronaut.http.client"];

/// Something that is good to know about a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// What is so and what to do, in sentences.
    pub(crate) text: String,
    /// The line that it is about, counted from 1.
    pub(crate) line: usize,
}

impl Remark {
    fn new(at: &Scalar, text: impl Into<String>) -> Self {
        Self { text: text.into(), line: at.line }
    }
}

/// What cannot work in this configuration; APIs without a login are not in it, but in [`open_apis`].
pub(crate) fn config(reading: &Reading) -> Vec<Remark> {
    let each = NEVER_NULL.into_iter().filter_map(|property| empty(reading, property));
    let whole = [
        doubled_ui,
        bent_path,
        address_without_type,
        unread_authorization,
        selector_before_address,
    ];
    let proxies = CLIENTS.into_iter().flat_map(|client| {
        [wrong_type(reading, client), bent_address(reading, client)].into_iter().flatten()
    });
    let whole = whole.into_iter().filter_map(|trap| trap(reading));
    whole.chain(each).chain(proxies).collect()
}

/// A text without quotes that YAML 1.1 takes for something else: the password `0123` is 83. No
/// value is named, since any may be a secret.
fn reinterpreted(path: &str, scalar: &Scalar) -> Option<Remark> {
    let name = path.rsplit('.').next().unwrap_or(path);
    // At the end only: `force-path-style` is a switch.
    let is_text = ["password", "username", "secret", "token", "url", "path", "address"]
        .iter()
        .any(|end| name.ends_with(end));
    let is = match scalar.kind {
        Kind::Int | Kind::Float if scalar.is_reinterpreted => "another number",
        Kind::Date => "a date",
        Kind::Bool if is_text => "true or false",
        _ => return None,
    };
    Some(Remark::new(
        scalar,
        format!(
            "{path} has no quotes, so Kestra reads {is} there. If it is a text, quote it: \"…\"."
        ),
    ))
}

/// What works and surprises, for `check`.
pub(crate) fn surprises(reading: &Reading) -> Vec<Remark> {
    doubtful(reading).into_iter().chain(own_tls(reading)).collect()
}

/// What may not be meant: properties that are set twice, a public URL that nobody can open, and texts
/// that are none to YAML.
pub(crate) fn doubtful(reading: &Reading) -> Vec<Remark> {
    let url = [misplaced_url, unreachable_url].into_iter().filter_map(|trap| trap(reading));
    let reinterpreted = reading.iter().filter_map(|(path, scalar)| reinterpreted(path, scalar));
    doubled(reading).chain(url).chain(reinterpreted).collect()
}

/// A plausible property that no Kestra has.
fn misplaced_url(reading: &Reading) -> Option<Remark> {
    let scalar = reading.get("kestra.server.url")?;
    let what = if reading.has("kestra.url") {
        "Remove the line; the public URL is kestra.url."
    } else {
        "Write kestra.url."
    };
    Some(Remark::new(scalar, format!("Kestra has no property kestra.server.url. {what}")))
}

/// Links in alerts and e-mails begin with this address, and are opened on other machines.
fn unreachable_url(reading: &Reading) -> Option<Remark> {
    let scalar = literal(reading, "kestra.url")?;
    let url: ServerUrl = scalar.text.parse().ok()?;
    let host = url.host();
    let is = if host.is_unspecified() {
        "an address to listen on, which no browser can open"
    } else if host.is_loopback() {
        "this machine alone"
    } else if host.name().is_some_and(is_of_container) {
        "a name such as that of a container or service, which browsers elsewhere may not find"
    } else {
        return None;
    };
    let what = format!("kestra.url leads to {host}: {is}. Write the address that people use.");
    Some(Remark::new(scalar, what))
}

/// A single name, or one that only the name server of a cluster or of Docker knows.
fn is_of_container(name: &str) -> bool {
    let ends = [".svc", ".cluster.local", ".docker.internal", ".containers.internal"];
    !name.contains('.') || ends.iter().any(|end| name.ends_with(end))
}

fn empty(reading: &Reading, property: &str) -> Option<Remark> {
    let scalar = reading.get(property).filter(|scalar| scalar.kind == Kind::Null)?;
    let what = "Kestra does not start with that. Give it a value or remove the line.";
    Some(Remark::new(scalar, format!("{property} is empty: {what}")))
}

/// Properties that are set twice.
fn doubled(reading: &Reading) -> impl Iterator<Item = Remark> {
    NEVER_NULL.into_iter().filter_map(|property| {
        let [.., first, last] = reading.lines(property)[..] else { return None };
        let what = format!("{property} is set twice, in lines {first} and {last}. Spelled alike, the last is in effect; spelled differently, 1.3 takes the last and 2.0 does not go by order.");
        Some(Remark::new(reading.get(property)?, what))
    })
}

/// Kestra adds `ui/` itself.
fn doubled_ui(reading: &Reading) -> Option<Remark> {
    let url = reading.get("kestra.url")?;
    let text = url.text.trim_end_matches('/');
    let end = ["ui", "api", "api/v1"].into_iter().find(|end| {
        text.strip_suffix(end).is_some_and(|rest| rest.ends_with('/') && !rest.ends_with("//"))
    })?;
    let what = format!("kestra.url ends in {end}/: Kestra adds ui/ itself, so no link will work.");
    Some(Remark::new(url, what))
}

/// Kestra uses the path unchanged, where the form corrects it: routes take any form, the pages
/// only this one, and `/api` switches the login off.
fn bent_path(reading: &Reading) -> Option<Remark> {
    let scalar = reading.get("micronaut.server.context-path")?;
    let text = scalar.text.as_str();
    let path: ContextPath = text.parse().ok()?;
    let is_bent =
        scalar.kind != Kind::Null && path.as_str() != text && open_apis(reading).is_none();
    is_bent.then(|| {
        let remedy =
            if path.is_root() { "remove the line".to_owned() } else { format!("write {path}") };
        let what =
            format!("micronaut.server.context-path is \"{text}\", which breaks Kestra: {remedy}.");
        Remark::new(scalar, what)
    })
}

fn proxy<'a>(reading: &'a Reading, key: &str) -> Option<&'a Scalar> {
    CLIENTS.into_iter().find_map(|client| reading.get(&format!("{client}.{key}")))
}

/// The text of a property, if it has one that is no placeholder.
fn literal<'a>(reading: &'a Reading, property: &str) -> Option<&'a Scalar> {
    let scalar = reading.get(property)?;
    (scalar.kind != Kind::Null && !has_placeholder(&scalar.text)).then_some(scalar)
}

/// Micronaut takes three spellings of each type; with any other Kestra does not start.
fn wrong_type(reading: &Reading, client: &str) -> Option<Remark> {
    let property = format!("{client}.proxy-type");
    let scalar = literal(reading, &property)?;
    let is_known = means_direct(&scalar.text) || scalar.text.parse::<ProxyKind>().is_ok();
    (!is_known).then(|| {
        let what = format!(
            "{property} is neither http nor socks: Kestra does not start with that. Write one of them."
        );
        Remark::new(scalar, what)
    })
}

/// Of what is no plain `host:port`, Micronaut refuses some at the start and reads some as something
/// else.
fn bent_address(reading: &Reading, client: &str) -> Option<Remark> {
    let property = format!("{client}.proxy-address");
    let scalar = literal(reading, &property)?;
    let problem = address::problem(&scalar.text)?;
    let is_address = scalar.text.parse::<ProxyAddress>().is_ok();
    let shown = if is_address { scalar.text.as_str().into() } else { redacted(&scalar.text) };
    Some(Remark::new(scalar, format!("{property} is \"{shown}\". {problem}")))
}

/// A selector overrides an address.
fn selector_before_address(reading: &Reading) -> Option<Remark> {
    let selector = proxy(reading, "proxy-selector")?;
    proxy(reading, "proxy-address")?;
    let what = "proxy-selector is set, so proxy-address is ignored. Remove one of the two.";
    Some(Remark::new(selector, what))
}

/// The default type is `DIRECT`, which refuses an address at each request.
fn address_without_type(reading: &Reading) -> Option<Remark> {
    let address = proxy(reading, "proxy-address")?;
    let is_direct = |kind: &Scalar| kind.text.eq_ignore_ascii_case("direct");
    proxy(reading, "proxy-type").is_none_or(is_direct).then(|| {
        let what = "proxy-address is set without proxy-type: every request of Kestra fails.";
        Remark::new(address, what)
    })
}

/// `proxy-authorization` without username and password: no Micronaut that was read acts on it.
fn unread_authorization(reading: &Reading) -> Option<Remark> {
    let header = proxy(reading, "proxy-authorization")?;
    proxy(reading, "proxy-password").is_none().then(|| {
        let what = "Kestra does not act on proxy-authorization; save username + password or ${ENV_VAR} instead.";
        Remark::new(header, what)
    })
}

fn own_tls(reading: &Reading) -> Option<Remark> {
    let enabled = reading.get("micronaut.server.ssl.enabled")?;
    (enabled.text == "true").then(|| {
        let what = "Kestra serves https itself (micronaut.server.ssl.enabled), and the nginx file forwards plain http to it.";
        Remark::new(enabled, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kestra_config::{Place, read_at};

    pub(super) fn remarks(text: &str) -> Vec<String> {
        let reading = read_at(text, &Place::default()).unwrap();
        let all = config(&reading).into_iter().chain(closed_webhooks(&reading));
        let all = all.chain(surprises(&reading));
        all.map(|remark| format!("{}: {}", remark.line, remark.text)).collect()
    }

    /// Exactly one remark, about this line, with these words in it.
    fn is_set(text: &str, line: usize, words: &str) {
        let remarks = remarks(text);
        assert_eq!(remarks.len(), 1, "{text}: {remarks:?}");
        assert!(
            remarks[0].starts_with(&format!("{line}: ")) && remarks[0].contains(words),
            "{remarks:?}"
        );
    }

    #[test]
    fn every_trap_is_found() {
        is_set("kestra:\n  url:\n", 2, "kestra.url is empty");
        is_set("kestra: {url: 'https://a.b/'}\nkestra.url: https://b.b/\n", 2, "twice");
        is_set("kestra:\n  url: https://a.b/kestra/ui/\n", 2, "ends in ui/");
        is_set("kestra:\n  url: https://a.b/api/v1\n", 2, "ends in api/v1/");
        is_set("micronaut.http.services.api.proxy-address: a:1\n", 1, "without proxy-type");
        is_set(
            "micronaut.http.client:\n  proxy-type: DIRECT\n  proxy-address: a:1\n",
            3,
            "without proxy-type",
        );
        is_set("micronaut.http.client.proxy-authorization: Basic x\n", 1, "does not act on");
        is_set("micronaut.server.ssl.enabled: on\n", 1, "serves https itself");
    }

    #[test]
    fn a_value_that_kestra_reads_as_something_else_is_found_and_never_repeated() {
        for (value, words) in [
            ("0123", "another number"),
            ("1_000", "another number"),
            ("12:30:45", "another number"),
            ("1e3", "another number"),
            ("2026-01-31", "a date"),
            ("yes", "true or false"),
        ] {
            let text = format!("a:\n  password: {value}\n");
            is_set(&text, 2, &format!("a.password has no quotes, so Kestra reads {words} there."));
            assert!(remarks(&text)[0].contains("quote it") && !remarks(&text)[0].contains(value));
            assert_eq!(remarks(&format!("a:\n  password: '{value}'\n")), [""; 0]);
        }
        for line in ["password: 8080", "force-path-style: true", "token-caching: off"] {
            assert_eq!(remarks(&format!("a:\n  {line}\n")), [""; 0], "{line}");
        }
    }

    #[test]
    fn a_public_url_that_nobody_can_open_is_found() {
        for (url, words) in [
            ("http://0.0.0.0:8080/", "to listen on"),
            ("http://[::]:8080/", "to listen on"),
            ("http://localhost:8080/", "this machine alone"),
            ("http://127.0.0.1:8080/", "this machine alone"),
            ("http://kestra:8080/", "a container or service"),
            ("http://kestra.flows.svc.cluster.local/", "a container or service"),
            ("http://host.docker.internal:8080/", "a container or service"),
        ] {
            is_set(&format!("kestra.url: '{url}'\n"), 1, words);
        }
        for url in ["https://ops.example.com/", "http://10.0.0.5/", "${URL}"] {
            assert_eq!(remarks(&format!("kestra.url: {url}\n")), [""; 0], "{url}");
        }
    }

    #[test]
    fn a_url_at_a_property_that_does_not_exist_is_found() {
        is_set("kestra:\n  server:\n    url: https://a.example/\n", 3, "Write kestra.url.");
        let both = "kestra:\n  server: {url: https://b.example/}\n  url: https://a.example/\n";
        is_set(both, 2, "Remove the line");
    }

    #[test]
    fn what_micronaut_does_not_take_of_a_proxy_is_found() {
        let api =
            |line: &str| format!("micronaut.http.services.api:\n  proxy-type: http\n  {line}\n");
        for kind in ["hTTp", "\"http \"", "https", "SOCKS5"] {
            let text = api("proxy-address: a:1").replace("type: http", &format!("type: {kind}"));
            is_set(&text, 2, "does not start");
        }
        for address in [
            "'[::1]:3128'",
            "a:1/",
            "a",
            "'a:1 '",
            "socks5://a:1",
            "' a:1'",
            "https://a:1",
            "//a:1",
            "':1'",
        ] {
            is_set(&api(&format!("proxy-address: {address}")), 3, "proxy-address is");
        }
        let text = api("proxy-address: http://u:hunter2@a:1");
        assert!(!remarks(&text)[0].contains("hunter2") && remarks(&text)[0].contains("of its own"));
        for address in ["a:1", "http://a:1", "http://a:1/", "'http://[::1]:3128'", "${P}"] {
            assert_eq!(remarks(&api(&format!("proxy-address: {address}"))), [""; 0], "{address}");
        }
        is_set(&api("proxy-address: a:1\n  proxy-selector: default"), 4, "is ignored");
    }

    #[test]
    fn what_micronaut_takes_of_a_proxy_is_no_failure() {
        for address in [
            "Proxy.Corp:3128",
            "proxy.corp.:3128",
            "HTTP://proxy.corp:3128",
            "http://proxy.corp",
            "http://proxy.corp:3128/path?x",
        ] {
            let text = format!(
                "micronaut.http.client: {{proxy-type: http, proxy-address: '{address}'}}\n"
            );
            assert_eq!(remarks(&text), [""; 0], "{address}");
        }
    }

    #[test]
    fn no_login_in_an_address_is_repeated() {
        for address in
            ["http://u:hunter2@a:1", "u:hunter2@a:1", "u:hunter2 @a:1", "//u:hunter2@a:1"]
        {
            let text = format!(
                "micronaut.http.client: {{proxy-type: http, proxy-address: '{address}'}}\n"
            );
            let remarks = remarks(&text);
            assert!(
                remarks.len() == 1 && !remarks[0].contains("hunter2"),
                "{address}: {remarks:?}"
            );
        }
    }

    #[test]
    fn a_context_path_has_one_slash_in_front() {
        let open = "kestra.server.basic-auth.open-urls: [/kestra/api/v1/]\n";
        for path in ["kestra", "/kestra/", "//kestra"] {
            is_set(&format!("{open}micronaut.server.context-path: {path}\n"), 2, "write /kestra.");
        }
        let api = "kestra.server.basic-auth.open-urls: [/api/api/v1/]\n";
        assert_eq!(remarks(&format!("{api}micronaut.server.context-path: /api\n")), [""; 0]);
        assert_eq!(remarks(&format!("{open}micronaut.server.context-path: /kestra\n")), [""; 0]);
    }

    #[test]
    fn webhooks_below_a_context_path_have_to_be_opened() {
        is_set("micronaut.server.context-path: /kestra\n", 1, "Webhooks");
        is_set(
            "kestra.server.basic-auth.open-urls: [/api/v1/]\nmicronaut.server.context-path: /k\n",
            2,
            "/k/api/v1/main/executions/webhook/",
        );
        for entries in ["[/ping, /k/api/v1/]", "/ping, /k/api/v1/"] {
            let open = format!("kestra.server.basic-auth.open-urls: {entries}\n");
            assert_eq!(remarks(&format!("{open}micronaut.server.context-path: /k\n")), [""; 0]);
        }
    }

    #[test]
    fn a_good_configuration_has_no_remark() {
        let good = "kestra.url: https://my-host.com/guid/\nmicronaut.http.services.api:\n  \
                    proxy-type: http\n  proxy-address: a:1\n";
        assert_eq!(remarks(good), [""; 0]);
    }
}
