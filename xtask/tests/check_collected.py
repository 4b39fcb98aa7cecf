"""Opens a dataset that `collect.rs` made with Minari, makes its environment and goes through episodes again.

    MINARI_DATASETS_PATH=folder python3 check_collected.py hopper/random-v0 500
"""

import sys

import gymnasium
import minari
import numpy as np


def main():
    name, steps = sys.argv[1], int(sys.argv[2])
    data = minari.load_dataset(name)
    assert data.total_steps == steps, data.total_steps
    spec, known = data.env_spec, gymnasium.spec(data.env_spec.id)
    assert (spec.entry_point, spec.kwargs) == (known.entry_point, known.kwargs), spec
    assert spec.max_episode_steps == known.max_episode_steps, spec
    env = data.recover_environment()
    assert env.observation_space.shape == data.observation_space.shape
    assert np.allclose(env.action_space.low, data.action_space.low)
    assert np.allclose(env.action_space.high, data.action_space.high)
    wrapped, seen = env.unwrapped, 0
    for episode in data.iterate_episodes():
        seen += len(episode.rewards)
        ends = episode.terminations | episode.truncations
        assert ends[-1] and not ends[:-1].any()
        if len(episode.rewards) < 10:
            continue
        # The first steps again, from the first observation; hoppers do not observe where along the track they are.
        env.reset(seed=0)
        first = np.float64(episode.observations[0])
        hidden = wrapped.model.nq + wrapped.model.nv - len(first)
        qpos = np.concatenate([np.zeros(hidden), first[: wrapped.model.nq - hidden]])
        wrapped.set_state(qpos, first[wrapped.model.nq - hidden :])
        for t in range(5):
            observation, reward, _, _, _ = env.step(episode.actions[t])
            assert np.allclose(observation, episode.observations[t + 1], atol=1e-4), t
            assert np.isclose(reward, episode.rewards[t], atol=1e-4), t
    assert seen == steps
    score = minari.get_normalized_score(data, np.array([data.storage.metadata["ref_min_score"]]))
    assert np.allclose(score, 0), score


main()
