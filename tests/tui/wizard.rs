//! The wizard as a person uses it, one claim a test.

mod asking;
mod choices;
mod configurations;
mod reviewing;

use crate::operator::{EXISTING, Operator};
use kestra_setup::key::Key;
use kestra_setup::wizard::{Preview, Step};

fn at_review() -> Operator {
    Operator::fresh().at_the_proxy().with_a_login().enter()
}

fn existing() -> Operator {
    Operator::reconfiguring(EXISTING)
}

/// With another port of the proxy, in the review.
fn one_value_changed() -> Operator {
    existing().press(Key::Char('3')).press(Key::Backspace).types("9").enter()
}

fn is_reviewing(operator: &Operator) -> bool {
    matches!(operator.wizard().step(), Step::Review(_))
}

/// What the configuration would be.
fn config(operator: &Operator) -> String {
    let Step::Review(reviewing) = operator.wizard().step() else { panic!("not in the review") };
    let Preview::Ready(plan) = reviewing.preview() else { panic!("{:?}", reviewing.preview()) };
    plan.changes[0].after.as_str().to_owned()
}
