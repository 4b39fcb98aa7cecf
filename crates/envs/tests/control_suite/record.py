"""Record what DeepMind's control suite computes.

    pip install "dm_control==1.0.34" "mujoco==3.3.7" "numpy==2.4.6" scipy
    python record.py                       # writes expected.txt beside this file, from one seed of each task or two
    python record.py FILE 0 1 2 cartpole   # or a file of other seeds, of the domains named

Each line begins with a task, a seed and a word. `model` and `field`: numbers of the compiled model, of the first task with
it and of no seed. `rewards` and `reward_divergence`: of 50 control steps. `state`, a step, and two numbers: positions,
velocities and activations after that many steps, and how many they are; then what is observed there. The two numbers are
how far MuJoCo parts from itself by then, in the state and in what is observed, when it begins a rounding error away: the
largest `|x - ref| / max(1, |ref|)` of three such runs or more.

Actions are by a formula that is exact in binary (`action`), uniform in the range of each actuator.
"""
import os
import sys

os.environ.setdefault("MUJOCO_GL", "disabled")

import mujoco
import numpy as np

np.in1d = np.isin  # which dm_control asks for, and NumPy 2.4 has no more

from dm_control import suite
from dm_control.mujoco import engine

# quadruped-escape would draw its new terrain, if there were anything to draw with.
engine.Physics.contexts = None

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 50
SHOWN = [0, 1, 2, 10, 25, 50]
NUDGES = 3
# Whether MuJoCo finds two contacts of boxes at one place, and drops one, hangs on the last bit of a cosine: few nudges show it.
MORE_NUDGES = {"stacker-stack_4": 24}
# Here it does.
MORE_SEEDS = {"stacker-stack_4": [1018]}
LEFT_OUT = ("lqr",)
# Groups of geoms that are left out of a domain's model: bones and eyes, which touch nothing, and weigh what their bodies do.
LOOKS = {"dog": [1, 5]}
# What tests compare of a model, by mjModel's names.
FIELDS = (
    "body_mass body_subtreemass body_pos body_quat body_ipos body_inertia body_invweight0 jnt_pos jnt_axis jnt_range "
    "jnt_stiffness jnt_margin jnt_solref jnt_solimp qpos0 qpos_spring dof_armature dof_damping dof_frictionloss "
    "dof_invweight0 geom_size geom_pos geom_quat geom_rbound geom_friction geom_condim geom_solref geom_solimp geom_margin "
    "actuator_gear actuator_gainprm actuator_biasprm actuator_dynprm actuator_ctrlrange actuator_acc0 "
    "tendon_range tendon_stiffness tendon_length0 tendon_invweight0 eq_solref eq_solimp"
).split()


def action(low, high, t):
    """The action of step `t`, from 0 on."""
    count = np.arange(1, len(low) + 1, dtype=np.uint64)
    unit = ((t + 1) * count * np.uint64(2654435761) % np.uint64(2**32)).astype(np.float64) / 2.0**32
    return low + (high - low) * unit


def load(domain, task, seed):
    random = np.random.RandomState(seed if seed < 2**32 else [seed % 2**32, seed // 2**32])
    return suite.load(domain, task, task_kwargs={"random": random})


def flat(observation):
    return np.concatenate([np.asarray(part, dtype=np.float64).ravel() for part in observation.values()])


def run(domain, task, seed, nudge=None):
    """States, observations and rewards of an episode's first steps."""
    env = load(domain, task, seed)
    seen = flat(env.reset().observation)
    data = env.physics.data
    if nudge is not None:
        data.qpos[:] += 1e-15 * np.random.default_rng(nudge).standard_normal(len(data.qpos))
        mujoco.mj_step1(env.physics.model.ptr, data.ptr)
    spec = env.action_spec()
    state = lambda: np.concatenate([data.qpos, data.qvel, data.act])
    states, observations, rewards = [state()], [seen], []
    for t in range(STEPS):
        step = env.step(action(spec.minimum, spec.maximum, t))
        assert step.discount == 1.0 and not step.last(), (domain, task)
        states.append(state())
        observations.append(flat(step.observation))
        rewards.append(float(step.reward))
    return [np.array(x) for x in (states, observations, rewards)]


def apart(found, reference):
    """How far two arrays are apart, row by row."""
    error = np.abs(found - reference) / np.maximum(1, np.abs(reference))
    return error.reshape(len(error), -1).max(axis=1)


def text(numbers):
    return " ".join(repr(float(x)) for x in np.asarray(numbers, dtype=np.float64).ravel())


def frames(model):
    """Where geoms are in their bodies: in the body's frame or that of its inertia if a millionth or less off."""
    places, quats = model.geom_pos.copy(), model.geom_quat.copy()
    body = model.geom_bodyid
    same = mujoco.mjtSameFrame
    for kinds, place, quat in (
        ((same.mjSAMEFRAME_BODY, same.mjSAMEFRAME_BODYROT), np.zeros_like(places), np.eye(4)[:1].repeat(len(quats), axis=0)),
        ((same.mjSAMEFRAME_INERTIA, same.mjSAMEFRAME_INERTIAROT), model.body_ipos[body], model.body_iquat[body]),
    ):
        whole, turned = model.geom_sameframe == kinds[0], np.isin(model.geom_sameframe, kinds)
        places[whole], quats[turned] = place[whole], quat[turned]
    return places, quats


def model_lines(name, domain, task):
    env = load(domain, task, 0)
    if domain == "finger":
        env.reset()  # which sets the damping
    model = env.physics.model.ptr
    numbers = {field: getattr(model, field) for field in FIELDS}
    solid = ~np.isin(model.geom_group, LOOKS.get(domain, []))
    numbers["geom_pos"], numbers["geom_quat"] = frames(model)
    numbers.update((field, numbers[field][solid]) for field in FIELDS if field.startswith("geom_"))
    # Capsules have two sizes, whatever a third number says.
    numbers["geom_size"][model.geom_type[solid] == mujoco.mjtGeom.mjGEOM_CAPSULE, 2] = 0
    numbers["actuator_dynprm"] = model.actuator_dynprm[:, :3]
    numbers["actuator_gainprm"], numbers["actuator_biasprm"] = model.actuator_gainprm[:, :9], model.actuator_biasprm[:, :9]
    numbers["option"] = [model.opt.timestep, model.opt.density, model.opt.iterations, model.stat.meaninertia]
    return [f"{name} - model {field} {text(value)}".strip() for field, value in numbers.items()]


def lines(name, domain, task, seed):
    states, observations, rewards = run(domain, task, seed)
    nudges = MORE_NUDGES.get(f"{domain}-{task}", NUDGES)
    nudged = [run(domain, task, seed, nudge) for nudge in range(nudges)]
    parts = [np.max([apart(run[i], whole) for run in nudged], axis=0) for i, whole in enumerate((states, observations, rewards))]
    yield f"{name} {seed} rewards {text(rewards)}"
    yield f"{name} {seed} reward_divergence " + " ".join(f"{x:.1e}" for x in parts[2])
    for step in SHOWN:
        divergence = f"{parts[0][step]:.1e} {parts[1][step]:.1e}"
        yield f"{name} {seed} state {step} {divergence} {states.shape[1]} {text(states[step])} {text(observations[step])}"


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "expected.txt")
    seeds = [int(word) for word in sys.argv[2:] if word.isdigit()]
    domains = [word for word in sys.argv[2:] if not word.isdigit()]
    models, out = [], []
    for i, (domain, task) in enumerate(suite.ALL_TASKS):
        if domain in LEFT_OUT or f"{domain}-{task}" in LEFT_OUT or domains and domain not in domains:
            continue
        name = f"dmc/{domain}-{task}"
        of_model = model_lines(name, domain, task)
        numbers = [line.split(" ", 1)[1] for line in of_model]
        if numbers not in models:
            models.append(numbers)
            out += of_model
        # Small seeds and one that does not fit into 32 bits.
        for seed in seeds or [i if i != 3 else 2**32 + 3] + MORE_SEEDS.get(f"{domain}-{task}", []):
            out += lines(name, domain, task, seed)
        print(name, flush=True)
    with open(path, "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
