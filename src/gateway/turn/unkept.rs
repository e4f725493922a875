//! Presses that were told while nothing could be written: the home's broker keeps them until somebody else does.
//!
//! A gateway that dies then knows nothing of them any more. Where no station has them either, because its connection is broken
//! as well, the broker is the last that can say that somebody pressed; a night of `simulate` (seed 1, night 939) lost a call so.

use crate::model::alert::AlertId;
use crate::mqtt::Delivery;
use std::collections::VecDeque;

/// Deliveries that are to be acknowledged once what they led to is on a disk, here or at a station.
#[derive(Default)]
pub(super) struct Unkept {
    presses: VecDeque<Press>,
    /// Batches that ask only whether the store moves: their answer overtakes what waits to be written.
    questions: VecDeque<u64>,
}

struct Press {
    /// Of the commit that failed, or takes too long.
    ticket: u64,
    delivery: Owed,
    /// What people were told of it, each with its step.
    told: Vec<(AlertId, u32)>,
}

/// A message that waits for its acknowledgement.
pub(super) struct Owed {
    pub(super) delivery: Delivery,
    /// Topic and payload in short.
    pub(super) content: u64,
}

impl Owed {
    pub(super) fn acknowledge(self) {
        self.delivery.acknowledge();
    }
}

impl Unkept {
    /// These were let go without their commit.
    pub(super) fn keep(&mut self, ticket: u64, deliveries: Vec<Owed>, told: &[(AlertId, u32)]) {
        for delivery in deliveries {
            self.presses.push_back(Press { ticket, delivery, told: told.to_vec() });
        }
        while self.presses.len() > KEPT_MAX {
            self.presses.pop_front().into_iter().for_each(|oldest| oldest.delivery.acknowledge());
        }
    }

    /// Whether the broker hands one of them out again. It is to be acknowledged on the connection on which it came last.
    pub(super) fn comes_again(&mut self, delivery: &Delivery, content: u64) -> bool {
        let is_it = |press: &&mut Press| {
            let Owed { delivery: before, content: said } = &press.delivery;
            (before.number, before.stands_in, *said) == (delivery.number, delivery.stands_in, content)
        };
        let again = delivery.late && delivery.number.is_some();
        let known = self.presses.iter_mut().find(is_it).filter(|_| again);
        known.map(|press| press.delivery.delivery = delivery.clone()).is_some()
    }

    /// The store is asked whether it moves.
    pub(super) fn asks(&mut self, ticket: u64) {
        self.questions.push_back(ticket);
        if self.questions.len() > QUESTIONS_MAX {
            self.questions.pop_front();
        }
    }

    /// A batch is written, and with it what could not be written before.
    pub(super) fn written(&mut self, ticket: u64) {
        if !self.questions.contains(&ticket) {
            self.let_go(|press| press.ticket <= ticket);
        }
    }

    /// A station has this step on its disk.
    pub(super) fn received(&mut self, alert: AlertId, step: u32) {
        self.let_go(|press| press.told.iter().any(|(told, from)| *told == alert && *from <= step));
    }

    /// All of them are safe.
    pub(super) fn all_kept(&mut self) {
        self.let_go(|_| true);
    }

    fn let_go(&mut self, is_kept: impl Fn(&Press) -> bool) {
        let (kept, unkept) = std::mem::take(&mut self.presses).into_iter().partition(is_kept);
        self.presses = unkept;
        let kept: VecDeque<Press> = kept;
        kept.into_iter().for_each(|press| press.delivery.acknowledge());
    }
}

/// Far fewer than a broker has under way at once (mosquitto: 20 by itself): the next press still comes.
const KEPT_MAX: usize = 8;
const QUESTIONS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;
    use tokio::sync::mpsc;

    struct Broker {
        unkept: Unkept,
        tell: mpsc::UnboundedSender<u16>,
        told: mpsc::UnboundedReceiver<u16>,
    }

    impl Broker {
        fn new() -> Broker {
            let (tell, told) = mpsc::unbounded_channel();
            Broker { unkept: Unkept::default(), tell, told }
        }

        fn press(&mut self, number: u16) {
            let delivery = Delivery::told_to(self.tell.clone(), false, number);
            let told = [(alert(number.into()), 1)];
            self.unkept.keep(number.into(), vec![Owed { delivery, content: 7 }], &told);
        }

        fn acknowledged(&mut self) -> Vec<u16> {
            std::iter::from_fn(|| self.told.try_recv().ok()).collect()
        }
    }

    fn alert(number: u64) -> AlertId {
        AlertId { number, raised_at: from_millis(9) }
    }

    #[test]
    fn a_press_on_no_disk_stays_with_the_broker_until_it_is_written_or_a_station_has_it() {
        let mut broker = Broker::new();
        (1..=4).for_each(|number| broker.press(number));
        assert_eq!(broker.acknowledged(), [0; 0]);
        broker.unkept.received(alert(3), 1);
        broker.unkept.received(alert(77), 1);
        assert_eq!(broker.acknowledged(), [3]);
        broker.unkept.asks(9);
        broker.unkept.written(9);
        assert_eq!(broker.acknowledged(), [0; 0], "a question was answered, and nothing written");
        broker.unkept.written(2);
        assert_eq!(broker.acknowledged(), [1, 2]);
        broker.unkept.written(10);
        assert_eq!(broker.acknowledged(), [4]);
    }

    #[test]
    fn one_that_is_handed_out_again_is_no_second_press_and_many_do_not_stop_the_next() {
        let mut broker = Broker::new();
        broker.press(1);
        let again = |late, number| Delivery::told_to(broker.tell.clone(), late, number);
        let (late, new, other) = (again(true, 1), again(false, 1), again(true, 2));
        assert!(broker.unkept.comes_again(&late, 7));
        assert!(!broker.unkept.comes_again(&late, 8), "another button");
        assert!(!broker.unkept.comes_again(&new, 7), "a number that came round again");
        assert!(!broker.unkept.comes_again(&other, 7), "the next press");
        (2..=20).for_each(|number| broker.press(number));
        assert_eq!(broker.acknowledged(), (1..=12).collect::<Vec<u16>>());
    }
}
