//! What a way out is besides a way out, as its settings say: most kinds are nothing of it.

use crate::model::level::{Level, Supervision};
use crate::sinks::sms::Phones;
use crate::sinks::sms::address::Address;

/// Asked of the settings of every kind of channel; a kind says only in what it differs.
pub trait Nature: Clone {
    /// How closely it is watched, unless the config says otherwise.
    fn supervision(&self) -> Supervision {
        Level::Hours25.into()
    }

    /// Whether its receiver sets how closely it is watched, by a key of the kind's own.
    fn has_own_supervision(&self) -> bool {
        false
    }

    /// Whether it tells its receiver of sensors by their number.
    fn numbers_sensors(&self) -> bool {
        false
    }

    /// Whether it ends at people's phones, whom a test disturbs.
    fn tells_people(&self) -> bool {
        false
    }

    /// The serial port it has for itself, if it has one.
    fn port(&self) -> Option<&str> {
        None
    }

    /// The telephones of the channel itself, where it is a modem; each addressee may have others.
    fn phones(&self) -> Option<&[Address]> {
        None
    }

    /// The same channel for an addressee with these telephones; only a modem makes a difference.
    fn to_phones(&self, _: &Phones) -> Self {
        self.clone()
    }
}
