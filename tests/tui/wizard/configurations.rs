//! Which file is Kestra's configuration: one of those that were found, or one that is typed.

use super::is_reviewing;
use crate::operator::{CONFIG, EXISTING, Operator};
use kestra_setup::form;
use kestra_setup::key::Key;
use kestra_setup::wizard::Event;

const UNIT: &str = "/etc/kestra/config.yml";
const OTHER: &str = "kestra:\n  url: https://other.example.com/\n";

fn several() -> Operator {
    let reason = "kestra.service names it";
    Operator::choosing(&[(UNIT, OTHER, reason), (CONFIG, EXISTING, "Kestra reads it by default")])
}

#[test]
fn of_several_configurations_one_is_chosen_first_with_its_evidence() {
    let operator = several();
    assert_eq!(operator.question(), "configuration");
    let screen = operator.screen(80, 24);
    assert!(screen.contains("● 1  /etc/kestra/config.yml"), "{screen}");
    assert!(screen.contains("kestra.service names it"), "{screen}");
    assert!(is_reviewing(&operator.enter()));
}

#[test]
fn a_digit_reads_another_configuration_and_enter_goes_on_with_it() {
    let chosen = several().press(Key::Char('2'));
    let screen = chosen.screen(80, 24);
    assert!(screen.contains("● 2  ") && screen.contains("https://ops.example.com/"), "{screen}");
    assert_eq!(chosen.wizard().machine().config().to_str(), Some(CONFIG));
    assert!(is_reviewing(&chosen.enter()));
}

#[test]
fn what_is_found_around_an_earlier_configuration_comes_too_late() {
    let before = several();
    let late = Event::Discovered(Box::new(before.wizard().machine().clone()));
    let chosen = before.press(Key::Char('2')).happens(late);
    assert_eq!(chosen.wizard().machine().config().to_str(), Some(CONFIG));
}

#[test]
fn another_configuration_is_typed_and_the_given_answers_stay() {
    let there = several().press(Key::BackTab).press(Key::BackTab);
    let typed = there.press(Key::Ctrl('u')).types("https://new.example.com/").press(Key::Tab);
    let read = typed.goes_to(&form::CONFIGURATION).press(Key::Ctrl('u')).types("/srv/new.yml");
    let operator = read.press(Key::Tab);
    assert_eq!(operator.wizard().machine().config().to_str(), Some("/srv/new.yml"));
    assert_eq!(operator.answer(&form::URL), "https://new.example.com/");
    assert_eq!(operator.question(), "url");
}

#[test]
fn a_configuration_that_cannot_be_read_shows_why_and_holds_enter_back() {
    let broken = [(CONFIG, "", "Kestra reads it by default"), ("/srv/b.yml", "kestra: [", "named")];
    let operator = Operator::choosing(&broken).press(Key::Char('2')).enter();
    assert_eq!(operator.question(), "configuration");
    assert!(operator.screen(80, 24).contains("✗"), "{}", operator.screen(80, 24));
    assert_eq!(operator.wizard().machine().config().to_str(), Some(CONFIG));
    let typed = operator.press(Key::Ctrl('u')).types("/srv/b.yml").enter().enter();
    assert_eq!(typed.question(), "configuration");
    assert_eq!(typed.press(Key::Tab).question(), "url");
}

#[test]
fn an_empty_path_is_refused_and_a_digit_in_a_path_is_text() {
    let empty = Operator::fresh().goes_to(&form::CONFIGURATION).press(Key::Ctrl('u'));
    assert!(empty.clone().enter().screen(80, 24).contains("✗ An answer is required."));
    let typed = empty.types("/srv/2.yml").enter();
    assert_eq!(typed.wizard().machine().config().to_str(), Some("/srv/2.yml"));
}
