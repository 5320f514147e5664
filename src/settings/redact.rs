//! What may be shown of a text that no type vouches for.

use super::Host;
use std::borrow::Cow;
use url::Url;

/// What is shown in place of a text that is not known to be free of secrets.
pub const HIDDEN: &str = "…";

/// A reference to one variable, `${NAME}`; an address without its login, path and query; else
/// [`HIDDEN`].
#[must_use]
pub fn redacted(text: &str) -> Cow<'_, str> {
    if text.is_empty() || is_reference(text) {
        return text.into();
    }
    address(text).map_or(HIDDEN.into(), Cow::Owned)
}

/// The text for an output that shows ASCII only.
#[must_use]
pub fn ascii(text: &str) -> Cow<'_, str> {
    if text.contains(HIDDEN) { text.replace(HIDDEN, "...").into() } else { text.into() }
}

/// Whether a text is `${NAME}` and nothing else. What has a default may have a secret in it.
fn is_reference(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn address(text: &str) -> Option<String> {
    let url: Url = text.trim().parse().ok()?;
    let is_known = matches!(url.scheme(), "http" | "https" | "socks" | "socks5" | "socks5h");
    let host: Host = url.host_str().filter(|_| is_known)?.parse().ok()?;
    let has_login = !url.username().is_empty() || url.password().is_some();
    let login = if has_login { "…@" } else { "" };
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let has_more = !matches!(url.path(), "" | "/") || url.query().or(url.fragment()).is_some();
    let rest = if has_more { "/…" } else { url.path() };
    Some(format!("{}://{login}{host}{port}{rest}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_its_scheme_host_and_port() {
        for (text, shown) in [
            ("https://admin:hunter2@a.example/", "https://…@a.example/"),
            ("http://hunter2@p:3128", "http://…@p:3128/"),
            ("https://a.example/x?token=hunter2", "https://a.example/…"),
            ("https://a.example/#hunter2", "https://a.example/…"),
            ("https://hooks.example/services/hunter2", "https://hooks.example/…"),
            ("socks5://p:1", "socks5://p:1"),
        ] {
            assert_eq!(redacted(text), shown, "{text}");
        }
    }

    #[test]
    fn any_other_text_is_hidden() {
        for text in
            ["hunter2", "u:hunter2@p", "u:hunter2@p:1", "x://hunter2", "${A:hunter2}", "a${B}"]
        {
            assert_eq!(redacted(text), HIDDEN, "{text}");
        }
        assert_eq!((redacted("${A_1}"), redacted("")), ("${A_1}".into(), "".into()));
    }
}
