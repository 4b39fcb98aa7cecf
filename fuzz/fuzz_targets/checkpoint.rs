//! What stopped runs go on from.
#![no_main]

#[path = "../inputs/checkpoint.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    input::run(bytes);
});
