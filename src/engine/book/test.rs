//! A test of the ways out: raised like an alert, told to everybody in the circle at once, marked as a test wherever it is
//! shown. It never climbs, and it ends by itself: nobody has to do anything.

use super::Book;
use crate::engine::effect::Effect;
use crate::model::alert::Alert;
use crate::model::lifecycle::{Actor, CheckEnd, Deed};
use crate::model::reason::Reason;
use crate::model::time::Timestamp;

impl Book {
    /// Begins one, unless one goes on.
    pub fn test(&mut self, now: Timestamp, by_hand: bool, effects: &mut Vec<Effect>) {
        if self.alerts.values().any(is_open_test) {
            return;
        }
        let reason = Reason::Test { by_hand };
        let to = self.circle.everybody();
        let deed = Deed::Raise { severity: reason.severity(), reason, test: true, to };
        self.write(now, self.next_number, Actor::gateway(), deed, None, effects);
    }

    /// Ends it.
    pub fn tested(&mut self, now: Timestamp, unanswered: u32, effects: &mut Vec<Effect>) {
        for number in self.numbers(is_open_test) {
            let deed = Deed::CheckOver { how: CheckEnd::Tested { unanswered } };
            self.write(now, number, Actor::gateway(), deed, None, effects);
        }
    }
}

fn is_open_test(alert: &Alert) -> bool {
    alert.phase.is_open() && matches!(alert.reason, Reason::Test { .. })
}

#[cfg(test)]
mod tests {
    use crate::engine::circle::{Circle, Point};
    use crate::engine::rules::Settings;
    use crate::engine::rules::testing::{at, home};
    use crate::engine::{Effect, Engine, Input, drive};
    use crate::model::lifecycle::{Deed, Phase, Timers};
    use crate::model::time::Span;

    #[test]
    fn a_test_is_told_to_everybody_at_once_climbs_nowhere_and_ends_by_itself() {
        let point = |id: &str| Point {
            id: id.parse().unwrap(),
            name: id.into(),
            travel: Span::minutes(5),
            on_duty: "Mon 03:00-03:01".parse().unwrap(),
            channels: Vec::new(),
        };
        let circle = Circle::of_points(vec![point("a"), point("b")], Timers::default());
        let mut engine = Engine::new(home(), &Settings::default(), circle);
        engine.handle(at("08:00"), Input::Started { blind_since: None });
        let effects = engine.handle(at("08:00"), Input::Test { by_hand: true });
        let told = effects
            .iter()
            .find_map(|effect| if let Effect::Notify { to, .. } = effect { Some(to.len()) } else { None });
        assert_eq!(told, Some(2));
        let alert = engine.alerts().last().unwrap().clone();
        assert!(alert.test && alert.phase == Phase::Raised);
        assert!(engine.handle(at("08:00"), Input::Test { by_hand: false }).is_empty(), "one goes on");
        let mut climbed = 0;
        drive::until(&mut engine, at("08:40"), |_, effects| {
            climbed += effects
                .iter()
                .filter(|effect| matches!(effect, Effect::Alert { alert: number, .. } if *number == alert.id.number))
                .count();
        });
        assert_eq!(climbed, 0);
        let point = "a".parse().unwrap();
        engine.handle(at("08:40"), Input::Received { alert: alert.id, point });
        let effects = engine.handle(at("08:41"), Input::Tested { unanswered: 1 });
        assert!(
            effects.iter().any(
                |effect| matches!(effect, Effect::Alert { step, .. } if matches!(step.deed, Deed::CheckOver { .. }))
            )
        );
        assert_eq!(engine.alerts().find(|other| other.id == alert.id).unwrap().phase, Phase::Cancelled);
        assert!(engine.handle(at("08:42"), Input::Tested { unanswered: 0 }).is_empty());
    }
}
