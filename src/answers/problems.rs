//! What prevents a write, and what is worth knowing.
//!
//! An untouched value of the files never blocks: an operator who changes the proxy gets a note about
//! the address and can continue.

use super::conflicts::Conflict;
use super::{Answers, Source};
use crate::form::{self, Field};
use crate::settings::{Invalid, Secret, has_placeholder};

/// An invalid answer, or one that contradicts another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The question under which it is shown.
    pub(crate) field: &'static Field,
    /// What is wrong, then what to do.
    pub message: String,
    /// Answers that would settle it; taken only on the operator's key.
    pub(crate) fixes: Vec<Fix>,
    /// Whether it cannot work this way; else it is good to know.
    pub(crate) is_error: bool,
    /// Whether nothing is written until it is settled. What does not block is a note.
    pub(crate) blocks: bool,
}

/// An answer that would settle a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fix {
    pub(crate) field: &'static Field,
    pub(crate) value: String,
}

impl Problem {
    pub(super) fn new(field: &'static Field, message: impl Into<String>) -> Self {
        Self { field, message: message.into(), fixes: Vec::new(), is_error: true, blocks: true }
    }

    /// The same, but it does not block where these questions were left as the files have them.
    fn unless_untouched(self, answers: &Answers, asked: &[&Field]) -> Self {
        let is_old = answers.defaults().is_reconfiguration
            && !asked.iter().any(|field| answers.is_set(field));
        Self { blocks: self.blocks && !is_old, ..self }
    }

    pub(crate) fn invalid(field: &'static Field, invalid: Invalid) -> Self {
        let fixes = invalid.suggestion.into_iter().map(|value| Fix { field, value }).collect();
        Self { fixes, ..Self::new(field, invalid.message) }
    }
}

/// Why the answer to one question is invalid.
pub(super) fn of_field(answers: &Answers, field: &'static Field) -> Option<Problem> {
    let text = answers.get(field);
    let invalid = field.check(&text).err()?;
    let is_found = answers.source(field) == Source::Found;
    if is_found && has_placeholder(&text) {
        // What Kestra puts in its place is not known here.
        return None;
    }
    let blocks = !is_found;
    Some(Problem { blocks, ..Problem::invalid(field, invalid) })
}

/// What is wrong with the login as a whole.
///
/// With one half empty, Micronaut connects without a login and logs nothing (measured on
/// `ConnectionManager.configureProxy`).
pub(super) fn of_login(answers: &Answers) -> Option<Problem> {
    let is_empty = |field| answers.asks(field) && answers.get(field).is_empty();
    let keeps_password = answers.keeps_password_elsewhere();
    let [username, password] = [&form::PROXY_USERNAME, &form::PROXY_PASSWORD];
    let problem = match (is_empty(username), is_empty(password) && !keeps_password) {
        (false, true) if answers.asks(password) => Problem::new(
            password,
            "a username needs a password. Kestra would silently connect without a login.",
        ),
        (true, false) if answers.asks(username) => Problem::new(
            username,
            "a password needs a username. Kestra would silently connect without a login.",
        ),
        (false, false) => of_saving(answers)?,
        _ => return None,
    };
    let login = form::in_row_of(username).chain([&form::CONNECTION]);
    Some(problem.unless_untouched(answers, &login.collect::<Vec<_>>()))
}

/// What is wrong with the way the login is saved.
fn of_saving(answers: &Answers) -> Option<Problem> {
    if !answers.asks(&form::PROXY_CREDENTIALS) {
        return None;
    }
    let password = Secret::from(answers.get(&form::PROXY_PASSWORD).as_ref());
    let saved = answers.get(&form::PROXY_CREDENTIALS);
    let is_moved = answers.is_set(&form::PROXY_CREDENTIALS);
    let is_elsewhere = password.is_empty() && saved != "env";
    if is_moved && (is_elsewhere || answers.keeps_placeholder(&form::PROXY_PASSWORD)) {
        let message = "the file only names a variable. Give the password to save it here.";
        return Some(Problem::new(&form::PROXY_PASSWORD, message));
    }
    if saved == "env" {
        return kept_nowhere(answers);
    }
    if saved != "basic" {
        return None;
    }
    if is_moved && answers.keeps_placeholder(&form::PROXY_USERNAME) {
        let message = "the file only names a variable. Give the username to encode it.";
        return Some(Problem::new(&form::PROXY_USERNAME, message));
    }
    let username = answers.get(&form::PROXY_USERNAME);
    let encoded =
        username.parse::<crate::settings::ProxyUsername>().and_then(|name| name.basic(&password));
    encoded.err().map(|invalid| Problem::invalid(&form::PROXY_USERNAME, invalid))
}

/// A new password where the variable is set by somebody else: nothing would become of it.
fn kept_nowhere(answers: &Answers) -> Option<Problem> {
    let file = &form::ENV_FILE;
    let is_lost = answers.is_set(&form::PROXY_PASSWORD)
        && answers.get(file).is_empty()
        && !answers.is_set(file);
    is_lost.then(|| {
        let variable = answers.get(&form::PROXY_PASSWORD_VARIABLE);
        let message = format!(
            "the password is not kept here: {variable} is set elsewhere. Name the file that sets it."
        );
        Problem::new(file, message)
    })
}

/// A certificate without a key, or the reverse.
pub(super) fn of_certificate(answers: &Answers) -> Option<Problem> {
    if !answers.asks(&form::CERTIFICATE) {
        return None;
    }
    let is_given = |field| !answers.get(field).trim().is_empty();
    let [certificate, key] = [&form::CERTIFICATE, &form::CERTIFICATE_KEY];
    let problem = match (is_given(certificate), is_given(key)) {
        (true, false) => Problem::new(key, "a certificate needs its key. Give both or neither."),
        (false, true) => {
            Problem::new(certificate, "a key needs its certificate. Give both or neither.")
        }
        _ => return None,
    };
    Some(problem.unless_untouched(answers, &[certificate, key]))
}

/// One file named twice: the second write would overwrite the first.
pub(super) fn of_files(answers: &Answers) -> Option<Problem> {
    let named = |field: &Field| {
        let path = answers.asks(field).then(|| answers.get(field))?;
        field.check(&path).ok().filter(|path| !path.is_empty())
    };
    let nginx = named(&form::NGINX_FILE);
    let env = named(&form::ENV_FILE);
    let config = answers.defaults().config_file.as_str();
    let twice = |field| {
        Problem::new(field, "this file is already used for another part. Choose another name.")
    };
    if nginx.as_deref() == Some(config) {
        Some(twice(&form::NGINX_FILE))
    } else if env.is_some() && (env == nginx || env.as_deref() == Some(config)) {
        Some(twice(&form::ENV_FILE))
    } else {
        None
    }
}

/// A conflict, which blocks unless both answers are as the files have them.
pub(super) fn of_conflict(answers: &Answers, Conflict { problem, with }: Conflict) -> Problem {
    let is_old = [problem.field, with].iter().all(|field| answers.source(field) == Source::Found);
    Problem { blocks: problem.blocks && !is_old, ..problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with these answers about the certificate.
    fn certificate(certificate: &str, key: &str) -> Option<(&'static str, String)> {
        let mut answers = Answers::default();
        for (field, text) in [
            (&form::REVERSE_PROXY, "nginx"),
            (&form::CERTIFICATE, certificate),
            (&form::CERTIFICATE_KEY, key),
        ] {
            answers.set(field, text);
        }
        of_certificate(&answers).map(|problem| (problem.field.name, problem.message))
    }

    #[test]
    fn half_a_certificate_is_told_at_the_half_that_is_missing() {
        let both = "Give both or neither.";
        for (given, key, field, message) in [
            ("/c.pem", " ", "certificate-key", "a certificate needs its key."),
            ("", "/k.pem", "certificate", "a key needs its certificate."),
        ] {
            assert_eq!(certificate(given, key), Some((field, format!("{message} {both}"))));
        }
        assert_eq!(certificate("/c.pem", "/k.pem"), None);
        assert_eq!(certificate("", ""), None);
    }
}
