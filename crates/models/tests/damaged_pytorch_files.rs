//! Damaged and hostile PyTorch files: refused by name, and never executed.

use std::fs;
use std::path::Path;

use crate::support::pickle::Value;
use crate::support::pth::{Container, Saved, Storage, Variant, write_legacy, write_zip};
use crate::support::{Folder, refusal};
use psp_models::read_state_dict;

fn small() -> Saved {
    let mut saved = Saved::default();
    saved.tensor("conv.weight", &[2, 1, 1, 1], Storage::float(&[0.5, -0.5]));
    saved.tensor("conv.bias", &[2], Storage::half(&[0.25, 0.75]));
    saved
}

#[test]
fn big_endian_files_are_refused() {
    for container in Container::BOTH {
        let folder = Folder::new();
        let path = folder.path("model.pth");
        let variant = Variant {
            big_endian: true,
            ..Variant::default()
        };
        container.write_variant(&path, &small(), variant);
        assert!(refusal(&path).to_lowercase().contains("big-endian"));
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for container in Container::BOTH {
        let folder = Folder::new();
        let whole = fs::read(folder.write(container, &small())).unwrap();
        let path = folder.path("cut.pth");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            refusal(&path);
        }
    }
}

/// Legacy files have no checksums.
#[test]
fn a_flipped_bit_in_a_zip_file_is_noticed_and_the_tensor_named() {
    let folder = Folder::new();
    let path = folder.write(Container::Zip, &small());
    let mut bytes = fs::read(&path).unwrap();
    let values: Vec<u8> = [0.5f32, -0.5]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let place = bytes.windows(8).position(|window| window == values);
    let place = place.unwrap();
    assert_eq!(place % 64, 0, "PyTorch aligns storages");
    bytes[place] ^= 1;
    fs::write(&path, bytes).unwrap();
    let text = refusal(&path);
    assert!(text.contains("`conv.weight`"), "{text}");
    assert!(text.contains("checksum"), "{text}");
}

#[test]
fn what_is_no_pytorch_file_is_refused() {
    let folder = Folder::new();
    let path = folder.path("model.pth");
    let noise: Vec<u8> = (0..4096u32).map(|i| ((i * i) >> 3) as u8).collect();
    let page = b"<!DOCTYPE html><html><body>404 Not Found</body></html>";
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    for content in [&noise[..], page, pointer, b"PK\x03\x04", &[0x80; 500]] {
        fs::write(&path, content).unwrap();
        assert!(refusal(&path).contains("not a readable weights file"));
    }

    // A pickle of plain values, and what else is in archives.
    fs::write(&path, Value::Dict(Vec::new()).pickle()).unwrap();
    assert!(read_state_dict(&path).unwrap().is_empty());
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).unwrap());
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("word/document.xml", options).unwrap();
    zip.finish().unwrap();
    assert!(refusal(&path).contains("data.pkl"));

    refusal(&folder.path("missing.pth"));
    refusal(&folder.path(""));
}

/// A pickle that has a shell write `proof` when Python loads it.
fn hostile(module: &'static str, name: &'static str, proof: &Path) -> Value {
    let command = format!("touch {}", proof.display());
    Value::call(module, name, vec![Value::Text(command)])
}

#[test]
fn a_pickle_that_calls_a_function_is_refused_and_nothing_is_called() {
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("subprocess", "getoutput"),
    ] {
        let folder = Folder::new();
        let (proof, path) = (folder.path("proof"), folder.path("model.pth"));
        let call = hostile(module, name, &proof);
        // As the whole file …
        fs::write(&path, call.pickle()).unwrap();
        let alone = refusal(&path);
        write_zip(fs::File::create(&path).unwrap(), &call.pickle(), None, &[]);
        let zipped = refusal(&path);
        write_legacy(fs::File::create(&path).unwrap(), &call.pickle(), true, &[]);
        let legacy = refusal(&path);
        for text in [alone, zipped, legacy] {
            assert!(text.contains(&format!("{module}.{name}")), "{text}");
        }
        // … and hidden beside weights, or inside a plain list there.
        for call in [call.clone(), Value::List(vec![call.clone()])] {
            for container in Container::BOTH {
                let mut saved = small();
                saved.others.push(("extra".to_owned(), call.clone()));
                let text = refusal(&folder.write(container, &saved));
                for part in [&format!("{module}.{name}"), "extra", "nothing"] {
                    assert!(text.contains(part), "no {part} in {text}");
                }
            }
        }
        assert!(!proof.exists());
    }
}

/// Such a call leaves no trace in what is read, so it harms no one.
#[test]
fn a_call_whose_result_is_thrown_away_is_not_made() {
    let folder = Folder::new();
    let (proof, path) = (folder.path("proof"), folder.path("model.pth"));
    let call = hostile("os", "system", &proof).pickle();
    let harmless = Value::Dict(Vec::new()).pickle();
    // Without its STOP, then POP, then the other without its PROTO.
    let both = [&call[..call.len() - 1], b"0", &harmless[2..]].concat();
    fs::write(&path, both).unwrap();
    assert!(read_state_dict(&path).unwrap().is_empty());
    assert!(!proof.exists());
}
