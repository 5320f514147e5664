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

/// The public URL, `kestra.url`.
pub static URL: Field = Field {
    name: "url",
    label: "Public URL",
    question: "Public URL of Kestra",
    help: "Full address without ui/ or api/, e.g. https://my-host.com/kestra/",
    long_help: "\
The address that people type into their browser to open Kestra. Kestra puts it
in front of the links that it sends (Slack, e-mail alerts).

Its path is the context path under which Kestra serves, its host is the name
that nginx answers to: one address fills the fields of step 3 too.
Since version 1.0 Kestra does not start with an address that is no URL.",
    examples: &[
        ("https://my-host.com/kestra/", "ok"),
        ("https://my-host.com", "ok, \"/\" is added at the end"),
        ("https://my-host.com/ui/", "corrected: Kestra adds ui/ itself"),
        ("my-host.com", "not ok: http:// or https:// is missing"),
    ],
    stored_in: "config.yml as kestra.url",
    property: Some("kestra.url"),
    check: parsed::<ServerUrl>,
    notes: |text| text.parse::<ServerUrl>().map(|url| url.notes()).unwrap_or_default(),
    ..PLAIN
};

/// The path under which Kestra serves.
pub static CONTEXT_PATH: Field = Field {
    name: "context-path",
    label: "Context path",
    question: "Path under which Kestra serves, empty for /",
    help: "Must match the path of the public URL. Empty = serve at /.",
    long_help: "\
Kestra serves its UI and API below this path. It must be the path of the
public URL: nginx cannot add or take away a prefix, the UI would not load.

Paths that break Kestra are refused: /api and its beginnings switch the login
off, /ui and /static hide files.

In some releases of 2026 (read in the source of 1.3.25) the login page is out
of reach below a path, and webhooks answer 401 until the setting
kestra.server.basic-auth.open-urls names them with the path. A host name of
its own, such as kestra.my-host.com, needs no path.",
    examples: &[
        ("/kestra", "ok"),
        ("", "ok, Kestra serves at /"),
        ("kestra/", "corrected to /kestra"),
        ("/a", "not ok: the login would be switched off"),
    ],
    stored_in: "config.yml as micronaut.server.context-path, and the locations of nginx",
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
