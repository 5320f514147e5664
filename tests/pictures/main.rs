//! The pictures of the README, drawn from the real program in a real terminal.
//!
//! `UPDATE_PICTURES=1 cargo test --test pictures` draws them anew; without it, a picture that the
//! program no longer draws is a failure. The machine in them is made up: an nginx that only knows
//! its version, and a home of its own.
#![expect(clippy::disallowed_methods, reason = "writes the pictures")]
#![expect(clippy::expect_used, reason = "a picture that cannot be drawn fails its test")]

mod svg;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use support::{Program, Session, key};

const NGINX: &str = "#!/bin/sh
echo 'nginx version: nginx/1.22.1' >&2
echo 'configure arguments: --conf-path=CONF --pid-path=/none' >&2
";

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

/// A machine that looks the same wherever this runs: short paths, an nginx of its own.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str) -> Self {
        let root = PathBuf::from("/tmp/kestra-pictures").join(name);
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

    fn start(&self) -> Session {
        Program::new(env!("CARGO_BIN_EXE_kestra-setup"))
            .env("PATH", format!("{}:/usr/bin:/bin", self.0.join("bin").display()))
            .env("KESTRA_SETUP_STATE", self.0.join("state"))
            .arg("--config")
            .arg(self.0.join("config.yml"))
            .start()
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
    picture(&mut session, "first-1-address");
    session.press(key::ENTER).wait_for("How does Kestra").press(key::RIGHT).wait_for("Username");
    session.paste("http://svc-kestra:secret@proxy.corp.example:3128").wait_for("filled all fields");
    picture(&mut session, "first-2-proxy");
    session.press(key::ENTER).wait_for("Reverse proxy");
    picture(&mut session, "first-3-nginx");
    session.press(key::ENTER).wait_for("1 Public URL").wait_gone("nginx -t ...");
    picture(&mut session, "first-4-review");
    session.press("w").wait_for("Done.");
    // The page names the owner of the files, who is root in the picture.
    if rustix::process::geteuid().is_root() {
        picture(&mut session, "first-5-result");
    } else {
        eprintln!("NOT COMPARED: assets/screens/first-5-result.svg is drawn by root");
    }
}

#[test]
fn a_reconfiguration_is_drawn() {
    let machine = Machine::new("again");
    fs::write(machine.0.join("config.yml"), CONFIG).expect("a configuration");
    let mut session = machine.start();
    session.wait_for("3 Proxy address").press("3").wait_for("Pasting");
    session.press(key::BACKSPACE).press("9");
    picture(&mut session, "again-1-edit");
    session.press(key::ENTER).wait_for("1 line changed");
    picture(&mut session, "again-2-review");
}

/// Compares the screen with its picture, or draws it.
fn picture(session: &mut Session, name: &str) {
    session.settle();
    let drawn = svg::draw(session.emulated());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/screens/{name}.svg"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(path, drawn).expect("a picture");
        return;
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        known == drawn,
        "{name} is stale; draw it with UPDATE_PICTURES=1 cargo test --test pictures\n{}",
        session.screen()
    );
}
