//! Models.
#![no_main]

#[path = "../inputs/mjcf.rs"]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    input::run(&String::from_utf8_lossy(bytes));
});
