//! The table of questions.
//!
//! From a row of this table come the field on the screen, the question of plain mode, the flag, the
//! variable, the key in an answers file, the row of the review, the paragraph of the manual page and
//! the completion. Rows are in the module of their screen.

mod address;
mod defaults;
mod nginx;
mod proxy;

pub use address::*;
pub use defaults::{Defaults, EnvironmentProxy, ExistingServer, KnownCertificate, Service};
pub use nginx::*;
pub use proxy::*;

use crate::settings::{Invalid, PastedProxy, Secret, redacted};
use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

/// One screen of the form.
#[derive(Debug)]
pub struct Screen {
    pub(crate) id: ScreenId,
    /// The title in the step bar.
    pub(crate) title: &'static str,
    /// The question at the top of the screen.
    pub(crate) heading: &'static str,
    /// Its fields, from top to bottom.
    pub fields: &'static [&'static Field],
}

/// What a screen is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScreenId {
    Address,
    Proxy,
    Nginx,
}

/// The screens, in their order.
pub static SCREENS: [Screen; 3] = [address::SCREEN, proxy::SCREEN, nginx::SCREEN];

/// The other answers and the machine, as far as a question depends on them.
pub trait Context {
    /// The answer to a question; empty if there is none.
    fn get(&self, field: &Field) -> Cow<'_, str>;

    /// The same as a screen may show it.
    fn shown(&self, field: &Field) -> Cow<'_, str>;

    /// Whether the answer to a question differs from the files.
    fn is_changed(&self, field: &Field) -> bool;

    /// Whether the configuration names a variable for the password and none was typed: the password
    /// stays where it is.
    fn keeps_password_elsewhere(&self) -> bool;

    /// What the defaults of the questions are taken from.
    fn defaults(&self) -> &Defaults;
}

/// A question of the form: everything that screens, flags, files and help know about it.
pub struct Field {
    /// The name in flags, answers files and messages.
    pub name: &'static str,
    /// What `--help` has for the value of a flag that takes any text.
    pub(crate) value_name: &'static str,
    /// At most 13 columns.
    pub label: &'static str,
    /// The question as a sentence, for plain mode and `--help`.
    pub question: &'static str,
    /// One line under the focused field, at most 66 columns.
    pub(crate) help: &'static str,
    /// What F1 shows above the examples; lines of at most 78 columns.
    pub(crate) long_help: &'static str,
    /// Inputs and what becomes of them; the first one is a good answer.
    pub(crate) examples: &'static [(&'static str, &'static str)],
    /// Where the answer is stored, as a sentence without its full stop.
    pub(crate) stored_in: &'static str,
    /// How it is asked, on the full screen and in plain mode.
    pub kind: FieldKind,
    /// Whether the answer may be empty.
    pub(crate) optional: bool,
    /// The property of config.yml that holds this answer and nothing else. It is read, written and
    /// removed without any other code; an empty answer removes it.
    pub(crate) property: Option<&'static str>,
    /// The questions that the default is taken from. The property is also added when one of these is
    /// answered.
    pub(crate) follows: &'static [&'static Field],
    /// Where the review shows the answer.
    pub(crate) review: InReview,
    /// The question whose answer leaves this one out; `None` where this one is asked.
    ruled_out_by: fn(&dyn Context) -> Option<&'static Field>,
    /// The answer where neither the operator, nor a file, nor the environment gives one.
    default: for<'a> fn(&'a dyn Context) -> Cow<'a, str>,
    /// The part of a proxy URL that answers this question; a pasted one fills all of them, one in the
    /// environment is their default.
    proxy_part: Option<for<'a> fn(&'a PastedProxy) -> Cow<'a, str>>,
    /// The corrected value, or why it is invalid. Not called for an empty optional answer.
    check: fn(&str) -> Result<String, Invalid>,
    /// What is worth knowing about a valid value.
    pub(crate) notes: fn(&str) -> Vec<String>,
    /// What the help adds for these answers, as lines to copy.
    pub(crate) guide: fn(&dyn Context) -> Vec<String>,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text, shown as it is typed.
    Text,
    /// One line of text that is never shown.
    Secret,
    /// One of these options; any other text is invalid.
    Select(&'static [SelectOption]),
}

/// An answer that can be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectOption {
    /// The value in flags and answers files.
    pub value: &'static str,
    /// The text on the screen.
    pub(crate) label: &'static str,
    /// The line under the field while this is chosen; empty for the field's own help.
    pub(crate) help: &'static str,
}

/// An option, from its value, label and help.
const fn option(value: &'static str, label: &'static str, help: &'static str) -> SelectOption {
    SelectOption { value, label, help }
}

/// Where the review shows an answer. Every row has a digit, which opens its question.
#[derive(Clone, Copy)]
pub(crate) enum InReview {
    /// In a row of its own.
    OwnRow,
    /// In a row of its own that has another label and sums up several answers.
    Summary {
        /// At most 14 columns.
        label: &'static str,
        /// The text of the row; only called where the question is asked.
        text: fn(&dyn Context) -> String,
    },
    /// In the row of this question.
    RowOf(&'static Field),
}

/// The message about an empty answer to a question that needs one.
pub(crate) const MISSING: &str = "an answer is required.";

/// What most questions have in common; a row names only what differs.
const PLAIN: Field = Field {
    name: "",
    value_name: "VALUE",
    label: "",
    question: "",
    help: "",
    long_help: "",
    examples: &[],
    stored_in: "",
    kind: FieldKind::Text,
    optional: false,
    property: None,
    follows: &[],
    review: InReview::OwnRow,
    ruled_out_by: |_| None,
    default: |_| Cow::Borrowed(""),
    proxy_part: None,
    check: |text| Ok(text.to_owned()),
    notes: |_| Vec::new(),
    guide: |_| Vec::new(),
};

impl Field {
    /// The options; none for text.
    pub fn choices(&self) -> &'static [SelectOption] {
        match self.kind {
            FieldKind::Select(choices) => choices,
            FieldKind::Text | FieldKind::Secret => &[],
        }
    }

    /// The key or directive that holds the answer, as [`stored_in`](Self::stored_in) names it.
    pub(crate) fn key(&self) -> Option<&'static str> {
        let (_, name) = self.stored_in.split_once(" as ")?;
        name.split([',', ' ']).next()?.rsplit('.').next()
    }

    /// Whether the answer must not be shown.
    pub fn is_secret(&self) -> bool {
        self.kind == FieldKind::Secret
    }

    /// The option with this value.
    pub(crate) fn choice(&self, value: &str) -> Option<&'static SelectOption> {
        self.choices().iter().find(|choice| choice.value == value)
    }

    /// The text as it may be shown: what is no valid answer may hold a secret.
    pub(crate) fn shown<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.kind {
            _ if text.is_empty() => text.into(),
            FieldKind::Secret => Secret::MASK.into(),
            _ if self.check(text).is_ok() => text.into(),
            _ => redacted(text),
        }
    }

    /// The question whose answer leaves this one out; `None` where this one is asked.
    pub(crate) fn ruled_out_by(&self, context: &dyn Context) -> Option<&'static Field> {
        (self.ruled_out_by)(context)
    }

    /// The question that the row of this answer on the review opens.
    pub(crate) fn row(&'static self) -> &'static Self {
        match self.review {
            InReview::RowOf(field) => field,
            InReview::OwnRow | InReview::Summary { .. } => self,
        }
    }

    /// The answer where neither the operator nor a file gives one.
    pub(crate) fn default<'a>(&self, context: &'a dyn Context) -> Cow<'a, str> {
        match self.of_environment(context.defaults()) {
            Some((_, value)) => value,
            None => (self.default)(context),
        }
    }

    /// The variable of the environment that the default comes from, and its value.
    pub(crate) fn of_environment<'a>(
        &self,
        defaults: &'a Defaults,
    ) -> Option<(&'a str, Cow<'a, str>)> {
        let EnvironmentProxy { variable, proxy } = defaults.proxy.as_ref()?;
        let value = self.of_proxy(proxy).filter(|value| !value.is_empty())?;
        Some((variable, value))
    }

    /// The part of a proxy URL that answers this question; empty if the URL does not have it.
    pub(crate) fn of_proxy<'a>(&self, proxy: &'a PastedProxy) -> Option<Cow<'a, str>> {
        self.proxy_part.map(|part| part(proxy))
    }

    /// The corrected value.
    ///
    /// # Errors
    /// What is wrong and what to do; an empty answer to a question that needs one is an error too.
    pub(crate) fn check(&self, text: &str) -> Result<String, Invalid> {
        let is_empty = text.trim().is_empty();
        match self.kind {
            FieldKind::Select(choices) => choose(choices, text),
            _ if is_empty && self.optional => Ok(String::new()),
            _ if is_empty => Err(Invalid::new(MISSING)),
            FieldKind::Text | FieldKind::Secret => (self.check)(text),
        }
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Field {}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every question, in the order in which it is asked.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    SCREENS.iter().flat_map(|screen| screen.fields.iter().copied())
}

/// The questions that open a row of the review, in the order of their digits. A row comes where the
/// last of its questions is asked.
pub(crate) fn review_rows() -> Vec<&'static Field> {
    let mut rows = fields().fold(Vec::new(), |mut rows: Vec<&'static Field>, field| {
        rows.retain(|row| *row != field.row());
        rows.push(field.row());
        rows
    });
    // Beside nginx, which passes the path on.
    rows.sort_by_key(|row| **row == CONTEXT_PATH || **row == REVERSE_PROXY);
    rows
}

/// The digits of the review, such as `1-6`.
pub(crate) fn review_digits() -> String {
    format!("1-{}", review_rows().len())
}

/// The questions whose answers share the row of this one on the review.
pub(crate) fn in_row_of(row: &'static Field) -> impl Iterator<Item = &'static Field> {
    fields().filter(move |field| field.row() == row)
}

/// The question with this name.
pub(crate) fn field(name: &str) -> Option<&'static Field> {
    fields().find(|field| field.name == name)
}

/// The screen of a question and its place on it, both counted from 0.
pub fn position(field: &Field) -> Option<(usize, usize)> {
    SCREENS.iter().enumerate().find_map(|(screen, rows)| {
        let focus = rows.fields.iter().position(|row| *row == field)?;
        Some((screen, focus))
    })
}

/// The check of a question whose answers are a newtype.
fn parsed<T: FromStr<Err = Invalid> + Display>(text: &str) -> Result<String, Invalid> {
    text.parse::<T>().map(|value| value.to_string())
}

fn choose(choices: &[SelectOption], text: &str) -> Result<String, Invalid> {
    let wanted = text.trim().to_ascii_lowercase();
    if let Some(choice) = choices.iter().find(|choice| choice.value == wanted) {
        return Ok(choice.value.to_owned());
    }
    let values: Vec<_> = choices.iter().map(|choice| choice.value).collect();
    Err(Invalid::new(format!("this takes one of: {}.", values.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_are_good_flags() {
        let mut names: Vec<_> = fields().map(|field| field.name).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn the_first_example_of_every_text_is_a_good_answer() {
        for field in fields().filter(|field| field.choices().is_empty()) {
            let (example, _) = field.examples.first().expect(field.name);
            assert!(field.check(example).is_ok(), "{}: {example}", field.name);
        }
    }

    #[test]
    fn every_default_is_valid_where_an_answer_is_not_required() {
        let answers = crate::answers::Answers::default();
        for field in fields() {
            let default = field.default(&answers);
            let is_open = default.is_empty() && !field.optional;
            assert!(is_open || field.check(&default).is_ok(), "{}: {default}", field.name);
        }
    }

    #[test]
    fn the_first_question_of_a_screen_is_always_asked() {
        let mut answers = crate::answers::Answers::default();
        for value in ["direct", "none", ""] {
            fields().for_each(|field| answers.set(field, value));
            assert!(SCREENS.iter().all(|screen| answers.asks(screen.fields[0])), "{value}");
        }
    }

    #[test]
    fn the_key_of_an_answer_is_the_last_name_of_where_it_is_stored() {
        let all: [(&Field, Option<&str>); 5] = [
            (&URL, Some("url")),
            (&CONTEXT_PATH, Some("context-path")),
            (&CERTIFICATE, Some("ssl_certificate")),
            (&PROXY_PASSWORD_VARIABLE, Some("proxy-password")),
            (&REVERSE_PROXY, None),
        ];
        assert!(all.iter().all(|(field, key)| field.key() == *key));
    }

    #[test]
    fn every_text_fits_its_place() {
        for field in fields().chain([&CONFIGURATION]) {
            assert!(!field.question.is_empty(), "{}", field.name);
            let stored_in = field.stored_in;
            let is_sentence =
                ["Stored in ", "Not stored; "].iter().any(|it| stored_in.starts_with(it));
            assert!(is_sentence && !stored_in.ends_with('.'), "{stored_in}");
            assert!(field.label.len() <= 13, "{}", field.label);
            assert!(field.help.len() <= 66, "{}: {}", field.name, field.help.len());
            assert!(field.long_help.lines().all(|line| line.len() <= 78), "{}", field.name);
            assert!(field.long_help.is_ascii() && field.help.is_ascii());
            for choice in field.choices() {
                assert!(choice.help.len() <= 79, "{}: {}", choice.value, choice.help.len());
            }
        }
    }

    #[test]
    fn a_row_of_the_review_comes_where_the_last_of_its_questions_is() {
        let names: Vec<_> = review_rows().into_iter().map(|field| field.name).collect();
        let login = "proxy-username";
        let expected =
            ["url", "connection", "proxy-address", login, "context-path", "reverse-proxy"];
        assert_eq!(names, expected);
        assert!(names.len() <= 9, "a row has one digit");
    }

    #[test]
    fn a_choice_is_taken_in_any_case_and_refused_by_naming_the_others() {
        assert_eq!(CONNECTION.check(" HTTP "), Ok("http".to_owned()));
        let refused = CONNECTION.check("https").unwrap_err();
        assert_eq!(refused.message, "this takes one of: direct, http, socks.");
    }
}
