//! Requests to the door by which homes speak to a real station, past any broker: each is answered, none by a fault of its own.
#![no_main]

use carecircle_fuzz::station::Station;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| Station::get().hear(input));
