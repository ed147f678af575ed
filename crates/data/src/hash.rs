//! SHA-256 over structured values.

use sha2::{Digest, Sha256};

/// A SHA-256 over a sequence of length-prefixed fields, so that no two
/// different sequences feed the same bytes.
pub(crate) struct FieldHasher(Sha256);

impl FieldHasher {
    /// Starts a hash; `domain` keeps different kinds of fingerprint apart.
    pub(crate) fn new(domain: &str) -> Self {
        let mut hasher = Self(Sha256::new());
        hasher.field(domain.as_bytes());
        hasher
    }

    /// Adds one field of any length.
    pub(crate) fn field(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The digest as 64 lower-case hex digits.
    pub(crate) fn hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// The SHA-256 of an image's file.
pub(crate) type Content = [u8; 32];

/// SHA-256 of a byte string.
pub(crate) fn content(bytes: &[u8]) -> Content {
    Sha256::digest(bytes).into()
}
