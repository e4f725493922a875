//! Payloads of Milesight's LoRaWAN sensors: what stands on which channel of which model.
//!
//! ```text
//! CH TT DD …   CH TT DD …        channel, type, value; numbers little-endian
//! 01 75 64                       battery 100 %
//! 03 00 01                       WS202: motion. WS301: open. WS303: leak. VS370: occupied
//! ff 2e 01                       WS101: 1 short, 2 long, 3 double press
//! ff 0a 01 14                    ff: what the device is (versions, serial number, class), by type alone
//! ```
//!
//! Source: the vendor's own decoders (Milesight-IoT/SensorDecoders). Where its documents contradict them, the decoder is
//! followed: tamper 1 of a WS301 is "uninstalled", although the example beside it says "installed". A channel that is not
//! listed ends the reading, as in those decoders, since its length is unknown. What a device kept while it could not
//! send (channel 20 ce) is history and is passed over.

use crate::model::observation::{Evidence, Measure, Press};

/// A model whose payloads can be read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model(&'static [Field]);

/// What a payload says.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    /// Of the device.
    pub says: Vec<(Measure, Evidence)>,
    /// Of its fall alarm (VS373): `true` = somebody fell, `false` = the alarm is over.
    pub falls: Vec<bool>,
    /// Channel and type that the model should not have, in hex.
    pub unknown: Option<String>,
}

impl Model {
    /// By the name in a config: `milesight-ws202`.
    pub fn named(name: &str) -> Result<Model, String> {
        let lower = name.trim().to_lowercase();
        let model = lower.strip_prefix("milesight-").unwrap_or(&lower);
        match MODELS.iter().find(|(known, _)| *known == model) {
            Some((_, fields)) => Ok(Model(fields)),
            None => {
                let known: Vec<_> = MODELS.iter().map(|(known, _)| format!("milesight-{known}")).collect();
                Err(format!(
                    "decoder {name:?} is not known; known are {}; for others give pointer and kind over what the network decoded",
                    known.join(", ")
                ))
            }
        }
    }

    /// Whether it tells of falls.
    pub fn knows_falls(self) -> bool {
        self.0.iter().any(|field| field.says == Says::Alarm)
    }

    /// What `payload` says; cut short where nothing whole stands in it.
    pub fn read(self, payload: &[u8]) -> Result<Said, &'static str> {
        let mut said = Said::default();
        let mut rest = payload;
        while let [channel, kind, after @ ..] = rest {
            let Some(field) = self.0.iter().chain(COMMON).find(|field| field.at == (*channel, *kind)) else {
                said.unknown = Some(format!("{channel:02x}{kind:02x}"));
                break;
            };
            let Some((value, behind)) = after.split_at_checked(field.length) else { break };
            field.says.read(value, &mut said);
            rest = behind;
        }
        let is_whole = rest.is_empty() || said.unknown.is_some();
        if is_whole || !said.says.is_empty() { Ok(said) } else { Err("payload_cut") }
    }
}

/// A value on a channel.
#[derive(Debug, PartialEq)]
struct Field {
    at: (u8, u8),
    length: usize,
    says: Says,
}

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    /// Nothing for us, but its length is known.
    Nothing,
    Battery,
    Motion,
    Presence,
    Open,
    Leak,
    Tamper,
    /// 0 dim, 1 bright; 0xfe: the sensor does not look.
    Daylight,
    Press,
    Celsius,
    Humidity,
    /// VS373: who is where in the room.
    Room,
    /// VS373: number, kind, state and region of an alarm.
    Alarm,
}

impl Says {
    /// Values that the vendor does not list are unknown.
    fn read(self, value: &[u8], said: &mut Said) {
        let truth = match value {
            [0, ..] => Some(false),
            [1, ..] => Some(true),
            _ => None,
        };
        let measure = match (self, value) {
            (Says::Battery, [percent]) => (*percent <= 100).then(|| Measure::BatteryPercent(f64::from(*percent))),
            (Says::Motion, _) => truth.map(Measure::Motion),
            (Says::Presence, _) => truth.map(Measure::Presence),
            (Says::Open, _) => truth.map(Measure::Contact),
            (Says::Leak, _) => truth.map(Measure::Leak),
            (Says::Tamper, _) => truth.map(Measure::Tamper),
            (Says::Daylight, _) => truth.map(|bright| Measure::Dark(!bright)),
            (Says::Press, [press]) => {
                let press = match press {
                    1 => Press::Single,
                    2 => Press::Long,
                    3 => Press::Double,
                    // A key was pressed, whatever the firmware calls it.
                    other => Press::Other(format!("press_{other}")),
                };
                said.says.push((Measure::Button(press), Evidence::Event));
                None
            }
            (Says::Celsius, [low, high, ..]) => {
                let celsius = f64::from(i16::from_le_bytes([*low, *high])) / 10.0;
                (-60.0..=150.0).contains(&celsius).then_some(Measure::TemperatureCelsius(celsius))
            }
            (Says::Humidity, [half]) => (*half <= 200).then(|| Measure::HumidityPercent(f64::from(*half) / 2.0)),
            // 1 is an empty room; in bed, out of bed and fallen are all somebody.
            (Says::Room, [state, ..]) => match state {
                1 => Some(Measure::Presence(false)),
                0 | 2..=4 => Some(Measure::Presence(true)),
                _ => None,
            },
            (Says::Alarm, [_, _, FALL, state, _]) => {
                match state {
                    1 => said.falls.push(true),
                    2 | 3 => said.falls.push(false),
                    _ => {}
                }
                None
            }
            (
                Says::Nothing | Says::Battery | Says::Press | Says::Celsius | Says::Humidity | Says::Room | Says::Alarm,
                _,
            ) => None,
        };
        said.says.extend(measure.map(|measure| (measure, Evidence::Level)));
    }
}

const fn field(channel: u8, kind: u8, length: usize, says: Says) -> Field {
    Field { at: (channel, kind), length, says }
}

/// The kind of alarm that is a fall.
const FALL: u8 = 0;

const COMMON: &[Field] = &[
    field(0x01, 0x75, 1, Says::Battery),
    field(0xff, 0x01, 1, Says::Nothing),
    field(0xff, 0x08, 6, Says::Nothing),
    field(0xff, 0x09, 2, Says::Nothing),
    field(0xff, 0x0a, 2, Says::Nothing),
    field(0xff, 0x0b, 1, Says::Nothing),
    field(0xff, 0x0f, 1, Says::Nothing),
    field(0xff, 0x16, 8, Says::Nothing),
    field(0xff, 0x18, 2, Says::Nothing),
    field(0xff, 0xfe, 1, Says::Nothing),
    field(0xff, 0xff, 2, Says::Nothing),
];

const MODELS: &[(&str, &[Field])] = &[
    ("ws101", &[field(0xff, 0x2e, 1, Says::Press)]),
    ("ws202", &[field(0x03, 0x00, 1, Says::Motion), field(0x04, 0x00, 1, Says::Daylight)]),
    (
        "ws203",
        &[
            CELSIUS,
            HUMIDITY,
            field(0x05, 0x00, 1, Says::Motion),
            field(0x83, 0x67, 3, Says::Celsius),
            field(0x20, 0xce, 9, Says::Nothing),
        ],
    ),
    ("ws301", &[field(0x03, 0x00, 1, Says::Open), field(0x04, 0x00, 1, Says::Tamper)]),
    ("ws303", &[field(0x03, 0x00, 1, Says::Leak)]),
    ("em300-mcs", &[CELSIUS, HUMIDITY, field(0x06, 0x00, 1, Says::Open), field(0x20, 0xce, 8, Says::Nothing)]),
    ("em300-sld", EM300_LEAK),
    ("em300-zld", EM300_LEAK),
    ("em300-mld", EM300_LEAK),
    ("em300-th", &[CELSIUS, HUMIDITY, field(0x20, 0xce, 7, Says::Nothing)]),
    (
        "vs330",
        &[
            field(0x02, 0x82, 2, Says::Nothing), // distance
            field(0x03, 0x8e, 1, Says::Presence),
            field(0x04, 0x8e, 1, Says::Nothing), // calibration
        ],
    ),
    ("vs340", SEAT),
    ("vs341", SEAT),
    ("vs370", &[field(0x03, 0x00, 1, Says::Presence), field(0x04, 0x00, 1, Says::Daylight)]),
    (
        "vs373",
        &[
            field(0x03, 0xf8, 6, Says::Room),
            field(0x04, 0xf9, 4, Says::Nothing), // regions
            field(0x05, 0xfa, 8, Says::Nothing), // times out of bed
            field(0x06, 0xfb, 5, Says::Alarm),
            field(0x20, 0xce, 9, Says::Nothing),
        ],
    ),
];

const CELSIUS: Field = field(0x03, 0x67, 2, Says::Celsius);
const HUMIDITY: Field = field(0x04, 0x68, 1, Says::Humidity);
const SEAT: &[Field] = &[field(0x03, 0x00, 1, Says::Presence)];
const EM300_LEAK: &[Field] =
    &[CELSIUS, HUMIDITY, field(0x05, 0x00, 1, Says::Leak), field(0x20, 0xce, 8, Says::Nothing)];

#[cfg(test)]
mod tests {
    use super::*;

    fn measures(model: &str, payload: &[u8]) -> Vec<Measure> {
        Model::named(model).unwrap().read(payload).unwrap().says.into_iter().map(|(measure, _)| measure).collect()
    }

    #[test]
    fn each_model_reads_its_own_channels() {
        use Measure::*;
        assert_eq!(measures("milesight-ws202", &[3, 0, 0, 4, 0, 1]), [Motion(false), Dark(false)]);
        assert_eq!(measures("milesight-ws301", &[3, 0, 0, 4, 0, 0]), [Contact(false), Tamper(false)]);
        assert_eq!(measures("MILESIGHT-WS101", &[0xff, 0x2e, 3]), [Button(Press::Double)]);
        assert_eq!(
            measures("milesight-ws203", &[3, 0x67, 0xf6, 0xff, 4, 0x68, 90, 5, 0, 1]),
            [TemperatureCelsius(-1.0), HumidityPercent(45.0), Motion(true)]
        );
        assert_eq!(measures("milesight-em300-mcs", &[1, 0x75, 80, 6, 0, 1]), [BatteryPercent(80.0), Contact(true)]);
        assert_eq!(measures("milesight-em300-zld", &[5, 0, 1]), [Leak(true)]);
        assert_eq!(measures("milesight-vs330", &[2, 0x82, 15, 0, 3, 0x8e, 1]), [Presence(true)]);
        assert_eq!(measures("milesight-vs370", &[3, 0, 1, 4, 0, 0xfe]), [Presence(true)], "no eye for light");
        assert_eq!(measures("milesight-vs373", &[3, 0xf8, 1, 0, 0, 0, 0, 0]), [Presence(false)]);
    }

    #[test]
    fn a_fall_is_told_and_its_end_too() {
        let model = Model::named("milesight-vs373").unwrap();
        let falls = |payload: &[u8]| model.read(payload).unwrap().falls;
        assert_eq!(falls(&[6, 0xfb, 1, 0, 0, 1, 0xff]), [true]);
        assert_eq!(falls(&[6, 0xfb, 1, 0, 0, 2, 0xff]), [false]);
        assert_eq!(falls(&[6, 0xfb, 1, 0, 5, 1, 0xff]), [false; 0], "an empty room is no fall");
        assert_eq!(falls(&[6, 0xfb, 1, 0, 0, 4, 0xff]), [false; 0], "a report of the state is no fall");
        assert_eq!(falls(&[0x20, 0xce, 0, 0, 0, 0, 1, 0, 0, 1, 0xff]), [false; 0], "history is no fall");
    }

    #[test]
    fn an_unknown_channel_ends_the_reading_and_a_cut_payload_says_so() {
        let model = Model::named("milesight-ws202").unwrap();
        let said = model.read(&[3, 0, 1, 9, 9, 4, 0, 0]).unwrap();
        assert_eq!((said.says.len(), said.unknown.as_deref()), (1, Some("0909")));
        assert_eq!(model.read(&[3, 0]), Err("payload_cut"));
        assert_eq!(model.read(&[3]), Err("payload_cut"));
        assert_eq!(model.read(&[3, 0, 1, 4, 0]).unwrap().says, [(Measure::Motion(true), Evidence::Level)]);
        assert!(model.read(&[1, 0x75, 255]).unwrap().says.is_empty(), "255 % is unknown");
    }

    #[test]
    fn an_unknown_model_is_answered_with_the_known_ones() {
        assert!(Model::named("milesight-ws999").unwrap_err().contains("milesight-ws202"));
    }
}
