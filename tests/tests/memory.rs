//! A sparse agent takes memory for the weights that exist, and an update makes nothing of a dense one's size.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![allow(
    unsafe_code,
    reason = "counting what is allocated takes an allocator of one's own"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::{Device, Tensor};
use rl_algos::agent::Agent;
use rl_algos::algos::build;
use rl_algos::config::TrainConfig;
use rl_algos::recipes;
use rl_algos::replay::Batch;
use rl_algos::rng::Streams;

/// Counts live bytes and the largest block asked for.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; counting touches only atomics.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is the system allocator's.
        unsafe { System.dealloc(block, layout) };
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The counters are the process's, so one test at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Lets every thread make its first dense product: Flex then takes a workspace for that thread, as large as the
/// second-level cache, and keeps it. It belongs to the process and to no update.
fn warm_up() {
    let device = device();
    let product = || {
        let ones = Tensor::<2>::ones([32, 32], &device);
        ones.clone().matmul(ones).into_data();
    };
    product();
    rayon::broadcast(|_| product());
}

const SEEN: usize = 17;
const DONE: usize = 6;

fn config(recipe: &str, hidden: usize, sparsity: f64) -> TrainConfig {
    let mut config = recipes::named(recipe, "HalfCheetah-v5").unwrap();
    config.networks.actor = vec![hidden, hidden];
    config.networks.critic = vec![hidden, hidden];
    (config.sparsity.actor, config.sparsity.critic) = (sparsity, sparsity);
    config
}

fn device() -> Device {
    sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap()
}

fn agent(config: &TrainConfig) -> Box<dyn Agent> {
    build(config, SEEN, DONE, &device(), &mut Streams::new(0)).unwrap()
}

fn batch(size: usize) -> Batch {
    Batch {
        size,
        observation: vec![0.1; size * SEEN],
        action: vec![0.2; size * DONE],
        return_n: vec![1.0; size],
        discount: vec![0.99; size],
        next_observation: vec![0.3; size * SEEN],
        ..Batch::default()
    }
}

#[test]
fn parameters_moments_and_targets_are_as_long_as_the_connections() {
    let _turn = TURN.lock();
    for sparsity in [0.5, 0.85, 0.95] {
        let agent = agent(&config("rlx2", 256, sparsity));
        let biases = [2 * 256 + DONE, 2 * 256 + 1, 2 * 256 + 1];
        let critic = agent.critic_weights().active;
        let active = [agent.actor_weights().active, critic, critic];
        for ((memory, active), biases) in agent.memory().into_iter().zip(active).zip(biases) {
            assert_eq!(memory.parameters, 4 * (active + biases));
            assert_eq!(memory.target, memory.parameters);
            assert_eq!(memory.moments, 2 * memory.parameters);
            // Two index arrays by connection and one more for the transposed one, and their starts; in both orders a cut
            // for each block of a row, which has ten connections on average or more.
            let cuts = 2 * active / 10;
            assert!(memory.pattern < 4 * (3 * active + cuts + 4 * 256 + 64));
        }
    }
}

#[test]
fn a_sparse_agent_takes_less_than_a_fifth_of_a_dense_ones_memory() {
    let _turn = TURN.lock();
    let taken = |recipe, sparsity| {
        let before = LIVE.load(Ordering::SeqCst);
        let mut agent = agent(&config(recipe, 1024, sparsity));
        agent.update(&batch(64), &mut Streams::new(1)).unwrap();
        let after = LIVE.load(Ordering::SeqCst);
        drop(agent);
        after - before
    };
    warm_up();
    // What the process keeps after its first use is not the agent's.
    taken("dense", 0.0);
    let (dense, sparse) = (taken("dense", 0.0), taken("static", 0.95));
    assert!(5 * sparse < dense, "sparse {sparse}, dense {dense}");
}

#[test]
fn an_update_makes_nothing_of_the_size_of_a_dense_layer() {
    let _turn = TURN.lock();
    warm_up();
    let hidden = 1024;
    let mut agent = agent(&config("static", hidden, 0.95));
    let mut streams = Streams::new(1);
    let batch = batch(64);
    for _ in 0..4 {
        LARGEST.store(0, Ordering::SeqCst);
        agent.update(&batch, &mut streams).unwrap();
        let largest = LARGEST.load(Ordering::SeqCst);
        assert!(
            largest < hidden * hidden * 4 / 4,
            "a block of {largest} bytes"
        );
    }
}
