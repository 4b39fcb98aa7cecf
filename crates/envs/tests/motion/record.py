"""Record where MuJoCo takes the models of this folder.

    pip install "mujoco==3.3.7" numpy
    python record.py             # writes expected.txt beside this file

Each model starts in its keyframe, if it has one, and is driven by sines: controls, and the places of bodies that are
moved from outside. A line holds the model's name, the number of steps so far, the numbers of contacts and of constraint
rows of the last step, then positions, velocities and activations.
"""
import glob
import os

import mujoco
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = [1, 20, 150]


def control(model, t):
    unit = np.sin(0.1 * (t + 1) * np.arange(1, model.nu + 1))
    low, high = model.actuator_ctrlrange.T
    return np.where(high > low, 0.5 * (low + high) + 0.6 * (high - low) * unit, unit)


def main():
    lines = []
    for path in sorted(glob.glob(os.path.join(HERE, "*.xml"))):
        model = mujoco.MjModel.from_xml_path(path)
        data = mujoco.MjData(model)
        if model.nkey:
            mujoco.mj_resetDataKeyframe(model, data, 0)
        for t in range(max(STEPS)):
            data.ctrl[:] = control(model, t)
            data.mocap_pos[:] += 0.001 * np.sin(0.05 * (t + 1) + np.arange(3))
            mujoco.mj_step(model, data)
            if t + 1 in STEPS:
                numbers = [repr(float(x)) for x in np.concatenate([data.qpos, data.qvel, data.act])]
                name = os.path.basename(path)[:-4]
                lines.append(" ".join([name, str(t + 1), str(data.ncon), str(data.nefc), *numbers]))
    with open(os.path.join(HERE, "expected.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
