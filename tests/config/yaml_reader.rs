//! PyYAML, a YAML 1.1 reader of another family, takes every value that is written for that value.

use kestra_setup::kestra_config::{Edit, Value, patch};
use serde_json::{Value as Json, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Reads a list of texts from standard input, prints what each holds under `kestra: x:`.
const READER: &str = r#"
import json, sys, yaml
for text in json.load(sys.stdin):
    document = yaml.safe_load(text)
    print(json.dumps(document["kestra"]["x"]))
"#;

/// Texts that a careless writer would let a YAML 1.1 reader take for something else.
const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "a b",
    " a",
    "a ",
    "yes",
    "No",
    "on",
    "OFF",
    "true",
    "False",
    "y",
    "N",
    "null",
    "Null",
    "~",
    "0",
    "-1",
    "+1",
    "08",
    "0777",
    "0o17",
    "0x1F",
    "0b101",
    "1_000",
    "1:00",
    "12:30",
    "12:60",
    "12:30:45",
    "-1:30",
    "20:30.15",
    "1.",
    ".5",
    "1e3",
    "1E5",
    "12e03",
    "1.5e+3",
    ".inf",
    "-.Inf",
    ".nan",
    "2024-01-01",
    "2024-13-45",
    "2024-01-01 10:00:00",
    "2024-01-01T10:00:00Z",
    "<<",
    "=",
    "=a",
    "-",
    "--",
    "---",
    "...",
    "- a",
    "-a",
    "?",
    "? a",
    "?a",
    ":",
    ":a",
    "a:",
    "a: b",
    "a:b",
    "a #b",
    "a#b",
    "#a",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "|",
    ">",
    "%a",
    "@a",
    "`a",
    "'",
    "\"",
    "'a'",
    "\"a\"",
    "{a}",
    "[a]",
    "a,b",
    "a]b",
    "a}b",
    "{{ x }}",
    "[::1]:3128",
    "::1",
    "proxy:3128",
    "10.0.0.1:3128",
    "https://k.example.org/?a=b&c=d#e",
    "http://[2001:db8::1]:3128",
    "${NAME}",
    "${NAME:x}",
    "pa$$w0rd",
    "a\\b",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\n",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{200b}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\u{1f680}",
    "\u{e0001}",
    "ünïcødé",
    "例え",
    "Basic dXNlcjpwYXNz==",
];

#[test]
fn another_reader_takes_every_written_value_for_that_value() {
    let olds = [
        "kestra:\n  a: 1\n",
        "kestra:\n  x: a\n",
        "kestra:\n  x: 'a'\n",
        "kestra:\n  x: \"a\"\n",
        "kestra: {x: a}\n",
        "{\"kestra\": {\"a\": \"b\"}}\n",
    ];
    let values = TEXTS
        .iter()
        .map(|text| Value::Text((*text).to_owned()))
        .chain([Value::Bool(true), Value::Bool(false)]);
    let (mut texts, mut wanted) = (Vec::new(), Vec::new());
    for value in values {
        for old in olds {
            texts.push(patch(old, &[Edit::Set("kestra.x".into(), value.clone())]).unwrap());
            wanted.push(match &value {
                Value::Text(text) => json!(text),
                Value::Secret(text) => json!(text.reveal()),
                Value::Bool(truth) => json!(truth),
                Value::List(items) => json!(items),
            });
        }
    }
    let Some(read) = ask_python(READER, &json!(texts)) else { return };
    for ((text, wanted), read) in texts.iter().zip(&wanted).zip(&read) {
        assert_eq!(read, wanted, "{text}");
    }
    assert_eq!(read.len(), wanted.len());
}

/// What a Python program prints about this input, a line of JSON each; `None`, with a note, where
/// there is no PyYAML.
pub(crate) fn ask_python(program: &str, input: &Json) -> Option<Vec<Json>> {
    let exists = Command::new("python3")
        .args(["-c", "import yaml"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !support::needs(exists, "PyYAML, the package python3-yaml") {
        return None;
    }
    let mut reader = Command::new("python3");
    let mut child =
        reader.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the other reader refused a text");
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
