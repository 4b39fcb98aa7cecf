//! From a dataset to a pruned agent that acts.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use envs::VecEnv;
use offline_prune::config::{BcqConfig, IqlConfig, OfflineConfig, Td3BcConfig, agent_kinds};
use offline_prune::dataset::{Dataset, Episode};
use offline_prune::prune::PruneConfig;
use offline_prune::train::{Start as Begun, Trained, start, train};
use offline_prune::{fold_normaliser, policy_bytes};
use rand::RngExt;
use rl_algos::agent::{Agent, Network};
use rl_algos::algos::Policy;
use rl_algos::evaluate::evaluate;
use rl_algos::observe::{Evaluation, Observer, Progress, Snapshot, Start};
use rl_algos::rng::Streams;
use sparse_core::nn::{Initializer, SparseMlp, SparseMlpConfig};

const TASK: &str = "InvertedPendulum-v5";

/// What a hand-made controller does that balances the pole, with noise.
fn dataset() -> Dataset {
    let mut env = envs::make(TASK).unwrap();
    let mut rng = Streams::new(7).exploration;
    let mut seen = vec![0.0; 4];
    let mut episode = |seed: u64| {
        let mut episode = Episode::default();
        env.reset(seed, &mut seen).unwrap();
        let look = |seen: &[f64], episode: &mut Episode| {
            episode.observations.extend(seen.iter().map(|x| *x as f32));
        };
        look(&seen, &mut episode);
        for _ in 0..400 {
            let noise: f64 = rng.random_range(-0.6..0.6);
            let balance = 1.0 * seen[0] + 12.0 * seen[1] + 1.5 * seen[2] + 2.0 * seen[3];
            let action = (balance + noise).clamp(-3.0, 3.0);
            episode.actions.push(action as f32);
            let step = env.step(&[action], &mut seen).unwrap();
            episode.rewards.push(step.reward as f32);
            look(&seen, &mut episode);
            assert!(!step.terminated, "the controller balances");
        }
        episode.truncated = true;
        episode
    };
    let episodes: Vec<Episode> = (0..50).map(&mut episode).collect();
    Dataset::from_episodes(4, &[[-3.0, 3.0]], episodes).unwrap()
}

fn config(algo: &str, sparsity: Option<f64>) -> OfflineConfig {
    let mut config = OfflineConfig::new(algo.parse().unwrap(), TASK);
    config.updates = 1_500;
    config.learning.actor_learning_rate = 1e-3;
    (config.networks.actor, config.networks.critic) = (vec![32, 32], vec![32, 32]);
    (config.evaluation.every, config.evaluation.episodes) = (750, 4);
    // Every step that balances is worth the same, which says little of actions.
    if let Some(td3_bc) = config.algo.get_mut::<Td3BcConfig>() {
        td3_bc.alpha = 0.1;
    }
    if let Some(bcq) = config.algo.get_mut::<BcqConfig>() {
        bcq.vae_hidden = vec![32, 32];
    }
    config.pruning = sparsity.map(|sparsity| PruneConfig {
        sparsity,
        ..PruneConfig::default()
    });
    config
}

/// The evaluations of a run.
#[derive(Default)]
struct Evaluations(Vec<Evaluation>);

impl Observer for Evaluations {
    fn on_evaluation(&mut self, evaluation: &Evaluation) -> rl_algos::Result<()> {
        self.0.push(evaluation.clone());
        Ok(())
    }
}

/// A run, and its evaluations.
fn evaluated(config: &OfflineConfig, dataset: &Dataset) -> (Trained, Vec<Evaluation>) {
    let mut all = Evaluations::default();
    let trained = train(config, dataset, &Device::flex(), &mut [&mut all]).unwrap();
    (trained, all.0)
}

/// Every algorithm, dense and with a fifth of the weights, learns to balance for the whole episode of 1,000 steps. A
/// policy that was not trained falls after some ten.
#[test]
fn every_algorithm_learns_dense_and_pruned() {
    let mut dataset = dataset();
    dataset.normalise();
    for algo in agent_kinds().into_iter().map(|kind| kind.name) {
        for sparsity in [None, Some(0.8)] {
            let mut config = config(algo, sparsity);
            config.normalise_observations = true;
            let (trained, evaluations) = evaluated(&config, &dataset);
            let updates: Vec<u64> = evaluations.iter().map(|e| e.progress.updates).collect();
            assert_eq!(updates, [750, 1_500]);
            let last = evaluations.last().unwrap();
            let mean = last
                .returns
                .as_ref()
                .map_or(f64::NAN, |returns| returns.mean);
            assert!(mean > 900.0, "{algo} {sparsity:?}: {last:?}");
            assert_eq!(trained.returns.last(), Some(&mean));
            assert!(last.metrics.0.iter().all(|(_, loss)| loss.is_finite()));
            let expected = 1.0 - sparsity.unwrap_or(0.0);
            for (group, density) in densities(&trained.agent.networks()) {
                assert!((density - expected).abs() < 0.01, "{group}: {density}");
            }
        }
    }
}

/// The share of weights that exist, of each network; BCQ's encoder and decoder are ranked together.
fn densities(networks: &[Network<'_>]) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for Network { name, layers, .. } in networks {
        let group = match *name {
            "encoder" | "decoder" => "encoder and decoder",
            name => name,
        };
        let [kept, all] = counts.entry(group.to_owned()).or_default();
        for layer in layers {
            let pattern = layer.pattern();
            *kept += pattern.nnz();
            *all += pattern.outputs() * pattern.inputs();
        }
    }
    let share = |[kept, all]: [usize; 2]| kept as f64 / all as f64;
    counts
        .into_iter()
        .map(|(group, c)| (group, share(c)))
        .collect()
}

/// BCQ acts by several networks, so there is no file of its policy; it acts the same whenever it is asked.
#[test]
fn bcq_has_no_policy_to_export_and_acts_alike_each_time() {
    let dataset = dataset();
    let mut config = config("bcq", None);
    config.updates = 2;
    let mut trained = train(&config, &dataset, &Device::flex(), &mut []).unwrap();
    let error = policy_bytes(&mut *trained.agent, 1, None)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("networks = [perturbation, critic_1, critic_2, encoder, decoder]: must"),
        "{error}"
    );
    let mut act = |observation: [f32; 4]| {
        let mut action = [f32::NAN];
        trained.agent.act(&observation, &mut action);
        action
    };
    let (first, other) = (act([0.1, 0.2, -0.3, 0.0]), act([0.0; 4]));
    assert_ne!(first, other);
    assert_eq!(first, act([0.1, 0.2, -0.3, 0.0]));
}

/// Without a number, IQL's rewards are scaled by the range of the episodes' returns, where they differ.
#[test]
fn iql_takes_the_scale_of_rewards_from_the_dataset() {
    let episode = |rewards: &[f32]| Episode {
        observations: vec![0.0; rewards.len() + 1],
        actions: vec![0.0; rewards.len()],
        rewards: rewards.to_vec(),
        truncated: true,
        ..Episode::default()
    };
    let scale = |episodes: Vec<Episode>, set| {
        let dataset = Dataset::from_episodes(1, &[[-1.0, 1.0]], episodes).unwrap();
        let mut config = config("iql", None);
        config.algo.get_mut::<IqlConfig>().unwrap().reward_scale = set;
        let resolved = config.resolved(&dataset).algo;
        resolved.get::<IqlConfig>().unwrap().reward_scale
    };
    let several = [&[3.0, 1.0][..], &[1.0, 0.5], &[-1.0, 0.0, 0.0]];
    let several: Vec<Episode> = several.map(episode).into();
    assert_eq!(scale(several.clone(), None), Some(200.0));
    assert_eq!(scale(several, Some(0.5)), Some(0.5));
    assert_eq!(scale(vec![episode(&[1.0, 2.0]); 2], None), Some(1.0));
}

/// The policy's file acts on the task's own observations as the agent does on normalised ones.
#[test]
fn the_policy_needs_no_normaliser() {
    let mut dataset = dataset();
    let normaliser = dataset.normalise();
    let device = Device::flex();
    let mut config = config("bc", Some(0.5));
    config.updates = 100;
    let mut trained = train(&config, &dataset, &device, &mut []).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.safetensors");
    let policy = policy_bytes(
        &mut *trained.agent,
        dataset.action_size(),
        dataset.normaliser(),
    )
    .unwrap();
    std::fs::write(&file, policy).unwrap();
    let mut envs = VecEnv::new(TASK, 4).unwrap();
    let mut policy = Policy::open(&file, envs.info(), &device).unwrap();
    for observation in [[0.0, 0.0, 0.0, 0.0], [0.3, -0.1, 0.5, 1.5]] {
        let (mut raw, mut own) = ([0.0], [0.0]);
        policy.act(&observation, &mut raw);
        let mut normalised = observation.to_vec();
        normaliser.apply(&mut normalised);
        trained.agent.act(&normalised, &mut own);
        assert!((raw[0] - own[0]).abs() < 1e-5, "{raw:?} {own:?}");
    }
    let mut seeds = Streams::new(3).evaluation;
    let act = |seen: &[f32], action: &mut [f32]| policy.act(seen, action);
    assert!(evaluate(&mut envs, &mut seeds, act).unwrap().mean > 0.0);
    let actor = trained.agent.networks()[0].mlp().unwrap();
    // A policy of one's own may be normalised within.
    let net = SparseMlpConfig::new(vec![4, 8, 1])
        .with_sparsity(0.3)
        .with_layer_norm(true);
    let net = net.try_init(&device, &mut Streams::new(5).init).unwrap();
    let folded = fold_normaliser(&net, Some(&normaliser)).unwrap();
    let mut seen = vec![0.3, -0.1, 0.5, 1.5];
    let output = |net: &SparseMlp, seen: &[f32]| -> f32 {
        let x = Tensor::<1>::from_data(seen, &device).reshape([1, 4]);
        net.forward::<2>(x).into_scalar()
    };
    let raw = output(&folded, &seen);
    normaliser.apply(&mut seen);
    let own = output(&net, &seen);
    assert!((raw - own).abs() < 1e-5, "{raw} {own}");
    let mut other = normaliser;
    other.mean.pop();
    assert!(fold_normaliser(actor, Some(&other)).is_err());
}

/// Seeds repeat on any number of threads; a pruned agent starts as a part of the dense one.
#[test]
fn runs_repeat_and_pruned_agents_are_parts_of_the_dense_one() {
    struct First(Vec<Vec<f32>>);
    impl Observer for First {
        fn on_start(&mut self, start: &mut Start<'_>) -> rl_algos::Result<()> {
            assert!(start.is_offline);
            for network in start.agent.networks() {
                let layers = network.layers.into_iter();
                self.0
                    .extend(layers.map(|l| l.to_dense().into_data().iter().collect()));
            }
            Ok(())
        }
    }
    let mut dataset = dataset();
    dataset.normalise();
    let run = |algo, threads, sparsity| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let (mut first, mut all) = (First(Vec::new()), Evaluations::default());
        let mut config = config(algo, sparsity);
        (config.updates, config.normalise_observations) = (20, true);
        let device = Device::flex();
        pool.unwrap()
            .install(|| train(&config, &dataset, &device, &mut [&mut first, &mut all]))
            .unwrap();
        // As text, for losses that are no numbers.
        (format!("{:?}", all.0), first.0)
    };
    for algo in agent_kinds().into_iter().map(|kind| kind.name) {
        let (one, pruned) = run(algo, 1, Some(0.9));
        assert_eq!(one, run(algo, 2, Some(0.9)).0, "{algo}");
        let (_, dense) = run(algo, 1, None);
        let sizes = |net: &[Vec<f32>]| net.iter().map(Vec::len).collect::<Vec<usize>>();
        assert_eq!(sizes(&pruned), sizes(&dense), "{algo}");
        let (mut kept, mut all) = (0, 0);
        for (pruned, dense) in pruned.iter().flatten().zip(dense.iter().flatten()) {
            assert!(pruned == dense || *pruned == 0.0, "{algo}");
            (kept, all) = (kept + usize::from(*pruned != 0.0), all + 1);
        }
        assert!(
            all > 0 && (kept as f64 / all as f64 - 0.1).abs() < 0.01,
            "{algo}: {kept} of {all}"
        );
    }
}

/// It is not evaluated then: what goes on has the evaluations of a run without a break.
#[test]
fn an_observer_ends_the_run() {
    #[derive(Default)]
    struct Once {
        evaluated: u64,
        stored: u64,
    }
    impl Observer for Once {
        fn on_step(&mut self, _: &Progress) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
        fn on_evaluation(&mut self, _: &Evaluation) -> rl_algos::Result<()> {
            self.evaluated += 1;
            Ok(())
        }
        fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> rl_algos::Result<()> {
            assert!(snapshot.evaluation.is_none() && !snapshot.is_best());
            self.stored = snapshot.progress.updates;
            Ok(())
        }
    }
    let mut config = config("bc", None);
    config.normalise_observations = false;
    let mut once = Once::default();
    let trained = train(&config, &dataset(), &Device::flex(), &mut [&mut once]).unwrap();
    assert!(trained.stopped);
    assert_eq!((trained.steps, once.evaluated, once.stored), (1, 0, 1));
}

#[test]
fn what_does_not_fit_the_dataset_is_named() {
    let dataset = dataset();
    let device = Device::flex();
    let refused = |change: fn(&mut OfflineConfig)| {
        let mut config = config("bc", None);
        config.normalise_observations = false;
        change(&mut config);
        let error = train(&config, &dataset, &device, &mut []).unwrap_err();
        error.to_string()
    };
    let error = refused(|c| c.env = "Hopper-v5".into());
    assert!(
        error.starts_with("env = Hopper-v5: must be a task with 4 and 1"),
        "{error}"
    );
    let error = refused(|c| c.env = "Hoper-v5".into());
    assert!(error.contains("Hoper-v5"), "{error}");
    let error = refused(|c| c.normalise_observations = true);
    assert!(
        error.starts_with("normalise_observations = true"),
        "{error}"
    );
    let error = refused(|c| c.updates = 0);
    assert_eq!(error, "updates = 0: must be 1 or more");
    let error = refused(|c| {
        c.pruning = Some(PruneConfig {
            sparsity: 0.9999,
            ..PruneConfig::default()
        });
    });
    assert!(
        error.starts_with("sparsity = 0.9999: must be at most") && error.ends_with("(in actor)"),
        "{error}"
    );
}

/// Options that follow sparse_reg's and SNIP's code: what is ranked together, and what is scored.
#[test]
fn critics_are_ranked_together_and_others_networks_scored_where_that_is_asked() {
    let mut dataset = dataset();
    dataset.normalise();
    let made = |change: fn(&mut PruneConfig)| {
        let mut config = config("td3-bc", Some(0.9));
        change(config.pruning.as_mut().unwrap());
        start(&config, &dataset, &Device::flex()).unwrap()
    };
    let kept = |start: &Begun, name: &str| -> (Vec<u32>, Vec<f32>) {
        let networks = start.agent.networks();
        let network = networks.iter().find(|own| own.name == name).unwrap();
        let layers = &network.layers;
        let positions = layers
            .iter()
            .flat_map(|l| l.pattern().positions().collect::<Vec<_>>());
        let values = layers
            .iter()
            .flat_map(|l| l.values().into_data().iter::<f32>().collect::<Vec<_>>());
        (positions.collect(), values.collect())
    };
    let (apart, joint) = (made(|_| ()), made(|pruning| pruning.joint_critics = true));
    let groups = |start: &Begun| -> Vec<Vec<String>> {
        start
            .pruning
            .iter()
            .map(|(names, _)| names.clone())
            .collect()
    };
    assert_eq!(groups(&apart), [["actor"], ["critic_1"], ["critic_2"]]);
    assert_eq!(
        groups(&joint),
        [vec!["actor"], vec!["critic_1", "critic_2"]]
    );
    let count = |start: &Begun, name| kept(start, name).0.len();
    let both = |start: &Begun| count(start, "critic_1") + count(start, "critic_2");
    assert!(both(&apart).abs_diff(both(&joint)) <= 1);
    assert_ne!(
        count(&joint, "critic_1"),
        count(&apart, "critic_1"),
        "they compete"
    );
    assert_eq!(kept(&joint, "actor"), kept(&apart, "actor"));
    // Others are scored, and the connections that stay have the values that they would have had.
    let scored = made(|pruning| pruning.score_init = Some(Initializer::XavierUniform));
    let dense = made(|pruning| pruning.sparsity = 0.0);
    let (positions, values) = kept(&scored, "actor");
    assert_ne!(positions, kept(&apart, "actor").0);
    let all = kept(&dense, "actor").1;
    assert!(values.iter().all(|value| all.contains(value)));
}

/// Whatever is pruned, the batches, the noise and the evaluations are those of the dense agent: with one weight in a
/// thousand gone, the first losses hardly differ.
#[test]
fn pruning_leaves_the_numbers_of_training_as_they_are() {
    let mut dataset = dataset();
    dataset.normalise();
    let losses = |sparsity| {
        let mut config = config("td3-bc", sparsity);
        (config.updates, config.evaluation.every) = (2, 1);
        let (_, evaluations) = evaluated(&config, &dataset);
        let all = evaluations.into_iter().flat_map(|e| e.metrics.0);
        all.map(|(_, loss)| loss).collect::<Vec<f64>>()
    };
    let (dense, pruned) = (losses(None), losses(Some(0.001)));
    assert_eq!((dense.len(), pruned.len()), (6, 6));
    // The actor's has none before its first update.
    assert!(dense[2].is_nan() && !dense[5].is_nan());
    for (a, b) in dense.iter().zip(&pruned).filter(|(a, _)| !a.is_nan()) {
        assert!(
            (a - b).abs() < 0.02 * a.abs().max(0.1),
            "{dense:?} {pruned:?}"
        );
    }
    assert_ne!(dense[0], pruned[0]);
}
