//! Links, modes, access lists: what a file keeps when it is written.

use super::place::{Place, change, mode, text};
use kestra_setup::system::fs::{FileAction, InPlaceReason};
use rustix::fs::{XattrFlags, getxattr, setxattr};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

#[test]
fn an_existing_file_keeps_its_mode() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1\n");
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    let receipt = place.write(vec![change(&path, Some("a: 1\n"), "a: 2\n")]).unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("a: 2\n", 0o664));
    assert_eq!(receipt.files[0].action, FileAction::Replaced);
    assert_eq!(receipt.warnings.len(), 1);
}

#[test]
fn a_symlink_stays_and_its_target_is_written() {
    let place = Place::new();
    let real = place.has("real.yml", "a: 1\n");
    let link = place.path("config.yml");
    symlink("real.yml", &link).unwrap();
    let receipt = place.write(vec![change(&link, Some("a: 1\n"), "a: 2\n")]).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(text(&real), "a: 2\n");
    assert_eq!(receipt.files[0].real_path, fs::canonicalize(real).unwrap());
}

#[test]
fn a_symlink_through_parent_folders_leads_to_its_file() {
    let place = Place::new();
    fs::create_dir(place.path("sub")).unwrap();
    let real = place.has("real.yml", "a: 1\n");
    let link = place.path("sub/config.yml");
    symlink("./../sub/../real.yml", &link).unwrap();
    let receipt = place.write(vec![change(&link, Some("a: 1\n"), "a: 2\n")]).unwrap();
    assert_eq!(receipt.files[0].real_path, fs::canonicalize(&real).unwrap());
    assert_eq!(text(&real), "a: 2\n");
}

#[test]
fn a_symlink_that_leads_to_no_file_is_refused() {
    let place = Place::new();
    place.has("real.yml", "a: 1\n");
    let link = place.path("config.yml");
    for (target, why) in [
        ("/", "config.yml is a folder, not a file"),
        ("..", "config.yml is a folder, not a file"),
        ("real.yml/config.yml", "cannot read "),
        ("missing/../real.yml", "cannot read "),
        ("missing/../new.yml", "cannot read "),
    ] {
        symlink(target, &link).unwrap();
        let error = place.write(vec![change(&link, None, "a: 2\n")]).unwrap_err().to_string();
        assert!(error.contains(why), "{target}: {error}");
        fs::remove_file(&link).unwrap();
    }
    assert_eq!(place.names(), ["real.yml", "state"]);
}

#[test]
fn a_symlink_to_nothing_leads_to_the_new_file() {
    let place = Place::new();
    let link = place.path("config.yml");
    symlink("new.yml", &link).unwrap();
    place.write(vec![change(&link, None, "a: 1\n")]).unwrap();
    assert_eq!(text(&place.path("new.yml")), "a: 1\n");
}

#[test]
fn a_hard_link_is_written_in_place_and_reported() {
    let place = Place::new();
    let path = place.has("config.yml", "a: 1, long\n");
    fs::hard_link(&path, place.path("other")).unwrap();
    let receipt = place.write(vec![change(&path, Some("a: 1, long\n"), "a: 2\n")]).unwrap();
    assert_eq!(text(&place.path("other")), "a: 2\n");
    let reason = InPlaceReason::HardLinks;
    assert_eq!(receipt.files[0].action, FileAction::InPlace(reason));
    assert_eq!(reason.to_string(), "it has other hard links");
}

/// `user::rw-,user:12345:r--,group::r--,mask::r--,other::---` as Linux keeps it.
fn access_list() -> Vec<u8> {
    let entries =
        [(1, 6, u32::MAX), (2, 4, 12345), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, bits, id) in entries {
        list.extend(u16::to_le_bytes(tag));
        list.extend(u16::to_le_bytes(bits));
        list.extend(u32::to_le_bytes(id));
    }
    list
}

#[test]
fn access_list_and_attributes_stay_with_the_file() {
    let place = Place::new();
    let path = place.has("config.yml", "1\n");
    let (list, note) = (access_list(), b"kept".to_vec());
    let attributes = [("system.posix_acl_access", list), ("user.note", note)];
    for (name, value) in &attributes {
        setxattr(&path, *name, value, XattrFlags::empty()).unwrap();
    }
    let receipt = place.write(vec![change(&path, Some("1\n"), "2\n")]).unwrap();
    assert_eq!((receipt.files[0].action, mode(&path)), (FileAction::Replaced, 0o640));
    for (name, value) in &attributes {
        assert_eq!(attribute(&path, name), *value);
    }
}

fn attribute(path: &Path, name: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(1024);
    getxattr(path, name, rustix::buffer::spare_capacity(&mut value)).unwrap();
    value
}

#[test]
fn a_folder_that_hands_down_its_access_list_opens_no_file() {
    let place = Place::new();
    let (old, new) = (place.has("old", "1\n"), place.path("new"));
    fs::set_permissions(&old, Permissions::from_mode(0o600)).unwrap();
    let (folder, default) = (place.folder.path(), "system.posix_acl_default");
    setxattr(folder, default, &access_list(), XattrFlags::empty()).unwrap();
    place.write(vec![change(&old, Some("1\n"), "2\n"), change(&new, None, "1\n")]).unwrap();
    assert_eq!((mode(&old), mode(&new)), (0o600, 0o600));
    let inherited = getxattr(&old, "system.posix_acl_access", &mut [0; 1024][..]);
    assert_eq!(inherited, Err(rustix::io::Errno::NODATA));
}
