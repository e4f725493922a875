//! What was learned goes into the configuration: a new `[[sensor]]`, another address, or one more code. Text is added or one
//! address exchanged; comments and every other byte stay. Nothing is written that `check` would refuse.

use crate::cmd::file;
use crate::cmd::listen::learned::{Learned, Wish};
use crate::config::{self, places::sensor_places_of_texts};
use crate::problem::{Kind, Problem};
use std::path::{Path, PathBuf};

/// Writes what was learned where that is wanted, else says what to paste.
pub fn put(learned: &Learned, wish: &Wish) -> Result<Vec<String>, Problem> {
    let texts = config::texts(&wish.config).map_err(first)?;
    let beside = wish.config.parent().unwrap_or(Path::new("")).join("conf.d");
    let target = if beside.is_dir() { beside.join("learned.toml") } else { wish.config.clone() };
    let change = changed(&texts, &target, learned)?;
    let shown = change.shown.lines().map(|line| format!("  {line}"));
    if !beside.is_dir() && !wish.write {
        let told = format!("put this into {} (or run this with --write):", wish.config.display());
        return Ok([told].into_iter().chain(shown).collect());
    }
    file::replace(&change.file, &change.text, Some(&wish.config))
        .map_err(|error| Problem::of(change.file.display().to_string(), error.to_string().to_lowercase()))
        .map_err(|problem| problem.with_deed("nothing was written; run this as a user who may"))?;
    let told = format!("written to {}, and check accepts it:", change.file.display());
    let next = "take it into force: systemctl reload carecircle-gateway".to_owned();
    Ok([told].into_iter().chain(shown).chain([next]).collect())
}

/// The change that puts `learned` into the configuration `texts`, if `check` accepts the result.
fn changed(texts: &[(String, String)], target: &Path, learned: &Learned) -> Result<Change, Problem> {
    let change = change_of(texts, target, learned);
    accepted(texts, &change, learned)?;
    Ok(change)
}

fn change_of(texts: &[(String, String)], target: &Path, learned: &Learned) -> Change {
    let places = sensor_places_of_texts(texts);
    let known = places.iter().rev().find(|place| place.id == learned.id);
    let target_name = target.display().to_string();
    match known {
        None => appended(texts, &target_name, &learned.entry),
        Some(place) => {
            let old = &texts[place.file].1;
            let (span, new) = match (&learned.code, place.codes_end, &place.address) {
                (Some((code, says)), Some(end), Some(address)) if old[address.clone()].starts_with(learned.family) => {
                    (end..end, format!(", \"{code}\" = \"{says}\""))
                }
                (_, _, Some(address)) => (address.clone(), learned.address.clone()),
                (_, _, None) => (place.section.end..place.section.end, format!("\n{}", learned.address)),
            };
            let with = |from: usize, to: usize| format!("{}{new}{}", &old[from..span.start], &old[span.end..to]);
            let section = with(place.section.start, place.section.end);
            if place.file == 0 && target_name != texts[0].0 {
                // The packaged file stays as it is; the entry of the same id beside it wins.
                appended(texts, &target_name, &format!("{section}\n"))
            } else {
                Change { file: place.file_name.clone().into(), text: with(0, old.len()), shown: section }
            }
        }
    }
}

fn appended(texts: &[(String, String)], target: &str, entry: &str) -> Change {
    let old = texts.iter().find(|(name, _)| name == target).map_or(HEAD, |(_, text)| text.as_str());
    let gap = if old.ends_with('\n') || old.is_empty() { "\n" } else { "\n\n" };
    Change { file: target.into(), text: format!("{old}{gap}{entry}"), shown: entry.to_owned() }
}

/// What `check` says of the configuration after the change: no error, the sensor is the one meant, all others are as before.
fn accepted(texts: &[(String, String)], change: &Change, learned: &Learned) -> Result<(), Problem> {
    let name = change.file.display().to_string();
    let mut after = texts.to_vec();
    match after.iter_mut().find(|(other, _)| *other == name) {
        Some((_, text)) => text.clone_from(&change.text),
        None => {
            after.push((name, change.text.clone()));
            after[1..].sort();
        }
    }
    let (before, _) = config::gateway_from_texts(texts);
    let (after, problems) = config::gateway_from_texts(&after);
    let refused = |what: String| {
        let shown: Vec<&str> = change.shown.lines().collect();
        let deed = format!("nothing was written; put it there by hand:\n  {}", shown.join("\n  "));
        Problem::new(what).with_deed(deed)
    };
    let Some(after) = after else {
        let error = problems.iter().find(|problem| problem.kind == Kind::Error);
        let what = error.map_or("check refuses the result".to_owned(), |error| format!("check refuses it: {error}"));
        return Err(refused(what));
    };
    let others = |config: &config::Gateway| {
        config.addresses.iter().filter(|(id, _)| id.as_str() != learned.id).cloned().collect::<Vec<_>>()
    };
    let own = after.addresses.iter().find(|(id, _)| id.as_str() == learned.id);
    let is_meant = own.is_some_and(|(_, address)| address.family() == learned.family);
    if !is_meant || before.is_some_and(|before| others(&before) != others(&after)) {
        return Err(refused("this entry is written in a way that cannot be changed safely".to_owned()));
    }
    Ok(())
}

/// A file that would be changed.
#[derive(Debug, PartialEq)]
struct Change {
    file: PathBuf,
    text: String,
    /// What is new in it.
    shown: String,
}

fn first(problems: Vec<Problem>) -> Problem {
    problems.into_iter().next().unwrap_or_else(|| Problem::new("the configuration cannot be read"))
}

const HEAD: &str =
    "# Written by `carecircle listen --learn`. An entry here wins over the one of the same id in the main file.\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::listen::learned::testing::{pressed, wish};
    use crate::cmd::testing::HOME as MAIN;
    use crate::model::home::SensorKind;
    use crate::model::observation::{Evidence, Measure, Reading};

    fn texts(beside: Option<&str>) -> Vec<(String, String)> {
        let beside = beside.map(|text| ("conf.d/learned.toml".to_owned(), text.to_owned()));
        [("gateway.toml".to_owned(), MAIN.to_owned())].into_iter().chain(beside).collect()
    }

    #[test]
    fn a_new_sensor_is_added_at_the_end_and_everything_before_it_stays() {
        let wish = Wish { room: Some("bath".to_owned()), ..wish(None, Some(SensorKind::CallButton)) };
        let learned = Learned::new(&wish, "zigbee2mqtt", "浴室 按钮", None, &pressed("浴室 按钮"));
        let change = changed(&texts(None), Path::new("gateway.toml"), &learned).unwrap();
        assert!(change.text.starts_with(MAIN), "{}", change.text);
        let added = &change.text[MAIN.len()..];
        for line in ["id = \"浴室_按钮\"", "room = \"bath\"", "kind = \"call_button\"", "zigbee2mqtt = \"浴室 按钮\""]
        {
            assert!(added.contains(line), "{line} in {added}");
        }
        let beside = changed(&texts(None), Path::new("conf.d/learned.toml"), &learned).unwrap();
        assert!(beside.text.starts_with(HEAD) && !beside.text.contains("[home]"), "{}", beside.text);
    }

    #[test]
    fn an_exchanged_device_changes_its_address_and_nothing_else() {
        let learned = Learned::new(&wish(Some("hall"), None), "zigbee2mqtt", "new_pir", None, &[]);
        let change = changed(&texts(None), Path::new("gateway.toml"), &learned).unwrap();
        assert_eq!(change.text, MAIN.replace("zigbee2mqtt = \"hall_pir\"", "zigbee2mqtt = \"new_pir\""));
        // Beside it, the whole entry with its room and kind, because it takes the other's place.
        let beside = changed(&texts(None), Path::new("conf.d/learned.toml"), &learned).unwrap();
        for line in ["[[sensor]]\nid = \"hall\"          # by the door\nroom = \"hall\"", "zigbee2mqtt = \"new_pir\"\n"]
        {
            assert!(beside.text.contains(line), "{line} in {}", beside.text);
        }
        // Learned once more, the entry there is changed, not doubled.
        let again = Learned::new(&wish(Some("hall"), None), "zigbee2mqtt", "third_pir", None, &[]);
        let change = changed(&texts(Some(&beside.text)), Path::new("conf.d/learned.toml"), &again).unwrap();
        assert_eq!(change.text, beside.text.replace("new_pir", "third_pir"));
    }

    #[test]
    fn a_further_code_is_added_to_the_codes_of_its_sensor() {
        let text =
            "[[sensor]]\nid = \"front\"\nkind = \"outer_door\"\nrfxtrx = { codes = { \"22670e\" = \"open\" } } # x\n";
        let wish = Wish { means: Some("closed".to_owned()), ..wish(Some("front"), Some(SensorKind::OuterDoor)) };
        let measure = Measure::Note { kind: "raw_code".to_owned(), text: "226707".to_owned() };
        let heard = Reading { device: "22670".to_owned(), measure, evidence: Evidence::Event, copy: false };
        let learned = Learned::new(&wish, "rfxtrx", "22670", Some("226707"), &[heard]);
        let texts = [("gateway.toml".to_owned(), text.to_owned())];
        let change = change_of(&texts, Path::new("gateway.toml"), &learned);
        assert_eq!(change.text, text.replace("\"open\" }", "\"open\", \"226707\" = \"closed\" }"));
    }

    #[test]
    fn what_check_refuses_is_not_written_but_shown() {
        // The address of another sensor; a service button that does not say for what; a family without its serial port.
        for (learned, why) in [
            (
                Learned::new(&wish(Some("front"), Some(SensorKind::Motion)), "zigbee2mqtt", "hall_pir", None, &[]),
                "same address",
            ),
            (
                Learned::new(&wish(None, Some(SensorKind::ServiceButton)), "zigbee2mqtt", "meal", None, &[]),
                "what it asks for",
            ),
            (Learned::new(&wish(None, Some(SensorKind::Motion)), "enocean", "0500aa01", None, &[]), "enocean"),
        ] {
            let refused = changed(&texts(None), Path::new("gateway.toml"), &learned).unwrap_err().to_string();
            assert!(refused.contains(why) && refused.contains("nothing was written"), "{refused}");
            assert!(refused.contains("[[sensor]]"), "{refused}");
        }
    }
}
