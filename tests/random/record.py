"""Record single steps of MuJoCo on random models.

    pip install "mujoco==3.3.7" numpy
    python record.py FOLDER SEED NUDGES INDEX...

Each index is a model of `draw.py`; one that MuJoCo refuses is drawn again. Writes FOLDER/INDEX.xml, FOLDER/INDEX.part.xml
where it attaches that, and FOLDER/INDEX.npz:

- `model/…`: numbers of the compiled model, under MuJoCo's names;
- `before/…`: states before a step, one row each: rest and throws, cold and warm starts, from a run under random controls;
- `after/…`: the states after one step, the acceleration, what sensors measured, and the numbers of contacts and of constraint rows;
- `spread/…`: the largest difference that any of NUDGES changes of the state by 1e-15 makes to each of them. Every
  second one is computed with sparse Jacobians, MuJoCo's other order of the same sums; half of them change
  numbers too that the compiler computed;
- `stiffness`: the largest ratio of a constraint row's stiffness to the inertia that it meets;
- `rounding`: the last bit of the cost that a primal solver minimises, in units of the improvement at which it stops;
- `apart`: whether the step has contacts of pairs that are found by a search which ends within `ccd_tolerance`, or of a plane
  with a mesh that has flat sides.
"""
import copy
import os
import sys

import mujoco
import numpy as np

from draw import draw

STEPS = 40
STATES = 6
NUDGE = 1e-15
# What MuJoCo takes for divergence; it looks before a step, so that one step may lead beyond.
DIVERGED = 1e10
BEFORE = ["qpos", "qvel", "ctrl", "qacc_warmstart", "act", "mocap_pos", "mocap_quat"]
MARKS = ["apart", "stiffness", "rounding"]
AFTER = ["qpos", "qvel", "qacc", "act", "sensordata", "counts"]
MODEL = """
    qpos0 qpos_spring body_parentid body_rootid body_weldid body_jntadr body_jntnum body_dofadr body_dofnum body_pos
    body_quat body_ipos body_iquat body_mass body_subtreemass body_inertia body_invweight0 jnt_type jnt_bodyid
    jnt_qposadr jnt_dofadr jnt_pos jnt_axis jnt_stiffness jnt_limited jnt_range jnt_margin jnt_solref jnt_solimp
    dof_bodyid dof_jntid dof_parentid dof_armature dof_damping dof_frictionloss dof_solref dof_solimp dof_invweight0
    geom_type geom_bodyid geom_size geom_pos geom_quat geom_rbound geom_contype geom_conaffinity geom_condim
    geom_priority geom_solmix geom_friction geom_margin geom_gap geom_solref geom_solimp tendon_limited tendon_range
    tendon_margin tendon_stiffness tendon_damping tendon_armature tendon_frictionloss tendon_lengthspring
    tendon_length0 tendon_invweight0 tendon_actfrclimited tendon_actfrcrange eq_type eq_active0 eq_solref eq_solimp
    body_gravcomp actuator_acc0 actuator_actlimited actuator_actrange actuator_lengthrange actuator_dynprm actuator_gear actuator_trnid actuator_ctrllimited actuator_ctrlrange
    actuator_gainprm actuator_biasprm actuator_forcelimited actuator_forcerange key_qpos
""".split()
# Numbers whose last bit a compiler may choose: frames, inertias, weights.
COMPUTED = ["body_pos", "body_quat", "body_ipos", "body_iquat", "geom_pos", "geom_quat", "jnt_pos", "jnt_axis",
            "body_inertia", "body_mass", "body_invweight0", "dof_invweight0", "tendon_invweight0"]
SPARSE = mujoco.mjtJacobian.mjJAC_SPARSE
DISABLE, SAME = mujoco.mjtDisableBit, mujoco.mjtSameFrame
PLANE, HFIELD, SPHERE, CAPSULE, ELLIPSOID, CYLINDER, BOX, MESH = range(8)


def has_flat_side(model, geom):
    """Whether a geom is a mesh whose hull has a side with more than three corners."""
    mesh = model.geom_dataid[geom]
    if model.geom_type[geom] != MESH or mesh < 0:
        return False
    first = model.mesh_polyadr[mesh]
    return bool(np.any(model.mesh_polyvertnum[first:first + model.mesh_polynum[mesh]] > 3))


def is_apart(model, data):
    """Whether a contact comes from the search for convex shapes' nearest points, or its corners are open."""
    for contact in data.contact:
        kinds = {int(model.geom_type[g]) for g in contact.geom}
        if ELLIPSOID in kinds or (CYLINDER in kinds and not kinds & {PLANE, SPHERE}):
            return True
        # Which corners of a flat side touch a plane is up to how qhull cuts the side into triangles.
        if kinds == {PLANE, MESH} and any(has_flat_side(model, g) for g in contact.geom):
            return True
        # Between corners without margin the search ends without error.
        margins = np.concatenate([model.geom_margin[contact.geom], model.pair_margin])
        if kinds & {MESH, HFIELD} and PLANE not in kinds and (margins.any() or not kinds <= {BOX, MESH, HFIELD}):
            return True
    return False


def stiffness(model, data):
    """The largest diagonal of J M⁻¹ Jᵀ R⁻¹, some 10⁴ at most unless bodies seem immovable in the reference pose."""
    if not data.nefc or not model.nv:
        return 0.0
    rows = np.zeros((data.nefc, model.nv))
    if mujoco.mj_isSparse(model):
        mujoco.mju_sparse2dense(rows, data.efc_J.ravel(), data.efc_J_rownnz, data.efc_J_rowadr, data.efc_J_colind)
    else:
        rows[:] = data.efc_J.reshape(rows.shape)
    moved = np.zeros_like(rows)
    mujoco.mj_solveM(model, data, moved, rows)
    return np.max(np.sum(rows * moved, axis=1) / data.efc_R)


def rounding(model, data):
    """The last bit of the rows' cost, in units of the improvement at which Newton's method and conjugate gradients stop."""
    if not data.nefc or model.opt.solver == mujoco.mjtSolver.mjSOL_PGS:
        return 0.0
    cost = 0.5 * np.sum(data.efc_R * data.efc_force**2)
    scale = model.stat.meaninertia * model.nv * max(model.opt.tolerance, np.finfo(float).tiny)
    return np.finfo(float).eps * cost / scale


def marks(model, data):
    """What tells by how much two engines may differ: see `apart`, `stiffness` and `rounding` above."""
    return np.array([is_apart(model, data), stiffness(model, data), rounding(model, data)])


def step(model, data, before):
    """What one step from a state gives, and its marks."""
    mujoco.mj_resetData(model, data)
    for key, value in zip(BEFORE, before):
        getattr(data, key)[:] = value
    mujoco.mj_forward(model, data)
    before_step = marks(model, data)
    data.qacc_warmstart[:] = before[3]
    mujoco.mj_step(model, data)
    counts = np.array([data.ncon, data.nefc, sum(w.number for w in data.warning)], dtype=float)
    return [data.qpos.copy(), data.qvel.copy(), data.qacc.copy(), data.act.copy(), data.sensordata.copy(), counts], np.maximum(before_step, marks(model, data))


def nudged(rng, values, least=1):
    """Each value changed by up to 1e-15 of itself, or of `least` where it is smaller."""
    return values + NUDGE * rng.uniform(-1, 1, np.shape(values)) * np.maximum(least, np.abs(values))


def difference(a, b):
    """As `tests::errors::error`."""
    if not len(a):
        return 0.0
    worst = np.max(np.abs(a - b) / np.maximum(1, np.abs(b)))
    return worst if np.isfinite(worst) else np.inf


def spread(rng, model, data, before, after, nudges):
    """How far nudges carry each part of what comes after."""
    worst = np.zeros(len(after))
    for nudge in range(nudges):
        other = copy.copy(model)
        if nudge & 1:
            other.opt.jacobian = SPARSE
        if nudge & 2:
            for key in COMPUTED:
                # Frames have lengths and turns of about one; a body of no inertia keeps none.
                least = 1 if key.endswith(("pos", "quat", "axis")) else 0
                getattr(other, key)[:] = nudged(rng, getattr(model, key), least)
        try:
            moved, _ = step(other, data, [nudged(rng, value) for value in before])
        except mujoco.FatalError:
            # MuJoCo 3.3.7 miscounts some sparse rows. Its memory is not to be used again.
            data = mujoco.MjData(model)
            continue
        worst = np.maximum(worst, [difference(a, b) for a, b in zip(moved, after)])
    return worst


def start(rng, model, data):
    """A pose to begin with, and how fast."""
    mujoco.mj_resetData(model, data)
    if model.nkey and rng.random() < 0.7:
        mujoco.mj_resetDataKeyframe(model, data, 0)
    if rng.random() < 0.6:
        mujoco.mj_integratePos(model, data.qpos, rng.normal(size=model.nv) * rng.choice([0.02, 0.2, 1.0]), 1.0)
    if model.na and rng.random() < 0.7:
        data.act[:] = rng.uniform(-0.2, 1.2, model.na)
    if model.nmocap and rng.random() < 0.7:
        data.mocap_pos[:] += rng.normal(size=data.mocap_pos.shape) * 0.1
        data.mocap_quat[:] += rng.normal(size=data.mocap_quat.shape) * 0.1
    if rng.random() < 0.6:
        data.qvel[:] = rng.normal(size=model.nv) * rng.choice([0.1, 1.0, 5.0])


def control(rng, model, data):
    data.ctrl[:] = rng.normal(size=model.nu) * rng.choice([0.0, 0.5, 2.0, 10.0])
    if rng.random() < 0.5:
        low, high = model.actuator_ctrlrange.T
        data.ctrl[:] = np.where(high > low, rng.uniform(low, np.maximum(low, high)), data.ctrl)


def record(model, rng, nudges):
    run, scratch = mujoco.MjData(model), mujoco.MjData(model)
    states = []
    start(rng, model, run)
    kept = set(rng.choice(STEPS, STATES - 2, replace=False)) | {0}
    for t in range(STEPS):
        if t % 4 == 0:
            control(rng, model, run)
        if t == STEPS // 2 and rng.random() < 0.5:
            start(rng, model, run)
            kept.add(t)
        if t in kept:
            states.append([getattr(run, key).copy() for key in BEFORE])
        mujoco.mj_step(model, run)
    # A warm start from elsewhere.
    other = [value.copy() for value in states[-1]]
    other[3] = rng.normal(size=model.nv) * rng.choice([0.1, 10.0, 1000.0])
    states.append(other)

    rows = {key: [] for key in MARKS}
    for before in states:
        after, marked = step(model, scratch, before)
        if not all(np.all(np.abs(value) <= DIVERGED) for value in after):
            continue
        spreads = spread(np.random.default_rng(1), model, scratch, before, after, nudges)
        for key, value in zip(MARKS, marked):
            rows[key].append(value)
        for group, keys, values in [("before", BEFORE, before), ("after", AFTER, after), ("spread", AFTER, spreads)]:
            for key, value in zip(keys, values):
                rows.setdefault(f"{group}/{key}", []).append(np.atleast_1d(value))
    return {key: np.array(value, dtype=float) for key, value in rows.items()}


def compiled(model):
    out = {f"model/{key}": np.array(getattr(model, key), dtype=float) for key in MODEL}
    out["model/nq"], out["model/nv"], out["model/nu"] = float(model.nq), float(model.nv), float(model.nu)
    out["model/stat/meaninertia"] = float(model.stat.meaninertia)
    # What flags and kinds turn off, and frames that coincide, are resolved in a model of `envs`.
    limit = DISABLE.mjDSBL_LIMIT | DISABLE.mjDSBL_CONSTRAINT
    friction = DISABLE.mjDSBL_FRICTIONLOSS | DISABLE.mjDSBL_CONSTRAINT
    for key, bits in [("jnt_limited", limit), ("tendon_limited", limit), ("dof_frictionloss", friction),
                      ("tendon_frictionloss", friction), ("actuator_ctrllimited", DISABLE.mjDSBL_CLAMPCTRL),
                      ("jnt_stiffness", DISABLE.mjDSBL_SPRING), ("tendon_stiffness", DISABLE.mjDSBL_SPRING),
                      ("dof_damping", DISABLE.mjDSBL_DAMPER), ("tendon_damping", DISABLE.mjDSBL_DAMPER),
                      ("eq_active0", DISABLE.mjDSBL_EQUALITY | DISABLE.mjDSBL_CONSTRAINT)]:
        out[f"model/{key}"] *= not model.opt.disableflags & bits
    out["model/geom_contype"] %= 2**32
    out["model/geom_conaffinity"] %= 2**32
    gain, bias = (out[f"model/actuator_{key}"].copy() for key in ["gainprm", "biasprm"])
    gain[model.actuator_gaintype == mujoco.mjtGain.mjGAIN_FIXED, 1:] = 0
    gain[model.actuator_gaintype == mujoco.mjtGain.mjGAIN_AFFINE, 3:] = 0
    bias[model.actuator_biastype == mujoco.mjtBias.mjBIAS_NONE] = 0
    bias[model.actuator_biastype == mujoco.mjtBias.mjBIAS_AFFINE, 3:] = 0
    out["model/actuator_gainprm"], out["model/actuator_biasprm"] = gain, bias
    still = np.array([1.0, 0, 0, 0])
    for at, frame in enumerate(model.body_sameframe):
        if frame == SAME.mjSAMEFRAME_BODY:
            out["model/body_ipos"][at] = 0
        if frame in (SAME.mjSAMEFRAME_BODY, SAME.mjSAMEFRAME_BODYROT):
            out["model/body_iquat"][at] = still
    for at, (frame, body) in enumerate(zip(model.geom_sameframe, model.geom_bodyid)):
        if frame == SAME.mjSAMEFRAME_BODY:
            out["model/geom_pos"][at] = 0
        elif frame == SAME.mjSAMEFRAME_INERTIA:
            out["model/geom_pos"][at] = out["model/body_ipos"][body]
        if frame in (SAME.mjSAMEFRAME_BODY, SAME.mjSAMEFRAME_BODYROT):
            out["model/geom_quat"][at] = still
        elif frame in (SAME.mjSAMEFRAME_INERTIA, SAME.mjSAMEFRAME_INERTIAROT):
            out["model/geom_quat"][at] = out["model/body_iquat"][body]
    # Axes of inertia that two equal moments leave open.
    moments = np.sort(model.body_inertia[1:], axis=1)
    gaps = np.diff(moments, axis=1) <= 1e-6 * moments[:, 1:]
    if gaps.any():
        del out["model/body_iquat"]
    return out


def is_singular(model):
    """Whether dofs move nearly as others do, or a tendon's armature over several branches, of which MuJoCo keeps a part,
    leaves the inertia matrix indefinite; `envs` refuses what is not positive to rounding."""
    if not model.nv:
        return False
    data, inertia = mujoco.MjData(model), np.zeros((model.nv, model.nv))
    mujoco.mj_forward(model, data)
    mujoco.mj_fullM(model, inertia, data.qM)
    scale = np.sqrt(np.diag(inertia))
    if not np.all(scale > 0):
        return True
    least, *_, most = np.linalg.eigvalsh(inertia / np.outer(scale, scale))[[0, -1]]
    return least < 1e-6 * most


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def drawn(path, seed, index, nudges):
    """Writes the first model of this index that MuJoCo takes, and returns what is recorded of it."""
    for attempt in range(100):
        name = index if attempt == 0 else f"{index}.{attempt}"
        text, part = draw(seed, name)
        write(path + ".xml", f"<!-- draw.py {seed} {name} -->\n{text}")
        if part:
            write(path + ".part.xml", part)
        rng = np.random.default_rng([int(seed), int(index), attempt])
        try:
            model = mujoco.MjModel.from_xml_path(path + ".xml")
            if not is_singular(model):
                return {**compiled(model), **record(model, rng, nudges)}
        except (ValueError, mujoco.FatalError):
            # Not compiled, or not stepped, such as a pair of static geoms whose contacts are in no island.
            pass
    raise RuntimeError(f"MuJoCo takes none of a hundred models {index} of seed {seed}")


def main():
    folder, seed, nudges = sys.argv[1], sys.argv[2], int(sys.argv[3])
    mujoco.set_mju_user_warning(lambda message: None)
    for index in sys.argv[4:]:
        path = os.path.join(folder, index)
        np.savez(path + ".npz", **drawn(path, seed, index, nudges))


if __name__ == "__main__":
    main()
