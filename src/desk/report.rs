//! How a station did in a time: figures over cases, each with the selection of the alerts behind it.
//!
//! Tests, duplicates, questions asked at home and what the home took back before anybody had it are counted apart. A
//! percentile is the nearest rank: a value that happened.

mod range;
mod select;

pub use range::Range;
pub use select::{Of, Selection};

use crate::desk::STATION_NUMBERS;
use crate::desk::cases::{Case, Spell};
use crate::model::ids::{HomeId, PointId};
use crate::model::lifecycle::Outcome;
use crate::model::reason::Severity;
use crate::model::time::{Span, Timestamp, Zone};
use select::is_counted;
use std::collections::BTreeMap;

/// A station's figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Of which time.
    pub range: Range,
    /// Until when that time has come.
    pub until: Timestamp,
    /// Figures in the order of the page.
    pub figures: Vec<Figure>,
    /// How long things took, of alerts about a person.
    pub times: Vec<(&'static str, Option<Times>)>,
    /// Rule × outcome; without outcome those that are open or ended elsewhere.
    pub outcomes: BTreeMap<&'static str, BTreeMap<Option<Outcome>, usize>>,
    /// From receipt to take: how many within each of [`TAKE_STEPS_SECS`], then the rest, then those never taken.
    pub takes: Vec<usize>,
    /// Days, weeks or months of the range: alerts about a person, those taken within 60 s, those where somebody was there in time.
    pub parts: Vec<(Range, [usize; 3])>,
    /// By the point whose staff took it first: alerts, taken within 60 s, in time at the door.
    pub points: BTreeMap<PointId, [usize; 3]>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name in files and programs.
    pub id: &'static str,
    /// The rule it is about, where it is about one.
    pub rule: Option<&'static str>,
    /// What it says.
    pub value: Value,
    /// The alerts behind it.
    pub of: Option<Selection>,
}

/// What a figure says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// So many.
    Count(usize),
    /// So many of so many.
    Share(usize, usize),
    /// A length of time.
    Length(Span),
    /// So many hours or days of homes, in hours.
    HomeHours(f64),
    /// So many in 30 days of a home.
    PerThirtyDays(f64),
    /// Not known from what the station keeps.
    Unknown,
}

/// Median, nine of ten, 99 of a hundred, and the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Of how many.
    pub count: usize,
    /// Half are not longer.
    pub median: Span,
    /// Nine of ten are not longer.
    pub p90: Span,
    /// 99 of a hundred are not longer.
    pub p99: Span,
    /// None is longer.
    pub worst: Span,
}

impl Times {
    /// Of these lengths; `None` of none.
    pub fn of(mut lengths: Vec<Span>) -> Option<Times> {
        lengths.sort_unstable();
        let rank = |percent: usize| {
            let rank = (lengths.len() * percent).div_ceil(100).max(1);
            lengths.get(rank - 1).copied()
        };
        Some(Times { count: lengths.len(), median: rank(50)?, p90: rank(90)?, p99: rank(99)?, worst: *lengths.last()? })
    }
}

impl Report {
    /// The figures of `range` as known at `now`. `cases` hold all that began in it, what is open, and equipment in trouble
    /// shortly before; `homes` since when each is known.
    pub fn of(
        range: Range,
        now: Timestamp,
        zone: &Zone,
        cases: &[Case],
        homes: &[(HomeId, Option<Timestamp>)],
    ) -> Report {
        let until = now.clamp(range.from, range.to);
        let counter = Counter { range, now, until, zone, cases };
        let home_hours = counter.watched_hours(homes);
        let mut figures = counter.answering();
        figures.extend(counter.results(home_hours));
        figures.extend(counter.load());
        figures.extend(counter.delivery());
        figures.extend(counter.equipment(homes.len()));
        figures.extend(counter.apart());
        Report {
            range,
            until,
            figures,
            times: counter.times(),
            outcomes: counter.outcomes(),
            takes: counter.takes(),
            parts: range.parts(zone, until).into_iter().map(|part| (part, counter.part(part))).collect(),
            points: counter.points(),
        }
    }

    /// The figure of this name.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.id == id)
    }
}

struct Counter<'a> {
    range: Range,
    now: Timestamp,
    until: Timestamp,
    zone: &'a Zone,
    cases: &'a [Case],
}

impl<'a> Counter<'a> {
    fn chosen(&self, of: Of) -> impl Iterator<Item = &'a Case> {
        let selection = Selection::of(of, self.range);
        let (now, zone) = (self.now, self.zone);
        self.cases.iter().filter(move |case| selection.holds(case, now, zone))
    }

    fn count(&self, of: Of) -> usize {
        self.chosen(of).count()
    }

    fn counted(&self, id: &'static str, of: Of) -> Figure {
        let value = Value::Count(self.count(of));
        Figure { id, rule: None, value, of: Some(Selection::of(of, self.range)) }
    }

    fn share(&self, id: &'static str, of: Of, among: Of) -> Figure {
        let value = Value::Share(self.count(of), self.count(among));
        Figure { id, rule: None, value, of: Some(Selection::of(of, self.range)) }
    }

    fn answering(&self) -> Vec<Figure> {
        vec![
            self.counted("person_alerts", Of::Person),
            self.share("answered_60", Of::Taken60, Of::Due60),
            self.share("answered_180", Of::Taken180, Of::Due180),
            self.counted("answered_late", Of::Late60),
            self.share("waited_60", Of::Waited60, Of::Due60),
            self.share("waited_180", Of::Waited180, Of::Due180),
            self.share("on_site_15", Of::OnSite, Of::Visits),
            self.counted("on_site_late", Of::LateOnSite),
            self.counted("talks", Of::Talks),
            self.counted("takes_lapsed", Of::Lapsed),
            self.counted("open", Of::Open),
        ]
    }

    fn results(&self, home_hours: Option<f64>) -> Vec<Figure> {
        let mut figures = vec![
            self.counted("real", Of::Real),
            self.counted("unneeded", Of::Unneeded),
            Figure {
                id: "home_days",
                rule: None,
                value: home_hours.map_or(Value::Unknown, Value::HomeHours),
                of: None,
            },
        ];
        let mut by_rule: BTreeMap<&'static str, usize> = BTreeMap::new();
        for case in self.chosen(Of::Unneeded) {
            *by_rule.entry(case.reason.rule()).or_default() += 1;
        }
        let whole = (None, self.count(Of::Unneeded));
        // Of less than a day nobody can tell a rate.
        for (rule, count) in std::iter::once(whole).chain(by_rule.into_iter().map(|(rule, n)| (Some(rule), n))) {
            let days = home_hours.map(|hours| hours / 24.0).filter(|days| *days >= 1.0);
            let value = days.map_or(Value::Unknown, |days| Value::PerThirtyDays(count as f64 * 30.0 / days));
            let of = Selection { rule: rule.map(str::to_owned), ..Selection::of(Of::Unneeded, self.range) };
            figures.push(Figure { id: "unneeded_per_30_home_days", rule, value, of: Some(of) });
        }
        figures
    }

    fn load(&self) -> Vec<Figure> {
        let intervals = ((self.until - self.range.from).num_seconds() / INTERVAL_SECS).max(0) as usize;
        let mut loads: BTreeMap<i64, usize> = BTreeMap::new();
        for case in self.chosen(Of::Desk) {
            *loads.entry((case.raised_at - self.range.from).num_seconds() / INTERVAL_SECS).or_default() += 1;
        }
        let more_than = |limit: usize| loads.values().filter(|load| **load > limit).count();
        let plain = |id, value| Figure { id, rule: None, value, of: None };
        let mut figures = vec![
            self.counted("desk_alerts", Of::Desk),
            plain("intervals_over_1", Value::Share(more_than(1), intervals)),
            plain("intervals_over_10", Value::Share(more_than(10), intervals)),
            plain("interval_most", Value::Count(loads.values().max().copied().unwrap_or_default())),
        ];
        let all = self.count(Of::Desk);
        let severities = [
            ("emergencies", Severity::Emergency),
            ("warnings", Severity::Urgent),
            ("notices_raised", Severity::Notice),
            ("no_contacts", Severity::Blind),
        ];
        for (id, severity) in severities {
            let count = self.chosen(Of::Desk).filter(|case| case.severity == severity).count();
            let of = Selection { severity: Some(severity), ..Selection::of(Of::Desk, self.range) };
            figures.push(Figure { id, rule: None, value: Value::Share(count, all), of: Some(of) });
        }
        figures
    }

    fn delivery(&self) -> Vec<Figure> {
        let sent = self.chosen(Of::All).filter(|case| case.key.alert.number <= STATION_NUMBERS);
        let times = Times::of(sent.map(Case::late).collect());
        let length = |id, of: fn(&Times) -> Span| Figure {
            id,
            rule: None,
            value: times.as_ref().map_or(Value::Unknown, |times| Value::Length(of(times))),
            of: Some(Selection::of(Of::All, self.range)),
        };
        vec![
            length("delivery_median", |times| times.median),
            length("delivery_p99", |times| times.p99),
            length("delivery_worst", |times| times.worst),
            self.counted("delivered_late", Of::DeliveredLate),
        ]
    }

    fn equipment(&self, homes: usize) -> Vec<Figure> {
        let blind = self.blind_by_home();
        let lengths: Vec<Span> = blind.values().flatten().map(|(from, to)| *to - *from).collect();
        let all: i64 = lengths.iter().map(Span::num_milliseconds).sum();
        let longest = lengths.iter().max().copied().unwrap_or_default();
        let long = blind.values().filter(|spells| spells.iter().any(|(from, to)| *to - *from > BLIND_LONG)).count();
        let selection = Some(Selection::of(Of::Blind, self.range));
        let blind = |id, value| Figure { id, rule: None, value, of: selection.clone() };
        let ages = self.chosen(Of::FaultsOpen).map(|case| self.until - case.raised_at);
        let age = Times::of(ages.collect());
        vec![
            blind("no_contact_hours", Value::HomeHours(all as f64 / 3_600_000.0)),
            blind("no_contact_longest", Value::Length(longest)),
            blind("no_contact_over_4h", Value::Share(long, homes)),
            self.counted("faults_opened", Of::Faults),
            self.counted("faults_closed", Of::FaultsClosed),
            self.counted("faults_open", Of::FaultsOpen),
            self.counted("faults_overdue", Of::FaultsOverdue),
            Figure {
                id: "faults_open_age",
                rule: None,
                value: age.map_or(Value::Unknown, |age| Value::Length(age.median)),
                of: Some(Selection::of(Of::FaultsOpen, self.range)),
            },
        ]
    }

    fn apart(&self) -> Vec<Figure> {
        vec![
            self.counted("tests", Of::Tests),
            self.counted("duplicates", Of::Duplicates),
            self.counted("asked_at_home", Of::Asked),
            self.counted("taken_back", Of::TakenBack),
        ]
    }

    fn times(&self) -> Vec<(&'static str, Option<Times>)> {
        let times = |of: fn(&Case) -> Option<Span>| Times::of(self.chosen(Of::Person).filter_map(of).collect());
        vec![
            ("take", times(Case::take_time)),
            ("departure", times(|case| Some(case.departed.as_ref()?.at - case.raised_at))),
            ("arrival", times(|case| Some(case.arrived.as_ref()?.at - case.raised_at))),
            ("close", times(|case| Some(case.closed.as_ref()?.at - case.raised_at))),
        ]
    }

    fn outcomes(&self) -> BTreeMap<&'static str, BTreeMap<Option<Outcome>, usize>> {
        let mut outcomes: BTreeMap<_, BTreeMap<_, usize>> = BTreeMap::new();
        for case in self.chosen(Of::Desk) {
            let outcome = case.closed.as_ref().map(|ended| ended.outcome);
            *outcomes.entry(case.reason.rule()).or_default().entry(outcome).or_default() += 1;
        }
        outcomes
    }

    fn takes(&self) -> Vec<usize> {
        let mut takes = vec![0; TAKE_STEPS_SECS.len() + 2];
        for case in self.chosen(Of::Person) {
            let nth = match case.take_time() {
                Some(time) => TAKE_STEPS_SECS.iter().position(|secs| time <= Span::seconds(*secs)),
                None => Some(TAKE_STEPS_SECS.len() + 1),
            };
            takes.iter_mut().skip(nth.unwrap_or(TAKE_STEPS_SECS.len())).take(1).for_each(|count| *count += 1);
        }
        takes
    }

    fn part(&self, part: Range) -> [usize; 3] {
        let count = |of| {
            let selection = Selection::of(of, part);
            self.cases.iter().filter(|case| selection.holds(case, self.now, self.zone)).count()
        };
        [count(Of::Person), count(Of::Taken60), count(Of::OnSite)]
    }

    fn points(&self) -> BTreeMap<PointId, [usize; 3]> {
        let mut points: BTreeMap<PointId, [usize; 3]> = BTreeMap::new();
        let (quick, there) = (Selection::of(Of::Taken60, self.range), Selection::of(Of::OnSite, self.range));
        for case in self.chosen(Of::Person) {
            let Some(point) = case.taken.as_ref().and_then(|did| did.by.point.clone()) else { continue };
            let counts = points.entry(point).or_default();
            let holds = [true, quick.holds(case, self.now, self.zone), there.holds(case, self.now, self.zone)];
            counts.iter_mut().zip(holds).for_each(|(count, holds)| *count += usize::from(holds));
        }
        points
    }

    /// When no alert could come from each home, within the range; what overlaps is one.
    fn blind_by_home(&self) -> BTreeMap<&'a HomeId, Vec<(Timestamp, Timestamp)>> {
        let mut by_home: BTreeMap<&HomeId, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
        for case in self.cases.iter().filter(|case| case.severity == Severity::Blind && is_counted(case)) {
            let within = |spell: &Spell| {
                let to = spell.to.unwrap_or(self.until).min(self.until);
                Some((spell.from.max(self.range.from), to)).filter(|(from, to)| from < to)
            };
            by_home.entry(&case.key.home).or_default().extend(case.spells.iter().filter_map(within));
        }
        by_home.retain(|_, spells| !spells.is_empty());
        by_home.values_mut().for_each(|spells| *spells = united(std::mem::take(spells)));
        by_home
    }

    /// Hours of homes in which an alert could have come, as far as the station knows: it does not see when homes were
    /// suspended or learned. Nothing where no home is known.
    fn watched_hours(&self, homes: &[(HomeId, Option<Timestamp>)]) -> Option<f64> {
        let blind = self.blind_by_home();
        let millis = |from: Timestamp, to: Timestamp| (to - from).num_milliseconds().max(0);
        let of_home = |(home, since): &(HomeId, Option<Timestamp>)| {
            let from = (*since)?.max(self.range.from);
            let unseen = blind.get(home).into_iter().flatten().map(|(begin, to)| millis((*begin).max(from), *to));
            Some((millis(from, self.until) - unseen.sum::<i64>()).max(0))
        };
        let known: Vec<i64> = homes.iter().filter_map(of_home).collect();
        (!known.is_empty()).then(|| known.iter().sum::<i64>() as f64 / 3_600_000.0)
    }
}

fn united(mut spells: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    spells.sort_unstable();
    let mut united: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in spells {
        match united.last_mut().filter(|last| from <= last.1) {
            Some(last) => last.1 = last.1.max(to),
            None => united.push((from, to)),
        }
    }
    united
}

impl Case {
    /// From the receipt to the first take.
    pub fn take_time(&self) -> Option<Span> {
        Some((self.taken.as_ref()?.at - self.received_at).max(Span::zero()))
    }
}

/// The bounds of the distribution of takes.
pub const TAKE_STEPS_SECS: [i64; 8] = [15, 30, 60, 120, 180, 300, 600, 900];
const INTERVAL_SECS: i64 = 600;
/// Nobody can be reached there for longer than anybody may.
pub(super) const BLIND_LONG: Span = Span::hours(4);
