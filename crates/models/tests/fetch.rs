//! Fetching from real servers on this machine, and from folders.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use psp_models::pretrained::{FetchError, Fetched, Pretrained, Source, fetch};
use psp_schema::hash_of;

/// What the server does with one connection.
#[derive(Clone, Copy)]
enum Answer {
    /// All that was asked for.
    Serve,
    /// Closes after this many bytes of the body.
    BreakAfter(usize),
    /// The whole file, whatever range was asked for.
    IgnoreRange,
    /// This status and nothing else.
    Status(&'static str),
}

/// A server of one file, and the ranges that it was asked for.
struct Server {
    address: String,
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Server {
    /// Answers connection after connection; the last answer serves the rest.
    fn new(content: Vec<u8>, answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/models", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let (seen, answers) = (Arc::clone(&ranges), answers.to_vec());
        std::thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let answer = answers[index.min(answers.len() - 1)];
                serve(stream.unwrap(), &content, answer, &seen);
            }
        });
        Self { address, ranges }
    }

    fn ranges(&self) -> Vec<Option<usize>> {
        self.ranges.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    content: &[u8],
    answer: Answer,
    ranges: &Mutex<Vec<Option<usize>>>,
) {
    let mut range = None;
    for line in BufReader::new(stream.try_clone().unwrap()).lines() {
        let line = line.unwrap().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("range: bytes=") {
            range = value.trim_end_matches('-').parse().ok();
        }
    }
    ranges.lock().unwrap().push(range);
    let (from, sent) = match answer {
        Answer::Status(status) => {
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        Answer::Serve => (range, usize::MAX),
        Answer::BreakAfter(bytes) => (range, bytes),
        Answer::IgnoreRange => (None, usize::MAX),
    };
    let status = match from {
        Some(from) => format!(
            "206 Partial Content\r\nContent-Range: bytes {from}-{}/{}",
            content.len() - 1,
            content.len()
        ),
        None => "200 OK".to_owned(),
    };
    let body = &content[from.unwrap_or(0)..];
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // The client may have hung up.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body[..length.min(sent)]);
}

fn content() -> Vec<u8> {
    (0..300_000u32)
        .flat_map(|i| (i * 7).to_le_bytes())
        .collect()
}

/// An entry whose file has this content.
fn entry(content: &[u8]) -> Pretrained {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, content).unwrap();
    Pretrained {
        file: "model-00000000.pth",
        sha256: hash_of(&path).unwrap().leak(),
        ..Pretrained::IMAGENET1K_V1
    }
}

fn get(entry: &Pretrained, dir: &Path, server: &Server) -> Result<Fetched, FetchError> {
    let mirror = Source::parse(&server.address);
    fetch(entry, dir, &mirror, &mut |_, _| {}, &AtomicBool::new(false))
}

/// The names in a folder.
fn names(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_arrives_whole_with_progress_and_is_not_asked_for_twice() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let (entry, server) = (
        entry(&content),
        Server::new(content.clone(), &[Answer::Serve]),
    );
    let mut heard = Vec::new();
    let fetched = fetch(
        &entry,
        dir.path(),
        &Source::parse(&server.address),
        &mut |done, total| heard.push((done, total)),
        &AtomicBool::new(false),
    );
    let fetched = fetched.unwrap();
    assert!(!fetched.was_there);
    assert_eq!(fs::read(&fetched.path).unwrap(), content);
    let length = content.len() as u64;
    assert_eq!(heard.last(), Some(&(length, Some(length))));
    assert!(heard.len() > 1 && heard.is_sorted());

    assert!(get(&entry, dir.path(), &server).unwrap().was_there);
    assert_eq!(server.ranges(), [None]);
    assert_eq!(names(dir.path()), [entry.file]);
}

#[test]
fn a_broken_connection_is_continued_where_it_broke() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let answers = [
        Answer::BreakAfter(100_000),
        Answer::Status("503 Busy"),
        Answer::BreakAfter(50_000),
        Answer::Serve,
    ];
    let (entry, server) = (entry(&content), Server::new(content.clone(), &answers));
    let fetched = get(&entry, dir.path(), &server).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
    let asked = [None, Some(100_000), Some(100_000), Some(150_000)];
    assert_eq!(server.ranges(), asked);
}

#[test]
fn an_interrupted_fetch_is_continued_by_the_next_call() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let (entry, server) = (
        entry(&content),
        Server::new(content.clone(), &[Answer::Serve]),
    );
    let cancelled = AtomicBool::new(false);
    let mut stop = |done: u64, _: Option<u64>| {
        if done > 200_000 {
            cancelled.store(true, Ordering::Relaxed);
        }
    };
    let mirror = Source::parse(&server.address);
    let error = fetch(&entry, dir.path(), &mirror, &mut stop, &cancelled).unwrap_err();
    assert!(matches!(error, FetchError::Cancelled), "{error}");
    assert_eq!(names(dir.path()), [".model-00000000.pth.part"]);
    let fetched = get(&entry, dir.path(), &server).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
    let from = server.ranges()[1].unwrap();
    assert!((200_000..content.len()).contains(&from), "{from}");
}

#[test]
fn a_server_that_knows_no_ranges_is_read_from_the_start() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let answers = [Answer::BreakAfter(70_000), Answer::IgnoreRange];
    let (entry, server) = (entry(&content), Server::new(content.clone(), &answers));
    let fetched = get(&entry, dir.path(), &server).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
}

#[test]
fn a_whole_file_without_its_name_is_not_asked_for_again() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let answers = [Answer::Status("500 Never asked")];
    let (entry, server) = (entry(&content), Server::new(Vec::new(), &answers));
    fs::write(dir.path().join(".model-00000000.pth.part"), &content).unwrap();
    let fetched = get(&entry, dir.path(), &server).unwrap();
    assert_eq!(fs::read(fetched.path).unwrap(), content);
    assert!(server.ranges().is_empty());
}

#[test]
fn another_content_is_refused_and_not_stored() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let entry = entry(&content);
    let mut other = content;
    other[123_456] ^= 1;
    let server = Server::new(other.clone(), &[Answer::Serve]);
    let error = get(&entry, dir.path(), &server).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, FetchError::Hash { .. }), "{text}");
    assert!(
        text.contains(entry.sha256) && text.contains(entry.file),
        "{text}"
    );
    assert!(names(dir.path()).is_empty());

    // Neither is what lies there under the name replaced.
    let path = dir.path().join(entry.file);
    fs::write(&path, &other).unwrap();
    let text = get(&entry, dir.path(), &server).unwrap_err().to_string();
    assert!(text.contains("remove it"), "{text}");
    assert_eq!(fs::read(path).unwrap(), other);
}

#[test]
fn no_server_and_no_file_say_how_to_do_it_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let entry = entry(b"x");
    let missing = Server::new(Vec::new(), &[Answer::Status("404 Not Found")]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let nobody = Server {
        address: format!("http://{address}"),
        ranges: Arc::default(),
    };
    for (server, what) in [(missing, "404"), (nobody, "refused")] {
        let text = get(&entry, dir.path(), &server).unwrap_err().to_string();
        let place = dir.path().display().to_string();
        for part in [what, entry.file, &place, "--from", "PSP_WEIGHTS_MIRROR"] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }
}

#[test]
fn a_folder_serves_as_a_mirror() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let entry = entry(&content);
    let folder = tempfile::tempdir().unwrap();
    let source = Source::parse(folder.path().to_str().unwrap());
    let run = || {
        fetch(
            &entry,
            dir.path(),
            &source,
            &mut |_, _| {},
            &AtomicBool::new(false),
        )
    };
    let text = run().unwrap_err().to_string();
    for part in [
        folder.path().to_str().unwrap(),
        dir.path().to_str().unwrap(),
        &entry.url(),
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(names(dir.path()).is_empty());
    fs::write(folder.path().join(entry.file), &content).unwrap();
    assert_eq!(fs::read(run().unwrap().path).unwrap(), content);
    assert_eq!(names(dir.path()), [entry.file]);
}

#[test]
fn a_folder_without_the_file_leaves_an_unfinished_download_alone() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let (entry, folder) = (entry(&content), tempfile::tempdir().unwrap());
    let partial = dir.path().join(".model-00000000.pth.part");
    fs::write(&partial, &content[..1000]).unwrap();
    let error = fetch(
        &entry,
        dir.path(),
        &Source::Folder(folder.path().to_owned()),
        &mut |_, _| {},
        &AtomicBool::new(false),
    )
    .unwrap_err();
    assert!(matches!(error, FetchError::Missing { .. }), "{error}");
    assert_eq!(fs::read(partial).unwrap(), content[..1000]);
}

#[test]
fn two_processes_do_not_fetch_the_same_file_at_once() {
    let (content, dir) = (content(), tempfile::tempdir().unwrap());
    let (entry, server) = (
        entry(&content),
        Server::new(content.clone(), &[Answer::Serve]),
    );
    let partial = fs::File::create(dir.path().join(".model-00000000.pth.part")).unwrap();
    partial.lock().unwrap();
    let error = get(&entry, dir.path(), &server).unwrap_err();
    assert!(matches!(error, FetchError::Busy { .. }), "{error}");
    drop(partial);
    get(&entry, dir.path(), &server).unwrap();
}
