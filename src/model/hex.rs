//! Bytes as hexadecimal digits, as devices, modems and receivers write them.

/// Lower-case digits in pairs.
pub fn lower(bytes: &[u8]) -> String {
    written(bytes, b"0123456789abcdef")
}

/// Upper-case digits in pairs.
pub fn upper(bytes: &[u8]) -> String {
    written(bytes, b"0123456789ABCDEF")
}

fn written(bytes: &[u8], digits: &[u8; 16]) -> String {
    let of = |nibble: u8| char::from(digits[usize::from(nibble & 0x0f)]);
    bytes.iter().flat_map(|byte| [of(byte >> 4), of(*byte)]).collect()
}

/// The bytes that these digits are, in either case; `None` where one is no digit or has no partner.
pub fn bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect())?
}

/// The same where people may have set blanks between the digits.
pub fn bytes_of_text(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    bytes(&digits)
}

/// A text whose bytes are plain letters as they are and `%4A` otherwise: ids may hold letters of any script; addresses, headers
/// and cookies may not.
pub fn percent(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    let written = |byte: u8| match is_plain(byte) && byte != b'%' {
        true => char::from(byte).to_string(),
        false => format!("%{}", upper(&[byte])),
    };
    text.bytes().map(written).collect()
}

/// Bytes that stand for themselves in an address (RFC 3986, 2.3).
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_stand_there_is_written_in_digits() {
        assert_eq!(percent("ky-0412 王%", is_unreserved), "ky-0412%20%E7%8E%8B%25");
        assert_eq!(percent("a/b%c", |byte| byte.is_ascii_graphic()), "a/b%25c");
    }

    #[test]
    fn what_is_written_is_read_and_what_is_no_pair_of_digits_is_not() {
        let all: Vec<u8> = (0..=255).collect();
        for written in [lower(&all), upper(&all)] {
            assert_eq!(bytes(written.as_bytes()), Some(all.clone()));
        }
        assert_eq!((lower(&[0x0a, 0xf0]), upper(&[0x0a, 0xf0])), ("0af0".to_owned(), "0AF0".to_owned()));
        assert_eq!(bytes_of_text(" 0a F0\n"), Some(vec![0x0a, 0xf0]));
        for wrong in ["0", "0g", "g0", "+1", "\u{666}0"] {
            assert_eq!(bytes(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
