//! Kestra's config.yml: text in, properties out; edits in, text out.
//!
//! The one thing to know: nothing here re-serialises a person's file. An edit is a splice at the
//! spans of a real parser, and it is proved by reading before and after the way Micronaut does.

/// What a property is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Must be read back as this string by a YAML 1.1 and a YAML 1.2 reader.
    Text(String),
    /// Must be read back as this boolean.
    Bool(bool),
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

/// Why a configuration was left alone, and what the operator can do by hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// The line that stands in the way, counted from 1.
    pub line: Option<usize>,
    /// Lower case, no full stop.
    pub reason: String,
    /// The YAML that has the same effect when it is pasted by hand; empty if the text cannot be read at all.
    pub paste: String,
}

// TEMPSTUB
#[derive(Debug, Clone, Default)]
pub struct Reading;
pub struct Scalar {
    pub text: String,
    pub line: usize,
}
impl Reading {
    pub fn get(&self, _p: &str) -> Option<&Scalar> {
        None
    }
    pub fn has(&self, _p: &str) -> bool {
        false
    }
    pub fn is_empty(&self) -> bool {
        true
    }
    pub fn lines(&self, _: &str) -> Vec<usize> {
        vec![]
    }
}
#[derive(Debug, Clone, Default)]
pub struct Place;
pub fn read_at(_t: &str, _p: &Place) -> Result<Reading, Refusal> {
    Ok(Reading)
}
pub fn patch_at(t: &str, _p: &Place, _e: &[Edit]) -> Result<String, Refusal> {
    Ok(t.to_owned())
}
pub fn patch(t: &str, _e: &[Edit]) -> Result<String, Refusal> {
    Ok(t.to_owned())
}
pub fn secrets(_t: &str) -> Vec<std::ops::Range<usize>> {
    vec![]
}
