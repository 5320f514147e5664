//! The nginx texts under test.

/// One way to put nginx in front of Kestra.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    pub(crate) recommended: bool,
    /// Empty, or `/kestra`.
    pub(crate) context: &'static str,
    /// The port of Kestra.
    pub(crate) upstream: u16,
}

impl Site {
    /// Both wordings, with and without a context path.
    pub(crate) fn all(upstream: u16) -> impl Iterator<Item = Self> {
        let both = move |recommended| {
            ["", "/kestra"].map(|context| Self { recommended, context, upstream })
        };
        [true, false].into_iter().flat_map(both)
    }

    pub(crate) fn locations(&self) -> String {
        let Self { context, upstream, .. } = self;
        let common = COMMON.replace("600s", if self.recommended { "3600s" } else { "600s" });
        match (self.recommended, *context) {
            (true, "") => format!("location / {{ proxy_pass http://localhost:{upstream};{common}{ADDED} }}"),
            (true, _) => format!(
                "location = {context} {{ absolute_redirect off; return 308 {context}/$is_args$args; }}
                location {context}/ {{ proxy_pass http://localhost:{upstream};{common}{ADDED} }}"
            ),
            (false, "") => format!("location / {{ proxy_pass http://localhost:{upstream};{common} }}"),
            (false, _) => {
                format!("location {context} {{ proxy_pass http://localhost:{upstream}{context};{common} }}")
            }
        }
    }

    pub(crate) fn server(&self, listen: u16) -> String {
        format!("server {{ listen {listen}; server_name my-host.com; {} }}", self.locations())
    }
}

const COMMON: &str = "
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection \"upgrade\";
    proxy_read_timeout 600s;
    proxy_redirect off;
    proxy_set_header Host $http_host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Protocol $scheme;
    proxy_buffering off;
    proxy_cache off;";

const ADDED: &str = "
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    client_max_body_size 10g;";
