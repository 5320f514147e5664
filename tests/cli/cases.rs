//! The real binary, as a shell sees it. Each case is a page of `tests/cli/cases/`.

use super::transcript;

#[test]
fn the_first_setup() {
    transcript::run("tests/cli/cases/fresh.md");
}

#[test]
fn the_nginx_file_is_written_and_tested_with_it() {
    transcript::run("tests/cli/cases/nginx.md");
}

#[test]
fn a_login_is_saved_in_three_ways() {
    transcript::run("tests/cli/cases/saved.md");
}

#[test]
fn flags_win_over_variables_over_the_answers_file_over_the_files() {
    transcript::run("tests/cli/cases/precedence.md");
}

#[test]
fn invalid_answers_are_refused_with_their_exit_code() {
    transcript::run("tests/cli/cases/refused.md");
}

#[test]
fn a_mistake_is_met_with_what_was_meant_and_a_report_is_an_object() {
    transcript::run("tests/cli/cases/command-line.md");
}

#[test]
fn the_password_shows_nowhere() {
    transcript::run("tests/cli/cases/secrets.md");
}

#[test]
fn it_works_without_a_person_and_without_a_home() {
    transcript::run("tests/cli/cases/automation.md");
}

#[test]
fn a_check_reports_what_was_seen_and_fails_where_something_does() {
    transcript::run("tests/cli/cases/check.md");
}

#[test]
fn a_release_whose_login_is_open_or_closed_is_told_first() {
    transcript::run("tests/cli/cases/release.md");
}

#[test]
fn a_configuration_is_found_by_evidence() {
    transcript::run("tests/cli/cases/candidates.md");
}

#[test]
fn a_configuration_in_a_file_of_something_else_is_met_with_its_own_steps() {
    transcript::run("tests/cli/cases/places.md");
}
