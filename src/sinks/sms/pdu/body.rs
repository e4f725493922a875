//! The words of a message: three codings, and the header of a part.

use super::{Malformed, Rest};
use crate::sinks::sms::gsm7;

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Coding {
    Gsm7,
    Octets,
    Ucs2,
}

/// The words of one message or of one part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// How they are coded.
    pub coding: Coding,
    /// Which part of how many, where it is one of several.
    pub part: Option<Part>,
    /// The words.
    pub text: String,
}

/// One part of a long message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The same for all parts of a message.
    pub reference: u16,
    /// From 1.
    pub number: u8,
    /// How many there are.
    pub of: u8,
}

const UCS2: u8 = 0x08;
const OCTETS: u8 = 0x04;
/// What one message carries, in octets.
const BODY_OCTETS_MAX: usize = 140;
const BODY_SEPTETS_MAX: usize = 160;

impl Coding {
    /// The octet that says so.
    pub(super) fn scheme(self) -> u8 {
        match self {
            Coding::Gsm7 => 0,
            Coding::Octets => OCTETS,
            Coding::Ucs2 => UCS2,
        }
    }
}

impl Body {
    /// Length and user data. What the coding cannot say is a question mark; `split` sees to it that nothing is.
    pub(super) fn write(&self) -> Vec<u8> {
        let header = self.part.map(Part::write).unwrap_or_default();
        let (length, words) = match self.coding {
            Coding::Gsm7 => {
                let septets = gsm7::encode(&self.text).unwrap_or_else(|| vec![0x3f]);
                let fill = fill_bits(header.len());
                ((header.len() * 8 + fill) / 7 + septets.len(), gsm7::pack(&septets, fill))
            }
            Coding::Octets => {
                let octets: Vec<u8> = self.text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
                (header.len() + octets.len(), octets)
            }
            Coding::Ucs2 => {
                let octets: Vec<u8> = self.text.encode_utf16().flat_map(u16::to_be_bytes).collect();
                (header.len() + octets.len(), octets)
            }
        };
        let length = u8::try_from(length).unwrap_or(u8::MAX);
        [vec![length], header, words].concat()
    }

    pub(super) fn read(coding: u8, has_header: bool, rest: &mut Rest<'_>) -> Result<Body, Malformed> {
        let coding = coding_of(coding)?;
        let length = usize::from(rest.octet()?);
        let (octets, most) = match coding {
            Coding::Gsm7 => ((length * 7).div_ceil(8), BODY_SEPTETS_MAX),
            Coding::Octets | Coding::Ucs2 => (length, BODY_OCTETS_MAX),
        };
        if length > most {
            return Err(Malformed::Length);
        }
        let data = rest.take(octets)?;
        let header_length = if has_header { 1 + usize::from(*data.first().ok_or(Malformed::Cut)?) } else { 0 };
        let header = data.get(..header_length).ok_or(Malformed::Cut)?;
        let words = data.get(header_length..).ok_or(Malformed::Cut)?;
        let text = match coding {
            Coding::Gsm7 => {
                let fill = fill_bits(header_length);
                let count = length.checked_sub((header_length * 8 + fill) / 7).ok_or(Malformed::Length)?;
                gsm7::decode(&gsm7::unpack(words, fill, count).ok_or(Malformed::Cut)?)
            }
            Coding::Octets => words.iter().copied().map(char::from).collect(),
            Coding::Ucs2 if words.len() % 2 == 1 => return Err(Malformed::Length),
            Coding::Ucs2 => {
                let unit = |pair: &[u8]| u16::from_be_bytes(pair.try_into().unwrap_or_default());
                let units: Vec<u16> = words.chunks_exact(2).map(unit).collect();
                String::from_utf16_lossy(&units)
            }
        };
        Ok(Body { coding, part: Part::read(header), text })
    }
}

/// The bits between a header and the first septet behind it.
fn fill_bits(header_octets: usize) -> usize {
    (7 - header_octets * 8 % 7) % 7
}

/// The data coding scheme (TS 23.038 clause 4).
fn coding_of(octet: u8) -> Result<Coding, Malformed> {
    let alphabet = match octet >> 2 & 0b11 {
        1 => Coding::Octets,
        2 => Coding::Ucs2,
        _ => Coding::Gsm7,
    };
    match octet >> 4 {
        0x0..=0x7 if octet & 0x20 != 0 => Err(Malformed::Compressed),
        0x0..=0x7 => Ok(alphabet),
        0xe => Ok(Coding::Ucs2),
        0xf if octet & 0x04 != 0 => Ok(Coding::Octets),
        _ => Ok(Coding::Gsm7),
    }
}

impl Part {
    /// The header of a joined message with a short reference.
    fn write(self) -> Vec<u8> {
        let [_, reference] = self.reference.to_be_bytes();
        vec![5, 0, 3, reference, self.of, self.number]
    }

    /// The part a header names; other elements of it are passed over.
    fn read(header: &[u8]) -> Option<Part> {
        let mut rest = Rest(header.get(1..)?);
        while let (Ok(element), Ok(length)) = (rest.octet(), rest.octet()) {
            let content = rest.take(usize::from(length)).ok()?;
            let part = match (element, content) {
                (0x00, &[reference, of, number]) => Part { reference: reference.into(), number, of },
                (0x08, &[high, low, of, number]) => Part { reference: u16::from_be_bytes([high, low]), number, of },
                _ => continue,
            };
            return Some(part);
        }
        None
    }
}
