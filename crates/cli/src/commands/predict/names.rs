//! Names of images from standard input.

use std::io::{BufRead, Error};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::photos::Photo;

/// The images that a stream names, one after the other, as they are read.
pub(super) struct Names<'a, R> {
    input: R,
    /// What each name ends with.
    end: u8,
    /// What ended the stream before its end.
    fault: &'a Mutex<Option<Error>>,
}

impl<'a, R: BufRead> Names<'a, R> {
    /// Names that end with a NUL, or else with their line. A line may end as Windows ends it,
    /// and an empty one names nothing.
    pub(super) fn new(input: R, end_with_nul: bool, fault: &'a Mutex<Option<Error>>) -> Self {
        let end = if end_with_nul { 0 } else { b'\n' };
        Self { input, end, fault }
    }

    fn without_end(&self, mut name: Vec<u8>) -> Vec<u8> {
        name.pop_if(|last| *last == self.end);
        if self.end == b'\n' {
            name.pop_if(|last| *last == b'\r');
        }
        name
    }
}

impl<R: BufRead> Iterator for Names<'_, R> {
    type Item = Photo;

    fn next(&mut self) -> Option<Photo> {
        loop {
            let mut name = Vec::new();
            match self.input.read_until(self.end, &mut name) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
                    *fault = Some(error);
                    return None;
                }
            }
            let name = self.without_end(name);
            if !name.is_empty() {
                return Some(Photo::streamed(path_of(name)));
            }
        }
    }
}

#[cfg(unix)]
fn path_of(name: Vec<u8>) -> PathBuf {
    <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(name).into()
}

#[cfg(not(unix))]
fn path_of(name: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&name).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], end_with_nul: bool) -> Vec<String> {
        let fault = Mutex::default();
        let names = Names::new(text, end_with_nul, &fault);
        names.map(|photo| photo.name).collect()
    }

    #[test]
    fn a_name_ends_with_its_line_or_with_a_nul() {
        let want = ["a b.jpg", "c.jpg", "d.jpg"];
        assert_eq!(read(b"a b.jpg\nc.jpg\r\n\n\nd.jpg", false), want);
        assert_eq!(read(b"a b.jpg\0c.jpg\0\0d.jpg\0", true), want);
        assert_eq!(read(b"a\nb\r\0", true), ["a\nb\r"]);
        assert!(read(b"", false).is_empty() && read(b"\n", false).is_empty());
    }
}
