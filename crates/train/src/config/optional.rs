//! Keys that may be left open, which a file writes as `""` or 0.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the default where there is no value.
pub(super) fn serialize<T, S>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Default + Serialize,
    S: Serializer,
{
    match value {
        Some(value) => value.serialize(serializer),
        None => T::default().serialize(serializer),
    }
}

/// Reads the default as none.
pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Default + PartialEq + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Some(T::deserialize(deserializer)?).filter(|value| *value != T::default()))
}
