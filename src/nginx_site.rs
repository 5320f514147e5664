//! nginx in front of Kestra: a site in, text out; and back from a file that the wizard wrote.
//!
//! Nothing is escaped here. Every value is a type whose alphabet cannot hold nginx syntax, which is
//! the only defence: `nginx -t` takes 83 of 211 hostile values (measured with 1.22 and 1.28).

mod include;
mod read;
mod render;
mod version;

pub use include::{reaches, wildcard};
pub use read::{Written, is_ours, read};
pub use render::render;
pub use version::Version;

/// What the text depends on beside the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    /// The nginx that will read it; HTTP/2 is left out where it is not known.
    pub nginx: Option<Version>,
    /// Whether the machine has IPv6; without it, `listen [::]:80` stops nginx from starting.
    pub ipv6: bool,
}
