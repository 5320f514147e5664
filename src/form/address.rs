//! Screen 1: the address under which people open Kestra.

use super::{Field, InReview, PLAIN, Screen, ScreenId, parsed};
use crate::settings::{ContextPath, ServerUrl};
use std::borrow::Cow;

pub(super) const SCREEN: Screen = Screen {
    id: ScreenId::Address,
    title: "Address",
    heading: "Where will people open Kestra?",
    fields: &[&URL, &CONTEXT_PATH],
};

/// The file that holds the configuration. It is no question: no flag, no variable and no answers file
/// knows it, and another file is read at once.
pub static CONFIGURATION: Field = Field {
    name: "configuration",
    label: "Configuration",
    question: "Which configuration is Kestra's?",
    help: "The file that Kestra reads. Another one is read at once.",
    long_help: "\
The file with Kestra's configuration: a config.yml, or the Compose or values
file that holds it. One that does not exist is written new.

Answers that you gave already stay when another file is read. With --config
the file is named on the command line.",
    examples: &[
        ("/etc/kestra/config.yml", "ok"),
        ("~/.kestra/config.yml", "ok, ~ is your home"),
        ("docker-compose.yml", "ok, in the current folder"),
    ],
    stored_in: "Not stored; the path of the configuration",
    default: |context| Cow::Borrowed(&context.defaults().config_file),
    ..PLAIN
};

/// The public URL, `kestra.url`.
pub static URL: Field = Field {
    name: "url",
    value_name: "URL",
    label: "Public URL",
    question: "Public URL of Kestra",
    help: "The full address, without ui/ or api/.",
    long_help: "\
The address that people type into their browser to open Kestra. Kestra uses it
for the links that it sends (Slack, e-mail alerts) and for {{ kestra.url }}.

Its path is the default of the context path, its host that of the name that
nginx answers to. Since version 1.0 Kestra does not start with a value that is
not a URL.

Tasks that call Kestra's own API (git.SyncFlows, git.PushFlows, the Kestra
plugin) use this address too, unless kestra.tasks.sdk.authentication.url has
an internal one. Check tells whether this machine reaches it.",
    examples: &[
        ("https://my-host.com/kestra/", "ok"),
        ("https://my-host.com", "ok, \"/\" is added at the end"),
        ("https://my-host.com/ui/", "corrected: Kestra adds ui/ itself"),
        ("my-host.com", "invalid: http:// or https:// is missing"),
    ],
    stored_in: "Stored in config.yml as kestra.url",
    property: Some("kestra.url"),
    check: parsed::<ServerUrl>,
    notes: |text| text.parse::<ServerUrl>().map(|url| url.notes()).unwrap_or_default(),
    ..PLAIN
};

/// The path under which Kestra serves.
pub static CONTEXT_PATH: Field = Field {
    name: "context-path",
    value_name: "PATH",
    label: "Context path",
    question: "Path under which Kestra serves, empty for /",
    help: "Must match the path of the public URL. Empty = serve at /.",
    long_help: "\
Kestra serves its UI and API under this path. It must be the path of the
public URL: with a prefix added or removed by a proxy the UI does not load.

Paths that break Kestra are refused: under /api, /ap and /a every API is open
without a login; /ui and the beginnings of /static hide files.

From 1.0.45 and 1.3.21 on (May 2026) the login page is closed under a path and
webhooks answer 401; \"Open URLs\" on the nginx screen opens both. A host name
of its own, such as kestra.my-host.com, needs no path.",
    examples: &[
        ("/kestra", "ok"),
        ("", "ok, Kestra serves at /"),
        ("kestra/", "corrected to /kestra"),
        ("/a", "invalid: every API would be open without a login"),
    ],
    stored_in: "Stored in config.yml as micronaut.server.context-path, and the locations of nginx",
    optional: true,
    property: Some("micronaut.server.context-path"),
    follows: &[&URL],
    review: InReview::Summary {
        label: "Context path",
        text: |context| match context.shown(&CONTEXT_PATH) {
            path if path.is_empty() => "/ (none)".to_owned(),
            path => path.into_owned(),
        },
    },
    default: |context| match context.get(&URL).parse::<ServerUrl>() {
        Ok(url) => Cow::Owned(url.path().to_string()),
        Err(_) => Cow::Borrowed(""),
    },
    check: parsed::<ContextPath>,
    ..PLAIN
};
