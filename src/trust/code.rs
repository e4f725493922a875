//! The one-time code that lets a home in: by its number it is found, by its secret proved, and by the start of the
//! authority's fingerprint the home knows the authority before it believes it.

use crate::problem::Problem;
use crate::trust::{random, sha256};
use std::fmt;
use std::str::FromStr;

/// A code as the technician carries it into the flat.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// Under which the station finds it.
    pub number: String,
    secret: String,
    authority: String,
}

impl Code {
    /// A new one for homes of the authority with this certificate.
    pub fn new(authority: &[u8]) -> Result<Code, Problem> {
        let bytes = random::<{ NUMBER + SECRET }>()?;
        let signs: String = bytes.iter().map(|byte| sign(*byte)).collect();
        let (number, secret) = signs.split_at(NUMBER);
        Ok(Code { number: number.to_owned(), secret: secret.to_owned(), authority: start_of(authority) })
    }

    /// Whether this is the certificate of the authority that gave the code out.
    pub fn is_of(&self, authority: &[u8]) -> bool {
        self.authority == start_of(authority)
    }

    /// What may be kept of the secret.
    pub fn hash(&self) -> String {
        Code::hash_of(&self.secret)
    }

    /// The same of a secret that somebody says.
    pub fn hash_of(secret: &str) -> String {
        crate::model::hex::lower(&sha256(format!("carecircle code\0{secret}").as_bytes()))
    }

    /// What the home says to the station: the fingerprint need not travel.
    pub fn secret(&self) -> &str {
        &self.secret
    }
}

/// As it is shown once.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signs = format!("{}{}{}", self.number, self.secret, self.authority);
        let fours: Vec<&str> = (0..signs.len()).step_by(4).map(|at| &signs[at..at + 4]).collect();
        f.write_str(&fours.join("-"))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({}-***)", self.number)
    }
}

/// Why a text is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a code has {all} letters and digits in groups of four, and this has {found}")]
pub struct BadCode {
    all: usize,
    found: usize,
}

impl FromStr for Code {
    type Err = BadCode;

    /// However people wrote it: small letters, other groups, O for 0.
    fn from_str(text: &str) -> Result<Code, BadCode> {
        let signs: String = text.chars().filter(char::is_ascii_alphanumeric).map(as_meant).collect();
        if signs.len() != ALL {
            return Err(BadCode { all: ALL, found: signs.len() });
        }
        let (number, rest) = signs.split_at(NUMBER);
        let (secret, authority) = rest.split_at(SECRET);
        Ok(Code { number: number.to_owned(), secret: secret.to_owned(), authority: authority.to_owned() })
    }
}

/// Signs that are not mistaken for one another.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 20 bits.
const NUMBER: usize = 4;
/// 80 bits: nobody guesses it within five tries, nor from its hash.
const SECRET: usize = 16;
/// 100 bits: nobody makes another authority with the same start.
const AUTHORITY: usize = 20;
const ALL: usize = NUMBER + SECRET + AUTHORITY;

fn sign(byte: u8) -> char {
    char::from(SIGNS[usize::from(byte % 32)])
}

fn start_of(authority: &[u8]) -> String {
    sha256(authority).iter().take(AUTHORITY).map(|byte| sign(*byte)).collect()
}

fn as_meant(sign: char) -> char {
    match sign.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        sign => sign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_written_and_is_never_printed_whole() {
        let code = Code::new(b"an authority").unwrap();
        let shown = code.to_string();
        assert_eq!(shown.len(), 49, "{shown}");
        assert_eq!(shown.parse::<Code>().unwrap(), code);
        assert_eq!(shown.to_lowercase().replace('-', " ").replace('0', "o").parse::<Code>().unwrap(), code);
        assert!(code.is_of(b"an authority") && !code.is_of(b"another"));
        assert!(!format!("{code:?}").contains(code.secret()));
        assert_ne!(Code::new(b"an authority").unwrap(), code);
        let error = shown[..40].parse::<Code>().unwrap_err().to_string();
        assert!(error.contains("40 letters and digits"), "{error}");
    }
}
