//! The rules across answers: values that are valid alone and contradict each other together.
//!
//! Only what cannot work at all blocks. An https address without a certificate, or another port
//! than nginx listens on, works where TLS or ports are taken care of in front of this machine, and
//! is only noted.

use super::Fix;
use crate::form::{
    CERTIFICATE, CONTEXT_PATH, Field, LISTEN, NGINX_FILE, NGINX_FORM, SERVER_NAME, UPSTREAM, URL,
};
use crate::settings::{
    ContextPath, Port, ServerNames, ServerUrl, Settings, SiteFile, SiteForm, Tls, Upstream,
};

/// Two answers that contradict each other.
#[derive(Debug)]
pub struct Conflict {
    /// The questions; the conflict is shown at the first.
    pub(super) between: [&'static Field; 2],
    pub message: String,
    /// Answers that would resolve it.
    pub(super) fixes: Vec<Fix>,
    /// Whether nothing is written until it is resolved.
    pub(super) blocks: bool,
}

impl Conflict {
    fn new(between: [&'static Field; 2], message: impl Into<String>) -> Self {
        Self { between, message: message.into(), fixes: Vec::new(), blocks: true }
    }

    fn fix(mut self, field: &'static Field, value: &impl ToString) -> Self {
        self.fixes.push(Fix { field, value: value.to_string() });
        self
    }

    fn only_noted(mut self) -> Self {
        self.blocks = false;
        self
    }
}

/// Every contradiction. `kestra_port` is the port that Kestra itself takes on this machine.
pub fn conflicts(settings: &Settings, kestra_port: u16) -> Vec<Conflict> {
    let Settings { url, context_path, nginx, .. } = settings;
    let mut all = Vec::new();
    if let (Some(url), Some(path)) = (url, context_path) {
        all.extend(path_differs(url, path));
    }
    all.extend(nginx.as_ref().and_then(location_outside_of_a_server));
    if let Some(SiteFile { site, .. }) = nginx
        && let SiteForm::Server { names, listen, tls } = &site.form
    {
        let front = Front { names, listen: *listen, tls: tls.as_ref() };
        all.extend(front.same_port_twice());
        all.extend(front.proxies_to_itself(&site.upstream, kestra_port));
        if let Some(url) = url {
            all.extend(front.serves_another_host(url));
            all.extend(front.serves_another_scheme(url).or_else(|| front.serves_another_port(url)));
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

fn location_outside_of_a_server(nginx: &SiteFile) -> Option<Conflict> {
    let is_outside = nginx.site.form == SiteForm::Location && nginx.file.is_read_by_itself();
    is_outside.then(|| {
        let message =
            "nginx reads this folder outside of any server block, where a location stops it. Name a file elsewhere";
        Conflict::new([&NGINX_FILE, &NGINX_FORM], message)
    })
}

/// What nginx would show to the outside.
struct Front<'a> {
    names: &'a ServerNames,
    listen: Port,
    tls: Option<&'a Tls>,
}

impl Front<'_> {
    fn same_port_twice(&self) -> Option<Conflict> {
        let tls = self.tls?;
        (tls.port == self.listen).then(|| {
            Conflict::new([&LISTEN, &CERTIFICATE], "HTTP and HTTPS need different ports")
                .fix(&LISTEN, &80)
        })
    }

    /// nginx answers 500 after 256 requests to itself, and `nginx -t` does not notice.
    fn proxies_to_itself(&self, upstream: &Upstream, kestra_port: u16) -> Option<Conflict> {
        let own_ports = [Some(self.listen), self.tls.map(|tls| tls.port)];
        let takes = |port: u16| own_ports.iter().flatten().any(|own| own.get() == port);
        let is_here = upstream.host().is_loopback();
        (is_here && (takes(upstream.port().get()) || takes(kestra_port))).then(|| {
            let message =
                "nginx would proxy to itself: Kestra and nginx cannot share a port on one machine";
            Conflict::new([&LISTEN, &UPSTREAM], message)
        })
    }

    fn serves_another_host(&self, url: &ServerUrl) -> Option<Conflict> {
        (!self.names.matches(url.host())).then(|| {
            let message =
                format!("the public URL has the host {}, which no server name matches", url.host());
            Conflict::new([&SERVER_NAME, &URL], message).fix(&SERVER_NAME, url.host())
        })
    }

    fn serves_another_scheme(&self, url: &ServerUrl) -> Option<Conflict> {
        match (url.is_https(), self.tls) {
            (true, None) => {
                let message = "the public URL is https, but nginx would serve http";
                Some(Conflict::new([&CERTIFICATE, &URL], message).only_noted())
            }
            (false, Some(_)) => {
                let message = "the public URL is http, but nginx would serve https";
                Some(Conflict::new([&CERTIFICATE, &URL], message).fix(&URL, &url.with_https()))
            }
            _ => None,
        }
    }

    fn serves_another_port(&self, url: &ServerUrl) -> Option<Conflict> {
        let port = self.tls.map_or(self.listen, |tls| tls.port);
        let asked = url.effective_port();
        (asked != port).then(|| {
            let message = format!("the public URL has port {asked}, but nginx listens on {port}");
            Conflict::new([&LISTEN, &URL], message).only_noted()
        })
    }
}
