//! What should not be concluded.

use super::Context;
use crate::document::{Section, Text};

pub(super) fn section<'a>(context: &Context<'a>) -> Section<'a> {
    let mut section = Section::new("caveats", "What should not be concluded");
    section.say(
        "Each of these follows from the numbers of this very report; those that matter most come \
         first. One should not conclude",
    );
    let items = context.analysis.caveats.iter().map(|caveat| {
        Text::new()
            .strong(&caveat.claim)
            .plain(format!(". {}", caveat.because))
    });
    section.list(items.collect());
    if context.analysis.caveats.is_empty() {
        section.blocks.clear();
        section.say("Nothing in the numbers of this report stands out as easily misread.");
    }
    section
}
