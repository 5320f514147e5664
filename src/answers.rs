//! The answers, as text.
//!
//! An answer is what the operator gave (typed, a flag, an answers file), else the value in the files,
//! else the default of its question. Only a given answer that differs from the files is written, so
//! an untouched value keeps its every byte.

mod conflicts;
mod file;
mod problems;
mod validate;

pub use conflicts::conflicts;
pub(crate) use file::parse;
pub(crate) use file::{no_such_question, unknown};
pub(crate) use problems::{Fix, Problem};

use crate::form::{self, Context, Defaults, Field};
use crate::settings::{PastedProxy, Secret, ServerUrl};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Every answer, from every source.
#[derive(Clone, Default, PartialEq)]
pub struct Answers {
    given: BTreeMap<&'static str, Secret>,
    found: BTreeMap<&'static str, Secret>,
    /// The questions whose text in the files is a `${…}`, with or without more around it.
    placeholders: BTreeSet<&'static str>,
    /// What replaces the defaults of the questions: see [`Answers::restore`].
    restored: BTreeMap<&'static str, Secret>,
    defaults: Defaults,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Typed, a flag, or an answers file.
    Given,
    /// A value in the files.
    Found,
    /// This variable of the environment.
    Environment(String),
    /// The default of the question.
    Default,
}

impl Answers {
    /// No answer given yet, with the defaults of this machine and the values in its files.
    pub fn new(defaults: Defaults, found: BTreeMap<&'static str, Secret>) -> Self {
        Self { found, defaults, ..Self::default() }
    }

    /// The same, where the texts that answer these questions are `${…}` to Micronaut.
    pub(crate) fn with_placeholders(self, placeholders: BTreeSet<&'static str>) -> Self {
        Self { placeholders, ..self }
    }

    /// The answer to a question; empty if there is none.
    pub fn get(&self, field: &Field) -> Cow<'_, str> {
        if self.goes_with_emptied(field) {
            return Cow::Borrowed("");
        }
        let known = [&self.given, &self.found, &self.restored];
        match known.into_iter().find_map(|answers| answers.get(field.name)) {
            Some(text) => Cow::Borrowed(text.reveal()),
            None => field.default(self),
        }
    }

    /// The answer as a screen may show it: what the operator types shows, but of what a file has
    /// only a valid answer does.
    pub(crate) fn shown(&self, field: &Field) -> Cow<'_, str> {
        let text = self.get(field);
        if self.is_set(field) && !field.is_secret() {
            return text;
        }
        match field.shown(&text) {
            shown if shown == text => text,
            shown => Cow::Owned(shown.into_owned()),
        }
    }

    /// The value in the files; `None` if they set none.
    pub(crate) fn found(&self, field: &Field) -> Option<&str> {
        self.found.get(field.name).map(Secret::reveal)
    }

    /// Sets an answer. One that equals the value in the files counts as not given, so that the file
    /// keeps its spelling.
    pub fn set(&mut self, field: &Field, text: &str) {
        let Some(field) = form::field(field.name) else { return };
        let follows = *field == form::URL && self.is_named_after_url();
        // An nginx file at the default path of its form moves with the form.
        let moves = *field == form::NGINX_FORM
            && self.found(&form::NGINX_FILE).is_some()
            && self.get(&form::NGINX_FILE)
                == self.defaults.nginx_file(&self.get(&form::NGINX_FORM));
        self.take(field, text);
        if moves {
            let file = self.defaults.nginx_file(&self.get(&form::NGINX_FORM)).to_owned();
            self.take(&form::NGINX_FILE, &file);
        }
        if follows {
            match text.parse::<ServerUrl>() {
                Ok(url) => self.take(&form::SERVER_NAME, &url.host().to_string()),
                Err(_) => {
                    self.given.remove(form::SERVER_NAME.name);
                }
            }
        }
    }

    /// Whether nginx answers to the host of the URL and to nothing else: it goes on doing so. In place
    /// of an invalid URL, which is kept until it is corrected, that of the files counts.
    fn is_named_after_url(&self) -> bool {
        if self.found(&form::SERVER_NAME).is_none() {
            return false;
        }
        let url = self.get(&form::URL).parse();
        let url = url.or_else(|_| self.found(&form::URL).unwrap_or_default().parse());
        url.is_ok_and(|url: ServerUrl| self.get(&form::SERVER_NAME) == url.host().to_string())
    }

    fn take(&mut self, field: &'static Field, text: &str) {
        // A choice is meant in any case, and compared in one.
        let choice = field.check(text).ok().filter(|_| !field.choices().is_empty());
        let text = choice.as_deref().unwrap_or(text);
        if self.found(field) == Some(text) {
            self.given.remove(field.name);
        } else {
            self.given.insert(field.name, text.into());
        }
    }

    /// Takes an answer that may hold several: a pasted proxy URL fills every field of the proxy.
    /// Gives whether it did.
    pub(crate) fn set_proxy(&mut self, text: &str) -> bool {
        let Ok(proxy) = text.trim().parse::<PastedProxy>() else { return false };
        for field in form::fields() {
            if let Some(part) = field.of_proxy(&proxy) {
                self.set(field, &part);
            }
        }
        true
    }

    /// Takes exactly the answers of another session, and what it used where none was given: no
    /// answer follows another one here.
    pub(crate) fn restore(
        &mut self,
        given: Vec<(&'static Field, Secret)>,
        defaults: Vec<(&'static Field, Secret)>,
    ) {
        for (field, text) in given {
            self.take(field, text.reveal());
        }
        self.restored = defaults.into_iter().map(|(field, text)| (field.name, text)).collect();
    }

    pub(crate) fn forget(&mut self) {
        self.given.clear();
    }

    /// The same machine and files, with the answers given elsewhere.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        for (field, text) in other.given() {
            self.set(field, text.reveal());
        }
        self
    }

    /// Whether this is the second half of a pair of which the first was emptied, and was not given
    /// itself: the one that is there goes with the first. Otherwise it would be a half without the
    /// other, an error that plain mode does not get past.
    fn goes_with_emptied(&self, field: &Field) -> bool {
        let first = match field {
            it if *it == form::PROXY_PASSWORD => &form::PROXY_USERNAME,
            it if *it == form::CERTIFICATE_KEY => &form::CERTIFICATE,
            _ => return false,
        };
        let is_emptied = self.given.get(first.name).is_some_and(Secret::is_empty);
        let had_one = || match self.found(first) {
            Some(found) => !found.is_empty(),
            None => !first.default(self).is_empty(),
        };
        is_emptied && !self.is_set(field) && had_one()
    }

    /// Whether this was given and differs from the files.
    pub(crate) fn is_set(&self, field: &Field) -> bool {
        self.given.contains_key(field.name)
    }

    /// The given answers, in the order of the form.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static Field, &Secret)> {
        form::fields().filter_map(|field| Some((field, self.given.get(field.name)?)))
    }

    /// The open questions that were answered anew: what is not asked changes nothing.
    pub(crate) fn changes(&self) -> impl Iterator<Item = &'static Field> {
        self.questions().filter(|field| self.is_set(field))
    }

    /// Whether no answer was given.
    pub fn is_untouched(&self) -> bool {
        self.given.is_empty()
    }

    /// Whether the other answers leave this question open.
    pub(crate) fn asks(&self, field: &Field) -> bool {
        field.ruled_out_by(self).is_none()
    }

    /// Every open question, in its order.
    pub(crate) fn questions(&self) -> impl Iterator<Item = &'static Field> {
        form::fields().filter(|field| self.asks(field))
    }

    /// Where the answer comes from.
    pub(crate) fn source(&self, field: &Field) -> Source {
        if self.is_set(field) {
            Source::Given
        } else if self.found.contains_key(field.name) {
            Source::Found
        } else {
            let variable = field.of_environment(&self.defaults);
            variable.map_or(Source::Default, |(name, _)| Source::Environment(name.to_owned()))
        }
    }

    /// What the defaults are taken from.
    pub(crate) fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// Whether the answer is what the files name by a `${…}`: its text is not known.
    pub(crate) fn keeps_placeholder(&self, field: &Field) -> bool {
        !self.is_set(field) && self.placeholders.contains(field.name)
    }

    /// Whether the configuration names a variable for the password and none was typed: the
    /// password stays where it is.
    pub(crate) fn keeps_password_elsewhere(&self) -> bool {
        self.found(&form::PROXY_CREDENTIALS) == Some("env")
            && self.get(&form::PROXY_PASSWORD).is_empty()
            && !self.is_set(&form::PROXY_PASSWORD)
            && !self.goes_with_emptied(&form::PROXY_PASSWORD)
    }
}

impl Context for Answers {
    fn get(&self, field: &Field) -> Cow<'_, str> {
        self.get(field)
    }

    fn shown(&self, field: &Field) -> Cow<'_, str> {
        self.shown(field)
    }

    fn is_changed(&self, field: &Field) -> bool {
        self.found(field).unwrap_or_default() != self.get(field)
    }

    fn keeps_password_elsewhere(&self) -> bool {
        self.keeps_password_elsewhere()
    }

    fn defaults(&self) -> &Defaults {
        &self.defaults
    }
}

/// Shows of each answer what a log may have.
impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |field: &'static Field| -> (&'static str, Cow<'_, str>) {
            let text = self.get(field);
            (field.name, field.shown(&text).into_owned().into())
        };
        f.debug_map().entries(self.questions().map(shown)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reconfiguration() -> Answers {
        let found = [("url", "http://old.example/kestra/"), ("context-path", "/kestra")];
        Answers::new(Defaults::default(), found.map(|(name, text)| (name, text.into())).into())
    }

    #[test]
    fn an_emptied_username_removes_the_login_until_there_is_one_again() {
        let login = [("connection", "http"), ("proxy-address", "p:1"), ("proxy-username", "svc")];
        for saved in [("proxy-password", "hunter2"), ("proxy-credentials", "env")] {
            let found = login.into_iter().chain([saved]).map(|(name, text)| (name, text.into()));
            let mut answers = Answers::new(Defaults::default(), found.collect());
            answers.set(&form::PROXY_USERNAME, "");
            assert_eq!(answers.get(&form::PROXY_PASSWORD), "");
            assert!(!answers.asks(&form::PROXY_CREDENTIALS), "{saved:?}");
            answers.set(&form::PROXY_PASSWORD, "typed");
            assert!(answers.asks(&form::PROXY_CREDENTIALS));
            answers.given.remove(form::PROXY_PASSWORD.name);
            answers.set(&form::PROXY_USERNAME, "other");
            assert_eq!(answers.get(&form::PROXY_PASSWORD).is_empty(), saved.1 == "env");
            assert!(answers.asks(&form::PROXY_CREDENTIALS), "{saved:?}");
        }
        let half = [("connection", "http"), ("proxy-password", "hunter2")];
        let half = half.map(|(name, text)| (name, text.into()));
        let mut answers = Answers::new(Defaults::default(), half.into());
        answers.set(&form::PROXY_USERNAME, "");
        assert_eq!(answers.get(&form::PROXY_PASSWORD), "hunter2");
    }

    #[test]
    fn an_emptied_certificate_takes_its_key_along() {
        let found =
            [("reverse-proxy", "nginx"), ("certificate", "/c.pem"), ("certificate-key", "/k")];
        let found = found.map(|(name, text)| (name, text.into())).into();
        let mut answers = Answers::new(Defaults::default(), found);
        answers.set(&form::CERTIFICATE, "");
        assert_eq!(answers.get(&form::CERTIFICATE_KEY), "");
        answers.set(&form::CERTIFICATE_KEY, "/other");
        assert_eq!(answers.get(&form::CERTIFICATE_KEY), "/other");
        answers.set(&form::CERTIFICATE_KEY, "/k");
        answers.set(&form::CERTIFICATE, "/c.pem");
        assert_eq!(answers.get(&form::CERTIFICATE_KEY), "/k");
        assert!(answers.is_untouched());
    }

    #[test]
    fn what_the_files_say_already_counts_as_not_said() {
        let mut answers = reconfiguration();
        answers.set(&form::URL, "https://new.example/");
        answers.set(&form::URL, "http://old.example/kestra/");
        assert!(answers.is_untouched());
    }

    #[test]
    fn one_url_fills_context_path_and_server_name() {
        let mut answers = Answers::default();
        answers.set(&form::URL, "https://ops.example.com/kestra");
        assert_eq!(answers.get(&form::CONTEXT_PATH), "/kestra");
        assert_eq!(answers.get(&form::SERVER_NAME), "ops.example.com");
    }

    #[test]
    fn a_found_context_path_is_not_replaced_by_the_path_of_a_new_url() {
        let mut answers = reconfiguration();
        answers.set(&form::URL, "https://new.example/app/");
        assert_eq!(answers.get(&form::CONTEXT_PATH), "/kestra");
    }

    #[test]
    fn a_server_name_that_is_the_host_of_the_url_stays_it() {
        let found = [("url", "http://old.example/"), ("server-name", "old.example")];
        let found = found.map(|(name, text)| (name, text.into())).into();
        let mut answers = Answers::new(Defaults::default(), found);
        for (url, name) in [
            ("https://new.example/", "new.example"),
            ("newer.example", "old.example"),
            ("https://newer.example/", "newer.example"),
        ] {
            answers.set(&form::URL, url);
            assert_eq!(answers.get(&form::SERVER_NAME), name, "{url}");
        }
        answers.set(&form::URL, "http://old.example/");
        assert!(answers.is_untouched());
    }

    #[test]
    fn a_file_at_the_usual_place_goes_with_its_form() {
        let defaults = Defaults::default();
        let found = [("nginx-form", "server"), ("nginx-file", defaults.server_file.as_str())];
        let found = found.map(|(name, text)| (name, text.into())).into();
        let mut answers = Answers::new(defaults.clone(), found);
        answers.set(&form::NGINX_FORM, "location");
        assert_eq!(answers.get(&form::NGINX_FILE), defaults.location_file);
        answers.set(&form::NGINX_FORM, "server");
        assert!(answers.is_untouched());
    }

    #[test]
    fn a_pasted_proxy_url_fills_every_field_of_the_proxy() {
        let mut answers = Answers::default();
        assert!(answers.set_proxy("http://us%40er:p%3Ass@proxy:3128\n"));
        let texts =
            [&form::CONNECTION, &form::PROXY_ADDRESS, &form::PROXY_USERNAME, &form::PROXY_PASSWORD]
                .map(|field| answers.get(field).into_owned());
        assert_eq!(texts, ["http", "proxy:3128", "us@er", "p:ss"]);
    }

    #[test]
    fn debug_shows_no_password() {
        let mut answers = Answers::default();
        answers.set_proxy("http://user:hunter2@proxy:3128");
        let shown = format!("{answers:?}");
        assert!(shown.contains("proxy:3128") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_connection_alone_has_no_login_that_is_saved_in_an_unknown_way() {
        let mut answers = Answers::default();
        for (field, text) in [
            (&form::CONNECTION, "http"),
            (&form::PROXY_ADDRESS, "proxy:3128"),
            (&form::PROXY_USERNAME, "svc"),
            (&form::PROXY_PASSWORD, "s3cret"),
            (&form::PROXY_CREDENTIALS, "fancy"),
        ] {
            answers.set(field, text);
        }
        let problem = answers.connection().unwrap_err();
        let told = (problem.field.name, &*problem.message);
        assert_eq!(told, ("proxy-credentials", "a login is saved as plain, basic or env."));
    }
}
