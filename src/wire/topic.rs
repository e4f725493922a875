//! The topics. A home writes below `…/<home>/up/`, reads below `…/<home>/down/`, and nothing else.

use crate::model::ids::{HomeId, PointId};

pub(super) const ROOT: &str = "carecircle/v1";

/// A topic of ours, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// Gateway to station.
    Up(HomeId, PointId, Up),
    /// Station to gateway.
    Down(HomeId, Down),
}

/// What a gateway says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Up {
    Notice,
    Heartbeat,
    Activity,
    Walk,
    Link,
}

/// What a station says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Down {
    Receipt,
    Step,
    Directory,
    Suspension,
    Greeting,
    Heard,
    Look,
}

impl Up {
    pub(super) const ALL: [(Up, &'static str); 5] = [
        (Up::Notice, "notice"),
        (Up::Heartbeat, "heartbeat"),
        (Up::Activity, "activity"),
        (Up::Walk, "walk"),
        (Up::Link, "link"),
    ];
}

impl Down {
    pub(super) const ALL: [(Down, &'static str); 7] = [
        (Down::Receipt, "receipt"),
        (Down::Step, "step"),
        (Down::Directory, "directory"),
        (Down::Suspension, "suspension"),
        (Down::Greeting, "greeting"),
        (Down::Heard, "heard"),
        (Down::Look, "look"),
    ];
}

impl Topic {
    /// The topic taken apart; `None` if it is none of ours.
    pub fn parse(topic: &str) -> Option<Topic> {
        let mut parts = topic.strip_prefix(ROOT)?.strip_prefix('/')?.split('/');
        let home = HomeId::new(parts.next()?).ok()?;
        let parsed = match parts.next()? {
            "up" => {
                let point = PointId::new(parts.next()?).ok()?;
                let word = parts.next()?;
                Topic::Up(home, point, Up::ALL.iter().find(|(_, w)| *w == word)?.0)
            }
            "down" => {
                let word = parts.next()?;
                Topic::Down(home, Down::ALL.iter().find(|(_, w)| *w == word)?.0)
            }
            _ => return None,
        };
        parts.next().is_none().then_some(parsed)
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Topic::Up(home, point, up) => {
                let word = Up::ALL.iter().find(|(u, _)| u == up).map_or("", |(_, w)| w);
                write!(f, "{ROOT}/{home}/up/{point}/{word}")
            }
            Topic::Down(home, down) => {
                let word = Down::ALL.iter().find(|(d, _)| d == down).map_or("", |(_, w)| w);
                write!(f, "{ROOT}/{home}/down/{word}")
            }
        }
    }
}

/// What the gateway of `home` subscribes to.
pub fn down_filter(home: &HomeId) -> String {
    format!("{ROOT}/{home}/down/#")
}

/// What the station of `point` subscribes to.
pub fn up_filter(point: &PointId) -> String {
    format!("{ROOT}/+/up/{point}/#")
}

/// Where the station of `point` says that something of this kind happened, for whoever reads along at its broker.
pub fn station_event_topic(point: &PointId, kind: &str) -> String {
    format!("{ROOT}/station/{point}/event/{kind}")
}

/// Where it says, retained, how a home can be seen.
pub fn station_state_topic(point: &PointId, home: &HomeId) -> String {
    format!("{ROOT}/station/{point}/state/{home}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_read_as_it_is_written() {
        let (home, point) = (HomeId::new("ky-0412").unwrap(), PointId::new("lehe").unwrap());
        for (up, _) in Up::ALL {
            let topic = Topic::Up(home.clone(), point.clone(), up);
            assert_eq!(Topic::parse(&topic.to_string()), Some(topic));
        }
        for (down, _) in Down::ALL {
            let topic = Topic::Down(home.clone(), down);
            assert_eq!(Topic::parse(&topic.to_string()), Some(topic));
        }
        for foreign in ["carecircle/v1", "carecircle/v2/a/down/step", "carecircle/v1/a/down/step/x", "zigbee2mqtt/hall"]
        {
            assert_eq!(Topic::parse(foreign), None);
        }
    }
}
