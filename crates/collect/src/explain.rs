//! What the chosen model looks at.

use std::path::Path;

use psp_report::input::Explanation;

use crate::error::CollectError;
use crate::settings::Settings;

/// Explains some images of the test part: the best predicted, the worst, and those
/// between.
pub(crate) fn explanations(
    _run: &Path,
    _settings: &mut Settings<'_>,
) -> Result<Vec<Explanation>, CollectError> {
    Ok(Vec::new())
}
