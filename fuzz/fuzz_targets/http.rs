//! Requests to the page of a real station, by a browser, a program or a stranger: each is answered, none by a fault of its own.
#![no_main]

use carecircle_fuzz::station::Station;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| Station::get().ask(input));
