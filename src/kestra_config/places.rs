//! Finding the configurations of a file by evidence: only texts that something reads as Kestra's
//! configuration count, and everything else is refused with what it looks like.

use super::keys;
use super::place::{PathStep, Place, PlaceKind};
use super::reading::Reading;
use super::refused::{self, PlaceError, check_form};
use super::yaml::{Document, Id, ScalarStyle, Shape, Tree};
use super::{compose, locate, merge};
use crate::shell;
use std::sync::Arc;

/// The variable that holds a configuration as text, in Compose and Kubernetes.
pub(super) const VARIABLE: &str = "KESTRA_CONFIGURATION";

/// Top-level sections of Kestra's own `application.yml` and of the Micronaut modules it is built
/// with. A file with none of them is no configuration of Kestra.
pub(super) const SECTIONS: [&str; 11] = [
    "kestra",
    "micronaut",
    "datasources",
    "endpoints",
    "jackson",
    "flyway",
    "logger",
    "netty",
    "otel",
    "tracing",
    "executors",
];

/// Keys of the Helm chart's values that no section `kestra` of a configuration has.
pub(super) const CHART_KEYS: [&str; 13] = [
    "configurations",
    "configuration",
    "configmaps",
    "deployments",
    "image",
    "ingress",
    "dind",
    "replicaCount",
    "extraEnv",
    "serviceAccount",
    "nameOverride",
    "fullnameOverride",
    "podAnnotations",
];

/// How many levels of subcharts may be above Kestra's values.
const MAX_SUBCHARTS: usize = 2;

/// The places of a file that hold a configuration of Kestra.
///
/// # Errors
/// Where the file cannot be read, or holds no configuration that can be edited.
pub fn places(text: &str) -> Result<Vec<Place>, PlaceError> {
    if let Some(refused) = refused::env_file(text) {
        return Err(refused);
    }
    places_in(&Tree::parse(text).map_err(|refusal| refused::not_yaml(text, refusal))?)
}

/// The same for a text that is parsed already.
fn places_in(tree: &Tree) -> Result<Vec<Place>, PlaceError> {
    let mut finder = Finder::new(tree);
    let several = tree.documents.len() > 1;
    for (at, document) in tree.documents.iter().enumerate() {
        finder.begin(document, several.then_some(at + 1));
        finder.search();
    }
    if !finder.found.is_empty() {
        return Ok(finder.found);
    }
    finder.problems.into_iter().next().map_or_else(|| refused::whole_file(tree), Err)
}

/// What is in every configuration of a file; nothing of one that cannot be read.
pub(crate) fn readings(text: &str) -> Vec<(Place, Arc<Reading>)> {
    let tree = Tree::parse(text).ok().filter(|_| refused::env_file(text).is_none());
    let Some(tree) = tree else { return Vec::new() };
    let places = places_in(&tree).unwrap_or_default().into_iter();
    let read = |place: Place| {
        let reading = locate::read(&tree, &place).ok()?;
        Some((place, Arc::new(reading)))
    };
    places.filter_map(read).collect()
}

/// A place that was named by hand, with what the file shows about it.
///
/// # Errors
/// Where the file has no such place, or the text there is in a form that cannot be edited.
pub(crate) fn place_at(text: &str, named: &Place) -> Result<Place, PlaceError> {
    if named.is_whole() {
        return Ok(Place::whole());
    }
    let tree = Tree::parse(text)?;
    let known = places_in(&tree).unwrap_or_default();
    let found = |path: &[PathStep], document: Option<usize>| {
        let is_it =
            |it: &&Place| it.path == path && (document.is_none() || it.document == document);
        known.iter().find(is_it).cloned()
    };
    if let Some(known) = found(&named.path, named.document) {
        return Ok(known);
    }
    let absent = || {
        let reason = format!("there is no {named} in this file");
        PlaceError::new(None, reason, "Leave --at out to see what is there.")
    };
    let documents = tree.documents.iter().enumerate().rev();
    let mut meant = documents.filter(|(at, _)| named.document.is_none_or(|it| it == at + 1));
    let followed = |(at, document): (usize, &Document)| {
        let found = locate::follow(&tree, document.root, &named.path)?;
        found.rest.is_empty().then_some((at, document.root, found.value))
    };
    let (at, root, value) = meant.find_map(followed).ok_or_else(absent)?;
    let document = (tree.documents.len() > 1).then_some(at + 1);
    let path = path_to(&tree, root, value).ok_or_else(absent)?;
    if let Some(known) = found(&path, document) {
        return Ok(known);
    }
    let place = Place::found(document, path, kind_of(&tree, root));
    if place.path != named.path {
        let reason = format!(
            "{named} is {place}, through an alias or a merge key that other keys may have too"
        );
        let remedy = format!(
            "Change it for all of them with --at {}, or write the settings out at {named}.",
            shell::word(&place.to_string())
        );
        return Err(PlaceError::new(Some(tree.nodes[value].line), reason, remedy));
    }
    check_form(&tree, value, place.kind(), &named.to_string())?;
    Ok(place)
}

/// What the kind of a document makes of a place that was named by hand.
fn kind_of(tree: &Tree, root: Id) -> PlaceKind {
    if is_compose_file(tree, root) {
        PlaceKind::Compose
    } else if kubernetes_kind(tree, root).is_some() {
        PlaceKind::ConfigMap
    } else {
        PlaceKind::Named
    }
}

/// The keys and items that lead from a root to a node below it.
fn path_to(tree: &Tree, root: Id, target: Id) -> Option<Vec<PathStep>> {
    let (mut at, mut path) = (root, Vec::new());
    let holds = |id: Id| id <= target && target < tree.nodes[id].after;
    while at != target {
        if tree.is_map(at) {
            let (key, value) = tree.entries(at).find(|&(_, value)| holds(value))?;
            path.push(PathStep::Key(tree.key(key).to_owned()));
            at = value;
        } else {
            let (index, item) = tree.items(at).enumerate().find(|&(_, item)| holds(item))?;
            path.push(PathStep::Item(index));
            at = item;
        }
    }
    Some(path)
}

/// The entries of a mapping with those of its merge keys, aliases followed.
pub(super) fn effective_entries(tree: &Tree, map: Id) -> Vec<(Id, Id)> {
    let map = tree.resolve(map);
    let entries = if tree.is_map(map) { merge::effective(tree, map).ok() } else { None };
    let entries = entries.into_iter().flat_map(|entries| entries.in_effect);
    entries.map(|(key, value)| (key, tree.resolve(value))).collect()
}

/// The value of a literal key, merge keys included.
pub(super) fn value(tree: &Tree, map: Id, key: &str) -> Option<Id> {
    let map = tree.resolve(map);
    let is_it = |&(it, _): &(Id, Id)| tree.key(it) == key;
    // Its own keys win over merged ones, and nearly no mapping has any of the latter.
    let own = tree.entries(map).filter(is_it).last();
    let has_merged = || tree.entries(map).any(|(it, _)| tree.is_merge(it));
    match own {
        Some((_, value)) => Some(tree.resolve(value)),
        None if has_merged() => Some(effective_entries(tree, map).into_iter().rfind(is_it)?.1),
        None => None,
    }
}

/// The mappings at or below a node that have a key, with its value.
fn maps_with(tree: &Tree, node: Id, key: &str) -> impl Iterator<Item = (Id, Id)> {
    let maps = (node..tree.nodes[node].after).filter(|&id| tree.is_map(id));
    maps.filter_map(move |map| Some((map, value(tree, map, key)?)))
}

/// The services of a Compose file, by name.
pub(super) fn services<'t>(tree: &'t Tree) -> Vec<(&'t str, Id)> {
    let roots = tree.documents.iter().map(|document| document.root);
    let services = roots.filter_map(|root| value(tree, root, "services"));
    services
        .flat_map(|services| effective_entries(tree, services))
        .map(|(key, service)| (tree.key(key), service))
        .collect()
}

fn is_compose_file(tree: &Tree, root: Id) -> bool {
    let Some(services) = value(tree, root, "services") else { return false };
    let marks = ["image", "build", "environment", "extends", "env_file"];
    effective_entries(tree, services)
        .iter()
        .any(|&(_, service)| marks.iter().any(|mark| value(tree, service, mark).is_some()))
}

fn kubernetes_kind<'t>(tree: &'t Tree, root: Id) -> Option<&'t str> {
    value(tree, root, "apiVersion")?;
    value(tree, root, "kind").map(|kind| tree.scalar(kind))
}

/// Whether a mapping has one of Kestra's own sections, in any spelling.
pub(super) fn has_section(tree: &Tree, map: Id) -> bool {
    effective_entries(tree, map).iter().any(|&(key, value)| {
        let name = keys::hyphenated(tree.key(key));
        let first = name.split('.').next().unwrap_or_default();
        SECTIONS.contains(&first) && !(name == "kestra" && is_chart(tree, value))
    })
}

/// Whether a section holds values of the Helm chart.
fn is_chart(tree: &Tree, section: Id) -> bool {
    CHART_KEYS.iter().any(|key| value(tree, section, key).is_some())
}

/// Whether a text is a configuration: YAML with one of Kestra's sections.
fn is_configuration(text: &str) -> bool {
    Tree::parse(text)
        .is_ok_and(|tree| tree.documents.iter().any(|document| has_section(&tree, document.root)))
}

/// What is found in the documents of a file.
struct Finder<'t, 'a> {
    tree: &'t Tree<'a>,
    /// The number of the document that is searched, and its root.
    document: Option<usize>,
    root: Id,
    /// Each text once, with the services that use it.
    found: Vec<Place>,
    problems: Vec<PlaceError>,
}

impl<'t, 'a> Finder<'t, 'a> {
    fn new(tree: &'t Tree<'a>) -> Self {
        Self { tree, document: None, root: 0, found: Vec::new(), problems: Vec::new() }
    }

    fn begin(&mut self, document: &Document, number: Option<usize>) {
        (self.document, self.root) = (number, self.tree.resolve(document.root));
    }

    fn search(&mut self) {
        if is_compose_file(self.tree, self.root) {
            self.compose();
        } else if let Some(kind) = kubernetes_kind(self.tree, self.root) {
            self.kubernetes(self.root, kind);
        } else {
            self.helm(self.root, MAX_SUBCHARTS, PlaceKind::Helm);
            self.containers(self.root, PlaceKind::Helm);
        }
    }

    /// Takes the place of a value, if it has a form that can be edited; whether it has.
    fn take(&mut self, value: Id, kind: PlaceKind, service: Option<&str>) -> bool {
        let Some(path) = path_to(self.tree, self.root, value) else { return false };
        let mut place = Place::found(None, path, kind);
        if let Err(problem) = check_form(self.tree, value, kind, &place.to_string()) {
            self.problems.push(problem);
            return false;
        }
        place.document = self.document;
        place.used_by.extend(service.map(str::to_owned));
        self.add(place);
        true
    }

    fn add(&mut self, place: Place) {
        let is_it = |it: &&mut Place| it.path == place.path && it.document == place.document;
        match self.found.iter_mut().find(is_it) {
            Some(known) => known.used_by.extend(place.used_by),
            None => self.found.push(place),
        }
    }

    fn problem(&mut self, at: Id, reason: String, remedy: impl Into<String>) {
        let line = Some(self.tree.nodes[at].line);
        self.problems.push(PlaceError::new(line, reason, remedy));
    }

    fn compose(&mut self) {
        let tree = self.tree;
        let Some(all) = value(tree, self.root, "services") else { return };
        let (found, problems) = (self.found.len(), self.problems.len());
        for (key, service) in effective_entries(tree, all) {
            let name = tree.key(key);
            let Some(environment) = value(tree, service, "environment") else { continue };
            if let Some(value) = value(tree, environment, VARIABLE) {
                self.take(value, PlaceKind::Compose, Some(name));
            }
            let named = tree
                .items(environment)
                .find(|&item| tree.scalar(tree.resolve(item)).split('=').next() == Some(VARIABLE));
            if let Some(item) = named {
                self.problem(
                    item,
                    format!(
                        "service {name} has its variables as a list (- NAME=value), in which a configuration cannot be edited"
                    ),
                    format!(
                        "Write them as a mapping: `NAME: value`, and `{VARIABLE}: |` with the configuration as indented YAML below it."
                    ),
                );
            }
        }
        if self.found.len() == found && self.problems.len() == problems {
            self.problems.push(match compose::mounted_in(tree) {
                Some((service, _, file, _)) => PlaceError::looks_like(
                    &format!("a Compose file whose service {service} mounts {file}"),
                    &format!("For that file, use --config {} instead.", shell::word(file)),
                ),
                None => PlaceError::looks_like(
                    &format!("a Compose file in which no service has {VARIABLE}"),
                    &format!(
                        "Add `{VARIABLE}: |` to the environment of the service that runs Kestra."
                    ),
                ),
            });
        }
    }

    fn kubernetes(&mut self, object: Id, kind: &str) {
        let tree = self.tree;
        let (found, problems) = (self.found.len(), self.problems.len());
        match kind {
            "ConfigMap" => self.entries(object, "data"),
            "Secret" => {
                self.entries(object, "stringData");
                let encoded = value(tree, object, "data").map(|data| effective_entries(tree, data));
                let named = encoded.unwrap_or_default().into_iter().find(|&(key, _)| {
                    let key = tree.key(key);
                    key == VARIABLE || is_yaml_file(key)
                });
                if let Some((key, _)) = named {
                    self.problem(
                        key,
                        format!("data.{} of the Secret is encoded (base64)", tree.key(key)),
                        "Write it as plain text under `stringData:`, as a literal block (|).",
                    );
                }
            }
            "List" => {
                let items = value(tree, object, "items").into_iter();
                for item in items.flat_map(|items| tree.items(items)) {
                    let item = tree.resolve(item);
                    if let Some(kind) = kubernetes_kind(tree, item) {
                        self.kubernetes(item, kind);
                    }
                }
                return;
            }
            "HelmRelease" => {
                let spec = value(tree, object, "spec");
                if let Some(values) = spec.and_then(|spec| value(tree, spec, "values")) {
                    self.helm(values, MAX_SUBCHARTS, PlaceKind::GitOps);
                }
            }
            _ => self.argo_cd(object),
        }
        self.containers(object, PlaceKind::Container);
        // Other objects in the same file may hold it.
        if self.found.len() == found && self.problems.len() == problems {
            self.problems.push(PlaceError::looks_like(
                &format!("a Kubernetes {kind} without a Kestra configuration"),
                "Give the file with the ConfigMap, Secret or Helm values that hold it.",
            ));
        }
    }

    /// The entries of a `ConfigMap` or `Secret` that hold a configuration.
    fn entries(&mut self, object: Id, section: &str) {
        let tree = self.tree;
        let Some(data) = value(tree, object, section) else { return };
        for (key, value) in effective_entries(tree, data) {
            let is_named = tree.key(key) == VARIABLE;
            if is_named || has_section(tree, value) || is_configuration(tree.scalar(value)) {
                self.take(value, PlaceKind::ConfigMap, None);
            }
        }
    }

    /// `helm.values` (text) and `helm.valuesObject`, wherever a source of an application has them.
    fn argo_cd(&mut self, object: Id) {
        let tree = self.tree;
        for (_, helm) in maps_with(tree, object, "helm") {
            if let Some(values) = value(tree, helm, "valuesObject") {
                self.helm(values, MAX_SUBCHARTS, PlaceKind::GitOps);
            }
            if let Some(values) = value(tree, helm, "values") {
                self.helm_text(values);
            }
        }
    }

    fn helm_text(&mut self, values: Id) {
        let tree = self.tree;
        let path = path_to(tree, self.root, values);
        let (Some(path), Shape::Scalar(text, style)) = (path, &tree.nodes[values].shape) else {
            return;
        };
        let Ok(inner) = Tree::parse(text) else { return };
        let mut finder = Finder::new(&inner);
        for document in &inner.documents {
            finder.begin(document, None);
            finder.helm(finder.root, MAX_SUBCHARTS, PlaceKind::GitOps);
        }
        for inside in finder.found {
            if *style == ScalarStyle::Literal {
                let path = [path.as_slice(), &inside.path].concat();
                self.add(Place::found(self.document, path, PlaceKind::GitOps));
            } else {
                let reason =
                    "the Helm values are a text in quotes or folded (>), which cannot be edited";
                let remedy = "Write `values: |` and the values as indented YAML below it.";
                self.problem(values, reason.to_owned(), remedy);
            }
        }
        self.problems.extend(finder.problems);
    }

    /// The values of the chart at a mapping, or below the key of a subchart.
    fn helm(&mut self, map: Id, depth: usize, kind: PlaceKind) {
        let tree = self.tree;
        let chart_1 = value(tree, map, "configurations").filter(|&it| tree.is_map(it));
        if let Some(configurations) = chart_1 {
            match value(tree, configurations, "application") {
                Some(application) => drop(self.take(application, kind, None)),
                None => self.problems.push(refused::without_application(tree, configurations)),
            }
        }
        // Chart 0.x.
        let is_chart_0 = |&it: &Id| has_section(tree, it) || is_configuration(tree.scalar(it));
        let chart_0 = value(tree, map, "configuration").filter(is_chart_0);
        let is_taken = chart_0.is_some_and(|it| self.take(it, kind, None));
        if depth == 0 || is_taken || chart_1.is_some() {
            return;
        }
        for (_, section) in effective_entries(tree, map) {
            if tree.is_map(section) {
                self.helm(section, depth - 1, kind);
            }
        }
    }

    /// Variables of containers: entries `{name: KESTRA_CONFIGURATION, value: …}` of any list.
    fn containers(&mut self, object: Id, kind: PlaceKind) {
        let tree = self.tree;
        let variables = maps_with(tree, object, "name");
        for (variable, name) in variables.filter(|&(_, name)| tree.scalar(name) == VARIABLE) {
            let before = self.found.len();
            if let Some(value) = value(tree, variable, "value") {
                self.take(value, PlaceKind::Container, None);
            } else {
                let reason = format!("{VARIABLE} has no value here: valueFrom names what holds it");
                self.problem(name, reason, "Give the file with that ConfigMap or Secret.");
            }
            self.found[before..].iter_mut().for_each(|place| place.kind = kind);
        }
    }
}

/// Whether a name is that of a YAML file.
pub(super) fn is_yaml_file(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| matches!(extension, "yml" | "yaml"))
}
