"""Times one linear layer, forward and backward, as PyTorch users have it, for `cargo xtask bench layers`.

Needs `pip install torch sparseprop` (SparseProp builds itself: `pip install pybind11 setuptools wheel` first, then
`pip install --no-build-isolation sparseprop`). Speaks JSON, one object per line. Reads the width, the density and
the batch of a layer and how long to measure (s), one thread; writes the seconds of a pass of a dense layer, of
SparseProp's layer and of the three products by PyTorch's compressed rows (`null` for what is not installed).
"""

import json
import sys
import time

import torch

try:
    from sparseprop.modules import SparseLinear
except ImportError:
    SparseLinear = None

torch.set_num_threads(1)


def seconds(call, budget):
    """Mean of as many calls as take about `budget` seconds, after two that warm up."""
    call()
    began = time.perf_counter()
    call()
    calls = max(1, int(budget / max(time.perf_counter() - began, 1e-6)))
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - began) / calls


def layer_pass(layer, x, gradient):
    """Forward, and all gradients of a layer of a network: input, weight, bias."""
    layer(x).backward(gradient)


print(json.dumps({"torch": torch.__version__, "sparseprop": SparseLinear is not None}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    width, batch, budget = task["width"], task["batch"], task["seconds"]
    x = torch.randn(batch, width, requires_grad=True)
    gradient = torch.randn(batch, width)
    dense = torch.nn.Linear(width, width)
    with torch.no_grad():
        mask = torch.rand(width, width) < task["density"]
        dense.weight *= mask
    times = {"dense": seconds(lambda: layer_pass(dense, x, gradient), budget), "sparseprop": None}
    if SparseLinear is not None:
        sparse = SparseLinear.from_dense(dense)
        times["sparseprop"] = seconds(lambda: layer_pass(sparse, x, gradient), budget)
    with torch.no_grad():
        rows = dense.weight.to_sparse_csr()
        columns = dense.weight.t().to_sparse_csr()
        activations, errors = x.t().contiguous(), gradient.t().contiguous()
        empty = torch.sparse_csr_tensor(rows.crow_indices(), rows.col_indices(), torch.zeros_like(rows.values()), rows.shape)

        def products():
            rows @ activations
            columns @ errors
            torch.sparse.sampled_addmm(empty, errors, activations.t(), beta=0.0)

        times["csr"] = seconds(products, budget)
    print(json.dumps(times), flush=True)
