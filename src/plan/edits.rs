//! From settings to edits: which property of config.yml gets what.
//!
//! An edit is made only for a property behind something that was said, so a file in which nothing
//! was asked for stays as it is, to the letter.

use crate::answers::Answers;
use crate::form::{self, Field};
use crate::kestra_config::{Edit, Reading, Value};
use crate::settings::{
    Connection, CredentialStorage, ForwardProxy, Login, ProxyAddress, Settings, escape_placeholder,
};

/// One property of config.yml.
struct Row {
    property: &'static str,
    /// The questions whose answers stand in it. None: the wizard has nothing to say about its text.
    answers: &'static [&'static Field],
    /// The questions of which one must have been answered before it is added. None: it never is.
    group: &'static [&'static Field],
    /// What it should be.
    wanted: fn(&Settings) -> Wanted,
    /// When it goes if it should not be there.
    removal: Removal,
}

/// What a property should be.
enum Wanted {
    This(Value),
    /// As it stands in the file.
    Kept,
    Absent,
}

impl From<Option<Value>> for Wanted {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Absent, Self::This)
    }
}

enum Removal {
    /// Never: it means something without the wizard too.
    Never,
    /// When one of these questions is answered anew, or the connection becomes direct.
    WithTheProxy(&'static [&'static Field]),
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
const PASSWORD: &[&Field] =
    &[&form::PROXY_PASSWORD, &form::PROXY_CREDENTIALS, &form::PROXY_PASSWORD_VARIABLE];

/// The properties that depend on several answers, in the order in which new ones are written: the
/// order of Kestra's documentation.
static ROWS: [Row; 14] = [
    Row {
        property: "micronaut.http.client.proxy-authorization",
        answers: LOGIN,
        group: PROXY,
        wanted: authorization,
        removal: Removal::WithTheProxy(LOGIN),
    },
    Row {
        property: "micronaut.http.services.api.url",
        answers: &[],
        group: PROXY,
        wanted: |settings| proxy(settings).map(|_| text(&"https://api.kestra.io")).into(),
        removal: Removal::Never,
    },
    Row {
        property: "micronaut.http.services.api.proxy-type",
        answers: &[&form::CONNECTION],
        group: PROXY,
        wanted: |settings| {
            proxy(settings).map_or(Wanted::Absent, |proxy| kept_or(proxy.kind.as_ref()))
        },
        removal: Removal::WithTheProxy(&[]),
    },
    Row {
        property: "micronaut.http.services.api.proxy-address",
        answers: &[&form::PROXY_ADDRESS],
        group: PROXY,
        wanted: |settings| {
            let address =
                |proxy: &ForwardProxy| proxy.address.as_ref().map(ProxyAddress::in_config);
            proxy(settings).map_or(Wanted::Absent, |proxy| kept_or(address(proxy).as_ref()))
        },
        removal: Removal::WithTheProxy(&[]),
    },
    Row {
        property: "micronaut.http.services.api.proxy-username",
        answers: &[&form::PROXY_USERNAME],
        group: PROXY,
        wanted: username,
        removal: Removal::WithTheProxy(LOGIN),
    },
    Row {
        property: "micronaut.http.services.api.proxy-password",
        answers: PASSWORD,
        group: PROXY,
        wanted: password,
        removal: Removal::WithTheProxy(LOGIN),
    },
    Row {
        property: "micronaut.http.services.api.proxy-authorization",
        answers: LOGIN,
        group: PROXY,
        wanted: authorization,
        removal: Removal::WithTheProxy(LOGIN),
    },
    Row {
        property: "micronaut.http.services.api.follow-redirects",
        answers: &[],
        group: PROXY,
        wanted: |settings| proxy(settings).map(|_| Value::Bool(true)).into(),
        removal: Removal::Never,
    },
    // What `services.api` does not say it inherits from `client`. The wizard adds nothing there; a
    // login that stands there is changed with the other, or it would stay in effect.
    Row {
        property: "micronaut.http.client.proxy-username",
        answers: &[&form::PROXY_USERNAME],
        group: &[],
        wanted: username,
        removal: Removal::WithTheProxy(LOGIN),
    },
    Row {
        property: "micronaut.http.client.proxy-password",
        answers: PASSWORD,
        group: &[],
        wanted: password,
        removal: Removal::WithTheProxy(LOGIN),
    },
    only_removed("micronaut.http.client.proxy-type", &[]),
    only_removed("micronaut.http.client.proxy-address", &[]),
    // Counts for more than an address (`facts/kestra.md` 1.5).
    only_removed(
        "micronaut.http.services.api.proxy-selector",
        &[&form::CONNECTION, &form::PROXY_ADDRESS],
    ),
    only_removed("micronaut.http.client.proxy-selector", &[]),
];

/// A property that the wizard never writes, but that keeps a proxy in effect.
const fn only_removed(property: &'static str, with: &'static [&'static Field]) -> Row {
    Row {
        property,
        answers: &[],
        group: &[],
        wanted: |_| Wanted::Absent,
        removal: Removal::WithTheProxy(with),
    }
}

/// The properties that hold one answer each, as the form declares them.
fn single(answers: &Answers) -> impl Iterator<Item = (&'static Field, &'static str, Wanted)> {
    form::fields().filter_map(|field| {
        let wanted = match field.check(&answers.get(field)) {
            _ if !answers.asks(field) => Wanted::Kept,
            Ok(value) if value.is_empty() => Wanted::Absent,
            Ok(value) => Wanted::This(Value::Text(value)),
            // The text in the file, such as a `${…}`, which was not answered anew.
            Err(_) => Wanted::Kept,
        };
        Some((field, field.property?, wanted))
    })
}

/// The edits that an existing configuration needs.
pub(super) fn of_existing(answers: &Answers, settings: &Settings, reading: &Reading) -> Vec<Edit> {
    let said = Said { answers, has_api: reading.has("micronaut.http.services.api"), reading };
    let single = single(answers).filter_map(|(field, property, wanted)| {
        let is_present = reading.get(property).is_some();
        let is_set = answers.is_set(field);
        match wanted {
            Wanted::This(value) => {
                let is_added = !is_present && said.any(field.follows);
                (is_set || is_added).then(|| Edit::Set(property.to_owned(), value))
            }
            Wanted::Absent => (is_present && is_set).then(|| Edit::Remove(property.to_owned())),
            Wanted::Kept => None,
        }
    });
    let rows = ROWS.iter().filter_map(|row| {
        let is_present = reading.get(row.property).is_some();
        match (row.wanted)(settings) {
            Wanted::This(value) => said.wants(row, is_present).then(|| set(row, value)),
            Wanted::Absent => (is_present && said.gives_up(row)).then(|| remove(row)),
            Wanted::Kept => None,
        }
    });
    single.chain(rows).collect()
}

/// The edits that make a new configuration of the documentation's example: every property of the
/// wizard is set or removed.
pub(super) fn of_new(answers: &Answers, settings: &Settings) -> Vec<Edit> {
    let single = single(answers).map(|(_, property, wanted)| match wanted {
        Wanted::This(value) => Edit::Set(property.to_owned(), value),
        Wanted::Kept | Wanted::Absent => Edit::Remove(property.to_owned()),
    });
    let rows = ROWS.iter().map(|row| match (row.wanted)(settings) {
        Wanted::This(value) if !row.group.is_empty() => set(row, value),
        Wanted::This(_) | Wanted::Kept | Wanted::Absent => remove(row),
    });
    single.chain(rows).collect()
}

/// The edits that give a file without any property what the wizard was told.
pub(super) fn of_empty(answers: &Answers, settings: &Settings) -> Vec<Edit> {
    of_new(answers, settings).into_iter().filter(|edit| matches!(edit, Edit::Set(..))).collect()
}

/// What was said, as far as rows depend on it.
struct Said<'a> {
    answers: &'a Answers,
    has_api: bool,
    reading: &'a Reading,
}

impl Said<'_> {
    fn any(&self, fields: &[&Field]) -> bool {
        fields.iter().any(|field| self.answers.is_set(field))
    }

    fn wants(&self, row: &Row, is_present: bool) -> bool {
        let is_asked = self.any(row.answers);
        if is_present {
            return is_asked;
        }
        let comes_along = !row.answers.is_empty() || !self.has_api;
        self.any(row.group) && !self.inherits(row) && (is_asked || comes_along && !self.is_global())
    }

    /// Whether the proxy of all clients, which stays, is that of `services.api` too.
    fn is_global(&self) -> bool {
        self.reading.get("micronaut.http.client.proxy-address").is_some()
            && !self.any(&[&form::CONNECTION, &form::PROXY_ADDRESS])
    }

    /// Whether this part of the login stands in `client`, where it is changed.
    fn inherits(&self, row: &Row) -> bool {
        let key = row.property.strip_prefix("micronaut.http.services.api.");
        let is_login = |key: &&str| matches!(*key, "proxy-username" | "proxy-password");
        key.filter(is_login)
            .is_some_and(|key| self.reading.get(&format!("micronaut.http.client.{key}")).is_some())
    }

    fn gives_up(&self, row: &Row) -> bool {
        match row.removal {
            Removal::Never => false,
            Removal::WithTheProxy(questions) => self.any(questions) || self.became_direct(),
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

/// What was said, or what stands in the file where the answer is not known as a text.
fn kept_or(value: Option<&impl ToString>) -> Wanted {
    value.map_or(Wanted::Kept, |value| Wanted::This(text(value)))
}

fn username(settings: &Settings) -> Wanted {
    match login(settings) {
        None | Some(Login { saved: CredentialStorage::Basic, .. }) => Wanted::Absent,
        Some(Login { username, .. }) => {
            kept_or(username.as_ref().map(|name| escape_placeholder(name.as_str())).as_ref())
        }
    }
}

fn password(settings: &Settings) -> Wanted {
    let Some(login) = login(settings) else { return Wanted::Absent };
    match &login.saved {
        CredentialStorage::Plain => {
            Wanted::This(text(&escape_placeholder(login.password.reveal())))
        }
        CredentialStorage::Env { variable, .. } => Wanted::This(text(&format!("${{{variable}}}"))),
        CredentialStorage::Basic => Wanted::Absent,
    }
}

fn authorization(settings: &Settings) -> Wanted {
    let Some(login) = login(settings).filter(|login| login.saved == CredentialStorage::Basic)
    else {
        return Wanted::Absent;
    };
    let encoded = login.username.as_ref().map(|name| name.basic(&login.password));
    match encoded {
        Some(Ok(header)) => Wanted::This(text(&header.reveal())),
        Some(Err(_)) | None => Wanted::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Defaults;
    use crate::kestra_config::Place;
    use crate::machine::{Found, Snapshot};
    use crate::plan::Plan;

    const API: &str = "kestra.url: https://a.example/\nmicronaut.http.services.api:\n  \
                       proxy-type: http\n  proxy-address: p:1\n";

    /// The configuration once this was said, or what stands in the way.
    fn after(text: &str, said: &[(&Field, &str)]) -> Result<String, Vec<String>> {
        let mut found = Found::new("c.yml".into(), Place::default());
        found.see("c.yml".into(), Snapshot::Text(text.into()));
        let mut answers = found.answers(Defaults::default()).unwrap();
        for (field, text) in said {
            answers.set(field, text);
        }
        let settings = answers.settings().map_err(|problems| {
            problems.into_iter().filter(|it| it.blocks).map(|it| it.message).collect::<Vec<_>>()
        })?;
        let plan = Plan::new(&answers, &settings, &found).unwrap();
        Ok(plan.changes[0].after.as_str().to_owned())
    }

    /// Saying this changes this one text, and nothing else.
    fn replaces(text: &str, said: &[(&Field, &str)], old: &str, new: &str) {
        assert!(text.contains(old), "{text}");
        assert_eq!(after(text, said), Ok(text.replace(old, new)));
    }

    #[test]
    fn a_choice_in_any_case_is_the_same_choice() {
        let login = [(&form::PROXY_USERNAME, "u"), (&form::PROXY_PASSWORD, "hunter2")];
        let said = [&login[..], &[(&form::PROXY_CREDENTIALS, "ENV")]].concat();
        let text = after(API, &said).unwrap();
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
    fn what_stands_in_the_file_never_blocks_another_change() {
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
        let mut found = Found::new("c.yml".into(), Place::default());
        found.see("c.yml".into(), Snapshot::Text(text.into()));
        assert_eq!(found.answers(Defaults::default()).unwrap().problems(), []);
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
        let said = [(&form::PROXY_ADDRESS, "p:2")];
        assert_eq!(after(&text, &said), Ok(API.replace("p:1", "p:2")));
        let direct = after(&text, &[(&form::CONNECTION, "direct")]).unwrap();
        assert!(!direct.contains("proxy-"), "{direct}");
    }
}
