"""Opens the dataset that `minari_python.rs` wrote with Minari and compares it with the formulas there.

    MINARI_DATASETS_PATH=folder python3 read_with_minari.py written/by-rust-v3 episodes
"""

import json
import sys

import minari
import numpy as np


def main():
    name, episodes = sys.argv[1], int(sys.argv[2])
    data = minari.load_dataset(name)
    steps = [1 + e % 5 for e in range(episodes)]
    assert data.id == name
    assert data.total_episodes == episodes, data.total_episodes
    assert data.total_steps == sum(steps), data.total_steps
    assert data.observation_space.shape == (3,) and data.action_space.shape == (2,)
    assert np.array_equal(data.action_space.low, np.float32([-0.4, -1])), data.action_space
    assert name in minari.list_local_datasets()
    returns = []
    for e, episode in enumerate(data.iterate_episodes()):
        t = np.arange(steps[e] + 1)[:, None]
        last = np.arange(steps[e]) == steps[e] - 1
        assert episode.id == e
        assert np.array_equal(episode.observations, np.float32(e + 0.25 * t + np.arange(3)))
        assert np.array_equal(episode.actions, np.float32(0.125 * ((t[:-1] + np.arange(2)) % 3)))
        assert np.array_equal(episode.rewards, np.float32(t[:-1, 0] - 0.5 * e))
        assert episode.terminations.dtype == bool and episode.truncations.dtype == bool
        assert np.array_equal(episode.terminations, last & (e % 2 == 0))
        assert np.array_equal(episode.truncations, last & (e % 2 == 1))
        returns.append(episode.rewards.sum(dtype="f8"))
    metadata = data.storage.metadata
    assert abs(metadata["return_mean"] - np.mean(returns)) < 1e-6, metadata
    assert abs(metadata["return_std"] - np.std(returns)) < 1e-6, metadata
    assert [metadata["return_min"], metadata["return_max"]] == [min(returns), max(returns)]
    assert metadata["author"] == {"a test"}, metadata
    score = minari.get_normalized_score(data, np.array([-20.0, 180.0]))
    assert np.allclose(score, [0, 1]), score
    per_episode = list(data.storage.get_episode_metadata(range(episodes)))
    assert [m["total_steps"] for m in per_episode] == steps
    # Minari can go on where this left off.
    more = minari.data_collector.EpisodeBuffer(
        observations=np.zeros((3, 3), np.float32),
        actions=np.zeros((2, 2), np.float32),
        rewards=[1.0, 2.0],
        terminations=[False, True],
        truncations=[False, False],
    )
    data.update_dataset_from_buffer([more])
    assert minari.load_dataset(name).total_episodes == episodes + 1
    print(json.dumps({"episodes": episodes, "steps": sum(steps)}))


main()
