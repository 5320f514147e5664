//! What Docker Compose makes of a file: interpolation, published ports, mounted files, variables.

use super::place::{Place, PlaceKind};
use super::places::{self, VARIABLE};
use super::text;
use super::yaml::{Id, Tree};

/// Kestra's port in its container, unless `micronaut.server.port` is another.
pub(crate) const KESTRA_PORT: u16 = 8080;

/// Where a Compose file publishes a port of the service that is edited.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PublishedPort {
    /// Host and port; `None` where no port of this machine leads to Kestra for certain.
    pub(crate) upstream: Option<(String, u16)>,
    /// What is uncertain about it, as a sentence.
    pub(crate) note: Option<String>,
}

/// The address at which one of these services of a Compose file publishes a port of its container;
/// `None` where the file has none of them.
pub(crate) fn published_port(
    source: &str,
    services: &[String],
    port: u16,
) -> Option<PublishedPort> {
    if services.is_empty() {
        return None;
    }
    let tree = Tree::parse(source).ok()?;
    let named = named(&tree, services).into_iter();
    let all = named.map(|(name, service)| published(&tree, name, service, port));
    all.min_by_key(|it| it.upstream.is_none())
}

fn named<'t>(tree: &'t Tree, names: &[String]) -> Vec<(&'t str, Id)> {
    let mut services = places::services(tree);
    services.retain(|(name, _)| names.iter().any(|it| it == name));
    services
}

/// The image that runs Kestra, as far as the file names it: that of the Compose service, or of the
/// Helm chart's values beside the configuration.
pub(crate) fn image(source: &str, place: &Place) -> Option<String> {
    if !matches!(place.kind(), PlaceKind::Compose | PlaceKind::Helm) {
        return None;
    }
    if place.is_compose() {
        return beside(source, place).image;
    }
    let tree = Tree::parse(source).ok()?;
    let root = tree.documents.first()?.root;
    let charts = places::effective_entries(&tree, root).into_iter().map(|(_, value)| value);
    let image = |map: Id| places::value(&tree, map, "image");
    let image = std::iter::once(root).chain(charts).find_map(image)?;
    Some(format!("kestra/kestra:{}", text_of(&tree, image, "tag")?))
}

/// A text that is not empty, of a key.
fn text_of(tree: &Tree, map: Id, key: &str) -> Option<String> {
    let text = tree.scalar(places::value(tree, map, key)?);
    (!text.is_empty()).then(|| text.to_owned())
}

fn published(tree: &Tree, name: &str, service: Id, port: u16) -> PublishedPort {
    let is_on_host =
        places::value(tree, service, "network_mode").is_some_and(|it| tree.scalar(it) == "host");
    if is_on_host {
        return PublishedPort { upstream: Some(("localhost".to_owned(), port)), note: None };
    }
    let ports = listed(tree, service, "ports").into_iter();
    let leading = ports.filter_map(|entry| published_by(tree, name, entry, port));
    leading.min_by_key(|it| it.upstream.is_none()).unwrap_or_else(|| {
        let note = format!(
            "Service {name} publishes no port of Kestra's {port} on this machine: nginx cannot reach it without one in `ports:`."
        );
        PublishedPort { upstream: None, note: Some(note) }
    })
}

/// The entries of a list, or what is in its place.
fn listed(tree: &Tree, service: Id, key: &str) -> Vec<Id> {
    let Some(value) = places::value(tree, service, key) else { return Vec::new() };
    let items: Vec<Id> = tree.items(value).map(|item| tree.resolve(item)).collect();
    if items.is_empty() { vec![value] } else { items }
}

/// Where an entry of `ports` publishes this port; `None` for another port of the container.
fn published_by(tree: &Tree, name: &str, entry: Id, port: u16) -> Option<PublishedPort> {
    let (address, host, container) = if tree.is_map(entry) {
        let text = |key| places::value(tree, entry, key).map_or("", |id| tree.scalar(id));
        (text("protocol") != "udp").then(|| (text("host_ip"), text("published"), text("target")))
    } else {
        let (before, container) = split_at_last_colon(tree.scalar(entry));
        let (address, host) = split_at_last_colon(before);
        let tcp = container.strip_suffix("/tcp").unwrap_or(container);
        (!tcp.ends_with("/udp")).then_some((address, host, tcp))
    }?;
    let (first, last) = range(default_of(container).0)?;
    let offset = port.checked_sub(first).filter(|_| port <= last)?;
    let (default, variable) = default_of(host);
    let Some((first, _)) = range(default) else {
        let written = if host.is_empty() { "any free port" } else { host };
        let note = format!(
            "Service {name} publishes port {port} as {written}, which is known only when it runs: give upstream."
        );
        return Some(PublishedPort { upstream: None, note: Some(note) });
    };
    let address = match default_of(address).0.trim_matches(['[', ']']) {
        "" | "0.0.0.0" | "::" | "127.0.0.1" | "localhost" => "localhost".to_owned(),
        address if address.contains(':') => format!("[{address}]"),
        address => address.to_owned(),
    };
    let upstream = Some((address, first.saturating_add(offset)));
    let note = variable.map(|variable| {
        format!("The port of service {name} is the variable {variable}; its default counts here.")
    });
    Some(PublishedPort { upstream, note })
}

/// What is before the last colon that is in no braces or brackets, if there is one, and the rest.
fn split_at_last_colon(text: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    let is_it = |c: char| {
        match c {
            '}' | ']' => depth += 1,
            '{' | '[' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ':' && depth == 0
    };
    text.rfind(is_it).map_or(("", text), |at| (&text[..at], &text[at + 1..]))
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

/// `8081` and the name for `${PORT:-8081}`; the text itself where it is no variable with a default.
fn default_of(text: &str) -> (&str, Option<&str>) {
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    match inner.and_then(|inner| inner.split_once('-')) {
        Some((name, default)) => (default, Some(name.trim_end_matches(':'))),
        None => (text, None),
    }
}

/// What the services or containers that use a configuration set beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Beside {
    /// The variables that Kestra reads as properties. They win over the text of
    /// `KESTRA_CONFIGURATION` (measured: environment -200, configuration -250).
    pub(crate) names: Vec<String>,
    /// Whether Kestra is started with `--config`: that file wins over both (measured: 0).
    pub(crate) has_config_flag: bool,
    /// The env files, as they are written.
    pub(crate) env_files: Vec<String>,
    /// The first image.
    pub(crate) image: Option<String>,
}

/// What a file sets beside the configuration at a place of it.
pub(crate) fn beside(source: &str, place: &Place) -> Beside {
    let mut beside = Beside::default();
    if !place.is_compose() && !place.is_kubernetes() {
        return beside;
    }
    let Ok(tree) = Tree::parse(source) else { return beside };
    if place.is_kubernetes() {
        beside.of_containers(&tree);
    }
    for (_, service) in named(&tree, place.used_by()) {
        beside.of_service(&tree, service);
    }
    beside.names.retain(|name| name != VARIABLE);
    beside
}

impl Beside {
    fn of_service(&mut self, tree: &Tree, service: Id) {
        let parts =
            ["entrypoint", "command"].into_iter().flat_map(|key| listed(tree, service, key));
        let words = parts.flat_map(|part| tree.scalar(part).split_whitespace());
        // A `-c` before the command of Kestra is that of a shell.
        let mut words = words.skip_while(|word| *word != "server");
        self.has_config_flag |=
            words.any(|word| matches!(word, "-c" | "--config") || word.starts_with("--config="));
        let path = |id| if tree.is_map(id) { places::value(tree, id, "path") } else { Some(id) };
        let paths = listed(tree, service, "env_file").into_iter().filter_map(path);
        self.env_files.extend(paths.map(|id| tree.scalar(id).to_owned()));
        self.image = self.image.take().or_else(|| text_of(tree, service, "image"));
        let Some(environment) = places::value(tree, service, "environment") else { return };
        for (key, _) in places::effective_entries(tree, environment) {
            self.add(tree.key(key));
        }
        for item in tree.items(environment) {
            self.add(tree.scalar(tree.resolve(item)).split('=').next().unwrap_or_default());
        }
    }

    /// Entries `{name: …, value: …}` of any list, and the data of a `ConfigMap`.
    fn of_containers(&mut self, tree: &Tree) {
        for map in (0..tree.nodes.len()).filter(|id| tree.is_map(*id)) {
            for (key, value) in tree.entries(map) {
                let key = tree.key(key);
                self.add(if key == "name" { tree.scalar(tree.resolve(value)) } else { key });
            }
        }
    }

    fn add(&mut self, name: &str) {
        if is_property(name) && !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }
}

/// Whether Kestra reads a variable of this name as a property; those of its start script are none.
pub(crate) fn is_property(name: &str) -> bool {
    const OF_START: [&str; 2] = ["KESTRA_CONFIGURATION_PATH", "KESTRA_PLUGINS_PATH"];
    let prefixes = ["KESTRA_", "MICRONAUT_", "DATASOURCES_", "ENDPOINTS_"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) && !OF_START.contains(&name)
}

/// Refuses a text that Compose refuses, with the line: a `$` that begins neither `$$` nor a variable.
pub(super) fn check_interpolation(source: &str, start: usize, end: usize) -> Result<(), usize> {
    let text = &source[start..end];
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let after = at + found + 1;
        let length = variable_length(&text[after..]);
        at = after + length.ok_or_else(|| text::line_of(source, start + after))?;
    }
    Ok(())
}

/// The length of `$`, `NAME`, `{NAME}` or `{NAME:-default}` after a `$`.
fn variable_length(rest: &str) -> Option<usize> {
    if rest.starts_with('$') {
        return Some(1);
    }
    let inner = rest.strip_prefix('{').unwrap_or(rest);
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let after = inner.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let length = rest.len() - after.len();
    if !rest.starts_with('{') {
        return Some(length);
    }
    let operator = after.strip_prefix(':').unwrap_or(after);
    if !after.starts_with('}') && !operator.starts_with(['-', '+', '?']) {
        return None;
    }
    let mut depth = 1_usize;
    let closes = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    };
    Some(length + text::rest_of_line(after, 0).find(closes)? + 1)
}

/// A YAML file that a service of a Compose file mounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mounted {
    pub(crate) service: String,
    /// The file as it is written.
    pub(crate) file: String,
    /// What the service sets beside it.
    pub(crate) beside: Beside,
}

/// The YAML file that a service mounts, Kestra's before any other.
pub(crate) fn mounted_file(source: &str) -> Option<Mounted> {
    let tree = Tree::parse(source).ok()?;
    let (name, service, file, target) = mounted_in(&tree)?;
    let mut beside = Beside::default();
    beside.of_service(&tree, service);
    // Kestra reads it there by default.
    beside.has_config_flag |= target.ends_with(".kestra/config.yml");
    Some(Mounted { service: name.to_owned(), file: file.to_owned(), beside })
}

/// A service by name and node, the configuration file that it mounts, as it is written, and the path
/// of that in its container.
pub(super) fn mounted_in<'t>(tree: &'t Tree) -> Option<(&'t str, Id, &'t str, &'t str)> {
    let mut services = places::services(tree);
    let is_kestra = |service: Id| {
        let image = places::value(tree, service, "image").map_or("", |id| tree.scalar(id));
        image.contains("kestra")
    };
    services.sort_by_key(|&(_, service)| !is_kestra(service));
    services.iter().find_map(|&(name, service)| {
        let mut mounted = listed(tree, service, "volumes").into_iter().filter_map(|volume| {
            if tree.is_map(volume) {
                let text = |key| Some(tree.scalar(places::value(tree, volume, key)?));
                return Some((text("source")?, text("target").unwrap_or_default()));
            }
            let mut parts = tree.scalar(volume).split(':');
            Some((parts.next()?, parts.next().unwrap_or_default()))
        });
        let (file, target) = mounted.find(|(file, _)| places::is_yaml_file(file))?;
        Some((name, service, file, target))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(ports: &str) -> PublishedPort {
        let text = format!(
            "services:\n  k:\n    image: kestra/kestra\n    {ports}\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra:\n          url: a\n"
        );
        let place = super::super::places(&text).unwrap().remove(0);
        published_port(&text, place.used_by(), KESTRA_PORT).unwrap()
    }

    #[test]
    fn the_image_is_that_of_the_service_or_the_chart() {
        let chart = "image:\n  tag: v1.3.25\nconfigurations:\n  application:\n    kestra:\n      url: https://a/\n";
        for (text, found) in [
            (chart.to_owned(), Some("kestra/kestra:v1.3.25")),
            (chart.replace("  tag: v1.3.25\n", "  pullPolicy: Always\n"), None),
            ("kestra:\n  url: https://a/\n".to_owned(), None),
        ] {
            let place = places::places(&text).unwrap().remove(0);
            assert_eq!(image(&text, &place).as_deref(), found, "{text}");
        }
    }

    #[test]
    fn the_published_port_is_the_upstream() {
        for (ports, upstream) in [
            ("ports: [\"8081:8080\"]", "localhost:8081"),
            ("ports: [\"9000:9000\", \"8081:8080/tcp\"]", "localhost:8081"),
            ("ports: [\"127.0.0.1:8081:8080\"]", "localhost:8081"),
            ("ports: [\"192.0.2.7:8081:8080\"]", "192.0.2.7:8081"),
            ("ports: [\"[::1]:8081:8080\"]", "[::1]:8081"),
            ("ports: [\"8090-8095:8079-8084\"]", "localhost:8091"),
            ("ports: [{target: 8080, published: 8081}]", "localhost:8081"),
            ("ports: [{target: 8080, published: \"8081\", host_ip: 192.0.2.7}]", "192.0.2.7:8081"),
            ("ports: [\"${KESTRA_PORT:-8081}:8080\"]", "localhost:8081"),
            ("network_mode: host", "localhost:8080"),
        ] {
            let found = port(ports).upstream.map(|(host, port)| format!("{host}:{port}"));
            assert_eq!(found.as_deref(), Some(upstream), "{ports}");
        }
    }

    #[test]
    fn a_port_that_is_not_known_is_a_note() {
        for ports in [
            "ports: [\"8080\"]",
            "ports: [\"${KESTRA_PORT}:8080\"]",
            "ports: [\"8081:8080/udp\"]",
            "expose: [\"8080\"]",
            "restart: always",
        ] {
            let port = port(ports);
            assert!(port.upstream.is_none() && port.note.is_some(), "{ports}");
        }
    }

    #[test]
    fn the_variables_of_a_list_count_beside_a_mounted_file() {
        let text = "services:\n  k:\n    image: kestra/kestra\n    volumes: [./k.yml:/k.yml]\n    \
                    environment: [A=b, MICRONAUT_SERVER_PORT=1]\n";
        assert_eq!(mounted_file(text).unwrap().beside.names, ["MICRONAUT_SERVER_PORT"]);
    }

    #[test]
    fn the_c_of_a_shell_is_not_that_of_kestra() {
        for (lines, is_flag) in [
            ("entrypoint: /bin/bash\n    command: [-c, /app/kestra server standalone]", false),
            ("entrypoint: /bin/bash\n    command: [-c, /app/kestra server local -c /k.yml]", true),
            ("entrypoint: [/app/kestra, server, local]\n    command: [-c, /k.yml]", true),
            ("command: server standalone --config=/k.yml", true),
        ] {
            let text = format!(
                "services:\n  k:\n    {lines}\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra.url: a\n"
            );
            let place = super::super::places(&text).unwrap().remove(0);
            assert_eq!(super::beside(&text, &place).has_config_flag, is_flag, "{lines}");
        }
    }

    #[test]
    fn a_dollar_that_compose_refuses_is_found() {
        for good in ["$$", "a$$b", "$A_1.", "${A}", "${A:-b}", "${A:-${B}}", "${A?no}", "${A:+x}"] {
            assert!(check_interpolation(good, 0, good.len()).is_ok(), "{good}");
        }
        for bad in [
            "$",
            "$ ",
            "$1",
            "${",
            "${}",
            "${A B}",
            "${A",
            "${NOT A VALID $ thing}",
            "pa$-",
            "${A:-b",
            "${A:-b\n}",
            "${A:-${B}",
        ] {
            assert!(check_interpolation(bad, 0, bad.len()).is_err(), "{bad}");
        }
    }
}
