//! Answers that are good alone, and the problems of them together.
//!
//! `tests/config/cross-cases.json`, or the file that the variable `CROSS_CASES` names: answers, how many
//! problems they have, and the words of each. What no question asks for, another port of https and
//! a TLS that ends in front of this machine, is set in the settings themselves.

use kestra_setup::answers::{Answers, conflicts};
use kestra_setup::form;
use kestra_setup::settings::{
    Connection, ContextPath, Invalid, Settings, Site, SiteFile, SiteForm, Template, Tls,
};
use serde::Deserialize;
use std::str::FromStr;

/// Where Kestra itself listens.
const KESTRA: u16 = 8080;

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "case")]
    name: String,
    answers: Given,
    problems: usize,
    messages: Vec<String>,
}

#[derive(Deserialize)]
struct Given {
    url: String,
    context_path: String,
    server_name: String,
    upstream_host: String,
    port: String,
    listen_port: String,
    listen_tls: Option<String>,
    cert: Option<String>,
    #[serde(default)]
    behind_proxy: bool,
}

impl Given {
    fn answers(&self) -> Answers {
        let certificate = self.cert.as_deref().unwrap_or_default();
        let mut answers = Answers::default();
        for (field, text) in [
            (&form::REVERSE_PROXY, "nginx"),
            (&form::URL, &self.url),
            (&form::CONTEXT_PATH, &self.context_path),
            (&form::SERVER_NAME, &self.server_name),
            (&form::UPSTREAM, &format!("{}:{}", self.upstream_host, self.port)),
            (&form::LISTEN, &self.listen_port),
            (&form::CERTIFICATE, certificate),
            (&form::CERTIFICATE_KEY, certificate),
            // Locations go into a server block whose TLS is not the wizard's.
            (&form::NGINX_FORM, if self.behind_proxy { "location" } else { "server" }),
        ] {
            answers.set(field, text);
        }
        answers
    }

    /// Whether the questions alone can express all of it.
    fn has_questions(&self) -> bool {
        self.listen_tls.as_deref().is_none_or(|port| port == "443")
    }

    /// What the answers mean, the port of https included.
    fn settings(&self) -> Settings {
        let context_path: ContextPath = value(&self.context_path);
        let tls = self.cert.as_deref().map(|path| Tls {
            certificate: value(path),
            key: value(path),
            port: value(self.listen_tls.as_deref().unwrap_or("443")),
        });
        let (names, listen) = (value(&self.server_name), value(&self.listen_port));
        let site = Site {
            context_path: context_path.clone(),
            upstream: value(&format!("{}:{}", self.upstream_host, self.port)),
            template: Template::Recommended,
            form: if self.behind_proxy {
                SiteForm::Location
            } else {
                SiteForm::Server { names, listen, tls }
            },
            has_tls_in_front: false,
        };
        Settings {
            url: Some(value(&self.url)),
            connection: Connection::Direct,
            context_path: Some(context_path),
            nginx: Some(SiteFile { file: value("/etc/nginx/conf.d/kestra.conf"), site }),
        }
    }

    /// The problems of them.
    fn messages(&self) -> Vec<String> {
        if self.has_questions() {
            return self.answers().problems().into_iter().map(|problem| problem.message).collect();
        }
        let conflicts = conflicts(&self.settings(), KESTRA).into_iter();
        conflicts.map(|conflict| conflict.problem.message).collect()
    }
}

fn value<T: FromStr<Err = Invalid>>(text: &str) -> T {
    text.parse().expect("a value that is good alone")
}

/// A message in today's words; other collections of cases have those of 0.1.
fn renewed(message: &str) -> String {
    let Some(of_url) = message.strip_prefix("kestra.url ") else { return message.to_owned() };
    let words: Vec<_> = of_url.split(' ').collect();
    match words[..] {
        ["ends", "in", path, "but", "the", "context", "path", "is", other] => {
            let path = if path == "/" { path } else { path.trim_end_matches('/') };
            format!("the public URL has the path {path}; the context path is {other}")
        }
        ["uses", "port", port, "but", "nginx", "listens", "on", other] => {
            format!("the public URL has port {port}, but nginx listens on {other}")
        }
        ["uses", host, ..] => {
            format!("the public URL has the host {host} which no server name matches")
        }
        ["says", scheme, "but", "nginx", "would", "serve", other] => {
            format!("the public URL is {scheme}, but nginx would serve {other}")
        }
        _ => message.to_owned(),
    }
}

fn failure(case: &Case) -> Option<String> {
    let messages = case.answers.messages();
    let wanted: Vec<_> = case.messages.iter().map(|message| renewed(message)).collect();
    let is_as_wanted = messages.len() == case.problems && messages == wanted;
    let Case { name, problems, .. } = case;
    (!is_as_wanted).then(|| format!("{name}: wanted {problems} {wanted:?}, came {messages:?}"))
}

#[test]
fn every_contradiction_is_found_and_nothing_else() {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/cross-cases.json");
    let path = std::env::var("CROSS_CASES").unwrap_or(bundled.to_owned());
    let text = std::fs::read_to_string(&path).expect("the cases");
    let cases: Vec<Case> = serde_json::from_str(&text).expect("a list of cases");
    assert!(!cases.is_empty(), "{path} holds no cases");

    let failures: Vec<_> = cases.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
