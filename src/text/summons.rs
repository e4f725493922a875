//! What the station tells its people by SMS besides the alert itself: one message each, never a name.

use crate::model::time::{Span, Timestamp, Zone};
use crate::text::sms::{PLACE_LENGTH_MAX, cut, fits};
use crate::text::{Language, duration, hour_minute, shown};

/// What is to be said.
#[derive(Debug, Clone, Copy)]
pub enum Summons<'a> {
    /// Still nobody has an alert.
    Untaken {
        /// For which time this is said.
        times: u32,
        /// Short address.
        place: &'a str,
        /// When it was raised.
        at: Timestamp,
    },
    /// Whoever took it has not set out.
    NotDeparted {
        /// Short address.
        place: &'a str,
        /// When they took it.
        at: Timestamp,
    },
    /// The promised time has passed and nobody is there.
    Overdue {
        /// Short address.
        place: &'a str,
        /// When somebody should have been there.
        due: Timestamp,
    },
    /// Somebody else goes.
    Others {
        /// Short address.
        place: &'a str,
        /// When it was raised.
        at: Timestamp,
    },
    /// Nobody watches the desk.
    NoWatcher {
        /// For so long.
        span: Span,
        /// So many alerts wait.
        waiting: usize,
    },
    /// The day's list is not done.
    Daily {
        /// By when it should have been.
        at: Timestamp,
        /// So many homes are open.
        homes: usize,
    },
    /// A test.
    Test,
    /// An answer without a code, where several alerts could be meant.
    WhichOne {
        /// Their codes.
        codes: &'a str,
    },
    /// An answer where no alert is meant.
    NoneOpen,
    /// An answer that is none.
    NotUnderstood,
    /// What was answered cannot be done.
    Refused {
        /// Why.
        why: &'a str,
    },
}

/// The words, with the alert's code at their end.
pub fn summons(language: Language, zone: &Zone, what: Summons<'_>, code: &str) -> String {
    let place = match what {
        Summons::Untaken { place, .. }
        | Summons::NotDeparted { place, .. }
        | Summons::Overdue { place, .. }
        | Summons::Others { place, .. } => shown(place, PLACE_LENGTH_MAX),
        Summons::Refused { why } => shown(why, WORDS_MAX),
        Summons::NoWatcher { .. }
        | Summons::Daily { .. }
        | Summons::Test
        | Summons::WhichOne { .. }
        | Summons::NoneOpen
        | Summons::NotUnderstood => String::new(),
    };
    let write = |place: &str| {
        let words = language.pick(chinese(zone, what, place), english(zone, what, place));
        let tag = language.pick("【照护圈】", "CARECIRCLE ");
        if code.is_empty() { format!("{tag}{words}") } else { format!("{tag}{words} {code}") }
    };
    let whole = write(&place);
    match short(zone, what) {
        _ if fits(&whole) => whole,
        // One Chinese sign of the place leaves English less than half of its room.
        Some(short) if language == Language::English => {
            let write = |place: &str| format!("{} {code}", short.replace(PLACE, place)).trim_end().to_owned();
            if fits(&write(&place)) { write(&place) } else { cut(&place, write) }
        }
        Some(_) | None => cut(&place, write),
    }
}

/// In the fewest English words; the place stands for itself.
fn short(zone: &Zone, what: Summons<'_>) -> Option<String> {
    let clock = |at| hour_minute(zone, at);
    Some(match what {
        Summons::Untaken { at, .. } => format!("NOT TAKEN: {PLACE} {}. Reply 1", clock(at)),
        Summons::NotDeparted { .. } => format!("Set out? {PLACE}. Reply 2, or 0 if you cannot"),
        Summons::Overdue { due, .. } => format!("OVERDUE {PLACE} {}. Reply 3, or 0 for help", clock(due)),
        Summons::Others { .. } => format!("{PLACE}: someone else goes, not you"),
        Summons::NoWatcher { .. }
        | Summons::Daily { .. }
        | Summons::Test
        | Summons::WhichOne { .. }
        | Summons::NoneOpen
        | Summons::NotUnderstood
        | Summons::Refused { .. } => return None,
    })
}

/// Where the place goes.
const PLACE: &str = "\u{1}";

fn chinese(zone: &Zone, what: Summons<'_>, place: &str) -> String {
    let clock = |at| hour_minute(zone, at);
    match what {
        Summons::Untaken { times, at, .. } => {
            format!("第{times}次催办：{place} {}的警情无人接单，请即回1接单", clock(at))
        }
        Summons::NotDeparted { at, .. } => format!("您{}已接单{place}，尚未出发。出发回2，去不了回0", clock(at)),
        Summons::Overdue { due, .. } => {
            format!("超时：{place} 应{}前到达，仍未到达。到达回3，需增援回0", clock(due))
        }
        Summons::Others { at, .. } => format!("{place} {}警情已有人接单，您不必前往", clock(at)),
        Summons::NoWatcher { span, waiting } => {
            let span = duration(Language::Chinese, span);
            format!("值班台{span}无人看守，待接警情{waiting}件，请立即到岗")
        }
        Summons::Daily { at, homes } => format!("每日联系：{}仍有{homes}户未见活动，请电话联系", clock(at)),
        Summons::Test => "测试短信，不必出动。收到请回9".to_owned(),
        Summons::WhichOne { codes } => format!("有多件警情未结，请带代码再回，例如“1 代码”：{codes}"),
        Summons::NoneOpen => "没有收到：没有发给您的未结警情".to_owned(),
        Summons::NotUnderstood => "没有看懂。请回：1接单 2出发 3到达 0去不了，可加代码".to_owned(),
        Summons::Refused { .. } => format!("没有办到：{place}"),
    }
}

fn english(zone: &Zone, what: Summons<'_>, place: &str) -> String {
    let clock = |at| hour_minute(zone, at);
    match what {
        Summons::Untaken { times, at, .. } => {
            format!("reminder {times}: {place}, alert of {} not taken. Reply 1 now.", clock(at))
        }
        Summons::NotDeparted { at, .. } => {
            format!("you took {place} at {}, not on the way yet. Reply 2 on way, 0 cannot.", clock(at))
        }
        Summons::Overdue { due, .. } => {
            format!("OVERDUE {place}: due {}, nobody there yet. Reply 3 arrived, 0 need help.", clock(due))
        }
        Summons::Others { at, .. } => {
            format!("{place}, alert {}: someone else is going, you need not go.", clock(at))
        }
        Summons::NoWatcher { span, waiting } => {
            let span = duration(Language::English, span);
            format!("nobody watches the desk for {span}, {waiting} alert(s) waiting. Go now.")
        }
        Summons::Daily { at, homes } => {
            format!("daily contact: {homes} homes without activity at {}, please phone.", clock(at))
        }
        Summons::Test => "TEST, nobody needs to go. Reply 9 when received.".to_owned(),
        Summons::WhichOne { codes } => format!("several alerts are open. Reply again with the code: {codes}"),
        Summons::NoneOpen => "not done: no alert is open that you were told of.".to_owned(),
        Summons::NotUnderstood => "not understood. Reply 1 take 2 on way 3 arrived 0 cannot, and the code.".to_owned(),
        Summons::Refused { .. } => format!("not done: {place}"),
    }
}

/// Of words that another room wrote.
const WORDS_MAX: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::from_millis;

    #[test]
    fn each_is_one_message_whatever_the_place_and_says_what_the_design_says() {
        let (zone, at) = (Zone::named("Asia/Shanghai").unwrap(), from_millis(1_795_241_529_000));
        let long = "幸福里小区十八号楼三单元一千二百零一室";
        let codes = "K7 M3 A2 B4 C5 D6 E7 F8 G9";
        let all = |place, why| {
            [
                Summons::Untaken { times: 2, place, at },
                Summons::NotDeparted { place, at },
                Summons::Overdue { place, due: at },
                Summons::Others { place, at },
                Summons::NoWatcher { span: Span::days(40), waiting: 12_345 },
                Summons::Daily { at, homes: 2_000 },
                Summons::Test,
                Summons::WhichOne { codes },
                Summons::NoneOpen,
                Summons::NotUnderstood,
                Summons::Refused { why },
            ]
        };
        for language in Language::ALL {
            for place in ["7", "3号楼2单元201室", long, "\u{202e}{x}\n😀"] {
                for what in all(place, long) {
                    let text = summons(language, &zone, what, "K7");
                    assert!(fits(&text), "{text}");
                    assert!(text.ends_with(" K7") && !text.contains(['\n', '\u{202e}']), "{text:?}");
                }
            }
        }
        let said = |what| summons(Language::Chinese, &zone, what, "K7");
        assert_eq!(
            said(Summons::Untaken { times: 1, place: "3号楼2单元201室", at }),
            "【照护圈】第1次催办：3号楼2单元201室 14:12的警情无人接单，请即回1接单 K7"
        );
        let nobody = Summons::NoWatcher { span: Span::seconds(60), waiting: 1 };
        let text = summons(Language::English, &zone, nobody, "");
        assert_eq!(text, "CARECIRCLE nobody watches the desk for 1 min, 1 alert(s) waiting. Go now.");
    }
}
