//! Who watches the watchers.

use super::*;
use crate::model::duty::DutyHours;
use crate::model::time::Zone;

fn watched_desk(duty: &str) -> Desk {
    let mut desk = desk();
    let duty: DutyHours = duty.parse().unwrap();
    desk.settings.duty = Some((duty, Zone::utc()));
    desk
}

fn screen(id: &str, sound: Sound) -> Input {
    Input::Screen(Screen { id: id.into(), sound, visible: true, build: "1".into(), person: None })
}

fn unwatched(desk: &Desk, now: Timestamp) -> Vec<RowView> {
    let faults = desk.view(now, &person("p1")).faults;
    faults.into_iter().filter(|row| matches!(row.reason, Reason::NoWatcher { .. })).collect()
}

#[test]
fn a_minute_without_a_screen_that_sounds_is_one_alert_that_only_people_close() {
    let mut desk = watched_desk("always");
    desk.does(at(0), Input::Tick);
    assert_eq!(desk.next_wakeup(), Some(at(60)));
    assert!(unwatched(&desk, at(59)).is_empty());
    desk.does(at(60), Input::Tick);
    let rows = unwatched(&desk, at(60));
    assert_eq!((rows.len(), rows[0].number().as_str(), rows[0].raised_at), (1, "S1", at(60)));
    desk.does(at(70), screen("a", Sound::Locked));
    assert!(unwatched(&desk, at(70))[0].recovered_at.is_none(), "a locked screen is no watcher");
    desk.does(at(80), screen("a", Sound::Running));
    assert_eq!(unwatched(&desk, at(80))[0].recovered_at, Some(at(80)));
    assert_eq!((desk.watchers(at(94)), desk.watchers(at(95))), (1, 0));
    desk.does(at(155), Input::Tick);
    let rows = unwatched(&desk, at(155));
    assert_eq!((rows.len(), rows[0].count, rows[0].recovered_at), (1, 2, None), "the same trouble is the same alert");
}

#[test]
fn a_screen_that_speaks_every_ten_seconds_is_never_missed() {
    let mut desk = watched_desk("always");
    for n in 0..100 {
        desk.does(at(n * 10), screen("a", Sound::Running));
    }
    assert!(unwatched(&desk, at(1000)).is_empty());
    assert_eq!(desk.next_wakeup(), Some(at(990 + 15 + 60)));
}

#[test]
fn nobody_has_to_watch_outside_duty_hours_or_where_there_are_none() {
    // at(0) is a Saturday, 2026-11-21 06:12:09 UTC.
    let mut desk = watched_desk("Mon-Sun 08:00-20:00");
    desk.does(at(0), Input::Tick);
    let opens = at(0) + Span::seconds(3600 + 47 * 60 + 51);
    assert_eq!(desk.next_wakeup(), Some(opens + Span::seconds(60)), "a minute after the shift begins");
    assert_eq!(desk.is_on_duty(at(0)), Some(false));
    let mut desk = super::desk();
    desk.does(at(0), Input::Tick);
    assert_eq!((desk.waits_for(), desk.is_on_duty(at(0))), (None, None));
}

#[test]
fn a_restarted_station_neither_repeats_nor_forgets_that_nobody_watched() {
    let mut desk = watched_desk("always");
    desk.does(at(0), Input::Tick);
    desk.does(at(60), Input::Tick);
    let mut desk = desk.restored();
    desk.does(at(100), Input::Tick);
    desk.does(at(500), Input::Tick);
    assert_eq!(unwatched(&desk, at(500)).len(), 1);
    desk.does(at(510), screen("a", Sound::Running));
    assert!(unwatched(&desk, at(510))[0].recovered_at.is_some());
    assert!(desk.homes().next().is_none(), "the point itself is no home");
    let before = picture(&desk);
    assert_eq!(picture(&desk.restored()), before);
}

#[test]
fn a_flood_of_screens_is_bounded() {
    let mut desk = watched_desk("always");
    for n in 0..5_000 {
        desk.does(at(0), screen(&n.to_string(), Sound::Running));
    }
    assert_eq!(desk.watchers(at(0)), 1_000);
    desk.does(at(61), screen("x", Sound::Running));
    assert_eq!(desk.watchers(at(61)), 1);
}
