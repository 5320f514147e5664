//! Screen 3: the nginx in front of Kestra.

use super::{
    CONTEXT_PATH, Context, Field, FieldKind, InReview, PLAIN, Screen, ScreenId, URL, option, parsed,
};
use crate::kestra_release::Era;
use crate::settings::{FilePath, NginxFile, Port, ServerNames, ServerUrl, Upstream};
use std::borrow::Cow;

pub(super) const SCREEN: Screen = Screen {
    id: ScreenId::Nginx,
    title: "nginx",
    heading: "Is there an nginx in front of Kestra?",
    fields: &[
        &REVERSE_PROXY,
        &CERTIFICATE,
        &CERTIFICATE_KEY,
        &UPSTREAM,
        &SERVER_NAME,
        &LISTEN,
        &NGINX_FORM,
        &NGINX_STYLE,
        &NGINX_FILE,
        &OPEN_URLS,
    ],
};

/// Whether an nginx file is written.
pub static REVERSE_PROXY: Field = Field {
    name: "reverse-proxy",
    label: "Reverse proxy",
    question: "Is there an nginx in front of Kestra?",
    help: "",
    long_help: "\
nginx takes the requests of browsers and passes them on to Kestra. The wizard
writes one file of its own and never edits a file that is not its own.

Any other reverse proxy must, for Kestra: pass event streams on unbuffered,
wait an hour for an answer (read time-out), take bodies of 10 GB, set Host,
X-Forwarded-For, -Host, -Port and -Proto, and take no path away. check tests
all of that through the public URL, whatever is in front.",
    stored_in: "Not stored; controls whether the nginx file is written",
    kind: FieldKind::Select(&[
        option("nginx", "nginx", "One file of its own; other nginx files are not touched."),
        option(
            "none",
            "none, or another proxy",
            "No nginx file is written; help lists what any reverse proxy must do.",
        ),
    ]),
    review: InReview::Summary { label: "nginx", text: summary },
    // A configuration that does without a file of ours gets none unasked.
    default: |context| {
        let defaults = context.defaults();
        let is_expected = defaults.has_nginx && !defaults.is_reconfiguration;
        Cow::Borrowed(if is_expected { "nginx" } else { "none" })
    },
    ..PLAIN
};

/// The certificate, for https.
pub static CERTIFICATE: Field = Field {
    name: "certificate",
    value_name: "FILE",
    label: "Certificate",
    question: "File with the certificate, empty for plain http",
    help: "Absolute path of the certificate chain. Empty = http only.",
    long_help: "\
With a certificate and its key nginx serves https on 443 and redirects plain
http to it. Without, it serves plain http; certbot --nginx can add both later,
the last page shows how.",
    examples: &[("/etc/letsencrypt/live/ops.example.com/fullchain.pem", "ok"), ("", "plain http")],
    stored_in: "Stored in the nginx file as ssl_certificate",
    optional: true,
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_server_block,
    default: |context| {
        known_certificate(context).map_or(Cow::Borrowed(""), |known| Cow::Borrowed(&known.path))
    },
    check: parsed::<FilePath>,
    ..PLAIN
};

/// The private key of [`CERTIFICATE`], `ssl_certificate_key`.
pub static CERTIFICATE_KEY: Field = Field {
    name: "certificate-key",
    value_name: "FILE",
    label: "Key",
    question: "File with the certificate's key, empty for plain http",
    help: "Absolute path of the private key that belongs to it.",
    long_help: "\
The private key of the certificate. nginx reads it as root; the wizard reads
it only to tell whether it belongs to the certificate.",
    examples: &[("/etc/letsencrypt/live/ops.example.com/privkey.pem", "ok"), ("", "plain http")],
    stored_in: "Stored in the nginx file as ssl_certificate_key",
    optional: true,
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_server_block,
    default: |context| {
        let certificate = context.get(&CERTIFICATE);
        let known = context.defaults().certificates.iter().find(|it| it.path == certificate);
        // As certbot names the two.
        let beside = certificate.strip_suffix("fullchain.pem");
        match (known, beside) {
            (Some(known), _) => Cow::Borrowed(&*known.key),
            (None, Some(folder)) => Cow::Owned(format!("{folder}privkey.pem")),
            (None, None) => Cow::Borrowed(""),
        }
    },
    check: parsed::<FilePath>,
    ..PLAIN
};

/// Host and port of Kestra as nginx reaches it, `proxy_pass`.
pub static UPSTREAM: Field = Field {
    name: "upstream",
    value_name: "HOST:PORT",
    label: "Kestra at",
    question: "Where Kestra listens, as host:port",
    help: "host:port of Kestra, seen from nginx.",
    long_help: "\
nginx passes requests on to this address. The name must resolve where nginx
runs: nginx refuses to start otherwise. In Docker this is the service name.

With localhost, nginx may answer 502 for ten seconds after a restart of
Kestra, because it tries ::1 and 127.0.0.1; 127.0.0.1 avoids that.",
    examples: &[
        ("localhost:8080", "ok"),
        ("127.0.0.1:8080", "ok"),
        ("kestra:8080", "ok if nginx can resolve the name"),
        ("http://localhost:8080", "invalid: leave out http://"),
    ],
    stored_in: "Stored in the nginx file as proxy_pass",
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_nginx,
    default: |context| {
        let defaults = context.defaults();
        Cow::Owned(format!("{}:{}", defaults.kestra_host, defaults.kestra_port))
    },
    check: parsed::<Upstream>,
    ..PLAIN
};

/// Whether login page and webhooks are opened under the context path.
pub static OPEN_URLS: Field = Field {
    name: "open-urls",
    label: "Open URLs",
    question: "Open the login page and webhooks under this path?",
    help: "",
    long_help: "\
Releases from 1.0.45 and 1.3.21 on (May 2026) close the login page, the first
setup and webhooks under a context path: the browser asks for a login first,
webhooks answer 401. Six entries of kestra.server.basic-auth.open-urls open
the page and the webhooks; the first setup stays closed, so the administrator
must be in the configuration before the first start.

Later releases need no entries. Run kestra-setup check after the restart: it
tells which kind yours is.",
    stored_in: "Stored in config.yml as kestra.server.basic-auth.open-urls",
    kind: FieldKind::Select(&[
        option(
            "login-and-webhooks",
            "login page and webhooks",
            "Six entries that open these two under the path, nothing else.",
        ),
        option("none", "none", "No entries. Not sure? Run check after the restart; it tells."),
    ]),
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: |context| {
        let is_needed = context.defaults().release != Some(Era::Open);
        (context.get(&CONTEXT_PATH).is_empty() || !is_needed).then_some(&CONTEXT_PATH)
    },
    default: |context| {
        let is_closed = context.defaults().release == Some(Era::Closed);
        let opens = is_closed && context.is_changed(&CONTEXT_PATH);
        Cow::Borrowed(if opens { "login-and-webhooks" } else { "none" })
    },
    ..PLAIN
};

/// The names that nginx answers to.
pub static SERVER_NAME: Field = Field {
    name: "server-name",
    value_name: "NAMES",
    label: "Server name",
    question: "Names that nginx answers to",
    help: "The host of the public URL; several are separated by spaces.",
    long_help: "\
nginx picks the server block by the name in the request. The host of the
public URL must be among them, or its requests end up in another block.",
    examples: &[
        ("ops.example.com", "ok"),
        ("ops.example.com *.ops.example.com", "ok"),
        ("ops.example.com:8080", "invalid: the port has its own field"),
    ],
    stored_in: "Stored in the nginx file as server_name",
    follows: &[&URL],
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_server_block,
    default: |context| match context.get(&URL).parse::<ServerUrl>() {
        Ok(url) => Cow::Owned(url.host().to_string()),
        Err(_) => Cow::Borrowed(""),
    },
    check: parsed::<ServerNames>,
    ..PLAIN
};

/// The port that nginx listens on.
pub static LISTEN: Field = Field {
    name: "listen",
    value_name: "PORT",
    label: "Listen on",
    question: "Port that nginx listens on",
    help: "80 for http. With a certificate, 443 is added and 80 redirects.",
    long_help: "\
The port of plain http. When a certificate is given, nginx also listens on 443
and sends requests on this port there.",
    examples: &[("80", "ok"), ("8443", "ok"), ("70000", "invalid: ports go from 1 to 65535")],
    stored_in: "Stored in the nginx file as listen",
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_server_block,
    default: |_| Cow::Borrowed("80"),
    check: parsed::<Port>,
    ..PLAIN
};

/// A server block of its own, or locations for an existing one.
pub static NGINX_FORM: Field = Field {
    name: "nginx-form",
    label: "Write as",
    question: "What is written for nginx?",
    help: "",
    long_help: "\
own server block: a file that nginx includes by itself. Right when no other
server block answers to this name.

location: for a server block that exists already, such as one made by certbot.
The file is written beside, and the last page shows the one include line to
add inside that server block.",
    stored_in: "Not stored; controls the shape of the nginx file",
    kind: FieldKind::Select(&[
        option("server", "own server block", "A server block of its own for this name."),
        option(
            "location",
            "location for an existing one",
            "You add one include line to the server block that you have.",
        ),
    ]),
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_nginx,
    // nginx ignores one of two server blocks with the same name.
    default: |context| {
        let url = context.get(&URL).parse::<ServerUrl>();
        let name = url.map_or(String::new(), |url| url.host().to_string());
        let is_taken = context.defaults().existing_server(&name).is_some();
        Cow::Borrowed(if is_taken { "location" } else { "server" })
    },
    ..PLAIN
};

/// The template of the nginx text.
pub static NGINX_STYLE: Field = Field {
    name: "nginx-style",
    label: "Template",
    question: "Which nginx template?",
    help: "",
    long_help: "\
recommended: the lines of Kestra's documentation, and what tests have shown to
be missing: uploads over 1 MB, live views that are silent for ten minutes, the
headers that Kestra reads, unchanged paths.

as in Kestra's documentation: its lines, nothing added. Uploads over 1 MB
fail, idle live views close early.",
    stored_in: "Not stored; controls the text of the nginx file",
    kind: FieldKind::Select(&[
        option(
            "recommended",
            "recommended",
            "The documentation's lines, plus uploads over 1 MB and long views.",
        ),
        option(
            "documented",
            "as in Kestra's documentation",
            "Uploads over 1 MB fail, idle live views close early.",
        ),
    ]),
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_nginx,
    default: |_| Cow::Borrowed("recommended"),
    ..PLAIN
};

/// The path that the nginx file is written to.
pub static NGINX_FILE: Field = Field {
    name: "nginx-file",
    value_name: "FILE",
    label: "File",
    question: "Path of the nginx file",
    help: "In conf.d the name must end in .conf, or nginx ignores it.",
    long_help: "\
Where this nginx includes files, read from its nginx.conf. Without an nginx on
this machine: beside config.yml, for you to copy.",
    examples: &[
        ("/etc/nginx/conf.d/kestra.conf", "ok"),
        ("/etc/nginx/conf.d/kestra", "invalid: nginx would silently ignore it"),
        ("kestra.conf", "invalid: the path must begin with /"),
    ],
    stored_in: "Not stored; the path of the nginx file",
    review: InReview::RowOf(&REVERSE_PROXY),
    ruled_out_by: without_nginx,
    default: |context| Cow::Borrowed(context.defaults().nginx_file(&context.get(&NGINX_FORM))),
    check: parsed::<NginxFile>,
    ..PLAIN
};

/// A certificate on this machine that is valid for the host of an https address.
fn known_certificate(context: &dyn Context) -> Option<&super::KnownCertificate> {
    let url = context.get(&URL).parse::<ServerUrl>().ok().filter(ServerUrl::is_https)?;
    context.defaults().certificates.iter().find(|known| url.host().is_named_by(&known.names))
}

fn without_nginx(context: &dyn Context) -> Option<&'static Field> {
    (context.get(&REVERSE_PROXY) != "nginx").then_some(&REVERSE_PROXY)
}

fn without_server_block(context: &dyn Context) -> Option<&'static Field> {
    without_nginx(context).or_else(|| (context.get(&NGINX_FORM) != "server").then_some(&NGINX_FORM))
}

/// The row that replaces the questions of this screen that are rarely changed, until it is
/// unfolded. It is no question: nothing but the full screen knows it.
pub static MORE: Field = Field {
    name: "more",
    label: "More",
    help: "Enter or Right shows these settings.",
    long_help: "\
Server names, port, form, template and path of the nginx file, and whether the
login page is opened under a path. They are rarely changed: what is not as
recommended is named in this row.",
    stored_in: "Stored in the nginx file",
    optional: true,
    ..PLAIN
};

/// The questions that the full screen folds away, because they are rarely changed, in short.
static FOLDED: [(&Field, &str); 6] = [
    (&SERVER_NAME, "names"),
    (&LISTEN, "port"),
    (&NGINX_FORM, "form"),
    (&NGINX_STYLE, "template"),
    (&NGINX_FILE, "file"),
    (&OPEN_URLS, "login page"),
];

/// Whether the full screen folds a question away.
pub(crate) fn is_folded(field: &Field) -> bool {
    FOLDED.iter().any(|(folded, _)| *folded == field)
}

/// The folded answers in a few words: those that are not as recommended, else their names.
pub fn folded(context: &dyn Context) -> String {
    let asked = FOLDED.iter().filter(|(field, _)| field.ruled_out_by(context).is_none());
    let differing: Vec<_> = asked
        .clone()
        .filter_map(|(field, name)| {
            let value = context.get(field);
            let is_default = value == field.default(context);
            let label = field.choice(&value).map(|choice| choice.label.into());
            (!is_default).then(|| format!("{name} {}", label.unwrap_or(context.shown(field))))
        })
        .collect();
    if differing.is_empty() {
        // The row has room for the names about nginx only.
        let names: Vec<_> = asked.map(|(_, name)| *name).take(5).collect();
        return format!("{}: as recommended", names.join(", "));
    }
    differing.join(", ")
}

/// What nginx serves, and where it forwards to.
fn summary(context: &dyn Context) -> String {
    if without_nginx(context).is_some() {
        return "none".to_owned();
    }
    let (path, upstream) = (context.shown(&CONTEXT_PATH), context.shown(&UPSTREAM));
    if without_server_block(context).is_some() {
        return format!("location {path}/ → {upstream}");
    }
    let names = context.shown(&SERVER_NAME);
    let scheme = if context.get(&CERTIFICATE).is_empty() { "http" } else { "https" };
    format!("{scheme} {names}:{} → {upstream}{path}", served_port(context))
}

/// The port on which nginx serves Kestra, where it has a server block of its own.
pub(crate) fn served_port(context: &dyn Context) -> Cow<'_, str> {
    if context.get(&CERTIFICATE).is_empty() {
        return context.shown(&LISTEN);
    }
    Cow::Owned(context.defaults().tls_port.unwrap_or(Port::HTTPS).to_string())
}
