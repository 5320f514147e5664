//! Collects the answers of a command: the files, then the answers file, then variables, then flags;
//! the later wins.

use super::{CommandError, text_of};
use crate::answers::{self, Answers, Problem};
use crate::cli::{GivenAnswers, PasswordSource};
use crate::form::{self, Field};
use crate::kestra_config::{Place, Refusal};
use crate::machine::{Machine, Seen, Snapshot, Text};
use crate::plan::{self, FileChange, FileKind, Plan};
use crate::settings::Secret;
use crate::shell;
use crate::system::console::{first_line_of_input, variable, variables};
use crate::system::discover::{self, look_at, place_in};
use crate::system::fs::backup::STATE;
use crate::system::nginx::Deadline;
use indexmap::IndexSet;
use std::collections::BTreeMap;
use std::path::Path;

/// How the variables of the questions begin.
const PREFIX: &str = "KESTRA_SETUP_";

/// Everything a command knows once the answers are in.
pub(super) struct Sources {
    pub(super) machine: Machine,
    pub(super) answers: Answers,
    /// The machine for each other place of the file that gets the same edit.
    others: Vec<Machine>,
    /// What is invalid, whatever the other answers are.
    problems: Vec<String>,
}

impl Sources {
    /// Looks at the machine and takes the answers of the command.
    pub(super) fn new(
        config: Option<&Path>,
        place: Option<&Place>,
        given: &GivenAnswers,
    ) -> Result<Self, CommandError> {
        let mut machine = discover::configuration(config, place.cloned())?;
        // Here and below: it was read already.
        let mut answers = machine.answers().unwrap_or_default();
        let mut problems = take(&mut answers, given)?;
        machine.expect_nginx_file(&answers);
        let machine = discover::complete(machine, Deadline::usual());
        let answers = machine.answers().unwrap_or_default().with(&answers);
        problems.extend(unused(&answers).filter_map(|(field, text)| {
            let invalid = field.check(text).err()?;
            Some(line(&Problem::invalid(field, invalid)))
        }));
        Ok(Self { machine, answers, others: Vec::new(), problems })
    }

    /// Looks at the files and takes exactly the answers and texts that a reviewed plan was made
    /// from. No variable and no default of this process counts.
    pub(super) fn exactly(
        config: Option<&Path>,
        place: Option<&Place>,
        given: &GivenAnswers,
    ) -> Result<Self, CommandError> {
        let file = given.file.as_deref().map(text_of).transpose()?.unwrap_or_default();
        let file = answers::parse(&file);
        let text = |text: Option<Secret>| text.map(|text| Text::from(text.reveal()));
        let reviewed = file.reviewed.into_iter().map(|(path, it)| (path, text(it)));
        let reviewed: BTreeMap<_, _> = reviewed.collect();
        let of_config = config.and_then(|config| Some((config, reviewed.get(config)?)));
        let mut machine = match of_config {
            Some((config, text)) => {
                discover::configuration_of(config.to_owned(), text.clone(), place.cloned())?
            }
            None => discover::configuration(config, place.cloned())?,
        };
        // Here and below: it was read already.
        let mut answers = machine.answers().unwrap_or_default();
        answers.restore(file.answers.clone(), Vec::new());
        machine.expect_nginx_file(&answers);
        let mut machine = discover::complete(machine, Deadline::usual());
        for (path, text) in reviewed {
            let snapshot = text.map_or(Snapshot::Absent, Snapshot::Text);
            machine.see(path.clone(), Seen { snapshot, ..look_at(&path) });
        }
        let mut answers = machine.answers().unwrap_or_default();
        answers.restore(file.answers, file.defaults);
        Ok(Self { machine, answers, others: Vec::new(), problems: file.problems })
    }

    /// The plan of these answers.
    pub(super) fn plan(&mut self) -> Result<Plan, CommandError> {
        let Self { answers, machine, .. } = self;
        let settings = match answers.settings() {
            Ok(settings) if self.problems.is_empty() => settings,
            settings => {
                let of_settings = settings.err().map_or(Vec::new(), |problems| refuse(&problems));
                return Err(CommandError::Answers([self.problems.clone(), of_settings].concat()));
            }
        };
        for path in Plan::paths(&settings, machine) {
            if machine.snapshot(&path).is_none() {
                machine.see(path.clone(), look_at(&path));
            }
        }
        Plan::new(answers, &settings, machine).map_err(|refusal| to_paste(&refusal))
    }

    /// Adds the same edit at another place of the file.
    pub(super) fn extend(&mut self, plan: &mut Plan, place: &Place) -> Result<(), CommandError> {
        let Self { answers, machine, .. } = self;
        let is_config = |change: &&mut FileChange| change.kind == FileKind::Config;
        let Some(change) = plan.changes.iter_mut().find(is_config) else { return Ok(()) };
        let place = place_in(machine.config(), change.after.as_str(), place)?;
        let mut there = machine.clone().at(place);
        there.see(machine.config().to_owned(), Snapshot::Text(change.after.clone()));
        there.defaults.service = discover::service(&there);
        let answers = there.answers().map_err(|refusal| to_paste(&refusal))?.with(answers);
        let settings =
            answers.settings().map_err(|problems| CommandError::Answers(refuse(&problems)))?;
        let next = Plan::new(&answers, &settings, &there).map_err(|refusal| to_paste(&refusal))?;
        if let Some(next) = next.changes.into_iter().find(|next| next.kind == FileKind::Config) {
            change.after = next.after;
        }
        self.others.push(there);
        Ok(())
    }

    /// What lets others in or keeps people out once this is written, at any of its places.
    pub(super) fn urgent(&self, plan: &Plan) -> IndexSet<String> {
        self.machines().flat_map(|machine| plan::urgent(machine, plan)).collect()
    }

    fn machines(&self) -> impl Iterator<Item = &Machine> {
        std::iter::once(&self.machine).chain(&self.others)
    }

    /// What is good to know before these answers are written, one sentence each: values that were
    /// corrected, what does not block, what surrounds the configuration. Where nothing is to be
    /// written, the files may hold what was asked for and mean something else.
    pub(super) fn notes(&self, plan: &Plan) -> IndexSet<String> {
        let answers = &self.answers;
        let plan = Some(plan).filter(|plan| !plan.is_noop());
        let corrected = answers.changes().filter(|field| plan.is_some() && !field.is_secret());
        let corrected = corrected.filter_map(|field| correction(field, &answers.get(field)));
        let problems = answers.problems().into_iter();
        let problems = problems.filter(|problem| plan.is_some() && !problem.blocks);
        let unused = unused(answers).map(|(field, _)| not_asked(answers, field));
        unknown_variables()
            .chain(corrected)
            .chain(unused)
            .chain(problems.map(|one| line(&one)))
            .chain(self.machines().flat_map(|machine| plan::notes(answers, machine, plan)))
            .collect()
    }
}

/// Given answers to questions that other answers exclude.
fn unused(answers: &Answers) -> impl Iterator<Item = (&'static Field, &str)> {
    let unused = answers.given().filter(|(field, text)| !answers.asks(field) && !text.is_empty());
    unused.map(|(field, text)| (field, text.reveal()))
}

/// Names the answer that leaves no room for this one.
fn not_asked(answers: &Answers, field: &'static Field) -> String {
    let because = field.ruled_out_by(answers).unwrap_or(field);
    let value = answers.get(because);
    let value = if value.is_empty() { "empty".into() } else { because.shown(&value) };
    format!("{} is not used, since {} is {value}.", field.name, because.name)
}

/// Sets the given answers: flags override variables, which override the answers file. Returns what
/// is wrong with the answers file.
fn take(answers: &mut Answers, given: &GivenAnswers) -> Result<Vec<String>, CommandError> {
    let mut problems = Vec::new();
    if let Some(path) = &given.file {
        let file = answers::parse(&text_of(path)?);
        for (field, text) in file.answers {
            set(answers, field, &text);
        }
        problems = file.problems;
        // Only a plan that was reviewed has defaults of its own.
        problems.extend(file.defaults.first().map(|_| answers::unknown("defaults")));
        problems.extend(file.reviewed.first().map(|_| answers::unknown("reviewed")));
    }
    problems.extend(take_variables(answers));
    for (field, text) in &given.flags {
        answers.set(field, text.reveal());
    }
    if let Some(password) = given.password.as_ref().map(password).transpose()? {
        set(answers, &form::PROXY_PASSWORD, &password);
    }
    Ok(problems)
}

/// A proxy URL fills every field of the proxy, as a paste does. The byte-order mark of an editor is
/// no part of an answer.
fn set(answers: &mut Answers, field: &'static Field, text: &Secret) {
    let text = text.reveal().trim_start_matches('\u{feff}');
    let is_url = *field == form::PROXY_ADDRESS && text.contains("://");
    if !(is_url && answers.set_proxy(text)) {
        answers.set(field, text);
    }
}

/// Takes the variable of every question. Returns what is wrong with them.
pub(super) fn take_variables(answers: &mut Answers) -> Vec<String> {
    for field in form::fields() {
        if let Some(text) = variable(&variable_of(field)) {
            set(answers, field, &text);
        }
    }
    let unreadable = variables(PREFIX).filter(|(_, is_text)| !is_text);
    unreadable.map(|(name, _)| format!("{name}: the value is not UTF-8 text.")).collect()
}

/// `KESTRA_SETUP_` and the name of the question in capitals.
fn variable_of(field: &Field) -> String {
    PREFIX.to_owned() + &field.name.to_ascii_uppercase().replace('-', "_")
}

/// A note for every variable that looks like an answer and is none.
fn unknown_variables() -> impl Iterator<Item = String> {
    let is_known = |name: &str| name == STATE || form::fields().any(|it| variable_of(it) == name);
    let unknown = variables(PREFIX).map(|(name, _)| name).filter(move |name| !is_known(name));
    unknown.map(|name| {
        let question = name[PREFIX.len()..].to_ascii_lowercase().replace('_', "-");
        format!("{name}: {}", answers::no_such_question(&question))
    })
}

fn password(source: &PasswordSource) -> Result<Secret, CommandError> {
    match source {
        PasswordSource::File(path) => {
            let text = Secret::from(text_of(path)?);
            Ok(text.reveal().lines().next().unwrap_or_default().into())
        }
        PasswordSource::Input => first_line_of_input().map_err(|source| CommandError::Io {
            what: "cannot read the password from standard input".to_owned(),
            source,
        }),
    }
}

fn correction(field: &Field, text: &str) -> Option<String> {
    let corrected = field.check(text).ok()?;
    (corrected != text).then(|| format!("{}: saved as \"{corrected}\".", field.name))
}

/// Every problem at once, each with the way to give the answer. Names that are missing only because
/// the address is, come with it.
fn refuse(problems: &[Problem]) -> Vec<String> {
    let lacks_url = problems.iter().any(|problem| *problem.field == form::URL && problem.blocks);
    let follows = |problem: &&Problem| {
        lacks_url && problem.field.follows.contains(&&form::URL) && problem.message == form::MISSING
    };
    let blocking = problems.iter().filter(|problem| problem.blocks);
    blocking.filter(|problem| !follows(problem)).map(line).collect()
}

fn line(problem: &Problem) -> String {
    let Problem { field, message, .. } = problem;
    if message == form::MISSING {
        let Field { name, question, .. } = field;
        return format!(
            "{name}: an answer is required ({question}). Give it with --{name} or \"{name}:\" in the answers file."
        );
    }
    let fixes = problem.fixes.iter().fold(String::new(), |fixes, fix| {
        format!("{fixes} Did you mean --{} {}?", fix.field.name, shell::word(&fix.value))
    });
    let stop = if message.ends_with(['.', '?', ')']) { "" } else { "." };
    format!("{}: {message}{stop}{fixes}", field.name)
}

fn to_paste(refusal: &Refusal) -> CommandError {
    let mut text = refusal.outcome();
    if !refusal.paste.is_empty() {
        text.push_str("\nThis has the same effect when it is pasted by hand:\n\n");
        text.push_str(&refusal.paste);
    }
    CommandError::Refused(text)
}
