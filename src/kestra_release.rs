//! Releases of Kestra, as far as a context path and its login differ between them.
//!
//! The table is `assets/kestra-releases.txt`, which has the sources and its date.

use serde::Serialize;
use std::fmt;

const TABLE: &str = include_str!("../assets/kestra-releases.txt");

/// The advisory of [`Era::LoginBypass`].
pub(crate) const ADVISORY: &str = "CVE-2026-53576";

/// What a release does about its login, most of all under a context path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// Anyone can run code ([`ADVISORY`]).
    LoginBypass,
    /// Under a path, login page, first setup and webhooks are closed until they are listed in
    /// `kestra.server.basic-auth.open-urls`.
    Closed,
    /// Under a path, only webhooks can be opened by that list.
    WebhooksOnly,
    /// Under a path everything is as at the root.
    Open,
}

/// The release that runs Kestra with a configuration; `show --json` has its name and where it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// An image such as `kestra/kestra:v1.3.25`, or a version such as `Kestra 1.3.25`.
    pub(crate) name: String,
    /// Where it was seen, such as `image of service kestra`.
    pub(crate) seen: String,
    /// Its era, where the name tells.
    #[serde(skip)]
    pub(crate) era: Option<Era>,
}

impl Release {
    /// The release of an image that was seen there.
    pub(crate) fn of_image(image: String, seen: String) -> Self {
        Self { era: Era::of_image(&image), name: image, seen }
    }

    /// The release with this version, such as `1.3.25`, that was seen there.
    pub fn of_version(version: &str, seen: String) -> Self {
        Self { era: Era::of_version(version), name: format!("Kestra {version}"), seen }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.seen)
    }
}

impl Era {
    /// The era of a version such as `1.3.25`, with or without a `v` or a suffix. `1.3` is known if
    /// all of its releases are of one era.
    pub fn of_version(version: &str) -> Option<Self> {
        let version = version.strip_prefix('v').unwrap_or(version);
        let (numbers, suffix) = version.split_once(['-', '+']).unwrap_or((version, ""));
        let is_prerelease = ["SNAPSHOT", "rc", "alpha", "beta"]
            .iter()
            .any(|word| suffix.to_lowercase().starts_with(&word.to_lowercase()));
        let (first, last) = (release(numbers, 0)?, release(numbers, u32::MAX)?);
        let era = of_release(first);
        era.filter(|_| !is_prerelease && of_release(last) == era)
    }

    /// The era of a container image such as `kestra/kestra:v1.3.25-no-plugins`. Not known without a
    /// tag, of a moving tag, and of the enterprise edition.
    pub(crate) fn of_image(image: &str) -> Option<Self> {
        let name = image.split('@').next()?.rsplit('/').next()?;
        match name.split_once(':')? {
            ("kestra", tag) => Self::of_version(tag),
            _ => None,
        }
    }
}

/// Three numbers; those that are missing are `rest`.
fn release(version: &str, rest: u32) -> Option<[u32; 3]> {
    let mut release = [rest; 3];
    let mut numbers = version.split('.');
    for number in &mut release {
        let Some(text) = numbers.next() else { break };
        *number = text.parse().ok()?;
    }
    numbers.next().is_none().then_some(release)
}

fn of_release(wanted: [u32; 3]) -> Option<Era> {
    rows().find(|(from, before, _)| *from <= wanted && wanted < *before).map(|(.., era)| era)
}

fn rows() -> impl Iterator<Item = ([u32; 3], [u32; 3], Era)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(row)
}

/// The first release of an era, the first one after it, and the era.
fn row(line: &str) -> Option<([u32; 3], [u32; 3], Era)> {
    let mut columns = line.split_whitespace();
    let (from, before) = (release(columns.next()?, 0)?, release(columns.next()?, 0)?);
    let era = match columns.next()? {
        "login-bypass" => Era::LoginBypass,
        "closed" => Era::Closed,
        "webhooks-only" => Era::WebhooksOnly,
        "open" => Era::Open,
        _ => return None,
    };
    Some((from, before, era))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().count(), lines);
        assert!(rows().all(|(from, before, _)| from < before) && TABLE.contains(ADVISORY));
    }

    #[test]
    fn a_row_names_one_of_the_eras() {
        for (word, era) in [
            ("login-bypass", Some(Era::LoginBypass)),
            ("closed", Some(Era::Closed)),
            ("webhooks-only", Some(Era::WebhooksOnly)),
            ("open", Some(Era::Open)),
            ("opened", None),
        ] {
            let read = row(&format!("2.0 2.1.5  {word}"));
            assert_eq!(read, era.map(|era| ([2, 0, 0], [2, 1, 5], era)), "{word}");
        }
    }

    #[test]
    fn a_version_has_its_era() {
        for (version, era) in [
            ("0.21.3", Some(Era::LoginBypass)),
            ("1.0.44", Some(Era::LoginBypass)),
            ("1.0.45", Some(Era::Closed)),
            ("1.3.20", Some(Era::LoginBypass)),
            ("v1.3.25", Some(Era::Closed)),
            ("v1.3.20-no-plugins", Some(Era::LoginBypass)),
            ("1.2", Some(Era::LoginBypass)),
            ("1.3", None),
            ("1", None),
            ("2.0.0-SNAPSHOT", None),
            ("2.0.7", None),
            ("1.3.25-rc1", None),
            ("latest", None),
            ("1.2.3.4", None),
        ] {
            assert_eq!(Era::of_version(version), era, "{version}");
        }
    }

    #[test]
    fn an_image_has_the_era_of_its_tag() {
        for (image, era) in [
            ("kestra/kestra:v1.3.20", Some(Era::LoginBypass)),
            ("registry.corp:5000/kestra/kestra:v1.3.25-full@sha256:ab", Some(Era::Closed)),
            ("kestra/kestra:latest", None),
            ("kestra/kestra", None),
            ("registry.kestra.io/docker/kestra-ee:v1.3.20", None),
            ("postgres:1.3.20", None),
        ] {
            assert_eq!(Era::of_image(image), era, "{image}");
        }
    }
}
