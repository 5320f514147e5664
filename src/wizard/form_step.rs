//! A screen of the form: the field with the focus, the text being typed, and its problem.

use crate::answers::{Answers, Problem};
use crate::form::{self, Field, SCREENS, Screen};
use crate::key::Key;
use tui_input::{Input, InputRequest};

/// One screen, one focus, one text being typed.
#[derive(Debug, Clone)]
pub struct FormStep {
    /// The number of the screen, counted from 0.
    pub(super) screen: usize,
    /// The field with the focus.
    pub field: &'static Field,
    pub(crate) editor: Editor,
    /// What is wrong, shown under the field.
    pub(crate) problem: Option<Problem>,
    /// What was corrected or is good to know.
    pub(crate) note: Option<String>,
    /// Opened from the review, to which Enter returns.
    pub(crate) is_returning: bool,
}

impl FormStep {
    /// The first question of a screen, which is always asked.
    pub(super) fn first(answers: &Answers, screen: usize) -> Self {
        Self::on(answers, SCREENS[screen].fields[0])
    }

    pub(super) fn on(answers: &Answers, field: &'static Field) -> Self {
        let screen = match form::position(field) {
            Some((screen, _)) => screen,
            // Two rows are no questions: this one, and `form::MORE` on the last screen.
            None if *field == form::CONFIGURATION => 0,
            None => SCREENS.len() - 1,
        };
        Self {
            screen,
            field,
            editor: Editor::of(answers, field),
            problem: None,
            note: None,
            is_returning: false,
        }
    }

    pub(crate) fn screen(&self) -> &'static Screen {
        &SCREENS[self.screen]
    }

    /// The text of the field, and the cursor's place in it, counted in characters.
    pub(crate) fn typed(&self) -> (&str, usize) {
        (self.editor.text(), self.editor.cursor())
    }
}

/// The text being typed. Its `Debug` is empty, since it may be a password.
#[derive(Default, Clone)]
pub(crate) struct Editor {
    input: Input,
    /// Whether the text was changed since the field got the focus.
    pub(crate) is_touched: bool,
    /// Whether a secret is shown while it is typed.
    pub(crate) is_revealed: bool,
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Editor")
    }
}

impl Editor {
    /// What may not be shown is not put into the field: typing replaces it, leaving it alone keeps it.
    pub(super) fn of(answers: &Answers, field: &Field) -> Self {
        let text = answers.get(field);
        let is_shown = !field.is_secret() && answers.shown(field) == text;
        let text = if is_shown { text.into_owned() } else { String::new() };
        Self { input: Input::new(text), ..Self::default() }
    }

    /// A whole line, as if it had been typed.
    pub(super) fn typed(line: &str) -> Self {
        Self { input: Input::new(line.to_owned()), is_touched: true, is_revealed: false }
    }

    pub(super) fn text(&self) -> &str {
        self.input.value()
    }

    /// The cursor's place in the text, counted in characters.
    pub(super) fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// Edits the text; false if the key has no meaning in a line of text.
    pub(super) fn key(&mut self, key: Key) -> bool {
        if key == Key::Ctrl('u') {
            self.erase_to_start();
            return true;
        }
        request(key).map(|request| self.request(request)).is_some()
    }

    /// Inserts a text without its control characters.
    pub(super) fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            self.request(InputRequest::InsertChar(c));
        }
    }

    fn request(&mut self, request: InputRequest) {
        let is_edit = self.input.handle(request).is_some_and(|change| change.value);
        // Erasing an untouched secret, which shows as empty, means "none".
        self.is_touched |= is_edit || request == InputRequest::DeletePrevChar;
    }

    /// As in readline; the library erases the whole line.
    fn erase_to_start(&mut self) {
        let rest: String = self.text().chars().skip(self.cursor()).collect();
        self.input = Input::new(rest).with_cursor(0);
        self.is_touched = true;
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
