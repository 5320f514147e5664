//! Runs the `console` blocks of a page and compares the output with the page.
//!
//! A block looks like a terminal: `$ ` opens a command for `sh`, `> ` continues it, a line such as
//! `[2]` is an exit code other than 0, the rest is output, standard error included; `[..]` fits
//! anything within a line. Each page has a home, an `/etc/` and an nginx of its own.

use std::fs::{self, Permissions};
use std::iter::from_fn;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The password of every page, and what `svc` and it are in base64.
const SECRETS: [&str; 2] = ["correct-horse", "c3ZjOmNvcnJlY3QtaG9yc2U="];

/// Runs every block of a page, relative to the root of the repository.
///
/// # Panics
/// Where the page and the program differ, after showing how.
pub(crate) fn run(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let expected = fs::read_to_string(path).expect(page);
    let actual = play(&expected, &Machine::new());
    if actual != expected {
        let saved = Path::new(env!("CARGO_TARGET_TMPDIR")).join(page.replace('/', "-"));
        fs::write(&saved, &actual).expect("a place for what came out");
        let difference = similar::TextDiff::from_lines(&expected, &actual);
        let difference = difference.unified_diff().header(page, "what came out").to_string();
        panic!("{difference}\nthe page as it would be: {}", saved.display());
    }
}

/// The page with what comes out now; a line that fits stays as the page has it.
fn play(page: &str, machine: &Machine) -> String {
    let mut played = String::new();
    let mut lines = page.lines().peekable();
    let mut is_console = false;
    while let Some(line) = lines.next() {
        played.extend([line, "\n"]);
        is_console = if is_console { line != "```" } else { line == "```console" };
        let Some(command) = line.strip_prefix("$ ").filter(|_| is_console) else { continue };
        let mut command = command.to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
            played.extend([more, "\n"]);
            command.extend(["\n", &more[2..]]);
        }
        let is_output = |line: &&str| *line != "```" && !line.starts_with("$ ");
        let wanted: Vec<_> = from_fn(|| lines.next_if(is_output)).collect();
        for printed in machine.run(&command).lines() {
            let known = wanted.iter().find(|wanted| fits(wanted, printed));
            played.extend([known.unwrap_or(&printed), "\n"]);
        }
    }
    played
}

/// The output without the warning about the home, which holds on every machine of a test and on few
/// others. In a report it is the last of its list.
fn without_home(printed: &str) -> String {
    let mut kept = String::new();
    for line in printed.split_inclusive('\n') {
        if !line.contains("Kestra takes its home from") {
            kept.push_str(line);
        } else if kept.ends_with("[\n") {
            kept.pop();
        } else if kept.ends_with(",\n") {
            kept.truncate(kept.len() - 2);
            kept.push('\n');
        }
    }
    kept.replace("[  ]", "[]")
}

/// Whether a line is that of the page, where `[..]` fits anything.
fn fits(wanted: &str, line: &str) -> bool {
    match wanted.split_once("[..]") {
        None => wanted == line,
        Some((start, end)) => line.strip_prefix(start).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| fits(end, rest)))
        }),
    }
}

/// A home, an `/etc/` and an nginx that no other test sees.
struct Machine {
    root: PathBuf,
    /// User and group of what the program writes, which the pages call `kestra:kestra`.
    owner: String,
    _folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let root = folder.path().canonicalize().expect("its real path");
        let bin = root.join("bin");
        for name in ["bin", "home/kestra", "etc/kestra", "etc/nginx/conf.d"] {
            fs::create_dir_all(root.join(name)).expect(name);
        }
        fs::write(root.join("etc/nginx/nginx.conf"), "http { include conf.d/*.conf; }\n")
            .expect("nginx.conf");
        // A copy, since nobody may not be able to reach the folder of the build; by a program of
        // its own, since a file open for writing here would be "busy" to what other tests start.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_kestra-setup")).arg(&bin).status();
        assert!(copied.expect("cp").success());
        fs::set_permissions(&root, Permissions::from_mode(0o755)).expect("a mode");
        let stand_ins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/bin");
        for entry in fs::read_dir(stand_ins).expect("the stand-ins") {
            let entry = entry.expect("a stand-in");
            symlink(entry.path(), bin.join(entry.file_name())).expect("a link");
        }
        let id = Command::new("sh").args(["-c", "printf %s:%s $(id -un) $(id -gn)"]).output();
        let owner = String::from_utf8(id.expect("id").stdout).expect("names");
        Self { root, owner, _folder: folder }
    }

    /// The output of a command, with its exit code where that is not 0.
    fn run(&self, command: &str) -> String {
        let root = self.root.display().to_string();
        let script = format!(
            "umask 022; exec 2>&1\n{}\n",
            command.replace("/etc/", &format!("{root}/etc/"))
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .env_clear()
            .env("PATH", format!("{root}/bin:/usr/sbin:/usr/bin:/sbin:/bin"))
            .env("HOME", self.root.join("home/kestra"))
            .env("KESTRA_SETUP_STATE", self.root.join("state"))
            .env("NGINX_OF_TEST", self.root.join("etc/nginx"))
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.root.join("home/kestra"))
            .stdin(Stdio::null())
            .output()
            .expect("sh");
        let printed = String::from_utf8_lossy(&output.stdout).replace(&root, "");
        let printed = printed.replace(&self.owner, "kestra:kestra");
        let printed = without_home(&printed);
        let prints_a_file =
            ["cat ", "print config", "print env"].iter().any(|it| command.contains(it));
        for secret in SECRETS {
            assert!(
                prints_a_file || !printed.contains(secret),
                "{command}\nshows the password:\n{printed}"
            );
        }
        match output.status.code() {
            Some(0) => printed,
            code => format!("{printed}[{}]\n", code.unwrap_or(-1)),
        }
    }
}
