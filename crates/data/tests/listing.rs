//! What a folder of photos holds.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use crate::support::{Folder, assert_says};
use psp_data::{DataFolder, DecodeLimits, FileKind, FolderKind, Listing, decode_file, list_images};
use psp_schema::{Class, Classify};

#[test]
fn every_file_of_a_folder_is_accounted_for() {
    let folder = Folder::new();
    let png = fs::read(folder.image("a.png", 1)).unwrap();
    for name in ["b.JPG", "c.jfif", "d.webp", "sub/e.png", "sub/.deep/f.png"] {
        folder.write(name, "x");
    }
    folder.write("noext", &png);
    folder.write("named.dat", &png);
    let others = [
        ("h.HEIC", &b""[..], FileKind::Unread("HEIC")),
        ("i", b"\0\0\0\x18ftypheic", FileKind::Unread("HEIC")),
        ("j.jp", b"\0\0\0\x18ftypavif", FileKind::Unread("AVIF")),
        ("k.tif", b"II*\0", FileKind::Unread("TIFF")),
        ("l.nef", b"II*\0", FileKind::Unread("camera RAW")),
        ("m.gif", b"GIF89a", FileKind::Unread("GIF")),
        ("notes.txt", b"BM is no image", FileKind::Other),
    ];
    for (name, content, _) in others {
        folder.write(name, content);
    }
    folder.write(".hidden.png", &png);

    let paths = |names: &[&str]| -> Vec<PathBuf> { names.iter().map(|n| folder.path(n)).collect() };
    let mut left_out = vec![(folder.path(".hidden.png"), FileKind::Hidden)];
    left_out.extend(others.map(|(name, _, kind)| (folder.path(name), kind)));
    let flat = Listing {
        images: paths(&["a.png", "b.JPG", "c.jfif", "d.webp", "named.dat", "noext"]),
        left_out,
        folders: vec![(folder.path("sub"), FolderKind::Inner)],
    };
    assert_eq!(list_images(folder.0.path(), false).unwrap(), flat);
    let deep = list_images(folder.0.path(), true).unwrap();
    assert_eq!(deep.images.last(), Some(&folder.path("sub/e.png")));
    assert_eq!(deep.images.len(), flat.images.len() + 1);
    let hidden = (folder.path("sub/.deep"), FolderKind::Hidden);
    assert_eq!(deep.folders, [hidden]);
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let folder = Folder::with_images(1);
    let refused = |name: &str| {
        list_images(&folder.path(name), false)
            .unwrap_err()
            .to_string()
    };
    assert_says(&refused("labels.csv"), &["is a file"]);
    assert_says(&refused("absent"), &["open this folder"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_a_circle_of_them_ends() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    folder.image("photos/sub/a.png", 1);
    symlink("..", folder.path("photos/sub/up")).unwrap();
    symlink("sub/a.png", folder.path("photos/b.png")).unwrap();
    let listing = list_images(&folder.path("photos"), true).unwrap();
    let names = ["photos/b.png", "photos/sub/a.png"];
    assert_eq!(listing.images, names.map(|name| folder.path(name)));
}

#[cfg(unix)]
#[test]
fn folders_are_listed_by_their_own_paths_and_links_to_them_are_named() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    folder.image("photos/2024/a.png", 1);
    folder.image("away/b.png", 1);
    folder.image("away/inner/c.png", 1);
    for (target, link) in [
        ("2024", "00latest"),
        ("../away/inner", "01inner"),
        ("../away", "02away"),
    ] {
        symlink(target, folder.path("photos").join(link)).unwrap();
    }
    let listing = list_images(&folder.path("photos"), true).unwrap();
    let names = ["2024/a.png", "01inner/c.png", "02away/b.png"];
    let photos = folder.path("photos");
    assert_eq!(listing.images, names.map(|name| photos.join(name)));
    let repeated = ["00latest", "02away/inner"];
    let repeated = repeated.map(|name| (photos.join(name), FolderKind::Repeated));
    assert_eq!(listing.folders, repeated);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_by_name_and_not_waited_for() {
    use std::process::Command;
    let folder = Folder::new();
    for name in ["p.jpg", "p"] {
        let made = Command::new("mkfifo").arg(folder.path(name)).status();
        assert!(made.unwrap().success());
    }
    let listing = list_images(folder.0.path(), false).unwrap();
    assert_eq!(listing.images, [folder.path("p.jpg")]);
    assert_eq!(listing.left_out, [(folder.path("p"), FileKind::Other)]);
    for path in [folder.path("p.jpg"), PathBuf::from("/dev/zero")] {
        let error = decode_file(&path, &DecodeLimits::default()).unwrap_err();
        let name = path.to_str().unwrap();
        assert_says(&error.to_string(), &[name, "pipe, socket or device"]);
        assert_ne!(error.class(), Class::Passing);
    }
}

#[test]
fn a_pointer_of_git_lfs_is_told_from_an_image() {
    let folder = Folder::new();
    let path = folder.path("p.jpg");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    std::fs::write(&path, pointer).unwrap();
    let error = decode_file(&path, &DecodeLimits::default()).unwrap_err();
    assert_says(&error.to_string(), &["p.jpg", "git lfs pull"]);
}

#[test]
fn a_data_sets_images_have_the_names_of_its_labels() {
    let folder = Folder::with_images(2);
    // Other targets than the usual ones, and a name that is not quite the file's.
    folder.write(
        "labels.csv",
        "image;score\nimgs/0.PNG;1,5\n1.png;2\nabsent.png;1\n",
    );
    let names: HashMap<PathBuf, String> = [("imgs/0.png", "imgs/0.PNG"), ("imgs/1.png", "1.png")]
        .map(|(file, name)| (folder.path(file), name.to_owned()))
        .into();
    for dir in [folder.path(""), folder.path("imgs")] {
        let data = DataFolder::of(&dir, None).unwrap();
        let named = data.names.unwrap();
        assert_eq!(named.names, names, "{dir:?}");
        assert_eq!(named.missing, ["absent.png"], "{dir:?}");
    }
}

#[test]
fn photos_beside_a_folder_of_images_are_no_data_set_without_labels() {
    let folder = Folder::new();
    folder.image("photos/a.png", 1);
    folder.image("photos/images/b.png", 1);
    assert!(DataFolder::of(&folder.path("photos"), None).is_none());
    assert!(DataFolder::of(&folder.path("photos/images"), None).is_none());
    fs::remove_file(folder.path("photos/a.png")).unwrap();
    let data = DataFolder::of(&folder.path("photos"), None).unwrap();
    assert_eq!(data.images, folder.path("photos/images"));
    assert!(data.names.is_err() && data.beside().is_empty());
}
