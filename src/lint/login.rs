//! Who gets in: releases and paths whose login is open, and what a closed path lacks.

use super::Remark;
use crate::kestra_config::Reading;
use crate::kestra_config::open_urls::{self, WEBHOOKS};
use crate::kestra_release::{ADVISORY, Era, Release};
use crate::machine::Machine;
use crate::settings::ContextPath;

/// The context paths under which the login is open, whatever is around their letters.
const OPEN_PATHS: [&str; 3] = ["a", "ap", "api"];

/// What lets others in or keeps people out, the worst first: it comes before any other note.
pub(crate) fn urgent(machine: &Machine, reading: &Reading) -> Vec<String> {
    let open = open_apis(reading).map(|remark| remark.text);
    let taken = open_urls::opens_setup(reading).map(|entry| {
        format!(
            "ANYONE CAN TAKE OVER THIS KESTRA: {entry} in kestra.server.basic-auth.open-urls opens its first setup, again and again. Remove it at once."
        )
    });
    let closed = closed_login(machine, reading);
    let all = [advisory(machine), open, taken, closed, missing_administrator(machine, reading)];
    all.into_iter().flatten().collect()
}

/// The advisory for a release whose login anyone passes.
pub(crate) fn advisory(machine: &Machine) -> Option<String> {
    let Release { name, era, .. } = machine.release()?;
    (era == Some(Era::LoginBypass)).then(|| {
        format!(
            "ANYONE CAN RUN CODE on {name} without a login ({ADVISORY}, severity 10 of 10). Update Kestra before you publish it."
        )
    })
}

/// What a release that closes a context path lacks in this configuration: the entries that open the
/// login page.
pub(crate) fn closed_login(machine: &Machine, reading: &Reading) -> Option<String> {
    let (name, path) = closing(machine, reading)?;
    (!open_urls::are_open(reading)).then(|| {
        format!(
            "{name} closes the login page and webhooks under {path}. {} apply --open-urls login-and-webhooks opens both.",
            machine.defaults.program
        )
    })
}

/// The same for the administrator, who cannot be set up in the browser there.
pub(crate) fn missing_administrator(machine: &Machine, reading: &Reading) -> Option<String> {
    let (name, path) = closing(machine, reading)?;
    reading.get("kestra.server.basic-auth.username").is_none().then(|| {
        format!(
            "{name} has no first setup in the browser under {path}. Before the first start, add the lines kestra.server.basic-auth.username: <e-mail> and kestra.server.basic-auth.password: <password>."
        )
    })
}

/// The release and the context path, where it is known to close that.
fn closing(machine: &Machine, reading: &Reading) -> Option<(String, ContextPath)> {
    let path = open_urls::context_path(reading);
    let Release { name, era, .. } = machine.release()?;
    (era == Some(Era::Closed) && !path.is_root()).then_some((name, path))
}

/// A path that switches the login off: seen with 1.3.25 and 2.0.0-SNAPSHOT.
pub(crate) fn open_apis(reading: &Reading) -> Option<Remark> {
    let path = reading.get("micronaut.server.context-path")?;
    let name = path.text.trim().trim_matches('/');
    OPEN_PATHS.contains(&name).then(|| {
        let text = format!(
            "ANYONE CAN RUN CODE: every API of this Kestra is open without a login, because the context path is /{name}. Change micronaut.server.context-path at once."
        );
        Remark::new(path, text)
    })
}

/// Webhooks that a context path closes in most releases.
pub(crate) fn closed_webhooks(reading: &Reading) -> Option<Remark> {
    let path = reading.get("micronaut.server.context-path")?;
    let prefix: ContextPath = path.text.parse().ok()?;
    let open = format!("{prefix}{WEBHOOKS}");
    let is_closed = !prefix.is_root() && open_apis(reading).is_none();
    (is_closed && open_urls::entry_for(reading, &open).is_none()).then(|| {
        let both = format!("{open} and {WEBHOOKS}");
        let what = format!("Webhooks under a context path answer 401 until kestra.server.basic-auth.open-urls has {both}: releases differ in which of the two they read.");
        Remark::new(path, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kestra_config::{Place, places, read_at};
    use crate::lint::tests::remarks;

    /// What the release of this Compose file means for a configuration under `/kestra`.
    fn of_release(tag: &str, more: &str) -> Vec<String> {
        let text = format!(
            "services:\n  kestra:\n    image: kestra/kestra:{tag}\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra.url: https://a/kestra/\n        micronaut.server.context-path: /kestra\n{more}"
        );
        let place = places(&text).unwrap().remove(0);
        let mut machine = Machine::new("compose.yml".into(), place.clone());
        machine.see("compose.yml".into(), crate::machine::Snapshot::Text(text.as_str().into()));
        urgent(&machine, &read_at(&text, &place).unwrap())
    }

    #[test]
    fn a_release_whose_login_anyone_passes_is_named_first() {
        let notes = of_release("v1.3.20", "");
        assert_eq!(notes.len(), 1);
        assert!(notes[0].starts_with("ANYONE CAN RUN CODE on kestra/kestra:v1.3.20"), "{notes:?}");
        assert!(notes[0].contains("CVE-2026-53576"));
    }

    #[test]
    fn a_release_that_closes_a_context_path_is_told_with_what_opens_it() {
        let notes = of_release("v1.3.25", "");
        assert!(notes[0].contains("--open-urls login-and-webhooks") && notes.len() == 2);
        assert!(notes[1].contains("kestra.server.basic-auth.username"), "{notes:?}");
        let administrator = "        kestra.server.basic-auth.username: a@b.example\n";
        assert_eq!(of_release("v1.3.25", administrator).len(), 1);
        assert_eq!(of_release("latest", ""), [""; 0]);
    }

    /// What comes before any other note.
    fn urgent_in(text: &str) -> Vec<String> {
        urgent(&Machine::default(), &read_at(text, &Place::default()).unwrap())
    }

    #[test]
    fn a_path_that_opens_every_api_comes_first() {
        for path in ["/api", "ap", "/a/"] {
            let notes = urgent_in(&format!("micronaut.server.context-path: {path}\n"));
            assert!(notes[0].starts_with("ANYONE CAN RUN CODE: every API"), "{notes:?}");
            assert_eq!(remarks(&format!("micronaut.server.context-path: {path}\n")), [""; 0]);
        }
    }

    #[test]
    fn an_entry_that_opens_the_first_setup_comes_first() {
        let open = |path: &str, entry: &str| {
            let path = format!("micronaut.server.context-path: {path}\n");
            urgent_in(&format!("{path}kestra.server.basic-auth.open-urls: [/ping, {entry}]\n"))
        };
        for (path, entry) in [("/k", "/k/api/v1/main/basicAuth"), ("''", "/api/v1/main/b")] {
            let notes = open(path, entry);
            assert!(notes[0].starts_with("ANYONE CAN TAKE OVER THIS KESTRA"), "{notes:?}");
            assert!(notes[0].contains(&format!(": {entry} in ")), "{notes:?}");
        }
        assert_eq!(open("/k", "/k/api/v1/main/executions/webhook/"), [""; 0]);
    }
}
