//! Another file as Kestra's configuration: chosen from what was found on the machine, or typed.

use super::{AfterDiscovery, Effect, FormStep, LoadFailure, LoadRequest, Onwards, Step, Wizard};
use crate::answers::Problem;
use crate::form::{self, Field};
use crate::kestra_config::Place;
use crate::key::Key;
use crate::machine::{Candidate, Machine};
use crate::settings::Invalid;
use std::path::PathBuf;

impl Wizard {
    /// Whether the operator is asked which configuration is Kestra's.
    pub(crate) fn has_several_configurations(&self) -> bool {
        self.machine.candidates.len() > 1
    }

    /// The questions in the order of plain mode.
    pub(crate) fn questions(&self) -> impl Iterator<Item = &'static Field> {
        let first = self.has_several_configurations().then_some(&form::CONFIGURATION);
        first.into_iter().chain(self.answers.questions())
    }

    /// Goes to the question which configuration is Kestra's, if there are several; else to the first
    /// question of a new configuration or the review of an existing one.
    pub(super) fn begin(&mut self) -> Option<Effect> {
        if self.has_several_configurations() {
            self.step = Step::FormStep(self.at_configuration());
            return None;
        }
        self.review_or_ask()
    }

    /// The field of the configuration, from which an existing one leads to its review.
    fn at_configuration(&self) -> FormStep {
        let is_returning = self.answers.defaults().is_reconfiguration;
        FormStep { is_returning, ..FormStep::on(&self.answers, &form::CONFIGURATION) }
    }

    /// A digit reads one of the configurations that were found, unless it belongs to a path.
    pub(super) fn chooses_configuration(&mut self, key: Key) -> Option<Effect> {
        let form_step = self.form_step().filter(|it| *it.field == form::CONFIGURATION)?;
        let digit = key.digit().filter(|_| !form_step.editor.is_touched)?;
        let Candidate { path, place, .. } = self.candidate(digit)?.clone();
        self.load(path, place, |_| None)
    }

    /// What was found with this number, counted from 1.
    pub(super) fn candidate(&self, number: usize) -> Option<&Candidate> {
        self.machine.candidates.get(number.checked_sub(1)?)
    }

    /// Reads the configuration that was typed, if another one was, and goes on from its field.
    pub(super) fn load_typed(&mut self, then: Onwards) -> Option<Effect> {
        let current = self.answers.get(&form::CONFIGURATION).into_owned();
        let form_step = self.form_step().filter(|it| *it.field == form::CONFIGURATION)?;
        let typed = form_step.typed().0.trim().to_owned();
        if !form_step.editor.is_touched || typed == current {
            return None;
        }
        if let Err(invalid) = form_step.field.check(&typed) {
            form_step.problem = Some(Problem::invalid(form_step.field, invalid));
            return None;
        }
        self.load(typed.into(), None, then)
    }

    /// Reads another configuration, and goes on from its field.
    pub(super) fn load(
        &mut self,
        path: PathBuf,
        place: Option<Place>,
        then: Onwards,
    ) -> Option<Effect> {
        let form_step = self.form_step()?.clone();
        let request = LoadRequest { path, place };
        self.step = Step::Discovering(AfterDiscovery::Load(request.clone(), form_step, then));
        Some(Effect::Load(request))
    }

    /// Takes another configuration. The answers that were given stay.
    pub(super) fn loaded(
        &mut self,
        request: &LoadRequest,
        result: Result<Box<Machine>, LoadFailure>,
    ) -> Option<Effect> {
        // Whoever went back meanwhile is not called away, nor led to a file that was asked for before.
        let (form_step, then) = match &self.step {
            Step::Discovering(AfterDiscovery::Load(awaited, form_step, then))
                if awaited == request =>
            {
                (form_step, then)
            }
            _ => return None,
        };
        let (mut form_step, then) = (form_step.clone(), *then);
        match result {
            Ok(mut machine) => {
                machine.expect_nginx_file(&self.answers);
                self.take_machine(*machine);
                self.past.clear();
                self.live_preview.files.clear();
                self.step = Step::FormStep(self.at_configuration());
                then(self)
            }
            Err(LoadFailure { message, candidates }) => {
                if let Some(Candidate { path, .. }) = candidates.first() {
                    self.machine.candidates.retain(|it| it.path != *path);
                    self.machine.candidates.extend(candidates);
                    // Its digits choose among these.
                    form_step.editor.is_touched = false;
                }
                let invalid = Invalid::new(message);
                form_step.problem = Some(Problem::invalid(&form::CONFIGURATION, invalid));
                self.step = Step::FormStep(form_step);
                None
            }
        }
    }
}
