//! Which bytes of a configuration are secrets, so that a preview can cover them.
//!
//! It rather covers too much: a value is a secret when the name of its key smells of one, and so
//! is the password in an address. A placeholder such as `${NAME}` is none.

mod lines;
mod names;
mod words;

use super::text;
use super::yaml::{Id, Node, ScalarStyle, Shape, Tree};
use lines::{of_line, of_lines};
use names::smells;
use std::ops::Range;
use words::{Flag, hidden_in};

const QUOTES: [char; 2] = ['"', '\''];

/// The byte ranges of all values that smell of a secret, in order: those of Compose variables, of
/// an embedded configuration and of lines that are no YAML included.
#[must_use]
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    of_parsed(text, Tree::parse(text).ok().as_ref())
}

/// The same of a text that was parsed already; no tree where it is no YAML.
fn of_parsed(text: &str, tree: Option<&Tree>) -> Vec<Range<usize>> {
    let mut ranges = tree.map_or_else(|| of_lines(text, 0), of_tree);
    ranges.extend(in_comments(text));
    ranges.retain(|range| !is_placeholder(&text[range.clone()]));
    united(ranges)
}

/// A text in which the passwords of addresses and the like are covered by this mask.
#[must_use]
pub fn covered_by(mask: &str, text: &str) -> String {
    let mut shown = text.to_owned();
    for range in united(hidden_in(text, 0)).into_iter().rev() {
        shown.replace_range(range, mask);
    }
    shown
}

/// The secrets of a part of a text, in bytes of that part. The part begins with a line that has no
/// indentation; `is_apart` says that nothing before it is still open there, see [`ends`].
#[must_use]
pub fn secrets_within(text: &str, part: Range<usize>, is_apart: bool) -> Vec<Range<usize>> {
    let lines = &text[part.clone()];
    let may_be_apart = is_apart && !has_aliases(text);
    match may_be_apart.then(|| Tree::parse(lines)) {
        Some(Ok(tree)) => of_parsed(lines, Some(&tree)),
        _ => clipped(secrets(text), &part),
    }
}

/// What of these ranges lies in a part of the text, in bytes of that part.
#[must_use]
pub fn clipped(ranges: Vec<Range<usize>>, part: &Range<usize>) -> Vec<Range<usize>> {
    let inside = ranges.into_iter().filter_map(|range| {
        let (start, end) = (range.start.max(part.start), range.end.min(part.end));
        (start < end).then(|| start - part.start..end - part.start)
    });
    inside.collect()
}

/// Whether a text is YAML by itself: no bracket and no quote is open where it ends, so that a line
/// without indentation after it begins a key.
#[must_use]
pub fn ends(text: &str) -> bool {
    Tree::parse(text).is_ok()
}

/// Whether there may be an alias, which may stand for a secret that stands elsewhere.
fn has_aliases(text: &str) -> bool {
    let begins = |at: usize| text[..at].ends_with([' ', '\t', '\n', '[', '{', ',', ':']);
    text.match_indices('*').any(|(at, _)| at == 0 || begins(at))
}

/// A line that was commented out is still read by people, and so are those that go on below it.
fn in_comments(text: &str) -> Vec<Range<usize>> {
    let begins =
        |&(at, _): &(usize, &str)| text[..at].chars().next_back().is_none_or(char::is_whitespace);
    let mut ranges = Vec::new();
    let mut next = 0;
    for (at, _) in text.match_indices('#').filter(begins) {
        if at >= next {
            let block = comment_block(text, at);
            next = block.end;
            ranges.extend(of_lines(&uncommented(&text[block.clone()]), block.start));
        }
    }
    ranges
}

/// The comment that begins here, with the lines below it that are nothing but comments.
fn comment_block(text: &str, at: usize) -> Range<usize> {
    let line = text::line_start(text, at);
    let mut end = text::next_line(text, at);
    if !text[line..at].trim().is_empty() {
        return at..end;
    }
    while text::rest_of_line(text, end).trim_start().starts_with('#') {
        end = text::next_line(text, end);
    }
    line..end
}

/// Blanks for the comment signs, so that every byte stays where it is.
fn uncommented(block: &str) -> String {
    let lines = block.split_inclusive('\n').map(|line| {
        let rest = line.trim_start_matches([' ', '\t', '#']);
        " ".repeat(line.len() - rest.len()) + rest
    });
    lines.collect()
}

fn of_tree(tree: &Tree) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (id, node) in tree.nodes.iter().enumerate() {
        match node.shape {
            Shape::Map { .. } => ranges.extend(of_map(tree, id)),
            Shape::List { .. } => ranges.extend(of_words(tree, id)),
            Shape::Scalar(..) => ranges.extend(of_scalar(tree, node)),
            Shape::Alias(_) => {}
        }
    }
    ranges
}

fn of_map(tree: &Tree, map: Id) -> Vec<Range<usize>> {
    let secret = tree.entries(map).filter(|&(key, _)| smells(tree.key(key)));
    let mut ranges: Vec<_> = secret.flat_map(|(_, value)| below(tree, value)).collect();
    ranges.extend(of_named_value(tree, map));
    ranges
}

/// `name: DB_PASSWORD` with `value: …` beside it, as Helm and Kubernetes have variables.
fn of_named_value(tree: &Tree, map: Id) -> Vec<Range<usize>> {
    let entry = |name: &str| tree.entries(map).find(|&(key, _)| tree.key(key) == name);
    let is_secret = entry("name").is_some_and(|(_, name)| match &tree.nodes[name].shape {
        Shape::Scalar(text, _) => smells(text),
        _ => false,
    });
    let value = entry("value").filter(|_| is_secret);
    value.map_or(Vec::new(), |(_, value)| below(tree, value))
}

/// The values below a key: of a list its items, of an alias what it stands for. What stands in a
/// mapping within has a key of its own, but may not show either.
fn below(tree: &Tree, value: Id) -> Vec<Range<usize>> {
    let value = tree.resolve(value);
    match tree.nodes[value].shape {
        Shape::Map { .. } => {
            tree.entries(value).flat_map(|(_, value)| below(tree, value)).collect()
        }
        Shape::List { .. } => tree.items(value).flat_map(|item| below(tree, item)).collect(),
        Shape::Scalar(..) => vec![covered(tree, &tree.nodes[value])],
        Shape::Alias(_) => Vec::new(),
    }
}

/// The bytes of a value: of a block scalar its lines, not its indicator.
fn covered(tree: &Tree, node: &Node) -> Range<usize> {
    match node.shape {
        Shape::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded) => {
            let body = text::next_line(tree.text, node.start);
            let start = body + text::indented(tree.text, body).0;
            start..node.end.max(start)
        }
        _ => node.start..node.end,
    }
}

/// Secrets within a text whose key is harmless: an embedded file, `NAME: value`, an address.
fn of_scalar(tree: &Tree, node: &Node) -> Vec<Range<usize>> {
    let range = covered(tree, node);
    let source = &tree.text[range.clone()];
    if matches!(node.shape, Shape::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded))
        || source.contains('\n')
    {
        return of_lines(source, range.start);
    }
    let inside = source.trim_matches(QUOTES);
    of_line(inside, range.start + (source.len() - source.trim_start_matches(QUOTES).len()))
}

/// The items behind `--password` and `-u` in the list of a command's words.
fn of_words(tree: &Tree, list: Id) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut before = None;
    for item in tree.items(list) {
        match before.map(Flag::of) {
            Some(Flag::Secret) => ranges.extend(below(tree, item)),
            Some(Flag::Login) => ranges.extend(after_user(tree, item)),
            _ => {}
        }
        before = match &tree.nodes[item].shape {
            Shape::Scalar(text, _) => Some(text.as_ref()),
            _ => None,
        };
    }
    ranges
}

/// The password of an item that is `user:password`.
fn after_user(tree: &Tree, item: Id) -> Option<Range<usize>> {
    let value = covered(tree, &tree.nodes[item]);
    let source = &tree.text[value.clone()];
    Some(value.start + source.find(':')? + 1..value.start + source.trim_end_matches(QUOTES).len())
}

/// `${NAME}`, quoted or not; with a default in it, the default may be the secret.
fn is_placeholder(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']).trim_start_matches('$');
    let name = value.strip_prefix('{').and_then(|value| value.strip_suffix('}'));
    name.is_some_and(|name| {
        name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
    })
}

/// In order, and none touches another.
fn united(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut united: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        match united.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => united.push(range),
        }
    }
    united
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn covered(text: &str) -> Vec<&str> {
        secrets(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn values_of_keys_that_smell_are_covered_in_every_style() {
        let text = "a:\n  proxyPassword: hun ter # c\n  api-token: \"t\\\"k\"\n  url: x\nmy.secret: [s1, {k: s2}]\nlicense:\n  key: |\n    l1\n\n    l2\nb: {PASSWORD: 'p'}\n";
        assert_eq!(covered(text), ["hun ter", "\"t\\\"k\"", "s1", "s2", "l1\n\n    l2", "'p'"]);
    }

    #[test]
    fn passwords_in_addresses_and_assignments_are_covered() {
        let text = "a: http://user:p@ss@host/\nb:\n  - DB_PASSWORD=pw\nc: jdbc:postgresql://h/db?user=u&password=pw2&x=y\n";
        assert_eq!(covered(text), ["p@ss", "pw", "pw2"]);
    }

    #[test]
    fn an_embedded_configuration_is_covered_too() {
        let text =
            "environment:\n  KESTRA_CONFIGURATION: |\n    x:\n      password: pw\n      other: y\n";
        assert_eq!(covered(text), ["pw"]);
    }

    #[test]
    fn what_is_no_yaml_is_covered_line_by_line() {
        let text =
            "a:\n\tpassword: hunter2\nx: {token: t1, b: c}\nsecret:\n    more\n    of it\nz: [\n";
        assert_eq!(covered(text), ["hunter2", "t1, b: c}", "more", "of it"]);
        let text = "secrets:\n- s1\ntokens: [\nt1,\nt2\n]\na: b\n- c\nz: [\n";
        assert_eq!(covered(text), ["- s1", "[", "t1,", "t2", "]"]);
    }

    #[test]
    fn what_is_commented_out_is_covered() {
        let text = "# proxy-password: hunter5\na: b # token: t1\n#secret=s1\n";
        assert_eq!(covered(text), ["hunter5", "t1", "s1"]);
    }

    #[test]
    fn what_is_commented_out_over_several_lines_is_covered() {
        let text = "# secrets:\n# - s1\n#   - s2\n# a: b\nx:\n  #password: |\n  #  p1\n\n\
                    # - name: DB_PASSWORD\n#   value: p2\n# token: t\n# What this is for.\n";
        assert_eq!(covered(text), ["- s1", "- s2", "|", "p1", "p2", "t"]);
    }

    #[test]
    fn other_ways_to_write_a_secret_are_covered() {
        let text = "pass: p1\ndb-pass: p2\ndbPass: p3\npasscode: p4\nlicence: {key: k}\nbypass: no\n\
                    env:\n  - {name: DB_PASSWORD, value: v}\n  - {name: TZ, value: UTC}\n\
                    h: [\"Authorization: Basic dXNlcjpwYXNz\"]\nrun: curl -u admin:pw x\n";
        assert_eq!(covered(text), ["p1", "p2", "p3", "p4", "k", "v", "Basic dXNlcjpwYXNz", "pw"]);
    }

    #[test]
    fn headers_are_covered_however_short() {
        let text = "a: [ \"Authorization: Basic Zm9v\" ]\nb: Basic abcd\nc: bearer t1\n\
                    d: say BASIC Zm9v=\ne: 'X-Api-Key: t2'\nf: '{\"token\":\"t3\"}'\ng: a Basic header\n";
        assert_eq!(covered(text), ["Basic Zm9v", "abcd", "t1", "Zm9v=", "t2", "\"t3\"}"]);
    }

    #[test]
    fn what_a_command_is_given_is_covered() {
        let text = "a: curl -u 'me:p1' x\nb: curl -ume:p2 -U me:p3 --proxy-user=me:p4\nc: [curl, -su, 'me:p5']\n\
                    d: x --password p6 --no-token -v\ne: [--token, p7]\nf: pw = p8\n";
        assert_eq!(covered(text), ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"]);
    }

    #[test]
    fn words_that_only_look_like_it_are_shown() {
        let text = "path: a\nbypass: b\ncompass: c\nencompass: d\npassthrough: true\nauthor: e\n";
        assert!(covered(text).is_empty(), "{:?}", covered(text));
    }

    #[test]
    fn an_address_can_be_shown_without_its_password() {
        assert_eq!(covered_by("*", "http://u:hunter3@p:1"), "http://u:*@p:1");
        assert_eq!(covered_by("*", "http://u:pw@p:1/?token=t"), "http://u:*@p:1/?token=*");
        assert_eq!(covered_by("*", "https://a.example/"), "https://a.example/");
        assert_eq!(covered_by("*", "u:hunter3@p:3128"), "u:*@p:3128");
        assert_eq!(covered_by("*", "a:1.25@sha256:0f"), "a:1.25@sha256:0f");
    }

    #[test]
    fn a_placeholder_is_no_secret() {
        assert!(covered("password: ${FORWARD_PROXY_PASSWORD}\ntoken: \"$${T}\"\n").is_empty());
        assert_eq!(covered("password: ${A:dflt}\n"), ["${A:dflt}"]);
    }

    proptest! {
        #[test]
        fn every_text_can_be_covered_and_no_address_is_left_out(text in "(password|name|value|http://u:p@h|-u|Basic|[-#:=|>&*'\"\\[\\]{}, \\\\é]|\n|\r\n){0,24}") {
            let mut end = 0;
            for range in secrets(&text) {
                prop_assert!(end <= range.start && text.get(range.clone()).is_some(), "{range:?}");
                end = range.end;
            }
            prop_assert!(!covered_by("*", &text).contains(":p@"));
            let mut shown = text.clone();
            secrets(&text).into_iter().rev().for_each(|range| shown.replace_range(range, "*"));
            prop_assert!(!shown.contains(":p@"), "{shown}");
        }
    }
}
