"""Record what Gymnasium's tasks compute on models that are not the published ones, and what their resets tell.

    pip install "mujoco==3.3.7" "gymnasium[mujoco]==1.4.0" numpy
    python record.py             # writes models.npz beside this file

`<task>/xml` is the model, given to the task as `xml_file`: that of crates/envs/assets with other lengths, masses,
joints, bodies and action ranges. Beside it stand the observations after the reset and after every step; rewards,
terminations and info of every step, also after a termination. `reset/<task>/<key>` is what `reset(seed=1)` of the
published task tells.
"""
import os
import tempfile
import warnings

warnings.filterwarnings("ignore")

import gymnasium as gym
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ASSETS = os.path.join(HERE, "../../../crates/envs/assets")
STEPS = 20
# Task: (model, seed, what is put in the place of what)
CASES = {
    "HalfCheetah-v5": ("half_cheetah", 1, [('ctrlrange="-1 1"', 'ctrlrange="-0.7 0.4"'), ('timestep="0.01"', 'timestep="0.005"')]),
    "Hopper-v5": ("hopper", 2, [('name="torso_geom"', 'name="torso_geom" density="3000"')]),
    "Walker2d-v5": ("walker2d", 3, [('name="torso_geom"', 'name="torso_geom" mass="2.5"'), ('pos="0 0 1.25"', 'pos="0 0 1.25" euler="0 5 0"')]),
    "Ant-v5": ("ant", 4, [("0.4 0.4 0", "0.6 0.6 0"),
                          ('<geom name="torso_geom" type="sphere" size="0.25"/>',
                           '<geom name="torso_geom" type="sphere" size="0.25"/><body name="tail" pos="-0.25 0 0"><joint name="tail" axis="0 1 0" range="-60 60"/><geom fromto="0 0 0 -0.5 0 0.1"/></body>'),
                          ('<motor joint="hip_4"/>', '<motor joint="tail" gear="40" ctrlrange="-0.5 0.7"/><motor joint="hip_4"/>')]),
    "Humanoid-v5": ("humanoid", 5, [('name="head" type="sphere" size="0.09"', 'name="head" type="sphere" size="0.14"'), ('coef="-1"', 'coef="-0.5"')]),
    "HumanoidStandup-v5": ("humanoid_standup", 11, [('name="head" type="sphere" size="0.09"', 'name="head" type="sphere" size="0.12"'), ('timestep="0.003"', 'timestep="0.002"')]),
    "Swimmer-v5": ("swimmer", 6, [('<joint name="motor2_rot" class="bend"/>',
                                   '<joint name="motor2_rot" class="bend"/><body pos="-1 0 0"><geom fromto="0 0 0 -0.8 0 0"/><joint name="motor3_rot" class="bend"/></body>'),
                                  ('<motor joint="motor2_rot"/>', '<motor joint="motor2_rot"/><motor joint="motor3_rot"/>')]),
    "InvertedPendulum-v5": ("inverted_pendulum", 7, [("0 0 0 0.001 0 0.6", "0 0 0 0.001 0 1.1")]),
    "InvertedDoublePendulum-v5": ("inverted_double_pendulum", 8,
                                  [('<site name="tip" pos="0 0 0.6"/>', '<site name="tip" pos="0 0 0.6"/><body pos="0 0 0.6"><joint name="hinge3"/><geom class="pole"/></body>')]),
    "Reacher-v5": ("reacher", 9, [('<geom name="link0" class="link"/>', '<geom name="link0" class="link"/><body name="knob" pos="0.05 0 0"><geom size="0.02" type="sphere"/></body>'),
                                  ('<body name="fingertip" pos="0.11 0 0">', '<body name="fingertip" pos="0.16 0 0">')]),
    "Pusher-v5": ("pusher", 10, [('<body name="tips_arm">', '<body name="ring" pos="0.02 0 0"><geom type="sphere" size="0.01" contype="0" conaffinity="0"/></body><body name="tips_arm">')]),
}
TASKS = [name[:-1] + version for name in CASES for version in "54" if name[:-1] + version != "Pusher-v4"]


def flat(info):
    """The numbers of an info, arrays number by number."""
    out = {}
    for key, value in info.items():
        if np.ndim(value) == 0:
            out[key] = float(value)
        else:
            out.update({f"{key}[{i}]": float(x) for i, x in enumerate(value)})
    return out


def changed(model, changes):
    """The text of an asset with all changes made."""
    with open(os.path.join(ASSETS, f"{model}.xml"), encoding="utf-8") as file:
        xml = file.read()
    for old, new in changes:
        assert old in xml, (model, old)
        xml = xml.replace(old, new)
    return xml


def main():
    out = {}
    for task, (model, seed, changes) in CASES.items():
        xml = changed(model, changes)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.xml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(xml)
            env = gym.make(task, disable_env_checker=True, xml_file=path).unwrapped
        low, high = env.model.actuator_ctrlrange.T
        rng = np.random.default_rng(seed)
        scale = 0.1 if task.startswith("Inverted") else 1.0
        actions = scale * rng.uniform(low, high, (STEPS, len(low)))
        seen, rewards, ends, infos = [env.reset(seed=seed)[0]], [], [], []
        for action in actions:
            obs, reward, terminated, _, info = env.step(action)
            seen.append(obs)
            rewards.append(reward)
            ends.append(terminated)
            infos.append(flat(info))
        out[f"{task}/xml"] = np.array([xml])
        out[f"{task}/seed"] = np.array(seed)
        out[f"{task}/range"] = env.model.actuator_ctrlrange
        out[f"{task}/actions"] = actions
        out[f"{task}/obs"] = np.array(seen)
        out[f"{task}/reward"] = np.array(rewards, dtype=np.float64)
        out[f"{task}/terminated"] = np.array(ends)
        for key in infos[0]:
            out[f"{task}/info/{key}"] = np.array([i[key] for i in infos])
        print(task, out[f"{task}/obs"].shape, "ends at", int(np.argmax(ends)) if any(ends) else None)
    for task in TASKS:
        _, info = gym.make(task, disable_env_checker=True).unwrapped.reset(seed=1)
        for key, value in flat(info).items():
            out[f"reset/{task}/{key}"] = np.array(value)
        print(task, flat(info))
    np.savez_compressed(os.path.join(HERE, "models.npz"), **out)


if __name__ == "__main__":
    main()
