//! What the answers mean: values that cannot be wrong, and the rules across them.
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
mod secret;
mod text;
mod upstream;
mod url;
mod variable;

pub use context_path::ContextPath;
pub use host::Host;
pub use login::{ProxyUsername, decode_basic, escape_placeholder, unescape_placeholder};
pub use names::{ServerName, ServerNames};
pub use pasted_proxy::PastedProxy;
pub use path::{EnvFile, FilePath, NginxFile};
pub use port::Port;
pub use proxy::{ProxyAddress, ProxyKind};
pub use secret::Secret;
pub use upstream::{Upstream, UpstreamHost};
pub use url::ServerUrl;
pub use variable::VariableName;

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

    /// Adds the value that the operator may have meant.
    #[must_use]
    pub fn or_use(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}
