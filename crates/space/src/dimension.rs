//! Dimensions of a search space.

use toml::Value;

use crate::condition::Condition;
use crate::domain::Domain;

/// A key that is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Section and key, such as `train.learning_rate`.
    pub key: String,
    /// What values it takes.
    pub domain: Domain,
    /// When it exists, in terms of other dimensions; `None`: always. Tests of
    /// fixed values hold and are left out.
    pub when: Option<Condition>,
    /// Line of the document.
    pub line: usize,
    pub(crate) grid: Vec<Value>,
}

impl Dimension {
    /// Its values on the grid, distinct; those of a range ascend.
    pub fn grid(&self) -> &[Value] {
        &self.grid
    }
}
