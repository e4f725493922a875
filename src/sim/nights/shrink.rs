//! A night that breaks is made smaller for as long as it still breaks.

use super::{Asked, Fault, live};

/// The smallest question found that still ends in a break on this night: fewer homes, then one kind of fault less at a time.
pub fn shrink(asked: &Asked, night: u64) -> Asked {
    let mut smallest = Asked { tells: false, ..asked.clone() };
    let breaks = |asked: &Asked| live(asked, night).broken.is_some();
    for homes in 1..=3 {
        let fewer = Asked { homes: Some(homes), ..smallest.clone() };
        if smallest.homes.is_none_or(|now| homes < now) && breaks(&fewer) {
            smallest = fewer;
            break;
        }
    }
    loop {
        let left = Fault::ALL.iter().filter(|fault| !smallest.without.contains(fault));
        let fewer = left.map(|fault| {
            let mut fewer = smallest.clone();
            fewer.without.push(*fault);
            fewer
        });
        let Some(fewer) = fewer.into_iter().find(|fewer| breaks(fewer)) else { return smallest };
        smallest = fewer;
    }
}
