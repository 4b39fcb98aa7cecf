//! Runs that are made longer, that begin with the networks of another, and that end early.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use sparse_core::nn::SparseModule;
use sparse_core::record::Record;

mod common;
use common::{refuses, run, says};

/// Nothing in it depends on the number of steps.
const STILL: &str = "\
recipe = \"static-td3\"
env = \"InvertedPendulum-v5\"
steps = 600
networks = { actor = [32, 32], critic = [32, 32] }
sparsity = { actor = 0.6, critic = 0.6 }
exploration.random_steps = 50
evaluation = { every = 100, episodes = 1 }
";

const MOVING: &str = "\
recipe = \"rlx2-sac\"
env = \"InvertedPendulum-v5\"
steps = 400
networks = { actor = [32, 32], critic = [32, 32] }
sparsity = { actor = 0.6, critic = 0.6 }
topology.every = 40
evaluation = { every = 100, episodes = 1 }
";

fn rows(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("metrics.csv")).unwrap();
    let timeless = |row: &str| {
        let cells: Vec<&str> = row.split(',').collect();
        cells[..cells.len() - 2].join(",")
    };
    text.lines().map(timeless).collect()
}

/// The connections and the values of a network in a file.
fn network(file: &Path, name: &str) -> Vec<(u32, f32)> {
    let net = Record::open(file)
        .unwrap()
        .network(name, &Device::flex())
        .unwrap();
    let layers = net.sparse_layers().into_iter();
    let pairs = layers.flat_map(|layer| {
        let values: Vec<f32> = layer.values().into_data().iter().collect();
        layer.pattern().positions().zip(values).collect::<Vec<_>>()
    });
    pairs.collect()
}

#[test]
fn a_run_that_is_made_longer_is_the_run_of_that_length() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("still.toml"), STILL).unwrap();
    says(folder, "train --config still.toml --out long --steps 900");
    says(folder, "train --config still.toml --out short");
    let said = says(folder, "train --resume short --steps 900");
    assert!(said.contains("900 steps, in the place of 600"), "{said}");
    assert_eq!(rows(&folder.join("short")), rows(&folder.join("long")));
    let latest =
        |run: &str| fs::read(folder.join(run).join("checkpoints/latest.safetensors")).unwrap();
    assert!(latest("short") == latest("long"));
    let said = says(folder, "train --resume short --steps 900");
    assert!(said.contains("over already"), "{said}");
    let error = refuses(folder, "train --resume short --steps 300");
    assert!(
        error.contains("--steps 300: must be 900 or more"),
        "{error}"
    );
    // Of what can no longer go on nothing is lost.
    fs::remove_dir_all(folder.join("short/resume")).unwrap();
    let before = fs::read_to_string(folder.join("short/config.toml")).unwrap();
    let error = refuses(folder, "train --resume short --steps 1200");
    assert!(
        error.contains("state.bin") && error.contains("--init-from"),
        "{error}"
    );
    assert_eq!(
        fs::read_to_string(folder.join("short/config.toml")).unwrap(),
        before
    );
}

#[test]
fn connections_stop_where_they_were_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("moving.toml"), MOVING).unwrap();
    says(folder, "train --config moving.toml --out a");
    let said = says(folder, "train --resume a --steps 800");
    assert!(
        said.contains("connections move until the critics' update 350"),
        "{said}"
    );
    let text = fs::read_to_string(folder.join("a/metrics.csv")).unwrap();
    let names: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let column = names.iter().position(|name| *name == "moved").unwrap();
    let moved: Vec<u64> = text
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(column).unwrap().parse().unwrap())
        .collect();
    assert_eq!(moved.len(), 8);
    assert!(
        moved[3] > 0 && moved[3..].iter().all(|count| *count == moved[3]),
        "{moved:?}"
    );
}

#[test]
fn a_run_begins_with_what_is_taken_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("moving.toml"), MOVING).unwrap();
    says(folder, "train --config moving.toml --out a");
    let last = folder.join("a/checkpoints/latest.safetensors");
    let first = folder.join("a/checkpoints/initial.safetensors");
    let begun = |take: &str| {
        let words = format!(
            "train --config moving.toml --set topology=false --steps 50 --seed 7 --init-from a --take {take} --out {take}"
        );
        says(folder, &words);
        let text = fs::read_to_string(folder.join(take).join("config.toml")).unwrap();
        assert!(
            text.starts_with(&format!("# init-from: {take} of a\n")),
            "{text}"
        );
        folder.join(take).join("checkpoints/initial.safetensors")
    };
    for name in ["actor", "critic_1", "critic_2"] {
        assert_ne!(network(&first, name), network(&last, name));
    }
    let (networks, connections, ticket) =
        (begun("networks"), begun("connections"), begun("ticket"));
    for name in ["actor", "critic_1", "critic_2"] {
        let last = network(&last, name);
        assert_eq!(network(&networks, name), last);
        let places =
            |pairs: &[(u32, f32)]| pairs.iter().map(|(place, _)| *place).collect::<Vec<_>>();
        let drawn = network(&connections, name);
        assert_eq!(places(&drawn), places(&last));
        assert!(drawn.iter().zip(&last).all(|(a, b)| a.1 != b.1));
        let ticket = network(&ticket, name);
        assert_eq!(places(&ticket), places(&last));
        let first = network(&first, name);
        assert!(
            ticket
                .iter()
                .all(|pair| pair.1 == 0.0 || first.contains(pair))
        );
        assert!(ticket.iter().any(|pair| pair.1 != 0.0));
    }
    // What is told of networks is told of those that were taken.
    let told = |text: &str| {
        let actor = text.lines().find(|line| line.starts_with("actor "));
        actor.map(str::to_owned)
    };
    let dense = "train --config moving.toml --set topology=false --set sparsity.actor=0 --set sparsity.critic=0 --steps 50";
    let sparse = told(&says(
        folder,
        "train --config moving.toml --steps 50 --out c",
    ));
    for (rest, expected) in [
        ("--init-from a --out d", true),
        ("--init-from a --seeds 0,1 --out e", true),
        ("--out f", false),
    ] {
        let found = told(&says(folder, &format!("{dense} {rest}")));
        assert!(
            found.is_some() && (found == sparse) == expected,
            "{found:?}"
        );
    }
    // Another recipe's networks are of other sizes.
    let error = refuses(
        folder,
        "train --env InvertedPendulum-v5 --steps 50 --init-from a --out b",
    );
    assert!(
        error.contains("--init-from a: its actor is 4-32-32-2, and this run's 4-256-256-1"),
        "{error}"
    );
    assert!(!folder.join("b/config.toml").exists());
    let error = refuses(folder, "train --init-from nowhere");
    assert!(error.contains("nowhere holds no run"), "{error}");
    // The policy's samples differ from its mean.
    let mean = says(folder, "eval a --episodes 3");
    let drawn = says(folder, "eval a --episodes 3 --sample");
    assert!(drawn.contains("by samples") && drawn != mean, "{drawn}");
}

#[test]
fn runs_end_early_and_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("still.toml"), STILL).unwrap();
    let said = says(
        folder,
        "train --config still.toml --out a --stop-at-return -1000",
    );
    assert!(
        said.contains("ended early: a return of") && said.contains("train --resume a"),
        "{said}"
    );
    assert_eq!(rows(&folder.join("a")).len(), 2);
    let said = says(folder, "train --resume a --patience 1");
    assert!(
        said.contains("ended early: no return above") || said.contains("speed"),
        "{said}"
    );
    says(folder, "train --resume a");
    says(folder, "train --config still.toml --out whole");
    assert_eq!(rows(&folder.join("a")), rows(&folder.join("whole")));
    let output = run(folder, "eval whole --sample");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.contains("--sample: the policy of whole is td3's"),
        "{error}"
    );
}
