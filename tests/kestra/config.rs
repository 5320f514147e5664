//! The configurations under test: what the wizard writes into a new file, and what a person would
//! get wrong.

/// The username and the password of every proxy here.
pub(crate) const LOGIN: (&str, &str) = ("username", "s3cret pa:ss%");
/// The same as it stands behind `Basic ` in a header.
pub(crate) const BASIC: &str = "dXNlcm5hbWU6czNjcmV0IHBhOnNzJQ==";
/// The variable that holds the password where the file does not.
pub(crate) const VARIABLE: &str = "FORWARD_PROXY_PASSWORD";

/// How the login of the proxy is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    Plain,
    Env,
    Basic,
}

/// What the wizard writes for a server behind a proxy, under a context path.
pub(crate) fn config(context: &str, proxy: u16, credentials: Credentials) -> String {
    let (username, password) = LOGIN;
    let login = match credentials {
        Credentials::Plain => {
            format!(
                "        proxy-username: \"{username}\"\n        proxy-password: \"{password}\"\n"
            )
        }
        Credentials::Env => {
            format!(
                "        proxy-username: \"{username}\"\n        proxy-password: \"${{{VARIABLE}}}\"\n"
            )
        }
        Credentials::Basic => format!("        proxy-authorization: \"Basic {BASIC}\"\n"),
    };
    let client = match credentials {
        Credentials::Basic => {
            format!("    client:\n      proxy-authorization: \"Basic {BASIC}\"\n")
        }
        Credentials::Plain | Credentials::Env => String::new(),
    };
    let server = match context {
        "" => String::new(),
        context => format!("  server:\n    context-path: \"{context}\"\n"),
    };
    format!(
        "kestra:\n  url: https://www.my-host.com{context}/\nmicronaut:\n{server}  http:\n{client}    \
         services:\n      api:\n        url: https://api.kestra.io\n        proxy-type: http\n        \
         proxy-address: 127.0.0.1:{proxy}\n{login}        follow-redirects: true\n"
    )
}

/// What the tests add for themselves: an administrator, and nothing that reports home.
pub(crate) const LOCAL: &str = "---
kestra:
  anonymous-usage-report:
    enabled: false
  server:
    basic-auth:
      username: admin@kestra.io
      password: Admin1234
";
