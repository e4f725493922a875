//! `[modem]` of a station: its own way to the telephones of its staff.

use crate::config::outside::{Modem, Port};
use crate::config::section::{At, Section};
use std::path::PathBuf;

/// The section; nothing where it is missing or wrong.
pub(super) fn read(section: &Section<'_, '_>) -> Option<Modem> {
    if !section.exists {
        return None;
    }
    let port: Option<At<Port>> = section.required("port", "\"/dev/serial/by-id/usb-Made-Up_Modem-if02-port0\"");
    let baud: Option<At<u32>> = section.optional("baud");
    let pin_file: Option<At<PathBuf>> = section.optional("pin_file");
    let per_hour: Option<At<u16>> = section.optional("per_hour");
    section.finish();
    if let Some(At { value, place }) = per_hour.as_ref().filter(|limit| !(1..=500).contains(&limit.value)) {
        section.error(place, format!("per_hour = {value} is out of range; from 1 to 500"), None);
    }
    let usual = Modem::at(port?.value);
    Some(Modem {
        baud: baud.map_or(usual.baud, |at| at.value),
        pin_file: pin_file.map(|at| at.value),
        per_hour: per_hour.map_or(usual.per_hour, |at| at.value),
        ..usual
    })
}
