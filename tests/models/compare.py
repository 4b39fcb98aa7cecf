"""Compare the engine with MuJoCo on the MJCF files of Python packages and folders.

    pip install "mujoco==3.3.7" numpy
    cargo build --release -p envs --example replay_mjcf
    python tests/models/compare.py --scratch DIR gym-aloha==0.1.5 metaworld==3.1.1 path/to/models

A package is downloaded by pip as a wheel and unpacked into DIR, not installed; what is there already is not downloaded
again. An argument that names a folder is searched as it is. Every XML file whose outermost element is `mujoco` and that
MuJoCo loads counts once, however often the same text is there. A model without degrees of freedom, and what lies in a
folder of tests, is no robot and no task.

Of each model it compares the compiled numbers, single steps from MuJoCo's own states, and 100 steps from perturbed
starts. Errors are max |x - ref| / max(1, |ref|) of positions and velocities, and of what sensors measure in single
steps. A run agrees within 1e-6, or within 1,000 times what nudges of 1e-15 do to MuJoCo itself. Prints a line for each model (with -v), the first refused element of
those that do not load, and the table.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ENGINE = HERE.parents[1] / "target/release/examples/replay_mjcf"
TOLERANCE = 1e-6
COMPILED = 1e-6
NUDGE = 1e-15
NUDGES = 3
STEPS = 100
# What a run starts from.
STATE = ["qpos", "qvel", "act", "ctrl", "qacc_warmstart", "mocap_pos", "mocap_quat"]
# Steps between MuJoCo's own states from which single steps start.
EVERY = 20
# Seconds for one model, both engines.
PATIENCE = 120


def unpack(package, scratch):
    """The folder with a package's files."""
    into = scratch / "unpacked" / package.replace("==", "-")
    if not into.exists():
        wheels = scratch / "wheels"
        asked = ["download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(wheels), package]
        before = set(wheels.glob("*.whl"))
        name = re.sub(r"[-_.]+", "_", package.split("==")[0]).lower()
        found = [w for w in before if w.name.lower().startswith(name + "-")]
        if not found:
            subprocess.run([sys.executable, "-m", "pip", *asked], check=True)
            found = [w for w in set(wheels.glob("*.whl")) - before]
        for wheel in found:
            with zipfile.ZipFile(wheel) as file:
                file.extractall(into)
    return into


def models(folder):
    """XML files whose outermost element is `mujoco`."""
    for path in sorted(folder.rglob("*.xml")):
        text = path.read_bytes()
        text = re.sub(rb"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>]*>", b"", text, flags=re.S)
        if re.match(rb"[\s\xef\xbb\xbf]*<mujoco[\s>/]", text):
            yield path


class Engine:
    """The engine with one model loaded."""

    def __init__(self, binary, path):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([binary, path], stdin=pipe, stdout=pipe, stderr=subprocess.PIPE, text=True)
        self.compiled, self.error = {}, None
        for line in self.process.stdout:
            word, *numbers = line.split()
            if word == "error":
                self.error = line[6:].strip()
                break
            if word == "ready":
                return
            self.compiled[word] = [float(x) for x in numbers]
        if self.error is None:
            self.process.wait()
            self.error = "PANIC " + self.process.stderr.read().strip().replace("\n", " ")[:300]

    def run(self, steps, state):
        numbers = [float(steps), *(x for part in state for x in part)]
        self.process.stdin.write(" ".join(map(repr, map(float, numbers))) + "\n")
        self.process.stdin.flush()
        word, *numbers = self.process.stdout.readline().split()
        if word != "after":
            raise RuntimeError(" ".join([word, *numbers]).strip() or "the engine ended: " + self.process.stderr.read())
        return [float(x) for x in numbers]

    def close(self):
        self.process.kill()
        self.process.communicate()


def compare(path, binary):
    """What is found of one model: a dictionary, or `None` where MuJoCo does not load it."""
    import mujoco
    import numpy as np

    try:
        model = mujoco.MjModel.from_xml_path(path)
    except Exception as error:
        return {"path": path, "mujoco": str(error).replace("\n", " ")[:200]}
    found = {"path": path, "nv": model.nv, "nmesh": model.nmesh}
    engine = Engine(binary, path)
    try:
        if engine.error:
            found["error"] = engine.error
            return found
        found["compiled"] = compiled(np, model, engine.compiled)
        if model.nv:
            found.update(motion(np, mujoco, model, engine))
    except Exception as error:
        found["failed"] = f"{type(error).__name__}: {error}"[:300]
    finally:
        engine.close()
    return found


def error(np, found, reference):
    found, reference = np.asarray(found, float), np.asarray(reference, float)
    if found.shape != reference.shape:
        return np.inf
    if not found.size:
        return 0.0
    worst = np.max(np.abs(found - reference) / np.maximum(1, np.abs(reference)))
    return float(worst) if np.isfinite(worst) else np.inf


def compiled(np, model, numbers):
    """The compiled field that differs most, and by how much. Small numbers are compared with the field's largest."""
    worst = (0.0, "")
    for name, found in numbers.items():
        reference = np.ravel(np.asarray(getattr(model, name), float))
        found = np.asarray(found)
        if found.shape == reference.shape and name.endswith("quat"):
            # Both signs are the same rotation.
            rows, other = found.reshape(-1, 4), reference.reshape(-1, 4)
            found = (rows * np.where(np.sum(rows * other, 1, keepdims=True) < 0, -1, 1)).ravel()
        scale = np.max(np.abs(reference), initial=0.0)
        scale = scale if 0 < scale < 1 else 1.0
        worst = max(worst, (error(np, found / scale, reference / scale), name))
    return worst


def motion(np, mujoco, model, engine):
    """Largest errors of single steps and of 100 steps, each with what is allowed."""
    rng = np.random.default_rng(0)
    data, other = mujoco.MjData(model), mujoco.MjData(model)
    low, high = model.actuator_ctrlrange.T
    limited = high > low

    def control():
        unit = rng.uniform(-1, 1, model.nu)
        return np.where(limited, 0.5 * (low + high) + 0.4 * (high - low) * unit, 0.5 * unit)

    def start(seed):
        if model.nkey:
            mujoco.mj_resetDataKeyframe(model, data, 0)
        else:
            mujoco.mj_resetData(model, data)
        generator = np.random.default_rng(seed)
        mujoco.mj_integratePos(model, data.qpos, generator.normal(size=model.nv), 0.02)
        data.qvel[:] = 0.1 * generator.normal(size=model.nv)
        data.qacc_warmstart[:] = 0
        data.ctrl[:] = control()

    def state(of):
        return [np.ravel(getattr(of, key)).copy() for key in STATE]

    def run(begin, steps):
        mujoco.mj_resetData(model, other)
        for key, part in zip(STATE, begin):
            np.ravel(getattr(other, key))[:] = part
        for _ in range(steps):
            mujoco.mj_step(model, other)
        return np.concatenate([other.qpos, other.qvel]), other.sensordata.copy()

    def one(begin, steps):
        """Errors of the state and of the sensors, each with what nudges do to it."""
        reference = run(begin, steps)
        spread = [0.0, 0.0]
        for _ in range(NUDGES):
            nudged = [part + NUDGE * rng.uniform(-1, 1, part.shape) * np.maximum(1, np.abs(part)) for part in begin]
            spread = [max(s, error(np, x, r)) for s, x, r in zip(spread, run(nudged, steps), reference)]
        found = engine.run(steps, begin)
        moved = model.nq + model.nv
        sensed = found[moved + model.nv : -3]
        return list(zip([error(np, found[:moved], reference[0]), error(np, sensed, reference[1])], spread))

    def worst(pairs):
        return max(pairs, key=lambda pair: pair[0] / max(TOLERANCE, 1000 * pair[1]))

    singles, longs = [], []
    for seed in range(2):
        start(seed)
        longs.append(one(state(data), STEPS))
        for t in range(STEPS):
            if t % EVERY == 0:
                data.ctrl[:] = control()
                singles.append(one(state(data), 1))
            mujoco.mj_step(model, data)
    found = {"single": worst([state for state, _ in singles]), "long": worst([state for state, _ in longs])}
    if model.nsensordata:
        found["sensors"] = worst([sensors for _, sensors in singles])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", metavar="PACKAGE==VERSION|FOLDER")
    parser.add_argument("--scratch", type=pathlib.Path, required=True, help="folder for wheels and what they hold")
    parser.add_argument("--engine", default=str(ENGINE), help="the example replay_mjcf")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="only paths that hold this text")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each model")
    options = parser.parse_args()
    try:
        import mujoco
        import numpy  # noqa: F401
    except ImportError as missing:
        print(f"skipped: {missing}")
        return
    if mujoco.__version__ != "3.3.7":
        print(f"skipped: MuJoCo is {mujoco.__version__}, not 3.3.7")
        return
    (options.scratch / "wheels").mkdir(parents=True, exist_ok=True)
    seen, paths = set(), []
    for source in options.sources:
        folder = pathlib.Path(source)
        if not folder.is_dir():
            folder = unpack(source, options.scratch)
        for path in models(folder):
            key = hashlib.sha256(path.read_bytes()).digest()
            if options.only in str(path) and key not in seen:
                seen.add(key)
                paths.append(str(path))
    print(f"{len(paths)} files of MJCF", flush=True)
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for found in pool.map(lambda path: apart(path, options.engine), paths):
            results.append(found)
            if options.verbose:
                print(line(found), flush=True)
    report(results)


def apart(path, engine):
    """As `compare`, in a process of its own: MuJoCo may end it, or not end at all."""
    import json

    words = [sys.executable, "-c", "import sys, json; sys.path.insert(0, sys.argv[1]); import compare; "
             "print(json.dumps(compare.compare(sys.argv[2], sys.argv[3])))", str(HERE), path, engine]
    try:
        said = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
        return json.loads(said.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"path": path, "nv": 1, "failed": f"took longer than {PATIENCE} s"}
    except (IndexError, ValueError):
        return {"path": path, "mujoco": "MuJoCo ended the process"}


def agrees(pair):
    return pair[0] <= max(TOLERANCE, 1000 * pair[1])


def line(found):
    name = "/".join(pathlib.Path(found["path"]).parts[-3:])
    if "mujoco" in found:
        return f"mujoco   {name}: {found['mujoco']}"
    if "error" in found:
        return f"refused  {name}: {found['error']}"
    if "failed" in found:
        return f"failed   {name}: {found['failed']}"
    compiled = found["compiled"]
    text = f"compiled {compiled[0]:.0e} {compiled[1]}"
    good = compiled[0] <= COMPILED
    for part in ["single", "long", "sensors"]:
        if part in found:
            text += f"; {part} {found[part][0]:.0e} (MuJoCo's own {found[part][1]:.0e})"
            good &= agrees(found[part])
    return f"{'same    ' if good else 'DIFFERS '} {name}: {text}"


def reason(message):
    """A refusal without file, line, names and numbers."""
    message = re.sub(r"^.*?:\d+: ", "", message)
    message = re.sub(r"known here:.*|allowed here:.*|\(allowed:.*|; known .*", "", message)
    message = re.sub(r"`[^`]*[/.][^`]*`", "`…`", message)
    return re.sub(r"\d+(\.\d+)?(e-?\d+)?", "N", message)[:110].strip()


def report(results):
    mine = [r for r in results if "mujoco" not in r]
    tests = re.compile(r"/(tests?|test_?data|testing)/")
    robots = [r for r in mine if r.get("nv") and not tests.search(r["path"])]
    refused = collections.Counter(reason(r["error"]) for r in robots if "error" in r)
    print(f"\nFirst refusal of the {sum(refused.values())} robots and tasks that do not load:")
    for text, count in refused.most_common():
        print(f"{count:5}  {text}")
    print("\n| models that MuJoCo loads | number | load | compiled numbers equal | one step agrees | 100 steps agree | sensors agree |")
    print("|---|---|---|---|---|---|---|")
    for name, group in [("all", mine), ("robots and tasks", robots), ("of them with meshes", [r for r in robots if r.get("nmesh")])]:
        loaded = [r for r in group if "compiled" in r]
        moved = [r for r in loaded if "single" in r]
        share = lambda part, of: f"{part} ({100 * part / max(1, of):.0f} %)"
        equal = sum(r["compiled"][0] <= COMPILED for r in loaded)
        single, long = (sum(agrees(r[part]) for r in moved) for part in ["single", "long"])
        sensed = [agrees(r["sensors"]) for r in moved if "sensors" in r]
        print(f"| {name} | {len(group)} | {share(len(loaded), len(group))} | {share(equal, len(loaded))} "
              f"| {share(single, len(moved))} | {share(long, len(moved))} | {share(sum(sensed), len(sensed))} |")
    failed = [r for r in mine if "failed" in r]
    if failed:
        print(f"\n{len(failed)} failed: " + "; ".join(line(r) for r in failed[:10]))


if __name__ == "__main__":
    main()
