//! The line of text being typed.

use crate::answers::Answers;
use crate::form::Field;
use crate::key::Key;
use tui_input::{Input, InputRequest};

/// The text being typed. Its `Debug` says nothing, since it may be a password.
#[derive(Default, Clone)]
pub(super) struct Editor {
    input: Input,
    /// Whether the text was changed since the field got the focus.
    pub(super) is_touched: bool,
    /// Whether a secret is shown while it is typed.
    pub(super) is_revealed: bool,
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

    /// The text.
    pub(super) fn text(&self) -> &str {
        self.input.value()
    }

    /// The cursor's place in the text, counted in characters.
    pub(super) fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// Does what the key means in a line of text; false if it means nothing there.
    pub(super) fn key(&mut self, key: Key) -> bool {
        if key == Key::Ctrl('u') {
            self.erase_to_start();
            return true;
        }
        request(key).map(|request| self.request(request)).is_some()
    }

    /// Inserts a text, without what no line of text can hold.
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
