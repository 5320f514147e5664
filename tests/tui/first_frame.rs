//! The first frame waits for nothing of nginx, and what is found later changes no result.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::machine::Machine;
use support::{Program, Session, key};
use tempfile::TempDir;

/// An nginx whose `-V` takes so long, and whose configuration includes `conf.d`.
fn nginx(seconds: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("conf.d")).expect("a folder");
    let conf = format!("http {{ include {}/*.conf; }}", at("conf.d").display());
    fs::write(at("nginx.conf"), conf).expect("a file");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = -V ] || exit 0\nsleep {seconds}\necho 'nginx version: nginx/1.22.1' >&2\n\
         echo 'configure arguments: --conf-path={}/nginx.conf' >&2\n",
        folder.path().display()
    );
    fs::write(at("script"), script).expect("a file");
    // By another process, as a program that is open for writing anywhere cannot be started.
    let install = ["-m", "0755", "script", "nginx"];
    let installed = Command::new("install").args(install).current_dir(folder.path()).status();
    assert!(installed.expect("install").success());
    folder
}

fn wizard(nginx: &Path, answers: &[(&str, &str)]) -> Session {
    let path = format!("{}:/usr/bin:/bin", nginx.display());
    let program = Program::new(env!("CARGO_BIN_EXE_kestra-setup")).env("PATH", path);
    let state = program.home().join("state");
    let program = program.env("KESTRA_SETUP_STATE", state);
    answers.iter().fold(program, |program, (name, value)| program.env(name, value)).start()
}

/// The screen at which the wizard stops when Enter is held from the first byte on.
fn enter_held(seconds: &str) -> String {
    let nginx = nginx(seconds);
    let mut session = wizard(nginx.path(), &[("KESTRA_SETUP_URL", "http://ops.example.com/")]);
    for _ in 0..80 {
        session.send(key::ENTER);
        // As fast as a keyboard repeats a key.
        std::thread::sleep(Duration::from_millis(33));
    }
    let screen = session.wait_for("● Review").settle().screen();
    let home = session.home().display().to_string();
    let screen = screen.replace(&home, "~");
    let lines = screen.lines().map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn enter_held_from_the_first_byte_on_gives_one_result_however_slow_nginx_is() {
    let [fast, slow, slower] = ["0", "0.4", "1.2"].map(enter_held);
    assert!(fast.contains("http ops.example.com:80 → localhost:8080"), "{fast}");
    assert_eq!(slow, fast);
    assert_eq!(slower, fast);
}

/// Presses Enter once each screen is shown: a key that comes before is meant for another one.
fn at_nginx(mut session: Session) -> Session {
    session.wait_for("● Address").press(key::ENTER);
    session.wait_for("● Proxy").press(key::ENTER).wait_for("Reverse proxy");
    session
}

#[test]
fn an_nginx_that_does_not_answer_is_waited_for_in_sight_and_two_seconds_at_most() {
    let nginx = nginx("100");
    let session = wizard(nginx.path(), &[("KESTRA_SETUP_URL", "http://ops.example.com/")]);
    let mut session = at_nginx(session);
    session.press(key::ENTER).wait_for("Looking for nginx");
    session.wait_for("● Review");
}

#[test]
fn an_answer_that_was_given_before_nginx_is_found_stays() {
    let nginx = nginx("1");
    let session = wizard(nginx.path(), &[("KESTRA_SETUP_URL", "http://ops.example.com/")]);
    let mut session = at_nginx(session);
    session.press("2").press(key::ENTER);
    session.wait_for("● Review").settle();
    assert!(!session.screen().contains("kestra.conf"), "{}", session.screen());
}

#[test]
fn nothing_of_nginx_is_opened_or_run_before_the_first_frame() {
    if !crate::ssh::interrupted::can_trace() {
        return;
    }
    let nginx = nginx("0");
    let calls = "trace=file,process,write";
    let traced = Program::new("strace").args(["-f", "-s", "4096", "-o", "calls", "-e", calls]);
    let traced = traced.arg(env!("CARGO_BIN_EXE_kestra-setup"));
    let path = format!("{}:/usr/bin:/bin", nginx.path().display());
    let state = traced.home().join("state");
    let mut session = traced.env("PATH", path).env("KESTRA_SETUP_STATE", state).start();
    session.wait_for("Public URL");
    let calls = session.home().join("calls");
    let has_run = || fs::read_to_string(&calls).is_ok_and(|text| text.contains("/nginx\", ["));
    assert!(support::within(Duration::from_secs(20), has_run), "nginx is not run");
    let trace = fs::read_to_string(session.home().join("calls")).expect("a trace");
    let mut lines = trace.lines();
    let before: Vec<_> = lines.by_ref().take_while(|line| !line.contains("Public URL")).collect();
    // On a machine with a thousand of them, each look takes ten milliseconds.
    let looks = before.iter().filter(|line| line.contains("/proc/1/cmdline"));
    assert_eq!(looks.count(), 1, "the processes are looked at once");
    let early: Vec<_> = before.into_iter().filter(|line| line.contains("nginx")).collect();
    assert_eq!(early, [""; 0]);
    assert!(lines.any(|line| line.contains("execve") && line.contains("/nginx\"")), "{trace}");
}

/// Its version comes after more than the two seconds for which a review waits.
#[test]
fn a_release_that_is_found_out_late_is_told_on_the_review_that_is_shown() {
    if !support::is_root("a program in /usr/local/bin") || !support::can_unshare(&["-m"]) {
        return;
    }
    let machine = Machine::new();
    let installs = "mount -t tmpfs -o mode=755 t /usr/local/bin && cd /usr/local/bin && \
                    printf '#!/bin/sh\\nsleep 3\\necho 1.3.20\\n' > kestra && chmod 755 kestra && \
                    exec \"$@\"";
    let before = ["unshare", "-m", "sh", "-c", installs, "sh"].map(str::to_owned);
    let mut session = machine.start_behind(&before, &[]);
    session.wait_for("w write");
    assert!(!session.screen().contains("ANYONE"), "{}", session.screen());
    session.wait_for("ANYONE CAN RUN CODE on Kestra 1.3.20");
}
