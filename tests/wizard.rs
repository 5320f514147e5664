//! The wizard as a person uses it, one claim a test.

pub mod operator;

use kestra_setup::answers::Here;
use kestra_setup::checks::{Check, Outcome};
use kestra_setup::form;
use kestra_setup::key::Key;
use kestra_setup::plan::FileKind;
use kestra_setup::plan::Plan;
use kestra_setup::wizard::{Choosing, Event, Preview, Step, Trouble, Way};
use operator::{Asked, CONFIG, EXISTING, NGINX, Operator, PASSWORD, here};

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
    matches!(operator.wizard().step(), Step::Reviewing(_))
}

/// What the configuration would be.
fn config(operator: &Operator) -> String {
    let Step::Reviewing(reviewing) = operator.wizard().step() else { panic!("not in the review") };
    let Preview::Ready(plan) = reviewing.preview() else { panic!("{:?}", reviewing.preview()) };
    plan.changes[0].after.as_str().to_owned()
}

#[test]
fn a_fresh_setup_with_the_defaults_takes_six_presses() {
    let done = Operator::fresh()
        .pastes("https://ops.example.com/kestra/")
        .enter()
        .enter()
        .enter()
        .press(Key::Char('w'))
        .is_written()
        .enter();
    assert_eq!((done.count(), done.last()), (6, Some(&Asked::Exit)));
}

#[test]
fn a_proxy_named_by_the_shell_takes_six_presses_as_well() {
    let done = Operator::with_https_proxy("http://proxy.corp.example:3128")
        .pastes("https://ops.example.com/kestra/")
        .enter()
        .enter()
        .enter()
        .press(Key::Char('w'));
    let plan = done.plan().expect("a plan");
    assert!(plan.changes[0].after.as_str().contains("proxy-address: proxy.corp.example:3128"));
    assert_eq!(done.is_written().enter().count(), 6);
}

#[test]
fn another_port_of_the_proxy_takes_six_presses() {
    let done = one_value_changed().press(Key::Char('w')).is_written().enter();
    assert_eq!((done.count(), done.last()), (6, Some(&Asked::Exit)));
}

#[test]
fn enter_goes_to_the_next_question_that_needs_an_answer() {
    let operator = Operator::fresh().at_the_proxy().press(Key::Right).enter();
    assert_eq!(operator.question(), "proxy-address");
    assert_eq!(operator.types("proxy:3128").enter().question(), "reverse-proxy");
}

#[test]
fn tab_visits_every_question() {
    let operator = Operator::fresh().at_the_proxy().enter().press(Key::Tab).press(Key::Tab);
    assert_eq!(operator.question(), "server-name");
    assert_eq!(operator.press(Key::BackTab).question(), "context-path");
}

#[test]
fn a_missing_answer_holds_enter_back() {
    let operator = Operator::fresh().enter().enter();
    assert_eq!(operator.question(), "url");
    assert!(operator.screen(80, 24).contains("Error: an answer is required."));
}

#[test]
fn an_error_goes_with_the_next_key() {
    let operator = Operator::fresh().enter().types("h");
    assert!(!operator.screen(80, 24).contains("Error"));
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
        let at = Operator::fresh().at_the_proxy().enter().goes_to(&form::CONTEXT_PATH);
        at.press(Key::Ctrl('u')).types("/app").enter()
    };
    assert_eq!(conflict().press(Key::Char('1')).answer(&form::CONTEXT_PATH), "/kestra");
    assert_eq!(conflict().press(Key::Char('2')).answer(&form::URL), "https://ops.example.com/app/");
}

#[test]
fn enter_chooses_none_of_several_corrections() {
    let at = Operator::fresh().at_the_proxy().enter().goes_to(&form::CONTEXT_PATH);
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
fn of_two_pasted_lines_the_first_counts_and_that_is_said() {
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
    let at = Operator::fresh().at_the_proxy().enter().goes_to(&form::CONTEXT_PATH);
    let left = at.press(Key::Ctrl('u')).types("kestra/").press(Key::Tab);
    assert!(
        left.screen(80, 24).contains("Note: Context path is now /kestra"),
        "{}",
        left.screen(80, 24)
    );
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
    let written = operator.press(Key::Char('w'));
    assert_eq!(written.plan().expect("a plan").changes[0].after.as_str(), shown);
    assert!(matches!(written.wizard().step(), Step::Writing(_)));
}

#[test]
fn nothing_interrupts_a_write() {
    let writing = at_review().press(Key::Char('w'));
    for key in [Key::Esc, Key::Ctrl('c'), Key::Char('q'), Key::Enter, Key::Char('w')] {
        let after = writing.clone().press(key);
        assert!(matches!(after.wizard().step(), Step::Writing(_)), "{key}");
        assert_eq!(after.last(), writing.last(), "{key}");
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
fn u_takes_back_one_change_after_the_other() {
    let twice = one_value_changed().press(Key::Char('5')).press(Key::Ctrl('u')).types("/kestra");
    let operator = twice.enter().press(Key::Char('u'));
    assert_eq!(operator.answer(&form::PROXY_ADDRESS), "proxy.corp.example:3128");
    assert!(operator.wizard().answers().is_untouched());
}

#[test]
fn r_reveals_until_the_reminder() {
    let shown = existing().press(Key::Char('r')).press(Key::End);
    assert_eq!(shown.last(), Some(&Asked::Other("Remind(10s)".to_owned())));
    assert!(shown.screen(80, 24).contains(PASSWORD));
    assert!(!shown.happens(Event::Reminder).screen(80, 24).contains(PASSWORD));
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
    assert!(operator.screen(80, 24).contains("a username needs a password"));
}

#[test]
fn a_test_is_only_run_when_it_is_asked_for() {
    let operator = Operator::fresh().at_the_proxy().pastes("http://u:p@proxy:3128");
    assert_eq!(operator.last(), None);
    let tested = operator.press(Key::Ctrl('t'));
    assert!(matches!(tested.last(), Some(Asked::Check(Check::WayOut(_)))));
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
fn a_verdict_about_an_older_value_is_not_shown() {
    let tested = Operator::fresh().at_the_proxy().pastes("http://proxy:3128").press(Key::Ctrl('t'));
    let changed = tested.goes_to(&form::PROXY_ADDRESS).press(Key::Backspace).types("9").enter();
    let late = changed.finds(Outcome::Ok, "the way is open", "").press(Key::Esc);
    assert!(!late.screen(80, 24).contains("the way is open"));
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

/// A conflict about the configuration, which says something else by now.
fn conflict() -> Operator {
    let theirs = EXISTING.replace("memory until 0.18", "postgres since 0.19");
    let ways = vec![Way::Reapply, Way::SaveBeside, Way::StartOver, Way::Overwrite];
    let writing = one_value_changed().press(Key::Char('w'));
    writing.meanwhile(CONFIG, &theirs).is_refused("not written", &["changed"], ways)
}

#[test]
fn keeping_both_applies_the_answers_to_the_new_text() {
    let operator = conflict().press(Key::Char('1'));
    let text = config(&operator);
    assert!(text.contains("postgres since 0.19") && text.contains("proxy.corp.example:3129"));
    assert_eq!(operator.wizard().state(), "1 change");
}

#[test]
fn saving_beside_leaves_the_file_alone() {
    let operator = conflict().press(Key::Char('2'));
    assert!(
        matches!(operator.last(), Some(Asked::Other(effect)) if effect.starts_with("SaveBeside"))
    );
}

#[test]
fn starting_over_forgets_the_change() {
    let text = config(&conflict().press(Key::Char('3')));
    assert!(text.contains("postgres since 0.19") && text.contains("proxy.corp.example:3128"));
}

#[test]
fn overwriting_takes_the_new_text_as_what_was_there() {
    let operator = conflict().press(Key::Char('4'));
    let change = &operator.plan().expect("a plan").changes[0];
    assert!(change.before.as_ref().expect("a file").as_str().contains("postgres since 0.19"));
    assert!(change.after.as_str().contains("memory until 0.18"));
}

#[test]
fn esc_from_a_conflict_goes_back_to_the_review() {
    assert!(is_reviewing(&conflict().press(Key::Esc)));
}

#[test]
fn esc_from_a_refused_write_goes_back_to_the_review_of_a_new_setup_too() {
    let refused =
        at_review().press(Key::Char('w')).is_refused("not written", &[], vec![Way::Retry]);
    assert!(is_reviewing(&refused.press(Key::Esc)));
}

#[test]
fn the_answers_survive_a_refused_write() {
    let refused =
        at_review().press(Key::Char('w')).is_refused("not written", &[], vec![Way::Retry]);
    assert_eq!(refused.answer(&form::PROXY_PASSWORD), PASSWORD);
    assert!(matches!(refused.enter().wizard().step(), Step::Writing(_)));
}

#[test]
fn a_way_on_that_fails_too_keeps_what_was_to_be_written() {
    let ways = || vec![Way::SaveAside, Way::Retry];
    let refused = at_review().press(Key::Char('w')).is_refused("not written", &[], ways());
    let plan = refused.plan().cloned();
    let again = refused.enter().is_refused("not written", &[], ways()).press(Key::Char('2'));
    assert_eq!(again.plan().cloned(), plan);
    assert!(matches!(again.wizard().step(), Step::Writing(_)));
}

#[test]
fn without_nginx_the_other_files_are_written() {
    let ways = vec![Way::Change(&form::UPSTREAM), Way::WithoutNginx];
    let refused = at_review().press(Key::Char('w')).is_refused("rolled back", &[], ways);
    let operator = refused.press(Key::Char('2'));
    let kinds: Vec<_> =
        operator.plan().expect("a plan").changes.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [FileKind::Config]);
}

#[test]
fn changing_an_answer_from_a_refused_write_returns_to_the_review() {
    let ways = vec![Way::Change(&form::UPSTREAM)];
    let refused = at_review().press(Key::Char('w')).is_refused("rolled back", &[], ways).enter();
    assert_eq!(refused.question(), "upstream");
    assert!(is_reviewing(&refused.enter()));
}

#[test]
fn the_file_of_somebody_else_is_not_replaced_without_a_word() {
    let operator = Operator::at(here(), &[(NGINX, "server { listen 80; }\n")]);
    let refused = operator.at_the_proxy().enter().enter().press(Key::Char('w'));
    assert_eq!(refused.plan(), None);
    assert!(refused.screen(80, 24).contains("was not written by kestra-setup"));
}

#[test]
fn a_draft_can_be_forgotten() {
    let trouble = Trouble {
        state: "draft",
        lines: Vec::new(),
        ways: vec![Way::Continue, Way::Fresh, Way::Quit],
    };
    let asked =
        Operator::fresh().at_the_proxy().asked_first(Choosing::new(trouble, Plan::default()));
    assert_eq!(asked.clone().enter().answer(&form::URL), "https://ops.example.com/kestra/");
    assert!(asked.press(Key::Char('2')).wizard().answers().is_untouched());
}

#[test]
fn without_an_nginx_none_is_offered() {
    let operator = Operator::at(Here { has_nginx: false, ..here() }, &[]).at_the_proxy().enter();
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
fn a_question_mark_is_text_in_a_text_and_help_elsewhere() {
    assert!(Operator::fresh().types("a?").screen(80, 24).contains("a?"));
    assert!(
        Operator::fresh().at_the_proxy().types("?").screen(80, 24).contains("Help: Connection")
    );
}

#[test]
fn the_result_page_says_what_is_not_done_yet() {
    let screen = at_review().press(Key::Char('w')).is_written().screen(80, 24);
    assert!(screen.contains("Restart Kestra") && screen.contains("Reload nginx"));
}

#[test]
fn r_on_the_result_page_reloads_nginx() {
    let operator = at_review().press(Key::Char('w')).is_written().press(Key::Char('r'));
    assert_eq!(operator.last(), Some(&Asked::Check(Check::Reload)));
}
