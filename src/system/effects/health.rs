//! The health check: the configuration and its traps, the outbound connection, nginx, Kestra.

use super::EffectRunner;
use crate::answers::Problem;
use crate::checks::{Check, Finding, Outcome, SCOPE};
use crate::form;
use crate::machine::remarks::{self, Remark};
use crate::settings::{Secret, ServerUrl, Upstream};
use crate::system::checks::kestra::{Kestra, codes};
use crate::system::discover::{DiscoverError, Discovery, look};
use crate::system::nginx;
use std::sync::atomic::AtomicBool;

impl EffectRunner {
    /// Checks everything, with the configuration as it is on disk now.
    pub(super) fn health(&self, cancelled: &AtomicBool) -> Vec<Finding> {
        let looked = match look(Some(&self.config), Some(self.place.clone())) {
            Ok(looked) => looked,
            Err(error) => return vec![unreadable(&error)],
        };
        let mut all = vec![readable(&looked)];
        all.extend(traps(&looked));
        all.extend(self.outbound_of(&looked, cancelled));
        all.extend(self.nginx_of(&looked));
        all.extend(kestra_of(&looked, cancelled));
        all
    }

    fn outbound_of(&self, looked: &Discovery, cancelled: &AtomicBool) -> Vec<Finding> {
        let Ok(connection) = looked.answers.settings_of_connection() else {
            return vec![Finding::skipped(
                "way-out",
                "The way out is not tested: correct the proxy first.",
            )];
        };
        let scope = Finding {
            code: "way-out-scope",
            outcome: Outcome::Note,
            summary: SCOPE.to_owned(),
            evidence: String::new(),
            remedy: String::new(),
        };
        vec![self.outbound(&connection, cancelled), scope]
    }

    fn nginx_of(&self, looked: &Discovery) -> Vec<Finding> {
        std::iter::once(self.nginx_test(looked)).chain(streaming(looked)).collect()
    }

    /// What nginx says of its configuration, else of the file for Kestra alone, else why it says
    /// nothing.
    fn nginx_test(&self, looked: &Discovery) -> Finding {
        match nginx::ask_live(&looked.nginx) {
            Ok(live) => live.finding(|complaint| is_about_others(complaint, looked)),
            Err(untested) => self.nginx_alone(looked).unwrap_or(untested),
        }
    }

    fn nginx_alone(&self, looked: &Discovery) -> Option<Finding> {
        looked.nginx.binary.as_ref()?;
        let path = looked.answers.found(&form::NGINX_FILE)?;
        let text = looked.found.text(std::path::Path::new(path))?.as_str().to_owned();
        let is_location = looked.answers.found(&form::NGINX_FORM) == Some("location");
        self.check(&Check::Nginx { text, is_location }, &AtomicBool::new(false)).pop()
    }
}

/// Two other server blocks with one name are no fault of the file for Kestra.
fn is_about_others(complaint: &Finding, looked: &Discovery) -> bool {
    let names = looked.answers.found(&form::SERVER_NAME).unwrap_or_default();
    let is_ours =
        names.split_whitespace().any(|name| complaint.evidence.contains(&format!("\"{name}\"")));
    complaint.code == "nginx-conflicting-name" && !is_ours
}

/// What is said of a configuration that cannot be read.
#[must_use]
pub fn unreadable(error: &DiscoverError) -> Finding {
    Finding {
        code: "config-readable",
        outcome: Outcome::Failed,
        summary: "The configuration cannot be read.".to_owned(),
        evidence: error.to_string(),
        remedy: error.remedy(),
    }
}

fn readable(looked: &Discovery) -> Finding {
    let config = looked.found.config();
    let exists = looked.found.text(config).is_some();
    let (outcome, what) = if exists {
        (Outcome::Ok, "The configuration is readable and well formed.")
    } else {
        (Outcome::Failed, "There is no configuration.")
    };
    Finding {
        code: "config-readable",
        outcome,
        summary: what.to_owned(),
        evidence: config.display().to_string(),
        remedy: if exists { String::new() } else { "Run kestra-setup to write one.".to_owned() },
    }
}

/// What stops Kestra from starting, what it ignores, and answers that contradict each other.
fn traps(looked: &Discovery) -> Vec<Finding> {
    let Ok(Some(reading)) = looked.found.reading() else { return Vec::new() };
    let trap = |outcome| {
        move |Remark { text, line }| Finding {
            code: "config-trap",
            outcome,
            summary: text,
            evidence: format!("line {line}"),
            remedy: "Run kestra-setup to change it.".to_owned(),
        }
    };
    let remarks = remarks::of(&reading).into_iter().map(trap(Outcome::Failed));
    let surprises = remarks::surprises(&reading)
        .into_iter()
        .map(|remark| Finding { remedy: String::new(), ..trap(Outcome::Note)(remark) });
    let problems = looked.answers.problems().into_iter().map(in_doubt);
    remarks.chain(surprises).chain(problems).collect()
}

fn in_doubt(problem: Problem) -> Finding {
    let name = problem.field.name;
    let is_missing = problem.message == form::MISSING;
    Finding {
        code: "config-value",
        outcome: if problem.is_error { Outcome::Failed } else { Outcome::Note },
        summary: if is_missing { format!("{name} has no value") } else { problem.message },
        evidence: name.to_owned(),
        remedy: "Run kestra-setup to change it.".to_owned(),
    }
}

/// Live executions arrive late or end early because of a line, and everything else works.
fn streaming(looked: &Discovery) -> Vec<Finding> {
    let path = looked.answers.found(&form::NGINX_FILE);
    let text = path.and_then(|path| looked.found.text(std::path::Path::new(path)));
    let both = path.zip(text);
    both.map_or(Vec::new(), |(path, text)| nginx::streaming::trouble(text.as_str(), path))
}

/// The running Kestra, seen from here and through the public URL.
fn kestra_of(looked: &Discovery, cancelled: &AtomicBool) -> Vec<Finding> {
    let what = "not looked at, since the public URL is not known as one";
    let unknown = || codes().map(|code| Finding::skipped(code, what)).collect();
    kestra(looked).map_or_else(unknown, |kestra| kestra.check(cancelled))
}

fn kestra(looked: &Discovery) -> Option<Kestra> {
    let reading = looked.found.reading().ok()??;
    let property = |name: &str| reading.get(name).map(|scalar| scalar.text.clone());
    let get = |field| looked.answers.get(field);
    let url: ServerUrl = get(&form::URL).parse().ok()?;
    let upstream: Upstream = get(&form::UPSTREAM).parse().ok()?;
    let context_path = get(&form::CONTEXT_PATH).into_owned();
    let management = property("endpoints.all.port").unwrap_or_else(|| "8081".to_owned());
    let health = format!("http://{}:{management}{context_path}/health", upstream.host());
    let username = property("kestra.server.basic-auth.username");
    let password = property("kestra.server.basic-auth.password").map(Secret::from);
    Some(Kestra {
        public: url.to_string().parse().ok()?,
        upstream: format!("http://{upstream}").parse().ok()?,
        health: health.parse().ok()?,
        login: username.zip(password),
        context_path,
    })
}
