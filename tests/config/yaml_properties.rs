//! What holds for every configuration, on generated ones: any nesting, spelling and style.

use kestra_setup::kestra_config::{Edit, Value, patch, read};
use proptest::prelude::*;

/// A key with a value or with keys below it, and how both are written.
#[derive(Debug, Clone)]
enum Entry {
    Value { key: String, value: &'static str, comment: &'static str },
    Keys { key: String, below: Vec<Entry>, above: Option<&'static str> },
    List { key: String, items: Vec<&'static str>, indent: usize },
    Block { key: String, lines: Vec<&'static str> },
    Flow { key: String, pairs: Vec<(String, &'static str)> },
}

fn key() -> impl Strategy<Value = String> {
    const NAMES: [&str; 9] = [
        "kestra",
        "micronaut",
        "server",
        "http",
        "proxyType",
        "context_path",
        "url",
        "a.b",
        "\"q\"",
    ];
    (prop::sample::select(&NAMES[..]), 0..30_u8).prop_map(|(name, number)| match name {
        "\"q\"" => format!("\"q{number}\""),
        _ => format!("{name}{number}"),
    })
}

fn value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &["x", "http://h:1/", "'it''s'", "\"a: #b\"", "yes", "12:30", "~", "5", "{}", "[]"][..],
    )
}

fn entry() -> impl Strategy<Value = Entry> {
    let comment = prop::sample::select(&["", "  # why", "   "][..]);
    let leaf = prop_oneof![
        4 => (key(), value(), comment).prop_map(|(key, value, comment)| Entry::Value { key, value, comment }),
        1 => (key(), prop::collection::vec(value(), 1..3), 0..3_usize)
            .prop_map(|(key, items, indent)| Entry::List { key, items, indent }),
        1 => (key(), prop::collection::vec(prop::sample::select(&["line", "# no comment", "  deeper"][..]), 1..4))
            .prop_map(|(key, lines)| Entry::Block { key, lines }),
        1 => (key(), prop::collection::vec((key(), value()), 1..4))
            .prop_map(|(key, pairs)| Entry::Flow { key, pairs }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let above = prop::sample::select(&[None, Some(""), Some("# own line")][..]);
        (key(), prop::collection::vec(inner, 1..4), above)
            .prop_map(|(key, below, above)| Entry::Keys { key, below, above })
    })
}

/// The lines of a configuration.
fn render(entries: &[Entry], column: usize, step: usize) -> Vec<String> {
    entries.iter().flat_map(|entry| render_one(entry, column, step)).collect()
}

fn render_one(entry: &Entry, column: usize, step: usize) -> Vec<String> {
    let margin = " ".repeat(column);
    let below = |head: String, lines: Vec<String>| [vec![head], lines].concat();
    match entry {
        Entry::Value { key, value, comment } => vec![format!("{margin}{key}: {value}{comment}")],
        Entry::Keys { key, below: entries, above } => {
            let lines = below(format!("{margin}{key}:"), render(entries, column + step, step));
            above.iter().map(|&line| line.to_owned()).chain(lines).collect()
        }
        Entry::List { key, items, indent } => {
            let items = items.iter().map(|item| format!("{margin}{:indent$}- {item}", ""));
            below(format!("{margin}{key}:"), items.collect())
        }
        Entry::Block { key, lines } => {
            let lines = ["first"].iter().chain(lines).map(|line| format!("{margin}  {line}"));
            below(format!("{margin}{key}: |"), lines.collect())
        }
        Entry::Flow { key, pairs } => {
            let pairs: Vec<_> =
                pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            vec![format!("{margin}{key}: {{{}}}", pairs.join(", "))]
        }
    }
}

fn configuration() -> impl Strategy<Value = String> {
    let ends = (1..5_usize, any::<bool>(), any::<bool>());
    (prop::collection::vec(entry(), 0..6), ends).prop_map(
        |(entries, (step, is_windows, is_ended))| {
            let mut text = render(&entries, 0, step).join("\n") + "\n";
            if !is_ended {
                text.truncate(text.trim_end().len());
            }
            if is_windows { text.replace('\n', "\r\n") } else { text }
        },
    )
}

fn new_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[ -~]{0,12}".prop_map(Value::Text),
        "\\PC{0,6}".prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
    ]
}

/// A property that is new, and one of those that are there.
fn set_new() -> impl Strategy<Value = Edit> {
    let names = prop::sample::select(
        &["kestra.url", "micronaut.server.context-path", "kestra1.x", "server3.y.z", "new"][..],
    );
    (names, new_value()).prop_map(|(name, value)| Edit::Set(name.to_owned(), value))
}

fn is_subsequence(lines: &str, of: &str) -> bool {
    let mut all = of.lines();
    lines.lines().all(|line| all.any(|other| other == line))
}

/// A block scalar at the end of a file without a final newline becomes `|-` when lines follow.
fn unstripped(text: &str) -> String {
    text.replace(": |-", ": |")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn patching_twice_is_patching_once(text in configuration(), edits in prop::collection::vec(set_new(), 1..4)) {
        if let Ok(once) = patch(&text, &edits) {
            prop_assert_eq!(patch(&once, &edits).unwrap(), once);
        }
    }

    #[test]
    fn every_configuration_that_is_read_takes_a_new_section(text in configuration(), value in new_value()) {
        prop_assume!(read(&text).is_ok());
        let after = patch(&text, &[Edit::Set("brand.new".to_owned(), value)]).unwrap();
        prop_assert!(is_subsequence(&text, &unstripped(&after)), "{after}");
    }

    #[test]
    fn removing_a_new_section_again_gives_the_same_bytes(text in configuration(), value in new_value()) {
        prop_assume!(read(&text).is_ok_and(|reading| !reading.is_empty()) && !text.starts_with('{'));
        let set = Edit::Set("brand.new".to_owned(), value);
        let with = patch(&text, &[set]).unwrap();
        let without = patch(&with, &[Edit::Remove("brand.new".to_owned())]).unwrap();
        prop_assert_eq!(unstripped(&without).replace(['\r', '\n'], ""), text.replace(['\r', '\n'], ""));
    }

    #[test]
    fn only_the_line_of_the_property_differs(text in configuration(), pick in any::<prop::sample::Index>(), value in new_value()) {
        let Ok(reading) = read(&text) else { return Ok(()) };
        let names: Vec<String> = reading.iter().map(|(name, _)| name.to_owned()).filter(|name| !name.contains('[')).collect();
        prop_assume!(!names.is_empty());
        let name = pick.get(&names).clone();
        let line = reading.get(&name).unwrap().line;
        let Ok(after) = patch(&text, &[Edit::Set(name.clone(), value)]) else { return Ok(()) };
        let (before, after): (Vec<_>, Vec<_>) = (text.lines().collect(), after.lines().collect());
        let is_one_line = before.len() == after.len();
        let differing = before.iter().zip(&after).enumerate().filter(|(_, (one, two))| one != two);
        for (at, _) in differing.filter(|_| is_one_line) {
            prop_assert_eq!(at + 1, line, "{}", after.join("\n"));
        }
    }

    #[test]
    fn a_removed_property_is_gone_and_nothing_else(text in configuration(), pick in any::<prop::sample::Index>()) {
        let Ok(reading) = read(&text) else { return Ok(()) };
        let names: Vec<String> = reading.iter().map(|(name, _)| name.to_owned()).filter(|name| !name.contains('[')).collect();
        prop_assume!(!names.is_empty());
        let name = pick.get(&names).clone();
        let Ok(after) = patch(&text, &[Edit::Remove(name.clone())]) else { return Ok(()) };
        let left = read(&after).unwrap();
        prop_assert!(left.get(&name).is_none());
        let others = |reading: &kestra_setup::kestra_config::Reading| -> Vec<String> {
            let others = reading.iter().filter(|(other, _)| *other != name && !other.starts_with(&format!("{name}[")));
            others.map(|(other, scalar)| format!("{other} {} {:?}", scalar.text, scalar.kind)).collect()
        };
        prop_assert_eq!(others(&left), others(&reading));
    }
}
