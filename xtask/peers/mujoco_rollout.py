"""Times MuJoCo's own rollout loop (in C, one thread) over the work that `cargo xtask bench envs` gives it.

Needs `pip install "mujoco==3.3.7" "gymnasium[mujoco]"`, and for tasks named `dmc/DOMAIN-TASK` `dm_control==1.0.34`. Speaks
JSON, one object per line. First argument: the name of a task, or `file:PATH` for a model, which begins in its first keyframe
and moves by random controls, a new one every 0.02 s. Writes where an episode begins and the actions of the work, then for
every line that it reads runs the work once and writes the seconds that it took and the positions in which it ended.
"""

import json
import os
import sys
import time

os.environ.setdefault("MUJOCO_GL", "disabled")

import mujoco
import numpy
from mujoco import rollout

STEPS = 1000
# How long a model keeps a control (s).
CONTROL = 0.02


def begin(task):
    """Model, state, physics steps per control step and range of actions at the start of a task's episode."""
    if task.startswith("file:"):
        return begin_model(mujoco.MjModel.from_xml_path(task.removeprefix("file:")))
    if not task.startswith("dmc/"):
        import gymnasium

        env = gymnasium.make(task).unwrapped
        env.reset(seed=0)
        return env.model, env.data, env.frame_skip, (env.action_space.low, env.action_space.high)
    numpy.in1d = numpy.isin  # which dm_control asks for, and NumPy 2.4 has no more
    from dm_control import suite

    domain, name = task.removeprefix("dmc/").split("-", 1)
    env = suite.load(domain, name, task_kwargs={"random": 0})
    env.reset()
    physics, spec = env.physics, env.action_spec()
    skip = round(env.control_timestep() / physics.timestep())
    # The environment frees them with itself.
    begin.env = env
    return physics.model.ptr, physics.data.ptr, skip, (spec.minimum, spec.maximum)


def begin_model(model):
    """As `begin`, for a model of one's own. Controls that it does not bound are within 1."""
    data = mujoco.MjData(model)
    if model.nkey:
        mujoco.mj_resetDataKeyframe(model, data, 0)
    low, high = model.actuator_ctrlrange.T
    bounded = low < high
    low, high = numpy.where(bounded, low, -1), numpy.where(bounded, high, 1)
    return model, data, max(1, round(CONTROL / model.opt.timestep)), (low, high)


model, data, skip, (low, high) = begin(sys.argv[1])
actions = numpy.random.default_rng(0).uniform(low, high, (STEPS, model.nu))
print(
    json.dumps(
        {
            "version": mujoco.__version__,
            "qpos": data.qpos.tolist(),
            "qvel": data.qvel.tolist(),
            "act": data.act.tolist(),
            "skip": skip,
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
