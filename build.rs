//! Packs the documents of `docs/schema/`, which the program carries: half a megabyte as text, a tenth of that packed. For a program
//! that is shipped it also has the functions of a quiet gateway linked side by side.

#![allow(clippy::print_stdout)] // how cargo is told what this reads

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use std::fs::{File, read};
use std::io::{Result, Write, read_to_string};
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let to = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where to"));
    pack_schemas(&to)?;
    order_functions(&to)
}

fn pack_schemas(to: &Path) -> Result<()> {
    println!("cargo::rerun-if-changed=docs/schema");
    for name in ["wire", "asyncapi", "events", "feed", "openapi"] {
        let text = read(format!("docs/schema/{name}.json"))?;
        // No file name and no time: the same bytes whenever they are packed.
        let mut packed = GzBuilder::new().write(File::create(to.join(format!("{name}.json.gz")))?, Compression::best());
        packed.write_all(&text)?;
        packed.finish()?;
    }
    Ok(())
}

/// Tells the linker which functions belong together (`release/order` lists them). Only `release/build` and `packaging/cross` ask for
/// it: names are as listed with `-C symbol-mangling-version=v0` alone.
fn order_functions(to: &Path) -> Result<()> {
    println!("cargo::rerun-if-env-changed=CARECIRCLE_ORDER");
    println!("cargo::rerun-if-changed=release/order.gz");
    if std::env::var_os("CARECIRCLE_ORDER").is_none() {
        return Ok(());
    }
    let listed = read_to_string(GzDecoder::new(File::open("release/order.gz")?))?;
    let script = to.join("order.ld");
    let mut file = File::create(&script)?;
    // Each function has a section of its own; what the compiler takes for seldom used is named otherwise.
    writeln!(file, "SECTIONS {{ .text.first : {{")?;
    for name in listed.lines() {
        writeln!(file, "*(.text.{name} .text.unlikely.{name})")?;
    }
    writeln!(file, "}} }} INSERT BEFORE .text;")?;
    println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    Ok(())
}
