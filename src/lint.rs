//! What on a machine cannot work, or surprises.
//!
//! Only what the questions do not see themselves: their answers are checked as
//! [`problems`](crate::answers::Answers::problems), and the screens correct as they read.

mod address;

use crate::env_file;
use crate::kestra_config::{self, Kind, Reading, Scalar, open_urls};
use crate::kestra_release::{ADVISORY, Era, Release};
use crate::machine::{Machine, Text};
use crate::nginx_site::{self, Server};
use crate::settings::{
    ContextPath, ProxyAddress, ProxyKind, ServerUrl, SiteFile, SiteForm, has_placeholder,
    means_direct, redacted,
};
use std::path::{Path, PathBuf};

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

/// What cannot work in this configuration; APIs without a login are not in it, but in [`open_apis`].
#[must_use]
pub fn config(reading: &Reading) -> Vec<Remark> {
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
    let reinterpreted = reading.iter().filter_map(|(path, scalar)| reinterpreted(path, scalar));
    whole.chain(each).chain(proxies).chain(reinterpreted).collect()
}

/// The context paths under which the login is open, whatever is around their letters.
const OPEN_PATHS: [&str; 3] = ["a", "ap", "api"];

/// The advisory for a release whose login anyone passes.
#[must_use]
pub fn advisory(machine: &Machine) -> Option<String> {
    let Release { name, era, .. } = machine.release()?;
    (era == Some(Era::LoginBypass)).then(|| {
        format!(
            "ANYONE CAN RUN CODE on {name} without a login ({ADVISORY}, severity 10 of 10). Update Kestra before you publish it."
        )
    })
}

/// What a release that closes a context path lacks in this configuration: the entries that open the
/// login page.
#[must_use]
pub fn closed_login(machine: &Machine, reading: &Reading) -> Option<String> {
    let (name, path) = closing(machine, reading)?;
    (!open_urls::are_open(reading)).then(|| {
        format!(
            "{name} closes the login page and webhooks under {path}. {} apply --open-urls login-and-webhooks opens both.",
            machine.defaults.program
        )
    })
}

/// The same for the administrator, who cannot be set up in the browser there.
#[must_use]
pub fn missing_administrator(machine: &Machine, reading: &Reading) -> Option<String> {
    let (name, path) = closing(machine, reading)?;
    reading.get("kestra.server.basic-auth.username").is_none().then(|| {
        format!(
            "{name} has no first setup in the browser under {path}. Before the first start, add the lines kestra.server.basic-auth.username: <e-mail> and kestra.server.basic-auth.password: <password>."
        )
    })
}

/// The release and the context path, where it is known to close that.
fn closing(machine: &Machine, reading: &Reading) -> Option<(String, ContextPath)> {
    let path = open_urls::context_path(reading);
    let Release { name, era, .. } = machine.release()?;
    (era == Some(Era::Closed) && !path.is_root()).then_some((name, path))
}

/// What lets others in or keeps people out, the worst first: it comes before any other note.
#[must_use]
pub fn urgent(machine: &Machine, reading: &Reading) -> Vec<String> {
    let open = open_apis(reading).map(|remark| remark.text);
    let taken = open_urls::opens_setup(reading).map(|entry| {
        format!(
            "ANYONE CAN TAKE OVER THIS KESTRA: {entry} in kestra.server.basic-auth.open-urls opens its first setup, again and again. Remove it at once."
        )
    });
    let closed = closed_login(machine, reading);
    let all = [advisory(machine), open, taken, closed, missing_administrator(machine, reading)];
    all.into_iter().flatten().collect()
}

/// A path that switches the login off: seen with 1.3.25 and 2.0.0-SNAPSHOT.
#[must_use]
pub fn open_apis(reading: &Reading) -> Option<Remark> {
    let path = reading.get("micronaut.server.context-path")?;
    let name = path.text.trim().trim_matches('/');
    OPEN_PATHS.contains(&name).then(|| {
        let text = format!(
            "ANYONE CAN RUN CODE: every API of this Kestra is open without a login, because the context path is /{name}. Change micronaut.server.context-path at once."
        );
        Remark::new(path, text)
    })
}

/// A text without quotes that YAML 1.1 takes for something else: the password `0123` is 83. No
/// value is named, since any may be a secret.
fn reinterpreted(path: &str, scalar: &Scalar) -> Option<Remark> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let is_text = ["password", "username", "secret", "token", "url", "path", "address"]
        .iter()
        .any(|part| name.contains(part));
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
#[must_use]
pub fn surprises(reading: &Reading) -> Vec<Remark> {
    doubtful(reading).into_iter().chain(own_tls(reading)).collect()
}

/// What may not be meant: properties that are set twice, and a public URL that nobody can open.
#[must_use]
pub fn doubtful(reading: &Reading) -> Vec<Remark> {
    let url = [misplaced_url, unreachable_url].into_iter().filter_map(|trap| trap(reading));
    doubled(reading).chain(url).collect()
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

/// Webhooks that a context path closes in most releases.
#[must_use]
pub fn closed_webhooks(reading: &Reading) -> Option<Remark> {
    let path = reading.get("micronaut.server.context-path")?;
    let prefix: ContextPath = path.text.parse().ok()?;
    let open = format!("{prefix}{WEBHOOKS}");
    let is_open = |(name, scalar): (&str, &Scalar)| {
        name.starts_with("kestra.server.basic-auth.open-urls") && open.starts_with(&scalar.text)
    };
    let is_closed = !prefix.is_root() && open_apis(reading).is_none();
    (is_closed && !reading.iter().any(is_open)).then(|| {
        let both = format!("{open} and {WEBHOOKS}");
        let what = format!("Webhooks under a context path answer 401 until kestra.server.basic-auth.open-urls has {both}: releases differ in which of the two they read.");
        Remark::new(path, what)
    })
}

fn own_tls(reading: &Reading) -> Option<Remark> {
    let enabled = reading.get("micronaut.server.ssl.enabled")?;
    (enabled.text == "true").then(|| {
        let what = "Kestra serves https itself (micronaut.server.ssl.enabled), and the nginx file forwards plain http to it.";
        Remark::new(enabled, what)
    })
}

/// What around the configuration makes an edit of it useless, one sentence each.
#[must_use]
pub fn config_warnings(machine: &Machine) -> Vec<String> {
    let around = &machine.surroundings;
    let yaml = around
        .has_yaml_beside
        .then(|| "there is a config.yaml beside it, which Kestra never reads.".to_owned());
    let compose = around.compose_beside.as_ref().map(|compose| {
        format!("{compose} beside it sets KESTRA_CONFIGURATION; a Kestra started from there reads that instead. Open it with --config.")
    });
    let variable = around.has_configuration_variable.then(|| {
        "KESTRA_CONFIGURATION is set here; a Kestra started with it has a second configuration."
            .to_owned()
    });
    let home = around.other_home.as_ref().map(|home| {
        format!("Kestra takes its home from the user database: {}, not $HOME.", home.display())
    });
    let services = machine.place().used_by();
    let shared = (services.len() > 1)
        .then(|| format!("This configuration is used by the services {}.", services.join(", ")));
    let around = yaml.into_iter().chain(compose).chain(variable).chain(home);
    around.chain(shared).chain(variables(machine)).collect()
}

/// Variables beside a configuration, and which of the two wins. A file given with `--config`, and
/// `~/.kestra/config.yml`, win over variables, and these over `KESTRA_CONFIGURATION` and
/// `MICRONAUT_CONFIG_FILES` (measured: 0, -200, -250).
#[must_use]
pub fn variables(machine: &Machine) -> Vec<String> {
    let text = |path: &Path| machine.text(path).map_or("", Text::as_str);
    let place = machine.place();
    let beside = kestra_config::variables_beside(text(machine.config()), place);
    let of = if place.is_kubernetes() { "the container" } else { "the service" };
    let all = beside.names.iter().map(|name| (name.as_str(), of, !beside.has_config_flag));
    let mut all: Vec<(&str, &str, bool)> = all.collect();
    let service = machine.defaults.service.iter();
    all.extend(service.clone().flat_map(|service| {
        let names = service.variables.iter().map(String::as_str);
        names.map(|name| (name, service.name.as_str(), service.variables_win))
    }));
    if place.is_whole() {
        let file = machine.defaults.env_file.as_str();
        let wins = service.clone().any(|service| service.variables_win);
        let names = env_file::names(text(file.as_ref()));
        let names = names.filter(|name| kestra_config::is_property(name));
        all.extend(names.map(|name| (name, file, wins)));
    }
    let flag = beside.has_config_flag.then(|| {
        "The service starts Kestra with --config: that file wins over KESTRA_CONFIGURATION."
            .to_owned()
    });
    let is_first = |at: usize| all[..at].iter().all(|(name, ..)| *name != all[at].0);
    let notes = all.iter().enumerate().filter(|(at, _)| is_first(*at)).map(|(_, &(name, of, wins))| {
        if wins {
            format!("The variable {name} of {of} wins over the same setting in the configuration: change or remove it there.")
        } else {
            format!("The variable {name} of {of} is ignored where the configuration has the same setting.")
        }
    });
    flag.into_iter().chain(notes).collect()
}

/// The env file of a plan, where what starts Kestra does not read it.
#[must_use]
pub fn unread_env_file(machine: &Machine, file: &Path) -> Option<String> {
    let service = machine.defaults.service.as_ref()?;
    let file = file.to_string_lossy();
    let line = service.missing_line(&file)?;
    Some(format!("{} does not read {file}. Add this line to it: {line}", service.name))
}

/// What is uncertain about the port at which the service of a Compose file is published.
#[must_use]
pub fn unpublished(machine: &Machine, settings: &SiteFile) -> Option<String> {
    let reading = machine.reading().ok().flatten()?;
    let published = machine.published_port(&reading)?;
    let port = published.upstream.as_ref().map(|(_, port)| *port);
    let is_used = port.is_none_or(|port| settings.site.upstream.port().get() == port);
    published.note.filter(|_| is_used)
}

/// The nginx of a machine, for its screen; lines of at most 71 columns.
#[must_use]
pub fn nginx_summary(machine: &Machine) -> Vec<String> {
    let nginx = &machine.nginx;
    let Some(binary) = &nginx.binary else {
        return vec!["no nginx on this machine; the file is for you to copy".to_owned()];
    };
    let version =
        nginx.version.map_or(binary.display().to_string(), |version| format!("nginx {version}"));
    let state = if nginx.is_running { "running" } else { "not running" };
    let name = |pattern: &PathBuf| {
        let mut parts = pattern.iter().rev().map(|part| part.to_string_lossy());
        let (file, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("{folder}/{file}")
    };
    let is_folder = |pattern: &&PathBuf| pattern.to_string_lossy().contains('*');
    let patterns = nginx.config.includes.iter().map(|include| &include.pattern);
    let includes: Vec<_> = patterns.filter(is_folder).map(name).collect();
    let mut lines = vec![format!("{version}, {state}; includes {}", includes.join(" and "))];
    if nginx.selinux {
        lines.push("SELinux is enforced: setsebool -P httpd_can_network_connect 1".to_owned());
    }
    lines
}

/// The server block that serves this URL already and is not the wizard's: where it is, and what it
/// lacks, one sentence each.
#[must_use]
pub fn existing_site(machine: &Machine, url: &ServerUrl) -> Vec<String> {
    let config = &machine.nginx.config;
    let Some(server) = machine.site(url) else { return Vec::new() };
    let file = config.file(server);
    if machine.written(file).is_some() {
        return Vec::new();
    }
    let gaps = nginx_site::gaps(config, server, url);
    let place = format!("{}:{}", file.display(), server.0.line);
    let lacks = if gaps.is_empty() { "does all that Kestra needs" } else { "lacks something" };
    let first = format!("the server block at {place} answers to {} and {lacks}.", url.host());
    let each =
        gaps.into_iter().map(|gap| format!("{}: {} {}.", gap.place(), gap.summary, gap.change));
    std::iter::once(first).chain(each).collect()
}

/// The server block that answers to this URL already, where locations are written to go into it.
#[must_use]
pub fn including_server(machine: &Machine, url: &ServerUrl) -> Option<String> {
    let server = machine.site(url)?;
    let (file, line) = (machine.nginx.config.file(server), server.0.line);
    let place = format!("{}:{line}", file.display());
    Some(format!(
        "{place} answers to {} already: the locations go into that server block.",
        url.host()
    ))
}

/// What keeps nginx from serving the file of these settings, one sentence each. With two server
/// blocks for one name, nginx reports `conflicting server name` and ignores the later one.
#[must_use]
pub fn existing_servers(machine: &Machine, settings: &SiteFile) -> Vec<String> {
    let config = &machine.nginx.config;
    let file = settings.file.as_path();
    let SiteForm::Server { names, listen, tls } = &settings.site.form else { return Vec::new() };
    if machine.nginx.conf.is_some() && !config.includes.is_empty() && !config.reads(file) {
        return vec![format!(
            "this nginx includes no file at {}, so it would not read it.",
            file.display()
        )];
    }
    let text = nginx_site::render(&settings.site, &machine.nginx.target());
    let with_ours = config.with(file, &text);
    let ports = [Some(listen.get()), tls.as_ref().map(|tls| tls.port.get())];
    let ports: Vec<_> = ports.into_iter().flatten().collect();
    let conflict = names.iter().map(ToString::to_string).find_map(|name| {
        let others = config.servers().filter(|server| config.file(*server) != file);
        let mut named = others.filter(|server| server.names().any(|own| own == name));
        let is_on = |port: &&u16, server: Server<'_>| {
            server.listens().iter().any(|listen| listen.port == **port)
        };
        let (other, port) = named
            .find_map(|server| ports.iter().find(|port| is_on(port, server)).map(|port| (server, port)))?;
        let answering = with_ours.answering(&name, *port);
        let is_ours = answering.is_some_and(|server| with_ours.file(server) == file);
        let other = config.file(other).display();
        Some(if is_ours {
            format!("{other} answers to {name} already, and nginx would ignore that one from now on. Write as location.")
        } else {
            format!("{other} answers to {name} already, so nginx would ignore this file. Write as location.")
        })
    });
    conflict.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Service;
    use crate::kestra_config::{Place, read_at};
    use crate::machine::Snapshot;

    fn remarks(text: &str) -> Vec<String> {
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

    /// What the release of this Compose file means for a configuration under `/kestra`.
    fn of_release(tag: &str, more: &str) -> Vec<String> {
        let text = format!(
            "services:\n  kestra:\n    image: kestra/kestra:{tag}\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra.url: https://a/kestra/\n        micronaut.server.context-path: /kestra\n{more}"
        );
        let place = kestra_config::places(&text).unwrap().remove(0);
        let mut machine = Machine::new("compose.yml".into(), place.clone());
        machine.see("compose.yml".into(), crate::machine::Snapshot::Text(text.as_str().into()));
        urgent(&machine, &read_at(&text, &place).unwrap())
    }

    #[test]
    fn a_release_whose_login_anyone_passes_is_named_first() {
        let notes = of_release("v1.3.20", "");
        assert_eq!(notes.len(), 1);
        assert!(notes[0].starts_with("ANYONE CAN RUN CODE on kestra/kestra:v1.3.20"), "{notes:?}");
        assert!(notes[0].contains("CVE-2026-53576"));
    }

    #[test]
    fn a_release_that_closes_a_context_path_is_told_with_what_opens_it() {
        let notes = of_release("v1.3.25", "");
        assert!(notes[0].contains("--open-urls login-and-webhooks") && notes.len() == 2);
        assert!(notes[1].contains("kestra.server.basic-auth.username"), "{notes:?}");
        let administrator = "        kestra.server.basic-auth.username: a@b.example\n";
        assert_eq!(of_release("v1.3.25", administrator).len(), 1);
        assert_eq!(of_release("latest", ""), [""; 0]);
    }

    /// What comes before any other note.
    fn urgent_in(text: &str) -> Vec<String> {
        urgent(&Machine::default(), &read_at(text, &Place::default()).unwrap())
    }

    #[test]
    fn a_path_that_opens_every_api_comes_first() {
        for path in ["/api", "ap", "/a/"] {
            let notes = urgent_in(&format!("micronaut.server.context-path: {path}\n"));
            assert!(notes[0].starts_with("ANYONE CAN RUN CODE: every API"), "{notes:?}");
            assert_eq!(remarks(&format!("micronaut.server.context-path: {path}\n")), [""; 0]);
        }
    }

    #[test]
    fn an_entry_that_opens_the_first_setup_comes_first() {
        let open = |path: &str, entry: &str| {
            let path = format!("micronaut.server.context-path: {path}\n");
            urgent_in(&format!("{path}kestra.server.basic-auth.open-urls: [/ping, {entry}]\n"))
        };
        for (path, entry) in [("/k", "/k/api/v1/main/basicAuth"), ("''", "/api/v1/main/b")] {
            let notes = open(path, entry);
            assert!(notes[0].starts_with("ANYONE CAN TAKE OVER THIS KESTRA"), "{notes:?}");
            assert!(notes[0].contains(&format!(": {entry} in ")), "{notes:?}");
        }
        assert_eq!(open("/k", "/k/api/v1/main/executions/webhook/"), [""; 0]);
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
        assert_eq!(remarks("a:\n  password: 8080\n"), [""; 0]);
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

    /// What is noted about the configuration `c.yml` with `kestra.env` beside it.
    fn around(config: &str, env: &str) -> Vec<String> {
        let mut machine = Machine::new("c.yml".into(), kestra_config::only_place(config));
        machine.see("c.yml".into(), Snapshot::Text(config.into()));
        machine.defaults.env_file = "kestra.env".to_owned();
        machine.see("kestra.env".into(), Snapshot::Text(env.into()));
        config_warnings(&machine)
    }

    #[test]
    fn variables_of_a_service_win_over_its_text_unless_a_file_is_named() {
        let compose = "services:\n  k:\n    image: kestra/kestra\n    command: server standalone\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra:\n          url: https://a.example/\n      KESTRA_URL: https://b.example/\n      KESTRA_CONFIGURATION_PATH: /app\n      PATH: /bin\n";
        let wins = "The variable KESTRA_URL of the service wins over the same setting in the configuration: change or remove it there.";
        assert_eq!(around(compose, "KESTRA_X=1\n"), [wins]);
        for command in ["server standalone --config /x.yml", "[server, -c, /x.yml]"] {
            let notes = around(&compose.replace("server standalone", command), "");
            assert!(notes[0].contains("that file wins"), "{command}: {notes:?}");
            assert!(
                notes[1].contains("KESTRA_URL of the service is ignored"),
                "{command}: {notes:?}"
            );
        }
    }

    #[test]
    fn variables_of_a_container_win_over_its_configuration() {
        let values = "configurations:\n  application:\n    kestra: {url: a}\ncommon:\n  extraEnv:\n    - name: KESTRA_URL\n      value: b\n    - name: PATH\n      value: c\n";
        let notes = around(values, "");
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("KESTRA_URL of the container wins"), "{notes:?}");
    }

    #[test]
    fn variables_of_what_starts_kestra_are_found_and_which_wins() {
        let text = "kestra.url: https://a.example/\n";
        for (variables_win, words) in [(false, "is ignored"), (true, "wins over")] {
            let mut machine = Machine::new("c.yml".into(), Place::default());
            machine.see("c.yml".into(), Snapshot::Text(text.into()));
            let variables = vec!["KESTRA_CONFIGURATION".to_owned()];
            let name = "flows.service".to_owned();
            let service = Service { name, variables, variables_win, ..Service::default() };
            machine.defaults.service = Some(service);
            let notes = super::variables(&machine);
            let wanted = format!("KESTRA_CONFIGURATION of flows.service {words}");
            assert!(notes.len() == 1 && notes[0].contains(&wanted), "{notes:?}");
        }
    }

    #[test]
    fn variables_beside_a_file_are_ignored() {
        let env = "PROXY_PASSWORD=x\nMICRONAUT_SERVER_PORT=1\nexport KESTRA_URL=y\n";
        let notes = around("kestra.url: https://a.example/\n", env);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes.iter().all(|note| note.contains("of kestra.env is ignored")), "{notes:?}");
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
    }

    #[test]
    fn a_good_configuration_has_no_remark() {
        let good = "kestra.url: https://my-host.com/guid/\nmicronaut.http.services.api:\n  \
                    proxy-type: http\n  proxy-address: a:1\n";
        assert_eq!(remarks(good), [""; 0]);
    }
}
