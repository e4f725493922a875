//! Where Tasmota puts its messages: full topics as installers set them, and what stands where in a topic.
//!
//! ```text
//! %prefix%/%topic%/        tele/hall/SENSOR            the default
//! %topic%/%prefix%/        hall/tele/SENSOR
//! flat/%prefix%/%topic%/   flat/tele/hall/SENSOR
//!                          tele/bridge/B87A/SENSOR     a device behind a bridge, named in the topic too
//! ```
//!
//! `%topic%` may hold slashes; every other level is one level.

/// One full topic.
#[derive(Debug, Clone, PartialEq)]
pub struct FullTopic {
    levels: Vec<Level>,
    /// Where `%topic%` stands among them.
    name_at: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Level {
    Prefix,
    Name,
    /// A level of its own: literal text, or `%hostname%` and `%id%`, which nobody here knows.
    Literal(String),
    Any,
}

/// What a message is: told by the device, an answer or a change, a command of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Tasmota's own names
pub enum Prefix {
    Tele,
    Stat,
    Cmnd,
}

/// A topic taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<'a> {
    /// What the message is.
    pub prefix: Prefix,
    /// The device's `%topic%`.
    pub name: &'a str,
    /// The last level: `SENSOR`, `LWT`, `POWER1`.
    pub command: &'a str,
}

impl FullTopic {
    /// A full topic as set in Tasmota, with or without the slash at its end.
    pub fn new(written: &str) -> Result<FullTopic, String> {
        let level = |text: &str| match text {
            "%prefix%" => Level::Prefix,
            "%topic%" => Level::Name,
            text if text.contains('%') => Level::Any,
            text => Level::Literal(text.to_owned()),
        };
        let levels: Vec<Level> = written.trim_end_matches('/').split('/').map(level).collect();
        let has_one = |wanted: Level| levels.iter().filter(|level| **level == wanted).count() == 1;
        match levels.iter().position(|level| *level == Level::Name) {
            Some(name_at) if has_one(Level::Prefix) && has_one(Level::Name) && !written.contains(['+', '#']) => {
                Ok(FullTopic { levels, name_at })
            }
            Some(_) | None => Err(format!(
                "{written:?} is no full topic; write it as Tasmota's console shows it, as \"%prefix%/%topic%/\""
            )),
        }
    }

    /// Takes `topic` apart, where it is below this full topic.
    pub fn place<'a>(&self, topic: &'a str) -> Option<Placed<'a>> {
        let (full, command) = topic.rsplit_once('/')?;
        let (mut rest, mut prefix) = (full, None);
        for level in &self.levels[..self.name_at] {
            let (first, after) = rest.split_once('/')?;
            rest = after;
            level.takes(first, &mut prefix)?;
        }
        for level in self.levels[self.name_at + 1..].iter().rev() {
            let (before, last) = rest.rsplit_once('/')?;
            rest = before;
            level.takes(last, &mut prefix)?;
        }
        (!rest.is_empty() && !command.is_empty()).then_some(Placed { prefix: prefix?, name: rest, command })
    }

    /// MQTT filters that take in every device, also one behind a bridge.
    pub fn filters(&self) -> Vec<String> {
        // How many levels a name has cannot be said amid a filter: one, or two for a device behind a bridge.
        let names: &[&str] = if self.ends_with_name() { &["#"] } else { &["+", "+/+"] };
        names.iter().flat_map(|name| self.filters_for(name)).collect()
    }

    /// Filters for a device whose name those of [`FullTopic::filters`] do not take in.
    pub fn filters_of(&self, name: &str) -> Vec<String> {
        let depth = name.split('/').count();
        if self.ends_with_name() || depth <= 2 {
            return Vec::new();
        }
        self.filters_for(&vec!["+"; depth].join("/"))
    }

    fn ends_with_name(&self) -> bool {
        self.name_at + 1 == self.levels.len()
    }

    fn filters_for(&self, name: &str) -> Vec<String> {
        let of_prefix = |prefix: &str| {
            let levels = self.levels.iter().map(|level| match level {
                Level::Prefix => prefix,
                Level::Name => name,
                Level::Literal(text) => text,
                Level::Any => "+",
            });
            let full = levels.collect::<Vec<_>>().join("/");
            if name == "#" { full } else { format!("{full}/+") }
        };
        ["tele", "stat"].map(of_prefix).into()
    }
}

impl Level {
    fn takes(&self, text: &str, prefix: &mut Option<Prefix>) -> Option<()> {
        match self {
            Level::Literal(literal) => (literal == text).then_some(()),
            Level::Any | Level::Name => (!text.is_empty()).then_some(()),
            Level::Prefix => {
                *prefix = Some(match text {
                    "tele" => Prefix::Tele,
                    "stat" => Prefix::Stat,
                    "cmnd" => Prefix::Cmnd,
                    _ => return None,
                });
                Some(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_lies_between_byte_for_byte() {
        for (full, topic, expected) in [
            ("%prefix%/%topic%/", "tele/hall/SENSOR", Some((Prefix::Tele, "hall", "SENSOR"))),
            ("%prefix%/%topic%/", "stat/二楼/hall/POWER1", Some((Prefix::Stat, "二楼/hall", "POWER1"))),
            ("%prefix%/%topic%/", "hall/tele/SENSOR", None),
            ("%prefix%/%topic%", "tele/SENSOR", None),
            ("%prefix%/%topic%", "tele//SENSOR", None),
            ("%topic%/%prefix%/", "a/hall/tele/SENSOR", Some((Prefix::Tele, "a/hall", "SENSOR"))),
            ("%topic%/%prefix%/", "hall/state/SENSOR", None),
            ("flat/%prefix%/%topic%/x", "flat/cmnd/hall/x/POWER", Some((Prefix::Cmnd, "hall", "POWER"))),
            ("flat/%prefix%/%topic%/x", "flat/cmnd/hall/y/POWER", None),
            ("%prefix%/%hostname%/%topic%", "tele/esp-1/hall/LWT", Some((Prefix::Tele, "hall", "LWT"))),
        ] {
            let placed = FullTopic::new(full).unwrap().place(topic);
            assert_eq!(placed.map(|p| (p.prefix, p.name, p.command)), expected, "{full} {topic}");
        }
    }

    #[test]
    fn filters_take_in_names_of_every_depth_and_no_message_twice() {
        let first = FullTopic::new("%topic%/%prefix%/").unwrap();
        assert_eq!(first.filters(), ["+/tele/+", "+/stat/+", "+/+/tele/+", "+/+/stat/+"]);
        assert_eq!(first.filters_of("flat/3/hall"), ["+/+/+/tele/+", "+/+/+/stat/+"]);
        assert!(first.filters_of("flat/hall").is_empty());
        let last = FullTopic::new("flat/%prefix%/%topic%/").unwrap();
        assert_eq!(last.filters(), ["flat/tele/#", "flat/stat/#"]);
        assert!(last.filters_of("a/b/c/d").is_empty());
    }

    #[test]
    fn a_full_topic_without_its_two_parts_is_refused() {
        for written in ["tele/%topic%/", "%prefix%/", "%prefix%/%prefix%/%topic%", "%prefix%/+/%topic%", ""] {
            assert!(FullTopic::new(written).unwrap_err().contains("%prefix%/%topic%/"), "{written}");
        }
    }
}
