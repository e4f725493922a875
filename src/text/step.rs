//! What happened, step by step, and why something was refused: the lines of the timeline.

use crate::model::alert::Step;
use crate::model::ids::{PersonId, PointId};
use crate::model::lifecycle::{Actor, CheckEnd, Deed, Refusal, Role, Via};
use crate::model::time::{Span, Zone};
use crate::text::{Language, Names, clock_time, counted, duration, headline, room, shown, terms};

/// One line of the timeline without its time: who, and what they did.
pub fn step(language: Language, step: &Step, zone: &Zone, names: Names) -> String {
    let who = actor(language, &step.by, names);
    let what = deed_done(language, &step.deed, zone, names);
    let implied =
        if step.implied { language.pick("（随后一步推定）", " (implied by the next step)") } else { "" };
    let late = if step.is_late() { language.pick("（补传）", " (sent late)") } else { "" };
    language.pick(format!("{who} {what}{implied}{late}"), format!("{who}: {what}{implied}{late}"))
}

/// Who acted: the person's name, or the machine.
pub fn actor(language: Language, actor: &Actor, names: Names) -> String {
    let who = match (&actor.person, actor.role) {
        (Some(person), _) => name(person, names),
        (None, role) => {
            let word = terms::role(language, role);
            match (&actor.point, role.is_staff() || role == Role::Station) {
                (Some(point), true) => format!("{word} {point}"),
                _ => word.to_owned(),
            }
        }
    };
    match actor.via {
        Some(via) if actor.role.is_staff() && via != Via::Desk => language.pick(
            format!("{who}（{}）", terms::via(language, via)),
            format!("{who} (by {})", terms::via(language, via)),
        ),
        _ => who,
    }
}

/// What was done, as a fact.
pub fn deed_done(language: Language, deed: &Deed, zone: &Zone, names: Names) -> String {
    let pick = |chinese: &str, english: &str| language.pick(chinese, english).to_owned();
    match deed {
        Deed::Raise { reason, severity, test, .. } => {
            let (word, what) = (terms::severity(language, *severity), headline(language, reason));
            let test = if *test { language.pick("（测试）", " (test)") } else { "" };
            language.pick(format!("发出{word}：{what}{test}"), format!("raised: {word}, {what}{test}"))
        }
        Deed::Again { count } => {
            language.pick(format!("再次发生，第 {count} 次"), format!("happened again, time {count}"))
        }
        Deed::AskHome { until } => {
            let until = clock_time(zone, *until);
            language.pick(format!("先询问本人，等到 {until}"), format!("asks the person at home first, until {until}"))
        }
        Deed::Unanswered { to } => {
            let to: Vec<String> = to.iter().map(|point| point.to_string()).collect();
            let to = if to.is_empty() { "—".to_owned() } else { to.join(language.pick("、", ", ")) };
            language.pick(format!("本人没有回应，通知：{to}"), format!("no answer at home, tells {to}"))
        }
        Deed::Cancel => pick("本人有回应，已撤销", "answered at home, taken back"),
        Deed::CheckOver { how: CheckEnd::Answered { sign } } => {
            let at = clock_time(zone, sign.at);
            let place = sign.room.as_ref().map_or_else(|| sign.sensor.to_string(), |place| room(language, place));
            language.pick(
                format!("有回应（{at}，{place}），询问结束，无需处理"),
                format!("answered at {at}, {place}: the check is over, nothing to do"),
            )
        }
        Deed::CheckOver { how: CheckEnd::LimitPassed } => {
            pick("没有回应，时限已到，已转为预警", "no answer and the limit has passed: it is an alert now")
        }
        Deed::CheckOver { how: CheckEnd::NoLongerDue } => {
            pick("情况已变，无需再询问", "things have changed: there is nothing to ask any more")
        }
        Deed::CheckOver { how: CheckEnd::Tested { unanswered: 0 } } => {
            pick("测试结束，各通道均有回应", "the test is over, every way has answered")
        }
        Deed::CheckOver { how: CheckEnd::Tested { unanswered } } => language.pick(
            format!("测试结束，{unanswered} 条通道没有回应"),
            format!("the test is over, {} gave no answer", counted(unanswered, "way")),
        ),
        Deed::PersonCancelled => pick(
            "家中有人表示不需要帮助，仍需工作人员确认",
            "somebody in the home says no help is needed; staff still decide",
        ),
        Deed::Receive => pick("收到", "received"),
        Deed::Ask { person } => {
            let person = name(person, names);
            language.pick(format!("派单给 {person}，等待接单"), format!("asked {person} to go"))
        }
        Deed::AskEnded => pick("派单无人应答，退回未接", "the person asked did not answer"),
        Deed::Take => pick("接单", "took it"),
        Deed::Depart => pick("出发", "set out"),
        Deed::Arrive { proof } => match terms::proof(language, *proof) {
            "" => pick("到达", "arrived"),
            proved => language.pick(format!("到达（{proved}）"), format!("arrived ({proved})")),
        },
        Deed::Release { why } => with_words(pick("退单", "gave it back"), why),
        Deed::HandOver { to } => {
            let to = name(to, names);
            language.pick(format!("提出转交给 {to}"), format!("proposed to hand it over to {to}"))
        }
        Deed::Accept => pick("接受转交", "accepted it"),
        Deed::HandOverEnded => pick("转交无人接受", "nobody accepted the hand-over"),
        Deed::TakeOver => pick("接管", "took it over"),
        Deed::Assist => pick("协助", "joined to help"),
        Deed::Escalate { level, to, people, last_resort } => {
            let named = |id: &PointId| match people.get(id) {
                Some(relation) => format!("{} {id}", terms::relation(language, *relation)),
                None => id.to_string(),
            };
            let to: Vec<String> = to.iter().map(named).collect();
            let to = if to.is_empty() { "—".to_owned() } else { to.join(language.pick("、", ", ")) };
            let resort = last_resort.as_ref().map_or_else(String::new, |call| {
                let call = shown(call, 16);
                language.pick(
                    format!("；最后手段：请就近者上门并自行拨打 {call}"),
                    format!("; last resort: whoever is near is to go and call {call}"),
                )
            });
            language
                .pick(format!("第 {level} 次催请：{to}{resort}"), format!("asked for help, time {level}: {to}{resort}"))
        }
        Deed::Call { whom, result } => {
            let (whom, result) = (whom_word(language, whom), terms::call_result(language, *result));
            language.pick(format!("致电{whom}：{result}"), format!("phoned {whom}: {result}"))
        }
        Deed::Note { text } => with_words(pick("备注", "note"), text),
        Deed::Life { sign } => {
            let at = clock_time(zone, sign.at);
            let place = sign.room.as_ref().map_or_else(|| sign.sensor.to_string(), |place| room(language, place));
            language.pick(format!("看到活动：{at}，{place}"), format!("sign of life at {at}, {place}"))
        }
        Deed::Recovered => pick("恢复正常，仍需工作人员办结", "went by itself; staff still close it"),
        Deed::Close { outcome, contact } => {
            let (outcome, contact) = (terms::outcome(language, *outcome), terms::contact(language, *contact));
            language.pick(format!("办结：{outcome}（{contact}）"), format!("closed: {outcome} ({contact})"))
        }
        Deed::Undo { .. } => pick("撤销上一步", "undid the last step"),
        Deed::Reopen => pick("重新处置", "reopened it"),
        Deed::Remind { of } => {
            let of = terms::reminder(language, *of);
            language.pick(format!("提醒：{of}"), format!("reminder: {of}"))
        }
        Deed::Lapse => pick("接单后无进展，退回未接", "the take ran out, back to everybody"),
        Deed::Overdue => {
            pick("超时：应到时间已过，无人到达", "overdue: the promised time has passed with nobody there")
        }
        Deed::Refused { asked, why } => {
            let asked = match (asked.as_str(), terms::button(language, asked)) {
                (_, Some(button)) => button.to_owned(),
                // A desk whose link was dead reckons with what it knew.
                ("lapse", None) => language.pick("退回未接", "back to everybody").to_owned(),
                (other, None) => shown(other, 20),
            };
            let why = refusal(language, why, zone, names);
            language.pick(format!("未采纳“{asked}”：{why}"), format!("refused \"{asked}\": {why}"))
        }
        Deed::Unknown => pick("本站不认识的一步（对方版本较新）", "a step this station does not know (newer version)"),
    }
}

/// Why a step was not taken, for the person who asked.
pub fn refusal(language: Language, refusal: &Refusal, zone: &Zone, names: Names) -> String {
    let pick = |chinese: &str, english: &str| language.pick(chinese, english).to_owned();
    match refusal {
        Refusal::NotInPhase { phase } => {
            let phase = terms::phase(language, *phase);
            language.pick(format!("警情{phase}，不能这样做"), format!("not possible while the alert is {phase}"))
        }
        Refusal::NotForRole { role } => {
            let role = terms::role(language, *role);
            language.pick(format!("{role}不能做这一步"), format!("this is not for the role {role}"))
        }
        Refusal::Owned { by, since } => {
            let (by, since) = (actor(language, by, names), clock_time(zone, *since));
            language.pick(format!("已由 {by} 于 {since} 接单"), format!("{by} took it at {since}"))
        }
        Refusal::NotYours => pick("只有本人或站长可以这样做", "only who did it, or a supervisor, may do this"),
        Refusal::TooLate { limit_secs } => {
            let limit = duration(language, Span::try_seconds(*limit_secs).unwrap_or_default());
            language.pick(format!("太晚了：只在 {limit} 内可以"), format!("too late: allowed for {limit}"))
        }
        Refusal::Nothing => pick("没有可以这样处理的内容", "there is nothing to do this to"),
        Refusal::NeedsContact => pick(
            "紧急警情须见到本人或通过话才能办结",
            "an emergency is closed only after the person was seen or spoken to",
        ),
        Refusal::NeedsNextStep => pick(
            "无法入户不能办结：请求助、转邻站或转交",
            "nobody could get in: get help or hand over instead of closing",
        ),
        Refusal::Stale => {
            pick("警情刚有变化，请看最新情况再点", "the alert has moved on; look at it again, then click")
        }
    }
}

fn with_words(what: String, words: &str) -> String {
    let words = shown(words, 500);
    if words.is_empty() { what } else { format!("{what}: {words}") }
}

fn name(person: &PersonId, names: Names) -> String {
    names(person).map_or_else(|| person.to_string(), |name| shown(&name, 40))
}

fn whom_word(language: Language, whom: &str) -> String {
    // Of several of one kind the place in the order of calling stands behind: `family 3`.
    if let Some((kind, place)) = whom.split_once(' ').filter(|(_, place)| place.parse::<u8>().is_ok()) {
        return format!("{} {place}", whom_word(language, kind));
    }
    match whom {
        "resident" => language.pick("本人", "the resident").to_owned(),
        "family" => language.pick("家属", "the family").to_owned(),
        "neighbour" => language.pick("邻居", "the neighbour").to_owned(),
        "grid_worker" => language.pick("网格员", "the grid worker").to_owned(),
        "doctor" => language.pick("医生", "the doctor").to_owned(),
        "other" => language.pick("其他联系人", "somebody else").to_owned(),
        other => shown(other, 40),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lifecycle::Phase;
    use crate::model::time::from_millis;
    use crate::text::no_names;

    #[test]
    fn every_deed_has_its_line_in_both_languages() {
        let zone = Zone::utc();
        let tested = [0, 1, 2].map(|unanswered| CheckEnd::Tested { unanswered });
        let ends =
            [CheckEnd::LimitPassed, CheckEnd::NoLongerDue].into_iter().chain(tested).map(|how| Deed::CheckOver { how });
        for deed in Deed::examples().into_iter().chain(ends).chain([Deed::Unknown]) {
            for language in Language::ALL {
                let line = Step {
                    number: 1,
                    at: from_millis(0),
                    by: Actor::home(),
                    deed: deed.clone(),
                    key: None,
                    implied: true,
                };
                let line = step(language, &line, &zone, &no_names);
                assert!(line.chars().count() > 4 && !line.contains(['{', '}']) && !line.contains("  "), "{line}");
            }
        }
    }

    #[test]
    fn every_refusal_says_why_in_both_languages() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let desk = Actor {
            role: Role::Desk,
            point: Some("lehe".parse().unwrap()),
            person: Some("a".parse().unwrap()),
            via: None,
        };
        let since = "2026-11-21T06:12:43Z".parse().unwrap();
        let all = [
            Refusal::NotInPhase { phase: Phase::Closed },
            Refusal::NotForRole { role: Role::Responder },
            Refusal::Owned { by: desk, since },
            Refusal::NotYours,
            Refusal::TooLate { limit_secs: i64::MAX },
            Refusal::Nothing,
            Refusal::NeedsContact,
            Refusal::NeedsNextStep,
            Refusal::Stale,
        ];
        for why in &all {
            for language in Language::ALL {
                let text = refusal(language, why, &zone, &no_names);
                assert!(text.chars().count() > 5 && !text.contains(['{', '}']), "{text}");
            }
        }
        let names = |_: &PersonId| Some("值班员A".to_owned());
        assert_eq!(refusal(Language::Chinese, &all[2], &zone, &names), "已由 值班员A 于 14:12:43 接单");
    }
}
