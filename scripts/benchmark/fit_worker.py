"""Fit a binary set with one library to print the test NLL: ``LIBRARY TASK``.

Both do what `made_np.fit` does: Adam at 1e-3, the same batches in the same order from the same start, the loss of the
validation rows after each epoch, and in the end the best theta. Each process imports only what its library needs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

Task = Mapping[str, Any]


def fit_ours(task: Task) -> float:
    """Return the mean test NLL in nats."""
    from made_np import MADE, fit

    hidden, batch_size, n_epochs = task["settings"].tolist()
    made = MADE(task["train"].shape[1], (hidden,), direct=True)
    result = fit(
        made,
        task["train"],
        valid=task["valid"],
        theta=task["theta"],
        batch_size=batch_size,
        max_epochs=n_epochs,
        patience=n_epochs,
        rng=0,
    )
    return -float(made.log_prob(result.theta, task["test"]).mean(dtype=np.float64))


def fit_torch(task: Task) -> float:
    """Return the mean test NLL in nats."""
    import torch

    from benchmark import peers_torch

    _, batch_size, n_epochs = task["settings"].tolist()
    train, valid, test = (torch.from_numpy(task[name]).float() for name in ("train", "valid", "test"))
    params = peers_torch.as_parameters({k.removeprefix("start_"): task[k] for k in task if k.startswith("start_")})
    masks = peers_torch.tensors({k.removeprefix("mask_"): task[k] for k in task if k.startswith("mask_")})
    optimizer = peers_torch.fused_adam(params)
    rng = np.random.default_rng(0)

    def nll(params: peers_torch.Tensors, rows: torch.Tensor) -> float:
        with torch.no_grad():
            return -peers_torch.log_prob(params, masks, rows).mean().item()

    best = params
    best_valid = nll(params, valid)
    for _ in range(n_epochs):
        for index in torch.from_numpy(rng.permutation(len(train))).split(batch_size):
            optimizer.zero_grad()
            rows = train[index]
            (-peers_torch.log_prob(params, masks, rows).mean()).backward()
            optimizer.step()
        loss = nll(params, valid)
        if loss < best_valid:
            best = {name: p.detach().clone() for name, p in params.items()}
            best_valid = loss
    return nll(best, test)


def main() -> None:
    """Print ``{"test_nll": nats}``."""
    library, path = sys.argv[1:]
    with np.load(path) as stored:
        task = {name: stored[name] for name in stored.files}
    print(json.dumps({"test_nll": {"ours": fit_ours, "torch": fit_torch}[library](task)}))


if __name__ == "__main__":
    main()
