//! Screen 1: the address under which people open Kestra.

use super::{Field, PLAIN, Screen, ScreenId, parsed};
use crate::settings::ServerUrl;

pub(super) const SCREEN: Screen = Screen {
    id: ScreenId::Address,
    title: "Address",
    heading: "Where will people open Kestra?",
    fields: &[&URL],
};

/// The public URL, `kestra.url`.
pub static URL: Field = Field {
    name: "url",
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
    stored_in: "config.yml as kestra.url",
    property: Some("kestra.url"),
    check: parsed::<ServerUrl>,
    notes: |text| text.parse::<ServerUrl>().map(|url| url.notes()).unwrap_or_default(),
    ..PLAIN
};
