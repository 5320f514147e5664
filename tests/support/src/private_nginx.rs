//! The nginx of this machine, told by a script in front of it that its configuration is in a
//! folder of the test's own.

use crate::machine::Machine;
use kestra_setup::system::nginx::{Deadline, find};
use rustix::process::{Pid, Signal, kill_process};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;
use std::{env, fs};

/// It, running; stopped when it is dropped.
pub struct Running(Child);

impl Running {
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

/// By SIGTERM, since a killed master would leave its workers behind.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}

pub struct PrivateNginx {
    binary: PathBuf,
    folder: PathBuf,
    /// A `PATH` on which it is the only nginx.
    pub path: String,
    /// A port that nobody uses now.
    pub port: String,
}

impl PrivateNginx {
    /// On this machine; `None`, with a notice, where there is no nginx. In CI there has to be one.
    pub fn on(machine: &Machine) -> Option<Self> {
        let binary = find(Deadline::usual()).binary;
        crate::needs(binary.is_some(), "nginx");
        let binary = binary?;
        let folder = machine.at("etc/nginx");
        fs::create_dir_all(folder.join("conf.d")).unwrap();
        fs::write(folder.join("nginx.conf"), conf(&folder)).unwrap();
        let path = in_front(machine, &binary, &folder);
        Some(Self { binary, folder, path, port: crate::free_port().to_string() })
    }

    /// A file that it includes.
    pub fn included(&self, name: &str) -> PathBuf {
        self.folder.join("conf.d").join(name)
    }

    /// It, with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("-c").arg(self.folder.join("nginx.conf")).args(words);
        command
    }

    /// Starts it; one of its server blocks has to listen on its port.
    pub fn start(&self) -> Running {
        self.start_with(&self.folder.join("nginx.conf"))
    }

    /// The same with another nginx.conf.
    pub fn start_with(&self, conf: &Path) -> Running {
        let mut command = Command::new(&self.binary);
        command.args(["-g", "daemon off;", "-c"]).arg(conf);
        let running = Running(command.spawn().unwrap());
        let port: u16 = self.port.parse().unwrap();
        let answers = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        assert!(crate::within(Duration::from_secs(10), answers), "nginx does not start");
        running
    }
}

fn conf(folder: &Path) -> String {
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let folder = folder.display();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "{user}\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n\
         access_log off;\n{temp}include {folder}/conf.d/*.conf;\n}}\n"
    )
}

/// A `PATH` whose nginx names its configuration, and is the real one else.
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
    let install = ["-m", "0755", "script", "nginx"];
    let installed = Command::new("install").args(install).current_dir(&bin).status();
    assert!(installed.unwrap().success());
    format!("{}:{}", bin.display(), env::var("PATH").unwrap())
}
