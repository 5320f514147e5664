//! The settings: values that are valid by construction.
//!
//! Every type here has a private field, `FromStr` and `Display`. Parsing corrects what can be
//! corrected and rejects the rest with a sentence for the operator. `Display` gives the normalised
//! text, so a correction is visible as a difference from what was typed.

/// A type that wraps a value shows that value.
macro_rules! shows_its_field {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

mod context_path;
mod env_var;
mod host;
mod path;
mod proxy;
mod secret;
mod server_names;
mod site;
mod text;
mod url;

pub use context_path::ContextPath;
pub use env_var::VariableName;
pub(crate) use host::split_port;
pub use host::{Host, Port};
pub use path::{FilePath, NginxFile};
pub(crate) use proxy::means_direct;
pub use proxy::{PastedProxy, ProxyAddress, ProxyKind};
pub(crate) use secret::{
    ProxyUsername, Secret, basic_header, decode_basic, escape_placeholder, has_placeholder,
    unescape_placeholder,
};
pub use server_names::{ServerName, ServerNames};
pub use site::{Site, SiteForm, Template, Tls, Upstream};
pub(crate) use text::{HIDDEN, ascii, counted, is_hidden, redacted, reference};
pub use url::ServerUrl;

/// The answers as types. Kestra, Micronaut and nginx accept every value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `kestra.url`; `None` keeps the value in the file, such as a `${…}`.
    pub url: Option<ServerUrl>,
    /// How Kestra reaches the internet.
    pub connection: Connection,
    /// `micronaut.server.context-path`; `None` keeps the value in the file.
    pub context_path: Option<ContextPath>,
    /// `None` if no nginx file is wanted.
    pub nginx: Option<SiteFile>,
}

/// How Kestra reaches the internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Without a proxy; the properties of one are removed.
    Direct,
    /// Through a forward proxy.
    Proxy(ForwardProxy),
}

/// The proxy of Micronaut's HTTP client, `micronaut.http.services.api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardProxy {
    /// HTTP or SOCKS5; `None` keeps the value in the file.
    pub(crate) kind: Option<ProxyKind>,
    /// Host and port; `None` keeps the value in the file.
    pub(crate) address: Option<ProxyAddress>,
    /// Username and password, where the proxy asks for them.
    pub(crate) login: Option<Login>,
}

/// A login and how it is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    /// `None` keeps the value in the file, such as a `${…}`.
    pub(crate) username: Option<ProxyUsername>,
    /// The password; empty where it stays in an environment variable that the wizard cannot see.
    pub(crate) password: Secret,
    pub(crate) saved: CredentialStorage,
}

/// How a login is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CredentialStorage {
    /// As `proxy-username` and `proxy-password`.
    Plain,
    /// As the two `proxy-authorization` properties of Kestra's documentation.
    Basic,
    /// The password in the environment.
    Env {
        /// The variable that `proxy-password` names.
        variable: VariableName,
        /// The file that sets it; `None` if the operator sets it.
        file: Option<FilePath>,
    },
}

/// The nginx file and the site that it defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// The path that nginx includes.
    pub file: NginxFile,
    /// The site that it defines.
    pub site: Site,
}

/// Why a text is no valid value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong, then what to do: one or two short sentences without a prefix.
    pub message: String,
    /// A valid value that the operator may have meant; used only if they accept it.
    pub suggestion: Option<String>,
}

impl Invalid {
    /// A rejection without a suggestion.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: None }
    }

    /// Drops the suggestion unless it is a valid `T`: it may complete a part and not the whole.
    pub(crate) fn keep_suggestion_if<T: std::str::FromStr>(mut self) -> Self {
        self.suggestion = self.suggestion.filter(|text| text.parse::<T>().is_ok());
        self
    }

    /// Adds the value that the operator may have meant, if there is one.
    pub(crate) fn or_use(self, suggestion: impl Into<Option<String>>) -> Self {
        Self { suggestion: suggestion.into(), ..self }
    }
}
