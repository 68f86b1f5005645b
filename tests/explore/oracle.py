"""What made_np says of a state of the page: the model rebuilt from it, layers with its masks where it is broken."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from made_np import MADE, Bernoulli, Gaussian, layers
from made_np.masks import make_mask

Array = NDArray[Any]
State = dict[str, Any]


def output_of(output: dict[str, Any]) -> Any:
    if output["kind"] == "bernoulli":
        return Bernoulli()
    return Gaussian(output["min_scale"], scale="exp" if output["kind"] == "gaussian_exp" else "softplus")


def model_of(state: State) -> MADE:
    """The MADE of a state, without what is broken on purpose."""
    return MADE(
        len(state["order"]),
        [len(layer) for layer in state["degrees"]],
        [output_of(output) for output in state["outputs"]],
        activation=state["activation"],
        order=state["order"],
        degrees=state["degrees"],
        direct=state["direct"],
        residual=state["residual"],
        dtype="float64",
        backend="numpy",
    )


def masks_of(state: State, order: list[int]) -> dict[str, Array]:
    """The masks as the mistakes make them, written anew."""
    broken = state["broken"]
    features = np.array(order) + 1 if broken["order_for_position"] else np.argsort(order) + 1
    hidden = [np.array(layer) - broken["degrees_from_zero"] for layer in state["degrees"]]
    sizes = [1 if output["kind"] == "bernoulli" else 2 for output in state["outputs"]]
    out = np.repeat(features, sizes)
    strict = not broken["loose_output"]
    columns = [features, *hidden]
    masks = {f"W{k}": make_mask(own, columns[k]) for k, own in enumerate(hidden)}
    if hidden:
        masks[f"W{len(hidden)}"] = make_mask(out, hidden[-1], strict=strict)
    if state["direct"]:
        masks["W_direct"] = make_mask(out, features, strict=strict)
    if broken["open"]:
        masks[broken["open"]] = np.ones_like(masks[broken["open"]])
    return masks


class Walk:
    """One pass through the layers of a state, forwards and backwards."""

    def __init__(self, state: State, x: Any, order: list[int] | None = None, theta: Any = None) -> None:
        self.made = model_of(state)
        self.state = state
        self.masks = masks_of(state, state["order"] if order is None else order)
        self.x = np.array(x, dtype=float)
        parameters = np.array(state["theta"] if theta is None else theta, dtype=float)
        self.values: dict[str, Any] = {"x": self.x, **self.made.layout.views(parameters)}
        self.depth = len(state["degrees"])
        self._forward()

    def skip(self, layer: int) -> Array | None:
        return self.made.mask_sets[0].skips[layer]

    def _forward(self) -> None:
        v = self.values
        h = self.x
        for k in range(self.depth):
            v[f"z{k}"] = layers.masked_linear(h, v[f"W{k}"], v[f"b{k}"], self.masks[f"W{k}"])
            y = self.made.network.act.forward(v[f"z{k}"])
            skip = self.skip(k)
            h = y if skip is None else layers.residual_add(y, h, skip)
            v[f"h{k}"] = h
        bias = v[f"b{self.depth}"]
        if self.depth:
            v["raw"] = layers.masked_linear(h, v[f"W{self.depth}"], bias, self.masks[f"W{self.depth}"])
        else:
            v["raw"] = np.tile(bias, (len(self.x), 1))
        if self.state["direct"]:
            v["raw"] = v["raw"] + layers.masked_linear(self.x, v["W_direct"], None, self.masks["W_direct"])
        v["nll"] = self.made.outputs.nll(v["raw"], self.x)
        v["loss"] = v["nll"].sum() / len(self.x)

    def grads(self) -> dict[str, Any]:
        v = self.values
        B = len(self.x)
        d_raw = self.made.outputs.nll_and_grad(v["raw"], self.x)[1] / B
        g: dict[str, Any] = {
            "loss": 1.0,
            "nll": np.full(self.x.shape, 1 / B),
            "raw": d_raw,
            "x": np.zeros(self.x.shape),
        }
        unmasked = self.state["broken"]["unmasked_gradient"]

        def back(name: str, b: Any, dy: Array, x: Array) -> tuple[Any, Any]:
            dx, dW, db = layers.masked_linear_backward(dy, x, v[name], b, self.masks[name])
            g[name] = dy.T @ x if unmasked else dW
            return dx, db

        if self.state["direct"]:
            g["x"] = back("W_direct", None, d_raw, self.x)[0]
        if not self.depth:
            g["b0"] = d_raw.sum(axis=0)
            return g
        dy = d_raw
        above: Any = None
        for k in range(self.depth, -1, -1):
            below = v[f"h{k - 1}"] if k else self.x
            dx, g[f"b{k}"] = back(f"W{k}", v[f"b{k}"], dy, below)
            skip = self.skip(k) if k < self.depth else None
            if skip is not None:
                dx = dx + np.where(skip, above, 0)
            if k:
                g[f"h{k - 1}"] = above = dx
                dy = g[f"z{k - 1}"] = self.made.network.act.backward(dx, v[f"z{k - 1}"])
        g["x"] = g["x"] + dx
        return g

    def grad(self) -> Array:
        g = self.grads()
        return np.concatenate([np.ravel(g[name]) for name in self.made.layout.names])


def every_row(n: int) -> Array:
    return (np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1).astype(float)


def table(state: State) -> dict[str, Any] | None:
    """All rows with log p, and the sums."""
    if any(output["kind"] != "bernoulli" for output in state["outputs"]):
        return None
    rows = every_row(len(state["order"]))
    own, other = (Walk(state, rows, order).values for order in (state["order"], state["order"][::-1]))
    logs = np.stack([-own["nll"].sum(axis=1), -other["nll"].sum(axis=1)])
    mean = (own["raw"] + other["raw"]) / 2
    averaged = -np.logaddexp(0, np.where(rows > 0, -mean, mean)).sum(axis=1)
    log_prob = averaged if state["broken"]["averaged_logits"] else logs[0]
    return {
        "log_prob": log_prob,
        "sum": np.exp(log_prob).sum(),
        "two": {
            "mixture": np.exp(np.logaddexp(*logs)).sum() / 2,
            "mean_of_logs": np.exp(logs.mean(axis=0)).sum(),
            "averaged_logits": np.exp(averaged).sum(),
        },
    }


def sample(state: State) -> Array:
    """A row, by as many passes as there are features; what is not known yet counts as 0."""
    row = np.zeros(len(state["order"]))
    made = model_of(state)
    for i in state["order"]:
        raw = Walk(state, row[None]).values["raw"][0, made.output_slices[i]]
        u = np.array(state["uniforms"][i])
        row[i] = made.outputs.feature_outputs[i].inverse_cdf(raw, u)
    return row


def reach(state: State) -> Array:
    """Who depends on whom, by paths counted one layer after the other."""
    made = model_of(state)
    masks = masks_of(state, state["order"])
    paths = None
    for k in range(len(state["degrees"])):
        below = paths
        wires = masks[f"W{k}"].astype(int)
        paths = wires if below is None else wires @ below
        skip = made.mask_sets[0].skips[k]
        if skip is not None:
            paths = paths + skip[:, None] * below
    out = np.zeros((made.outputs.n_raw, len(state["order"])), dtype=int)
    if paths is not None:
        out += masks[f"W{len(state['degrees'])}"].astype(int) @ paths
    if state["direct"]:
        out += masks["W_direct"]
    return np.stack([out[own].any(axis=0) for own in made.output_slices])


def differences(state: State, report: dict[str, Any]) -> list[tuple[str, float]]:
    """How far each number of the page is from ours, relative to its size where that is above 1."""
    walk = Walk(state, state["x"])
    pairs = [(name, report["values"][name], value) for name, value in walk.values.items()]
    pairs += [(f"d{name}", report["grads"][name], grad) for name, grad in walk.grads().items()]
    pairs += [(f"mask of {name}", report["masks"][name], mask) for name, mask in walk.masks.items()]
    pairs += [("reach", report["reach"], reach(state)), ("sample", report["sample"]["row"], sample(state))]
    pairs += [("loss", report["loss"], walk.values["loss"])]
    all_rows = table(state)
    assert (all_rows is None) == (report["all"] is None)
    if all_rows is not None:
        pairs += [("log_prob", report["all"]["log_prob"], all_rows["log_prob"])]
        pairs += [("sum", report["all"]["sum"], all_rows["sum"])]
        pairs += [(name, report["all"]["two"][name], value) for name, value in all_rows["two"].items()]
    found = []
    for name, mine, ours in pairs:
        page = np.array(mine, dtype=float)
        python = np.array(ours, dtype=float)
        assert page.shape == python.shape, name
        gap = np.abs(page - python) / np.maximum(1, np.abs(python))
        found.append((name, float(np.max(gap, initial=0))))
    assert len(found) == len({name for name, _ in found}) + (len([n for n, _ in found if n == "loss"]) - 1)
    return found


def agrees_with_made(state: State, report: dict[str, Any]) -> list[tuple[str, float]]:
    """The same of what a MADE itself computes, where nothing is broken."""
    made = model_of(state)
    theta = np.array(state["theta"])
    x = np.array(state["x"], dtype=float)
    loss, grad = made.loss_and_grad(theta, x)
    mine = np.concatenate([np.ravel(report["grads"][name]) for name in made.layout.names])
    drawn = made.sample(theta, 1, uniforms=np.array([state["uniforms"]]), rng=0)[0]
    pairs: list[tuple[str, Any, Any]] = [
        ("loss", report["loss"], loss),
        ("gradient", mine, grad),
        ("sample", report["sample"]["row"], drawn),
        ("reach", report["reach"], made.mask_sets[0].reachability()),
        *((name, report["masks"][name], mask) for name, mask in made.network.masks(made.mask_sets[0]).items()),
    ]
    if report["all"] is not None and not state["broken"]["averaged_logits"]:
        pairs.append(("log_prob", report["all"]["log_prob"], made.log_prob(theta, every_row(made.n_features))))
    return [
        (name, float(np.max(np.abs(np.array(a, float) - np.array(b, float)) / np.maximum(1, np.abs(b)), initial=0)))
        for name, a, b in pairs
    ]
