//! A path may be anything; reading it neither hangs nor guesses.

use super::place::{Place, change};
use kestra_setup::system::fs::{self as files, ReadError};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

#[test]
fn a_folder_a_fifo_a_socket_and_a_loop_are_refused_without_waiting() {
    let place = Place::new();
    let fifo = place.path("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
    let socket = place.path("socket");
    drop(UnixListener::bind(&socket).unwrap());
    let looped = place.path("loop");
    symlink("loop", &looped).unwrap();
    for (path, output) in [
        (place.folder.path(), "is a folder, not a file"),
        (&fifo, "is a FIFO, not a file"),
        (&socket, "is a socket, not a file"),
        (Path::new("/dev/null"), "is a device, not a file"),
        (&looped, "is a symlink that leads back to itself"),
    ] {
        let error = place.write(vec![change(path, None, "x")]).unwrap_err();
        assert_eq!(error.to_string(), format!("{} {output}", path.display()));
        assert!(files::read(path).is_err());
    }
}

#[test]
fn reading_reports_where_a_file_stops_being_text() {
    let place = Place::new();
    let path = place.path("config.yml");
    fs::write(&path, b"a: \xff\n").unwrap();
    assert!(matches!(files::read(&path), Err(ReadError::NotText { offset: 3, .. })));
}

#[test]
fn reading_stops_at_four_mebibytes() {
    let place = Place::new();
    let path = place.has("config.yml", "");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(files::MAX_BYTES as u64).unwrap();
    assert!(files::read(&path).unwrap().is_some());
    file.set_len(files::MAX_BYTES as u64 + 1).unwrap();
    assert!(matches!(files::read(&path), Err(ReadError::TooLarge(_))));
}
