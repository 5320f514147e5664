//! What nginx says about its files once they are written. The nginx is the real one, told by a
//! script in front of it that its configuration lies in a folder of the test's own.

use crate::machine::{Machine, Ran};
use kestra_setup::system::nginx::find;
use pty_session::{Session, key};
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::{env, io};

struct WithNginx {
    machine: Machine,
    file: String,
    path: String,
    listen: String,
}

impl WithNginx {
    fn new() -> Option<Self> {
        let Some(binary) = find().binary else {
            assert!(env::var_os("CI").is_none(), "CI needs nginx");
            let _ = writeln!(io::stderr(), "NOT TESTED: there is no nginx");
            return None;
        };
        let machine = Machine::new();
        let folder = machine.at("etc/nginx");
        fs::create_dir_all(folder.join("conf.d")).unwrap();
        fs::write(folder.join("nginx.conf"), conf(&folder)).unwrap();
        let path = in_front(&machine, &binary, &folder);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.join("conf.d/kestra.conf").display().to_string();
        Some(Self { machine, file, path, listen: port.to_string() })
    }

    fn answers<'a>(&'a self, upstream: &'a str) -> [(&'a str, &'a str); 6] {
        [
            ("PATH", &self.path),
            ("KESTRA_SETUP_URL", "http://ops.example.com/"),
            ("KESTRA_SETUP_REVERSE_PROXY", "nginx"),
            ("KESTRA_SETUP_NGINX_FILE", &self.file),
            ("KESTRA_SETUP_LISTEN", &self.listen),
            ("KESTRA_SETUP_UPSTREAM", upstream),
        ]
    }

    fn apply(&self, upstream: &str) -> Ran {
        let mut command = self.machine.command(&[], &["apply"]);
        crate::machine::ran(command.envs(self.answers(upstream)))
    }

    fn wizard(&self, upstream: &str) -> Session {
        let mut session = self.machine.start(&self.answers(upstream));
        session.wait_for("w write").wait_gone("nginx -t ...");
        session
    }

    fn nginx_file(&self) -> String {
        self.machine.read("etc/nginx/conf.d/kestra.conf")
    }

    fn is_untouched(&self) -> bool {
        let folder = fs::read_dir(self.machine.at("etc/nginx/conf.d")).unwrap();
        self.machine.has_old() && folder.count() == 0
    }
}

fn conf(folder: &Path) -> String {
    let folder = folder.display();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n\
         {temp}include {folder}/conf.d/*.conf;\n}}\n"
    )
}

/// A `PATH` whose nginx says where its configuration lies, and is the real one else.
fn in_front(machine: &Machine, binary: &Path, folder: &Path) -> String {
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = -V ] || exec {} \"$@\"\n\
         echo 'nginx version: nginx/1.22.1' >&2\n\
         echo 'configure arguments: --conf-path={1}/nginx.conf --pid-path={1}/pid' >&2\n",
        binary.display(),
        folder.display()
    );
    let bin = machine.at("home/bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("script"), script).unwrap();
    // By another process, as a program that is open for writing anywhere cannot be started.
    let install =
        Command::new("install").args(["-m", "0755", "script", "nginx"]).current_dir(&bin).status();
    assert!(install.unwrap().success());
    format!("{}:{}", bin.display(), env::var("PATH").unwrap())
}

#[test]
fn a_file_that_nginx_refuses_is_put_back_with_all_others() {
    let Some(here) = WithNginx::new() else { return };
    let ran = here.apply("kestra-app.invalid:8080");
    assert_eq!((ran.code, here.is_untouched()), (Some(6), true), "{ran:?}");
    assert!(ran.talk.contains("host not found in upstream"), "{ran:?}");
    assert!(ran.talk.contains("Every file was put back as it was."), "{ran:?}");
}

#[test]
fn a_file_that_nginx_takes_stays() {
    let Some(here) = WithNginx::new() else { return };
    let ran = here.apply("127.0.0.1:8080");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(here.nginx_file().contains("proxy_pass http://127.0.0.1:8080;"));
}

#[test]
fn a_name_that_another_file_answers_to_is_a_refusal() {
    let Some(here) = WithNginx::new() else { return };
    let other = here.machine.at("etc/nginx/conf.d/a.conf");
    let text = format!("server {{ listen {}; server_name ops.example.com; }}\n", here.listen);
    fs::write(&other, text).unwrap();
    let ran = here.apply("127.0.0.1:8080");
    assert_eq!((ran.code, here.machine.has_old()), (Some(6), true), "{ran:?}");
    assert!(ran.talk.contains("conflicting server name"), "{ran:?}");
    assert_eq!(here.nginx_file(), "");
}

#[test]
fn an_nginx_that_was_broken_before_is_no_reason_to_put_back() {
    let Some(here) = WithNginx::new() else { return };
    fs::write(here.machine.at("etc/nginx/conf.d/a.conf"), "broken;\n").unwrap();
    let ran = here.apply("127.0.0.1:8080");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.talk.contains("nginx refused its configuration already before"), "{ran:?}");
}

#[test]
fn the_wizard_shows_what_nginx_says_and_goes_on_from_there() {
    let Some(here) = WithNginx::new() else { return };
    let mut session = here.wizard("kestra-app.invalid:8080");
    session.press("w").wait_for("every file was put back as it was");
    session.wait_for("host not found in upstream");
    assert!(here.is_untouched());
    session.press("1").wait_for("Forward to").press(key::CTRL_U).type_text("127.0.0.1:8080");
    session.press(key::ENTER).wait_for("w write").press("w").wait_for("Done.");
    assert!(here.nginx_file().contains("proxy_pass http://127.0.0.1:8080;"));
}

#[test]
fn everything_but_nginx_is_written_where_that_is_chosen() {
    let Some(here) = WithNginx::new() else { return };
    let mut session = here.wizard("kestra-app.invalid:8080");
    session.press("w").wait_for("put back").press("2").wait_for("Done.");
    assert_eq!(here.nginx_file(), "");
    assert!(here.machine.read("etc/config.yml").contains("http://ops.example.com/"));
}
