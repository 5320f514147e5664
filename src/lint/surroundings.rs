//! What around a configuration keeps it, or an edit of it, from having an effect.

use crate::env_file;
use crate::kestra_config;
use crate::machine::{Machine, Text};
use crate::settings::SiteFile;
use std::path::Path;

/// What around the configuration makes an edit of it useless, one sentence each.
pub(crate) fn config_warnings(machine: &Machine) -> Vec<String> {
    let around = &machine.surroundings;
    let yaml = around
        .has_yaml_beside
        .then(|| "there is a config.yaml beside it, which Kestra never reads.".to_owned());
    let compose = around.compose_beside.as_ref().map(|compose| {
        format!("{compose} beside it sets KESTRA_CONFIGURATION; a Kestra started from there reads that instead. Open it with --config.")
    });
    let variable = around.has_configuration_variable.then(|| {
        "KESTRA_CONFIGURATION is set here; a Kestra started with it has a second configuration."
            .to_owned()
    });
    let home = around.other_home.as_ref().map(|home| {
        format!("Kestra takes its home from the user database: {}, not $HOME.", home.display())
    });
    let services = machine.place().used_by();
    let shared = (services.len() > 1)
        .then(|| format!("This configuration is used by the services {}.", services.join(", ")));
    let around = yaml.into_iter().chain(compose).chain(variable).chain(home);
    around.chain(shared).chain(variables(machine)).collect()
}

/// Variables beside a configuration, and which of the two wins. A file given with `--config`, and
/// `~/.kestra/config.yml`, win over variables, and these over `KESTRA_CONFIGURATION` and
/// `MICRONAUT_CONFIG_FILES` (measured: 0, -200, -250).
pub(crate) fn variables(machine: &Machine) -> Vec<String> {
    let text = |path: &Path| machine.text(path).map_or("", Text::as_str);
    let place = machine.place();
    let beside = kestra_config::beside(text(machine.config()), place);
    let of = if place.is_kubernetes() { "the container" } else { "the service" };
    let all = beside.names.iter().map(|name| (name.as_str(), of, !beside.has_config_flag));
    let mut all: Vec<(&str, &str, bool)> = all.collect();
    let service = machine.defaults.service.iter();
    all.extend(service.clone().flat_map(|service| {
        let names = service.variables.iter().map(String::as_str);
        names.map(|name| (name, service.name.as_str(), service.variables_win))
    }));
    if place.is_whole() {
        let file = machine.defaults.env_file.as_str();
        let wins = service.clone().any(|service| service.variables_win);
        let names = env_file::names(text(file.as_ref()));
        let names = names.filter(|name| kestra_config::is_property(name));
        all.extend(names.map(|name| (name, file, wins)));
    }
    let flag = beside.has_config_flag.then(|| {
        "The service starts Kestra with --config: that file wins over KESTRA_CONFIGURATION."
            .to_owned()
    });
    let is_first = |at: usize| all[..at].iter().all(|(name, ..)| *name != all[at].0);
    let notes = all.iter().enumerate().filter(|(at, _)| is_first(*at)).map(|(_, &(name, of, wins))| {
        if wins {
            format!("The variable {name} of {of} wins over the same setting in the configuration: change or remove it there.")
        } else {
            format!("The variable {name} of {of} is ignored where the configuration has the same setting.")
        }
    });
    flag.into_iter().chain(notes).collect()
}

/// The env file of a plan, where what starts Kestra does not read it.
pub(crate) fn unread_env_file(machine: &Machine, file: &Path) -> Option<String> {
    let service = machine.defaults.service.as_ref()?;
    let file = file.to_string_lossy();
    let line = service.missing_line(&file)?;
    Some(format!("{} does not read {file}. Add this line to it: {line}", service.name))
}

/// What is uncertain about the port at which the service of a Compose file is published.
pub(crate) fn unpublished(machine: &Machine, settings: &SiteFile) -> Option<String> {
    let reading = machine.reading().ok().flatten()?;
    let published = machine.published_port(&reading)?;
    let port = published.upstream.as_ref().map(|(_, port)| *port);
    let is_used = port.is_none_or(|port| settings.site.upstream.port().get() == port);
    published.note.filter(|_| is_used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{self, Service};
    use crate::kestra_config::Place;
    use crate::machine::Snapshot;

    /// What is noted about the configuration `c.yml` with `kestra.env` beside it.
    fn around(config: &str, env: &str) -> Vec<String> {
        let mut machine =
            Machine::new("c.yml".into(), kestra_config::places(config).unwrap().remove(0));
        machine.see("c.yml".into(), Snapshot::Text(config.into()));
        machine.defaults.env_file = "kestra.env".to_owned();
        machine.see("kestra.env".into(), Snapshot::Text(env.into()));
        config_warnings(&machine)
    }

    #[test]
    fn variables_of_a_service_win_over_its_text_unless_a_file_is_named() {
        let compose = "services:\n  k:\n    image: kestra/kestra\n    command: server standalone\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra:\n          url: https://a.example/\n      KESTRA_URL: https://b.example/\n      KESTRA_CONFIGURATION_PATH: /app\n      PATH: /bin\n";
        let wins = "The variable KESTRA_URL of the service wins over the same setting in the configuration: change or remove it there.";
        assert_eq!(around(compose, "KESTRA_X=1\n"), [wins]);
        for command in ["server standalone --config /x.yml", "[server, -c, /x.yml]"] {
            let notes = around(&compose.replace("server standalone", command), "");
            assert!(notes[0].contains("that file wins"), "{command}: {notes:?}");
            assert!(
                notes[1].contains("KESTRA_URL of the service is ignored"),
                "{command}: {notes:?}"
            );
        }
    }

    #[test]
    fn variables_of_a_container_win_over_its_configuration() {
        let values = "configurations:\n  application:\n    kestra: {url: a}\ncommon:\n  extraEnv:\n    - name: KESTRA_URL\n      value: b\n    - name: PATH\n      value: c\n";
        let notes = around(values, "");
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("KESTRA_URL of the container wins"), "{notes:?}");
    }

    #[test]
    fn variables_of_what_starts_kestra_are_found_and_which_wins() {
        let text = "kestra.url: https://a.example/\n";
        for (variables_win, words) in [(false, "is ignored"), (true, "wins over")] {
            let mut machine = Machine::new("c.yml".into(), Place::default());
            machine.see("c.yml".into(), Snapshot::Text(text.into()));
            let variables = vec!["KESTRA_CONFIGURATION".to_owned()];
            let name = "flows.service".to_owned();
            let service = Service { name, variables, variables_win, ..Service::default() };
            machine.defaults.service = Some(service);
            let notes = super::variables(&machine);
            let wanted = format!("KESTRA_CONFIGURATION of flows.service {words}");
            assert!(notes.len() == 1 && notes[0].contains(&wanted), "{notes:?}");
        }
    }

    #[test]
    fn variables_beside_a_file_are_ignored() {
        let env = "PROXY_PASSWORD=x\nMICRONAUT_SERVER_PORT=1\nexport KESTRA_URL=y\n";
        let notes = around("kestra.url: https://a.example/\n", env);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes.iter().all(|note| note.contains("of kestra.env is ignored")), "{notes:?}");
    }

    /// What is noted about the port of a Compose file with these ports, for this upstream.
    fn of_port(ports: &str, upstream: Option<&str>) -> Option<String> {
        let compose = format!(
            "services:\n  k:\n    image: kestra/kestra\n    ports: {ports}\n    environment:\n      \
             KESTRA_CONFIGURATION: |\n        kestra.url: http://a.example/\n"
        );
        let mut machine =
            Machine::new("c.yml".into(), kestra_config::places(&compose).unwrap().remove(0));
        machine.see("c.yml".into(), Snapshot::Text((&*compose).into()));
        let mut answers = machine.answers().unwrap();
        answers.set(&form::REVERSE_PROXY, "nginx");
        if let Some(upstream) = upstream {
            answers.set(&form::UPSTREAM, upstream);
        }
        unpublished(&machine, &answers.settings().unwrap().nginx.unwrap())
    }

    #[test]
    fn what_is_uncertain_about_the_port_that_is_used_is_noted() {
        let none = of_port("[]", None).unwrap();
        assert!(none.starts_with("Service k publishes no port of Kestra's 8080"), "{none}");
        let variable = "The port of service k is the variable PORT; its default counts here.";
        let by_default = "['${PORT:-9090}:8080']";
        assert_eq!(of_port(by_default, None).as_deref(), Some(variable));
        assert_eq!(of_port(by_default, Some("localhost:9091")), None);
        assert_eq!(of_port("['9090:8080']", None), None);
    }
}
