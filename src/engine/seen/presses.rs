//! Which messages about a press are the same press again: a twin topic, a radio that repeats, a second gateway.

use crate::model::observation::Press;
use crate::model::time::{Span, Timestamp};

/// The presses of one button that copies may still follow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Presses {
    counted: Vec<Counted>,
}

/// A press that was counted.
#[derive(Debug, Clone, PartialEq)]
struct Counted {
    press: Press,
    at: Timestamp,
    /// Whether what it is a copy of came too; a copy that came first, or alone, was counted without it.
    original: bool,
}

/// Two gateways that hear one press may hand it on as far apart as this.
const COPIES_WITHIN: Span = Span::seconds(15);

/// Where copies alone are heard (an old bridge, a repeater within reach of a button that is not), each of them may be a press of
/// its own; and where the copy comes first, its original follows at once.
const TWIN_WITHIN: Span = Span::seconds(2);

/// Words that a button says within the time of its copies.
const WORDS_MAX: usize = 8;

impl Presses {
    /// Whether this is a press that was not counted yet; if it is, it counts from now on.
    ///
    /// However many copies come, they are one press; two originals are two, however close.
    pub(super) fn is_new(&mut self, press: &Press, copy: bool, at: Timestamp) -> bool {
        if !press.is_press() {
            return false;
        }
        let last = self.counted.iter_mut().find(|counted| counted.press == *press);
        if let Some(last) = last {
            let within = if last.original { COPIES_WITHIN } else { TWIN_WITHIN };
            let is_near = (Span::zero()..=within).contains(&(at - last.at));
            if is_near && (copy || !last.original) {
                last.original |= !copy;
                return false;
            }
            (last.at, last.original) = (at, !copy);
            return true;
        }
        if self.counted.len() >= WORDS_MAX {
            self.counted.remove(0);
        }
        self.counted.push(Counted { press: press.clone(), at, original: !copy });
        true
    }

    /// Moves every remembered instant by `by`.
    pub(super) fn shift(&mut self, by: Span) {
        self.counted.iter_mut().for_each(|counted| counted.at += by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    /// Which of these messages (milliseconds, copy, word) are presses.
    fn new(said: &[(i64, bool, Press)]) -> Vec<bool> {
        let mut presses = Presses::default();
        said.iter().map(|(millis, copy, press)| presses.is_new(press, *copy, from_millis(*millis))).collect()
    }

    fn singles(said: &[(i64, bool)]) -> Vec<bool> {
        new(&said.iter().map(|&(millis, copy)| (millis, copy, Press::Single)).collect::<Vec<_>>())
    }

    #[test]
    fn any_number_of_copies_is_one_press_and_a_second_press_stays_one() {
        let said = [(0, false), (40, true), (3_000, true), (10_000, true), (14_900, true)];
        assert_eq!(singles(&said), [true, false, false, false, false]);
        let two = [(0, false), (10, false), (20, true), (5_000, true), (6_000, false), (16_000, true)];
        assert_eq!(singles(&two), [true, true, false, false, true, false]);
        assert_eq!(
            singles(&[(0, false), (15_001, true)]),
            [true, true],
            "so late it is a press whose original was lost"
        );
    }

    #[test]
    fn a_twin_that_comes_first_is_the_press_and_its_original_is_not_another() {
        let said = [(0, true), (1, false), (700, true), (701, false), (9_000, true), (9_001, false)];
        let presses = singles(&said).into_iter().filter(|new| *new).count();
        assert_eq!(presses, 3, "{:?}", singles(&said));
        assert_eq!(singles(&[(0, true), (1, false), (2, true)]), [true, false, false]);
    }

    #[test]
    fn twins_that_come_alone_are_presses() {
        assert_eq!(singles(&[(0, true), (4_000, true), (9_000, true)]), [true, true, true]);
        // A telegram that two repeaters handed on, and the button itself was out of reach.
        assert_eq!(singles(&[(0, true), (30, true), (60, true)]), [true, false, false]);
        assert_eq!(singles(&[(0, true), (4_000, false)]), [true, true], "no original follows so late");
    }

    #[test]
    fn copies_of_several_words_find_their_own() {
        let said = [(0, false, Press::Single), (900, false, Press::Double), (1_000, true, Press::Single)];
        assert_eq!(new(&said), [true, true, false]);
        assert_eq!(new(&[(0, false, Press::Release), (1, true, Press::Release)]), [false, false]);
        let many: Vec<_> = (0..1_000).map(|n| (n, false, Press::Other(n.to_string()))).collect();
        let mut presses = Presses::default();
        many.iter().for_each(|(millis, copy, press)| _ = presses.is_new(press, *copy, from_millis(*millis)));
        assert_eq!(presses.counted.len(), WORDS_MAX);
    }
}
