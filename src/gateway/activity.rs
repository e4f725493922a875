//! What the last days were like, for a station at which somebody looks: read when it is asked, beside the loop that watches, and
//! said once. As much of it as who lives there agreed to, and nothing is said unasked.

use super::history::from_record;
use super::{DATABASE, Gateway};
use crate::clock::Reading;
use crate::engine::circle::Circle;
use crate::engine::diary::{DayShown, Days, Diary, Quarter};
use crate::engine::rhythm::Habits;
use crate::engine::rhythm::usual::{PART_HOURS, Usual};
use crate::engine::{Engine, rules};
use crate::model::card::Consent;
use crate::model::home::Home;
use crate::model::time::{Span, Timestamp, whole_millis};
use crate::sinks::{Live, Sink};
use crate::store::Looking;
use crate::wire;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was asked lately.
#[derive(Default)]
pub struct Looks {
    /// Names of questions that were answered: the broker may hand one out twice.
    answered: VecDeque<String>,
    last_since_boot: Option<Span>,
    /// One is being read.
    is_reading: Arc<AtomicBool>,
}

impl Looks {
    /// Whether a question is to be answered now: each once, one at a time, and not without a pause.
    fn takes(&mut self, id: &str, since_boot: Span) -> Result<(), &'static str> {
        if id.len() > ID_BYTES_MAX {
            return Err("its name is too long");
        }
        if self.answered.iter().any(|known| known == id) {
            return Err("it was answered before");
        }
        if self.last_since_boot.is_some_and(|last| since_boot - last < PAUSE) {
            return Err("another was answered a moment ago");
        }
        if self.is_reading.load(Ordering::Relaxed) {
            return Err("another is being answered");
        }
        self.last_since_boot = Some(since_boot);
        self.answered.push_back(id.to_owned());
        if self.answered.len() > ANSWERED_KEPT {
            self.answered.pop_front();
        }
        Ok(())
    }
}

impl Gateway {
    /// Somebody at a station looks. The answer goes back by the channel that brought the question.
    pub(super) fn look(&mut self, now: Reading, channel: &str, look: wire::Look) {
        let open = self.tasks.channels().iter();
        let mut open = open.filter(|open| open.channel.name.as_str() == channel && open.channel.point == look.point);
        let Some(sink) = open.next().map(|open| Arc::clone(&open.sink)) else {
            tracing::warn!(channel, point = %look.point, "a station that this home does not tell asks what its days were like");
            return;
        };
        if let Err(why) = self.looks.takes(&look.id, now.since_boot) {
            tracing::info!(channel, id = look.id, why, "a look at the last days is not answered");
            return;
        }
        tracing::info!(channel, point = %look.point, by = ?look.by.person, shares = self.plan.shares.as_str(),
            "somebody looks at the last days");
        let book = Book {
            home: self.plan.home.clone(),
            rules: self.plan.rules.clone(),
            habits: self.turn.engine.seen().habits.clone(),
            shares: self.plan.shares,
            database: self.plan.state_dir.join(DATABASE),
            now: now.wall,
        };
        let is_reading = Arc::clone(&self.looks.is_reading);
        is_reading.store(true, Ordering::Relaxed);
        tokio::spawn(async move { answer(book, look, sink, &is_reading).await });
    }
}

/// Reads and says it; what is not taken is not said again, for whoever looked asks again.
async fn answer(book: Book, look: wire::Look, sink: Arc<dyn Sink>, is_reading: &AtomicBool) {
    let wire::Look { id, point, .. } = look;
    let read = tokio::task::spawn_blocking(move || book.read(id)).await;
    is_reading.store(false, Ordering::Relaxed);
    let Ok(activity) = read else { return };
    if let Err(why) = sink.say(&point, &Live::Activity(activity)).await {
        tracing::info!(%point, %why, "who looked was not answered");
    }
}

/// Everything that an answer is made of.
struct Book {
    home: Home,
    rules: rules::Settings,
    habits: Habits,
    shares: Consent,
    database: PathBuf,
    now: Timestamp,
}

impl Book {
    fn read(self, id: String) -> wire::Activity {
        let mut activity = wire::Activity {
            v: wire::VERSION,
            home: self.home.id.clone(),
            id,
            at: whole_millis(self.now),
            shares: self.shares,
            days: Vec::new(),
            rooms: Vec::new(),
            usual: None,
            fault: None,
        };
        if self.shares == Consent::Alerts {
            return activity;
        }
        let with_rooms = self.shares == Consent::Rooms;
        activity.usual = Some(usual(&self.habits.usual(&self.home)));
        match self.days() {
            Ok(Days { days, mut rooms }) => {
                rooms.truncate(ROOMS_MAX);
                activity.days = days.iter().map(|day| said(day, with_rooms)).collect();
                activity.rooms = if with_rooms { rooms } else { Vec::new() };
            }
            Err(why) => activity.fault = Some(why.chars().take(FAULT_LENGTH_MAX).collect()),
        }
        activity
    }

    /// The last days, heard once more from the history on the disk.
    fn days(self) -> Result<Days, String> {
        let looking = Looking::at(&self.database).map_err(|error| error.problem().to_string())?;
        let engine = Engine::new(self.home, &self.rules, Circle::default());
        let mut diary = Diary::new(engine, DAYS, self.now);
        let since = Some(diary.reads_from());
        let read = looking.for_each_record_since(since, |record| {
            if let Some(line) = from_record(record) {
                diary.take(line);
            }
        });
        read.map(|()| diary.end()).map_err(|error| error.problem().to_string())
    }
}

fn said(day: &DayShown, with_rooms: bool) -> wire::ActiveDay {
    let level = |quarter: &Quarter| quarter.level().map_or('-', |level| char::from(b'0' + level));
    let room = |quarter: &Quarter| {
        let nth = quarter.room.and_then(|nth| u8::try_from(nth).ok()).filter(|nth| usize::from(*nth) < ROOMS_MAX);
        nth.map_or('-', |nth| char::from(b'a' + nth))
    };
    let where_it = |is: fn(&Quarter) -> bool| -> Vec<u8> {
        let quarters = day.quarters.iter().zip(0_u8..).filter(|(quarter, _)| with_rooms && is(quarter));
        quarters.map(|(_, nth)| nth).collect()
    };
    wire::ActiveDay {
        date: day.date,
        from: day.from,
        levels: day.quarters.iter().map(level).collect(),
        rooms: if with_rooms { day.quarters.iter().map(room).collect() } else { String::new() },
        doors: where_it(|quarter| quarter.has_door),
        buttons: where_it(|quarter| quarter.has_press),
    }
}

fn usual(usual: &Usual) -> wire::Usual {
    let secs = |span: Span| u64::try_from(span.num_seconds()).unwrap_or(0);
    let hours = |part: usize| u8::try_from(part * usize::from(PART_HOURS)).unwrap_or(24);
    let parts = usual.parts.iter().enumerate().map(|(nth, part)| wire::UsualPart {
        from_hour: hours(nth),
        to_hour: hours(nth + 1),
        longest_secs: part.longest.map(secs),
        limit_secs: part.limit.map(|(least, _)| secs(least)),
        limit_at_most_secs: part.limit.map(|(_, most)| secs(most)),
    });
    let quiet = usual.quiet.iter().flatten().map(|is_quiet| if *is_quiet { '1' } else { '0' });
    wire::Usual {
        days_learned: u32::try_from(usual.days).unwrap_or(u32::MAX),
        days_needed: u32::try_from(usual.needed).unwrap_or(u32::MAX),
        wanted_in_30_days: usual.wanted,
        in_30_days: usual.unneeded,
        quiet: quiet.collect(),
        parts: parts.collect(),
    }
}

/// So many days are shown, today included.
const DAYS: u32 = 14;
/// Letters from `a` on.
const ROOMS_MAX: usize = 26;
/// Between answers: a station asks when somebody looks, which is seldom.
const PAUSE: Span = Span::seconds(5);
const ANSWERED_KEPT: usize = 16;
const ID_BYTES_MAX: usize = 128;
const FAULT_LENGTH_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_once_and_questions_without_a_pause_are_not() {
        let mut looks = Looks::default();
        let secs = Span::seconds;
        assert_eq!(looks.takes("a", secs(0)), Ok(()));
        assert!(looks.takes("b", secs(1)).is_err(), "a pause");
        assert_eq!(looks.takes("b", secs(6)), Ok(()));
        assert!(looks.takes("a", secs(60)).is_err(), "the broker hands it out again");
        assert!(looks.takes(&"x".repeat(1000), secs(120)).is_err());
        for nth in 0..100 {
            looks.takes(&format!("n{nth}"), secs(200 + 10 * nth)).unwrap();
        }
        assert!(looks.answered.len() <= ANSWERED_KEPT);
    }
}
