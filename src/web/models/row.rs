//! Alerts in the queue: bands, rows, clocks, flags.

use super::{LATE, Painter, severity_id};
use crate::desk::{Band, BandName, RowView, View, folded};
use crate::model::ids::PersonId;
use crate::model::lifecycle::Phase;
use crate::model::reason::{Reason, Severity};
use crate::model::time::{Span, Timestamp};
use crate::text;
use crate::web::extras::Extras;
use crate::web::faults::{FoldModel, fold_models};
use crate::web::form::escape;

pub(in crate::web) struct BandModel {
    pub name: &'static str,
    pub word: &'static str,
    pub counts: bool,
    /// All alerts in it, folded or not.
    pub count: usize,
    pub folds: Vec<FoldModel>,
    pub rows: Vec<RowModel>,
    /// How many are not listed: those that press least.
    pub more: usize,
}

pub(in crate::web) struct RowModel {
    pub id: String,
    pub href: String,
    pub href_close: String,
    pub post: String,
    pub back: String,
    pub severity: &'static str,
    pub severity_word: &'static str,
    pub phase: &'static str,
    pub phase_word: &'static str,
    pub calm: bool,
    pub test: bool,
    pub place: String,
    pub headline: String,
    pub raised: String,
    /// The raise with its day, for lists of what was.
    pub day: String,
    pub raised_ms: i64,
    pub age: String,
    pub late: String,
    pub owner: String,
    pub flags: Vec<String>,
    pub closed: Option<String>,
    pub take: Option<ClockModel>,
    pub due: Option<ClockModel>,
    pub arrived: Option<String>,
    pub primary: Option<PrimaryModel>,
    pub click_key: String,
    pub version: u32,
    pub more: Extras,
}

pub(in crate::web) struct ClockModel {
    pub until_ms: i64,
    pub text: String,
    pub tone: &'static str,
    pub wall: String,
}

pub(in crate::web) struct PrimaryModel {
    pub step: &'static str,
    pub word: &'static str,
    pub is_form: bool,
}

impl RowModel {
    /// The next step by its name; empty where there is none.
    pub fn primary_step(&self) -> &'static str {
        self.primary.as_ref().map_or("", |primary| primary.step)
    }
}

impl Painter<'_> {
    pub fn bands(&self, view: &View) -> Vec<BandModel> {
        let word = |name: BandName| match name {
            BandName::Unclaimed => self.l("unclaimed"),
            BandName::InHand => self.l("in_hand"),
            BandName::NoContact => self.l("no_contact"),
            BandName::Notices => self.l("notices"),
            BandName::JustClosed => self.l("just_closed"),
        };
        let band = |band: &Band| {
            let shown_max = match band.name {
                // Whoever needs somebody is never left out, however many they are.
                BandName::Unclaimed | BandName::InHand => usize::MAX,
                BandName::NoContact | BandName::Notices | BandName::JustClosed => ROWS_MAX,
            };
            let listed = self.band(band.name.as_str(), word(band.name), &band.rows, shown_max);
            let (count, more) = (listed.count + band.more, listed.more + band.more);
            BandModel { counts: band.name != BandName::JustClosed, count, more, ..listed }
        };
        view.bands.iter().map(band).collect()
    }

    /// The faults as a band of their own.
    pub fn fault_band(&self, view: &View) -> BandModel {
        self.band("faults", self.l("faults"), &view.faults, ROWS_MAX)
    }

    fn band(&self, name: &'static str, word: &'static str, rows: &[RowView], shown_max: usize) -> BandModel {
        let (count, (folds, rows)) = (rows.len(), folded(rows.to_vec()));
        let (folds, more) = (fold_models(self, &folds), rows.len().saturating_sub(shown_max));
        let rows = self.rows(rows.get(..shown_max).unwrap_or(&rows));
        BandModel { name, word, counts: true, count, folds, rows, more }
    }

    pub fn rows(&self, rows: &[RowView]) -> Vec<RowModel> {
        rows.iter().map(|row| self.row(row)).collect()
    }

    pub fn row(&self, row: &RowView) -> RowModel {
        let (home, number) = (escape(row.key.home.as_str()), row.key.alert.number);
        let raised_id = row.key.alert.raised_at.timestamp_millis();
        let address = format!("/alert/{home}/{number}");
        let id = format!("alert-{}-{number}-{raised_id}", row.key.home);
        let href = format!("{address}?raised={raised_id}");
        let wall = text::clock_time(self.zone(), row.raised_at);
        let late = if row.late > LATE { format!("{} {}", self.l("late"), self.span(row.late)) } else { String::new() };
        RowModel {
            back: if self.on_desk { format!("/#{}", escape(&id)) } else { href.clone() },
            post: format!("{address}/step?raised={raised_id}"),
            href_close: format!("{href}&form=close#close"),
            href,
            severity: severity_id(row.severity),
            severity_word: text::severity(self.language, row.severity),
            phase: row.phase.as_str(),
            phase_word: text::phase(self.language, row.phase),
            calm: !row.phase.is_open(),
            test: row.test,
            place: self.place_of(row),
            headline: text::headline(self.language, &row.reason),
            raised: if row.approximate { format!("≈ {wall}") } else { wall },
            day: text::date_time(self.language, self.zone(), row.raised_at),
            raised_ms: row.raised_at.timestamp_millis(),
            age: self.language.pick(
                format!("{}前", self.span(self.now - row.raised_at)),
                format!("{} ago", self.span(self.now - row.raised_at)),
            ),
            late,
            owner: self.owner(row),
            flags: self.flags(row),
            closed: self.closed(row),
            take: row.take_by.map(|until| self.clock(until, Span::zero())),
            due: row.due_at.map(|until| self.clock(until, Span::minutes(5))),
            arrived: row.arrived_at.filter(|_| row.phase.is_open()).map(|at| text::clock_time(self.zone(), at)),
            primary: row.primary.and_then(|step| {
                let word = text::button(self.language, step)?;
                Some(PrimaryModel { step, word, is_form: step != "close" })
            }),
            click_key: format!("{}-{}-{number}", self.key, row.version),
            version: row.version,
            more: Extras::of(self, row),
            id,
        }
    }

    fn place_of(&self, row: &RowView) -> String {
        if matches!(row.reason, Reason::NoWatcher { .. }) {
            return text::shown(&self.site.settings.name, 30);
        }
        row.place.as_ref().map_or_else(|| row.key.home.to_string(), |place| text::shown(place, 30))
    }

    /// The time until something ends.
    pub fn countdown(&self, until: Timestamp) -> ClockModel {
        self.clock(until, Span::zero())
    }

    /// `0:41` before the deadline, `+3:12` after it.
    fn clock(&self, until: Timestamp, warn: Span) -> ClockModel {
        let left = (until - self.now).num_seconds();
        let text = format!("{}{}:{:02}", if left < 0 { "+" } else { "" }, left.abs() / 60, left.abs() % 60);
        let tone = if left < 0 {
            "over"
        } else if left <= warn.num_seconds() {
            "warn"
        } else {
            "fine"
        };
        let hour_minute = text::hour_minute(self.zone(), until);
        let wall = self.language.pick(format!("{hour_minute} 前到"), format!("by {hour_minute}"));
        ClockModel { until_ms: until.timestamp_millis(), text, tone, wall }
    }

    fn owner(&self, row: &RowView) -> String {
        match &row.owner {
            Some(owner) if row.phase.is_open() => {
                let who = text::actor(self.language, &owner.actor, &|id| self.name(id));
                format!("{who} · {}", text::phase(self.language, row.phase))
            }
            _ => text::phase(self.language, row.phase).to_owned(),
        }
    }

    fn flags(&self, row: &RowView) -> Vec<String> {
        let mut flags = Vec::new();
        let mut flag = |shown: bool, words: String| {
            if shown {
                flags.push(words);
            }
        };
        let name = |id: &PersonId| self.name(id).map_or_else(|| id.to_string(), |name| text::shown(&name, 30));
        if let Some(asked) = &row.asked {
            flag(true, format!("{} {}", self.l("asked"), name(&asked.person)));
        }
        if let Some(to) = &row.handing_to {
            flag(true, format!("{} {}", self.l("handing"), name(&to.person)));
        }
        for helper in &row.assisting {
            let who = text::actor(self.language, helper, &|id| self.name(id));
            flag(true, format!("{} {who}", self.l("helping")));
        }
        flag(row.count > 1, self.language.pick(format!("第 {} 次", row.count), format!("time {}", row.count)));
        if let Some(sign) = &row.life_since {
            let at = text::clock_time(self.zone(), sign.at);
            let place = sign.room.as_ref().map(|room| text::room(self.language, room)).unwrap_or_default();
            flag(true, format!("{} {at} {place}", self.l("life_since")).trim_end().to_owned());
        }
        flag(row.recovered_at.is_some(), self.l("recovered").to_owned());
        flag(row.person_cancelled, self.l("person_cancelled").to_owned());
        flag(row.escalated > 0, self.l("escalated").to_owned());
        let resort = row.last_resort.as_deref().map(|call| text::LastResort { call, waited: None });
        if let Some(resort) = resort.filter(|_| matches!(row.phase, Phase::Raised | Phase::Received)) {
            flag(true, text::last_resort(self.language, row.phase, resort));
        }
        flag(row.lapsed > 0 && row.owner.is_none(), self.l("lapsed").to_owned());
        flag(row.reopened > 0, self.l("reopened").to_owned());
        flag(row.unconfirmed, self.l("waiting_home").to_owned());
        flag(!row.durable, self.l("not_durable").to_owned());
        flag(row.is_lost_at_home && row.phase.is_open(), self.l("lost_at_home").to_owned());
        let gone = row.home_online == Some(false) && row.phase.is_open() && row.severity != Severity::Blind;
        flag(gone, self.l("gateway_gone").to_owned());
        flag(row.under_maintenance, self.l("under_maintenance").to_owned());
        flags
    }

    fn closed(&self, row: &RowView) -> Option<String> {
        if row.phase.is_open() {
            return None;
        }
        Some(match &row.closed {
            Some(closed) => {
                let who = text::actor(self.language, &closed.by, &|id| self.name(id));
                let at = text::hour_minute(self.zone(), closed.at);
                format!("{at} {} · {who}", text::outcome(self.language, closed.outcome))
            }
            None => self.l("closed_details_unknown").to_owned(),
        })
    }
}

/// In one band of equipment or requests: no desk acts on more before the page is read again.
const ROWS_MAX: usize = 300;
