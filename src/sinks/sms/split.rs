//! A text as one message, or as several that the phone joins again.
//!
//! The cheaper alphabet is taken where it has every character; one Chinese character turns all of it into UCS-2. A part
//! never ends inside a surrogate pair, nor between an escape and its character.

use super::gsm7;
use super::pdu::{Body, Coding, Part};

/// One message holds so much, …
const ALONE_SEPTETS: usize = 160;
const ALONE_UNITS: usize = 70;
/// … and one part of several so much: six octets are the header.
const JOINED_SEPTETS: usize = 153;
const JOINED_UNITS: usize = 67;
/// More parts cannot be numbered.
const PARTS_MAX: usize = 255;

/// The parts of `text`, at least one; they carry `reference`, where there are several. What is beyond the 255th is left out.
pub fn split(text: &str, reference: u8) -> Vec<Body> {
    let is_plain = gsm7::encode(text).is_some();
    let (coding, alone, joined) = match is_plain {
        true => (Coding::Gsm7, ALONE_SEPTETS, JOINED_SEPTETS),
        false => (Coding::Ucs2, ALONE_UNITS, JOINED_UNITS),
    };
    let size = |c: char| if is_plain { gsm7::septets(c).map_or(1, |(_, count)| count) } else { c.len_utf16() };
    if text.chars().map(size).sum::<usize>() <= alone {
        return vec![Body { coding, part: None, text: text.to_owned() }];
    }
    let mut texts = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let size = size(c);
        if used + size > joined {
            texts.push(String::new());
            used = 0;
        }
        used += size;
        if let Some(last) = texts.last_mut() {
            last.push(c);
        }
    }
    texts.truncate(PARTS_MAX);
    let of = u8::try_from(texts.len()).unwrap_or(u8::MAX);
    let part = |number: u8| Some(Part { reference: reference.into(), number, of });
    (1..=of).zip(texts).map(|(number, text)| Body { coding, part: part(number), text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(text: &str) -> Vec<usize> {
        split(text, 7).iter().map(|body| body.text.chars().count()).collect()
    }

    #[test]
    fn a_text_is_cut_only_where_it_does_not_fit_one_message() {
        assert_eq!(counts(""), [0]);
        assert_eq!(counts(&"a".repeat(160)), [160]);
        assert_eq!(counts(&"a".repeat(161)), [153, 8]);
        assert_eq!(counts(&"长".repeat(70)), [70]);
        assert_eq!(counts(&"长".repeat(71)), [67, 4]);
        assert_eq!(counts(&format!("{}长", "a".repeat(70))), [67, 4], "one Chinese character turns all of it");
    }

    #[test]
    fn no_pair_is_torn_apart() {
        assert_eq!(counts(&"€".repeat(80)), [80]);
        assert_eq!(counts(&format!("a{}", "€".repeat(80))), [77, 4]);
        assert_eq!(counts(&"€".repeat(81)), [76, 5], "the 153rd septet would be an escape without its character");
        assert_eq!(counts(&"😀".repeat(36)), [33, 3], "the 67th unit would be half of a pair");
    }

    #[test]
    fn what_cannot_be_numbered_is_left_out() {
        let parts = split(&"长".repeat(67 * 300), 7);
        assert_eq!((parts.len(), parts[254].part.unwrap().of), (255, 255));
    }

    proptest! {
        #[test]
        fn the_parts_are_the_text_and_each_fits(text in "[a-z€\\[长😀]{0,400}") {
            let parts = split(&text, 7);
            let joined: String = parts.iter().map(|body| body.text.as_str()).collect();
            prop_assert_eq!(joined, text);
            for body in &parts {
                let most = if body.part.is_some() { (JOINED_SEPTETS, JOINED_UNITS) } else { (ALONE_SEPTETS, ALONE_UNITS) };
                match body.coding {
                    Coding::Gsm7 => prop_assert!(gsm7::encode(&body.text).unwrap().len() <= most.0),
                    Coding::Ucs2 => prop_assert!(body.text.encode_utf16().count() <= most.1),
                    Coding::Octets => prop_assert!(false),
                }
            }
        }
    }
}
