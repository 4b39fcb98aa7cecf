"""Record what updates of TD3 and SAC do to networks and targets, in double precision.

    cargo run --release -p tests --example noise > noise.txt
    pip install "torch==2.15.0" "numpy==2.4.6"
    python record.py noise.txt   # writes updates.npz beside this file; without noise.txt, with the noise that is there

The algorithms are written here from their papers: TD3 (arXiv 1802.09477, Algorithm 1), SAC (arXiv 1812.05905), targets
over several steps as RLx2's released code sums them (tyq1024/RLx2 3f4898b, `TD3.py` and `SAC.py`), connections moved as
its `DST_Scheduler.py` does. Networks are dense matrices times masks, gradients are PyTorch's, Adam is
`torch.optim.Adam`, log-probabilities are those of `torch.distributions`.

Noise cannot be drawn here as it is there, so the first numbers of the agent's own stream (`Streams::new(7)`,
`target_noise`, standard normal) are an input. Each case starts at the first number and takes in the order of the
agent: one update after the other; in each the actions after the windows `[rows, action]`, with SAC the actions between
`[passed, action]`, and where the actor is updated with SAC its own `[rows, action]`.
"""
import copy
import os
import sys

import numpy as np
import torch
from torch.distributions import Normal, TransformedDistribution
from torch.distributions.transforms import TanhTransform

torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(HERE, "updates.npz")
SEEN, DONE, HIDDEN, GAMMA = 5, 2, 16, 0.97
# One for which `steady` and `clear` find nothing that single precision could turn around.
SEED = 73
SHARED = dict(updates=4, rows=16, gain=1.0, n=1, density=1.0, tau=0.02, target_every=2, policy_delay=2, actor_lr=2e-3, critic_lr=3e-3,
              weight_decay=0.0, rewire_every=0, actor_rewire_every=0, drop_fraction=0.5, end=10)
TD3 = dict(SHARED, sac=0, target_noise=0.2, target_noise_clip=0.3)
SAC = dict(SHARED, sac=1, target_every=1, policy_delay=1, log_std_min=-5.0, log_std_max=2.0, alpha=0.5, alpha_lr=0.05,
           entropy_per_action=-1.0)
CASES = {
    # Large actions, which noise brings out of their range.
    "td3_dense": dict(TD3, rows=17, gain=6.0),
    "td3_sparse": dict(TD3, density=0.4, n=3, weight_decay=0.01),
    # Critics move at their 4th update, the actor at its 2nd: the same one.
    "td3_moved": dict(TD3, updates=6, density=0.4, n=3, rewire_every=4, actor_rewire_every=2),
    "sac_dense": dict(SAC, rows=17),
    "sac_sparse": dict(SAC, density=0.4, n=3),
    # The actor moves twice, so that connections come back.
    "sac_moved": dict(SAC, updates=8, density=0.4, n=2, rewire_every=4, actor_rewire_every=3),
    "sac_hard": dict(SAC, density=0.4, n=3, policy_delay=2, target_every=3, tau=1.0, alpha=0.2, alpha_lr=0.0),
}


class Net(torch.nn.Module):
    """Linear layers with ReLU between them, of which only the weights in `masks` exist."""

    def __init__(self, sizes, density, rng):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(i, o) for i, o in zip(sizes, sizes[1:]))
        self.masks = []
        for at, layer in enumerate(self.layers):
            bound = layer.in_features ** -0.5
            for parameter in (layer.weight, layer.bias):
                drawn = rng.uniform(-bound, bound, parameter.shape).astype(np.float32)
                parameter.data = torch.tensor(drawn, dtype=torch.float64)
            # A critic's one unit keeps all its inputs, as with Erdős–Rényi.
            share = 1.0 if layer.out_features == 1 else density
            count = round(share * layer.weight.numel())
            mask = np.zeros(layer.weight.numel(), dtype=bool)
            mask[rng.permutation(mask.size)[:count]] = True
            self.masks.append(torch.tensor(mask.reshape(layer.weight.shape)))
        self.project()

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

    def project(self):
        for layer, mask in zip(self.layers, self.masks):
            layer.weight.data *= mask


def clear(ranked, count):
    """Checks that the best `count` of falling numbers are also the best in single precision."""
    assert ranked[count - 1] > 1.0001 * ranked[count], f"{ranked[count - 1]} and {ranked[count]} are too close"


def steady(gradient):
    """Checks that no number is so small beside the largest that Adam, which divides by sizes, makes noise large."""
    sizes = gradient.abs()[gradient != 0]
    assert sizes.min() > 3e-6 * sizes.max(), f"{sizes.min()} is too small beside {sizes.max()}"


class Trained:
    """Networks under one optimizer, with their targets and RLx2's schedule for each."""

    def __init__(self, nets, lr, case, every, end):
        self.nets, self.case, self.every, self.end, self.steps = nets, case, every, end, 0
        self.targets = copy.deepcopy(nets)
        parameters = [p for net in nets for p in net.parameters()]
        self.adam = torch.optim.Adam(parameters, lr=lr, weight_decay=case["weight_decay"])

    def minimise(self, loss):
        """A step of Adam with masked gradients, or a move of connections; returns how many moved."""
        parameters = [p for net in self.nets for p in net.parameters()]
        gradients = dict(zip(parameters, torch.autograd.grad(loss, parameters)))
        self.steps += 1
        if self.every and self.steps % self.every == 0 and self.steps < self.end:
            share = self.case["drop_fraction"] / 2 * (1 + np.cos(self.steps * np.pi / self.end))
            return sum(self.move(net, gradients, share) for net in self.nets)
        for net in self.nets:
            for layer, mask in zip(net.layers, net.masks):
                layer.weight.grad = gradients[layer.weight] * mask
                layer.bias.grad = gradients[layer.bias]
                steady(layer.weight.grad)
                steady(layer.bias.grad)
        self.adam.step()
        for net in self.nets:
            net.project()
        return 0

    def move(self, net, gradients, share):
        """RLx2's Algorithm 1; here moments of weights that come start at zero."""
        moved = 0
        for at, (layer, old) in enumerate(zip(net.layers, net.masks)):
            if old.all():
                continue
            active, flat = int(old.sum()), old.flatten()
            count = int(active * share)
            sizes = torch.where(flat, layer.weight.data.abs().flatten(), -1.0)
            ranked, order = sizes.sort(descending=True)
            clear(ranked, active - count)
            kept = torch.zeros_like(flat)
            kept[order[: active - count]] = True
            slopes = torch.where(kept, -1.0, gradients[layer.weight].abs().flatten())
            ranked, order = slopes.sort(descending=True)
            clear(ranked, count)
            new = kept.clone()
            new[order[:count]] = True
            net.masks[at] = new = new.reshape(old.shape)
            came = new & ~old
            moved += int(came.sum())
            layer.weight.data[came] = 0.0
            state = self.adam.state[layer.weight]
            for moment in (state["exp_avg"], state["exp_avg_sq"]):
                moment[came | ~new] = 0.0
        net.project()
        return moved

    def follow(self, tau):
        """Polyak averaging; the targets get the networks' connections."""
        for net, target in zip(self.nets, self.targets):
            for online, trailing in zip(net.parameters(), target.parameters()):
                trailing.data = tau * online.data + (1 - tau) * trailing.data
            target.masks = net.masks
            target.project()


def windows(rows, n, rng):
    """Windows of n transitions as RLx2's buffer hands them out: what lies behind an end counts for nothing."""
    single = lambda *shape: rng.standard_normal(shape).astype(np.float32).astype(np.float64)
    kind = rng.integers(0, 4, (rows, n))
    return dict(seen=single(rows, SEEN), done=np.tanh(single(rows, DONE)).astype(np.float32).astype(np.float64),
                reward=single(rows, n), next=single(rows, n, SEEN), terminal=kind == 0, reset=kind == 1)


def batch(window):
    """The same as `rl_algos::replay::Batch`."""
    rows, n = window["reward"].shape
    out = {key: [] for key in ("return_n", "discount", "next", "between", "between_row", "between_discount", "length")}
    for row in range(rows):
        ends = np.flatnonzero(window["terminal"][row] | window["reset"][row])
        length = int(ends[0]) + 1 if len(ends) else n
        last = length - 1
        out["length"].append(length)
        out["return_n"].append(sum(GAMMA**k * window["reward"][row, k] for k in range(length)))
        out["discount"].append(0.0 if window["terminal"][row, last] else GAMMA**length)
        out["next"].append(window["next"][row, last])
        for k in range(last):
            out["between"].append(window["next"][row, k])
            out["between_row"].append(row)
            out["between_discount"].append(GAMMA ** (k + 1))
    out["between"] = np.reshape(out["between"], (-1, SEEN))
    return {"observation": window["seen"], "action": window["done"], **{k: np.array(v) for k, v in out.items()}}


def bootstrap(window, entropy=None):
    """The loop of RLx2's `train`: return, whether a value follows, and after which state."""
    rows, n = window["reward"].shape
    total, alive, inrun, steps = np.zeros(rows), np.ones(rows), np.ones(rows), np.zeros(rows)
    for k in range(n):
        total += inrun * alive * GAMMA**k * window["reward"][:, k]
        alive *= np.maximum(1.0 - window["terminal"][:, k], 1.0 - inrun)
        if entropy is not None:
            total += inrun * alive * GAMMA ** (k + 1) * entropy[:, k]
        if k == n - 1:
            break
        inrun *= 1.0 - window["reset"][:, k]
        steps += inrun
    return torch.tensor(total), torch.tensor(alive * GAMMA ** (steps + 1)), steps.astype(int)


class Agent:
    """What TD3 and SAC share."""

    def __init__(self, case, noise, rng):
        outputs = DONE * (2 if case["sac"] else 1)
        critic = lambda: Net([SEEN + DONE, HIDDEN, HIDDEN, 1], case["density"], rng)
        self.case, self.noise, self.taken, self.updates = case, noise, 0, 0
        actor = Net([SEEN, HIDDEN, HIDDEN, outputs], case["density"], rng)
        actor.layers[-1].weight.data *= case["gain"]
        self.actor = Trained([actor], case["actor_lr"], case, case["actor_rewire_every"], case["end"] // case["policy_delay"])
        self.critics = Trained([critic(), critic()], case["critic_lr"], case, case["rewire_every"], case["end"])
        self.log_alpha = torch.tensor(np.log(case.get("alpha", 1.0)), requires_grad=True)
        self.tuner = torch.optim.Adam([self.log_alpha], lr=case.get("alpha_lr", 0.0))

    def take(self, *shape):
        count = int(np.prod(shape))
        self.taken += count
        return torch.tensor(self.noise[self.taken - count : self.taken].reshape(shape))

    def value(self, nets, seen, actions):
        judged = torch.cat([seen, actions], 1)
        return [net(judged).squeeze(1) for net in nets]

    def update(self, window, rows):
        self.updates += 1
        seen, done = torch.tensor(window["seen"]), torch.tensor(window["done"])
        with torch.no_grad():
            y = self.target(window, rows)
        first, second = self.value(self.critics.nets, seen, done)
        loss = torch.nn.functional.mse_loss(first, y) + torch.nn.functional.mse_loss(second, y)
        told = dict(target_mean=y.mean().item(), value_mean=first.mean().item(), critic_loss=loss.item(),
                    actor_loss=np.nan, entropy=np.nan)
        told["moved"] = self.critics.minimise(loss)
        if self.updates % self.case["policy_delay"] == 0:
            loss, entropy = self.actor_loss(seen)
            told.update(actor_loss=loss.item(), entropy=entropy)
            told["moved"] += self.actor.minimise(loss)
        if self.updates % self.case["target_every"] == 0:
            self.critics.follow(self.case["tau"])
            self.actor.follow(self.case["tau"])
        told["log_alpha"] = self.log_alpha.item()
        return told


class Td3(Agent):
    def target(self, window, _):
        total, discount, at = bootstrap(window)
        following = torch.tensor(window["next"][np.arange(len(at)), at])
        clip = self.case["target_noise_clip"]
        noise = (self.take(len(at), DONE) * self.case["target_noise"]).clamp(-clip, clip)
        actions = (torch.tanh(self.actor.targets[0](following)) + noise).clamp(-1, 1)
        return total + discount * torch.min(*self.value(self.critics.targets, following, actions))

    def actor_loss(self, seen):
        actions = torch.tanh(self.actor.nets[0](seen))
        return -self.value(self.critics.nets[:1], seen, actions)[0].mean(), np.nan


class Sac(Agent):
    def sampled(self, seen, noise):
        mean, spread = self.actor.nets[0](seen).chunk(2, dim=-1)
        low, high = self.case["log_std_min"], self.case["log_std_max"]
        scale = (low + 0.5 * (high - low) * (torch.tanh(spread) + 1)).exp()
        squash = TanhTransform(cache_size=1)
        actions = squash(mean + scale * noise)
        return actions, TransformedDistribution(Normal(mean, scale), [squash]).log_prob(actions).sum(-1)

    def target(self, window, rows):
        count, n = window["reward"].shape
        noise = torch.zeros(count, n, DONE)
        last = rows["length"] - 1
        noise[np.arange(count), last] = self.take(count, DONE)
        between = [(row, k) for row in range(count) for k in range(last[row])]
        for (row, k), unit in zip(between, self.take(len(between), DONE)):
            noise[row, k] = unit
        actions, logs = zip(*(self.sampled(torch.tensor(window["next"][:, k]), noise[:, k]) for k in range(n)))
        entropy = -self.log_alpha.exp().item() * torch.stack(logs, 1).numpy()
        total, discount, at = bootstrap(window, entropy)
        following = torch.tensor(window["next"][np.arange(count), at])
        drawn = torch.stack(actions, 1)[np.arange(count), at]
        return total + discount * torch.min(*self.value(self.critics.targets, following, drawn))

    def actor_loss(self, seen):
        actions, logs = self.sampled(seen, self.take(len(seen), DONE))
        alpha = self.log_alpha.exp()
        loss = (alpha.detach() * logs - torch.min(*self.value(self.critics.nets, seen, actions))).mean()
        if self.case["alpha_lr"] > 0:
            goal = self.case["entropy_per_action"] * DONE
            self.tuner.zero_grad()
            (alpha * (-logs - goal).detach()).mean().backward()
            self.tuner.step()
        return loss, -logs.mean().item()


def flat(net):
    """All parameters, layer after layer: the weights `[outputs, inputs]`, then the bias."""
    return np.concatenate([p.detach().numpy().ravel() for layer in net.layers for p in (layer.weight, layer.bias)])


def networks(agent):
    """The agent's networks, and with it their targets, as they are."""
    nets = [agent.actor.nets[0], *agent.critics.nets]
    out = {}
    for name, net in zip(("actor", "critic_1", "critic_2"), nets):
        out[name] = flat(net).astype(np.float32)
        out[f"{name}/mask"] = np.concatenate([mask.numpy().ravel() for mask in net.masks])
    return out


def targets(agent):
    nets = [agent.actor.targets[0], *agent.critics.targets]
    found = {f"target/{name}": flat(net).astype(np.float32) for name, net in zip(("actor", "critic_1", "critic_2"), nets)}
    if agent.case["sac"]:
        del found["target/actor"]
    return found


def table(out, name, rows):
    """Rows of numbers with names."""
    out[f"{name}/names"] = np.array(list(rows[0]))
    out[name] = np.array([[float(value) for value in row.values()] for row in rows])


def record(case, noise, rng):
    """Everything about one case, and how much noise it took."""
    agent = (Sac if case["sac"] else Td3)(case, noise.astype(np.float64), rng)
    out = {f"before/{key}": value for key, value in networks(agent).items()}
    told, batches = [], []
    for _ in range(case["updates"]):
        window = windows(case["rows"], case["n"], rng)
        batches.append(batch(window))
        told.append(agent.update(window, batches[-1]))
    for key in batches[0]:
        if key.startswith("between"):
            out[f"batch/{key}"] = np.concatenate([rows[key] for rows in batches]).astype(np.float32)
        elif key != "length":
            out[f"batch/{key}"] = np.array([rows[key] for rows in batches]).astype(np.float32)
    out["batch/passed"] = np.array([len(rows["between_row"]) for rows in batches])
    out.update({f"after/{key}": value for key, value in (networks(agent) | targets(agent)).items()})
    table(out, "setting", [case])
    table(out, "told", told)
    return out, agent.taken


def main():
    noise = np.loadtxt(sys.argv[1], dtype=np.float32) if len(sys.argv) > 1 else np.load(FILE)["noise"]
    out, most = {}, 0
    for seed, (name, case) in enumerate(CASES.items(), SEED):
        recorded, taken = record(case, noise, np.random.default_rng(seed))
        out.update({f"{name}/{key}": value for key, value in recorded.items()})
        most = max(most, taken)
        print(name, recorded["told/names"], recorded["told"].round(4), sep="\n")
    out["noise"] = noise[:most]
    np.savez_compressed(FILE, **out)
    print(f"{most} numbers of noise, {os.path.getsize(FILE)} bytes")


if __name__ == "__main__":
    main()
