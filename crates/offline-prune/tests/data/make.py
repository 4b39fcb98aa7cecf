"""Writes the sample files of this folder: what h5py and Minari write, by formulas that the tests repeat.

    pip install h5py minari gymnasium
    python3 make.py
    python3 make.py MINARI_0_4      # the unpacked wheel of minari 0.4.3: the folder minari04 alone

Row i of D4RL's arrays: observation 0.25 i + j for j = 0, 1, 2; action ((3 i + 5 j) mod 17 - 8) / 8 for j = 0, 1;
reward 1.5 i - 4. Terminals after rows 6 and 19, time-outs after rows 11 and 19, and the file breaks off after row
23. Next observations go on with the next row, and are 100 + i + j where an episode ends.

Step t of Minari's episode e: observation 10 e + 0.5 t + j, action ((t + e + j) mod 5 - 2) / 4, which is in the
task's range [-0.5, 0.5], reward t - e. Episode 0 has 4 steps and ends with a terminal, 1 has 1 and is cut, 2 has 6
and is neither.
"""

import os
import shutil
import sys
import types
import warnings
from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent
ROWS = 24


def d4rl():
    i = np.arange(ROWS)[:, None]
    observations = 0.25 * i + np.arange(3)
    ends = np.isin(np.arange(ROWS), [6, 11, 19, 23])
    following = np.concatenate([observations[1:], observations[:1]])
    arrays = {
        "observations": observations.astype("f4"),
        "actions": (((3 * i + 5 * np.arange(2)) % 17 - 8) / 8).astype("f4"),
        "rewards": (1.5 * np.arange(ROWS) - 4).astype("f4"),
        "terminals": np.isin(np.arange(ROWS), [6, 19]),
        "timeouts": np.isin(np.arange(ROWS), [11, 19]),
    }
    return arrays, np.where(ends[:, None], 100 + i + np.arange(3), following)


def episodes():
    for e, (steps, terminal, cut) in enumerate([(4, True, False), (1, False, True), (6, False, False)]):
        t = np.arange(steps)
        last = t == steps - 1
        yield {
            "observations": 10.0 * e + 0.5 * np.arange(steps + 1)[:, None] + np.arange(3),
            "actions": (((t[:, None] + e + np.arange(2)) % 5 - 2) / 4).astype("f4"),
            "rewards": (t - e).astype("f8"),
            "terminations": last & terminal,
            "truncations": last & cut,
            "infos": {"speed": np.zeros(steps + 1)},
        }


def spaces():
    from gymnasium.spaces import Box

    return Box(-np.inf, np.inf, (3,), np.float64), Box(-0.5, 0.5, (2,), np.float32)


def hdf5(name, arrays, libver, **storage):
    with h5py.File(HERE / name, "w", libver=libver) as file:
        for key, array in arrays.items():
            file.create_dataset(key, data=array, **storage)
        # D4RL's files hold groups like these, too.
        file.create_dataset("infos/qpos", data=np.zeros((ROWS, 2)))
        file.create_dataset("metadata/algorithm", data="by formula")
        file.attrs["origin"] = "make.py"


def minari():
    root = HERE / "root"
    os.environ["MINARI_DATASETS_PATH"] = str(root)
    warnings.filterwarnings("ignore")
    from minari import create_dataset_from_buffers
    from minari.data_collector import EpisodeBuffer

    buffers = [EpisodeBuffer(**episode) for episode in episodes()]
    seen, done = spaces()
    create_dataset_from_buffers(
        "sample/formula-v0", buffers, observation_space=seen, action_space=done, author="make.py"
    )
    shutil.rmtree(HERE / "minari", ignore_errors=True)
    shutil.move(root / "sample" / "formula-v0", HERE / "minari")
    shutil.rmtree(root)


def minari04(wheel):
    """By Minari 0.4.3's own storage; the rest of the package asks for libraries that it does not need here."""
    for name in ["minari", "minari.dataset"]:
        module = types.ModuleType(name)
        module.__path__ = [str(Path(wheel, *name.split(".")))]
        sys.modules[name] = module
    from minari.dataset.minari_storage import MinariStorage

    shutil.rmtree(HERE / "minari04", ignore_errors=True)
    (HERE / "minari04").mkdir()
    storage = MinariStorage.new(HERE / "minari04" / "data", *spaces())
    storage.update_episodes([{"id": e, **episode} for e, episode in enumerate(episodes())])
    storage.update_metadata({"minari_version": "0.4.3", "ref_min_score": 0.0, "ref_max_score": 10.0})


def elsewhere(arrays):
    """Files whose observations lie elsewhere, or as this crate does not read them."""
    others = {key: array for key, array in arrays.items() if key != "observations"}
    seen = arrays["observations"]
    versions = {"new_soft_link": "v110", "latest": "latest", "growing": "latest"}
    for name in ["external_link", "soft_link", "new_soft_link", "virtual", "szip", "group", "latest", "growing"]:
        with h5py.File(HERE / f"{name}.hdf5", "w", libver=versions.get(name)) as file:
            for key, array in others.items():
                file[key] = array
            match name:
                case "external_link":
                    file["observations"] = h5py.ExternalLink("d4rl.hdf5", "/observations")
                case "soft_link" | "new_soft_link":
                    file["store/seen"] = seen
                    file["observations"] = h5py.SoftLink("/store/seen")
                case "virtual":
                    layout = h5py.VirtualLayout(seen.shape, seen.dtype)
                    layout[:] = h5py.VirtualSource("d4rl.hdf5", "observations", seen.shape)
                    file.create_virtual_dataset("observations", layout)
                case "szip":
                    file.create_dataset("observations", data=seen, chunks=True, compression="szip")
                case "group":
                    file["observations/position"] = seen
                case "latest":
                    file.create_dataset("observations", data=seen, chunks=seen.shape, compression="gzip")
                case "growing":
                    file.create_dataset("observations", data=seen, chunks=seen.shape, maxshape=(None, None))


def linked():
    """Minari's file of two episodes, of which the second is a link."""
    for name, link in [
        ("linked_episode", h5py.ExternalLink("other.hdf5", "/episode_1")),
        ("soft_linked_episode", h5py.SoftLink("/episode_0")),
    ]:
        with h5py.File(HERE / f"{name}.hdf5", "w") as file:
            file.attrs["total_episodes"] = 2
            first = next(episodes())
            for key in ["observations", "actions", "rewards", "terminations", "truncations"]:
                file[f"episode_0/{key}"] = first[key]
            file["episode_1"] = link


def half(arrays):
    """Numbers of 16 bits, the rewards' bytes the other way round; all of these are exact."""
    kinds = {"observations": "<f2", "actions": "<f2", "rewards": ">f2"}
    arrays = {key: array.astype(kinds.get(key, array.dtype)) for key, array in arrays.items()}
    hdf5("half.hdf5", arrays, "earliest", chunks=True, compression="gzip")
    np.savez(HERE / "half.npz", **arrays)


def main():
    arrays, following = d4rl()
    chunked = {"chunks": True, "compression": "gzip"}
    hdf5("d4rl.hdf5", arrays, "earliest", **chunked)
    wide = {key: array.astype("f8") if array.dtype == "f4" else array.astype("u1") for key, array in arrays.items()}
    wide["next_observations"] = following
    # Version 3 of the superblock, 4 of the layout. "latest" is 5 since HDF5 2.0, which is not read yet.
    hdf5("d4rl_next.hdf5", wide, ("v114", "v114"), shuffle=True, fletcher32=True, **chunked)
    hdf5("lzf.hdf5", arrays, "earliest", chunks=True, compression="lzf")
    half(arrays)
    elsewhere(arrays)
    linked()
    np.savez(HERE / "d4rl.npz", **arrays)
    arrays["observations"] = np.asfortranarray(arrays["observations"])
    arrays["actions"] = arrays["actions"].astype(">f8")
    np.savez_compressed(HERE / "d4rl_compressed.npz", next_observations=following, **arrays)
    minari()


if sys.argv[1:]:
    minari04(sys.argv[1])
else:
    main()
