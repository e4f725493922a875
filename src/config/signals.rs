//! `[[signal]]`: lamps, sirens and voices in the home.

use crate::config::section::{At, Section};
use crate::engine::rules::Settings as RuleSettings;
use crate::model::signal::Signal;
use crate::model::time::Span;
use crate::sinks::home_signals::Output;
use std::collections::BTreeMap;

/// Reads all of them; `has_broker` says whether there is one that could carry their messages.
pub(super) fn read(root: &Section<'_, '_>, has_broker: bool) -> Vec<Output> {
    let sections = root.list("signal");
    if let (Some(first), false) = (sections.first(), has_broker) {
        let deed = Some("add [mqtt] with broker = \"mqtt://127.0.0.1:1883\"".into());
        root.error(&first.place, "a signal goes out on the home's broker, and there is none", deed);
    }
    let outputs: Vec<At<Output>> = sections.iter().filter_map(output).collect();
    for (nth, output) in outputs.iter().enumerate() {
        if outputs[..nth].iter().any(|other| other.value.name == output.value.name) {
            root.error(&output.place, format!("there are two signals \"{}\"", output.value.name), None);
        }
    }
    outputs.into_iter().map(|output| output.value).collect()
}

fn output(section: &Section<'_, '_>) -> Option<At<Output>> {
    let name: Option<At<String>> = section.required("name", "\"hall lamp\"");
    let topic: Option<At<String>> = section.required("topic", "\"cmnd/hall_lamp/Color\"");
    let retain = section.or("retain", false);
    let again_after = section.span("again_after", Span::seconds(5)..=Span::hours(1)).map(|at| at.value);
    let says = |signal: Signal| Some((signal, section.optional::<String>(signal.as_str())?.value));
    let says: BTreeMap<Signal, String> = Signal::ALL.into_iter().filter_map(says).collect();
    section.finish();
    let (name, topic) = (name?, topic?);
    if topic.value.is_empty() || topic.value.contains(['+', '#', '\0']) {
        let deed = Some("write the one topic on which the device listens".into());
        section.error(&topic.place, format!("\"{}\" is no topic to publish on", topic.value), deed);
    }
    if says.is_empty() {
        let deed = Some("add what it is to say, for example: asking = \"ON\" and all_clear = \"OFF\"".into());
        section.error(&section.place, format!("the signal \"{}\" says nothing", name.value), deed);
    } else if !says.contains_key(&Signal::AllClear) && again_after.is_none() {
        let deed = Some("add all_clear = \"OFF\"; a voice that needs no end has again_after instead".into());
        section.warning(&section.place, format!("nothing ends what the signal \"{}\" says", name.value), deed);
    }
    Some(At { value: Output { name: name.value, topic: topic.value, retain, again_after, says }, place: name.place })
}

/// Whoever is asked first must be able to hear it. `section` is `[rules]`.
pub(super) fn check_asking(outputs: &[Output], rules: &RuleSettings, section: &Section<'_, '_>) {
    let is_heard = outputs.iter().any(|output| output.says.contains_key(&Signal::Asking));
    let asks = |key: &str, rule: Option<&String>| {
        let Some(rule) = rule.filter(|_| !is_heard) else { return };
        let place = section.entry(key).map_or(&section.place, |entry| &entry.key);
        let deed = format!("add [[signal]] with a lamp or a voice and what it says for asking, or take {key} out");
        let what = format!("{key} asks at home before an alert of \"{rule}\", and nothing there can be heard");
        section.warning(place, what, Some(deed));
    };
    asks("ask_first", rules.ask_first.keys().next());
    asks("check", rules.check.at.keys().next());
}
