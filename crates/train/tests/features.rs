//! Features of frozen backbones.

mod extract;
mod store;
