//! What Kestra needs of the server block in front of it, and what an existing one lacks.
//!
//! Judged by its directives alone, so that it is known also when neither nginx nor Kestra runs. The
//! values of a block that is not ours are never repeated, hosts, ports, times and sizes apart.

use super::conf::{Directive, bytes, parse, parse_file, seconds};
use super::server::{Config, Server, matches};
use crate::settings::ServerUrl;
use std::fmt;
use std::path::{Path, PathBuf};

/// How long nginx waits for the next byte where nothing is set, in seconds.
const DEFAULT_TIMEOUT: u64 = 60;
/// How long Kestra keeps a silent event stream open, in seconds.
const STREAM_TIMEOUT: u64 = 3600;
/// The largest body that nginx accepts where nothing is set.
const DEFAULT_BODY: u64 = 1 << 20;
/// The largest body that Kestra accepts.
const LARGEST_BODY: u64 = 10 << 30;

/// Something that Kestra needs and a server block does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// A stable name for scripts.
    pub(crate) code: &'static str,
    /// Whether Kestra cannot be used at all.
    pub(crate) is_failure: bool,
    /// What is wrong, one sentence.
    pub(crate) summary: String,
    pub(crate) file: PathBuf,
    /// The line of the directive to change, or of the block to add to.
    pub(crate) line: usize,
    pub(crate) change: Change,
}

/// What closes a gap; the directives are whole lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Add these to the block that begins in that line.
    Add(Vec<String>),
    /// Write this instead of that line.
    Replace(String),
    /// Remove the directive in that line.
    Remove,
    /// Include Kestra's locations in the block that begins in that line.
    Include,
    /// Look at that line, since it cannot be judged here.
    Look,
}

impl Gap {
    fn new(code: &'static str, summary: impl Into<String>, at: &Directive, change: Change) -> Self {
        let (summary, file) = (summary.into(), at.file.to_path_buf());
        Self { code, is_failure: false, summary, file, line: at.line, change }
    }

    /// A directive with a regular expression that only nginx can judge.
    pub(crate) fn unjudged(at: &Directive) -> Self {
        let summary =
            "this regular expression is not understood here, so what it takes is not judged.";
        Self::new("nginx-regex", summary, at, Change::Look)
    }

    fn failure(self) -> Self {
        Self { is_failure: true, ..self }
    }

    /// Where the change is to be made.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(lines) => write!(f, "Add \"{}\" to this block", lines.join(" ")),
            Self::Replace(line) => write!(f, "Write \"{line}\" instead"),
            Self::Remove => f.write_str("Remove this line"),
            Self::Include => f.write_str("Add a location for Kestra to this server block"),
            Self::Look => f.write_str("Make sure that it takes no request for Kestra"),
        }
    }
}

/// Whether this server block passes requests for this URL on to another server.
pub fn passes(config: &Config, server: Server<'_>, url: &ServerUrl) -> bool {
    let location = ServingLocation::of(config, server, format!("{}/ui/", url.path()));
    location.is_ok_and(|location| location.is_some_and(|it| it.own("proxy_pass").is_some()))
}

/// Whether this server block sends requests for this URL to https.
pub fn redirects(config: &Config, server: Server<'_>, url: &ServerUrl) -> bool {
    let to_https = |block: &[Directive]| {
        block.iter().any(|it| {
            matches!(&*it.name, "return" | "rewrite") && it.value().contains("https://")
                || it.name == "if" && it.block.iter().any(|it| it.value().contains("https://"))
        })
    };
    let location = ServingLocation::of(config, server, format!("{}/ui/", url.path()));
    let is_in_location =
        location.is_ok_and(|it| it.is_some_and(|it| to_https(&it.directive.block)));
    is_in_location || to_https(&server.0.block)
}

/// What this server block lacks of what the Kestra behind this URL needs.
pub fn gaps(config: &Config, server: Server<'_>, url: &ServerUrl) -> Vec<Gap> {
    let wanted = url.path();
    let location = |page: &str| ServingLocation::of(config, server, format!("{wanted}/{page}"));
    let pages = ["ui/", "api/v1/main/executions/id/follow", "ui/assets/index.js"].map(location);
    let mut gaps: Vec<Gap> = Vec::new();
    for location in &pages {
        let gap = match location {
            Err(unjudged) => Some(Gap::unjudged(unjudged)),
            Ok(None) => {
                let summary = format!("no location of this server block takes {wanted}/.");
                Some(Gap::new("nginx-location", summary, server.0, Change::Include).failure())
            }
            Ok(Some(location)) => location.reach_gap(wanted.as_str()),
        };
        let is_new = |gap: &Gap| !gaps.iter().any(|it| (it.code, it.line) == (gap.code, gap.line));
        gaps.extend(gap.filter(is_new));
    }
    let [Ok(Some(ui)), Ok(Some(api)), _] = &pages else { return gaps };
    if gaps.iter().any(|gap| gap.is_failure) {
        return gaps;
    }
    gaps.extend([api.buffering(), api.timeout(), api.body()].into_iter().flatten());
    // Where something in front of nginx ends the TLS, `$scheme` is not that of the client.
    let has_tls_in_front = url.is_https() && !server.has_tls();
    let headers = |it: &ServingLocation| {
        [it.host(url), it.forwarded(has_tls_in_front), it.scheme(has_tls_in_front)]
    };
    for gap in [api, ui].into_iter().flat_map(headers).flatten() {
        if !gaps.contains(&gap) {
            gaps.push(gap);
        }
    }
    gaps.extend(plain_http(config, server, url));
    gaps
}

/// The same for a file on its own, be it server blocks or locations. `None` where it does not answer
/// this URL.
pub fn gaps_of_file(text: &str, file: &Path, url: &ServerUrl) -> Option<Vec<Gap>> {
    let mut http = parse_file(text, file);
    if http.iter().any(|directive| directive.name == "location") {
        let (name, args) = ("server".to_owned(), Vec::new());
        // The block that includes them is not known: it counts as one for this URL.
        let tls = if url.is_https() { " ssl" } else { "" };
        let mut block = parse(&format!("listen {}{tls};", url.effective_port()));
        block.extend(http);
        http = vec![Directive { name, args, block, file: file.into(), line: 1 }];
    }
    let config = Config { http, ..Config::default() };
    let server = config.answering_url(url).next()?;
    Some(gaps(&config, server, url))
}

/// The location that takes a request, and the blocks around it, from `http {}` inwards.
struct ServingLocation<'a> {
    blocks: Vec<&'a [Directive]>,
    directive: &'a Directive,
    request: String,
}

impl<'a> ServingLocation<'a> {
    /// The location that takes a path. An error is one that may, and cannot be judged.
    fn of(
        config: &'a Config,
        server: Server<'a>,
        request: String,
    ) -> Result<Option<Self>, &'a Directive> {
        let (mut locations, _) = find(&server.0.block, &request)?;
        // What is no file goes on to a named location, such as that of `try_files $uri @kestra`.
        let named =
            locations.last().and_then(|it| it.block.iter().find(|it| it.name == "try_files"));
        let named = named.and_then(|it| it.args.last()).filter(|name| name.text.starts_with('@'));
        let is_it =
            |it: &&Directive| it.name == "location" && it.first() == named.map(|it| &*it.text);
        if named.is_some()
            && let Some(location) = server.0.block.iter().find(is_it)
        {
            locations = vec![location];
        }
        let inner = locations.iter().map(|location| location.block.as_slice());
        let blocks = [config.http.as_slice(), &server.0.block].into_iter().chain(inner).collect();
        Ok(locations.last().map(|directive| Self { blocks, directive, request }))
    }

    /// A directive of the location itself.
    fn own(&self, name: &str) -> Option<&'a Directive> {
        self.directive.block.iter().find(|directive| directive.name == name)
    }

    /// A directive of the location, or what it inherits.
    fn inherited(&self, name: &str) -> Option<&'a Directive> {
        let mut inwards = self.blocks.iter().rev();
        inwards.find_map(|block| block.iter().find(|directive| directive.name == name))
    }

    /// A header that is passed on. A block that sets one inherits none.
    fn header(&self, name: &str) -> Option<&'a Directive> {
        let headers = |block: &&'a [Directive]| {
            let all = block.iter().filter(|directive| directive.name == "proxy_set_header");
            Some(all.collect::<Vec<_>>()).filter(|all| !all.is_empty())
        };
        let all = self.blocks.iter().rev().find_map(headers)?;
        all.into_iter().find(|it| it.first().is_some_and(|own| own.eq_ignore_ascii_case(name)))
    }

    fn add(&self, code: &'static str, summary: impl Into<String>, line: &str) -> Gap {
        Gap::new(code, summary, self.directive, Change::Add(vec![line.to_owned()]))
    }

    /// Adds a directive to the location, or replaces the one that is in it. One that is inherited
    /// stays, since others may need it.
    fn set(&self, code: &'static str, summary: impl Into<String>, line: &str) -> Gap {
        match self.own(line.split(' ').next().unwrap_or_default()) {
            Some(own) => Gap::new(code, summary, own, Change::Replace(line.to_owned())),
            None => self.add(code, summary, line),
        }
    }

    /// Kestra serves below its context path, and nginx must not take that away.
    fn reach_gap(&self, wanted: &str) -> Option<Gap> {
        let Some(pass) = self.own("proxy_pass") else {
            let summary = format!("requests for {} are not passed on to Kestra.", self.request);
            // An expression comes before a location that is added, too.
            let is_expression =
                modifier(self.directive).is_some_and(|(sign, _)| sign.starts_with('~'));
            let change = if is_expression { Change::Look } else { Change::Include };
            return Some(Gap::new("nginx-location", summary, self.directive, change).failure());
        };
        let request = self.request.as_str();
        let summary =
            |to: &str| format!("{request} reaches Kestra as {to}, so its pages do not load.");
        let of_server = self.blocks[1].iter().chain(&self.directive.block);
        let rewrite = of_server.filter(|it| it.name == "rewrite").find(|it| {
            let to = it.args.get(1).map_or("", |to| to.text.as_str());
            let is_redirect = to.contains("://")
                || it.value().ends_with(" redirect")
                || it.value().ends_with(" permanent");
            let applies = matches(it.first().unwrap_or_default(), false, request) != Some(false);
            !is_redirect && !to.starts_with(wanted) && applies
        });
        if let Some(rewrite) = rewrite {
            let summary = summary("another path");
            return Some(Gap::new("nginx-path", summary, rewrite, Change::Remove).failure());
        }
        let target = pass.first()?;
        let (scheme, rest) = target.split_once("://")?;
        let (host, path) = rest.split_at(rest.find('/')?);
        if target.contains('$') {
            return None;
        }
        let (_, prefix) = modifier(self.directive)?;
        let sent = format!("{path}{}", request.strip_prefix(prefix)?);
        (sent != request).then(|| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
            let host = if host.chars().all(is_name) { host } else { "…" };
            let line = format!("proxy_pass {scheme}://{host};");
            let is_known = request.contains(path.trim_end_matches('/'));
            let sent = if is_known { &sent } else { "another path" };
            Gap::new("nginx-path", summary(sent), pass, Change::Replace(line)).failure()
        })
    }

    fn buffering(&self) -> Option<Gap> {
        let set = self.inherited("proxy_buffering").and_then(Directive::first);
        let is_off = set.is_some_and(|it| it.eq_ignore_ascii_case("off"));
        let summary = "nginx delays live executions: it buffers event streams.";
        (!is_off).then(|| self.set("nginx-buffering", summary, "proxy_buffering off;"))
    }

    fn timeout(&self) -> Option<Gap> {
        let set = self.inherited("proxy_read_timeout");
        // What cannot be counted is refused by nginx, or longer than anybody waits.
        let timeout = set.map_or(Some(DEFAULT_TIMEOUT), |it| seconds(&it.value()))?;
        (timeout < STREAM_TIMEOUT).then(|| {
            let summary = format!(
                "nginx ends a live view that is silent for {timeout} s; Kestra would wait an hour."
            );
            self.set("nginx-timeout", summary, "proxy_read_timeout 3700s;")
        })
    }

    fn body(&self) -> Option<Gap> {
        let set = self.inherited("client_max_body_size");
        let largest = set.map_or(Some(DEFAULT_BODY), |it| bytes(it.first().unwrap_or_default()))?;
        (largest != 0 && largest < LARGEST_BODY).then(|| {
            let shown = match largest {
                mega if mega % (1 << 20) == 0 => format!("{} MB", mega >> 20),
                other => format!("{other} bytes"),
            };
            let summary = format!("nginx refuses uploads over {shown}; Kestra accepts 10 GB.");
            self.set("nginx-body-size", summary, "client_max_body_size 10g;")
        })
    }

    fn host(&self, url: &ServerUrl) -> Option<Gap> {
        const LINE: &str = "proxy_set_header Host $http_host;";
        let name = url.host().to_string();
        let usual = if url.is_https() { 443 } else { 80 };
        let port = url.effective_port().get();
        let port = if port == usual { String::new() } else { format!(":{port}") };
        let Some(header) = self.header("Host") else {
            return Some(self.add("nginx-host", "Kestra does not see the public host name.", LINE));
        };
        let value = &*header.args.get(1).map_or_else(String::new, |it| without_braces(&it.text));
        // `$server_name` is the first name of the server block, whatever the client asked for.
        let names = self.blocks[1].iter().find(|it| it.name == "server_name");
        let first = names.and_then(Directive::first).unwrap_or_default();
        let sent = value.replace("$host", &name).replace("$server_name", first);
        let keeps_host = matches!(value, "$http_host" | "$host:$server_port")
            || sent.eq_ignore_ascii_case(&(name + &port));
        (!keeps_host).then(|| {
            let summary = match value {
                "$host" => "Kestra does not see the port of the public URL.",
                _ => "Kestra does not see the public host name.",
            };
            Gap::new("nginx-host", summary, header, Change::Replace(LINE.to_owned()))
        })
    }

    /// Micronaut reads `X-Forwarded-Proto` only where `X-Forwarded-Host` is set too.
    fn forwarded(&self, has_tls_in_front: bool) -> Option<Gap> {
        let headers = [
            ("X-Forwarded-For", "$proxy_add_x_forwarded_for"),
            ("X-Forwarded-Proto", if has_tls_in_front { "https" } else { "$scheme" }),
            ("X-Forwarded-Host", "$http_host"),
        ];
        let missing = headers.iter().filter(|(name, _)| self.header(name).is_none());
        let (names, lines): (Vec<_>, Vec<_>) = missing
            .map(|(name, value)| (*name, format!("proxy_set_header {name} {value};")))
            .unzip();
        (!names.is_empty()).then(|| {
            let summary = format!("Kestra does not get {}.", names.join(", "));
            Gap::new("nginx-forwarded", summary, self.directive, Change::Add(lines))
        })
    }

    /// What Kestra is told of the scheme, where nginx itself does not see it.
    fn scheme(&self, has_tls_in_front: bool) -> Option<Gap> {
        let header = self.header("X-Forwarded-Proto")?;
        let value = without_braces(&header.args.get(1)?.text);
        let is_http = ["$scheme", "http"].contains(&&*value);
        (has_tls_in_front && is_http).then(|| {
            let summary = "Kestra is told that its users come by http, for TLS ends before nginx.";
            let line = "proxy_set_header X-Forwarded-Proto https;".to_owned();
            Gap::new("nginx-forwarded", summary, header, Change::Replace(line))
        })
    }
}

/// `${host}` is `$host`.
fn without_braces(value: &str) -> String {
    value.replace("${", "$").replace('}', "")
}

/// The locations of a block that take a path, the outer ones first, and whether no regular
/// expression further out comes before them (`ngx_http_core_find_location`). An error is one with
/// an expression that cannot be judged.
fn find<'a>(
    block: &'a [Directive],
    path: &str,
) -> Result<(Vec<&'a Directive>, bool), &'a Directive> {
    let locations = block.iter().filter(|directive| directive.name == "location");
    let locations: Vec<_> = locations.filter_map(|it| Some((it, modifier(it)?))).collect();
    if let Some((exact, _)) = locations.iter().find(|(_, it)| *it == ("=", path)) {
        return Ok((vec![exact], true));
    }
    let prefixes = locations
        .iter()
        .filter(|(_, (sign, prefix))| matches!(*sign, "" | "^~") && path.starts_with(prefix));
    let mut found = Vec::new();
    if let Some((location, (sign, _))) = prefixes.max_by_key(|(_, (_, prefix))| prefix.len()) {
        let (inner, is_final) = find(&location.block, path)?;
        found.push(*location);
        found.extend(inner);
        if is_final || *sign == "^~" {
            return Ok((found, is_final));
        }
    }
    for (location, (sign, pattern)) in locations {
        if sign.starts_with('~') && matches(pattern, sign == "~*", path).ok_or(location)? {
            let (inner, _) = find(&location.block, path)?;
            return Ok((std::iter::once(location).chain(inner).collect(), true));
        }
    }
    Ok((found, false))
}

/// The sign of a location, which may be part of its first word, and its path or expression; `None`
/// for a named one.
fn modifier(location: &Directive) -> Option<(&str, &str)> {
    let first = location.first()?;
    if let Some(second) = location.args.get(1) {
        return Some((first, &second.text));
    }
    let sign = ["=", "^~", "~*", "~"].into_iter().find(|sign| first.starts_with(sign));
    let sign = sign.unwrap_or_default();
    (!first.starts_with('@')).then(|| (sign, &first[sign.len()..]))
}

/// Where the public URL is https, plain http must lead there.
fn plain_http(config: &Config, server: Server<'_>, url: &ServerUrl) -> Option<Gap> {
    if !url.is_https() || !server.has_tls() {
        return None;
    }
    let name = url.host().to_string();
    // The default of the port may be about something else, and must not be sent to Kestra.
    let plain = config.answering(&name, 80).filter(|it| *it == server || it.has_name(&name))?;
    let listens_plainly = plain.listens().iter().any(|listen| listen.port == 80 && !listen.tls);
    let is_answered = passes(config, plain, url) && !redirects(config, plain, url);
    (listens_plainly && is_answered).then(|| {
        let summary = "http requests are answered in clear instead of being sent to https.";
        let line = format!("return 308 https://{name}$request_uri;");
        // A block for both must not redirect https to itself.
        let line = if plain.has_tls() { format!("if ($scheme = http) {{ {line} }}") } else { line };
        Gap::new("nginx-plain-http", summary, plain.0, Change::Add(vec![line]))
    })
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;
    use crate::settings::{Port, Site, SiteForm, Template};

    fn found(text: &str, url: &str) -> Vec<Gap> {
        let http = parse_file(text, Path::new("/k.conf"));
        let config = Config { http, ..Config::default() };
        let url: ServerUrl = url.parse().unwrap();
        let server = config.answering_url(&url).next().unwrap();
        gaps(&config, server, &url)
    }

    fn codes(text: &str, url: &str) -> Vec<&'static str> {
        found(text, url).into_iter().map(|gap| gap.code).collect()
    }

    const GOOD: &str = "proxy_buffering  off; proxy_read_timeout 1h; client_max_body_size 0;
        proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header x-forwarded-proto $scheme; proxy_set_header X-Forwarded-For $remote_addr;";

    #[test]
    fn what_the_wizard_writes_lacks_nothing() {
        for path in ["", "/kestra"] {
            let site = Site {
                context_path: path.parse().unwrap(),
                upstream: "localhost:8080".parse().unwrap(),
                template: Template::Recommended,
                form: SiteForm::Server {
                    names: "a.example".parse().unwrap(),
                    listen: Port::HTTP,
                    tls: None,
                },
                has_tls_in_front: false,
            };
            let text = render(&site, &super::super::Target::default());
            assert_eq!(found(&text, &format!("http://a.example{path}/")), []);
        }
    }

    #[test]
    fn what_is_set_around_a_location_counts() {
        let pass = "location / { proxy_pass http://k:1; }";
        assert_eq!(codes(&format!("server {{ {GOOD} {pass} }}"), "http://a/"), [""; 0]);
        assert_eq!(codes(&format!("{GOOD} server {{ {pass} }}"), "http://a/"), [""; 0]);
        // A header of its own cuts it off from those around it.
        let pass = "location / { proxy_set_header X a; proxy_pass http://k:1; }";
        let text = format!("server {{ {GOOD} {pass} }}");
        assert_eq!(codes(&text, "http://a/"), ["nginx-host", "nginx-forwarded"]);
    }

    #[test]
    fn each_gap_names_its_line_and_what_to_write_there() {
        let text = "server {\n  location / {\n    proxy_pass http://k:1;\n    \
                    proxy_read_timeout 600s;\n    proxy_set_header Host k;\n  }\n}";
        let told: Vec<_> = found(text, "http://a/")
            .iter()
            .map(|gap| format!("{} {} {}", gap.code, gap.line, gap.change))
            .collect();
        assert_eq!(
            told,
            [
                "nginx-buffering 2 Add \"proxy_buffering off;\" to this block",
                "nginx-timeout 4 Write \"proxy_read_timeout 3700s;\" instead",
                "nginx-body-size 2 Add \"client_max_body_size 10g;\" to this block",
                "nginx-host 5 Write \"proxy_set_header Host $http_host;\" instead",
                "nginx-forwarded 2 Add \"proxy_set_header X-Forwarded-For \
                 $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; \
                 proxy_set_header X-Forwarded-Host $http_host;\" to this block",
            ]
        );
    }

    #[test]
    fn a_path_that_is_taken_away_is_the_one_gap() {
        for lines in [
            "location /kestra/ { proxy_pass http://k:1/; }",
            "location /kestra { proxy_pass http://k:1/; }",
            "location /kestra/ { rewrite ^/kestra/(.*) /$1 break; proxy_pass http://k:1; }",
        ] {
            let text = format!("server {{ {lines} }}");
            assert_eq!(codes(&text, "http://a/kestra/"), ["nginx-path"], "{lines}");
        }
        for lines in [
            "location /kestra { proxy_pass http://k:1/kestra; }",
            "location /kestra/ { proxy_pass http://k:1/kestra/; }",
            "location / { proxy_pass http://k:1/; }",
            "location / { set $k k:1; proxy_pass http://$k/; }",
        ] {
            let text = format!("server {{ {GOOD} {lines} }}");
            assert_eq!(codes(&text, "http://a/kestra/"), [""; 0], "{lines}");
        }
    }

    #[test]
    fn of_a_path_that_is_not_in_the_request_nothing_shows() {
        let told = |pass: &str| {
            let text = format!("server {{ location /kestra/ {{ proxy_pass http://k:1{pass}; }} }}");
            found(&text, "http://a/kestra/").remove(0).summary
        };
        assert!(told("/").contains(" as /ui/, "), "{}", told("/"));
        assert!(told("/hunter2/").contains(" as another path, "), "{}", told("/hunter2/"));
    }

    #[test]
    fn a_block_that_does_not_lead_to_kestra_fails() {
        for lines in ["", "location /other { proxy_pass http://k:1; }", "location / { root /x; }"] {
            let text = format!("server {{ {lines} }}");
            assert_eq!(codes(&text, "http://a/"), ["nginx-location"], "{lines}");
        }
    }

    #[test]
    fn an_https_site_that_answers_http_in_clear_is_found() {
        let tls = "listen 443 ssl;";
        let pass = format!("{GOOD} location / {{ proxy_pass http://k:1; }}");
        let both = format!("server {{ listen 80; {tls} {pass} }}");
        assert_eq!(codes(&both, "https://a/"), ["nginx-plain-http"]);
        let redirect = "server { listen 80; location / { return 301 https://$host$request_uri; } }";
        assert_eq!(codes(&format!("server {{ {tls} {pass} }} {redirect}"), "https://a/"), [""; 0]);
        assert_eq!(codes(&format!("server {{ {tls} {pass} }}"), "https://a/"), [""; 0]);
    }

    #[test]
    fn what_nginx_takes_in_other_spellings_is_no_gap() {
        let pass = "location / { proxy_pass http://k:1; }";
        for (usual, other) in [
            ("  off", "  OFF"),
            ("Host $http_host", "Host ${host}"),
            ("proto $scheme", "proto ${scheme}"),
        ] {
            let text = format!("server {{ {} {pass} }}", GOOD.replacen(usual, other, 1));
            assert_eq!(codes(&text, "http://a/"), [""; 0], "{other}");
        }
        let tries = "location / { try_files $uri @k; } location @k { proxy_pass http://k:1; }";
        assert_eq!(codes(&format!("server {{ {GOOD} {tries} }}"), "http://a/"), [""; 0]);
        let nowhere =
            "location / { try_files $uri @k; } location @other { proxy_pass http://k:1; }";
        assert_eq!(codes(&format!("server {{ {nowhere} }}"), "http://a/"), ["nginx-location"]);
    }

    #[test]
    fn an_expression_that_takes_pages_of_kestra_is_to_be_looked_at() {
        let script = r"location ~ \.js$ { root /x; }";
        let text =
            format!("server {{\n{GOOD}\nlocation / {{ proxy_pass http://k:1; }}\n{script} }}");
        let gaps = found(&text, "http://a/");
        assert_eq!(
            gaps.iter().map(|it| (it.code, &it.change)).collect::<Vec<_>>(),
            [("nginx-location", &Change::Look)]
        );
    }

    #[test]
    fn the_default_of_port_80_is_not_sent_to_kestra() {
        let kestra = "server { listen 443 ssl; server_name a;";
        let other = "server { listen 80 default_server;";
        let pass = format!("{GOOD} location / {{ proxy_pass http://k:1; }} }}");
        assert_eq!(codes(&format!("{kestra} {pass} {other} {pass}"), "https://a/"), [""; 0]);
        let named = format!("{kestra} {pass} {other} server_name b a; {pass}");
        assert_eq!(codes(&named, "https://a/"), ["nginx-plain-http"]);
        let both = format!("server {{ listen 80; listen 443 ssl; {pass}");
        assert_eq!(codes(&both, "https://a/"), ["nginx-plain-http"]);
    }

    #[test]
    fn where_tls_ends_before_nginx_kestra_is_told_https() {
        let told = |listen: &str, proto: &str| {
            let good = GOOD.replace("proxy_set_header x-forwarded-proto $scheme;", proto);
            let pass = "location / { proxy_pass http://k:1; }";
            let gaps = found(&format!("server {{ {listen} {good} {pass} }}"), "https://a/");
            gaps.iter().map(|gap| gap.change.to_string()).collect::<Vec<_>>()
        };
        let behind = |proto: &str| told("listen 80;", proto);
        let https = "proxy_set_header X-Forwarded-Proto https;";
        assert_eq!(behind(https), [""; 0]);
        assert_eq!(behind("proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;"), [""; 0]);
        assert_eq!(behind(""), [format!("Add \"{https}\" to this block")]);
        let scheme = "proxy_set_header X-Forwarded-Proto $scheme;";
        assert_eq!(behind(scheme), [format!("Write \"{https}\" instead")]);
        for listen in ["listen 443 ssl;", "listen 443; ssl on;"] {
            assert_eq!(told(listen, scheme), [""; 0], "{listen}");
            assert_eq!(told(listen, ""), [format!("Add \"{scheme}\" to this block")]);
        }
        // Of the block that includes a file, nothing is known.
        let locations = format!("{GOOD} location / {{ proxy_pass http://k:1; }}");
        let url = "https://a/".parse().unwrap();
        assert_eq!(gaps_of_file(&locations, Path::new("/k.conf"), &url), Some(vec![]));
    }

    #[test]
    fn the_public_name_and_port_arrive_however_they_are_written() {
        let is_kept = |names: &str, value: &str, url: &str| {
            let pass = "location / { proxy_pass http://k:1; }";
            let good = GOOD.replace("Host $http_host; proxy", &format!("Host {value}; proxy"));
            let listen = "listen 80; listen 8443 ssl; listen 443 ssl; return 301 https://;";
            let text = format!("server {{ {listen} {names} {good} {pass} }}");
            codes(&text, url).is_empty()
        };
        let (plain, odd) = ("https://a.example/", "https://a.example:8443/");
        for (value, url) in [
            ("$http_host", odd),
            ("$host", plain),
            ("$host:8443", odd),
            ("$server_name", plain),
            ("$server_name:8443", odd),
            ("A.example", plain),
        ] {
            assert!(is_kept("server_name a.example b.example;", value, url), "{value}");
        }
        for (names, value, url) in [
            ("server_name a.example;", "$host", odd),
            ("server_name a.example;", "$host:8444", odd),
            ("server_name b.example a.example;", "$server_name", plain),
            ("server_name *.example;", "$server_name", plain),
            ("server_name a.example;", "$proxy_host", plain),
        ] {
            assert!(!is_kept(names, value, url), "{names} {value}");
        }
    }

    #[test]
    fn a_limit_of_uploads_is_told_in_megabytes_where_it_is_whole_ones() {
        let told = |limit: &str| {
            let text = format!(
                "server {{ {} location / {{ proxy_pass http://k:1; }} }}",
                GOOD.replace("client_max_body_size 0", &format!("client_max_body_size {limit}"))
            );
            found(&text, "http://a/").into_iter().map(|gap| gap.summary).collect::<Vec<_>>()
        };
        for (limit, shown) in [("8m", "8 MB"), ("1500k", "1536000 bytes")] {
            let summary = format!("nginx refuses uploads over {shown}; Kestra accepts 10 GB.");
            assert_eq!(told(limit), [summary]);
        }
    }
}
