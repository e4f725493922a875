//! The text of a configuration, of a gateway and of a station; every problem is printed in full.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for problem in
        carecircle::config::gateway("fuzz.toml", text).1.iter().chain(&carecircle::config::station("fuzz.toml", text).1)
    {
        assert!(!problem.to_string().is_empty());
    }
});
