//! A topic and a payload, parted by the first line end, for every family on MQTT: nothing breaks, and no message grows into many
//! times its size. What the devices of the golden frames are, stays
//! configured throughout, so that decoders with a memory are reached.
#![no_main]

use carecircle::devices::{Carrier, Decoded, Devices};
use carecircle::model::frame::{Origin, RawFrame};
use carecircle::model::observation::{Measure, Reading};
use carecircle_fuzz as golden;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

thread_local! {
    static DEVICES: RefCell<Devices> = RefCell::new(golden::devices(Carrier::Mqtt, None));
}

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let topic = String::from_utf8_lossy(&input[..end]).into_owned();
    let bytes = input.get(end + 1..).unwrap_or_default().to_vec();
    for retained in [false, true] {
        let frame = RawFrame { from: Origin::Mqtt { topic: topic.clone() }, bytes: bytes.clone(), retained };
        let heard = DEVICES.with_borrow_mut(|devices| devices.decode(&frame));
        let said = heard.iter().map(|heard| size(&heard.outcome)).sum::<usize>();
        assert!(said <= 64 * (input.len() + 4096), "{said} bytes from a message of {}", input.len());
    }
});

fn size(outcome: &Decoded) -> usize {
    let Decoded::Readings(readings) = outcome else { return 0 };
    let text = |reading: &Reading| match &reading.measure {
        Measure::Note { kind, text } => kind.len() + text.len(),
        _ => 0,
    };
    readings.iter().map(|reading| size_of::<Reading>() + reading.device.len() + text(reading)).sum()
}
