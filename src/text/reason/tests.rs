//! Whatever the numbers and names are, the words stay words.

use super::*;
use crate::model::found::MissedContact;
use crate::model::home::SensorKind;
use crate::model::reason::{AllPathsLost, CertificateEnds, PathLost, Stuck, Twin, Within};
use crate::model::time::{Span, from_millis};

/// Goal: no reason can be rendered into a sentence that reads broken. Method: every variant × both languages ×
/// the extreme values of each field, checked for marks of missing or doubled words.
#[test]
fn every_reason_is_whole_sentences_in_both_languages() {
    let zone = Zone::named("Asia/Shanghai").unwrap();
    for example in extremes() {
        for language in Language::ALL {
            let text = reason(language, &example, &zone);
            check(&text, &format!("{language:?} {example:?}"));
            assert!(text.chars().count() >= 20, "too short: {text}");
            assert!(text.starts_with(terms::rule(language, &example)), "{text}");
            assert!(text.ends_with(language.pick('。', '.')), "{text}");
            if language == Language::Chinese {
                assert!(!text.contains(". "), "English full stop in {text}");
            }
            let head = headline(language, &example);
            check(&head, &format!("headline {language:?} {example:?}"));
            assert!(head.chars().count() <= 110, "{head}");
        }
    }
}

fn check(text: &str, of: &str) {
    for bad in
        ["{", "}", "。。", "..", ",,", "，，", "：：", "::", "  ", "()", "（）", "“”", "。，", "：。", ": .", " ."]
    {
        assert!(!text.contains(bad), "{bad:?} in {text:?} of {of}");
    }
    assert!(!text.contains('\n'), "line break in {text:?}");
    for one in ["1 hours", "1 days", "1 sensors"] {
        assert!(!text.contains(one), "plural in {text:?}");
    }
}

pub(crate) fn extremes() -> Vec<Reason> {
    let rooms = [None, Some("bathroom".parse().unwrap()), Some(RoomId::new("长".repeat(64)).unwrap())];
    let sensor = || SensorId::new("s".repeat(64)).unwrap();
    let spans = [Span::zero(), Span::seconds(1), Span::hours(1), Span::days(400), Span::MAX, Span::seconds(-9)];
    let instants = [None, Some(from_millis(0)), Some(from_millis(i64::MAX)), Some(from_millis(1_795_241_529_000))];
    let words = ["", "disk full.", "a\nb\u{202e}", "坏了。", &"很长".repeat(5_000)];
    let mut all = vec![Reason::Unknown];
    all.extend(found::extremes());
    for room in rooms {
        let life = |at: Option<Timestamp>| at.map(|at| SignOfLife { at, sensor: sensor(), room: room.clone() });
        for at in instants {
            let (room, last_life) = (room.clone(), life(at));
            for press in ["single", "double", "triple", "long", "hold", "release", "sos", "", "a\nb."] {
                let press = Press::from(press.to_owned());
                all.push(Reason::CallButton {
                    sensor: sensor(),
                    room: room.clone(),
                    press,
                    last_life: last_life.clone(),
                });
            }
            for limit in spans {
                for offline_since in [None, at] {
                    let (kind, room) = (SensorKind::OuterDoor, room.clone());
                    let (sensor, last_heard) = (sensor(), at);
                    all.push(Reason::SilentSensor { sensor, room, kind, last_heard, limit, offline_since });
                }
            }
            for (silence, to) in spans.into_iter().zip(instants.into_iter().cycle()) {
                let cause = BlindCause::LinkLost { source: "mqtt".into() };
                let blind = Blind { from: from_millis(0), to, cause };
                let hours = at.map(|_| Hours { from: "22:00".parse().unwrap(), to: "24:00".parse().unwrap() });
                for (blind, n) in [(None, 0), (Some(blind), 1)] {
                    let last_life = last_life.clone();
                    let (limit, sensors_alive) = (silence, n);
                    all.extend(rhythm::extremes(silence, last_life.clone(), blind.clone(), hours, n));
                    all.push(Reason::Inactivity {
                        limit,
                        hours,
                        learned_limit: blind.as_ref().map(|_| limit),
                        silence,
                        last_life,
                        blind,
                        sensors_alive,
                        sensors: n,
                        cannot_tell: n * 2,
                    });
                }
            }
            for how in [Stuck::On, Stuck::Off, Stuck::Chatters, Stuck::Unknown] {
                let (kind, room, stuck_since) = (SensorKind::OuterDoor, room.clone(), at.unwrap_or(from_millis(0)));
                all.push(Reason::StuckSensor { sensor: sensor(), room, kind, how, stuck_since });
            }
            let open_since = at.unwrap_or(from_millis(0));
            all.push(Reason::Tamper { sensor: sensor(), room: room.clone(), open_since });
            let causes = [
                BlindCause::GatewayDown,
                BlindCause::LinkLost { source: "mqtt".into() },
                BlindCause::NoWitness,
                BlindCause::Mute { source: "radio".into() },
            ];
            for cause in causes {
                let blind = Blind { from: from_millis(0), to: at, cause };
                all.push(Reason::NotObserved { blind, last_life: last_life.clone() });
            }
            let since = at.unwrap_or(from_millis(0));
            all.push(Reason::AllPathsLost(AllPathsLost { since, paths: u32::from(room.is_some()) }));
            for why in words {
                let (channel, point) = ("lehe".parse().unwrap(), "长".repeat(64).parse().unwrap());
                all.push(Reason::PathLost(PathLost { channel, point, since, why: why.to_owned() }));
            }
            for channel in [None, Some("lehe".parse().unwrap())] {
                all.push(Reason::Twin(Twin { point: "lehe".parse().unwrap(), channel }));
            }
            for (calls, by_hand) in [(0, true), (1, false), (3, false), (u32::MAX, true)] {
                let (point, last_call) = ("长".repeat(64).parse().unwrap(), at);
                all.push(Reason::MissedContact(MissedContact { point, calls, last_call, by_hand, well_at: at }));
            }
            all.push(Reason::HomeUnreachable { last_heard: at, point: "lehe".parse().unwrap() });
            let (since, point) = (at.unwrap_or(from_millis(0)), "lehe".parse().unwrap());
            all.push(Reason::NoWatcher { since, point });
        }
        all.extend([true, false].map(|by_hand| Reason::Test { by_hand }));
        for percent in [None, Some(0.0), Some(14.6), Some(100.0)] {
            let room = room.clone();
            for (volts, empty_in_days) in [(None, None), (Some(2.25), None), (None, Some(0)), (Some(2.9), Some(1))] {
                let (sensor, room, limit_percent) = (sensor(), room.clone(), 15.0);
                all.push(Reason::LowBattery { sensor, room, percent, limit_percent, volts, empty_in_days });
            }
            let (sensor, percent) = (sensor(), percent.unwrap_or(7.5));
            all.push(Reason::WeakSignal { sensor, room, percent, limit_percent: 10.0 });
        }
        use Service::*;
        for service in [Meal, Bath, Cleaning, Nursing, Repair, Other] {
            all.push(Reason::ServiceButton { sensor: sensor(), room: room.clone(), service });
        }
    }
    for (nth, link) in ["mqtt", "radio/3", "mqtt/zigbee2mqtt/zigbee2mqtt", &"长/".repeat(90)].into_iter().enumerate() {
        for sensors in [0, 1, 1000] {
            let some = vec![sensor(); nth];
            all.push(Reason::LinkLost {
                link: link.to_owned(),
                how: if nth % 2 == 0 { Loss::Down } else { Loss::Mute },
                since: from_millis(0),
                sensors,
                is_whole: nth < 2,
                nobody_can_call: nth > 2,
                call_buttons: some.clone(),
                outer_doors: some,
            });
            let (source, sensor) = if nth < 2 { (Some(link.to_owned()), None) } else { (None, Some(sensor())) };
            all.push(Reason::Flood { sensor, room: None, source, per_second: sensors });
        }
    }
    for what in words {
        all.push(Reason::Storage { what: what.to_owned() });
        all.push(Reason::Subscription { filters: vec![what.to_owned(); what.len() % 6] });
        all.push(Reason::Configuration { what: what.to_owned() });
        for within in [Within::Days60, Within::Days30, Within::Days7, Within::Ended] {
            let (file, until) = (what.to_owned(), from_millis(1_900_000_000_000));
            all.push(Reason::CertificateEnds(CertificateEnds { file, until, within }));
        }
    }
    all
}
