//! How a place is found by what somebody types in a hurry: its characters, their pinyin initials, or both mixed; digits of
//! either width.

/// Whether `wanted` stands somewhere in `text`: `乐合3`, `lhxq3`, `lh小区３` all find `乐合小区3号楼`. Nothing wanted is found
/// everywhere.
pub fn is_found(text: &str, wanted: &str) -> bool {
    let (text, wanted) = (plain(text), plain(wanted));
    let fits = |part: &[char]| part.iter().zip(&wanted).all(|(found, wanted)| is_meant(*found, *wanted));
    wanted.is_empty() || text.windows(wanted.len()).any(fits)
}

fn is_meant(found: char, wanted: char) -> bool {
    found == wanted || (wanted.is_ascii_lowercase() && (initial(found) == Some(wanted) || is_also_read(found, wanted)))
}

/// Without blanks, in small letters, and of the width of a keyboard.
fn plain(text: &str) -> Vec<char> {
    let narrow = |c: char| match c {
        // The full-width forms stand in the order of ASCII.
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        _ => c,
    };
    text.chars().filter(|c| !c.is_whitespace()).map(narrow).flat_map(char::to_lowercase).collect()
}

/// The first letter of the first reading of a Chinese character.
fn initial(c: char) -> Option<char> {
    let nth = usize::try_from(u32::from(c).checked_sub(FIRST)?).ok()?;
    // Each line of the table ends with a line feed.
    let letter = INITIALS.as_bytes().get(nth + nth / LINE)?;
    letter.is_ascii_lowercase().then(|| char::from(*letter))
}

/// Characters of place names and surnames that are read in another way there than mostly.
fn is_also_read(c: char, letter: char) -> bool {
    ALSO.iter().any(|(other, characters)| *other == letter && characters.contains(c))
}

/// One letter for each character from U+4E00 on, in lines of 128; a dot where none is known. Taken from the readings of Unicode's
/// Unihan database as the project pinyin-data has them in their order of use.
const INITIALS: &str = include_str!("initials.txt");
const FIRST: u32 = 0x4e00;
const LINE: usize = 128;

const ALSO: [(char, &str); 13] = [
    ('b', "薄堡"),
    ('c', "重长朝盛"),
    ('d', "石"),
    ('h', "行巷"),
    ('j', "角校降"),
    ('l', "六〇弄绿乐"),
    ('p', "堡埔番"),
    ('q', "区覃"),
    ('s', "单石参莘厦"),
    ('t', "台"),
    ('x', "厦行洗巷"),
    ('y', "乐尉员"),
    ('z', "曾中藏翟朝长重"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_letter_for_each_character_it_speaks_of() {
        assert_eq!(INITIALS.chars().filter(|c| *c != '\n').count(), 0x9fa6 - 0x4e00);
        assert!(INITIALS.lines().all(|line| line.len() <= LINE));
        for (c, letter) in [('一', 'y'), ('乐', 'l'), ('号', 'h'), ('楼', 'l'), ('室', 's'), ('元', 'y'), ('龥', 'y')]
        {
            assert_eq!(initial(c), Some(letter), "{c}");
        }
        for none in ['a', '3', '\u{4dff}', '\u{9fa6}', '😀'] {
            assert_eq!(initial(none), None, "{none}");
        }
    }

    #[test]
    fn a_place_is_found_by_characters_initials_and_digits_of_either_width() {
        let place = "乐合小区3号楼2单元201室";
        for wanted in
            ["", "乐合", "lhxq", "LHXQ", "lhxq3", "lh小区３", "3hl2dy201", "３ｈｌ", "2 单元 201", "yhxq", "20１s"]
        {
            assert!(is_found(place, wanted), "{wanted}");
        }
        for wanted in ["hlxq", "4hl", "2011", "lhxq4", "xyz", "乐和"] {
            assert!(!is_found(place, wanted), "{wanted}");
        }
        for (place, wanted) in [
            ("重庆路5弄", "cql5l"),
            ("厦门街12号", "xmj12"),
            ("长宁里", "cnl"),
            ("乐清巷", "yqx"),
            ("二〇一室", "elys"),
        ] {
            assert!(is_found(place, wanted), "{wanted} finds {place}");
        }
        assert!(is_found("KY-LEHE-0412", "lehe-04"), "ids too");
        assert!(!is_found("", "a") && is_found("", ""));
    }
}
