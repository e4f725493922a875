//! The words of the field in both languages (`station.md` section 6).

use crate::model::found::Danger;
use crate::model::lifecycle::{CallResult, Contact, Outcome, Phase, Proof, Reminder, Role, Via};
use crate::model::reason::{Class, Reason, Severity};
use crate::model::relation::Relation;
use crate::model::suspension::Absence;
use crate::text::Language;

/// How urgent.
pub fn severity(language: Language, severity: Severity) -> &'static str {
    match severity {
        Severity::Emergency => language.pick("紧急", "Emergency"),
        Severity::Urgent => language.pick("预警", "Warning"),
        Severity::Notice => language.pick("提醒", "Notice"),
        Severity::Blind => language.pick("失联", "No contact"),
        Severity::Fault => language.pick("故障", "Fault"),
    }
}

/// Where an alert is in its life.
pub fn phase(language: Language, phase: Phase) -> &'static str {
    match phase {
        Phase::Raised => language.pick("已发生", "raised"),
        Phase::Received => language.pick("未接", "unclaimed"),
        Phase::Taken => language.pick("已接单", "taken"),
        Phase::OnTheWay => language.pick("已出发", "on the way"),
        Phase::Arrived => language.pick("已到达", "arrived"),
        Phase::Closed => language.pick("已办结", "closed"),
        Phase::Cancelled => language.pick("已撤销", "cancelled"),
    }
}

/// Whose problem.
pub fn class(language: Language, class: Class) -> &'static str {
    match class {
        Class::Person => language.pick("人员", "person"),
        Class::Request => language.pick("服务请求", "request"),
        Class::Sensor => language.pick("传感器", "sensor"),
        Class::System => language.pick("系统", "system"),
        Class::Check => language.pick("先行询问", "check"),
    }
}

/// The rule by name.
pub fn rule(language: Language, reason: &Reason) -> &'static str {
    match reason {
        Reason::CallButton { .. } => language.pick("一键呼叫", "Call button"),
        Reason::ServiceButton { .. } => language.pick("服务呼叫", "Service request"),
        Reason::Inactivity { .. } => language.pick("长时间无活动", "No activity"),
        Reason::Hazard(found) => match found.danger {
            Danger::Smoke => language.pick("烟雾报警", "Smoke"),
            Danger::Gas => language.pick("燃气报警", "Gas"),
            Danger::Leak => language.pick("漏水报警", "Water leak"),
        },
        Reason::NightDoor(_) => language.pick("夜间外出未归", "Night door"),
        Reason::OutOfBed(_) => language.pick("离床未归", "Out of bed"),
        Reason::LongInRoom(_) => language.pick("久留不出", "Long in one room"),
        Reason::LateRising(_) => language.pick("晚起", "Not up yet"),
        Reason::DailyContact(_) => language.pick("每日联系", "Daily contact"),
        Reason::MissedContact(_) => language.pick("每日联系未通", "Daily contact failed"),
        Reason::MissedVisit(_) => language.pick("探访未到", "Missed visit"),
        Reason::AwayTooLong(_) => language.pick("外出过久", "Out for long"),
        Reason::DoorLeftOpen(_) => language.pick("入户门未关", "Door left open"),
        Reason::MovedWhileAway(_) => language.pick("空屋有活动", "Movement while away"),
        Reason::NotBack(_) => language.pick("到期未归", "Not back"),
        Reason::Range(_) => language.pick("数值异常", "Out of range"),
        Reason::MainsLost(_) => language.pick("停电", "Mains lost"),
        Reason::Check(_) => language.pick("先行询问", "Asked at home"),
        Reason::Test { .. } => language.pick("通道测试", "Test of the ways out"),
        Reason::Rhythm { .. } => language.pick("安静时间反常", "Unusually quiet"),
        Reason::SilentSensor { .. } => language.pick("传感器无信号", "Silent sensor"),
        Reason::LowBattery { .. } => language.pick("电量低", "Low battery"),
        Reason::StuckSensor { .. } => language.pick("传感器失灵", "Stuck sensor"),
        Reason::Tamper { .. } => language.pick("传感器被拆动", "Sensor opened"),
        Reason::WeakSignal { .. } => language.pick("传感器信号弱", "Weak signal"),
        Reason::NotObserved { .. } => language.pick("未观测时段", "Not observed"),
        Reason::LinkLost { .. } => language.pick("连接中断", "Link lost"),
        Reason::Flood { .. } => language.pick("消息过多", "Flood"),
        Reason::Subscription { .. } => language.pick("订阅被拒", "Topics refused"),
        Reason::Storage { .. } => language.pick("存储故障", "Storage fault"),
        Reason::Configuration { .. } => language.pick("配置错误", "Configuration fault"),
        Reason::CertificateEnds(_) => language.pick("证书到期", "Certificate ends"),
        Reason::PathLost(_) => language.pick("通道中断", "Way out lost"),
        Reason::AllPathsLost(_) => language.pick("通道全部中断", "All ways out lost"),
        Reason::Twin(_) => language.pick("两个网关同号", "Two gateways"),
        Reason::HomeUnreachable { .. } => language.pick("家庭网关失联", "Home unreachable"),
        Reason::NoWatcher { .. } => language.pick("值班台无人看守", "Nobody watching"),
        Reason::Unknown => language.pick("未知规则", "Unknown rule"),
    }
}

/// Why a home is other than usual.
pub fn absence(language: Language, kind: Absence) -> &'static str {
    match kind {
        Absence::Away => language.pick("外出", "away"),
        Absence::Hospital => language.pick("住院", "in hospital"),
        Absence::Holiday => language.pick("度假", "on holiday"),
        Absence::Visitors => language.pick("来客", "visitors"),
        Absence::Cleaning => language.pick("打扫或维修", "cleaning or repair"),
        Absence::Pet => language.pick("有宠物", "an animal there"),
        Absence::Maintenance => language.pick("设备维护", "maintenance"),
    }
}

/// The word on the button for a deed, by the deed's name on the wire; `None` for deeds without a button.
pub fn button(language: Language, deed: &str) -> Option<&'static str> {
    let (chinese, english) = match deed {
        "take" => ("接单", "Take"),
        "depart" => ("出发", "On the way"),
        "arrive" => ("到达", "Arrived"),
        "close" => ("办结", "Close"),
        "ask" => ("派单", "Send"),
        "release" => ("退单", "Give back"),
        "hand_over" => ("转交", "Hand over"),
        "accept" => ("接受转交", "Accept"),
        "take_over" => ("接管", "Take over"),
        "assist" => ("协助", "Assist"),
        "escalate" => ("转邻站", "Next station"),
        "call" => ("记通话", "Log a call"),
        "note" => ("备注", "Note"),
        "undo" => ("撤销", "Undo"),
        "reopen" => ("重新处置", "Reopen"),
        _ => return None,
    };
    Some(language.pick(chinese, english))
}

/// What an alert was.
pub fn outcome(language: Language, outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Helped => language.pick("现场帮助", "helped on site"),
        Outcome::Hospital => language.pick("送医/呼120", "taken to hospital"),
        Outcome::FoundWell => language.pick("本人平安", "person is well"),
        Outcome::AwayUnreported => language.pick("外出未报备", "away, not reported"),
        Outcome::HouseWork => language.pick("打扫/来客/维修", "cleaning, visitor or repair"),
        Outcome::PressedByMistake => language.pick("误按", "pressed by mistake"),
        Outcome::WantedTalk => language.pick("想说说话/求助服务", "wanted a talk or a service"),
        Outcome::Equipment => language.pick("设备误报", "equipment"),
        Outcome::NoAccess => language.pick("无法入户", "nobody could get in"),
        Outcome::Died => language.pick("去世", "died"),
        Outcome::Test => language.pick("测试/演练", "test or drill"),
        Outcome::Duplicate => language.pick("重复", "duplicate"),
    }
}

/// How the person was reached.
pub fn contact(language: Language, contact: Contact) -> &'static str {
    match contact {
        Contact::Seen => language.pick("见到本人", "person seen"),
        Contact::Spoken => language.pick("通过话", "person spoken to"),
        Contact::None => language.pick("未见到也未通话", "neither seen nor spoken to"),
    }
}

/// What came of a telephone call.
pub fn call_result(language: Language, result: CallResult) -> &'static str {
    match result {
        CallResult::Reached => language.pick("通了", "reached"),
        CallResult::NoAnswer => language.pick("未接", "no answer"),
        CallResult::Busy => language.pick("忙线", "busy"),
        CallResult::WrongNumber => language.pick("错号", "wrong number"),
    }
}

/// What a timer reminds of.
pub fn reminder(language: Language, reminder: Reminder) -> &'static str {
    match reminder {
        Reminder::NotDeparted => language.pick("已接单，尚未出发", "taken, but not on the way yet"),
        Reminder::NotArrivedYet => language.pick("快到时限，尚未到达", "the time is running out and nobody is there"),
        Reminder::NotClosed => language.pick("到达已久，还好吗？请办结", "arrived long ago: is all well? Please close"),
        Reminder::StillNotClosed => {
            language.pick("到达很久仍未办结，请站长过问", "still not closed: the supervisor should ask")
        }
        Reminder::Overlooked => language.pick("提醒事项久未处理", "a request that nobody has ended"),
    }
}

/// In what capacity.
pub fn role(language: Language, role: Role) -> &'static str {
    match role {
        Role::Home => language.pick("家中", "the home"),
        Role::Gateway => language.pick("家庭网关", "the gateway"),
        Role::Station => language.pick("本站", "the station"),
        Role::Desk => language.pick("值班员", "desk"),
        Role::Responder => language.pick("上门人员", "responder"),
        Role::Supervisor => language.pick("站长", "supervisor"),
    }
}

/// What somebody outside the service points is to the person.
pub fn relation(language: Language, relation: Relation) -> &'static str {
    match relation {
        Relation::Neighbour => language.pick("邻居", "neighbour"),
        Relation::Captain => language.pick("楼长", "building captain"),
        Relation::Family => language.pick("家属", "family"),
        Relation::GridWorker => language.pick("网格员", "grid worker"),
        Relation::District => language.pick("街道", "district"),
        Relation::Unknown => language.pick("其他人", "somebody else"),
    }
}

/// By which way.
pub fn via(language: Language, via: Via) -> &'static str {
    match via {
        Via::Desk => language.pick("值班台", "desk"),
        Via::Phone => language.pick("手机页面", "phone page"),
        Via::Sms => language.pick("短信", "SMS"),
        Via::HomeButton => language.pick("家中按钮", "button in the home"),
    }
}

/// What proves an arrival; empty without a proof.
pub fn proof(language: Language, proof: Proof) -> &'static str {
    match proof {
        Proof::None => "",
        Proof::ServiceButton => language.pick("服务按钮为证", "proved by the service button"),
        Proof::Door => language.pick("房门为证", "proved by the door"),
    }
}

/// What a line of the audit says; nothing for words of other parts of the station.
pub fn audited(language: Language, what: &str) -> Option<&'static str> {
    let (chinese, english) = match what {
        "home_looked_at" => ("看了住户页", "looked at the home"),
        "alert_looked_at" => ("看了报警页", "looked at an alert"),
        "picture_asked" => ("向家中询问作息图", "asked the home for its picture"),
        "picture_looked_at" => ("看了作息图", "looked at the picture of activity"),
        "walk_begun" => ("开始检修走测", "began a walk test"),
        "walk_ended" => ("结束检修走测", "ended a walk test"),
        "card_opened" => ("打开了资料表", "opened the card"),
        "card_written" => ("改了资料", "wrote the card"),
        "card_forgotten" => ("删除了资料", "removed the card"),
        "cards_exported" => ("导出了全部资料", "exported all cards"),
        "cards_imported" => ("导入了资料", "imported cards"),
        "code_uncovered" => ("查看了门禁码", "looked at the door code"),
        "health_uncovered" => ("查看了健康须知", "looked at the medical notes"),
        "suspended" => ("提出报备", "asked for a suspension"),
        "suspension_ended" => ("提前结束报备", "ended a suspension"),
        _ => return None,
    };
    Some(language.pick(chinese, english))
}
