//! The units of systemd that start Kestra, itself or in Docker Compose.

use super::{COMPOSE_FILES, SearchScope, has_extension, text_of};
use crate::form::Service;
use crate::system::{entries, passwd};
use crate::{env_file, kestra_config};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where systemd keeps its units, the folder that wins first.
const UNIT_FOLDERS: [&str; 3] =
    ["etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

/// What a unit sets, by name: the value, and the env file that has it.
type Variables = IndexMap<String, (String, Option<PathBuf>)>;

/// A unit that starts Kestra.
#[derive(Default)]
pub(in crate::system) struct Unit {
    pub(super) service: Service,
    /// The user that it runs as.
    pub(super) user: String,
    /// Its Kestra, a program or a jar.
    pub(super) program: Option<String>,
    pub(super) config: Option<PathBuf>,
    /// The env file that holds the configuration itself.
    pub(super) variable_file: Option<PathBuf>,
    /// The Compose files that it starts.
    pub(super) compose: Vec<PathBuf>,
}

impl SearchScope {
    /// The units that start Kestra, read once.
    pub(super) fn units(&self) -> &[Unit] {
        self.read_units.get_or_init(|| self.read_units())
    }

    fn read_units(&self) -> Vec<Unit> {
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
                    texts.extend(text_of(&path).map(|text| (name, text)));
                }
            }
        }
        for folder in UNIT_FOLDERS.iter().rev().map(|folder| self.root.join(folder)) {
            for (name, unit) in &mut texts {
                for (drop_in, path) in entries(&folder.join(format!("{name}.d"))) {
                    if has_extension(&drop_in, "conf") {
                        unit.push('\n');
                        unit.push_str(&text_of(&path).unwrap_or_default());
                    }
                }
            }
        }
        texts.into_iter().filter_map(|(name, text)| self.unit(name, &text)).collect()
    }

    fn unit(&self, name: String, text: &str) -> Option<Unit> {
        let (mut commands, mut env_files) = (Vec::new(), Vec::new());
        let (mut set, mut folder, mut user) = (Vec::new(), "/", "root");
        let text = text.replace("\\\n", " ");
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match key.trim() {
                // An empty assignment takes back what was set before.
                "ExecStart" if value.is_empty() => commands.clear(),
                "ExecStart" => commands.push(words(value)),
                "EnvironmentFile" if value.is_empty() => env_files.clear(),
                "EnvironmentFile" => env_files.push(value.trim_start_matches('-').to_owned()),
                "Environment" if value.is_empty() => set.clear(),
                "Environment" => set.extend(words(value)),
                "WorkingDirectory" => folder = value.trim_start_matches('-'),
                "User" => user = value,
                _ => {}
            }
        }
        let (folder, variables) = (Path::new(folder), self.variables(&set, &env_files));
        let service = Service {
            restart: Some(format!("systemctl restart {}", name.trim_end_matches(".service"))),
            name,
            env_files,
            is_unit: true,
            ..Service::default()
        };
        let mut unit = Unit { service, user: user.to_owned(), ..Unit::default() };
        if let Some(command) = commands.iter().find(|words| is_kestra(words)) {
            unit.program = command.iter().find(|word| is_program(word)).cloned();
            self.configure(&mut unit, command, folder, user, &variables);
        } else {
            let files = commands.iter().find_map(|words| compose_files(words))?;
            let at = |file: &str| self.at(folder.join(file));
            unit.compose = files.into_iter().map(at).collect();
            if unit.compose.is_empty() {
                let usual = COMPOSE_FILES.into_iter().map(at);
                unit.compose.extend(usual.filter(|file| file.is_file()).take(1));
            }
        }
        let names = variables.into_keys();
        unit.service.variables.extend(names.filter(|name| kestra_config::is_property(name)));
        Some(unit)
    }

    /// Of two with one name, the last is in effect.
    fn variables(&self, set: &[String], env_files: &[String]) -> Variables {
        let mut all = Variables::new();
        for (name, value) in set.iter().filter_map(|it| it.split_once('=')) {
            all.insert(name.to_owned(), (value.to_owned(), None));
        }
        for path in env_files.iter().map(|file| self.at(file)) {
            let text = text_of(&path).unwrap_or_default();
            for name in env_file::names(&text) {
                let value = env_file::value(&text, name);
                let value = value.map_or(String::new(), |it| it.reveal().to_owned());
                all.insert(name.to_owned(), (value, Some(path.clone())));
            }
        }
        all
    }

    /// Finds what the command of a unit reads. `--config` and the file of the user override the
    /// variables.
    fn configure(
        &self,
        unit: &mut Unit,
        command: &[String],
        folder: &Path,
        user: &str,
        variables: &Variables,
    ) {
        let value = |name: &str| variables.get(name).map(|(value, _)| &**value);
        // A specifier of systemd may mean anything, and `~` is a home.
        let at = |path: &str| {
            let path = folder.join(path);
            let is_plain = path.is_absolute() && !path.to_string_lossy().contains(['%', '$']);
            is_plain.then(|| self.at(path))
        };
        if let Some(named) = config_of(command) {
            let named = match named.strip_prefix('$') {
                Some(name) => value(name.trim_matches(['{', '}'])),
                None => Some(named),
            };
            unit.config = named.and_then(at);
            return;
        }
        let home = passwd::column(&self.at("/etc/passwd"), 5, 0, user);
        let of_user = home.map(|home| self.at(home).join(".kestra/config.yml"));
        unit.config = of_user.filter(|path| path.exists());
        if unit.config.is_some() {
            return;
        }
        if let Some((_, file)) = variables.get("KESTRA_CONFIGURATION") {
            unit.variable_file.clone_from(file);
            return;
        }
        let named = value("MICRONAUT_CONFIG_FILES").and_then(|files| files.rsplit(',').next());
        unit.config = named.and_then(at);
        // Other variables win over one that names a file.
        unit.service.variables_win = unit.config.is_some();
    }
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

/// What systemd takes in front of a program.
pub(super) const PREFIXES: [char; 5] = ['@', '-', ':', '+', '!'];

fn program_name(word: &str) -> &str {
    word.trim_start_matches(PREFIXES).rsplit('/').next().unwrap_or_default()
}

/// Whether a word of a command names Kestra: a program, or a jar.
fn is_program(word: &str) -> bool {
    let name = program_name(word);
    // Its documentation starts kestra-1.3.25, as it was downloaded.
    let version = name.strip_prefix("kestra-").is_some_and(|it| it.starts_with(char::is_numeric));
    name == "kestra" || version || (name.starts_with("kestra") && has_extension(name, "jar"))
}

/// Whether a command starts a Kestra server on this machine, itself or as a jar.
pub(super) fn is_kestra(words: &[String]) -> bool {
    let is_container =
        words.first().is_some_and(|it| matches!(program_name(it), "docker" | "podman"));
    let program = words.iter().position(|word| is_program(word)).filter(|_| !is_container);
    program.is_some_and(|at| words[at..].iter().any(|word| word == "server"))
}

/// The files that a `docker compose … up` names; `None` for any other command.
fn compose_files(words: &[String]) -> Option<Vec<&str>> {
    let is_compose = words.windows(2).any(|pair| match program_name(&pair[0]) {
        "docker" | "podman" => pair[1] == "compose",
        name => matches!(name, "docker-compose" | "podman-compose"),
    });
    let up = words.iter().position(|word| word == "up").filter(|_| is_compose)?;
    Some(values(&words[..=up], "-f", "--file").collect())
}

/// The file that `--config` or `-c` names behind `server`.
pub(super) fn config_of(words: &[String]) -> Option<&str> {
    let server = words.iter().position(|word| word == "server")?;
    values(&words[server..], "-c", "--config").next()
}

/// The values of an option, given as `-o VALUE`, `--option VALUE` or `--option=VALUE`.
fn values<'a>(
    words: &'a [String],
    short: &'static str,
    long: &'static str,
) -> impl Iterator<Item = &'a str> {
    words.iter().enumerate().filter_map(move |(at, word)| {
        if word == short || word == long {
            return words.get(at + 1).map(String::as_str);
        }
        word.strip_prefix(long)?.strip_prefix('=')
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{COMPOSE, CONFIG, MOUNTS, UNIT, found, machine};

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
            ("Type=simple\nExecStart=/opt/kestra server local --config /opt/a.yml", "/opt/a.yml"),
            ("ExecStart=/bin/sh /opt/kestra-1.3.25 server standalone -c /opt/a.yml", "/opt/a.yml"),
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
                "Environment=FILE=/opt/a.yml\nEnvironment=\nEnvironment=NAME=/opt/b.yml\nExecStart=/opt/kestra server local -c ${NAME}",
                "/opt/b.yml",
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
            "ExecStart=\"\"",
            "ExecStart=/opt/kestra server local -c /opt/%i.yml",
            "WorkingDirectory=%h\nExecStart=/opt/kestra server local -c a.yml",
            "WorkingDirectory=~\nExecStart=/opt/kestra server local -c a.yml",
            "Environment=FILE=/opt/a.yml\nEnvironment=\nExecStart=/opt/kestra server local -c $FILE",
            "ExecStart=/opt/kestra-setup check --config /opt/a.yml",
            "ExecStart=/usr/bin/docker run kestra/kestra server local -c /opt/a.yml",
        ] {
            assert_eq!(unit(service), [""; 0], "{service}");
        }
    }

    #[test]
    fn a_unit_that_runs_docker_compose_names_what_its_file_holds_or_mounts() {
        for (service, compose) in [
            ("WorkingDirectory=/opt/k\nExecStart=/usr/bin/docker compose up", "docker-compose.yml"),
            ("ExecStart=docker compose -f /opt/k/flows.yml up -d", "flows.yml"),
            ("WorkingDirectory=/opt\nExecStart=-docker-compose --file=k/flows.yml up", "flows.yml"),
            ("ExecStart=/bin/sh -c 'exec docker compose -f /opt/k/flows.yml up'", "flows.yml"),
        ] {
            let unit = format!("[Service]\n{service}\n");
            let compose = format!("opt/k/{compose}");
            let holds = found(&[(UNIT, &unit), (&compose, COMPOSE)]);
            let reason = "it holds KESTRA_CONFIGURATION of service k, which flows.service runs";
            assert_eq!(holds, [format!("/{compose}: {reason}")], "{service}");
            let files = [(UNIT, &*unit), (&compose, MOUNTS), ("opt/k/app.yaml", CONFIG)];
            let mounts = &found(&files)[0];
            assert!(
                mounts.starts_with("/opt/k/app.yaml: ") && mounts.ends_with("flows.service runs")
            );
            let (_folder, scope) = machine(&files);
            let service = scope.service(&scope.root.join("opt/k/app.yaml"), 8080).unwrap();
            assert_eq!(service.restart.as_deref(), Some("systemctl restart flows"));
            assert_eq!((service.name.as_str(), service.variables_win), ("service k", false));
            assert_eq!(service.variables, ["KESTRA_URL"]);
            assert_eq!(service.upstream, Some(("localhost".to_owned(), 8081)));
        }
        for service in ["docker compose -f /opt/k.yml down", "docker run up", "make up"] {
            let unit = format!("[Service]\nExecStart={service}\n");
            assert_eq!(found(&[(UNIT, &unit), ("opt/k.yml", COMPOSE)]), [""; 0], "{service}");
        }
    }

    #[test]
    fn an_env_file_of_a_unit_that_holds_the_configuration_is_a_candidate() {
        let start =
            "[Service]\nUser=k\nEnvironmentFile=/etc/k.env\nExecStart=/opt/kestra server local";
        let env = "KESTRA_CONFIGURATION='\nkestra:\n  url: a\n'\nMICRONAUT_CONFIG_FILES=/x.yml\n";
        let by_variable =
            ("etc/k.env", "KESTRA_URL=b\nMICRONAUT_CONFIG_FILES=/opt/x.yml,/opt/a.yml\n");
        let files =
            [(UNIT, start), ("etc/k.env", env), ("etc/passwd", "k:x:1:1::/home/k:/bin/sh\n")];
        let reads = "/etc/k.env: flows.service reads KESTRA_CONFIGURATION from it";
        assert_eq!(found(&files), [reads]);
        // --config and the file of the user win over it.
        let of_user = [&files[..], &[("home/k/.kestra/config.yml", CONFIG)]].concat();
        assert_eq!(found(&of_user), ["/home/k/.kestra/config.yml: flows.service names it"]);
        let named = format!("{start} -c /opt/a.yml");
        assert_eq!(found(&[(UNIT, &named), files[1]]), ["/opt/a.yml: flows.service names it"]);
        let (_folder, scope) = machine(&[(UNIT, start), by_variable]);
        let service = scope.service(&scope.root.join("opt/a.yml"), 8080).unwrap();
        assert_eq!(
            (&*service.variables, service.variables_win),
            (&["KESTRA_URL".to_owned(), "MICRONAUT_CONFIG_FILES".to_owned()][..], true)
        );
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
        let service = scope.service(&scope.root.join("a.yml"), 8080).unwrap();
        assert_eq!(service.restart.as_deref(), Some("systemctl restart kestra"));
        assert_eq!(service.missing_line("/k.env"), None);
        assert_eq!(service.missing_line("/l.env").as_deref(), Some("EnvironmentFile=/l.env"));
        assert_eq!(scope.service(&scope.root.join("b.yml"), 8080), None);
    }
}
