//! The server blocks that an nginx reads, and which of them answers a request.

use super::conf::{Directive, parse_file};
use crate::settings::ServerUrl;
use regex_lite::RegexBuilder;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that an nginx reads, includes in their place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The directives inside `http {}`, in nginx's order.
    pub http: Vec<Directive>,
    /// The includes inside `http {}`, in their order.
    pub includes: Vec<Include>,
    /// The files that are symbolic links, and where these lead.
    pub links: BTreeMap<PathBuf, PathBuf>,
}

/// An `include` inside `http {}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// Its pattern, absolute.
    pub pattern: PathBuf,
    /// How many directives of `http {}` precede its files.
    pub start: usize,
    /// How many precede what follows its files.
    pub end: usize,
}

/// A `listen` with a port; one of a socket is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address; empty for every one.
    pub(crate) address: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    /// Whether it answers to names that no other has.
    pub(crate) is_default: bool,
}

/// Blocks for every address, then those for one: which of these a name leads to is not known.
const ADDRESSES: [bool; 2] = [true, false];

/// How well a regular expression fits: worse than any name, and all alike.
const BY_PATTERN: (u8, usize) = (0, 0);

/// How well the name itself fits, alone or as `.example.com`: nginx keeps the first of both.
const BY_NAME: (u8, usize) = (3, 0);

/// A `server {}` inside `http {}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Server<'a>(pub &'a Directive);

impl Config {
    /// The server blocks in nginx's order.
    pub(crate) fn servers(&self) -> impl Iterator<Item = Server<'_>> {
        self.http.iter().filter(|directive| directive.name == "server").map(Server)
    }

    /// The file that a server block is in, links followed.
    pub(crate) fn file<'a>(&'a self, server: Server<'a>) -> &'a Path {
        self.links.get(&*server.0.file).map_or(&server.0.file, PathBuf::as_path)
    }

    /// The server block that nginx gives a request for this name on this port.
    ///
    /// An exact name comes before the longest wildcard in front, that before the longest one
    /// behind, that before a regular expression, and the first of two equal ones wins; a name that
    /// nobody has goes to the default of the port. `None` where nothing listens, or where
    /// [`Self::unjudged`] may match first.
    pub fn answering(&self, name: &str, port: u16) -> Option<Server<'_>> {
        let named = self.named(name, port);
        if self.unjudged(name, port).is_some() {
            return None;
        }
        let default = |is_any: bool| {
            let marked = self.listening(port, is_any).find(|(_, is_default)| *is_default);
            marked.or_else(|| self.listening(port, is_any).next())
        };
        let of_default = || ADDRESSES.into_iter().find_map(default).map(|(server, _)| server);
        named.map(|(server, _)| server).or_else(of_default)
    }

    /// The server blocks that answer a URL: on its port, else on the ports of https and http, for
    /// where something in front of nginx ends the TLS.
    pub(crate) fn answering_url(&self, url: &ServerUrl) -> impl Iterator<Item = Server<'_>> {
        let name = url.host().to_string();
        let ports = [url.effective_port().get(), 443, 80].into_iter();
        ports.filter_map(move |port| self.answering(&name, port))
    }

    /// A `server_name` with a regular expression that may match this name first, and is not one
    /// that can be judged here.
    pub(crate) fn unjudged(&self, name: &str, port: u16) -> Option<&Directive> {
        let named = self.named(name, port);
        if named.is_some_and(|(_, rank)| rank > BY_PATTERN) {
            return None;
        }
        let all = ADDRESSES.into_iter().flat_map(|is_any| self.listening(port, is_any));
        let before = all
            .map(|(server, _)| server)
            .take_while(|it| named.is_none_or(|(found, _)| !std::ptr::eq(found.0, it.0)));
        before.flat_map(Server::name_directives).find(|names| {
            let mut patterns = names.args.iter().filter_map(|own| own.text.strip_prefix('~'));
            patterns.any(|pattern| matches(pattern, true, name).is_none())
        })
    }

    /// The best of the names that fit, and how well it does.
    fn named(&self, name: &str, port: u16) -> Option<(Server<'_>, (u8, usize))> {
        let best = |is_any: bool| {
            self.listening(port, is_any)
                .filter_map(|(server, _)| Some((server, server.rank(name)?)))
                .reduce(|best, next| if next.1 > best.1 { next } else { best })
        };
        ADDRESSES.into_iter().find_map(best)
    }

    /// The server blocks of a port, and whether each is marked as its default.
    fn listening(&self, port: u16, is_any: bool) -> impl Iterator<Item = (Server<'_>, bool)> {
        self.servers().filter_map(move |server| {
            let listens = server.listens();
            let is_it = |it: &&Listen| it.port == port && it.is_any_address() == is_any;
            Some((server, listens.iter().find(is_it)?.is_default))
        })
    }

    /// Whether nginx reads this file by itself.
    pub(crate) fn reads(&self, file: &Path) -> bool {
        self.including(file).is_some()
    }

    fn including(&self, file: &Path) -> Option<&Include> {
        self.includes.iter().find(|include| reaches(&include.pattern, file))
    }

    /// The same once this file has this text, where nginx reads it.
    pub(crate) fn with(&self, file: &Path, text: &str) -> Self {
        let named = self.links.iter().find(|(_, real)| *real == file).map(|(link, _)| link);
        let file = named.map_or(file, PathBuf::as_path);
        let Some(Include { start, end, .. }) = self.including(file) else { return self.clone() };
        let (before, included) = (&self.http[..*start], &self.http[*start..*end]);
        let others = included.iter().filter(|directive| *directive.file != *file);
        let (first, last): (Vec<_>, Vec<_>) =
            others.cloned().partition(|directive| *directive.file < *file);
        let text = parse_file(text, file);
        let after = self.http[*end..].iter().cloned();
        let http = before.iter().cloned().chain(first).chain(text).chain(last).chain(after);
        Self { http: http.collect(), ..self.clone() }
    }
}

impl<'a> Server<'a> {
    pub(crate) fn names(self) -> impl Iterator<Item = &'a str> {
        self.name_directives().flat_map(|names| &names.args).map(|name| name.text.as_str())
    }

    fn name_directives(self) -> impl Iterator<Item = &'a Directive> {
        self.0.block.iter().filter(|directive| directive.name == "server_name")
    }

    /// Where it listens; port 80 by default.
    pub(crate) fn listens(self) -> Vec<Listen> {
        let all = || self.0.block.iter().filter(|directive| directive.name == "listen");
        if all().next().is_none() {
            let (address, port) = (String::new(), 80);
            return vec![Listen { address, port, tls: false, is_default: false }];
        }
        // Before nginx 1.25.1 it made TLS of every port of the block.
        let is_tls = |it: &Directive| it.name == "ssl" && it.value().eq_ignore_ascii_case("on");
        let tls = self.0.block.iter().any(is_tls);
        all().filter_map(Listen::of).map(|it| Listen { tls: tls || it.tls, ..it }).collect()
    }

    /// Whether it serves https itself.
    pub(crate) fn has_tls(self) -> bool {
        self.listens().iter().any(|listen| listen.tls)
    }

    /// Whether one of its names fits this one.
    pub(crate) fn has_name(self, name: &str) -> bool {
        self.rank(name).is_some()
    }

    /// How well a name fits: the better the greater.
    fn rank(self, name: &str) -> Option<(u8, usize)> {
        let fits = |own: &str| {
            if let Some(pattern) = own.strip_prefix('~') {
                return matches(pattern, true, name)?.then_some(BY_PATTERN);
            }
            let own = own.to_ascii_lowercase();
            let within = |suffix: &str| {
                name.strip_suffix(suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            };
            if own == name || own.strip_prefix('.') == Some(name) {
                return Some(BY_NAME);
            }
            if let Some(suffix) = own.strip_prefix("*.").or_else(|| own.strip_prefix('.')) {
                return within(suffix).then_some((2, suffix.len()));
            }
            let prefix = own.strip_suffix('*')?;
            (prefix.ends_with('.') && name.starts_with(prefix)).then_some((1, prefix.len()))
        };
        self.names().filter_map(fits).max()
    }
}

impl Listen {
    fn is_any_address(&self) -> bool {
        matches!(self.address.as_str(), "" | "*" | "0.0.0.0" | "[::]")
    }

    pub(super) fn of(directive: &Directive) -> Option<Self> {
        let (address, port) = address_and_port(directive.first()?)?;
        let has = |word: &str| directive.args.iter().skip(1).any(|arg| arg.text == word);
        Some(Self {
            address: address.to_owned(),
            port,
            tls: has("ssl") || has("quic"),
            is_default: has("default_server") || has("default"),
        })
    }
}

/// The two halves of a `listen` argument such as `80`, `*:80`, `[::]:80`, or an address alone,
/// which means port 80. `None` for a socket.
pub(crate) fn address_and_port(listen: &str) -> Option<(&str, u16)> {
    if listen.starts_with("unix:") {
        return None;
    }
    if let Ok(port) = listen.parse() {
        return Some(("", port));
    }
    match listen.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((address, port)) => Some((address, port.parse().ok()?)),
        None => Some((listen, 80)),
    }
}

/// Whether a regular expression of nginx matches a text; `None` where only PCRE itself can tell.
pub(super) fn matches(pattern: &str, ignores_case: bool, text: &str) -> Option<bool> {
    let build =
        |pattern: &str| RegexBuilder::new(pattern).case_insensitive(ignores_case).build().ok();
    if let Some(regex) = build(pattern) {
        return Some(regex.is_match(text));
    }
    // Without its assertions, such as (?!well-known), it matches more and not less.
    let wider = build(&without_assertions(pattern))?;
    (!wider.is_match(text)).then_some(false)
}

fn without_assertions(pattern: &str) -> String {
    let (mut kept, mut rest) = (String::new(), pattern);
    while let Some(at) = ["(?!", "(?=", "(?<!", "(?<="].iter().filter_map(|it| rest.find(it)).min()
    {
        kept.push_str(&rest[..at]);
        let (mut depth, mut is_escaped) = (0, false);
        let end = rest[at..].find(|c: char| {
            match c {
                '(' if !is_escaped => depth += 1,
                ')' if !is_escaped => depth -= 1,
                _ => {}
            }
            is_escaped = c == '\\' && !is_escaped;
            depth == 0
        });
        rest = end.map_or("", |end| &rest[at + end + 1..]);
    }
    kept + rest
}

/// Whether a name fits a pattern of `*` and `?`. A set such as `[a-z]` is taken for any character.
pub(crate) fn wildcard(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    // What is behind the last `*`, and the shortest end of the name that was not tried with it. Only
    // that `*` need be tried again, so many of them cost no more than one.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        let fits = match (pattern, name) {
            ([], []) => return true,
            ([b'*', after @ ..], _) => {
                retry = Some((after, name));
                Some((after, name))
            }
            ([b'?', after @ ..], [_, rest @ ..]) => Some((after, rest)),
            ([b'[', set @ ..], [_, rest @ ..]) => {
                set.iter().position(|&byte| byte == b']').map(|close| (&set[close + 1..], rest))
            }
            ([wanted, after @ ..], [byte, rest @ ..]) => (wanted == byte).then_some((after, rest)),
            _ => None,
        };
        if let Some(next) = fits {
            (pattern, name) = next;
        } else if let Some((after, [_, rest @ ..])) = retry {
            retry = Some((after, rest));
            (pattern, name) = (after, rest);
        } else {
            return false;
        }
    }
}

/// Whether an `include` with this absolute pattern reaches this file. Names that begin with a dot
/// are skipped (measured with nginx 1.22).
pub fn reaches(pattern: &Path, file: &Path) -> bool {
    let same_depth = pattern.components().count() == file.components().count();
    same_depth
        && pattern.iter().zip(file).all(|(pattern, name)| {
            let (pattern, name) = (pattern.to_string_lossy(), name.to_string_lossy());
            pattern == name || (!name.starts_with('.') && wildcard(&pattern, &name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first word of `return` in the server block that answers.
    fn answer(text: &str, name: &str, port: u16) -> Option<String> {
        let http = parse_file(text, Path::new("/etc/nginx/nginx.conf"));
        let config = Config { http, ..Config::default() };
        let server = config.answering(name, port)?;
        Some(server.0.block.iter().find(|it| it.name == "return")?.value())
    }

    #[test]
    fn the_better_name_answers_and_the_first_of_equals() {
        let text = "server { server_name *.example.com; return a; }
                    server { server_name ops.*; return b; }
                    server { server_name ops.example.com; return c; }
                    server { server_name OPS.example.com; return d; }
                    server { server_name .eu.example.com; return e; }
                    server { listen 80 default_server; return f; }";
        for (name, wanted) in [
            ("ops.example.com", "c"),
            ("a.example.com", "a"),
            ("ops.example.org", "b"),
            ("eu.example.com", "e"),
            ("x.eu.example.com", "e"),
            ("other", "f"),
        ] {
            assert_eq!(answer(text, name, 80).as_deref(), Some(wanted), "{name}");
        }
        assert_eq!(answer(text, "other", 81), None);
    }

    #[test]
    fn the_first_of_a_name_and_of_it_with_a_dot_answers() {
        let (name, dot) =
            ("server { server_name a.b; return a; }", "server { server_name .a.b; return b; }");
        assert_eq!(answer(&format!("{name} {dot}"), "a.b", 80).as_deref(), Some("a"));
        assert_eq!(answer(&format!("{dot} {name}"), "a.b", 80).as_deref(), Some("b"));
    }

    #[test]
    fn the_first_on_a_port_answers_to_a_name_that_nobody_has() {
        let text = "server { server_name a; return a; } server { listen [::]:80; return b; }";
        assert_eq!(answer(text, "other", 80).as_deref(), Some("a"));
    }

    #[test]
    fn the_first_regular_expression_answers_to_a_name_that_nothing_else_has() {
        let text = r"server { return a; } server { server_name ~^Ops\d+\.; return b; }
                     server { server_name ~\.example\.com$; return c; }
                     server { server_name *.org; return d; }
                     server { server_name ~^(?!x)y; return e; }";
        for (name, wanted) in [
            ("ops1.example.com", Some("b")),
            ("opsx.example.com", Some("c")),
            ("ops1.org", Some("d")),
            // Whether the last one matches, only PCRE can tell.
            ("yes.net", None),
            ("no.net", Some("a")),
        ] {
            assert_eq!(answer(text, name, 80).as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn a_block_for_one_address_answers_no_name_that_one_for_all_has() {
        let text = "server { listen 127.0.0.1:80; server_name a b; return a; }
                    server { server_name a; return b; }";
        assert_eq!(answer(text, "a", 80).as_deref(), Some("b"));
        assert_eq!(answer(text, "b", 80).as_deref(), Some("a"));
        assert_eq!(answer(text, "other", 80).as_deref(), Some("b"));
    }

    #[test]
    fn every_form_of_listen_has_its_address_and_its_port() {
        for (listen, wanted) in [
            ("80", Some(("", 80))),
            ("*:81", Some(("*", 81))),
            ("[::]:82", Some(("[::]", 82))),
            ("[::1]", Some(("[::1]", 80))),
            ("localhost", Some(("localhost", 80))),
            ("10.0.0.1", Some(("10.0.0.1", 80))),
            ("unix:/x.sock", None),
        ] {
            assert_eq!(address_and_port(listen), wanted, "{listen}");
        }
    }

    #[test]
    fn a_new_file_takes_its_place_in_the_order_of_nginx() {
        let parse = |text: &str, file: &str| parse_file(text, Path::new(file));
        let theirs = parse("server { server_name a; return theirs; }", "/n/sites/z.conf");
        let include = |folder: &str, start, end| Include { pattern: folder.into(), start, end };
        let includes = vec![include("/n/conf.d/*.conf", 0, 0), include("/n/sites/*", 0, 1)];
        let config = Config { http: theirs, includes, ..Config::default() };
        let ours = "server { server_name a; return ours; }";
        for (file, wanted) in [
            ("/n/conf.d/kestra.conf", "ours"),
            ("/n/sites/kestra", "ours"),
            ("/n/sites/zz", "theirs"),
            ("/elsewhere/kestra.conf", "theirs"),
        ] {
            let config = config.with(Path::new(file), ours);
            let server = config.answering("a", 80).unwrap();
            assert_eq!(server.0.block[1].value(), wanted, "{file}");
        }
    }

    #[test]
    fn an_include_reaches_what_its_pattern_names() {
        let reaches = |file: &str| reaches(Path::new("/etc/nginx/conf.d/*.conf"), Path::new(file));
        assert!(reaches("/etc/nginx/conf.d/kestra.conf"));
        for file in [
            "/etc/nginx/conf.d/kestra",
            "/etc/nginx/conf.d/.k.conf",
            "/etc/nginx/k.conf",
            "/etc/nginx/conf.d/a/k.conf",
        ] {
            assert!(!reaches(file), "{file}");
        }
    }

    #[test]
    fn a_set_in_a_pattern_is_any_character_and_one_without_its_end_fits_nothing() {
        assert!(wildcard("site-[0-9].conf", "site-1.conf"));
        assert!(!wildcard("site-[0-9].conf", "site-.conf") && !wildcard("site-[0", "site-1"));
        assert!(
            wildcard("*a*b", "xaxbxb") && wildcard("*a?c*", "abaacd") && !wildcard("*ab", "aba")
        );
        // One that tries every `*` anew would not end.
        assert!(!wildcard(&"a*".repeat(40), &"a".repeat(39)));
        assert!(!wildcard(&("*a".repeat(40) + "b"), &"a".repeat(200)));
    }
}
