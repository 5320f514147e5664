//! The configurations under test: what the wizard writes into a new file, and what a person would
//! get wrong.

use kestra_setup::answers::Answers;
use kestra_setup::form;
use kestra_setup::kestra_config::Place;
use kestra_setup::machine::Machine;
use kestra_setup::plan::Plan;

/// The username and the password of every proxy here.
pub(crate) const LOGIN: (&str, &str) = ("username", "s3cret pa:ss%");
/// The same as in a header, behind `Basic `.
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

impl Credentials {
    /// The answer to the question.
    fn answer(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Env => "env",
            Self::Basic => "basic",
        }
    }
}

/// What the wizard writes for a server behind a proxy, under a context path.
pub(crate) fn config(context: &str, proxy: u16, credentials: Credentials) -> String {
    config_with(context, proxy, credentials, "none")
}

/// The same with this answer about the URLs that are open under the path.
pub(crate) fn config_with(
    context: &str,
    proxy: u16,
    credentials: Credentials,
    open_urls: &str,
) -> String {
    let mut answers = Answers::default();
    for (field, text) in [
        (&form::URL, &*format!("https://www.my-host.com{context}/")),
        (&form::CONTEXT_PATH, context),
        (&form::CONNECTION, "http"),
        (&form::PROXY_ADDRESS, &*format!("127.0.0.1:{proxy}")),
        (&form::PROXY_USERNAME, LOGIN.0),
        (&form::PROXY_PASSWORD, LOGIN.1),
        (&form::PROXY_CREDENTIALS, credentials.answer()),
        (&form::PROXY_PASSWORD_VARIABLE, VARIABLE),
        (&form::ENV_FILE, ""),
        (&form::OPEN_URLS, open_urls),
    ] {
        answers.set(field, text);
    }
    let nothing = Machine::new("config.yml".into(), Place::default());
    let plan = Plan::new(&answers, &answers.settings().unwrap(), &nothing).unwrap();
    plan.changes[0].after.as_str().to_owned()
}

/// What the tests add for themselves: nothing that reports home.
pub(crate) const QUIET: &str = "---
kestra:
  anonymous-usage-report:
    enabled: false
";

/// Ports of its own for whatever Kestra opens beside the one of its pages: two of them run at once.
pub(crate) fn ports([management, controller]: [u16; 2]) -> String {
    format!(
        "---\nendpoints:\n  all:\n    port: {management}\nkestra:\n  controller:\n    port: {controller}\n"
    )
}

/// A variable of every boot, which the file overrides.
pub(crate) const OVERRIDDEN: &str = "https://variable.example.com/";

/// An administrator, without whom Kestra shows its setup page.
pub(crate) const ADMINISTRATOR: &str = "---
kestra:
  server:
    basic-auth:
      username: admin@kestra.io
      password: Admin1234
";

/// The administrator as a header line.
pub(crate) const LOGGED_IN: &str = "authorization: Basic YWRtaW5Aa2VzdHJhLmlvOkFkbWluMTIzNA==\r\n";
