//! What somebody says by an SMS: a digit, and perhaps the code of the alert that is meant.

use crate::desk::codes::Code;

/// What the digit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// `1`: I take it.
    Take,
    /// `2`: I am on the way.
    Depart,
    /// `3`: I am there.
    Arrive,
    /// `0`: I cannot, or I need help.
    Cannot,
    /// `9`: the test has come.
    Heard,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// What.
    pub said: Said,
    /// Of which alert, where it says so.
    pub code: Option<Code>,
}

impl Spoken {
    /// What these words mean: `1`, `1 K7`, `1k7`, `１　Ｋ７。`; nothing where they are anything else.
    pub fn read(text: &str) -> Option<Spoken> {
        let signs: Vec<char> = text.chars().take(TEXT_MAX).map(half_width).filter(|sign| !is_between(*sign)).collect();
        let (digit, code) = signs.split_first()?;
        let said = match digit {
            '1' => Said::Take,
            '2' => Said::Depart,
            '3' => Said::Arrive,
            '0' => Said::Cannot,
            '9' => Said::Heard,
            _ => return None,
        };
        let code = match code {
            [] => None,
            [letter, digit] => Some(Code::of(*letter, *digit)?),
            _ => return None,
        };
        Some(Spoken { said, code })
    }
}

/// A longer text is no answer.
const TEXT_MAX: usize = 40;

/// Signs as wide as Chinese ones mean the same.
fn half_width(sign: char) -> char {
    match sign {
        '！'..='～' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
        '　' => ' ',
        sign => sign,
    }
}

fn is_between(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '.' | '。' | ',' | '、' | '#' | '+' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_and_a_code_are_read_as_people_write_them_and_anything_else_is_no_answer() {
        let k7 = Some(Code::of('K', '7').unwrap());
        for text in ["1 K7", "1k7", " 1  k7 ", "１　Ｋ７。", "1.K7", "1#k7\r\n", "1，K7"] {
            assert_eq!(Spoken::read(text), Some(Spoken { said: Said::Take, code: k7 }), "{text:?}");
        }
        for (text, said) in [("1", Said::Take), ("2。", Said::Depart), ("３", Said::Arrive), ("0", Said::Cannot)] {
            assert_eq!(Spoken::read(text), Some(Spoken { said, code: None }), "{text:?}");
        }
        for wrong in ["", " ", "好的", "11", "1 K", "1 O7", "1 K77", "4", "1 take it", "K7", "关闭 1", "10 K7"] {
            assert_eq!(Spoken::read(wrong), None, "{wrong:?}");
        }
        assert_eq!(Spoken::read(&"1".repeat(100_000)), None);
    }
}
