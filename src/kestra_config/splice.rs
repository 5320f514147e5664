//! Pieces of new text and where they go.

use std::ops::Range;

/// The bytes of a range give way to a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

impl Splice {
    pub(super) fn replace(range: Range<usize>, text: impl Into<String>) -> Self {
        Self { range, text: text.into() }
    }

    pub(super) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    pub(super) fn delete(range: Range<usize>) -> Self {
        Self::replace(range, "")
    }
}

/// The text with all splices done; `None` when two of them want the same bytes.
///
/// Insertions at the same place keep their order.
pub(super) fn apply(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let mut result = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for splice in splices {
        result.push_str(text.get(done..splice.range.start)?);
        result.push_str(&splice.text);
        done = splice.range.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_are_done_at_once_and_in_order() {
        let splices = vec![Splice::insert(3, "1"), Splice::delete(0..1), Splice::insert(3, "2")];
        assert_eq!(apply("abc", splices).as_deref(), Some("bc12"));
    }

    #[test]
    fn two_splices_over_the_same_bytes_are_none() {
        assert_eq!(apply("abc", vec![Splice::delete(0..2), Splice::delete(1..3)]), None);
    }
}
