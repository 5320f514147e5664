//! Where in a file a configuration is: its path, its kind, and how a change there reaches Kestra.

use std::fmt;
use std::str::FromStr;

/// Where in a file the configuration is. In text it is what `--at` takes: keys joined by dots, a
/// key with a dot in quotes, `[n]` for an item of a list, `#n:` in front for a document of
/// several, `.` for the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Counted from 1; `None` where the file has one document, or any may be meant.
    pub(super) document: Option<usize>,
    pub(super) path: Vec<PathStep>,
    pub(super) kind: PlaceKind,
    /// The services of a Compose file that use this configuration.
    pub(super) used_by: Vec<String>,
}

/// One level of a path into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    /// The last entry with this literal key.
    Key(String),
    /// The item of a list, counted from 0.
    Item(usize),
}

/// What kind of text holds the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlaceKind {
    /// The file is the configuration.
    #[default]
    WholeFile,
    /// A variable of a Compose service. Docker Compose interpolates it, so `$` is written `$$`.
    Compose,
    /// Values of the Helm chart.
    Helm,
    /// Helm values within an Argo CD application or a Flux release.
    GitOps,
    /// An entry of a Kubernetes `ConfigMap` or `Secret`.
    ConfigMap,
    /// A variable of a Kubernetes container.
    Container,
    /// Named by hand in a file of an unknown kind.
    Named,
}

impl Place {
    /// The whole file is the configuration.
    pub fn whole() -> Self {
        Self::default()
    }

    /// The literal keys of the file that lead to the configuration: a mapping, or a literal block
    /// scalar that holds YAML. With `is_compose`, Docker Compose interpolates it.
    pub fn at(keys: Vec<String>, is_compose: bool) -> Self {
        let kind = if is_compose { PlaceKind::Compose } else { PlaceKind::Named };
        Self::found(None, keys.into_iter().map(PathStep::Key).collect(), kind)
    }

    pub(super) fn found(document: Option<usize>, path: Vec<PathStep>, kind: PlaceKind) -> Self {
        Self { document, path, kind, used_by: Vec::new() }
    }

    /// What kind of text holds the configuration.
    pub(crate) fn kind(&self) -> PlaceKind {
        self.kind
    }

    /// The services of a Compose file that use this configuration.
    pub(crate) fn used_by(&self) -> &[String] {
        &self.used_by
    }

    /// Whether the whole file is the configuration.
    pub fn is_whole(&self) -> bool {
        self.path.is_empty() && self.document.is_none()
    }

    /// Whether Docker Compose interpolates it.
    pub(crate) fn is_compose(&self) -> bool {
        self.kind == PlaceKind::Compose
    }

    /// Whether this Kestra runs in Kubernetes, out of reach of an nginx on this machine.
    pub(crate) fn is_kubernetes(&self) -> bool {
        use PlaceKind::{ConfigMap, Container, GitOps, Helm};
        matches!(self.kind, Helm | GitOps | ConfigMap | Container)
    }

    /// Whether the chart of these values has Kestra's as a subchart.
    fn is_of_subchart(&self) -> bool {
        let is = |step: &PathStep, name: &str| matches!(step, PathStep::Key(key) if key == name);
        let is_top =
            |step: &PathStep| ["configurations", "configuration"].iter().any(|it| is(step, it));
        self.path.iter().skip(1).any(is_top) && !self.path.first().is_some_and(is_top)
    }

    /// The command that makes Kestra read the changed file, to copy and adapt; empty where that is
    /// not known. `file` is quoted for a shell already.
    pub(crate) fn restart_command(&self, file: &str) -> String {
        match self.kind {
            PlaceKind::WholeFile => format!("kestra server standalone --config {file}"),
            PlaceKind::Named => String::new(),
            // The name of the chart above is not in its values.
            PlaceKind::Helm if self.is_of_subchart() => String::new(),
            PlaceKind::Compose => format!("docker compose -f {file} up -d"),
            PlaceKind::Helm => format!("helm upgrade kestra kestra/kestra -f {file}"),
            PlaceKind::GitOps | PlaceKind::Container => format!("kubectl apply -f {file}"),
            PlaceKind::ConfigMap => {
                format!("kubectl apply -f {file} && kubectl rollout restart deployment kestra")
            }
        }
    }
}

/// As `--at` takes it; `the whole file` for people with the alternate flag.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(document) = self.document {
            write!(f, "#{document}:")?;
        }
        if self.path.is_empty() {
            return f.write_str(".");
        }
        for (number, step) in self.path.iter().enumerate() {
            match step {
                PathStep::Item(index) => write!(f, "[{index}]")?,
                PathStep::Key(key) => {
                    let dot = if number > 0 { "." } else { "" };
                    let is_bare = !key.is_empty() && !key.contains(['.', '[', ']', '"', '#', ' ']);
                    if is_bare {
                        write!(f, "{dot}{key}")?;
                    } else {
                        let quoted = key.replace('\\', "\\\\").replace('"', "\\\"");
                        write!(f, "{dot}\"{quoted}\"")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// A text that names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is no path in a file; write keys joined by dots, a key with a dot in quotes, [0] for an \
     item of a list, a dot alone for the whole file"
)]
pub struct InvalidPlace(String);

/// The kind is [`PlaceKind::Named`] until [`super::place_at`] has looked at the file.
impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let invalid = || InvalidPlace(text.to_owned());
        let (document, path) = match text.strip_prefix('#').map(|rest| rest.split_once(':')) {
            None => (None, text),
            Some(Some((number, path))) => {
                let number = number.parse().ok().filter(|&number: &usize| number > 0);
                (Some(number.ok_or_else(invalid)?), path)
            }
            Some(None) => return Err(invalid()),
        };
        if path == "." {
            let kind = if document.is_some() { PlaceKind::Named } else { PlaceKind::WholeFile };
            return Ok(Self::found(document, Vec::new(), kind));
        }
        let path = steps(path).filter(|path| !path.is_empty()).ok_or_else(invalid)?;
        Ok(Self::found(document, path, PlaceKind::Named))
    }
}

fn steps(text: &str) -> Option<Vec<PathStep>> {
    let mut path = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            path.push(PathStep::Item(index.parse().ok()?));
            rest = after;
            continue;
        }
        if !path.is_empty() {
            rest = rest.strip_prefix('.')?;
        }
        let (key, after) = if let Some(quoted) = rest.strip_prefix('"') {
            quoted_key(quoted)?
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        };
        if key.is_empty() {
            return None;
        }
        path.push(PathStep::Key(key));
        rest = after;
    }
    Some(path)
}

/// A key up to its closing quote, and what follows.
fn quoted_key(text: &str) -> Option<(String, &str)> {
    let mut key = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((key, &text[at + 1..])),
            '\\' => key.push(chars.next()?.1),
            _ => key.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_it_is_read() {
        for text in [
            ".",
            "#2:.",
            "services.kestra.environment.KESTRA_CONFIGURATION",
            "data.\"application.yml\"",
            "#2:spec.sources[0].helm.values.configurations.application",
            "a.\"b \\\"c\\\\ [d]\".e",
            "[3].a",
        ] {
            let place: Place = text.parse().unwrap();
            assert_eq!(place.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in
            ["", "a..b", "a.", ".a", "a[", "a[x]", "#:a", "#0:a", "#1a", "a.\"b", "a\"b\"c["]
        {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
