//! A line for `carecircle decode`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    carecircle::cmd::decode::answer(line);
});
