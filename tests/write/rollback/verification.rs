//! What nginx reports about its files once they are written: the real one, with a private
//! configuration.

use std::fs;
use support::machine::{Machine, Ran};
use support::private_nginx::PrivateNginx;
use support::{Session, key};

struct WithNginx {
    machine: Machine,
    nginx: PrivateNginx,
    file: String,
}

impl WithNginx {
    fn new() -> Option<Self> {
        let machine = Machine::new();
        let nginx = PrivateNginx::on(&machine)?;
        let file = nginx.included("kestra.conf").display().to_string();
        Some(Self { machine, nginx, file })
    }

    fn answers<'a>(&'a self, upstream: &'a str) -> [(&'a str, &'a str); 7] {
        [
            ("KESTRA_SETUP_NGINX_FORM", "server"),
            ("PATH", &self.nginx.path),
            ("KESTRA_SETUP_URL", "http://ops.example.com/"),
            ("KESTRA_SETUP_REVERSE_PROXY", "nginx"),
            ("KESTRA_SETUP_NGINX_FILE", &self.file),
            ("KESTRA_SETUP_LISTEN", &self.nginx.port),
            ("KESTRA_SETUP_UPSTREAM", upstream),
        ]
    }

    fn apply(&self, upstream: &str) -> Ran {
        self.apply_with(upstream, &[])
    }

    fn apply_with(&self, upstream: &str, words: &[&str]) -> Ran {
        let mut command = self.machine.command(&[], &[&["apply"], words].concat());
        support::machine::ran(command.envs(self.answers(upstream)))
    }

    fn wizard(&self, upstream: &str) -> Session {
        let mut session = self.machine.start(&self.answers(upstream));
        session.wait_for("w write").wait_gone("testing nginx");
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

#[test]
fn a_file_that_nginx_refuses_is_put_back_with_all_others() {
    let Some(here) = WithNginx::new() else { return };
    let ran = here.apply("kestra-app.invalid:8080");
    assert_eq!((ran.code, here.is_untouched()), (Some(6), true), "{ran:?}");
    assert!(ran.talk.contains("cannot resolve the name of Kestra"), "{ran:?}");
    assert!(ran.talk.contains("nginx rejected the new file. All files are restored."), "{ran:?}");
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
    let other = here.nginx.included("a.conf");
    let text = format!("server {{ listen {}; server_name ops.example.com; }}\n", here.nginx.port);
    fs::write(&other, text).unwrap();
    let ran = here.apply_with("127.0.0.1:8080", &["--nginx-form", "server"]);
    assert_eq!((ran.code, here.machine.has_old()), (Some(6), true), "{ran:?}");
    assert!(ran.talk.contains("has the name ops.example.com already"), "{ran:?}");
    assert_eq!(here.nginx_file(), "");
}

#[test]
fn an_nginx_that_was_broken_before_is_no_reason_to_put_back() {
    let Some(here) = WithNginx::new() else { return };
    fs::write(here.nginx.included("a.conf"), "broken;\n").unwrap();
    let ran = here.apply("127.0.0.1:8080");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.talk.contains("nginx refused its configuration already before"), "{ran:?}");
}

#[test]
fn what_nginx_warned_of_before_lets_no_new_failure_pass() {
    let Some(here) = WithNginx::new() else { return };
    let other = format!("server {{ listen {}; server_name x; }}\n", here.nginx.port);
    fs::write(here.nginx.included("a.conf"), other.repeat(2)).unwrap();
    let ran = here.apply("kestra-app.invalid:8080");
    assert_eq!((ran.code, here.machine.has_old()), (Some(6), true), "{ran:?}");
    let ran = here.apply("127.0.0.1:8080");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.talk.contains("nginx warned already before this write"), "{ran:?}");
}

#[test]
fn the_wizard_shows_what_nginx_reports_and_goes_on_from_there() {
    let Some(here) = WithNginx::new() else { return };
    let mut session = here.wizard("kestra-app.invalid:8080");
    session.write_plan().wait_for("nginx rejected the new file. All files are restored.");
    session.wait_for("cannot resolve the name");
    assert!(here.is_untouched());
    session.press("1").wait_for("Kestra at").press(key::CTRL_U).type_text("127.0.0.1:8080");
    session.press(key::ENTER).wait_for("w write").write_plan().wait_for("Done.");
    assert!(here.nginx_file().contains("proxy_pass http://127.0.0.1:8080;"));
}

#[test]
fn what_is_written_line_by_line_is_tested_as_on_the_full_screen() {
    let Some(here) = WithNginx::new() else { return };
    let mut session = here.wizard("kestra-app.invalid:8080");
    session.resize(39, 9).wait_for("39x9").press("p").wait_for_prompt().resize(80, 24);
    session.answer(["w", "yes"]).wait_for("All files are restored.");
    assert!(here.is_untouched());
}

#[test]
fn everything_but_nginx_is_written_where_that_is_chosen() {
    let Some(here) = WithNginx::new() else { return };
    let mut session = here.wizard("kestra-app.invalid:8080");
    session.write_plan().wait_for("All files are restored.").press("2").wait_for("Done.");
    assert_eq!(here.nginx_file(), "");
    assert!(here.machine.read("etc/config.yml").contains("http://ops.example.com/"));
}
