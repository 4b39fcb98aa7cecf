//! A run that was stopped between any two updates goes on as if it had not stopped.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::ops::ControlFlow;

use burn::tensor::Device;
use offline_prune::Result;
use offline_prune::config::{AlgoConfig, OfflineConfig};
use offline_prune::dataset::{Dataset, Episode};
use offline_prune::prune::PruneConfig;
use offline_prune::train::{Evaluation, Run, Start, State, Trained, Watcher, resume, train};
use rand::RngExt;
use rl_algos::rng::Streams;
use sparse_core::record;

const UPDATES: u64 = 23;

/// Random actions in InvertedPendulum.
fn dataset(seed: u64) -> Dataset {
    let mut env = envs::make("InvertedPendulum-v5").unwrap();
    let mut rng = Streams::new(seed).exploration;
    let mut seen = vec![0.0; 4];
    let mut episode = |seed: u64| {
        let mut episode = Episode::default();
        env.reset(seed, &mut seen).unwrap();
        while !episode.terminated {
            episode.observations.extend(seen.iter().map(|x| *x as f32));
            let action: f64 = rng.random_range(-3.0..3.0);
            let step = env.step(&[action], &mut seen).unwrap();
            episode.actions.push(action as f32);
            episode.rewards.push(step.reward as f32);
            episode.terminated = step.terminated;
        }
        episode.observations.extend(seen.iter().map(|x| *x as f32));
        episode
    };
    let episodes: Vec<Episode> = (0..30).map(&mut episode).collect();
    Dataset::from_episodes(4, &[[-3.0, 3.0]], episodes).unwrap()
}

fn config(algo: &str, sparsity: f64) -> OfflineConfig {
    let mut config = OfflineConfig::new(algo.parse().unwrap(), "InvertedPendulum-v5");
    (config.updates, config.seed) = (UPDATES, 3);
    config.learning.batch_size = 17;
    (config.networks.actor, config.networks.critic) = (vec![12, 12], vec![12, 12]);
    (config.evaluation.every, config.evaluation.episodes) = (5, 2);
    if let AlgoConfig::Bcq(bcq) = &mut config.algo {
        (bcq.vae_hidden, bcq.samples, bcq.candidates) = (vec![12, 12], 3, 5);
    }
    config.normalise_observations = true;
    config.pruning = Some(PruneConfig {
        sparsity,
        ..PruneConfig::default()
    });
    config
}

/// Stores every checkpoint as bytes, and ends the run after an update.
#[derive(Default)]
struct Stored {
    stop: Option<u64>,
    began: Vec<u64>,
    states: Vec<Vec<u8>>,
    best: Vec<u64>,
    seen: Vec<Evaluation>,
}

impl Watcher for Stored {
    fn on_start(&mut self, start: &Start) -> Result<()> {
        self.began.push(start.updates);
        Ok(())
    }

    fn on_update(&mut self, update: u64) -> ControlFlow<()> {
        match self.stop == Some(update) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        self.seen.push(evaluation.clone());
        Ok(())
    }

    fn on_checkpoint(&mut self, run: &mut Run) -> Result<()> {
        if run.is_best() {
            self.best.push(run.updates());
        }
        self.states
            .push(postcard::to_allocvec(&run.state()?).unwrap());
        Ok(())
    }
}

fn stored(bytes: &[u8]) -> State {
    postcard::from_bytes(bytes).unwrap()
}

/// All that is known of the end of a run. Of numbers that are not, the text.
fn end(trained: &Trained) -> (Vec<u8>, String) {
    let networks = record::to_bytes(&trained.agent.networks()).unwrap();
    let evaluations = format!("{:?} {}", trained.evaluations, trained.updates);
    (networks, evaluations)
}

#[test]
fn every_algorithm_goes_on_bit_for_bit_from_any_update() {
    let mut data = dataset(7);
    data.normalise();
    let device = Device::flex();
    for (place, algo) in AlgoConfig::NAMES.into_iter().enumerate() {
        for sparsity in [0.0, 0.5] {
            let mut config = config(algo, sparsity);
            // What few set: several steps, normalised critics.
            config.learning.n_step = 1 + place % 3;
            config.networks.critic_layer_norm = place % 2 == 1;
            let mut watcher = Stored::default();
            let whole = train(&config, &data, &device, &mut watcher).unwrap();
            assert!(!whole.stopped);
            let (expected, last) = (end(&whole), watcher.states.last().unwrap().clone());
            let best = watcher.best;
            assert_eq!(best[0], 5);
            for stop in [1, 4, 5, 12, 20, 22] {
                let mut watcher = Stored {
                    stop: Some(stop),
                    ..Stored::default()
                };
                let cut = train(&config, &data, &device, &mut watcher).unwrap();
                assert_eq!((cut.stopped, cut.updates), (true, stop));
                // Nothing is evaluated that is not in a run without a break.
                assert_eq!(cut.evaluations.len() as u64, stop / 5);
                let state = stored(watcher.states.last().unwrap());
                assert_eq!(state.updates, stop);
                watcher.stop = None;
                let trained = resume(&config, &data, &device, state, &mut watcher).unwrap();
                assert!(end(&trained) == expected, "{algo} {sparsity} {stop}");
                assert_eq!(watcher.began, [0, stop]);
                assert_eq!(watcher.best, best, "{algo} {stop}");
                // The next stop goes on from the same bytes too.
                assert!(*watcher.states.last().unwrap() == last, "{algo} {stop}");
            }
        }
    }
}

#[test]
fn a_run_that_is_over_makes_no_update() {
    let mut data = dataset(7);
    data.normalise();
    let (config, device) = (config("td3-bc", 0.5), Device::flex());
    let mut watcher = Stored::default();
    let whole = train(&config, &data, &device, &mut watcher).unwrap();
    let state = stored(watcher.states.last().unwrap());
    let mut watcher = Stored::default();
    let again = resume(&config, &data, &device, state, &mut watcher).unwrap();
    assert!(end(&again) == end(&whole));
    assert!(watcher.seen.is_empty() && watcher.states.is_empty());
}

/// Learning without a task has no evaluation to be the best.
#[test]
fn a_run_without_a_task_goes_on_too() {
    let mut data = dataset(7);
    data.normalise();
    let mut config = config("iql", 0.5);
    config.env = "none".into();
    let device = Device::flex();
    let whole = train(&config, &data, &device, &mut ()).unwrap();
    let mut watcher = Stored {
        stop: Some(8),
        ..Stored::default()
    };
    train(&config, &data, &device, &mut watcher).unwrap();
    let state = stored(watcher.states.last().unwrap());
    let trained = resume(&config, &data, &device, state, &mut watcher).unwrap();
    assert!(end(&trained) == end(&whole));
    assert!(watcher.best.is_empty());
}

#[test]
fn other_data_and_other_settings_are_refused() {
    let mut data = dataset(7);
    data.normalise();
    let (config, device) = (config("iql", 0.5), Device::flex());
    let mut watcher = Stored::default();
    train(&config, &data, &device, &mut watcher).unwrap();
    let bytes = watcher.states.remove(0);
    let refused = |config: &OfflineConfig, data: &Dataset| {
        let error = resume(config, data, &device, stored(&bytes), &mut ()).unwrap_err();
        error.to_string()
    };
    let mut other = dataset(8);
    other.normalise();
    let error = refused(&config, &other);
    assert!(error.contains("data are others now"), "{error}");
    let mut set = config.clone();
    set.learning.gamma = 0.9;
    let error = refused(&set, &data);
    assert!(
        error.contains("`gamma = 0.99`") && error.contains("`gamma = 0.9`"),
        "{error}"
    );
    // Longer is another run too: its last evaluation would be elsewhere.
    let mut longer = config.clone();
    longer.updates += 1;
    let error = refused(&longer, &data);
    assert!(error.contains("`updates = 23`"), "{error}");
    let mut raw = config.clone();
    raw.normalise_observations = false;
    let error = refused(&raw, &data);
    assert!(error.contains("normalise_observations"), "{error}");
    assert!(resume(&config, &data, &device, stored(&bytes), &mut ()).is_ok());
}
