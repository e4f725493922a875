//! What DC-09 encrypts, and how: AES in CBC mode with a key that both ends were given, the first vector all zero.
//!
//! ```text
//! plaintext   pad | data ] xdata* _time       the pad never holds [ ] |, its first bar ends it
//! on the wire hex of the ciphertext, either case
//! ```
//!
//! The standard knows no authentication code: who can change bits on the way is held back by the time window alone. Outside
//! the home such a channel belongs into a tunnel. Source: SIA DC-09-2013, 5.4.4 and Annex D.

use crate::model::hex;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};

/// A key of 128, 192 or 256 bits.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// 16 bytes.
    Aes128([u8; 16]),
    /// 24 bytes.
    Aes192([u8; 24]),
    /// 32 bytes.
    Aes256([u8; 32]),
}

impl std::fmt::Debug for Key {
    /// Says how long it is and nothing else: a key must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({} bits)", self.bits())
    }
}

const BLOCK: usize = 16;
const FIRST_VECTOR: [u8; BLOCK] = [0; BLOCK];

/// What fills the pad: any letter would do, and receivers skip it.
const PAD: char = 'P';

impl Key {
    /// From what a technician was given: 16, 24 or 32 characters, or twice as many hexadecimal digits.
    ///
    /// 32 hexadecimal digits are taken as 16 bytes, as receivers' pages show a key of 128 bits.
    pub fn parse(text: &str) -> Result<Key, String> {
        let bytes = match text.len() {
            32 | 48 | 64 => hex::bytes(text.as_bytes()),
            _ => None,
        };
        let bytes = bytes.unwrap_or_else(|| text.as_bytes().to_vec());
        let wrong = |bytes: Vec<u8>| {
            format!(
                "a key has 16, 24 or 32 characters, or 32, 48 or 64 hexadecimal digits; this one has {}",
                bytes.len()
            )
        };
        match bytes.len() {
            16 => bytes.try_into().map(Key::Aes128).map_err(wrong),
            24 => bytes.try_into().map(Key::Aes192).map_err(wrong),
            32 => bytes.try_into().map(Key::Aes256).map_err(wrong),
            _ => Err(wrong(bytes)),
        }
    }

    /// How strong.
    pub fn bits(&self) -> usize {
        match self {
            Key::Aes128(_) => 128,
            Key::Aes192(_) => 192,
            Key::Aes256(_) => 256,
        }
    }

    /// `data ] xdata* _time` as it goes on the wire: upper-case hexadecimal digits.
    pub fn seal(&self, plain: &str) -> String {
        // 16 to 31 bytes of pad, as the edition of 2026 asks; older receivers look for the bar alone.
        let pad = BLOCK + (BLOCK - (plain.len() + 1) % BLOCK) % BLOCK;
        let mut bytes = vec![PAD as u8; pad];
        bytes.push(b'|');
        bytes.extend_from_slice(plain.as_bytes());
        let sealed = match self {
            Key::Aes128(key) => encrypt(cbc::Encryptor::<Aes128>::new(key.into(), &FIRST_VECTOR.into()), &bytes),
            Key::Aes192(key) => encrypt(cbc::Encryptor::<Aes192>::new(key.into(), &FIRST_VECTOR.into()), &bytes),
            Key::Aes256(key) => encrypt(cbc::Encryptor::<Aes256>::new(key.into(), &FIRST_VECTOR.into()), &bytes),
        };
        hex::upper(&sealed)
    }

    /// What was sealed, without its pad; `None` where this is not the key, or bytes were changed.
    pub fn open(&self, digits: &[u8]) -> Option<String> {
        let mut bytes = hex::bytes(digits).filter(|bytes| !bytes.is_empty() && bytes.len().is_multiple_of(BLOCK))?;
        match self {
            Key::Aes128(key) => decrypt(cbc::Decryptor::<Aes128>::new(key.into(), &FIRST_VECTOR.into()), &mut bytes),
            Key::Aes192(key) => decrypt(cbc::Decryptor::<Aes192>::new(key.into(), &FIRST_VECTOR.into()), &mut bytes),
            Key::Aes256(key) => decrypt(cbc::Decryptor::<Aes256>::new(key.into(), &FIRST_VECTOR.into()), &mut bytes),
        }
        // A pad may hold any bytes but three, so only what follows its bar must be text. Some receivers leave out the bar in
        // an answer, which has no data before its bracket.
        let begin = bytes.iter().position(|byte| matches!(byte, b'|' | b']'))?;
        let begin = if bytes[begin] == b'|' { begin + 1 } else { begin };
        String::from_utf8(bytes.split_off(begin)).ok()
    }
}

fn encrypt(with: impl BlockModeEncrypt, plain: &[u8]) -> Vec<u8> {
    let mut out = vec![0; plain.len()];
    with.encrypt_padded_b2b::<NoPadding>(plain, &mut out).expect("padded to whole blocks");
    out
}

fn decrypt(with: impl BlockModeDecrypt, bytes: &mut [u8]) {
    with.decrypt_padded::<NoPadding>(bytes).expect("whole blocks only come here");
}
