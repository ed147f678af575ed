//! The report as one page that needs nothing else.

use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use crate::ReportError;
use crate::document::{Block, Document, Span};
use crate::figures::Shown;

const STYLE: &str = include_str!("../assets/report.css");
const SCRIPT: &str = include_str!("../assets/report.js");

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    document: &'a Document<'a>,
    style: &'static str,
    script: &'static str,
    policy: String,
}

/// The page as HTML.
pub(crate) fn page(document: &Document) -> Result<String, ReportError> {
    let page = Page {
        document,
        style: STYLE,
        script: SCRIPT,
        policy: policy(),
    };
    Ok(page.render()?)
}

/// What a browser may do: nothing is loaded from anywhere, and no other script is
/// run than the report's own, whatever gets into the page.
fn policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src \
         'sha256-{hash}'; base-uri 'none'; form-action 'none'"
    )
}
