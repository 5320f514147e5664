//! The release of the Kestra that is installed here.
//!
//! The one thing to know: a program is run for it, `kestra --version`. So it is one that nobody but
//! root and this user can change, and it gets neither time without end nor this environment.

use super::candidates::SearchScope;
use super::nginx::{Deadline, output_of};
use super::program_in;
use crate::kestra_release::Release;
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A JVM needs a few seconds; nobody waits longer for a version.
const TIME: Duration = Duration::from_secs(5);

/// Where root's programs are; the `PATH` of this process may name a folder that others can write.
pub(super) const ROOTS_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The release that runs with this configuration: of the image of the Compose service that mounts
/// it, of the program of its unit, or of the `kestra` on the path.
pub(super) fn release(scope: &SearchScope, config: &Path) -> Option<Release> {
    if let Some((compose, mounted)) = scope.mount(config) {
        let seen = format!("image of service {} in {}", mounted.service, compose.display());
        return Some(Release::of_image(mounted.beside.image?, seen));
    }
    let path = match scope.user {
        0 => ROOTS_PATH.to_owned(),
        _ => env::var("PATH").unwrap_or_default(),
    };
    let program = scope.program(config).or_else(|| program_in(&path, "kestra"));
    let program = program?.canonicalize().ok()?;
    let is_safe = is_safe(&program, scope);
    let version = is_safe.then(|| version(&program, &path))??;
    Some(Release::of_version(&version, format!("{} --version", program.display())))
}

/// Whether nobody but root and this user can change what would be run.
fn is_safe(program: &Path, scope: &SearchScope) -> bool {
    let is_own = |path: &Path| {
        fs::metadata(path).is_ok_and(|it| {
            let others = if it.gid() == 0 { 0o002 } else { 0o022 };
            [0, scope.user].contains(&it.uid()) && it.mode() & others == 0
        })
    };
    program.ancestors().take_while(|path| path.starts_with(&scope.root)).all(is_own)
}

fn version(program: &Path, path: &str) -> Option<String> {
    let is_jar = program.extension().is_some_and(|it| it == "jar");
    let mut command = if is_jar { Command::new("java") } else { Command::new(program) };
    if is_jar {
        command.arg("-jar").arg(program);
    }
    command.arg("--version").current_dir("/").env_clear().env("PATH", path);
    let output = output_of(&mut command, Deadline::after(TIME)).ok()?;
    output.split_whitespace().find(|word| is_version(word)).map(str::to_owned)
}

/// `1.3.25` or `2.0.0-SNAPSHOT`, and not the time in front of a line of a log.
fn is_version(word: &str) -> bool {
    let numbers: Vec<_> = word.split('-').next().unwrap_or_default().split('.').collect();
    numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use tempfile::TempDir;

    const UNIT: &str = "[Service]\nExecStart=/opt/kestra server local -c /a.yml\n";

    /// A machine whose unit starts a Kestra that prints this.
    fn machine(printed: &str) -> (TempDir, SearchScope) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let script = format!("#!/bin/sh\necho '{printed}'\nenv >\"$0.env\"\n");
        for (name, text) in [("etc/systemd/system/k.service", UNIT), ("opt/script", &script)] {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), text).unwrap();
        }
        // Not by this process: a test that starts a program at this moment would inherit the open
        // file, and nobody could run it.
        let copy = ["opt/script", "opt/kestra"].map(|name| root.join(name));
        assert!(Command::new("cp").args(copy).status().unwrap().success());
        set_mode(&root.join("opt/kestra"), 0o755);
        let user = rustix::process::geteuid().as_raw();
        (folder, SearchScope { root, user, ..SearchScope::default() })
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn seen(scope: &SearchScope) -> Option<String> {
        let release = release(scope, &scope.root.join("a.yml"))?;
        Some(release.to_string().replace(&scope.root.display().to_string(), ""))
    }

    #[test]
    fn the_program_of_a_unit_tells_its_version() {
        for printed in ["1.3.25", "08:11:22.123 INFO starting\n1.3.25"] {
            let (_folder, scope) = machine(printed);
            assert_eq!(seen(&scope).unwrap(), "Kestra 1.3.25 (/opt/kestra --version)");
            let env = fs::read_to_string(scope.root.join("opt/kestra.env")).unwrap();
            assert!(!env.contains("CARGO"), "{env}");
        }
        assert_eq!(seen(&machine("kestra").1), None);
    }

    #[test]
    fn java_tells_the_version_of_a_jar() {
        let (_folder, scope) = machine("1.3.25");
        let java = scope.root.join("opt");
        fs::rename(java.join("kestra"), java.join("java")).unwrap();
        let path = format!("{}:/usr/bin:/bin", java.display());
        let found = version(Path::new("/opt/kestra.jar"), &path);
        assert_eq!(found.as_deref(), Some("1.3.25"));
        assert_eq!(version(Path::new("/opt/kestra.jar"), ""), None);
    }

    #[test]
    fn what_others_can_change_is_not_run() {
        let (_folder, scope) = machine("1.3.25");
        for path in ["opt/kestra", "opt"] {
            set_mode(&scope.root.join(path), 0o777);
            assert_eq!(seen(&scope), None, "{path}");
            set_mode(&scope.root.join(path), 0o755);
        }
        assert!(seen(&scope).is_some());
        // Whoever owns it can change it.
        if scope.user == 0 {
            std::os::unix::fs::chown(scope.root.join("opt/kestra"), Some(65534), None).unwrap();
            assert_eq!(seen(&scope), None);
        }
    }

    #[test]
    fn a_compose_file_that_mounts_the_configuration_tells_its_image() {
        let (_folder, scope) = machine("1.3.25");
        fs::remove_dir_all(scope.root.join("etc")).unwrap();
        let compose =
            "services:\n  k:\n    image: kestra/kestra:v1.3.20\n    volumes: ['./a.yml:/a.yml']\n";
        fs::write(scope.root.join("compose.yml"), compose).unwrap();
        fs::write(scope.root.join("a.yml"), "kestra.url: https://a/\n").unwrap();
        let release = seen(&scope).unwrap();
        assert_eq!(release, "kestra/kestra:v1.3.20 (image of service k in /compose.yml)");
    }
}
