//! The answers file: a YAML mapping of the names of the questions.

use crate::form::{self, Field};
use crate::settings::Secret;
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

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
    let mut reader = EntryReader::default();
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((event, _)) => reader.take(event),
            Err(error) => {
                let line = error.marker().line();
                let problem = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => "is nested too deeply",
                    _ => "is not YAML",
                };
                let problems = vec![format!("the answers file {problem}, line {line}")];
                return AnswersFile { problems, ..AnswersFile::default() };
            }
        }
    }
    let mut file = reader.file;
    file.answers.sort_by_key(|(field, _)| form::position(field));
    file
}

#[derive(Default)]
struct EntryReader {
    file: AnswersFile,
    documents: usize,
    /// The open mappings: the root, and one of those in it.
    depth: usize,
    is_in_reviewed: bool,
    /// The open collections in one that is no answer.
    skipped: usize,
    key: PendingKey,
    seen: BTreeSet<&'static str>,
    anchors: BTreeMap<usize, String>,
}

/// What the next node is.
#[derive(Default)]
enum PendingKey {
    #[default]
    Next,
    /// The value of this key.
    Text(String),
    /// The value of a key that is not text.
    Other,
}

impl EntryReader {
    fn take(&mut self, event: Event) {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.problem("the answers file holds several documents");
                }
            }
            Event::MappingStart(..) | Event::SequenceStart(..) if self.skipped > 0 => {
                self.skipped += 1;
            }
            Event::MappingStart(..) if self.depth == 0 || self.is_mapping() => {
                self.is_in_reviewed = self.is_named(REVIEWED);
                self.key = PendingKey::Next;
                self.depth += 1;
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                self.skipped = 1;
                self.collection();
            }
            Event::MappingEnd | Event::SequenceEnd if self.skipped > 0 => self.skipped -= 1,
            Event::MappingEnd | Event::SequenceEnd => self.depth -= 1,
            Event::Scalar(text, style, anchor, _) => {
                if anchor != 0 {
                    self.anchors.insert(anchor, text.to_string());
                }
                if self.skipped == 0 {
                    let is_null = style == ScalarStyle::Plain
                        && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                    self.text((!is_null).then_some(text));
                }
            }
            Event::Alias(anchor) if self.skipped == 0 => match self.anchors.get(&anchor).cloned() {
                Some(text) => self.text(Some(text.into())),
                None => self.collection(),
            },
            _ => {}
        }
    }

    fn is_mapping(&self) -> bool {
        self.depth == 1 && (self.is_named(DEFAULTS) || self.is_named(REVIEWED))
    }

    fn is_named(&self, name: &str) -> bool {
        matches!(&self.key, PendingKey::Text(key) if key == name)
    }

    fn problem(&mut self, problem: impl Into<String>) {
        self.file.problems.push(problem.into());
    }

    /// A name or a value; `None` is null.
    fn text(&mut self, value: Option<Cow<str>>) {
        let is_absent = value.is_none();
        let text = value.unwrap_or_default();
        if self.depth == 0 {
            if !text.is_empty() {
                self.problem("the answers file is not a mapping of names to values");
            }
            return;
        }
        let name = match std::mem::take(&mut self.key) {
            PendingKey::Next => return self.key = PendingKey::Text(text.into_owned()),
            PendingKey::Text(name) => name,
            PendingKey::Other => return,
        };
        if self.depth == 2 && self.is_in_reviewed {
            let text = (!is_absent).then(|| text.as_ref().into());
            return self.file.reviewed.push((name.into(), text));
        }
        match form::field(&name) {
            None => self.problem(unknown(&name)),
            Some(field) if !self.seen.insert(field.name) => {
                self.problem(format!("{name}: given twice"));
            }
            Some(field) => {
                let file = &mut self.file;
                let answers = if self.depth == 1 { &mut file.answers } else { &mut file.defaults };
                answers.push((field, text.as_ref().into()));
            }
        }
    }

    /// A mapping or a list where a text belongs.
    fn collection(&mut self) {
        match std::mem::take(&mut self.key) {
            _ if self.depth == 0 => {
                self.problem("the answers file is not a mapping of names to values");
            }
            PendingKey::Next => {
                self.problem("a name in the answers file is not text");
                self.key = PendingKey::Other;
            }
            PendingKey::Text(name) if form::field(&name).is_some() => {
                self.problem(format!("{name}: the value is not text; put it in quotes"));
            }
            PendingKey::Text(name) => self.problem(unknown(&name)),
            PendingKey::Other => {}
        }
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
        assert_eq!(parse("- x\n").problems.len(), 1);
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
