//! A file as it may be shown: its structure, and values of our own settings.
//!
//! Nothing here looks for secrets. A line shows what is known not to be one: the value of a setting
//! through its type, a key or a directive of a published list, the name of an environment variable,
//! and every line of an nginx file that this program rendered. Everything else is [`HIDDEN`], so a
//! secret in a foreign key cannot show, whatever the key is called.

use super::{FileKind, Text, properties};
use crate::env_file;
use crate::kestra_config::{Kind, hyphenated};
use crate::nginx_site;
use crate::settings::{HIDDEN, is_hidden};
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

static KEYS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| names(include_str!("../../assets/names/yaml.txt")));
static DIRECTIVES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| names(include_str!("../../assets/names/nginx.txt")));

fn names(list: &'static str) -> HashSet<&'static str> {
    list.lines().filter(|line| !line.starts_with('#')).collect()
}

/// Gives a line of a text as it may be shown, without its end; lines are counted from 0.
pub(super) type Shown<'a> = Box<dyn Fn(usize) -> String + 'a>;

/// The lines of a file, redacted.
pub(super) fn redacted(file: &Text, kind: FileKind) -> Shown<'_> {
    let text = file.as_str();
    let lines = lines(text);
    match kind {
        FileKind::Config => {
            let settings = settings_in(file);
            Box::new(move |at| yaml(lines[at], settings.get(&(at + 1)).map_or(&[], Vec::as_slice)))
        }
        FileKind::Nginx if is_rendered(text) => revealed(file),
        FileKind::Nginx => Box::new(move |at| nginx(lines[at])),
        FileKind::Env => {
            let redacted = env_file::redacted(text);
            Box::new(move |at| redacted[at].clone())
        }
        FileKind::Unknown => Box::new(|_| HIDDEN.to_owned()),
    }
}

/// The lines of a file, with everything that is in them.
pub(super) fn revealed(file: &Text) -> Shown<'_> {
    let lines = lines(file.as_str());
    Box::new(move |at| printable(lines[at]))
}

/// The lines of a text without their ends.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').map(|line| line.trim_end_matches(['\n', '\r'])).collect()
}

/// Makes visible what cannot be seen, so that no file can send sequences to the terminal, or look
/// like another.
fn printable(text: &str) -> String {
    let visible = |c| match c {
        '\t' => ' ',
        c if is_hidden(c) => '?',
        c => c,
    };
    text.chars().map(visible).collect()
}

/// The value of one of our settings, on the line where it is.
struct Setting {
    /// The last name of its property.
    name: String,
    text: String,
    shown: String,
}

/// Our settings in every configuration of a file, by their lines.
fn settings_in(file: &Text) -> BTreeMap<usize, Vec<Setting>> {
    let mut all: BTreeMap<usize, Vec<Setting>> = BTreeMap::new();
    for (_, reading) in file.readings() {
        // A list begins on the line of its first entry, which is shown there.
        let is_shown = |path: &str, kind| {
            !matches!(kind, Kind::Null | Kind::List) && is_property_or_item(path)
        };
        for (path, scalar) in reading.iter().filter(|(path, it)| is_shown(path, it.kind)) {
            let Some(shown) = properties::shown(path, &scalar.text) else { continue };
            let name = path.rsplit('.').next().unwrap_or_default().to_owned();
            let setting = Setting { name, text: scalar.text.clone(), shown };
            all.entry(scalar.line).or_default().push(setting);
        }
    }
    all
}

/// Whether there are no keys below the list that a path leads into: these are data, and a key with a
/// bracket in it is one too.
fn is_property_or_item(path: &str) -> bool {
    let index = path.find('[').map_or("", |at| &path[at..]);
    index.chars().all(|c| c.is_ascii_digit() || "[]".contains(c))
}

/// A line of YAML, with the settings that are on it.
fn yaml(line: &str, settings: &[Setting]) -> String {
    const MARKS: [&str; 10] = ["", "---", "...", "{", "}", "},", "[", "]", "],", "-"];
    let (indent, body) = split_indent(line);
    let indent = printable(indent);
    if MARKS.contains(&body.trim_end()) {
        return (indent + body).trim_end().to_owned();
    }
    let (key, rest) = match split_key(body) {
        Some((key, rest)) if is_known_key(key) => (format!("{key}: "), rest.trim()),
        _ => (String::new(), body),
    };
    let comment = if has_comment(rest) { format!(" # {HIDDEN}") } else { String::new() };
    let value = match settings {
        _ if body.starts_with('#') => format!("# {HIDDEN}"),
        [] if is_block_indicator(rest) || rest.is_empty() => rest.to_owned(),
        [] => HIDDEN.to_owned(),
        [only] if only.is_alone(&key, body) => only.beside(rest, &comment),
        several => {
            let pairs = several.iter().map(|it| format!("{}: {}", it.name, it.shown));
            format!("{{{HIDDEN} {} {HIDDEN}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    };
    (indent + &key + &value).trim_end().to_owned()
}

impl Setting {
    /// Whether the line has nothing but this setting: its key and value, or its value alone.
    fn is_alone(&self, key: &str, body: &str) -> bool {
        let key = hyphenated(key.trim_end_matches(": ").trim_matches(QUOTES));
        let is_item = self.name.ends_with(']') && split_key(body).is_none();
        is_item
            || key.rsplit('.').next() == Some(&self.name)
            || body.trim_matches(QUOTES) == self.text
    }

    /// The value as it may be shown, in the quotes that it has in the file.
    fn beside(&self, source: &str, comment: &str) -> String {
        let quote = source.chars().next().filter(|c| QUOTES.contains(c) && self.shown == self.text);
        let quote = quote.map_or(String::new(), String::from);
        let comma = if source.ends_with(',') { "," } else { "" };
        let comment = if has_comment(&self.text) { "" } else { comment };
        format!("{quote}{}{quote}{comma}{comment}", printable(&self.shown))
    }
}

const QUOTES: [char; 2] = ['"', '\''];

/// The blanks and list marks before the first word.
fn split_indent(line: &str) -> (&str, &str) {
    let mut rest = line.trim_start_matches(['\u{feff}', ' ', '\t']);
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start_matches([' ', '\t']);
    }
    line.split_at(line.len() - rest.len())
}

/// The key at the start of a line, in its quotes, and what follows its colon.
fn split_key(body: &str) -> Option<(&str, &str)> {
    let quoted = body.strip_prefix(QUOTES).and_then(|rest| {
        let end = rest.find(&body[..1])? + 2;
        body[end..].starts_with(':').then_some(end)
    });
    let ends = |&(at, _): &(usize, &str)| {
        let rest = &body[at + 1..];
        rest.is_empty() || rest.starts_with([' ', '\t'])
    };
    let end = quoted.or_else(|| Some(body.match_indices(':').find(ends)?.0))?;
    Some((&body[..end], &body[end + 1..]))
}

/// Whether every name of a key is published, so that the key tells nothing of its own.
fn is_known_key(key: &str) -> bool {
    let key = key.trim_matches(QUOTES);
    key == "<<" || hyphenated(key).split('.').all(|name| KEYS.contains(name))
}

/// `|`, `>-` and the like, which announce a block of text.
fn is_block_indicator(value: &str) -> bool {
    let is_sign = |c: char| matches!(c, '+' | '-' | '1'..='9');
    value.strip_prefix(['|', '>']).is_some_and(|rest| rest.chars().all(is_sign))
}

fn has_comment(text: &str) -> bool {
    text.contains(" #") || text.contains("\t#")
}

/// Whether each line of an nginx file is this program's own.
fn is_rendered(text: &str) -> bool {
    nginx_site::read(text).is_some_and(|written| !written.edited)
}

/// A line of an nginx file: its directive, and how it ends.
fn nginx(line: &str) -> String {
    let (indent, body) = line.split_at(line.len() - line.trim_start().len());
    let body = body.trim_end();
    let name = body.split([' ', '\t', ';', '{']).next().unwrap_or_default();
    let end = match body.chars().next_back() {
        Some(';') => ";",
        Some('{') => " {",
        _ => "",
    };
    let shown = if body.chars().all(|c| "{};".contains(c)) {
        body.to_owned()
    } else if body.starts_with('#') {
        format!("# {HIDDEN}")
    } else if !DIRECTIVES.contains(name) {
        HIDDEN.to_owned()
    } else if body[name.len()..].trim_matches([' ', '\t', ';', '{']).is_empty() {
        format!("{name}{end}")
    } else {
        let comment = if has_comment(body) { format!(" # {HIDDEN}") } else { end.to_owned() };
        format!("{name} {HIDDEN}{comment}")
    };
    printable(indent) + &shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str, kind: FileKind) -> Vec<String> {
        let file = Text::from(text);
        let shown = redacted(&file, kind);
        (0..lines(text).len()).map(shown).collect()
    }

    fn config(text: &str) -> String {
        all(text, FileKind::Config).join("\n")
    }

    #[test]
    fn of_a_foreign_key_only_a_published_name_shows() {
        let text = "datasources:\n  postgres:\n    password: hunter2 # x\n    hunter3: hunter4\n  \
                    hunter5:\n    - hunter6\n    - url: hunter7\n# hunter8\n\n--- \nhunter9\n";
        assert_eq!(
            config(text),
            "datasources:\n  postgres:\n    password: …\n    …\n  …\n    - …\n    - url: …\n# …\n\n---\n…"
        );
    }

    #[test]
    fn our_settings_show_through_their_types() {
        let text = "kestra:\n  url: \"https://a.example/\" # hunter2\nmicronaut.http.services.api:\n  \
                    proxy-type: http\n  proxyAddress: p:1\n  proxy-username: 'svc'\n  \
                    proxy-password: hunter3\n  follow-redirects: true\n";
        assert_eq!(
            config(text),
            "kestra:\n  url: \"https://a.example/\" # …\nmicronaut.http.services.api:\n  \
             proxy-type: http\n  proxyAddress: p:1\n  proxy-username: 'svc'\n  \
             proxy-password: *********\n  follow-redirects: true"
        );
    }

    #[test]
    fn a_setting_with_a_value_of_another_type_is_hidden() {
        for (value, shown) in [
            ("https://u:hunter2@a.example/", "https://…@a.example/"),
            ("https://a.example/?hunter2", "https://a.example/…"),
            ("hunter2", "…"),
            ("${KESTRA_URL}", "${KESTRA_URL}"),
            ("${KESTRA_URL:hunter2}", "…"),
        ] {
            assert_eq!(config(&format!("kestra.url: {value}\n")), format!("kestra.url: {shown}"));
        }
        assert_eq!(config("micronaut.http.services.slack.url: https://h.example/hunter2"), "…");
    }

    #[test]
    fn settings_show_wherever_a_configuration_has_them() {
        assert_eq!(
            config(
                "services:\n  hunter2:\n    environment:\n      KESTRA_CONFIGURATION: |\n        \
                    kestra:\n          url: https://a.example/\n          hunter3: x\n"
            ),
            "services:\n  …\n    environment:\n      KESTRA_CONFIGURATION: |\n        \
             kestra:\n          url: https://a.example/\n          …"
        );
        assert_eq!(
            config("kestra: {url: 'https://a.example/', license: hunter2}\n"),
            "kestra: {… url: https://a.example/ …}"
        );
        assert_eq!(
            config("kestra:\n  url:\n    https://a.example/\n"),
            "kestra:\n  url:\n    https://a.example/"
        );
        assert_eq!(
            config("{\n  \"kestra.url\": \"https://a.example/\",\n  \"hunter2\": 1\n}\n"),
            "{\n  \"kestra.url\": \"https://a.example/\",\n  …\n}"
        );
    }

    #[test]
    fn a_key_inside_a_value_of_ours_is_hidden() {
        assert_eq!(config("kestra:\n  url: [{hunter2: x}]\n"), "kestra:\n  url: …");
        assert_eq!(
            config("kestra: {'url[hunter2': x, url: 'https://a.example/'}\n"),
            "kestra: {… url: https://a.example/ …}"
        );
    }

    #[test]
    fn of_a_foreign_nginx_file_only_its_directives_show() {
        let text = "server {\n  listen 80; # hunter2\n  proxy_set_header Authorization hunter3;\n  \
                    hunter4 on;\n  location /hunter5 {\n    internal;\n  }\n}\n# hunter6\n";
        assert_eq!(
            all(text, FileKind::Nginx).join("\n"),
            "server {\n  listen … # …\n  proxy_set_header …;\n  …\n  location … {\n    internal;\n  }\n}\n# …"
        );
    }

    #[test]
    fn the_lists_of_names_are_sorted_and_published_in_one_spelling() {
        for list in [
            include_str!("../../assets/names/yaml.txt"),
            include_str!("../../assets/names/nginx.txt"),
        ] {
            let names: Vec<_> = list.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]));
        }
        assert!(KEYS.iter().all(|key| hyphenated(key) == **key));
    }

    proptest! {
        #[test]
        fn no_secret_shows_wherever_it_is_put(
            before in "(password|name|kestra|url|[-#:=|>&*'\"\\[\\]{}, \\\\]|\n|  |\r\n){0,12}",
            after in "(password|value|url|[-#:=|>&*'\"\\[\\]{};, ]|\n|\r\n){0,12}",
        ) {
            let text = format!("{before}hunter2{after}");
            for kind in [FileKind::Config, FileKind::Nginx, FileKind::Unknown] {
                let shown = all(&text, kind);
                prop_assert_eq!(shown.len(), text.split_inclusive('\n').count());
                prop_assert!(!shown.concat().contains("hunter2"), "{:?}", shown);
            }
        }
    }
}
