"""Write the small recordings of this folder from full ones.

    python extract.py FOLDER_OF_FULL_RECORDINGS

Keeps one trajectory, ten single states and the model's arrays of each task. README.md says where the full
recordings come from.
"""
import os
import sys

import numpy as np

TASKS = {"HalfCheetah-v5": "seed0_sine", "Hopper-v5": "seed0_sine", "Walker2d-v5": "seed0_bang"}
STATES = 10
UNUSED = ("user", "rgba", "fluid", "aabb", "group", "plugin", "M0", "Madr", "simple", "sameframe", "treeid")


def wanted(key, trajectory):
    if key.startswith("model/"):
        return not any(word in key for word in UNUSED)
    return key.startswith((trajectory + "/", "single/", "env/", "versions"))


def main():
    source, here = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
    for task, trajectory in TASKS.items():
        full = np.load(os.path.join(source, task + ".npz"))
        kept = {key: full[key] for key in full.files if wanted(key, trajectory)}
        for key in kept:
            if key.startswith("single/"):
                kept[key] = kept[key][:: len(kept[key]) // STATES][:STATES]
        path = os.path.join(here, task + ".npz")
        np.savez_compressed(path, **kept)
        print(task, os.path.getsize(path) // 1024, "KiB")


if __name__ == "__main__":
    main()
