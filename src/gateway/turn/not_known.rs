//! Stations ask for steps of alerts that this home does not know: what was told while nothing could be written, and then the
//! gateway died; what a part of the history held that is lost.
//!
//! The station must hear that, or it asks for ever and its people wait for a word that never comes. There is no book to write an
//! answer into, so it goes out as suspensions that are not taken do: in the next heartbeats, at once and for an hour.

use crate::model::alert::AlertId;
use crate::model::time::Span;

/// Alerts that were asked about lately and are not known here.
#[derive(Debug, Default)]
pub struct NotKnown {
    /// Each with the time since boot at which it was asked about last.
    asked: Vec<(AlertId, Span)>,
    /// Stations are to be told at the next round: whoever asks without a pause gets no heartbeat for each.
    is_news: bool,
}

impl NotKnown {
    /// Somebody asks for a step of this one.
    pub(super) fn asked_about(&mut self, alert: AlertId, since_boot: Span) {
        self.asked.retain(|(other, _)| *other != alert);
        if self.asked.len() == TOLD_MAX {
            self.asked.remove(0);
        }
        self.asked.push((alert, since_boot));
        self.is_news = true;
    }

    /// What heartbeats say now.
    pub fn told(&self, since_boot: Span) -> Vec<AlertId> {
        self.asked.iter().filter(|(_, at)| since_boot - *at <= TOLD_FOR).map(|(alert, _)| *alert).collect()
    }

    /// Whether stations have something to hear; once.
    pub fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.is_news)
    }
}

/// A station that is not reached for longer asks anew.
const TOLD_FOR: Span = Span::hours(1);
const TOLD_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn who_asks_about_an_alert_that_is_not_known_hears_so_for_an_hour_and_others_too() {
        let alert = |number| AlertId { number, raised_at: from_millis(7) };
        let mut not_known = NotKnown::default();
        assert!(not_known.told(Span::zero()).is_empty() && !not_known.take_news());
        not_known.asked_about(alert(5), Span::minutes(1));
        not_known.asked_about(alert(6), Span::minutes(30));
        assert!(not_known.take_news() && !not_known.take_news());
        assert_eq!(not_known.told(Span::minutes(40)), [alert(5), alert(6)]);
        assert_eq!(not_known.told(Span::minutes(70)), [alert(6)]);
        not_known.asked_about(alert(6), Span::minutes(71));
        assert!(not_known.take_news(), "the heartbeat before may have been lost");
        (10..40).for_each(|number| not_known.asked_about(alert(number), Span::minutes(72)));
        assert_eq!(not_known.told(Span::minutes(73)).len(), TOLD_MAX);
    }
}
