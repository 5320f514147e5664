//! A fault at every step of a write: each system call fails in turn, or the process dies there.
//!
//! `strace` injects the faults into this program, which does its job through the library. After
//! each of them, every file is wholly old or wholly new, all are old or all are new once the journal
//! is followed, nothing temporary is left, and no secret can be read by others.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "runs processes and looks at the disk from outside"
)]

use kestra_setup::machine::Text;
use kestra_setup::plan::{FileChange, FileKind, Plan};
use kestra_setup::system::fs::backup::History;
use kestra_setup::system::fs::lock::Lock;
use kestra_setup::system::fs::{self as files, WriteError};
use rustix::fs::XattrFlags;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio, exit};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, thread};
use tempfile::TempDir;

const SECRET: &str = "correct-horse-battery";
/// As many as a small machine has cores; most of the time is spent starting processes.
const WORKERS: usize = 2;
const JOB: &str = "KESTRA_SETUP_JOB_UNDER_TEST";
/// The folder in which it is done.
const PLACE: &str = "KESTRA_SETUP_PLACE_UNDER_TEST";

/// What the process under test is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Write,
    WriteInPlace,
    Undo,
    RollBack,
}

const JOBS: [Job; 4] = [Job::Write, Job::WriteInPlace, Job::Undo, Job::RollBack];

fn main() {
    match env::var(JOB) {
        Ok(job) => exit(do_job(&job).map_or_else(|error| error.exit_code().into(), |()| 0)),
        Err(_) => every_fault_leaves_all_files_old_or_all_new(),
    }
}

fn do_job(job: &str) -> Result<(), WriteError> {
    let lock = Lock::take(&History::here()?)?;
    let place = PathBuf::from(env::var_os(PLACE).unwrap());
    match job {
        "Undo" => lock.interrupted()?.unwrap().undo(),
        "RollBack" => {
            let id = lock.history().list()[0].id.clone();
            lock.history().rollback(&id)?.run(&lock, false).map(drop)
        }
        "Write" => files::write(&renamed(&place), &lock, &|| Ok(())).map(drop),
        _ => files::write(&in_place(&place), &lock, &|| Ok(())).map(drop),
    }
}

/// A disk on which a job finds what it needs.
struct Scene {
    folder: TempDir,
    plan: Plan,
}

impl Scene {
    fn new(job: Job) -> Self {
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.unwrap();
        let real = folder.path().join("real.yml");
        fs::write(&real, old()).unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o600)).unwrap();
        // Not every file system takes one; where it does, copying it is one more thing to fail.
        let _ = rustix::fs::setxattr(&real, "user.note", b"kept", XattrFlags::empty());
        let plan = if job == Job::WriteInPlace {
            fs::hard_link(&real, folder.path().join("other.yml")).unwrap();
            in_place(folder.path())
        } else {
            symlink("real.yml", folder.path().join("config.yml")).unwrap();
            renamed(folder.path())
        };
        let scene = Self { folder, plan };
        scene.prepare(job);
        scene
    }

    fn prepare(&self, job: Job) {
        let lock = || Lock::take(&self.history()).unwrap();
        match job {
            Job::Write | Job::WriteInPlace => {}
            Job::RollBack => drop(files::write(&self.plan, &lock(), &|| Ok(())).unwrap()),
            Job::Undo => {
                let dies = || resume_unwind(Box::new("as if killed"));
                let write = || files::write(&self.plan, &lock(), &dies);
                assert!(catch_unwind(AssertUnwindSafe(write)).is_err());
            }
        }
    }

    fn history(&self) -> History {
        History::at(self.folder.path().join("state"))
    }

    /// Runs the job under `strace` with these arguments.
    fn run(&self, job: Job, strace: &[&str]) -> ExitStatus {
        Command::new("strace")
            .args(["-f", "--seccomp-bpf", "-o"])
            .args(strace)
            .arg(env::current_exe().unwrap())
            .env(JOB, format!("{job:?}"))
            .env(PLACE, self.folder.path())
            .env("KESTRA_SETUP_STATE", self.history().folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
    }

    fn all_are(&self, side: fn(&FileChange) -> Option<&str>) -> bool {
        self.plan
            .changes
            .iter()
            .all(|change| fs::read_to_string(&change.path).ok().as_deref() == side(change))
    }

    fn all_are_old(&self) -> bool {
        self.all_are(|change| change.before.as_ref().map(Text::as_str))
    }

    fn all_are_new(&self) -> bool {
        self.all_are(|change| Some(change.after.as_str()))
    }

    /// Nothing temporary is left, and no folder without its file.
    fn is_tidy(&self, job: Job) {
        let is_temporary = |path: &PathBuf| path.to_string_lossy().contains("/.kestra-setup");
        assert!(!self.files().iter().any(is_temporary), "a temporary file is left");
        let made = self.folder.path().join("made").exists();
        // A rollback that dies at its very end may leave the empty folder.
        assert!(job == Job::RollBack || !made || self.all_are_new(), "a folder is left");
    }

    /// Every file below the folder.
    fn files(&self) -> Vec<PathBuf> {
        let (mut folders, mut files) = (vec![self.folder.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

fn old() -> String {
    format!("old: {SECRET}\nand: more\n")
}

/// Three files: one behind a link, one new, and one in a folder that is missing.
fn renamed(folder: &Path) -> Plan {
    let change = |kind, name: &str, after: &str, mode| FileChange {
        kind,
        path: folder.join(name),
        target: kestra_setup::system::fs::target(&folder.join(name)),
        before: None,
        after: after.into(),
        mode,
    };
    let config = change(FileKind::Config, "config.yml", &format!("new: {SECRET}\n"), 0o600);
    let changes = vec![
        FileChange { before: Some(old().into()), ..config },
        change(FileKind::Nginx, "kestra.conf", "server {}\n", 0o644),
        change(FileKind::Env, "made/kestra.env", &format!("P={SECRET}\n"), 0o600),
    ];
    Plan { changes, ..Plan::default() }
}

/// One file that has another name, and one that is new.
fn in_place(folder: &Path) -> Plan {
    let mut plan = renamed(folder);
    plan.changes[0].path = folder.join("real.yml");
    plan.changes[0].after = format!("new: {SECRET}\nand: much more than before\n").into();
    plan.changes.pop();
    plan
}

/// One system call of a job.
struct Point {
    name: String,
    /// The how manieth of that name.
    number: usize,
    /// Whether it only reads.
    looks: bool,
}

/// The system calls that a job makes with files, from its first touch of the journal. `strace`
/// counts them for each thread, and the first one writes.
fn points(job: Job) -> Vec<Point> {
    let scene = Scene::new(job);
    let log = scene.folder.path().join("log");
    let status = scene.run(job, &[log.to_str().unwrap(), "-e", "trace=%file,%desc"]);
    assert!(status.success(), "{job:?}: {status}");
    let text = fs::read_to_string(log).unwrap();
    let (mut seen, mut points, mut begun) = (BTreeMap::<_, usize>::new(), Vec::new(), false);
    for (name, line) in calls(&text) {
        begun |= line.contains("\"lock\"");
        let count = seen.entry(name).or_default();
        *count += 1;
        if begun && !["close", "mmap", "fcntl"].contains(&name) {
            let looks = looks(name) || line.contains("O_PATH");
            points.push(Point { name: name.to_owned(), number: *count, looks });
        }
    }
    points
}

/// What the first thread called, each with its line in the log.
fn calls(log: &str) -> impl Iterator<Item = (&str, &str)> {
    let first = log.split(' ').next().unwrap_or_default();
    log.lines().filter_map(move |line| {
        let (name, _) = line.strip_prefix(first)?.split_once('(')?;
        Some((name.trim(), line))
    })
}

/// What is done to a process at a point.
type Fault = String;

fn looks(name: &str) -> bool {
    let looking =
        ["read", "readlinkat", "fstat", "newfstatat", "statx", "getdents64", "lseek", "flock"];
    looking.contains(&name) || name.contains("getxattr") || name.contains("listxattr")
}

/// Calls that only look cannot leave anything behind; the others get the
/// faults that they can have.
fn faults(point: &Point) -> Vec<Fault> {
    let Point { name, number, looks } = point;
    let errors: &[&str] = if *looks {
        &["error=EIO"]
    } else if name.starts_with("rename") || name.starts_with("link") {
        &["error=ENOSPC", "error=EIO", "error=EACCES", "error=EROFS", "error=EBUSY", "error=EXDEV"]
    } else if name.starts_with("open") {
        &["error=ENOSPC", "error=EIO", "error=EACCES", "error=EROFS"]
    } else if name.contains("write") || name.contains("sync") || name.contains("allocate") {
        &["error=ENOSPC", "error=EIO"]
    } else {
        &["error=EIO", "error=EACCES"]
    };
    let once = |fault: &str| format!("inject={name}:{fault}:when={number}");
    // A disk that fills up or dies stays so: putting back fails too, and the journal must do.
    let lasting = |error: &str| format!("inject={name}:error={error}:when={number}+");
    let mut faults: Vec<_> = errors.iter().map(|error| once(error)).collect();
    if !*looks {
        // The signal comes before the call is made. After it is before the next.
        faults.push(once("signal=KILL"));
        faults.push(lasting(if name.contains("write") { "ENOSPC" } else { "EIO" }));
    }
    faults
}

/// Runs a job with one fault, and looks at what is left.
fn withstands(job: Job, fault: &str) {
    let scene = Scene::new(job);
    let status = scene.run(job, &["/dev/null", "-e", fault]);
    scene.files().iter().for_each(|path| keeps_its_secrets(path));
    let lock = Lock::take(&scene.history()).unwrap();
    match lock.interrupted().unwrap() {
        Some(_) if status.success() => panic!("the journal is open after success"),
        Some(pending) => pending.undo().unwrap(),
        None if status.signal().is_some() => {}
        None => assert_eq!(scene.all_are_new(), new_after(job, status.success()), "{status}"),
    }
    assert_ne!(scene.all_are_old(), scene.all_are_new(), "{status}: neither old nor new");
    scene.is_tidy(job);
    let extra = scene.folder.path().join("extra");
    files::write(&only(&extra), &lock, &|| Ok(())).unwrap();
    let closed = |folder: PathBuf| folder.join("closed.json").exists();
    let checkpoints = fs::read_dir(scene.history().folder().join("checkpoints")).unwrap();
    assert!(checkpoints.map(|entry| entry.unwrap().path()).all(closed), "litter");
}

/// Where a job ends that was not killed and left no open journal.
fn new_after(job: Job, succeeds: bool) -> bool {
    match job {
        Job::Write | Job::WriteInPlace => succeeds,
        Job::RollBack => !succeeds,
        Job::Undo => false,
    }
}

fn keeps_its_secrets(path: &Path) {
    let holds = fs::read_to_string(path).unwrap().contains(SECRET);
    let mode = fs::metadata(path).unwrap().permissions().mode();
    assert!(!holds || mode.trailing_zeros() >= 6, "{} has mode {mode:o}", path.display());
}

fn only(path: &Path) -> Plan {
    let (kind, path, after) = (FileKind::Nginx, path.to_owned(), "x\n".into());
    let changes = vec![FileChange { kind, path, target: None, before: None, after, mode: 0o644 }];
    Plan { changes, ..Plan::default() }
}

fn every_fault_leaves_all_files_old_or_all_new() {
    if !support::has("strace") {
        return;
    }
    let tries: Vec<_> = JOBS
        .into_iter()
        .flat_map(|job| points(job).into_iter().map(move |point| (job, point)))
        .flat_map(|(job, point)| faults(&point).into_iter().map(move |fault| (job, fault)))
        .collect();
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let number = next.fetch_add(1, Ordering::Relaxed)
            && let Some((job, fault)) = tries.get(number)
        {
            if catch_unwind(|| withstands(*job, fault)).is_err() {
                eprintln!("{job:?} does not withstand {fault}");
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| (0..WORKERS).for_each(|_| drop(scope.spawn(work))));
    println!("{} fault points", tries.len());
    assert_eq!(failed.into_inner(), 0, "of {} fault points", tries.len());
}
