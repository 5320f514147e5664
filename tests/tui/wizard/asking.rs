//! The screens of the form: what is typed, pasted, corrected and refused.

use super::existing;
use crate::operator::{Asked, CONFIG, NGINX, Operator, here};
use kestra_setup::checks::{Check, Finding, Outcome};
use kestra_setup::form::{self, Defaults};
use kestra_setup::kestra_release::Release;
use kestra_setup::key::Key;
use kestra_setup::wizard::Event;

#[test]
fn enter_goes_to_the_next_question_that_needs_an_answer() {
    let operator = Operator::fresh().at_the_proxy().press(Key::Right).enter();
    assert_eq!(operator.question(), "proxy-address");
    assert_eq!(operator.types("proxy:3128").enter().question(), "reverse-proxy");
}

#[test]
fn tab_visits_every_question_and_more_unfolds_those_that_are_rarely_changed() {
    let operator = Operator::fresh().at_the_proxy().enter().presses(4, Key::Tab);
    assert_eq!(operator.question(), "more");
    assert!(operator.screen(80, 24).contains("names, port, form, template, file: as recommended"));
    for key in [Key::Enter, Key::Right] {
        let unfolded = operator.clone().press(key);
        assert_eq!(unfolded.question(), "server-name");
        assert_eq!(unfolded.press(Key::BackTab).question(), "upstream");
    }
}

#[test]
fn what_is_not_as_recommended_is_named_where_it_is_folded_away() {
    let mut answers = Operator::fresh().wizard().answers().clone();
    answers.set(&form::LISTEN, "8443");
    assert_eq!(form::folded(&answers), "port 8443");
}

#[test]
fn a_missing_answer_holds_enter_back() {
    let operator = Operator::fresh().enter().enter();
    assert_eq!(operator.question(), "url");
    assert!(operator.screen(80, 24).contains("✗ An answer is required."));
}

#[test]
fn an_error_goes_with_the_next_key() {
    let operator = Operator::fresh().enter().types("h");
    assert!(!operator.screen(80, 24).contains("✗"));
}

#[test]
fn esc_goes_back_also_from_an_answer_that_will_not_do() {
    let operator = Operator::fresh().at_the_proxy().press(Key::Right).enter().types("no port");
    let back = operator.press(Key::Esc);
    assert_eq!(back.question(), "url");
    assert_eq!(back.answer(&form::PROXY_ADDRESS), "no port");
}

#[test]
fn shift_tab_on_the_first_question_goes_back_too() {
    assert_eq!(Operator::fresh().at_the_proxy().press(Key::BackTab).question(), "url");
}

#[test]
fn esc_on_the_first_screen_stays_there() {
    let operator = Operator::fresh().types("https://a.example/").press(Key::Esc);
    assert_eq!((operator.question(), operator.last()), ("url", None));
}

#[test]
fn a_correction_is_taken_on_a_key_only() {
    let refused = Operator::fresh().types("ops.example.com").enter();
    assert_eq!(refused.answer(&form::URL), "ops.example.com");
    let taken = refused.enter();
    assert_eq!(
        (taken.answer(&form::URL).as_str(), taken.question()),
        ("https://ops.example.com/", "url")
    );
}

#[test]
fn a_digit_takes_one_of_several_corrections() {
    let conflict = || {
        let at =
            Operator::fresh().pastes("https://ops.example.com/kestra").goes_to(&form::CONTEXT_PATH);
        at.press(Key::Ctrl('u')).types("/app").enter()
    };
    assert_eq!(conflict().press(Key::Char('1')).answer(&form::CONTEXT_PATH), "/kestra");
    assert_eq!(conflict().press(Key::Char('2')).answer(&form::URL), "https://ops.example.com/app/");
}

#[test]
fn enter_chooses_none_of_several_corrections() {
    let at =
        Operator::fresh().pastes("https://ops.example.com/kestra").goes_to(&form::CONTEXT_PATH);
    let operator = at.press(Key::Ctrl('u')).types("/app").enter().presses(3, Key::Enter);
    assert_eq!(operator.question(), "context-path");
    assert_eq!(operator.answer(&form::CONTEXT_PATH), "/app");
}

#[test]
fn a_digit_is_a_digit_where_nothing_is_to_be_corrected() {
    let operator = Operator::fresh().types("https://ops1.example.com/");
    assert_eq!(operator.enter().answer(&form::URL), "https://ops1.example.com/");
}

#[test]
fn a_pasted_proxy_fills_every_field() {
    let operator = Operator::fresh().at_the_proxy().pastes("http://us%40er:p%3Ass@proxy:3128\n");
    let fields =
        [&form::CONNECTION, &form::PROXY_ADDRESS, &form::PROXY_USERNAME, &form::PROXY_PASSWORD];
    assert_eq!(fields.map(|field| operator.answer(field)), ["http", "proxy:3128", "us@er", "p:ss"]);
}

#[test]
fn the_url_of_a_proxy_that_is_typed_fills_every_field_too() {
    let at = Operator::fresh().at_the_proxy().press(Key::Right).press(Key::Tab);
    let operator = at.types("socks5://us%40er:p%3Ass@proxy:1080").enter();
    let fields =
        [&form::CONNECTION, &form::PROXY_ADDRESS, &form::PROXY_USERNAME, &form::PROXY_PASSWORD];
    assert_eq!(
        fields.map(|field| operator.answer(field)),
        ["socks", "proxy:1080", "us@er", "p:ss"]
    );
}

#[test]
fn of_two_pasted_lines_the_first_counts_and_that_is_shown() {
    let operator = Operator::fresh().pastes("https://a.example/\r\nhttps://b.example/\r\n");
    assert!(operator.screen(80, 24).contains("2 lines pasted; used the first."));
    assert_eq!(operator.enter().answer(&form::URL), "https://a.example/");
}

#[test]
fn a_pasted_newline_is_not_an_enter() {
    assert_eq!(Operator::fresh().pastes("https://a.example/\n").question(), "url");
}

#[test]
fn a_note_goes_when_its_question_is_left() {
    let operator = Operator::fresh().at_the_proxy().pastes("http://u:p@proxy:3128");
    assert!(operator.screen(80, 24).contains("filled all fields"));
    assert!(!operator.press(Key::Tab).screen(80, 24).contains("filled all fields"));
}

#[test]
fn a_correction_that_is_read_elsewhere_names_its_question() {
    let at =
        Operator::fresh().pastes("https://ops.example.com/kestra").goes_to(&form::CONTEXT_PATH);
    let left = at.press(Key::Ctrl('u')).types("kestra/").press(Key::Tab);
    assert!(
        left.screen(80, 24).contains("✓ Context path is now /kestra"),
        "{}",
        left.screen(80, 24)
    );
}

#[test]
fn ctrl_c_asks_where_there_are_answers() {
    let asking = Operator::fresh().at_the_proxy().press(Key::Ctrl('c'));
    assert_eq!(asking.last(), None);
    assert_eq!(asking.clone().press(Key::Esc).press(Key::Right).answer(&form::CONNECTION), "http");
    assert_eq!(asking.press(Key::Ctrl('c')).last(), Some(&Asked::Exit));
}

#[test]
fn ctrl_c_asks_also_for_what_was_only_typed() {
    let typed = Operator::fresh().types("https://ops.example.com/").press(Key::Ctrl('c'));
    assert_eq!(typed.last(), None);
}

#[test]
fn ctrl_c_leaves_where_there_are_none() {
    assert_eq!(Operator::fresh().press(Key::Ctrl('c')).last(), Some(&Asked::Exit));
    assert_eq!(existing().press(Key::Char('q')).last(), Some(&Asked::Exit));
}

#[test]
fn enter_does_not_quit() {
    let operator = Operator::fresh().at_the_proxy().press(Key::Ctrl('c')).presses(3, Key::Enter);
    assert_ne!(operator.last(), Some(&Asked::Exit));
}

#[test]
fn a_test_is_only_run_when_it_is_asked_for() {
    let operator = Operator::fresh().at_the_proxy().pastes("http://u:p@proxy:3128");
    assert_eq!(operator.last(), None);
    let tested = operator.press(Key::Ctrl('t'));
    assert!(matches!(tested.last(), Some(Asked::Check(Check::Outbound(_)))));
}

#[test]
fn a_running_test_names_its_step_and_counts_its_seconds() {
    let tested = Operator::fresh().at_the_proxy().pastes("http://proxy:3128").press(Key::Ctrl('t'));
    assert!(tested.screen(80, 24).contains("connecting, 0 s of 10 s"));
    let later = tested.happens(Event::Second("connecting")).happens(Event::Second("logging in"));
    let screen = later.screen(80, 24);
    assert!(screen.contains("Testing api.kestra.io: logging in, 2 s of 10 s."), "{screen}");
}

#[test]
fn esc_stops_a_test_and_nothing_else() {
    let tested = Operator::fresh().at_the_proxy().pastes("http://proxy:3128").press(Key::Ctrl('t'));
    let stopped = tested.press(Key::Esc);
    assert_eq!(stopped.last(), Some(&Asked::Other("Cancel".to_owned())));
    assert_eq!(stopped.question(), "connection");
    assert_ne!(stopped.press(Key::Esc).question(), "connection");
}

#[test]
fn esc_stops_no_test_that_is_not_in_view() {
    let tested = Operator::fresh().at_the_proxy().pastes("http://proxy:3128").press(Key::Ctrl('t'));
    let elsewhere = tested.enter();
    assert!(!elsewhere.screen(80, 24).contains("Testing"));
    let back = elsewhere.press(Key::Esc);
    assert_eq!(back.question(), "connection");
    assert!(back.screen(80, 24).contains("Testing"));
    let changed = back.goes_to(&form::PROXY_ADDRESS).press(Key::Backspace).types("9");
    let away = changed.press(Key::Tab).press(Key::Esc);
    assert_eq!(away.question(), "url");
}

#[test]
fn asking_for_a_test_without_an_address_leads_to_it() {
    let there = Operator::fresh().at_the_proxy().press(Key::Right).press(Key::Ctrl('t'));
    assert_eq!(there.question(), "proxy-address");
    let screen = there.press(Key::Ctrl('t')).screen(80, 24);
    assert!(screen.contains('✗'), "{screen}");
}

#[test]
fn a_plan_of_an_earlier_configuration_comes_too_late_for_the_preview() {
    let at = existing().press(Key::Esc).press(Key::Esc).press(Key::Esc).pauses().planned(0);
    let other = at.goes_to(&form::CONFIGURATION).press(Key::Ctrl('u')).types("/srv/other.yml");
    let typed = other.enter().pastes("https://ops.example.com/").pauses().planned(0);
    assert!(typed.screen(80, 24).contains("new file"), "{}", typed.screen(80, 24));
    assert_eq!(typed.clone().planned(1).screen(80, 24), typed.screen(80, 24));
}

#[test]
fn a_certificate_that_was_missing_is_looked_for_again_when_its_screen_is() {
    let at = Operator::fresh().at_the_proxy().enter().goes_to(&form::CERTIFICATE);
    let missing = at.types("/etc/ssl/k.pem").press(Key::Tab).finds(Outcome::Failed, "none", "");
    assert!(missing.screen(80, 24).contains("✗ None."), "{}", missing.screen(80, 24));
    let before = missing.asked().len();
    let again = missing.press(Key::Esc).enter();
    assert_eq!(again.asked().len(), before + 1);
    assert!(!again.screen(80, 24).contains("✗ None."), "{}", again.screen(80, 24));
    let sound = again.finds(Outcome::Ok, "it is valid", "");
    let before = sound.asked().len();
    assert_eq!(sound.press(Key::Esc).enter().asked().len(), before);
}

#[test]
fn a_verdict_about_an_older_value_is_not_shown() {
    let tested = Operator::fresh().at_the_proxy().pastes("http://proxy:3128").press(Key::Ctrl('t'));
    let changed = tested.goes_to(&form::PROXY_ADDRESS).press(Key::Backspace).types("9").enter();
    let late = changed.finds(Outcome::Ok, "the way is open", "").press(Key::Esc);
    assert!(!late.screen(80, 24).contains("the way is open"));
}

#[test]
fn without_an_nginx_none_is_offered() {
    let operator =
        Operator::at(Defaults { has_nginx: false, ..here() }, &[]).at_the_proxy().enter();
    assert_eq!(operator.answer(&form::REVERSE_PROXY), "none");
}

#[test]
fn help_opens_and_closes_where_it_was() {
    let operator = Operator::fresh().types("https://a").press(Key::F1);
    assert!(operator.screen(80, 24).contains("Help: Public URL"));
    assert_eq!(
        operator.press(Key::Esc).types(".example/").enter().answer(&form::URL),
        "https://a.example/"
    );
}

#[test]
fn help_has_the_lines_for_the_proxy_that_is_typed() {
    let typed = Operator::fresh().at_the_proxy().press(Key::Right).enter().types("corp:3128");
    let screen = typed.press(Key::F1).screen(80, 60);
    for line in [
        "(Java sends no login)",
        "-Dhttps.proxyHost=corp -Dhttps.proxyPort=3128",
        "HTTPS_PROXY=http://corp:3128",
        "kestra.anonymous-usage-report.enabled: false",
    ] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
}

#[test]
fn a_question_mark_is_text_in_a_text_and_help_elsewhere() {
    assert!(Operator::fresh().types("a?").screen(80, 24).contains("a?"));
    assert!(
        Operator::fresh().at_the_proxy().types("?").screen(80, 24).contains("Help: Connection")
    );
}

#[test]
fn nothing_is_typed_into_a_field_behind_the_help_or_a_question() {
    for cover in [Key::F1, Key::Ctrl('c')] {
        let typed = Operator::fresh().types("https://a");
        let covered = typed.press(cover).types("xz").pastes("b").press(Key::Backspace);
        assert_eq!(covered.press(Key::Esc).enter().answer(&form::URL), "https://a/", "{cover:?}");
    }
}

#[test]
fn a_stopped_test_reports_nothing_of_the_next_one() {
    let testing = Operator::fresh().at_the_proxy().press(Key::Ctrl('t'));
    let Some(Asked::Check(check)) = testing.last().cloned() else { panic!("no test") };
    let again = testing.press(Key::Esc).press(Key::Ctrl('t'));
    let checked = |finding| Event::Checked(check.clone(), vec![finding]);
    let late = again.happens(checked(Finding::cancelled()));
    assert!(late.screen(80, 24).contains("Testing"));
    let finding = Finding { code: "way-out-ok", outcome: Outcome::Ok, ..Finding::cancelled() };
    assert!(!late.happens(checked(finding)).screen(80, 24).contains("Testing"));
}

#[test]
fn an_error_is_shown_when_its_field_is_left_and_when_it_is_visited_again() {
    let there = Operator::fresh().at_the_proxy().press(Key::Right).press(Key::Tab);
    let left = there.types("proxy:99999").press(Key::Tab);
    let refusal = "a port is a number";
    assert!(
        left.screen(80, 24).contains(&format!("✗ Address: {refusal}")),
        "{}",
        left.screen(80, 24)
    );
    let again = left.press(Key::BackTab);
    assert!(again.screen(80, 24).contains("✗ A port is a number"));
    assert!(!again.press(Key::Backspace).screen(80, 24).contains("✗"));
}

#[test]
fn the_result_of_a_test_is_in_view_on_the_smallest_screen() {
    let testing = Operator::fresh().at_the_proxy().pastes("http://u:p@proxy:3128");
    let tested = testing.press(Key::Ctrl('t')).finds(Outcome::Failed, "nothing listens there", "");
    for field in [&form::CONNECTION, &form::PROXY_CREDENTIALS] {
        let screen = tested.clone().goes_to(field).screen(40, 10);
        assert!(screen.contains("✗ Nothing listens there."), "{screen}");
    }
}

/// A server block of somebody else that answers to the name already.
const SITE: &str =
    "server {\n  server_name ops.example.com;\n  location / { proxy_pass http://k:1; }\n}";

#[test]
fn on_the_smallest_screen_what_is_wrong_comes_before_a_hint() {
    let at = Operator::fresh().at_the_proxy().enter().goes_to(&form::CERTIFICATE).types("w");
    let elsewhere = at.press(Key::BackTab).screen(40, 10);
    assert!(elsewhere.contains("  ✗ Certificate:"), "{elsewhere}");
}

#[test]
fn what_has_no_room_is_counted_and_the_help_shows_it() {
    let nginx = Operator::with_sites(SITE).pastes("http://ops.example.com/").enter().enter();
    let none = nginx.goes_to(&form::REVERSE_PROXY).press(Key::Char('2'));
    let screen = none.screen(60, 16);
    assert!(screen.contains("more lines   f1 shows all"), "{screen}");
    let help = none.press(Key::F1).sized(60, 16).press(Key::PageDown).screen(60, 16);
    assert!(help.contains("X-Forwarded-Host $http_host"), "{help}");
}

#[test]
fn a_name_that_nginx_serves_already_gets_locations_and_that_is_said() {
    let nginx = Operator::with_sites(SITE).pastes("http://ops.example.com/").enter().enter();
    assert_eq!(nginx.answer(&form::NGINX_FORM), "location");
    let screen = nginx.screen(80, 24);
    assert!(screen.contains("ops:1 answers to ops.example.com already"), "{screen}");
}

#[test]
fn no_certificate_is_missed_where_the_server_block_is_somebody_elses() {
    let missed = "Without a certificate nginx serves plain http. Step 3 asks for one.";
    let typed = |operator: Operator| {
        operator.types("https://ops.example.com/").happens(Event::Paused).screen(80, 24)
    };
    assert!(typed(Operator::fresh()).contains(missed));
    assert!(!typed(Operator::with_sites(SITE)).contains(missed));
}

#[test]
fn the_way_of_a_request_has_the_port_for_https_of_the_file() {
    let nginx = Operator::fresh().at_the_proxy().enter().goes_to(&form::CERTIFICATE);
    let pair = nginx.types("/etc/ssl/a.pem").press(Key::Tab).types("/etc/ssl/a.key").enter();
    let written = pair.writes();
    let [config, nginx] = &written.plan().expect("a plan").changes[..] else { panic!() };
    let moved = nginx.after.as_str().replace("443 ssl", "8443 ssl");
    let files = [(CONFIG, config.after.as_str()), (NGINX, moved.as_str())];
    let screen = Operator::at(here(), &files).press(Key::Char('6')).screen(80, 24);
    assert!(screen.contains("→ nginx :8443 →"), "{screen}");
}

#[test]
fn the_footer_names_no_key_that_would_do_nothing() {
    assert!(!Operator::fresh().screen(80, 24).contains("esc back"));
    assert!(Operator::fresh().at_the_proxy().screen(80, 24).contains("esc back"));
    let review = existing();
    assert!(
        !review.screen(80, 24).contains("u undo") && !review.screen(80, 24).contains("tab file")
    );
    let direct = Operator::fresh().at_the_proxy();
    assert!(!direct.screen(80, 24).contains("tab field"), "{}", direct.screen(80, 24));
    assert!(direct.press(Key::Right).screen(80, 24).contains("tab field"));
    let help = Operator::fresh().press(Key::F1);
    assert!(help.screen(80, 12).contains("pgdn scroll"), "{}", help.screen(80, 12));
    assert!(!help.screen(80, 60).contains("pgdn scroll"), "{}", help.screen(80, 60));
}

#[test]
fn a_release_that_closes_the_login_page_opens_it_by_default_for_its_configuration_alone() {
    let release = |config: &str| {
        let release = Release::of_version("1.3.25", "/opt/kestra --version".to_owned());
        Event::ReleaseFound(config.into(), release)
    };
    let at = || Operator::fresh().at_the_proxy().enter();
    let other = at().happens(release("/srv/other.yml"));
    assert_eq!(other.answer(&form::OPEN_URLS), "none");
    let known = at().happens(release(CONFIG));
    assert_eq!(known.answer(&form::OPEN_URLS), "login-and-webhooks");
}

#[test]
fn asking_for_a_test_that_is_under_way_does_not_count_its_seconds_anew() {
    let tested = Operator::fresh().at_the_proxy().pastes("http://proxy:3128").press(Key::Ctrl('t'));
    let again = tested.happens(Event::Second("connecting")).press(Key::Ctrl('t'));
    assert!(again.screen(80, 24).contains("connecting, 1 s of 10 s"));
}
