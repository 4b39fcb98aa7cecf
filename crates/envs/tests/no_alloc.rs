//! A step of an environment allocates nothing.
#![allow(
    unsafe_code,
    reason = "counting what is allocated takes an allocator of one's own"
)]

use envs::dynamics::{State, step};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; counting touches a thread's own cell.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.dealloc(block, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_step_allocates_nothing() {
    for info in envs::list() {
        let mut env = envs::make(info.id).unwrap();
        let mut observation = vec![0.0; info.observation.len()];
        let mut action = vec![0.0; info.action.len()];
        env.reset(3, &mut observation).unwrap();
        let before = COUNT.with(Cell::get);
        // Bang-bang control makes the robots fall, hit their limits and lie on the ground.
        let steps = if info.id.starts_with("dmc/") {
            300
        } else {
            3000
        };
        for step in 0..steps {
            for (i, action) in action.iter_mut().enumerate() {
                *action = if (step / 25 + i) % 2 == 0 { 1.0 } else { -1.0 };
            }
            env.step(&action, &mut observation).unwrap();
        }
        assert_eq!(COUNT.with(Cell::get) - before, 0, "{}", info.id);
    }
    let islands = include_str!("solver/trees.xml");
    for option in ["", " cone='elliptic'", " solver='CG'", " solver='PGS'"] {
        let xml = islands.replace("<option/>", &format!("<option{option}/>"));
        let model = envs::mjcf::compile(&xml, "trees").unwrap();
        let mut state = State::new(&model);
        let before = COUNT.with(Cell::get);
        (0..500).for_each(|_| step(&model, &mut state));
        assert_eq!(COUNT.with(Cell::get) - before, 0, "{option}");
    }
    for (name, xml) in [
        ("equalities", include_str!("motion/equalities_newton.xml")),
        ("activations", include_str!("motion/activations_imp.xml")),
        ("wraps", include_str!("motion/spatial_wraps_pgs.xml")),
        ("noslip", include_str!("motion/noslip_pgs_ell.xml")),
        ("sensors", include_str!("motion/sensors.xml")),
        ("distances", include_str!("motion/sensors_near.xml")),
    ] {
        let model = envs::mjcf::compile(xml, name).unwrap();
        let mut state = State::new(&model);
        let before = COUNT.with(Cell::get);
        (0..500).for_each(|_| step(&model, &mut state));
        assert_eq!(COUNT.with(Cell::get) - before, 0, "{name}");
    }
    let meshes = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/meshes/touch.xml");
    let model = envs::mjcf::load(meshes).unwrap();
    let mut state = State::new(&model);
    state.qpos.copy_from_slice(&model.keyframes[0].qpos);
    let before = COUNT.with(Cell::get);
    (0..500).for_each(|_| step(&model, &mut state));
    assert_eq!(COUNT.with(Cell::get) - before, 0, "meshes");
    // The counter counts.
    let before = COUNT.with(Cell::get);
    drop(vec![0.0f64; 10]);
    assert!(COUNT.with(Cell::get) > before);
}
