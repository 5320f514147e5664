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
