//! A run that was stopped between any two updates goes on as if it had not stopped.

use std::ops::ControlFlow;

use burn::tensor::Device;
use offline_prune::config::{BcqConfig, OfflineConfig, agent_kinds};
use offline_prune::dataset::{Dataset, Episode};
use offline_prune::prune::PruneConfig;
use offline_prune::train::{State, Trained, resume, train};
use rand::RngExt;
use rl_algos::Result;
use rl_algos::agent::Agent;
use rl_algos::observe::{Evaluation, Observer, Progress, Snapshot, Start};
use rl_algos::rng::Streams;

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
    if let Some(bcq) = config.algo.get_mut::<BcqConfig>() {
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
    config: String,
    data: String,
    stop: Option<u64>,
    began: Vec<u64>,
    states: Vec<Vec<u8>>,
    best: Vec<u64>,
    seen: Vec<Evaluation>,
}

impl Stored {
    /// Of runs with these settings on these data.
    fn of(config: &OfflineConfig, data: &Dataset) -> Self {
        Self {
            config: config.resolved(data).to_toml().unwrap(),
            data: data.digest(),
            ..Self::default()
        }
    }
}

impl Observer for Stored {
    fn on_start(&mut self, start: &mut Start<'_>) -> Result<()> {
        self.began.push(start.progress.step);
        Ok(())
    }

    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        match self.stop == Some(progress.updates) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        self.seen.push(evaluation.clone());
        Ok(())
    }

    fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> Result<()> {
        if snapshot.is_best() {
            self.best.push(snapshot.progress.updates);
        }
        let state = State {
            config: self.config.clone(),
            data: self.data.clone(),
            train: snapshot.state()?,
        };
        self.states.push(postcard::to_allocvec(&state).unwrap());
        Ok(())
    }
}

fn stored(bytes: &[u8]) -> State {
    postcard::from_bytes(bytes).unwrap()
}

/// All that is known of the end of a run. Of numbers that are not, the text.
fn end(trained: &Trained) -> (Vec<u8>, String) {
    let agent: &dyn Agent = &*trained.agent;
    let returns = format!("{:?} {}", trained.returns, trained.steps);
    (agent.to_bytes().unwrap(), returns)
}

#[test]
fn every_algorithm_goes_on_bit_for_bit_from_any_update() {
    let mut data = dataset(7);
    data.normalise();
    let device = Device::flex();
    for (place, kind) in agent_kinds().into_iter().enumerate() {
        let algo = kind.name;
        for sparsity in [0.0, 0.5] {
            let mut config = config(algo, sparsity);
            // What few set: several steps, normalised critics.
            config.learning.n_step = 1 + place % 3;
            config.networks.critic_layer_norm = place % 2 == 1;
            let mut observer = Stored::of(&config, &data);
            let whole = train(&config, &data, &device, &mut [&mut observer]).unwrap();
            assert!(!whole.stopped);
            let (expected, last) = (end(&whole), observer.states.last().unwrap().clone());
            let (best, evaluations) = (observer.best, format!("{:?}", observer.seen));
            assert_eq!(best[0], 5);
            for stop in [1, 4, 5, 12, 20, 22] {
                let mut observer = Stored {
                    stop: Some(stop),
                    ..Stored::of(&config, &data)
                };
                let cut = train(&config, &data, &device, &mut [&mut observer]).unwrap();
                assert_eq!((cut.stopped, cut.steps), (true, stop));
                // Nothing is evaluated that is not in a run without a break.
                assert_eq!(cut.returns.len() as u64, stop / 5);
                let state = stored(observer.states.last().unwrap());
                assert_eq!(state.updates(), stop);
                observer.stop = None;
                let trained = resume(&config, &data, &device, state, &mut [&mut observer]).unwrap();
                assert!(end(&trained) == expected, "{algo} {sparsity} {stop}");
                assert_eq!(observer.began, [0, stop]);
                assert_eq!(observer.best, best, "{algo} {stop}");
                // What was seen before and after the break is what a run without it shows.
                assert_eq!(format!("{:?}", observer.seen), evaluations, "{algo} {stop}");
                // The next stop goes on from the same bytes too.
                assert!(*observer.states.last().unwrap() == last, "{algo} {stop}");
            }
        }
    }
}

#[test]
fn a_run_that_is_over_makes_no_update() {
    let mut data = dataset(7);
    data.normalise();
    let (config, device) = (config("td3-bc", 0.5), Device::flex());
    let mut observer = Stored::of(&config, &data);
    let whole = train(&config, &data, &device, &mut [&mut observer]).unwrap();
    let state = stored(observer.states.last().unwrap());
    let mut observer = Stored::of(&config, &data);
    let again = resume(&config, &data, &device, state, &mut [&mut observer]).unwrap();
    assert!(end(&again) == end(&whole));
    assert!(observer.seen.is_empty() && observer.states.is_empty());
}

/// Learning without a task has no evaluation to be the best.
#[test]
fn a_run_without_a_task_goes_on_too() {
    let mut data = dataset(7);
    data.normalise();
    let mut config = config("iql", 0.5);
    config.env = "none".into();
    let device = Device::flex();
    let whole = train(&config, &data, &device, &mut []).unwrap();
    let mut observer = Stored {
        stop: Some(8),
        ..Stored::of(&config, &data)
    };
    train(&config, &data, &device, &mut [&mut observer]).unwrap();
    let state = stored(observer.states.last().unwrap());
    let trained = resume(&config, &data, &device, state, &mut [&mut observer]).unwrap();
    assert!(end(&trained) == end(&whole));
    assert!(observer.best.is_empty());
}

#[test]
fn other_data_and_other_settings_are_refused() {
    let mut data = dataset(7);
    data.normalise();
    let (config, device) = (config("iql", 0.5), Device::flex());
    let mut observer = Stored::of(&config, &data);
    train(&config, &data, &device, &mut [&mut observer]).unwrap();
    let bytes = observer.states.remove(0);
    let refused = |config: &OfflineConfig, data: &Dataset| {
        let error = resume(config, data, &device, stored(&bytes), &mut []).unwrap_err();
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
    assert!(resume(&config, &data, &device, stored(&bytes), &mut []).is_ok());
}
