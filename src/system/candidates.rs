//! The files that may be this machine's Kestra configuration, each with the evidence for it.

mod units;

use crate::env_file;
use crate::form::Service;
use crate::kestra_config::{self, Mounted, Place};
use crate::machine::Candidate;
use crate::shell;
use crate::system::entries;
use crate::system::passwd;
use rustix::process::geteuid;
use std::cell::OnceCell;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use units::{PREFIXES, Unit, config_of, is_kestra};

/// What Compose reads where no file is named, the first that is there.
pub(super) const COMPOSE_FILES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// No unit and no Compose file is larger; what is, is left out.
const MAX_BYTES: usize = 256 * 1024;

/// Where candidates are looked for.
#[derive(Default)]
pub(super) struct SearchScope {
    /// `/`, another folder in tests.
    pub(super) root: PathBuf,
    pub(super) home: Option<PathBuf>,
    pub(super) folder: Option<PathBuf>,
    /// Files in the current folder count if this user or root owns them.
    pub(super) user: u32,
    /// Who became root by sudo.
    pub(super) sudo_user: Option<u32>,
    /// See [`units`](Self::units).
    pub(super) read_units: OnceCell<Vec<Unit>>,
}

/// Smaller ids are those of root and of services.
const FIRST_PERSON: u32 = 1000;

impl SearchScope {
    pub(super) fn here() -> Self {
        Self {
            root: "/".into(),
            home: dirs::home_dir(),
            folder: env::current_dir().ok(),
            user: geteuid().as_raw(),
            sudo_user: env::var("SUDO_UID").ok().and_then(|it| it.parse().ok()),
            ..Self::default()
        }
    }

    /// Every candidate once, with all its reasons.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let mut found: Vec<(PathBuf, String)> = Vec::new();
        for unit in self.units() {
            let name = &unit.service.name;
            found.extend(unit.config.clone().map(|path| (path, format!("{name} names it"))));
            let what = format!("{name} reads KESTRA_CONFIGURATION from it");
            found.extend(unit.variable_file.clone().map(|path| (path, what)));
            let of_compose = unit.compose.iter().flat_map(|file| in_compose(file));
            found.extend(of_compose.map(|(path, why)| (path, format!("{why}, which {name} runs"))));
        }
        found.extend(self.processes());
        let of_user = self.home.as_ref().map(|home| home.join(".kestra/config.yml"));
        let of_user = of_user.map(|path| (path, "Kestra reads it by default".to_owned()));
        let of_machine = (self.at("/etc/kestra/config.yml"), "the usual place".to_owned());
        let usual = of_user.into_iter().chain([of_machine]);
        // What cannot be looked at may be there.
        found.extend(usual.filter(|(path, _)| path.try_exists().unwrap_or(true)));
        found.extend(self.folder.iter().flat_map(|folder| self.in_folder(folder)));
        let mut candidates: Vec<Candidate> = Vec::new();
        for (path, reason) in found {
            let known = candidates.iter_mut().find(|known| is_same(&known.path, &path));
            match known {
                Some(known) if known.reason.contains(&reason) => {}
                Some(known) => known.reason = format!("{}, {reason}", known.reason),
                None => candidates.push(Candidate { path, place: None, reason }),
            }
        }
        candidates
    }

    /// What starts Kestra with this file: a unit of systemd, or a service of a Compose file that
    /// mounts it. `port` is the one that Kestra listens on.
    pub(super) fn service(&self, config: &Path, port: u16) -> Option<Service> {
        if let Some(unit) = self.unit_of(config) {
            let locked_out = is_locked_out(&unit.user, config).then(|| unit.user.clone());
            return Some(Service { locked_out, ..unit.service.clone() });
        }
        let (compose, mounted) = self.mount(config)?;
        let by_hand = || {
            let (file, name) = (shell::path(&compose), shell::word(&mounted.service));
            format!("docker compose -f {file} up -d --force-recreate {name}")
        };
        let (env_files, in_files) = env_files(&compose, &mounted.beside.env_files);
        let service = std::slice::from_ref(&mounted.service);
        let published = kestra_config::published_port(&text_of(&compose)?, service, port);
        Some(Service {
            restart: Some(self.restart(&compose).unwrap_or_else(by_hand)),
            name: format!("service {}", mounted.service),
            env_files,
            variables: mounted.beside.names.into_iter().chain(in_files).collect(),
            variables_win: !mounted.beside.has_config_flag,
            upstream: published.and_then(|it| it.upstream),
            ..Service::default()
        })
    }

    fn unit_of(&self, config: &Path) -> Option<&Unit> {
        let starts = |unit: &&Unit| unit.config.as_ref().is_some_and(|it| is_same(it, config));
        self.units().iter().find(starts)
    }

    /// The Kestra that a unit starts with this configuration: a program or a jar.
    pub(super) fn program(&self, config: &Path) -> Option<PathBuf> {
        let program = self.unit_of(config)?.program.as_ref()?;
        Some(self.at(program.trim_start_matches(PREFIXES)))
    }

    /// The Compose file that mounts a configuration, and what it tells of the service; `None` where
    /// a unit starts Kestra with it.
    pub(super) fn mount(&self, config: &Path) -> Option<(PathBuf, Mounted)> {
        if self.unit_of(config).is_some() {
            return None;
        }
        let beside = self.yaml_files(config.parent()?).into_iter();
        let beside = beside.filter(|(name, _)| is_compose(name)).map(|(_, path)| path);
        let of_units = self.units().iter().flat_map(|unit| unit.compose.clone());
        beside.chain(of_units).find_map(|compose| {
            let (file, mounted) = mount(&compose)?;
            is_same(&file, config).then_some((compose, mounted))
        })
    }

    /// The command that restarts what a Compose file starts, where a unit runs it.
    pub(super) fn restart(&self, compose: &Path) -> Option<String> {
        let runs = |unit: &&Unit| unit.compose.iter().any(|file| is_same(file, compose));
        self.units().iter().find(runs)?.service.restart.clone()
    }

    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// What the running Kestras were started with. One in a container has files of its own.
    fn processes(&self) -> Vec<(PathBuf, String)> {
        let proc = self.root.join("proc");
        let namespace = |id: &str| fs::read_link(proc.join(id).join("ns/mnt")).ok();
        let own = namespace("self");
        let mut found = Vec::new();
        for (id, path) in entries(&proc) {
            if !id.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let Ok(line) = fs::read(path.join("cmdline")) else { continue };
            let line = String::from_utf8_lossy(&line);
            let words: Vec<String> = line.split('\0').map(str::to_owned).collect();
            let Some(config) = config_of(&words).filter(|_| is_kestra(&words)) else { continue };
            let folder = fs::read_link(path.join("cwd")).unwrap_or_default();
            let file = self.at(folder.join(config));
            let is_elsewhere = namespace(&id).is_some_and(|it| own.as_ref() != Some(&it));
            if !is_elsewhere && self.is_believed(&path, &file) {
                found.push((file, "a running Kestra was started with it".to_owned()));
            }
        }
        found
    }

    /// Whether a process may name a file: what a user of this machine calls a Kestra could make
    /// root write a password into a file of that user.
    fn is_believed(&self, process: &Path, file: &Path) -> bool {
        let uid = |path: &Path| fs::metadata(path).ok().map(|it| it.uid());
        let (Some(user), Some(owner)) = (uid(process), uid(file)) else { return false };
        let is_own = |it: u32| it < FIRST_PERSON || it == self.user || Some(it) == self.sudo_user;
        is_own(user) && [0, user, self.user].contains(&owner)
    }

    /// Compose files, Helm values and mounted files of a folder.
    fn in_folder(&self, folder: &Path) -> Vec<(PathBuf, String)> {
        let files = self.yaml_files(folder).into_iter();
        let found = files.flat_map(|(name, path)| match is_compose(&name) {
            true => in_compose(&path),
            false if name.contains("values") => held(&path).into_iter().collect(),
            false => Vec::new(),
        });
        found.filter(|(path, _)| self.is_trusted(path)).collect()
    }

    fn yaml_files(&self, folder: &Path) -> Vec<(String, PathBuf)> {
        let is_yaml = |name: &str| has_extension(name, "yml") || has_extension(name, "yaml");
        let mut files = entries(folder);
        files.retain(|(name, path)| is_yaml(name) && self.is_trusted(path));
        files
    }

    /// A file or a link that another user put into a folder is not taken for the configuration.
    fn is_trusted(&self, path: &Path) -> bool {
        let is_own = |it: &fs::Metadata| [0, self.user].contains(&it.uid());
        fs::symlink_metadata(path).is_ok_and(|it| is_own(&it))
            && fs::metadata(path).is_ok_and(|it| it.is_file() && is_own(&it))
    }
}

/// What a Compose file holds, and what it mounts.
fn in_compose(path: &Path) -> Vec<(PathBuf, String)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // One that cannot be edited is no reason for a second configuration.
    let named = || {
        let names_it = text_of(path)?.contains("KESTRA_CONFIGURATION");
        names_it.then(|| (path.to_owned(), "it names KESTRA_CONFIGURATION".to_owned()))
    };
    let mounted = mount(path)
        .map(|(file, it)| (file, format!("{name} mounts it for service {}", it.service)));
    held(path).or_else(named).into_iter().chain(mounted).collect()
}

/// A file with configurations in it that is none as a whole.
fn held(path: &Path) -> Option<(PathBuf, String)> {
    let places = kestra_config::places(&text_of(path)?).ok()?;
    if places.iter().any(Place::is_whole) {
        return None;
    }
    let users: Vec<_> = places.iter().flat_map(Place::used_by).map(String::as_str).collect();
    let reason = match users[..] {
        [] => "it holds a configuration of Kestra".to_owned(),
        _ => format!("it holds KESTRA_CONFIGURATION of service {}", users.join(", ")),
    };
    Some((path.to_owned(), reason))
}

/// The configuration that a Compose file mounts, which can be read.
fn mount(compose: &Path) -> Option<(PathBuf, Mounted)> {
    let mounted = kestra_config::mounted_file(&text_of(compose)?)?;
    let file = beside(compose, &mounted.file);
    kestra_config::places(&text_of(&file)?).ok()?;
    Some((file, mounted))
}

/// A file that a Compose file names.
fn beside(compose: &Path, file: &str) -> PathBuf {
    compose.with_file_name(file.strip_prefix("./").unwrap_or(file))
}

/// The env files that a Compose file names, and the variables in them that Kestra reads as
/// properties.
pub(super) fn env_files(compose: &Path, named: &[String]) -> (Vec<String>, Vec<String>) {
    let files: Vec<_> = named.iter().map(|file| beside(compose, file)).collect();
    let texts: Vec<_> = files.iter().filter_map(|file| text_of(file)).collect();
    let variables = texts.iter().flat_map(|text| env_file::names(text));
    let properties = variables.filter(|it| kestra_config::is_property(it)).map(str::to_owned);
    (files.iter().map(|file| file.to_string_lossy().into_owned()).collect(), properties.collect())
}

/// Whether a new file at this path, which gets the owner of its folder, could not be read by a user. A
/// specifier of systemd may be any user.
fn is_locked_out(user: &str, new: &Path) -> bool {
    if matches!(user, "" | "root" | "0") || user.contains('%') || new.symlink_metadata().is_ok() {
        return false;
    }
    let folder = new.ancestors().skip(1).find_map(|folder| fs::metadata(folder).ok());
    folder.is_some_and(|folder| {
        let owner = folder.uid();
        user != passwd::user(owner) && user != owner.to_string()
    })
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    one == other || real(one) == real(other)
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == extension)
}

fn is_compose(name: &str) -> bool {
    name.starts_with("compose.") || name.starts_with("docker-compose")
}

/// Waits for nothing, as for a device that a link leads to, and follows no link that root must not.
fn text_of(path: &Path) -> Option<String> {
    let text = crate::system::fs::read(path).ok()??;
    (text.as_str().len() <= MAX_BYTES).then(|| text.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    pub(super) const UNIT: &str = "etc/systemd/system/flows.service";
    pub(super) const CONFIG: &str = "kestra:\n  url: https://a.example/\n";

    /// A machine with these files, and a current folder `/srv`.
    pub(super) fn machine(files: &[(&str, &str)]) -> (TempDir, SearchScope) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let user = geteuid().as_raw();
        let (home, srv) = (Some(root.join("home")), Some(root.join("srv")));
        (folder, SearchScope { root, home, folder: srv, user, ..SearchScope::default() })
    }

    /// Every candidate, as `path: reason`.
    pub(super) fn found(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, scope) = machine(files);
        let root = scope.root.display().to_string();
        let all = scope.candidates().into_iter();
        all.map(|it| format!("{}: {}", it.path.display(), it.reason).replace(&root, "")).collect()
    }

    pub(super) const COMPOSE: &str = "services:\n  k:\n    image: kestra/kestra\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra:\n          url: a\n";
    pub(super) const MOUNTS: &str = "services:\n  k:\n    image: kestra/kestra\n    command: server local --config /a.yaml\n    environment:\n      KESTRA_URL: b\n    volumes: [\"./app.yaml:/a.yaml\"]\n    ports: [\"8081:8080\"]\n";

    #[test]
    fn the_user_of_a_unit_that_could_not_read_a_new_configuration_is_told() {
        let locked_out = |user: &str, files: &[(&str, &str)]| {
            let start = "ExecStart=/opt/kestra server standalone --config /etc/new/config.yml";
            let unit = format!("[Service]\nUser={user}\n{start}");
            let (_folder, scope) = machine(&[&[(UNIT, &*unit)], files].concat());
            scope.service(&scope.at("/etc/new/config.yml"), 8080).unwrap().locked_out
        };
        assert_eq!(locked_out("nobody-else", &[]).as_deref(), Some("nobody-else"));
        let own = passwd::current_user();
        for user in [&own, "root", "%i", ""] {
            assert_eq!(locked_out(user, &[]), None, "{user}");
        }
        assert_eq!(locked_out("nobody-else", &[("etc/new/config.yml", CONFIG)]), None);
    }

    #[test]
    fn a_running_kestra_names_its_configuration() {
        let line = |words: &str| words.replace(' ', "\0");
        let process = line("java -jar /opt/kestra server standalone --config /opt/a.yml");
        let setup = line("kestra-setup check server --config /opt/b.yml");
        let files =
            [("proc/12/cmdline", &*process), ("proc/13/cmdline", &setup), ("opt/a.yml", CONFIG)];
        assert_eq!(found(&files), ["/opt/a.yml: a running Kestra was started with it"]);
    }

    #[test]
    fn a_process_of_another_person_names_no_file_for_root() {
        let process = "kestra server local -c /opt/a.yml".replace(' ', "\0");
        let (_folder, scope) = machine(&[("proc/12/cmdline", &process), ("opt/a.yml", CONFIG)]);
        let person = 4242;
        if scope.user == 0 {
            for name in ["proc/12", "opt/a.yml"] {
                std::os::unix::fs::chown(scope.root.join(name), Some(person), None).unwrap();
            }
        }
        let person = if scope.user == 0 { person } else { scope.user };
        let found = |user, sudo_user| {
            let SearchScope { root, home, folder, .. } = &scope;
            let (root, home, folder) = (root.clone(), home.clone(), folder.clone());
            let scope =
                SearchScope { root, home, folder, user, sudo_user, ..SearchScope::default() };
            scope.candidates().len()
        };
        assert_eq!(found(person + 1, None), 0);
        assert_eq!((found(person, None), found(0, Some(person))), (1, 1));
    }

    #[test]
    fn a_link_of_another_user_leads_to_no_configuration() {
        let files =
            [("prod/compose.yml", COMPOSE), ("prod/app.yaml", CONFIG), ("srv/compose.yml", MOUNTS)];
        let (_folder, scope) = machine(&files);
        let link = |name: &str, file: &str, owner: u32| {
            let path = scope.root.join("srv").join(name);
            let _ = fs::remove_file(&path);
            std::os::unix::fs::symlink(scope.root.join("prod").join(file), &path).unwrap();
            std::os::unix::fs::lchown(path, Some(owner), None).unwrap();
        };
        if scope.user == 0 {
            for (owner, found) in [(4242, 0), (0, 1)] {
                link("app.yaml", "app.yaml", owner);
                assert_eq!(scope.candidates().len(), found, "mounted");
            }
            for (owner, found) in [(4242, 1), (0, 2)] {
                link("docker-compose.yml", "compose.yml", owner);
                assert_eq!(scope.candidates().len(), found, "itself");
            }
        }
    }

    #[test]
    fn the_current_folder_holds_what_compose_and_helm_read() {
        let values = "configurations:\n  application:\n    kestra: {url: a}\n";
        let case = |name, text| found(&[(name, text), ("srv/app.yaml", CONFIG)]);
        let holds = ["/srv/compose.yml: it holds KESTRA_CONFIGURATION of service k"];
        assert_eq!(case("srv/compose.yml", COMPOSE), holds);
        let mounted = ["/srv/app.yaml: docker-compose.yml mounts it for service k"];
        assert_eq!(case("srv/docker-compose.yml", MOUNTS), mounted);
        let holds = ["/srv/my-values.yaml: it holds a configuration of Kestra"];
        assert_eq!(case("srv/my-values.yaml", values), holds);
        assert_eq!(case("srv/values.yaml", "image: redis\n"), [""; 0]);
        assert_eq!(case("srv/values.yaml", CONFIG), [""; 0]);
        assert_eq!(case("srv/compose.yml", "services: {a: {image: redis}}\n"), [""; 0]);
    }

    #[test]
    fn one_file_with_two_reasons_is_one_candidate() {
        let exec = "[Service]\nExecStart=/opt/kestra server local -c /etc/kestra/config.yml\n";
        let files = [(UNIT, exec), ("etc/kestra/config.yml", CONFIG)];
        assert_eq!(
            found(&files),
            ["/etc/kestra/config.yml: flows.service names it, the usual place"]
        );
    }
}
