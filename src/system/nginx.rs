//! The nginx of this machine: what is known about it, and what it reports about a text.
//!
//! The one thing to know: finding and [`test_privately`] touch nothing live and need no rights;
//! only [`reload`] changes anything, and it asks nginx first. nginx is never restarted, because a
//! restart that fails is an outage.

mod config;
mod explain;
mod live;
mod private;
mod run;

pub(crate) use explain::blamed;
pub use live::{Live, ask_live, reload};
pub use private::test_privately;
pub use run::Deadline;
pub(super) use run::output_of;

use crate::machine::Nginx;
use crate::nginx_site::Include;
use crate::system::program_in;
use rustix::process::geteuid;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where nginx is on systems whose users do not have it on their `PATH`; the last two are those of
/// builds from source and of `OpenResty`.
const USUAL_FOLDERS: &str = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin:\
                             /usr/local/nginx/sbin:/usr/local/openresty/nginx/sbin";

/// Looks for nginx and its configuration, as any user. Starts nothing but `nginx -V`; what cannot
/// be found out is left empty.
pub fn find(deadline: Deadline) -> Nginx {
    let is_set = |path| fs::read_to_string(path).is_ok_and(|text| text.trim() == "1");
    let ipv6 = fs::read_to_string("/proc/net/if_inet6").is_ok_and(|text| !text.is_empty());
    let nginx = Nginx { selinux: is_set("/sys/fs/selinux/enforce"), ipv6, ..Nginx::default() };

    let path = format!("{}:{USUAL_FOLDERS}", env::var("PATH").unwrap_or_default());
    let Some(binary) = program_in(&path, "nginx") else { return nginx };
    let ran = run::run(Command::new(&binary).arg("-V"), deadline);
    let output = ran.map_or_else(|_| String::new(), |ran| ran.output);
    let version = output.lines().find_map(|line| line.parse().ok());
    let nginx = Nginx { binary: Some(binary), version, ..nginx };

    let Some(built) = Built::read(&output) else { return nginx };
    let conf = process(&built.pid).and_then(|it| conf_of(&it)).unwrap_or(built.conf);
    let config::Read { config, pid, .. } = config::Read::new(&conf);
    let process = process(&pid.map_or(built.pid, |pid| built.prefix.join(pid)));
    // systemd keeps the processes of a service in a group of its name.
    let is_a_service = |process: &PathBuf| {
        let groups = fs::read_to_string(process.join("cgroup"));
        groups.is_ok_and(|groups| groups.contains("/nginx.service"))
    };
    let snippets = conf.with_file_name("snippets");
    let location_file = if snippets.is_dir() {
        snippets.join("kestra.conf")
    } else {
        conf.with_file_name("kestra-locations.conf")
    };
    Nginx {
        is_running: process.is_some(),
        is_service: process.as_ref().is_some_and(is_a_service),
        conf: Some(conf),
        server_file: server_file(&config.includes),
        location_file: Some(location_file),
        config,
        ..nginx
    }
}

/// `conf.d/kestra.conf` wherever `conf.d/*.conf` is included, which is nearly everywhere; else in
/// the first folder from which nginx takes such a name.
fn server_file(includes: &[Include]) -> Option<PathBuf> {
    const TAKERS: [&str; 3] = ["conf.d/*.conf", "*.conf", "*"];
    let is_there = |pattern: &&PathBuf| pattern.parent().is_some_and(Path::is_dir);
    let taker = TAKERS.iter().find_map(|taker| {
        let patterns = includes.iter().map(|include| &include.pattern);
        patterns.filter(is_there).find(|pattern| pattern.ends_with(taker))
    })?;
    Some(taker.with_file_name("kestra.conf"))
}

/// What was decided when nginx was built.
#[derive(Debug, PartialEq, Eq)]
struct Built {
    prefix: PathBuf,
    conf: PathBuf,
    pid: PathBuf,
}

impl Built {
    /// What was left out has nginx's own default, as in builds from source and in `OpenResty`.
    fn read(output: &str) -> Option<Self> {
        let (_, options) = output.split_once("configure arguments:")?;
        let option = |name, default| {
            let mut given = options.split_whitespace().filter_map(|word| word.strip_prefix(name));
            PathBuf::from(given.next().unwrap_or(default))
        };
        let prefix = option("--prefix=", "/usr/local/nginx");
        let conf = prefix.join(option("--conf-path=", "conf/nginx.conf"));
        let pid = prefix.join(option("--pid-path=", "logs/nginx.pid"));
        Some(Self { prefix, conf, pid })
    }
}

/// The folder of nginx's process under `/proc`, if it is running.
fn process(pid_file: &Path) -> Option<PathBuf> {
    let pid = fs::read_to_string(pid_file).ok()?;
    // A daemon that was stopped may leave an empty file.
    let pid: u32 = pid.trim().parse().ok()?;
    let folder = Path::new("/proc").join(pid.to_string());
    let name = fs::read_to_string(folder.join("comm")).ok()?;
    (name.trim() == "nginx").then_some(folder)
}

/// The nginx.conf that a running nginx was started with, where that is not its usual one. The title
/// of the process is its command. That of another user is not believed: nginx loads modules that
/// its configuration names, also for a test as root.
fn conf_of(process: &Path) -> Option<PathBuf> {
    let owner = fs::metadata(process).ok()?.uid();
    if ![0, geteuid().as_raw()].contains(&owner) {
        return None;
    }
    let title = fs::read_to_string(process.join("cmdline")).ok()?;
    let (_, rest) = title.split_once(" -c ")?;
    let conf = PathBuf::from(rest.split([' ', '\0']).next()?);
    (title.starts_with("nginx: master process") && conf.is_absolute()).then_some(conf)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "nginx version: nginx/1.22.1 (Debian)\nbuilt with OpenSSL\nconfigure arguments: \
        --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --pid-path=/run/nginx.pid --with-debug";

    #[test]
    fn paths_are_read_from_the_build_or_are_its_defaults() {
        let built = |prefix: &str, conf: &str, pid: &str| {
            let (prefix, conf, pid) = (prefix.into(), conf.into(), pid.into());
            Some(Built { prefix, conf, pid })
        };
        let debian = built("/usr/share/nginx", "/etc/nginx/nginx.conf", "/run/nginx.pid");
        assert_eq!(Built::read(DEBIAN), debian);
        let openresty = "nginx version: openresty/1.27.1.2\nconfigure arguments: \
            --prefix=/usr/local/openresty/nginx --with-cc-opt=-O2 --pid-path=run/nginx.pid";
        let folder = "/usr/local/openresty/nginx";
        let (conf, pid) = (format!("{folder}/conf/nginx.conf"), format!("{folder}/run/nginx.pid"));
        assert_eq!(Built::read(openresty), built(folder, &conf, &pid));
        let (folder, conf) = ("/usr/local/nginx", "/usr/local/nginx/conf/nginx.conf");
        let pid = "/usr/local/nginx/logs/nginx.pid";
        assert_eq!(Built::read("configure arguments:\n"), built(folder, conf, pid));
        assert_eq!(Built::read("command not found"), None);
    }

    #[test]
    fn our_file_goes_where_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("conf.d")).unwrap();
        fs::create_dir(at("http.d")).unwrap();
        let place = |patterns: &[PathBuf]| {
            let include =
                |pattern: &PathBuf| Include { pattern: pattern.clone(), start: 0, end: 0 };
            server_file(&patterns.iter().map(include).collect::<Vec<_>>())
        };
        assert_eq!(
            place(&[at("http.d/*.conf"), at("conf.d/*.conf")]),
            Some(at("conf.d/kestra.conf"))
        );
        assert_eq!(
            place(&[at("http.d/*.conf"), at("gone/*.conf")]),
            Some(at("http.d/kestra.conf"))
        );
        assert_eq!(place(&[at("mime.types")]), None);
    }

    #[test]
    fn only_an_nginx_of_root_or_this_user_names_its_configuration() {
        let process = tempfile::tempdir().unwrap();
        let titled = |title: &str| {
            fs::write(process.path().join("cmdline"), title).unwrap();
            conf_of(process.path())
        };
        let master = "nginx: master process nginx -c /srv/nginx.conf";
        assert_eq!(titled(master), Some("/srv/nginx.conf".into()));
        for other in ["nginx: master process nginx", "nginx: master process nginx -c x", "x -c /x"]
        {
            assert_eq!(titled(other), None, "{other}");
        }
        if geteuid().is_root() {
            std::os::unix::fs::chown(process.path(), Some(65534), None).unwrap();
            assert_eq!(titled(master), None);
        }
    }
}
