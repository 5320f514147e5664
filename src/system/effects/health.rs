//! The health check: the configuration, what cannot work in it, the outbound connection, nginx,
//! Kestra.

use super::EffectRunner;
use crate::answers::{Answers, Problem};
use crate::checks::{Finding, Outcome, SCOPE};
use crate::form;
use crate::kestra_config::open_urls;
use crate::lint::{self, Remark};
use crate::machine::Machine;
use crate::nginx_site::{self, Gap};
use crate::settings::{Secret, ServerUrl, Upstream, has_placeholder};
use crate::system::checks::kestra::{Kestra, URGENT, codes};
use crate::system::discover::{self, DiscoverError};
use crate::system::nginx::{self, Deadline};
use std::path::Path;
use std::sync::atomic::AtomicBool;

impl EffectRunner {
    /// Checks everything, the configuration as it is on disk now.
    pub(super) fn health(&self, cancelled: &AtomicBool) -> Vec<Finding> {
        let deadline = Deadline::usual();
        let found = discover::configuration(Some(&self.config), Some(self.place.clone()));
        let machine = match found {
            Ok(machine) => discover::complete(machine, deadline),
            Err(error) => return vec![unreadable(&error)],
        };
        // It was read already.
        let answers = machine.answers().unwrap_or_default();
        let running = kestra_of(&machine, &answers, cancelled);
        let mut all = vec![readable(&machine)];
        all.extend(traps(&machine, &answers).into_iter().filter(|it| !is_settled(it, &running)));
        match answers.connection() {
            Ok(connection) => {
                all.push(self.outbound(&connection, cancelled));
                all.push(Finding::new("way-out-scope", Outcome::Note, SCOPE));
            }
            Err(_) => all.push(Finding::skipped(
                "way-out",
                "The outbound connection is not tested: correct the proxy first.",
            )),
        }
        all.push(nginx_test(&machine, &answers, deadline));
        all.extend(site(&machine, &answers));
        all.extend(running);
        // What lets others in comes before everything else.
        let is_urgent = |finding: &Finding| {
            finding.outcome == Outcome::Failed && URGENT.contains(&finding.code)
        };
        all.sort_by_key(|finding| !is_urgent(finding));
        all
    }
}

/// Whether a finding about the configuration is told better by how Kestra behaves.
fn is_settled(finding: &Finding, running: &[Finding]) -> bool {
    let Some(seen) = running.iter().find(|it| it.code == finding.code) else { return false };
    match finding.code {
        // A release that was named in a file may not have been started yet.
        "kestra-release" => seen.outcome == Outcome::Failed,
        _ => seen.outcome != Outcome::Skipped,
    }
}

/// What nginx reports about its configuration, else about the file for Kestra alone, else why it
/// was not asked.
fn nginx_test(machine: &Machine, answers: &Answers, deadline: Deadline) -> Finding {
    let untested = match nginx::ask_live(&machine.nginx, deadline) {
        Ok(live) => return live.finding(|complaint| is_about_others(complaint, answers)),
        Err(untested) => untested,
    };
    let alone = || {
        machine.nginx.binary.as_ref()?;
        let text = machine.text(Path::new(answers.found(&form::NGINX_FILE)?))?;
        let is_location = answers.found(&form::NGINX_FORM) == Some("location");
        Some(nginx::test_privately(&machine.nginx, text.as_str(), is_location, deadline))
    };
    alone().unwrap_or(untested)
}

/// Two other server blocks with one name are no fault of the file for Kestra.
fn is_about_others(complaint: &Finding, answers: &Answers) -> bool {
    let names = answers.found(&form::SERVER_NAME).unwrap_or_default();
    let is_ours =
        names.split_whitespace().any(|name| complaint.evidence.contains(&format!("\"{name}\"")));
    complaint.code == "nginx-conflicting-name" && !is_ours
}

/// The finding about a configuration that cannot be read.
pub(crate) fn unreadable(error: &DiscoverError) -> Finding {
    Finding::new("config-readable", Outcome::Failed, "The configuration cannot be read.")
        .seen(error.to_string())
        .try_this(error.remedy())
}

fn readable(machine: &Machine) -> Finding {
    let finding = |outcome, what| {
        Finding::new("config-readable", outcome, what).seen(machine.config().display().to_string())
    };
    if machine.text(machine.config()).is_some() {
        return finding(Outcome::Ok, "The configuration is readable and well formed.");
    }
    finding(Outcome::Failed, "There is no configuration.")
        .try_this(format!("Run {} to write one.", machine.defaults.program))
}

/// What the configuration tells without Kestra: who can get in, what stops its start, what it ignores,
/// and answers that contradict each other.
fn traps(machine: &Machine, answers: &Answers) -> Vec<Finding> {
    let Ok(Some(reading)) = machine.reading() else { return Vec::new() };
    let finding = |code, outcome, summary: String| {
        let seen = machine.release().map_or(String::new(), |release| release.seen);
        Finding::new(code, outcome, summary).seen(seen)
    };
    let release = machine.release().map(|release| match lint::advisory(machine) {
        Some(advisory) => finding("kestra-release", Outcome::Failed, advisory),
        None => {
            finding("kestra-release", Outcome::Note, format!("The release is {}.", release.name))
        }
    });
    let closed = lint::closed_login(machine, &reading);
    let webhooks = if closed.is_none() { lint::closed_webhooks(&reading) } else { None };
    let closed = closed.map(|what| finding("kestra-login", Outcome::Failed, what));
    let nobody = lint::missing_administrator(machine, &reading);
    let nobody = nobody.map(|what| finding("config-trap", Outcome::Warning, what));

    let change = || format!("Run {} to change it.", machine.defaults.program);
    let noted = |code, outcome| {
        move |it: Remark| Finding::new(code, outcome, it.text).seen(format!("line {}", it.line))
    };
    let trap = |code| move |it| noted(code, Outcome::Failed)(it).try_this(change());
    let warning = |code| noted(code, Outcome::Warning);
    let open = lint::open_apis(&reading).map(trap("kestra-open-api"));
    let remarks = lint::config(&reading).into_iter().map(trap("config-trap"));
    let webhooks = webhooks.map(warning("kestra-webhooks"));
    let surprises = lint::surprises(&reading).into_iter().map(warning("config-trap"));
    let variables = lint::variables(machine).into_iter();
    let variables = variables.map(|what| Finding::new("config-variable", Outcome::Warning, what));
    let problems = answers.problems().into_iter().map(|problem| in_doubt(problem, change()));
    let login = open.into_iter().chain(release).chain(closed).chain(webhooks).chain(nobody);
    login.chain(remarks).chain(surprises).chain(variables).chain(problems).collect()
}

fn in_doubt(problem: Problem, remedy: String) -> Finding {
    let name = problem.field.name;
    let is_missing = problem.message == form::MISSING;
    let outcome = if problem.is_error { Outcome::Failed } else { Outcome::Warning };
    let summary = if is_missing { format!("{name} has no value") } else { problem.message };
    Finding::new("config-value", outcome, summary).seen(name).try_this(remedy)
}

/// What the server block that answers the public name lacks, ours or not.
fn site(machine: &Machine, answers: &Answers) -> Vec<Finding> {
    let Ok(url) = answers.get(&form::URL).parse::<ServerUrl>() else { return Vec::new() };
    if let Some(server) = machine.site(&url) {
        let gaps = nginx_site::gaps(&machine.nginx.config, server, &url);
        return gaps.into_iter().map(Finding::from).collect();
    }
    let (config, name) = (&machine.nginx.config, url.host().to_string());
    let mut ports = [url.effective_port().get(), 443, 80].into_iter();
    if let Some(unjudged) = ports.find_map(|port| config.unjudged(&name, port)) {
        return vec![Gap::unjudged(unjudged).into()];
    }
    // The nginx that reads the file may be on another machine.
    let path = answers.found(&form::NGINX_FILE).map(Path::new);
    let text = path.and_then(|path| Some((path, machine.text(path)?)));
    let gaps = text.and_then(|(path, text)| nginx_site::gaps_of_file(text.as_str(), path, &url));
    gaps.into_iter().flatten().map(Finding::from).collect()
}

/// The running Kestra, seen from here and through the public URL.
fn kestra_of(machine: &Machine, answers: &Answers, cancelled: &AtomicBool) -> Vec<Finding> {
    let mut all: Vec<_> = match kestra(machine, answers) {
        Ok(kestra) => kestra.check(cancelled),
        Err(unknown) => {
            let why = format!("not checked, since {unknown} is not known");
            codes().map(|code| Finding::skipped(code, why.as_str())).collect()
        }
    };
    if machine.place().is_kubernetes() && all[0].outcome == Outcome::Skipped {
        "Kestra runs in Kubernetes. Forward its port to this machine, for example with kubectl port-forward service/kestra 8080; then check again"
            .clone_into(&mut all[0].remedy);
    }
    all
}

/// Where Kestra is by its configuration; else what is not known, such as a placeholder.
fn kestra(machine: &Machine, answers: &Answers) -> Result<Kestra, &'static str> {
    let no_url = "the public URL";
    let reading = machine.reading().ok().flatten().ok_or(no_url)?;
    let property = |name: &str| reading.get(name).map(|scalar| scalar.text.clone());
    let url: ServerUrl = answers.get(&form::URL).parse().map_err(|_| no_url)?;
    let no_upstream = "the address of Kestra";
    let upstream: Upstream = answers.get(&form::UPSTREAM).parse().map_err(|_| no_upstream)?;
    let context_path = answers.get(&form::CONTEXT_PATH).into_owned();
    if has_placeholder(&context_path) {
        return Err("the context path");
    }
    let management = property("endpoints.all.port").unwrap_or_else(|| "8081".to_owned());
    // A prefix of its own comes in place of the context path (`AbstractEndpointRouteBuilder`).
    let prefix = property("endpoints.all.context-path").unwrap_or_else(|| context_path.clone());
    let page = format!("{}/health", prefix.trim_matches('/'));
    let page = page.trim_start_matches('/');
    let health = format!("http://{}:{management}/{page}", upstream.host());
    let username = property("kestra.server.basic-auth.username");
    let password = property("kestra.server.basic-auth.password").map(Secret::from);
    Ok(Kestra {
        public: url.to_string().parse().map_err(|_| no_url)?,
        upstream: format!("http://{upstream}").parse().map_err(|_| no_upstream)?,
        health: health.parse().ok(),
        login: username.zip(password),
        open_urls: open_urls::entries(&reading).unwrap_or_default(),
        has_task_url: reading.get("kestra.tasks.sdk.authentication.url").is_some(),
        program: machine.defaults.program.clone(),
        context_path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kestra_config::Place;
    use crate::machine::Snapshot;

    #[test]
    fn health_is_under_the_prefix_of_the_endpoints_or_under_the_context_path() {
        let health = |more: &str| {
            let text = format!("kestra.url: http://a.example/k/\n{more}\n");
            let mut machine = Machine::new("c.yml".into(), Place::default());
            machine.see("c.yml".into(), Snapshot::Text(text.as_str().into()));
            kestra(&machine, &machine.answers().unwrap()).unwrap().health.unwrap().to_string()
        };
        let path = "micronaut.server.context-path: /k";
        assert_eq!(health(path), "http://localhost:8081/k/health");
        assert_eq!(health("endpoints.all.port: 9"), "http://localhost:9/health");
        let of_endpoints =
            |prefix| health(&format!("{path}\nendpoints.all.context-path: {prefix}"));
        assert_eq!(of_endpoints("/manage/"), "http://localhost:8081/manage/health");
        assert_eq!(of_endpoints("/"), "http://localhost:8081/health");
    }
}
