//! Sensors on a Modbus (RS-485): wired PIRs, pull cords, input modules, thermometers; the gateway asks them in turn.
//!
//! ```text
//! UU FF AA AA NN NN CC CC  UU FF LL DD … DD CC CC      a request and its answer, as they were on the wire (modbus_rtu.rs)
//! UU FF AA AA NN NN CC CC  UU 8F 0B CC CC              a device that does not answer, as a Modbus gateway says it
//! ```
//!
//! Which unit, function and address mean what is in each device's sheet; there is no common map. What is asked stands on the
//! port: `modbus = { polls = [{ unit = 1, function = "discrete_inputs", address = 0, count = 8, every = "1s" }] }`.
//!
//! An answer is the present state, never an event: the change of it is. Two presses between two polls are one, and one
//! that is over before the next poll is none: a push button wants a module that latches it. A button that is held
//! when it is first looked at counts as pressed, because a pulled cord stays pulled while the gateway starts.

use crate::devices::edges::{Edges, News};
use crate::devices::framing;
use crate::devices::modbus_rtu::{self, Frame, Frames, Request};
use crate::devices::{Decoded, Decoder, Identity, reading};
use crate::model::frame::{Origin, Poll, RawFrame, Table};
use crate::model::observation::{Availability, Evidence, Measure, Reading};
use std::collections::BTreeSet;

pub use crate::devices::modbus_address::{Address, Settings, address_toml};

/// One sentence for the table.
pub const SUMMARY: &str = "sensors on a Modbus RTU line (RS-485), asked in turn";

/// An address as written in a config.
pub const EXAMPLE: &str =
    "modbus = { port = \"rs485\", unit = 1, function = \"discrete_inputs\", address = 0, kind = \"motion\" }";

/// What most such devices are delivered with.
pub const BAUD: u32 = 9_600;

/// The decoder for the values of the config.
pub fn decoder(settings: &Settings, addresses: Vec<Address>) -> impl Decoder + use<> {
    let addresses = addresses.into_iter().map(|address| (address.device(), address)).collect();
    Modbus {
        addresses,
        polls: settings.bus.polls.clone(),
        asked: None,
        measured: Edges::new(1),
        noted: Edges::new(NOTED_AGAIN_AFTER),
        absent: BTreeSet::new(),
    }
}

/// Cuts what was captured on a line; the gateway's own polls come as whole frames.
pub fn framer(_settings: &Settings) -> framing::Frames<Frames> {
    framing::Frames::new(Frames)
}

struct Modbus {
    addresses: Vec<(String, Address)>,
    polls: Vec<Poll>,
    /// The request before, which says what the values of an answer are.
    asked: Option<Request>,
    measured: Edges<Option<Measure>>,
    noted: Edges<Vec<u8>>,
    /// Units that do not answer.
    absent: BTreeSet<u8>,
}

impl Decoder for Modbus {
    fn decode(&mut self, frame: &RawFrame) -> Decoded {
        let Origin::Serial { port } = &frame.from else { return Decoded::NotMine };
        let mut readings = Vec::new();
        let asked = self.asked.take();
        let (part, length) = match modbus_rtu::parse(&frame.bytes, asked) {
            Ok(first) => first,
            Err(why) => return Decoded::Malformed(why.to_owned()),
        };
        self.take(port, part, asked, frame, &mut readings);
        // A poll of our own: the answer follows, perhaps behind noise of the line being turned round.
        let answer = frame.bytes.get(length..).unwrap_or_default();
        if !answer.is_empty() {
            let asked = self.asked.take();
            let tries = (0..=TURNING_BYTES_MAX).filter_map(|skipped| answer.get(skipped..));
            let mut found = tries.map(|rest| modbus_rtu::parse(rest, asked));
            match found.find(Result::is_ok).unwrap_or_else(|| modbus_rtu::parse(answer, asked)) {
                Ok((part, _)) => self.take(port, part, asked, frame, &mut readings),
                Err(why) => return Decoded::Malformed(why.to_owned()),
            }
        }
        Decoded::Readings(readings)
    }

    fn forget(&mut self) {
        self.asked = None;
        self.measured.all_due();
    }
}

impl Modbus {
    fn take(
        &mut self,
        port: &str,
        part: Frame<'_>,
        asked: Option<Request>,
        frame: &RawFrame,
        readings: &mut Vec<Reading>,
    ) {
        match part {
            Frame::Request(request) => {
                self.asked = Some(request);
                self.note_request(port, request, frame, readings);
            }
            Frame::Answer { unit, table, values } => {
                self.present(unit, true, readings);
                let asked = asked.filter(|asked| asked.fits(unit, table, values));
                if let Some(asked) = asked {
                    self.read(asked, values, frame.retained, readings);
                }
                self.note_answer(port, (unit, table), values, frame, readings);
            }
            Frame::Exception { unit, function, code } => {
                let is_absent = matches!(code, 0x0a | 0x0b);
                self.present(unit, !is_absent, readings);
                let device = format!("{port}: {unit}");
                if self.noted.news(&format!("{device} function {function}"), vec![code]).is_some() {
                    let text = format!("function {function}: {}", why(code));
                    let note = Measure::Note { kind: "modbus_exception".to_owned(), text };
                    readings.push(reading(&device, note, Evidence::Event, frame.retained));
                }
            }
            Frame::Write { unit, function } => {
                let device = format!("{port}: {unit}");
                if self.noted.news(&format!("{device} write {function}"), Vec::new()).is_some() {
                    let text = format!("function {function} writes");
                    let note = Measure::Note { kind: "modbus".to_owned(), text };
                    readings.push(reading(&device, note, Evidence::Event, frame.retained));
                }
            }
        }
    }

    /// What the registered values of an answer say: changes at once, what stays the same once a minute.
    fn read(&mut self, asked: Request, values: &[u8], retained: bool, readings: &mut Vec<Reading>) {
        let every = self.polls.iter().find(|poll| {
            (poll.unit, poll.table, poll.address, poll.count) == (asked.unit, asked.table, asked.address, asked.count)
        });
        let again_after = every.map_or(NOTED_AGAIN_AFTER, |poll| (MINUTE_MILLIS / poll.every_millis.max(1)).max(1));
        for (device, address) in &self.addresses {
            if (address.unit, address.table) != (asked.unit, asked.table) {
                continue;
            }
            let Some(raw) = asked.value(address.address, values) else { continue };
            let measure = address.meaning.read(address.value(raw));
            let is_press = matches!(measure, Some(Measure::Button(_)));
            let (measure, evidence) = match self.measured.news_of(device, measure.clone(), again_after) {
                None => continue,
                Some(News::Change) if is_press => (measure, Evidence::Event),
                // A held button is one press, and one that is let go is no press: that its module answers is said all the same.
                Some(News::Again) if is_press => (None, Evidence::Level),
                Some(News::Change | News::Again) => (measure, Evidence::Level),
            };
            readings.push(reading(device, measure.unwrap_or(Measure::Alive), evidence, retained));
        }
    }

    /// A unit answers again, or does not: all its sensors are told of.
    fn present(&mut self, unit: u8, is_present: bool, readings: &mut Vec<Reading>) {
        let is_news = if is_present { self.absent.remove(&unit) } else { self.absent.insert(unit) };
        if !is_news {
            return;
        }
        let availability = if is_present { Availability::Online } else { Availability::Offline };
        let of_unit = self.addresses.iter().filter(|(_, address)| address.unit == unit);
        readings.extend(
            of_unit.map(|(device, _)| reading(device, Measure::Availability(availability), Evidence::Level, false)),
        );
    }

    /// What is asked for, for the technician who looks for an address; not where the values are registered.
    fn note_request(&mut self, port: &str, request: Request, frame: &RawFrame, readings: &mut Vec<Reading>) {
        let Request { unit, table, address, count } = request;
        let table_name = table.name();
        if self.is_registered(unit, table)
            || self.noted.news(&format!("{unit}/{table_name}/{address}+{count}"), Vec::new()).is_none()
        {
            return;
        }
        // Each value by itself, as it would be registered.
        for nth in 0..count.min(ASKED_SHOWN_MAX) {
            let device = format!("{port}: {unit}/{table_name}/{}", address.saturating_add(nth));
            let text = format!("one of {count} from {address}");
            let note = Measure::Note { kind: "modbus_request".to_owned(), text };
            readings.push(reading(&device, note, Evidence::Event, frame.retained));
        }
    }

    /// What is answered, likewise.
    fn note_answer(
        &mut self,
        port: &str,
        (unit, table): (u8, Table),
        values: &[u8],
        frame: &RawFrame,
        readings: &mut Vec<Reading>,
    ) {
        if self.is_registered(unit, table) {
            return;
        }
        let device = format!("{port}: {unit}/{}", table.name());
        let text = shown(table, values);
        if self.noted.news(&device, text.clone().into_bytes()).is_some() {
            let note = Measure::Note { kind: "modbus".to_owned(), text };
            readings.push(reading(&device, note, Evidence::Event, frame.retained));
        }
    }

    fn is_registered(&self, unit: u8, table: Table) -> bool {
        self.addresses.iter().any(|(_, address)| (address.unit, address.table) == (unit, table))
    }
}

/// The values in numbers, as many as fit a line.
fn shown(table: Table, values: &[u8]) -> String {
    let words: Vec<String> = if modbus_rtu::is_bits(table) {
        values.iter().take(SHOWN_MAX).map(|byte| format!("{:08b}", byte.reverse_bits())).collect()
    } else {
        let pairs = values.as_chunks::<2>().0;
        pairs.iter().take(SHOWN_MAX).map(|pair| u16::from_be_bytes(*pair).to_string()).collect()
    };
    words.join(" ")
}

fn why(code: u8) -> String {
    let words = match code {
        1 => "no such function",
        2 => "no such address",
        3 => "no such value",
        4 => "the device has failed",
        6 => "busy",
        0x0a => "no way to the unit",
        0x0b => "the unit does not answer",
        _ => "an exception of its own",
    };
    format!("{code} {words}")
}

const TURNING_BYTES_MAX: usize = 8;
/// As many registers as one request can ask for.
const ASKED_SHOWN_MAX: u16 = 125;
const SHOWN_MAX: usize = 16;
const MINUTE_MILLIS: u32 = 60_000;
/// What is not polled by us comes at a rate nobody knows.
const NOTED_AGAIN_AFTER: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Press;

    /// A cord on bit 0 of unit 1 that says when it is pulled and when it is let go, asked every second.
    fn cord() -> impl Decoder {
        let address =
            r#"{"port":"r","unit":1,"function":"coils","address":0,"kind":"button","values":{"sos":1,"released":0}}"#;
        let settings = r#"{"polls":[{"unit":1,"function":"coils","address":0,"every":"1s"}]}"#;
        decoder(&serde_json::from_str(settings).unwrap(), vec![serde_json::from_str(address).unwrap()])
    }

    fn answered(decoder: &mut impl Decoder, bit: u8) -> Vec<(Measure, Evidence)> {
        let with_crc = |bytes: &[u8]| [bytes, &modbus_rtu::crc16(bytes).to_le_bytes()].concat();
        let bytes = [with_crc(&[1, 1, 0, 0, 0, 1]), with_crc(&[1, 1, 1, bit])].concat();
        let from = Origin::Serial { port: "r".to_owned() };
        let Decoded::Readings(readings) = decoder.decode(&RawFrame { from, bytes, retained: false }) else { panic!() };
        readings.into_iter().map(|reading| (reading.measure, reading.evidence)).collect()
    }

    #[test]
    fn a_button_that_stays_as_it_is_is_pressed_once_and_known_to_be_alive() {
        let mut cord = cord();
        for (bit, press) in [(0, Press::Release), (1, Press::Sos), (0, Press::Release)] {
            assert_eq!(answered(&mut cord, bit), [(Measure::Button(press), Evidence::Event)]);
            let rest: Vec<_> = (0..180).flat_map(|_| answered(&mut cord, bit)).collect();
            assert_eq!(rest, [const { (Measure::Alive, Evidence::Level) }; 3], "once a minute, and no press");
        }
    }

    #[test]
    fn a_cord_that_stayed_pulled_while_the_line_was_cut_is_no_new_press() {
        let mut cord = cord();
        answered(&mut cord, 1);
        cord.forget();
        assert_eq!(answered(&mut cord, 1), [(Measure::Alive, Evidence::Level)]);
        cord.forget();
        assert_eq!(answered(&mut cord, 0), [(Measure::Button(Press::Release), Evidence::Event)]);
    }
}
