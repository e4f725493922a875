//! Why quiet is unusual: what the learned limit rests on, in numbers that are all true of the past silences that decided it.

use super::Say;
use crate::model::learned::LimitedBy;
use crate::model::reason::{Reason, Usual};
use crate::model::time::Span;
use crate::text::{Language, duration};

/// The sentences of a reason of the rule `rhythm`.
pub(super) fn sentences(say: &Say<'_>, reason: &Reason) -> Vec<String> {
    let Reason::Rhythm {
        limit,
        by,
        silence,
        last_life,
        usual,
        days,
        target,
        alerts_of_30_days,
        fixed_limit,
        door_at,
        is_out,
        blind,
        sensors_alive,
        sensors,
        cannot_tell,
    } = reason
    else {
        return Vec::new();
    };
    let language = say.language;
    let mut sentences = vec![quiet(language, *silence, *limit, *by), say.last_life(last_life.as_ref())];
    sentences.extend(usual.as_ref().map(|usual| what_is_usual(language, usual, *days)));
    if *by == LimitedBy::ColdStart {
        sentences.push(language.pick(
            format!("才了解这户 {days} 天，暂用固定上限"),
            format!("This home is known for {} only, so a fixed limit holds", days_of(*days)),
        ));
    } else {
        sentences.push(set_for(language, *target, *alerts_of_30_days));
    }
    sentences.extend(fixed_limit.map(|limit| {
        let limit = duration(language, limit);
        language.pick(format!("固定规则的上限为 {limit}"), format!("The fixed rule would have spoken after {limit}"))
    }));
    sentences.extend(door_at.map(|at| {
        let at = say.at(at);
        let out = if *is_out { language.pick("，可能已外出", ", probably out") } else { "" };
        language.pick(format!("入户门最近一次动作：{at}{out}"), format!("Outer door last used {at}{out}"))
    }));
    sentences.extend(blind.as_ref().map(|blind| say.blind_span(blind)));
    sentences.push(say.sensors(*sensors_alive, *sensors));
    sentences.extend(say.cannot_tell(*cannot_tell));
    sentences
}

/// The learned limit beside a fixed one that came first.
pub(super) fn learned_limit(language: Language, limit: Span) -> String {
    let limit = duration(language, limit);
    language.pick(format!("按平日规律的上限为 {limit}"), format!("The learned limit would have been {limit}"))
}

fn quiet(language: Language, silence: Span, limit: Span, by: LimitedBy) -> String {
    let (silence, limit) = (duration(language, silence), duration(language, limit));
    let source = match by {
        LimitedBy::Tail => language.pick("按平日规律", "learned from such silences"),
        LimitedBy::Line => {
            language.pick("这个时段从未这样安静", "it has hardly ever been quiet for so long at this hour")
        }
        LimitedBy::Most => language.pick("最长上限", "the longest that is allowed"),
        LimitedBy::ColdStart => language.pick("固定上限", "fixed"),
    };
    language.pick(
        format!("已 {silence} 没有看到活动，上限 {limit}（{source}）"),
        format!("nothing seen for {silence}, limit {limit} ({source})"),
    )
}

fn what_is_usual(language: Language, usual: &Usual, days: u16) -> String {
    let (reached, longest) = (duration(language, usual.reached), duration(language, usual.longest));
    let (hours, on_days) = (usual.hours, usual.on_days);
    language.pick(
        format!("近 {days} 天里，在 {hours} 类似的活动之后，有 {on_days} 天安静达到 {reached}，最长 {longest}"),
        format!(
            "After movement like that, {hours}, it was quiet for {reached} or longer on {on_days} of {} and never longer than {longest}",
            days_of(days)
        ),
    )
}

fn set_for(language: Language, target: f64, alerts: u32) -> String {
    language.pick(
        format!("上限按 30 天最多 {target} 次不必要的预警设定，近 30 天超限 {alerts} 次"),
        format!(
            "The limit is set for at most {target} unneeded in 30 days; in the last 30 it was exceeded {}",
            times(alerts)
        ),
    )
}

fn days_of(days: u16) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn times(times: u32) -> String {
    if times == 1 { "once".to_owned() } else { format!("{times} times") }
}

/// Every shape of the reason, for the test of all reasons.
#[cfg(test)]
pub(super) fn extremes(
    span: Span,
    last_life: Option<crate::model::reason::SignOfLife>,
    blind: Option<crate::model::reason::Blind>,
    hours: Option<crate::model::time::Hours>,
    n: u32,
) -> Vec<Reason> {
    let usual = hours.map(|hours| Usual { hours, reached: span, on_days: n as u16, longest: span });
    let reason = |by| Reason::Rhythm {
        limit: span,
        by,
        silence: span,
        last_life: last_life.clone(),
        usual: usual.clone(),
        days: n as u16,
        target: if n == 0 { 0.5 } else { 1.0 },
        alerts_of_30_days: n,
        fixed_limit: last_life.as_ref().map(|_| span),
        door_at: blind.as_ref().map(|blind| blind.from),
        is_out: n == 0,
        blind: blind.clone(),
        sensors_alive: n,
        sensors: n,
        cannot_tell: n * 2,
    };
    [LimitedBy::Tail, LimitedBy::Line, LimitedBy::Most, LimitedBy::ColdStart].map(reason).into()
}
