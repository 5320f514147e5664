//! The files that may be this machine's Kestra configuration, each with the evidence for it.

use crate::env_file;
use crate::form::Service;
use crate::kestra_config::{self, Mounted};
use crate::machine::Candidate;
use crate::shell;
use rustix::process::geteuid;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Where systemd keeps its units, the folder that wins first.
const UNIT_FOLDERS: [&str; 3] =
    ["etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

/// No unit and no Compose file is larger; what is, is left out.
const MAX_BYTES: u64 = 256 * 1024;

/// Where candidates are looked for.
pub(super) struct Scope {
    /// `/`, another folder in tests.
    pub(super) root: PathBuf,
    pub(super) home: Option<PathBuf>,
    /// The current folder.
    pub(super) folder: Option<PathBuf>,
    /// Files in the current folder count if this user or root owns them.
    pub(super) user: u32,
}

impl Scope {
    pub(super) fn here() -> Self {
        let (root, user) = ("/".into(), geteuid().as_raw());
        Self { root, home: dirs::home_dir(), folder: env::current_dir().ok(), user }
    }

    /// Every candidate once, with all its reasons.
    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let mut found: Vec<(PathBuf, String)> = Vec::new();
        for unit in self.units() {
            found.extend(unit.config.map(|path| (path, format!("{} names it", unit.name))));
        }
        found.extend(self.processes());
        let of_user = self.home.as_ref().map(|home| home.join(".kestra/config.yml"));
        let of_user = of_user.map(|path| (path, "Kestra reads it by default".to_owned()));
        let of_machine = (self.at("/etc/kestra/config.yml"), "the usual place".to_owned());
        let usual = of_user.into_iter().chain([of_machine]);
        found.extend(usual.filter(|(path, _)| path.exists()));
        found.extend(self.folder.iter().flat_map(|folder| self.in_folder(folder)));
        let mut candidates: Vec<Candidate> = Vec::new();
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        for (path, reason) in found {
            let known = candidates.iter_mut().find(|known| real(&known.path) == real(&path));
            match known {
                Some(known) if known.reason.contains(&reason) => {}
                Some(known) => known.reason = format!("{}, {reason}", known.reason),
                None => candidates.push(Candidate { path, place: None, reason }),
            }
        }
        candidates
    }

    /// What starts Kestra with this file: a unit of systemd, or a service of a Compose file beside
    /// it.
    pub(super) fn service(&self, config: &Path) -> Option<Service> {
        let unit = self.units().into_iter().find(|unit| unit.config.as_deref() == Some(config));
        let of_unit = unit.map(|unit| Service {
            restart: Some(format!("systemctl restart {}", unit.name.trim_end_matches(".service"))),
            name: unit.name,
            env_files: unit.env_files,
            is_unit: true,
        });
        of_unit.or_else(|| {
            let mount = self.mounts(config.parent()?).find(|mount| mount.file == config)?;
            let file = shell::word(&mount.compose.to_string_lossy()).into_owned();
            let service = shell::word(&mount.service).into_owned();
            Some(Service {
                restart: Some(format!("docker compose -f {file} up -d --force-recreate {service}")),
                name: format!("service {}", mount.service),
                env_files: mount.env_files,
                is_unit: false,
            })
        })
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The units that start Kestra.
    fn units(&self) -> Vec<Unit> {
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        for folder in UNIT_FOLDERS.map(|folder| self.root.join(folder)) {
            let is_own = folder.ends_with("etc/systemd/system");
            for (name, path) in entries(&folder) {
                // Packages bring hundreds of units, as links in the folder of the operator: only
                // Kestra's own is worth opening there. Nothing of nginx is opened.
                let is_unit = has_extension(&name, "service") && !name.starts_with("nginx");
                let is_worth =
                    |path: &Path| name.contains("kestra") || (is_own && !path.is_symlink());
                if is_unit && !texts.contains_key(&name) && is_worth(&path) {
                    texts.extend(text(&path).map(|text| (name, text)));
                }
            }
        }
        for folder in UNIT_FOLDERS.iter().rev().map(|folder| self.root.join(folder)) {
            for (name, unit) in &mut texts {
                for (drop_in, path) in entries(&folder.join(format!("{name}.d"))) {
                    if has_extension(&drop_in, "conf") {
                        unit.push('\n');
                        unit.push_str(&text(&path).unwrap_or_default());
                    }
                }
            }
        }
        texts.into_iter().filter_map(|(name, text)| self.unit(name, &text)).collect()
    }

    fn unit(&self, name: String, text: &str) -> Option<Unit> {
        let (mut commands, mut env_files) = (Vec::new(), Vec::new());
        let (mut variables, mut folder, mut user) = (Vec::new(), "/", "root");
        let text = text.replace("\\\n", " ");
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match key.trim() {
                // An empty assignment takes back what was set before.
                "ExecStart" if value.is_empty() => commands.clear(),
                "ExecStart" => commands.push(value),
                "EnvironmentFile" if value.is_empty() => env_files.clear(),
                "EnvironmentFile" => env_files.push(value.trim_start_matches('-').to_owned()),
                "Environment" => variables.extend(words(value)),
                "WorkingDirectory" => folder = value.trim_start_matches('-'),
                "User" => user = value,
                _ => {}
            }
        }
        let command = commands.into_iter().map(words).find(|words| is_kestra(words))?;
        let variable = |name: &str| {
            let file = |file: &String| {
                Some(env_file::value(&self::text(&self.at(file))?, name)?.reveal().to_owned())
            };
            let set = variables.iter().rev().filter_map(|it| it.split_once('='));
            let set = set.filter(|(it, _)| *it == name).map(|(_, value)| value.to_owned());
            env_files.iter().rev().find_map(file).or_else(|| set.into_iter().next())
        };
        let config = match config_of(&command) {
            Some(named) => match named.strip_prefix('$') {
                Some(name) => variable(name.trim_matches(['{', '}'])),
                None => Some(named.to_owned()),
            },
            None => self.home_of(user).map(|home| format!("{home}/.kestra/config.yml")),
        };
        // A specifier of systemd may mean anything.
        let config = config.filter(|config| !config.contains(['%', '$']));
        let config = config.map(|config| self.at(Path::new(folder).join(config)));
        let is_default = config_of(&command).is_none();
        let config = config.filter(|config| !is_default || config.exists());
        Some(Unit { name, config, env_files })
    }

    fn home_of(&self, user: &str) -> Option<String> {
        let users = fs::read_to_string(self.at("/etc/passwd")).ok()?;
        let line = users.lines().find(|line| line.split(':').next() == Some(user))?;
        line.split(':').nth(5).map(str::to_owned)
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
            let Some(config) =
                Some(&words).filter(|words| is_kestra(words)).and_then(|it| config_of(it))
            else {
                continue;
            };
            let folder = fs::read_link(path.join("cwd")).unwrap_or_default();
            let file = self.at(folder.join(config));
            let is_elsewhere = namespace(&id).is_some_and(|it| own.as_ref() != Some(&it));
            if !is_elsewhere && file.exists() {
                found.push((file, "a running Kestra was started with it".to_owned()));
            }
        }
        found
    }

    /// Compose files, Helm values and mounted files of a folder.
    fn in_folder(&self, folder: &Path) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        for (name, path) in self.yaml_files(folder) {
            let is_compose = is_compose(&name);
            if !is_compose && !name.contains("values") {
                continue;
            }
            let Some(text) = text(&path) else { continue };
            let places = kestra_config::places(&text).unwrap_or_default();
            let places: Vec<_> = places.iter().filter(|place| !place.is_whole()).collect();
            let users: Vec<_> = places.iter().flat_map(|place| place.used_by()).cloned().collect();
            let reason = match places[..] {
                [] if is_compose && text.contains("KESTRA_CONFIGURATION") => {
                    "it names KESTRA_CONFIGURATION".to_owned()
                }
                [] => continue,
                _ if users.is_empty() => "it holds a configuration of Kestra".to_owned(),
                _ => format!("it holds KESTRA_CONFIGURATION of service {}", users.join(", ")),
            };
            found.push((path, reason));
        }
        found.extend(self.mounts(folder).map(|mount| {
            let compose = mount.compose.file_name().unwrap_or_default().to_string_lossy();
            (mount.file, format!("{compose} mounts it for service {}", mount.service))
        }));
        found
    }

    /// The configurations that the Compose files of a folder mount.
    fn mounts(&self, folder: &Path) -> impl Iterator<Item = Mount> {
        let files = self.yaml_files(folder).into_iter().filter(|(name, _)| is_compose(name));
        files.filter_map(|(_, compose)| {
            let Mounted { service, file, env_files } =
                kestra_config::mounted_file(&text(&compose)?)?;
            let folder = compose.parent()?;
            let absolute = |file: &str| folder.join(file.strip_prefix("./").unwrap_or(file));
            let file = absolute(&file);
            let is_kestra = self.is_trusted(&file)
                && text(&file).is_some_and(|text| kestra_config::places(&text).is_ok());
            let env_files =
                env_files.iter().map(|it| absolute(it).to_string_lossy().into_owned()).collect();
            is_kestra.then_some(Mount { compose, service, file, env_files })
        })
    }

    fn yaml_files(&self, folder: &Path) -> Vec<(String, PathBuf)> {
        let is_yaml =
            |name: &str| Path::new(name).extension().is_some_and(|it| it == "yml" || it == "yaml");
        let mut files = entries(folder);
        files.retain(|(name, path)| is_yaml(name) && self.is_trusted(path));
        files
    }

    /// A file that another user put into a folder is not taken for the configuration.
    fn is_trusted(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|it| it.is_file() && [0, self.user].contains(&it.uid()))
    }
}

/// A unit that starts Kestra.
struct Unit {
    name: String,
    config: Option<PathBuf>,
    env_files: Vec<String>,
}

/// A configuration that a Compose file mounts.
struct Mount {
    compose: PathBuf,
    service: String,
    file: PathBuf,
    env_files: Vec<String>,
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == extension)
}

fn is_compose(name: &str) -> bool {
    name.starts_with("compose.") || name.starts_with("docker-compose")
}

/// The entries of a folder by name; none where it cannot be read.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .collect();
    entries.sort();
    entries
}

fn text(path: &Path) -> Option<String> {
    let is_small = fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() <= MAX_BYTES);
    is_small.then(|| fs::read_to_string(path).ok()).flatten()
}

/// The words of a command of systemd, quotes taken off; the command of a `sh -c` word by word.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for c in command.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ' | '\t', None) => words.push(String::new()),
            _ => words.last_mut().into_iter().for_each(|word| word.push(c)),
        }
    }
    words.retain(|word| !word.is_empty());
    if let Some(at) = words.iter().position(|word| word == "-c").filter(|at| *at == 1) {
        let inner: Vec<_> = words.split_off(at + 1);
        words.extend(inner.iter().flat_map(|it| it.split_whitespace()).map(str::to_owned));
    }
    words
}

/// Whether a command starts a Kestra server on this machine, itself or as a jar.
fn is_kestra(words: &[String]) -> bool {
    let name = |word: &String| {
        let word = word.trim_start_matches(['@', '-', ':', '+', '!']);
        word.rsplit('/').next().unwrap_or_default().to_owned()
    };
    let is_program = |word: &String| {
        let name = name(word);
        name == "kestra" || (name.starts_with("kestra") && has_extension(&name, "jar"))
    };
    let is_container = words.first().is_some_and(|it| matches!(&*name(it), "docker" | "podman"));
    let program = words.iter().position(is_program).filter(|_| !is_container);
    program.is_some_and(|at| words[at..].iter().any(|word| word == "server"))
}

/// The file that `--config` or `-c` names behind `server`.
fn config_of(words: &[String]) -> Option<&str> {
    let server = words.iter().position(|word| word == "server")?;
    let mut words = words[server..].iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-c" | "--config" => return words.next().map(String::as_str),
            word => {
                if let Some(file) = word.strip_prefix("--config=") {
                    return Some(file);
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const UNIT: &str = "etc/systemd/system/flows.service";
    const CONFIG: &str = "kestra:\n  url: https://a.example/\n";

    /// A machine with these files, and a current folder `/srv`.
    fn machine(files: &[(&str, &str)]) -> (TempDir, Scope) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let user = geteuid().as_raw();
        let (home, srv) = (Some(root.join("home")), Some(root.join("srv")));
        (folder, Scope { root, home, folder: srv, user })
    }

    /// Every candidate, as `path: reason`.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let (_folder, scope) = machine(files);
        let root = scope.root.display().to_string();
        let all = scope.candidates().into_iter();
        all.map(|it| format!("{}: {}", it.path.display(), it.reason).replace(&root, "")).collect()
    }

    fn unit(service: &str) -> Vec<String> {
        let files = [
            (UNIT, &*format!("[Service]\n{service}\n")),
            ("etc/kestra.env", "FILE=/opt/b.yml\n"),
            ("etc/passwd", "kestra:x:990:990::/var/kestra:/bin/sh\n"),
            ("var/kestra/.kestra/config.yml", CONFIG),
        ];
        found(&files)
    }

    #[test]
    fn a_unit_names_its_configuration() {
        for (service, file) in [
            ("ExecStart=/opt/kestra server standalone --config /opt/a.yml", "/opt/a.yml"),
            (
                "ExecStart=-/opt/kestra server standalone \\\n  -c \"/opt/my conf.yml\"",
                "/opt/my conf.yml",
            ),
            (
                "ExecStart=/bin/sh -c 'exec /opt/kestra server local --config=/opt/a.yml'",
                "/opt/a.yml",
            ),
            (
                "ExecStart=java -jar /opt/kestra-1.3.jar server webserver -c a.yml\nWorkingDirectory=/opt",
                "/opt/a.yml",
            ),
            (
                "Environment=FILE=/opt/a.yml\nExecStart=/opt/kestra server local -c ${FILE}",
                "/opt/a.yml",
            ),
            (
                "EnvironmentFile=-/etc/kestra.env\nExecStart=/opt/kestra server local -c $FILE",
                "/opt/b.yml",
            ),
            (
                "User=kestra\nExecStart=/opt/kestra server standalone",
                "/var/kestra/.kestra/config.yml",
            ),
            (
                "ExecStart=/x\nExecStart=\nExecStart=/opt/kestra server local -c /opt/a.yml",
                "/opt/a.yml",
            ),
        ] {
            assert_eq!(unit(service), [format!("{file}: flows.service names it")], "{service}");
        }
    }

    #[test]
    fn another_unit_names_none() {
        for service in [
            "ExecStart=/usr/bin/nginx -c /etc/nginx.conf",
            "ExecStart=/opt/kestra server local -c /opt/%i.yml",
            "ExecStart=/opt/kestra-setup check --config /opt/a.yml",
            "ExecStart=/usr/bin/docker run kestra/kestra server local -c /opt/a.yml",
        ] {
            assert_eq!(unit(service), [""; 0], "{service}");
        }
    }

    #[test]
    fn a_unit_is_restarted_and_its_drop_ins_count() {
        let (_folder, scope) = machine(&[
            (
                "lib/systemd/system/kestra.service",
                "[Service]\nExecStart=/opt/kestra server local\n",
            ),
            (
                "etc/systemd/system/kestra.service.d/override.conf",
                "[Service]\nExecStart=\nExecStart=/opt/kestra server local -c /a.yml\nEnvironmentFile=/k.env\n",
            ),
        ]);
        let service = scope.service(&scope.root.join("a.yml")).unwrap();
        assert_eq!(service.restart.as_deref(), Some("systemctl restart kestra"));
        assert_eq!(service.missing_line("/k.env"), None);
        assert_eq!(service.missing_line("/l.env").as_deref(), Some("EnvironmentFile=/l.env"));
        assert_eq!(scope.service(&scope.root.join("b.yml")), None);
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
    fn the_current_folder_holds_what_compose_and_helm_read() {
        let variable = "services:\n  k:\n    image: kestra/kestra\n    environment:\n      KESTRA_CONFIGURATION: |\n        kestra:\n          url: a\n";
        let mounts = "services:\n  k:\n    image: kestra/kestra\n    volumes: [\"./app.yaml:/etc/app.yaml\"]\n";
        let values = "configurations:\n  application:\n    kestra: {url: a}\n";
        let case = |name, text| found(&[(name, text), ("srv/app.yaml", CONFIG)]);
        let holds = ["/srv/compose.yml: it holds KESTRA_CONFIGURATION of service k"];
        assert_eq!(case("srv/compose.yml", variable), holds);
        let mounted = ["/srv/app.yaml: docker-compose.yml mounts it for service k"];
        assert_eq!(case("srv/docker-compose.yml", mounts), mounted);
        let holds = ["/srv/my-values.yaml: it holds a configuration of Kestra"];
        assert_eq!(case("srv/my-values.yaml", values), holds);
        assert_eq!(case("srv/values.yaml", "image: redis\n"), [""; 0]);
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
