//! What the wizard costs a terminal, next to whiptail and dialog (Debian packages of these names)
//! and gum (`go install github.com/charmbracelet/gum@latest`).
//!
//! `cargo bench --bench terminal` prints the table. All show the same form, each started in turn, so
//! that whatever else the machine does weighs on all of them. The static binary is measured too, if
//! `sh assets/package/build.sh` has built it.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it starts programs, watches them and prints what it saw"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{Program, Session, Signal, key};

/// How often each program is started.
const ROUNDS: usize = 15;

/// How long an idle program is watched.
const IDLE: Duration = Duration::from_secs(2);

const LABEL: &str = "Public URL";
const TYPED: &str = "ops.example.com";
const TEXT: &str =
    "Public URL\n\nFull address without ui/ or api/, e.g. https://my-host.com/kestra/";

/// What is sent to a terminal when something is asked of it: its kind, its state or cursor, its
/// keyboard, its colours.
const QUERIES: [&str; 6] = ["\x1b[c", "\x1b[>c", "\x1b[5n", "\x1b[6n", "\x1b[?u", ";?\x1b\\"];

struct Contender {
    name: &'static str,
    is_ours: bool,
    path: PathBuf,
    args: Vec<String>,
    /// What a person presses from the first screen to the end of a whole set-up.
    to_the_end: fn(&mut Session),
    /// The form of the whole set-up, where it is another one.
    session: Option<String>,
}

/// What was measured of a program, in the order of the table.
type Measures = [Option<f64>; 12];

const ROWS: [&str; 12] = [
    "start to first label, ms",
    "first screen, bytes",
    "first screen, writes",
    "a typed key, bytes",
    "a typed key, writes",
    "a typed key, µs of CPU",
    "queries",
    "idle wake-ups in 2 s",
    "peak memory, KiB",
    "  of it no file's, KiB",
    "size of the program, KiB",
    "a session, bytes",
];

fn main() {
    let (contenders, missing): (Vec<_>, Vec<_>) =
        contenders().into_iter().partition(|contender| contender.path.exists());
    for Contender { name, path, .. } in missing {
        println!("NOT MEASURED: {name}, since there is no {}", path.display());
    }
    let mut runs = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, runs) in contenders.iter().zip(&mut runs) {
            runs.push(start(contender));
        }
    }
    let columns: Vec<Measures> =
        contenders.iter().zip(&runs).map(|(contender, runs)| measures(contender, runs)).collect();
    print(&contenders, &columns);
}

fn contenders() -> Vec<Contender> {
    let text = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect();
    let boxes = |name: &str| {
        let ask = format!("{name} --title 'Kestra setup'");
        format!(
            "{ask} --inputbox '{TEXT}' 20 76 && {ask} --menu 'Connection' 20 76 3 1 Direct 2 HTTP 3 SOCKS5 && \
             {ask} --menu 'Reverse proxy' 20 76 2 1 nginx 2 none && {ask} --yesno 'Write two files?' 20 76"
        )
    };
    let ours = |name, path: &str| Contender {
        name,
        is_ours: true,
        path: path.into(),
        args: text(&["--config", "config.yml"]),
        to_the_end: |session| {
            session.keys([key::ENTER; 3]).settle().keys([key::CTRL_C; 2]);
        },
        session: None,
    };
    let theirs = |name, path: &str| Contender {
        name,
        is_ours: false,
        path: path.into(),
        args: text(&["--title", "Kestra setup", "--inputbox", TEXT, "20", "76"]),
        to_the_end: boxes_to_the_end,
        session: Some(boxes(name)),
    };
    let gum = {
        let home = std::env::var("HOME").unwrap_or_default();
        format!("{home}/go/bin/gum")
    };
    let gum_forms = format!(
        "{gum} input --header '{TEXT}' && {gum} choose --header Connection Direct HTTP SOCKS5 && \
         {gum} choose --header 'Reverse proxy' nginx none && {gum} confirm 'Write two files?'"
    );
    vec![
        ours("kestra-setup", env!("CARGO_BIN_EXE_kestra-setup")),
        ours("static", &static_binary()),
        theirs("whiptail", "/usr/bin/whiptail"),
        theirs("dialog", "/usr/bin/dialog"),
        Contender {
            args: text(&["input", "--header", TEXT]),
            session: Some(gum_forms),
            ..theirs("gum", &gum)
        },
    ]
}

/// What `sh assets/package/build.sh` builds, below a folder with the name of the target.
fn static_binary() -> String {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/target/*-linux-*/release/kestra-setup");
    let found = Command::new("sh").args(["-c", &format!("ls {built}")]).output().expect("sh");
    String::from_utf8_lossy(&found.stdout).trim().to_owned()
}

/// From the field to its button, and then through the boxes that follow.
fn boxes_to_the_end(session: &mut Session) {
    session.press(key::ENTER).wait_for("Connection").settle();
    session.press(key::ENTER).wait_for("Reverse proxy").settle();
    session.press(key::ENTER).wait_for("Write two files?").settle().press(key::ENTER);
}

impl Contender {
    fn program(&self) -> Program {
        Program::alone(&self.path).args(&self.args)
    }
}

/// One start, watched from outside: milliseconds to the label, bytes of the first screen and of a
/// key, queries, KiB of memory at its highest, and how many of them no file can give back.
fn start(contender: &Contender) -> [f64; 6] {
    let program = contender.program();
    let begin = Instant::now();
    let mut session = program.start();
    session.wait_for(LABEL);
    let label = begin.elapsed();
    let first = session.settle().output().len();
    let queries: usize = QUERIES.iter().map(|query| count(session.output(), query)).sum();
    session.type_text(TYPED).settle();
    let key = (session.output().len() - first) as f64 / TYPED.len() as f64;
    let memory =
        ["VmHWM:", "RssAnon:"].map(|line| status(&session, line).into_iter().max().unwrap_or(0));
    let [peak, own] = memory.map(|kib| kib as f64);
    [label.as_secs_f64() * 1e3, first as f64, key, queries as f64, peak, own]
}

fn count(output: &[u8], query: &str) -> usize {
    output.windows(query.len()).filter(|bytes| *bytes == query.as_bytes()).count()
}

fn measures(contender: &Contender, runs: &[[f64; 6]]) -> Measures {
    let [label, first, key, queries, memory, own] = std::array::from_fn(|index| {
        let mut values: Vec<f64> = runs.iter().map(|run| run[index]).collect();
        values.sort_by(f64::total_cmp);
        Some(values[values.len() / 2])
    });
    let size = std::fs::metadata(&contender.path).map(|file| file.len() as f64 / 1024.0).ok();
    let (first_writes, key_writes) = writes(contender).unzip();
    let cpu = Some(cpu_of_a_key(contender));
    let (idle, session) = (Some(idle(contender)), Some(session(contender)));
    [label, first, first_writes, key, key_writes, cpu, queries, idle, memory, own, size, session]
}

/// A line of `/proc/PID/status`, of each thread.
fn status(session: &Session, line: &str) -> Vec<u64> {
    let tasks = format!("/proc/{}/task", session.pid().as_raw_nonzero());
    let tasks = std::fs::read_dir(tasks).expect("the program runs").flatten();
    let value = |task: &Path| {
        let status = std::fs::read_to_string(task.join("status")).ok()?;
        status
            .lines()
            .find_map(|text| text.strip_prefix(line))?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    };
    tasks.filter_map(|task| value(&task.path())).collect()
}

/// How often the threads of an idle program wake up.
fn idle(contender: &Contender) -> f64 {
    let mut session = contender.program().start();
    session.wait_for(LABEL).settle();
    // Until the machine has been looked at, which goes on behind the first screen.
    std::thread::sleep(IDLE);
    let wakeups =
        |session: &Session| status(session, "voluntary_ctxt_switches:").iter().sum::<u64>();
    let before = wakeups(&session);
    std::thread::sleep(IDLE);
    (wakeups(&session) - before) as f64
}

/// Microseconds of CPU that the threads of a program spend on a key, typed as fast as hands do.
fn cpu_of_a_key(contender: &Contender) -> f64 {
    let mut session = contender.program().start();
    session.wait_for(LABEL).settle();
    std::thread::sleep(IDLE);
    let spent = |session: &Session| -> u64 {
        let tasks = format!("/proc/{}/task", session.pid().as_raw_nonzero());
        let tasks = std::fs::read_dir(tasks).expect("the program runs").flatten();
        let nanoseconds = |task: &Path| {
            let text = std::fs::read_to_string(task.join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        tasks.filter_map(|task| nanoseconds(&task.path())).sum()
    };
    let before = spent(&session);
    for char in TYPED.chars() {
        session.press(char.encode_utf8(&mut [0; 4]));
    }
    session.settle();
    (spent(&session) - before) as f64 / 1e3 / TYPED.len() as f64
}

/// The `write`s to the terminal for the first screen and for a key, as strace counts them; nothing
/// without strace.
fn writes(contender: &Contender) -> Option<(f64, f64)> {
    Command::new("strace").arg("-V").output().ok()?;
    let program = Program::new("strace");
    let log = program.home().join("strace");
    let program = program.args(["-f", "-y", "-e", "trace=write,writev", "-o"]).arg(&log);
    let mut session = program.arg(&contender.path).args(&contender.args).start();
    let count =
        || std::fs::read_to_string(&log).unwrap_or_default().matches("</dev/pts/").count() as f64;
    session.wait_for(LABEL).settle();
    let first = count();
    for char in TYPED.chars() {
        session.press(char.encode_utf8(&mut [0; 4]));
    }
    session.settle();
    let keys = count() - first;
    session.signal(Signal::TERM);
    Some((first, keys / TYPED.len() as f64))
}

/// The bytes of a whole set-up with everything left as it is.
fn session(contender: &Contender) -> f64 {
    let program = match &contender.session {
        Some(script) => Program::new("sh").args(["-c", script]),
        None => contender.program(),
    };
    let mut session = program.start();
    session.wait_for(LABEL).settle().type_text("https://ops.example.com/").settle();
    (contender.to_the_end)(&mut session);
    session.wait_exit();
    session.output().len() as f64
}

/// The table: each contender, and each of ours as a part of each other.
fn print(contenders: &[Contender], columns: &[Measures]) {
    print!("{:26}", "");
    for contender in contenders {
        print!("{:>14}", contender.name);
    }
    let pairs: Vec<(usize, usize)> = pairs(contenders).collect();
    for &(our, their) in &pairs {
        print!("{:>22}", format!("{}/{}", contenders[our].name, contenders[their].name));
    }
    println!();
    for (index, row) in ROWS.iter().enumerate() {
        print_row(row, &columns.iter().map(|column| column[index]).collect::<Vec<_>>(), &pairs);
    }
    let at_9600 = |column: &Measures| column.last()?.map(|bytes| bytes * 10.0 / 9600.0);
    print_row("  at 9600 bps, s", &columns.iter().map(at_9600).collect::<Vec<_>>(), &pairs);
}

/// The places of two contenders to be compared, ours first.
fn pairs(contenders: &[Contender]) -> impl Iterator<Item = (usize, usize)> {
    let places = |is_ours| {
        let all = contenders.iter().enumerate();
        all.filter(move |(_, it)| it.is_ours == is_ours).map(|(place, _)| place)
    };
    places(true).flat_map(move |our| places(false).map(move |their| (our, their)))
}

fn print_row(row: &str, values: &[Option<f64>], pairs: &[(usize, usize)]) {
    print!("{row:26}");
    for value in values {
        print!("{:>14}", value.map_or("-".to_owned(), |value| format!("{value:.1}")));
    }
    for &(our, their) in pairs {
        let ratio = values[our].zip(values[their]).filter(|(_, their)| *their > 0.0);
        print!(
            "{:>22}",
            ratio.map_or("-".to_owned(), |(our, their)| format!("{:.2}", our / their))
        );
    }
    println!();
}
