"""Record what Gymnasium's tasks compute with constructor options that are not the defaults.

    pip install "mujoco==3.3.7" "gymnasium[mujoco]==1.4.0" numpy
    python record.py             # writes options.npz beside this file

One group of arrays per case, named as in tests/all/options.rs: the observations after the reset, after some of the
steps and after another reset without a seed; rewards, terminations and info of every step. Stepping goes on after
a termination.
"""
import os
import warnings

warnings.filterwarnings("ignore")

import gymnasium as gym
import numpy as np

STEPS = 24
SEEN = [0, 1, 7, 23]
INF = float("inf")
PLANAR = dict(forward_reward_weight=1.7, ctrl_cost_weight=0.02, healthy_reward=0.3)
# Name: (task, options, seed, scale of the actions)
CASES = {
    "half_cheetah_v5": ("HalfCheetah-v5", dict(frame_skip=3, forward_reward_weight=2.5, ctrl_cost_weight=0.7, reset_noise_scale=0.03,
                        exclude_current_positions_from_observation=False), 3, 1.3),
    "half_cheetah_v4": ("HalfCheetah-v4", dict(forward_reward_weight=2.5, ctrl_cost_weight=0.7, reset_noise_scale=0.03,
                        exclude_current_positions_from_observation=False), 4, 1.0),
    "hopper_v5": ("Hopper-v5", dict(PLANAR, frame_skip=7, terminate_when_unhealthy=False, healthy_state_range=(-1.0, 1.5), healthy_z_range=(1.0, 1.3),
                  healthy_angle_range=(-0.05, 0.03), reset_noise_scale=0.02, exclude_current_positions_from_observation=False), 5, 1.0),
    "hopper_v4": ("Hopper-v4", dict(PLANAR, terminate_when_unhealthy=True, healthy_state_range=(-1.0, 1.5), healthy_z_range=(1.0, 1.3),
                  healthy_angle_range=(-0.05, 0.03), reset_noise_scale=0.02, exclude_current_positions_from_observation=False), 6, 1.0),
    "hopper_v4_goes_on": ("Hopper-v4", dict(PLANAR, terminate_when_unhealthy=False, healthy_z_range=(1.2, INF)), 7, 1.0),
    "walker2d_v5": ("Walker2d-v5", dict(PLANAR, frame_skip=6, terminate_when_unhealthy=True, healthy_z_range=(1.1, 1.3), healthy_angle_range=(-0.1, 0.2),
                    reset_noise_scale=0.03, exclude_current_positions_from_observation=False), 8, 1.0),
    "walker2d_v4": ("Walker2d-v4", dict(PLANAR, terminate_when_unhealthy=False, healthy_z_range=(1.1, 1.3), healthy_angle_range=(-0.1, 0.2),
                    reset_noise_scale=0.03, exclude_current_positions_from_observation=False), 9, 1.0),
    "ant_v5": ("Ant-v5", dict(frame_skip=3, forward_reward_weight=0.6, ctrl_cost_weight=0.2, contact_cost_weight=0.3, healthy_reward=2.0, main_body=4,
               terminate_when_unhealthy=False, healthy_z_range=(0.4, 0.76), contact_force_range=(-0.2, 3.0), reset_noise_scale=0.05,
               exclude_current_positions_from_observation=False), 10, 1.0),
    "ant_v5_without_forces": ("Ant-v5", dict(include_cfrc_ext_in_observation=False, contact_cost_weight=0.1, healthy_z_range=(0.45, 0.76)), 11, 1.0),
    "ant_v4": ("Ant-v4", dict(use_contact_forces=True, ctrl_cost_weight=0.2, contact_cost_weight=0.3, healthy_reward=2.0, healthy_z_range=(0.45, 0.76),
               contact_force_range=(-0.2, 3.0), reset_noise_scale=0.05, exclude_current_positions_from_observation=False), 12, 1.0),
    "ant_v4_without_forces": ("Ant-v4", dict(terminate_when_unhealthy=False, healthy_z_range=(0.45, 0.76)), 13, 1.0),
    "humanoid_v5": ("Humanoid-v5", dict(frame_skip=9, forward_reward_weight=0.4, ctrl_cost_weight=0.3, contact_cost_weight=1e-4, contact_cost_range=(1.0, 40.0),
                    healthy_reward=1.5, terminate_when_unhealthy=False, healthy_z_range=(1.2, 1.39), reset_noise_scale=0.05,
                    exclude_current_positions_from_observation=False), 14, 1.0),
    "humanoid_v5_seen": ("Humanoid-v5", dict(include_cinert_in_observation=False, include_qfrc_actuator_in_observation=False), 15, 1.0),
    "humanoid_v5_unseen": ("Humanoid-v5", dict(include_cvel_in_observation=False, include_cfrc_ext_in_observation=False, healthy_z_range=(1.3, 1.5)), 16, 1.0),
    "humanoid_v4": ("Humanoid-v4", dict(forward_reward_weight=0.4, ctrl_cost_weight=0.3, healthy_reward=1.5, terminate_when_unhealthy=False,
                    healthy_z_range=(1.3, 1.39), reset_noise_scale=0.05, exclude_current_positions_from_observation=False), 17, 1.0),
    "swimmer_v5": ("Swimmer-v5", dict(frame_skip=2, forward_reward_weight=3.0, ctrl_cost_weight=0.4, reset_noise_scale=0.3,
                   exclude_current_positions_from_observation=False), 18, 1.0),
    "swimmer_v4": ("Swimmer-v4", dict(forward_reward_weight=3.0, ctrl_cost_weight=0.4, reset_noise_scale=0.3,
                   exclude_current_positions_from_observation=False), 19, 1.0),
    "inverted_pendulum_v5": ("InvertedPendulum-v5", dict(frame_skip=3, reset_noise_scale=0.1), 20, 0.1),
    "inverted_pendulum_v4": ("InvertedPendulum-v4", dict(), 21, 0.1),
    "inverted_double_pendulum_v5": ("InvertedDoublePendulum-v5", dict(frame_skip=2, healthy_reward=3.0, reset_noise_scale=0.2), 22, 1.0),
    "inverted_double_pendulum_v4": ("InvertedDoublePendulum-v4", dict(), 23, 0.5),
    "reacher_v5": ("Reacher-v5", dict(frame_skip=5, reward_dist_weight=0.3, reward_control_weight=2.0), 24, 1.0),
    "reacher_v4": ("Reacher-v4", dict(), 25, 1.0),
    "pusher_v5": ("Pusher-v5", dict(frame_skip=2, reward_near_weight=0.9, reward_dist_weight=0.4, reward_control_weight=0.3), 26, 1.0),
}


def main():
    out = {}
    for name, (task, options, seed, scale) in CASES.items():
        env = gym.make(task, disable_env_checker=True, **options).unwrapped
        low, high = env.model.actuator_ctrlrange.T
        rng = np.random.default_rng(seed)
        actions = scale * rng.uniform(low, high, (STEPS, len(low)))
        obs, _ = env.reset(seed=seed)
        seen, rewards, ends, infos = [obs], [], [], []
        for t, action in enumerate(actions):
            obs, reward, terminated, _, info = env.step(action)
            if t in SEEN:
                seen.append(obs)
            rewards.append(reward)
            ends.append(terminated)
            flat = {}
            for key, value in info.items():
                if np.ndim(value) == 0:
                    flat[key] = value
                else:
                    flat.update({f"{key}[{i}]": x for i, x in enumerate(value)})
            infos.append(flat)
        seen.append(env.reset()[0])
        out[f"{name}/seed"] = np.array(seed)
        out[f"{name}/actions"] = actions
        out[f"{name}/obs"] = np.array(seen)
        out[f"{name}/reward"] = np.array(rewards, dtype=np.float64)
        out[f"{name}/terminated"] = np.array(ends)
        for key in infos[0]:
            out[f"{name}/info/{key}"] = np.array([i[key] for i in infos], dtype=np.float64)
        print(name, np.array(seen).shape, "ends at", int(np.argmax(ends)) if any(ends) else None, sorted(infos[0]), "reset info", sorted(env.reset(seed=0)[1]))
    np.savez_compressed(os.path.join(os.path.dirname(os.path.abspath(__file__)), "options.npz"), **out)


if __name__ == "__main__":
    main()
