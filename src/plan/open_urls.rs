//! `kestra.server.basic-auth.open-urls`: the paths that Kestra serves without a login.
//!
//! In releases of [`Era::Closed`](crate::kestra_release::Era) the login page and webhooks under a
//! context path are closed until this list has them with the path in front. The list replaces the
//! packaged default, so what of that default matters is written with them.

use crate::answers::Answers;
use crate::form;
use crate::kestra_config::open_urls::{
    AT_ROOT, PACKAGED, PROPERTY, SETUP, UNDER_PATH, context_path, entries,
};
use crate::kestra_config::{Edit, Reading, Value};
use crate::settings::ContextPath;
use indexmap::IndexSet;

/// The edit that these answers need; none for a new file is `reading`.
pub(super) fn edit(answers: &Answers, reading: Option<&Reading>) -> Option<Edit> {
    let old = reading.map_or_else(ContextPath::default, context_path);
    let new: ContextPath = answers.get(&form::CONTEXT_PATH).parse().ok()?;
    let is_answered = answers.is_set(&form::OPEN_URLS);
    if old == new && !is_answered {
        return None;
    }
    let listed = reading.and_then(entries);
    let moved = listed.iter().flatten().filter_map(|entry| moved(entry, &old, &new));
    let mut entries: IndexSet<String> = moved.collect();
    let ours = UNDER_PATH.map(|rest| format!("{new}{rest}"));
    if answers.asks(&form::OPEN_URLS) && answers.get(&form::OPEN_URLS) == "login-and-webhooks" {
        entries.extend(AT_ROOT.map(str::to_owned).into_iter().chain(ours));
    } else if is_answered {
        entries.retain(|entry| !ours.contains(entry));
    }
    match listed {
        Some(listed) if listed.iter().eq(&entries) => None,
        Some(_) if entries.iter().all(|entry| PACKAGED.contains(&entry.as_str())) => {
            Some(Edit::Remove(PROPERTY.to_owned()))
        }
        None if entries.is_empty() => None,
        _ => Some(Edit::Set(PROPERTY.to_owned(), Value::List(entries.into_iter().collect()))),
    }
}

/// An entry after a change of the context path; none where it goes with the old path.
fn moved(entry: &str, old: &ContextPath, new: &ContextPath) -> Option<String> {
    match entry.strip_prefix(old.as_str()).filter(|rest| rest.starts_with('/')) {
        Some(rest) if old != new && !old.is_root() => {
            let goes = new.is_root() || rest == SETUP;
            (!goes).then(|| format!("{new}{rest}"))
        }
        _ => Some(entry.to_owned()),
    }
}

/// Whether a value is one that the wizard could have written, and so may be shown.
pub(super) fn shows(path: &str, value: &str) -> Option<bool> {
    let is_item = path.split('[').next() == Some(PROPERTY);
    let is_ours = || {
        let of_path = UNDER_PATH.iter().filter_map(|rest| value.strip_suffix(rest));
        PACKAGED.contains(&value)
            || of_path.into_iter().any(|path| path.parse::<ContextPath>().is_ok())
    };
    is_item.then(is_ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Defaults, Field};
    use crate::kestra_config::{self, Place};
    use crate::kestra_release::Era;
    use crate::machine::{Machine, Snapshot};

    const BEFORE: &str =
        "kestra:\n  url: https://h/kestra/\nmicronaut:\n  server:\n    context-path: /kestra\n";

    fn edited(text: &str, release: Option<Era>, given: &[(&Field, &str)]) -> Option<Edit> {
        let mut found = Machine::new("c.yml".into(), Place::default());
        found.see("c.yml".into(), Snapshot::Text(text.into()));
        found.defaults = Defaults { release, ..Defaults::default() };
        let mut answers = found.answers().unwrap();
        for (field, text) in given {
            answers.set(field, text);
        }
        edit(&answers, Some(&kestra_config::read(text).unwrap()))
    }

    fn set(entries: &[&str]) -> Edit {
        let entries = entries.iter().map(ToString::to_string).collect();
        Edit::Set(PROPERTY.to_owned(), Value::List(entries))
    }

    const SIX: [&str; 6] = [
        "/ping",
        "/api/v1/executions/webhook/",
        "/api/v1/main/executions/webhook/",
        "/kestra/api/v1/main/executions/webhook/",
        "/kestra/api/v1/configs",
        "/kestra/api/v1/basicAuthValidationErrors",
    ];

    #[test]
    fn a_path_that_is_not_touched_is_given_no_entries_unasked() {
        let url = [(&form::URL, "https://other/kestra/")];
        assert_eq!(edited(BEFORE, Some(Era::Closed), &url), None);
        let asked = [(&form::OPEN_URLS, "login-and-webhooks")];
        assert_eq!(edited(BEFORE, None, &asked), Some(set(&SIX)));
    }

    #[test]
    fn a_new_path_is_opened_where_the_release_is_known_to_close_it() {
        let root = "kestra.url: https://h/\n";
        let path = [(&form::URL, "https://h/kestra/"), (&form::CONTEXT_PATH, "/kestra")];
        assert_eq!(edited(root, Some(Era::Closed), &path), Some(set(&SIX)));
        assert_eq!(edited(root, Some(Era::Open), &path), None);
        assert_eq!(edited(root, None, &path), None);
    }

    #[test]
    fn the_question_is_asked_under_a_path_unless_the_release_needs_no_entries() {
        let asked = |release, path| {
            let defaults = Defaults { release, ..Defaults::default() };
            let mut answers = Answers::new(defaults, [].into());
            answers.set(&form::CONTEXT_PATH, path);
            answers.asks(&form::OPEN_URLS).then(|| answers.get(&form::OPEN_URLS).into_owned())
        };
        assert_eq!(asked(Some(Era::Closed), "/k").as_deref(), Some("login-and-webhooks"));
        for release in [None, Some(Era::WebhooksOnly), Some(Era::LoginBypass)] {
            assert_eq!(asked(release, "/k").as_deref(), Some("none"), "{release:?}");
        }
        assert_eq!(asked(Some(Era::Open), "/k"), None);
        assert_eq!(asked(Some(Era::Closed), ""), None);
    }

    #[test]
    fn entries_follow_the_path_and_go_with_it() {
        let list = format!("{BEFORE}{PROPERTY}: [{}, /mine]\n", SIX.join(", "));
        let moved = SIX.map(|entry| entry.replace("/kestra", "/ops"));
        let moved: Vec<_> = moved.iter().map(String::as_str).chain(["/mine"]).collect();
        let ops = [(&form::URL, "https://h/ops/"), (&form::CONTEXT_PATH, "/ops")];
        assert_eq!(edited(&list, None, &ops), Some(set(&moved)));
        let root = [(&form::URL, "https://h/"), (&form::CONTEXT_PATH, "")];
        assert_eq!(edited(&list, None, &root), Some(set(&[&SIX[..3], &["/mine"]].concat())));
        let ours_alone = format!("{BEFORE}{PROPERTY}: [{}]\n", SIX.join(", "));
        assert_eq!(edited(&ours_alone, None, &root), Some(Edit::Remove(PROPERTY.to_owned())));
        let none = [(&form::OPEN_URLS, "none")];
        assert_eq!(edited(&ours_alone, None, &none), Some(Edit::Remove(PROPERTY.to_owned())));
    }

    #[test]
    fn the_entry_that_lets_anybody_take_over_never_follows() {
        let list = format!("{BEFORE}{PROPERTY}: [/kestra/api/v1/main/basicAuth, /mine]\n");
        let ops = [(&form::URL, "https://h/ops/"), (&form::CONTEXT_PATH, "/ops")];
        assert_eq!(edited(&list, None, &ops), Some(set(&["/mine"])));
    }
}
