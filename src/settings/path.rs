//! Paths of files, in an alphabet that needs no quotes in nginx, YAML or a shell.

use super::Invalid;
use super::text::{only, trimmed, unquoted};
use std::path::Path;
use std::str::FromStr;

/// An absolute path to a file, such as a certificate.
///
/// nginx takes relative paths from its own prefix, not from where the operator is, and does not
/// expand `~`; so only absolute paths mean the same to both.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FilePath(String);

impl FilePath {
    /// The path for the file system.
    pub(crate) fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl FromStr for FilePath {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = trimmed(text)?;
        read(text).map(Self).map_err(|refusal| refusal.or_use(inside(text)))
    }
}

shows_its_field!(FilePath);

/// The file that nginx includes.
///
/// In a folder named `conf.d` or `http.d` it must end in `.conf`: nginx ignores other names there
/// without a word (measured).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NginxFile(FilePath);

impl NginxFile {
    /// The path for the file system.
    pub(crate) fn as_path(&self) -> &Path {
        self.0.as_path()
    }

    /// Whether nginx includes the files of this folder outside of any server block, where a bare
    /// `location` stops it (measured with 1.22).
    pub(crate) fn is_read_by_itself(&self) -> bool {
        self.is_in(&["conf.d", "http.d", "sites-enabled"])
    }

    fn is_in(&self, folders: &[&str]) -> bool {
        let folder = self.as_path().parent().and_then(Path::file_name);
        folder.is_some_and(|name| folders.iter().any(|folder| name == *folder))
    }
}

impl FromStr for NginxFile {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let file = Self(text.parse()?);
        let is_included = file.as_path().extension().is_some_and(|extension| extension == "conf");
        if file.is_in(&["conf.d", "http.d"]) && !is_included {
            let refusal = Invalid::new("nginx ignores this name. It has to end in .conf here.");
            return Err(refusal.or_use(format!("{file}.conf")));
        }
        Ok(file)
    }
}

shows_its_field!(NginxFile);

fn read(text: &str) -> Result<String, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("a path is missing. Write it in full, from \"/\" on."));
    }
    if text.starts_with("-----BEGIN") {
        return Err(Invalid::new("this is the file's content. Write the path of the file."));
    }
    if !text.starts_with('/') {
        return Err(Invalid::new("the path has to start with \"/\". Write it in full."));
    }
    only(text, is_path_character, "a path")?;
    let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return Err(Invalid::new("write the path without \".\" and \"..\"."));
    }
    if text.ends_with('/') {
        return Err(Invalid::new("this is a folder. Write the path of the file in it."));
    }
    let path = format!("/{}", parts.join("/"));
    if path.len() > 1024 {
        return Err(Invalid::new("a path has at most 1024 characters."));
    }
    Ok(path)
}

/// The path in quotes or in a `file:` URL.
fn inside(text: &str) -> Option<String> {
    let text = unquoted(text).unwrap_or(text);
    read(text.strip_prefix("file://").unwrap_or(text)).ok()
}

fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._@+=:,/-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_file_urls_offer_the_path_inside() {
        for text in ["\"/etc/ssl/x.pem\"", "file:///etc/ssl/x.pem", "'/etc/ssl/x.pem'"] {
            let refusal = text.parse::<FilePath>().unwrap_err();
            assert_eq!(refusal.suggestion.as_deref(), Some("/etc/ssl/x.pem"), "{text}");
        }
    }

    #[test]
    fn a_folder_is_no_file() {
        for text in ["/", "/etc/ssl/", "//"] {
            assert!(text.parse::<FilePath>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_that_nginx_would_ignore_offers_the_ending() {
        let refusal = "/etc/nginx/conf.d/kestra".parse::<NginxFile>().unwrap_err();
        assert_eq!(refusal.suggestion.as_deref(), Some("/etc/nginx/conf.d/kestra.conf"));
    }

    #[test]
    fn any_name_will_do_where_nginx_takes_any() {
        for text in ["/etc/nginx/sites-available/kestra", "/etc/nginx/http.d/kestra.conf"] {
            assert_eq!(text.parse::<NginxFile>().map(|file| file.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_path_from_home_is_refused() {
        assert!("~/kestra.env".parse::<FilePath>().is_err());
    }
}
