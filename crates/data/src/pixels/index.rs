//! Where the stored images are.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::segment::Segment;
use crate::hash::Content;

/// The images of all segments that are open.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: HashMap<Content, (Arc<Segment>, usize)>,
    segments: Vec<Arc<Segment>>,
    /// Names of files that were looked at, so that none is opened twice.
    seen: HashSet<OsString>,
}

impl Index {
    /// The segment and row of an image.
    pub(super) fn get(&self, content: &Content) -> Option<&(Arc<Segment>, usize)> {
        self.places.get(content)
    }

    /// The number of different images.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether a file was looked at before.
    pub(super) fn has_seen(&self, path: &Path) -> bool {
        path.file_name()
            .is_some_and(|name| self.seen.contains(name))
    }

    /// Notes a file as looked at; false if it was noted before.
    pub(super) fn see(&mut self, path: &Path) -> bool {
        path.file_name()
            .is_some_and(|name| self.seen.insert(name.to_owned()))
    }

    /// Adds the images of a segment that is not in here yet.
    pub(super) fn insert(&mut self, segment: Arc<Segment>) {
        if self.see(segment.path()) {
            self.segments.push(segment);
            self.add_places_from(self.segments.len() - 1);
        }
    }

    /// Forgets a segment; false if it is not in here.
    pub(super) fn remove(&mut self, segment: &Arc<Segment>) -> bool {
        let before = self.segments.len();
        self.segments.retain(|other| !Arc::ptr_eq(other, segment));
        if self.segments.len() == before {
            return false;
        }
        // Others may hold some of its images too.
        self.places.clear();
        self.add_places_from(0);
        true
    }

    fn add_places_from(&mut self, first: usize) {
        for segment in &self.segments[first..] {
            for (row, content) in segment.contents().enumerate() {
                let place = || (Arc::clone(segment), row);
                self.places.entry(content).or_insert_with(place);
            }
        }
    }
}
