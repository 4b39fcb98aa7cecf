//! A policy's bytes: a policy that acts, or an error.

use std::fs;
use std::path::Path;

use rl_algos::algos::Policy;
use sparse_core::device;

/// Opens bytes as a policy of Hopper; `folder` is for files. Whether they are one.
pub(crate) fn run(bytes: &[u8], folder: &Path) -> bool {
    let path = folder.join("policy.safetensors");
    fs::write(&path, bytes).expect("a folder to write to");
    let task = envs::make("Hopper-v5")
        .expect("a known task")
        .info()
        .clone();
    let device = device::by_name(device::available()[0]).expect("a device of this build");
    match Policy::open(&path, &task, &device) {
        Ok(mut policy) => {
            let mut action = [f32::NAN; 3];
            policy.act(&[0.5; 11], &mut action);
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}
