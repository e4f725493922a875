//! `listen --learn`: whose press is that? The device that speaks again and again while a person presses is taken; where several
//! do, the person chooses.

use crate::cmd::init::ask::Ask;
use crate::cmd::listen::View;
use crate::cmd::listen::candidates::{Candidate, Candidates, Heard, Key};
use crate::cmd::listen::ear::Telling;
use crate::cmd::listen::learned::{Learned, Wish};
use crate::cmd::listen::put;
use crate::cmd::listen::words::value;
use crate::model::frame::RawFrame;
use crate::model::ids::SensorId;
use crate::model::time::{Span, Timestamp, Zone};
use crate::problem::Problem;
use std::io::{self, BufRead, IsTerminal, Write};

/// Listens for one device.
pub struct Learn {
    wish: Wish,
    zone: Zone,
    candidates: Candidates,
    outcome: Option<Outcome>,
}

#[derive(Debug)]
enum Outcome {
    Clear(Box<Learned>),
    /// It is a sensor of this home already.
    Known(Vec<SensorId>),
    /// Several are equally loud, such as one device that two models of a radio understand; the loudest first.
    Unclear(Vec<Choice>),
}

/// One of several.
#[derive(Debug)]
struct Choice {
    title: String,
    learned: Learned,
}

impl Learn {
    /// Listens for what `wish` asks.
    pub fn new(wish: Wish, zone: Zone) -> Learn {
        Learn { candidates: Candidates::of(wish.kind), wish, zone, outcome: None }
    }

    fn decide(&mut self, now: Timestamp) {
        let learned = |key: &Key, candidate: &Candidate| {
            Learned::new(&self.wish, key.family, &key.device, key.code.as_deref(), &candidate.readings)
        };
        self.outcome = match self.candidates.decide(now) {
            None => return,
            Some(Heard::Clearly(key, candidate)) => Some(Outcome::Clear(Box::new(learned(key, candidate)))),
            Some(Heard::Known(sensors)) => Some(Outcome::Known(sensors.to_vec())),
            Some(Heard::Several(several)) => {
                let choice = |(key, candidate): &(&Key, &Candidate)| Choice {
                    title: format!("{}, heard {} times:", key.words(), candidate.heard.len()),
                    learned: learned(key, candidate),
                };
                Some(Outcome::Unclear(several.iter().take(CHOICES_MAX).map(choice).collect()))
            }
        };
    }
}

impl View for Learn {
    fn begin(&mut self, _now: Timestamp) -> Vec<String> {
        let what = self.wish.id.as_ref().map_or("the new sensor".to_owned(), |id| format!("sensor \"{id}\""));
        vec![
            format!("learning {what}: press its button, walk past it or open its door now,"),
            "two or three times, some seconds apart; nothing else should move nearby".to_owned(),
        ]
    }

    fn hear(&mut self, now: Timestamp, _frame: &RawFrame, tellings: &[Telling]) -> Vec<String> {
        let mut lines = Vec::new();
        for telling in tellings {
            for said in telling.said.iter().flatten() {
                if let Some((key, count)) = self.candidates.take(now, telling.family, said) {
                    let clock = self.zone.hour_minute_second(now);
                    let says = format!("{} {}", said.reading.measure.kind(), value(&said.reading.measure));
                    lines.push(super::cut(&format!("{clock} {}: {says} ({count})", key.words()), 80));
                }
            }
        }
        self.decide(now);
        lines
    }

    fn link(&mut self, now: Timestamp, source: &str, up: bool, why: &str) -> Vec<String> {
        let why = if why.is_empty() { "open" } else { why };
        let line = format!("{} {source} {}: {why}", self.zone.hour_minute_second(now), if up { "up" } else { "DOWN" });
        super::folded(&line, 9)
    }

    fn tick(&mut self, now: Timestamp) -> Vec<String> {
        self.decide(now);
        Vec::new()
    }

    fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    fn end(&mut self, _now: Timestamp, _listened: Span) -> Vec<String> {
        match &self.outcome {
            None => {
                let once = self.candidates.heard_once().map(|key| format!("  heard once: {}", key.words()));
                let told = ["nothing was heard twice, so nothing is learned".to_owned()];
                told.into_iter().chain(once).chain(ADVICE.map(str::to_owned)).collect()
            }
            Some(Outcome::Unclear(choices)) => {
                let told = ["several were heard, the loudest first:".to_owned()];
                told.into_iter()
                    .chain(choices.iter().enumerate().flat_map(|(nth, choice)| choice.shown(nth + 1)))
                    .collect()
            }
            Some(Outcome::Known(sensors)) => {
                let ids: Vec<&str> = sensors.iter().map(SensorId::as_str).collect();
                vec![format!("this is sensor {} already; nothing is changed", ids.join(", "))]
            }
            Some(Outcome::Clear(learned)) => vec![format!("learned: {}", learned.words)],
        }
    }

    fn finish(&mut self, _now: Timestamp) -> Result<(Vec<String>, bool), Problem> {
        let learned = match &self.outcome {
            Some(Outcome::Clear(learned)) => learned,
            Some(Outcome::Unclear(choices)) => {
                let is_asked = io::stdin().is_terminal();
                let chosen = if is_asked {
                    chosen(choices, &mut Ask::new(io::stdin().lock(), io::stdout()).at_terminal())
                } else {
                    None
                };
                let Some(choice) = chosen else {
                    let told = ["paste the right one into the configuration, or:", ADVICE[0], ADVICE[1]];
                    return Ok((told.map(str::to_owned).into(), false));
                };
                &choice.learned
            }
            Some(Outcome::Known(_)) | None => return Ok((Vec::new(), false)),
        };
        put::put(learned, &self.wish).map(|lines| (lines, true))
    }
}

impl Choice {
    /// How often, what, and what to write for it.
    fn shown(&self, number: usize) -> Vec<String> {
        let entry = self.learned.entry.lines().map(|line| format!("     {line}"));
        [format!("  {number}. {}", self.title)].into_iter().chain(entry).collect()
    }
}

/// The one that the person names by its number; none with Enter, or where nobody is there.
fn chosen<'c, R: BufRead, W: Write>(choices: &'c [Choice], ask: &mut Ask<R, W>) -> Option<&'c Choice> {
    let number = ask.ask("which one is it? its number, or Enter for none", "", |answer| {
        let number = if answer.is_empty() { Ok(0) } else { answer.parse::<usize>() };
        number
            .ok()
            .filter(|number| *number <= choices.len())
            .ok_or_else(|| format!("a number from 1 to {}, or Enter for none", choices.len()))
    });
    choices.get(number.checked_sub(1)?)
}

const ADVICE: [&str; 2] =
    ["go nearer, press again and again, and keep everything else still;", "then run this once more"];

/// A longer list is not read by anybody who stands on a ladder.
const CHOICES_MAX: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::candidates::CANDIDATES_MAX;
    use crate::cmd::listen::ear::Said;
    use crate::cmd::listen::testing::{Hearing, at};
    use crate::model::home::SensorKind;
    use crate::model::observation::{Evidence, Measure, Reading};

    fn learn(id: Option<&str>, kind: Option<SensorKind>) -> Hearing<Learn> {
        let wish = Wish {
            id: id.map(|id| id.parse().unwrap()),
            kind,
            room: None,
            service: None,
            means: None,
            config: "gateway.toml".into(),
            write: false,
            taken: Vec::new(),
        };
        Hearing::with(Learn::new(wish, Zone::utc()))
    }

    /// A radio code that nobody registered.
    fn code(hearing: &mut Hearing<Learn>, now: Timestamp, code: &str) {
        let measure = Measure::Note { kind: "raw_code".to_owned(), text: code.to_owned() };
        let device = code[..code.len() - 1].to_owned();
        let reading = Reading { device, measure, evidence: Evidence::Event, copy: false };
        let said = Said { reading, sensors: Vec::new() };
        hearing.view.candidates.take(now, "text", &said);
        hearing.view.decide(now);
    }

    fn told(hearing: &mut Hearing<Learn>) -> String {
        hearing.view.end(at(99), Span::zero()).join("\n")
    }

    #[test]
    fn what_repeats_while_the_person_presses_is_taken_and_noise_is_not() {
        let mut learn = learn(Some("pendant_2"), Some(SensorKind::CallButton));
        learn.hear(at(0), "noise1", r#"{"action":"single"}"#);
        learn.hear(at(1), "button_9", r#"{"action":"single","battery":90}"#);
        learn.hear(at(2), "noise2", r#"{"action":"double"}"#);
        learn.hear(at(4), "button_9", r#"{"action":"single"}"#);
        learn.view.tick(at(5));
        assert!(!learn.view.is_over(), "others have time to show that they are as loud");
        learn.view.tick(at(7));
        assert!(learn.view.is_over());
        let told = told(&mut learn);
        assert!(told.starts_with("learned: zigbee2mqtt button_9"), "{told}");
        let Some(Outcome::Clear(learned)) = &learn.view.outcome else { panic!("{told}") };
        assert!(learned.entry.contains("id = \"pendant_2\"") && learned.entry.contains("kind = \"call_button\""));
    }

    #[test]
    fn once_is_not_enough_and_neither_is_once_a_minute() {
        let mut learn = learn(None, None);
        for minute in 0..5 {
            learn.hear(at(minute * 60), "button_9", r#"{"action":"single"}"#);
            learn.view.tick(at(minute * 60 + 30));
        }
        assert!(!learn.view.is_over());
        assert!(told(&mut learn).contains("nothing was heard twice"));
    }

    #[test]
    fn two_that_are_equally_loud_are_shown_with_their_snippets() {
        let mut learn = learn(None, None);
        for secs in 0..4 {
            learn.hear(at(secs), "button_a", r#"{"action":"single"}"#);
            learn.hear(at(secs), "button_b", r#"{"action":"single"}"#);
        }
        learn.view.tick(at(5));
        let told = told(&mut learn);
        assert!(told.contains("several were heard") && told.matches("[[sensor]]").count() == 2, "{told}");
        assert!(told.contains("1. zigbee2mqtt button_a, heard 4 times:"), "{told}");
    }

    #[test]
    fn of_several_the_person_takes_one_by_its_number_or_none() {
        let mut learn = learn(None, None);
        for secs in 0..4 {
            learn.hear(at(secs), "model_a_7", r#"{"action":"single"}"#);
            learn.hear(at(secs), "model_b_7", r#"{"action":"single"}"#);
        }
        learn.hear(at(4), "model_b_7", r#"{"action":"single"}"#);
        learn.view.tick(at(6));
        let Some(Outcome::Unclear(choices)) = &learn.view.outcome else { panic!() };
        let answered = |typed: &str| {
            let mut ask = Ask::new(typed.as_bytes(), io::sink());
            chosen(choices, &mut ask).map(|choice| choice.learned.id.clone())
        };
        assert_eq!(answered("1\n").as_deref(), Some("model_b_7"), "the one heard most is the first");
        assert_eq!(answered("7\nx\n2\n").as_deref(), Some("model_a_7"), "asked again until it is a number of the list");
        assert_eq!([answered("\n"), answered(""), answered("0\n")], [None, None, None]);
    }

    #[test]
    fn a_repeated_state_a_kept_message_and_a_twin_are_no_press() {
        let mut learn = learn(None, None);
        for secs in 0..5 {
            learn.hear(at(secs), "pir", r#"{"occupancy":true,"battery":50}"#);
            learn.hear_kept(at(secs), "kept", r#"{"action":"single"}"#);
            learn.hear(at(secs), "thermometer", r#"{"temperature":21.5}"#);
        }
        learn.hear(at(5), "button_c", r#"{"action":"single"}"#);
        learn.hear(at(5), "button_c/action", "single");
        learn.view.tick(at(9));
        assert!(!learn.view.is_over(), "{}", told(&mut learn));
    }

    #[test]
    fn a_resident_who_goes_on_living_is_no_candidate_but_a_known_button_is_named() {
        let mut learn = learn(None, None);
        for secs in 0..6 {
            learn.hear(
                at(secs),
                "hall_pir",
                if secs % 2 == 0 { r#"{"occupancy":true}"# } else { r#"{"occupancy":false}"# },
            );
        }
        for secs in [1, 3] {
            learn.hear(at(secs), "button_d", r#"{"action":"single"}"#);
        }
        learn.view.tick(at(6));
        assert!(told(&mut learn).contains("button_d"), "{}", told(&mut learn));
        let mut learn = self::learn(None, Some(SensorKind::CallButton));
        for secs in [1, 3] {
            learn.hear(at(secs), "pendant", r#"{"action":"single"}"#);
        }
        learn.view.tick(at(6));
        assert!(told(&mut learn).contains("this is sensor pendant already"), "{}", told(&mut learn));
    }

    #[test]
    fn a_radio_code_is_taken_from_among_noise_codes() {
        let mut learn = learn(None, None);
        for millis in 0..20 {
            code(&mut learn, at(0) + Span::milliseconds(millis * 80), "bc7de4");
        }
        for (nth, noise) in ["bc7de5", "123456", "fffff0"].iter().enumerate() {
            code(&mut learn, at(nth as i64), noise);
        }
        learn.view.tick(at(4));
        let Some(Outcome::Clear(learned)) = &learn.view.outcome else { panic!("{}", told(&mut learn)) };
        assert!(learned.words.contains("raw_code bc7de4"), "{}", learned.words);
    }

    #[test]
    fn a_flood_of_new_names_keeps_to_its_bound() {
        let mut learn = learn(None, None);
        for nth in 0..1_000 {
            learn.hear(at(0), &format!("noise{nth}"), r#"{"contact":true}"#);
        }
        assert_eq!(learn.view.candidates.count(), CANDIDATES_MAX);
    }
}
