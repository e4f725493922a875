//! A document that the program carries: packed by `build.rs`, because it is read once in a blue moon.

use flate2::read::GzDecoder;
use std::io::Read;

/// A packed document.
#[derive(Debug)]
pub struct Packed(pub(super) &'static [u8]);

impl Packed {
    /// The document.
    pub fn text(&self) -> String {
        let mut text = String::new();
        GzDecoder::new(self.0).read_to_string(&mut text).expect("build.rs packed a text");
        text
    }
}
