//! Files that are made to hurt get a clear answer, soon.

use kestra_setup::kestra_config::{Edit, Refusal, Value, patch, places, read};

fn refused(text: &str) -> Refusal {
    let _ = places(text);
    let edits = [Edit::Set("kestra.url".to_owned(), Value::Text("x".to_owned()))];
    let refusal = patch(text, &edits).expect_err("it must be refused");
    assert_eq!(refusal.paste, "kestra:\n  url: x\n");
    assert_eq!(read(text).expect_err("it must be refused").reason, refusal.reason);
    refusal
}

#[test]
fn twenty_thousand_levels_are_refused() {
    for deep in
        ["[".repeat(20_000), "{a: ".repeat(20_000), "- ".repeat(20_000), "? ".repeat(20_000)]
    {
        refused(&deep);
    }
    let deep = levels(2_000);
    assert!(refused(&deep).reason.contains("50 levels"));
}

#[test]
fn a_text_beyond_four_megabytes_is_refused() {
    let refusal = read(&"a: 1\n".repeat(1 << 20)).expect_err("it must be refused");
    assert!(refusal.reason.contains("4 MiB"));
}

#[test]
fn a_list_that_would_take_a_gigabyte_is_refused() {
    let list = format!("kestra:\n  url: a\nlist: [{}]\n", "x,".repeat(2_000_000));
    let refusal = refused(&list);
    assert_eq!(
        (refusal.line, refusal.reason.as_str()),
        (Some(3), "more than 200,000 keys and values")
    );
}

#[test]
fn fifty_levels_are_read() {
    let deep = levels(50);
    assert!(read(&deep).is_ok());
}

/// Keys below one another, one level deeper each.
fn levels(count: usize) -> String {
    let lines: Vec<_> = (0..count).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    lines.concat()
}

/// Anchored values of which each is made of the one before.
fn bomb(levels: usize, value: impl Fn(String) -> String) -> String {
    let line =
        |level: usize| format!("l{level}: &l{level} {}\n", value(format!("*l{}", level - 1)));
    format!("l0: &l0 {{x: lol}}\n{}", (1..levels).map(line).collect::<Vec<_>>().concat())
}

#[test]
fn alias_bombs_are_not_expanded() {
    let nine = |alias: String| format!("[{}]", format!("{alias}, ").repeat(9));
    let two = |alias: String| format!("{{a: {alias}, b: {alias}}}");
    let merged = |alias: String| format!("{{<<: [{alias}, {alias}]}}");
    assert!(refused(&bomb(20, nine)).reason.contains("aliases"));
    assert!(refused(&bomb(25, two)).reason.contains("aliases multiply"));
    assert!(refused(&bomb(25, merged)).reason.contains("merge keys multiply"));
}

/// Fifty anchored values, of which each has the one before below many levels of this.
fn chain(opened: &str) -> String {
    let value = |alias: String| format!("{}{alias}{}", opened.repeat(46), "}".repeat(46));
    let deep = bomb(50, value);
    format!("{deep}kestra: *l49\n")
}

#[test]
fn a_chain_of_deep_aliases_does_not_exhaust_the_stack() {
    assert!(refused(&chain("{a: ")).reason.contains("aliases multiply"));
    assert!(refused(&chain("{<<: ")).reason.contains("merge keys multiply"));
}

#[test]
fn an_alias_within_its_own_value_is_refused() {
    assert_eq!(refused("a: &a\n  b: *a\n").line, Some(2));
    refused("a: &a\n  <<: *a\n");
}

#[test]
fn nul_and_control_characters_are_refused_with_their_line() {
    for bad in ["a: 1\nb: \0\n", "a: 1\n\u{1b}[2J\n", "a: 1\n# \u{7f}\n", "a: 1\nb: c\rd\n"] {
        assert_eq!(refused(bad).line, Some(2), "{bad:?}");
    }
}

#[test]
fn many_of_the_same_take_no_longer_than_many_others() {
    for text in [
        "kestra: {url: a}\n".repeat(5_000),
        "---\nkestra:\n  url: a\n".repeat(3_000),
        "kestra.url: a\n".repeat(5_000),
        format!("kestra: {{{}}}\n", "a: 1, ".repeat(5_000)),
        format!("kestra:\n  text: |\n{}", "    # \tx\n".repeat(5_000)),
        format!("kestra:\n{}", "  # \tcomment\n".repeat(5_000)),
        format!("kestra:\n  x: 1{}\n", "\t".repeat(5_000)),
        format!("kestra: \"{}\"\n", "\t\n\n".repeat(5_000)),
        format!("kestra:\n  a: 1 {}\n", "password=".repeat(3_000)),
        format!("kestra:\n  a: 1 {}\n", "://a:".repeat(3_000)),
        format!("kestra:\n  a: {}\n", "b: ".repeat(3_000)),
    ] {
        let edits = [
            Edit::Remove("kestra.url".to_owned()),
            Edit::Set("kestra.new".to_owned(), Value::Bool(true)),
        ];
        let _ = (read(&text), patch(&text, &edits), places(&text));
    }
}

#[test]
fn what_kestra_cannot_read_is_refused_also_where_nothing_would_change() {
    // A merge of nothing, in a section that the edit is not about; found by fuzzing.
    let text = "x: &d\nkestra:\n  <<: *d\n  a: 2\n";
    let gone = Edit::Remove("micronaut.http.services.api.proxy-address".to_owned());
    assert!(read(text).is_err());
    assert!(patch(text, &[gone]).is_err());
}
