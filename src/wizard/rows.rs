//! The numbered settings of the review.

use crate::answers::{Answers, Source};
use crate::form::{self, Field};
use crate::plan::MASK;

/// One numbered setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The digit that opens it.
    pub number: usize,
    /// The question that it opens.
    pub field: &'static Field,
    /// What it is called.
    pub label: &'static str,
    /// What it says.
    pub text: String,
    /// What the files say, if that is something else; or where the answer comes from.
    pub remark: String,
    /// Whether it differs from the files.
    pub is_changed: bool,
}

/// Every setting, with what these answers say.
pub(super) fn of(answers: &Answers) -> Vec<Row> {
    SETTINGS.iter().zip(1..).map(|(setting, number)| setting.row(number, answers)).collect()
}

/// Whether the review shows the answers to both questions as one setting.
pub(super) fn are_one_setting(one: &'static Field, other: &'static Field) -> bool {
    SETTINGS.iter().any(|setting| setting.shows.contains(&one) && setting.shows.contains(&other))
}

/// A setting as the review names it.
struct Setting {
    /// The question that its digit opens.
    field: &'static Field,
    label: &'static str,
    /// The questions whose answers it shows.
    shows: &'static [&'static Field],
    text: fn(&Answers) -> String,
}

/// The settings, in the order of their digits.
static SETTINGS: [Setting; 6] = [
    Setting {
        field: &form::URL,
        label: "Public URL",
        shows: &[&form::URL],
        text: |answers| answers.get(&form::URL).into_owned(),
    },
    Setting {
        field: &form::CONNECTION,
        label: "Connection",
        shows: &[&form::CONNECTION],
        text: connection,
    },
    Setting {
        field: &form::PROXY_ADDRESS,
        label: "Proxy address",
        shows: &[&form::PROXY_ADDRESS],
        text: address,
    },
    Setting {
        field: &form::PROXY_USERNAME,
        label: "Credentials",
        shows: form::LOGIN,
        text: credentials,
    },
    Setting {
        field: &form::CONTEXT_PATH,
        label: "Context path",
        shows: &[&form::CONTEXT_PATH],
        text: context_path,
    },
    Setting { field: &form::REVERSE_PROXY, label: "nginx", shows: form::NGINX, text: nginx },
];

impl Setting {
    fn row(&self, number: usize, answers: &Answers) -> Row {
        Row {
            number,
            // What is not asked is opened by the question that hides it.
            field: if answers.asks(self.field) { self.field } else { &form::CONNECTION },
            label: self.label,
            text: (self.text)(answers),
            remark: remark(answers, self.field, self.shows),
            is_changed: is_changed(answers, self.shows),
        }
    }
}

fn is_changed(answers: &Answers, fields: &[&'static Field]) -> bool {
    answers.defaults().is_reconfiguration && answers.changes().any(|field| fields.contains(&field))
}

fn remark(answers: &Answers, field: &'static Field, fields: &[&'static Field]) -> String {
    let is_changed = is_changed(answers, fields);
    match (answers.found(field), answers.source(field)) {
        (Some(was), _) if is_changed && !field.is_secret() && was != answers.get(field) => {
            let label = field.choice(was).map_or(was, |choice| choice.label);
            format!("was {}", if label.is_empty() { "empty" } else { label })
        }
        _ if is_changed => "(changed)".to_owned(),
        (_, Source::Environment(variable)) => format!("(from {variable})"),
        _ => String::new(),
    }
}

fn connection(answers: &Answers) -> String {
    let value = answers.get(&form::CONNECTION);
    form::CONNECTION.choice(&value).map_or(value.to_string(), |choice| choice.label.to_owned())
}

fn address(answers: &Answers) -> String {
    let is_asked = answers.asks(&form::PROXY_ADDRESS);
    if is_asked { answers.get(&form::PROXY_ADDRESS).into_owned() } else { "-".to_owned() }
}

fn credentials(answers: &Answers) -> String {
    if !answers.asks(&form::PROXY_CREDENTIALS) {
        return "-".to_owned();
    }
    let saved = answers.get(&form::PROXY_CREDENTIALS);
    let how = form::PROXY_CREDENTIALS.choice(&saved).map_or("", |choice| choice.label);
    let how = how.replace("ENV_VAR", &answers.get(&form::PROXY_PASSWORD_VARIABLE));
    let has_password =
        !answers.get(&form::PROXY_PASSWORD).is_empty() || answers.keeps_password_elsewhere();
    let password = if has_password { MASK } else { "(none)" };
    let username = answers.get(&form::PROXY_USERNAME);
    let username = if username.is_empty() { "(none)" } else { &username };
    format!("{username} / {password} ({how})")
}

fn context_path(answers: &Answers) -> String {
    let path = answers.get(&form::CONTEXT_PATH);
    if path.is_empty() { "/ (none)".to_owned() } else { path.into_owned() }
}

fn nginx(answers: &Answers) -> String {
    if !answers.asks(&form::NGINX_FILE) {
        return "none".to_owned();
    }
    let upstream = answers.get(&form::UPSTREAM);
    let path = answers.get(&form::CONTEXT_PATH);
    if answers.asks(&form::SERVER_NAME) {
        let (names, listen) = (answers.get(&form::SERVER_NAME), answers.get(&form::LISTEN));
        format!("{names}:{listen} -> {upstream} {path}")
    } else {
        format!("location {path}/ -> {upstream}")
    }
}
