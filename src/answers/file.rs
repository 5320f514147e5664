//! The answers file: a YAML mapping of the names of the questions.

use crate::form::{self, Field};
use crate::settings::Secret;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

/// The file is flat; what is nested deeper is refused before it costs time.
const MAX_DEPTH: usize = 8;

/// The name of the mapping that replaces the defaults of the questions. Only where the plan is
/// compared with one that was reviewed: see `apply --expect`.
const DEFAULTS: &str = "defaults";

/// The name of the mapping of the files that changed since that plan was made, and are overwritten.
const REVIEWED: &str = "reviewed";

/// The contents of an answers file, and what is wrong with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AnswersFile {
    /// The answers, in the order of the form: a mapping has none, and some answers follow others.
    pub(crate) answers: Vec<(&'static Field, Secret)>,
    /// What replaces the defaults of other questions.
    pub(crate) defaults: Vec<(&'static Field, Secret)>,
    /// The texts that files had when a plan was reviewed, where they have others by now; `None` for
    /// a file that was not there.
    pub(crate) reviewed: Vec<(PathBuf, Option<Secret>)>,
    /// Every unknown name and every value that is not text, one sentence each. The text itself is
    /// never repeated: it may be a password.
    pub(crate) problems: Vec<String>,
}

/// Reads the text of an answers file. JSON is YAML, so it may be JSON too. A value is taken as it is
/// written, also without quotes: `1.10` is no number here.
pub(crate) fn parse(text: &str) -> AnswersFile {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let events = Parser::new_from_str_with_options(text, options);
    let mut file = AnswersFile::default();
    match (Reader { events, texts: BTreeMap::new() }).documents() {
        Ok(documents) => {
            if documents.len() > 1 {
                file.problems.push("the answers file holds several documents".to_owned());
            }
            documents.into_iter().take(1).for_each(|document| file.take(document));
        }
        Err(error) => {
            let problem = match error.kind() {
                ErrorKind::RecursionLimitExceeded => "is nested too deeply",
                _ => "is not YAML",
            };
            let line = error.marker().line();
            file.problems.push(format!("the answers file {problem}, line {line}"));
        }
    }
    file
}

impl AnswersFile {
    fn take(&mut self, document: Value) {
        let entries = match document {
            Value::Mapping(entries) => entries,
            Value::Null => return,
            Value::Text(_) | Value::List => {
                let problem = "the answers file is not a mapping of names to values";
                return self.problems.push(problem.to_owned());
            }
        };
        let mut seen = BTreeSet::new();
        let mut own = Vec::new();
        for entry in entries {
            match entry {
                (Value::Text(name), Value::Mapping(entries)) if *name == *DEFAULTS => {
                    self.defaults.extend(answers(entries, &mut seen, &mut self.problems));
                }
                (Value::Text(name), Value::Mapping(entries)) if *name == *REVIEWED => {
                    self.reviewed.extend(entries.into_iter().filter_map(reviewed));
                }
                entry => own.push(entry),
            }
        }
        self.answers = answers(own, &mut seen, &mut self.problems);
        self.answers.sort_by_key(|(field, _)| form::position(field));
    }
}

/// The answers in a mapping; adds what is wrong with the others to the problems.
fn answers(
    entries: Vec<(Value, Value)>,
    seen: &mut BTreeSet<&'static str>,
    problems: &mut Vec<String>,
) -> Vec<(&'static Field, Secret)> {
    let mut answers = Vec::new();
    for (name, value) in entries {
        let Value::Text(name) = name else {
            problems.push("a name in the answers file is not text".to_owned());
            continue;
        };
        match (form::field(&name), value) {
            (None, _) => problems.push(unknown(&name)),
            (_, Value::Mapping(_) | Value::List) => {
                problems.push(format!("{name}: the value is not text; put it in quotes"));
            }
            (Some(field), _) if !seen.insert(field.name) => {
                problems.push(format!("{name}: given twice"));
            }
            (Some(field), Value::Text(text)) => answers.push((field, (*text).into())),
            (Some(field), Value::Null) => answers.push((field, "".into())),
        }
    }
    answers
}

/// A file and its text; `None` where the entry is no such thing.
fn reviewed(entry: (Value, Value)) -> Option<(PathBuf, Option<Secret>)> {
    match entry {
        (Value::Text(path), Value::Text(text)) => Some(((*path).into(), Some((*text).into()))),
        (Value::Text(path), Value::Null) => Some(((*path).into(), None)),
        _ => None,
    }
}

/// A value in the file, as far as it counts here.
enum Value {
    Null,
    /// Shared with its aliases, which may be many.
    Text(Rc<str>),
    Mapping(Vec<(Value, Value)>),
    /// A list, or an alias of anything but a text.
    List,
}

/// Makes values out of what the parser reads.
struct Reader<E> {
    events: E,
    /// The texts with an anchor, by its number.
    texts: BTreeMap<usize, Rc<str>>,
}

impl<'a, E: Iterator<Item = Result<(Event<'a>, Span), ScanError>>> Reader<E> {
    fn documents(mut self) -> Result<Vec<Value>, ScanError> {
        std::iter::from_fn(|| self.value().transpose()).collect()
    }

    /// The next value; `None` at the end of the collection that it is in, or of the file.
    fn value(&mut self) -> Result<Option<Value>, ScanError> {
        while let Some((event, _)) = self.events.next().transpose()? {
            return Ok(Some(match event {
                Event::Scalar(text, style, anchor, _) => {
                    let is_null = style == ScalarStyle::Plain
                        && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                    let text: Rc<str> = text.into();
                    if anchor != 0 {
                        self.texts.insert(anchor, text.clone());
                    }
                    if is_null { Value::Null } else { Value::Text(text) }
                }
                Event::Alias(anchor) => {
                    self.texts.get(&anchor).map_or(Value::List, |text| Value::Text(text.clone()))
                }
                Event::MappingStart(..) => {
                    let mut entries = Vec::new();
                    while let Some(name) = self.value()? {
                        entries.extend(self.value()?.map(|value| (name, value)));
                    }
                    Value::Mapping(entries)
                }
                Event::SequenceStart(..) => {
                    while self.value()?.is_some() {}
                    Value::List
                }
                Event::MappingEnd | Event::SequenceEnd => return Ok(None),
                _ => continue,
            }));
        }
        Ok(None)
    }
}

/// How many letters of a name may be wrong, missing or swapped for it to be suggested.
const MISTYPED: usize = 2;

/// The problem with a name that is no question.
pub(crate) fn unknown(name: &str) -> String {
    format!("{name}: {}", no_such_question(name))
}

/// The same without the name: what the operator may have meant.
pub(crate) fn no_such_question(name: &str) -> String {
    let names: Vec<_> = form::fields().map(|field| field.name).collect();
    let distance = |known: &&str| strsim::damerau_levenshtein(name, known);
    match names.iter().copied().min_by_key(distance).filter(|known| distance(known) <= MISTYPED) {
        Some(known) => format!("there is no such question. Did you mean {known}?"),
        None => format!("there is no such question. The names are: {}.", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_yaml_say_the_same() {
        let yaml = parse("url: https://a.example/\nlisten: 8081\n");
        assert_eq!(parse(r#"{"url": "https://a.example/", "listen": 8081}"#), yaml);
        assert_eq!((yaml.answers.len(), yaml.problems.len()), (2, 0));
    }

    #[test]
    fn a_value_is_taken_as_it_is_written() {
        for text in ["1.10", "0x1F", "1e5", "+5", "0o17", ".5", "12345678901234567890123", "yes"] {
            let file = parse(&format!("proxy-password: {text}\n"));
            assert_eq!(file.answers, [(&form::PROXY_PASSWORD, text.into())]);
        }
        for text in ["", "~", "null"] {
            assert_eq!(parse(&format!("certificate: {text}\n")).answers[0].1.reveal(), "");
        }
    }

    #[test]
    fn every_problem_is_listed_at_once_beside_the_answers() {
        let AnswersFile { problems, .. } = parse("ulr: x\nlisten: [1]\n");
        assert_eq!(problems[0], "ulr: there is no such question. Did you mean url?");
        assert!(unknown("hostname").contains("The names are: url, context-path, "));
        assert_eq!(problems[1], "listen: the value is not text; put it in quotes");
        let file = parse("ulr: x\nlisten: 1\nlisten: 2\n");
        assert_eq!((file.answers.len(), file.problems.len()), (1, 2));
        assert_eq!(file.problems[1], "listen: given twice");
    }

    #[test]
    fn a_broken_file_is_refused_without_repeating_it() {
        let file = parse("proxy-password: \"hunter2\n");
        assert!(file.problems[0].contains("not YAML") && !file.problems[0].contains("hunter2"));
        for text in ["- x\n", "x\n", "url: x\n---\nurl: y\n", "[x]: y\n", "~: y\n"] {
            assert_eq!(parse(text).problems.len(), 1, "{text}");
        }
    }

    #[test]
    fn a_text_may_be_an_alias_and_defaults_are_a_mapping_of_their_own() {
        let file =
            parse("url: &a x\nserver-name: *a\ndefaults: {listen: 80, connection: direct}\n");
        assert_eq!(file.problems, [""; 0]);
        assert_eq!(
            file.answers.iter().map(|(_, text)| text.reveal()).collect::<Vec<_>>(),
            ["x"; 2]
        );
        assert_eq!(
            file.defaults,
            [(&form::LISTEN, "80".into()), (&form::CONNECTION, "direct".into())]
        );
    }

    #[test]
    fn the_texts_of_reviewed_files_are_a_mapping_of_paths() {
        let file =
            parse(r#"{"url": "x", "reviewed": {"/a.yml": "url: 1\n", "/b": null, "/c": ""}}"#);
        let reviewed = [("/a.yml", Some("url: 1\n")), ("/b", None), ("/c", Some(""))];
        let reviewed = reviewed.map(|(path, text)| (path.into(), text.map(Secret::from)));
        assert_eq!(
            (file.reviewed, file.answers.len(), file.problems.len()),
            (reviewed.into(), 1, 0)
        );
    }

    #[test]
    fn a_deep_file_and_an_alias_bomb_end_at_once() {
        let deep = format!("url: {}", "[".repeat(100_000));
        let block = (0..2000).fold(String::new(), |text, n| format!("{text}{}a:\n", " ".repeat(n)));
        for text in [deep, block, "[".repeat(100_000)] {
            assert_eq!(parse(&text).problems.len(), 1);
            assert!(parse(&text).problems[0].contains("nested too deeply"), "{:?}", parse(&text));
        }
        let level = |n: usize| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(10));
        let bomb = (1..=30).map(level).collect::<String>();
        assert_eq!(parse(&format!("a0: &a0 [x]\n{bomb}url: *a30\n")).problems.len(), 32);
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert_eq!(parse("# nothing\n"), AnswersFile::default());
    }
}
