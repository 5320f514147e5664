//! Kestra's config.yml: text in, properties out; edits in, text out.
//!
//! The one thing to know: nothing here re-serialises a person's file. An edit is a splice at the
//! spans of a real parser, and it is verified by reading before and after the way Micronaut does.

mod block;
mod compose;
mod find;
mod flow;
mod keys;
mod kind;
mod list;
mod locate;
mod merge;
pub mod open_urls;
mod parse;
mod patch;
mod place;
mod places;
mod reading;
mod refused;
mod scalar;
mod strict;
mod text;
mod verify;
mod yaml;

pub(crate) use compose::{
    KESTRA_PORT, Mounted, PublishedPort, beside, image, is_property, mounted_file, published_port,
};
pub(crate) use keys::hyphenated;
pub use kind::Kind;
pub use place::{InvalidPlace, Place, PlaceKind};
pub use places::places;
pub(crate) use places::{place_at, readings};
pub use reading::{Reading, Scalar};
pub(crate) use refused::PlaceError;

use crate::settings::Secret;
use std::fmt;
use yaml::Tree;

/// What a property is set to.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Must be read back as this string by a YAML 1.1 and a YAML 1.2 reader.
    Text(String),
    /// The same, but shown nowhere, also not in a text to paste.
    Secret(Secret),
    /// Must be read back as this boolean.
    Bool(bool),
    /// Must be read back as a list of these strings.
    List(Vec<String>),
}

impl Value {
    /// The string; `None` for a boolean or a list.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret(secret) => Some(secret.reveal()),
            Self::Bool(_) | Self::List(_) => None,
        }
    }
}

/// Shows no text, which may be a password.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Secret(secret) => write!(f, "Secret({secret:?})"),
            Self::Bool(truth) => write!(f, "Bool({truth})"),
            Self::List(items) => write!(f, "List({} items)", items.len()),
        }
    }
}

/// One wanted difference. Properties are canonical: dotted and kebab-case, such as
/// `micronaut.http.services.api.proxy-address`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The property must have this value afterwards.
    Set(String, Value),
    /// The property must not exist afterwards, in any spelling, in any document.
    Remove(String),
}

impl Edit {
    /// The canonical name: dotted, kebab-case.
    pub fn property(&self) -> &str {
        match self {
            Self::Set(property, _) | Self::Remove(property) => property,
        }
    }

    /// The edit with the value to write, so that the wanted one arrives.
    fn written(&self, is_compose: bool) -> Self {
        match self {
            Self::Set(property, Value::Text(text)) if is_compose => {
                Self::Set(property.clone(), Value::Text(scalar::for_compose(text)))
            }
            Self::Set(property, Value::Secret(text)) if is_compose => {
                let text = scalar::for_compose(text.reveal());
                Self::Set(property.clone(), Value::Secret(text.into()))
            }
            _ => self.clone(),
        }
    }
}

/// Why a configuration was left alone, and what the operator can do by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The line that is the obstacle, counted from 1.
    pub line: Option<usize>,
    /// Lower case, no full stop.
    pub reason: String,
    /// The YAML that has the same effect when it is pasted by hand, with `<password>` for a secret;
    /// empty when a text could not be read and nothing was to be changed.
    pub paste: String,
}

impl Refusal {
    pub(crate) fn new(line: Option<usize>, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into(), paste: String::new() }
    }

    /// What became of the file, and why; lower case, no full stop.
    pub(crate) fn outcome(&self) -> String {
        let line = self.line.map_or(String::new(), |line| format!(" (line {line})"));
        format!("the file is left alone{line}: {}", self.reason)
    }
}

/// Reads a config.yml as Micronaut reads it.
///
/// # Errors
///
/// Refuses what SnakeYAML cannot read, with the line: no YAML, tabs for indentation, control
/// characters, unknown tags, nesting beyond 50 levels, alias bombs.
pub fn read(text: &str) -> Result<Reading, Refusal> {
    read_at(text, &Place::whole())
}

/// Reads the configuration at this place of a file. Lines are those of the file.
///
/// # Errors
///
/// Like [`read`], and when there is no configuration at this place.
pub fn read_at(text: &str, place: &Place) -> Result<Reading, Refusal> {
    locate::read(&Tree::parse(text)?, place)
}

/// Sets and removes properties in a config.yml and leaves every other byte.
///
/// # Errors
///
/// Refuses, with the line and the text to paste by hand, what cannot be read and what cannot be
/// done without changing another property too. The result is verified before it is returned.
pub fn patch(text: &str, edits: &[Edit]) -> Result<String, Refusal> {
    patch_at(text, &Place::whole(), edits)
}

/// Sets and removes properties in the configuration at this place of a file, and leaves every other
/// byte of the file.
///
/// # Errors
///
/// Like [`patch()`], and when there is no configuration at this place.
pub fn patch_at(text: &str, place: &Place, edits: &[Edit]) -> Result<String, Refusal> {
    patch::patch(text, place, edits)
        .map_err(|refusal| Refusal { paste: patch::paste(edits, place.is_compose()), ..refusal })
}
