"""Times updates of TD3+BC's own released code for `cargo xtask bench offline`.

Needs `pip install torch`, and a clone of github.com/sfujim/TD3_BC on the path:
`PYTHONPATH=TD3_BC cargo xtask bench offline --python python3`. Speaks JSON, one object per line. First argument: threads.
Reads the sizes of observations and actions, the batch, and how long to measure (s); writes the seconds of an update,
the sampling of its batch included.
"""

import json
import sys
import time

import numpy
import torch
from TD3_BC import TD3_BC
from utils import ReplayBuffer

torch.set_num_threads(int(sys.argv[1]))
print(json.dumps({"torch": torch.__version__}), flush=True)

ROWS = 20_000
LEARNERS = {}


def learner(seen, done):
    """An agent and random transitions, as many as the other side draws; made once for each size."""
    if (seen, done) not in LEARNERS:
        numpy.random.seed(0)
        torch.manual_seed(0)
        replay = ReplayBuffer(seen, done, ROWS)
        replay.state[:], replay.next_state[:] = numpy.random.uniform(-1, 1, (2, ROWS, seen))
        replay.action[:] = numpy.random.uniform(-1, 1, (ROWS, done))
        replay.reward[:] = numpy.random.uniform(-1, 1, (ROWS, 1))
        replay.not_done[:] = 1
        replay.size = ROWS
        agent = TD3_BC(seen, done, 1.0, policy_noise=0.2, noise_clip=0.5)
        for _ in range(20):
            agent.train(replay, 256)
        LEARNERS[seen, done] = agent, replay
    return LEARNERS[seen, done]


for line in sys.stdin:
    asked = json.loads(line)
    agent, replay = learner(asked["observation"], asked["action"])
    began, updates = time.perf_counter(), 0
    while updates % 2 or time.perf_counter() - began < asked["seconds"]:
        agent.train(replay, asked["batch"])
        updates += 1
    print(json.dumps({"seconds": (time.perf_counter() - began) / updates}), flush=True)
