//! Mutates configurations and edits them, over and over.
//!
//! `cargo run --release --manifest-path fuzz/Cargo.toml -- COUNT SEED`, from the top of the
//! repository. The seeds are the cases of `tests/config/yaml`. A panic, an edit that is not stable, or a
//! result that `serde_yaml` reads otherwise ends the run with the text and the number that
//! brings it back.

use kestra_setup::kestra_config::{self, Edit, Kind, Place, Value};
use std::path::Path;
use std::time::Instant;
use support::{Random, YamlCase};

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|word| word.parse::<u64>().ok());
    let (count, seed) = (arguments.next().unwrap_or(100_000), arguments.next().unwrap_or(1));
    let seeds = seeds();
    let mut tally = [0_u64; 3];
    let start = Instant::now();
    for number in 0..count {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(number) | 1);
        let (text, edits) = (mutated(&seeds, &mut random), edits(&mut random));
        let outcome = std::panic::catch_unwind(|| run(&text, &edits));
        match outcome {
            Ok(Ok(outcome)) => tally[outcome as usize] += 1,
            Ok(Err(finding)) => return report(number, seed, &text, &edits, &finding),
            Err(_) => return report(number, seed, &text, &edits, "it panicked"),
        }
        if number % 1_000_000 == 999_999 {
            println!("{} done, {:?}, {tally:?}", number + 1, start.elapsed());
        }
    }
    let [refused, unchanged, changed] = tally;
    println!("{count} runs from seed {seed} in {:?} without a finding", start.elapsed());
    println!("{refused} refused, {unchanged} unchanged, {changed} changed");
}

fn report(number: u64, seed: u64, text: &str, edits: &[Edit], finding: &str) {
    println!("run {number} of seed {seed}: {finding}\n{edits:#?}\n{text:?}\n{text}");
    std::process::exit(1);
}

#[derive(Clone, Copy)]
enum Outcome {
    Refused,
    Unchanged,
    Changed,
}

/// Edits a text in every place it has, and checks what was promised.
fn run(text: &str, edits: &[Edit]) -> Result<Outcome, String> {
    let mut outcome = Outcome::Refused;
    for place in kestra_config::places(text).unwrap_or_else(|_| vec![Place::whole()]) {
        outcome = run_at(text, &place, edits)?;
    }
    Ok(outcome)
}

fn run_at(text: &str, place: &Place, edits: &[Edit]) -> Result<Outcome, String> {
    let Ok(after) = kestra_config::patch_at(text, place, edits) else { return Ok(Outcome::Refused) };
    let reading =
        kestra_config::read_at(&after, place).map_err(|refusal| format!("unreadable: {refusal}"))?;
    for edit in edits {
        let scalar = reading.get(edit.property());
        let is_right = match edit {
            Edit::Set(_, Value::Text(text)) => {
                scalar.is_some_and(|scalar| scalar.kind == Kind::Text && scalar.text == *text)
            }
            Edit::Set(_, Value::Bool(truth)) => scalar.is_some_and(|scalar| {
                scalar.kind == Kind::Bool && scalar.text == truth.to_string()
            }),
            Edit::Set(property, Value::List(items)) => {
                let item = |at: usize| reading.get(&format!("{property}[{at}]"));
                let mut in_order = items.iter().enumerate();
                scalar.is_some_and(|scalar| scalar.text == items.len().to_string())
                    && in_order.all(|(at, text)| item(at).is_some_and(|it| it.text == *text))
            }
            Edit::Set(_, Value::Secret(_)) => unreachable!("not among the edits"),
            Edit::Remove(_) => scalar.is_none(),
        };
        if !is_right {
            return Err(format!("{} came out as {scalar:?}\n{after}", edit.property()));
        }
    }
    match kestra_config::patch_at(&after, place, edits) {
        Ok(again) if again == after => {}
        other => return Err(format!("not stable:\n{after}\n{other:?}")),
    }
    second_reader(text, &after, place)?;
    Ok(if after == text { Outcome::Unchanged } else { Outcome::Changed })
}

/// What another parser could read before, it can read afterwards.
fn second_reader(text: &str, after: &str, place: &Place) -> Result<(), String> {
    let reads = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text);
    // That parser cannot read a byte order mark.
    if !place.is_whole() || text.starts_with('\u{feff}') || reads(text).is_err() {
        return Ok(());
    }
    reads(after)
        .map(drop)
        .map_err(|error| format!("a second reader cannot read it: {error}\n{after}"))
}

fn seeds() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/config/yaml");
    let cases = YamlCase::all(Path::new(folder)).into_iter().map(|case| case.before);
    cases.chain(LISTS.map(str::to_owned)).collect()
}

/// Lists, which few of the cases have.
const LISTS: [&str; 4] = [
    "kestra: {open-urls: [/a, \"/b\" , /c, /d,], url: x}\n",
    "kestra.open-urls: [\n  /a, # c\n  /b,\n  /c\n]\na: 1\n",
    "kestra:\n  open-urls:\n  - /a # c\n  - /b\n  # d\n  - '/c'\n  url: x\n",
    "kestra:\n  open-urls:\n    - \"/b\"\n    - /c",
];

const PIECES: [&str; 48] = [
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    ":",
    ": ",
    "- ",
    "? ",
    "#",
    " # c",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!x ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "|",
    ">-",
    "|+\n",
    "|2\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "~",
    "null",
    "{}",
    "kestra:\n  url: x\n",
    "kestra.url: y\n",
    "micronaut:\n",
    "KESTRA_CONFIGURATION: |\n",
    "server: ",
    "context-path: /a\n",
    "proxyType: A\n",
    "http.services.api:\n",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "é",
    "\0",
    "$$",
];

fn mutated(seeds: &[String], random: &mut Random) -> String {
    let mut text = seeds[random.below(seeds.len())].clone();
    for _ in 0..random.below(5) {
        let (from, to) = (boundary(random, &text), boundary(random, &text));
        match random.below(7) {
            0 => text.insert_str(from, random.pick(&PIECES)),
            1 => text.replace_range(
                from..(from + to.saturating_sub(from).min(8)).min(floor(&text, from + 8).max(from)),
                "",
            ),
            2 => swap_lines(&mut text, random),
            3 => drop_line(&mut text, random),
            4 => indent_line(&mut text, random),
            5 => {
                let other = &seeds[random.below(seeds.len())];
                let line = other.lines().nth(random.below(40)).unwrap_or_default();
                let at = text[..from].rfind('\n').map_or(0, |newline| newline + 1);
                text.insert_str(at, &format!("{line}\n"));
            }
            _ => text.insert_str(from, random.pick(&PIECES)),
        }
    }
    text
}

/// A place between two characters.
fn boundary(random: &mut Random, text: &str) -> usize {
    let at = random.below(text.len() + 1);
    floor(text, at)
}

/// The last character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn swap_lines(text: &mut String, random: &mut Random) {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.len() > 1 {
        let (one, two) = (random.below(lines.len()), random.below(lines.len()));
        lines.swap(one, two);
        *text = lines.concat();
    }
}

fn drop_line(text: &mut String, random: &mut Random) {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if !lines.is_empty() {
        lines.remove(random.below(lines.len()));
        *text = lines.concat();
    }
}

fn indent_line(text: &mut String, random: &mut Random) {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if let Some(line) =
        (!lines.is_empty()).then(|| random.below(lines.len())).and_then(|at| lines.get_mut(at))
    {
        match line.strip_prefix(' ') {
            Some(rest) if random.below(2) == 0 => *line = rest.to_owned(),
            _ => line.insert(0, ' '),
        }
        *text = lines.concat();
    }
}

fn edits(random: &mut Random) -> Vec<Edit> {
    const NAMES: [&str; 8] = [
        "kestra.url",
        "micronaut.server.context-path",
        "micronaut.http.services.api.proxy-type",
        "micronaut.http.services.api.proxy-address",
        "micronaut.http.services.api.proxy-username",
        "micronaut.http.client.proxy-authorization",
        "micronaut.http.services.api.follow-redirects",
        "kestra.server.x",
    ];
    const TEXTS: [&str; 8] = [
        "https://k.example.org/",
        "a: b #c",
        "yes",
        "12:30",
        "it's \"x\"\n",
        "{a,b?",
        "$x",
        "\u{200b}é",
    ];
    let mut edits: Vec<Edit> = Vec::new();
    for name in NAMES {
        let edit = match random.below(4) {
            0 => Edit::Set(name.into(), Value::Text(random.pick(&TEXTS).into())),
            1 => Edit::Set(name.into(), Value::Bool(random.below(2) == 0)),
            2 => Edit::Remove(name.into()),
            _ => continue,
        };
        edits.push(edit);
    }
    if random.below(2) == 0 {
        let items = ["/a", "/b", "/c", "a: b"].into_iter().filter(|_| random.below(2) == 0);
        let items = items.map(str::to_owned).collect();
        edits.push(Edit::Set("kestra.open-urls".into(), Value::List(items)));
    }
    edits
}
