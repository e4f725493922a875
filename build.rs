//! Packs the documents of `docs/schema/`, which the program carries: half a megabyte as text, a tenth of that packed.

#![allow(clippy::print_stdout)] // how cargo is told what this reads

use flate2::{Compression, GzBuilder};
use std::fs::{File, read};
use std::io::{Result, Write};
use std::path::PathBuf;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=docs/schema");
    let to = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to"));
    for name in ["wire", "asyncapi", "events", "feed", "openapi"] {
        let text = read(format!("docs/schema/{name}.json"))?;
        // No file name and no time: the same bytes whenever they are packed.
        let mut packed = GzBuilder::new().write(File::create(to.join(format!("{name}.json.gz")))?, Compression::best());
        packed.write_all(&text)?;
        packed.finish()?;
    }
    Ok(())
}
