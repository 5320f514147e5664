//! What the defaults are taken from: the machine and the shell the wizard runs in.

use crate::form::{self, Field};
use crate::settings::{PastedProxy, Port};

/// The machine as far as defaults depend on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Here {
    /// The proxy that the operator's shell names.
    pub proxy: Option<FoundProxy>,
    /// Whether an nginx is installed.
    pub has_nginx: bool,
    /// Whether there is a configuration already: then only what is asked for is added.
    pub is_reconfiguration: bool,
    /// Where a server block of ours goes.
    pub server_file: String,
    /// Where locations to include go.
    pub location_file: String,
    /// Where else a file of ours for nginx may lie, the likeliest first.
    pub nginx_files: Vec<String>,
    /// The file that holds the configuration, or will.
    pub config_file: String,
    /// How Kestra is restarted so that it reads that file, as a command to adapt.
    pub restart: String,
    /// The command that checks what stands in that file.
    pub check: String,
    /// `kestra.env` beside the configuration.
    pub env_file: String,
    /// The port that the configuration gives Kestra.
    pub kestra_port: u16,
    /// The port for https in the nginx file that is there.
    pub tls_port: Option<Port>,
}

/// A proxy and the variable that names it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundProxy {
    /// The name of the variable, such as `HTTPS_PROXY`.
    pub variable: String,
    /// What it says.
    pub proxy: PastedProxy,
}

impl Default for Here {
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
            check: "kestra-setup check".to_owned(),
            env_file: "/etc/kestra/kestra.env".to_owned(),
            kestra_port: 8080,
            tls_port: None,
        }
    }
}

impl Here {
    /// Whether an nginx file is expected when nobody said so: on a fresh setup where one runs. A
    /// configuration that does without a file of ours gets none unasked.
    #[must_use]
    pub fn expects_nginx(&self) -> bool {
        self.has_nginx && !self.is_reconfiguration
    }

    /// Where the nginx file goes.
    #[must_use]
    pub fn nginx_file<'a>(&'a self, nginx_form: &str) -> &'a str {
        if nginx_form == "location" { &self.location_file } else { &self.server_file }
    }

    /// The variable that the default of this question comes from.
    pub(super) fn variable_behind(&self, field: &Field) -> Option<String> {
        let found = self.proxy.as_ref()?;
        let proxy = &found.proxy;
        let says_so = match field.name {
            name if name == form::CONNECTION.name || name == form::PROXY_ADDRESS.name => true,
            name if name == form::PROXY_USERNAME.name => proxy.username.is_some(),
            name if name == form::PROXY_PASSWORD.name => proxy.password.is_some(),
            _ => false,
        };
        says_so.then(|| found.variable.clone())
    }
}
