//! On a screen of the form: which field has the focus, what is being typed, what is wrong with it.

mod line;

use super::{Effect, Reviewing, Step, Wizard, keys};
use crate::answers::{Answers, Problem};
use crate::checks::Check;
use crate::form::{self, Field, Kind, SCREENS, Screen};
use crate::key::Key;
use crate::settings::Connection;
use tui_input::{Input, InputRequest};

/// One screen, one focus, one text being typed.
#[derive(Debug, Clone)]
pub struct Asking {
    screen: usize,
    field: &'static Field,
    editor: Editor,
    problem: Option<Problem>,
    note: Option<String>,
    /// Opened from the review, to which Enter returns.
    is_returning: bool,
}

/// The text being typed. Its `Debug` says nothing, since it may be a password.
#[derive(Default, Clone)]
struct Editor {
    input: Input,
    is_touched: bool,
    is_revealed: bool,
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Editor")
    }
}

impl Asking {
    /// The field at this place, or the first one that is asked.
    pub(super) fn new(answers: &Answers, screen: usize, focus: usize) -> Self {
        let rows = &SCREENS[screen.min(SCREENS.len() - 1)];
        let asked = |field: &&&'static Field| answers.asks(field);
        let field = rows.fields.get(focus).filter(asked).or_else(|| rows.fields.iter().find(asked));
        Self::on(answers, field.unwrap_or(&rows.fields[0]))
    }

    /// This field.
    pub(super) fn on(answers: &Answers, field: &'static Field) -> Self {
        let screen = form::position(field).map_or(0, |(screen, _)| screen);
        Self {
            screen,
            field,
            editor: Editor::of(answers, field),
            problem: None,
            note: None,
            is_returning: false,
        }
    }

    /// The screen.
    #[must_use]
    pub fn screen(&self) -> &'static Screen {
        &SCREENS[self.screen]
    }

    /// The number of the screen, counted from 0.
    #[must_use]
    pub fn number(&self) -> usize {
        self.screen
    }

    /// The field with the focus.
    #[must_use]
    pub fn field(&self) -> &'static Field {
        self.field
    }

    /// The text as it stands in the field, and the cursor's place in it, counted in characters.
    #[must_use]
    pub fn typed(&self) -> (&str, usize) {
        (self.editor.input.value(), self.editor.input.cursor())
    }

    /// Whether the text was changed since the field got the focus.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.editor.is_touched
    }

    /// Whether the secret being typed is shown.
    #[must_use]
    pub fn is_revealed(&self) -> bool {
        self.editor.is_revealed
    }

    /// What is wrong, shown under the field.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }

    /// What was corrected or is good to know.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether Enter returns to the review.
    #[must_use]
    pub fn is_returning(&self) -> bool {
        self.is_returning
    }

    pub(super) fn bindings(&self) -> &'static [super::Binding] {
        if self.screen == 1 { keys::ASKING_PROXY } else { keys::ASKING }
    }

    pub(super) fn returning(mut self) -> Self {
        self.is_returning = true;
        self
    }

    pub(super) fn with_problem(mut self, problem: Problem) -> Self {
        self.problem = Some(problem);
        self
    }
}

impl Editor {
    /// A secret is not put into the field: typing replaces it, leaving it alone keeps it.
    fn of(answers: &Answers, field: &Field) -> Self {
        let text = if field.is_secret() { String::new() } else { answers.get(field).into_owned() };
        Self { input: Input::new(text), is_touched: false, is_revealed: false }
    }

    fn request(&mut self, request: InputRequest) {
        let is_edit = self.input.handle(request).is_some_and(|change| change.value);
        // Erasing an untouched secret, which shows as empty, means "none".
        self.is_touched |=
            is_edit || matches!(request, InputRequest::DeletePrevChar | InputRequest::DeleteLine);
    }

    fn insert(&mut self, text: &str) {
        text.chars().for_each(|c| self.request(InputRequest::InsertChar(c)));
    }
}

/// What a key means in a line of text; readline's meaning where it has one.
fn request(key: Key) -> Option<InputRequest> {
    Some(match key {
        Key::Char(c) => InputRequest::InsertChar(c),
        Key::Backspace => InputRequest::DeletePrevChar,
        Key::Delete | Key::Ctrl('d') => InputRequest::DeleteNextChar,
        Key::Left | Key::Ctrl('b') => InputRequest::GoToPrevChar,
        Key::Right | Key::Ctrl('f') => InputRequest::GoToNextChar,
        Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
        Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
        Key::Ctrl('w') => InputRequest::DeletePrevWord,
        Key::Ctrl('k') => InputRequest::DeleteTillEnd,
        _ => return None,
    })
}

impl Wizard {
    fn asking(&mut self) -> Option<&mut Asking> {
        match &mut self.step {
            Step::Asking(asking) => Some(asking),
            _ => None,
        }
    }

    /// A key that is no command: text for a field, a move for a choice.
    pub(super) fn type_key(&mut self, key: Key) {
        let Step::Asking(asking) = &mut self.step else { return };
        if let Kind::Choice(choices) = asking.field.kind {
            let current = self.answers.get(asking.field).into_owned();
            let at = choices.iter().position(|choice| choice.value == current).unwrap_or(0);
            let count = choices.len();
            let next = match key {
                Key::Right | Key::Char(' ') => (at + 1) % count,
                Key::Left => (at + count - 1) % count,
                Key::Char('?') => {
                    self.help = Some(0);
                    return;
                }
                Key::Char(c) => match c.to_digit(10) {
                    Some(digit) if (1..=count).contains(&(digit as usize)) => digit as usize - 1,
                    _ => return,
                },
                _ => return,
            };
            asking.problem = None;
            self.answers.say(asking.field, choices[next].value);
        } else if key == Key::Ctrl('u') {
            asking.problem = None;
            erase_to_start(&mut asking.editor);
        } else if let Some(request) = request(key) {
            asking.problem = None;
            asking.note = None;
            asking.editor.request(request);
        }
    }

    /// Pasted text is one line of one answer, or a proxy with all its parts.
    pub(super) fn paste(&mut self, text: &str) -> Option<Effect> {
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let first = *lines.first()?;
        if self.fill_by_proxy(first) {
            return None;
        }
        let asking = self.asking()?;
        let field = asking.field;
        if field.choices().is_empty() {
            asking.problem = None;
            let line = if field.is_secret() { text.trim_end_matches(['\r', '\n']) } else { first };
            let line = line.lines().next().unwrap_or(line);
            asking.editor.insert(&line.chars().filter(|c| !c.is_control()).collect::<String>());
            asking.note = Some(match lines.len() {
                1 => "pasted; Enter takes it.".to_owned(),
                count => format!("{count} lines pasted; used the first."),
            });
        }
        None
    }

    /// A proxy with all its parts fills every field of its screen; gives whether it did.
    fn fill_by_proxy(&mut self, text: &str) -> bool {
        let Step::Asking(asking) = &mut self.step else { return false };
        let may_be_one = asking.screen == 1 && !asking.field.is_secret() && text.contains("://");
        if !may_be_one || !self.answers.say_proxy(text) {
            return false;
        }
        asking.editor = Editor::of(&self.answers, asking.field);
        asking.problem = None;
        asking.note = Some("the pasted proxy filled all fields.".to_owned());
        true
    }

    /// Takes what was typed as the answer, corrected where it can be.
    pub(super) fn commit(&mut self) {
        let Some(asking) = self.asking() else { return };
        if !std::mem::take(&mut asking.editor.is_touched) {
            return;
        }
        let typed = asking.editor.input.value().to_owned();
        if self.fill_by_proxy(&typed) {
            return;
        }
        let Step::Asking(asking) = &mut self.step else { return };
        let field = asking.field;
        match field.check(&typed) {
            Ok(value) => {
                asking.note = note(field, &typed, &value);
                self.answers.say(field, &value);
            }
            // What will not do is kept as it was typed, so that going back loses nothing.
            Err(_) => self.answers.say(field, &typed),
        }
        asking.editor = Editor::of(&self.answers, field);
    }

    /// Shows what stands in the way on the field with the focus; gives whether something does.
    fn shows_problem(&mut self) -> bool {
        let Step::Asking(asking) = &mut self.step else { return false };
        let mut problems = self.answers.problems().into_iter();
        asking.problem = problems.find(|problem| problem.blocks && problem.field == asking.field);
        asking.problem.is_some()
    }

    /// Enter: the shown correction, or the next question that still needs an answer.
    pub(super) fn accept(&mut self) -> Option<Effect> {
        if let Step::Choosing(choosing) = &self.step {
            return self.choose(choosing.selected());
        }
        let asking = self.asking()?;
        if let Some(fix) = asking.problem.take_if(|problem| problem.fixes.len() == 1) {
            let fix = fix.fixes.into_iter().next()?;
            self.apply(fix.field, &fix.value);
            return None;
        }
        self.commit();
        if self.shows_problem() { None } else { self.onwards() }
    }

    /// Takes a correction, and shows it in its field.
    fn apply(&mut self, field: &'static Field, value: &str) {
        self.answers.say(field, value);
        if let Step::Asking(asking) = &mut self.step {
            asking.problem = None;
            asking.editor = Editor::of(&self.answers, asking.field);
            asking.note = Some(format!("{} is now {}", field.label, self.answers.get(field)));
        }
    }

    /// Where a problem offers several ways, its digits take one; else a digit is a digit.
    pub(super) fn fix_by_digit(&mut self, key: Key) -> Option<Option<Effect>> {
        let Key::Char(c) = key else { return None };
        let asking = self.asking()?;
        let fixes = &asking.problem.as_ref().filter(|problem| problem.fixes.len() > 1)?.fixes;
        let number = c.to_digit(10)?.checked_sub(1)?;
        let fix = fixes.get(number as usize)?.clone();
        self.apply(fix.field, &fix.value);
        Some(None)
    }

    fn onwards(&mut self) -> Option<Effect> {
        let Step::Asking(asking) = &self.step else { return None };
        let (number, is_returning, here) = (asking.screen, asking.is_returning, asking.field);
        let open = self.open_question(asking.screen(), here);
        match open {
            Some(problem) => {
                self.focus(problem);
                None
            }
            None if is_returning || number + 1 == SCREENS.len() => self.finish(),
            None => {
                self.open_screen(number + 1);
                None
            }
        }
    }

    /// The next question of this screen that stands in the way, in the order of the screen,
    /// beginning after the one with the focus.
    fn open_question(&self, screen: &Screen, focus: &Field) -> Option<Problem> {
        let problems = self.answers.problems();
        let at = screen.fields.iter().position(|field| *field == focus).unwrap_or(0);
        let (before, after) = screen.fields.split_at(at + 1);
        after.iter().chain(before).find_map(|field| {
            problems.iter().find(|problem| problem.blocks && problem.field == *field).cloned()
        })
    }

    /// To the review, or to the first question that stands in its way.
    fn finish(&mut self) -> Option<Effect> {
        let blocking = self.answers.problems().into_iter().find(|problem| problem.blocks);
        match blocking {
            Some(problem) => {
                self.focus(problem);
                None
            }
            None => self.review(),
        }
    }

    /// Moves to a question that stands in the way. An answer that is missing is not yet an error.
    fn focus(&mut self, problem: Problem) {
        let is_returning = matches!(&self.step, Step::Asking(asking) if asking.is_returning);
        let asking = Asking { is_returning, ..Asking::on(&self.answers, problem.field) };
        let is_missing = problem.fixes.is_empty() && self.answers.get(problem.field).is_empty();
        self.step = Step::Asking(if is_missing { asking } else { asking.with_problem(problem) });
    }

    fn open_screen(&mut self, number: usize) {
        self.step = Step::Asking(Asking::new(&self.answers, number, 0));
    }

    /// Esc: one screen back, always, also from an answer that will not do.
    pub(super) fn back(&mut self) -> Option<Effect> {
        self.commit();
        match &self.step {
            Step::Asking(asking) if asking.is_returning => return self.review(),
            Step::Asking(asking) => match asking.screen.checked_sub(1) {
                Some(screen) => self.open_screen(screen),
                None => {}
            },
            Step::Reviewing(reviewing) if reviewing.is_full() => {
                self.with_review(Reviewing::toggle_full)
            }
            Step::Reviewing(_) => self.open_screen(SCREENS.len() - 1),
            Step::Choosing(_) => return self.choose_nothing(),
            Step::Writing(_) | Step::Done(_) => {}
        }
        None
    }

    /// Tab and the arrows visit every question, whatever stands in it.
    pub(super) fn move_focus(&mut self, by: isize) {
        if let Step::Choosing(choosing) = &mut self.step {
            choosing.move_by(by);
            return;
        }
        self.commit();
        let Step::Asking(asking) = &self.step else { return };
        let asked: Vec<_> =
            asking.screen().fields.iter().filter(|field| self.answers.asks(field)).collect();
        let at = asked.iter().position(|field| **field == asking.field).unwrap_or(0);
        match at.checked_add_signed(by) {
            Some(next) => {
                let next = asked[next % asked.len()];
                let is_returning = asking.is_returning;
                self.leave_for(next, is_returning);
            }
            // Shift-Tab on the first field also goes back: Esc is never the only way.
            None if asking.is_returning => self.leave_for(asked[asked.len() - 1], true),
            None => {
                self.back();
            }
        }
    }

    fn leave_for(&mut self, field: &'static Field, is_returning: bool) {
        let note = self.asking().and_then(|asking| asking.note.take());
        self.step = Step::Asking(Asking { is_returning, note, ..Asking::on(&self.answers, field) });
    }

    pub(super) fn reveal(&mut self) -> Option<Effect> {
        match &mut self.step {
            Step::Asking(asking) if asking.field.is_secret() => {
                asking.editor.is_revealed = !asking.editor.is_revealed;
                None
            }
            Step::Reviewing(reviewing) => {
                reviewing.toggle_reveal().then_some(Effect::Remind(super::REVEAL))
            }
            _ => None,
        }
    }

    /// ^T: the way out, as far as it is known already.
    pub(super) fn test(&mut self) -> Option<Effect> {
        self.commit();
        let check = self.way_out()?;
        self.verdicts.retain(|(about, _)| *about != check);
        self.check(check)
    }

    /// The test of the way out that belongs to the answers at this moment.
    #[must_use]
    pub fn way_out(&self) -> Option<Check> {
        match self.answers.settings_of_connection().ok()? {
            Connection::Proxy(proxy) if proxy.address.is_none() => None,
            connection => Some(Check::WayOut(connection)),
        }
    }

    pub(super) fn edit(&mut self, number: usize) {
        let Step::Reviewing(reviewing) = &self.step else { return };
        let Some(field) = reviewing
            .rows(&self.answers)
            .into_iter()
            .find(|row| row.number == number)
            .map(|row| row.field)
        else {
            return;
        };
        self.past.push(self.answers.clone());
        self.step = Step::Asking(Asking::on(&self.answers, field).returning());
    }

    pub(super) fn undo_change(&mut self) -> Option<Effect> {
        let changed = |answers: &Answers| *answers != self.answers;
        while self.past.last().is_some_and(|answers| !changed(answers)) {
            self.past.pop();
        }
        self.answers = self.past.pop()?;
        self.review()
    }

    pub(super) fn with_review(&mut self, change: impl FnOnce(&mut Reviewing)) {
        if let Step::Reviewing(reviewing) = &mut self.step {
            change(reviewing);
        }
    }

    pub(super) fn conceal(&mut self) -> Option<Effect> {
        self.with_review(Reviewing::conceal);
        None
    }
}

/// `^U` erases from the cursor to the start of the line, as in readline.
fn erase_to_start(editor: &mut Editor) {
    let rest: String = editor.input.value().chars().skip(editor.input.cursor()).collect();
    editor.input = Input::new(rest).with_cursor(0);
    editor.is_touched = true;
}

/// What the operator should see about a value that was taken.
fn note(field: &Field, typed: &str, value: &str) -> Option<String> {
    let corrected = (typed != value && !field.is_secret()).then(|| format!("corrected to {value}"));
    corrected.or_else(|| (field.notes)(value).into_iter().next())
}
