//! What a suspension changes, for whoever sets it.

use crate::model::suspension::Absence;
use crate::text::Language;

/// What is held back while it lasts, and what is not.
pub fn what_changes(language: Language, kind: Absence) -> &'static str {
    match kind {
        Absence::Away | Absence::Hospital | Absence::Holiday => language.pick(
            "期间不报：久无活动、作息、夜间房门、起床、每日平安、久留某室。开始半小时后屋内有人活动会提醒；结束后迟迟不见人也会提醒。期间不计入作息。",
            "Held back: alerts about quiet and habits, doors by night, getting up, daily contact, long stays. Told: movement \
             inside later than half an hour after the beginning, and nobody seen soon after the end. Nothing of it is learned.",
        ),
        Absence::Visitors => language.pick(
            "期间不报：夜间房门、门未关、久留某室。久无活动照常报警；这些天不计入作息。",
            "Held back: the outer door by night, a door left open, long stays in a room. Quiet is judged as ever. These days \
             are not learned.",
        ),
        Absence::Cleaning => language.pick(
            "期间不报：门未关、久留某室。其余照常。",
            "Held back: a door left open, long stays in a room. All else is judged as ever.",
        ),
        Absence::Pet => language.pick(
            "什么都不停。但屋内活动可能是宠物的：久无活动的报警不再可靠，跌倒可能不报。请每天探望或电话。这些天不计入作息。",
            "Nothing is held back, but movement may be the animal's: the home is hardly ever quiet, and a fall may raise no \
             alert. Look in or phone every day. These days are not learned.",
        ),
        Absence::Maintenance => language.pick(
            "期间不报：久无活动、作息、夜间房门、起床、门未关、久留某室。按钮照常报警，并标“检修中”。当天不计入作息。",
            "Held back: alerts about quiet and habits, doors by night, getting up, a door left open, long stays. Buttons alert \
             as ever, marked as under maintenance. The day is not learned.",
        ),
    }
}

/// What no suspension touches.
pub fn what_stays(language: Language) -> &'static str {
    language.pick(
        "任何时候都不停：呼叫、烟雾、燃气、漏水、设备故障。",
        "Never held back: calls, smoke, gas, water, faults of sensors and links.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_be_held_back_is_what_the_kind_holds() {
        let english = |kind| what_changes(Language::English, kind);
        for kind in Absence::ALL {
            assert_eq!(english(kind).contains("quiet and habits"), kind.holds("inactivity") && kind.holds("rhythm"));
            assert_eq!(english(kind).contains("left open"), kind.holds("door_left_open"));
            assert_eq!(english(kind).contains("by night"), kind.holds("night_door"));
            assert_eq!(english(kind).contains("long stays"), kind.holds("long_in_room"));
            assert_eq!(
                english(kind).starts_with("Nothing is held"),
                !["inactivity", "night_door", "long_in_room"].iter().any(|rule| kind.holds(rule))
            );
            for never in ["call_button", "hazard", "silent_sensor", "link_lost", "not_observed"] {
                assert!(!kind.holds(never), "{kind:?} holds {never}");
            }
        }
    }
}
