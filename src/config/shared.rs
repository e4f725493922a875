//! What both daemons are told in the same words: language, zone, broker, timers.

use crate::config::nearest;
use crate::config::outside::{Broker, BrokerAccess, Plaintext};
use crate::config::section::{At, Section};
use crate::model::lifecycle::Timers;
use crate::model::time::{Span, Zone};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// `[mqtt]`; `None` if it is missing or wrong.
pub(super) fn broker_access(section: &Section<'_, '_>) -> Option<BrokerAccess> {
    let broker: Option<At<Broker>> = section.required("broker", "\"mqtt://127.0.0.1:1883\"");
    let user: Option<At<String>> = section.optional("user");
    let password_file: Option<At<PathBuf>> = section.optional("password_file");
    let ca: Option<At<PathBuf>> = section.optional("ca");
    let credentials: Option<At<PathBuf>> = section.optional("credentials");
    let said =
        Plaintext { plaintext: section.or("plaintext", false), network_is_ours: section.or("network_is_ours", false) };
    if let Some(broker) = &broker
        && let Err(why) = said.check(broker.value.tls, &broker.value.host)
    {
        section.error(&broker.place, why, None);
    }
    if let (Some(file), None) = (&password_file, &user) {
        let deed = Some("add the key user".into());
        section.error(&file.place, "there is a password_file, but no user", deed);
    }
    if let Some(broker) = &broker
        && !broker.value.tls
    {
        for file in [&ca, &credentials].into_iter().flatten() {
            let deed = Some("write the broker as mqtts://".into());
            section.error(&file.place, "certificates need an encrypted link", deed);
        }
        if let Some(file) = &password_file
            && !is_loopback(&broker.value.host)
        {
            let deed = Some("write the broker as mqtts:// if it can do that".into());
            section.warning(&file.place, "the password goes over the network in clear text", deed);
        }
    }
    // An unknown key (`password`) is reported with what to write instead.
    section.finish();
    let path = |at: Option<At<PathBuf>>| at.map(|at| at.value);
    Some(BrokerAccess {
        broker: broker?.value,
        user: user.map(|at| at.value),
        password_file: path(password_file),
        ca: path(ca),
        credentials: path(credentials),
    })
}

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The key `time_zone`.
pub(super) fn zone(section: &Section<'_, '_>) -> Option<Zone> {
    let At { value, place } = section.required::<String>("time_zone", "\"Asia/Shanghai\"")?;
    match own_file(&value).map_or_else(|| Zone::named(&value), Ok) {
        Ok(zone) => Some(zone),
        Err(why) => {
            let names = Zone::names();
            let near = nearest::nearest(&value, names.iter().map(String::as_str));
            section.error(&place, why.to_string(), near.map(|near| format!("did you mean \"{near}\"?")));
            None
        }
    }
}

/// The zone out of its own file, where that is plainly the one meant: a gateway stays, and need not keep the names of all.
fn own_file(name: &str) -> Option<Zone> {
    // Names of zones begin so; what else lies there (posix, right, localtime) does not.
    let is_name = name.split('/').all(|part| part.starts_with(|first: char| first.is_ascii_uppercase()));
    if !is_name || name == "UTC" || std::env::var_os("TZDIR").is_some() {
        return None;
    }
    Zone::of_file(name, &std::fs::read(Path::new("/usr/share/zoneinfo").join(name)).ok()?)
}

/// How long each waiting state may last. All are between a second and a day, those of undoing up to a week.
pub(super) fn timers(section: &Section<'_, '_>) -> Timers {
    let usual = Timers::default();
    let day = Span::seconds(1)..=Span::days(1);
    let span = |key: &str, usual: Span, range: &RangeInclusive<Span>| {
        section.span(key, range.clone()).map_or(usual, |at| at.value)
    };
    let arrive_within = span("respond_within", usual.arrive_within, &day);
    let timers = Timers {
        receive_within: span("receive_within", usual.receive_within, &day),
        take_within: span("take_within", usual.take_within, &day),
        next_point_after: span("next_point_after", usual.next_point_after, &day),
        ask_all_every: span("ask_all_every", usual.ask_all_every, &day),
        ask_lasts: span("ask_lasts", usual.ask_lasts, &day),
        depart_reminder: span("depart_reminder", usual.depart_reminder, &day),
        lapse_after: span("lapse_after", usual.lapse_after, &day),
        // Two thirds: ten minutes of the usual fifteen.
        arrive_reminder: span("arrive_reminder", arrive_within * 2 / 3, &day),
        arrive_within,
        close_reminder: span("close_reminder", usual.close_reminder, &day),
        close_supervisor: span("close_supervisor", usual.close_supervisor, &day),
        overlooked_after: span("overlooked_after", usual.overlooked_after, &day),
        undo_within: span("undo_within", usual.undo_within, &day),
        undo_close_within: span("undo_close_within", usual.undo_close_within, &day),
        reopen_within: span("reopen_within", usual.reopen_within, &(Span::seconds(1)..=Span::days(7))),
        press_reopens_within: span("press_reopens_within", usual.press_reopens_within, &day),
    };
    let in_order = [
        ("depart_reminder", timers.depart_reminder, "lapse_after", timers.lapse_after),
        ("arrive_reminder", timers.arrive_reminder, "respond_within", timers.arrive_within),
        ("close_reminder", timers.close_reminder, "close_supervisor", timers.close_supervisor),
    ];
    for (first, sooner, then, later) in in_order {
        let entry = section.entry(first).or(section.entry(then));
        if let (true, Some(entry)) = (sooner > later, entry) {
            let what = format!("{first} is longer than {then}: it would remind of what has happened already");
            section.warning(&entry.node.place, what, Some(format!("make {first} shorter")));
        }
    }
    timers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn a_zone_out_of_its_own_file_is_the_one_of_the_database() {
        for name in Zone::names() {
            let (Some(own), Ok(kept)) = (own_file(&name), Zone::named(&name)) else { continue };
            assert_eq!(own.name(), kept.name());
            for month in 0..12 * 70 {
                let at = from_millis(month * 2_629_746_000);
                assert_eq!(own.local(at), kept.local(at), "{name} at {at}");
            }
        }
        assert!(own_file("Asia/Shanghai").is_some());
        for name in ["UTC", "../../etc/localtime", "right/Asia/Shanghai", "localtime", "", "/Asia", "Asia/../Asia"] {
            assert!(own_file(name).is_none(), "{name}");
        }
    }
}
