//! Who comes from outside: the visitor of every week, and the helpers after a fall.

use super::Plan;
use super::life::{Room, minutes, on_the_wall};
use super::outcome::End;
use super::sensors::Touch;
use super::world::{Happening, World};
use crate::model::time::{Span, Timestamp};

impl World<'_> {
    pub(super) fn arrange_visit(&mut self, now: Timestamp) {
        let Some(visitor) = self.character.visitor else { return };
        let days = (1..=7)
            .find(|days| self.plan.zone.local(noon_of(self.plan, now) + Span::days(*days)).weekday == visitor.weekday);
        let noon = noon_of(self.plan, now) + Span::days(days.unwrap_or(7));
        let minute = self.people.about(visitor.minute, 15.0);
        self.arrange(on_the_wall(&self.plan.zone, noon, minute), Happening::VisitorComes);
    }

    pub(super) fn visitor_comes(&mut self, now: Timestamp) {
        self.arrange_visit(now);
        let Some(visitor) = self.character.visitor else { return };
        if self.fallen.is_some() {
            return self.off_the_floor(now, End::Visitor { at: now });
        }
        // Nobody opens where nobody is.
        if self.place().is_some() {
            let lasts = self.people.length(visitor.lasts_minutes, 0.3);
            self.somebody_about(now, lasts, &[Room::LivingRoom, Room::LivingRoom, Room::Kitchen]);
        }
    }

    /// Somebody from outside comes in, moves about in these rooms and leaves.
    pub(super) fn somebody_about(&mut self, now: Timestamp, lasts_minutes: f64, rooms: &[Room]) {
        let after = |after: f64| now + minutes(after);
        for (at, touch) in [(0.0, Touch::Door(true)), (0.2, Touch::Moves(Room::Hall)), (0.4, Touch::Door(false))] {
            self.arrange(after(at), Happening::Touch(touch));
        }
        let mut moved = 1.0;
        while moved < lasts_minutes {
            let choices: Vec<(Room, f64)> = rooms.iter().map(|room| (*room, 1.0)).collect();
            if let Some(room) = self.people.pick(&choices) {
                self.arrange(after(moved), Happening::Touch(Touch::Moves(room)));
            }
            moved += self.people.wait(3.0).max(0.2);
        }
        let leaves = [(0.0, Touch::Moves(Room::Hall)), (0.2, Touch::Door(true)), (0.4, Touch::Door(false))];
        for (at, touch) in leaves {
            self.arrange(after(lasts_minutes.max(1.0) + at), Happening::Touch(touch));
        }
    }
}

/// Noon of the day to which `now` belongs, near enough to name its date.
fn noon_of(plan: &Plan, now: Timestamp) -> Timestamp {
    let second = plan.zone.local(now).second_of_day;
    now - Span::seconds(i64::from(second)) + Span::hours(12)
}
