//! The first byte chooses the family and its settings, the second the size of the pieces; the rest are bytes of a serial port: cut
//! and decoded.
#![no_main]

use carecircle::devices::{Carrier, Devices};
use carecircle::model::frame::{Origin, RawFrame};
use carecircle_fuzz as golden;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;

thread_local! {
    static PORTS: Vec<RefCell<Devices>> = golden::wirings()
        .into_iter()
        .map(|wiring| RefCell::new(golden::devices(Carrier::Serial, Some(wiring))))
        .collect();
}

fuzz_target!(|input: &[u8]| {
    let [choice, piece, bytes @ ..] = input else { return };
    PORTS.with(|ports| {
        let mut devices = ports[usize::from(*choice) % ports.len()].borrow_mut();
        let mut framer = devices.framer(golden::PORT);
        let pieces = bytes.chunks(usize::from(*piece).max(1));
        let frames: Vec<Vec<u8>> = pieces.flat_map(|piece| framer.push(piece)).collect();
        for bytes in frames {
            let from = Origin::Serial { port: golden::PORT.to_owned() };
            drop(devices.decode(&RawFrame { from, bytes, retained: false }));
        }
    });
});
