//! The configuration against the record of the walk through the home: what has changed since was not walked.

use crate::config::places::SensorPlace;
use crate::config::{Address, Gateway};
use crate::model::commissioning::{Checked, DeviceAddress, Outcome, RECORD_FILE, RECORD_VERSION, Record};
use crate::model::home::Sensor;
use crate::problem::{Problem, TextPlace};
use std::path::{Path, PathBuf};

/// The record that belongs to the configuration at `path`: beside it, or in the state directory.
pub fn find(path: &Path, config: &Gateway) -> Option<PathBuf> {
    let beside = path.parent().unwrap_or(Path::new("")).join(RECORD_FILE);
    [beside, config.state_dir.join(RECORD_FILE)].into_iter().find(|file| file.is_file())
}

/// Reads a record of the home whose configuration is `config`.
pub fn read(path: &Path, config: &Path) -> Result<Record, Problem> {
    let again = || format!("walk the home anew: {}", walk(config));
    let place = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| Problem::of_config(path, &error))?;
    let record: Record = serde_json::from_slice(&bytes).map_err(|error| {
        Problem::of(place.clone(), format!("this is no commissioning record: {error}")).with_deed(again())
    })?;
    if record.v != RECORD_VERSION {
        let what = format!("this record is of version {}, and {RECORD_VERSION} can be read", record.v);
        return Err(Problem::of(place, what).with_deed(again()));
    }
    Ok(record)
}

/// What has changed since the walk, and what it left open; warnings in the order of the configuration.
pub fn differences(
    config: &Gateway,
    config_file: &Path,
    places: &[SensorPlace],
    record: &Record,
    record_file: &Path,
) -> Vec<Problem> {
    if record.home != config.home.id {
        let what = format!("this is the record of home \"{}\", not of \"{}\"", record.home, config.home.id);
        let deed = format!("walk this home: {}", walk(config_file));
        return vec![Problem::of(record_file.display().to_string(), what).with_deed(deed).as_warning()];
    }
    let mut problems: Vec<Problem> = Vec::new();
    for (id, address) in &config.addresses {
        let Some(sensor) = config.home.sensors.get(id) else { continue };
        let place = places.iter().find(|place| place.id == id.as_str());
        let checked = record.sensors.iter().find(|checked| checked.id == *id);
        problems.extend(
            difference(sensor, address, checked, place)
                .map(|problem| problem.with_deed(format!("try it: {}", walk(config_file))).as_warning()),
        );
    }
    for checked in record.sensors.iter().filter(|checked| !config.home.sensors.contains_key(&checked.id)) {
        let what = format!("sensor \"{}\" was walked and is in the configuration no longer", checked.id);
        let deed = "if it still hangs there, put it back; else walk the home anew";
        problems.push(Problem::of(record_file.display().to_string(), what).with_deed(deed).as_warning());
    }
    problems
}

fn difference(
    sensor: &Sensor,
    address: &Address,
    checked: Option<&Checked>,
    place: Option<&SensorPlace>,
) -> Option<Problem> {
    let id = &sensor.id;
    let at = |of: fn(&SensorPlace) -> TextPlace, what: String| match place {
        Some(place) => Problem::at(of(place), what),
        None => Problem::of(format!("sensor \"{id}\""), what),
    };
    let Some(checked) = checked else {
        let what = format!("sensor \"{id}\" was added after the walk test");
        return Some(at(SensorPlace::of_id, what));
    };
    let now = DeviceAddress {
        family: address.family().to_owned(),
        device: address.device(),
        port: address.port().map(str::to_owned),
    };
    let room = |room: &Option<crate::model::ids::RoomId>| {
        room.as_ref().map_or("no room".to_owned(), |room| format!("\"{room}\""))
    };
    let problem = if now != checked.address {
        let what = format!("sensor \"{id}\" was walked as {} {}", checked.address.family, checked.address.device);
        at(SensorPlace::of_address, format!("{what}; this is another device"))
    } else if sensor.room != checked.room {
        let what =
            format!("sensor \"{id}\" was walked in {}, and is now in {}", room(&checked.room), room(&sensor.room));
        at(SensorPlace::of_room, what)
    } else if sensor.kind != checked.kind {
        at(SensorPlace::of_id, format!("sensor \"{id}\" was walked for another purpose"))
    } else {
        let what = match checked.result {
            Outcome::Passed => return None,
            Outcome::OnlyAlive => "was heard in the walk test, but never triggered",
            Outcome::NotHeard => "was never heard in the walk test",
        };
        at(SensorPlace::of_id, format!("sensor \"{id}\" {what}"))
    };
    Some(problem)
}

/// The command that walks the home of this configuration.
fn walk(config: &Path) -> String {
    format!("carecircle listen --walk-test --config {}", config.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::testing::HOME as TEXT;
    use crate::config::{self, places::sensor_places_of_texts};

    const RECORD: &str = r#"{"v":1,"home":"ky-1","place":"4-2-301","program":"0.1.0","config_hash":"1",
        "begun_at_ms":1700000000000,"ended_at_ms":1700000600000,"sensors":[
        {"id":"hall","kind":"motion","room":"hall","address":{"family":"zigbee2mqtt","device":"hall_pir"},
         "checks_in":true,"result":"passed","event_at_ms":1700000001000,"events":2},
        {"id":"bath","kind":"motion","room":"bath","address":{"family":"zigbee2mqtt","device":"bath_pir"},
         "checks_in":true,"result":"passed","events":1},
        {"id":"pendant","kind":"call_button","address":{"family":"zigbee2mqtt","device":"pendant"},
         "checks_in":true,"result":"passed","events":1}]}"#;

    fn said(text: &str, record: &str) -> String {
        let (config, problems) = config::gateway("gateway.toml", text);
        let config = config.unwrap_or_else(|| panic!("{problems:?}"));
        let places = sensor_places_of_texts(&[("gateway.toml".to_owned(), text.to_owned())]);
        let record: Record = serde_json::from_str(record).unwrap();
        let problems =
            differences(&config, Path::new("gateway.toml"), &places, &record, Path::new("commissioning.json"));
        problems.iter().map(|problem| format!("{problem}\n")).collect()
    }

    #[test]
    fn a_home_as_it_was_walked_has_no_differences() {
        assert_eq!(said(TEXT, RECORD), "");
        let with_comment = format!("# a comment is no change\n{TEXT}");
        assert_eq!(said(&with_comment, RECORD), "");
    }

    #[test]
    fn every_change_since_the_walk_is_told_with_its_line() {
        for (text, record, line, words) in [
            (TEXT.replace("room = \"bath\"", "room = \"kitchen\""), RECORD.to_owned(), ":14:8:", "walked in \"bath\""),
            (TEXT.replace("\"hall_pir\"", "\"new_pir\""), RECORD.to_owned(), ":11:1:", "another device"),
            (TEXT.replace("id = \"hall\"", "id = \"hall_2\""), RECORD.to_owned(), ":8:6:", "added after the walk test"),
            (
                TEXT.replace("id = \"hall\"", "id = \"hall_2\""),
                RECORD.to_owned(),
                "commissioning.json: ",
                "\"hall\" was walked and is in the configuration no longer",
            ),
            (TEXT.to_owned(), RECORD.replacen("passed", "not_heard", 1), ":8:6:", "never heard"),
            (TEXT.to_owned(), RECORD.replacen("passed", "only_alive", 1), ":8:6:", "never triggered"),
            (TEXT.replace("ky-1", "ky-2"), RECORD.to_owned(), "commissioning.json: ", "the record of home \"ky-1\""),
        ] {
            let said = said(&text, &record);
            let is_told = said.lines().any(|told| told.contains(line) && told.contains(words));
            assert!(is_told && said.contains("warning"), "{line} {words}:\n{said}");
            let can_be_typed =
                said.matches("carecircle listen").count() == said.matches("--walk-test --config gateway.toml").count();
            assert!(can_be_typed, "{said}");
        }
    }

    #[test]
    fn what_is_no_record_is_told_and_a_record_is_found_beside_the_configuration_or_in_the_state_directory() {
        let folder = tempfile::tempdir().unwrap();
        let (mut config, _) = config::gateway("gateway.toml", TEXT);
        let config = config.as_mut().unwrap();
        config.state_dir = folder.path().join("state");
        let path = folder.path().join("gateway.toml");
        assert_eq!(find(&path, config), None);
        std::fs::create_dir(&config.state_dir).unwrap();
        std::fs::write(config.state_dir.join(RECORD_FILE), "{}").unwrap();
        assert_eq!(find(&path, config), Some(config.state_dir.join(RECORD_FILE)));
        std::fs::write(folder.path().join(RECORD_FILE), RECORD.replace("\"v\":1", "\"v\":9")).unwrap();
        assert_eq!(find(&path, config), Some(folder.path().join(RECORD_FILE)));
        let of_later = read(&folder.path().join(RECORD_FILE), &path).unwrap_err().to_string();
        assert!(of_later.contains("version 9") && of_later.contains("walk the home anew"), "{of_later}");
        let none = read(&config.state_dir.join(RECORD_FILE), &path).unwrap_err().to_string();
        assert!(none.contains("no commissioning record"), "{none}");
    }
}
