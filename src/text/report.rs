//! The words on the report: activity picture, limits, sensors, alerts.

use crate::model::reason::Stuck;
use crate::model::status::Condition;
use crate::text::Language;

/// The words of this name on the report; the name itself where there is none, so that a gap is seen and a test finds it.
pub fn report(language: Language, name: &'static str) -> &'static str {
    let found = WORDS.iter().find(|(word, _, _)| *word == name);
    found.map_or(name, |(_, chinese, english)| language.pick(chinese, english))
}

/// How a sensor is.
pub fn condition(language: Language, condition: Condition) -> &'static str {
    match condition {
        Condition::Alive => language.pick("正常", "alive"),
        Condition::CutOff => language.pick("连接中断，情况不明", "cut off: not known"),
        Condition::Silent => language.pick("无信号", "SILENT"),
        Condition::CannotTell => language.pick("无法判断是否正常", "cannot be told"),
        Condition::Stuck(Stuck::On) => language.pick("失灵：一直显示有人", "STUCK: sees somebody without an end"),
        Condition::Stuck(Stuck::Off) => language.pick("失灵：一直显示无人", "STUCK: sees nobody, though others do"),
        Condition::Stuck(Stuck::Chatters) => language.pick("失灵：不停触发", "CHATTERS without a pause"),
        Condition::Stuck(Stuck::Unknown) => language.pick("失灵：不报状态", "does not say what it is there for"),
    }
}

const WORDS: &[(&str, &str, &str)] = &[
    ("title", "居家活动报告", "Report on a home"),
    ("home", "住户编号", "Home"),
    ("place", "地址", "Place"),
    ("period", "时段", "Period"),
    ("made_at", "生成时间", "Made at"),
    ("zone", "时区", "Clock"),
    ("records_from", "记录起始", "Records begin"),
    ("no_records", "没有记录", "there are no records"),
    ("watched", "已观测的时间", "Watched"),
    ("of_the_period", "（占本时段）", "of the period"),
    ("person_alerts", "人员警情", "Alerts about the person"),
    ("equipment_alerts", "设备警情", "Alerts about equipment"),
    ("tests", "另有测试或演练", "tests or drills besides"),
    ("sensors_alive", "正常的传感器", "Sensors alive"),
    (
        "private",
        "本页记录一个人的起居，请妥善保管，用后删除。",
        "This page tells how somebody lives: keep it safe, and delete it after use.",
    ),
    ("activity", "活动", "Activity"),
    (
        "activity_lead",
        "每行一天，横向二十四小时，每格一刻钟，颜色是有活动的房间。",
        "One line a day, 24 hours across, a cell for each quarter hour, coloured by the room with movement.",
    ),
    ("many_rooms", "一格内有几个房间时，只画活动最多的一个。", "Of several rooms in one cell the liveliest is drawn."),
    ("stripes", "一格内有几个房间时，各占一条。", "Several rooms in one cell have a stripe each."),
    ("quiet", "有观测、无活动", "watched, nothing seen"),
    ("unknown", "未观测：情况不明，不算安静", "not watched: not known, not quiet"),
    ("suspended", "暂停提醒", "rules suspended"),
    ("limits", "一天中的静止上限", "The limit over the day"),
    (
        "limits_lead",
        "每个点是一段至少 30 分钟的静止：横向是开始的钟点，纵向是持续多久，颜色是最后有活动的房间。线是此刻开始的静止最多可以多久。",
        "Each dot is a silence of at least 30 minutes: across, the clock at which it began; upwards, how long it lasted; coloured by the room last seen. The line is how long a silence that begins then may last.",
    ),
    ("fixed_limit", "固定上限（配置）", "fixed limit (configured)"),
    ("learned_shortest", "学到的上限：最短的房间", "learned limit, shortest room"),
    ("learned_longest", "学到的上限：最长的房间", "learned limit, longest room"),
    ("no_limit", "没有设定静止上限。", "No limit for silence is set."),
    (
        "at_least",
        "至少这么久（开始或结束时未观测，或尚未结束）",
        "at least so long (begin or end not watched, or not over yet)",
    ),
    ("elsewhere", "无房间", "no room"),
    ("others", "其他房间", "other rooms"),
    ("day", "日期", "Day"),
    ("first", "最早", "First"),
    ("last", "最晚", "Last"),
    ("lively", "有活动", "Active"),
    ("longest_silence", "最长静止", "Longest silence"),
    ("longest_begun", "当天开始的最长静止", "Longest silence begun"),
    ("not_watched", "未观测", "Not watched"),
    ("alerts", "警情", "Alerts"),
    ("hour", "开始的钟点", "Begun at"),
    ("silences", "静止次数", "Silences"),
    ("median", "中位", "Median"),
    ("longest", "最长", "Longest"),
    ("limit", "上限", "Limit"),
    ("rooms", "房间", "Rooms"),
    (
        "rooms_lead",
        "每天平均有活动的时间（按一刻钟计，只算已观测的时间）。",
        "Mean time of a day with movement there, in quarter hours; only time that was watched counts.",
    ),
    ("room", "房间", "Room"),
    ("night", "00–06", "00–06"),
    ("morning", "06–12", "06–12"),
    ("afternoon", "12–18", "12–18"),
    ("evening", "18–24", "18–24"),
    ("total", "全天", "Whole day"),
    ("when", "时间", "When"),
    ("what", "内容", "What"),
    ("why", "原因", "Why"),
    ("end", "结果", "End"),
    ("still_open", "未结束", "still open"),
    ("ended", "结束于", "ended"),
    ("recovered", "自行恢复于", "went by itself"),
    ("cancelled", "本人有回应，未通知", "answered at home, nobody was told"),
    ("asked_at_home", "家中先行询问", "Asked at home first"),
    ("of_these_answered", "其中有回应", "answered:"),
    ("answered", "有回应", "answered"),
    ("unanswered", "没有回应，已通知", "no answer, people were told"),
    ("no_longer_due", "情况已变，不再询问", "no longer due"),
    ("test", "测试", "TEST"),
    ("none", "无", "none"),
    ("sensors", "传感器", "Sensors"),
    ("sensor", "传感器", "Sensor"),
    ("kind", "用途", "For"),
    ("state", "状况", "State"),
    ("last_heard", "最近信号", "Last heard"),
    ("never", "从未", "never"),
    ("battery", "电量", "Battery"),
    ("low", "低", "LOW"),
    ("silent_spans", "无信号时段", "Silent spans"),
    ("in_period", "本时段", "In this period"),
    (
        "strip",
        "横条：有信号；斜线：超过上限无信号；细线：没有记录或未观测",
        "bar: heard; hatched: silent for longer than its limit; thin line: no record, or not watched",
    ),
    ("outages", "未观测的时段", "Times in which nobody watched"),
    ("from", "从", "From"),
    ("to", "至", "To"),
    ("length", "时长", "Length"),
    ("cause", "原因", "Cause"),
    ("now", "现在", "now"),
    ("gateway_down", "网关未运行", "the gateway was not running"),
    ("link_lost", "与传感器的连接中断", "the link to the sensors was lost"),
    ("mute", "与传感器的连接没有任何消息", "nothing came from what carries the sensors"),
    ("suspensions", "暂停提醒的时段", "Suspensions"),
    ("no_witness", "没有可信的传感器", "no sensor that could be believed"),
    ("before_records", "没有记录（未安装或已按期删除）", "no records (not yet installed, or deleted in due time)"),
    ("since_last_mark", "最后一条记录之后没有网关的消息", "nothing from the gateway after its last line"),
    ("clock_set", "时钟被拨快", "the clock was set forwards"),
    ("hours", "小时", "h"),
    ("minutes", "分", "min"),
    ("legend", "图例", "Legend"),
    ("days", "天", "days"),
];

/// The days of the week, Monday first, as short as a margin.
pub fn weekdays(language: Language) -> [&'static str; 7] {
    language.pick(
        ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_stands_once_and_in_both_languages() {
        for (i, (name, chinese, english)) in WORDS.iter().enumerate() {
            assert!(WORDS[..i].iter().all(|(earlier, _, _)| earlier != name), "{name} stands twice");
            assert!(!chinese.is_empty() && !english.is_empty(), "{name} has a gap");
        }
    }
}
