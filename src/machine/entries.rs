//! From files to answers: what a configuration, an env file and an nginx file hold already.

use super::{Machine, Text};
use crate::answers::Answers;
use crate::env_file;
use crate::form::{self, Defaults};
use crate::kestra_config::{Kind, Reading, Scalar, open_urls};
use crate::nginx_site::Written;
use crate::settings::{
    self, ProxyAddress, ProxyKind, Secret, SiteForm, decode_basic, has_placeholder, means_direct,
    reference, unescape_placeholder,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Default)]
pub(super) struct Entries {
    texts: BTreeMap<&'static str, Secret>,
    placeholders: BTreeSet<&'static str>,
}

impl Entries {
    fn put(&mut self, field: &form::Field, text: impl Into<String>) {
        self.texts.insert(field.name, Secret::from(text.into()));
    }

    /// A text as Micronaut reads it: what is escaped is meant as it looks, a `${…}` is not.
    fn put_escaped(&mut self, field: &form::Field, text: &str) {
        self.put(field, unescape_placeholder(text));
        if has_placeholder(text) {
            self.placeholders.insert(field.name);
        }
    }

    pub(super) fn answers(self, defaults: Defaults) -> Answers {
        Answers::new(defaults, self.texts).with_placeholders(self.placeholders)
    }

    pub(super) fn configuration(&mut self, reading: &Reading) {
        // A property without a value is no answer; any answer, even an empty one, changes the file.
        let given = |scalar: &&Scalar| scalar.kind != Kind::Null;
        let get =
            |property: &str| reading.get(property).filter(given).map(|scalar| scalar.text.as_str());
        for field in form::fields() {
            let Some(property) = field.property else { continue };
            // A default that follows an answer in the file is not used: the file means "none".
            let is_settled = || {
                let mut followed = field.follows.iter().filter_map(|field| field.property);
                reading.get(property).is_none() && followed.any(|property| get(property).is_some())
            };
            match get(property) {
                Some(text) => self.put(field, text),
                None if is_settled() => self.put(field, ""),
                None => {}
            }
        }
        if open_urls::are_open(reading) {
            self.put(&form::OPEN_URLS, "login-and-webhooks");
        }
        // `services.api` inherits from `client` what it does not set.
        self.proxy(|key| {
            get(&format!("micronaut.http.services.api.{key}"))
                .or_else(|| get(&format!("micronaut.http.client.{key}")))
        });
    }

    fn proxy<'a>(&mut self, get: impl Fn(&str) -> Option<&'a str>) {
        match (get("proxy-type"), get("proxy-address")) {
            (Some(kind), _) => self.put(&form::CONNECTION, connection(kind)),
            (None, None) => self.put(&form::CONNECTION, "direct"),
            // Neither direct nor a proxy: every request fails, and any answer changes the file.
            (None, Some(_)) => {}
        }
        if let Some(address) = get("proxy-address") {
            let plain = address.parse::<ProxyAddress>();
            self.put(
                &form::PROXY_ADDRESS,
                plain.map_or(address.to_owned(), |plain| plain.to_string()),
            );
        }
        match (get("proxy-username"), get("proxy-password"), get("proxy-authorization")) {
            (None, None, Some(header)) => {
                let Some((username, password)) = decode_basic(header) else { return };
                self.put(&form::PROXY_USERNAME, username);
                self.put(&form::PROXY_PASSWORD, password.reveal());
                self.put(&form::PROXY_CREDENTIALS, "basic");
            }
            (username, password, _) => self.login(username, password),
        }
    }

    fn login(&mut self, username: Option<&str>, password: Option<&str>) {
        if let Some(username) = username {
            self.put_escaped(&form::PROXY_USERNAME, username);
        }
        let Some(password) = password else { return };
        if let Some(name) = reference(password) {
            self.put(&form::PROXY_CREDENTIALS, "env");
            self.put(&form::PROXY_PASSWORD_VARIABLE, name);
        } else {
            self.put(&form::PROXY_CREDENTIALS, "plain");
            self.put_escaped(&form::PROXY_PASSWORD, password);
        }
    }

    /// The password of a login saved as `${NAME}`, where the file beside the configuration has it.
    pub(super) fn password_in_env_file(&mut self, machine: &Machine, path: &str) {
        let Some(variable) = self.texts.get(form::PROXY_PASSWORD_VARIABLE.name) else { return };
        let text = machine.text(Path::new(path)).map_or("", Text::as_str);
        if let Some(password) = env_file::value(text, variable.reveal()) {
            self.put_escaped(&form::PROXY_PASSWORD, password.reveal());
            self.put(&form::ENV_FILE, path);
        } else {
            // Whoever set the variable elsewhere does not want it here as well.
            self.put(&form::ENV_FILE, "");
        }
    }

    pub(super) fn nginx(&mut self, written: &Written, file: &str) {
        let site = &written.site;
        self.put(&form::REVERSE_PROXY, "nginx");
        self.put(&form::NGINX_FILE, file);
        self.put(&form::NGINX_STYLE, site.template.to_string());
        self.put(&form::UPSTREAM, site.upstream.to_string());
        match &site.form {
            SiteForm::Location => self.put(&form::NGINX_FORM, "location"),
            SiteForm::Server { names, listen, tls } => {
                self.put(&form::NGINX_FORM, "server");
                self.put(&form::SERVER_NAME, names.to_string());
                self.put(&form::LISTEN, listen.to_string());
                let path = |path: Option<&settings::FilePath>| {
                    path.map_or(String::new(), ToString::to_string)
                };
                self.put(&form::CERTIFICATE, path(tls.as_ref().map(|tls| &tls.certificate)));
                self.put(&form::CERTIFICATE_KEY, path(tls.as_ref().map(|tls| &tls.key)));
            }
        }
    }
}

/// The kind of connection, in any spelling that Micronaut takes; any other is kept unchanged, so that
/// every answer changes it.
fn connection(kind: &str) -> String {
    if means_direct(kind) {
        return "direct".to_owned();
    }
    kind.parse::<ProxyKind>().map_or(kind.to_owned(), |kind| kind.to_string())
}
