//! `[modem]` of a station: its own way to the telephones of its staff; `[[telephone]]`: numbers for when its page is cut off.

use crate::config::outside::{Modem, Port};
use crate::config::section::{At, Section};
use std::path::PathBuf;

/// `[[telephone]]`: whom a page that is cut off tells people to call: who, and the number.
pub(super) fn telephones(root: &Section<'_, '_>) -> Vec<(String, String)> {
    let read = |section: &Section<'_, '_>| {
        let who: Option<At<String>> = section.required("who", "\"东风社区服务站\"");
        let number: Option<At<String>> = section.required("number", "\"0873-7120000\"");
        section.finish();
        let (who, number) = (who?, number?);
        let is_dialled = number.value.chars().all(|sign| sign.is_ascii_digit() || "+- ".contains(sign));
        if !is_dialled || number.value.chars().filter(char::is_ascii_digit).count() < 3 {
            let deed = Some("write it as it is dialled: \"0873-7120000\"".into());
            section.error(&number.place, format!("{:?} is no telephone number", number.value), deed);
        }
        Some((who.value, number.value))
    };
    root.list("telephone").iter().filter_map(read).collect()
}

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
