//! After w: what prevents the write and the choices then, and the result.

use super::{at_review, config, existing, is_reviewing, one_value_changed};
use crate::operator::{Asked, CONFIG, EXISTING, NGINX, Operator, PASSWORD, here};
use kestra_setup::checks::{Check, Finding, Outcome};
use kestra_setup::form;
use kestra_setup::key::Key;
use kestra_setup::messages::not_written;
use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::effects::WriteFailure;
use kestra_setup::system::fs::WriteError;
use kestra_setup::wizard::{
    Choice, Dialog, Effect, Event, Failure, Step, WriteResult, WriteState, WrittenFile,
};

/// A conflict about the configuration, which holds something else by now.
fn conflict() -> Operator {
    let theirs = EXISTING.replace("memory until 0.18", "postgres since 0.19");
    let choices = vec![Choice::Reapply, Choice::SaveBeside, Choice::StartOver, Choice::Overwrite];
    let writing = one_value_changed().writes();
    writing.meanwhile(CONFIG, &theirs).write_fails("not written", &["changed"], choices)
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
fn a_way_on_is_taken_once() {
    for way in
        [Choice::SaveBeside, Choice::SaveAside, Choice::Overwrite, Choice::Forget, Choice::Undo]
    {
        let refused = at_review().writes().write_fails("changed", &[], vec![way.clone()]);
        let before = refused.asked().len();
        let twice = refused.enter().enter().press(Key::Esc);
        assert_eq!(twice.asked().len(), before + 1, "{way:?}");
        assert!(matches!(twice.wizard().step(), Step::Writing(_)), "{way:?}");
    }
}

#[test]
fn what_was_written_is_taken_back_once() {
    let written = at_review().writes().write_succeeds();
    let before = written.asked().len();
    let undone = written.press(Key::Char('u')).press(Key::Char('u')).enter();
    assert_eq!(undone.asked().len(), before + 1);
    assert!(matches!(undone.wizard().step(), Step::Writing(_)));
}

#[test]
fn whoever_goes_back_while_the_disk_is_slow_is_not_called_away_and_writes_nothing() {
    let waiting = conflict().waits_for_the_disk().press(Key::Char('4'));
    let before = waiting.asked().len();
    let back = waiting.press(Key::Char('4')).press(Key::Esc);
    let question = back.question();
    let answered = back.disk_answers();
    assert_eq!((answered.question(), answered.asked().len()), (question, before));
}

#[test]
fn what_a_slow_disk_answers_is_known_also_to_whoever_went_back() {
    let theirs = EXISTING.replace("ops.example.com", "theirs.example.com");
    let choices = vec![Choice::Reapply];
    let refused = one_value_changed().writes().meanwhile(CONFIG, &theirs);
    let refused = refused.write_fails("not written", &["changed"], choices);
    let back = refused.waits_for_the_disk().enter().press(Key::Esc).disk_answers();
    assert!(back.answer(&form::URL).contains("theirs.example.com"), "{}", back.answer(&form::URL));
}

#[test]
fn nothing_is_written_below_the_question_whether_to_quit() {
    let waiting = conflict().waits_for_the_disk().press(Key::Char('4')).press(Key::Ctrl('c'));
    let before = waiting.asked().len();
    let answered = waiting.disk_answers();
    assert_eq!(answered.asked().len(), before);
    assert!(is_reviewing(&answered.press(Key::Esc)));
}

#[test]
fn a_review_follows_what_a_slow_disk_answers_later() {
    let theirs = EXISTING.replace("ops.example.com", "theirs.example.com");
    let choices = vec![Choice::Reapply];
    let refused = one_value_changed().writes().meanwhile(CONFIG, &theirs);
    let refused = refused.write_fails("not written", &["changed"], choices);
    let review = refused.waits_for_the_disk().enter().press(Key::Esc).enter();
    let answered = review.disk_answers();
    assert!(config(&answered).contains("theirs.example.com"), "{}", answered.screen(80, 24));
}

#[test]
fn the_review_after_a_refused_undo_is_about_the_files_as_they_are() {
    let writing = one_value_changed().writes();
    let after = writing.plan().expect("a plan").changes[0].after.as_str().to_owned();
    let written = writing.meanwhile(CONFIG, &after).write_succeeds().press(Key::Char('u'));
    let refused = written.write_fails("not undone", &["no"], vec![Choice::Quit]);
    let review = refused.press(Key::Esc);
    assert_eq!(review.wizard().state(), "no changes");
    assert!(!review.screen(80, 24).contains("3128"), "{}", review.screen(80, 24));
}

#[test]
fn a_key_that_the_footer_does_not_name_reloads_nothing() {
    let written = existing().press(Key::Char('1')).pastes("https://b.example/kestra/").enter();
    let written = written.writes().write_succeeds();
    let Step::Done(saved) = written.wizard().step().clone() else { panic!("not written") };
    let files = saved.files.iter().filter(|file| file.kind != FileKind::Nginx).cloned().collect();
    let config_alone = WriteResult { files, next: Vec::new(), ..saved };
    let done = existing().happens(Event::Written(Ok(config_alone)));
    assert!(!done.screen(80, 24).contains("reload"), "{}", done.screen(80, 24));
    let before = done.asked().len();
    assert_eq!(done.press(Key::Char('r')).asked().len(), before);
}

#[test]
fn where_nothing_else_is_to_be_written_nginx_is_not_skipped() {
    let files = |operator: &Operator| {
        let plan = operator.plan().expect("a plan");
        let text = |change: &FileChange| change.after.as_str().to_owned();
        plan.changes.iter().map(text).collect::<Vec<_>>()
    };
    let both = files(&at_review().writes());
    let foreign = [(CONFIG, both[0].as_str()), (NGINX, "server { listen 80; }\n")];
    let review = Operator::at(here(), &foreign).press(Key::Char('6')).press(Key::Char('1')).enter();
    let refused = review.writes().screen(80, 24);
    assert!(refused.contains("was not written by kestra-setup"), "{refused}");
    assert!(!refused.contains("skip nginx"), "{refused}");
}

#[test]
fn a_result_begins_at_its_top_also_after_an_earlier_one_was_scrolled() {
    let done = |operator: Operator| operator.writes().write_succeeds().sized(80, 12);
    let first = done(one_value_changed());
    let failed = first.clone().press(Key::End).press(Key::Char('u'));
    let failed = failed.write_fails("not undone", &["no"], vec![Choice::Quit]);
    let second = done(failed.press(Key::Esc));
    assert_eq!(second.screen(80, 12), first.screen(80, 12));
}

#[test]
fn esc_from_a_conflict_goes_back_to_the_review() {
    assert!(is_reviewing(&conflict().press(Key::Esc)));
}

#[test]
fn esc_from_a_refused_write_goes_back_to_the_review_of_a_new_setup_too() {
    let refused = at_review().writes().write_fails("not written", &[], vec![Choice::Retry]);
    assert!(is_reviewing(&refused.press(Key::Esc)));
}

#[test]
fn the_answers_survive_a_refused_write() {
    let refused = at_review().writes().write_fails("not written", &[], vec![Choice::Retry]);
    assert_eq!(refused.answer(&form::PROXY_PASSWORD), PASSWORD);
    assert!(matches!(refused.enter().wizard().step(), Step::Writing(_)));
}

#[test]
fn a_way_on_that_fails_too_keeps_what_was_to_be_written() {
    let choices = || vec![Choice::SaveAside, Choice::Retry];
    let refused = at_review().writes().write_fails("not written", &[], choices());
    let plan = refused.plan().cloned();
    let again = refused.enter().write_fails("not written", &[], choices()).press(Key::Char('2'));
    assert_eq!(again.plan().cloned(), plan);
    assert!(matches!(again.wizard().step(), Step::Writing(_)));
}

#[test]
fn what_could_not_be_saved_elsewhere_is_not_written_as_the_same_once_more() {
    let failed = |plan: &Plan| {
        let error = WriteError::Full("/home/kestra/kestra-setup-out".into());
        not_written(&WriteFailure { error, plan: plan.clone(), theirs: None }).choices
    };
    let writing = at_review().writes();
    assert!(failed(writing.plan().expect("a plan")).contains(&Choice::Retry));
    // As the effects that save report it.
    assert!(!failed(&Plan::default()).contains(&Choice::Retry));
}

#[test]
fn without_nginx_the_other_files_are_written() {
    let choices = vec![Choice::Change(&form::UPSTREAM), Choice::WithoutNginx];
    let refused = at_review().writes().write_fails("rolled back", &[], choices);
    let operator = refused.press(Key::Char('2'));
    let kinds: Vec<_> =
        operator.plan().expect("a plan").changes.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [FileKind::Config]);
}

#[test]
fn without_tls_no_certificate_is_answered_any_more() {
    let at = Operator::fresh().at_the_proxy().enter().goes_to(&form::CERTIFICATE);
    let pair = at.types("/etc/ssl/a.pem").press(Key::Tab).types("/etc/ssl/a.key").enter();
    let refused = pair.writes().write_fails("rolled back", &[], vec![Choice::WithoutTls]);
    let review = refused.enter();
    let answers = [&form::CERTIFICATE, &form::CERTIFICATE_KEY].map(|field| review.answer(field));
    assert_eq!((is_reviewing(&review), answers), (true, [String::new(), String::new()]));
}

#[test]
fn what_nginx_said_is_shown_where_it_is_asked_for_and_offered_no_more() {
    let said = "nginx: [emerg] host not found in upstream";
    let choices = vec![Choice::Retry, Choice::ShowEvidence(said.to_owned())];
    let refused = at_review().writes().write_fails("rolled back", &["refused"], choices);
    assert!(!refused.screen(80, 24).contains(said));
    let screen = refused.press(Key::Char('2')).screen(80, 24);
    assert!(screen.contains("refused") && screen.contains(said), "{screen}");
    assert!(screen.contains("▸ 1  Try again") && !screen.contains("  2  "), "{screen}");
}

#[test]
fn the_write_of_that_name_is_undone_over_the_changes_of_others() {
    let id = "20261123T085010Z".to_owned();
    let undoing = at_review().writes().write_succeeds().press(Key::Char('u'));
    let choices = vec![Choice::UndoOverwriting(Some(id.clone())), Choice::Quit];
    let operator = undoing.write_fails("not undone", &[], choices).enter();
    let effect = Effect::Undo { id: Some(id), overwrite: true };
    assert_eq!(operator.last(), Some(&Asked::from(effect)));
}

#[test]
fn changing_an_answer_from_a_refused_write_returns_to_the_review() {
    let choices = vec![Choice::Change(&form::UPSTREAM)];
    let refused = at_review().writes().write_fails("rolled back", &[], choices).enter();
    assert_eq!(refused.question(), "upstream");
    assert!(is_reviewing(&refused.enter()));
}

#[test]
fn correcting_what_is_not_asked_leads_to_the_question_that_leaves_it_out() {
    let choices = vec![Choice::Change(&form::CERTIFICATE)];
    let at = at_review().press(Key::Char('6')).goes_to(&form::NGINX_FORM).press(Key::Right);
    let refused = at.enter().writes().write_fails("rolled back", &["certificate"], choices);
    assert_eq!(refused.enter().question(), "nginx-form");
}

#[test]
fn the_file_of_somebody_else_is_not_replaced_without_a_word() {
    let operator = Operator::at(here(), &[(NGINX, "server { listen 80; }\n")]);
    let refused = operator.at_the_proxy().enter().enter().writes();
    assert_eq!(refused.plan(), None);
    assert!(refused.screen(80, 24).contains("was not written by kestra-setup"));
}

#[test]
fn a_draft_can_be_forgotten() {
    let failure = Failure {
        state: "draft",
        lines: Vec::new(),
        choices: vec![Choice::Continue, Choice::Fresh, Choice::Quit],
    };
    let asked = Operator::fresh().at_the_proxy().asked_first(Dialog::new(failure, Plan::default()));
    assert_eq!(asked.clone().enter().answer(&form::URL), "https://ops.example.com/kestra/");
    assert!(asked.press(Key::Char('2')).wizard().answers().is_untouched());
}

#[test]
fn the_result_page_names_what_is_not_done_yet() {
    let screen = at_review().writes().write_succeeds().screen(80, 24);
    assert!(screen.contains("Restart Kestra") && screen.contains("Reload nginx"));
}

#[test]
fn the_result_page_says_where_kestra_opens_and_offers_no_reload_without_an_nginx_file() {
    let open = "Open https://ops.example.com/kestra/ once Kestra has restarted.";
    let nginx = at_review().writes().write_succeeds().screen(80, 24);
    assert!(nginx.contains(open) && nginx.contains("r reload nginx"), "{nginx}");
    let none = one_value_changed().writes().happens(Event::Written(Ok(WriteResult::default())));
    let screen = none.screen(80, 24);
    assert!(!screen.contains("reload"), "{screen}");
}

#[test]
fn a_line_of_a_file_never_wraps_and_its_path_keeps_both_ends() {
    let screen = at_review().writes().write_succeeds().screen(40, 12);
    assert!(screen.contains("config.yml  /home/ke…nfig.yml   new\n"), "{screen}");
    assert!(screen.contains("more lines: pgdn"), "{screen}");
}

#[test]
fn what_is_undone_is_shown_from_its_first_line_and_needs_no_certificate() {
    let file = WrittenFile {
        kind: FileKind::Nginx,
        what: "nginx".to_owned(),
        path: NGINX.to_owned(),
        about: "removed".to_owned(),
        is_removed: true,
    };
    let undone = WriteResult {
        state: WriteState::RolledBack,
        headline: "Undone.".to_owned(),
        files: vec![file],
        ..WriteResult::default()
    };
    let written = at_review().sized(60, 12).writes().write_succeeds().press(Key::PageDown);
    let screen = written.press(Key::Char('u')).happens(Event::Stopped(undone)).screen(60, 12);
    assert!(screen.contains("✓ Undone.") && screen.contains("Reload nginx"), "{screen}");
    assert!(!screen.contains("certificate") && !screen.contains("Open "), "{screen}");
}

#[test]
fn the_result_page_scrolls_where_it_has_too_little_room() {
    let written = at_review().sized(60, 12).writes().write_succeeds();
    assert!(!written.screen(60, 12).contains("Add a certificate"));
    let scrolled = written.press(Key::PageDown);
    assert!(scrolled.screen(60, 12).contains("Add a certificate"));
    assert!(scrolled.press(Key::PageUp).screen(60, 12).contains("Done."));
}

#[test]
fn r_on_the_result_page_reloads_nginx() {
    let operator = at_review().writes().write_succeeds().press(Key::Char('r'));
    assert_eq!(operator.last(), Some(&Asked::Check(Check::Reload)));
}

#[test]
fn what_runs_already_is_not_started_again() {
    let checking = at_review().writes().write_succeeds().press(Key::Char('c'));
    let before = checking.asked().len();
    assert!(!checking.screen(80, 24).contains("c check"), "{}", checking.screen(80, 24));
    assert_eq!(checking.press(Key::Char('c')).asked().len(), before);
}

/// The result page once everything was checked, with a finding of each of these.
fn checked(findings: &[(&'static str, Outcome)], width: u16) -> String {
    let finding = |&(code, outcome): &(&'static str, Outcome)| Finding {
        code,
        outcome,
        summary: format!("about {code}"),
        evidence: String::new(),
        remedy: String::new(),
    };
    let findings = findings.iter().map(finding).collect();
    let checking = at_review().writes().write_succeeds().press(Key::Char('c'));
    checking.happens(Event::Checked(Check::All, findings)).screen(width, 24)
}

#[test]
fn what_waits_for_kestra_is_one_line_with_the_number_of_the_rest() {
    let waits = ("kestra-answers", Outcome::Skipped);
    let one = checked(&[waits], 80);
    assert!(one.contains("1 wait for Kestra") && one.contains("About kestra-answers."), "{one}");
    assert!(!one.contains("more wait"), "{one}");
    let three = checked(&[waits, ("public-url", Outcome::Skipped), waits], 80);
    assert!(
        three.contains("3 wait for Kestra") && three.contains("2 more wait for it."),
        "{three}"
    );
}

#[test]
fn the_counts_of_a_check_wrap_where_they_have_no_room() {
    let findings = [
        ("config-read", Outcome::Ok),
        ("nginx-test", Outcome::Failed),
        ("config-mode", Outcome::Warning),
        ("config-note", Outcome::Note),
        ("nginx-reload", Outcome::Skipped),
        ("kestra-answers", Outcome::Skipped),
    ];
    let counts = "1 ok 1 failed 1 to correct 1 to note 1 not checked 1 wait for Kestra";
    for width in [80, 40] {
        let screen = checked(&findings, width);
        let words: Vec<_> = screen.split_whitespace().collect();
        assert!(words.join(" ").contains(counts), "{screen}");
    }
}

#[test]
fn the_help_of_a_long_conflict_has_the_whole_of_it() {
    let lines: Vec<String> = (0..40).map(|number| format!("line {number} of it")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let refused = at_review().writes().write_fails("not written", &lines, vec![Choice::Retry]);
    assert!(!refused.screen(80, 24).contains("line 20 of it"));
    let help = refused.press(Key::Char('?')).press(Key::PageDown).screen(80, 24);
    assert!(help.contains("line 20 of it"), "{help}");
}

#[test]
fn what_happened_and_every_way_have_a_place_on_a_long_conflict() {
    let lines: Vec<String> = (0..90).map(|number| format!("line {number}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let choices = vec![Choice::Reapply, Choice::SaveBeside, Choice::StartOver, Choice::Overwrite];
    let refused = at_review().writes().write_fails("not written", &lines, choices);
    let screen = refused.screen(80, 24);
    assert!(screen.contains("line 0") && screen.contains("more lines"), "{screen}");
    assert!(screen.contains("▸ 1  Keep both") && screen.contains("  4  Overwrite"), "{screen}");
}
