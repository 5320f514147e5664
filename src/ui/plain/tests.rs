//! A person at plain mode, as a list of typed lines; the output is read as one text.

use super::*;
use crate::checks::Outcome;
use crate::form::Defaults;
use crate::kestra_config::Place;
use crate::machine::{Candidate, Machine, Seen, Snapshot};
use crate::plan::{FileChange, Plan};
use crate::wizard::{Choice, Dialog, Failure, LoadRequest, Undo, WriteResult, WrittenFile};
use std::collections::VecDeque;
use std::path::PathBuf;

/// Typed in the place of a line.
const CTRL_C: &str = "\u{3}";

/// What was typed, what was printed, what was done.
#[derive(Default)]
struct Script {
    lines: VecDeque<&'static str>,
    output: String,
    hidden: Vec<String>,
    written: Vec<Plan>,
    elevated: usize,
    dropped: usize,
    is_cut: bool,
    failure: Option<Failure>,
}

impl Runtime for Script {
    fn print(&mut self, text: &str) -> io::Result<()> {
        self.output.push_str(text);
        Ok(())
    }

    fn read(&mut self, prompt: &str, echo: Echo) -> Result<TypedLine, Ended> {
        self.output.push_str(prompt);
        if echo == Echo::Hidden {
            self.hidden.push(prompt.to_owned());
        }
        let line = self.lines.pop_front().ok_or(Ended::Input)?;
        if line == CTRL_C {
            return Err(Ended::Signal(Signal::Interrupt));
        }
        self.output.push_str(if echo == Echo::Shown { line } else { "" });
        self.output.push('\n');
        let (dropped, is_cut) = (self.dropped, self.is_cut);
        Ok(TypedLine { text: line.into(), is_cut, dropped })
    }

    fn perform(&mut self, effect: Effect) -> Option<Event> {
        Some(match effect {
            Effect::ReadFiles(paths) => Event::FilesRead(paths.into_iter().map(absent).collect()),
            Effect::Load(request) => {
                let LoadRequest { path, place } = request.clone();
                let mut machine = Machine::new(path.clone(), place.unwrap_or_default());
                machine.defaults.config_file = path.display().to_string();
                Event::Loaded(request, Ok(Box::new(machine)))
            }
            Effect::Check(check) => Event::Checked(check, vec![finding()]),
            Effect::Write(plan) => {
                let file = |change: &FileChange| WrittenFile {
                    kind: change.kind,
                    what: change.kind.label(&change.path),
                    path: change.path.display().to_string(),
                    about: "new".to_owned(),
                    is_removed: false,
                };
                let files = plan.pending().map(file).collect();
                self.written.push(plan);
                let saved = || Ok(WriteResult { files, ..saved() });
                Event::Written(self.failure.take().map_or_else(saved, Err))
            }
            Effect::Undo { .. } => Event::Stopped(WriteResult {
                headline: "Undone.".to_owned(),
                ..WriteResult::default()
            }),
            Effect::Elevate(_) => {
                self.elevated += 1;
                Event::Written(Ok(saved()))
            }
            _ => return None,
        })
    }
}

fn absent(path: PathBuf) -> (PathBuf, Seen) {
    (path, Snapshot::Absent.into())
}

fn finding() -> Finding {
    Finding {
        code: "way-out",
        outcome: Outcome::Ok,
        summary: "api.kestra.io answered.".to_owned(),
        evidence: String::new(),
        remedy: String::new(),
    }
}

fn saved() -> WriteResult {
    WriteResult {
        headline: "Done. 1 file written.".to_owned(),
        undo: Some(Undo { id: "1".to_owned(), command: "kestra-setup rollback".to_owned() }),
        ..WriteResult::default()
    }
}

fn denied() -> Failure {
    Failure {
        state: "not written",
        lines: vec!["Permission denied.".to_owned()],
        choices: vec![Choice::Sudo, Choice::Quit],
    }
}

fn wizard(here: Defaults, config: Option<&str>) -> (Wizard, Option<Effect>) {
    let mut machine = Machine::new("/etc/kestra/config.yml".into(), Place::default());
    machine.defaults = here;
    let config = config.map_or(Snapshot::Absent, |text| Snapshot::Text(text.into()));
    machine.see(machine.config().to_owned(), config);
    Wizard::new(machine.answers().unwrap(), machine)
}

/// A session of these lines, and how it ended.
fn session(
    (mut wizard, first): (Wizard, Option<Effect>),
    lines: &[&'static str],
    failure: Option<Failure>,
) -> (Script, Result<Exit, Ended>) {
    let lines = lines.iter().copied().collect();
    let mut script = Script { lines, failure, ..Script::default() };
    let ended = run(&mut wizard, first, &mut script);
    (script, ended)
}

fn fresh(lines: &[&'static str]) -> Script {
    session(wizard(Defaults::default(), None), lines, None).0
}

fn with_nginx(lines: &[&'static str]) -> Script {
    session(wizard(Defaults { has_nginx: true, ..Defaults::default() }, None), lines, None).0
}

fn existing(lines: &[&'static str]) -> Script {
    let config = "kestra:\n  url: http://old.example/\n";
    session(wizard(Defaults::default(), Some(config)), lines, None).0
}

/// A whole session with a proxy, its login and nginx, up to the review.
const LONG: [&str; 17] = [
    "https://ops.example.com/kestra",
    "",
    "2",
    "proxy.corp.example:3128",
    "svc-kestra",
    "hunter2",
    "",
    "nginx",
    "",
    "",
    "",
    "",
    "own",
    "1",
    "",
    "",
    "d",
];

/// The shortest session, up to the review.
const SHORT: [&str; 4] = ["https://ops.example.com/", "", "direct", "none"];

fn after(start: &[&'static str], more: &[&'static str]) -> Vec<&'static str> {
    [start, more].concat()
}

#[test]
fn a_session_reads_like_a_conversation() {
    let script = fresh(&after(&["ops.example.com", "", "", "1"], &["none", "w", "yes", ""]));
    let expected = "\
Kestra setup, plain mode. Answers: text, or: back, help, list, quit.
Configuration: /etc/kestra/config.yml (new)

Question 1 of 4. Public URL of Kestra.
The full address, without ui/ or api/.
An answer is required.
Public URL: ops.example.com
Error: the address needs http:// or https:// in front.
Did you mean https://ops.example.com/ ? Press Enter for yes, or type it:\u{20}
Saved: https://ops.example.com/

Question 2 of 4. Path under which Kestra serves, empty for /.
Must match the path of the public URL. Empty = serve at /.
Context path [none] or back:\u{20}
Kept: none

Question 3 of 4. How does Kestra reach api.kestra.io?
1. direct (default)
   Used for calls to api.kestra.io only. Browsers and HTTP tasks are not
   affected.
2. HTTP proxy
   Also carries https. Paste http://user:pass@host:port to fill every
   field.
3. SOCKS5 proxy
   SOCKS5 only.
Number 1 to 3 [1] or back: 1
Saved: direct

Question 4 of 4. Is there an nginx in front of Kestra?
Found: no nginx on this machine; the file is for you to copy
1. nginx
   One file of its own; other nginx files are not touched.
2. none, or another proxy (default)
   No nginx file is written; help lists what any reverse proxy must do.
Number 1 to 2 [2] or back: none
Saved: none, or another proxy

Review. Nothing is written yet.
1. Public URL: https://ops.example.com/
2. Connection: direct
3. Proxy address: -
4. Credentials: -
5. Context path: / (none)
6. nginx: none
File /etc/kestra/config.yml: new file, 2 lines, mode 0600
Type a number to change it, d for the diff, t to test the outbound
connection, w to write, q to quit: w
Write 1 file? y or n [n]: yes
Writing...

Done. 1 file written.
";
    assert!(script.output.starts_with(expected), "{}", script.output);
}

#[test]
fn no_line_is_longer_than_72_columns_or_more_than_ascii() {
    let lines = after(&LONG, &["help", "list", "w", "yes", "q"]);
    for script in [with_nginx(&lines), existing(&["help", "4", "help", "list", "quit", "q"])] {
        for line in script.output.lines() {
            assert!(line.trim_end().len() <= 72, "{line}");
            assert!(line.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{line}");
        }
    }
}

#[test]
fn no_question_is_longer_than_fifteen_lines() {
    let output = with_nginx(&LONG).output;
    let questions: Vec<_> =
        output.split("\n\n").filter(|block| block.starts_with("Question ")).collect();
    assert_eq!(questions.len(), 16);
    assert!(questions.iter().all(|question| question.lines().count() <= 15), "{output}");
}

#[test]
fn defaults_are_in_brackets() {
    let output = with_nginx(&LONG).output;
    for words in [
        "in brackets. Type none for no value.\nContext path [/kestra] or back: ",
        "in brackets.\nKestra at [localhost:8080] or back: ",
        "Certificate [none] or back: ",
    ] {
        assert!(output.contains(words), "{words}");
    }
    assert!(!output.contains("[]") && !output.contains("()"));
}

#[test]
fn what_the_files_say_is_the_current_value_and_enter_keeps_it() {
    let output = existing(&["1", ""]).output;
    assert!(output.contains("brackets.\nPublic URL [http://old.example/]: "), "{output}");
    assert!(output.contains("Kept: http://old.example/"), "{output}");
}

#[test]
fn a_proxy_of_the_shell_is_named_with_its_variable() {
    let proxy = crate::form::EnvironmentProxy {
        variable: "HTTPS_PROXY".to_owned(),
        proxy: "http://proxy:3128".parse().unwrap(),
    };
    let here = Defaults { proxy: Some(proxy), ..Defaults::default() };
    let output = session(wizard(here, None), &["https://a.example", "", "", ""], None).0.output;
    assert!(output.contains("2. HTTP proxy (default, from HTTPS_PROXY)"), "{output}");
    assert!(
        output.contains(
            "Enter accepts the value in brackets from HTTPS_PROXY.\nAddress [proxy:3128]"
        ),
        "{output}"
    );
}

#[test]
fn the_end_of_the_input_is_never_consent() {
    let whole = after(&LONG, &["w", "yes"]);
    for count in 0..whole.len() {
        let (script, ended) = session(
            wizard(Defaults { has_nginx: true, ..Defaults::default() }, None),
            &whole[..count],
            None,
        );
        assert!(matches!(ended, Err(Ended::Input)), "{count}");
        assert_eq!(script.written, []);
    }
}

#[test]
fn only_a_typed_yes_writes() {
    for answer in ["", "n", "no", "w", "yes please", "\\yes"] {
        assert_eq!(fresh(&after(&SHORT, &["w", answer, "q", "q"])).written, [], "{answer}");
    }
    for answer in ["y", "yes", " YES "] {
        assert_eq!(fresh(&after(&SHORT, &["w", answer])).written.len(), 1, "{answer}");
    }
}

#[test]
fn a_way_that_writes_needs_the_word_as_well() {
    let sudo = |answer| {
        let lines = after(&SHORT, &["w", "yes", "1", answer, "2"]);
        session(wizard(Defaults::default(), None), &lines, Some(denied())).0
    };
    assert_eq!((sudo("").elevated, sudo("yes").elevated), (0, 1));
    let output = sudo("").output;
    assert!(output.contains("Permission denied.\n1. Write with sudo"), "{output}");
    assert!(output.contains("Number 1 to 2 [1]:"), "{output}");
}

#[test]
fn a_write_that_does_not_come_back_leaves_nothing_to_ask() {
    let failure = Failure { choices: vec![Choice::SaveAside, Choice::Quit], ..denied() };
    let lines = after(&SHORT, &["w", "yes", "1", "yes", "never read"]);
    let (script, ended) = session(wizard(Defaults::default(), None), &lines, Some(failure));
    assert_eq!(ended.unwrap(), Exit::Done, "{}", script.output);
    assert_eq!(script.lines, ["never read"]);
}

#[test]
fn what_is_no_way_on_asks_again_and_back_leads_to_the_review() {
    let denied = |more: &[&'static str]| {
        let lines = after(&after(&SHORT, &["w", "yes"]), more);
        session(wizard(Defaults::default(), None), &lines, Some(denied())).0.output
    };
    let asked = |output: &str| output.matches("Number 1 to 2 [1]:").count();
    let refused = denied(&["3", "sudo", "help"]);
    assert_eq!((refused.matches("Type a number from 1 to 2.").count(), asked(&refused)), (2, 4));
    let back = denied(&["back"]);
    assert!(asked(&back) == 1 && back.matches("\nReview").count() == 2, "{back}");
    let quit = denied(&["quit"]);
    assert!(quit.contains("Quit? Type s to keep a draft"), "{quit}");
}

#[test]
fn only_a_typed_yes_undoes() {
    let undone = |answer| fresh(&after(&SHORT, &["w", "yes", "list", "u", answer])).output;
    assert!(undone("yes").contains("\nUndone.\n"), "{}", undone("yes"));
    assert!(!undone("").contains("Undone."));
}

#[test]
fn the_result_offers_a_reload_only_where_there_is_an_nginx() {
    let script = fresh(&after(&SHORT, &["w", "yes", "r"]));
    assert!(
        script.output.contains("\nType c to check, u to undo, or press Enter to quit:"),
        "{}",
        script.output
    );
    assert!(!script.output.contains("eload"), "{}", script.output);
    let output = with_nginx(&after(&LONG, &["w", "yes", "r"])).output;
    assert!(
        output.contains("Type r to reload nginx") && output.contains("Reloading nginx..."),
        "{output}"
    );
}

#[test]
fn the_input_may_end_once_all_is_done() {
    let (_, ended) =
        session(wizard(Defaults::default(), None), &after(&SHORT, &["w", "yes"]), None);
    assert!(ended.is_ok());
}

#[test]
fn a_password_is_read_without_echo_and_its_length_is_not_shown() {
    let script = with_nginx(&after(&LONG, &["list", "q", "q"]));
    assert_eq!(script.hidden, ["Password (not shown) [none] or back: "]);
    assert!(script.output.contains("Saved: hidden\n"), "{}", script.output);
    assert!(!script.output.contains("hunter2"), "{}", script.output);
}

#[test]
fn back_goes_one_question_back_and_no_further_than_the_first() {
    let output = fresh(&["back", "https://a.example", "back", "", "", "back"]).output;
    assert!(output.contains("This is the first question."));
    let numbers: Vec<_> =
        output.split("\nQuestion ").skip(1).map(|question| &question[..1]).collect();
    assert_eq!(numbers, ["1", "1", "2", "1", "2", "3", "2"], "{output}");
}

#[test]
fn back_from_the_review_is_the_last_question() {
    let output = fresh(&after(&SHORT, &["back"])).output;
    assert_eq!(output.matches("Question 4 of 4.").count(), 2, "{output}");
}

#[test]
fn help_explains_and_asks_again() {
    let output = fresh(&["help"]).output;
    assert!(output.contains("Example: https://my-host.com/kestra/ (ok)\n"), "{output}");
    assert!(output.contains("Stored in config.yml as kestra.url."));
    assert_eq!(output.matches("Question 1 of 4.").count(), 2);
}

#[test]
fn help_has_the_lines_for_the_proxy() {
    let output = with_nginx(&after(&LONG[..4], &["help"])).output;
    assert!(output.contains("\n  HTTPS_PROXY=http://proxy.corp.example:3128\n"), "{output}");
}

#[test]
fn list_says_every_answer_and_no_secret() {
    let output = with_nginx(&after(&LONG[..7], &["list"])).output;
    assert!(output.contains("4. Address: proxy.corp.example:3128\n"), "{output}");
    assert!(output.contains("6. Password: hidden\n"));
}

#[test]
fn list_says_where_a_password_is_that_the_file_does_not_hold() {
    let config = "kestra.url: http://old.example/\nmicronaut.http.services.api: {proxy-type: http, \
                  proxy-address: 'p:1', proxy-username: u, proxy-password: '${LOGIN}'}\n";
    let output = session(wizard(Defaults::default(), Some(config)), &["list"], None).0.output;
    assert!(output.contains("Password: kept in the environment\n"), "{output}");
}

#[test]
fn quit_asks_only_where_answers_would_be_lost() {
    let quit = |lines: &[&'static str]| session(wizard(Defaults::default(), None), lines, None);
    let (script, ended) = quit(&["quit"]);
    assert!(
        matches!(ended, Ok(Exit::Done)) && !script.output.contains("Quit?"),
        "{}",
        script.output
    );
    for (word, wanted) in [("s", Exit::KeepDraft), ("q", Exit::Discard), ("quit", Exit::Discard)] {
        let (script, ended) = quit(&["https://a.example", "quit", "", "quit", "yes", word]);
        assert_eq!(ended.unwrap(), wanted, "{}", script.output);
        assert_eq!(script.output.matches("s to keep a draft, q to discard").count(), 3);
        assert_eq!(script.output.matches("Question 2 of 4.").count(), 2, "{}", script.output);
    }
}

#[test]
fn ctrl_c_asks_like_quit_and_a_second_one_discards() {
    let quit = |lines: &[&'static str]| session(wizard(Defaults::default(), None), lines, None);
    assert_eq!(quit(&[CTRL_C]).1.unwrap(), Exit::Done);
    assert_eq!(quit(&["https://a.example", CTRL_C, "s"]).1.unwrap(), Exit::KeepDraft);
    assert_eq!(quit(&["https://a.example", CTRL_C, CTRL_C]).1.unwrap(), Exit::Discard);
    let at_the_last = after(&SHORT, &["w", CTRL_C, "", "w", "yes", CTRL_C]);
    let (script, ended) = quit(&at_the_last);
    assert_eq!((script.written.len(), ended.unwrap()), (1, Exit::Done), "{}", script.output);
}

#[test]
fn a_word_behind_a_backslash_is_an_answer() {
    let script = with_nginx(&after(&LONG[..4], &["\\quit"]));
    assert!(script.output.contains("Saved: quit\n"), "{}", script.output);
}

#[test]
fn what_is_no_choice_is_refused_and_changes_nothing() {
    let output = fresh(&["https://a.example", "", "4", "list"]).output;
    assert!(output.contains("Error: this takes one of: direct, http, socks."), "{output}");
    assert!(output.contains("3. Connection: direct\n"));
}

#[test]
fn several_corrections_are_numbered() {
    let script = fresh(&["https://a.example/kestra", "/other", "2", "1", "2", ""]);
    assert!(
        script.output.contains("1. Context path: /kestra\n2. Public URL: https://a.example/other/")
    );
    assert!(script.output.contains("Number 1 to 2, or type another: 2\n"), "{}", script.output);
    assert!(script.output.contains("Saved: Public URL: https://a.example/other/\n"));
    assert!(script.output.contains("Review."), "{}", script.output);
}

#[test]
fn the_correction_of_another_question_names_it() {
    let lines = ["http://a.example/", "", "direct", "nginx", "/etc/ssl/a.pem", "/etc/ssl/a.key"];
    let output = with_nginx(&after(&lines, &[""; 20])).output;
    let offered = "Change \"Public URL\" to https://a.example/ ? Press Enter for yes";
    assert!(output.contains(offered), "{output}");
}

#[test]
fn a_pasted_proxy_answers_every_question_about_it() {
    let output = fresh(&["https://a.example", "", "http://svc:hunter2@proxy:3128", "list"]).output;
    let shown = output.replace("http://svc:hunter2@proxy:3128", "");
    assert!(shown.contains("Saved: HTTP proxy\nSaved: Address: proxy:3128\n"), "{shown}");
    assert!(shown.contains("Saved: Password: hidden") && !shown.contains("hunter2"), "{shown}");
    let asked: Vec<_> = shown.split("\nQuestion ").skip(1).map(|text| &text[..1]).collect();
    assert_eq!(asked, ["1", "2", "3", "4", "4"], "{shown}");
}

#[test]
fn what_a_paste_has_filled_is_asked_once_the_operator_goes_back() {
    let output = fresh(&["https://a.example", "", "http://proxy:3128", "back"]).output;
    assert!(output.ends_with("Address [proxy:3128] or back: "), "{output}");
}

#[test]
fn without_a_certificate_its_key_is_not_asked_for_in_either_direction() {
    let output = with_nginx(&after(&LONG, &["back"; 8])).output;
    assert!(output.ends_with("Certificate [none] or back: "), "{output}");
    assert!(!output.contains("\nKey ["), "{output}");
}

#[test]
fn of_a_paste_the_first_line_counts_and_the_rest_is_reported() {
    let mut script = Script { dropped: 2, ..Script::default() };
    script.lines.extend(["https://a.example", "", "direct"]);
    let (mut wizard, first) = wizard(Defaults::default(), None);
    assert!(matches!(run(&mut wizard, first, &mut script), Err(Ended::Input)));
    let output = script.output;
    assert!(
        output.contains("only the first is used; 2 were dropped.\nSaved: https://a"),
        "{output}"
    );
}

#[test]
fn a_line_that_the_terminal_has_cut_is_refused_with_what_to_do() {
    let mut script = Script { is_cut: true, ..Script::default() };
    script.lines.extend(["https://a.example"]);
    let (mut wizard, first) = wizard(Defaults::default(), None);
    assert!(matches!(run(&mut wizard, first, &mut script), Err(Ended::Input)));
    assert!(script.output.contains("apply --answers FILE"), "{}", script.output);
    assert!(wizard.answers().is_untouched());
}

#[test]
fn an_answer_can_be_emptied() {
    let here = Defaults { has_nginx: true, ..Defaults::default() };
    let lines = ["https://a.example/kestra", "none"];
    let output = session(wizard(here, None), &lines, None).0.output;
    assert!(output.contains("the context path is /\n1. Context path: /kestra"), "{output}");
}

#[test]
fn a_login_can_be_removed() {
    let api = "micronaut.http.services.api:\n  proxy-type: http\n  proxy-address: p:1\n";
    let config = format!("{api}  proxy-username: svc\n  proxy-password: hunter2\n");
    let config = format!("kestra.url: https://a.example/\n{config}");
    let lines = ["4", "none", "", "d"];
    let output = session(wizard(Defaults::default(), Some(&config)), &lines, None).0.output;
    assert!(output.contains("-  proxy-username: svc\n-  proxy-password: *********\n"), "{output}");
}

#[test]
fn the_review_changes_one_setting_and_returns() {
    let output = existing(&["1", "http://new.example", "d"]).output;
    assert!(output.contains("Review: no changes. Nothing is written yet."));
    assert!(
        output.contains("1. Public URL: http://new.example/ (changed, was http://old.example/)")
    );
    assert!(
        output.contains("-  url: http://old.example/\n+  url: http://new.example/\n"),
        "{output}"
    );
}

#[test]
fn a_number_opens_every_question_of_its_setting() {
    let script = with_nginx(&after(&LONG, &["4", "", "n3w", "env", "", "", "d", "q", "q"]));
    assert_eq!(script.hidden.len(), 2);
    let output = script.output.rsplit("Type a number to change it").nth(1).unwrap();
    assert!(
        output.contains("${FORWARD_PROXY_PASSWORD}") && !output.contains("Question"),
        "{output}"
    );
}

#[test]
fn back_from_a_setting_returns_to_the_review() {
    let output = existing(&["1", "back"]).output;
    assert_eq!(output.matches("Review: no changes.").count(), 2, "{output}");
}

#[test]
fn where_nothing_changed_nothing_is_written() {
    let script = existing(&["d", "w", "yes"]);
    assert!(script.output.contains("Nothing to write."));
    assert_eq!(script.written, []);
}

#[test]
fn what_cannot_be_edited_is_told_with_what_has_the_same_effect() {
    let shared = "kestra: &it\n  url: http://old.example/\ncopy: *it\n";
    let lines = ["1", "http://new.example", "w", "quit", "q"];
    let (script, ended) = session(wizard(Defaults::default(), Some(shared)), &lines, None);
    assert_eq!((script.written.len(), ended.unwrap()), (0, Exit::Discard), "{}", script.output);
    let told = "\
Error: the file is left alone (line 2): the edit would change another
setting too
Written into it by hand, this has the same effect:
kestra:
  url: http://new.example/
";
    assert!(script.output.contains(told), "{}", script.output);
    assert!(script.output.contains("Cannot be written; the text to paste is shown."));
}

#[test]
fn the_way_out_is_tested_from_the_review() {
    let output = fresh(&after(&SHORT, &["t"])).output;
    assert!(
        output
            .contains("Testing the outbound connection (max 10 s)...\nok: api.kestra.io answered.")
    );
}

#[test]
fn of_several_configurations_one_is_asked_for_first() {
    let candidate = |path: &str, reason: &str| Candidate {
        path: path.into(),
        place: None,
        reason: reason.to_owned(),
    };
    let (wizard, _) = wizard(Defaults::default(), None);
    let mut machine = wizard.machine().clone();
    machine.candidates = vec![
        candidate("/etc/kestra/config.yml", "kestra.service names it"),
        candidate("/srv/compose.yml", "holds KESTRA_CONFIGURATION of service kestra"),
    ];
    let start = || Wizard::new(wizard.answers().clone(), machine.clone());
    let output =
        session(start(), &["2", "back", "/srv/other.yml", "https://a.example"], None).0.output;
    let expected = "\
Question 1 of 5. Which configuration is Kestra's?
The file that Kestra reads. Another one is read at once.
1. /etc/kestra/config.yml (kestra.service names it)
2. /srv/compose.yml (holds KESTRA_CONFIGURATION of service kestra)
Enter accepts the value in brackets.
Configuration [/etc/kestra/config.yml]: 2
Configuration: /srv/compose.yml (new)

Question 2 of 5. Public URL of Kestra.
";
    assert!(output.contains(expected), "{output}");
    assert!(output.contains("Configuration: /srv/other.yml (new)\n\nQuestion 2 of 5."), "{output}");
}

#[test]
fn a_look_that_does_not_come_back_leads_back_to_its_question() {
    let (mut wizard, _) = wizard(Defaults::default(), None);
    for key in [Key::Tab, Key::Tab, Key::Ctrl('u'), Key::Char('x'), Key::Enter] {
        wizard.update(Event::Key(key));
    }
    assert!(matches!(wizard.step(), Step::Discovering(_)));
    let (script, ended) = session((wizard, None), &[""], None);
    assert!(script.output.contains("Which configuration is Kestra's?"), "{}", script.output);
    assert!(matches!(ended, Err(Ended::Input)), "{}", script.output);
}

#[test]
fn what_stands_in_the_way_of_the_start_is_asked_first() {
    let choices = vec![Choice::Continue, Choice::Fresh, Choice::Quit];
    let lines = vec!["You stopped at step 2.".to_owned()];
    let draft = Failure { state: "draft", lines, choices };
    let (wizard, _) = wizard(Defaults::default(), None);
    let wizard = wizard.starting_with(Dialog::new(draft, Plan::default()));
    let output = session((wizard.clone(), None), &[""], None).0.output;
    assert!(output.contains("You stopped at step 2.\n1. Continue with these answers"), "{output}");
    assert!(output.contains("Question 1 of 4."));
    let (script, ended) = session((wizard, None), &["n", "quit"], None);
    assert_eq!(ended.unwrap(), Exit::Done, "{}", script.output);
    assert!(script.output.contains("Question 1 of 4."));
}
