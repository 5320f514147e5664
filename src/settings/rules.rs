//! The rules across answers: values that are good alone and contradict each other together.
//!
//! Only what cannot work at all blocks. An https address without a certificate, or another port
//! than nginx listens on, works where TLS or ports are taken care of in front of this machine, and
//! is said as a note.

use super::{ContextPath, Form, Nginx, Port, ServerNames, ServerUrl, Settings, Tls, Upstream};

/// Two answers that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The questions whose answers contradict each other; the first is where it is shown.
    pub between: &'static [&'static str],
    /// What contradicts what.
    pub message: String,
    /// Answers that would settle it, each a question and its value.
    pub fixes: Vec<(&'static str, String)>,
    /// Whether nothing is written until it is settled.
    pub blocks: bool,
}

impl Conflict {
    fn new(between: &'static [&'static str], message: impl Into<String>) -> Self {
        Self { between, message: message.into(), fixes: Vec::new(), blocks: true }
    }

    fn fix(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.fixes.push((name, value.to_string()));
        self
    }

    fn only_noted(mut self) -> Self {
        self.blocks = false;
        self
    }
}

/// Every contradiction. `kestra_port` is the port that Kestra itself takes on this machine.
#[must_use]
pub fn conflicts(settings: &Settings, kestra_port: u16) -> Vec<Conflict> {
    let Settings { url, context_path, nginx, .. } = settings;
    let mut all = Vec::new();
    if let (Some(url), Some(path)) = (url, context_path) {
        all.extend(path_differs(url, path));
    }
    all.extend(nginx.as_ref().and_then(location_outside_of_a_server));
    if let Some(Nginx { site, .. }) = nginx
        && let Form::Server { names, listen, tls } = &site.form
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
        let message =
            format!("kestra.url ends in {}/ but the context path is {}", of_url, slash(path));
        Conflict::new(&["context-path", "url"], message)
            .fix("context-path", of_url)
            .fix("url", &url.with_path(path))
    })
}

fn location_outside_of_a_server(nginx: &Nginx) -> Option<Conflict> {
    let is_outside = nginx.site.form == Form::Location && nginx.file.is_read_by_itself();
    is_outside.then(|| {
        let message =
            "nginx reads this folder outside of any server block, where a location stops it. Name a file elsewhere";
        Conflict::new(&["nginx-file", "nginx-form"], message)
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
            Conflict::new(&["listen", "certificate"], "HTTP and HTTPS need different ports")
                .fix("listen", &80)
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
            Conflict::new(&["listen", "upstream"], message)
        })
    }

    fn serves_another_host(&self, url: &ServerUrl) -> Option<Conflict> {
        (!self.names.matches(url.host())).then(|| {
            let message = format!("kestra.url uses {}, which no server_name matches", url.host());
            Conflict::new(&["server-name", "url"], message).fix("server-name", url.host())
        })
    }

    fn serves_another_scheme(&self, url: &ServerUrl) -> Option<Conflict> {
        match (url.is_https(), self.tls) {
            (true, None) => {
                let message = "kestra.url says https but nginx would serve http";
                Some(Conflict::new(&["certificate", "url"], message).only_noted())
            }
            (false, Some(_)) => {
                let message = "kestra.url says http but nginx would serve https";
                Some(Conflict::new(&["certificate", "url"], message).fix("url", &url.with_https()))
            }
            _ => None,
        }
    }

    fn serves_another_port(&self, url: &ServerUrl) -> Option<Conflict> {
        let port = self.tls.map_or(self.listen, |tls| tls.port);
        let asked = url.effective_port();
        (asked != port).then(|| {
            let message = format!("kestra.url uses port {asked} but nginx listens on {port}");
            Conflict::new(&["listen", "url"], message).only_noted()
        })
    }
}
