"""Record how many connections RLx2 moves over a run, and what its replay forgets in one.

    pip install "numpy==2.4.6"
    python record.py             # writes rlx2.npz beside this file

Both are the arithmetic of its released code (tyq1024/RLx2 3f4898b), in double precision: `DST/DST_Scheduler.py` for
the counts, with the sizes of HalfCheetah's networks at the sparsities of its Table 2, and `DST/utils.py` and
`RLx2_TD3/train.py` for the replay.
"""
import os

import numpy as np

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rlx2.npz")
STEPS, RANDOM_STEPS, DELTA, ZETA = 3_000_000, 25_000, 10_000, 0.5
# Connections of the layers that are not dense.
CRITIC, ACTOR = (3703, 6794), (1950, 3657)


def moves(active, end):
    """Steps of a network's schedule at which it moves connections, and how many in each layer."""
    rows = []
    for step in range(1, end + 1):
        if step % DELTA == 0 and step < end:
            fraction = ZETA / 2 * (1 + np.cos((step * np.pi) / end))
            rows.append([step, *(int(n * fraction) for n in active)])
    return np.array(rows)


class Buffer:
    """RLx2's ring: of `slots` one stays free."""

    def __init__(self, slots):
        self.slots, self.ptr, self.left = slots, 0, 0
        self.seen, self.mean = np.zeros(slots), np.zeros((slots, 2))

    def add(self, seen, mean):
        self.seen[self.ptr], self.mean[self.ptr] = seen, mean
        self.ptr = (self.ptr + 1) % self.slots
        if self.left == self.ptr:
            self.left = (self.left + 1) % self.slots

    @property
    def size(self):
        return (self.ptr + self.slots - self.left) % self.slots

    def shrink(self):
        self.left = (self.left + int(0.1 * self.size)) % self.slots


def policy(time, seen):
    """The action of a made-up policy after so many steps, for some observations."""
    return np.tanh(np.sin(seen / 7)[..., None] * np.array([1.0, -2.0]) * np.cos(time / 900))


def forgetting(steps=6000, capacity=2000, every=100, check=64, threshold=0.2, least=1100):
    """A run: the size, the oldest transition and the policy distance at every check."""
    buffer, rows = Buffer(capacity + 1), []
    for time in range(steps):
        buffer.add(time, policy(time, np.float64(time)))
        if (time + 1) % every == 0:
            at = (buffer.left + np.arange(check)) % buffer.slots
            distance = np.mean((policy(time, buffer.seen[at]) - buffer.mean[at]) ** 2) / 2
            if distance > threshold and buffer.size > least:
                buffer.shrink()
            rows.append([distance, buffer.size, buffer.seen[buffer.left]])
            assert abs(distance - threshold) > 1e-4, "too close to call in single precision"
    return np.array(rows)


def main():
    end = STEPS - RANDOM_STEPS
    out = {
        "critic": moves(CRITIC, end),
        "actor": moves(ACTOR, int(end / 2)),
        "forgetting": forgetting(),
    }
    np.savez_compressed(FILE, **out)
    for key, value in out.items():
        print(key, value.shape, value[[0, 1, -1]].tolist())
    print("checks over the threshold", (out["forgetting"][:, 0] > 0.2).sum(), os.path.getsize(FILE), "bytes")


if __name__ == "__main__":
    main()
