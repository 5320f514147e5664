//! The rules across answers: values that are valid alone and contradict each other together.
//!
//! Only what cannot work at all blocks. An https address without a certificate, or another port
//! than nginx listens on, works where TLS or ports are taken care of in front of this machine, and
//! is only noted.

use super::{Fix, Problem};
use crate::form::{
    CERTIFICATE, CONTEXT_PATH, Field, LISTEN, NGINX_FILE, NGINX_FORM, SERVER_NAME, UPSTREAM, URL,
};
use crate::settings::{
    ContextPath, Port, ServerNames, ServerUrl, Settings, SiteFile, SiteForm, Upstream,
};

/// Two answers that contradict each other.
#[derive(Debug)]
pub struct Conflict {
    /// What is wrong, shown at the first of the two questions.
    pub problem: Problem,
    /// The other one.
    pub(super) with: &'static Field,
}

impl Conflict {
    fn new([field, with]: [&'static Field; 2], message: impl Into<String>) -> Self {
        Self { problem: Problem::new(field, message), with }
    }

    fn fix(mut self, field: &'static Field, value: &impl ToString) -> Self {
        self.problem.fixes.push(Fix { field, value: value.to_string() });
        self
    }

    fn only_noted(self) -> Self {
        Self { problem: Problem { is_error: false, blocks: false, ..self.problem }, ..self }
    }
}

/// Every contradiction. `kestra_port` is the port that Kestra itself takes on this machine.
pub fn conflicts(settings: &Settings, kestra_port: u16) -> Vec<Conflict> {
    let Settings { url, context_path, nginx, .. } = settings;
    let mut all = Vec::new();
    if let (Some(url), Some(path)) = (url, context_path) {
        all.extend(path_differs(url, path));
    }
    let Some(SiteFile { file, site }) = nginx else { return all };
    match &site.form {
        SiteForm::Location if file.is_read_by_itself() => {
            let message = "nginx reads this folder outside of any server block, where a location stops it. Name a file elsewhere";
            all.push(Conflict::new([&NGINX_FILE, &NGINX_FORM], message));
        }
        SiteForm::Location => {}
        SiteForm::Server { names, listen, tls } => {
            let tls = tls.as_ref().map(|tls| tls.port);
            all.extend(ports_collide(*listen, tls, &site.upstream, kestra_port));
            all.extend(url.iter().flat_map(|url| serves_another(url, names, *listen, tls)));
        }
    }
    all
}

fn path_differs(url: &ServerUrl, path: &ContextPath) -> Option<Conflict> {
    let of_url = url.path();
    (of_url != path).then(|| {
        let slash =
            |path: &ContextPath| if path.is_root() { "/".to_owned() } else { path.to_string() };
        let message = format!(
            "the public URL has the path {}; the context path is {}",
            slash(of_url),
            slash(path)
        );
        Conflict::new([&CONTEXT_PATH, &URL], message)
            .fix(&CONTEXT_PATH, of_url)
            .fix(&URL, &url.with_path(path))
    })
}

/// What keeps nginx from listening on these ports, for http and for https.
fn ports_collide(
    listen: Port,
    tls: Option<Port>,
    upstream: &Upstream,
    kestra_port: u16,
) -> Vec<Conflict> {
    let mut all = Vec::new();
    if tls == Some(listen) {
        let message = "HTTP and HTTPS need different ports";
        all.push(Conflict::new([&LISTEN, &CERTIFICATE], message).fix(&LISTEN, &80));
    }
    // nginx answers 500 after 256 requests to itself, and `nginx -t` does not notice.
    let takes = |port: u16| listen.get() == port || tls.is_some_and(|tls| tls.get() == port);
    if upstream.host().is_loopback() && (takes(upstream.port().get()) || takes(kestra_port)) {
        let message =
            "nginx would proxy to itself: Kestra and nginx cannot share a port on one machine";
        all.push(Conflict::new([&LISTEN, &UPSTREAM], message));
    }
    all
}

/// What nginx would show to the outside that is not what the public URL promises.
fn serves_another(
    url: &ServerUrl,
    names: &ServerNames,
    listen: Port,
    tls: Option<Port>,
) -> Vec<Conflict> {
    let mut all = Vec::new();
    if !names.matches(url.host()) {
        let message =
            format!("the public URL has the host {}, which no server name matches", url.host());
        all.push(Conflict::new([&SERVER_NAME, &URL], message).fix(&SERVER_NAME, url.host()));
    }
    let (port, asked) = (tls.unwrap_or(listen), url.effective_port());
    if url.is_https() && tls.is_none() {
        let message = "the public URL is https, but nginx would serve http";
        all.push(Conflict::new([&CERTIFICATE, &URL], message).only_noted());
    } else if !url.is_https() && tls.is_some() {
        let message = "the public URL is http, but nginx would serve https";
        all.push(Conflict::new([&CERTIFICATE, &URL], message).fix(&URL, &url.with_https()));
    } else if asked != port {
        let message = format!("the public URL has port {asked}, but nginx listens on {port}");
        all.push(Conflict::new([&LISTEN, &URL], message).only_noted());
    }
    all
}
