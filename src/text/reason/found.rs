//! The sentences of the rules beside quiet and equipment.

use super::Say;
use crate::model::found::{
    AwayTooLong, Check, DailyContact, Danger, DoorLeftOpen, Hazard, LateRising, Limited, LongInRoom, MainsLost,
    MissedVisit, MovedWhileAway, NightDoor, NotBack, OutOfBed, Quantity, Range,
};
use crate::model::ids::SensorId;
use crate::model::time::{Hours, Span};
use crate::text::terms::absence;
use crate::text::{Language, duration, room, shown};

impl Say<'_> {
    pub(super) fn hazard(&self, found: &Hazard) -> Vec<String> {
        let what = self.sensor(&found.sensor, found.room.as_ref());
        let (danger_chinese, danger) = match found.danger {
            Danger::Smoke => ("烟雾", "smoke"),
            Danger::Gas => ("燃气或一氧化碳", "gas or carbon monoxide"),
            Danger::Leak => ("漏水", "water"),
        };
        let mut said =
            vec![self.language.pick(format!("{what}报告{danger_chinese}"), format!("{what} reports {danger}"))];
        if !found.also.is_empty() {
            let also = self.names(&found.also);
            said.push(self.language.pick(format!("同时报警的还有：{also}"), format!("Also warning: {also}")));
        }
        said.push(self.last_life(found.last_life.as_ref()));
        said
    }

    fn names(&self, sensors: &[SensorId]) -> String {
        let names: Vec<String> = sensors.iter().map(|sensor| self.sensor(sensor, None)).collect();
        names.join(self.language.pick("、", ", "))
    }
    pub(super) fn night_door(&self, found: &NightDoor) -> Vec<String> {
        let (door, moved_at) = (self.sensor(&found.sensor, found.room.as_ref()), self.at(found.moved_at));
        let (limit, night) = (duration(self.language, found.limit), found.night);
        let mut said = vec![
            self.language.pick(
                format!("{door}在夜间（{night}）开关，此后 {limit} 内屋里没有看到人"),
                format!("{door} moved at night ({night}) and nobody was seen inside within {limit}"),
            ),
            self.language.pick(format!("门最近一次开关：{moved_at}"), format!("It moved last at {moved_at}")),
        ];
        said.extend(found.blind.as_ref().map(|blind| self.blind_span(blind)));
        said
    }

    pub(super) fn out_of_bed(&self, found: &OutOfBed) -> Vec<String> {
        let (bed, left_at) = (self.sensor(&found.sensor, found.room.as_ref()), self.at(found.left_at));
        let (limit, night) = (duration(self.language, found.limit), found.night);
        vec![
            self.language.pick(
                format!("{bed}自 {left_at} 起无人，已有 {limit} 没有看到活动（夜间 {night}）"),
                format!("{bed} is empty since {left_at} and nothing was seen for {limit} (night {night})"),
            ),
            self.last_life(found.last_life.as_ref()),
        ]
    }

    pub(super) fn long_in_room(&self, found: &LongInRoom) -> Vec<String> {
        let (place, entered_at) = (room(self.language, &found.room), self.at(found.entered_at));
        let limit = self.limit(found.limit, found.hours);
        vec![
            self.language.pick(
                format!("自 {entered_at} 起只在{place}看到人，没有看到离开，上限 {limit}"),
                format!("since {entered_at} somebody was seen in the {place} only and not to leave it, limit {limit}"),
            ),
            self.last_life(found.last_life.as_ref()),
        ]
    }

    pub(super) fn late_rising(&self, found: &LateRising) -> Vec<String> {
        let (place, since, by) = (room(self.language, &found.room), self.at(found.there_since), found.by);
        vec![
            self.language.pick(
                format!("到 {by} 还没有看到起床：自 {since} 起只在{place}看到人"),
                format!("not seen to be up by {by}: since {since} in the {place} only"),
            ),
            self.last_life(found.last_life.as_ref()),
        ]
    }

    pub(super) fn daily_contact(&self, found: &DailyContact) -> Vec<String> {
        let (from, by) = (found.from, found.by);
        let mut said = vec![self.language.pick(
            format!("今天 {from} 至 {by} 没有看到活动，也没有按平安按钮，请打电话问候"),
            format!("no sign of life and no press between {from} and {by} today; please phone"),
        )];
        said.push(self.last_life(found.last_life.as_ref()));
        said.extend(found.blind.as_ref().map(|blind| self.blind_span(blind)));
        said
    }

    pub(super) fn missed_visit(&self, found: &MissedVisit) -> Vec<String> {
        let name = visit(&found.visit);
        let (from, to, grace) = (self.at(found.from), self.at(found.to), duration(self.language, found.grace));
        let mut said = vec![if found.is_known {
            self.language.pick(
                format!("计划的探访（{name}）在 {from} 至 {to} 没有人确认到达，前后宽限 {grace}，请询问原因"),
                format!(
                    "nobody confirmed to have come to the planned visit ({name}) between {from} and {to}, nor {grace} before or after; please ask"
                ),
            )
        } else {
            self.language.pick(
                format!("计划的探访（{name}，{from} 至 {to}）是否有人到达不清楚：这段时间家中没有观测，请询问"),
                format!(
                    "whether somebody came to the planned visit ({name}, {from} to {to}) is not known, for the home was not watched; please ask"
                ),
            )
        }];
        said.extend(found.blind.as_ref().map(|blind| self.blind_span(blind)));
        said
    }

    pub(super) fn away_too_long(&self, found: &AwayTooLong) -> Vec<String> {
        let (door, left_at) = (self.sensor(&found.sensor, None), self.at(found.left_at));
        let limit = duration(self.language, found.limit);
        let mut said = vec![self.language.pick(
            format!("可能外出：入户门{door}最近一次开关在 {left_at}，此后屋里没有看到人，已超过 {limit}"),
            format!("probably out: {door} moved last at {left_at}, and nobody was seen inside for more than {limit}"),
        )];
        said.extend(found.blind.as_ref().map(|blind| self.blind_span(blind)));
        said
    }

    pub(super) fn door_left_open(&self, found: &DoorLeftOpen) -> Vec<String> {
        let (door, since) = (self.sensor(&found.sensor, found.room.as_ref()), self.at(found.open_since));
        let limit = self.limit(found.limit, found.hours);
        vec![self.language.pick(
            format!("{door}自 {since} 起一直开着，上限 {limit}"),
            format!("{door} has stood open since {since}, limit {limit}"),
        )]
    }

    pub(super) fn range(&self, found: &Range) -> Vec<String> {
        let (sensor, since) = (self.sensor(&found.sensor, found.room.as_ref()), self.at(found.since));
        let (what, unit) = quantity(self.language, found.what);
        let (value, limit) = (format!("{} {unit}", number(found.value)), format!("{} {unit}", number(found.limit)));
        vec![
            self.language.pick(
                format!("{sensor}测得{what} {value}，{} {limit}", if found.is_low { "低于下限" } else { "高于上限" }),
                format!("{sensor} measures {what} {value}, {} {limit}", if found.is_low { "below" } else { "above" }),
            ),
            self.language.pick(format!("开始时间：{since}"), format!("Since {since}")),
        ]
    }

    pub(super) fn mains_lost(&self, found: &MainsLost) -> Vec<String> {
        let (sensor, since) = (self.sensor(&found.sensor, found.room.as_ref()), self.at(found.since));
        vec![self.language.pick(
            format!("{sensor}报告自 {since} 起停电，电池用完后家中就看不到了"),
            format!(
                "{sensor} reports that the mains are gone since {since}; when the batteries are empty, nothing is seen"
            ),
        )]
    }

    pub(super) fn test(&self, by_hand: bool) -> Vec<String> {
        let why = if by_hand {
            self.language.pick("有人手动发起", "somebody asked for it")
        } else {
            self.language.pick("每周例行", "it is done every week")
        };
        vec![self.language.pick(
            format!("这是测试，无人需要帮助，不必处理（{why}）"),
            format!("This is a test: nobody needs help, nothing is to be done ({why})"),
        )]
    }

    pub(super) fn check(&self, found: &Check) -> Vec<String> {
        let (lasts, due) = (duration(self.language, found.lasts), self.at(found.due));
        let rule = rule_limited(self.language, found.of);
        let what = match &found.room {
            Some(place) => {
                let place = room(self.language, place);
                self.language.pick(
                    format!("已 {lasts} 只在{place}看到人，正在家中询问本人"),
                    format!("seen in the {place} only for {lasts}, and asked at home whether all is well"),
                )
            }
            None => self.language.pick(
                format!("已 {lasts} 没有看到活动，正在家中询问本人"),
                format!("nothing seen for {lasts}, and asked at home whether all is well"),
            ),
        };
        vec![
            what,
            self.language.pick(
                format!("现在不用处理：有回应就自动结束；没有回应，{due} 转为“{rule}”预警"),
                format!("Nothing to do yet: it ends by itself with an answer; without one it becomes an alert at {due} ({rule})"),
            ),
            self.last_life(found.last_life.as_ref()),
        ]
    }

    pub(super) fn moved_while_away(&self, found: &MovedWhileAway) -> Vec<String> {
        let (kind, until, life) = (absence(self.language, found.kind), self.at(found.until), self.sign(&found.life));
        let owner = shown(&found.owner, 64);
        vec![
            self.language.pick(
                format!("登记为{kind}至 {until}（登记人 {owner}），屋里却有活动"),
                format!("somebody moves although the person is registered as {kind} until {until} (by {owner})"),
            ),
            self.language.pick(format!("看到的活动：{life}"), format!("Seen: {life}")),
        ]
    }

    pub(super) fn not_back(&self, found: &NotBack) -> Vec<String> {
        let (kind, until) = (absence(self.language, found.kind), self.at(found.until));
        let (owner, limit) = (shown(&found.owner, 64), duration(self.language, found.limit));
        vec![
            self.language.pick(
                format!("登记的{kind}已于 {until} 结束（登记人 {owner}），此后 {limit} 没有看到活动"),
                format!(
                    "the absence ({kind}) ended at {until}, registered by {owner}, and nothing was seen within {limit}"
                ),
            ),
            self.last_life(found.last_life.as_ref()),
        ]
    }

    fn limit(&self, limit: Span, hours: Option<Hours>) -> String {
        let limit = duration(self.language, limit);
        match hours {
            Some(hours) => self.language.pick(format!("{limit}（{hours}）"), format!("{limit} ({hours})")),
            None => self.language.pick(format!("{limit}（时钟不可信）"), format!("{limit} (the clock is not trusted)")),
        }
    }
}

/// The name of a visit, as it is shown.
pub(super) fn visit(name: &str) -> String {
    shown(name, 64)
}

/// What the person is asked about, in a few words: `quiet for 4 h 12 min`.
pub(super) fn check_detail(language: Language, found: &Check) -> String {
    let lasts = duration(language, found.lasts);
    match &found.room {
        Some(place) => format!("{} · {lasts}", room(language, place)),
        None => language.pick(format!("{lasts}无活动"), format!("quiet for {lasts}")),
    }
}

fn rule_limited(language: Language, of: Limited) -> &'static str {
    match of {
        Limited::Inactivity => language.pick("长时间无活动", "No activity"),
        Limited::Rhythm => language.pick("安静时间反常", "Unusually quiet"),
        Limited::LongInRoom => language.pick("久留不出", "Long in one room"),
    }
}

/// The value in a few words: `Too cold 9.5 °C`.
pub(super) fn value(language: Language, found: &Range) -> String {
    let (what, unit) = quantity(language, found.what);
    let side = if found.is_low { language.pick("过低", "low") } else { language.pick("过高", "high") };
    let value = number(found.value);
    language.pick(format!("{what}{side} {value} {unit}"), format!("{what} {side}, {value} {unit}"))
}

/// A number with no more places than anybody reads.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn quantity(language: Language, quantity: Quantity) -> (&'static str, &'static str) {
    match quantity {
        Quantity::RoomTemperature => (language.pick("室温", "temperature"), "°C"),
        Quantity::BodyTemperature => (language.pick("体温", "body temperature"), "°C"),
        Quantity::HeartRate => (language.pick("心率", "heart rate"), language.pick("次/分", "per minute")),
        Quantity::Breathing => (language.pick("呼吸", "breaths"), language.pick("次/分", "per minute")),
        Quantity::Oxygen => (language.pick("血氧", "blood oxygen"), "%"),
        Quantity::Systolic => (language.pick("收缩压", "systolic pressure"), "mmHg"),
        Quantity::Diastolic => (language.pick("舒张压", "diastolic pressure"), "mmHg"),
        Quantity::Glucose => (language.pick("血糖", "blood glucose"), "mmol/L"),
    }
}

#[cfg(test)]
pub(super) fn extremes() -> Vec<crate::model::reason::Reason> {
    use crate::model::ids::RoomId;
    use crate::model::reason::{Blind, BlindCause, Reason, SignOfLife};
    use crate::model::suspension::Absence;
    use crate::model::time::from_millis;

    let sensor = || SensorId::new("s".repeat(64)).unwrap();
    let clock = |text: &str| text.parse().unwrap();
    let night = Hours { from: clock("22:00"), to: clock("06:00") };
    let spans = [Span::zero(), Span::minutes(150), Span::MAX];
    let mut all = Vec::new();
    for room in [None, Some(RoomId::new("bathroom").unwrap()), Some(RoomId::new("长".repeat(64)).unwrap())] {
        let life = SignOfLife { at: from_millis(0), sensor: sensor(), room: room.clone() };
        for last_life in [None, Some(life)] {
            for danger in [Danger::Smoke, Danger::Gas, Danger::Leak] {
                for also in [Vec::new(), vec![sensor(); 2]] {
                    let (room, last_life) = (room.clone(), last_life.clone());
                    all.push(Reason::Hazard(Hazard { sensor: sensor(), room, danger, also, last_life }));
                }
            }
            let at = from_millis(1_795_241_529_000);
            let blind = Some(Blind { from: at, to: None, cause: BlindCause::GatewayDown });
            let place = room.clone().unwrap_or(RoomId::new("bedroom").unwrap());
            for (limit, blind) in spans.into_iter().zip([None, blind.clone(), blind]) {
                let (sensor, room, last_life) = (sensor(), room.clone(), last_life.clone());
                let check_life = last_life.clone();
                let hours = blind.as_ref().map(|_| night);
                all.extend([
                    Reason::NightDoor(NightDoor {
                        sensor: sensor.clone(),
                        room: room.clone(),
                        moved_at: at,
                        limit,
                        night,
                        blind: blind.clone(),
                    }),
                    Reason::OutOfBed(OutOfBed {
                        sensor: sensor.clone(),
                        room: room.clone(),
                        left_at: at,
                        limit,
                        night,
                        last_life: last_life.clone(),
                    }),
                    Reason::LongInRoom(LongInRoom {
                        room: place.clone(),
                        entered_at: at,
                        limit,
                        hours,
                        last_life: last_life.clone(),
                    }),
                    Reason::LateRising(LateRising {
                        room: place.clone(),
                        by: clock("10:00"),
                        there_since: at,
                        last_life: last_life.clone(),
                    }),
                    Reason::DailyContact(DailyContact {
                        from: clock("04:00"),
                        by: clock("10:00"),
                        last_life,
                        blind: blind.clone(),
                    }),
                    Reason::MissedVisit(MissedVisit {
                        visit: match limit.num_minutes() {
                            0 => "care".to_owned(),
                            150 => "长".repeat(90),
                            _ => "a\nb\u{202e}".to_owned(),
                        },
                        from: at,
                        to: at,
                        grace: limit,
                        is_known: room.is_some(),
                        blind: blind.clone(),
                    }),
                    Reason::AwayTooLong(AwayTooLong { sensor: sensor.clone(), left_at: at, limit, blind }),
                    Reason::DoorLeftOpen(DoorLeftOpen {
                        sensor: sensor.clone(),
                        room: room.clone(),
                        open_since: at,
                        limit,
                        hours,
                    }),
                    Reason::MainsLost(MainsLost { sensor, room: room.clone(), since: at }),
                ]);
                for of in [Limited::Inactivity, Limited::Rhythm, Limited::LongInRoom] {
                    let (room, last_life) = (room.clone(), check_life.clone());
                    all.push(Reason::Check(Check { of, since: at, lasts: limit, due: at, room, last_life }));
                }
                for kind in Absence::ALL {
                    let life = SignOfLife { at, sensor: SensorId::new("hall").unwrap(), room: None };
                    let owner = "p-03".to_owned();
                    all.push(Reason::NotBack(NotBack {
                        kind,
                        owner: owner.clone(),
                        until: at,
                        limit,
                        last_life: Some(life.clone()),
                    }));
                    all.push(Reason::MovedWhileAway(MovedWhileAway { kind, owner, until: at, life }));
                }
            }
            for (what, value) in Quantity::ALL.into_iter().zip([-39.96, 45.0, 300.0, 0.04, 99.5, 350.0, 15.0, 0.5]) {
                let (sensor, room) = (sensor(), room.clone());
                let (limit, is_low) = (12.0, value < 12.0);
                all.push(Reason::Range(Range { sensor, room, what, value, limit, is_low, since: at }));
            }
        }
    }
    all
}
