//! A topic and a body, parted by the first line end, as a station or a gateway receives them; what is understood is written back.
#![no_main]

use carecircle::wire::{Greeting, Heartbeat, Link, Notice, Receipt, StationStep, Topic, Wire};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    if let Ok(topic) = std::str::from_utf8(&input[..end])
        && let Some(parsed) = Topic::parse(topic)
    {
        assert_eq!(parsed.to_string(), topic);
    }
    let body = input.get(end + 1..).unwrap_or_default();
    there_and_back::<Notice>(body);
    there_and_back::<Heartbeat>(body);
    there_and_back::<Link>(body);
    there_and_back::<Receipt>(body);
    there_and_back::<StationStep>(body);
    there_and_back::<Greeting>(body);
});

fn there_and_back<T: Wire>(body: &[u8]) {
    if let Ok(said) = T::from_bytes(body) {
        assert!(T::from_bytes(&said.to_bytes()).is_ok(), "what was written can be read");
    }
}
