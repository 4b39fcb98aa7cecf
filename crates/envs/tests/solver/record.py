"""Record single steps of MuJoCo's solvers that stop early, or do not.

    pip install "mujoco==3.3.7" numpy
    python record.py             # writes expected.txt beside this file

A line holds, with `|` between: the model's name, what stands in the place of its `<option/>`, the number of constraint
rows, then positions, velocities and the solver's warm start before a step, and positions and velocities after it.
Steps that MuJoCo itself takes otherwise when its start is moved by rounding are left out.
"""
import itertools
import os

import mujoco
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SOLVERS = ["Newton", "CG", "PGS"]
CONES = ["pyramidal", "elliptic"]
TIMES = [0, 40]
OPTIONS = [
    f'<option solver="{solver}" cone="{cone}" {rest}/>'
    for solver, cone, rest in itertools.product(
        SOLVERS, CONES, ['iterations="1"', 'iterations="3" ls_iterations="4"', 'tolerance="1e-3"']
    )
] + [
    f'<option solver="{solver}" {rest}><flag {flag}="disable"/></option>'
    for solver, rest, flag in [
        ("Newton", 'iterations="1"', "island"),
        ("CG", 'iterations="2" cone="elliptic"', "island"),
        ("Newton", 'iterations="1" cone="elliptic"', "warmstart"),
        ("CG", 'iterations="2"', "warmstart"),
        ("PGS", 'iterations="2"', "warmstart"),
        ("Newton", 'iterations="2" integrator="RK4"', "warmstart"),
    ]
] + [
    '<option iterations="0"/>',
    '<option iterations="0" solver="PGS"/>',
    '<option iterations="2" ls_iterations="0"/>',
    '<option iterations="2" integrator="RK4"/>',
]


def step(model, start, noise, rng):
    data = mujoco.MjData(model)
    for into, numbers in zip([data.qpos, data.qvel, data.qacc_warmstart], start):
        into[:] = numbers * (1 + noise * rng.normal(size=len(numbers)))
    mujoco.mj_step(model, data)
    return data


def steps(name, option):
    with open(os.path.join(HERE, name + ".xml")) as file:
        model = mujoco.MjModel.from_xml_string(file.read().replace("<option/>", option))
    rng = np.random.default_rng(0)
    data = mujoco.MjData(model)
    data.qvel[:] = rng.normal(size=model.nv)
    for time in range(max(TIMES) + 1):
        start = [data.qpos.copy(), data.qvel.copy(), data.qacc_warmstart.copy()]
        if time in TIMES:
            after = step(model, start, 0, rng)
            nudged = [step(model, start, 1e-15, rng).qvel for _ in range(20)]
            if np.max(np.abs(nudged - after.qvel)) < 1e-11:
                yield [*start, after.qpos, after.qvel], after.nefc
        mujoco.mj_step(model, data)


def main():
    lines = []
    for name, option in itertools.product(["tree", "trees"], OPTIONS):
        for numbers, nefc in steps(name, option):
            fields = [" ".join(repr(float(x)) for x in part) for part in numbers]
            lines.append("|".join([name, option, str(nefc), *fields]))
    with open(os.path.join(HERE, "expected.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")
    print(len(lines), "steps of", 2 * len(OPTIONS) * len(TIMES))


if __name__ == "__main__":
    main()
