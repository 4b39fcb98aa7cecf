"""Records two updates of TD3 and of SAC in double precision, dense and sparse: python record.py

Written from the algorithms' definitions (arXiv 1802.09477, Algorithm 1; arXiv 1812.05905, section 5 with RLx2's
squashed log-std and n-step entropies). Sparse networks are dense ones times a mask; Adam is torch.optim.Adam.
noise.json holds the standard normal numbers that the agents draw from Streams::new(7).target_noise, in order:
`cargo test --test updates -- --ignored --nocapture print_noise` prints them.
"""
import json
import math

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
OBS, ACT, HIDDEN, ROWS = 5, 2, [12, 8], 16
GAMMA, TAU, LR = 0.97, 0.005, 3e-4
NOISE = json.load(open("noise.json"))


def f32(x):
    """What single precision keeps, so that both sides start from the same numbers."""
    return x.float().double()


def network(first, last, density):
    sizes = [first, *HIDDEN, last]
    layers = []
    for i, o in zip(sizes, sizes[1:]):
        bound = 1 / math.sqrt(i)
        weight = f32((torch.rand(o, i) * 2 - 1) * bound)
        mask = (torch.rand(o, i) < density).double()
        mask[:, 0] = 1.0  # no unit without an input
        bias = f32((torch.rand(o) * 2 - 1) * bound)
        layers.append([(weight * mask).requires_grad_(), mask, bias.requires_grad_()])
    return layers


def copy(net):
    return [[w.detach().clone(), m, b.detach().clone()] for w, m, b in net]


def forward(net, x):
    for k, (w, m, b) in enumerate(net):
        x = x @ (w * m).T + b
        if k + 1 < len(net):
            x = torch.relu(x)
    return x


def parameters(net):
    return [p for w, _, b in net for p in (w, b)]


def polyak(target, online):
    for t, o in zip(target, online):
        for k in (0, 2):
            t[k] = t[k] + TAU * (o[k].detach() - t[k])


def plain(net):
    """Per layer: outputs, inputs, positions of the connections, their values, and biases."""
    out = []
    for w, m, b in net:
        positions = m.flatten().nonzero().flatten()
        values = w.detach().flatten()[positions]
        out.append({"shape": list(w.shape), "positions": positions.tolist(), "values": values.tolist(),
                    "bias": b.detach().tolist()})
    return out


class Noise:
    def __init__(self):
        self.at = 0

    def normal(self, rows):
        count = rows * ACT
        out = torch.tensor(NOISE[self.at:self.at + count]).reshape(rows, ACT)
        self.at += count
        return out


def batch():
    done = torch.rand(ROWS) < 0.2
    between_row = [r for r in range(ROWS) for _ in range(2) if r % 3 == 0]
    return {
        "observation": f32(torch.randn(ROWS, OBS)), "action": f32(torch.rand(ROWS, ACT) * 2 - 1),
        "return_n": f32(torch.randn(ROWS)), "discount": f32(torch.where(done, 0.0, torch.full((ROWS,), GAMMA**3))),
        "next_observation": f32(torch.randn(ROWS, OBS)),
        "between_observation": f32(torch.randn(len(between_row), OBS)), "between_row": between_row,
        "between_discount": f32(torch.tensor([GAMMA, GAMMA**2] * (len(between_row) // 2))),
    }


def critics_step(critics, adam, b, y):
    judged = torch.cat([b["observation"], b["action"]], 1)
    values = [forward(q, judged).flatten() for q in critics]
    loss = sum(((v - y) ** 2).mean() for v in values)
    adam.zero_grad()
    loss.backward()
    adam.step()
    return loss.item(), values[0].mean().item()


def adam_of(nets, lr=LR):
    return torch.optim.Adam([p for net in nets for p in parameters(net)], lr=lr)


def td3(density):
    actor, critics = network(OBS, ACT, density), [network(OBS + ACT, 1, density) for _ in range(2)]
    case = {"start": [plain(n) for n in (actor, *critics)], "batches": [], "reports": []}
    targets = [copy(n) for n in (actor, *critics)]
    actor_adam, critic_adam, noise = adam_of([actor]), adam_of(critics), Noise()
    for update in (1, 2):
        b = batch()
        with torch.no_grad():
            shift = (0.2 * noise.normal(ROWS)).clamp(-0.5, 0.5)
            a = (torch.tanh(forward(targets[0], b["next_observation"])) + shift).clamp(-1, 1)
            judged = torch.cat([b["next_observation"], a], 1)
            value = torch.min(*[forward(q, judged).flatten() for q in targets[1:]])
            y = b["return_n"] + b["discount"] * value
        loss, mean = critics_step(critics, critic_adam, b, y)
        report = {"critic_loss": loss, "value_mean": mean, "target_mean": y.mean().item()}
        if update % 2 == 0:
            a = torch.tanh(forward(actor, b["observation"]))
            loss = -forward(critics[0], torch.cat([b["observation"], a], 1)).mean()
            actor_adam.zero_grad()
            loss.backward()
            actor_adam.step()
            report["actor_loss"] = loss.item()
            for t, o in zip(targets, (actor, *critics)):
                polyak(t, o)
        case["batches"].append(b)
        case["reports"].append(report)
    case["end"] = [plain(n) for n in (actor, *critics)]
    case["targets"] = [plain(n) for n in targets]
    return case


def gaussian(net, x, unit):
    mean, spread = forward(net, x).chunk(2, 1)
    log_std = -5 + 3.5 * (torch.tanh(spread) + 1)
    u = mean + log_std.exp() * unit
    a = torch.tanh(u)
    log = torch.distributions.Normal(mean, log_std.exp()).log_prob(u) - torch.log1p(-a**2)
    return a, log.sum(1)


def sac(density):
    actor, critics = network(OBS, 2 * ACT, density), [network(OBS + ACT, 1, density) for _ in range(2)]
    case = {"start": [plain(n) for n in (actor, *critics)], "batches": [], "reports": []}
    targets = [copy(n) for n in critics]
    log_alpha = torch.tensor(0.0, requires_grad=True)
    actor_adam, critic_adam, noise = adam_of([actor]), adam_of(critics), Noise()
    alpha_adam = torch.optim.Adam([log_alpha], lr=LR)
    for _ in (1, 2):
        b = batch()
        alpha = log_alpha.exp().item()
        with torch.no_grad():
            a, log = gaussian(actor, b["next_observation"], noise.normal(ROWS))
            judged = torch.cat([b["next_observation"], a], 1)
            value = torch.min(*[forward(q, judged).flatten() for q in targets])
            y = b["return_n"] + b["discount"] * (value - alpha * log)
            _, log = gaussian(actor, b["between_observation"], noise.normal(len(b["between_row"])))
            for row, discount, l in zip(b["between_row"], b["between_discount"], log):
                y[row] += discount * -alpha * l
        loss, mean = critics_step(critics, critic_adam, b, y)
        report = {"critic_loss": loss, "value_mean": mean, "target_mean": y.mean().item(), "temperature": alpha}
        a, log = gaussian(actor, b["observation"], noise.normal(ROWS))
        judged = torch.cat([b["observation"], a], 1)
        value = torch.min(*[forward(q, judged).flatten() for q in critics])
        loss = (alpha * log - value).mean()
        actor_adam.zero_grad()
        loss.backward()
        actor_adam.step()
        report["actor_loss"], report["entropy"] = loss.item(), -log.mean().item()
        alpha_adam.zero_grad()
        (log_alpha.exp() * (-log.detach() + ACT)).mean().backward()
        alpha_adam.step()
        for t, o in zip(targets, critics):
            polyak(t, o)
        case["batches"].append(b)
        case["reports"].append(report)
    case["end"] = [plain(n) for n in (actor, *critics)]
    case["targets"] = [plain(n) for n in targets]
    case["log_alpha"] = log_alpha.item()
    return case


def shorten(x):
    if isinstance(x, torch.Tensor):
        return shorten(x.flatten().tolist())
    if isinstance(x, dict):
        return {k: shorten(v) for k, v in x.items()}
    if isinstance(x, list):
        return [shorten(v) for v in x]
    return float(f"{x:.10g}") if isinstance(x, float) else x


cases = {"td3_dense": td3(1.1), "td3_sparse": td3(0.3), "sac_dense": sac(1.1), "sac_sparse": sac(0.3)}
json.dump(shorten(cases), open("updates.json", "w"), separators=(",", ":"))
