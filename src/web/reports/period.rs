//! Which time a report is of: the present month, or what the address says.

use crate::desk::Range;
use crate::model::time::{Timestamp, Zone};
use crate::text::{self, Language};
use serde::Deserialize;

/// What an address of a report may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Asked {
    /// month, week or quarter; with `back`, so many before the present one.
    pub span: Option<String>,
    pub back: Option<u32>,
    /// `2026-11`
    pub month: Option<String>,
    /// First and last day.
    pub from: Option<String>,
    pub to: Option<String>,
    /// What of it is listed.
    pub of: Option<String>,
    pub rule: Option<String>,
    pub outcome: Option<String>,
    pub severity: Option<String>,
}

/// The time of a report, and the way to its neighbours.
pub(in crate::web) struct Period {
    pub range: Range,
    /// In words: `2026-11-01 – 2026-11-30`.
    pub words: String,
    /// As it stands in addresses.
    pub query: String,
    pub first: String,
    pub last: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub spans: Vec<Span>,
}

/// A link to a kind of time.
pub(in crate::web) struct Span {
    pub href: String,
    pub word: &'static str,
    pub is_here: bool,
}

impl Period {
    /// `None` where the address makes no sense.
    pub fn of(asked: &Asked, now: Timestamp, zone: &Zone, language: Language) -> Option<Period> {
        let back = asked.back.unwrap_or_default().min(BACK_MAX);
        let range = match (&asked.month, &asked.from, &asked.to) {
            (Some(month), _, _) => Range::named_month(zone, month)?,
            (None, Some(from), Some(to)) => Range::days(zone, from, to)?,
            (None, _, _) => spanned(asked.span.as_deref(), zone, now, back)?,
        };
        let is_spanned = asked.month.is_none() && (asked.from.is_none() || asked.to.is_none());
        let span = asked.span.as_deref().filter(|span| SPANS.contains(span)).unwrap_or("month");
        let (first, last) = range.dates(zone);
        let neighbour = |back: u32| format!("/reports?span={span}&back={back}");
        let link = |name: &&'static str| Span {
            href: format!("/reports?span={name}"),
            word: text::label(language, name),
            is_here: is_spanned && span == *name,
        };
        Some(Period {
            range,
            words: format!("{first} – {last}"),
            query: format!("from={first}&to={last}"),
            before: is_spanned.then(|| neighbour(back + 1)),
            after: (is_spanned && back > 0).then(|| neighbour(back - 1)),
            spans: SPANS.iter().map(link).collect(),
            first,
            last,
        })
    }
}

fn spanned(span: Option<&str>, zone: &Zone, now: Timestamp, back: u32) -> Option<Range> {
    match span {
        Some("week") => Range::week(zone, now, back),
        Some("quarter") => Range::quarter(zone, now, back),
        _ => Range::month(zone, now, back),
    }
}

const SPANS: [&str; 3] = ["week", "month", "quarter"];
/// Longer ago nothing is kept.
const BACK_MAX: u32 = 200;
