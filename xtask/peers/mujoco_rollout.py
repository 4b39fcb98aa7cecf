"""Times MuJoCo's own rollout loop (in C, one thread) over the work that `cargo xtask bench envs` gives it.

Needs `pip install "mujoco==3.3.7" "gymnasium[mujoco]"`. Speaks JSON, one object per line. First argument: the name
of a Gymnasium task. Writes where an episode begins and the actions of the work, then for every line that it reads
runs the work once and writes the seconds that it took and the positions in which it ended.
"""

import json
import sys
import time

import gymnasium
import mujoco
import numpy
from mujoco import rollout

STEPS = 1000

env = gymnasium.make(sys.argv[1]).unwrapped
env.reset(seed=0)
model, data, skip = env.model, env.data, env.frame_skip
actions = numpy.random.default_rng(0).uniform(env.action_space.low, env.action_space.high, (STEPS, model.nu))
print(
    json.dumps(
        {
            "version": mujoco.__version__,
            "qpos": data.qpos.tolist(),
            "qvel": data.qvel.tolist(),
            "actions": actions.tolist(),
        }
    ),
    flush=True,
)

full = mujoco.mjtState.mjSTATE_FULLPHYSICS
start = numpy.zeros(mujoco.mj_stateSize(model, full))
mujoco.mj_getState(model, data, start, full)
data.qacc_warmstart[:] = 0
warmstart = numpy.zeros(model.nv)
controls = numpy.repeat(actions, skip, axis=0)[None]
with rollout.Rollout(nthread=0) as engine:
    for _ in sys.stdin:
        began = time.perf_counter()
        states, _ = engine.rollout(model, data, start[None], controls, initial_warmstart=warmstart[None])
        seconds = time.perf_counter() - began
        # A state is time, positions, velocities.
        end = states[0, -1, 1 : 1 + model.nq]
        print(json.dumps({"seconds": seconds, "qpos": end.tolist()}), flush=True)
