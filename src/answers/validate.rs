//! From text to meaning: answers in, [`Settings`] or every problem out.

use super::{Answers, Problem, Source, conflicts, problems};
use crate::form::{self, Field};
use crate::settings::{
    Connection, ContextPath, CredentialStorage, ForwardProxy, Invalid, Login, Port, Secret,
    ServerUrl, Settings, Site, SiteFile, SiteForm, Template, Tls, VariableName,
};
use std::str::FromStr;

impl Answers {
    /// What the answers mean.
    ///
    /// # Errors
    /// Every problem at once, notes included, where at least one of them blocks.
    pub fn settings(&self) -> Result<Settings, Vec<Problem>> {
        let problems = self.problems();
        if problems.iter().any(|problem| problem.blocks) {
            return Err(problems);
        }
        self.read().map_err(|problem| vec![problem])
    }

    /// Everything that prevents a write or is worth knowing, in the order of the form.
    pub fn problems(&self) -> Vec<Problem> {
        let mut all: Vec<_> =
            self.questions().filter_map(|field| problems::of_field(self, field)).collect();
        all.extend(problems::of_login(self));
        all.extend(problems::of_certificate(self));
        all.extend(problems::of_files(self));
        if let Ok(settings) = self.read() {
            let conflicts = conflicts(&settings, self.defaults.kestra_port);
            all.extend(conflicts.into_iter().map(|one| problems::of_conflict(self, one)));
        }
        all.sort_by_key(|problem| form::position(problem.field));
        all
    }

    fn read(&self) -> Result<Settings, Problem> {
        let context_path = self.kept(&form::CONTEXT_PATH)?;
        Ok(Settings {
            url: self.kept(&form::URL)?,
            connection: self.connection()?,
            nginx: self.nginx(context_path.as_ref())?,
            context_path,
        })
    }

    /// The proxy, from its own answers only.
    ///
    /// # Errors
    /// The first invalid one of these answers.
    pub(crate) fn connection(&self) -> Result<Connection, Problem> {
        if !self.asks(&form::PROXY_ADDRESS) {
            return Ok(Connection::Direct);
        }
        Ok(Connection::Proxy(ForwardProxy {
            kind: self.kept(&form::CONNECTION)?,
            address: self.kept(&form::PROXY_ADDRESS)?,
            login: self.login()?,
        }))
    }

    fn login(&self) -> Result<Option<Login>, Problem> {
        if !self.asks(&form::PROXY_CREDENTIALS) {
            return Ok(None);
        }
        let saved = match self.get(&form::PROXY_CREDENTIALS).as_ref() {
            "plain" => CredentialStorage::Plain,
            "basic" => CredentialStorage::Basic,
            "env" => CredentialStorage::Env {
                variable: self.variable()?,
                file: self.optional(&form::ENV_FILE)?,
            },
            _ => {
                let invalid = Invalid::new("a login is saved as plain, basic or env.");
                return Err(Problem::invalid(&form::PROXY_CREDENTIALS, invalid));
            }
        };
        let password = Secret::from(self.get(&form::PROXY_PASSWORD).as_ref());
        let is_half = self.get(&form::PROXY_USERNAME).is_empty()
            || password.is_empty() && !self.keeps_password_elsewhere();
        if is_half {
            // Half a login is none; a half in the file is kept.
            return Ok(None);
        }
        let username = if self.keeps_placeholder(&form::PROXY_USERNAME) {
            None
        } else {
            self.kept(&form::PROXY_USERNAME)?
        };
        Ok(Some(Login { username, password, saved }))
    }

    /// A name in the file is kept, even if it would be rejected as an answer.
    fn variable(&self) -> Result<VariableName, Problem> {
        let kept = || VariableName::found(&self.get(&form::PROXY_PASSWORD_VARIABLE));
        Ok(self.kept(&form::PROXY_PASSWORD_VARIABLE)?.unwrap_or_else(kept))
    }

    fn nginx(&self, context_path: Option<&ContextPath>) -> Result<Option<SiteFile>, Problem> {
        if !self.asks(&form::NGINX_FILE) {
            return Ok(None);
        }
        let context_path = context_path.cloned().ok_or_else(|| {
            let message = "the file gives no plain path, and nginx needs one. Type it here.";
            Problem::invalid(&form::CONTEXT_PATH, Invalid::new(message))
        })?;
        let upstream = self.value(&form::UPSTREAM)?;
        // What is neither is a problem of its question, beside those of the others.
        let is_documented = self.get(&form::NGINX_STYLE) == "documented";
        let template = if is_documented { Template::Documented } else { Template::Recommended };
        let form = self.nginx_form()?;
        let is_plain = match &form {
            SiteForm::Server { tls, .. } => tls.is_none(),
            SiteForm::Location => self.is_included_in_plain_http(),
        };
        let url = self.get(&form::URL).parse::<ServerUrl>();
        let has_tls_in_front =
            template == Template::Recommended && is_plain && url.is_ok_and(|url| url.is_https());
        let site = Site { context_path, upstream, template, form, has_tls_in_front };
        Ok(Some(SiteFile { file: self.value(&form::NGINX_FILE)?, site }))
    }

    /// Whether the server blocks that locations are for serve no https; not where there are none yet.
    fn is_included_in_plain_http(&self) -> bool {
        let Ok(url) = self.get(&form::URL).parse::<ServerUrl>() else { return false };
        let host = url.host().to_string();
        let servers = self.defaults.existing_servers.iter();
        let mut of_host = servers.filter(|server| server.names.contains(&host)).peekable();
        of_host.peek().is_some() && of_host.all(|server| !server.has_tls)
    }

    fn nginx_form(&self) -> Result<SiteForm, Problem> {
        if !self.asks(&form::SERVER_NAME) {
            return Ok(SiteForm::Location);
        }
        Ok(SiteForm::Server {
            names: self.value(&form::SERVER_NAME)?,
            listen: self.value(&form::LISTEN)?,
            tls: self.tls()?,
        })
    }

    fn tls(&self) -> Result<Option<Tls>, Problem> {
        let certificate = self.optional(&form::CERTIFICATE)?;
        let key = self.optional(&form::CERTIFICATE_KEY)?;
        Ok(certificate.zip(key).map(|(certificate, key)| Tls {
            certificate,
            key,
            port: self.defaults.tls_port.unwrap_or(Port::HTTPS),
        }))
    }

    /// The value of an answer that must be optional.
    fn value<T: FromStr<Err = Invalid>>(&self, field: &'static Field) -> Result<T, Problem> {
        self.get(field).parse().map_err(|invalid| Problem::invalid(field, invalid))
    }

    /// The value of an answer that may be empty.
    fn optional<T: FromStr<Err = Invalid>>(
        &self,
        field: &'static Field,
    ) -> Result<Option<T>, Problem> {
        let is_given = !self.get(field).trim().is_empty();
        is_given.then(|| self.value(field)).transpose()
    }

    /// The value of an answer, or `None` where an untouched text of the file, such as a `${…}`,
    /// stays as it is.
    fn kept<T: FromStr<Err = Invalid>>(&self, field: &'static Field) -> Result<Option<T>, Problem> {
        match self.value(field) {
            Err(_) if self.source(field) == Source::Found => Ok(None),
            value => value.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Defaults, ExistingServer};

    #[test]
    fn locations_tell_https_to_kestra_where_their_server_block_has_no_tls() {
        let tells_https = |url: &str, servers: &[(&str, bool)]| {
            let server = |&(name, has_tls): &(&str, bool)| ExistingServer {
                names: vec![name.to_owned()],
                place: String::new(),
                has_tls,
                locations: Vec::new(),
            };
            let existing_servers = servers.iter().map(server).collect();
            let mut answers =
                Answers::new(Defaults { existing_servers, ..Defaults::default() }, [].into());
            let given = [(&form::REVERSE_PROXY, "nginx"), (&form::NGINX_FORM, "location")];
            for (field, text) in [&[(&form::URL, url)][..], &given[..]].concat() {
                answers.set(field, text);
            }
            answers.settings().unwrap().nginx.unwrap().site.has_tls_in_front
        };
        let https = "https://a.example/";
        assert!(tells_https(https, &[("a.example", false), ("b.example", true)]));
        assert!(!tells_https("http://a.example/", &[("a.example", false)]));
        assert!(!tells_https(https, &[("a.example", false), ("a.example", true)]));
        assert!(!tells_https(https, &[("b.example", false)]));
    }

    #[test]
    fn an_unknown_template_hides_no_conflict() {
        let mut answers = Answers::default();
        for (field, text) in [
            (&form::URL, "https://a.example/kestra/"),
            (&form::CONTEXT_PATH, "/other"),
            (&form::REVERSE_PROXY, "nginx"),
            (&form::NGINX_STYLE, "fancy"),
        ] {
            answers.set(field, text);
        }
        let problems = answers.settings().unwrap_err();
        let blocking = problems.iter().filter(|it| it.blocks).map(|it| it.field.name);
        assert_eq!(blocking.collect::<Vec<_>>(), ["context-path", "nginx-style"]);
    }
}
