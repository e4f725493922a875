//! What people do about the daily contact: who may, what follows by itself.

use crate::desk::input::{AlertKey, Effect, Recorded};
use crate::desk::{Desk, STATION_NUMBERS, timer_key};
use crate::model::alert::AlertId;
use crate::model::errand::{ContactDeed, Declined};
use crate::model::found::MissedContact;
use crate::model::ids::HomeId;
use crate::model::lifecycle::{Actor, CallResult, Deed, Role};
use crate::model::reason::Reason;
use crate::model::time::{Span, Timestamp};

impl Desk {
    /// Whether the deed makes sense here and now.
    pub(in crate::desk) fn judge_contact(
        &self,
        now: Timestamp,
        home: &HomeId,
        by: &Actor,
        deed: &ContactDeed,
    ) -> Result<(), Declined> {
        let (day, morning) = (self.list_day(now), self.daily.homes.get(home));
        match deed {
            ContactDeed::Called { .. } | ContactDeed::Visited | ContactDeed::Hospital => Ok(()),
            ContactDeed::Send if self.missed_contact_of(home).is_some() => Err(Declined::Unclear("send")),
            ContactDeed::Send => Ok(()),
            ContactDeed::Away { until } => {
                let is_sane = *until >= day && (*until - day) <= AWAY_MOST;
                if is_sane { Ok(()) } else { Err(Declined::Unclear("until")) }
            }
            ContactDeed::Back => {
                let is_absent = morning.is_some_and(|morning| morning.absent.is_some());
                if is_absent { Ok(()) } else { Err(Declined::Unclear("back")) }
            }
            ContactDeed::Undo => {
                let last = morning.and_then(|morning| morning.log.iter().rfind(|entry| !entry.undone));
                let last = last.filter(|last| !last.raised && now - last.at < UNDO_WITHIN);
                let is_theirs = |who: &Actor| who.is(by) || by.role == Role::Supervisor;
                match last {
                    Some(last) if is_theirs(&last.by) => Ok(()),
                    Some(_) => Err(Declined::NotForRole),
                    None => Err(Declined::Unclear("undo")),
                }
            }
        }
    }

    /// What follows by itself from a deed that was done: the third unanswered call is an alert, and so is who is sent.
    pub(in crate::desk) fn after_contact(
        &mut self,
        now: Timestamp,
        home: &HomeId,
        deed: &ContactDeed,
        effects: &mut Vec<Effect>,
    ) {
        match deed {
            ContactDeed::Send => self.raise_missed_contact(now, home, true, effects),
            ContactDeed::Called { result: CallResult::NoAnswer | CallResult::Busy } => {
                let row = self.daily_row(now, home);
                if row.is_some_and(|row| row.proposes && row.unanswered >= ALERT_AFTER) {
                    self.raise_missed_contact(now, home, false, effects);
                }
            }
            ContactDeed::Called { result: CallResult::Reached | CallResult::WrongNumber }
            | ContactDeed::Visited
            | ContactDeed::Away { .. }
            | ContactDeed::Hospital
            | ContactDeed::Back
            | ContactDeed::Undo => {}
        }
    }

    fn raise_missed_contact(&mut self, now: Timestamp, home: &HomeId, by_hand: bool, effects: &mut Vec<Effect>) {
        let morning = self.morning(home);
        let (calls, _) = self.unanswered(&self.daily_times(now), morning);
        let is_call = |entry: &&super::Entry| matches!(entry.deed, ContactDeed::Called { .. }) && !entry.undone;
        let last_call = morning.log.iter().rfind(is_call).map(|entry| entry.at);
        let (point, well_at) = (self.settings.point.clone(), morning.well_at);
        let reason = Reason::MissedContact(MissedContact { point, calls, last_call, by_hand, well_at });
        let (severity, to) = (reason.severity(), Vec::new());
        // A home that was never heard has no count of its own.
        let newest =
            self.rows_of(home).map(|row| row.key.alert.number).filter(|number| *number > STATION_NUMBERS).max();
        let counted = STATION_NUMBERS + self.watch.homes.get(home).map_or(0, |seen| seen.own_alerts);
        let number = counted.max(newest.unwrap_or(0)) + 1;
        let alert = AlertKey { home: home.clone(), alert: AlertId { number, raised_at: now } };
        let what = Deed::Raise { reason, severity, test: false, to };
        let (by, key) = (Actor::station(self.settings.point.clone()), timer_key(now, &what));
        self.record(Recorded::Done { at: now, alert: alert.clone(), by, what, key }, effects);
        effects.push(Effect::Changed(alert.into()));
    }
}

/// So long a deed can be taken back.
pub(super) const UNDO_WITHIN: Span = Span::minutes(10);
/// Nobody is away for longer without being asked after.
const AWAY_MOST: Span = Span::days(30);
/// The third unanswered call makes an alert by itself.
const ALERT_AFTER: u32 = 3;
