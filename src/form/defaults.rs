//! What the defaults of the questions come from: the machine and the shell of the operator, as data.

use crate::kestra_release::Era;
use crate::settings::{PastedProxy, Port};

/// The machine as far as answers depend on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// The proxy that the operator's shell names.
    pub proxy: Option<EnvironmentProxy>,
    /// Whether an nginx is installed.
    pub has_nginx: bool,
    /// Whether there is a configuration already: then only what was answered is changed.
    pub is_reconfiguration: bool,
    /// Where a server block of ours goes.
    pub server_file: String,
    /// Where locations to include go.
    pub location_file: String,
    /// Other nginx files that the wizard may have written, the likeliest first.
    pub nginx_files: Vec<String>,
    /// The file that holds the configuration, or will.
    pub config_file: String,
    /// How Kestra is restarted so that it reads that file, as a command to adapt; empty where it is not known.
    pub restart: String,
    /// What starts Kestra with that file, where it was found.
    pub service: Option<Service>,
    /// This program for that file, such as `kestra-setup --config /srv/config.yml`.
    pub program: String,
    /// `kestra.env` beside the configuration.
    pub env_file: String,
    /// The release of Kestra, as far as its login is known to depend on it.
    pub release: Option<Era>,
    /// Where Kestra is reached from this machine.
    pub kestra_host: String,
    /// The port of that: as the configuration has it, or as its container publishes it.
    pub kestra_port: u16,
    /// The port for https in the existing nginx file.
    pub tls_port: Option<Port>,
    /// The server blocks of this nginx that are not the wizard's.
    pub existing_servers: Vec<ExistingServer>,
    /// The certificates on this machine that are valid today, the likeliest first.
    pub certificates: Vec<KnownCertificate>,
    /// Where there may be more, which this user must not read.
    pub unreadable_certificates: Option<String>,
}

/// A certificate on this machine, with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCertificate {
    /// The file with the chain.
    pub path: String,
    /// The file with the private key.
    pub key: String,
    /// The hosts that it names; one may begin with `*.`.
    pub names: Vec<String>,
    /// Whether this nginx serves something with it.
    pub is_used: bool,
}

/// What starts Kestra with a configuration: a systemd unit, or a service of a Compose file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Its name, such as `kestra.service`.
    pub(crate) name: String,
    /// The command that restarts it; `None` where [`Defaults::restart`] does.
    pub(crate) restart: Option<String>,
    /// The env files that it reads.
    pub(crate) env_files: Vec<String>,
    /// The variables that it sets and Kestra reads as properties.
    pub(crate) variables: Vec<String>,
    /// Whether they win over the configuration; those beside `--config` are ignored.
    pub(crate) variables_win: bool,
    /// Where it publishes Kestra's port, if it is in a container.
    pub(crate) upstream: Option<(String, u16)>,
    /// Whether it is a systemd unit.
    pub(crate) is_unit: bool,
    /// The user that it runs as, where a new configuration would belong to another and be unreadable.
    pub(crate) locked_out: Option<String>,
}

/// A server block that somebody else wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingServer {
    /// The names that it answers to before any other, wildcards left out.
    pub(crate) names: Vec<String>,
    pub(crate) place: String,
    /// Whether it serves https itself.
    pub(crate) has_tls: bool,
    /// Its locations, each with its line.
    pub(crate) locations: Vec<(String, usize)>,
}

/// A proxy and the environment variable that names it.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentProxy {
    /// The name of the variable, such as `HTTPS_PROXY`.
    pub variable: String,
    /// Its value, as if it were pasted.
    pub proxy: PastedProxy,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            proxy: None,
            has_nginx: false,
            is_reconfiguration: false,
            server_file: "/etc/nginx/conf.d/kestra.conf".to_owned(),
            location_file: "/etc/nginx/snippets/kestra.conf".to_owned(),
            nginx_files: Vec::new(),
            config_file: "/etc/kestra/config.yml".to_owned(),
            restart: "kestra server standalone --config /etc/kestra/config.yml".to_owned(),
            service: None,
            program: "kestra-setup".to_owned(),
            env_file: "/etc/kestra/kestra.env".to_owned(),
            release: None,
            kestra_host: "localhost".to_owned(),
            kestra_port: 8080,
            tls_port: None,
            existing_servers: Vec::new(),
            certificates: Vec::new(),
            unreadable_certificates: None,
        }
    }
}

impl Service {
    /// The line that makes it read an env file; `None` where it does already.
    pub(crate) fn missing_line(&self, env_file: &str) -> Option<String> {
        let key = if self.is_unit { "EnvironmentFile=" } else { "env_file: " };
        (!self.env_files.iter().any(|it| it == env_file)).then(|| format!("{key}{env_file}"))
    }
}

impl Defaults {
    /// The server block of somebody else that answers to this name.
    pub(crate) fn existing_server(&self, name: &str) -> Option<&ExistingServer> {
        self.existing_servers.iter().find(|server| server.names.iter().any(|it| it == name))
    }

    /// Where the nginx file goes, by the answer to `nginx-form`.
    pub(crate) fn nginx_file<'a>(&'a self, nginx_form: &str) -> &'a str {
        if nginx_form == "location" { &self.location_file } else { &self.server_file }
    }
}
