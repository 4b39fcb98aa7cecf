//! The same seed gives the same run on one CPU, whatever the number of threads and whatever runs beside it.

use std::thread;

use rayon::ThreadPoolBuilder;
use rl_algos::config::TrainConfig;
use tests::small::{config, metrics, run};

/// The metrics of a run in a pool of this many threads.
fn with_threads(config: &TrainConfig, threads: usize) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| run(config, &path)).unwrap();
    metrics(&path)
}

#[test]
fn the_number_of_threads_changes_no_number() {
    for recipe in ["rlx2", "set", "dense"] {
        let mut config = config(recipe, 900);
        // Wide enough that the dense products are shared out among threads.
        config.networks.actor = vec![256, 256];
        config.networks.critic = vec![256, 256];
        config.learning.batch_size = 256;
        let alone = with_threads(&config, 1);
        assert_eq!(alone.len(), 4, "a header and three evaluations");
        for threads in [2, 4] {
            assert_eq!(
                with_threads(&config, threads),
                alone,
                "{recipe}, {threads} threads"
            );
        }
    }
}

#[test]
fn runs_beside_each_other_do_not_meet() {
    let config = config("rlx2", 900);
    let alone = with_threads(&config, 2);
    let both = thread::scope(|scope| {
        let runs = [0, 1].map(|_| scope.spawn(|| with_threads(&config, 2)));
        runs.map(|run| run.join().unwrap())
    });
    assert!(both.iter().all(|run| *run == alone));
}

#[test]
fn another_seed_is_another_run() {
    let mut other = config("rlx2", 600);
    other.seed = 1;
    // The last column is the seed itself.
    let told = |config: &TrainConfig| -> Vec<String> {
        let rows = with_threads(config, 2);
        assert!(rows[0].ends_with(",seed"), "{}", rows[0]);
        let numbers = rows[1..].iter().map(|row| row.rsplit_once(',').unwrap().0);
        numbers.map(str::to_owned).collect()
    };
    let (one, other) = (told(&config("rlx2", 600)), told(&other));
    assert_eq!((one.len(), other.len()), (3, 3), "three evaluations each");
    for (row, other) in one.iter().zip(other) {
        assert_ne!(*row, other);
    }
}
