//! The real binary, as a shell sees it. Each case is a page of `tests/cases/`.

mod transcript;

#[test]
fn the_first_setup() {
    transcript::run("tests/cases/fresh.md");
}

#[test]
fn the_nginx_file_is_written_and_proved_with_it() {
    transcript::run("tests/cases/nginx.md");
}

#[test]
fn a_login_is_saved_in_three_ways() {
    transcript::run("tests/cases/saved.md");
}

#[test]
fn flags_win_over_variables_over_the_answers_file_over_the_files() {
    transcript::run("tests/cases/precedence.md");
}

#[test]
fn what_will_not_do_is_refused_with_its_exit_code() {
    transcript::run("tests/cases/refused.md");
}

#[test]
fn the_password_shows_nowhere() {
    transcript::run("tests/cases/secrets.md");
}

#[test]
fn it_works_without_a_person_and_without_a_home() {
    transcript::run("tests/cases/automation.md");
}

#[test]
fn a_check_says_what_was_seen_and_fails_where_something_does() {
    transcript::run("tests/cases/check.md");
}
