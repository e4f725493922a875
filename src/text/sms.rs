//! An alert in one SMS: severity, flat, matter, since when, what to do. Never a name, never what a body measures.
//!
//! One message holds 70 characters of Chinese, or 160 of plain English; two messages may come in the wrong order, or one of
//! them not at all. What does not fit is left out, the place last: room, deed, tag and how to answer.

use crate::model::ids::RoomId;
use crate::model::reason::{Class, Reason, Severity};
use crate::model::time::{Timestamp, Zone};
use crate::text::last_resort::{LastResort, last_resort_short};
use crate::text::{Language, date_time, hour_minute, reason, room, shown, terms};

/// What is to be said.
#[derive(Debug, Clone, Copy)]
pub struct Sms<'a> {
    /// Short address of the home.
    pub place: &'a str,
    /// What an answer may name it by.
    pub mark: Mark<'a>,
    /// Why.
    pub reason: &'a Reason,
    /// How urgent.
    pub severity: Severity,
    /// A test, marked as such.
    pub is_test: bool,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The clock on the wall; absent where it cannot be believed.
    pub now: Option<Timestamp>,
    /// What an answer does.
    pub answers: Answers,
    /// When somebody must be at the door, where that is said.
    pub due: Option<Timestamp>,
    /// The last resort, where that is what the message is about.
    pub last_resort: Option<LastResort<'a>>,
}

/// What names an alert in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark<'a> {
    /// Its number in the home.
    Number(u64),
    /// Its short code at the station.
    Code(&'a str),
}

impl std::fmt::Display for Mark<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mark::Number(number) => write!(f, "#{number}"),
            Mark::Code(code) => f.write_str(code),
        }
    }
}

/// What somebody may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Nothing.
    None,
    /// `1` takes it.
    Take,
    /// `1`, `2`, `3` and `0`: all the way to the door.
    All,
}

/// The alert in one message.
pub fn sms(language: Language, zone: &Zone, told: &Sms<'_>) -> String {
    let place = shown(told.place, PLACE_LENGTH_MAX);
    let all = Parts { room: true, deed: true, frame: true };
    let no_room = Parts { room: false, ..all };
    // What to do is said in any case once nobody has come.
    let resort = told.last_resort.filter(|_| !told.is_test);
    let shorter = match resort {
        None => Parts { deed: false, ..no_room },
        Some(_) => Parts { frame: false, ..no_room },
    };
    let last = Parts { room: false, deed: resort.is_some(), frame: false };
    let fewer = [all, no_room, shorter, last];
    let whole = fewer.iter().map(|parts| alert(language, zone, told, &place, *parts)).find(|text| fits(text));
    whole.unwrap_or_else(|| match resort {
        None => cut(&place, |place| alert(language, zone, told, place, last)),
        Some(resort) => cut(&place, |place| where_to_go(language, told, place, resort)),
    })
}

/// The end of it in one message.
pub fn sms_over(language: Language, told: &Sms<'_>) -> String {
    let (rule, mark) = (terms::rule(language, told.reason), told.mark);
    let test = if told.is_test { language.pick("测试", "TEST ") } else { "" };
    let place = shown(told.place, PLACE_LENGTH_MAX);
    let whole = language.pick(
        format!("【照护圈】{test}已办结：{place} {rule}，不必再前往。{mark}"),
        format!("CARECIRCLE {test}closed: {place}, {rule}. No need to go any more. {mark}"),
    );
    let short = |place: &str| {
        language.pick(format!("{test}已办结：{place} {rule} {mark}"), format!("{test}closed: {place}, {rule} {mark}"))
    };
    if fits(&whole) { whole } else { cut(&place, short) }
}

/// What is said beside place and matter.
#[derive(Clone, Copy)]
struct Parts {
    room: bool,
    deed: bool,
    /// Whose message it is, and how it is answered.
    frame: bool,
}

fn alert(language: Language, zone: &Zone, told: &Sms<'_>, place: &str, parts: Parts) -> String {
    let Sms { reason, severity, mark, .. } = *told;
    let tag = if parts.frame { language.pick("【照护圈】", "CARECIRCLE ") } else { "" };
    let severity_word =
        if told.is_test { language.pick("测试", "TEST") } else { terms::severity(language, severity) };
    let matter = matter(language, reason, parts.frame);
    let place_in = where_in(reason).filter(|_| parts.room).map(|id| shown(&room(language, id), ROOM_LENGTH_MAX));
    let since = since(language, zone, told, parts.frame);
    let deed = if parts.deed { deed(language, zone, told) } else { String::new() };
    let answer = match told.answers {
        Answers::Take if parts.frame && !told.is_test => language.pick("回1接单", " Reply 1 to take it."),
        // Who is on duty answers whatever it is: a test shows whether that works.
        Answers::All if parts.frame => {
            language.pick("回1接单2出发3到达0去不了", " Reply 1 take 2 on way 3 arrived 0 cannot.")
        }
        Answers::None | Answers::Take | Answers::All => "",
    };
    match language {
        Language::Chinese => {
            let place_in = place_in.unwrap_or_default();
            let dot = if deed.is_empty() || answer.is_empty() { "" } else { "。" };
            format!("{tag}{severity_word}：{place} {place_in}{matter}，{since}。{deed}{dot}{answer} {mark}")
        }
        Language::English => {
            let place_in = place_in.map(|room| format!("{room}, ")).unwrap_or_default();
            let deed = if deed.is_empty() { String::new() } else { format!(" {deed}") };
            format!("{tag}{}: {place}: {place_in}{matter}, {since}.{deed}{answer} {mark}", severity_word.to_uppercase())
        }
    }
}

fn matter(language: Language, of: &Reason, is_whole: bool) -> String {
    let rule = terms::rule(language, of);
    let Reason::ServiceButton { service, .. } = of else { return rule.to_owned() };
    let service = reason::service_word(language, *service);
    if is_whole {
        language.pick(format!("{rule}（{service}）"), format!("{rule} ({service})"))
    } else {
        service.to_owned()
    }
}

/// Nothing but where to go and what to do.
fn where_to_go(language: Language, told: &Sms<'_>, place: &str, resort: LastResort<'_>) -> String {
    let (severity, deed) = (terms::severity(language, told.severity), last_resort_short(language, resort));
    let mark = told.mark;
    language.pick(
        format!("{severity}：{place} {deed} {mark}"),
        format!("{}: {place}: {deed} {mark}", severity.to_uppercase()),
    )
}

/// What to do, in the fewest words.
fn deed(language: Language, zone: &Zone, told: &Sms<'_>) -> String {
    let due = told.due.filter(|_| !told.is_test).map(|due| hour_minute(zone, due));
    match (told.last_resort.filter(|_| !told.is_test), due) {
        (Some(resort), _) => last_resort_short(language, resort),
        (None, Some(due)) => language.pick(format!("请{due}前到"), format!("Be there by {due}.")),
        (None, None) => usual_deed(language, told).to_owned(),
    }
}

fn usual_deed(language: Language, told: &Sms<'_>) -> &'static str {
    if told.is_test {
        return language.pick("这是测试，不必上门", "This is a test, nobody needs to go.");
    }
    match (told.severity, told.reason.class()) {
        (Severity::Emergency, _) => language.pick("请立即上门", "Go there now."),
        (Severity::Urgent, _) => language.pick("请先打电话，不通就上门", "Phone; if nobody answers, go there."),
        (Severity::Blind, _) => language.pick("请先打电话联系本人", "Phone the person first."),
        (Severity::Notice, Class::Check) => language.pick("暂不必上门", "Nobody needs to go yet."),
        (Severity::Notice, Class::Request) => language.pick("请今天安排", "Please arrange it today."),
        (Severity::Notice, Class::Person | Class::Sensor | Class::System) => {
            language.pick("请今天联系", "Please see to it today.")
        }
        (Severity::Fault, _) => language.pick("请尽快检修", "Please have it repaired soon."),
    }
}

/// Since when, or when. A message may be read a day later: a day that is not today is named.
fn since(language: Language, zone: &Zone, told: &Sms<'_>, in_words: bool) -> String {
    let Some(now) = told.now else { return language.pick("时间不明", "time unknown").to_owned() };
    let begun = begun_at(told.reason);
    let at = begun.unwrap_or(told.raised_at);
    let is_today = zone.local(at).date == zone.local(now).date;
    let at = if is_today { hour_minute(zone, at) } else { date_time(language, zone, at) };
    match begun {
        Some(_) if in_words => language.pick(format!("{at}起"), format!("since {at}")),
        Some(_) | None => at,
    }
}

/// When what goes on began, where that is another instant than the alert's.
fn begun_at(reason: &Reason) -> Option<Timestamp> {
    match reason {
        Reason::Inactivity { last_life, .. } | Reason::Rhythm { last_life, .. } => {
            last_life.as_ref().map(|life| life.at)
        }
        Reason::Check(found) => Some(found.since),
        Reason::NightDoor(found) => Some(found.moved_at),
        Reason::OutOfBed(found) => Some(found.left_at),
        Reason::LongInRoom(found) => Some(found.entered_at),
        Reason::LateRising(found) => Some(found.there_since),
        Reason::DailyContact(found) => found.last_life.as_ref().map(|life| life.at),
        Reason::MissedContact(found) => found.well_at,
        Reason::AwayTooLong(found) => Some(found.left_at),
        Reason::DoorLeftOpen(found) => Some(found.open_since),
        Reason::NotBack(found) => Some(found.until),
        Reason::Range(found) => Some(found.since),
        Reason::MainsLost(found) => Some(found.since),
        Reason::SilentSensor { last_heard, .. } => *last_heard,
        Reason::StuckSensor { stuck_since, .. } => Some(*stuck_since),
        Reason::Tamper { open_since, .. } => Some(*open_since),
        Reason::NotObserved { blind, .. } => Some(blind.from),
        Reason::LinkLost { since, .. } => Some(*since),
        Reason::PathLost(found) => Some(found.since),
        Reason::AllPathsLost(found) => Some(found.since),
        Reason::HomeUnreachable { last_heard, .. } => *last_heard,
        Reason::NoWatcher { since, .. } => Some(*since),
        Reason::CallButton { .. }
        | Reason::ServiceButton { .. }
        | Reason::Test { .. }
        | Reason::Hazard(_)
        | Reason::MissedVisit(_)
        | Reason::MovedWhileAway(_)
        | Reason::LowBattery { .. }
        | Reason::WeakSignal { .. }
        | Reason::Flood { .. }
        | Reason::Subscription { .. }
        | Reason::Storage { .. }
        | Reason::Configuration { .. }
        | Reason::CertificateEnds(_)
        | Reason::Twin(_)
        | Reason::Unknown => None,
    }
}

/// Where in the flat.
fn where_in(reason: &Reason) -> Option<&RoomId> {
    match reason {
        Reason::CallButton { room, .. }
        | Reason::ServiceButton { room, .. }
        | Reason::SilentSensor { room, .. }
        | Reason::LowBattery { room, .. }
        | Reason::StuckSensor { room, .. }
        | Reason::Tamper { room, .. }
        | Reason::WeakSignal { room, .. }
        | Reason::Flood { room, .. } => room.as_ref(),
        Reason::Hazard(found) => found.room.as_ref(),
        Reason::LongInRoom(found) => Some(&found.room),
        Reason::LateRising(found) => Some(&found.room),
        Reason::Check(found) => found.room.as_ref(),
        Reason::NightDoor(_)
        | Reason::Test { .. }
        | Reason::OutOfBed(_)
        | Reason::DailyContact(_)
        | Reason::MissedContact(_)
        | Reason::MissedVisit(_)
        | Reason::AwayTooLong(_)
        | Reason::DoorLeftOpen(_)
        | Reason::MovedWhileAway(_)
        | Reason::NotBack(_)
        | Reason::Range(_)
        | Reason::MainsLost(_)
        | Reason::Inactivity { .. }
        | Reason::Rhythm { .. }
        | Reason::NotObserved { .. }
        | Reason::LinkLost { .. }
        | Reason::Subscription { .. }
        | Reason::Storage { .. }
        | Reason::Configuration { .. }
        | Reason::CertificateEnds(_)
        | Reason::PathLost(_)
        | Reason::AllPathsLost(_)
        | Reason::Twin(_)
        | Reason::HomeUnreachable { .. }
        | Reason::NoWatcher { .. }
        | Reason::Unknown => None,
    }
}

/// The text with as much of the place as fits.
pub(super) fn cut(place: &str, text: impl Fn(&str) -> String) -> String {
    let lengths = (0..=place.chars().count()).rev();
    let texts = lengths.map(|length| text(&shown(place, length)));
    texts.into_iter().find(|text| fits(text)).unwrap_or_else(|| text("").chars().take(CHINESE_MAX).collect())
}

/// Whether it is one message. What is safely of the phone's short alphabet has more room; anything else counts as UTF-16.
pub(super) fn fits(text: &str) -> bool {
    let is_plain = text.bytes().all(|c| c.is_ascii_graphic() || c == b' ') && !text.contains(NOT_PLAIN);
    if is_plain { text.len() <= PLAIN_MAX } else { text.encode_utf16().count() <= CHINESE_MAX }
}

/// ASCII that the short alphabet lacks, or has at the price of two.
const NOT_PLAIN: [char; 9] = ['`', '^', '{', '}', '\\', '[', ']', '~', '|'];
const CHINESE_MAX: usize = 70;
const PLAIN_MAX: usize = 160;
/// As long as a place may be in the config.
pub(super) const PLACE_LENGTH_MAX: usize = 20;
/// Rooms by their usual words are shorter.
const ROOM_LENGTH_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{Span, from_millis};

    fn told<'a>(reason: &'a Reason, place: &'a str) -> Sms<'a> {
        let raised_at = from_millis(1_795_241_529_000);
        let severity = reason.severity();
        let now = Some(raised_at + Span::minutes(1));
        Sms {
            place,
            mark: Mark::Number(7),
            reason,
            severity,
            is_test: false,
            raised_at,
            now,
            answers: Answers::Take,
            due: None,
            last_resort: None,
        }
    }

    fn shanghai() -> Zone {
        Zone::named("Asia/Shanghai").unwrap()
    }

    /// Goal: whatever an alert is about, it is one message. Method: every reason with the extreme values of its fields × both
    /// languages × short and long places, tests and not, with and without a clock.
    #[test]
    fn every_reason_is_one_message() {
        let places = [
            "7",
            "3-2-201",
            "幸福里小区十八号楼三单元一千二百零一室",
            "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
            "Rose Lane [7] {x}",
        ];
        for example in reason::tests::extremes() {
            for (nth, place) in places.into_iter().enumerate() {
                for language in Language::ALL {
                    let mut told = told(&example, place);
                    told.is_test = nth % 2 == 1 || matches!(example, Reason::Test { .. });
                    told.mark = Mark::Number(if nth == 2 { 99_999 } else { 123 });
                    if nth > 2 {
                        (told.mark, told.answers, told.due) = (Mark::Code("K7"), Answers::All, Some(told.raised_at));
                    }
                    told.now = told.now.filter(|_| nth != 3);
                    for text in [sms(language, &shanghai(), &told), sms_over(language, &told)] {
                        assert!(fits(&text), "{} in {text:?}", text.encode_utf16().count());
                        for broken in ["  ", "，，", "。。", "：：", " ,", "..", "\n", "（）"] {
                            assert!(!text.replace(place, "7").contains(broken), "{broken:?} in {text:?}");
                        }
                        let marked = text.contains("测试") || text.contains("TEST");
                        assert_eq!(marked, told.is_test, "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn whoever_reads_it_knows_where_to_go_what_is_wrong_and_what_to_do() {
        let room = serde_json::from_str(
            r#"{"rule":"long_in_room","room":"bathroom","entered_at":"2026-11-21T05:12:09Z","limit_secs":2700}"#,
        )
        .unwrap();
        let chinese = sms(Language::Chinese, &shanghai(), &told(&room, "3号楼2单元201室"));
        assert_eq!(
            chinese,
            "【照护圈】预警：3号楼2单元201室 卫生间久留不出，13:12起。请先打电话，不通就上门。回1接单 #7"
        );
        let english = sms(Language::English, &shanghai(), &told(&room, "Rose Lane 7, flat 2"));
        assert_eq!(
            english,
            "CARECIRCLE WARNING: Rose Lane 7, flat 2: bathroom, Long in one room, since 13:12. Phone; if nobody answers, go there. \
             Reply 1 to take it. #7"
        );
        let over = sms_over(Language::Chinese, &told(&room, "3号楼2单元201室"));
        assert_eq!(over, "【照护圈】已办结：3号楼2单元201室 久留不出，不必再前往。#7");
        let press = serde_json::from_str(r#"{"rule":"call_button","sensor":"pendant","press":"sos"}"#).unwrap();
        let mut press = told(&press, "3号楼2单元201室");
        press.answers = Answers::None;
        let text = sms(Language::Chinese, &shanghai(), &press);
        assert_eq!(text, "【照护圈】紧急：3号楼2单元201室 一键呼叫，14:12。请立即上门 #7");
    }

    #[test]
    fn at_the_last_resort_it_says_what_to_do_whatever_else_must_go() {
        let press = serde_json::from_str(r#"{"rule":"call_button","sensor":"pendant","press":"sos"}"#).unwrap();
        let resort = Some(LastResort { call: "120", waited: Some(Span::minutes(4)) });
        let text = sms(Language::Chinese, &shanghai(), &Sms { last_resort: resort, ..told(&press, "3号楼2单元201室") });
        assert_eq!(
            text,
            "【照护圈】紧急：3号楼2单元201室 一键呼叫，14:12。至今无人到场，近者请上门并打120。回1接单 #7"
        );
        let place = "幸福里小区十八号楼三单元一千二百零一室";
        for example in reason::tests::extremes() {
            for language in Language::ALL {
                let told = Sms { last_resort: resort, mark: Mark::Number(9_999), ..told(&example, place) };
                let text = sms(language, &shanghai(), &told);
                assert!(fits(&text) && text.contains("120") && text.contains("幸福里小区"), "{text}");
                let test = sms(language, &shanghai(), &Sms { is_test: true, ..told });
                assert!(fits(&test) && !test.contains("120"), "{test}");
            }
        }
    }

    #[test]
    fn a_day_that_is_not_today_is_named_and_a_clock_that_is_not_believed_says_nothing() {
        let press = serde_json::from_str(r#"{"rule":"call_button","sensor":"pendant","press":"sos"}"#).unwrap();
        let mut late = told(&press, "3-2-201");
        late.now = late.now.map(|now| now + Span::days(1));
        assert!(sms(Language::Chinese, &shanghai(), &late).contains("11月21日 14:12"));
        late.now = None;
        assert!(sms(Language::Chinese, &shanghai(), &late).contains("时间不明"));
    }

    #[test]
    fn what_a_body_measures_and_where_somebody_is_away_is_never_said() {
        for example in reason::tests::extremes() {
            let text = sms(Language::Chinese, &shanghai(), &told(&example, "3-2-201"));
            for word in ["住院", "心率", "血", "体温", "呼吸", "医"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }

    #[test]
    fn the_longest_place_of_a_config_stays_whole_on_the_day_itself() {
        let place = "幸福里小区十八号楼三单元一千二百零一室";
        for example in reason::tests::extremes() {
            let mut told = told(&example, place);
            told.mark = Mark::Number(9_999);
            // The extremes of an instant are years away, and then a day is named.
            let is_of_today = begun_at(&example).is_none_or(|at| (told.raised_at - at).abs() < Span::hours(6));
            for language in Language::ALL.into_iter().filter(|language| is_of_today || *language == Language::Chinese) {
                let text = sms(language, &shanghai(), &told);
                assert!(text.contains(place) && sms_over(language, &told).contains(place), "{text}");
            }
        }
    }
}
