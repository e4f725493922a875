//! What to say on the telephone to 120, 119 or 110: where, who, what, in this order and in one breath.

use crate::text::{Language, shown};

/// What is known for the call.
#[derive(Debug, Clone, Copy)]
pub struct ForCall<'a> {
    /// Short address.
    pub place: &'a str,
    /// Gate, entrance, floor, door; empty where nobody wrote it down.
    pub directions: &'a str,
    /// Of who lives there, where the card says so.
    pub age: Option<u8>,
    /// What the alert says in one sentence.
    pub headline: &'a str,
}

/// The sentence. No name: an ambulance needs none, and others may listen.
pub fn to_say(language: Language, call: ForCall<'_>) -> String {
    let place = shown(call.place, 60);
    let directions = shown(call.directions, 120);
    let who = who(language, call.age);
    let what = shown(call.headline, 120);
    let parts = [place, directions, who, what].into_iter().filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| part.trim_end_matches(['。', '.', '，', ',']).to_owned()).collect();
    language.pick(format!("{}。", parts.join("，")), format!("{}.", parts.join(", ")))
}

/// The age group, never the day of birth.
fn who(language: Language, age: Option<u8>) -> String {
    let Some(age) = age else { return language.pick("一位独居老人", "an elder who lives alone").to_owned() };
    match age {
        100.. => language.pick("一位百岁独居老人", "somebody over a hundred who lives alone").to_owned(),
        0..20 => language.pick("一位独居的人", "somebody who lives alone").to_owned(),
        20..100 => {
            let decade = usize::from(age / 10) - 2;
            let chinese = ["二十", "三十", "四十", "五十", "六十", "七十", "八十", "九十"];
            let english =
                ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"];
            let (chinese, english) =
                (chinese.get(decade).copied().unwrap_or_default(), english.get(decade).copied().unwrap_or_default());
            language.pick(format!("{chinese}多岁，独居"), format!("somebody in their {english} who lives alone"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(language: Language, age: Option<u8>, directions: &str) -> String {
        let headline = language.pick("一键呼叫：卧室", "call button, bedroom");
        to_say(language, ForCall { place: "3号楼2单元201室", directions, age, headline })
    }

    #[test]
    fn where_comes_before_who_and_what_and_nothing_unknown_is_said() {
        assert_eq!(
            said(Language::Chinese, Some(85), "2单元东门\n2层。"),
            "3号楼2单元201室，2单元东门 2层，八十多岁，独居，一键呼叫：卧室。"
        );
        assert_eq!(said(Language::Chinese, None, ""), "3号楼2单元201室，一位独居老人，一键呼叫：卧室。");
        let english = said(Language::English, Some(91), "");
        assert_eq!(english, "3号楼2单元201室, somebody in their nineties who lives alone, call button, bedroom.");
    }

    #[test]
    fn every_age_has_its_words_and_hostile_directions_stay_on_the_line() {
        for age in 0..=u8::MAX {
            for language in Language::ALL {
                assert!(!said(language, Some(age), "").contains(['{', '\n']));
            }
        }
        let long = said(Language::English, None, &format!("\u{202e}{}", "长".repeat(10_000)));
        assert!(long.chars().count() < 300 && !long.contains('\u{202e}'));
    }
}
