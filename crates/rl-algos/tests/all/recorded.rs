//! Learning from recorded transitions: the order of batches, what a stopped run goes on with, and what is refused.

use std::ops::ControlFlow;

use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rl_algos::agent::{Agent, Experience, Network, Parts, Resumable, UpdateReport};
use rl_algos::observe::{Evaluation, Observer, Progress, Snapshot};
use rl_algos::replay::{Batch, Batches, OfflineData};
use rl_algos::rng::Streams;
use rl_algos::train::{LoopConfig, TrainState, Trainer};
use rl_algos::{Result, algos, recipes};

const TASK: &str = "InvertedPendulum-v5";

/// Transitions whose return is a number by which a batch is known.
struct Numbers;

impl OfflineData for Numbers {
    fn sizes(&self) -> [usize; 2] {
        [4, 1]
    }

    fn sample(&self, n: usize, gamma: f32, size: usize, rng: &mut ChaCha8Rng, batch: &mut Batch) {
        batch.clear();
        batch.size = size;
        for _ in 0..size {
            batch.return_n.push(rng.random_range(-1.0..1.0));
            batch.discount.push(gamma.powi(n as i32));
            batch.action.push(rng.random_range(-1.0..1.0));
            for _ in 0..4 {
                batch.observation.push(rng.random_range(-1.0..1.0));
                batch.next_observation.push(rng.random_range(-1.0..1.0));
            }
        }
    }

    fn normalise(&self, observation: &mut [f32]) {
        observation.fill(0.25);
    }

    fn score(&self, mean_return: f64) -> Option<f64> {
        Some(2.0 * mean_return)
    }
}

/// Draws this many batches for each step, and tells them apart.
#[derive(Debug)]
struct Reader {
    batches: usize,
    /// The first number of every batch.
    read: Vec<f32>,
    /// What it was asked to act on last.
    seen: f32,
}

impl Reader {
    fn of(batches: usize) -> Self {
        Self {
            batches,
            read: Vec::new(),
            seen: f32::NAN,
        }
    }
}

impl Agent for Reader {
    fn act(&mut self, observation: &[f32], action: &mut [f32]) {
        self.seen = observation[0];
        action.fill(0.0);
    }

    fn learn(
        &mut self,
        experience: &mut Experience<'_>,
        streams: &mut Streams,
    ) -> Result<UpdateReport> {
        assert!(experience.transition().is_none());
        for _ in 0..self.batches {
            let batch = experience.batch(&mut streams.replay)?;
            self.read.push(batch.return_n[0]);
        }
        Ok(UpdateReport {
            updates: self.batches as u64,
            metrics: vec![("number", *self.read.last().unwrap_or(&f32::NAN))],
            ..UpdateReport::default()
        })
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["number"]
    }

    fn networks(&self) -> Vec<Network<'_>> {
        Vec::new()
    }
}

impl Resumable for Reader {
    fn parts(&mut self) -> Parts<'_> {
        Parts::default()
    }
}

fn config(steps: u64) -> LoopConfig {
    let mut config = LoopConfig {
        steps,
        seed: 3,
        batch_size: 5,
        ..LoopConfig::default()
    };
    (config.evaluation.every, config.evaluation.episodes) = (10, 2);
    config
}

/// Keeps the last state and all evaluations, and may end the run.
#[derive(Default)]
struct Kept {
    stop: Option<u64>,
    state: Option<TrainState>,
    evaluations: Vec<Evaluation>,
}

impl Observer for Kept {
    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        match self.stop == Some(progress.step) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        self.evaluations.push(evaluation.clone());
        Ok(())
    }

    fn on_checkpoint(&mut self, snapshot: &mut Snapshot<'_>) -> Result<()> {
        assert!(snapshot.replay().is_none());
        self.state = Some(snapshot.state()?);
        Ok(())
    }
}

/// Batches that are drawn one after the other, without an agent.
fn in_order(count: usize) -> Vec<f32> {
    let (mut rng, mut batch) = (Streams::new(3).replay, Batch::default());
    let mut next = |_| {
        Numbers.sample(1, 0.99, 5, &mut rng, &mut batch);
        batch.return_n[0]
    };
    (0..count).map(&mut next).collect()
}

/// However many a step takes, on any number of threads, and with a break.
#[test]
fn batches_follow_each_other_in_the_order_of_their_stream() {
    for (batches, threads) in [(0, 1), (1, 1), (1, 2), (3, 1), (3, 2)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.unwrap();
        let run = |kept: &mut Kept, state| {
            let mut trainer = Trainer::offline(Reader::of(batches), Numbers).config(config(25));
            if let Some(state) = state {
                trainer = trainer.resume(state, None);
            }
            pool.install(|| trainer.observe(kept).run()).unwrap()
        };
        let mut whole = Kept::default();
        let trained = run(&mut whole, None);
        // A step takes one batch out of the stream, even where the agent does not look at it.
        let expected = in_order(25 * batches);
        assert_eq!(trained.agent.read, expected, "{batches} {threads}");
        assert_eq!((trained.steps, trained.returns.len()), (25, 3));
        assert!(trained.returns.iter().all(|mean| mean.is_nan()));
        let updates: Vec<u64> = whole
            .evaluations
            .iter()
            .map(|e| e.progress.updates)
            .collect();
        assert_eq!(updates, [10, 20, 25].map(|step| step * batches as u64));
        let mut cut = Kept {
            stop: Some(13),
            ..Kept::default()
        };
        let first = run(&mut cut, None);
        assert!(first.stopped);
        let mut rest = Kept::default();
        let again = run(&mut rest, cut.state);
        let read = [first.agent.read, again.agent.read].concat();
        assert_eq!(read, expected, "{batches} {threads}");
        let all = [cut.evaluations, rest.evaluations].concat();
        assert_eq!(format!("{all:?}"), format!("{:?}", whole.evaluations));
    }
}

#[test]
fn it_is_evaluated_in_a_task_as_the_data_say() {
    let mut kept = Kept::default();
    let trainer = Trainer::offline(Reader::of(1), Numbers).config(config(10));
    let trainer = trainer.evaluate_in(envs::make(TASK).unwrap());
    let trained = trainer.observe(&mut kept).run().unwrap();
    assert_eq!(trained.agent.seen, 0.25);
    let evaluation = &kept.evaluations[0];
    let mean = evaluation.returns.as_ref().unwrap().mean;
    assert!(mean >= 1.0);
    assert_eq!(trained.returns, [mean]);
    assert_eq!(evaluation.score, Some(2.0 * mean));
}

/// An agent of a task learns from recorded transitions as it is.
#[test]
fn an_agent_of_a_task_learns_from_them_too() {
    let mut recipe = recipes::named("rlx2-td3", TASK).unwrap();
    (recipe.networks.actor, recipe.networks.critic) = (vec![16, 16], vec![16, 16]);
    recipe.sparsity.actor = 0.5;
    recipe.sparsity.critic = 0.5;
    let mut streams = Streams::new(recipe.seed);
    let agent = algos::build(&recipe, 4, 1, &Device::flex(), &mut streams).unwrap();
    let mut kept = Kept::default();
    let trainer = Trainer::offline(agent, Numbers).config(config(20));
    trainer.streams(streams).observe(&mut kept).run().unwrap();
    let metrics = &kept.evaluations[1].metrics;
    assert!(metrics.get("critic_loss") > 0.0 && metrics.get("actor_loss").is_finite());
    let dormant = kept.evaluations[1].networks[0].dormant;
    assert!((0.0..=1.0).contains(&dormant));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut late = config(5);
    late.n_step.delay = 3;
    let trainer = Trainer::offline(Reader::of(1), Numbers).config(late);
    let error = trainer.run().unwrap_err().to_string();
    assert_eq!(
        error,
        "n_step.delay = 3: must be 0 with recorded transitions"
    );

    let trainer = Trainer::offline(Reader::of(1), Numbers).config(config(5));
    let trainer = trainer.evaluate_in(envs::make("Hopper-v5").unwrap());
    let error = trainer.run().unwrap_err().to_string();
    assert!(
        error.starts_with("env = Hopper-v5: must be a task with 4 and 1"),
        "{error}"
    );

    // An evaluation before the first step, where it is asked for.
    let mut first = config(5);
    first.evaluation.at_start = true;
    let evaluations = |config| {
        let mut kept = Kept::default();
        let trainer = Trainer::offline(Reader::of(1), Numbers).config(config);
        trainer.observe(&mut kept).run().unwrap();
        kept.evaluations.len()
    };
    assert_eq!(evaluations(first), evaluations(config(5)) + 1);

    // A state of a run in an environment.
    let mut kept = Kept::default();
    let trainer = Trainer::offline(Reader::of(1), Numbers).config(config(5));
    trainer.observe(&mut kept).run().unwrap();
    let trainer = Trainer::new(Reader::of(0), envs::make(TASK).unwrap()).config(config(10));
    let error = trainer.resume(kept.state.unwrap(), None).run().unwrap_err();
    assert!(
        error.to_string().contains("recorded transitions"),
        "{error}"
    );
}

#[test]
fn a_batch_that_is_drawn_ahead_is_the_next_one() {
    let rng = ChaCha8Rng::seed_from_u64(1);
    let mut batches = Batches::new(Numbers, 2, 0.5, 4, rng.clone());
    assert_eq!(batches.rng(), rng);
    let mut one = Batch::default();
    batches.prefetch();
    assert_eq!(batches.rng(), rng, "the batch ahead is not taken yet");
    batches.next(&mut one);
    assert_ne!(batches.rng(), rng);
    assert_eq!((one.size, one.discount[0]), (4, 0.25));
    let mut again = Batch::default();
    batches.set_rng(rng);
    batches.next(&mut again);
    assert_eq!(one, again);
}
