//! Screen 2: Kestra's outbound connection.

use super::{Context, Field, FieldKind, InReview, PLAIN, Screen, ScreenId, URL, option, parsed};
use crate::settings::{FilePath, ProxyAddress, ProxyUsername, Secret, ServerUrl, VariableName};
use std::borrow::Cow;

pub(super) const SCREEN: Screen = Screen {
    id: ScreenId::Proxy,
    title: "Proxy",
    heading: "How does Kestra reach api.kestra.io?",
    fields: &[
        &CONNECTION,
        &PROXY_ADDRESS,
        &PROXY_USERNAME,
        &PROXY_PASSWORD,
        &PROXY_CREDENTIALS,
        &PROXY_PASSWORD_VARIABLE,
        &ENV_FILE,
    ],
};

/// Direct, or through which kind of proxy; `proxy-type`.
pub static CONNECTION: Field = Field {
    name: "connection",
    label: "Connection",
    question: "How does Kestra reach api.kestra.io?",
    help: "",
    long_help: "\
Through this proxy: blueprints, the AI's flow generation, and the events that
Kestra reports to api.kestra.io. An HTTP proxy also carries https.

Not through it, and what each follows instead:
browsers of your users    their own settings
HTTP tasks                options.proxy of the task
script tasks              HTTPS_PROXY and NO_PROXY in their environment
usage report              micronaut.http.client.proxy-*; to stop it:
                          kestra.anonymous-usage-report.enabled: false
plugin installation and   JAVA_OPTS with -Dhttps.proxyHost, -Dhttps.proxyPort
the AI's documentation    and -Dhttp.nonProxyHosts; Java sends no login

A proxy that inspects TLS needs its certificate in Java's trust store:
  keytool -importcert -cacerts -alias corp -file corp.pem
or -Djavax.net.ssl.trustStore=FILE in JAVA_OPTS.",
    stored_in: "Stored in config.yml as micronaut.http.services.api.proxy-type",
    kind: FieldKind::Select(&[
        option(
            "direct",
            "direct",
            "Used for calls to api.kestra.io only. Browsers and HTTP tasks are not affected.",
        ),
        option(
            "http",
            "HTTP proxy",
            "Also carries https. Paste http://user:pass@host:port to fill every field.",
        ),
        option("socks", "SOCKS5 proxy", "SOCKS5 only."),
    ]),
    default: |_| Cow::Borrowed("direct"),
    proxy_part: Some(|proxy| Cow::Owned(proxy.kind.to_string())),
    guide: beyond_proxy,
    ..PLAIN
};

/// The proxy's host and port; `proxy-address`.
pub static PROXY_ADDRESS: Field = Field {
    name: "proxy-address",
    value_name: "HOST:PORT",
    label: "Address",
    question: "Address of the proxy, as host:port",
    help: "host:port. Paste http://user:pass@host:port to fill every field.",
    long_help: "\
The machine and port of your outbound (forward) proxy, as host:port.
Ask your network team if unsure; HTTPS_PROXY in your shell often shows it.",
    examples: &[
        ("proxy.corp.example:3128", "ok"),
        ("http://user:pw@proxy:3128", "ok, split into the fields"),
        ("proxy.corp.example", "invalid: Micronaut rejects an address without a port"),
        ("[2001:db8::1]:3128", "ok, saved as http://[2001:db8::1]:3128"),
    ],
    stored_in: "Stored in config.yml as micronaut.http.services.api.proxy-address",
    review: InReview::Summary {
        label: "Proxy address",
        text: |context| context.shown(&PROXY_ADDRESS).into_owned(),
    },
    ruled_out_by: without_proxy,
    proxy_part: Some(|proxy| Cow::Owned(proxy.address.to_string())),
    check: parsed::<ProxyAddress>,
    guide: beyond_proxy,
    ..PLAIN
};

/// The login's name; `proxy-username`.
pub static PROXY_USERNAME: Field = Field {
    name: "proxy-username",
    value_name: "USER",
    label: "Username",
    question: "Username for the proxy, empty for none",
    help: "Empty if the proxy requires no login.",
    long_help: "\
The login at the proxy. Username and password go together: with one of them
empty Micronaut silently connects without a login.
Kestra supports Basic only, not NTLM, Digest or Kerberos.",
    examples: &[("svc-kestra", "ok"), ("CORP\\svc-kestra", "ok"), ("", "no login")],
    stored_in: "Stored in config.yml as micronaut.http.services.api.proxy-username",
    optional: true,
    review: InReview::Summary { label: "Credentials", text: credentials },
    ruled_out_by: without_proxy,
    proxy_part: Some(|proxy| Cow::Borrowed(proxy.username.as_deref().unwrap_or(""))),
    check: parsed::<ProxyUsername>,
    guide: beyond_proxy,
    ..PLAIN
};

/// The login's secret; `proxy-password`.
pub static PROXY_PASSWORD: Field = Field {
    name: "proxy-password",
    label: "Password",
    question: "Password for the proxy, empty for none",
    help: "Masked, and never on a command line.",
    long_help: "\
The password of the login. It is never shown: not on the review, not in a
difference, not in a message. The next question is where it is stored.

Micronaut would read \"${\" as the start of a variable; it is written as
\"${:$}{\", which Micronaut reads as the same two characters.",
    examples: &[("correct horse: battery%", "ok, any characters but control characters")],
    stored_in: "Stored in config.yml as micronaut.http.services.api.proxy-password, or in the env file",
    kind: FieldKind::Secret,
    optional: true,
    review: InReview::RowOf(&PROXY_USERNAME),
    ruled_out_by: without_proxy,
    proxy_part: Some(|proxy| Cow::Borrowed(proxy.password.as_ref().map_or("", Secret::reveal))),
    check: |text| text.parse::<Secret>().map(|_| text.to_owned()),
    guide: beyond_proxy,
    ..PLAIN
};

/// How the login is saved.
pub static PROXY_CREDENTIALS: Field = Field {
    name: "proxy-credentials",
    label: "Save as",
    question: "How is the login saved?",
    help: "",
    long_help: "\
username + password: two plain properties. Works everywhere. Whoever can read
config.yml can read the password; a new file gets mode 0600.

${ENV_VAR}: config.yml has \"${NAME}\"; the password goes into a separate file
that the service reads at start (EnvironmentFile= of systemd, env_file of
Docker Compose). That keeps it out of config.yml, not out of reach of flows:
every variable of Kestra's process is visible to process tasks.

Basic header: the two proxy-authorization properties of Kestra's
documentation, base64 of username:password. Encoded is not encrypted, and
Kestra 1.3.25 and 2.0 never send them: the proxy answers 407.",
    stored_in: "Stored in config.yml, and the env file for ${ENV_VAR}",
    kind: FieldKind::Select(&[
        option(
            "plain",
            "username + password",
            "Whoever can read config.yml can read it (mode 0600 if new).",
        ),
        option("basic", "Basic header", "Documented, but Kestra never sends it (407). See help."),
        option("env", "${ENV_VAR}", "The password goes into a separate env file."),
    ]),
    review: InReview::RowOf(&PROXY_USERNAME),
    ruled_out_by: without_login,
    default: |_| Cow::Borrowed("plain"),
    ..PLAIN
};

/// The variable that holds the password.
pub static PROXY_PASSWORD_VARIABLE: Field = Field {
    name: "proxy-password-variable",
    value_name: "NAME",
    label: "Variable",
    question: "Name of the environment variable with the password",
    help: "Not KESTRA_... or ENV_...: flows could read those.",
    long_help: "\
config.yml has \"${NAME}\"; Kestra takes the password from its environment when
it starts. If the variable is not set, Kestra does not start; if it is empty,
Kestra silently connects without a login.

Kestra shows variables that begin with KESTRA_ (up to 0.22) or ENV_ (later) to
every flow as {{ envs.... }}, so these names are refused.",
    examples: &[
        ("FORWARD_PROXY_PASSWORD", "ok"),
        ("KESTRA_PROXY_PASSWORD", "invalid: flows could read it"),
    ],
    stored_in: "Stored in config.yml as micronaut.http.services.api.proxy-password, as ${NAME}",
    review: InReview::RowOf(&PROXY_USERNAME),
    ruled_out_by: without_variable,
    default: |_| Cow::Borrowed("FORWARD_PROXY_PASSWORD"),
    check: parsed::<VariableName>,
    ..PLAIN
};

/// The file with the variable.
pub static ENV_FILE: Field = Field {
    name: "env-file",
    value_name: "FILE",
    label: "Env file",
    question: "File for the variable, empty to set it yourself",
    help: "Mode 0600, one line NAME=value. Empty = you set the variable.",
    long_help: "\
The password is written there as NAME=value; other lines of the file stay.
Kestra does not read it by itself; what starts Kestra must:

systemd         EnvironmentFile=/etc/kestra/kestra.env
Docker Compose  env_file: kestra.env",
    examples: &[("/etc/kestra/kestra.env", "ok"), ("", "no file; you set the variable")],
    stored_in: "Not stored; the path of the env file",
    optional: true,
    review: InReview::RowOf(&PROXY_USERNAME),
    ruled_out_by: without_variable,
    default: |context| Cow::Borrowed(&context.defaults().env_file),
    check: parsed::<FilePath>,
    ..PLAIN
};

/// What does not go through the proxy of these answers: what it is, and the lines that give it this
/// proxy. Empty where there is none, or the lines would not be known.
///
/// Java's flags and the usage report were seen with Kestra 1.3.25 and 2.0, see
/// `assets/kestra-facts.md`. Java has no flags for SOCKS that leave its database connections alone.
pub(crate) fn beyond_proxy(context: &dyn Context) -> Vec<String> {
    let address = context.get(&PROXY_ADDRESS).parse::<ProxyAddress>();
    let (Ok(address), None) = (address, without_proxy(context)) else { return Vec::new() };
    let url = context.get(&URL).parse::<ServerUrl>();
    let public = url.map_or(String::new(), |url| url.host().to_string());
    let (host, port) = (address.host().to_string(), address.port());
    let login = if context.get(&PROXY_USERNAME).is_empty() { "" } else { "USERNAME:PASSWORD@" };
    let mut lines = Vec::new();
    let scheme = if context.get(&CONNECTION) == "socks" { "socks5h" } else { "http" };
    if scheme == "http" {
        let host = host.trim_matches(['[', ']']);
        let direct = ["localhost", "127.*", "[::1]", &public].join("|");
        lines.extend([
            "plugin installation and the AI's documentation (Java sends no login):".to_owned(),
            format!(
                "  JAVA_OPTS=\"-Dhttps.proxyHost={host} -Dhttps.proxyPort={port} \
                 -Dhttp.nonProxyHosts={}\"",
                direct.trim_end_matches('|')
            ),
        ]);
    }
    let direct = ["localhost", "127.0.0.1", "::1", &public].join(",");
    lines.extend([
        "script tasks, in the env of the task:".to_owned(),
        format!("  HTTPS_PROXY={scheme}://{login}{address}"),
        format!("  NO_PROXY={}", direct.trim_end_matches(',')),
        "usage report, to stop it:".to_owned(),
        "  kestra.anonymous-usage-report.enabled: false".to_owned(),
    ]);
    lines
}

fn without_proxy(context: &dyn Context) -> Option<&'static Field> {
    (context.get(&CONNECTION) == "direct").then_some(&CONNECTION)
}

fn without_login(context: &dyn Context) -> Option<&'static Field> {
    let is_empty = |field: &Field| context.get(field).is_empty();
    let has_none = is_empty(&PROXY_USERNAME)
        && is_empty(&PROXY_PASSWORD)
        && !context.keeps_password_elsewhere();
    without_proxy(context).or_else(|| has_none.then_some(&PROXY_USERNAME))
}

fn without_variable(context: &dyn Context) -> Option<&'static Field> {
    without_login(context)
        .or_else(|| (context.get(&PROXY_CREDENTIALS) != "env").then_some(&PROXY_CREDENTIALS))
}

/// The login, its password masked, and how it is saved.
fn credentials(context: &dyn Context) -> String {
    if without_login(context).is_some() {
        return "-".to_owned();
    }
    let saved = context.get(&PROXY_CREDENTIALS);
    let how = PROXY_CREDENTIALS.choice(&saved).map_or("", |choice| choice.label);
    let how = how.replace("ENV_VAR", &context.shown(&PROXY_PASSWORD_VARIABLE));
    let has_password =
        !context.get(&PROXY_PASSWORD).is_empty() || context.keeps_password_elsewhere();
    let password = if has_password { Secret::MASK } else { "(none)" };
    let username = context.shown(&PROXY_USERNAME);
    let username = if username.is_empty() { "(none)" } else { &username };
    format!("{username} / {password}  {how}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Answers;

    fn beyond(given: &[(&'static Field, &str)]) -> Vec<String> {
        let mut answers = Answers::default();
        for (field, text) in given {
            answers.set(field, text);
        }
        beyond_proxy(&answers)
    }

    #[test]
    fn what_does_not_go_through_a_proxy_has_its_lines_without_a_password() {
        let login = [(&PROXY_USERNAME, "svc"), (&PROXY_PASSWORD, "hunter2")];
        let http = [(&URL, "https://ops.example.com/"), (&CONNECTION, "http")];
        let address = [(&PROXY_ADDRESS, "proxy.corp:3128")];
        assert_eq!(
            beyond(&[&http[..], &address, &login].concat()),
            [
                "plugin installation and the AI's documentation (Java sends no login):",
                "  JAVA_OPTS=\"-Dhttps.proxyHost=proxy.corp -Dhttps.proxyPort=3128 \
                 -Dhttp.nonProxyHosts=localhost|127.*|[::1]|ops.example.com\"",
                "script tasks, in the env of the task:",
                "  HTTPS_PROXY=http://USERNAME:PASSWORD@proxy.corp:3128",
                "  NO_PROXY=localhost,127.0.0.1,::1,ops.example.com",
                "usage report, to stop it:",
                "  kestra.anonymous-usage-report.enabled: false",
            ]
        );
        let ipv6 = beyond(&[&http[..], &[(&PROXY_ADDRESS, "[2001:db8::1]:80")]].concat());
        assert!(ipv6[1].contains("-Dhttps.proxyHost=2001:db8::1 "), "{ipv6:?}");
        assert_eq!(ipv6[3], "  HTTPS_PROXY=http://[2001:db8::1]:80");
    }

    #[test]
    fn a_socks_proxy_has_no_flags_of_java_and_no_proxy_has_no_lines() {
        let socks = beyond(&[(&CONNECTION, "socks"), (&PROXY_ADDRESS, "p:1080")]);
        assert_eq!(socks[1], "  HTTPS_PROXY=socks5h://p:1080");
        assert!(!socks.concat().contains("JAVA_OPTS"), "{socks:?}");
        assert_eq!(beyond(&[(&CONNECTION, "direct"), (&PROXY_ADDRESS, "p:1")]), [""; 0]);
    }
}
