//! The 7-bit alphabet of GSM (3GPP TS 23.038): characters, their septets, and septets packed into octets.

/// The default alphabet by septet; 0x1b is the escape to [`EXTENSION`].
#[rustfmt::skip]
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// What stands behind an escape; such a character takes two septets.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

const ESCAPE: u8 = 0x1b;

/// The septets of a character: one, two with an escape, or none where the alphabet does not have it.
pub fn septets(c: char) -> Option<([u8; 2], usize)> {
    let plain = DEFAULT.iter().position(|other| *other == c).filter(|septet| *septet != usize::from(ESCAPE));
    if let Some(septet) = plain {
        return Some(([u8::try_from(septet).ok()?, 0], 1));
    }
    let (septet, _) = EXTENSION.iter().find(|(_, other)| *other == c)?;
    Some(([ESCAPE, *septet], 2))
}

/// The septets of a text; `None` where the alphabet lacks a character of it.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let mut all = Vec::with_capacity(text.len());
    for c in text.chars() {
        let (septets, count) = septets(c)?;
        all.extend(septets.iter().take(count));
    }
    Some(all)
}

/// The text of septets. An escape that leads nowhere is a blank, as the standard asks.
pub fn decode(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut all = septets.iter().copied();
    while let Some(septet) = all.next() {
        let c = if septet == ESCAPE {
            let next = all.next();
            let extended = EXTENSION.iter().find(|(of, _)| Some(*of) == next).map(|(_, c)| *c);
            // What the extension does not have is read as in the default alphabet.
            extended.or_else(|| next.filter(|next| *next != ESCAPE).and_then(plain)).unwrap_or(' ')
        } else {
            plain(septet).unwrap_or(' ')
        };
        text.push(c);
    }
    text
}

fn plain(septet: u8) -> Option<char> {
    DEFAULT.get(usize::from(septet)).copied()
}

/// Septets packed into octets, after `fill` bits of nothing.
pub fn pack(septets: &[u8], fill: usize) -> Vec<u8> {
    let mut octets = vec![0_u8; (fill + septets.len() * 7).div_ceil(8)];
    for (nth, septet) in septets.iter().enumerate() {
        let at = fill + nth * 7;
        let wide = u16::from(septet & 0x7f) << (at % 8);
        let [low, high] = wide.to_le_bytes();
        if let Some(octet) = octets.get_mut(at / 8) {
            *octet |= low;
        }
        if let Some(octet) = octets.get_mut(at / 8 + 1) {
            *octet |= high;
        }
    }
    octets
}

/// `count` septets out of octets, after `fill` bits; `None` where there are not so many.
pub fn unpack(octets: &[u8], fill: usize, count: usize) -> Option<Vec<u8>> {
    let septet = |nth: usize| {
        let at = fill + nth * 7;
        let (low, shift) = (*octets.get(at / 8)?, at % 8);
        // The last septet may end with its octet.
        let high = if shift > 1 { *octets.get(at / 8 + 1)? } else { 0 };
        let wide = u16::from_le_bytes([low, high]) >> shift;
        u8::try_from(wide & 0x7f).ok()
    };
    (0..count).map(septet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packed_septets_are_those_of_the_standard() {
        assert_eq!(pack(&encode("hellohello").unwrap(), 0), [0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37]);
        assert_eq!(encode("a€"), Some(vec![0x61, 0x1b, 0x65]));
        assert_eq!(encode("卫"), None);
        assert_eq!(encode("\u{1b}"), None, "an escape is no character");
    }

    #[test]
    fn an_escape_that_leads_nowhere_is_a_blank() {
        assert_eq!(decode(&[0x1b]), " ");
        assert_eq!(decode(&[0x1b, 0x1b, 0x61]), " a");
        assert_eq!(decode(&[0x1b, 0x61]), "a");
        assert_eq!(decode(&[0xff]), " ");
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_again(septets in proptest::collection::vec(0_u8..128, 0..200), fill in 0_usize..7) {
            let octets = pack(&septets, fill);
            prop_assert_eq!(unpack(&octets, fill, septets.len()), Some(septets.clone()));
            prop_assert_eq!(unpack(&octets, fill, septets.len() + 2), None);
        }

        #[test]
        fn a_text_of_the_alphabet_survives(text in "[ -_a-~\n€äöüñàÅ£]{0,160}") {
            let septets = encode(&text).unwrap();
            prop_assert_eq!(decode(&septets), text);
        }
    }
}
