//! Collects the answers of a command: the files, then the answers file, then variables, then flags;
//! the later wins.

use super::{CommandError, text_of};
use crate::answers::{self, Answers, Problem};
use crate::cli::{PasswordSource, Said};
use crate::form::{self, Field};
use crate::kestra_config::Refusal;
use crate::plan::Plan;
use crate::settings::Secret;
use crate::shell;
use crate::system::console::{first_line_of_input, variable, variables};
use crate::system::discover::{Discovery, look, snapshot};
use crate::system::fs::backup::STATE;
use std::path::Path;

/// How the variables of the questions begin.
const PREFIX: &str = "KESTRA_SETUP_";

/// Everything a command knows once the answers are in.
pub(super) struct Sources {
    pub(super) looked: Discovery,
    /// What was said and will not do, whatever the other answers are.
    problems: Vec<String>,
}

impl Sources {
    /// Looks at the files and takes what was said.
    pub(super) fn new(config: Option<&Path>, said: &Said) -> Result<Self, CommandError> {
        let mut looked = look(config, None)?;
        let mut problems = take(&mut looked.answers, said)?;
        looked.read_named_nginx_file();
        problems.extend(unused(&looked.answers).filter_map(|(field, text)| {
            let invalid = field.check(text).err()?;
            Some(line(&Problem::invalid(field, invalid)))
        }));
        Ok(Self { looked, problems })
    }

    /// Looks at the files and takes exactly the answers that a reviewed plan was made from. No
    /// variable and no default of this process counts.
    pub(super) fn exactly(config: Option<&Path>, said: &Said) -> Result<Self, CommandError> {
        let mut looked = look(config, None)?;
        let file = said.file.as_deref().map(text_of).transpose()?.unwrap_or_default();
        let file = answers::parse(&file);
        looked.answers.restore(file.answers, file.defaults);
        looked.read_named_nginx_file();
        Ok(Self { looked, problems: file.problems })
    }

    /// The plan of these answers.
    pub(super) fn plan(&mut self) -> Result<Plan, CommandError> {
        let Discovery { answers, found, .. } = &mut self.looked;
        let settings = match answers.settings() {
            Ok(settings) if self.problems.is_empty() => settings,
            settings => {
                let of_settings = settings.err().map_or(Vec::new(), |problems| refuse(&problems));
                return Err(CommandError::Answers([self.problems.clone(), of_settings].concat()));
            }
        };
        for path in Plan::paths(&settings, found) {
            if found.snapshot(&path).is_none() {
                let seen = snapshot(&path);
                found.see(path, seen);
            }
        }
        Plan::new(answers, &settings, found).map_err(|refusal| to_paste(&refusal))
    }

    /// What is good to know before these answers are written, one sentence each: values that were
    /// corrected, what does not block, what surrounds the configuration.
    pub(super) fn notes(&self, plan: &Plan) -> Vec<String> {
        let Discovery { answers, found, .. } = &self.looked;
        let corrected = answers.given().filter(|(field, _)| !field.is_secret());
        let corrected = corrected.filter_map(|(field, text)| correction(field, text.reveal()));
        let problems = answers.problems().into_iter().filter(|problem| !problem.blocks);
        let settings = answers.settings().ok();
        let served = settings.map_or(Vec::new(), |settings| found.nginx_notes(&settings));
        let unused = unused(answers).map(|(field, _)| not_asked(answers, field));
        let known =
            served.into_iter().chain(found.edited_by_hand(plan)).chain(found.remarks_after(plan));
        unknown_variables()
            .chain(corrected)
            .chain(unused)
            .chain(problems.map(|one| line(&one)))
            .chain(known)
            .collect()
    }

    /// The nginx file that would be overwritten although it is not the wizard's.
    pub(super) fn foreign(&self, plan: &Plan) -> Option<CommandError> {
        let change = self.looked.found.foreign(plan)?;
        Some(CommandError::Answers(vec![format!(
            "nginx-file: {} was not written by kestra-setup. Name another file, or move it away.",
            change.path.display()
        )]))
    }
}

/// What was said although the other answers leave no room for it.
fn unused(answers: &Answers) -> impl Iterator<Item = (&'static Field, &str)> {
    let unused = answers.given().filter(|(field, text)| !answers.asks(field) && !text.is_empty());
    unused.map(|(field, text)| (field, text.reveal()))
}

/// Says which answer leaves no room for this one.
fn not_asked(answers: &Answers, field: &'static Field) -> String {
    let because = field.ruled_out_by(answers).unwrap_or(field);
    let value = answers.get(because);
    let value = if value.is_empty() { "empty".into() } else { because.shown(&value) };
    format!("{} is not used, since {} is {value}.", field.name, because.name)
}

/// Takes what was said, so that flags win over variables and those over the answers file. Gives what
/// is wrong with the answers file.
fn take(answers: &mut Answers, said: &Said) -> Result<Vec<String>, CommandError> {
    let mut problems = Vec::new();
    if let Some(path) = &said.file {
        let file = answers::parse(&text_of(path)?);
        for (field, text) in file.answers {
            set(answers, field, &text);
        }
        problems = file.problems;
        // Only a plan that was reviewed has defaults of its own.
        problems.extend(file.defaults.first().map(|_| answers::unknown("defaults")));
    }
    take_variables(answers);
    for (field, text) in &said.flags {
        answers.set(field, text.reveal());
    }
    if let Some(password) = said.password.as_ref().map(password).transpose()? {
        answers.set(&form::PROXY_PASSWORD, password.reveal());
    }
    Ok(problems)
}

/// A proxy URL in an answers file fills every field of the proxy, as a paste does.
fn set(answers: &mut Answers, field: &'static Field, text: &Secret) {
    let is_url = *field == form::PROXY_ADDRESS && text.reveal().contains("://");
    if !(is_url && answers.set_proxy(text.reveal())) {
        answers.set(field, text.reveal());
    }
}

/// Takes the variable of every question.
pub(super) fn take_variables(answers: &mut Answers) {
    for field in form::fields() {
        if let Some(text) = variable(&variable_of(field)) {
            set(answers, field, &text);
        }
    }
}

/// `KESTRA_SETUP_` and the name of the question in capitals.
fn variable_of(field: &Field) -> String {
    PREFIX.to_owned() + &field.name.to_ascii_uppercase().replace('-', "_")
}

/// A note for every variable that looks like an answer and is none.
fn unknown_variables() -> impl Iterator<Item = String> {
    let is_known = |name: &str| name == STATE || form::fields().any(|it| variable_of(it) == name);
    let unknown = variables(PREFIX).filter(move |name| !is_known(name));
    unknown.map(|name| format!("{name}: there is no such question."))
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
            "Missing: {question}. Give it with --{name} or \"{name}:\" in the answers file."
        );
    }
    let fixes = problem.fixes.iter().fold(String::new(), |fixes, fix| {
        format!("{fixes} Did you mean --{} {}?", fix.field.name, shell::word(&fix.value))
    });
    let stop = if message.ends_with(['.', '?', ')']) { "" } else { "." };
    format!("{}: {message}{stop}{fixes}", field.name)
}

fn to_paste(refusal: &Refusal) -> CommandError {
    let line = refusal.line.map_or(String::new(), |line| format!(" (line {line})"));
    let mut text = format!("the file was left alone{line}: {}", refusal.reason);
    if !refusal.paste.is_empty() {
        text.push_str("\nThis has the same effect when it is pasted by hand:\n\n");
        text.push_str(&refusal.paste);
    }
    CommandError::Refused(text)
}
