//! What is written in Minari's layout reads back, here and in Minari itself.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use offline_prune::Error;
use offline_prune::dataset::minari::{Description, Written, write};
use offline_prune::dataset::{Dataset, Episode};
use offline_prune::score::Reference;
use serde_json::json;

const ID: &str = "written/by-rust-v3";

fn description() -> Description {
    let entries = json!({"author": ["a test"], "algorithm_name": "formula"});
    Description {
        id: ID.to_owned(),
        observation_size: 3,
        action_bounds: vec![[-0.4, 0.4], [-1.0, 1.0]],
        reference: Some(Reference {
            min: -20.0,
            max: 180.0,
        }),
        replace: false,
        entries: entries.as_object().unwrap().clone(),
    }
}

/// The formulas that `read_with_minari.py` repeats.
fn episode(number: usize) -> Episode {
    let steps = 1 + number % 5;
    let rows =
        |steps: usize, width: usize| (0..steps).flat_map(move |t| (0..width).map(move |j| (t, j)));
    let observation = |(t, j): (usize, usize)| number as f32 + 0.25 * t as f32 + j as f32;
    Episode {
        observations: rows(steps + 1, 3).map(observation).collect(),
        actions: rows(steps, 2)
            .map(|(t, j)| 0.125 * ((t + j) % 3) as f32)
            .collect(),
        rewards: (0..steps).map(|t| t as f32 - 0.5 * number as f32).collect(),
        terminated: number.is_multiple_of(2),
        truncated: !number.is_multiple_of(2),
    }
}

fn written(folder: &Path, episodes: usize) -> Written {
    write(folder, &description(), (0..episodes).map(episode)).unwrap()
}

#[test]
fn written_episodes_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let written = written(folder.path(), 23);
    assert_eq!(written.folder, folder.path().join(ID));
    let data = Dataset::open(&written.folder).unwrap();
    let episodes: Vec<Episode> = (0..23).map(episode).collect();
    let each = |of: fn(&Episode) -> &[f32]| -> Vec<f32> {
        episodes.iter().flat_map(|e| of(e).to_vec()).collect()
    };
    let firsts = |e: &Episode| e.observations.len() - 3;
    let observations: Vec<f32> = episodes
        .iter()
        .flat_map(|e| e.observations[..firsts(e)].to_vec())
        .collect();
    assert_eq!(data.observations(), observations);
    assert_eq!(data.rewards(), each(|e| &e.rewards));
    let scaled: Vec<f32> = each(|e| &e.actions)
        .chunks(2)
        .flat_map(|a| [(f64::from(a[0]) / 0.4) as f32, a[1]])
        .collect();
    assert_eq!(data.actions(), scaled);
    assert_eq!(data.episodes().len(), 23);
    for (rows, episode) in data.episodes().zip(&episodes) {
        let last = rows.end - 1;
        assert_eq!(data.is_terminal(last), episode.terminated);
        assert_eq!(data.is_cut(last), episode.truncated);
        let next = &episode.observations[firsts(episode)..];
        assert_eq!(data.next_observation(last), Some(next));
    }
    assert_eq!(data.reference(), description().reference);
    // The same as without a file, but for the reference.
    let bounds = description().action_bounds;
    let direct = Dataset::from_episodes(3, &bounds, (0..23).map(episode)).unwrap();
    assert_eq!(direct.observations(), data.observations());
    assert_eq!(direct.actions(), data.actions());
    assert!(direct.episodes().eq(data.episodes()));
    for row in 0..data.len() {
        assert_eq!(direct.is_terminal(row), data.is_terminal(row));
        assert_eq!(direct.next_observation(row), data.next_observation(row));
    }
    let returns: Vec<f64> = episodes
        .iter()
        .map(|e| e.rewards.iter().map(|r| f64::from(*r)).sum())
        .collect();
    assert_eq!((written.steps, written.returns), (data.len(), returns));
}

/// The HDF5 file of many episodes has another structure than that of a few.
#[test]
fn minari_reads_what_was_written() {
    let python = || Command::new("python3");
    let has = python().args(["-c", "import minari, h5py"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: there is no python3 with minari and h5py"
        );
        return;
    }
    for episodes in [1, 3, 700] {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), episodes);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/read_with_minari.py");
        let output = python()
            .arg(script)
            .args([ID, &episodes.to_string()])
            .env("MINARI_DATASETS_PATH", folder.path())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{episodes} episodes: {errors}");
        // What Minari added reads back here, in its own structure.
        let data = Dataset::open(folder.path().join(ID)).unwrap();
        assert_eq!(data.episodes().len(), episodes + 1);
        assert_eq!(data.rewards()[data.len() - 2..], [1.0, 2.0]);
        assert!(data.is_terminal(data.len() - 1));
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |description: &Description, change: fn(&mut Episode)| {
        let mut last = episode(1);
        change(&mut last);
        let error = write(folder.path(), description, [episode(0), last]).unwrap_err();
        assert!(Dataset::open(folder.path().join(ID)).is_err());
        error
    };
    let key = |error: Error| match error {
        Error::Shape { key, .. } | Error::Value { key, .. } => key,
        other => other.to_string(),
    };
    let fine = description();
    let short = refused(&fine, |e| e.observations.truncate(8));
    assert_eq!(key(short), "episode_1/observations");
    let nan = refused(&fine, |e| e.rewards[0] = f32::NAN);
    assert_eq!(key(nan), "episode_1/rewards");
    let far = refused(&fine, |e| e.actions[0] = 0.5);
    assert_eq!(key(far), "episode_1/actions");
    let empty = refused(&fine, |e| *e = Episode::default());
    assert!(matches!(empty, Error::EmptyEpisode { .. }), "{empty}");
    for id in [
        "x", "../x-v0", "a//b-v0", "/x-v0", "a b-v0", "x-v", "-v1", "x-v1.5",
    ] {
        let description = Description {
            id: id.to_owned(),
            ..description()
        };
        let error = refused(&description, |_| ()).to_string();
        assert!(error.starts_with(&format!("id = {id}: must be")), "{error}");
    }
    let none = Dataset::from_episodes(3, &fine.action_bounds, []).unwrap_err();
    assert!(matches!(none, Error::NoTransitions { .. }), "{none}");
    let direct = Dataset::from_episodes(2, &fine.action_bounds, [episode(0)]).unwrap_err();
    assert_eq!(key(direct), "episode_0/observations");
    // A second attempt succeeds, a third would overwrite.
    written(folder.path(), 2);
    let error = write(folder.path(), &fine, [episode(0)]).unwrap_err();
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!(Dataset::open(folder.path().join(ID)).unwrap().len(), 3);
}
