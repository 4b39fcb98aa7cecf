"""Trains TD3 of SBX (Stable-Baselines3 on JAX) on a task of Gymnasium with the settings of `dense-td3` here, and prints the
mean return of five episodes without noise every 10,000 steps.

pip install "sbx-rl==0.28.0" "gymnasium[mujoco]==1.4.0" "mujoco==3.3.7"
python sbx_td3.py Walker2d-v5 0 500000 > walker2d-v5-td3-s0.csv
"""

import sys

import gymnasium
import numpy as np
from sbx import TD3
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import NormalActionNoise

EVERY = 10_000
EPISODES = 5


class Evaluation(BaseCallback):
    def __init__(self, task):
        super().__init__()
        self.env = gymnasium.make(task)

    def _on_step(self):
        if self.num_timesteps % EVERY == 0:
            returns = [self.episode(seed) for seed in range(1000, 1000 + EPISODES)]
            print(f"{self.num_timesteps},{np.mean(returns):.0f}", flush=True)
        return True

    def episode(self, seed):
        observation, _ = self.env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            action, _ = self.model.predict(observation, deterministic=True)
            observation, reward, terminated, truncated, _ = self.env.step(action)
            total += reward
            over = terminated or truncated
        return total


task, seed, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
env = gymnasium.make(task)
zeros = np.zeros(env.action_space.shape)
model = TD3(
    "MlpPolicy",
    env,
    seed=seed,
    learning_starts=25_000,
    batch_size=256,
    learning_rate=3e-4,
    policy_delay=2,
    tau=0.005,
    gamma=0.99,
    action_noise=NormalActionNoise(zeros, zeros + 0.1),
)
print("step,return_mean")
model.learn(steps, callback=Evaluation(task))
