//! The field with the focus is in view, with its label and the cursor, however small the terminal.

use crate::operator::Operator;
use kestra_setup::form::{self, Field, SCREENS};
use kestra_setup::key::Key;

/// The widths at the borders of the layouts, and every height at which a form has to scroll.
fn sizes() -> impl Iterator<Item = (u16, u16)> {
    [40, 59, 60, 80, 200].into_iter().flat_map(|width| (10..=26).map(move |height| (width, height)))
}

fn assert_in_view(operator: &Operator, field: &Field, (width, height): (u16, u16)) {
    let screen = operator.screen(width, height);
    let (column, row) = operator.cursor(width, height);
    let line = screen.lines().nth(row.into()).unwrap_or_default();
    let is_on_its_line = format!("{line} ").starts_with(&format!("┃ {} ", field.label));
    let is_in_view = is_on_its_line && usize::from(column) > field.label.len() + 2;
    assert!(is_in_view, "{} at {width}x{height}, cursor {column},{row}:\n{screen}", field.name);
}

#[test]
fn every_question_is_in_view_at_every_size_once_it_has_the_focus() {
    let fresh = Operator::with_https_proxy("http://proxy.corp.example:3128");
    let mut operator = fresh.types("https://ops.example.com/kestra");
    let mut seen = 0;
    for screen in &SCREENS {
        for field in screen.fields {
            if operator.question() == form::MORE.name {
                sizes().for_each(|size| assert_in_view(&operator, &form::MORE, size));
                operator = operator.press(Key::Right);
            }
            // What the other answers leave out never gets the focus.
            if operator.question() != field.name {
                continue;
            }
            sizes().for_each(|size| assert_in_view(&operator, field, size));
            operator = operator.press(Key::Tab);
            seen += 1;
        }
        operator = operator.press(Key::Enter);
    }
    assert_eq!(seen, 16);
}
