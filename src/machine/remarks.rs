//! What in a configuration makes an edit useless, stops Kestra from starting, or surprises.
//!
//! Only what the questions do not see themselves: their answers are looked at as
//! [`problems`](crate::answers::Answers::problems), and the screens correct as they read.

mod address;

use crate::kestra_config::{Kind, Reading, Scalar};
use crate::settings::{
    ContextPath, ProxyAddress, ProxyKind, has_placeholder, means_direct, redacted,
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

/// Where webhooks arrive, below the context path.
const WEBHOOKS: &str = "/api/v1/main/executions/webhook/";

/// Something that is good to know about a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What is so and what to do, in sentences.
    pub text: String,
    /// The line that it is about, counted from 1.
    pub line: usize,
}

impl Remark {
    fn new(at: &Scalar, text: impl Into<String>) -> Self {
        Self { text: text.into(), line: at.line }
    }
}

/// What cannot work in this configuration.
#[must_use]
pub fn of(reading: &Reading) -> Vec<Remark> {
    let each = NEVER_NULL.into_iter().flat_map(|property| of_property(reading, property));
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
    each.chain(whole.into_iter().filter_map(|trap| trap(reading))).chain(proxies).collect()
}

/// What works and surprises, for whoever asks what can be proved.
#[must_use]
pub fn surprises(reading: &Reading) -> Vec<Remark> {
    [closed_webhooks, own_tls].into_iter().filter_map(|trap| trap(reading)).collect()
}

fn of_property(reading: &Reading, property: &str) -> Vec<Remark> {
    let Some(scalar) = reading.get(property) else { return Vec::new() };
    let mut all = Vec::new();
    if scalar.kind == Kind::Null {
        all.push(Remark::new(scalar, format!("{property} is empty: Kestra does not start with that. Give it a value or remove the line.")));
    }
    if let [.., first, last] = reading.lines(property)[..] {
        all.push(Remark::new(scalar, format!("{property} stands there twice, in lines {first} and {last}; which one counts depends on the version of Kestra.")));
    }
    all
}

/// Kestra adds `ui/` itself (`facts/kestra.md` 4).
fn doubled_ui(reading: &Reading) -> Option<Remark> {
    let url = reading.get("kestra.url")?;
    let text = url.text.trim_end_matches('/');
    let end = ["ui", "api", "api/v1"].into_iter().find(|end| {
        text.strip_suffix(end).is_some_and(|rest| rest.ends_with('/') && !rest.ends_with("//"))
    })?;
    let what = format!("kestra.url ends in {end}/: Kestra adds ui/ itself, so no link will work.");
    Some(Remark::new(url, what))
}

/// Kestra takes the path as it stands, where the form corrects it: routes take any form, the pages
/// only this one, and `/api` switches the login off (`facts/kestra.md` 5.1).
fn bent_path(reading: &Reading) -> Option<Remark> {
    let scalar = reading.get("micronaut.server.context-path")?;
    let text = scalar.text.as_str();
    let path: ContextPath = text.parse().ok()?;
    let is_bent = scalar.kind != Kind::Null && path.as_str() != text;
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

/// Micronaut takes three spellings of each type; with any other Kestra does not start
/// (`facts/kestra.md` 2.2).
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
    let trouble = address::trouble(&scalar.text)?;
    let is_address = scalar.text.parse::<ProxyAddress>().is_ok();
    let shown = if is_address { scalar.text.as_str().into() } else { redacted(&scalar.text) };
    Some(Remark::new(scalar, format!("{property} is \"{shown}\". {trouble}")))
}

/// A selector counts for more than an address (`facts/kestra.md` 1.5).
fn selector_before_address(reading: &Reading) -> Option<Remark> {
    let selector = proxy(reading, "proxy-selector")?;
    proxy(reading, "proxy-address")?;
    let what = "proxy-selector is set, so proxy-address counts for nothing. Remove one of the two.";
    Some(Remark::new(selector, what))
}

/// The default type is `DIRECT`, which refuses an address at each request (`facts/kestra.md` 2.3).
fn address_without_type(reading: &Reading) -> Option<Remark> {
    let address = proxy(reading, "proxy-address")?;
    let is_direct = |kind: &Scalar| kind.text.eq_ignore_ascii_case("direct");
    proxy(reading, "proxy-type").is_none_or(is_direct).then(|| {
        let what = "proxy-address stands there without proxy-type: every request of Kestra fails.";
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

/// The list of addresses that need no login knows nothing of a context path
/// (`facts/kestra.md` 5.2).
fn closed_webhooks(reading: &Reading) -> Option<Remark> {
    let path = reading.get("micronaut.server.context-path")?;
    let prefix: ContextPath = path.text.parse().ok()?;
    let open = format!("{prefix}{WEBHOOKS}");
    let is_open = |(name, scalar): (&str, &Scalar)| {
        name.starts_with("kestra.server.basic-auth.open-urls") && open.starts_with(&scalar.text)
    };
    (!prefix.is_root() && !reading.iter().any(is_open)).then(|| {
        let what = format!("Webhooks below a context path answer 401 until kestra.server.basic-auth.open-urls has {open}.");
        Remark::new(path, what)
    })
}

fn own_tls(reading: &Reading) -> Option<Remark> {
    let enabled = reading.get("micronaut.server.ssl.enabled")?;
    (enabled.text == "true").then(|| {
        let what = "Kestra speaks https itself (micronaut.server.ssl.enabled), and the nginx file forwards plain http to it.";
        Remark::new(enabled, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kestra_config::{Place, read_at};

    fn said(text: &str) -> Vec<String> {
        let reading = read_at(text, &Place::default()).unwrap();
        let all = of(&reading).into_iter().chain(surprises(&reading));
        all.map(|remark| format!("{}: {}", remark.line, remark.text)).collect()
    }

    /// Exactly one remark, about this line, with these words in it.
    fn is_set(text: &str, line: usize, words: &str) {
        let said = said(text);
        assert_eq!(said.len(), 1, "{text}: {said:?}");
        assert!(said[0].starts_with(&format!("{line}: ")) && said[0].contains(words), "{said:?}");
    }

    #[test]
    fn every_trap_is_found() {
        is_set("kestra:\n  url:\n", 2, "kestra.url is empty");
        is_set("kestra: {url: 'https://a/'}\nkestra.url: https://b/\n", 2, "twice");
        is_set("kestra:\n  url: https://a/kestra/ui/\n", 2, "ends in ui/");
        is_set("kestra:\n  url: https://a/api/v1\n", 2, "ends in api/v1/");
        is_set("micronaut.http.services.api.proxy-address: a:1\n", 1, "without proxy-type");
        is_set(
            "micronaut.http.client:\n  proxy-type: DIRECT\n  proxy-address: a:1\n",
            3,
            "without proxy-type",
        );
        is_set("micronaut.http.client.proxy-authorization: Basic x\n", 1, "does not act on");
        is_set("micronaut.server.ssl.enabled: on\n", 1, "speaks https itself");
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
        assert!(!said(&text)[0].contains("hunter2") && said(&text)[0].contains("of its own"));
        for address in ["a:1", "http://a:1", "http://a:1/", "'http://[::1]:3128'", "${P}"] {
            assert_eq!(said(&api(&format!("proxy-address: {address}"))), [""; 0], "{address}");
        }
        is_set(&api("proxy-address: a:1\n  proxy-selector: default"), 4, "counts for nothing");
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
            assert_eq!(said(&text), [""; 0], "{address}");
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
            let said = said(&text);
            assert!(said.len() == 1 && !said[0].contains("hunter2"), "{address}: {said:?}");
        }
    }

    #[test]
    fn a_context_path_has_one_slash_in_front() {
        let open = "kestra.server.basic-auth.open-urls: [/kestra/api/v1/]\n";
        for path in ["kestra", "/kestra/", "//kestra"] {
            is_set(&format!("{open}micronaut.server.context-path: {path}\n"), 2, "write /kestra.");
        }
        let api = "kestra.server.basic-auth.open-urls: [/api/api/v1/]\n";
        is_set(&format!("{api}micronaut.server.context-path: /api\n"), 2, "remove the line.");
        assert_eq!(said(&format!("{open}micronaut.server.context-path: /kestra\n")), [""; 0]);
    }

    #[test]
    fn webhooks_below_a_context_path_have_to_be_opened() {
        is_set("micronaut.server.context-path: /kestra\n", 1, "Webhooks");
        is_set(
            "kestra.server.basic-auth.open-urls: [/api/v1/]\nmicronaut.server.context-path: /k\n",
            2,
            "/k/api/v1/main/executions/webhook/",
        );
    }

    #[test]
    fn a_good_configuration_has_no_remark() {
        let good = "kestra.url: https://my-host.com/guid/\nmicronaut.http.services.api:\n  \
                    proxy-type: http\n  proxy-address: a:1\n";
        assert_eq!(said(good), [""; 0]);
    }
}
