//! Why an alert was raised, in whole sentences: rule, limit and its source, last sign of life, what could not be seen.

use crate::model::home::Service;
use crate::model::ids::{RoomId, SensorId};
use crate::model::observation::Press;
use crate::model::reason::{Blind, BlindCause, Loss, Reason, SignOfLife};
use crate::model::time::{Hours, Timestamp, Zone};
use crate::text::links;
use crate::text::{Language, counted, date_time, duration, room, shown, terms};

mod contact;
mod found;
mod rhythm;
mod sensors;
mod ways;

/// The reason in whole sentences, as page, log and replay print it.
pub fn reason(language: Language, reason: &Reason, zone: &Zone) -> String {
    let rule = terms::rule(language, reason);
    let say = Say { language, zone };
    let sentences = match reason {
        Reason::CallButton { sensor, room, press, last_life } => {
            vec![say.pressed(sensor, room.as_ref(), press), say.life_before(last_life.as_ref())]
        }
        Reason::ServiceButton { sensor, room, service } => vec![say.asked_for(sensor, room.as_ref(), *service)],
        Reason::Inactivity {
            limit,
            hours,
            learned_limit,
            silence,
            last_life,
            blind,
            sensors_alive,
            sensors,
            cannot_tell,
        } => {
            let (silence, limit) = (duration(language, *silence), duration(language, *limit));
            let source = say.limit_source(*hours);
            let mut sentences = vec![
                language.pick(
                    format!("已 {silence} 没有看到活动，上限 {limit}（{source}）"),
                    format!("nothing seen for {silence}, limit {limit} ({source})"),
                ),
                say.last_life(last_life.as_ref()),
            ];
            sentences.extend(learned_limit.map(|limit| rhythm::learned_limit(language, limit)));
            sentences.extend(blind.as_ref().map(|blind| say.blind_span(blind)));
            sentences.push(say.sensors(*sensors_alive, *sensors));
            sentences.extend(say.cannot_tell(*cannot_tell));
            sentences
        }
        Reason::Hazard(found) => say.hazard(found),
        Reason::NightDoor(found) => say.night_door(found),
        Reason::OutOfBed(found) => say.out_of_bed(found),
        Reason::LongInRoom(found) => say.long_in_room(found),
        Reason::LateRising(found) => say.late_rising(found),
        Reason::DailyContact(found) => say.daily_contact(found),
        Reason::MissedContact(found) => say.missed_contact(found),
        Reason::MissedVisit(found) => say.missed_visit(found),
        Reason::AwayTooLong(found) => say.away_too_long(found),
        Reason::DoorLeftOpen(found) => say.door_left_open(found),
        Reason::MovedWhileAway(found) => say.moved_while_away(found),
        Reason::NotBack(found) => say.not_back(found),
        Reason::Range(found) => say.range(found),
        Reason::MainsLost(found) => say.mains_lost(found),
        Reason::Check(found) => say.check(found),
        Reason::Test { by_hand } => say.test(*by_hand),
        Reason::Rhythm { .. } => rhythm::sentences(&say, reason),
        Reason::SilentSensor { sensor, room, kind, last_heard, limit, offline_since } => {
            let limit = duration(language, *limit);
            let silent = match offline_since {
                Some(_) => say.offline(sensor, room.as_ref(), *kind, limit),
                None => say.silent(sensor, room.as_ref(), *kind, limit),
            };
            let mut sentences = vec![silent, say.last_heard(*last_heard)];
            sentences.extend(say.rests_on_door(*kind));
            sentences
        }
        Reason::LowBattery { sensor, room, percent, limit_percent, volts, empty_in_days } => {
            vec![say.battery(sensor, room.as_ref(), (*percent, *limit_percent), *volts, *empty_in_days)]
        }
        Reason::StuckSensor { sensor, room, kind, how, stuck_since } => {
            let mut sentences = vec![say.stuck(sensor, room.as_ref(), *how, *stuck_since), say.no_witness()];
            sentences.extend(say.rests_on_door(*kind));
            sentences
        }
        Reason::Tamper { sensor, room, open_since } => vec![say.opened(sensor, room.as_ref(), *open_since)],
        Reason::WeakSignal { sensor, room, percent, limit_percent } => {
            vec![say.weak(sensor, room.as_ref(), *percent, *limit_percent)]
        }
        Reason::NotObserved { blind, last_life } => {
            vec![say.not_watched(blind), say.life_before_blind(last_life.as_ref())]
        }
        Reason::LinkLost { since, how, .. } => {
            let mut sentences = links::lost(language, reason);
            let since = say.at(*since);
            sentences.push(match how {
                Loss::Down => language.pick(format!("中断时间：{since}"), format!("Lost since {since}")),
                Loss::Mute => language.pick(format!("最后一次信号：{since}"), format!("Nothing came since {since}")),
            });
            sentences
        }
        Reason::Flood { sensor, room, .. } => {
            let sensor = sensor.as_ref().map(|sensor| say.sensor(sensor, room.as_ref()));
            links::flood(language, reason, sensor)
        }
        Reason::Subscription { filters } => links::refused(language, filters),
        Reason::Storage { what } => vec![language.pick(
            format!("网关或服务站的存储出现问题：{}", fact(language, what)),
            format!("the memory is in trouble: {}", fact(language, what)),
        )],
        Reason::Configuration { what } => vec![language.pick(
            format!("配置文件有误，仍按上一份正确配置运行：{}", fact(language, what)),
            format!("the file has a problem, the last good one stays in force: {}", fact(language, what)),
        )],
        Reason::CertificateEnds(found) => say.certificate_ends(found),
        Reason::PathLost(found) => say.path_lost(found),
        Reason::AllPathsLost(found) => say.all_paths_lost(found),
        Reason::Twin(found) => say.twin(found),
        Reason::HomeUnreachable { last_heard, point } => vec![
            language.pick(
                format!("服务站 {point} 收不到这户家庭网关的信号，现在无法得知家中情况"),
                format!("{point} does not hear this home's gateway and cannot know how things are there"),
            ),
            say.last_heard(*last_heard),
            language.pick("请先电话联系本人".to_owned(), "Phone the person first".to_owned()),
        ],
        Reason::NoWatcher { since, point } => vec![
            language.pick(
                format!("值班时间内，服务站 {point} 没有一块开启声音的值班屏幕，警情无人听见"),
                format!("in duty hours no screen of {point} had its sound on: nobody would have heard an alert"),
            ),
            language.pick(
                format!("无人看守从 {} 开始", say.at(*since)),
                format!("Nobody has watched since {}", say.at(*since)),
            ),
        ],
        Reason::Unknown => vec![
            language.pick(
                "家中网关使用了本站不认识的新规则，请按预警处理，并升级本站程序".to_owned(),
                "the gateway used a rule this station does not know; treat it as a warning and update the station"
                    .to_owned(),
            ),
        ],
    };
    language.pick(format!("{rule}：{}。", sentences.join("。")), format!("{rule}: {}.", sentences.join(". ")))
}

/// The reason in a few words, for a row, a title, a notification.
pub fn headline(language: Language, reason: &Reason) -> String {
    let rule = terms::rule(language, reason);
    let detail = match reason {
        Reason::CallButton { sensor, room: place, .. } => place_or_sensor(language, place.as_ref(), sensor),
        Reason::ServiceButton { service, .. } => service_word(language, *service).to_owned(),
        Reason::Hazard(found) => place_or_sensor(language, found.room.as_ref(), &found.sensor),
        Reason::NightDoor(found) => place_or_sensor(language, found.room.as_ref(), &found.sensor),
        Reason::OutOfBed(found) => place_or_sensor(language, found.room.as_ref(), &found.sensor),
        Reason::LongInRoom(found) => format!("{} · {}", room(language, &found.room), duration(language, found.limit)),
        Reason::LateRising(found) => found.by.to_string(),
        Reason::DailyContact(found) => found.by.to_string(),
        Reason::MissedContact(found) if found.calls > 0 => {
            let calls = found.calls;
            language.pick(format!("{calls} 次未接"), format!("{} not answered", counted(calls, "call")))
        }
        Reason::MissedVisit(found) => found::visit(&found.visit),
        Reason::AwayTooLong(found) => duration(language, found.limit),
        Reason::DoorLeftOpen(found) => place_or_sensor(language, found.room.as_ref(), &found.sensor),
        Reason::MovedWhileAway(found) => terms::absence(language, found.kind).to_owned(),
        Reason::NotBack(found) => terms::absence(language, found.kind).to_owned(),
        Reason::Range(found) => found::value(language, found),
        Reason::MainsLost(found) => place_or_sensor(language, found.room.as_ref(), &found.sensor),
        Reason::Check(found) => found::check_detail(language, found),
        Reason::Test { by_hand: true } => language.pick("手动", "by hand").to_owned(),
        Reason::Test { by_hand: false } => language.pick("每周", "weekly").to_owned(),
        Reason::Inactivity { silence, .. } | Reason::Rhythm { silence, .. } => duration(language, *silence),
        Reason::SilentSensor { sensor, room: place, .. }
        | Reason::LowBattery { sensor, room: place, .. }
        | Reason::StuckSensor { sensor, room: place, .. }
        | Reason::Tamper { sensor, room: place, .. }
        | Reason::WeakSignal { sensor, room: place, .. } => place_or_sensor(language, place.as_ref(), sensor),
        Reason::NotObserved { blind, .. } => cause(language, &blind.cause),
        Reason::LinkLost { link, nobody_can_call: true, .. } => {
            let link = links::link_name(link);
            language.pick(format!("{link}，无法呼叫"), format!("{link}, NOBODY CAN CALL"))
        }
        Reason::LinkLost { link, .. } => links::link_name(link),
        Reason::PathLost(found) => ways::name(found),
        Reason::Flood { sensor: Some(sensor), room: place, .. } => place_or_sensor(language, place.as_ref(), sensor),
        Reason::Flood { source: Some(source), .. } => links::link_name(source),
        Reason::Flood { .. }
        | Reason::Subscription { .. }
        | Reason::Storage { .. }
        | Reason::Configuration { .. }
        | Reason::CertificateEnds(_)
        | Reason::AllPathsLost(_)
        | Reason::Twin(_)
        | Reason::MissedContact(_)
        | Reason::HomeUnreachable { .. }
        | Reason::NoWatcher { .. }
        | Reason::Unknown => return rule.to_owned(),
    };
    format!("{rule} · {detail}")
}

struct Say<'a> {
    language: Language,
    zone: &'a Zone,
}

impl Say<'_> {
    fn at(&self, at: Timestamp) -> String {
        date_time(self.language, self.zone, at)
    }

    fn sensor(&self, sensor: &SensorId, place: Option<&RoomId>) -> String {
        match (self.language, place) {
            (Language::Chinese, Some(place)) => format!("{}的“{sensor}”", room(self.language, place)),
            (Language::Chinese, None) => format!("“{sensor}”"),
            (Language::English, Some(place)) => format!("\"{sensor}\" in the {}", room(self.language, place)),
            (Language::English, None) => format!("\"{sensor}\""),
        }
    }

    fn pressed(&self, sensor: &SensorId, place: Option<&RoomId>, press: &Press) -> String {
        let (what, how) = (self.sensor(sensor, place), press_word(self.language, press));
        self.language.pick(format!("有人按下{what}（{how}）"), format!("somebody pressed {what} ({how})"))
    }

    fn asked_for(&self, sensor: &SensorId, place: Option<&RoomId>, service: Service) -> String {
        let (what, service) = (self.sensor(sensor, place), service_word(self.language, service));
        self.language.pick(
            format!("有人按下{what}，请求：{service}，不是紧急呼叫"),
            format!("somebody pressed {what} and asks for {service}; this is not an emergency"),
        )
    }

    fn limit_source(&self, hours: Option<Hours>) -> String {
        match hours {
            Some(hours) => self.language.pick(format!("固定上限，{hours}"), format!("fixed for {hours}")),
            None => self.language.pick(
                "时钟不可信，按最严的固定上限".to_owned(),
                "the strictest fixed one, because the clock is not trusted".to_owned(),
            ),
        }
    }

    fn sign(&self, sign: &SignOfLife) -> String {
        let at = self.at(sign.at);
        match (self.language, sign.room.as_ref().map(|place| room(self.language, place))) {
            (Language::Chinese, Some(place)) => format!("{at}，{place}（{}）", sign.sensor),
            (Language::Chinese, None) => format!("{at}（{}）", sign.sensor),
            (Language::English, Some(place)) => format!("{at}, {place} ({})", sign.sensor),
            (Language::English, None) => format!("{at} ({})", sign.sensor),
        }
    }

    fn last_life(&self, sign: Option<&SignOfLife>) -> String {
        match sign {
            Some(sign) => {
                let sign = self.sign(sign);
                self.language.pick(format!("最近的活动：{sign}"), format!("Last sign of life: {sign}"))
            }
            None => self
                .language
                .pick("有记录以来没有看到过活动".to_owned(), "No sign of life since the records begin".to_owned()),
        }
    }

    fn life_before(&self, sign: Option<&SignOfLife>) -> String {
        match sign {
            Some(sign) => {
                let sign = self.sign(sign);
                self.language.pick(format!("此前最近的活动：{sign}"), format!("Last sign of life before it: {sign}"))
            }
            None => self.language.pick("此前没有活动记录".to_owned(), "No sign of life on record before it".to_owned()),
        }
    }

    fn life_before_blind(&self, sign: Option<&SignOfLife>) -> String {
        let unknown = self.language.pick("这段时间里发生了什么无从得知", "What happened in it is not known");
        let before = self.life_before(sign);
        self.language.pick(format!("{unknown}。{before}"), format!("{unknown}. {before}"))
    }

    fn blind_span(&self, blind: &Blind) -> String {
        let (span, cause) = (self.span(blind), cause(self.language, &blind.cause));
        self.language.pick(
            format!("其间 {span} 无人守护（{cause}）"),
            format!("Nobody watched {span} ({cause}); what happened then is not known"),
        )
    }

    fn not_watched(&self, blind: &Blind) -> String {
        let (span, cause) = (self.span(blind), cause(self.language, &blind.cause));
        self.language
            .pick(format!("{span} 看不到家中（{cause}）"), format!("the home could not be seen {span} ({cause})"))
    }

    fn span(&self, blind: &Blind) -> String {
        let from = self.at(blind.from);
        match blind.to {
            Some(to) => {
                let (to, long) = (self.at(to), duration(self.language, to - blind.from));
                self.language.pick(format!("{from} 至 {to}（{long}）"), format!("from {from} to {to} ({long})"))
            }
            None => self.language.pick(format!("自 {from} 起至今"), format!("since {from}, still lasting")),
        }
    }

    fn sensors(&self, alive: u32, all: u32) -> String {
        self.language.pick(
            format!("能看到活动的传感器 {all} 个，其中有信号 {alive} 个"),
            format!("Sensors that could show life: {alive} of {all} heard from"),
        )
    }

    fn last_heard(&self, at: Option<Timestamp>) -> String {
        match at {
            Some(at) => {
                let at = self.at(at);
                self.language.pick(format!("最后一次信号：{at}"), format!("Last heard: {at}"))
            }
            None => self.language.pick("从未收到过信号".to_owned(), "Never heard so far".to_owned()),
        }
    }
}

fn place_or_sensor(language: Language, place: Option<&RoomId>, sensor: &SensorId) -> String {
    place.map_or_else(|| sensor.to_string(), |place| room(language, place))
}

/// Words of another machine as one fact: one line, no full stop at the end, so that ours is the only one.
fn fact(language: Language, what: &str) -> String {
    let line = shown(what, 300);
    let line = line.trim_end_matches(['.', '。', '!', '?', '！', '？', ';', '；', ',', '，', ':', '：', ' ']);
    if line.is_empty() {
        language.pick("没有给出细节", "no details were given").to_owned()
    } else {
        line.to_owned()
    }
}

fn cause(language: Language, cause: &BlindCause) -> String {
    match cause {
        BlindCause::GatewayDown => language.pick("网关没有运行", "the gateway was not running").to_owned(),
        BlindCause::LinkLost { source } => {
            let source = links::link_name(source);
            language.pick(format!("与传感器的连接 {source} 中断"), format!("the link {source} to the sensors was lost"))
        }
        BlindCause::Mute { source } => {
            let source = links::link_name(source);
            language.pick(
                format!("{source} 虽显示已连接，但其传感器全部没有信号"),
                format!("{source} seems to be up, but nothing comes from any of its sensors"),
            )
        }
        BlindCause::NoWitness => {
            language.pick("能看到活动的传感器全部失灵", "no sensor that could show life is working").to_owned()
        }
    }
}

fn press_word(language: Language, press: &Press) -> String {
    let (chinese, english) = match press {
        Press::Single => ("按一下", "single press"),
        Press::Double => ("按两下", "double press"),
        Press::Triple => ("按三下", "triple press"),
        Press::Long => ("长按", "long press"),
        Press::Hold => ("按住", "held down"),
        Press::Release => ("松开", "released"),
        Press::Sos => ("SOS 键", "SOS key"),
        Press::Other(word) => return fact(language, word),
    };
    language.pick(chinese, english).to_owned()
}

pub(super) fn service_word(language: Language, service: Service) -> &'static str {
    match service {
        Service::Meal => language.pick("送餐", "a meal"),
        Service::Bath => language.pick("助浴", "help with a bath"),
        Service::Cleaning => language.pick("保洁", "cleaning"),
        Service::Nursing => language.pick("护理", "nursing"),
        Service::Repair => language.pick("维修", "a repair"),
        Service::Other => language.pick("其他服务", "another service"),
        Service::Arrival => language.pick("到访确认", "a visitor's arrival"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
