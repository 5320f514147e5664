//! Docker Compose replaces variables in what is embedded in its file: a `$` that Kestra is to see
//! is written `$$`.

/// The text to write so that this one arrives.
pub(super) fn written(text: &str) -> String {
    text.replace('$', "$$")
}

/// What arrives of a written text; Compose's own variables stay as they are written.
pub(super) fn read_back(text: &str) -> String {
    text.replace("$$", "$")
}

/// Whether the written text already is what should arrive.
///
/// A variable of Compose, such as `${KESTRA_HOST}`, is shown as it is written; when it comes back
/// unchanged from the operator it stays.
pub(super) fn is_same(raw: &str, wanted: &str) -> bool {
    raw == written(wanted) || (wanted.contains("${") && read_back(raw) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_survives_the_way_through_compose() {
        assert_eq!(read_back(&written("a$b$$c${D}")), "a$b$$c${D}");
    }

    #[test]
    fn a_variable_of_compose_stays_when_it_comes_back_unchanged() {
        assert!(is_same("http://${HOST}/", "http://${HOST}/"));
        assert!(!is_same("pa$word", "pa$word"));
    }
}
