//! The documents of the wire: a JSON Schema of every body, and what travels on which topic as AsyncAPI.
//!
//! Both are written from the types by a test of this file, so that they cannot say anything else than the program does, and
//! committed: `UPDATE_GOLDEN=1 cargo test --lib wire::schema` writes them anew. A new body is one line in `schema/bodies.rs`.
//! The station's API has one of its own, written by `web`, and carried like these.

mod packed;

pub use packed::Packed;

macro_rules! document {
    ($file:literal) => {
        Packed(include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".gz")))
    };
}

/// Every body: JSON Schema, draft 2020-12.
pub const JSON: Packed = document!("wire.json");

/// The topics, who sends and who hears: AsyncAPI 3.0, its schemas in its own dialect, draft-07.
pub const ASYNCAPI: Packed = document!("asyncapi.json");

/// What a station tells other systems: JSON Schema, draft 2020-12.
pub const EVENTS: Packed = document!("events.json");

/// The stream of it, and what is posted: AsyncAPI 3.0.
pub const FEED: Packed = document!("feed.json");

/// What other programs can ask a station: OpenAPI 3.1. `UPDATE_GOLDEN=1 cargo test --lib web::api::openapi` writes it anew.
pub const OPENAPI: Packed = document!("openapi.json");

#[cfg(test)]
mod asyncapi;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod feed;
#[cfg(test)]
pub mod golden;
#[cfg(test)]
pub(super) mod tests {
    use super::bodies::{self, Way};
    use super::*;
    use crate::model::alert::{AlertId, Step};
    use crate::model::lifecycle::{Actor, Deed, Phase};
    use crate::model::time::from_millis;
    use crate::wire::local::{Answer, Question};
    use crate::wire::{
        self, AlertState, Directory, Down, Greeting, Heard, Heartbeat, Link, Notice, Receipt, StationStep, Topic, Up,
        Wire,
    };
    use jsonschema::Validator;
    use serde_json::{Value, json};
    use std::path::{Path, PathBuf};

    fn root() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
    }

    /// The bodies of `tests/wire` by name: each as a program wrote it when a field or word had just come, the type's name first.
    pub fn earlier() -> Vec<(String, Value)> {
        let files = std::fs::read_dir(root().join("tests/wire")).unwrap().map(|entry| entry.unwrap().path());
        let read = |path: PathBuf| {
            let text = std::fs::read(&path).unwrap();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), serde_json::from_slice(&text).unwrap())
        };
        let mut bodies: Vec<(String, Value)> = files.map(read).collect();
        bodies.sort_by(|one, other| one.0.cmp(&other.0));
        bodies
    }

    /// The judge of one body, or of all of them.
    fn judge(body: Option<&str>) -> Validator {
        let mut schema: Value = serde_json::from_str(&JSON.text()).unwrap();
        if let Some(body) = body {
            schema["anyOf"] = json!([{ "$ref": format!("#/$defs/{body}") }]);
        }
        jsonschema::draft202012::new(&schema).unwrap()
    }

    /// The judge of one body by the schemas inside the other document.
    fn judge_of_asyncapi(body: &str) -> Validator {
        let mut document: Value = serde_json::from_str(&ASYNCAPI.text()).unwrap();
        document["allOf"] = json!([{ "$ref": format!("#/components/schemas/{body}") }]);
        jsonschema::draft7::new(&document).unwrap()
    }

    fn assert_fits(judge: &Validator, body: &Value, what: &str) {
        let faults: Vec<String> = judge.iter_errors(body).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{what}: {body}\n{}", faults.join("\n"));
    }

    /// Reads a body as the program does, and writes it again.
    fn rewritten(of: &str, body: &Value) -> Result<Value, String> {
        fn again<T: Wire>(body: &Value) -> Result<Value, String> {
            let read = T::from_bytes(body.to_string().as_bytes()).map_err(|error| error.to_string())?;
            Ok(serde_json::from_slice(&read.to_bytes()).unwrap())
        }
        match of {
            "Notice" => again::<Notice>(body),
            "Heartbeat" => again::<Heartbeat>(body),
            "Link" => again::<Link>(body),
            "Receipt" => again::<Receipt>(body),
            "StationStep" => again::<StationStep>(body),
            "Suspend" => again::<crate::model::suspension::Suspend>(body),
            "Greeting" => again::<Greeting>(body),
            "Directory" => again::<Directory>(body),
            "Heard" => again::<Heard>(body),
            "Activity" => again::<wire::Activity>(body),
            "Look" => again::<wire::Look>(body),
            "Walk" => again::<wire::Walk>(body),
            "HttpDeclined" => again::<wire::Declined>(body),
            // Only a station writes it; a home reads of it what it can.
            "HttpAnswer" => {
                let read = wire::Answer::read(body.to_string().as_bytes()).map_err(|error| error.to_string())?;
                assert!(read.steps.iter().all(Result::is_ok) && read.suspensions.iter().all(|(_, said)| said.is_ok()));
                Ok(body.clone())
            }
            "SocketQuestion" => again::<Question>(body),
            "SocketAnswer" => again::<Answer>(body),
            other => panic!("no body is called {other}"),
        }
    }

    /// The name of the type in the name of a file.
    fn type_of(name: &str) -> &str {
        name.split('_').next().unwrap()
    }

    #[test]
    fn the_committed_documents_are_what_the_types_say() {
        golden::assert_current("wire.json", &JSON.text(), &bodies::json_schema());
        golden::assert_current("asyncapi.json", &ASYNCAPI.text(), &asyncapi::document());
    }

    #[test]
    fn every_topic_has_its_body_and_every_body_its_file_of_examples() {
        let rows = bodies::bodies();
        let has = |way: Way| rows.iter().any(|row| row.way == way);
        let (up, down) = bodies::UNUSED;
        for (one, word) in Up::ALL {
            assert!(has(Way::Up(one)) != up.contains(&one), "{word}: a line in schema/bodies.rs");
        }
        for (one, word) in Down::ALL {
            assert!(has(Way::Down(one)) != down.contains(&one), "{word}: a line in schema/bodies.rs");
        }
        let examples = earlier();
        for row in rows {
            assert!(examples.iter().any(|(name, _)| type_of(name) == row.name), "tests/wire has no {}", row.name);
        }
    }

    #[test]
    fn bodies_of_every_earlier_form_are_read_without_loss_and_fit_the_schema() {
        fn keeps(read: &Value, wrote: &Value, what: &str) {
            if let Some(object) = wrote.as_object() {
                object.iter().for_each(|(key, value)| keeps(&read[key], value, &format!("{what}.{key}")));
            } else if let Some(list) = wrote.as_array() {
                assert_eq!(read.as_array().map(Vec::len), Some(list.len()), "{what}");
                list.iter().enumerate().for_each(|(nth, value)| keeps(&read[nth], value, &format!("{what}.{nth}")));
            } else {
                assert_eq!(read, wrote, "{what}");
            }
        }
        for (name, body) in earlier() {
            let (of, one) = (type_of(&name), judge(Some(type_of(&name))));
            let again = rewritten(of, &body).unwrap_or_else(|error| panic!("{name}: {error}"));
            keeps(&again, &body, &name);
            assert_fits(&one, &body, &name);
            assert_fits(&one, &again, &name);
        }
    }

    /// Goal: the schema asks for what the program asks for. Method: every example without each of its fields, at every depth.
    #[test]
    fn what_the_schema_takes_the_program_reads_and_what_the_program_needs_the_schema_asks_for() {
        fn without(body: &Value) -> Vec<Value> {
            let mut copies = Vec::new();
            let keys: Vec<String> = body.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect();
            for key in keys {
                let mut copy = body.clone();
                copy.as_object_mut().unwrap().remove(&key);
                copies.push(copy);
                for inner in without(&body[&key]) {
                    let mut copy = body.clone();
                    copy[&key] = inner;
                    copies.push(copy);
                }
            }
            copies
        }
        for (name, body) in earlier() {
            let (of, one) = (type_of(&name), judge(Some(type_of(&name))));
            for less in without(&body) {
                let strictly = match of {
                    // Their readers mend what is not known.
                    "Notice" => serde_json::from_value::<Notice>(less.clone()).is_ok() && less.get("v").is_some(),
                    "HttpAnswer" => continue,
                    "StationStep" => serde_json::from_value::<StationStep>(less.clone()).is_ok(),
                    _ => rewritten(of, &less).is_ok(),
                };
                assert_eq!(one.is_valid(&less), strictly, "{name}: {less}");
            }
        }
    }

    #[test]
    fn every_reason_and_every_deed_that_a_home_can_tell_fits_the_schema() {
        let judge = judge(Some("Notice"));
        let alert = AlertId { number: 7, raised_at: from_millis(1_795_241_529_000) };
        let notice = |reason, deed| {
            let step = Step { number: 1, at: alert.raised_at, by: Actor::home(), deed, key: None, implied: false };
            let (severity, phase) = (crate::model::reason::Reason::severity(&reason), Phase::Raised);
            let state = AlertState {
                reason,
                severity,
                phase,
                owner: None,
                count: 1,
                escalated: 0,
                last_resort: None,
                life_since: None,
                test: false,
            };
            let (home, place) = ("ky-0412".parse().unwrap(), "4-2-301".to_owned());
            let (age_secs, clock_trusted, durable) = (0.0, true, true);
            serde_json::to_value(Notice { v: 1, home, place, alert, step, state, age_secs, clock_trusted, durable })
                .unwrap()
        };
        let known = |reason: &crate::model::reason::Reason| *reason != crate::model::reason::Reason::Unknown;
        let mut rules = std::collections::BTreeSet::new();
        for reason in crate::text::reason::tests::extremes().into_iter().filter(known) {
            rules.insert(reason.rule());
            assert_fits(&judge, &notice(reason, Deed::Recovered), "a reason");
        }
        assert!(rules.len() >= 29, "{rules:?}");
        let call = serde_json::from_value(json!({ "rule": "call_button", "sensor": "pendant", "press": "sos" }));
        let call: crate::model::reason::Reason = call.unwrap();
        let raise = Deed::Raise { reason: call.clone(), severity: call.severity(), test: true, to: Vec::new() };
        let deeds = Deed::examples().into_iter().filter(|deed| !matches!(deed, Deed::Raise { .. }));
        for deed in deeds.chain([raise]) {
            assert_fits(&judge, &notice(call.clone(), deed), "a deed");
        }
    }

    #[test]
    fn a_schema_refuses_what_is_no_such_body() {
        let (_, call) = earlier().into_iter().find(|(name, _)| name == "Notice_01_call").unwrap();
        let judges = [judge(Some("Notice")), judge_of_asyncapi("Notice")];
        for (path, wrong) in [
            ("/v", json!("1")),
            ("/home", json!("a/b")),
            ("/alert/raised_at_ms", json!("2026-11-21T06:12:09Z")),
            ("/step/deed", json!("levitate")),
            ("/step/by/role", json!(3)),
            ("/state/severity", json!("catastrophe")),
            ("/state/reason/press", json!(1)),
            ("/state/reason", json!({ "rule": "hazard", "sensor": "smoke" })),
            ("/age_secs", json!(null)),
        ] {
            let mut body = call.clone();
            *body.pointer_mut(path).unwrap() = wrong;
            assert!(judges.iter().all(|judge| !judge.is_valid(&body)), "{path} was taken");
        }
    }

    #[test]
    fn every_body_that_the_handbook_shows_fits_the_schema() {
        fn lines(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    lines(&path, into);
                } else if path.extension().is_some_and(|ending| ending == "md") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let is_body = |line: &&str| line.starts_with("{\"v\":") || line.starts_with("{\"v\" :");
                    into.extend(text.lines().filter(is_body).map(|line| (path.clone(), line.to_owned())));
                }
            }
        }
        let mut shown = Vec::new();
        lines(&root().join("docs"), &mut shown);
        assert!(shown.len() >= 7, "only {} are shown", shown.len());
        let judge = judge(None);
        for (page, line) in shown {
            let body: Value = serde_json::from_str(&line).unwrap();
            assert_fits(&judge, &body, &page.display().to_string());
        }
    }

    /// What AsyncAPI 3.0 asks of every document, and what this one promises.
    #[test]
    fn the_asyncapi_document_is_whole_and_tells_the_truth_of_every_topic() {
        let document: Value = serde_json::from_str(&ASYNCAPI.text()).unwrap();
        assert_eq!(document["asyncapi"], "3.0.0");
        assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
        golden::assert_whole(&document);
        let server = &document["servers"]["broker"];
        assert!(server["host"].is_string() && server["protocol"] == "secure-mqtt", "{server}");
        for operation in document["operations"].as_object().unwrap().values() {
            assert!(["send", "receive"].contains(&operation["action"].as_str().unwrap()), "{operation}");
            assert!(
                operation["channel"]["$ref"].is_string() && operation["bindings"]["mqtt"]["qos"] == 1,
                "{operation}"
            );
        }
        for (word, channel) in document["channels"].as_object().unwrap() {
            let address = channel["address"].as_str().unwrap();
            for part in address.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                assert!(channel["parameters"][part].is_object(), "{address} does not explain {part}");
            }
            let topic = address.replace("{home}", "ky-0412").replace("{point}", "lehe");
            assert!(Topic::parse(&topic).is_some(), "{topic}");
            let kept = document["operations"].as_object().unwrap().iter().any(|(name, operation)| {
                name.ends_with(&format!("_sends_{word}")) && operation["bindings"]["mqtt"]["retain"] == true
            });
            assert_eq!(kept, ["link", "directory"].contains(&word.as_str()), "{word}");
        }
        for (name, body) in earlier().into_iter().filter(|(name, _)| !name.starts_with("Socket")) {
            assert_fits(&judge_of_asyncapi(type_of(&name)), &body, &name);
        }
    }
}
