//! What a row tells the script besides what a person reads: what sounds for it, for whom, and what can be taken back.

use crate::desk::RowView;
use crate::model::lifecycle::Reminder;
use crate::model::reason::Severity;
use crate::web::models::{ClockModel, Painter, is_unclaimed, severity_id};

/// Of one row.
pub(super) struct Extras {
    /// The sound while nobody has it; empty where none does.
    pub rings: &'static str,
    /// Changes when it returns to everybody: one notification for each.
    pub step: String,
    /// When somebody must have taken it; 0 where no such clock runs.
    pub take_by_ms: i64,
    /// The person who is asked to take it, to take it over, or to go on with it; empty where nobody is.
    pub asks: String,
    /// The close form may be opened.
    pub can_close: bool,
    /// The last step can be taken back until then.
    pub undo: Option<ClockModel>,
    /// What its owner is reminded of.
    pub reminder: Option<&'static str>,
}

impl Extras {
    pub fn of(painter: &Painter<'_>, row: &RowView) -> Extras {
        let nobody_has_it = is_unclaimed(row) && row.owner.is_none();
        let rings = match row.severity {
            Severity::Emergency | Severity::Urgent | Severity::Notice | Severity::Blind => severity_id(row.severity),
            Severity::Fault => "",
        };
        let owner = row.owner.as_ref().and_then(|owner| owner.actor.person.as_ref());
        let reminded = owner.filter(|_| row.reminded.is_some());
        let asked = row.asked.as_ref().or(row.handing_to.as_ref()).map(|asked| &asked.person);
        Extras {
            rings: if nobody_has_it { rings } else { "" },
            step: format!("{}.{}", row.lapsed, row.reopened),
            take_by_ms: row.take_by.map_or(0, |at| at.timestamp_millis()),
            asks: asked.or(reminded).map(ToString::to_string).unwrap_or_default(),
            can_close: row.primary == Some("close") || row.others.contains(&"close"),
            undo: row.undo_until.filter(|until| *until > painter.now).map(|until| painter.countdown(until)),
            reminder: row.reminded.map(|of| painter.l(reminder(of))),
        }
    }
}

fn reminder(of: Reminder) -> &'static str {
    match of {
        Reminder::NotDeparted => "remind_depart",
        Reminder::NotArrivedYet => "remind_arrive",
        Reminder::NotClosed | Reminder::StillNotClosed => "remind_close",
        Reminder::Overlooked => "remind_overlooked",
    }
}
