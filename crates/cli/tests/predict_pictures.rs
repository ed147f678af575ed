//! `psp predict` draws photos with their scores, and what the model looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::trained::{predict, trained};
use crate::support::{Folder, assert_says, run};

/// Photos in two folders, one in a sub-folder, of several forms.
fn photos(folder: &Folder) -> [PathBuf; 2] {
    let [one, other] = ["photos", "more"].map(|name| folder.path(name));
    fs::create_dir_all(one.join("sub")).unwrap();
    fs::create_dir(&other).unwrap();
    let image = |index: usize| trained().data.join(format!("imgs/synth-{index:06}.jpg"));
    for (index, place) in ["a.JPG", "noext", "sub/a.JPG"].into_iter().enumerate() {
        fs::copy(image(index), one.join(place)).unwrap();
    }
    fs::copy(image(5), other.join("a.JPG")).unwrap();
    [one, other]
}

/// Paths of all files in a folder, from it on and in order.
fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

fn is_jpeg(path: &Path) -> bool {
    fs::read(path).unwrap().starts_with(&[0xFF, 0xD8, 0xFF])
}

#[test]
fn each_photo_has_its_pictures_under_its_name_and_its_sub_folder() {
    let folder = Folder::new();
    let [one, other] = photos(&folder);
    let before = [files(&one), files(&other)];
    let outs = ["annotated", "looked-at"].map(|name| folder.path(name));
    let flags = [
        "--recursive",
        "--csv",
        "--annotate",
        outs[0].to_str().unwrap(),
        "--explain",
        outs[1].to_str().unwrap(),
    ];
    let plain = run(&mut predict(
        &trained().bundle,
        &[&one, &other],
        &flags[..2],
    ))
    .assert_done();
    let ran = run(&mut predict(&trained().bundle, &[&one, &other], &flags)).assert_done();
    assert_eq!(ran.stdout, plain.stdout);
    for out in &outs {
        assert_eq!(files(out), ["a-2.JPG", "a.JPG", "noext.jpg", "sub/a.JPG"]);
        assert!(files(out).iter().all(|name| is_jpeg(&out.join(name))));
        let told = [
            format!("wrote {}: 4 pictures", out.display()),
            format!(
                "1 picture has another name than the image, since one before has it: {}",
                out.join("a-2.JPG").display()
            ),
        ];
        assert_says(&ran.stderr, &[&told[0], &told[1]]);
    }
    assert_eq!([files(&one), files(&other)], before);
    // An image that can't be scored has none.
    let broken = folder.write("photos/broken.jpg", "x");
    let out = folder.path("none");
    let flags = ["--annotate", out.to_str().unwrap()];
    run(&mut predict(&trained().bundle, &[&broken], &flags)).assert_refused(&["broken.jpg"]);
    assert!(!out.exists());
}

#[test]
fn a_picture_replaces_another_only_when_asked() {
    let folder = Folder::new();
    let [one, _] = photos(&folder);
    let out = folder.path("annotated");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("a.JPG"), "mine").unwrap();
    let image = one.join("a.JPG");
    let flags = ["--annotate", out.to_str().unwrap(), "--overwrite"];
    let ran = run(&mut predict(&trained().bundle, &[&image], &flags[..2]));
    ran.assert_refused(&["a.JPG: exists already", "--annotate", "--overwrite"]);
    assert_eq!(fs::read(out.join("a.JPG")).unwrap(), b"mine");
    run(&mut predict(&trained().bundle, &[&image], &flags)).assert_done();
    assert!(is_jpeg(&out.join("a.JPG")));
}

#[test]
fn no_picture_is_written_among_the_photos_or_into_a_model() {
    let folder = Folder::new();
    let [one, _] = photos(&folder);
    let image = one.join("a.JPG");
    let before = files(&folder.path("."));
    let refused = |images: &[&Path], out: &Path, said: &[&str]| {
        for flag in ["--annotate", "--explain"] {
            let flags = [flag, out.to_str().unwrap(), "--overwrite", "--recursive"];
            let ran = run(&mut predict(&trained().bundle, images, &flags));
            ran.assert_refused(&[said, &[flag]].concat());
        }
        assert_eq!(files(&folder.path(".")), before);
    };
    let among = "lies among the images that are scored";
    refused(&[&one], &one, &[among]);
    refused(&[&one], &one.join("sub/pictures"), &[among]);
    refused(&[&image], &one, &["would lie beside the photo"]);
    refused(
        &[&image],
        &trained().bundle,
        &["lies in the model's folder"],
    );
    refused(&[&image], &image, &["is no folder"]);
    // By names on standard input.
    let mut command = predict(&trained().bundle, &[], &["--annotate", "."]);
    command
        .arg("-")
        .current_dir(folder.path("."))
        .stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"./photos/a.JPG\n").unwrap();
    let ran = crate::support::ran(child.wait_with_output().unwrap());
    ran.assert_refused(&["photos/a.JPG: would lie beside the photo"]);
    assert_eq!(files(&folder.path(".")), before);
    let same = folder.path("same");
    let same = same.to_str().unwrap();
    let flags = ["--annotate", same, "--explain", same];
    run(&mut predict(&trained().bundle, &[&image], &flags)).assert_refused(&["a folder each"]);
}
