//! The last resort: nobody has come for long, and whoever reads this is to act, whether asked first or last.

use crate::model::lifecycle::{Deed, Phase};
use crate::model::time::Span;
use crate::text::{Language, duration, shown};

/// What is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastResort<'a> {
    /// The number to call.
    pub call: &'a str,
    /// For how long nobody has taken it, or, where somebody has, nobody has arrived; absent where that is not known here.
    pub waited: Option<Span>,
}

impl LastResort<'_> {
    /// Whether this step is told with it: while nobody has the alert always; once somebody has, only where more are called
    /// because nobody is there.
    pub fn goes_with(phase: Phase, deed: &Deed) -> bool {
        match phase {
            Phase::Raised | Phase::Received => true,
            Phase::Taken | Phase::OnTheWay => matches!(deed, Deed::Escalate { .. }),
            Phase::Arrived | Phase::Closed | Phase::Cancelled => false,
        }
    }
}

/// The sentence: how long nobody has come, and what to do now.
pub fn last_resort(language: Language, phase: Phase, said: LastResort<'_>) -> String {
    let call = shown(said.call, CALL_LENGTH_MAX);
    // The seconds of a message that may be read a minute later are no news.
    let whole = |waited: Span| if waited < Span::minutes(1) { waited } else { Span::minutes(waited.num_minutes()) };
    let waited = said.waited.map(|waited| duration(language, whole(waited)));
    let why = match (language, phase.is_in_hand(), waited) {
        (Language::Chinese, false, Some(waited)) => format!("已 {waited}无人接单"),
        (Language::Chinese, false, None) => "一直无人接单".to_owned(),
        (Language::Chinese, true, Some(waited)) => format!("已接单，但 {waited}无人到场"),
        (Language::Chinese, true, None) => "已接单，但一直无人到场".to_owned(),
        (Language::English, false, Some(waited)) => format!("nobody has taken this for {waited}"),
        (Language::English, false, None) => "nobody has taken this for long".to_owned(),
        (Language::English, true, Some(waited)) => format!("taken, but nobody has arrived for {waited}"),
        (Language::English, true, None) => "taken, but nobody has arrived for long".to_owned(),
    };
    language
        .pick(format!("{why}，离得近的请马上上门，并拨打 {call}"), format!("{why}: if you are near, go; call {call}"))
}

/// The same in the fewest words, for one SMS.
pub(super) fn last_resort_short(language: Language, said: LastResort<'_>) -> String {
    let call = shown(said.call, CALL_LENGTH_MAX);
    language
        .pick(format!("至今无人到场，近者请上门并打{call}"), format!("NOBODY IS THERE YET: if near, go; call {call}."))
}

/// Longer than any emergency number.
const CALL_LENGTH_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_it_knows_how_long_nobody_came_and_what_to_do() {
        let said = LastResort { call: "120", waited: Some(Span::seconds(272)) };
        let say = |language, phase| last_resort(language, phase, said);
        assert_eq!(say(Language::Chinese, Phase::Received), "已 4 分无人接单，离得近的请马上上门，并拨打 120");
        assert_eq!(
            say(Language::English, Phase::Received),
            "nobody has taken this for 4 min: if you are near, go; call 120"
        );
        assert_eq!(
            say(Language::English, Phase::OnTheWay),
            "taken, but nobody has arrived for 4 min: if you are near, go; call 120"
        );
        let forged = LastResort { call: &"1".repeat(500), waited: None };
        assert!(last_resort(Language::English, Phase::Raised, forged).chars().count() < 100);
    }

    #[test]
    fn nobody_is_called_out_of_bed_once_somebody_is_there() {
        let further = Deed::ask_further();
        assert!(
            LastResort::goes_with(Phase::Received, &Deed::Overdue) && LastResort::goes_with(Phase::Taken, &further)
        );
        assert!(!LastResort::goes_with(Phase::Taken, &Deed::Take) && !LastResort::goes_with(Phase::Arrived, &further));
    }
}
