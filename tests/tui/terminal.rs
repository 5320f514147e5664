//! The real program in a real terminal, used as a person uses it.
//!
//! Every program works in a folder of its own, so that no file of the machine is touched.

use crate::compose_of;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use support::{Program, Session, Signal, key};
use tempfile::TempDir;

const WIZARD: &str = env!("CARGO_BIN_EXE_kestra-setup");

/// What must be found nowhere on the line.
const PASSWORD: &str = "xK9#vonKarman";

const EXISTING: &str = "\
# Kestra of the operations team.
kestra:
  url: http://ops.example.com/
micronaut:
  http:
    services:
      api:
        url: https://api.kestra.io
        proxy-type: http
        proxy-address: proxy.corp.example:3128   # ticket NET-112
        follow-redirects: true
";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The wizard on `config.yml` and, if it writes one, `kestra.conf` in this folder. Which program
/// is started, and with which arguments, is for others to test.
fn in_folder(program: Program, folder: &Path) -> Program {
    program
        .arg("--config")
        .arg(folder.join("config.yml"))
        .env("KESTRA_SETUP_STATE", folder.join("state"))
}

fn wizard(folder: &Path) -> Program {
    in_folder(Program::new(WIZARD), folder)
}

/// The same, where an nginx file is to be written.
fn with_nginx(program: Program, file: &Path) -> Program {
    program.env("KESTRA_SETUP_REVERSE_PROXY", "nginx").env("KESTRA_SETUP_NGINX_FILE", file)
}

fn fresh(folder: &Path) -> Session {
    let mut session = with_nginx(wizard(folder), &folder.join("kestra.conf")).start();
    session.wait_for("Where will people open Kestra?");
    session
}

/// Answers everything, and is at the review: a paste and three presses.
fn at_review(session: &mut Session) {
    session.wait_for("Where will people open Kestra?");
    session.paste("https://ops.example.com/kestra/").press(key::ENTER);
    session.wait_for("How does Kestra reach api.kestra.io?").press(key::ENTER);
    session.wait_for("Is there an nginx").press(key::ENTER).wait_for("w write");
}

/// At the review of another port, which is not written yet: four presses.
fn with_another_port(folder: &Path) -> Session {
    fs::write(folder.join("config.yml"), EXISTING).expect("a configuration");
    let mut session = wizard(folder).start();
    session.wait_for("no changes").press("3").wait_for("host:port.");
    session.keys([key::BACKSPACE, "9", key::ENTER]).wait_for("1 change");
    session
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_default()
}

#[test]
fn a_fresh_setup_takes_six_presses() {
    let folder = folder();
    let mut session = fresh(folder.path());
    at_review(&mut session);
    session.write_plan().wait_for("Done.").press(key::ENTER);

    assert_eq!(session.wait_exit(), 0);
    assert!(text(folder.path(), "config.yml").contains("url: https://ops.example.com/kestra/"));
    assert!(text(folder.path(), "kestra.conf").contains("server_name ops.example.com;"));
}

#[test]
fn another_port_of_the_proxy_takes_six_presses() {
    let folder = folder();
    let mut session = with_another_port(folder.path());
    session.write_plan().wait_for("Done.").press(key::ENTER);

    assert_eq!(session.wait_exit(), 0);
    assert_eq!(text(folder.path(), "config.yml"), EXISTING.replace(":3128", ":3129"));
}

#[test]
fn the_result_stays_in_the_terminal() {
    let folder = folder();
    let mut session = with_another_port(folder.path());
    session.write_plan().wait_for("Done.").press(key::ENTER).wait_exit();
    session.assert_restored();
    // The first line may have left the screen by now.
    let screen = session.screen();
    assert!(screen.contains("Not in effect yet") && screen.contains("Restart Kestra"), "{screen}");
}

#[test]
fn holding_enter_never_writes() {
    let folder = folder();
    let mut session = fresh(folder.path());
    at_review(&mut session);
    session.keys([key::ENTER; 20]).wait_for("w write");
    session.press(key::CTRL_C).wait_for("keep a draft").press(key::CTRL_C).wait_exit();
    assert_eq!(text(folder.path(), "config.yml"), "");
}

#[test]
fn impatient_enters_do_not_answer_the_next_screen() {
    let folder = folder();
    let mut session = fresh(folder.path());
    session
        .type_text("http://a.example/")
        .settle()
        .send("\r\r\r\r")
        .wait_for("How does Kestra reach");
    session.settle();
    assert!(session.screen().contains("● Proxy"), "{}", session.screen());
}

#[test]
fn what_may_hold_a_secret_is_for_its_owner_alone() {
    let folder = folder();
    let mut session = fresh(folder.path());
    at_review(&mut session);
    session.write_plan().wait_for("Done.");
    let mode = |name: &str| {
        let metadata = fs::metadata(folder.path().join(name)).expect(name);
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(["config.yml", "kestra.conf"].map(mode), [0o600, 0o644]);
}

#[test]
fn ctrl_c_asks_and_leaves_the_terminal_as_it_was() {
    let folder = folder();
    let mut session = fresh(folder.path());
    session.paste("https://ops.example.com/").press(key::CTRL_C).wait_for("keep a draft");
    session.press(key::CTRL_C).wait_exit();
    session.assert_restored();
}

#[test]
fn every_signal_leaves_the_terminal_as_it_was() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let folder = folder();
        let mut session = fresh(folder.path());
        assert_eq!(session.signal(signal).wait_exit(), code);
        session.assert_restored();
    }
}

/// Answers the first screen, then the line is lost.
fn lose_the_line(folder: &Path) {
    let mut lost = fresh(folder);
    lost.paste("https://ops.example.com/").press(key::ENTER).wait_for("How does Kestra");
    lost.hang_up().wait_exit();
}

#[test]
fn a_lost_line_keeps_the_answers_as_a_draft() {
    let folder = folder();
    lose_the_line(folder.path());

    let mut session = wizard(folder.path()).start();
    session.wait_for("You stopped at step 2").press(key::ENTER);
    session.press(key::ESC).wait_for("Public URL      https://ops.example.com/");
}

#[test]
fn a_draft_holds_no_password_not_even_a_mistyped_one() {
    let folder = folder();
    let mut session = fresh(folder.path());
    session.paste("https://ops.example.com/").press(key::ENTER).wait_for("How does Kestra");
    session.press(key::RIGHT).press(key::ENTER).wait_for("host:port.");
    session.paste("http://svc:mistyped-p4ss@proxy:99999").press(key::ENTER).wait_for("✗");
    session.hang_up().wait_exit();

    let draft = text(folder.path(), "state/draft.json");
    assert!(draft.contains("ops.example.com") && !draft.contains("p4ss"), "{draft}");
}

#[test]
fn where_nothing_can_be_shown_nothing_is_written() {
    let folder = folder();
    let mut session = with_another_port(folder.path());
    session.resize(38, 9).wait_for("Terminal is 38x9.").press("w").settle();
    session.resize(80, 24).wait_for("1 change");
    assert_eq!(text(folder.path(), "config.yml"), EXISTING);
}

#[test]
fn p_goes_on_line_by_line_in_a_terminal_too_small() {
    let folder = folder();
    let mut session = fresh(folder.path());
    session.resize(38, 9).wait_for("one by one").press("p").wait_for("Question 1");
    assert!(!session.emulated().alternate_screen());
}

#[test]
fn a_second_wizard_is_told_of_the_first() {
    let folder = folder();
    let _first = fresh(folder.path());
    let mut second = wizard(folder.path()).start();
    second.wait_for("Already being edited by").wait_for("Open read-only");
}

#[test]
fn whoever_only_looks_decides_nothing_about_a_draft() {
    let folder = folder();
    lose_the_line(folder.path());
    let mut first = wizard(folder.path()).start();
    first.wait_for("You stopped at step 2");
    let mut second = wizard(folder.path()).start();
    second.wait_for("Open read-only").press("1").wait_for("Where will people open Kestra?");
    second.press(key::CTRL_C);
    assert_eq!(second.wait_exit(), 0);
    assert!(text(folder.path(), "state/draft.json").contains("ops.example.com"));
}

/// Keeps a draft at the review, and begins again.
fn again_from_the_review(folder: &Path, proxy: &str) -> Session {
    let nginx = folder.join("kestra.conf");
    let mut session = fresh(folder);
    session.paste("https://ops.example.com/kestra/").press(key::ENTER);
    session.wait_for("How does Kestra reach api.kestra.io?").paste(proxy).press(key::ENTER);
    session.wait_for("Is there an nginx").press(key::ENTER).wait_for("w write");
    session.press("q").wait_for("keep a draft").press("s").wait_exit();
    let mut session = with_nginx(wizard(folder), &nginx).start();
    session.wait_for("You stopped at step 4").press(key::ENTER);
    session
}

#[test]
fn a_draft_of_the_review_goes_on_there_unless_its_password_is_missing() {
    let (whole, half) = (folder(), folder());
    let mut session = again_from_the_review(whole.path(), "http://proxy:3128");
    session.wait_for("w write").wait_for("1 Public URL     https://ops.example.com/kestra/");
    let mut session = again_from_the_review(half.path(), "http://svc:gone@proxy:3128");
    session.wait_for("┃ Password");
}

#[test]
fn both_changes_are_kept_where_a_file_changed_meanwhile() {
    let folder = folder();
    let mut session = with_another_port(folder.path());
    let theirs = EXISTING.replace("operations team", "platform team");
    fs::write(folder.path().join("config.yml"), &theirs).expect("their change");

    session.write_plan().wait_for("changed on disk while you were editing").wait_for("(changed)");
    assert_eq!(text(folder.path(), "config.yml"), theirs);
    session.press("1").wait_for("1 change").write_plan().wait_for("Done.");
    assert_eq!(text(folder.path(), "config.yml"), theirs.replace(":3128", ":3129"));
}

#[test]
fn a_missing_folder_changes_nothing_and_keeps_the_answers() {
    let folder = folder();
    let missing = folder.path().join("missing");
    let mut session = with_nginx(wizard(folder.path()), &missing.join("kestra.conf")).start();
    at_review(&mut session);
    session.write_plan().wait_for("does not exist").wait_for("Your answers are kept.");
    assert_eq!(text(folder.path(), "config.yml"), "");

    fs::create_dir(&missing).expect("the folder");
    session.press(key::ENTER).wait_for("Done.");
    assert!(text(folder.path(), "config.yml").contains("ops.example.com"));
}

#[test]
fn a_denied_permission_changes_nothing_and_keeps_the_answers() {
    let folder = folder();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).expect("a folder");
    for (path, mode) in [(folder.path(), 0o777), (&locked, 0o555)] {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("its mode");
    }
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", WIZARD];
    let is_root = rustix::process::geteuid().is_root();
    let program = if is_root { Program::new("setpriv").args(nobody) } else { Program::new(WIZARD) };
    let program = with_nginx(in_folder(program, folder.path()), &locked.join("kestra.conf"));
    let mut session = program.start();
    at_review(&mut session);

    session.write_plan().wait_for("permission denied").wait_for("Your answers are kept.");
    assert_eq!(text(folder.path(), "config.yml"), "");
    session.press(key::ESC).wait_for("1 Public URL     https://ops.example.com/kestra/");
}

/// Makes a disk in the folder that is full, and becomes the wizard on it.
const ON_A_FULL_DISK: &str = "mount -t tmpfs -o size=4k tmpfs \"$1\" &&
    head -c 4096 /dev/zero >\"$1/filler\" && shift && exec \"$@\"";

#[test]
fn a_full_disk_changes_nothing_and_keeps_the_answers() {
    let unshare = ["--mount", "--map-root-user"];
    if !support::can_unshare(&unshare) {
        return;
    }
    let (folder, disk) = (folder(), folder());
    let program = Program::new("unshare").args(unshare).args(["sh", "-c", ON_A_FULL_DISK, "sh"]);
    let program = program.arg(disk.path()).arg(WIZARD).arg("--config");
    let program = program.arg(disk.path().join("config.yml"));
    let program = program.env("KESTRA_SETUP_STATE", folder.path().join("state"));
    let mut session = program.env("KESTRA_SETUP_REVERSE_PROXY", "none").start();
    at_review(&mut session);

    session.write_plan().wait_for("the disk is full").wait_for("Your answers are kept.");
    session.press(key::ESC).wait_for("1 Public URL     https://ops.example.com/kestra/");
}

#[test]
fn the_password_is_never_on_the_line() {
    let folder = folder();
    let mut session = fresh(folder.path());
    session.paste("https://ops.example.com/kestra/").press(key::ENTER);
    session.wait_for("How does Kestra reach api.kestra.io?");
    session.paste(&format!("http://svc-kestra:{}@proxy:3128", PASSWORD.replace('#', "%23")));
    session.wait_for("filled all fields").press(key::ENTER);
    session.wait_for("Is there an nginx").press(key::ENTER).wait_for("w write");
    session.write_plan().wait_for("Done.").press(key::ENTER).wait_exit();

    assert!(text(folder.path(), "config.yml").contains(PASSWORD));
    assert!(!String::from_utf8_lossy(session.output()).contains("vonKarman"));
}

#[test]
fn a_password_is_shown_for_ten_seconds() {
    let folder = folder();
    let proxy = [
        ("KESTRA_SETUP_URL", "https://ops.example.com/"),
        ("KESTRA_SETUP_CONNECTION", "http"),
        ("KESTRA_SETUP_PROXY_ADDRESS", "proxy:3128"),
        ("KESTRA_SETUP_PROXY_USERNAME", "svc"),
        ("KESTRA_SETUP_PROXY_PASSWORD", PASSWORD),
        ("KESTRA_SETUP_REVERSE_PROXY", "none"),
    ];
    let program =
        proxy.iter().fold(wizard(folder.path()), |program, (name, value)| program.env(name, value));
    let mut session = program.start();
    session.wait_for("Where will people").press(key::ENTER).wait_for("How does Kestra");
    session.press(key::ENTER).wait_for("Is there an nginx");
    session.press(key::ENTER).wait_for("w write").keys(["f", "r"]).wait_for(PASSWORD);
    session.wait_gone(PASSWORD).wait_for("proxy-password: ");
}

/// In a home with a configuration, and a Compose file that holds two.
fn among_three() -> Program {
    let program = Program::new(WIZARD).env("KESTRA_SETUP_REVERSE_PROXY", "none");
    let home = program.home().to_owned();
    fs::create_dir(home.join(".kestra")).expect("a folder");
    fs::write(home.join(".kestra/config.yml"), EXISTING).expect("a configuration");
    fs::write(home.join("docker-compose.yml"), compose_of(["one", "two"])).expect("a Compose file");
    program.env("KESTRA_SETUP_STATE", home.join("state"))
}

#[test]
fn one_of_several_configurations_is_chosen_on_the_first_screen_and_written() {
    let mut session = among_three().start();
    session.wait_for("● 1").wait_for("holds KESTRA_CONF").press("3").wait_for("● 3");
    session.press(key::ENTER).wait_for("1 Public URL     https://two.example.com/");
    session.press("1").wait_for("The full address").keys([key::BACKSPACE, "k", key::ENTER]);
    session.wait_for("1 line changed").write_plan().wait_for("Done.");
    let compose = text(session.home(), "docker-compose.yml");
    assert!(compose.contains("https://two.example.comk/\n"), "{compose}");
    assert_eq!(text(session.home(), ".kestra/config.yml"), EXISTING);
}

#[test]
fn a_draft_about_one_of_several_configurations_is_offered_again() {
    let program = among_three();
    let (home, state) = (program.home().to_owned(), folder());
    let kept =
        |program: Program| program.env("KESTRA_SETUP_STATE", state.path()).env("HOME", &home);
    let mut session = kept(program).start();
    session.wait_for("● 1").press("2").wait_for("● 2").press(key::ENTER).wait_for("1 Public URL");
    session.press("1").wait_for("The full address").keys([key::BACKSPACE, "k", key::ENTER]);
    session
        .wait_for("1 line changed")
        .press("q")
        .wait_for("keep a draft")
        .press("s")
        .wait_for("kept");
    let again = Program::new("env").arg("-C").arg(&home).arg(WIZARD);
    kept(again).start().wait_for("You stopped at step 4").wait_for("docker-compose.yml");
}

#[test]
fn plain_mode_asks_for_one_of_several_configurations_first() {
    let mut session = among_three().arg("--plain").start();
    session.wait_for("Question 1 of").answer(["2"]).wait_for("https://one.example.com/");
}

const BROKEN: &str = "kestra:\n\turl: http://ops.example.com/\n";

/// In front of a configuration that nobody can read.
fn in_front_of_a_broken_file(folder: &Path, editor: &str) -> Session {
    fs::write(folder.join("config.yml"), BROKEN).expect("a configuration");
    let program = wizard(folder).env("KESTRA_SETUP_REVERSE_PROXY", "none");
    let mut session = program.env("EDITOR", editor).start();
    session.wait_for("line 2").wait_for("1. Open it in your editor").wait_for("Number 1 to 3:");
    session
}

#[test]
fn a_file_that_cannot_be_read_is_opened_in_the_editor_and_looked_at_again() {
    let folder = folder();
    let mut session = in_front_of_a_broken_file(folder.path(), "sed -i 's/\t/  /'");
    session.type_text("1").press(key::ENTER);
    session.wait_for("w write").wait_for("http://ops.example.com/");
}

#[test]
fn a_place_that_was_named_counts_for_the_file_that_was_corrected() {
    let folder = folder();
    let of = |name: &str| {
        let url = format!("KESTRA_CONFIGURATION: |\n        kestra.url: https://{name}.example/\n");
        format!("  {name}:\n    image: kestra/kestra\n    environment:\n      {url}")
    };
    let text = format!("services:\n{}{}\tbroken\n", of("one"), of("two"));
    fs::write(folder.path().join("config.yml"), text).expect("a configuration");
    let program =
        wizard(folder.path()).args(["--at", "services.two.environment.KESTRA_CONFIGURATION"]);
    let mut session = program.env("EDITOR", "sed -i '/broken/d'").start();
    session.wait_for("Number 1 to 3:").type_text("1").press(key::ENTER);
    session.wait_for("https://two.example/");
}

#[test]
fn a_place_that_is_not_found_is_named_by_hand() {
    let folder = folder();
    let text = "settings:\n  flows:\n    kestra:\n      url: https://old.example.com/\n";
    fs::write(folder.path().join("config.yml"), text).expect("a configuration");
    let mut session = wizard(folder.path()).start();
    session.wait_for("no configuration of Kestra").wait_for("Number 1 to 4:");
    session.type_text("3").press(key::ENTER).wait_for("Keys joined by dots");
    session.type_text("settings.flows").press(key::ENTER).wait_for("https://old.example.com/");
}

#[test]
fn beside_a_file_that_cannot_be_read_another_one_is_written() {
    let folder = folder();
    let mut session = in_front_of_a_broken_file(folder.path(), "false");
    session.type_text("1").press(key::ENTER).wait_for("The editor could not be used");
    session.type_text("2").press(key::ENTER).wait_for("config.yml.kestra-setup-new");
    session.type_text("https://ops.example.com").press(key::ENTER).wait_for("● Proxy");
    session.press(key::ENTER).wait_for("● nginx").press(key::ENTER).wait_for("w write");
    session.write_plan().wait_for("Done.");
    let at = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a file");
    assert_eq!(at("config.yml"), BROKEN);
    assert!(at("config.yml.kestra-setup-new").contains("https://ops.example.com/"));
}

#[test]
fn a_file_that_cannot_be_read_can_be_left_alone() {
    let folder = folder();
    let mut session = in_front_of_a_broken_file(folder.path(), "false");
    session.type_text("3").press(key::ENTER);
    assert_eq!(session.wait_exit(), 1);
    let mut session = in_front_of_a_broken_file(folder.path(), "false");
    session.press(key::CTRL_D);
    assert_eq!(session.wait_exit(), 1);
}

#[test]
fn a_path_that_is_typed_leads_to_one_of_its_configurations_or_to_what_is_wrong() {
    let folder = folder();
    fs::write(folder.path().join("broken.yml"), BROKEN).expect("a configuration");
    fs::write(folder.path().join("two.yml"), compose_of(["one", "two"])).expect("a Compose file");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut session = fresh(folder.path());
    session.keys([key::TAB, key::TAB, key::CTRL_U]).type_text(&path("broken.yml"));
    session.press(key::ENTER).wait_for("✗").wait_for("line 2");
    session.press(key::CTRL_U).type_text(&path("two.yml")).press(key::ENTER);
    session.wait_for("two.yml holds 2 configurations of Kestra.").press("2").wait_for("● 2");
    session.press(key::ENTER).wait_for("1 Public URL     https://two.example.com/");
}
