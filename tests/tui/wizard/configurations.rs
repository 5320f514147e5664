//! Which file is Kestra's configuration: one of those that were found, or one that is typed.

use super::is_reviewing;
use crate::operator::{Asked, CONFIG, EXISTING, Operator};
use kestra_setup::form;
use kestra_setup::kestra_config::Place;
use kestra_setup::key::Key;
use kestra_setup::machine::{Candidate, Machine};
use kestra_setup::wizard::{Effect, Event, LoadFailure, LoadRequest, Step};

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
fn in_plain_mode_enter_keeps_the_configuration_that_is_read_already() {
    let broken = [(CONFIG, "", "Kestra reads it by default"), ("/srv/b.yml", "kestra: [", "named")];
    let refused = Operator::choosing(&broken).happens(Event::Line("/srv/b.yml".to_owned()));
    assert_eq!(refused.question(), "configuration");
    assert_eq!(refused.happens(Event::Keep).question(), "url");
}

#[test]
fn an_empty_path_is_refused_and_a_digit_in_a_path_is_text() {
    let empty = Operator::fresh().goes_to(&form::CONFIGURATION).press(Key::Ctrl('u'));
    assert!(empty.clone().enter().screen(80, 24).contains("✗ An answer is required."));
    let typed = empty.types("/srv/2.yml").enter();
    assert_eq!(typed.wizard().machine().config().to_str(), Some("/srv/2.yml"));
}

/// While a configuration is being read, which takes its time.
fn reading_another() -> Operator {
    several().waits_for_the_disk().press(Key::Char('2'))
}

fn request(path: &str, place: Option<Place>) -> LoadRequest {
    LoadRequest { path: path.into(), place }
}

fn not_loaded(path: &str, message: &str, candidates: Vec<Candidate>) -> Event {
    let failure = LoadFailure { message: message.to_owned(), candidates };
    Event::Loaded(request(path, None), Err(failure))
}

#[test]
fn whoever_goes_back_while_a_configuration_is_read_is_not_called_away() {
    let back = reading_another().press(Key::Esc);
    assert_eq!(back.question(), "configuration");
    let late = back.happens(not_loaded(CONFIG, "it is no YAML.", Vec::new()));
    assert_eq!((late.question(), late.screen(80, 24).contains('✗')), ("configuration", false));
}

#[test]
fn a_configuration_that_was_asked_for_earlier_is_not_taken_for_another() {
    let other = reading_another().press(Key::Esc).press(Key::Char('1'));
    let late = Machine::new(CONFIG.into(), Place::whole());
    let waiting = other.happens(Event::Loaded(request(CONFIG, None), Ok(Box::new(late))));
    assert!(matches!(waiting.wizard().step(), Step::Discovering(_)));
    let unit = Machine::new(UNIT.into(), Place::whole());
    let read = waiting.happens(Event::Loaded(request(UNIT, None), Ok(Box::new(unit))));
    assert_eq!(read.question(), "configuration");
    assert_eq!(read.wizard().machine().config().to_str(), Some(UNIT));
}

#[test]
fn files_that_were_asked_for_earlier_do_not_end_the_wait_for_a_configuration() {
    let reading = reading_another().happens(Event::FilesRead(Vec::new()));
    assert!(matches!(reading.wizard().step(), Step::Discovering(_)));
}

#[test]
fn the_configurations_in_one_file_take_its_place_in_the_list_and_digits_choose_among_them() {
    let within = |place: &str| Candidate {
        path: CONFIG.into(),
        place: Some(place.parse().expect("a place")),
        reason: format!("holds {place}"),
    };
    let typed = several().press(Key::Ctrl('u')).types(CONFIG).waits_for_the_disk().enter();
    let several = not_loaded(CONFIG, "it holds several.", vec![within("one"), within("two")]);
    let listed = typed.happens(several);
    let screen = listed.screen(80, 24);
    assert!(screen.contains("✗ It holds several."), "{screen}");
    assert!(screen.contains("1  /etc/kestra/config.yml") && !screen.contains("  4  "), "{screen}");
    let chosen = Effect::Load(request(CONFIG, within("two").place));
    assert_eq!(listed.press(Key::Char('3')).last(), Some(&Asked::from(chosen)));
}
