//! The environment variable that holds the proxy password.

use super::Invalid;
use super::text::{only, trimmed};
use std::str::FromStr;

/// The `NAME` in `proxy-password: "${NAME}"`.
///
/// Names that flows can read are refused: Kestra shows them every variable that begins with
/// `KESTRA_` (up to 0.22) or `ENV_` (later) as `{{ envs.… }}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VariableName(String);

impl VariableName {
    /// The name that a configuration has already, which the operator may have good reasons for.
    pub(crate) fn found(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The bare name, without `${` and `}`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariableName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            let refusal = Invalid::new("write the name alone, without \"${\" and \"}\".");
            return Err(refusal.or_use(name.parse::<Self>()?.0));
        }
        if text.is_empty() {
            return Err(Invalid::new("a name is missing, e.g. FORWARD_PROXY_PASSWORD"));
        }
        only(text, |c| c.is_ascii_alphanumeric() || c == '_', "a variable's name")?;
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Invalid::new("a variable's name cannot start with a digit."));
        }
        refuse_what_others_read(&text.to_ascii_uppercase())?;
        Ok(Self(text.to_owned()))
    }
}

shows_its_field!(VariableName);

fn refuse_what_others_read(name: &str) -> Result<(), Invalid> {
    let begins =
        |prefixes: &[&'static str]| prefixes.iter().copied().find(|p| name.starts_with(*p));
    if let Some(prefix) = begins(&["KESTRA_", "ENV_"]) {
        return Err(Invalid::new(format!(
            "flows can read variables that begin with {prefix}. Take another, e.g. FORWARD_PROXY_PASSWORD"
        )));
    }
    if begins(&CONFIGURATION).is_some() || begins(&SYSTEM).is_some() || EXACT.contains(&name) {
        return Err(Invalid::new(
            "this name has a meaning of its own. Take another, e.g. FORWARD_PROXY_PASSWORD",
        ));
    }
    Ok(())
}

/// Roots of configuration: Micronaut reads a variable such as `MICRONAUT_SERVER_PORT` as a property.
const CONFIGURATION: [&str; 6] =
    ["MICRONAUT_", "DATASOURCES_", "ENDPOINTS_", "LOGGER_", "FLYWAY_", "OTEL_"];

/// Beginnings that the loader, the shell or the JVM act on.
const SYSTEM: [&str; 5] = ["LD_", "LC_", "JAVA_", "JDK_JAVA_", "XDG_"];

/// Names that the loader, the shell, the JVM or other programs act on.
const EXACT: [&str; 22] = [
    "_",
    "_JAVA_OPTIONS",
    "ALL_PROXY",
    "BASH_ENV",
    "CLASSPATH",
    "ENV",
    "FTP_PROXY",
    "HOME",
    "HOSTNAME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "IFS",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "PWD",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Invalid {
        text.parse::<VariableName>().unwrap_err()
    }

    #[test]
    fn a_name_that_flows_can_read_is_refused_with_the_reason() {
        for name in ["KESTRA_PROXY_PASSWORD", "ENV_PROXY_PASSWORD", "kestra_x", "Env_x"] {
            assert!(refusal(name).message.starts_with("flows can read"), "{name}");
        }
    }

    #[test]
    fn a_name_that_something_else_acts_on_is_refused() {
        for name in [
            "PATH",
            "JAVA_OPTS",
            "_JAVA_OPTIONS",
            "LD_PRELOAD",
            "MICRONAUT_SERVER_PORT",
            "https_proxy",
        ] {
            assert!(name.parse::<VariableName>().is_err(), "{name}");
        }
    }

    #[test]
    fn only_what_a_shell_takes_is_a_name() {
        for text in ["", "1A", "A-B", "A.B", "A B", "É", "A=B"] {
            assert!(text.parse::<VariableName>().is_err(), "{text}");
        }
        assert_eq!("_a1".parse::<VariableName>().unwrap().as_str(), "_a1");
    }

    #[test]
    fn a_placeholder_offers_the_name_inside() {
        assert_eq!(refusal("${PROXY_PASSWORD}").suggestion.as_deref(), Some("PROXY_PASSWORD"));
    }
}
