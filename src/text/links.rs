//! Sentences about the ways to the sensors: what is gone, what hangs behind it, who floods them.

use crate::model::ids::SensorId;
use crate::model::reason::{Loss, Reason};
use crate::text::{Language, shown};

/// A link as people call it: its path without the broker that everything hangs behind.
///
/// `mqtt/zigbee2mqtt/upstairs` → `upstairs (zigbee2mqtt)`, `mqtt/zigbee2mqtt/zigbee2mqtt` → `zigbee2mqtt`, `radio` → `radio`
pub fn link_name(path: &str) -> String {
    let behind = path.strip_prefix("mqtt/").unwrap_or(path);
    let name = match behind.split_once('/') {
        Some((source, bridge)) if source != bridge => format!("{bridge} ({source})"),
        Some((source, _)) => source.to_owned(),
        None => behind.to_owned(),
    };
    shown(&name, 60)
}

/// What became of a lost link, in sentences; nothing for another reason.
pub(super) fn lost(language: Language, reason: &Reason) -> Vec<String> {
    let Reason::LinkLost { link, how, sensors, is_whole, nobody_can_call, call_buttons, outer_doors, .. } = reason
    else {
        return Vec::new();
    };
    let name = link_name(link);
    let what = match (*is_whole, *sensors) {
        (_, n) if *how == Loss::Mute => {
            let sensors = language.pick(
                format!("{n} 个传感器"),
                if n == 1 { "its only sensor".to_owned() } else { format!("any of its {n} sensors") },
            );
            language.pick(
                format!("{name} 虽显示已连接，但其 {sensors}都没有信号，请检查或重新启动该设备"),
                format!("{name} seems to be up, but nothing comes from {sensors}; please check it, or start it anew"),
            )
        }
        (true, 1) => language.pick(
            format!("与 {name} 的连接中断，1 个传感器收不到信号"),
            format!("the link {name} is lost; 1 sensor cannot be heard"),
        ),
        (true, n) => language.pick(
            format!("与 {name} 的连接中断，{n} 个传感器收不到信号"),
            format!("the link {name} is lost; {n} sensors cannot be heard"),
        ),
        (false, 1) => language.pick(
            format!("与 {name} 的连接中断，1 个传感器可能收不到信号"),
            format!("the link {name} is lost; 1 sensor may not be heard"),
        ),
        (false, n) => language.pick(
            format!("与 {name} 的连接中断，{n} 个传感器中的一部分可能收不到信号"),
            format!("the link {name} is lost; some of {n} sensors may not be heard"),
        ),
    };
    let mut sentences = vec![what];
    if *nobody_can_call {
        sentences.push(language.pick(
            "家中现在无法一键呼叫，请先电话联系本人".to_owned(),
            "NOBODY CAN CALL FROM THIS HOME NOW: phone the person first".to_owned(),
        ));
    }
    if !call_buttons.is_empty() {
        let names = names(call_buttons);
        sentences.push(language.pick(format!("涉及呼叫按钮：{names}"), format!("Call buttons behind it: {names}")));
    }
    if !outer_doors.is_empty() {
        let names = names(outer_doors);
        sentences.push(language.pick(
            format!("涉及入户门：{names}，是否外出无从得知"),
            format!("Outer doors behind it: {names}; whether the person is out is not known"),
        ));
    }
    sentences
}

/// Who floods, in sentences; nothing for another reason. `sensor` is the sensor in words.
pub(super) fn flood(language: Language, reason: &Reason, sensor: Option<String>) -> Vec<String> {
    let Reason::Flood { source, per_second, .. } = reason else { return Vec::new() };
    let source = link_name(source.as_deref().unwrap_or("?"));
    let who = match sensor {
        Some(sensor) => sensor,
        None => language.pick(format!("来自 {source} 的设备"), format!("what comes from {source}")),
    };
    let says = language.pick(
        format!("{who} 每秒发送约 {per_second} 条消息，多余的不予采信"),
        format!("{who} sends about {per_second} messages a second; what is too much is left out"),
    );
    let deed = language.pick("其他传感器和按钮不受影响，请检查该设备", "Others are heard as ever; please look at it");
    vec![says, deed.to_owned()]
}

/// Topics that the broker keeps from us.
pub(super) fn refused(language: Language, filters: &[String]) -> Vec<String> {
    let filters: Vec<&String> = filters.iter().filter(|filter| !filter.trim().is_empty()).collect();
    let listed: Vec<String> = filters.iter().take(4).map(|filter| format!("\"{}\"", shown(filter, 60))).collect();
    let listed = match (listed.is_empty(), filters.len() > listed.len()) {
        (true, _) => language.pick("若干主题", "some topics").to_owned(),
        (false, true) => format!("{} …", listed.join(", ")),
        (false, false) => listed.join(", "),
    };
    vec![
        language.pick(
            format!("家中 MQTT 服务器拒绝订阅：{listed}"),
            format!("the home's broker refuses to let the gateway hear {listed}"),
        ),
        language.pick("请检查服务器的访问控制列表".to_owned(), "Please check the broker's access list".to_owned()),
    ]
}

fn names(sensors: &[SensorId]) -> String {
    sensors.iter().map(SensorId::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_called_as_people_call_it() {
        for (path, name) in [
            ("mqtt", "mqtt"),
            ("radio", "radio"),
            ("radio/3", "3 (radio)"),
            ("mqtt/zigbee2mqtt", "zigbee2mqtt"),
            ("mqtt/zigbee2mqtt/zigbee2mqtt", "zigbee2mqtt"),
            ("mqtt/zigbee2mqtt/site/upstairs", "site/upstairs (zigbee2mqtt)"),
        ] {
            assert_eq!(link_name(path), name);
        }
    }
}
