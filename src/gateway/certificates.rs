//! The certificates with which this gateway speaks, and how near the end is of the one that ends first.
//!
//! They are read as the daemon reads them to speak: a renewed one counts from the restart on with which it is used.

use super::Gateway;
use super::plan::Plan;
use super::turn::Turn;
use crate::clock::Reading;
use crate::model::reason::{CertificateEnds, Reason, Within};
use crate::model::status::CertificateStatus;
use crate::mqtt::{self, About, Floor};

impl Gateway {
    /// Soon after the start, and once an hour.
    pub(super) fn look_at_certificates(&mut self, now: Reading) {
        self.certificate = first_to_end(&self.plan);
        self.turn.certificate(now, self.certificate.as_ref());
    }
}

/// Of all certificates that the ways out and the home's broker use, authorities included, the one that ends first.
fn first_to_end(plan: &Plan) -> Option<CertificateStatus> {
    let read = |file: &std::path::Path| {
        // One that cannot be read is told of where its channel is opened.
        let about = About::first_to_end(&mqtt::secret(file).ok()?)?;
        let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Some(CertificateStatus { file, until: about.until })
    };
    let ways = plan.ways.iter().flat_map(|(_, channel)| channel.files()).filter_map(read);
    let tls = plan.mqtt.iter().filter_map(|settings| settings.tls.as_ref());
    let at_home = tls.flat_map(|tls| {
        let both = [("ca of [mqtt]", Some(&tls.ca)), ("credentials of [mqtt]", tls.identity.as_ref())];
        both.into_iter().filter_map(|(name, pem)| Some((name, About::first_to_end(pem?)?)))
    });
    let at_home = at_home.map(|(name, about)| CertificateStatus { file: name.to_owned(), until: about.until });
    ways.chain(at_home).min_by_key(|one| one.until)
}

impl Turn {
    /// Tells of a certificate that comes to its end: once for each of the spans before it, and that it is over once it was
    /// renewed. What was told stands in the history.
    pub(super) fn certificate(&mut self, now: Reading, first: Option<&CertificateStatus>) {
        let ends = first.and_then(|CertificateStatus { file, until }| {
            // Judged as TLS judges it.
            let within = Within::of(Floor::at(now.wall), *until)?;
            Some(Reason::CertificateEnds(CertificateEnds { file: file.clone(), until: *until, within }))
        });
        let is_told =
            |reason: &Reason| self.engine.alerts().any(|alert| alert.reason == *reason && alert.recovered_at.is_none());
        if ends.as_ref().is_some_and(is_told) {
            return;
        }
        // The span before this one is over, and so is everything where there is time again.
        self.trouble_over(now, "certificate_ends");
        if let Some(reason) = ends {
            self.trouble(now, reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::notices::tests as testing;
    use super::*;
    use crate::model::reason::Severity;
    use crate::model::time::{Span, Timestamp, from_millis};
    use crate::store::Store;

    /// What is open and not over, by how near the end is, and how many alerts there are in all.
    fn told(turn: &Turn) -> (Vec<Within>, usize) {
        let of = |reason: &Reason| if let Reason::CertificateEnds(found) = reason { Some(found.within) } else { None };
        let standing = turn.engine.alerts().filter(|alert| alert.phase.is_open() && alert.recovered_at.is_none());
        let all = turn.engine.alerts().filter(|alert| of(&alert.reason).is_some()).count();
        (standing.filter_map(|alert| of(&alert.reason)).collect(), all)
    }

    #[test]
    fn an_end_is_told_of_once_at_each_span_and_is_over_with_the_next_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), "history.db", |_| {}).unwrap().store;
        let mut turn = testing::turn(&store);
        // Later than the program was made, which no clock is believed before; TLS counts whole seconds.
        let end = from_millis(2_000_000_000_000);
        let look = |turn: &mut Turn, left: Span, end: Timestamp| {
            let now = Reading { wall: end - left, since_boot: Span::days(400) - left };
            turn.certificate(now, Some(&CertificateStatus { file: "home.pem".into(), until: end }));
        };
        look(&mut turn, Span::days(61), end);
        assert_eq!(told(&turn), (vec![], 0));
        for (left, within, alerts) in [
            (60, Within::Days60, 1),
            (59, Within::Days60, 1),
            (30, Within::Days30, 2),
            (8, Within::Days30, 2),
            (7, Within::Days7, 3),
            (0, Within::Ended, 4),
        ] {
            let mut steps = None;
            for _ in 0..2 {
                look(&mut turn, Span::days(left), end);
                assert_eq!(told(&turn), (vec![within], alerts), "{left} days before the end");
                // Nobody is told a second time what stands already.
                let said = turn.engine.alerts().map(|alert| alert.steps.len()).sum::<usize>();
                assert_eq!(*steps.get_or_insert(said), said, "{left} days before the end");
            }
        }
        let mut all = turn.engine.alerts().filter(|alert| matches!(alert.reason, Reason::CertificateEnds(_)));
        assert!(all.all(|alert| alert.severity == Severity::Fault), "a matter of equipment, never an emergency");
        drop(all);
        // A new certificate, one minute later.
        let now = Reading { wall: end + Span::minutes(1), since_boot: Span::days(401) };
        let renewed = CertificateStatus { file: "home.pem".into(), until: end + Span::days(365) };
        turn.certificate(now, Some(&renewed));
        assert_eq!(told(&turn), (vec![], 4));
        let now = Reading { wall: end + Span::minutes(2), ..now };
        turn.certificate(now, None);
        assert_eq!(told(&turn), (vec![], 4), "a home without certificates is warned of none");
    }
}
