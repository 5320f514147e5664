//! The packages: built by one command, installed into a folder, and run from there.
//!
//! Building with all optimisation takes minutes, so this runs only when it is named:
//! `cargo test --test package`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "starts programs and looks at the disk from outside"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;

/// The paths that the script prints: a Debian package and a tarball.
static PACKAGES: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = printed(Command::new("sh").arg("assets/package/build.sh").current_dir(root));
    let paths: Vec<_> = paths.lines().map(|path| root.join(path)).collect();
    paths.try_into().unwrap()
});

/// Whether the packages can be built here.
fn has_tools() -> bool {
    ["dpkg-deb", "cargo-deb", "cargo-about"].into_iter().all(support::has)
}

/// What a command prints; it must succeed.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What is below a folder where a package was installed, `/usr` or `/usr/local`.
fn check(prefix: &Path, zsh: &str) {
    let binary = prefix.join("bin/kestra-setup");
    let version = printed(Command::new(&binary).arg("--version"));
    assert!(version.starts_with(concat!("kestra-setup ", env!("CARGO_PKG_VERSION"))), "{version}");
    let url = ["print", "config", "--reverse-proxy", "none", "--url", "https://my-host.com/"];
    let config = printed(Command::new(&binary).args(url).env("HOME", prefix));
    assert_eq!(config, "kestra:\n  url: https://my-host.com/\n");
    is_static(&binary);
    let share = prefix.join("share");
    let licence = fs::read_to_string(share.join("doc/kestra-setup/copyright")).unwrap();
    assert!(licence.contains("MIT License") && licence.contains("Copyright"), "{licence}");
    names_every_licence(&share.join("doc/kestra-setup/licences.gz"));
    reads_as_a_manual(&share.join("man/man1/kestra-setup.1.gz"));
    let completions = [
        ("bash", "bash-completion/completions/kestra-setup"),
        ("zsh", zsh),
        ("fish", "fish/vendor_completions.d/kestra-setup.fish"),
    ];
    for (shell, path) in completions {
        let script = share.join(path);
        let text = fs::read_to_string(&script).unwrap();
        assert!(text.contains("kestra-setup") && text.contains("proxy-address"), "{shell}");
        if support::has(shell) {
            printed(Command::new(shell).arg("-n").arg(script));
        }
    }
}

fn is_static(binary: &Path) {
    let libraries = Command::new("ldd").arg(binary).output().unwrap();
    let libraries = [libraries.stdout, libraries.stderr].concat();
    let libraries = String::from_utf8(libraries).unwrap();
    let is_static = ["statically linked", "not a dynamic"].iter().any(|it| libraries.contains(it));
    assert!(is_static, "{libraries}");
}

fn unpacked(file: &Path) -> String {
    printed(Command::new("gzip").arg("-dc").arg(file))
}

/// Of what is linked into the binary: each crate that Cargo.toml names, and those with a licence of
/// another kind.
fn names_every_licence(file: &Path) {
    let text = unpacked(file);
    let tree = ["tree", "--locked", "--depth", "1", "--edges", "normal", "--prefix", "none"];
    let direct = printed(Command::new(env!("CARGO")).args(tree).args(["--format", "{p}"]));
    let names = direct.lines().skip(1).filter_map(|line| line.split(' ').next());
    for name in names.chain(["ring", "option-ext", "subtle"]) {
        assert!(text.contains(&format!("   {name} ")), "{name}");
    }
    for words in ["Permission is hereby granted", "Mozilla Public License", "BSD", "CDLA", "ISC"] {
        assert!(text.contains(words), "{words}");
    }
}

fn reads_as_a_manual(page: &Path) {
    let text = unpacked(page);
    for section in
        ["NAME", "COMMANDS", "ANSWERS", "ENVIRONMENT", "FILES", "\"EXIT STATUS\"", "JSON"]
    {
        let plain = section.replace('"', "");
        let has = |name: &str| text.contains(&format!(".SH {name}\n"));
        assert!(has(section) || has(&plain), "{section}");
    }
    if support::has("groff") {
        let script = "gzip -dc \"$0\" | groff -man -ww -z 2>&1";
        assert_eq!(printed(Command::new("sh").args(["-c", script]).arg(page)), "");
    }
}

#[test]
fn the_debian_package_installs_runs_and_leaves() {
    if !has_tools() {
        return;
    }
    let [package, _] = &*PACKAGES;
    if support::has("lintian") {
        printed(Command::new("lintian").args(["--allow-root", "--fail-on", "error"]).arg(package));
    }
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    if !rustix::process::geteuid().is_root() {
        printed(Command::new("dpkg-deb").arg("--extract").arg(package).arg(root));
        return check(&root.join("usr"), "zsh/vendor-completions/_kestra-setup");
    }
    fs::create_dir_all(root.join("var/lib/dpkg/info")).unwrap();
    fs::create_dir_all(root.join("var/lib/dpkg/updates")).unwrap();
    fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    let dpkg = |action: &str, what: &Path| {
        let log = ["--log=/dev/null", "--force-bad-path", action];
        printed(Command::new("dpkg").arg("--root").arg(root).args(log).arg(what))
    };
    dpkg("--install", package);
    check(&root.join("usr"), "zsh/vendor-completions/_kestra-setup");
    dpkg("--purge", Path::new("kestra-setup"));
    assert!(!root.join("usr/bin/kestra-setup").exists());
}

#[test]
fn the_tarball_unpacks_and_runs() {
    if !has_tools() {
        return;
    }
    let [_, tarball] = &*PACKAGES;
    let folder = TempDir::new().unwrap();
    let unpack = ["--strip-components=1", "-C"];
    printed(Command::new("tar").arg("-xzf").arg(tarball).args(unpack).arg(folder.path()));
    check(folder.path(), "zsh/site-functions/_kestra-setup");
}

#[test]
fn cargo_installs_from_the_sources() {
    let folder = TempDir::new().unwrap();
    // As the README has it, but without the minutes of optimisation.
    let install = ["install", "--path", ".", "--locked", "--debug", "--quiet", "--no-track"];
    let mut cargo = Command::new(env!("CARGO"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    cargo.args(install).current_dir(env!("CARGO_MANIFEST_DIR"));
    printed(cargo.arg("--root").arg(folder.path()).env("CARGO_TARGET_DIR", target));
    let version = printed(Command::new(folder.path().join("bin/kestra-setup")).arg("--version"));
    assert!(version.starts_with("kestra-setup "), "{version}");
}
