"""Write the small recordings of this folder from full ones.

    python extract.py FOLDER_OF_FULL_RECORDINGS [FOLDER_OF_EXTENDED_RECORDINGS]

Keeps one trajectory, ten single states and the model's arrays of each task, and of the extended recordings every
array of a few trajectories and states. README.md says which programs made them.
"""
import os
import sys

import numpy as np

TASKS = [
    "Ant", "HalfCheetah", "Hopper", "Humanoid", "HumanoidStandup", "InvertedDoublePendulum", "InvertedPendulum", "Pusher",
    "Reacher", "Swimmer", "Walker2d",
]
TRAJECTORY = {"Walker2d": "seed0_bang", "Ant": "seed0_bang"}
# Control steps of the kept trajectory; observations of Humanoid are long.
STEPS = {"Humanoid": 60, "HumanoidStandup": 40, "Ant": 120}
STATES = 10
UNUSED = ("user", "rgba", "fluid", "aabb", "group", "plugin", "M0", "Madr", "simple", "sameframe", "treeid")


def plain(task, source, here):
    trajectory, steps = TRAJECTORY.get(task, "seed0_sine"), STEPS.get(task, 200)
    full = np.load(os.path.join(source, task + "-v5.npz"))
    kept = {}
    for key in full.files:
        value = full[key]
        if key.startswith("model/"):
            if any(word in key for word in UNUSED):
                continue
        elif key.startswith("single/"):
            value = value[:: len(value) // STATES][:STATES]
        elif key.startswith(trajectory + "/"):
            if "/forward" not in key:
                length = steps + 1 if key.rsplit("/", 1)[1] in ("qpos", "qvel", "obs") else steps
                value = value[:length]
        elif not key.startswith(("env/", "versions")):
            continue
        kept[key] = value
    save(os.path.join(here, task + "-v5.npz"), kept)


def extended(task, source, here):
    full = np.load(os.path.join(source, task + ".npz"))
    steps, states = (12, 6) if task.startswith("Humanoid") else (40, 8)
    count = len(full["traj_seed"])
    # The last trajectory is Pusher's push; the last states are those in which it touches the object.
    runs = [0, count - 1]
    rows = np.linspace(0, len(full["single_qpos"]) - 1, states).astype(int)
    kept = {}
    for key in full.files:
        value = full[key]
        if key in ("traj_seed", "traj_pattern"):
            value = value[runs]
        elif key.startswith(("traj_", "v4_traj_")):
            value = value[runs][:, : value.shape[1] - (200 - steps)]
        elif key.startswith("dbg_"):
            value = value[runs]
        elif key.startswith(("fwd_", "single_")):
            value = value[rows]
        kept[key] = value
    save(os.path.join(here, task + ".npz"), kept)


def save(path, kept):
    np.savez_compressed(path, **kept)
    print(os.path.basename(path), os.path.getsize(path) // 1024, "KiB")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    for task in TASKS:
        plain(task, sys.argv[1], here)
        if len(sys.argv) > 2:
            extended(task, sys.argv[2], here)


if __name__ == "__main__":
    main()
