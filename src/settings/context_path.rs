//! The path under which Kestra serves everything, `micronaut.server.context-path`.

use super::Invalid;
use super::text::{only, trimmed};
use std::str::FromStr;

/// A context path such as `/kestra`, or nothing for the root; never with a slash at the end.
///
/// With a slash at the end Kestra would redirect to `/kestra//ui/`, without one in front it would
/// redirect relative to the page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ContextPath(String);

impl ContextPath {
    /// `""` or `"/kestra"`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether Kestra is served at `/`.
    pub(crate) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The part before the first `ui` or `api`, which Kestra adds itself.
    pub(super) fn before_kestra(path: &str) -> String {
        let own: Vec<_> = segments(path).take_while(|segment| !is_kestras(segment)).collect();
        format!("/{}", own.join("/"))
    }
}

impl FromStr for ContextPath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        if text.contains("://") {
            return Err(Invalid::new("this takes the path alone, e.g. /kestra, not the address."));
        }
        if let Some(refusal) = host_in_front(text) {
            return Err(refusal);
        }
        only(text, is_path_character, "a path")?;
        let path = joined(&without_kestras_own(text)?)?;
        refuse_what_breaks_kestra(&path)?;
        Ok(Self(path))
    }
}

shows_its_field!(ContextPath);

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

fn is_kestras(segment: &str) -> bool {
    matches!(segment, "ui" | "api")
}

fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '~' | '-')
}

fn host_in_front(text: &str) -> Option<Invalid> {
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    let is_host = first == "localhost" || first.trim_start_matches('.').contains('.');
    is_host.then(|| {
        let refusal = Invalid::new("leave out the host name. A context path starts with \"/\".");
        let path = format!("/{rest}").parse::<ContextPath>().ok();
        refusal.or_use(path.filter(|path| !path.is_root()).map(|path| path.0))
    })
}

/// Drops `ui`, `api` or `api/v1` at the end; anything more after them is a page that was pasted.
fn without_kestras_own(text: &str) -> Result<Vec<&str>, Invalid> {
    let all: Vec<_> = segments(text).collect();
    let own = all.iter().position(|segment| is_kestras(segment)).unwrap_or(all.len());
    let (own, kestras) = all.split_at(own);
    match kestras {
        // Refused with the reason below: to empty it would not be what was meant.
        [_] if own.is_empty() => Ok(all),
        [] | [_] | ["api", "v1"] => Ok(own.to_vec()),
        [first, ..] => {
            let what = format!("leave out everything from \"{first}/\" on. Kestra adds it itself.");
            let own = own.join("/").parse::<ContextPath>().ok();
            Err(Invalid::new(what).or_use(own.map(|path| path.0)))
        }
    }
}

fn joined(segments: &[&str]) -> Result<String, Invalid> {
    if segments.iter().any(|segment| matches!(*segment, "." | "..")) {
        return Err(Invalid::new("write the path without \".\" and \"..\"."));
    }
    if segments.iter().any(|segment| segment.starts_with(['.', '~', '-'])) {
        return Err(Invalid::new("every part of the path starts with a letter or a digit."));
    }
    let path: String = segments.iter().flat_map(|segment| ["/", segment]).collect();
    if path.len() > 200 {
        return Err(Invalid::new("a context path has at most 200 characters."));
    }
    Ok(path)
}

/// Micronaut puts the context path in front of its own patterns only where they do not start with
/// it already (`AnnotatedFilterRouteBuilder.getPatterns`). Under `/a` the login filter for
/// `/api/v1/**` would no longer apply; under the others Kestra's pages are not found.
fn refuse_what_breaks_kestra(path: &str) -> Result<(), Invalid> {
    let breaks = |own: &&str| !path.is_empty() && own.starts_with(path);
    match ["/api/v1/", "/ui/", "/static/", "/swagger/"].iter().copied().find(breaks) {
        None => Ok(()),
        Some("/api/v1/") => Err(Invalid::new(format!(
            "under {path} Kestra would not require a login. Use another, e.g. /kestra."
        ))),
        Some(own) => Err(Invalid::new(format!(
            "under {path} Kestra does not find its own {own}. Use another, e.g. /kestra."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Invalid {
        text.parse::<ContextPath>().unwrap_err()
    }

    #[test]
    fn a_path_that_switches_the_login_off_is_refused_with_the_reason() {
        for path in ["/a", "/ap", "/api"] {
            assert!(refusal(path).message.contains("login"), "{path}");
        }
    }

    #[test]
    fn a_path_that_hides_kestras_pages_is_refused() {
        for path in ["/u", "/ui", "/s", "/st", "/static", "/sw", "/swagger/"] {
            assert!(refusal(path).message.contains("does not find"), "{path}");
        }
    }

    #[test]
    fn a_page_of_the_browser_suggests_the_path_before_it() {
        assert_eq!(refusal("/kestra/ui/main/flows").suggestion.as_deref(), Some("/kestra"));
    }

    #[test]
    fn a_host_in_front_suggests_the_path_behind_it() {
        assert_eq!(refusal("mycompany.com/kestra").suggestion.as_deref(), Some("/kestra"));
    }

    #[test]
    fn more_than_two_hundred_characters_are_refused() {
        assert!(format!("/{}", "k".repeat(199)).parse::<ContextPath>().is_ok());
        assert!(format!("/{}", "k".repeat(200)).parse::<ContextPath>().is_err());
    }
}
