//! Boots a program with a configuration, and stops it.

use super::config::{ADMINISTRATOR, LOGIN, OVERRIDDEN, QUIET, VARIABLE, ports};
use super::programs::Program;
use std::fs::{File, read_to_string, write};
use std::net::TcpStream;
use std::process::{Child, ExitStatus};
use std::thread::sleep;
use std::time::Duration;
use support::free_port;
use support::http::get;
use tempfile::TempDir;

/// A real Kestra needs a minute and more on two cores.
const PATIENCE: u32 = 300 * 5;

/// A program that was started in a folder of its own; killed when it is dropped.
pub(crate) struct Booted {
    pub(crate) port: u16,
    /// Where its health is; and the one that 2.0 opens for its workers.
    pub(crate) others: [u16; 2],
    child: Child,
    dir: TempDir,
}

impl Drop for Booted {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Booted {
    fn start(program: &Program, config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.yml");
        let others = [free_port(), free_port()];
        write(&file, format!("{config}{QUIET}{}", ports(others))).unwrap();
        let log = File::create(dir.path().join("log")).unwrap();
        let port = free_port();
        let mut command = program.command();
        command.args(["--port", &port.to_string(), "-c"]).arg(&file).env(VARIABLE, LOGIN.1);
        command.env("MICRONAUT_SERVER_HOST", "127.0.0.1").env("KESTRA_URL", OVERRIDDEN);
        command.current_dir(&dir).stdout(log.try_clone().unwrap()).stderr(log);
        Self { port, others, child: command.spawn().unwrap(), dir }
    }

    /// Boots with an administrator, until it answers under the context path.
    pub(crate) fn up(program: &Program, config: &str, context: &str) -> Self {
        Self::fresh(program, &format!("{config}{ADMINISTRATOR}"), context)
    }

    /// The same without an administrator, as after a first setup.
    pub(crate) fn fresh(program: &Program, config: &str, context: &str) -> Self {
        let mut booted = Self::start(program, config);
        let ping = format!("{context}/ping");
        for _ in 0..PATIENCE {
            assert_eq!(
                booted.child.try_wait().unwrap(),
                None,
                "{}: {}",
                program.name,
                booted.log()
            );
            let listens = TcpStream::connect(("127.0.0.1", booted.port)).is_ok();
            if listens && get(booted.port, &ping).status == 200 {
                return booted;
            }
            sleep(Duration::from_millis(200));
        }
        panic!("{} does not answer {ping}: {}", program.name, booted.log());
    }

    /// Boots a configuration that does not do, until the program ends; its exit code and output.
    pub(crate) fn fails(program: &Program, config: &str) -> (ExitStatus, String) {
        let mut booted = Self::start(program, config);
        for _ in 0..PATIENCE {
            if let Some(status) = booted.child.try_wait().unwrap() {
                return (status, booted.log());
            }
            sleep(Duration::from_millis(200));
        }
        panic!("{} runs on with\n{config}", program.name);
    }

    /// The log, as soon as a text is in it.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        for _ in 0..PATIENCE {
            let log = self.log();
            if log.contains(text) {
                return log;
            }
            sleep(Duration::from_millis(200));
        }
        panic!("no {text} in {}", self.log());
    }

    fn log(&self) -> String {
        read_to_string(self.dir.path().join("log")).unwrap()
    }
}
