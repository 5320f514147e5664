//! A private nginx, started for one test and stopped with it.

use crate::{free_port, within};
use kestra_setup::machine;
use kestra_setup::system::nginx::{Deadline, find};
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

/// The program on this machine; `None`, with a notice, where there is none.
pub fn binary() -> Option<PathBuf> {
    let binary = find(Deadline::usual()).binary;
    crate::needs(binary.is_some(), "nginx");
    binary
}

/// Stopped when it is dropped.
pub struct Nginx {
    pub port: u16,
    dir: tempfile::TempDir,
    binary: PathBuf,
    child: Child,
}

impl Nginx {
    /// Starts nginx with what is inside `http {}`, made for the port it is to listen on, and
    /// with files beside its nginx.conf.
    pub fn start(
        binary: PathBuf,
        http: impl FnOnce(u16) -> String,
        files: &[(&str, &str)],
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let conf = dir.path().join("nginx.conf");
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        fs::write(&conf, wrap(&http(port), dir.path())).unwrap();
        let child = Command::new(&binary).arg("-c").arg(&conf).spawn().unwrap();
        let nginx = Self { port, dir, binary, child };
        nginx.wait();
        nginx
    }

    /// What the wizard would find if this were the nginx of the machine.
    pub fn found(&self) -> machine::Nginx {
        machine::Nginx {
            binary: Some(self.binary.clone()),
            conf: Some(self.dir.path().join("nginx.conf")),
            is_running: true,
            ..machine::Nginx::default()
        }
    }

    fn wait(&self) {
        let has_pid = || fs::read(self.dir.path().join("pid")).is_ok_and(|pid| !pid.is_empty());
        let is_up = || TcpStream::connect(("127.0.0.1", self.port)).is_ok() && has_pid();
        assert!(
            within(Duration::from_secs(10), is_up),
            "nginx did not start: {:?}",
            fs::read_to_string(self.dir.path().join("error.log"))
        );
    }
}

/// By SIGTERM, since a killed master would leave its workers behind.
impl Drop for Nginx {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

fn wrap(http: &str, dir: &Path) -> String {
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let dir = dir.display();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temp = temp.map(|kind| format!("{kind}_temp_path {dir}/{kind};\n")).concat();
    format!(
        "{user} daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;\nevents {{}}\n\
         http {{\naccess_log off;\n{temp}{http}\n}}\n"
    )
}
