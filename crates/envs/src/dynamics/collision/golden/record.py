"""Records where MuJoCo puts the contacts of pairs of shapes, as text.

    python record.py contacts.txt --poses 50

A line holds: two kinds, the margin; size, position and orientation of each shape; the number of contacts;
distance, position and normal of each. An orientation is a quaternion (w x y z) of whole numbers, not
normalised: so its matrix has the same bits wherever it is computed. Needs mujoco 3.3.7.
"""

import argparse
import itertools

import mujoco
import numpy as np

KINDS = ["plane", "sphere", "capsule", "ellipsoid", "cylinder", "box"]
MODEL = """<mujoco><worldbody>
  <body><freejoint/><geom name="a" type="{}" size="1 1 1" contype="0" conaffinity="0" mass="1"/></body>
  <body><freejoint/><geom name="b" type="{}" size="1 1 1" contype="0" conaffinity="0" mass="1"/></body>
</worldbody><contact><pair geom1="a" geom2="b" condim="1"/></contact></mujoco>"""
STATIC = """<mujoco><worldbody>
  <geom name="a" type="{}" size="1 1 1" contype="0" conaffinity="0"/>
  <body><freejoint/><geom name="b" type="{}" size="1 1 1" contype="0" conaffinity="0" mass="1"/></body>
</worldbody><contact><pair geom1="a" geom2="b" condim="1"/></contact></mujoco>"""


def matrix(quat):
    w, x, y, z = (int(v) for v in quat)
    norm = w * w + x * x + y * y + z * z
    rows = [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
    return np.array([[entry / norm for entry in row] for row in rows])


def times(a, b):
    """The product of two quaternions of whole numbers."""
    aw, ax, ay, az = (int(v) for v in a)
    bw, bx, by, bz = (int(v) for v in b)
    return [
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ]


def bound(kind, size):
    if kind == "plane":
        return 0.0
    if kind in ("sphere", "ellipsoid"):
        return float(size[0] if kind == "sphere" else max(size))
    if kind == "capsule":
        return size[0] + size[1]
    if kind == "cylinder":
        return float(np.hypot(size[0], size[1]))
    return float(np.linalg.norm(size))


class Pair:
    def __init__(self, first, second):
        self.kinds = [first, second]
        text = STATIC if first == "plane" else MODEL
        self.model = mujoco.MjModel.from_xml_string(text.format(first, second))
        self.data = mujoco.MjData(self.model)

    def contacts(self, margin, sizes, places, quats):
        model, data = self.model, self.data
        model.pair_margin[0] = margin
        for i in range(2):
            model.geom_size[i] = sizes[i]
            model.geom_rbound[i] = bound(self.kinds[i], sizes[i])
            data.geom_xpos[i] = places[i]
            data.geom_xmat[i] = matrix(quats[i]).ravel()
        mujoco.mj_collision(model, data)
        found = []
        for contact in data.contact[: data.ncon]:
            found.append([contact.dist, *contact.pos, *contact.frame[:3]])
        return found


def orientation(rng, case):
    """A quaternion of whole numbers: any, along the axes, in round fractions of a turn, or nearly so."""
    quarter = [(1, 0, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (1, 0, 0, 1), (0, 1, 0, 0), (1, 1, 1, 1), (1, -1, 0, 0)]
    if case == "any":
        while True:
            quat = rng.integers(-30, 31, 4)
            if quat.any():
                return [int(v) for v in quat]
    aligned = quarter[rng.integers(len(quarter))]
    if case == "aligned":
        return list(aligned)
    if case == "turned":
        axis = rng.integers(3)
        turn = [int(rng.integers(1, 20)), 0, 0, 0]
        turn[1 + axis] = int(rng.integers(-20, 21))
        return times(aligned, turn)
    scale = 10 ** int(rng.integers(2, 7))
    return times(aligned, [scale, *(int(v) for v in rng.integers(-3, 4, 3))])


def pose(rng, pair):
    """Sizes, places and orientations near contact."""
    first, second = pair.kinds
    sizes = np.round(rng.uniform(0.05, 0.5, (2, 3)), 3)
    if rng.random() < 0.1:
        sizes[1] = sizes[0]
    if first == "plane":
        sizes[0] = 1.0
    base = orientation(rng, "any" if rng.random() < 0.5 else "aligned")
    relative = orientation(rng, rng.choice(["any", "any", "aligned", "turned", "nearly"]))
    quats = [base, times(base, relative)]
    # Larger squares have no exact double.
    if any(sum(v * v for v in quat) >= 2**52 for quat in quats):
        return None
    margin = float(rng.choice([0.0, 0.0, 0.001, 0.02]))
    start = np.round(rng.uniform(-1, 1, 3), 3)

    # Towards the second shape: any way, along an axis of one of them, or with a push to the side.
    way = rng.normal(size=3)
    if rng.random() < 0.5:
        way = matrix(quats[rng.integers(2)])[:, rng.integers(3)] * rng.choice([-1, 1])
        if rng.random() < 0.7:
            way = way + rng.normal(size=3) * rng.choice([0.01, 0.3])
    if first == "plane":
        way = matrix(base)[:, 2]
    way = way / np.linalg.norm(way)
    side = np.zeros(3) if rng.random() < 0.3 else np.round(rng.normal(size=3) * 0.2, 3)

    def contacts(far, margin):
        place = np.round(start + side + way * far, 6)
        return pair.contacts(margin, sizes, [start, place], quats)

    # The farthest place with a contact, by halving.
    near, far = 0.0, bound(first, sizes[0]) + bound(second, sizes[1]) + 0.5
    if not contacts(near, 0.0):
        near = -0.3 if first == "plane" else 0.02
    for _ in range(24):
        middle = (near + far) / 2
        near, far = (middle, far) if contacts(middle, 0.0) else (near, middle)
    depth = rng.choice([0.3, 0.05, 0.01, 0.001, -0.0004, -0.01]) * rng.uniform(0.2, 1)
    place = np.round(start + side + way * (near - depth), 6)
    return margin, sizes, [start, place], quats


def line(pair, margin, sizes, places, quats, found, digits):
    words = [*pair.kinds, f"{margin:g}"]
    for size, place, quat in zip(sizes, places, quats):
        words += [f"{v:g}" for v in size] + [f"{v:.9g}" for v in place] + [str(v) for v in quat]
    words.append(str(len(found)))
    words += [f"{v + 0.0:.{digits}g}" for contact in found for v in contact]
    return " ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--poses", type=int, default=50, help="poses per pair of kinds")
    parser.add_argument("--digits", type=int, default=17, help="significant digits of the contacts")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    assert mujoco.__version__ == "3.3.7"
    with open(options.out, "w") as out:
        for first, second in itertools.combinations_with_replacement(KINDS, 2):
            if second == "plane":
                continue
            pair = Pair(first, second)
            rng = np.random.default_rng([options.seed, KINDS.index(first), KINDS.index(second)])
            count = 0
            while count < options.poses:
                made = pose(rng, pair)
                if made is None:
                    continue
                found = pair.contacts(*made)
                # Few poses without a contact.
                if not found and rng.random() < 0.7:
                    continue
                print(line(pair, *made, found, options.digits), file=out)
                count += 1


if __name__ == "__main__":
    main()
