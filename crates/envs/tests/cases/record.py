"""Record what MuJoCo and Gymnasium make of the models of this folder.

    pip install "mujoco==3.3.7" "gymnasium==1.2.0" numpy
    python record.py             # writes expected.txt beside this file

A comment in a model may hold `start: {"steps": 1, "qpos": [...], "qvel": [...], "ctrl": [...]}`; what is missing, also
at the end of a list, is as in the reference pose at rest. A line holds the model's name, a quantity and its numbers:
first the number of steps and the start, then what MuJoCo has after these steps. For the model whose name says so the
quantities are the observations of tasks after a reset.
"""
import glob
import json
import os
import re

import gymnasium
import mujoco

HERE = os.path.dirname(os.path.abspath(__file__))


def moved(path):
    with open(path) as file:
        text = file.read()
    model = mujoco.MjModel.from_xml_string(text)
    data = mujoco.MjData(model)
    start = re.search(r"start: (\{.*?\})", text)
    start = json.loads(start.group(1)) if start else {}
    steps = start.pop("steps", 1)
    for name, numbers in start.items():
        getattr(data, name)[: len(numbers)] = numbers
    yield "steps", [steps]
    for name in ["qpos", "qvel", "ctrl"]:
        yield "start_" + name, getattr(data, name).copy()
    for _ in range(steps):
        mujoco.mj_step(model, data)
    yield "limited", model.jnt_limited
    yield "contacts_and_rows", [data.ncon, data.nefc]
    places = ["xipos", "geom_xpos", "geom_xmat", "site_xpos", "site_xmat"]
    for name in ["qpos", "qvel", "qacc", *places]:
        yield name, getattr(data, name).ravel()


def observed(path):
    v4 = {"Ant-v4": {"use_contact_forces": True}}
    for task in ["Ant-v4", "Ant-v5", "Humanoid-v5"]:
        settings = {"reset_noise_scale": 0, "healthy_z_range": (0.1, 1), **v4.get(task, {})}
        env = gymnasium.make(task, xml_file=path, **settings)
        observation, _ = env.reset(seed=0)
        yield task, observation


def main():
    lines = []
    for path in sorted(glob.glob(os.path.join(HERE, "*.xml"))):
        name = os.path.basename(path)[:-4]
        for quantity, numbers in (observed if "observation" in name else moved)(path):
            lines.append(" ".join([name, quantity, *(repr(float(x)) for x in numbers)]))
    with open(os.path.join(HERE, "expected.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
