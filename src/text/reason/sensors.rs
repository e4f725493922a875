//! The sentences about sensors: silent, stuck, opened, weak, nearly empty.

use super::Say;
use crate::model::home::SensorKind;
use crate::model::ids::{RoomId, SensorId};
use crate::model::reason::Stuck;
use crate::model::time::Timestamp;
use crate::text::sensor_kind;

impl Say<'_> {
    pub(super) fn silent(&self, sensor: &SensorId, room: Option<&RoomId>, kind: SensorKind, limit: String) -> String {
        let (what, kind) = (self.sensor(sensor, room), sensor_kind(self.language, kind));
        self.language.pick(
            format!("{what}（{kind}）超过 {limit} 没有信号"),
            format!("{what} ({kind}) has sent nothing for more than {limit}"),
        )
    }

    pub(super) fn offline(&self, sensor: &SensorId, room: Option<&RoomId>, kind: SensorKind, limit: String) -> String {
        let (what, kind) = (self.sensor(sensor, room), sensor_kind(self.language, kind));
        self.language.pick(
            format!("{what}（{kind}）离线超过 {limit}（网关报告）"),
            format!("{what} ({kind}) has been offline for more than {limit}, says its bridge"),
        )
    }

    /// Said loudly: whether somebody is out is concluded from this door alone.
    pub(super) fn rests_on_door(&self, kind: SensorKind) -> Option<String> {
        (kind == SensorKind::OuterDoor).then(|| {
            self.language.pick(
                "判断老人是否外出全靠这个门磁，修好之前无法得知老人是否在家".to_owned(),
                "Whether the person is out is concluded from this door; until it is repaired, that is not known"
                    .to_owned(),
            )
        })
    }

    pub(super) fn battery(
        &self,
        sensor: &SensorId,
        room: Option<&RoomId>,
        (percent, limit_percent): (Option<f64>, f64),
        volts: Option<f64>,
        empty_in_days: Option<u32>,
    ) -> String {
        let (what, language) = (self.sensor(sensor, room), self.language);
        let level = match (percent, volts) {
            (Some(percent), _) => language.pick(format!("电量 {percent:.0}%"), format!("battery at {percent:.0} %")),
            (None, Some(volts)) => language.pick(format!("电压 {volts:.1} V"), format!("battery at {volts:.1} V")),
            (None, None) => language.pick("电量低".to_owned(), "battery low".to_owned()),
        };
        if let Some(days) = empty_in_days {
            let when_chinese = if days == 0 { "一天之内".to_owned() } else { format!("约 {days} 天后") };
            let when = match days {
                0 => "within a day".to_owned(),
                1 => "in about a day".to_owned(),
                days => format!("in about {days} days"),
            };
            return language.pick(
                format!("{what} {level}，下降很快，预计{when_chinese}耗尽，请提前更换电池"),
                format!("{what}: {level} and falling fast, empty {when}, please change it before"),
            );
        }
        if percent.is_none() && volts.is_some() {
            return language
                .pick(format!("{what} {level}，请尽快更换电池"), format!("{what}: {level}, please change it soon"));
        }
        language.pick(
            format!("{what} {level}（上限 {limit_percent:.0}%），请尽快更换电池"),
            format!("{what}: {level} (limit {limit_percent:.0} %), please change it soon"),
        )
    }

    pub(super) fn stuck(&self, sensor: &SensorId, room: Option<&RoomId>, how: Stuck, since: Timestamp) -> String {
        let (what, since) = (self.sensor(sensor, room), self.at(since));
        let (chinese, english) = match how {
            Stuck::On => (
                format!("{what}自 {since} 起一直报告有人"),
                format!("{what} has reported somebody without an end since {since}"),
            ),
            Stuck::Off => (
                format!("{what}自 {since} 起没有看到任何活动，而其他传感器多次看到活动"),
                format!("{what} has seen nothing since {since}, although others saw life again and again"),
            ),
            Stuck::Chatters => (
                format!("{what}自 {since} 起不停触发，不像是人的活动"),
                format!("{what} has reported without a pause since {since}, which no person does"),
            ),
            Stuck::Unknown => (
                format!("{what}自 {since} 起有信号，但没有给出测量值"),
                format!("{what} has sent signals since {since}, but not the value it is there for"),
            ),
        };
        self.language.pick(chinese, english)
    }

    pub(super) fn no_witness(&self) -> String {
        self.language.pick(
            "在检查之前，它的报告不作为活动依据".to_owned(),
            "Until it is checked, it counts neither for life nor for quiet".to_owned(),
        )
    }

    pub(super) fn opened(&self, sensor: &SensorId, room: Option<&RoomId>, since: Timestamp) -> String {
        let (what, since) = (self.sensor(sensor, room), self.at(since));
        self.language.pick(
            format!("{what}自 {since} 起外壳被打开或被取下，请检查安装"),
            format!("the cover of {what} has been open, or it is off the wall, since {since}; please check it"),
        )
    }

    pub(super) fn weak(&self, sensor: &SensorId, room: Option<&RoomId>, percent: f64, limit_percent: f64) -> String {
        let what = self.sensor(sensor, room);
        self.language.pick(
            format!("{what}一整天的信号强度约 {percent:.0}%（下限 {limit_percent:.0}%），请移近网关或加装中继"),
            format!(
                "{what} was heard at about {percent:.0} % for a whole day (limit {limit_percent:.0} %); move it nearer or add a repeater"
            ),
        )
    }

    /// What a radio that never checks in cannot tell.
    pub(super) fn cannot_tell(&self, sensors: u32) -> Option<String> {
        let (chinese, english) = match sensors {
            0 => return None,
            1 => (
                "其中 1 个只在触发时发信号，不报平安，它没有信号不等于没有人活动".to_owned(),
                "Of these, 1 never checks in: its radio cannot tell quiet from a dead sensor".to_owned(),
            ),
            many => (
                format!("其中 {many} 个只在触发时发信号，不报平安，它们没有信号不等于没有人活动"),
                format!("Of these, {many} never check in: their radio cannot tell quiet from a dead sensor"),
            ),
        };
        Some(self.language.pick(chinese, english))
    }
}
