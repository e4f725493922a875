//! What a newer program says, read by this one: an alert is never refused because its home knows more words.
//!
//! Changes within a version only add, but what is added may be a word: a rule, a deed, a severity, a role. Where a body does
//! not fit the types, only the parts that do not are set aside, each for what errs to the safe side: an unknown reason is
//! urgent, an unknown severity is that of its reason, an unknown phase leaves the alert open. What names an alert (home,
//! number, instant, step) must be there; without it there is nothing to show and nothing to confirm.

use crate::model::ids::{PersonId, PointId};
use crate::model::lifecycle::{Actor, Deed, Phase, Role, Via};
use crate::model::reason::{Reason, Severity, SignOfLife};
use crate::wire::{LastResort, Notice, StationStep};
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// A notice of which not every word is known.
pub(super) fn notice(bytes: &[u8]) -> serde_json::Result<Notice> {
    let mut body: Value = serde_json::from_slice(bytes)?;
    if let Some(Value::Object(step)) = body.get_mut("step") {
        mend_actor(step, "by");
        mend_deed(step);
    }
    if let Some(Value::Object(state)) = body.get_mut("state") {
        mend_reason(state);
        mend_actor(state, "owner");
        if !reads::<Phase>(state.get("phase")) {
            let phase = if state.contains_key("owner") { Phase::Taken } else { Phase::Received };
            state.insert("phase".to_owned(), json!(phase));
        }
        if !reads::<Option<SignOfLife>>(state.get("life_since")) {
            state.remove("life_since");
        }
        drop_unread::<LastResort>(state, "last_resort");
    }
    Notice::deserialize(body)
}

/// A step of a newer station: what it asks for may be unknown, and is then refused by the book, so that it has an answer.
///
/// In what capacity somebody asks is never guessed.
pub(super) fn step(bytes: &[u8]) -> serde_json::Result<StationStep> {
    let mut body: Value = serde_json::from_slice(bytes)?;
    if let Value::Object(step) = &mut body {
        mend_deed(step);
        if let Some(Value::Object(by)) = step.get_mut("by") {
            drop_unread::<Via>(by, "via");
        }
    }
    StationStep::deserialize(body)
}

/// Whether this program can read it; nothing at all is read where it may be absent.
fn reads<'a, T: Deserialize<'a>>(value: Option<&'a Value>) -> bool {
    T::deserialize(value.unwrap_or(&Value::Null)).is_ok()
}

fn drop_unread<T: for<'a> Deserialize<'a>>(of: &mut Object, key: &str) {
    if !reads::<Option<T>>(of.get(key)) {
        of.remove(key);
    }
}

/// A reason that is not known, and how urgent it is then.
fn mend_reason(of: &mut Object) {
    if !reads::<Reason>(of.get("reason")) {
        of.insert("reason".to_owned(), json!(Reason::Unknown));
    }
    if !reads::<Severity>(of.get("severity")) {
        let reason = of.get("reason").and_then(|reason| Reason::deserialize(reason).ok());
        let severity = reason.unwrap_or(Reason::Unknown).severity();
        of.insert("severity".to_owned(), json!(severity));
    }
}

/// The deed stands beside the other fields of its step.
fn mend_deed(step: &mut Object) {
    if step.get("deed").is_some_and(|deed| deed == "raise") {
        mend_reason(step);
    }
    if Deed::deserialize(&Value::Object(step.clone())).is_err() {
        step.insert("deed".to_owned(), json!(Deed::Unknown.name()));
    }
}

/// Somebody in a capacity that is not known: the gateway, whose word it is, stands for them; who they are stays.
fn mend_actor(of: &mut Object, key: &str) {
    if reads::<Option<Actor>>(of.get(key)) {
        return;
    }
    if let Some(Value::Object(actor)) = of.get_mut(key) {
        drop_unread::<PointId>(actor, "point");
        drop_unread::<PersonId>(actor, "person");
        drop_unread::<Via>(actor, "via");
        if !reads::<Role>(actor.get("role")) {
            actor.insert("role".to_owned(), json!(Role::Gateway));
        }
    } else {
        of.insert(key.to_owned(), json!(Actor::gateway()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Heartbeat, Wire};

    fn notices() -> Vec<(String, Value)> {
        let of_notices = |(name, _): &(String, Value)| name.starts_with("Notice");
        crate::wire::schema::tests::earlier().into_iter().filter(of_notices).collect()
    }

    fn read(body: &Value) -> Notice {
        Notice::from_bytes(body.to_string().as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    /// A copy for each leaf that `change` changes.
    fn changed(body: &Value, change: &dyn Fn(&str, &Value) -> Option<Value>) -> Vec<Value> {
        fn walk(at: &Value, key: &str, change: &dyn Fn(&str, &Value) -> Option<Value>, put: &mut dyn FnMut(Value)) {
            if let Some(new) = change(key, at) {
                put(new);
            }
            let keys: Vec<String> = at.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect();
            for key in keys {
                walk(&at[&key], &key, change, &mut |new| {
                    let mut copy = at.clone();
                    copy[&key] = new;
                    put(copy);
                });
            }
        }
        let mut copies = Vec::new();
        walk(body, "", change, &mut |copy| copies.push(copy));
        copies
    }

    #[test]
    fn an_alert_is_read_whichever_of_its_words_is_new() {
        let is_name = |key: &str| ["home", "point", "place", "key"].contains(&key);
        let word = |key: &str, at: &Value| (at.is_string() && !is_name(key)).then(|| json!("of_2031"));
        let record =
            |key: &str, at: &Value| (at.is_string() && !is_name(key)).then(|| json!({ "of_2031": { "n": 1 } }));
        let mut seen = 0;
        for (name, body) in notices() {
            let whole = read(&body);
            for new in changed(&body, &word).iter().chain(&changed(&body, &record)) {
                let got = read(new);
                assert_eq!((&got.home, got.alert), (&whole.home, whole.alert), "{name}: {new}");
                assert_eq!((got.step.number, &got.place), (whole.step.number, &whole.place), "{name}: {new}");
                assert!(got.state.severity <= whole.state.severity || got.state.severity == Severity::Urgent, "{new}");
                assert_eq!(read(&serde_json::to_value(&got).unwrap()), got, "the station's own record of it is read");
                seen += 1;
            }
        }
        assert!(seen > 100, "only {seen} were tried");
    }

    #[test]
    fn fields_that_are_new_are_passed_over_wherever_they_stand() {
        // A word that brings something with it is `{"word": {…}}`: more than one key would be more than one word.
        let is_word = |key: &str| ["cause", "how"].contains(&key);
        let more = |key: &str, at: &Value| {
            let mut object = at.as_object().filter(|_| !is_word(key))?.clone();
            object.insert("of_2031".to_owned(), json!([1, { "x": null }]));
            Some(Value::Object(object))
        };
        for (name, body) in notices() {
            for new in changed(&body, &more) {
                assert_eq!(read(&new), read(&body), "{name}: {new}");
            }
        }
    }

    #[test]
    fn what_is_not_known_errs_to_the_safe_side_and_the_rest_stays() {
        let (_, body) = notices().into_iter().find(|(name, _)| name.contains("taken")).expect("a taken alert");
        let with = |path: &str, value: Value| {
            let mut body = body.clone();
            *body.pointer_mut(path).expect(path) = value;
            read(&body)
        };
        let rule = with("/state/reason/rule", json!("sleepwalking"));
        assert_eq!((rule.state.reason, rule.state.severity), (Reason::Unknown, Severity::Emergency));
        let severity = with("/state/severity", json!("catastrophe"));
        assert_eq!((severity.state.reason.rule(), severity.state.severity), ("call_button", Severity::Emergency));
        let phase = with("/state/phase", json!("beamed_up"));
        assert_eq!((phase.state.phase, phase.state.owner.is_some()), (Phase::Taken, true));
        let role = with("/state/owner/role", json!("neighbour"));
        let owner = role.state.owner.expect("somebody has it");
        assert_eq!((owner.role, owner.person), (Role::Gateway, Some("p-03".parse().unwrap())));
        assert_eq!(with("/step/by/via", json!("telepathy")).step.by.via, None);
        let deed = with("/step/deed", json!("levitate"));
        assert_eq!((deed.step.deed, deed.state.phase), (Deed::Unknown, Phase::Taken));
    }

    #[test]
    fn a_raise_of_an_unknown_rule_with_an_unknown_severity_is_an_urgent_raise() {
        let (_, mut body) = notices().into_iter().find(|(_, body)| body["step"]["deed"] == "raise").expect("a raise");
        for part in ["/step", "/state"] {
            body.pointer_mut(part).unwrap()["reason"] = json!({ "rule": "sleepwalking", "since": "tonight" });
            body.pointer_mut(part).unwrap()["severity"] = json!("catastrophe");
        }
        let got = read(&body);
        assert_eq!((got.state.reason, got.state.severity), (Reason::Unknown, Severity::Urgent));
        assert!(matches!(got.step.deed, Deed::Raise { reason: Reason::Unknown, severity: Severity::Urgent, .. }));
    }

    #[test]
    fn without_what_names_an_alert_there_is_no_notice() {
        let (_, body) = notices().remove(0);
        for path in ["home", "alert", "step", "state", "v"] {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(path);
            assert!(Notice::from_bytes(body.to_string().as_bytes()).is_err(), "{path}");
        }
        assert!(Notice::from_bytes(b"[]").is_err() && Notice::from_bytes(b"{\"v\":1").is_err());
        let later = body.to_string().replacen("\"v\":1", "\"v\":2", 1);
        assert!(Notice::from_bytes(later.as_bytes()).unwrap_err().to_string().contains("version 2"));
    }

    #[test]
    fn a_step_of_a_newer_station_is_read_so_that_it_can_be_refused() {
        let body = r#"{"v":1,"home":"ky-0412","alert":{"number":7,"raised_at_ms":1},"key":"k1","at_ms":2,
            "by":{"role":"desk","point":"lehe","person":"p-03","via":"telepathy"},"deed":"close","outcome":"moved_out","contact":"seen"}"#;
        let step = StationStep::from_bytes(body.as_bytes()).unwrap();
        assert_eq!((step.key.as_str(), &step.deed, step.by.via), ("k1", &Deed::Unknown, None));
        let unknown_deed = body.replace("\"close\"", "\"levitate\"");
        assert_eq!(StationStep::from_bytes(unknown_deed.as_bytes()).unwrap().deed, Deed::Unknown);
        let unknown_role = body.replace("\"desk\"", "\"oracle\"");
        assert!(StationStep::from_bytes(unknown_role.as_bytes()).is_err(), "nobody is given rights by a guess");
    }

    #[test]
    fn a_heartbeat_with_more_in_it_is_read() {
        let body =
            br#"{"v":1,"home":"ky-0412","seq":1,"run":1,"at_ms":5,"clock_trusted":true,"version":"9.0","of_2031":{},
            "config_hash":"x","open_alerts":0,"blind":false,"sensors":[{"id":"hall","heard_secs":4,"mood":"good"}]}"#;
        assert_eq!(Heartbeat::from_bytes(body).unwrap().sensors[0].heard_secs, Some(4));
    }
}
