//! The properties of config.yml that the wizard knows: how each follows from the settings, and what
//! of its value may be shown.
//!
//! An edit is made only for a property whose question was answered anew, so a file about which
//! nothing was asked keeps every byte.

use super::open_urls;
use crate::answers::Answers;
use crate::form::{self, Field};
use crate::kestra_config::{Edit, Reading, Value};
use crate::settings::{
    Connection, CredentialStorage, ForwardProxy, Login, ProxyAddress, ProxyKind, ProxyUsername,
    Secret, ServerUrl, Settings, escape_placeholder, means_direct, redacted, reference,
};
use std::str::FromStr;

/// One property of config.yml.
struct PropertyRow {
    name: &'static str,
    /// The questions whose answers are in it; empty where the wizard leaves an existing value alone.
    answers: &'static [&'static Field],
    /// Added only if one of these was answered; empty means never.
    added_with: &'static [&'static Field],
    value: fn(&Settings) -> Desired,
    /// If it is to be absent, it goes when one of these questions is answered anew, or the connection
    /// becomes direct; `None` for never, because it has a meaning without the wizard too.
    removed_with: Option<&'static [&'static Field]>,
    shown: Shown,
}

/// Which values of a property may be shown.
enum Shown {
    If(fn(&str) -> bool),
    /// None, since it is a secret.
    Never,
}

/// What a property should be.
enum Desired {
    Set(Value),
    /// As it is in the file.
    Keep,
    Absent,
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
const USERNAME: &[&Field] = &[&form::PROXY_USERNAME];
const PASSWORD: &[&Field] =
    &[&form::PROXY_PASSWORD, &form::PROXY_CREDENTIALS, &form::PROXY_PASSWORD_VARIABLE];

/// The properties that depend on several answers, in the order in which new ones are written: the
/// order of Kestra's documentation.
static PROPERTIES: [PropertyRow; 14] = [
    authorization_at("micronaut.http.client.proxy-authorization"),
    PropertyRow {
        name: "micronaut.http.services.api.url",
        answers: &[],
        added_with: PROXY,
        value: |settings| of_proxy(settings, |_| Desired::Set(text(&"https://api.kestra.io"))),
        removed_with: None,
        shown: Shown::If(is_origin),
    },
    PropertyRow {
        name: "micronaut.http.services.api.proxy-type",
        answers: &[&form::CONNECTION],
        added_with: PROXY,
        value: |settings| of_proxy(settings, |proxy| set_or_keep(proxy.kind.as_ref())),
        removed_with: Some(&[]),
        shown: Shown::If(is_proxy_type),
    },
    PropertyRow {
        name: "micronaut.http.services.api.proxy-address",
        answers: &[&form::PROXY_ADDRESS],
        added_with: PROXY,
        value: |settings| {
            of_proxy(settings, |proxy| {
                set_or_keep(proxy.address.as_ref().map(ProxyAddress::in_config).as_ref())
            })
        },
        removed_with: Some(&[]),
        shown: Shown::If(is::<ProxyAddress>),
    },
    username_at("micronaut.http.services.api.proxy-username", PROXY),
    password_at("micronaut.http.services.api.proxy-password", PROXY),
    authorization_at("micronaut.http.services.api.proxy-authorization"),
    PropertyRow {
        name: "micronaut.http.services.api.follow-redirects",
        answers: &[],
        added_with: PROXY,
        value: |settings| of_proxy(settings, |_| Desired::Set(Value::Bool(true))),
        removed_with: None,
        shown: Shown::If(is::<bool>),
    },
    // `services.api` inherits from `client` what it does not set. The wizard adds nothing there, but
    // a login in `client` is changed with the other one, or it would stay in effect.
    username_at("micronaut.http.client.proxy-username", &[]),
    password_at("micronaut.http.client.proxy-password", &[]),
    only_removed("micronaut.http.client.proxy-type", &[], Shown::If(is_proxy_type)),
    only_removed("micronaut.http.client.proxy-address", &[], Shown::If(is::<ProxyAddress>)),
    // Overrides an address.
    only_removed(
        "micronaut.http.services.api.proxy-selector",
        &[&form::CONNECTION, &form::PROXY_ADDRESS],
        Shown::Never,
    ),
    only_removed("micronaut.http.client.proxy-selector", &[], Shown::Never),
];

/// The header that holds both parts of a login.
const fn authorization_at(name: &'static str) -> PropertyRow {
    let (value, removed_with, shown) = (authorization, Some(LOGIN), Shown::Never);
    PropertyRow { name, answers: LOGIN, added_with: PROXY, value, removed_with, shown }
}

const fn username_at(name: &'static str, added_with: &'static [&'static Field]) -> PropertyRow {
    let (value, removed_with, shown) = (username, Some(LOGIN), Shown::If(is::<ProxyUsername>));
    PropertyRow { name, answers: USERNAME, added_with, value, removed_with, shown }
}

const fn password_at(name: &'static str, added_with: &'static [&'static Field]) -> PropertyRow {
    let (value, removed_with, shown) = (password, Some(LOGIN), Shown::Never);
    PropertyRow { name, answers: PASSWORD, added_with, value, removed_with, shown }
}

/// A property that the wizard never writes, but that keeps a proxy in effect.
const fn only_removed(
    name: &'static str,
    with: &'static [&'static Field],
    shown: Shown,
) -> PropertyRow {
    let (value, removed_with) = (|_: &Settings| Desired::Absent, Some(with));
    PropertyRow { name, answers: &[], added_with: &[], value, removed_with, shown }
}

/// The properties that hold one answer each, as the form declares them.
fn single(answers: &Answers) -> impl Iterator<Item = (&'static Field, &'static str, Desired)> {
    form::fields().filter_map(|field| {
        let target = match field.check(&answers.get(field)) {
            _ if !answers.asks(field) => Desired::Keep,
            Ok(value) if value.is_empty() => Desired::Absent,
            Ok(value) => Desired::Set(Value::Text(value)),
            // The text in the file, such as a `${…}`, which was not answered anew.
            Err(_) => Desired::Keep,
        };
        Some((field, field.property?, target))
    })
}

/// The value of a property as it may be shown; `None` where it is none of the wizard's. The path is
/// canonical, and may be that of an item of a list.
pub(super) fn shown(path: &str, value: &str) -> Option<String> {
    if let Some(shows) = open_urls::shows(path, value) {
        return Some(if shows { value.to_owned() } else { redacted(value).into_owned() });
    }
    let name = path.split('[').next()?;
    if let Some(field) = form::fields().find(|field| field.property == Some(name)) {
        return Some(field.shown(value).into_owned());
    }
    let property = PROPERTIES.iter().find(|property| property.name == name)?;
    Some(match property.shown {
        Shown::If(is_valid) if is_valid(value) => value.to_owned(),
        Shown::Never if reference(value).is_none() => Secret::MASK.to_owned(),
        _ => redacted(value).into_owned(),
    })
}

fn is<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

fn is_proxy_type(text: &str) -> bool {
    means_direct(text) || is::<ProxyKind>(text)
}

/// Whether an address has no path: Kestra's API has none, and another service may have a token in it.
fn is_origin(text: &str) -> bool {
    text.parse::<ServerUrl>().is_ok_and(|url| url.path().is_root())
}

/// The edits that an existing configuration needs.
pub(super) fn edits_of_existing(
    answers: &Answers,
    settings: &Settings,
    reading: &Reading,
) -> Vec<Edit> {
    let context =
        EditContext { answers, has_api: reading.has("micronaut.http.services.api"), reading };
    let single = single(answers).filter_map(|(field, name, target)| {
        let is_present = reading.get(name).is_some();
        let is_set = answers.is_set(field);
        match target {
            Desired::Set(value) => {
                let is_added = !is_present && context.any(field.follows);
                (is_set || is_added).then(|| Edit::Set(name.to_owned(), value))
            }
            Desired::Absent => (is_present && is_set).then(|| Edit::Remove(name.to_owned())),
            Desired::Keep => None,
        }
    });
    let others = PROPERTIES.iter().filter_map(|property| {
        let is_present = reading.get(property.name).is_some();
        match (property.value)(settings) {
            Desired::Set(value) => context.sets(property, is_present).then(|| set(property, value)),
            Desired::Absent => (is_present && context.removes(property)).then(|| remove(property)),
            Desired::Keep => None,
        }
    });
    single.chain(others).chain(open_urls::edit(answers, Some(reading))).collect()
}

/// The edits that make a new configuration of the documentation's example, in which every property
/// is set or removed.
pub(super) fn edits_of_new(answers: &Answers, settings: &Settings) -> Vec<Edit> {
    let single = single(answers).map(|(_, name, target)| match target {
        Desired::Set(value) => Edit::Set(name.to_owned(), value),
        Desired::Keep | Desired::Absent => Edit::Remove(name.to_owned()),
    });
    let others = PROPERTIES.iter().map(|property| match (property.value)(settings) {
        Desired::Set(value) if !property.added_with.is_empty() => set(property, value),
        Desired::Set(_) | Desired::Keep | Desired::Absent => remove(property),
    });
    single.chain(others).chain(open_urls::edit(answers, None)).collect()
}

/// The edits for a file without any property.
pub(super) fn edits_of_empty(answers: &Answers, settings: &Settings) -> Vec<Edit> {
    let mut edits = edits_of_new(answers, settings);
    edits.retain(|edit| matches!(edit, Edit::Set(..)));
    edits
}

/// What decides whether a property is edited.
struct EditContext<'a> {
    answers: &'a Answers,
    has_api: bool,
    reading: &'a Reading,
}

impl EditContext<'_> {
    fn any(&self, fields: &[&Field]) -> bool {
        fields.iter().any(|field| self.answers.is_set(field))
    }

    fn sets(&self, property: &PropertyRow, is_present: bool) -> bool {
        let is_answered = self.any(property.answers);
        if is_present {
            return is_answered;
        }
        let completes = !property.answers.is_empty() || !self.has_api;
        self.any(property.added_with)
            && !self.inherits(property)
            && (is_answered || completes && !self.is_global())
    }

    /// Whether the proxy of all clients, which stays, is that of `services.api` too.
    fn is_global(&self) -> bool {
        self.reading.get("micronaut.http.client.proxy-address").is_some()
            && !self.any(&[&form::CONNECTION, &form::PROXY_ADDRESS])
    }

    /// Whether this part of the login is in `client`, where it is changed.
    fn inherits(&self, property: &PropertyRow) -> bool {
        let key = property.name.strip_prefix("micronaut.http.services.api.");
        let is_login = |key: &&str| matches!(*key, "proxy-username" | "proxy-password");
        key.filter(is_login)
            .is_some_and(|key| self.reading.get(&format!("micronaut.http.client.{key}")).is_some())
    }

    fn removes(&self, property: &PropertyRow) -> bool {
        let became_direct = self.answers.is_set(&form::CONNECTION)
            && self.answers.get(&form::CONNECTION) == "direct";
        property.removed_with.is_some_and(|questions| became_direct || self.any(questions))
    }
}

fn set(property: &PropertyRow, value: Value) -> Edit {
    Edit::Set(property.name.to_owned(), value)
}

fn remove(property: &PropertyRow) -> Edit {
    Edit::Remove(property.name.to_owned())
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

/// A property of the proxy; absent where there is none.
fn of_proxy(settings: &Settings, value: fn(&ForwardProxy) -> Desired) -> Desired {
    proxy(settings).map_or(Desired::Absent, value)
}

fn login(settings: &Settings) -> Option<&Login> {
    proxy(settings)?.login.as_ref()
}

/// The answer, or what the file has where the answer is not known as a text.
fn set_or_keep(value: Option<&impl ToString>) -> Desired {
    value.map_or(Desired::Keep, |value| Desired::Set(text(value)))
}

fn username(settings: &Settings) -> Desired {
    match login(settings) {
        None | Some(Login { saved: CredentialStorage::Basic, .. }) => Desired::Absent,
        Some(Login { username, .. }) => {
            set_or_keep(username.as_ref().map(|name| escape_placeholder(name.as_str())).as_ref())
        }
    }
}

fn password(settings: &Settings) -> Desired {
    let Some(login) = login(settings) else { return Desired::Absent };
    match &login.saved {
        CredentialStorage::Plain => {
            Desired::Set(Value::Secret(escape_placeholder(login.password.reveal()).into()))
        }
        CredentialStorage::Env { variable, .. } => Desired::Set(text(&format!("${{{variable}}}"))),
        CredentialStorage::Basic => Desired::Absent,
    }
}

fn authorization(settings: &Settings) -> Desired {
    let Some(login) = login(settings).filter(|login| login.saved == CredentialStorage::Basic)
    else {
        return Desired::Absent;
    };
    let encoded = login.username.as_ref().map(|name| name.basic(&login.password));
    match encoded {
        Some(Ok(header)) => Desired::Set(Value::Secret(header)),
        Some(Err(_)) | None => Desired::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kestra_config::Place;
    use crate::machine::{Machine, Snapshot};
    use crate::plan::Plan;

    const API: &str = "kestra.url: https://a.example/\nmicronaut.http.services.api:\n  \
                       proxy-type: http\n  proxy-address: p:1\n";

    /// The configuration after these answers, or what blocks them.
    fn after(text: &str, given: &[(&Field, &str)]) -> Result<String, Vec<String>> {
        let mut machine = Machine::new("c.yml".into(), Place::default());
        machine.see("c.yml".into(), Snapshot::Text(text.into()));
        let mut answers = machine.answers().unwrap();
        for (field, text) in given {
            answers.set(field, text);
        }
        let settings = answers.settings().map_err(|problems| {
            problems.into_iter().filter(|it| it.blocks).map(|it| it.message).collect::<Vec<_>>()
        })?;
        let plan = Plan::new(&answers, &settings, &machine).unwrap();
        Ok(plan.changes[0].after.as_str().to_owned())
    }

    /// These answers change this one text, and nothing else.
    fn replaces(text: &str, given: &[(&Field, &str)], old: &str, new: &str) {
        assert!(text.contains(old), "{text}");
        assert_eq!(after(text, given), Ok(text.replace(old, new)));
    }

    #[test]
    fn a_choice_in_any_case_is_the_same_choice() {
        let login = [(&form::PROXY_USERNAME, "u"), (&form::PROXY_PASSWORD, "hunter2")];
        let given = [&login[..], &[(&form::PROXY_CREDENTIALS, "ENV")]].concat();
        let text = after(API, &given).unwrap();
        assert!(text.contains("${FORWARD_PROXY_PASSWORD}") && !text.contains("hunter2"), "{text}");
        assert_eq!(after(API, &[(&form::CONNECTION, "HTTP")]), Ok(API.to_owned()));
    }

    #[test]
    fn a_username_that_is_a_variable_stays_one() {
        let text = format!("{API}  proxy-username: ${{PROXY_USER}}\n  proxy-password: old\n");
        let password = (&form::PROXY_PASSWORD, "new");
        replaces(&text, &[password], "proxy-password: old", "proxy-password: new");
        let moved = after(&text, &[password, (&form::PROXY_CREDENTIALS, "env")]).unwrap();
        assert!(moved.contains("proxy-username: ${PROXY_USER}\n"), "{moved}");
        let encoded = after(&text, &[password, (&form::PROXY_CREDENTIALS, "basic")]);
        assert!(encoded.unwrap_err()[0].contains("Give the username"));
    }

    #[test]
    fn a_password_with_a_variable_in_it_is_not_moved() {
        let text = format!("{API}  proxy-username: u\n  proxy-password: a${{PP}}b\n");
        for way in ["env", "basic"] {
            let refused = after(&text, &[(&form::PROXY_CREDENTIALS, way)]).unwrap_err();
            assert!(refused[0].contains("Give the password"), "{way}: {refused:?}");
        }
        let escaped = text.replace("${PP}", "${:$}{PP}");
        assert!(after(&escaped, &[(&form::PROXY_CREDENTIALS, "env")]).is_ok());
    }

    #[test]
    fn a_new_password_for_a_variable_that_is_set_elsewhere_is_not_dropped() {
        let text = format!("{API}  proxy-username: u\n  proxy-password: ${{PW}}\n");
        let refused = after(&text, &[(&form::PROXY_PASSWORD, "new")]).unwrap_err();
        assert!(refused[0].contains("PW is set elsewhere"), "{refused:?}");
        let file = (&form::ENV_FILE, "/etc/kestra/other.env");
        assert_eq!(after(&text, &[(&form::PROXY_PASSWORD, "new"), file]), Ok(text));
    }

    #[test]
    fn what_is_in_the_file_never_blocks_another_change() {
        for line in [
            "proxy-username: u\n  proxy-password: ${KESTRA_PROXY_PASSWORD}",
            "proxy-username: \"u\\tv\"\n  proxy-password: p",
            "proxy-username:\n  proxy-password:",
        ] {
            let text = format!("{API}  {line}\n");
            replaces(&text, &[(&form::URL, "https://b.example/")], "a.example", "b.example");
        }
        let text = API.replace("http\n", "${PT:HTTP}\n");
        replaces(&text, &[(&form::PROXY_ADDRESS, "p:2")], "p:1", "p:2");
    }

    #[test]
    fn a_placeholder_in_the_file_is_no_problem() {
        let text = "kestra.url: ${KESTRA_URL}\nmicronaut.server.context-path: ${PATH}\n";
        let mut machine = Machine::new("c.yml".into(), Place::default());
        machine.see("c.yml".into(), Snapshot::Text(text.into()));
        assert_eq!(machine.answers().unwrap().problems(), []);
    }

    #[test]
    fn a_login_that_all_clients_have_is_changed_with_them() {
        let client = API.replace("services.api", "client");
        let text = format!("{client}  proxy-username: u\n  proxy-password: old\n");
        replaces(&text, &[(&form::PROXY_PASSWORD, "new")], "old", "new");
        let moved = after(&text, &[(&form::PROXY_CREDENTIALS, "env")]).unwrap();
        assert!(!moved.contains("old") && !moved.contains("services"), "{moved}");
        let none = [(&form::PROXY_USERNAME, ""), (&form::PROXY_PASSWORD, "")];
        let without = after(&text, &none).unwrap();
        assert!(!without.contains("proxy-username") && !without.contains("proxy-password"));
    }

    #[test]
    fn a_property_without_a_value_can_be_taken_away() {
        let text =
            "kestra.url: https://a.example/\nmicronaut.server:\n  port: 1\n  context-path:\n";
        replaces(text, &[(&form::CONTEXT_PATH, "")], "  context-path:\n", "");
    }

    #[test]
    fn a_selector_goes_with_what_it_would_make_useless() {
        let text = format!("{API}  proxy-selector: default\n");
        let given = [(&form::PROXY_ADDRESS, "p:2")];
        assert_eq!(after(&text, &given), Ok(API.replace("p:1", "p:2")));
        let direct = after(&text, &[(&form::CONNECTION, "direct")]).unwrap();
        assert!(!direct.contains("proxy-"), "{direct}");
    }
}
