//! What the answers mean: values that are valid by construction.
//!
//! Every type here has a private field, `FromStr` and `Display`. Parsing corrects what can be
//! corrected and refuses the rest with a sentence for the operator; `Display` gives the normalised
//! text, so a correction shows as a difference between what was typed and what is displayed.

mod context_path;
mod host;
mod login;
mod names;
mod pasted_proxy;
mod path;
mod port;
mod proxy;
mod redact;
mod secret;
mod site;
mod text;
mod upstream;
mod url;
mod variable;

pub use context_path::ContextPath;
pub use host::Host;
pub use login::{
    ProxyUsername, decode_basic, escape_placeholder, has_placeholder, unescape_placeholder,
};
pub use names::{ServerName, ServerNames};
pub use pasted_proxy::PastedProxy;
pub use path::{EnvFile, FilePath, NginxFile};
pub use port::Port;
pub use proxy::{ProxyAddress, ProxyKind, means_direct};
pub use redact::{HIDDEN, ascii, redacted};
pub use secret::Secret;
pub use site::{Form, Site, Style, Tls};
pub use text::is_hidden;
pub use upstream::{Upstream, UpstreamHost};
pub use url::ServerUrl;
pub use variable::VariableName;

/// What the answers mean. Every value in it is one that Kestra, Micronaut and nginx take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `kestra.url`; `None` keeps what stands in the file, such as a `${…}`.
    pub url: Option<ServerUrl>,
    /// How Kestra reaches the internet.
    pub connection: Connection,
    /// `micronaut.server.context-path`; `None` keeps what stands in the file.
    pub context_path: Option<ContextPath>,
    /// The nginx file, where one is wanted.
    pub nginx: Option<Nginx>,
}

/// How Kestra reaches the internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Without a proxy.
    Direct,
    /// Through a forward proxy.
    Proxy(ForwardProxy),
}

/// A forward proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardProxy {
    /// HTTP or SOCKS5; `None` keeps what stands in the file.
    pub kind: Option<ProxyKind>,
    /// Host and port; `None` keeps what stands in the file.
    pub address: Option<ProxyAddress>,
    /// Username and password, where the proxy asks for them.
    pub login: Option<Login>,
}

/// A login and how it is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name that the proxy knows; `None` keeps what stands in the file, such as a `${…}`.
    pub username: Option<ProxyUsername>,
    /// The password; empty where it stays in an environment variable that the wizard cannot see.
    pub password: Secret,
    /// How both are saved.
    pub saved: CredentialStorage,
}

/// How a login is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialStorage {
    /// As `proxy-username` and `proxy-password`.
    Plain,
    /// As the two `proxy-authorization` properties of Kestra's documentation.
    Basic,
    /// The password in the environment.
    Env {
        /// The variable that `proxy-password` names.
        variable: VariableName,
        /// The file that sets it; `None` if the operator sets it.
        file: Option<EnvFile>,
    },
}

/// The nginx file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nginx {
    /// Where it lies.
    pub file: NginxFile,
    /// What it serves.
    pub site: Site,
}

/// A value that will not do.
///
/// The message says what is wrong and then what to do, in one or two short sentences, without
/// "Error:" in front.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong, then what to do.
    pub message: String,
    /// A value that would do and that the operator may have meant; taken only on their key.
    pub suggestion: Option<String>,
}

impl Invalid {
    /// Refuses a value without a suggestion.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: None }
    }

    /// Keeps the value that the operator may have meant only if it would do here: what is meant by a
    /// part may not do as a whole.
    #[must_use]
    pub(crate) fn if_it_would_do<T: std::str::FromStr>(mut self) -> Self {
        self.suggestion = self.suggestion.filter(|text| text.parse::<T>().is_ok());
        self
    }

    /// Adds the value that the operator may have meant.
    #[must_use]
    pub fn or_use(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}
