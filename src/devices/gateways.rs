//! Radio gateways that tell the broker whether they are there: `home/hall/LWT` → `online`, `offline`.
//!
//! A family is blind only when none of its gateways is left. Gateways of several families stand under one base topic
//! and their last wills look alike, so a family counts the gateways it has heard a device from; as long as it has heard
//! none, any of them may be its own.

use crate::devices::{lenient, reading};
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use std::collections::BTreeMap;

/// What is known of the gateways of one family.
#[derive(Debug, Default)]
pub struct Gateways {
    known: BTreeMap<String, Gateway>,
    /// The family was last said to be cut off.
    is_cut_off: bool,
}

#[derive(Debug, Clone, Copy)]
struct Gateway {
    is_online: bool,
    is_ours: bool,
}

impl Gateways {
    /// A gateway's last will or its greeting. The broker keeps it on purpose: what is kept still holds. `is_ours`: no other
    /// family's gateway can stand on this topic.
    pub fn told(&mut self, gateway: &str, payload: &[u8], is_ours: bool) -> Result<Vec<Reading>, &'static str> {
        if payload.trim_ascii().is_empty() {
            self.known.remove(gateway);
            return Ok(Vec::new());
        }
        let text = String::from_utf8_lossy(payload);
        let Some(availability) = lenient::availability(text.trim().trim_matches('"')) else {
            return Err("unknown_availability");
        };
        let is_online = availability == Availability::Online;
        let is_ours = is_ours || self.known.get(gateway).is_some_and(|known| known.is_ours);
        self.note(gateway, Gateway { is_online, is_ours });
        let is_any_left = self.is_any_left();
        self.is_cut_off = !is_any_left;
        // Others still hear the home: news of one gateway, not of the family.
        let measure =
            if is_any_left == is_online { Measure::Bridge(is_online) } else { Measure::Availability(availability) };
        Ok(vec![reading(gateway, measure, Evidence::Level, false)])
    }

    /// A device was heard through `gateway` just now; news where the family was thought to be cut off.
    pub fn heard(&mut self, gateway: &str) -> Option<Reading> {
        if !self.known.get(gateway).is_some_and(|known| known.is_ours && known.is_online) {
            self.note(gateway, Gateway { is_online: true, is_ours: true });
        }
        let is_news = std::mem::take(&mut self.is_cut_off);
        is_news.then(|| reading(gateway, Measure::Bridge(true), Evidence::Level, false))
    }

    /// Where the memory is full, a gateway that carries us takes the place of one of which nothing but its will is known.
    fn note(&mut self, gateway: &str, state: Gateway) {
        if self.known.len() >= GATEWAYS_MAX && !self.known.contains_key(gateway) {
            let is_nobodys = |(_, known): &(&String, &Gateway)| state.is_ours && !known.is_ours;
            let Some((nobodys, _)) = self.known.iter().find(is_nobodys) else { return };
            let nobodys = nobodys.clone();
            self.known.remove(&nobodys);
        }
        self.known.insert(gateway.to_owned(), state);
    }

    fn is_any_left(&self) -> bool {
        let is_one_ours = self.known.values().any(|gateway| gateway.is_ours);
        self.known.values().any(|gateway| gateway.is_online && (gateway.is_ours || !is_one_ours))
    }
}

/// More than a home has; a flood of made-up names must not grow the memory.
const GATEWAYS_MAX: usize = 64;

/// What stands behind a base topic: `home` takes `hall/LWT` out of `home/hall/LWT`; the longest base that fits is meant.
pub fn under<'a>(bases: &[String], topic: &'a str) -> Option<&'a str> {
    let rest = |base: &String| topic.strip_prefix(base.as_str())?.strip_prefix('/');
    bases.iter().filter_map(rest).min_by_key(|rest| rest.len())
}

/// Base topics as people write them, without the slashes at the ends.
pub fn trimmed(bases: &[String]) -> Vec<String> {
    bases.iter().map(|base| base.trim_matches('/').to_owned()).filter(|base| !base.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(gateways: &mut Gateways, gateway: &str, word: &str) -> Measure {
        gateways.told(gateway, word.as_bytes(), false).unwrap().remove(0).measure
    }

    #[test]
    fn a_family_is_cut_off_when_its_last_gateway_is_gone() {
        let mut gateways = Gateways::default();
        assert_eq!(said(&mut gateways, "home/hall", "online"), Measure::Bridge(true));
        assert_eq!(said(&mut gateways, "home/bed", "online"), Measure::Bridge(true));
        assert_eq!(said(&mut gateways, "home/bed", "offline"), Measure::Availability(Availability::Offline));
        assert_eq!(said(&mut gateways, "home/hall", "offline"), Measure::Bridge(false));
        assert_eq!(gateways.heard("home/bed").unwrap().measure, Measure::Bridge(true));
        assert_eq!(gateways.heard("home/bed"), None);
    }

    #[test]
    fn another_familys_gateway_takes_nothing_away() {
        let mut gateways = Gateways::default();
        gateways.heard("home/ble");
        assert_eq!(said(&mut gateways, "home/rf", "offline"), Measure::Availability(Availability::Offline));
        assert_eq!(said(&mut gateways, "home/rf", "online"), Measure::Bridge(true));
        assert_eq!(said(&mut gateways, "home/ble", "offline"), Measure::Bridge(false), "the one that carries us");
    }

    #[test]
    fn a_gateway_on_a_topic_of_its_own_is_the_familys_before_it_is_heard() {
        let mut gateways = Gateways::default();
        gateways.told("rtl_433/attic", b"online", true).unwrap();
        assert_eq!(said(&mut gateways, "home/ble", "offline"), Measure::Availability(Availability::Offline));
    }

    #[test]
    fn a_flood_of_names_is_not_remembered() {
        let mut gateways = Gateways::default();
        for number in 0..10_000 {
            gateways.heard(&format!("home/{number}"));
        }
        assert_eq!(gateways.known.len(), GATEWAYS_MAX);
        assert!(gateways.told("home/x", b"perhaps", false).is_err());
        assert_eq!(gateways.told("home/1", b"", false), Ok(vec![]), "an empty message clears what the broker kept");
    }

    #[test]
    fn made_up_names_take_no_gateways_place_that_carries_us() {
        let mut gateways = Gateways::default();
        for number in 0..1000 {
            said(&mut gateways, &format!("home/{number}"), "online");
        }
        gateways.heard("home/hall");
        assert_eq!(said(&mut gateways, "home/hall", "offline"), Measure::Bridge(false), "the others never carried us");
        assert_eq!(gateways.known.len(), GATEWAYS_MAX);
    }

    #[test]
    fn the_longest_base_is_meant() {
        let bases = trimmed(&["home/".to_owned(), "home/up".to_owned(), "/".to_owned()]);
        assert_eq!(under(&bases, "home/up/gw/LWT"), Some("gw/LWT"));
        assert_eq!(under(&bases, "home/gw/LWT"), Some("gw/LWT"));
        assert_eq!(under(&bases, "homes/gw"), None);
    }
}
