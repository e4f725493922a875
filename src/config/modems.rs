//! Modems, and the telephones of those whom they tell: `phones` of `[[circle.point]]` and `[[circle.person]]`.
//!
//! A modem is one channel on one port, and leads to as many points and people as there are; each has telephones of their own,
//! and one of them may have those of the channel.

use crate::config::gateway::{ChannelEntry, PortEntry};
use crate::config::outside::{PhoneNumber, Phones};
use crate::config::people_checks::Told;
use crate::config::report::{Place, Report};
use crate::config::section::{At, Section};
use crate::model::ids::ChannelName;

/// `phones` as it stands in the file.
pub(super) struct PhonesEntry {
    /// Absent where a mistake in it has been reported, and where nothing is said.
    pub phones: Option<At<Phones>>,
    /// Whether it stands there, right or wrong.
    pub is_said: bool,
}

impl PhonesEntry {
    /// Of a point or a person.
    pub(super) fn read(section: &Section<'_, '_>) -> PhonesEntry {
        let is_said = section.entry("phones").is_some();
        PhonesEntry { phones: section.optional("phones"), is_said }
    }
}

/// Somebody who can be told by a modem.
struct Addressee<'e> {
    who: String,
    channels: &'e [ChannelName],
    channels_place: &'e Place,
    phones: &'e PhonesEntry,
}

impl Told<'_> {
    fn addressees(&self) -> Vec<Addressee<'_>> {
        let points = self.points.iter().map(|entry| Addressee {
            who: format!("service point \"{}\"", entry.point.id),
            channels: &entry.point.channels,
            channels_place: &entry.channels,
            phones: &entry.phones,
        });
        let people = self.people.iter().map(|entry| Addressee {
            who: format!("\"{}\"", entry.person.id),
            channels: &entry.person.channels,
            channels_place: &entry.channels,
            phones: &entry.phones,
        });
        points.chain(people).collect()
    }
}

/// Each modem by itself, and the telephones of everybody against one another.
pub(super) fn modems(
    channels: &[ChannelEntry],
    told: &Told<'_>,
    ports: &[PortEntry],
    root: &Section<'_, '_>,
    report: &Report<'_>,
) {
    let addressees = told.addressees();
    for (nth, channel) in channels.iter().enumerate() {
        own_port(channel, channels.get(..nth).unwrap_or_default(), ports, report);
        leads_to_phones(channel, &addressees, told.is_whole(root), report);
    }
    addressees.iter().for_each(|addressee| has_modem(addressee, channels, report));
    one_addressee_each(&addressees, channels, report);
}

/// A serial port has one reader: of two, neither works.
fn own_port(channel: &ChannelEntry, before: &[ChannelEntry], ports: &[PortEntry], report: &Report<'_>) {
    let (Some(path), name) = (port(channel), &channel.name) else { return };
    if let Some(sensors) = ports.iter().find(|entry| entry.port.path == path) {
        let what =
            format!("channel \"{}\" has the port of the sensors on \"{}\": {path}", name.value, sensors.port.name);
        report.error(&name.place, what, Some("name the modem's own port".into()));
    }
    if let Some(other) = before.iter().find(|other| port(other) == Some(path)) {
        let what = format!("the channels \"{}\" and \"{}\" have one port: {path}", other.name.value, name.value);
        let deed =
            "a modem is one channel: name it at everybody it tells, and their phones = [\"+8613800138000\"] there";
        report.error(&name.place, what, Some(deed.into()));
    }
}

/// Everybody whom this modem is to tell has a telephone, and nobody gets what is meant for another.
fn leads_to_phones(channel: &ChannelEntry, addressees: &[Addressee<'_>], are_all_there: bool, report: &Report<'_>) {
    let (Some(own), name) = (own_phones(channel), &channel.name) else { return };
    let of_it = |addressee: &&Addressee<'_>| addressee.channels.contains(&name.value);
    let without: Vec<&Addressee<'_>> =
        addressees.iter().filter(of_it).filter(|addressee| !addressee.phones.is_said).collect();
    if own.is_empty() {
        for addressee in without {
            let what = format!("{} has the modem \"{}\", but no telephone", addressee.who, name.value);
            report.error(addressee.channels_place, what, Some("add phones = [\"+8613800138000\"]".into()));
        }
    } else if let [first, others @ ..] = without.as_slice()
        && !others.is_empty()
    {
        for other in others {
            let what =
                format!("{} and {} would both be told on the telephones of \"{}\"", first.who, other.who, name.value);
            let deed = "add phones = [\"+8613800138000\"] to them: who is told there is told apart";
            report.error(other.channels_place, what, Some(deed.into()));
        }
    } else if without.is_empty() && are_all_there && addressees.iter().any(|addressee| of_it(&addressee)) {
        let what = format!("everybody whom \"{}\" leads to has phones: its own \"to\" is told nothing", name.value);
        report.warning(&name.place, what, Some("take to out".into()));
    }
}

/// Telephones are of use only where a modem calls them.
fn has_modem(addressee: &Addressee<'_>, channels: &[ChannelEntry], report: &Report<'_>) {
    let Some(phones) = &addressee.phones.phones else { return };
    let named = |channel: &&ChannelEntry| addressee.channels.contains(&channel.name.value);
    // What a channel with a mistake was meant to be is not known.
    let may_be_modem = |channel: &ChannelEntry| channel.settings.is_none() || port(channel).is_some();
    if channels.iter().filter(named).any(may_be_modem) {
        return;
    }
    let modem = channels.iter().find(|channel| port(channel).is_some());
    let deed = match modem {
        Some(modem) => format!("add \"{}\" to the channels", modem.name.value),
        None => {
            "add a [[channel]] with sms = { port = \"/dev/serial/by-id/…\" } and name it in the channels".to_owned()
        }
    };
    report.error(&phones.place, format!("{} has phones, but no channel that is a modem", addressee.who), Some(deed));
}

/// An answer comes from a telephone: of two who share it, nobody knows whose it is.
fn one_addressee_each(addressees: &[Addressee<'_>], channels: &[ChannelEntry], report: &Report<'_>) {
    let of_channel = |addressee: &Addressee<'_>| {
        let named = channels.iter().filter(|channel| addressee.channels.contains(&channel.name.value));
        named.filter_map(own_phones).flatten().cloned().collect::<Vec<PhoneNumber>>()
    };
    let phones = |addressee: &Addressee<'_>| match &addressee.phones.phones {
        Some(phones) => phones.value.0.clone(),
        None if addressee.phones.is_said => Vec::new(),
        None => of_channel(addressee),
    };
    for (nth, addressee) in addressees.iter().enumerate() {
        let place = addressee.phones.phones.as_ref().map_or(addressee.channels_place, |phones| &phones.place);
        for other in addressees.iter().take(nth) {
            // Where neither has any of their own, that has been said.
            if !addressee.phones.is_said && !other.phones.is_said {
                continue;
            }
            let theirs = phones(other);
            let both = |phone: &&PhoneNumber| theirs.iter().any(|other| other.is_same_phone(phone));
            if let Some(phone) = phones(addressee).iter().find(both) {
                let what = format!("{phone} is a telephone of {} and of {}", other.who, addressee.who);
                let deed = "name it at one of them: an answer from it could be of either";
                report.error(place, what, Some(deed.into()));
            }
        }
    }
}

fn port(channel: &ChannelEntry) -> Option<&str> {
    channel.settings.as_ref().and_then(|settings| settings.port())
}

fn own_phones(channel: &ChannelEntry) -> Option<&[PhoneNumber]> {
    channel.settings.as_ref().and_then(|settings| settings.phones())
}
