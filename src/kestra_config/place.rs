//! Where in a file a configuration may live, judged by what the file holds.

use super::Refusal;
use super::yaml::{Id, Shape, Tree};
use std::fmt;

/// Where in a file the configuration is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    path: Vec<PathStep>,
    is_compose: bool,
}

/// One level of a path into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    /// The last entry with this literal key.
    Key(String),
}

impl Place {
    /// The whole file is the configuration.
    #[must_use]
    pub fn whole() -> Self {
        Self::default()
    }

    /// The literal keys of the file that lead to the configuration: a mapping, or a literal block
    /// scalar that holds YAML. With `is_compose`, Docker Compose replaces variables in it, so a
    /// `$` is written `$$`.
    #[must_use]
    pub fn at(keys: Vec<String>, is_compose: bool) -> Self {
        Self { path: keys.into_iter().map(PathStep::Key).collect(), is_compose }
    }

    /// Whether the whole file is the configuration.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.path.is_empty()
    }

    pub(super) fn path(&self) -> &[PathStep] {
        &self.path
    }

    /// Whether Docker Compose replaces variables in it.
    #[must_use]
    pub fn is_compose(&self) -> bool {
        self.is_compose
    }
}

/// For people: `services.kestra.environment.KESTRA_CONFIGURATION`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole() {
            f.write_str("the whole file")
        } else {
            let names: Vec<&str> =
                self.path.iter().map(|PathStep::Key(name)| name.as_str()).collect();
            f.write_str(&names.join("."))
        }
    }
}

/// The places of a file that hold a configuration, judged by its content: the services of a
/// Compose file with `KESTRA_CONFIGURATION`, the `configurations.application` of the Helm chart,
/// else the whole file.
///
/// # Errors
///
/// Refuses what cannot be read, and a Compose file without `KESTRA_CONFIGURATION`.
pub fn places(text: &str) -> Result<Vec<Place>, Refusal> {
    let tree = Tree::parse(text)?;
    let mut places = Vec::new();
    for document in &tree.documents {
        candidates(&tree, document.root, &mut Vec::new(), &mut places);
    }
    if places.is_empty() && is_compose_file(&tree) {
        return Err(Refusal::new(None, "no service in this Compose file has KESTRA_CONFIGURATION"));
    }
    if places.is_empty() {
        places.push(Place::whole());
    }
    Ok(places)
}

/// The place of the only configuration of a file; the whole file where there are several, or none that
/// can be read.
#[must_use]
pub fn only_place(text: &str) -> Place {
    match places(text).as_deref() {
        Ok([only]) => only.clone(),
        _ => Place::whole(),
    }
}

const VARIABLE: &str = "KESTRA_CONFIGURATION";

fn candidates(tree: &Tree, value: Id, keys: &mut Vec<String>, places: &mut Vec<Place>) {
    if let Shape::List { .. } = tree.nodes[value].shape {
        let names_it = |item: Id| match &tree.nodes[item].shape {
            Shape::Scalar(text, _) => text.split('=').next() == Some(VARIABLE),
            _ => false,
        };
        if tree.items(value).any(names_it) {
            places.push(Place::at([keys.as_slice(), &[VARIABLE.to_owned()]].concat(), true));
        }
    }
    for (key, value) in tree.entries(value) {
        keys.push(tree.key(key).to_owned());
        if tree.key(key) == VARIABLE {
            places.push(Place::at(keys.clone(), true));
        } else if keys.iter().map(String::as_str).eq(["configurations", "application"]) {
            places.push(Place::at(keys.clone(), false));
        } else {
            candidates(tree, value, keys, places);
        }
        keys.pop();
    }
}

fn is_compose_file(tree: &Tree) -> bool {
    let named = |map: Id, names: &[&str]| -> Vec<Id> {
        let entries = tree.entries(map).filter(|&(key, _)| names.contains(&tree.key(key)));
        entries.map(|(_, value)| value).collect()
    };
    let roots = tree.documents.iter().map(|document| document.root);
    roots.flat_map(|root| named(root, &["services"])).any(|services| {
        tree.entries(services).any(|(_, service)| !named(service, &["image", "build"]).is_empty())
    })
}
