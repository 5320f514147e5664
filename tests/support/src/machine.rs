//! A machine with a configuration, an nginx file and a history of its own; the real program on it.

use crate::{Program, Session};
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Found in the files that it is for, and nowhere else.
pub const PASSWORD: &str = "xK9#vonKarman";

/// What the configuration holds before anything is written.
pub const OLD: &str = "# ours\nkestra:\n  url: https://old.example.com/\n";

/// The line that every write here changes.
pub const NEW_LINE: &str = "  url: https://ops.example.com/\n";

/// Before the program, it kills a write between its first file and its second.
pub const KILLED: [&str; 7] = [
    "strace",
    "-f",
    "--seccomp-bpf",
    "-o",
    "/dev/null",
    "-e",
    "inject=rename,renameat,renameat2:signal=KILL:when=3",
];

/// The program under test. Cargo builds it into the folder above the one of the test programs.
pub fn program() -> String {
    let test = env::current_exe().expect("the path of this test program");
    let folder = test.ancestors().nth(2).expect("Cargo's folder for this profile");
    folder.join("kestra-setup").display().to_string()
}

/// Who runs the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    Me,
    Nobody,
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub talk: String,
}

pub struct Machine {
    folder: TempDir,
    user: As,
}

impl Machine {
    pub fn new() -> Self {
        Self::of(As::Me)
    }

    /// A machine whose operator has no rights beyond the own home and the own history.
    pub fn of(user: As) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let machine = Self { folder, user };
        for name in ["home", "etc"] {
            fs::create_dir(machine.at(name)).unwrap();
        }
        fs::write(machine.config(), OLD).unwrap();
        if machine.drops_rights() {
            // Where it is built, nobody may not look. Not by this process: a test that starts a
            // program at this moment would inherit the open copy, and nobody could run it.
            let copy = Command::new("cp").arg(program()).arg(machine.at("kestra-setup")).status();
            assert!(copy.unwrap().success());
            std::os::unix::fs::chown(machine.at("home"), Some(65534), Some(65534)).unwrap();
        }
        machine
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.at("etc/config.yml")
    }

    /// The text of a file; nothing where there is none.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    pub fn has_old(&self) -> bool {
        self.read("etc/config.yml") == OLD
    }

    pub fn has_new(&self) -> bool {
        self.read("etc/config.yml") == OLD.replace("  url: https://old.example.com/\n", NEW_LINE)
    }

    fn drops_rights(&self) -> bool {
        self.user == As::Nobody && rustix::process::geteuid().is_root()
    }

    /// The words with which the program is started.
    fn words(&self) -> Vec<String> {
        if !self.drops_rights() {
            return vec![program()];
        }
        let program = self.at("kestra-setup").display().to_string();
        let rights = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        rights.map(str::to_owned).into_iter().chain([program]).collect()
    }

    fn variables(&self) -> [(&'static str, PathBuf); 3] {
        let none = PathBuf::from("none");
        [
            ("HOME", self.at("home")),
            ("KESTRA_SETUP_STATE", self.at("home/state")),
            ("KESTRA_SETUP_REVERSE_PROXY", none),
        ]
    }

    /// The program behind other words, such as those of `strace`.
    pub fn command(&self, before: &[&str], words: &[&str]) -> Command {
        self.command_for(&self.config(), before, words)
    }

    /// The same for another configuration.
    pub fn command_for(&self, config: &Path, before: &[&str], words: &[&str]) -> Command {
        let all: Vec<_> = before.iter().map(ToString::to_string).chain(self.words()).collect();
        let mut command = Command::new(&all[0]);
        command.args(&all[1..]).arg("--config").arg(config).args(words).env_clear();
        command.env("PATH", env::var_os("PATH").unwrap_or_default()).envs(self.variables());
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(&[], words).stdin(Stdio::null()))
    }

    /// Gives the program a text on its standard input.
    pub fn pipe(&self, words: &[&str], text: &str) -> Ran {
        let input = self.at("home/input");
        fs::write(&input, text).unwrap();
        let ran = ran(self.command(&[], words).stdin(fs::File::open(&input).unwrap()));
        fs::remove_file(input).unwrap();
        ran
    }

    /// Changes the address, and nothing else.
    pub fn apply(&self, more: &[&str]) -> Ran {
        self.run(&[&["apply", "--url", "https://ops.example.com/"], more].concat())
    }

    /// The wizard in a terminal, with the new address already given: it begins with the review.
    pub fn wizard(&self) -> Session {
        let mut session = self.start(&[("KESTRA_SETUP_URL", "https://ops.example.com/")]);
        session.wait_for("Public URL").wait_for("w write");
        session
    }

    /// The wizard, with answers in its environment.
    pub fn start(&self, answers: &[(&str, &str)]) -> Session {
        self.start_behind(&[], answers)
    }

    /// The wizard behind other words.
    pub fn start_behind(&self, before: &[String], answers: &[(&str, &str)]) -> Session {
        self.start_all(before, &[], answers)
    }

    /// A command in a terminal.
    pub fn start_command(&self, words: &[&str]) -> Session {
        self.start_all(&[], words, &[])
    }

    fn start_all(&self, before: &[String], words: &[&str], answers: &[(&str, &str)]) -> Session {
        let all = [before, &self.words()].concat();
        let mut program = Program::new(&all[0]).args(&all[1..]);
        program = program.arg("--config").arg(self.config()).args(words);
        for (name, value) in self.variables() {
            program = program.env(name, value);
        }
        for (name, value) in answers {
            program = program.env(name, value);
        }
        program.start()
    }

    /// Stops a write with SIGKILL between its first file and its second.
    pub fn interrupt(&self) {
        let nginx = self.at("etc/kestra.conf").display().to_string();
        let words = ["apply", "--url", "https://ops.example.com/", "--reverse-proxy", "nginx"];
        let words = [&words[..], &["--nginx-file", &nginx]].concat();
        let ran = ran(self.command(&KILLED, &words).stdin(Stdio::null()));
        assert_eq!((ran.code, self.has_new()), (None, true), "{ran:?}");
        assert_eq!(self.read("etc/kestra.conf"), "");
    }
}

pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), talk: text(output.stderr) }
}
