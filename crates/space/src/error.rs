//! What can be wrong with a search space.

use thiserror::Error;

/// Why a space can't be read, counted or drawn from. `place` is
/// `file, line N`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpaceError {
    /// The document is not TOML.
    #[error("{place}: {reason}")]
    Syntax {
        /// Where.
        place: String,
        /// What the parser said.
        reason: String,
    },
    /// A value of the wrong form or out of range.
    #[error("{place}: {key}: {found}; expected {expected}")]
    Malformed {
        /// Where.
        place: String,
        /// The key of the space, `exclude`, or `space` itself.
        key: String,
        /// What stands there.
        found: String,
        /// What would be valid.
        expected: String,
    },
    /// A name that nothing has.
    #[error("{place}: `{name}` is not {expected}; did you mean `{nearest}`?")]
    Unknown {
        /// Where.
        place: String,
        /// The name.
        name: String,
        /// What it should be.
        expected: &'static str,
        /// The known name most like it.
        nearest: String,
    },
    /// Conditions that wait for each other.
    #[error("{place}: each of these keys needs the next by its `when`: {keys}; remove one of them")]
    Cycle {
        /// Where the first of them is.
        place: String,
        /// The keys, the first one again at the end.
        keys: String,
    },
    /// A dimension that no point has.
    #[error(
        "{place}: {key} would never be searched: {reason}; correct the `when` or remove the key"
    )]
    NeverActive {
        /// Where.
        place: String,
        /// The dimension's key.
        key: String,
        /// Why.
        reason: String,
    },
    /// An exclude that does nothing, or leaves nothing.
    #[error("{place}: {reason}")]
    Exclude {
        /// Where.
        place: String,
        /// What it does, and what to do.
        reason: String,
    },
    /// More points than can be counted.
    #[error(
        "{name}: the space has 2^128 points or more; make its grids coarser or its lists shorter"
    )]
    TooLarge {
        /// The document.
        name: String,
    },
    /// Conditions that depend on each other in too many ways to be counted.
    #[error(
        "{name}: conditions and excludes combine in more than {limit} ways; \
         use fewer of them, or name fewer keys in each"
    )]
    Entangled {
        /// The document.
        name: String,
        /// How many combinations are followed.
        limit: usize,
    },
    /// Draws that were all excluded.
    #[error(
        "{name}: {tries} draws one after another were excluded; \
         narrow the ranges instead of excluding most of the space"
    )]
    Exhausted {
        /// The document.
        name: String,
        /// How often it was tried.
        tries: usize,
    },
}
