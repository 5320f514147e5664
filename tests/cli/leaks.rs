//! No command prints a secret of a file, wherever in it the secret is, and no error repeats one that
//! was given. The corpus is `tests/support/secrets.txt`.

use std::fs;
use std::path::Path;
use std::process::Command;
use support::{assert_no_secret, secret_texts};
use tempfile::TempDir;

/// What a command prints, on both streams.
fn run(home: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_kestra-setup"))
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("PATH", home)
        .env("HOME", home)
        .env("KESTRA_SETUP_STATE", home.join("state"))
        .env("KESTRA_SETUP_REVERSE_PROXY", "none")
        .output()
        .expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).expect("text")
}

const LOOKING: [&[&str]; 7] = [
    &["show"],
    &["show", "--json"],
    &["show", "--answers"],
    &["apply", "--dry-run", "--url", "https://new.example/"],
    &["apply", "--dry-run", "--json", "--url", "https://new.example/"],
    &["check", "--api-url", "http://127.0.0.1:9/"],
    &["check", "--json", "--api-url", "http://127.0.0.1:9/"],
];

const WRITING: [&[&str]; 4] = [
    &["apply", "--url", "https://new.example/"],
    &["apply", "--context-path", "/k", "--url", "https://new.example/k/"],
    &["rollback", "--list"],
    &["rollback"],
];

/// Runs the commands on a configuration of this text.
fn assert_commands_hide(text: &str, commands: &[&[&str]]) {
    let home = TempDir::new().expect("a folder");
    fs::write(home.path().join("config.yml"), text).expect("a configuration");
    for command in commands {
        let arguments = [&["--config", "config.yml"], *command].concat();
        assert_no_secret(&run(home.path(), &arguments), text);
    }
}

#[test]
fn no_command_prints_a_secret_of_a_configuration() {
    let own = "kestra.url: http://127.0.0.1:9/\n";
    let readable = |text: &String| kestra_setup::kestra_config::read(text).is_ok();
    let all: Vec<_> = secret_texts("config").into_iter().filter(readable).collect();
    assert_commands_hide(&format!("{own}---\n{}", all.join("---\n")), &LOOKING);
    for text in all.iter().step_by(10) {
        assert_commands_hide(&format!("{own}{text}"), &WRITING);
    }
    for text in secret_texts("own") {
        assert_commands_hide(&text, &LOOKING);
    }
}

#[test]
fn no_command_repeats_a_configuration_that_cannot_be_read() {
    for text in secret_texts("broken") {
        assert_commands_hide(&text, &LOOKING);
    }
}

#[test]
fn no_command_repeats_an_answer_that_it_refuses() {
    let home = TempDir::new().expect("a folder");
    fs::write(home.path().join("config.yml"), "kestra.url: http://127.0.0.1/\n").expect("a file");
    for text in secret_texts("answers") {
        fs::write(home.path().join("answers.yml"), &text).expect("an answers file");
        for command in [&["show"][..], &["show", "--json"], &["apply", "--dry-run"]] {
            let arguments =
                [&["--config", "config.yml"], command, &["--answers", "answers.yml"]].concat();
            assert_no_secret(&run(home.path(), &arguments), &text);
        }
    }
}

#[test]
fn no_command_prints_a_secret_of_an_nginx_or_env_file() {
    const FILES: [(&str, &str); 2] = [("nginx", "kestra.conf"), ("env", "kestra.env")];
    let apply = "apply --url http://127.0.0.1:9/ --reverse-proxy nginx --nginx-file kestra.conf \
                 --connection http --proxy-address p:1 --proxy-username svc --env-file kestra.env \
                 --proxy-credentials env --proxy-password-variable PW --proxy-password-file pw";
    let commands = [&format!("{apply} --dry-run"), "rollback", "rollback --force", "rollback"];
    for (kind, name) in FILES {
        for text in secret_texts(kind).iter().step_by(8) {
            let home = TempDir::new().expect("a folder");
            let at = |name: &str| home.path().join(name);
            fs::write(at("pw"), "correct-horse").expect("a password");
            let here = apply.replace(" kestra.", &format!(" {}/kestra.", home.path().display()));
            let run = |command: &str| {
                let words: Vec<_> = command.split_whitespace().collect();
                run(home.path(), &[&["--config", "config.yml"], &words[..]].concat())
            };
            assert!(run(&here).contains("Done."), "{}", run(&here));
            let ours = fs::read_to_string(at(name)).expect("a file");
            fs::write(at(name), format!("{ours}{text}")).expect("a change");
            for command in commands {
                let command = command.replace(apply, &here);
                assert_no_secret(&run(&command), text);
            }
            assert!(!run("rollback --list").contains("correct-horse"));
        }
    }
}
