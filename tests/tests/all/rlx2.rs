//! RLx2's published numbers: connections per layer, how many move over a run, what its replay forgets.
//!
//! The recorded ones are those of `golden/rlx2/record.py`.

use std::ops::ControlFlow;
use std::path::Path;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rl_algos::algos;
use rl_algos::config::TrainConfig;
use rl_algos::observe::{Observer, Progress};
use rl_algos::recipes;
use rl_algos::replay::{AdaptiveCapacity, Replay, Transition, policy_distance};
use rl_algos::rng::Streams;
use sparse_core::device;
use sparse_core::nn::{SparseMlp, SparseModule};
use sparse_core::op::DenseGradient;
use sparse_core::pattern::Pattern;
use sparse_core::topology::{LayerState, NetworkState, RewireBudget, Update};
use sparse_core::trainer::NetworkTrainerConfig;
use tests::small::{self, watched};
use tests::{Array, Recording};

fn recorded(key: &str) -> Array {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/rlx2/rlx2.npz");
    Recording::read(&file).unwrap().get(key).unwrap().clone()
}

/// A row of Table 2: the recipe, its task, the sizes of observations and actions in the paper's version of it,
/// and the connections of the layers of the actor and of each critic.
type Row = (
    &'static str,
    &'static str,
    [usize; 2],
    [usize; 3],
    [usize; 3],
);

/// Table 2 of arXiv 2205.15043, as the allocation of its code shares the sparsities out (`sparse_set`). Ant of
/// version 3, which the paper uses, has 111 observations.
const TABLE_2: [Row; 8] = [
    (
        "rlx2-td3",
        "HalfCheetah-v5",
        [17, 6],
        [1950, 3657, 1536],
        [3703, 6794, 256],
    ),
    (
        "rlx2-td3",
        "Hopper-v5",
        [11, 3],
        [356, 682, 345],
        [1110, 2104, 256],
    ),
    (
        "rlx2-td3",
        "Walker2d-v5",
        [17, 6],
        [559, 1048, 537],
        [1174, 2155, 256],
    ),
    (
        "rlx2-td3",
        "Ant-v5",
        [111, 8],
        [1233, 1721, 887],
        [4776, 6520, 256],
    ),
    (
        "rlx2-sac",
        "HalfCheetah-v5",
        [17, 6],
        [1892, 3548, 1857],
        [4967, 9114, 256],
    ),
    (
        "rlx2-sac",
        "Hopper-v5",
        [11, 3],
        [359, 688, 352],
        [1110, 2104, 256],
    ),
    (
        "rlx2-sac",
        "Walker2d-v5",
        [17, 6],
        [1892, 3548, 1857],
        [2438, 4475, 256],
    ),
    (
        "rlx2-sac",
        "Ant-v5",
        [111, 8],
        [3127, 4362, 2318],
        [10_066, 13_743, 256],
    ),
];

/// Connections of each layer.
fn connections(network: &SparseMlp) -> Vec<usize> {
    let layers = network.sparse_layers().into_iter();
    layers.map(|layer| layer.pattern().nnz()).collect()
}

#[test]
fn networks_have_the_connections_of_table_2() {
    let device = device::by_name(device::available()[0]).unwrap();
    for (recipe, env, [seen, done], actor, critic) in TABLE_2 {
        let config = recipes::named(recipe, env).unwrap();
        let mut streams = Streams::new(0);
        let agent = algos::build(&config, seen, done, &device, &mut streams).unwrap();
        let expected = [("actor", actor), ("critic_1", critic), ("critic_2", critic)];
        let networks = agent.networks();
        assert_eq!(networks.len(), expected.len());
        for (network, (name, expected)) in networks.into_iter().zip(expected) {
            assert_eq!(network.name, name);
            let place = format!("{name} of {recipe} on {env}");
            assert_eq!(connections(network.mlp().unwrap()), expected, "{place}");
            assert_eq!(
                connections(network.learner().unwrap().target()),
                expected,
                "{place}, target"
            );
        }
    }
}

/// RLx2 at the paper's length.
fn paper() -> TrainConfig {
    let mut config = recipes::named("rlx2-td3", "HalfCheetah-v5").unwrap();
    config.steps = 3_000_000;
    config
}

/// Drops of a whole schedule beside recorded ones: layers `[256, inputs]` with as many connections as recorded.
fn compare_drops(
    learner: &NetworkTrainerConfig,
    updates: u64,
    layers: &[(usize, usize)],
    key: &str,
) {
    let (topology, recorded) = (learner.topology.as_ref().unwrap(), recorded(key));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut due = (1..=updates).filter_map(|step| Some((step, topology.due(step)?)));
    let mut patterns: Vec<Pattern> = layers
        .iter()
        .map(|&(inputs, nnz)| Pattern::random(256, inputs, nnz, &mut rng).unwrap())
        .collect();
    for row in 0..recorded.len() {
        let row = recorded.row(row);
        let (step, fraction) = due.next().expect("as many moves as recorded");
        assert_eq!(step as f64, row[0]);
        for (pattern, expected) in patterns.iter_mut().zip(&row[1..]) {
            // Gradients everywhere but at connections, so that none is grown where it was dropped.
            let mask = pattern.to_mask();
            let slopes = mask.iter().map(|active| f32::from(u8::from(!active)));
            let gradient = DenseGradient::from_dense(256, pattern.inputs(), slopes.collect());
            let values: Vec<f32> = (1..=pattern.nnz()).map(|k| k as f32).collect();
            let budget = RewireBudget {
                fraction,
                min_inputs_per_unit: topology.min_inputs_per_unit,
            };
            let mut network = NetworkState::default();
            network
                .layers
                .push(LayerState::new(pattern.clone(), values));
            network.layers[0].gradient = Some(gradient.unwrap());
            let planned = topology
                .rule
                .plan(&network, Update { step, budget }, &mut rng);
            let moved = planned.unwrap()[0].rewire(pattern).unwrap();
            assert_eq!(moved.dropped().len() as f64, *expected, "{key} {step}");
            assert_eq!(moved.grown().len() as f64, *expected, "{key} {step}");
            *pattern = moved.to().clone();
        }
    }
    assert_eq!(due.next(), None);
}

#[test]
fn critics_move_as_many_connections_as_in_the_released_code() {
    let config = paper();
    let layers = [(23, 3703), (256, 6794)];
    compare_drops(
        &config.critic_learner(),
        config.updates(),
        &layers,
        "critic",
    );
}

#[test]
fn the_actor_moves_as_many_connections_as_in_the_released_code() {
    let config = paper();
    let layers = [(17, 1950), (256, 3657)];
    let updates = config.updates() / 2;
    compare_drops(&config.actor_learner(), updates, &layers, "actor");
}

/// The made-up policy of the recording.
fn policy(time: usize, seen: f64) -> [f32; 2] {
    let turn = (seen / 7.0).sin() * (time as f64 / 900.0).cos();
    [1.0, -2.0].map(|weight: f64| (weight * turn).tanh() as f32)
}

#[test]
fn the_replay_forgets_what_that_of_the_released_code_forgets() {
    let adaptive = AdaptiveCapacity {
        every: 100,
        check: 64,
        min: 1100,
        ..recipes::named("rlx2", "HalfCheetah-v5")
            .unwrap()
            .replay
            .adaptive
            .unwrap()
    };
    let recorded = recorded("forgetting");
    let mut replay = Replay::new(1, 2, 2000);
    let mut checks = 0;
    for time in 0..recorded.len() * adaptive.every as usize {
        let mean = policy(time, time as f64);
        // Episodes of 37 steps, whose last observations stand between the transitions.
        let over = time % 37 == 36;
        replay.push(&Transition {
            observation: &[time as f32],
            action: &[0.0; 2],
            mean_action: &mean,
            reward: 0.0,
            next_observation: &[time as f32 + if over { 0.5 } else { 1.0 }],
            terminated: false,
            truncated: over,
        });
        if (time as u64 + 1).is_multiple_of(adaptive.every) {
            let now = |seen: &[f32], action: &mut [f32]| {
                action.copy_from_slice(&policy(time, seen[0].into()));
            };
            let distance = policy_distance(now, &replay, adaptive.check);
            adaptive.evict(distance, &mut replay);
            let [expected, size, oldest] = recorded.row(checks) else {
                panic!("three numbers a check");
            };
            assert!((distance - expected).abs() < 1e-6, "{time}: {distance}");
            assert_eq!(replay.len() as f64, *size, "{time}");
            let (mut seen, mut means) = (Vec::new(), Vec::new());
            replay.oldest(1, &mut seen, &mut means);
            assert_eq!(f64::from(seen[0]), *oldest, "{time}");
            checks += 1;
        }
    }
    assert_eq!(checks, 60);
}

/// What a run says at every step.
#[derive(Default)]
struct Watch {
    sizes: Vec<usize>,
    distances: Vec<f64>,
    n_steps: Vec<usize>,
}

impl Observer for Watch {
    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.sizes.push(progress.replay_size);
        self.distances.push(progress.policy_distance);
        self.n_steps.push(progress.n_step);
        ControlFlow::Continue(())
    }
}

/// A run checks its replay every 300 steps, with a threshold of 0 and a minimum of 100, and changes to three steps
/// at its 300th update, which is step 412: an eighth of the run is random.
#[test]
fn a_run_forgets_and_lengthens_its_returns_on_schedule() {
    for recipe in ["rlx2-td3", "rlx2-sac"] {
        let config = small::config(recipe, 900);
        let folder = tempfile::tempdir().unwrap();
        let mut watch = Watch::default();
        watched(&config, &folder.path().join("run"), &mut [&mut watch]).unwrap();
        let mut size = 0;
        for step in 1..=900 {
            size += 1;
            if step % 300 == 0 {
                size -= size / 10;
                let distance = watch.distances[step - 1];
                assert!(distance > 0.0, "{recipe} {step}: {distance}");
            }
            assert_eq!(watch.sizes[step - 1], size, "{recipe} {step}");
            let expected = match step {
                ..=112 => 0,
                113..=411 => 1,
                _ => 3,
            };
            assert_eq!(watch.n_steps[step - 1], expected, "{recipe} {step}");
        }
        assert_eq!(size, 732);
    }
}
