//! Telephone numbers: as a person writes them, and as octets (3GPP TS 23.040 clause 9.1.2.5).

use super::gsm7;
use serde::Deserialize;
use std::fmt;

/// A telephone number, or the name a sender gives itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Address {
    kind: Kind,
    /// Digits without `+`, or the name.
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    International,
    /// As it is dialled; the octet of the type is kept.
    Other(u8),
    Name,
}

const INTERNATIONAL: u8 = 0x91;
const UNKNOWN: u8 = 0x81;
/// The digits of a half octet; `C` to `E` are what the standard writes `a`, `b`, `c`.
const DIGITS: [char; 15] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'a', 'b', 'c'];

impl Address {
    /// Whether both are the same phone: a network may write a number with its country or without.
    pub fn is_same_phone(&self, other: &Address) -> bool {
        let is_name = |address: &Address| address.kind == Kind::Name;
        if is_name(self) || is_name(other) {
            return false;
        }
        let (mine, theirs) = (self.text.trim_start_matches('0'), other.text.trim_start_matches('0'));
        let (long, short) = if mine.len() < theirs.len() { (theirs, mine) } else { (mine, theirs) };
        let both = self.kind == Kind::International && other.kind == Kind::International;
        if both { mine == theirs } else { short.len() >= SUBSCRIBER_DIGITS_MIN && long.ends_with(short) }
    }

    /// Enough to tell the people of a circle apart, too little to call one: for logs.
    pub fn masked(&self) -> String {
        let count = self.text.chars().count();
        let shown: String = self.text.chars().skip(count.saturating_sub(4).max(count / 2)).collect();
        format!("…{shown}")
    }

    /// Length in digits, type and digits.
    pub(super) fn write(&self) -> Vec<u8> {
        let (length, octets) = self.octets();
        [vec![u8::try_from(length).unwrap_or(u8::MAX), self.kind_octet()], octets].concat()
    }

    /// The service centre counts octets, the type among them.
    pub(super) fn write_centre(&self) -> Vec<u8> {
        let (_, octets) = self.octets();
        [vec![u8::try_from(octets.len() + 1).unwrap_or(u8::MAX), self.kind_octet()], octets].concat()
    }

    fn octets(&self) -> (usize, Vec<u8>) {
        if self.kind == Kind::Name {
            let octets = gsm7::pack(&gsm7::encode(&self.text).unwrap_or_default(), 0);
            return (octets.len() * 2, octets);
        }
        let half = |c: char| DIGITS.iter().position(|digit| *digit == c).and_then(|at| u8::try_from(at).ok());
        let halves: Vec<u8> = self.text.chars().filter_map(half).collect();
        let pair = |pair: &[u8]| pair.first().unwrap_or(&0x0f) | pair.get(1).unwrap_or(&0x0f) << 4;
        (halves.len(), halves.chunks(2).map(pair).collect())
    }

    fn kind_octet(&self) -> u8 {
        match self.kind {
            Kind::International => INTERNATIONAL,
            Kind::Other(octet) => octet,
            Kind::Name => NAME,
        }
    }

    /// From `length` half octets in `octets`; `None` where these are no digits.
    pub(super) fn read(length: usize, kind: u8, octets: &[u8]) -> Option<Address> {
        if length > DIGITS_MAX || kind & 0x80 == 0 {
            return None;
        }
        if kind & 0x70 == NAME & 0x70 {
            let text = gsm7::decode(&gsm7::unpack(octets, 0, length * 4 / 7)?);
            return Some(Address { kind: Kind::Name, text });
        }
        let halves: Vec<u8> = octets.iter().flat_map(|octet| [octet & 0x0f, octet >> 4]).collect();
        let (digits, fill) = halves.split_at_checked(length)?;
        let is_filled = fill.iter().all(|half| *half == 0x0f);
        let digit = |half: &u8| DIGITS.get(usize::from(*half)).copied();
        let text: String = digits.iter().map(digit).collect::<Option<_>>()?;
        let kind = if kind & 0x70 == INTERNATIONAL & 0x70 { Kind::International } else { Kind::Other(kind) };
        is_filled.then_some(Address { kind, text })
    }

    /// The type, then digits filled up to whole octets.
    pub(super) fn read_centre(octets: &[u8]) -> Option<Address> {
        let (kind, digits) = octets.split_first()?;
        let filled = digits.last().is_some_and(|octet| octet >> 4 == 0x0f);
        Address::read(digits.len() * 2 - usize::from(filled), *kind, digits)
    }
}

/// A name: the digits are septets.
const NAME: u8 = 0xd0;
/// The standard's most: twenty half octets. A service centre may have an octet more.
const DIGITS_MAX: usize = 22;
/// Fewer digits are a short number, which many could have.
const SUBSCRIBER_DIGITS_MIN: usize = 8;

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == Kind::International {
            f.write_str("+")?;
        }
        f.write_str(&self.text)
    }
}

/// As a person writes it: `+` with the country, or as it is dialled.
impl std::str::FromStr for Address {
    type Err = String;
    fn from_str(text: &str) -> Result<Address, String> {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let (kind, digits) = match plain.strip_prefix('+') {
            Some(digits) => (Kind::International, digits),
            None => (Kind::Other(UNKNOWN), plain.as_str()),
        };
        if !(3..=20).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(format!("{text:?} is no telephone number; write it with its country, as \"+8613800138000\""));
        }
        Ok(Address { kind, text: digits.to_owned() })
    }
}

impl TryFrom<String> for Address {
    type Error = String;
    fn try_from(text: String) -> Result<Address, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn a_number_is_the_same_phone_with_its_country_and_without() {
        let same = |one: &str, other: &str| number(one).is_same_phone(&number(other));
        assert!(same("+8613800138000", "13800138000") && same("13800138000", "+86 138-0013-8000"));
        assert!(same("+41761234567", "0761234567"));
        assert!(!same("+8613800138000", "+8613800138001"));
        assert!(!same("+8613800138000", "8000"), "a short number could be anybody's");
        assert!(!same("+4613800138000", "+8613800138000"));
        let name = Address { kind: Kind::Name, text: "13800138000".into() };
        assert!(!name.is_same_phone(&number("13800138000")), "anybody can call themselves so");
    }

    #[test]
    fn what_is_no_number_says_how_one_is_written() {
        for wrong in ["", "12", "+", "+86x", "call me", "+123456789012345678901", "++86138001380"] {
            assert!(wrong.parse::<Address>().unwrap_err().contains("+8613800138000"), "{wrong:?}");
        }
        assert_eq!(number("+8613800138000").masked(), "…8000");
        assert_eq!(number("112").masked(), "…12", "never all of it");
    }
}
