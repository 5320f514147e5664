//! Every screen as the operator sees it, in the three sizes that differ. The snapshots are read as
//! if they were code.

use crate::operator::{CONFIG, EXISTING, Operator, PASSWORD, here};
use kestra_setup::checks::{Check, Finding, Outcome};
use kestra_setup::form::{self, Defaults};
use kestra_setup::key::Key;
use kestra_setup::messages::not_written;
use kestra_setup::plan::{FileKind, Plan};
use kestra_setup::system::effects::WriteFailure;
use kestra_setup::system::fs::WriteError;
use kestra_setup::wizard::{
    Choice, Dialog, Event, Failure, NextStep, WriteResult, WriteState, WrittenFile,
};

/// The wireframes' size, the smallest with explanations, and the smallest of all.
const SIZES: [(u16, u16); 3] = [(80, 24), (60, 16), (40, 10)];

/// Compares what the operator sees with what was read and found good.
fn see(name: &str, operator: &Operator) {
    let sized = |(width, height)| {
        let (x, y) = operator.cursor(width, height);
        format!("{width}x{height}, cursor {x},{y}\n{}", operator.screen(width, height))
    };
    let all = SIZES.map(sized).join("\n");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, all) });
}

fn reviewing() -> Operator {
    Operator::fresh().at_the_proxy().with_a_login().enter()
}

/// The longest that people really have.
fn long() -> Operator {
    let host = "workflows.data-platform.prod.eu-central-1.internal.megacorp.example.com";
    let here = Defaults {
        config_file: "/home/kestra-data-platform/.kestra/environments/production/config.yml".into(),
        server_file: "/etc/nginx/conf.d/workflows.data-platform.prod.megacorp.conf".into(),
        ..here()
    };
    Operator::at(here, &[]).pastes(&format!("https://{host}:8443/orchestration/kestra"))
}

#[test]
fn address() {
    see("address_empty", &Operator::fresh());
    see("address_typed", &Operator::fresh().types("https://ops.example.com/kestra"));
    see("address_of_this_machine", &Operator::fresh().types("http://localhost:8080/"));
    see("address_missing", &Operator::fresh().enter());
    see("address_refused", &Operator::fresh().types("https://ops.example.com/a;b").enter());
    see("address_meant", &Operator::fresh().types("ops.example.com/kestra").enter());
    see("address_meant_taken", &Operator::fresh().types("ops.example.com/kestra").enter().enter());
    see("address_two_lines", &Operator::fresh().pastes("https://a.example/\nhttps://b.example/\n"));
    see("address_long", &long());
    let compose = "holds KESTRA_CONFIGURATION of service kestra";
    let several = [
        ("/etc/kestra/config.yml", "kestra.url: https://a.example/\n", "kestra.service names it"),
        (CONFIG, "kestra.url: https://b.example/\n", "Kestra reads it by default"),
        ("/srv/docker-compose.yml", "kestra.url: https://c.example/\n", compose),
    ];
    see("address_several", &Operator::choosing(&several));
}

#[test]
fn proxy() {
    let at = || Operator::fresh().at_the_proxy();
    see("proxy_direct", &at());
    see("proxy_http", &at().press(Key::Right));
    see("proxy_without_port", &at().press(Key::Right).enter().types("proxy.corp.example").enter());
    see("proxy_pasted", &at().pastes("http://svc-kestra:secret@proxy.corp.example:3128"));
    see("proxy_from_the_shell", &Operator::with_https_proxy("http://proxy:3128").at_the_proxy());
}

#[test]
fn proxy_login() {
    let pasted = || {
        let at = Operator::fresh().at_the_proxy();
        at.pastes("http://svc-kestra:secret@proxy.corp.example:3128")
    };
    let saved = || pasted().goes_to(&form::PROXY_CREDENTIALS);
    see("login_typed", &pasted().goes_to(&form::PROXY_PASSWORD).types(PASSWORD));
    see(
        "login_revealed",
        &pasted().goes_to(&form::PROXY_PASSWORD).types(PASSWORD).press(Key::Ctrl('r')),
    );
    see("login_plain", &saved());
    see("login_basic", &saved().press(Key::Char('2')));
    see("login_env", &saved().press(Key::Char('3')));
    see("login_variable", &saved().press(Key::Char('3')).press(Key::Tab));
    see("login_env_file", &saved().press(Key::Char('3')).presses(2, Key::Tab));
    see(
        "login_without_password",
        &pasted().goes_to(&form::PROXY_PASSWORD).press(Key::Backspace).enter(),
    );
}

#[test]
fn proxy_test() {
    let at = || {
        let at = Operator::fresh().at_the_proxy();
        at.pastes("http://svc-kestra:secret@proxy.corp.example:3128").press(Key::Ctrl('t'))
    };
    see("test_running", &at());
    let ok = "proxy accepted the password, api.kestra.io answered in 0.4 s";
    see("test_ok", &at().finds(Outcome::Ok, ok, ""));
    let wrong = "proxy.corp.example:3128 does not accept this username with this password";
    let remedy = "Type the password again, or ask whether the account is locked or has expired";
    see("test_failed", &at().finds(Outcome::Failed, wrong, remedy));
}

#[test]
fn nginx() {
    let at = || Operator::fresh().at_the_proxy().enter();
    see(
        "nginx_certificate",
        &at()
            .goes_to(&form::CERTIFICATE)
            .types("/etc/ssl/a.pem")
            .press(Key::Tab)
            .types("/etc/ssl/a.key")
            .press(Key::Tab),
    );
    see("nginx_default", &at());
    see("nginx_none", &at().press(Key::Right));
    see("nginx_location", &at().goes_to(&form::NGINX_FORM).press(Key::Right));
    see("nginx_documented", &at().goes_to(&form::NGINX_STYLE).press(Key::Right));
    see(
        "nginx_missing",
        &Operator::at(Defaults { has_nginx: false, ..here() }, &[]).at_the_proxy().enter(),
    );
    let path = || {
        let at = Operator::fresh().pastes("https://ops.example.com/kestra");
        at.goes_to(&form::CONTEXT_PATH).press(Key::Ctrl('u'))
    };
    see("nginx_path_differs", &path().types("/app").enter());
    see("nginx_path_breaks_kestra", &path().types("/api").enter());
    see(
        "nginx_same_port",
        &at().goes_to(&form::LISTEN).press(Key::Ctrl('u')).types("8080").enter(),
    );
    see(
        "nginx_key_missing",
        &at().goes_to(&form::CERTIFICATE).types("/etc/ssl/a.pem").enter().enter(),
    );
    let site = "server {\n  listen 443 ssl;\n  server_name ops.example.com;\n  location / { proxy_pass http://localhost:8080; }\n}";
    see("nginx_taken", &Operator::with_sites(site).at_the_proxy().enter());
    let hidden = Some("/etc/letsencrypt/live".to_owned());
    let hidden = Defaults { unreadable_certificates: hidden, ..here() };
    see("nginx_hidden_certificates", &Operator::at(hidden, &[]).at_the_proxy().enter());
    see("nginx_file", &at().goes_to(&form::NGINX_FILE));
    see("nginx_long", &long().enter().enter());
}

#[test]
fn review() {
    see("review_new", &reviewing());
    see("review_new_nginx", &reviewing().press(Key::Tab));
    see("review_new_full", &reviewing().press(Key::Char('f')));
    see("review_scrolled", &reviewing().sized(60, 16).press(Key::PageDown));
    see("review_revealed", &reviewing().sized(60, 16).press(Key::Char('r')).press(Key::PageDown));
    see("review_tested", &reviewing().finds(Outcome::Ok, "nginx takes it", ""));
    let line = "nginx does not take it: host not found in upstream \"kestra-app\"";
    see("review_nginx_refuses", &reviewing().finds(Outcome::Failed, line, "Use localhost:8080."));
    see("review_long", &long().enter().enter().enter());
    let env = Operator::fresh()
        .at_the_proxy()
        .pastes("http://svc-kestra:secret@proxy.corp.example:3128")
        .goes_to(&form::PROXY_CREDENTIALS)
        .press(Key::Char('3'))
        .enter()
        .enter();
    see("review_env", &env.press(Key::Tab));
}

#[test]
fn review_of_what_is_there() {
    let at = || Operator::reconfiguring(EXISTING);
    let port = || at().press(Key::Char('3')).press(Key::Backspace).types("9").enter();
    see("review_untouched", &at());
    see("review_nothing_to_write", &at().press(Key::Char('w')));
    see("review_one_value", &port());
    see("review_one_value_full", &port().press(Key::Char('f')));
    see("review_password", &at().press(Key::Char('4')).press(Key::Tab).types("n3w").enter());
    see("review_direct", &at().press(Key::Char('2')).press(Key::Char('1')).enter());
    see("review_editing", &at().press(Key::Char('4')));
    let alias =
        EXISTING.replace("http:\n    services", "http: &http\n    services") + "copy: *http\n";
    let shared = || Operator::reconfiguring(&alias);
    let refused = shared().press(Key::Char('3')).press(Key::Backspace).types("9").enter();
    see("review_refused", &refused.press(Key::Char('w')));
    see(
        "review_refused_password",
        &shared().press(Key::Char('4')).press(Key::Tab).types(PASSWORD).types("2").enter(),
    );
}

fn choosing(error: WriteError) -> Operator {
    let operator = reviewing().writes();
    let plan = operator.plan().expect("a plan").clone();
    let failure = not_written(&WriteFailure { error, plan, theirs: None });
    operator.happens(Event::Written(Err(failure)))
}

#[test]
fn choices() {
    let denied = || WriteError::Denied { path: "/etc/nginx/conf.d".into(), user: "alice".into() };
    see("denied", &choosing(denied()));
    see("denied_second_way", &choosing(denied()).press(Key::Down));
    see("denied_back", &choosing(denied()).press(Key::Esc));
    see("disk_full", &choosing(WriteError::Full(CONFIG.into())));
    let put_back = Box::new(WriteError::ReadOnly(CONFIG.into()));
    let failure = Box::new(WriteError::Full("/etc/nginx/conf.d".into()));
    let id = "20261123T085010Z".to_owned();
    see("not_put_back", &choosing(WriteError::Unrepaired { id, put_back, failure }));
    let (path, why) = ("/var/lib/kestra-setup/open.json".into(), "it is gone".to_owned());
    see("damaged", &choosing(WriteError::Damaged { path, why }));
    let (path, real) = ("/etc/nginx/conf.d/kestra.conf".into(), "/srv/other.conf".into());
    see("redirected", &choosing(WriteError::Redirected { path, real }));
    see("no_folder", &choosing(WriteError::NoFolder("/etc/nginx/conf.d".into())));
    see("verification_failed", &choosing(WriteError::Verification(Finding {
        code: "nginx-unknown-host",
        outcome: Outcome::Failed,
        summary: "nginx cannot resolve \"kestra-app\" on this machine".into(),
        evidence: "nginx: [emerg] host not found in upstream \"kestra-app\" in /etc/nginx/conf.d/kestra.conf:4".into(),
        remedy: "A name that exists only inside Docker will not work here. Use an address this machine can resolve, e.g. localhost:8080.".into(),
    })));
    see(
        "changed_meanwhile",
        &reviewing().writes().write_fails(
            "not written",
            &[
                &format!("{CONFIG} changed on disk while you were editing."),
                "",
                "  opened   sha256 4f1cd0b5...   64 lines",
                "  now      sha256 b802b0a1...   66 lines   owner root   2026-11-23T08:49:57Z",
                "",
                "Their change:",
                " @@ line 12 @@",
                "   queue:",
                " -   type: memory",
                " +   type: postgres",
            ],
            vec![Choice::Reapply, Choice::SaveBeside, Choice::StartOver, Choice::Overwrite],
        ),
    );
}

#[test]
fn before_the_first_question() {
    let asked = |state, line: &str, choices| {
        let failure = Failure { state, lines: vec![line.to_owned()], choices };
        Operator::fresh().asked_first(Dialog::new(failure, Plan::default()))
    };
    let draft = "You stopped at step 2 at 14:02 on 2026-11-23.";
    see("draft", &asked("draft", draft, vec![Choice::Continue, Choice::Fresh, Choice::Quit]));
    let locked = "Already being edited by alice (pid 4711, since 2026-11-23T14:02:11Z).";
    see("locked", &asked("locked", locked, vec![Choice::ReadOnly, Choice::Quit]));
    let open = "A write of 2026-11-23T08:50:10Z was interrupted.";
    see(
        "interrupted",
        &asked("interrupted", open, vec![Choice::Undo, Choice::Forget, Choice::Quit]),
    );
}

#[test]
fn result() {
    let written = || reviewing().writes().write_succeeds();
    see("writing", &reviewing().writes());
    see("result", &written());
    let finding = |code, outcome, what: &str| Finding {
        code,
        outcome,
        summary: what.to_owned(),
        evidence: String::new(),
        remedy: String::new(),
    };
    let findings = vec![
        finding("config", Outcome::Ok, "the configuration reads as it should"),
        finding("kestra", Outcome::Failed, "nothing listens on localhost:8080"),
    ];
    let checked = written().press(Key::Char('c')).happens(Event::Checked(Check::All, findings));
    see("result_checked", &checked);
    let saved = |path: &str| WrittenFile {
        kind: FileKind::Unknown,
        what: "saved".to_owned(),
        path: path.to_owned(),
        about: "mode 0600".to_owned(),
        is_removed: false,
    };
    let aside = WriteResult {
        state: WriteState::SavedAside,
        headline: "Nothing was installed.".to_owned(),
        files: vec![saved("/home/alice/kestra-setup-out/config.yml")],
        next: vec![NextStep::new("sudo cp -- config.yml /etc/kestra/config.yml")],
        ..WriteResult::default()
    };
    see("result_saved_aside", &reviewing().writes().happens(Event::Stopped(aside)));
}

#[test]
fn help() {
    for (number, screen) in form::SCREENS.iter().enumerate() {
        let at = (0..number)
            .fold(Operator::fresh().pastes("https://ops.example.com/kestra"), |operator, _| {
                operator.enter()
            });
        let at = if number == 1 {
            at.pastes("http://u:p@proxy:3128")
                .goes_to(&form::PROXY_CREDENTIALS)
                .press(Key::Char('3'))
        } else {
            at
        };
        for field in screen.fields {
            see(&format!("help_{}", field.name), &at.clone().goes_to(field).press(Key::F1));
        }
    }
    see("help_review", &reviewing().press(Key::Char('?')));
}

#[test]
fn quitting() {
    see(
        "quit_question",
        &Operator::fresh().types("https://ops.example.com/").press(Key::Tab).press(Key::Ctrl('c')),
    );
    see("quit_question_at_review", &reviewing().press(Key::Char('q')));
}

#[test]
fn too_small() {
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("too_small", Operator::fresh().screen(38, 9));
    });
}

/// The text of a screen, without blank lines.
fn words(screen: &str) -> Vec<&str> {
    let is_word = |word: &&str| word.chars().any(|c| c != '_' && c != '-');
    screen.split_whitespace().map(|word| word.trim_end_matches('_')).filter(is_word).collect()
}

#[test]
fn at_80x24_a_form_loses_no_word() {
    let address = || Operator::fresh().pastes("https://ops.example.com/kestra");
    let proxy = || {
        let pasted = address().enter().pastes("http://svc-kestra:secret@proxy.corp.example:3128");
        pasted.goes_to(&form::PROXY_CREDENTIALS).press(Key::Char('3')).press(Key::Ctrl('t'))
    };
    let nginx = || address().enter().enter();
    let screens = [address(), long(), proxy(), nginx(), long().enter().enter()];
    for operator in screens {
        for step in 0..form::fields().count() {
            let operator = operator.clone().presses(step, Key::Down);
            let (small, tall) = (operator.screen(80, 24), operator.screen(80, 60));
            assert_eq!(words(&small), words(&tall), "{small}");
        }
    }
}
