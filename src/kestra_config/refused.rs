//! Why a file holds no configuration that can be edited: what it looks like, or the form that its
//! configuration has, each with what to do.

use super::place::{Place, PlaceKind};
use super::places::{
    CHART_KEYS, SECTIONS, VARIABLE, effective_entries, has_section, is_yaml_file, value,
};
use super::yaml::{Id, ScalarStyle, Shape, Tree};
use super::{Refusal, compose};

const BY_HAND: &str = "A configuration elsewhere in the file is named with --at KEY.PATH, or --at . for the whole file.";

/// Why a file holds no configuration that can be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// It is no YAML at all, or none that Kestra could read.
    #[error(transparent)]
    Unreadable(#[from] Refusal),
    /// It has another form, or is something else.
    #[error("{reason}")]
    Unsuitable {
        /// Counted from 1.
        line: Option<usize>,
        /// Lower case, no full stop.
        reason: String,
        /// What the operator can do, as sentences.
        remedy: String,
    },
}

impl PlaceError {
    pub(super) fn new(line: Option<usize>, reason: String, remedy: impl Into<String>) -> Self {
        Self::Unsuitable { line, reason, remedy: remedy.into() }
    }

    pub(super) fn looks_like(what: &str, remedy: &str) -> Self {
        let remedy =
            if remedy.is_empty() { BY_HAND.to_owned() } else { format!("{remedy} {BY_HAND}") };
        Self::new(None, format!("this looks like {what}"), remedy)
    }
}

/// The whole file, if its sections are Kestra's, or it is empty.
///
/// # Errors
/// What it looks like instead.
pub(super) fn whole_file(tree: &Tree) -> Result<Vec<Place>, PlaceError> {
    let roots: Vec<Id> = tree.documents.iter().map(|it| tree.resolve(it.root)).collect();
    let has = |key: &str| roots.iter().any(|&root| value(tree, root, key).is_some());
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    let has_kestra = roots.iter().any(|&root| has_section(tree, root));
    let is_flow = has("id") && any(&["tasks", "namespace", "triggers"]);
    if roots.iter().all(|&root| tree.is_empty(root)) || (has_kestra && !is_flow) {
        return Ok(vec![Place::whole()]);
    }
    let is_aws = |resource: Id| {
        value(tree, resource, "Type").is_some_and(|it| tree.scalar(it).starts_with("AWS::"))
    };
    let resources = roots.iter().filter_map(|&root| value(tree, root, "Resources"));
    let mut resources = resources.flat_map(|it| effective_entries(tree, it));
    let sections = format!("It has none of its top-level sections ({}).", SECTIONS[..4].join(", "));
    let (what, remedy) = if is_flow {
        ("a Kestra flow", "Flows are edited in Kestra; give its configuration with --config.")
    } else if has("AWSTemplateFormatVersion") || resources.any(|(_, it)| is_aws(it)) {
        ("a CloudFormation template", "Edit the text of KESTRA_CONFIGURATION in it by hand.")
    } else if has("jobs") && any(&["on", "true", "name"]) {
        ("a workflow of GitHub Actions", "")
    } else if has("url") && any(&["connection", "proxy-address", "reverse-proxy", "context-path"]) {
        ("an answers file of kestra-setup", "Use it with apply --answers.")
    } else if any(&CHART_KEYS) || has("kestra") {
        ("Helm values without a Kestra configuration: add `configurations.application:`", "")
    } else if roots.iter().all(|&root| !tree.is_map(root)) {
        ("a list or a text, not a configuration", "")
    } else {
        ("no configuration of Kestra", &*sections)
    };
    Err(PlaceError::looks_like(what, remedy))
}

/// The refusal of an env file, whatever YAML it would be.
pub(super) fn env_file(text: &str) -> Option<PlaceError> {
    let sets_it = |line: &str| {
        let line = line.strip_prefix("export ").unwrap_or(line);
        line.strip_prefix(VARIABLE).is_some_and(|rest| rest.starts_with('='))
    };
    let line = text.lines().position(sets_it)? + 1;
    let reason = format!("this looks like an env file, in which {VARIABLE} cannot be edited");
    let remedy = format!(
        "Move its YAML into a file such as /etc/kestra/config.yml, remove {VARIABLE}, and start Kestra with --config /etc/kestra/config.yml."
    );
    Some(PlaceError::new(Some(line), reason, remedy))
}

/// What is no YAML may be a file of another language.
pub(super) fn not_yaml(text: &str, refusal: Refusal) -> PlaceError {
    const TERRAFORM: [&str; 6] =
        ["resource \"", "module \"", "variable \"", "provider \"", "terraform {", "locals {"];
    let is_terraform = |line: &str| TERRAFORM.iter().any(|start| line.starts_with(start));
    let (what, remedy) = if text.lines().any(is_terraform) {
        ("a Terraform file", "Edit the text of KESTRA_CONFIGURATION in it by hand.")
    } else if text.contains("{{") && text.contains(".Values.") {
        ("a template of a Helm chart", "Edit the values of the chart.")
    } else if text.lines().any(|line| line.contains("proxy_pass ")) {
        ("a file for nginx", "")
    } else {
        return refusal.into();
    };
    PlaceError::looks_like(what, remedy)
}

/// Chart values with `configurations` and no `application` in it.
pub(super) fn without_application(tree: &Tree, configurations: Id) -> PlaceError {
    let lists = ["configmaps", "secrets"].iter().filter_map(|key| value(tree, configurations, key));
    let items = lists.flat_map(|list| tree.items(list));
    let names = items.filter_map(|item| value(tree, item, "name")).map(|name| tree.scalar(name));
    let names = names.collect::<Vec<_>>().join(", ");
    let elsewhere = if names.is_empty() { String::new() } else { format!(", which is in {names}") };
    PlaceError::looks_like(
        &format!(
            "Helm values without a Kestra configuration{elsewhere}: add `configurations.application:`"
        ),
        "",
    )
}

/// Refuses a form in which a configuration cannot be edited, with the correction.
pub(super) fn check_form(
    tree: &Tree,
    id: Id,
    kind: PlaceKind,
    name: &str,
) -> Result<(), PlaceError> {
    let node = &tree.nodes[id];
    let key = name.rsplit('.').next().unwrap_or(name);
    let (text, word) = (tree.scalar(id), tree.scalar(id).trim());
    let is_one_line = !word.contains('\n');
    let is_path = is_one_line
        && !text.contains(": ")
        && (word.starts_with(['/', '.', '~']) || is_yaml_file(word));
    let as_block = format!("Write `{key}: |` and the configuration as indented YAML below it.");
    let is_text_only = !matches!(kind, PlaceKind::Helm | PlaceKind::GitOps | PlaceKind::Named);
    let (reason, remedy) = match node.shape {
        Shape::Map { .. } if is_text_only => (
            format!("{name} is a mapping where a text is expected: the bar is missing"),
            format!("Write `{key}: |` so that what is below it is one text."),
        ),
        Shape::Map { .. } => return Ok(()),
        Shape::List { .. } => (format!("{name} is a list, not a configuration"), as_block),
        Shape::Scalar(..) if tree.is_empty(id) && !is_text_only => return Ok(()),
        Shape::Scalar(..) if is_path => (
            format!("{name} holds a path; it must hold the YAML itself"),
            format!("{as_block} Or mount the file and start Kestra with --config."),
        ),
        Shape::Scalar(_, ScalarStyle::Literal) => return check_literal(tree, id, kind, name),
        Shape::Scalar(_, ScalarStyle::Folded) => (
            format!("{name} is folded (>), which joins the lines of a configuration"),
            format!("Write `{key}: |` in place of `>`."),
        ),
        Shape::Scalar(..) if tree.is_empty(id) => {
            (format!("{name} has no value, so it comes from elsewhere"), as_block)
        }
        Shape::Scalar(..) if text.starts_with('$') && is_one_line => {
            (format!("{name} is a variable that is set elsewhere"), as_block)
        }
        Shape::Scalar(..) | Shape::Alias(_) => {
            (format!("{name} is a text on one line or in quotes, which cannot be edited"), as_block)
        }
    };
    Err(PlaceError::new(Some(node.line), reason, remedy))
}

fn check_literal(tree: &Tree, id: Id, kind: PlaceKind, name: &str) -> Result<(), PlaceError> {
    let node = &tree.nodes[id];
    if kind == PlaceKind::Compose {
        compose::check_interpolation(tree.text, node.start, node.end).map_err(|line| {
            PlaceError::new(
                Some(line),
                format!("Docker Compose refuses a $ that begins no variable, in {name}"),
                "Write `$$` for a $ that Kestra is to get, or a variable as ${NAME}.",
            )
        })?;
    }
    let Shape::Scalar(text, _) = &node.shape else { return Ok(()) };
    // What is no YAML is refused where it is read, with its line.
    let Ok(inner) = Tree::parse(text) else { return Ok(()) };
    let is_mapping = |root: Id| inner.is_map(inner.resolve(root)) || inner.is_empty(root);
    if inner.documents.iter().all(|document| is_mapping(document.root)) {
        return Ok(());
    }
    Err(PlaceError::new(
        Some(node.line),
        format!("{name} must hold the YAML itself, and holds another text"),
        "Write the configuration there as indented YAML, such as `kestra:`.",
    ))
}
