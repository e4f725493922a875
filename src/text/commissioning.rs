//! The words on the printed page of a commissioning record.

use crate::model::commissioning::Outcome;
use crate::model::home::SensorKind;
use crate::text::Language;

/// The words of this name on the page.
pub fn commissioning(language: Language, name: &'static str) -> &'static str {
    let found = WORDS.iter().find(|(word, _, _)| *word == name);
    found.map_or(name, |(_, chinese, english)| language.pick(chinese, english))
}

/// What came of a sensor in the walk.
pub fn outcome_of_walk(language: Language, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => language.pick("通过", "passed"),
        Outcome::OnlyAlive => language.pick("仅在线，未触发", "heard, not triggered"),
        Outcome::NotHeard => language.pick("未收到", "not heard"),
    }
}

/// What a sensor is for.
pub fn sensor_kind(language: Language, kind: SensorKind) -> &'static str {
    let (chinese, english) = match kind {
        SensorKind::Motion => ("人体移动", "motion"),
        SensorKind::Presence => ("人体存在", "presence"),
        SensorKind::CallButton => ("紧急呼叫", "call button"),
        SensorKind::ServiceButton => ("服务按钮", "service button"),
        SensorKind::OkButton => ("平安按钮", "I-am-well button"),
        SensorKind::AwayButton => ("外出按钮", "away button"),
        SensorKind::OuterDoor => ("入户门", "outer door"),
        SensorKind::Door => ("室内门", "door"),
        SensorKind::Bed => ("床", "bed"),
        SensorKind::Chair => ("座椅", "chair"),
        SensorKind::Item => ("常用物品", "everyday item"),
        SensorKind::Smoke => ("烟雾", "smoke"),
        SensorKind::Gas => ("燃气", "gas"),
        SensorKind::Leak => ("漏水", "water leak"),
        SensorKind::Temperature => ("温度", "temperature"),
        SensorKind::Vital => ("生命体征", "vital sign"),
        SensorKind::Mains => ("市电", "mains"),
    };
    language.pick(chinese, english)
}

const WORDS: &[(&str, &str, &str)] = &[
    ("title", "安装验收单", "Commissioning record"),
    ("home", "住户编号", "Home"),
    ("place", "地址", "Place"),
    ("walked", "走测时间", "Walk test"),
    ("program", "程序版本", "Program"),
    ("config", "配置指纹", "Configuration"),
    ("all_passed", "全部传感器通过走测。", "Every sensor passed the walk test."),
    ("missing", "未通过的传感器：", "Sensors that did not pass: "),
    ("no_room", "随身或未指定房间", "carried, or no room named"),
    ("sensor", "传感器", "Sensor"),
    ("kind", "用途", "Purpose"),
    ("device", "设备", "Device"),
    ("result", "结果", "Result"),
    ("time", "首次触发", "First event"),
    ("events", "次数", "Events"),
    ("battery", "电池", "Battery"),
    ("low", "电量低", "LOW"),
    ("fine", "正常", "ok"),
    ("signal", "信号", "Signal"),
    (
        "never_checks_in",
        "* 这种无线设备只在触发时发送，从不报到：没有消息时，无法区分“安静”与“设备失效”。请由其他传感器一同看护该房间，并定期走测。",
        "* This radio sends only when it is triggered and never checks in: silence cannot be told from a dead device. Let \
         another sensor watch the same room, and repeat the walk test from time to time.",
    ),
    (
        "limits",
        "本系统不是经认证的紧急报警系统。请每月按一次呼叫按钮做测试。",
        "This is no certified alarm system. Press the call button once a month as a test.",
    ),
    ("technician", "安装人员（签字）", "Technician (signature)"),
    ("resident", "老人或家属（签字）", "Resident or family (signature)"),
    ("date", "日期", "Date"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_one_name_and_both_languages() {
        let mut names: Vec<&str> = WORDS.iter().map(|(name, _, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), WORDS.len());
        for (name, chinese, english) in WORDS {
            assert!(!chinese.is_empty() && english.is_ascii(), "{name}");
        }
    }
}
