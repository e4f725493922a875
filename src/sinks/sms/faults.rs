//! What a modem refuses, in words a technician can use (3GPP TS 27.007 clause 9.2, TS 27.005 clause 3.2.5).

use std::fmt;

/// A final answer that is not `OK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `ERROR`: no more is said.
    Error,
    /// `+CME ERROR`: the modem or its SIM.
    Modem(u16),
    /// `+CMS ERROR`: the message or the network.
    Message(u16),
}

impl Fault {
    /// Whether no later try can help: the number is wrong, or the contract does not have it.
    pub fn is_final(self) -> bool {
        matches!(self, Fault::Message(1 | 28 | 30 | 50 | 69))
    }

    fn words(self) -> &'static str {
        match self {
            Fault::Error | Fault::Modem(100) | Fault::Message(500) => "the modem does not say why",
            Fault::Modem(3) | Fault::Message(302) => "the modem does not allow this now",
            Fault::Modem(4) | Fault::Message(303) => "the modem cannot do this",
            Fault::Modem(10) | Fault::Message(310) => "there is no SIM in the modem; put one in",
            Fault::Modem(11) | Fault::Message(311) => {
                "the SIM wants its PIN; write it into a file and name it as pin_file"
            }
            Fault::Modem(12) | Fault::Message(316) => {
                "the SIM is locked after wrong PINs; put it into a phone and enter the PUK"
            }
            Fault::Modem(13 | 15) | Fault::Message(313 | 315) => "the SIM does not work; try it in a phone",
            Fault::Modem(14) | Fault::Message(314) => "the SIM is busy",
            Fault::Modem(5) | Fault::Message(312) => "the modem is locked to another SIM",
            Fault::Modem(16) => "the PIN is wrong",
            Fault::Modem(30 | 31) | Fault::Message(331 | 332) => {
                "no mobile network; move the antenna, and check that the SIM is paid for"
            }
            Fault::Modem(32) => "the network takes emergency calls only; is the SIM active?",
            Fault::Message(1 | 28 | 30) => "the network does not know this number",
            Fault::Message(8 | 10) => "the SIM may not send messages; ask its operator",
            Fault::Message(50 | 69) => "the contract of the SIM has no messages; ask its operator",
            Fault::Message(21) => "the network refuses the message; is there money on the SIM?",
            Fault::Message(27) => "the phone cannot be reached",
            Fault::Message(29) => "the network refuses the facility; ask the operator of the SIM",
            Fault::Message(38 | 41 | 42 | 47) => "the network cannot carry it now",
            Fault::Message(96 | 111 | 304 | 305) => "the message was not understood",
            Fault::Message(320..=322) => "the memory of the SIM is full or broken",
            Fault::Message(330) => "the SIM does not know its service centre; set it once in a phone",
            Fault::Modem(_) => "the modem refuses",
            Fault::Message(_) => "the network refuses",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Error => write!(f, "{} (ERROR)", self.words()),
            Fault::Modem(code) => write!(f, "{} (+CME ERROR: {code})", self.words()),
            Fault::Message(code) => write!(f, "{} (+CMS ERROR: {code})", self.words()),
        }
    }
}

/// Whether the modem is in a network, from the number behind `+CREG:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration(pub u8);

impl Registration {
    /// Whether messages can be sent.
    pub fn is_in(self) -> bool {
        // 6 and 7: for messages only.
        matches!(self.0, 1 | 5 | 6 | 7)
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            1 | 6 => "in the network",
            5 | 7 => "in a foreign network",
            0 => "not in a network and not looking for one; check the antenna and the SIM",
            2 => "still looking for a network; check the antenna",
            3 => "the network refuses the SIM; ask its operator",
            _ => "whether it is in a network is not known",
        })
    }
}

/// How well the network is heard, from the number behind `+CSQ:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(pub u8);

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(dbm) = (self.0 <= 31).then(|| i16::from(self.0) * 2 - 113) else {
            return f.write_str("signal unknown");
        };
        let words = match self.0 {
            0..=4 => "hardly any signal",
            5..=9 => "weak signal",
            10..=19 => "fair signal",
            _ => "good signal",
        };
        write!(f, "{words} ({dbm} dBm)")
    }
}
