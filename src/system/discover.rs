//! Looks at this machine before anything is asked: the configuration, nginx, the shell.
#![expect(
    clippy::disallowed_methods,
    reason = "this is where the environment and the disk are looked at"
)]

use super::fs::backup::{Checkpoint, History};
use super::fs::{self, ReadError};
use super::nginx;
use crate::answers::Answers;
use crate::form::{self, Defaults, EnvironmentProxy};
use crate::kestra_config::{self, Place, PlaceError, Refusal};
use crate::machine::{Found, Served, Snapshot};
use crate::nginx_site::{Machine, Version};
use crate::plan::FileKind;
use crate::settings::PastedProxy;
use crate::shell;
use std::env;
use std::path::{Path, PathBuf};

/// The variables that name a proxy, the one that counts first.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Everything that was seen.
#[derive(Debug)]
pub struct Discovery {
    /// What the files say, on this machine.
    pub answers: Answers,
    /// The files.
    pub found: Found,
    /// The nginx of this machine.
    pub nginx: nginx::Found,
}

impl Discovery {
    /// Reads the nginx file that was named, if it is one of ours: what it says counts as what stands
    /// in the usual places does.
    pub fn read_named_nginx_file(&mut self) {
        let path = self.answers.get(&form::NGINX_FILE).into_owned();
        if !self.answers.is_set(&form::NGINX_FILE)
            || self.found.snapshot(Path::new(&path)).is_some()
        {
            return;
        }
        self.found.see(path.clone().into(), snapshot(Path::new(&path)));
        let mut defaults = self.answers.defaults().clone();
        defaults.nginx_files.insert(0, path);
        // The configuration was read already.
        if let Ok(answers) = self.found.answers(defaults) {
            self.answers = answers.with(&self.answers);
        }
    }
}

/// Why nothing can be done with the configuration that is there.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Kestra could not read it either, or it cannot be told how.
    #[error("{}{}: {refusal}", path.display(), line(refusal.line))]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        refusal: Refusal,
    },
    /// The file holds no configuration that can be edited.
    #[error("{}{}: {error}", path.display(), line(error.line))]
    NoPlace {
        /// The file.
        path: PathBuf,
        /// What it looks like, and what to do.
        error: PlaceError,
    },
    /// Several configurations of Kestra in one file.
    #[error("{} holds {} configurations of Kestra", path.display(), places.len())]
    Several {
        /// The file.
        path: PathBuf,
        /// The places.
        places: Vec<Place>,
    },
    /// There is no home, so there is no default place.
    #[error("there is no home folder, so there is no place for config.yml")]
    NoHome,
}

fn line(line: Option<usize>) -> String {
    line.map_or(String::new(), |line| format!(", line {line}"))
}

impl DiscoverError {
    /// What the operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Read(error) => error.remedy(),
            Self::Refused { .. } => {
                "Correct that line; kestra-setup never repairs a file by itself.".to_owned()
            }
            Self::Several { places, .. } => {
                let names: Vec<_> = places.iter().map(ToString::to_string).collect();
                format!("Choose with --at: {}", names.join(", "))
            }
            Self::NoPlace { error, .. } => error.remedy.clone(),
            Self::NoHome => "Name the file with --config PATH.".to_owned(),
        }
    }

    /// The exit code of a command that ends with this error.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Read(ReadError::Denied { .. }) => 5,
            Self::Several { .. } | Self::NoPlace { .. } | Self::NoHome => 2,
            Self::Read(_) | Self::Refused { .. } => 1,
        }
    }
}

/// Looks at everything. `place` is where in the file the configuration is, if that was given or
/// chosen.
///
/// # Errors
/// Where the configuration cannot be read as Kestra would read it.
pub fn look(config: Option<&Path>, place: Option<Place>) -> Result<Discovery, DiscoverError> {
    let config = config_path(config)?;
    let text = fs::read(&config)?.map(|state| state.text);
    let place = match (place, &text) {
        (Some(place), Some(text)) => place_in(&config, text.as_str(), &place)?,
        (None, Some(text)) => only_place(&config, text.as_str())?,
        (place, None) => place.unwrap_or_default(),
    };
    let nginx = nginx::find();
    let mut defaults = defaults(&config, &place, &nginx);
    let mut found = Found::new(config.clone(), place);
    found.machine = machine(&nginx);
    found.sights = sights(&nginx);
    found.served = nginx.servers.iter().flat_map(served).collect();
    found.includes.clone_from(&nginx.includes);
    found.surroundings = surroundings(&config);
    if text.is_some() {
        defaults.nginx_files = written_before(&config);
    }
    found.see(config.clone(), text.map_or(Snapshot::Absent, Snapshot::Text));
    let usual = [&defaults.server_file, &defaults.location_file, &defaults.env_file];
    for path in usual.into_iter().chain(&defaults.nginx_files).map(PathBuf::from) {
        let snapshot = snapshot(&path);
        found.see(path, snapshot);
    }
    defaults.has_nginx = nginx.binary.is_some() && !found.place().is_kubernetes();
    let files =
        [&defaults.config_file, &defaults.server_file, &defaults.location_file].map(PathBuf::from);
    found.unwritable = files.into_iter().filter(|path| !fs::writable(path)).collect();
    let refused = |refusal| DiscoverError::Refused { path: config.clone(), refusal };
    let answers = found.answers(defaults).map_err(refused)?;
    Ok(Discovery { answers, found, nginx })
}

/// The nginx files that were written with this configuration, or alone, the last one first.
fn written_before(config: &Path) -> Vec<String> {
    let checkpoints = History::here().map(|history| history.list()).unwrap_or_default();
    // Version 0.1.0 recorded no configuration.
    let is_alone = |it: &Checkpoint| it.config.is_none() && it.files.len() == 1;
    let own = checkpoints.into_iter().filter(|it| is_alone(it) || it.is_about(config));
    let is_nginx = |kind| matches!(kind, FileKind::Nginx | FileKind::Unknown);
    let mut names = Vec::new();
    for (_, file) in own.flat_map(|it| it.files).filter(|(kind, _)| is_nginx(*kind)) {
        let name = file.to_string_lossy().into_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What is at a path now.
#[must_use]
pub fn snapshot(path: &Path) -> Snapshot {
    match fs::read(path) {
        Ok(Some(state)) => Snapshot::Text(state.text),
        Ok(None) => Snapshot::Absent,
        Err(error) => Snapshot::Unreadable(format!("{error}. {}", error.remedy())),
    }
}

/// The file that `--config` names, or the first that Kestra's users keep one at.
pub(crate) fn config_path(named: Option<&Path>) -> Result<PathBuf, DiscoverError> {
    if let Some(named) = named {
        return Ok(std::path::absolute(named).unwrap_or_else(|_| named.to_owned()));
    }
    let of_user = dirs::home_dir().map(|home| home.join(".kestra/config.yml"));
    let of_machine = PathBuf::from("/etc/kestra/config.yml");
    let candidates = of_user.iter().chain([&of_machine]);
    let there = candidates.into_iter().find(|path| path.exists()).cloned();
    there.or(of_user).ok_or(DiscoverError::NoHome)
}

fn only_place(path: &Path, text: &str) -> Result<Place, DiscoverError> {
    let mut places = kestra_config::places(text).map_err(|error| no_place(path, error))?;
    match places.len() {
        0 => Ok(Place::default()),
        1 => Ok(places.remove(0)),
        _ => Err(DiscoverError::Several { path: path.to_owned(), places }),
    }
}

/// A place that was given for this text, with its kind.
///
/// # Errors
/// Where the text has no such place, or it cannot be edited.
pub fn place_in(path: &Path, text: &str, place: &Place) -> Result<Place, DiscoverError> {
    kestra_config::place_at(text, place).map_err(|error| no_place(path, error))
}

fn no_place(path: &Path, error: PlaceError) -> DiscoverError {
    let path = path.to_owned();
    if error.is_unreadable {
        let PlaceError { line, reason, .. } = error;
        return DiscoverError::Refused {
            path,
            refusal: Refusal { line, reason, paste: String::new() },
        };
    }
    DiscoverError::NoPlace { path, error }
}

fn defaults(config: &Path, place: &Place, nginx: &nginx::Found) -> Defaults {
    let beside = |name: &str| config.with_file_name(name).display().to_string();
    let server_file = nginx.file.as_ref().map(|path| path.display().to_string());
    let snippets = nginx.conf.as_ref().and_then(|conf| conf.parent()).map(snippet);
    Defaults {
        proxy: proxy(),
        server_file: server_file.unwrap_or_else(|| beside("kestra-nginx.conf")),
        location_file: snippets.unwrap_or_else(|| beside("kestra-nginx.conf")),
        env_file: beside("kestra.env"),
        config_file: config.display().to_string(),
        restart: place.restart_command(&shell::word(&config.to_string_lossy())),
        check: command_for(config, "check"),
        ..Defaults::default()
    }
}

/// This program with a command for this configuration, which is named unless it is the default.
pub(crate) fn command_for(config: &Path, command: &str) -> String {
    if config_path(None).is_ok_and(|default| default == config) {
        return format!("kestra-setup {command}");
    }
    format!("kestra-setup --config {} {command}", shell::word(&config.to_string_lossy()))
}

/// Where a file to include goes: a folder that nginx does not read by itself.
fn snippet(folder: &Path) -> String {
    let snippets = folder.join("snippets");
    let name = if snippets.is_dir() {
        snippets.join("kestra.conf")
    } else {
        folder.join("kestra-locations.conf")
    };
    name.display().to_string()
}

fn proxy() -> Option<EnvironmentProxy> {
    PROXY_VARIABLES.iter().find_map(|variable| {
        let proxy: PastedProxy = env::var(variable).ok()?.parse().ok()?;
        Some(EnvironmentProxy { variable: (*variable).to_owned(), proxy })
    })
}

fn machine(nginx: &nginx::Found) -> Machine {
    let nginx_version = nginx.version.map(|(major, minor, patch)| Version(major, minor, patch));
    Machine { nginx: nginx_version, ipv6: nginx.ipv6 }
}

/// The names that a server block of the machine answers to, on each of its ports.
fn served(server: &nginx::Server) -> impl Iterator<Item = Served> {
    server.ports.iter().flat_map(move |&port| {
        server.names.iter().map(move |name| Served {
            name: name.clone(),
            port,
            file: server.file.clone(),
        })
    })
}

/// What the screen of nginx says about the one that is here.
fn sights(nginx: &nginx::Found) -> Vec<String> {
    let Some(binary) = &nginx.binary else {
        return vec!["no nginx on this machine; the file is for you to copy".to_owned()];
    };
    let version = nginx.version.map_or(binary.display().to_string(), |(major, minor, patch)| {
        format!("nginx {major}.{minor}.{patch}")
    });
    let state = if nginx.running { "running" } else { "not running" };
    let name = |pattern: &PathBuf| {
        let parts: Vec<_> =
            pattern.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        parts.into_iter().rev().collect::<Vec<_>>().join("/")
    };
    let is_folder = |pattern: &&PathBuf| pattern.to_string_lossy().contains('*');
    let includes: Vec<_> = nginx.includes.iter().filter(is_folder).map(name).collect();
    let mut lines = vec![format!("{version}, {state}; includes {}", includes.join(" and "))];
    if nginx.selinux {
        lines.push("SELinux is enforced: setsebool -P httpd_can_network_connect 1".to_owned());
    }
    lines
}

/// The compose file beside a config.yml that gives Kestra another configuration.
fn compose_beside(config: &Path) -> Option<&'static str> {
    const NAMES: [&str; 4] =
        ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
    let is_another = |name: &&str| !config.ends_with(name);
    NAMES.into_iter().filter(is_another).find(|name| {
        let text = snapshot(&config.with_file_name(name));
        text.text().is_some_and(|text| text.as_str().contains("KESTRA_CONFIGURATION"))
    })
}

/// What around the file would make an edit of it useless.
fn surroundings(config: &Path) -> Vec<String> {
    let mut remarks = Vec::new();
    let is_default_name = config.file_name().is_some_and(|name| name == "config.yml");
    if is_default_name && config.with_extension("yaml").exists() {
        remarks.push("there is a config.yaml beside it, which Kestra never reads.".to_owned());
    }
    if let Some(compose) = compose_beside(config) {
        remarks.push(format!("{compose} beside it sets KESTRA_CONFIGURATION; a Kestra started from there reads that instead. Open it with --config."));
    }
    if env::var_os("KESTRA_CONFIGURATION").is_some() {
        remarks.push("KESTRA_CONFIGURATION is set here; a Kestra started with it has a second configuration.".to_owned());
    }
    let home = rustix::process::geteuid();
    if let (Some(env_home), Some(passwd)) =
        (env::var_os("HOME"), super::passwd::home(home.as_raw()))
        && Path::new(&env_home) != passwd
        && config.starts_with(&env_home)
    {
        remarks.push(format!(
            "Kestra takes its home from the user database: {}, not $HOME.",
            passwd.display()
        ));
    }
    remarks
}
