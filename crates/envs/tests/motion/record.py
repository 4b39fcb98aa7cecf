"""Record where MuJoCo takes the models of this folder.

    pip install "mujoco==3.3.7" numpy
    python record.py             # writes expected.txt beside this file
    python record.py ../meshes   # or in another folder

Each model starts in its keyframe, if it has one, and is driven by sines: controls, and the places of bodies that are
moved from outside. A line holds the model's name, the number of steps so far, the numbers of contacts and of constraint
rows of the last step, then positions, velocities, activations and what sensors measured.
"""
import glob
import multiprocessing
import os
import sys

import mujoco
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = [1, 20, 150]


def control(model, t):
    unit = np.sin(0.1 * (t + 1) * np.arange(1, model.nu + 1))
    low, high = model.actuator_ctrlrange.T
    return np.where(high > low, 0.5 * (low + high) + 0.6 * (high - low) * unit, unit)


def record(path):
    model = mujoco.MjModel.from_xml_path(path)
    data = mujoco.MjData(model)
    if model.nkey:
        mujoco.mj_resetDataKeyframe(model, data, 0)
    lines = []
    for t in range(max(STEPS)):
        data.ctrl[:] = control(model, t)
        data.mocap_pos[:] += 0.001 * np.sin(0.05 * (t + 1) + np.arange(3))
        mujoco.mj_step(model, data)
        if t + 1 in STEPS:
            numbers = [repr(float(x)) for x in np.concatenate([data.qpos, data.qvel, data.act, data.sensordata])]
            name = os.path.basename(path)[:-4]
            lines.append(" ".join([name, str(t + 1), str(data.ncon), str(data.nefc), *numbers]))
    return lines


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else HERE
    # Each in a process of its own: MuJoCo keeps compiled meshes, and takes one for another of the same file and scale
    # that has another `refpos`.
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        lines = pool.map(record, sorted(glob.glob(os.path.join(folder, "*.xml"))), chunksize=1)
    with open(os.path.join(folder, "expected.txt"), "w") as file:
        file.write("\n".join(line for lines in lines for line in lines) + "\n")


if __name__ == "__main__":
    main()
