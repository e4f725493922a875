//! Times and lengths of time as people say them.

use crate::model::time::{Span, Timestamp, Zone};
use crate::text::Language;

/// `3 小时 5 分`, `3 h 5 min`: the two largest units, cut (never rounded up); less than nothing is nothing.
pub fn duration(language: Language, span: Span) -> String {
    let secs = span.num_seconds().max(0);
    let units = language.pick(["天", "小时", "分", "秒"], ["d", "h", "min", "s"]);
    let parts = [secs / 86_400, secs / 3600 % 24, secs / 60 % 60, secs % 60];
    let first = parts.iter().position(|n| *n > 0).unwrap_or(3);
    let words: Vec<String> = (first..4.min(first + 2))
        .filter(|i| parts[*i] > 0 || *i == first)
        .map(|i| format!("{} {}", parts[i], units[i]))
        .collect();
    words.join(" ")
}

/// `14:12:43` on the wall of `zone`.
pub fn clock_time(zone: &Zone, at: Timestamp) -> String {
    let secs = zone.local(at).second_of_day;
    format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}

/// `14:12` on the wall of `zone`.
pub fn hour_minute(zone: &Zone, at: Timestamp) -> String {
    zone.hour_minute(at)
}

/// `11月21日 14:12`, `21 Nov 14:12`: a reason is also read days later, so it carries its day.
pub fn date_time(language: Language, zone: &Zone, at: Timestamp) -> String {
    let (_, month, day) = zone.local(at).date;
    let month_name = MONTHS[usize::from(month.clamp(1, 12) as u8) - 1];
    let date = language.pick(format!("{month}月{day}日"), format!("{day} {month_name}"));
    format!("{date} {}", zone.hour_minute(at))
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_said_in_its_two_largest_units() {
        for (secs, chinese, english) in [
            (0, "0 秒", "0 s"),
            (59, "59 秒", "59 s"),
            (60, "1 分", "1 min"),
            (11_100, "3 小时 5 分", "3 h 5 min"),
            (7_205, "2 小时", "2 h"),
            (90_000, "1 天 1 小时", "1 d 1 h"),
            (-5, "0 秒", "0 s"),
        ] {
            assert_eq!(duration(Language::Chinese, Span::seconds(secs)), chinese);
            assert_eq!(duration(Language::English, Span::seconds(secs)), english);
        }
        assert!(!duration(Language::English, Span::MAX).is_empty());
    }

    #[test]
    fn times_are_those_on_the_wall() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let at: Timestamp = "2026-11-21T06:12:43Z".parse().unwrap();
        assert_eq!(clock_time(&zone, at), "14:12:43");
        assert_eq!(date_time(Language::Chinese, &zone, at), "11月21日 14:12");
        assert_eq!(date_time(Language::English, &zone, at), "21 Nov 14:12");
    }
}
