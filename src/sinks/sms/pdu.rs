//! Messages as octets (3GPP TS 23.040): SMS-SUBMIT out, SMS-DELIVER and SMS-STATUS-REPORT in, and all three back again.
//!
//! Pure. What is cut, too long or reserved is refused; nothing is guessed. [`address`](super::address) has the numbers.

mod body;

use super::address::Address;

use crate::model::hex;
use crate::model::time::Timestamp;
pub use body::{Body, Coding, Part};
use chrono::{FixedOffset, NaiveDate, TimeZone, Utc};

/// A message that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// The service centre it went or goes through; absent for the one on the SIM.
    pub centre: Option<Address>,
    /// What it is.
    pub message: Message,
}

/// What a PDU is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// On its way to us.
    Deliver(Deliver),
    /// On its way from us.
    Submit(Submit),
    /// What became of one of ours.
    Report(Report),
}

/// A message from somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// Whose.
    pub from: Address,
    /// When the service centre had it; absent where that cannot be read.
    pub at: Option<Timestamp>,
    /// The words, as they were coded.
    pub body: Body,
}

/// A message to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// The number the modem gives it; 0 lets it choose.
    pub reference: u8,
    /// To whom.
    pub to: Address,
    /// How long the network may try.
    pub validity: Validity,
    /// Whether the network says what became of it.
    pub wants_report: bool,
    /// The words, as they are coded.
    pub body: Body,
}

/// How long the network may try to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// As long as it likes.
    Unlimited,
    /// A relative one, in the octet of the standard.
    Relative(u8),
    /// Seven octets, read and not used.
    Other,
}

impl Validity {
    /// So many minutes, rounded up to the next step of the standard: 5 minutes to 12 hours, then half hours, days, weeks.
    pub fn minutes(minutes: u32) -> Validity {
        let octet = match minutes {
            0..=720 => minutes.div_ceil(5).max(1) - 1,
            721..=1440 => 143 + (minutes - 720).div_ceil(30),
            1441..=43_200 => 166 + minutes.div_ceil(1440),
            _ => 192 + minutes.div_ceil(10_080),
        };
        Validity::Relative(u8::try_from(octet).unwrap_or(u8::MAX))
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The number the network gave the message.
    pub reference: u8,
    /// Whose phone.
    pub to: Address,
    /// What became of it, in the octet of the standard (TP-ST).
    pub status: u8,
}

impl Report {
    /// What the octet means.
    pub fn fate(&self) -> Fate {
        match self.status {
            0x00..=0x1f => Fate::Delivered,
            0x20..=0x3f => Fate::Tried,
            0x40..=0xff => Fate::Failed,
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The phone has it; that somebody read it is not said.
    Delivered,
    /// The network goes on trying.
    Tried,
    /// The network has given up.
    Failed,
}

/// Why octets are no message that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It ends too soon.
    #[error("it is cut")]
    Cut,
    /// There is more than there should be.
    #[error("it goes on behind its end")]
    TooLong,
    /// A type of message that is reserved.
    #[error("its type is reserved")]
    Type,
    /// An address that cannot be one.
    #[error("its number is none")]
    Address,
    /// A coding that is not read here: compressed.
    #[error("it is compressed")]
    Compressed,
    /// UCS-2 with half a character, or more than a message holds.
    #[error("its length does not fit its coding")]
    Length,
    /// Not hexadecimal digits in pairs.
    #[error("these are no hexadecimal digits in pairs")]
    Digits,
}

/// Octets written as digits.
pub fn octets(digits: &str) -> Result<Vec<u8>, Malformed> {
    hex::bytes(digits.as_bytes()).ok_or(Malformed::Digits)
}

impl Pdu {
    /// Reads a message with its service centre before it, as modems write it.
    pub fn read(octets: &[u8]) -> Result<Pdu, Malformed> {
        let mut rest = Rest(octets);
        let length = usize::from(rest.octet()?);
        let centre = match length {
            0 => None,
            1 => return Err(Malformed::Address),
            _ => Some(Address::read_centre(rest.take(length)?).ok_or(Malformed::Address)?),
        };
        let first = rest.octet()?;
        let message = match first & 0b11 {
            0b00 => Message::Deliver(deliver(first, &mut rest)?),
            0b01 => Message::Submit(submit(first, &mut rest)?),
            0b10 => Message::Report(report(&mut rest)?),
            _ => return Err(Malformed::Type),
        };
        if rest.0.is_empty() { Ok(Pdu { centre, message }) } else { Err(Malformed::TooLong) }
    }

    /// The same where the modem said how many octets stand behind the service centre.
    pub fn read_of_length(octets: &[u8], length: usize) -> Result<Pdu, Malformed> {
        let centre = octets.first().map_or(0, |length| usize::from(*length) + 1);
        match octets.len().cmp(&(centre + length)) {
            std::cmp::Ordering::Less => Err(Malformed::Cut),
            std::cmp::Ordering::Greater => Err(Malformed::TooLong),
            std::cmp::Ordering::Equal => Pdu::read(octets),
        }
    }
}

const WANTS_REPORT: u8 = 0x20;
const HAS_HEADER: u8 = 0x40;
impl Submit {
    /// The octets for a modem, and how many of them stand behind the service centre: what `AT+CMGS` wants to know.
    pub fn write(&self, centre: Option<&Address>) -> (Vec<u8>, usize) {
        let mut all = centre.map_or_else(|| vec![0], Address::write_centre);
        let begin = all.len();
        let (format, validity) = match self.validity {
            Validity::Relative(octet) => (0x10, Some(octet)),
            Validity::Unlimited | Validity::Other => (0, None),
        };
        let report = if self.wants_report { WANTS_REPORT } else { 0 };
        let header = if self.body.part.is_some() { HAS_HEADER } else { 0 };
        all.extend([0x01 | format | report | header, self.reference]);
        all.extend(self.to.write());
        all.push(0);
        all.push(self.body.coding.scheme());
        all.extend(validity);
        all.extend(self.body.write());
        let length = all.len() - begin;
        (all, length)
    }
}

fn deliver(first: u8, rest: &mut Rest<'_>) -> Result<Deliver, Malformed> {
    let from = rest.address()?;
    let _protocol = rest.octet()?;
    let coding = rest.octet()?;
    let at = instant(rest.take(7)?);
    let body = Body::read(coding, first & HAS_HEADER != 0, rest)?;
    Ok(Deliver { from, at, body })
}

fn submit(first: u8, rest: &mut Rest<'_>) -> Result<Submit, Malformed> {
    let reference = rest.octet()?;
    let to = rest.address()?;
    let _protocol = rest.octet()?;
    let coding = rest.octet()?;
    let validity = match first >> 3 & 0b11 {
        0b00 => Validity::Unlimited,
        0b10 => Validity::Relative(rest.octet()?),
        _ => {
            rest.take(7)?;
            Validity::Other
        }
    };
    let body = Body::read(coding, first & HAS_HEADER != 0, rest)?;
    Ok(Submit { reference, to, validity, wants_report: first & WANTS_REPORT != 0, body })
}

fn report(rest: &mut Rest<'_>) -> Result<Report, Malformed> {
    let reference = rest.octet()?;
    let to = rest.address()?;
    // When the service centre had it, and when it was done with it.
    rest.take(14)?;
    let status = rest.octet()?;
    // What a report may say beyond that is of no use here.
    rest.0 = &[];
    Ok(Report { reference, to, status })
}

/// Seven octets of swapped digits: year to second, and the zone in quarters of an hour.
fn instant(octets: &[u8]) -> Option<Timestamp> {
    let two = |nth: usize| {
        let octet = octets.get(nth)?;
        let (tens, ones) = (octet & 0x0f, octet >> 4);
        (tens < 10 && ones < 10).then(|| u32::from(tens * 10 + ones))
    };
    let date = NaiveDate::from_ymd_opt(2000 + i32::try_from(two(0)?).ok()?, two(1)?, two(2)?)?;
    let wall = date.and_hms_opt(two(3)?, two(4)?, two(5)?)?;
    let zone = octets.get(6)?;
    let quarters = i32::from((zone & 0x07) * 10 + (zone >> 4));
    let east = if zone & 0x08 == 0 { quarters } else { -quarters };
    let zone = FixedOffset::east_opt(east * 15 * 60)?;
    Some(zone.from_local_datetime(&wall).single()?.with_timezone(&Utc))
}

/// What is still to be read.
struct Rest<'o>(&'o [u8]);

impl<'o> Rest<'o> {
    fn octet(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed::Cut)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, count: usize) -> Result<&'o [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A length in digits, a type, and the digits.
    fn address(&mut self) -> Result<Address, Malformed> {
        let length = usize::from(self.octet()?);
        let kind = self.octet()?;
        let digits = self.take(length.div_ceil(2))?;
        Address::read(length, kind, digits).ok_or(Malformed::Address)
    }
}

#[cfg(test)]
mod tests;
