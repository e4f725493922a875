//! Which Tasmota devices are bridges, and whether any of them is there.
//!
//! A bridge is a device like any other on the outside; what it passes on makes it one. While one of several is online, the
//! others say nothing about all that hangs on bridges; and where sensors hang on Tasmota devices directly too, no bridge
//! speaks for them, unless the config names it.

use std::collections::BTreeMap;

/// The bridges of a home, as far as they are known.
#[derive(Debug)]
pub struct Bridges {
    /// Whether each is online, where that was heard.
    online: BTreeMap<String, Option<bool>>,
    /// Whether a device that passes something on is taken for a bridge that nobody named.
    learns: bool,
}

impl Bridges {
    /// The bridges that the config names; others are learned where every registered sensor hangs on one.
    pub fn new(named: &[String], all_relayed: bool) -> Bridges {
        Bridges { online: named.iter().map(|name| (name.clone(), None)).collect(), learns: all_relayed }
    }

    /// The last will of `name` changed: whether any bridge is there; `None` where it is no bridge.
    pub fn last_will(&mut self, name: &str, is_online: bool) -> Option<bool> {
        *self.online.get_mut(name)? = Some(is_online);
        Some(self.online.values().any(|online| *online == Some(true)))
    }

    /// `name` passed something on: it is there. Its own name, where that is news.
    pub fn passed_on<'a>(&mut self, name: &'a str) -> Option<&'a str> {
        // With SetOption89 the device stands behind the bridge in the topic.
        let bridge = name.rsplit_once('/').map(|(bridge, _)| bridge);
        let name = bridge.filter(|bridge| self.online.contains_key(*bridge)).unwrap_or(name);
        if self.learns && self.online.len() < BRIDGES_MAX && !self.online.contains_key(name) {
            self.online.insert(name.to_owned(), None);
        }
        let online = self.online.get_mut(name)?;
        if *online == Some(true) {
            return None;
        }
        *online = Some(true);
        Some(name)
    }
}

/// No home has more bridges that nobody named.
const BRIDGES_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_is_blind_only_when_no_bridge_is_there() {
        let mut bridges = Bridges::new(&["cellar".to_owned(), "hall".to_owned()], false);
        assert_eq!(bridges.last_will("cellar", true), Some(true));
        assert_eq!(bridges.last_will("hall", false), Some(true));
        assert_eq!(bridges.last_will("cellar", false), Some(false));
        assert_eq!(bridges.passed_on("hall/3C1D"), Some("hall"));
        assert_eq!(bridges.passed_on("hall"), None, "no news");
        assert_eq!(bridges.last_will("kettle", false), None, "no bridge");
    }

    #[test]
    fn a_bridge_that_nobody_named_speaks_only_where_nothing_hangs_beside_it() {
        let mut alone = Bridges::new(&[], true);
        assert_eq!(alone.last_will("rfbridge", false), None);
        assert_eq!(alone.passed_on("rfbridge"), Some("rfbridge"));
        assert_eq!(alone.last_will("rfbridge", false), Some(false));
        let mut beside = Bridges::new(&[], false);
        assert_eq!(beside.passed_on("rfbridge"), None);
        assert_eq!(beside.last_will("rfbridge", false), None);
    }

    #[test]
    fn bridges_that_are_learned_are_few() {
        let mut bridges = Bridges::new(&[], true);
        for number in 0..100 {
            bridges.passed_on(&format!("b{number}"));
        }
        assert_eq!(bridges.online.len(), BRIDGES_MAX);
    }
}
