//! What the nginx of a machine serves already, and what keeps it from serving another file.

use crate::machine::Machine;
use crate::nginx_site;
use crate::settings::{ServerUrl, SiteFile, SiteForm};
use std::path::PathBuf;

/// The nginx of a machine, for its screen: one sentence each, without a full stop.
pub(crate) fn nginx_summary(machine: &Machine) -> Vec<String> {
    let nginx = &machine.nginx;
    let Some(binary) = &nginx.binary else {
        return vec!["no nginx on this machine; the file is for you to copy".to_owned()];
    };
    let version =
        nginx.version.map_or(binary.display().to_string(), |version| format!("nginx {version}"));
    let state = if nginx.is_running { "running" } else { "not running" };
    let name = |pattern: &PathBuf| {
        let mut parts = pattern.iter().rev().map(|part| part.to_string_lossy());
        let (file, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("{folder}/{file}")
    };
    let is_folder = |pattern: &&PathBuf| pattern.to_string_lossy().contains('*');
    let patterns = nginx.config.includes.iter().map(|include| &include.pattern);
    let includes: Vec<_> = patterns.filter(is_folder).map(name).collect();
    let includes = if includes.is_empty() {
        String::new()
    } else {
        format!("; includes {}", includes.join(" and "))
    };
    let mut lines = vec![format!("{version}, {state}{includes}")];
    if nginx.selinux {
        lines.push("SELinux is enforced: setsebool -P httpd_can_network_connect 1".to_owned());
    }
    lines
}

/// The server block that serves this URL already and is not the wizard's: where it is, and what it
/// lacks, one sentence each.
pub(crate) fn existing_site(machine: &Machine, url: &ServerUrl) -> Vec<String> {
    let config = &machine.nginx.config;
    let Some(server) = machine.site(url) else { return Vec::new() };
    let file = config.file(server);
    if machine.written(file).is_some() {
        return Vec::new();
    }
    let gaps = nginx_site::gaps(config, server, url);
    let place = format!("{}:{}", file.display(), server.0.line);
    let lacks = if gaps.is_empty() { "does all that Kestra needs" } else { "lacks something" };
    let first = format!("the server block at {place} answers to {} and {lacks}.", url.host());
    let each =
        gaps.into_iter().map(|gap| format!("{}: {} {}.", gap.place(), gap.summary, gap.change));
    std::iter::once(first).chain(each).collect()
}

/// The server block that answers to this URL already, where locations are written to go into it.
pub(crate) fn including_server(machine: &Machine, url: &ServerUrl) -> Option<String> {
    let server = machine.site(url)?;
    let (file, line) = (machine.nginx.config.file(server), server.0.line);
    let place = format!("{}:{line}", file.display());
    Some(format!(
        "{place} answers to {} already: the locations go into that server block.",
        url.host()
    ))
}

/// What keeps nginx from serving the file of these settings, one sentence each. With two server
/// blocks for one name, nginx reports `conflicting server name` and ignores the later one.
pub(crate) fn existing_servers(machine: &Machine, settings: &SiteFile) -> Vec<String> {
    let config = &machine.nginx.config;
    let file = settings.file.as_path();
    let SiteForm::Server { names, listen, tls } = &settings.site.form else { return Vec::new() };
    if machine.nginx.conf.is_some() && !config.includes.is_empty() && !config.reads(file) {
        return vec![format!(
            "this nginx includes no file at {}, so it would not read it.",
            file.display()
        )];
    }
    let text = nginx_site::render(&settings.site, &machine.nginx.target());
    let with_ours = config.with(file, &text);
    let ports = [Some(listen.get()), tls.as_ref().map(|tls| tls.port.get())];
    let conflict = names.iter().map(ToString::to_string).find_map(|name| {
        let mut others = config.servers().filter(|server| {
            config.file(*server) != file && server.names().any(|own| is_taken_by(own, &name))
        });
        let (other, port) = others.find_map(|server| {
            let is_on = |port: &u16| server.listens().iter().any(|listen| listen.port == *port);
            Some((server, ports.into_iter().flatten().find(is_on)?))
        })?;
        let answering = with_ours.answering(&name, port);
        let is_ours = answering.is_some_and(|server| with_ours.file(server) == file);
        let other = config.file(other).display();
        Some(if is_ours {
            format!("{other} answers to {name} already, and nginx would ignore that one from now on. Write as location.")
        } else {
            format!("{other} answers to {name} already, so nginx would ignore this file. Write as location.")
        })
    });
    conflict.into_iter().collect()
}

/// Whether a `server_name` leaves this name to nobody else. `.a.example` is two names: `a.example` and
/// `*.a.example`.
fn is_taken_by(own: &str, name: &str) -> bool {
    let own = own.to_ascii_lowercase();
    match own.strip_prefix('.') {
        Some(parent) => name.strip_prefix("*.").unwrap_or(name) == parent,
        None => own == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Answers;
    use crate::form;
    use crate::kestra_config::Place;
    use crate::nginx_site::conf::parse_file;
    use crate::nginx_site::{Include, Version};
    use std::path::Path;

    #[test]
    fn an_nginx_under_selinux_comes_with_the_command_that_lets_it_reach_kestra() {
        let mut machine = Machine::new("c.yml".into(), Place::default());
        machine.nginx.binary = Some("/usr/sbin/nginx".into());
        machine.nginx.version = Some(Version(1, 22, 1));
        machine.nginx.is_running = true;
        assert_eq!(nginx_summary(&machine), ["nginx 1.22.1, running"]);
        let pattern = "/etc/nginx/conf.d/*.conf".into();
        machine.nginx.config.includes = vec![Include { pattern, start: 0, end: 0 }];
        let nginx = "nginx 1.22.1, running; includes conf.d/*.conf";
        assert_eq!(nginx_summary(&machine), [nginx]);
        machine.nginx.selinux = true;
        let selinux = "SELinux is enforced: setsebool -P httpd_can_network_connect 1";
        assert_eq!(nginx_summary(&machine), [nginx, selinux]);
    }

    /// What keeps nginx from serving `kestra.conf` for `a.example` beside this server block.
    fn beside(server: &str) -> Vec<String> {
        let mut answers = Answers::default();
        for (field, text) in [
            (&form::URL, "http://a.example/"),
            (&form::REVERSE_PROXY, "nginx"),
            (&form::NGINX_FILE, "/etc/nginx/conf.d/kestra.conf"),
        ] {
            answers.set(field, text);
        }
        let mut machine = Machine::default();
        let config = &mut machine.nginx.config;
        config.http = parse_file(server, Path::new("/etc/nginx/conf.d/a.conf"));
        let (pattern, end) = ("/etc/nginx/conf.d/*.conf".into(), config.http.len());
        config.includes = vec![Include { pattern, start: 0, end }];
        existing_servers(&machine, &answers.settings().unwrap().nginx.unwrap())
    }

    #[test]
    fn a_server_block_with_the_same_name_on_the_same_port_is_told() {
        let taken = "/etc/nginx/conf.d/a.conf answers to a.example already, so nginx would ignore this file. Write as location.";
        for name in ["a.example", "A.Example", "b.example a.example", ".a.example"] {
            assert_eq!(beside(&format!("server {{ server_name {name}; }}")), [taken], "{name}");
        }
        for server in ["server_name b.example;", "listen 81; server_name a.example;"] {
            assert_eq!(beside(&format!("server {{ {server} }}")), [""; 0], "{server}");
        }
    }
}
