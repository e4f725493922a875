//! The telephone of somebody who works here, when they are on duty, and a test whether an SMS reaches them.

use super::person::asked;
use crate::model::duty::DutyHours;
use crate::model::ids::PersonId;
use crate::text::{self, Language};
use crate::web::Site;
use crate::web::form::escape;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;

/// The number as it is dialled, or why it is none; an empty one takes it away.
pub(super) fn number(site: &Site, id: &PersonId, typed: &str) -> Result<Option<String>, &'static str> {
    let number = dialled(typed)?;
    let is_taken = |number: &String| {
        let others = site.members().into_iter().filter(|(other, _)| other != id);
        others.filter_map(|(_, member)| member.phone).any(|phone| is_same(&phone, number))
    };
    // An answer comes from a telephone: of two who share it, nobody knows whose it is.
    if number.as_ref().is_some_and(is_taken) { Err("phone_taken") } else { Ok(number) }
}

fn dialled(typed: &str) -> Result<Option<String>, &'static str> {
    let number: String = typed.chars().filter(|sign| !matches!(sign, ' ' | '-' | '(' | ')')).collect();
    if number.is_empty() {
        return Ok(None);
    }
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = (5..=20).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { Ok(Some(number)) } else { Err("phone_form") }
}

/// A network may write a number with its country or without.
fn is_same(one: &str, other: &str) -> bool {
    let digits = |number: &str| number.trim_start_matches(['+', '0']).to_owned();
    let (one, other) = (digits(one), digits(other));
    let (long, short) = if one.len() < other.len() { (&other, &one) } else { (&one, &other) };
    one == other || (short.len() >= SUBSCRIBER_DIGITS_MIN && long.ends_with(short.as_str()))
}

/// Fewer digits are a short number, which many could have.
const SUBSCRIBER_DIGITS_MIN: usize = 8;

/// Words of the week as they are typed, and as they are kept.
const WORDS: [(&str, &str); 12] = [
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
    ("每天", "Mon-Sun"),
    ("全天", "always"),
    ("休息", "closed"),
    ("至", "-"),
    ("，", ", "),
];

/// When somebody is on duty, as it was typed in either language; nothing where nothing was.
pub(super) fn duty_of(typed: &str) -> Result<Option<DutyHours>, String> {
    let mut text = typed.trim().replace('：', ":").replace("星期", "周").replace("周天", "周日");
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > DUTY_MAX {
        return Err("too long".to_owned());
    }
    for (chinese, kept) in WORDS {
        text = text.replace(chinese, kept);
    }
    text.parse().map(Some)
}

/// The same to be read and changed.
pub(super) fn duty_words(language: Language, duty: &DutyHours) -> String {
    let mut text = String::from(duty.clone());
    if language == Language::Chinese {
        for (chinese, kept) in WORDS.iter().filter(|(chinese, _)| !matches!(*chinese, "至" | "，" | "每天")) {
            text = text.replace(kept, chinese);
        }
    }
    text
}

const DUTY_MAX: usize = 400;

/// What became of the newest test of this person's telephone.
pub(super) fn tested(site: &Site, language: Language, id: &PersonId) -> String {
    let Some(test) = site.telephone.as_ref().and_then(|telephone| telephone.test(id)) else { return String::new() };
    let (label, at) = match (test.heard_at, test.taken_at) {
        (Some(at), _) => ("sms_test_heard", at),
        (None, Some(at)) => ("sms_test_taken", at),
        (None, None) => ("sms_test_waits", test.asked_at),
    };
    let at = text::date_time(language, &site.settings.zone, at);
    format!("{}{}{at}", text::label(language, label), language.pick("：", ": "))
}

/// `POST /admin/people/<id>/sms`: a test, marked as one.
pub(super) async fn test(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let asked = match asked(&site, &headers, id) {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let is_asked = site.telephone.as_ref().is_some_and(|telephone| telephone.ask(asked.id.clone()));
    if !is_asked {
        return asked.draw(&site, None, Some("not_answered"));
    }
    site.audit(&asked.visitor, "sms_test", None, asked.id.to_string()).await;
    Redirect::to(&format!("/admin/people/{}", escape(asked.id.as_str()))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_as_it_is_dialled_and_is_of_one_person() {
        assert_eq!(dialled(" +86 138-0013-8000 "), Ok(Some("+8613800138000".into())));
        assert_eq!(dialled("  "), Ok(None));
        for wrong in ["112", "call me", "+86x", "123456789012345678901", "１３８００１３８０００"] {
            assert_eq!(dialled(wrong), Err("phone_form"), "{wrong}");
        }
        assert!(is_same("+8613800138000", "13800138000") && !is_same("13800138000", "13800138001"));
    }

    #[test]
    fn a_week_is_typed_in_either_language_and_read_back_in_both() {
        let typed = ["周一至周五 08:00-20:00，2027-02-06 休息", "Mon-Fri 08:00-20:00, 2027-02-06 closed"];
        let duties = typed.map(|text| duty_of(text).unwrap().unwrap());
        assert_eq!(duties[0], duties[1]);
        for language in Language::ALL {
            assert_eq!(duty_of(&duty_words(language, &duties[0])), Ok(Some(duties[0].clone())));
        }
        assert!(duty_words(Language::Chinese, &duties[0]).starts_with("周一-周五 08:00-20:00"));
        assert_eq!(duty_of("每天 全天").is_err(), duty_of("Mon-Sun always").is_err());
        assert_eq!(duty_of("全天"), Ok(Some(DutyHours::always())));
        assert_eq!(duty_of(""), Ok(None));
        assert!(duty_of("有空就来").is_err());
    }
}
