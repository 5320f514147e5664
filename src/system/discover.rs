//! Looks at this machine before anything is asked: the configuration, nginx, the shell.

use super::candidates::{self, SearchScope};
use super::checks::certificate;
use super::fs::backup::{Checkpoint, History};
use super::fs::{self, ReadError};
use super::nginx::{self, Deadline};
use super::{installed, within};
use crate::form::{Defaults, EnvironmentProxy, Service};
use crate::kestra_config::{self, Place, PlaceError, Refusal};
use crate::kestra_release::Release;
use crate::machine::{Candidate, Machine, Seen, Snapshot, Surroundings, Text};
use crate::plan::FileKind;
use crate::settings::PastedProxy;
use crate::shell;
use indexmap::IndexSet;
use std::env;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// The variables that name a proxy, the one that counts first.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// How long the rest of a machine is looked at while an operator waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Why nothing can be done with the configuration that is there.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant shows what its fields are")]
pub enum DiscoverError {
    /// A file of the configuration cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Kestra could not read it either, or it cannot be told how.
    #[error("{}{}: {refusal}", path.display(), line(refusal.line))]
    Refused { path: PathBuf, refusal: Refusal },
    /// The file holds no configuration that can be edited.
    #[error("{}{}: {reason}", path.display(), self::line(*line))]
    NoPlace { path: PathBuf, line: Option<usize>, reason: String, remedy: String },
    /// Several configurations of Kestra in one file.
    #[error("{} holds {} configurations of Kestra", path.display(), places.len())]
    Several { path: PathBuf, places: Vec<Place> },
    /// Several files of this machine may be the configuration, each with the evidence for it.
    #[error("there are {} configurations of Kestra on this machine", .0.len())]
    SeveralFiles(Vec<Candidate>),
    /// There is no home, so there is no default place.
    #[error("there is no home folder, so there is no place for config.yml")]
    NoHome,
}

fn line(line: Option<usize>) -> String {
    line.map_or(String::new(), |line| format!(", line {line}"))
}

impl DiscoverError {
    /// What the operator can do about it.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::Read(error) => error.remedy(),
            Self::Refused { .. } => {
                "Correct that line; kestra-setup never repairs a file by itself.".to_owned()
            }
            Self::Several { places, .. } => {
                let name = |place: &Place| shell::word(&place.to_string()).into_owned();
                let names: Vec<_> = places.iter().map(name).collect();
                format!("Choose one with --at:\n  {}", names.join("\n  "))
            }
            Self::SeveralFiles(candidates) => {
                let lines: Vec<_> = candidates.iter().map(ToString::to_string).collect();
                format!("Name one of them with --config:\n  {}", lines.join("\n  "))
            }
            Self::NoPlace { remedy, .. } => remedy.clone(),
            Self::NoHome => "Name the file with --config PATH.".to_owned(),
        }
    }

    /// The configurations to choose from, where there are several.
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        match self {
            Self::SeveralFiles(candidates) => candidates.clone(),
            Self::Several { path, places } => {
                let reason = |place: &Place| match place.used_by() {
                    [] => place.to_string(),
                    used => format!("holds KESTRA_CONFIGURATION of service {}", used.join(", ")),
                };
                let candidate = |place: &Place| Candidate {
                    path: path.clone(),
                    place: Some(place.clone()),
                    reason: reason(place),
                };
                places.iter().map(candidate).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The exit code of a command that ends with this error.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Read(ReadError::Denied { .. }) => 5,
            Self::Several { .. } | Self::SeveralFiles(_) | Self::NoPlace { .. } | Self::NoHome => 2,
            Self::Read(_) | Self::Refused { .. } => 1,
        }
    }
}

/// The same as [`configuration`] for an operator who can be asked: of several configurations the first
/// that can be read, `preferred` before the others, with all of them to choose from.
///
/// # Errors
/// Where none of them can be read.
pub(crate) fn configurations(
    config: Option<&Path>,
    place: Option<Place>,
    preferred: Option<&Path>,
) -> Result<Machine, DiscoverError> {
    let read = |it: &Candidate| configuration(Some(&it.path), it.place.clone());
    let error = match configuration(config, place) {
        Ok(machine) => return Ok(machine),
        Err(error) => error,
    };
    let each = error.candidates().into_iter().flat_map(|file| {
        let places = read(&file).err().map_or(Vec::new(), |error| error.candidates());
        if places.is_empty() { vec![file] } else { places }
    });
    let mut candidates: Vec<_> = each.collect();
    candidates.sort_by_key(|it| Some(&*it.path) != preferred);
    let readable = candidates.iter().find_map(|it| read(it).ok());
    let mut machine = match (readable, candidates.first()) {
        (Some(machine), _) => machine,
        (None, Some(first)) => read(first)?,
        (None, None) => return Err(error),
    };
    machine.candidates = candidates;
    Ok(machine)
}

/// The part of a machine that the first frame needs: the configuration and the environment.
/// Nothing of nginx is opened or run. `place` is where in the file the configuration is, if that was
/// given or chosen.
///
/// # Errors
/// Where the configuration cannot be read as Kestra would read it.
pub(crate) fn configuration(
    config: Option<&Path>,
    place: Option<Place>,
) -> Result<Machine, DiscoverError> {
    let config = config_path(config)?;
    let text = fs::read(&config)?;
    configuration_of(config, text, place)
}

/// The same for a configuration with this text, which may be another than the file has.
///
/// # Errors
/// As above.
pub(crate) fn configuration_of(
    config: PathBuf,
    text: Option<Text>,
    place: Option<Place>,
) -> Result<Machine, DiscoverError> {
    // Without the place, a file with several configurations would be refused.
    let named = place.as_ref().filter(|place| !place.is_whole());
    let at = named.map_or(String::new(), |at| format!("--at {}", shell::word(&at.to_string())));
    let place = match (place, &text) {
        (Some(place), Some(text)) => place_in(&config, text.as_str(), &place)?,
        (None, Some(text)) => only_place(&config, text.as_str())?,
        (place, None) => place.unwrap_or_default(),
    };
    let mut machine = Machine::new(config.clone(), place);
    let beside = |name: &str| config.with_file_name(name).display().to_string();
    machine.defaults = Defaults {
        proxy: proxy(),
        server_file: beside("kestra-nginx.conf"),
        location_file: beside("kestra-nginx.conf"),
        env_file: beside("kestra.env"),
        config_file: config.display().to_string(),
        restart: machine.place().restart_command(&shell::path(&config)),
        program: with_config(&config, &at),
        ..Defaults::default()
    };
    machine.is_partial = true;
    let env_file = PathBuf::from(&machine.defaults.env_file);
    let (snapshot, target) = (text.map_or(Snapshot::Absent, Snapshot::Text), fs::target(&config));
    machine.see(config.clone(), Seen { snapshot, target });
    machine.see(env_file.clone(), look_at(&env_file));
    machine.reading().map_err(|refusal| DiscoverError::Refused { path: config, refusal })?;
    Ok(machine)
}

/// The rest of a machine: nginx, the files for it, the user database, rights to write, and the
/// release of Kestra.
pub(crate) fn complete(machine: Machine, deadline: Deadline) -> Machine {
    let known = machine.clone();
    let release = thread::spawn(move || release(&known));
    let mut machine = without_release(machine, deadline);
    machine.installed = release.join().unwrap_or_default();
    machine
}

/// The release that is installed here, where the file of the configuration names none. Starts a
/// Java program for it, which may take seconds.
pub(crate) fn release(machine: &Machine) -> Option<Release> {
    let is_asked = machine.place().is_whole() && machine.release().is_none();
    is_asked.then(|| installed::release(&SearchScope::here(), machine.config()))?
}

fn without_release(mut machine: Machine, deadline: Deadline) -> Machine {
    let nginx = nginx::find(deadline);
    let text = |path: &PathBuf| path.display().to_string();
    let is_kubernetes = machine.place().is_kubernetes();
    let before = written_before(&machine);
    let defaults = &mut machine.defaults;
    defaults.has_nginx = nginx.binary.is_some() && !is_kubernetes;
    if let Some(file) = &nginx.server_file {
        defaults.server_file = text(file);
    }
    if let Some(file) = &nginx.location_file {
        defaults.location_file = text(file);
    }
    defaults.nginx_files.extend(before);
    let Defaults { server_file, location_file, nginx_files, .. } = defaults.clone();
    machine.nginx = nginx;
    for path in [&server_file, &location_file].into_iter().chain(&nginx_files).map(PathBuf::from) {
        machine.see(path.clone(), look_at(&path));
    }
    machine.defaults.service = service(&machine);
    // Another look at every process, which the first frame does not wait for.
    let named = with_config(machine.config(), "");
    if let Some(options) = machine.defaults.program.strip_prefix(&named) {
        machine.defaults.program = command_for(machine.config(), options.trim_start());
    }
    machine.surroundings = surroundings(&machine);
    (machine.defaults.certificates, machine.defaults.unreadable_certificates) =
        certificate::discover(&machine.nginx.config);
    let files = [machine.config().to_owned(), server_file.into(), location_file.into()];
    machine.unwritable = files.into_iter().filter(|path| !fs::writable(path)).collect();
    machine.is_partial = false;
    machine
}

/// The rest of a machine as far as it is known in [`PATIENCE`], the [`release`] left out.
pub(crate) fn complete_in_time(machine: Machine) -> Machine {
    let unknown = machine.as_far_as_known();
    // nginx is given a part of the time, so that the rest is known where it does not answer.
    let deadline = Deadline::after(PATIENCE * 3 / 4);
    within(PATIENCE, move || without_release(machine, deadline)).unwrap_or(unknown)
}

/// The nginx files that were written with this configuration, or alone, the last one first.
fn written_before(machine: &Machine) -> Vec<String> {
    let config = machine.config();
    if machine.text(config).is_none() {
        return Vec::new();
    }
    let checkpoints = History::here().map(|history| history.list()).unwrap_or_default();
    // Version 0.1.0 recorded no configuration.
    let is_alone = |it: &Checkpoint| it.context.config.is_none() && it.files.len() == 1;
    let own = checkpoints.into_iter().filter(|it| is_alone(it) || it.is_about(config));
    let is_nginx = |kind| matches!(kind, FileKind::Nginx | FileKind::Unknown);
    let files = own.flat_map(|it| it.files).filter(|(kind, _)| is_nginx(*kind));
    let names: IndexSet<_> = files.map(|(_, it)| it.to_string_lossy().into_owned()).collect();
    names.into_iter().collect()
}

/// What is at a path now, and where it leads.
pub(crate) fn look_at(path: &Path) -> Seen {
    Seen { snapshot: snapshot(path), target: fs::target(path) }
}

/// What is at a path now.
pub(crate) fn snapshot(path: &Path) -> Snapshot {
    match fs::read(path) {
        Ok(Some(text)) => Snapshot::Text(text),
        Ok(None) => Snapshot::Absent,
        Err(error) => Snapshot::Unreadable(format!("{error}. {}", error.remedy())),
    }
}

/// What starts Kestra with this configuration.
pub(crate) fn service(machine: &Machine) -> Option<Service> {
    let (config, place) = (machine.config(), machine.place());
    if place.is_whole() {
        return SearchScope::here().service(config, machine.kestra_port());
    }
    let name = place.used_by().first().filter(|_| place.is_compose())?;
    let text = machine.text(config)?.as_str();
    let beside = kestra_config::beside(text, place);
    let (env_files, variables) = candidates::env_files(config, &beside.env_files);
    Some(Service {
        name: format!("service {name}"),
        restart: SearchScope::here().restart(config),
        variables,
        variables_win: !beside.has_config_flag,
        env_files,
        ..Service::default()
    })
}

/// The file that `--config` names, else the only candidate; where there is none, the one that a
/// unit names or that this user cannot look at, or Kestra's default.
pub(crate) fn config_path(named: Option<&Path>) -> Result<PathBuf, DiscoverError> {
    if let Some(named) = named {
        return Ok(std::path::absolute(named).unwrap_or_else(|_| named.to_owned()));
    }
    let scope = SearchScope::here();
    let candidates = scope.candidates().into_iter();
    let (mut there, missing): (Vec<_>, Vec<_>) = candidates.partition(|it| it.path.exists());
    match there.len() {
        0 => {
            let missing = missing.into_iter().next().map(|candidate| candidate.path);
            missing.or_else(default_path).ok_or(DiscoverError::NoHome)
        }
        1 => Ok(there.remove(0).path),
        _ => Err(DiscoverError::SeveralFiles(there)),
    }
}

fn default_path() -> Option<PathBuf> {
    Some(dirs::home_dir()?.join(".kestra/config.yml"))
}

fn only_place(path: &Path, text: &str) -> Result<Place, DiscoverError> {
    let mut places = kestra_config::places(text).map_err(|error| no_place(path, error))?;
    if places.len() > 1 {
        return Err(DiscoverError::Several { path: path.to_owned(), places });
    }
    Ok(places.pop().unwrap_or_default())
}

/// A place that was given for this text, with its kind.
///
/// # Errors
/// Where the text has no such place, or it cannot be edited.
pub(crate) fn place_in(path: &Path, text: &str, place: &Place) -> Result<Place, DiscoverError> {
    kestra_config::place_at(text, place).map_err(|error| no_place(path, error))
}

fn no_place(path: &Path, error: PlaceError) -> DiscoverError {
    let path = path.to_owned();
    match error {
        PlaceError::Unreadable(refusal) => DiscoverError::Refused { path, refusal },
        PlaceError::Unsuitable { line, reason, remedy } => {
            DiscoverError::NoPlace { path, line, reason, remedy }
        }
    }
}

/// This program with a command for this configuration, which is named unless it is the default.
pub(crate) fn command_for(config: &Path, command: &str) -> String {
    // What was found in a folder or a unit is not found from everywhere.
    let is_usual = default_path().is_some_and(|path| path == config)
        || config == Path::new("/etc/kestra/config.yml");
    if is_usual && config_path(None).is_ok_and(|default| default == config) {
        return format!("kestra-setup {command}").trim_end().to_owned();
    }
    with_config(config, command)
}

fn with_config(config: &Path, command: &str) -> String {
    format!("kestra-setup --config {} {command}", shell::path(config)).trim_end().to_owned()
}

fn proxy() -> Option<EnvironmentProxy> {
    PROXY_VARIABLES.iter().find_map(|variable| {
        let proxy: PastedProxy = env::var(variable).ok()?.parse().ok()?;
        Some(EnvironmentProxy { variable: (*variable).to_owned(), proxy })
    })
}

fn surroundings(machine: &Machine) -> Surroundings {
    let config = machine.config();
    let is_default_name = config.file_name().is_some_and(|name| name == "config.yml");
    let mut compose = candidates::COMPOSE_FILES.into_iter().filter(|name| !config.ends_with(name));
    let compose_beside = compose.find(|name| {
        let text = snapshot(&config.with_file_name(name));
        text.text().is_some_and(|text| text.as_str().contains("KESTRA_CONFIGURATION"))
    });
    let passwd = super::passwd::home(rustix::process::geteuid().as_raw());
    let is_of = |home: &PathBuf| config == home.join(".kestra/config.yml");
    let of_variable = env::var_os("HOME").map(PathBuf::from).filter(is_of);
    let is_another = |passwd: &PathBuf| of_variable.is_some_and(|home| home != *passwd);
    Surroundings {
        has_yaml_beside: is_default_name && config.with_extension("yaml").exists(),
        compose_beside: compose_beside.map(str::to_owned),
        has_configuration_variable: env::var_os("KESTRA_CONFIGURATION").is_some(),
        other_home: passwd.filter(is_another),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_found_or_read_has_a_remedy_and_an_exit_code() {
        let denied = ReadError::Denied { path: "/c.yml".into(), user: "nobody".to_owned() };
        let places = ["services.a", "data.\"b.yml\"", "#2:data.$(id)"];
        let places = places.map(|place| place.parse().unwrap()).to_vec();
        let several = DiscoverError::Several { path: "/c.yml".into(), places };
        for (error, remedy, code) in [
            (DiscoverError::NoHome, "Name the file with --config PATH.", 2),
            (denied.into(), "Run kestra-setup as a user who may read it.", 5),
            (
                several,
                "Choose one with --at:\n  services.a\n  'data.\"b.yml\"'\n  '#2:data.$(id)'",
                2,
            ),
        ] {
            assert_eq!((&*error.remedy(), error.exit_code()), (remedy, code), "{error}");
        }
    }
}
