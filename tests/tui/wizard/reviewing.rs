//! The review: one answer changed, secrets, and the one key that writes.

use super::{at_review, config, existing, is_reviewing, one_value_changed};
use crate::operator::{Asked, CONFIG, EXISTING, NGINX, Operator, PASSWORD, here};
use kestra_setup::checks::Outcome;
use kestra_setup::form::{self, Defaults, KnownCertificate};
use kestra_setup::kestra_release::{Era, Release};
use kestra_setup::key::Key;
use kestra_setup::wizard::{Event, Step, report};

#[test]
fn a_fresh_setup_with_the_defaults_takes_six_presses() {
    let done = Operator::fresh()
        .pastes("https://ops.example.com/kestra/")
        .enter()
        .enter()
        .enter()
        .writes();
    assert_eq!(done.count(), 6);
    assert_eq!(done.write_succeeds().enter().last(), Some(&Asked::Exit));
}

#[test]
fn the_result_has_the_lines_for_what_does_not_go_through_the_proxy() {
    let done = at_review().writes().write_succeeds();
    assert!(done.screen(80, 60).contains("-Dhttps.proxyHost=proxy.corp.example"), "{done:?}");
    let direct = existing().press(Key::Char('1')).pastes("https://b.example/kestra/").enter();
    let direct = direct.writes().write_succeeds().screen(80, 60);
    assert!(direct.contains("Restart Kestra") && !direct.contains("JAVA_OPTS"), "{direct}");
}

/// The review where an installed release is found out while it is read.
fn with_release(version: &str) -> Operator {
    let release = Release::of_version(version, "/opt/kestra --version".to_owned());
    at_review().happens(Event::ReleaseFound(CONFIG.into(), release))
}

#[test]
fn a_release_that_anyone_passes_is_told_first_on_review_and_result() {
    let review = with_release("1.3.20");
    let Step::Review(reviewing) = review.wizard().step() else { panic!("{review:?}") };
    let first = "ANYONE CAN RUN CODE on Kestra 1.3.20 without a login (CVE-2026-53576";
    assert!(reviewing.notes()[0].starts_with(first), "{:?}", reviewing.notes());
    let done = review.writes().write_succeeds();
    let Step::Done(result) = done.wizard().step() else { panic!("{done:?}") };
    let lines = report(result);
    assert!(lines[0].starts_with(&format!("warning: {first}")), "{lines:?}");
    let screen = done.screen(80, 24);
    assert!(screen.find("ANYONE CAN RUN CODE") < screen.find("Done."), "{screen}");
}

/// The review after a test that came out like this.
fn tested(outcome: Outcome) -> String {
    let at = Operator::fresh().at_the_proxy().pastes("http://proxy:3128").press(Key::Ctrl('t'));
    at.finds(outcome, "it was tried", "").enter().enter().screen(80, 24)
}

#[test]
fn the_verdict_names_what_was_tested() {
    for (outcome, words) in [
        (Outcome::Ok, "✓ proxy tested"),
        (Outcome::Warning, "! proxy tested"),
        (Outcome::Failed, "✗ proxy test failed"),
        (Outcome::Skipped, "proxy not tested"),
    ] {
        assert!(tested(outcome).contains(words), "{words}: {}", tested(outcome));
    }
    let untested = at_review().finds(Outcome::Skipped, "there is no nginx", "").screen(80, 24);
    assert!(untested.contains("nginx not tested"), "{untested}");
    let written = at_review().writes();
    let [config, nginx] = &written.plan().expect("a plan").changes[..] else { panic!() };
    let files = [(CONFIG, config.after.as_str()), (NGINX, nginx.after.as_str())];
    let same = Operator::at(here(), &files).screen(80, 24);
    assert!(same.contains("nginx unchanged"), "{same}");
}

#[test]
fn a_password_that_is_elsewhere_is_told_so_where_it_would_be_typed() {
    let elsewhere = EXISTING.replace(PASSWORD, "${FORWARD_PROXY_PASSWORD}");
    let login = Operator::reconfiguring(&elsewhere).press(Key::Char('4'));
    let screen = login.screen(80, 24);
    assert!(screen.contains("kept in the environment"), "{screen}");
    let shell = Operator::with_https_proxy("http://svc:secret@proxy:3128").at_the_proxy();
    let screen = shell.press(Key::Right).screen(80, 24);
    assert!(screen.contains("Password        •••••••••  from HTTPS_PROXY"), "{screen}");
}

#[test]
fn a_certificate_that_is_offered_is_told_from_one_that_is_typed() {
    let known = |is_used| KnownCertificate {
        path: "/etc/ssl/ops.pem".to_owned(),
        key: "/etc/ssl/ops.key".to_owned(),
        names: vec!["ops.example.com".to_owned()],
        is_used,
    };
    let at = |certificates| {
        let at = Operator::at(Defaults { certificates, ..here() }, &[]).at_the_proxy().enter();
        at.finds(Outcome::Ok, "it is valid until 2027", "").screen(80, 24)
    };
    for (is_used, words) in [(true, "nginx uses it already."), (false, "Found on this machine.")] {
        let screen = at(vec![known(is_used)]);
        assert!(screen.contains(&format!("It is valid until 2027. {words}")), "{screen}");
    }
}

#[test]
fn open_apis_come_first_on_the_review_of_an_existing_file() {
    let open = "kestra.url: https://a.example/api/\nmicronaut.server.context-path: /api\n";
    let review = Operator::reconfiguring(open);
    let Step::Review(reviewing) = review.wizard().step() else { panic!("{review:?}") };
    let first = "ANYONE CAN RUN CODE: every API";
    assert!(reviewing.notes()[0].starts_with(first), "{:?}", reviewing.notes());
}

#[test]
fn a_release_that_closes_a_path_is_told_with_what_opens_it() {
    let review = with_release("1.3.25");
    let Step::Review(reviewing) = review.wizard().step() else { panic!("{review:?}") };
    let notes = reviewing.notes();
    assert!(notes[0].contains("apply --open-urls login-and-webhooks"), "{notes:?}");
    assert!(notes[1].contains("kestra.server.basic-auth.username"), "{notes:?}");
}

#[test]
fn a_proxy_named_by_the_shell_takes_six_presses_as_well() {
    let done = Operator::with_https_proxy("http://proxy.corp.example:3128")
        .pastes("https://ops.example.com/kestra/")
        .enter()
        .enter()
        .enter()
        .writes();
    let plan = done.plan().expect("a plan");
    assert!(plan.changes[0].after.as_str().contains("proxy-address: proxy.corp.example:3128"));
    assert_eq!(done.count(), 6);
}

#[test]
fn another_port_of_the_proxy_takes_six_presses() {
    let done = one_value_changed().writes();
    assert_eq!(done.count(), 6);
    assert_eq!(done.write_succeeds().enter().last(), Some(&Asked::Exit));
}

/// Presses from the first screen until everything is written; a paste counts as one.
#[test]
fn the_golden_paths_take_few_presses() {
    let https = |operator: Operator| operator.pastes("https://ops.example.com/kestra/").enter();
    let login = "http://svc-kestra:secret@proxy.corp.example:3128";
    let certificate = "/etc/letsencrypt/live/ops.example.com/fullchain.pem";
    let known = KnownCertificate {
        path: certificate.to_owned(),
        key: "/etc/letsencrypt/live/ops.example.com/privkey.pem".to_owned(),
        names: vec!["*.example.com".to_owned()],
        is_used: false,
    };
    let with_known = Operator::at(Defaults { certificates: vec![known], ..here() }, &[]);
    for (path, operator, most) in [
        ("defaults", https(Operator::fresh()).enter().enter().writes(), 6),
        (
            "a proxy with its login, a certificate of this machine",
            https(with_known).pastes(login).enter().enter().writes(),
            7,
        ),
        (
            "a proxy with its login, a certificate",
            https(Operator::fresh())
                .pastes(login)
                .enter()
                .press(Key::Tab)
                .pastes(certificate)
                .enter()
                .writes(),
            9,
        ),
        ("one value changed", one_value_changed().writes(), 6),
    ] {
        assert!(operator.plan().is_some(), "{path}: {}", operator.screen(80, 24));
        assert_eq!(operator.count(), most, "{path}");
    }
}

#[test]
fn holding_enter_never_writes() {
    for operator in [at_review(), one_value_changed(), existing()] {
        assert_eq!(operator.presses(50, Key::Enter).plan(), None);
    }
}

#[test]
fn w_writes_what_is_shown() {
    let operator = at_review();
    let shown = config(&operator);
    let written = operator.writes();
    assert_eq!(written.plan().expect("a plan").changes[0].after.as_str(), shown);
    assert!(matches!(written.wizard().step(), Step::Writing(_)));
}

#[test]
fn nothing_interrupts_a_write() {
    let writing = at_review().writes();
    for key in [Key::Esc, Key::Ctrl('c'), Key::Char('q'), Key::Enter, Key::Char('w')] {
        let after = writing.clone().press(key);
        assert!(matches!(after.wizard().step(), Step::Writing(_)), "{key:?}");
        assert_eq!(after.last(), writing.last(), "{key:?}");
    }
}

#[test]
fn where_nothing_changed_there_is_nothing_to_write() {
    let operator = existing().press(Key::Char('w'));
    assert_eq!(operator.plan(), None);
    assert!(operator.screen(80, 24).contains("Nothing to write."));
}

#[test]
fn a_digit_of_the_review_opens_one_answer_and_enter_returns() {
    let operator = existing().press(Key::Char('1'));
    assert_eq!(operator.question(), "url");
    assert!(is_reviewing(&operator.enter()));
}

#[test]
fn esc_from_an_answer_returns_to_the_review_too() {
    assert!(is_reviewing(&existing().press(Key::Char('3')).press(Key::Esc)));
}

#[test]
fn the_setting_of_a_proxy_that_is_not_used_opens_the_connection() {
    let direct = Operator::fresh().at_the_proxy().enter().enter();
    assert_eq!(direct.press(Key::Char('3')).question(), "connection");
}

#[test]
fn on_the_smallest_screen_the_verdict_and_the_keys_are_whole() {
    let screen = at_review().finds(Outcome::Failed, "no", "").screen(40, 10);
    let lines: Vec<_> = screen.lines().collect();
    assert_eq!(lines[7], "  ✗ nginx rejects the file", "{screen}");
    assert_eq!(lines[9], "  w write 2 files  1-6 edit  ? help", "{screen}");
}

#[test]
fn u_takes_back_one_change_after_the_other() {
    let twice = one_value_changed().press(Key::Char('5')).press(Key::Ctrl('u')).types("/kestra");
    let operator = twice.enter().press(Key::Char('u'));
    assert_eq!(operator.answer(&form::PROXY_ADDRESS), "proxy.corp.example:3128");
    assert!(operator.wizard().answers().is_untouched());
}

#[test]
fn what_is_found_out_during_an_edit_is_no_change_and_stays_known_without_it() {
    let release = Release::of_version("1.3.25", "/opt/kestra --version".to_owned());
    let editing = existing().press(Key::Char('3'));
    let editing = editing.happens(Event::ReleaseFound(CONFIG.into(), release));
    assert!(!editing.clone().press(Key::Esc).screen(80, 24).contains("u undo"));
    let undone = editing.press(Key::Backspace).types("9").enter().press(Key::Char('u'));
    assert!(undone.wizard().answers().is_untouched());
    assert_eq!(form::Context::defaults(undone.wizard().answers()).release, Some(Era::Closed));
}

#[test]
fn a_key_that_scrolls_does_nothing_before_the_size_is_known() {
    let review = existing();
    let pressed = review.clone().happens(Event::Key(Key::PageDown));
    assert_eq!(pressed.screen(80, 24), review.screen(80, 24));
}

#[test]
fn r_reveals_until_the_reminder() {
    let shown = existing().press(Key::Char('r')).press(Key::End);
    assert_eq!(shown.last(), Some(&Asked::Other("Remind(10s)".to_owned())));
    assert!(shown.screen(80, 24).contains(PASSWORD));
    assert!(!shown.happens(Event::Reminder).screen(80, 24).contains(PASSWORD));
}

#[test]
fn one_key_up_from_the_end_shows_one_line_more() {
    for open in [Key::Char('?'), Key::Char('f')] {
        let end = at_review().sized(80, 12).press(open).press(Key::End);
        let at_the_end = end.screen(80, 12);
        let up = end.press(Key::Up);
        assert_ne!(up.screen(80, 12), at_the_end);
        assert_eq!(up.press(Key::Down).screen(80, 12), at_the_end);
    }
}

#[test]
fn a_password_that_is_left_alone_is_kept() {
    let operator = existing().press(Key::Char('4')).press(Key::Tab).press(Key::Tab).enter();
    assert_eq!(config(&operator), EXISTING);
}

#[test]
fn typing_replaces_a_password() {
    let operator = existing().press(Key::Char('4')).press(Key::Tab).types("n3w").enter();
    assert_eq!(config(&operator), EXISTING.replace(PASSWORD, "n3w"));
}

#[test]
fn erasing_a_password_that_was_left_alone_removes_it() {
    let login = existing().press(Key::Char('4')).press(Key::Ctrl('u')).press(Key::Tab);
    let operator = login.press(Key::Backspace).enter();
    assert_eq!(operator.answer(&form::PROXY_PASSWORD), "");
    assert!(!config(&operator).contains("proxy-password"));
}

#[test]
fn a_username_alone_is_refused() {
    let operator = existing().press(Key::Char('4')).press(Key::Tab).press(Key::Backspace).enter();
    assert_eq!(operator.question(), "proxy-password");
    assert!(operator.screen(80, 24).contains("A username needs a password"));
}

#[test]
fn an_existing_configuration_opens_with_the_review() {
    assert!(is_reviewing(&existing()));
    assert_eq!(config(&existing()), EXISTING);
}

#[test]
fn no_nginx_file_is_added_to_an_existing_configuration_unasked() {
    assert_eq!(existing().answer(&form::REVERSE_PROXY), "none");
}
