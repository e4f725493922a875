//! One policy for one person: what a profile sets where the configuration says nothing else.
//!
//! Written as a configuration is, so that what `check` prints is what a technician would write. A single key in the file wins.

use serde::{Deserialize, Serialize};

/// For whom the rules are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// As every default stands.
    #[default]
    Usual,
    /// Somebody who would not get up again by themselves: sooner, at the price of more unneeded alerts.
    Frail,
    /// Somebody who goes out and sleeps late: later.
    Independent,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Profile; 3] = [Profile::Usual, Profile::Frail, Profile::Independent];

    /// Its word in a configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Usual => "usual",
            Profile::Frail => "frail",
            Profile::Independent => "independent",
        }
    }

    /// What it sets, as the section `[rules]` of a configuration.
    pub fn text(self) -> &'static str {
        match self {
            Profile::Usual => "",
            Profile::Frail => FRAIL,
            Profile::Independent => INDEPENDENT,
        }
    }
}

const FRAIL: &str = r#"inactivity.windows = [{ from = "09:00", to = "21:00", at_most = "4h" }, { from = "21:00", to = "09:00", at_most = "10h" }]
long_in_room.bathrooms = { by_day = "1h 30m", by_night = "1h 30m" }
out_of_bed.at_most = "30m"
night_door.back_within = "10m"
daily_contact.by = "09:00"
range.temperature = { below = 16.0, above = 30.0, back_by = 1.0, lasts = "30m" }
"#;

const INDEPENDENT: &str = r#"night = { from = "23:30", to = "05:00" }
inactivity.windows = [{ from = "09:00", to = "21:00", at_most = "9h" }, { from = "21:00", to = "09:00", at_most = "12h" }]
long_in_room.bathrooms = { by_day = "3h", by_night = "3h" }
out_of_bed.at_most = "1h"
night_door.back_within = "30m"
daily_contact.by = "11:00"
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::Settings;

    #[test]
    fn every_profile_is_a_configuration_and_the_usual_one_changes_nothing() {
        for profile in Profile::ALL {
            let settings: Settings =
                toml::from_str(profile.text()).unwrap_or_else(|error| panic!("{profile:?}: {error}"));
            assert_eq!(settings == Settings::default(), profile == Profile::Usual);
        }
    }
}
