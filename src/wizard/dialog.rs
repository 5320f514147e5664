//! A failure or a question with several choices.

use super::{AfterDiscovery, Effect, Exit, Failure, FormStep, Step, Wizard, WriteResult};
use crate::form::{self, Field};
use crate::plan::{self, FileKind, Plan};
use std::borrow::Cow;
use std::path::PathBuf;

/// What happened, and the choices.
#[derive(Debug, Clone)]
pub struct Dialog {
    pub(crate) failure: Failure,
    /// The choice that Enter takes.
    pub(crate) selected: usize,
    /// What was to be written when it happened.
    plan: Plan,
}

/// What the operator can do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Read the files again and apply the answers to what they hold now.
    Reapply,
    /// Save ours beside the files that changed.
    SaveBeside,
    /// Read the files again and forget the answers.
    StartOver,
    /// Write over what somebody else changed meanwhile.
    Overwrite,
    /// Write with the rights of root.
    Sudo,
    /// Save in a folder of the operator, with the commands to install it.
    SaveAside,
    /// Go to this question and answer it anew.
    Change(&'static Field),
    /// Go on without the certificate.
    WithoutTls,
    /// Write everything but the nginx file.
    WithoutNginx,
    /// Show this, word for word.
    ShowEvidence(String),
    /// Try the same once more.
    Retry,
    /// Replace a file that somebody else wrote.
    Replace,
    /// Undo the write that was interrupted.
    Undo,
    /// Undo the completed write with this name, or the one that was interrupted, over the changes
    /// of others.
    UndoOverwriting(Option<String>),
    /// Leave the files as they are, and forget the write that was interrupted.
    Forget,
    /// Go on with the answers of the draft.
    Continue,
    /// Forget the draft and begin with empty answers.
    Fresh,
    /// Go on without the right to write.
    ReadOnly,
    /// Leave without writing.
    Quit,
}

impl Choice {
    /// What the choice does, in the operator's words; at most 74 columns.
    pub(crate) fn label(&self) -> Cow<'static, str> {
        self.words().0
    }

    /// Whether files are written by this choice, without a review.
    pub(crate) fn writes(&self) -> bool {
        self.words().1
    }

    /// What it does, and whether that writes.
    fn words(&self) -> (Cow<'static, str>, bool) {
        let (text, writes) = match self {
            Self::Reapply => {
                ("Keep both: apply my change to the new file, show the diff again", false)
            }
            Self::SaveBeside => ("Save mine beside it as *.kestra-setup-new and stop", true),
            Self::StartOver => ("Drop my change and start from the new file", false),
            Self::Overwrite => {
                ("Overwrite with my version (their change is lost; backup kept)", true)
            }
            Self::Sudo => ("Write with sudo: asks your sudo password, writes what you saw", true),
            Self::SaveAside => {
                ("Save the files under ~/kestra-setup-out/, print how to install them", true)
            }
            Self::Change(field) => {
                let step = form::position(field).map_or(0, |(screen, _)| screen + 1);
                return (format!("Correct \"{}\" (step {step})", field.label).into(), false);
            }
            Self::WithoutTls => ("Go on without TLS", false),
            Self::WithoutNginx => ("Write the other files only, skip nginx", true),
            Self::ShowEvidence(_) => ("Show what nginx said", false),
            Self::Retry => ("Try again", true),
            Self::Replace => ("Replace it (a backup is kept)", true),
            Self::Undo => ("Undo it: restore every file as it was before", true),
            Self::UndoOverwriting(_) => {
                ("Undo it anyway (the other change is lost; backup kept)", true)
            }
            Self::Forget => {
                ("Keep the files as they are and forget that write (backups kept)", true)
            }
            Self::Continue => ("Continue with these answers (passwords are not kept)", false),
            Self::Fresh => ("Start over (or n)", false),
            Self::ReadOnly => ("Open read-only", false),
            Self::Quit => ("Quit, write nothing", false),
        };
        (text.into(), writes)
    }
}

impl Dialog {
    /// These choices, the best first.
    pub fn new(failure: Failure, plan: Plan) -> Self {
        Self { failure, selected: 0, plan }
    }

    /// Whether a plan was to be written when it happened; else it is about the start.
    pub(crate) fn is_about_a_plan(&self) -> bool {
        !self.plan.changes.is_empty()
    }
}

impl Wizard {
    pub(super) fn choose(&mut self, number: usize) -> Option<Effect> {
        let Step::Dialog(dialog) = &self.step else { return None };
        let choice = dialog.failure.choices.get(number)?.clone();
        let plan = dialog.plan.clone();
        Some(match choice {
            Choice::Change(field) => {
                // nginx may blame what is not asked, such as a certificate that is not ours.
                let field = field.ruled_out_by(&self.answers).unwrap_or(field);
                self.step = Step::FormStep(FormStep {
                    is_returning: true,
                    ..FormStep::on(&self.answers, field)
                });
                return None;
            }
            Choice::Continue if self.resumed_at < form::SCREENS.len() => {
                self.open_screen(self.resumed_at);
                return None;
            }
            // Passwords are not kept, so that one may be missing.
            Choice::Continue if self.answers.problems().iter().all(|it| !it.blocks) => {
                return self.review();
            }
            Choice::Continue => return self.review_or_ask(),
            Choice::ReadOnly => return self.begin(),
            Choice::WithoutTls => {
                for field in [&form::CERTIFICATE, &form::CERTIFICATE_KEY] {
                    self.answers.set(field, "");
                }
                return self.review();
            }
            Choice::ShowEvidence(text) => {
                if let Step::Dialog(dialog) = &mut self.step {
                    dialog.failure.choices.remove(number);
                    dialog.failure.lines.extend([String::new(), text]);
                    dialog.selected = 0;
                }
                return None;
            }
            // A draft that was not decided on stays.
            Choice::Quit if plan.changes.is_empty() => Effect::Exit(Exit::Done),
            Choice::Quit => return self.quit(),
            Choice::Fresh => {
                self.answers.forget();
                return self.begin();
            }
            Choice::Reapply => self.look(paths(&plan), AfterDiscovery::Review),
            Choice::StartOver => {
                self.answers.forget();
                self.look(paths(&plan), AfterDiscovery::Review)
            }
            Choice::Overwrite => self.look(paths(&plan), AfterDiscovery::Overwrite(plan)),
            Choice::SaveBeside => self.writing(plan, Effect::SaveBeside),
            Choice::SaveAside => self.writing(plan, Effect::SaveAside),
            Choice::Sudo => self.writing(plan, Effect::Elevate),
            Choice::Retry | Choice::Replace => self.writing(plan, Effect::Write),
            Choice::WithoutNginx => self.writing(plan.without(FileKind::Nginx), Effect::Write),
            Choice::Undo => self.writing(plan, |_| Effect::Undo { id: None, overwrite: false }),
            Choice::UndoOverwriting(id) => {
                self.writing(plan, |_| Effect::Undo { id, overwrite: true })
            }
            Choice::Forget => self.writing(plan, |_| Effect::Forget),
        })
    }

    /// `n`: without the draft, where that is one of the choices.
    pub(super) fn start_over(&mut self) -> Option<Effect> {
        let Step::Dialog(dialog) = &self.step else { return None };
        let fresh = dialog.failure.choices.iter().position(|choice| *choice == Choice::Fresh)?;
        self.choose(fresh)
    }

    pub(super) fn writing(&mut self, plan: Plan, effect: impl FnOnce(Plan) -> Effect) -> Effect {
        self.step = Step::Writing(plan.clone());
        effect(plan)
    }

    /// An existing configuration starts with the review, a new one where an answer is missing.
    pub(super) fn review_or_ask(&mut self) -> Option<Effect> {
        if self.answers.defaults().is_reconfiguration {
            return self.review();
        }
        let open = self.answers.problems().into_iter().find(|problem| problem.blocks);
        let field = open.map_or(&form::URL, |problem| problem.field);
        self.step = Step::FormStep(FormStep::on(&self.answers, field));
        None
    }

    /// `w`: asks whether to write what is shown, if it can be written.
    pub(super) fn ask_to_write(&mut self) {
        self.with_review(|review| review.is_confirming = review.plan_to_write().is_some());
    }

    /// Writes what is shown, nothing else.
    pub(super) fn write(&mut self) -> Option<Effect> {
        let Step::Review(review) = &mut self.step else { return None };
        let plan = review.plan_to_write()?.clone();
        match foreign(&plan) {
            Some(failure) => {
                self.step = Step::Dialog(Dialog::new(failure, plan));
                None
            }
            None => Some(self.writing(plan, Effect::Write)),
        }
    }

    pub(super) fn written(&mut self, result: Result<WriteResult, Failure>) -> Option<Effect> {
        let plan = match &self.step {
            Step::Writing(plan) | Step::Dialog(Dialog { plan, .. }) => plan.clone(),
            _ => Plan::default(),
        };
        match result {
            Ok(saved) => {
                let urgent = plan::urgent(&self.machine, &plan);
                let saved = super::with_next_steps(saved, &self.answers);
                self.end_with(WriteResult { urgent, ..saved });
            }
            Err(failure) => {
                let is_planned = !plan.changes.is_empty();
                self.step = Step::Dialog(Dialog::new(failure, plan));
                if !is_planned {
                    // What could not be undone is what the files hold by now.
                    return Some(Effect::ReadFiles(self.machine.paths()));
                }
            }
        }
        None
    }

    pub(super) fn undo_write(&mut self) -> Option<Effect> {
        let Step::Done(saved) = &self.step else { return None };
        let id = Some(saved.undo.as_ref()?.id.clone());
        Some(self.writing(Plan::default(), |_| Effect::Undo { id, overwrite: false }))
    }
}

/// A file of somebody else is never replaced without a question.
fn foreign(plan: &Plan) -> Option<Failure> {
    let change = plan::foreign(plan)?;
    let path = change.path.display();
    let mut choices = vec![Choice::Change(&form::NGINX_FILE), Choice::Replace];
    choices.extend(plan.has_more_than(FileKind::Nginx).then_some(Choice::WithoutNginx));
    Some(Failure {
        state: "not written",
        lines: vec![
            format!("{path} was not written by kestra-setup."),
            format!("Replacing it: {}", change.summary()),
            "The difference is on the review (Tab). Nothing was changed.".to_owned(),
        ],
        choices,
    })
}

fn paths(plan: &Plan) -> Vec<PathBuf> {
    plan.changes.iter().map(|change| change.path.clone()).collect()
}
