//! The pictures in `assets/screens`, drawn from the real program in a real terminal.
//!
//! `UPDATE_PICTURES=1 cargo test --test tui pictures` draws them anew; without it, a picture that the
//! program no longer draws is a failure. The machine in them is made up: an nginx that only knows
//! its version, and a home of its own.

mod svg;

use crate::compose_of;
use rustix::fs::{FlockOperation, flock};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};
use support::{Program, Session, key};

const NGINX: &str = "#!/bin/sh
echo 'nginx version: nginx/1.22.1' >&2
echo 'configure arguments: --conf-path=CONF --pid-path=/none' >&2
";

/// The output of an nginx that was built without its proxy module.
const REFUSES: &str = r#"case "$*" in *-t*)
    echo 'nginx: [emerg] unknown directive "proxy_pass" in snippet.conf:13' >&2
    exit 1
esac
"#;

/// The output of an nginx that cannot read the certificate of the installed file.
const REJECTS: &str = r#"if [ "$1" = -c ] && [ -e FILE ]; then
    echo 'nginx: [emerg] cannot load certificate "/etc/ssl/ops.pem": BIO_new_file() failed' >&2
    exit 1
fi
"#;

const NGINX_CONF: &str = "http {\n    include conf.d/*.conf;\n    include sites-enabled/*;\n}\n";

const CONFIG: &str = "\
# Kestra production, managed by the data platform team
kestra:
  url: https://ops.example.com/kestra/   # shown in mails
  queue:
    type: postgres
micronaut:
  server:
    context-path: /kestra
  http:
    services:
      api:
        url: https://api.kestra.io
        # ticket NET-112
        proxy-type: http
        proxy-address: proxy.corp.example:3128   # decommissioned in May
        proxy-username: svc-kestra
        proxy-password: \"correct horse\"
";

/// The folder that the pictures name, which two runs at once have to share.
struct Folder {
    path: PathBuf,
    _lock: fs::File,
}

static SHARED: LazyLock<Folder> = LazyLock::new(|| {
    let path = PathBuf::from("/tmp/kestra-pictures");
    fs::create_dir_all(&path).expect("a folder");
    let lock = fs::File::open(&path).expect("a folder");
    flock(&lock, FlockOperation::LockExclusive).expect("a lock");
    Folder { path, _lock: lock }
});

/// A machine that looks the same wherever this runs: short paths, an nginx of its own.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let root = SHARED.path.join(name);
        let _ = fs::remove_dir_all(&root);
        for folder in ["bin", "nginx/conf.d", "nginx/sites-enabled", "home"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        let conf = root.join("nginx/nginx.conf");
        fs::write(&conf, NGINX_CONF).expect("a configuration");
        let nginx = root.join("bin/nginx");
        fs::write(&nginx, NGINX.replace("CONF", &conf.display().to_string())).expect("a program");
        fs::set_permissions(&nginx, fs::Permissions::from_mode(0o755)).expect("a program");
        Self(root)
    }

    /// The same where nginx refuses every file.
    fn where_nginx_refuses(name: &str) -> Self {
        let machine = Self::new(name);
        let nginx = machine.0.join("bin/nginx");
        let accepts = fs::read_to_string(&nginx).expect("a program");
        fs::write(nginx, accepts + REFUSES).expect("a program");
        machine
    }

    /// The same with a configuration, written at a time that the picture may show.
    fn configured(name: &str) -> Self {
        let machine = Self::new(name);
        machine.write_config(CONFIG);
        machine
    }

    fn write_config(&self, text: &str) {
        let path = self.0.join("config.yml");
        fs::write(&path, text).expect("a configuration");
        let file = fs::File::options().write(true).open(path).expect("a configuration");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_800_000_000)).expect("a time");
    }

    fn program(&self) -> Program {
        Program::new(env!("CARGO_BIN_EXE_kestra-setup"))
            .env("PATH", format!("{}:/usr/bin:/bin", self.0.join("bin").display()))
            .env("KESTRA_SETUP_STATE", self.0.join("state"))
            .arg("--config")
            .arg(self.0.join("config.yml"))
    }

    fn start(&self) -> Session {
        self.program().start()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_first_setup_is_drawn() {
    let machine = Machine::new("first");
    let mut session = machine.start();
    session.wait_for("Public URL").type_text("https://ops.example.com/kestra");
    session.wait_for("new file, 5 lines");
    picture(&mut session, "first-1-address");
    session.press(key::ENTER).wait_for("How does Kestra").press(key::RIGHT).wait_for("Username");
    session.paste("http://svc-kestra:secret@proxy.corp.example:3128").wait_for("filled all fields");
    session.wait_for("new file, 14 lines");
    picture(&mut session, "first-2-proxy");
    session.press(key::ENTER).wait_for("Reverse proxy").wait_for("server {");
    picture(&mut session, "first-3-nginx");
    session.press(key::ENTER).wait_for("1 Public URL").wait_gone("testing nginx");
    picture(&mut session, "first-4-review");
    session.press("w").wait_for("enter yes");
    picture(&mut session, "confirm");
    session.press(key::ESC).wait_gone("enter yes");
    session.write_plan().wait_for("Done.");
    picture_of_root(&mut session, "first-5-result");
}

/// The picture of the README.
#[test]
fn a_first_setup_is_filmed() {
    if !support::is_root("the film, which names the owner of the files") {
        return;
    }
    let machine = Machine::new("film");
    let mut session = machine.start();
    let mut frames = Vec::new();
    let mut shoot = |session: &mut Session, milliseconds| {
        frames.push(svg::Frame::new(session.settle().emulated(), milliseconds));
    };
    shoot(session.wait_for("Public URL"), 1200);
    shoot(session.type_text("https://"), 300);
    shoot(session.type_text("ops.example.com").wait_for("new file, 2 lines"), 700);
    shoot(session.type_text("/kestra").wait_for("new file, 5 lines"), 1800);
    shoot(session.press(key::ENTER).wait_for("How does Kestra"), 1200);
    shoot(session.press(key::RIGHT).wait_for("Username"), 800);
    session.paste("http://svc-kestra:secret@proxy.corp.example:3128").wait_for("filled all fields");
    shoot(session.wait_for("new file, 14 lines"), 3000);
    shoot(session.press(key::ENTER).wait_for("Reverse proxy"), 2500);
    shoot(session.press(key::ENTER).wait_for("1 Public URL").wait_gone("testing nginx"), 4000);
    shoot(session.press("w").wait_for("enter yes"), 1500);
    shoot(session.press(key::ENTER).wait_for("Done."), 5000);
    same("setup", &svg::film(&frames), &session);
}

#[test]
fn a_reconfiguration_is_drawn() {
    let machine = Machine::configured("again");
    let mut session = machine.start();
    session.wait_for("3 Proxy address").press("3").wait_for("host:port.");
    session.press(key::BACKSPACE).press("9").wait_for("1 line changed");
    picture(&mut session, "again-1-edit");
    session.press(key::ENTER).wait_for("w write");
    picture(&mut session, "again-2-review");
}

#[test]
fn the_help_and_the_question_of_quitting_are_drawn() {
    let machine = Machine::new("help");
    let mut session = machine.start();
    session.wait_for("Public URL").type_text("https://ops.example.com/").press(key::F1);
    session.wait_for("Help: Public URL");
    picture(&mut session, "help");
    session.press(key::ESC).wait_gone("Help:").press(key::CTRL_C).wait_for("keep a draft");
    picture(&mut session, "quit");
}

#[test]
fn an_address_without_a_scheme_is_drawn() {
    let machine = Machine::new("error");
    let mut session = machine.start();
    session.wait_for("Public URL").type_text("ops.example.com/kestra").press(key::ENTER);
    session.wait_for("enter use the correction");
    picture(&mut session, "address-error");
}

#[test]
fn the_choice_of_a_configuration_is_drawn() {
    let machine = Machine::new("several");
    machine.write_config(&compose_of(["kestra", "worker"]));
    let mut session = machine.start();
    session.wait_for("● 1").press("2").wait_for("● 2").wait_for("worker:");
    picture(&mut session, "configurations");
}

#[test]
fn what_is_rarely_changed_is_drawn() {
    let machine = Machine::new("more");
    let mut session = machine.start();
    session.wait_for("Public URL").type_text("https://ops.example.com/kestra").press(key::ENTER);
    session.wait_for("How does Kestra").press(key::ENTER).wait_for("Reverse proxy");
    session.keys([key::TAB, key::TAB, key::TAB, key::TAB, key::ENTER]).wait_for("Template");
    picture(&mut session, "nginx-more");
}

#[test]
fn a_file_that_nginx_rejects_where_it_is_installed_is_drawn() {
    let machine = Machine::new("failure");
    let nginx = machine.0.join("bin/nginx");
    let accepts = fs::read_to_string(&nginx).expect("a program");
    let installed = machine.0.join("nginx/conf.d/kestra.conf");
    let rejects = REJECTS.replace("FILE", &installed.display().to_string());
    fs::write(nginx, accepts + &rejects).expect("a program");
    let mut session = machine.start();
    session.wait_for("Public URL").type_text("https://ops.example.com/kestra").press(key::ENTER);
    session.wait_for("How does Kestra").press(key::ENTER).wait_for("Reverse proxy");
    session.keys([key::TAB, "/etc/ssl/ops.pem", key::TAB, "/etc/ssl/ops.key", key::ENTER]);
    session.wait_for("1 Public URL").wait_gone("testing nginx").write_plan();
    session.wait_for("Correct \"Certificate\"");
    picture(&mut session, "failure");
}

#[test]
fn a_check_after_writing_is_drawn() {
    let machine = Machine::new("check");
    // Nothing listens on the first port of this machine, wherever it is.
    let program = machine.program().env("KESTRA_SETUP_UPSTREAM", "127.0.0.1:1");
    let mut session = program.env("KESTRA_SETUP_PROXY_ADDRESS", "127.0.0.1:1").start();
    session.wait_for("Public URL").type_text("https://ops.example.com/kestra").press(key::ENTER);
    session.wait_for("How does Kestra").press(key::RIGHT).wait_for("Username").press(key::ENTER);
    session.wait_for("Reverse proxy").press(key::ENTER).wait_for("1 Public URL");
    session.wait_gone("testing nginx").write_plan().wait_for("Done.");
    session.press("c").wait_for(" failed   ");
    picture_of_root(&mut session, "check");
}

#[test]
fn a_file_that_changed_meanwhile_is_drawn() {
    let machine = Machine::configured("meanwhile");
    let mut session = machine.start();
    session.wait_for("3 Proxy address").press("3").wait_for("host:port.");
    session.press(key::BACKSPACE).press("9").press(key::ENTER).wait_for("1 line changed");
    machine.write_config(&CONFIG.replace("type: postgres", "type: mysql"));
    session.write_plan().wait_for("changed on disk");
    picture_of_root(&mut session, "changed-meanwhile");
}

#[test]
fn a_refusal_of_nginx_is_drawn() {
    let machine = Machine::where_nginx_refuses("refused");
    let mut session = machine.start();
    session.wait_for("Public URL").type_text("http://ops.example.com/kestra");
    session.press(key::ENTER).wait_for("How does Kestra").press(key::ENTER);
    session.wait_for("Reverse proxy").press(key::ENTER).wait_for("nginx rejects the file");
    picture(&mut session, "nginx-refuses");
}

#[test]
fn a_test_of_the_proxy_is_drawn() {
    let machine = Machine::new("test");
    let mut session = machine.start();
    session.wait_for("Public URL").type_text("https://ops.example.com/").press(key::ENTER);
    session.wait_for("How does Kestra").press(key::RIGHT).wait_for("Username");
    // Nothing listens on the first port of this machine, wherever it is.
    session.paste("http://svc-kestra:secret@127.0.0.1:1").wait_for("filled all fields");
    session.press(key::CTRL_T).wait_for("Nothing listens");
    one_picture(&mut session, "proxy-test");
    session.resize(120, 40).wait_for("proxy-type");
    one_picture(&mut session, "proxy-test-wide");
}

#[test]
fn a_form_on_the_smallest_screen_is_drawn() {
    let machine = Machine::new("small");
    let mut session = machine.program().size(40, 10).start();
    session.wait_for("Public URL").type_text("https://ops.example.com/kestra");
    one_picture(&mut session, "small");
}

#[test]
fn the_first_questions_of_plain_mode_are_drawn() {
    let machine = Machine::new("plain");
    let mut session = machine.program().arg("--plain").start();
    session.answer(["https://ops.example.com/kestra", "", "http"]).wait_for_prompt();
    one_picture(&mut session, "plain");
}

/// The same for a page that names the owner of a file, who is root in the picture.
fn picture_of_root(session: &mut Session, name: &str) {
    if support::is_root(&format!("the picture {name}, which names the owner of a file")) {
        picture(session, name);
    }
}

/// The screen at 80x24, and the same at 120x40.
fn picture(session: &mut Session, name: &str) {
    one_picture(session, name);
    session.resize(120, 40).wait_for(&"─".repeat(120));
    one_picture(session, &format!("{name}-wide"));
    session.resize(80, 24).settle();
}

/// Compares the screen with its picture, or draws it.
fn one_picture(session: &mut Session, name: &str) {
    let drawn = svg::draw(session.settle().emulated());
    same(name, &drawn, session);
}

fn same(name: &str, drawn: &str, session: &Session) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/screens/{name}.svg"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(path, drawn).expect("a picture");
        return;
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == drawn,
        "{name} is stale; draw it with UPDATE_PICTURES=1 cargo test --test tui pictures\n{}",
        session.screen()
    );
}
