//! What a summons says to one person, in their language.

use crate::desk::{AlertKey, Code, Desk, Matter, Reachable, RowView, Summons};
use crate::model::lifecycle::Actor;
use crate::model::reason::Reason;
use crate::model::time::{Timestamp, Zone};
use crate::text::{self, Language, Mark};

/// The language somebody reads.
pub(super) fn language(person: &Reachable, station: Language) -> Language {
    person.language.as_deref().and_then(|word| word.parse().ok()).unwrap_or(station)
}

/// The words; nothing where the desk knows no more what they would be about.
pub(super) fn words(
    desk: &Desk,
    now: Timestamp,
    zone: &Zone,
    language: Language,
    summons: &Summons,
    code: Option<Code>,
) -> Option<String> {
    let code = code.map(|code| code.to_string()).unwrap_or_default();
    if let Matter::Daily(_) = summons.matter {
        let (_, at) = desk.daily_deadline(now);
        let (_, homes) = desk.open_at_deadline(now)?;
        return Some(text::summons(language, zone, text::Summons::Daily { at, homes }, ""));
    }
    let row = row(desk, now, summons.alert.as_ref()?)?;
    let place = row.place.clone().unwrap_or_else(|| row.key.home.to_string());
    let (place, raised_at) = (place.as_str(), row.raised_at);
    let what = match summons.matter {
        Matter::Alert => return Some(alert(now, zone, language, &row, place, &code)),
        Matter::Over => {
            return Some(text::sms_over(language, &told(now, &row, place, &code)));
        }
        Matter::Untaken(times) => text::Summons::Untaken { times, place, at: raised_at },
        Matter::NotDeparted => {
            text::Summons::NotDeparted { place, at: row.owner.as_ref().map_or(raised_at, |owner| owner.since) }
        }
        Matter::Overdue => text::Summons::Overdue { place, due: row.due_at.unwrap_or(raised_at) },
        Matter::Others => text::Summons::Others { place, at: raised_at },
        Matter::NoWatcher => {
            let Reason::NoWatcher { since, .. } = &row.reason else { return None };
            let since = if row.count > 1 { row.again_at } else { *since };
            return Some(text::summons(
                language,
                zone,
                text::Summons::NoWatcher {
                    span: (now - since).max(crate::model::time::Span::zero()),
                    waiting: desk.unclaimed(),
                },
                "",
            ));
        }
        Matter::Daily(_) => return None,
    };
    Some(text::summons(language, zone, what, &code))
}

/// One alert as it stands.
pub(super) fn row(desk: &Desk, now: Timestamp, alert: &AlertKey) -> Option<RowView> {
    let nobody = Actor::station(desk.point().clone());
    desk.alert_row(now, alert, &nobody)
}

fn alert(now: Timestamp, zone: &Zone, language: Language, row: &RowView, place: &str, code: &str) -> String {
    text::sms(language, zone, &told(now, row, place, code))
}

fn told<'a>(now: Timestamp, row: &'a RowView, place: &'a str, code: &'a str) -> text::Sms<'a> {
    let mark = if code.is_empty() { Mark::Number(row.key.alert.number) } else { Mark::Code(code) };
    let waited = Some(now - row.raised_at);
    text::Sms {
        place,
        mark,
        reason: &row.reason,
        severity: row.severity,
        is_test: row.test,
        raised_at: row.raised_at,
        now: Some(now),
        answers: text::Answers::All,
        due: row.due_at,
        last_resort: row.last_resort.as_deref().map(|call| text::LastResort { call, waited }),
    }
}
