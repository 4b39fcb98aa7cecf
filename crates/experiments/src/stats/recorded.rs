//! Numbers that rliable 1.2.0 computed (`tests/golden/statistics/record.py`).

use serde_json::Value;

use super::curve::{Centre, sample_efficiency};
use super::profile::{profile_of_means, with_intervals};
use super::*;

fn recorded() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/statistics/rliable.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|number| number.as_f64().unwrap()).collect()
}

/// From `[runs][tasks]`.
fn scores(value: &Value) -> Scores {
    let runs: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    let task = |task| runs.iter().map(|run: &Vec<f64>| run[task]).collect();
    Scores::new((0..runs[0].len()).map(task).collect()).unwrap()
}

#[track_caller]
fn equal(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() < 1e-12, "{what}: {ours} for {theirs}");
}

/// As many resamples as they drew in all.
fn bootstrap(recorded: &Value) -> Bootstrap {
    let resamples = recorded["resamples"].as_u64().unwrap();
    Bootstrap::new(usize::try_from(resamples).unwrap(), 0.95, 3).unwrap()
}

/// Ours and theirs, the latter the mean over batches: they may differ by five standard errors of a batch's end over the
/// root of the number of batches, twice since ours is drawn too. The ends of a statistic with few values jump between
/// them, which shows in the spread.
#[track_caller]
fn near(ours: &[Estimate], theirs: &Value, batches: f64, what: &str) {
    let [ends, spread] = ["ends", "spread"].map(|key| theirs[key].as_array().unwrap());
    for (at, estimate) in ours.iter().enumerate() {
        for (end, value) in [estimate.low, estimate.high].into_iter().enumerate() {
            let [theirs, spread] = [&ends[end], &spread[end]].map(|row| numbers(row)[at]);
            let error = 5.0 * spread * (2.0 / batches).sqrt() + 1e-12;
            assert!(
                (value - theirs).abs() <= error,
                "{what} {at}, end {end}: {value} for {theirs} ± {error}"
            );
        }
    }
}

#[test]
fn estimates_are_rliables() {
    let recorded = recorded();
    let thresholds = numbers(&recorded["thresholds"]);
    for case in recorded["cases"].as_array().unwrap() {
        let [x, y] = ["x", "y"].map(|key| scores(&case[key]));
        let theirs = |name: &str| case["estimates"][name].as_f64().unwrap();
        for (name, ours) in [
            ("mean", mean(&x)),
            ("median", median(&x)),
            ("iqm", iqm(&x)),
            ("optimality_gap", optimality_gap(&x, 1.0)),
            ("optimality_gap_at_0.8", optimality_gap(&x, 0.8)),
            ("improvement", probability_of_improvement(&x, &y).unwrap()),
        ] {
            equal(ours, theirs(name), name);
        }
        let profiles = [
            ("profile", profile(&x, &thresholds)),
            ("profile_of_means", profile_of_means(&x, &thresholds)),
        ];
        for (name, ours) in profiles {
            let theirs = numbers(&case[name]);
            assert_eq!(ours.len(), theirs.len());
            let both = ours.into_iter().zip(theirs);
            both.for_each(|(ours, theirs)| equal(ours, theirs, name));
        }
    }
}

#[test]
fn intervals_are_rliables() {
    let recorded = recorded();
    let (by, batches) = (bootstrap(&recorded), recorded["batches"].as_f64().unwrap());
    let thresholds = numbers(&recorded["thresholds"]);
    for case in recorded["cases"].as_array().unwrap() {
        let [x, y] = ["x", "y"].map(|key| scores(&case[key]));
        let aggregates = by.of_many(&x, |x| {
            vec![mean(x), median(x), iqm(x), optimality_gap(x, 1.0)]
        });
        let names = ["mean", "median", "iqm", "optimality_gap"];
        for (name, ours) in names.into_iter().zip(aggregates) {
            near(&[ours], &case["intervals"][name], batches, name);
        }
        let improved = |x: &Scores, y: &Scores| probability_of_improvement(x, y).unwrap();
        let improvement = by.of_two(&x, &y, improved).unwrap();
        let theirs = &case["intervals"]["improvement"];
        near(&[improvement], theirs, batches, "improvement");
        let ours = with_intervals(&x, &thresholds, &by);
        near(&ours, &case["intervals"]["profile"], batches, "profile");
    }
}

#[test]
fn curves_are_rliables() {
    let recorded = recorded();
    let curves = &recorded["curves"];
    let runs = curves["scores"].as_array().unwrap();
    let task = |task: usize| {
        let run = |run: &Value| {
            let points = (1..).map(f64::from).zip(numbers(&run[task])).collect();
            Curve::new(points).unwrap()
        };
        runs.iter().map(run).collect()
    };
    let tasks: Vec<Vec<Curve>> = (0..runs[0].as_array().unwrap().len()).map(task).collect();
    let band = sample_efficiency(&tasks, Centre::Iqm, &bootstrap(&recorded)).unwrap();
    let theirs = numbers(&curves["iqm"]);
    assert_eq!(band.estimates.len(), theirs.len());
    for (ours, theirs) in band.estimates.iter().zip(theirs) {
        equal(ours.value, theirs, "iqm of a curve");
    }
    let batches = recorded["batches"].as_f64().unwrap();
    near(&band.estimates, &curves["intervals"], batches, "curve");
}
