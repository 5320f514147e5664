//! From settings to edits: which property of config.yml gets what.
//!
//! An edit is made only for a property behind something that was said, so a file in which nothing
//! was asked for stays as it is, to the letter.

use crate::answers::Answers;
use crate::form::{self, Field};
use crate::kestra::{Edit, Reading, Value};
use crate::settings::{Connection, ForwardProxy, Login, Saved, Settings, escape_placeholder};

/// One property of config.yml.
struct Row {
    property: &'static str,
    /// The questions whose answers stand in it. None: it only comes along with a new `api` block.
    answers: &'static [&'static Field],
    /// The questions of which one must have been answered before it is added.
    group: &'static [&'static Field],
    /// What it should be; `None` if it should not be there.
    wanted: fn(&Settings) -> Option<Value>,
    /// When it goes if it should not be there.
    removal: Removal,
}

enum Removal {
    /// Never: it means something without the wizard too.
    Never,
    /// When one of its questions is answered anew.
    WithItsAnswers,
    /// Then, and when the connection becomes direct.
    WithTheProxy,
}

const PROXY: &[&Field] = &[
    &form::CONNECTION,
    &form::PROXY_ADDRESS,
    &form::PROXY_USERNAME,
    &form::PROXY_PASSWORD,
    &form::PROXY_CREDENTIALS,
    &form::PROXY_PASSWORD_VARIABLE,
];
const LOGIN: &[&Field] = &[&form::PROXY_USERNAME, &form::PROXY_PASSWORD, &form::PROXY_CREDENTIALS];

/// Every property that the wizard knows, in the order in which new ones are written: the order of
/// Kestra's documentation.
static ROWS: [Row; 14] = [
    Row {
        property: "kestra.url",
        answers: &[&form::URL],
        group: &[&form::URL],
        wanted: |settings| settings.url.as_ref().map(text),
        removal: Removal::Never,
    },
    Row {
        property: "micronaut.server.context-path",
        answers: &[&form::CONTEXT_PATH],
        group: &[&form::CONTEXT_PATH, &form::URL],
        wanted: |settings| settings.context_path.as_ref().filter(|path| !path.is_root()).map(text),
        removal: Removal::WithItsAnswers,
    },
    Row {
        property: "micronaut.http.client.proxy-authorization",
        answers: LOGIN,
        group: PROXY,
        wanted: authorization,
        removal: Removal::WithTheProxy,
    },
    Row {
        property: "micronaut.http.services.api.url",
        answers: &[],
        group: PROXY,
        wanted: |settings| proxy(settings).map(|_| text(&"https://api.kestra.io")),
        removal: Removal::Never,
    },
    Row {
        property: "micronaut.http.services.api.proxy-type",
        answers: &[&form::CONNECTION],
        group: PROXY,
        wanted: |settings| proxy(settings).map(|proxy| text(&proxy.kind)),
        removal: Removal::WithTheProxy,
    },
    Row {
        property: "micronaut.http.services.api.proxy-address",
        answers: &[&form::PROXY_ADDRESS],
        group: PROXY,
        wanted: |settings| {
            proxy(settings)?.address.as_ref().map(|address| text(&address.in_config()))
        },
        removal: Removal::WithTheProxy,
    },
    Row {
        property: "micronaut.http.services.api.proxy-username",
        answers: LOGIN,
        group: PROXY,
        wanted: username,
        removal: Removal::WithTheProxy,
    },
    Row {
        property: "micronaut.http.services.api.proxy-password",
        answers: &[&form::PROXY_PASSWORD, &form::PROXY_CREDENTIALS, &form::PROXY_PASSWORD_VARIABLE],
        group: PROXY,
        wanted: password,
        removal: Removal::WithTheProxy,
    },
    Row {
        property: "micronaut.http.services.api.proxy-authorization",
        answers: LOGIN,
        group: PROXY,
        wanted: authorization,
        removal: Removal::WithTheProxy,
    },
    Row {
        property: "micronaut.http.services.api.follow-redirects",
        answers: &[],
        group: PROXY,
        wanted: |settings| proxy(settings).map(|_| Value::Bool(true)),
        removal: Removal::Never,
    },
    only_removed("micronaut.http.client.proxy-type"),
    only_removed("micronaut.http.client.proxy-address"),
    only_removed("micronaut.http.client.proxy-username"),
    only_removed("micronaut.http.client.proxy-password"),
];

/// A property that the wizard never writes, but that keeps a proxy in effect.
const fn only_removed(property: &'static str) -> Row {
    Row { property, answers: &[], group: &[], wanted: |_| None, removal: Removal::WithTheProxy }
}

/// The edits that an existing configuration needs.
pub(super) fn of_existing(answers: &Answers, settings: &Settings, reading: &Reading) -> Vec<Edit> {
    let said = Said { answers, has_api: reading.has("micronaut.http.services.api") };
    ROWS.iter()
        .filter_map(|row| {
            let is_present = reading.get(row.property).is_some();
            match (row.wanted)(settings) {
                Some(value) => said.wants(row, is_present).then(|| set(row, value)),
                None => (is_present && said.gives_up(row)).then(|| remove(row)),
            }
        })
        .collect()
}

/// The edits that make a new configuration of the documentation's example: every property of the
/// wizard is set or goes.
pub(super) fn of_new(settings: &Settings) -> Vec<Edit> {
    let edit =
        |row: &Row| (row.wanted)(settings).map_or_else(|| remove(row), |value| set(row, value));
    ROWS.iter().map(edit).collect()
}

/// The edits that give a file without any property what the wizard was told.
pub(super) fn of_empty(settings: &Settings) -> Vec<Edit> {
    of_new(settings).into_iter().filter(|edit| matches!(edit, Edit::Set(..))).collect()
}

/// What was said, as far as rows depend on it.
struct Said<'a> {
    answers: &'a Answers,
    has_api: bool,
}

impl Said<'_> {
    fn any(&self, fields: &[&Field]) -> bool {
        fields.iter().any(|field| self.answers.is_said(field))
    }

    fn wants(&self, row: &Row, is_present: bool) -> bool {
        let comes_along = !row.answers.is_empty() || !self.has_api;
        if is_present { self.any(row.answers) } else { comes_along && self.any(row.group) }
    }

    fn gives_up(&self, row: &Row) -> bool {
        match row.removal {
            Removal::Never => false,
            Removal::WithItsAnswers => self.any(row.answers),
            Removal::WithTheProxy => self.any(row.answers) || self.became_direct(),
        }
    }

    fn became_direct(&self) -> bool {
        self.any(&[&form::CONNECTION]) && self.answers.get(&form::CONNECTION) == "direct"
    }
}

fn set(row: &Row, value: Value) -> Edit {
    Edit::Set(row.property.to_owned(), value)
}

fn remove(row: &Row) -> Edit {
    Edit::Remove(row.property.to_owned())
}

fn text(value: &impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn proxy(settings: &Settings) -> Option<&ForwardProxy> {
    match &settings.connection {
        Connection::Direct => None,
        Connection::Proxy(proxy) => Some(proxy),
    }
}

fn login(settings: &Settings) -> Option<&Login> {
    proxy(settings)?.login.as_ref()
}

fn username(settings: &Settings) -> Option<Value> {
    let login = login(settings)?;
    let is_apart = login.saved != Saved::Basic;
    is_apart.then(|| text(&escape_placeholder(&login.username.to_string())))
}

fn password(settings: &Settings) -> Option<Value> {
    let login = login(settings)?;
    match &login.saved {
        Saved::Plain => Some(text(&escape_placeholder(login.password.reveal()))),
        Saved::Env { variable, .. } => Some(text(&format!("${{{variable}}}"))),
        Saved::Basic => None,
    }
}

fn authorization(settings: &Settings) -> Option<Value> {
    let login = login(settings)?;
    let encoded = (login.saved == Saved::Basic).then(|| login.username.basic(&login.password));
    encoded?.ok().map(|header| text(&header.reveal()))
}
