//! Kestra's login, told by its behaviour: who gets in without one, and whether people get to it.
//!
//! Only the request for the version has a login, and none changes anything. What each release
//! answers was seen on 1.3.25 and a 2.0.0 snapshot, see `assets/kestra-facts.md`.

use super::{CONFIGS, Client, Observation};
use crate::checks::Outcome;
use crate::kestra_config::open_urls;
use crate::kestra_release::{ADVISORY, Era};
use crate::system::checks::http::text;

/// An API that every release closes.
const CLOSED: &str = "api/v1/main/flows/search";

/// No API, and closed unless a path that ends in `/configs` passes the login.
const BYPASS: &str = "api/v1/main/kestra-setup-check/configs";

/// The webhook of a flow that does not exist.
const WEBHOOK: &str = "api/v1/main/executions/webhook/kestra-setup/check/key";

/// What the login page asks for, before and since pull request 17539.
const LOGIN_PAGE: [&str; 2] = [CONFIGS, "api/v1/configs/login"];

/// How Kestra's API answers without a login.
#[derive(PartialEq, Eq)]
enum Api {
    Open,
    Closed,
    /// Not where it should be, such as before a restart with another context path. What else
    /// answers there tells nothing about the login.
    Missing,
}

const NO_API: &str = "not checked, since Kestra's API is not where it should be";

impl Client<'_> {
    /// Whether Kestra answers this without a login. `None` where it does not answer at all.
    fn is_open(&self, page: &str) -> Option<bool> {
        Some(!matches!(self.status(&self.inside(page))?, 401 | 403))
    }

    fn api(&self) -> Api {
        match self.status(&self.inside(CLOSED)) {
            Some(200) => Api::Open,
            Some(401 | 403) => Api::Closed,
            _ => Api::Missing,
        }
    }

    /// The entry of `open-urls` that opens a page.
    fn entry_for(&self, page: &str) -> Option<&String> {
        let path = format!("{}/{page}", self.kestra.context_path);
        open_urls::opening(&self.kestra.open_urls, &path)
    }

    /// The entry of `open-urls` that opens the first setup.
    pub(super) fn setup_entry(&self) -> Option<&String> {
        self.entry_for(open_urls::SETUP.trim_start_matches('/'))
    }

    /// The command that writes the entries of `kestra.server.basic-auth.open-urls`.
    fn opening(&self) -> String {
        let program = &self.kestra.program;
        format!("Run {program} apply --open-urls login-and-webhooks, then restart Kestra")
    }

    /// The version in `api/v1/configs`, with the login where that is needed and may be sent.
    fn version(&self) -> Option<String> {
        let answer = self.get_with_login(&self.inside(CONFIGS)).ok()?;
        let configs: serde_json::Value = serde_json::from_str(&text(answer.response)).ok()?;
        Some(configs["version"].as_str()?.to_owned())
    }
}

/// Whether the API asks for a login at all.
pub(super) fn open_api(client: &Client) -> Observation {
    match client.api() {
        Api::Open => {}
        Api::Closed => return Observation::ok("Kestra's API asks for a login"),
        Api::Missing => return Observation::skipped(NO_API),
    }
    let path = &client.kestra.context_path;
    let what = "ANYONE CAN RUN CODE: Kestra's API asks nobody for a login";
    let remedy = if "/api".starts_with(path.as_str()) && !path.is_empty() {
        format!(
            "Take this server off the network now. The context path {path} disables the login: \
             choose another one, and restart Kestra"
        )
    } else {
        "Take this server off the network now. Set kestra.server.basic-auth.username and .password, \
         remove what opens the API from kestra.server.basic-auth.open-urls, update Kestra, and \
         restart it"
            .to_owned()
    };
    Observation::failed(what).status(200).try_this(remedy)
}

/// Whether the release is one that anyone can run code on.
pub(super) fn release(client: &Client) -> Observation {
    let version = client.version();
    let era = version.as_deref().and_then(Era::of_version);
    let seen = version.map_or("version not shown".to_owned(), |it| format!("version {it}"));
    let is_closed = client.api() == Api::Closed;
    let passes = is_closed && client.is_open(BYPASS) == Some(true);
    if era == Some(Era::LoginBypass) || passes {
        return Observation::failed(format!(
            "ANYONE CAN RUN CODE on this release of Kestra without a login ({ADVISORY})"
        ))
        .seen(&seen)
        .try_this(
            "Update Kestra before it is published: to 1.0.45 or later, 1.3.21 or later, or 2.0. \
             Until then take it off the network",
        );
    }
    if era.is_none() && !is_closed {
        return Observation::skipped("what answers does not tell the release of Kestra");
    }
    Observation::ok(format!("this release of Kestra is not open to {ADVISORY}")).seen(&seen)
}

/// Whether anybody can set up Kestra anew, and so take it over.
pub(super) fn takeover(client: &Client) -> Observation {
    if let Some(entry) = client.setup_entry() {
        let is_whole = entry.ends_with("basicAuth");
        let what = "ANYONE CAN TAKE OVER THIS KESTRA: its first setup is open, again and again";
        return Observation::failed(what).seen(&format!("open-urls has {entry}")).try_this(format!(
            "Remove {entry} from kestra.server.basic-auth.open-urls at once{}, restart Kestra, and \
             change its password",
            if is_whole { "" } else { " (it covers .../main/basicAuth)" }
        ));
    }
    Observation::ok("no entry of open-urls opens the first setup")
}

/// Whether Kestra's login page comes without a login dialog of the browser before it.
pub(super) fn page(client: &Client) -> Observation {
    if client.api() == Api::Missing {
        return Observation::skipped(NO_API);
    }
    let path = &client.kestra.context_path;
    let open: Vec<_> = LOGIN_PAGE.iter().filter_map(|page| client.is_open(page)).collect();
    if open.is_empty() {
        return Observation::skipped("Kestra does not answer what its login page asks for");
    }
    if !open.contains(&true) {
        let what = format!(
            "under {path}/ the browser asks for a login before Kestra's own page comes, and the \
             first setup cannot be done"
        );
        let has_entries = client.entry_for(CONFIGS).is_some();
        let mut remedy = if path.is_empty() {
            "Check what asks for a login at the address that Kestra listens on".to_owned()
        } else if has_entries {
            "Restart Kestra if it was not restarted since the entries of open-urls were written. \
             If it stays, this release opens webhooks only: use a host name without a path, or \
             update Kestra"
                .to_owned()
        } else {
            format!("{}; or use a host name without a path", client.opening())
        };
        if client.kestra.login.is_none() {
            remedy.push_str(
                ". The configuration names no administrator. Add before the first start: \
                 kestra.server.basic-auth.username: <e-mail> and \
                 kestra.server.basic-auth.password: <password>",
            );
        }
        return Observation::failed(what).status(401).try_this(remedy);
    }
    Observation::ok("Kestra's login page comes without a dialog of the browser")
}

/// Whether webhooks, which have a key of their own, are answered without a login.
pub(super) fn webhooks(client: &Client) -> Observation {
    match client.api() {
        Api::Open => {
            return Observation::skipped("not checked, since the API asks nobody for a login");
        }
        Api::Closed => {}
        Api::Missing => return Observation::skipped(NO_API),
    }
    match client.is_open(WEBHOOK) {
        None => Observation::skipped("Kestra does not answer a webhook"),
        Some(true) => Observation::ok("webhooks are answered without a login"),
        Some(false) => {
            let path = &client.kestra.context_path;
            let webhooks = open_urls::WEBHOOKS;
            let remedy = if path.is_empty() {
                format!("Add {webhooks} to kestra.server.basic-auth.open-urls")
            } else {
                format!(
                    "{}. By hand: {webhooks} and {path}{webhooks} in \
                     kestra.server.basic-auth.open-urls",
                    client.opening()
                )
            };
            Observation::new(Outcome::Warning, "webhooks answer 401 without Kestra's login")
                .status(401)
                .try_this(remedy)
        }
    }
}
