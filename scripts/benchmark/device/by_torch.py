"""PyTorch as a library of the benchmark on a GPU: what `peers_torch` computes, with all arrays on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmark.device.contender import Contender, Library, Measure, Setting, block
from benchmark.device.reference import N_STEPS, Reference, check_sample
from benchmark.device.shapes import Given
from benchmark.peers_torch import BETA1, Tensors, feature_nll, fused_adam, mean_nll, raw_outputs, whole_step
from benchmark.problem import Output

PASSES = 4
"""So many passes of the loop are timed at a time where the whole loop would take longer than `WHOLE` seconds."""
WHOLE = 0.3
WARM_UP = 3


class Torch(Library):
    """Eager, or compiled in a process of its own; both without TF32."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        if setting.device == "cuda" and not torch.cuda.is_available():
            raise RuntimeError(f"torch {torch.__version__} finds no GPU")
        torch.set_float32_matmul_precision("highest")
        self.device = Device(setting.device)
        self.data: Data | None = None

    def about(self) -> dict[str, str]:
        """Return versions and the card."""
        card = {"card": torch.cuda.get_device_name()} if self.setting.device == "cuda" else {}
        return {**card, "torch": torch.__version__}

    def contender(self, measure: Measure, name: str) -> Contender:
        """Return a contender that has run a few times."""
        if self.data is None:
            self.data = Data(self.given, self.setting, self.device)
        before = self.device.start_counting() - self.data.size
        made = self._contender(self.data, measure, name)
        made.run(WARM_UP if measure.kind == "step" else 1)
        peak = self.device.peak()
        made.memory = None if peak is None else peak - before
        return made

    def _contender(self, data: Data, measure: Measure, name: str) -> Contender:
        if measure.kind == "sample":
            return (Loop if "loop" in name else DensePass)(data, measure.n)
        if measure.kind == "score":
            if "host" in name:
                return HostScores(data, measure.n)
            return Scores(data, measure.n, torch.compile(scores, dynamic=False) if "compile" in name else scores)
        if name == "torch eager":
            return Eager(data)
        return (Graph if "graph" in name else Whole)(data)


class Device:
    """Where tensors lie, with a count of their bytes if that is a GPU."""

    def __init__(self, name: str) -> None:
        self.name = name

    def wait(self) -> None:
        """Wait until everything has been computed."""
        if self.name == "cuda":
            torch.cuda.synchronize()

    def start_counting(self) -> int:
        """Return how many bytes are in use, and look for their peak from here on."""
        if self.name != "cuda":
            return 0
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()

    def peak(self) -> int | None:
        """Return the most bytes that were in use."""
        return torch.cuda.max_memory_allocated() if self.name == "cuda" else None


class Data:
    """Rows with masks on the device, for all contenders of the process."""

    def __init__(self, given: Given, setting: Setting, device: Device) -> None:
        self.given = given
        self.device = device
        before = device.start_counting()
        shape = given.shape
        dtype = torch.float32 if setting.masks == "float32" else torch.bool
        self.masks = [_masks(given, k, device.name, dtype) for k in range(shape.n_masks)]
        rows = given.made.outputs.encode(given.rows.astype(np.float32))
        self.x = torch.from_numpy(np.ascontiguousarray(rows)).to(device.name)
        is_binary = given.output.kind == "Bernoulli"
        self.target = self.x if is_binary else torch.from_numpy(given.rows).to(device.name).long()
        n = shape.steps * shape.batch_size
        pairs = zip(self.x[:n].split(shape.batch_size), self.target[:n].split(shape.batch_size), strict=True)
        self.batches = list(pairs)
        self.size = device.start_counting() - before

    def start(self) -> Tensors:
        """Return the first parameters, as new tensors on the device."""
        return {name: torch.tensor(value, device=self.device.name) for name, value in self.given.start().items()}


def _masks(given: Given, k: int, device: str, dtype: torch.dtype) -> Tensors:
    masks = {}
    for layer in given.layers(k):
        above = torch.tensor(layer.above, device=device)[:, None]
        below = torch.tensor(layer.below, device=device)
        masks[layer.weights] = (above > below if layer.is_last else above >= below).to(dtype)
    return masks


class Trainer(Contender):
    """Steps of Adam from the common start."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.done = 0
        self.params = data.start()

    def step(self, k: int, x: Tensor, target: Tensor) -> Tensor:
        """Do one step with mask set k; return the loss before it, on the device."""
        raise NotImplementedError

    def first_moments(self) -> Tensors:
        """Return Adam's means of the gradient."""
        raise NotImplementedError

    def begin_again(self) -> None:
        """Go back to the start."""
        with torch.no_grad():
            for name, value in self.data.given.start().items():
                self.params[name].copy_(torch.from_numpy(value))

    def run(self, n: int) -> list[float]:
        """Time n steps; nobody looks at their losses."""
        data = self.data

        def call(i: int) -> None:
            self.step(i % len(data.masks), *data.batches[i % len(data.batches)])

        self.done += n
        return block(call, data.device.wait, n, self.done - n)

    def check(self, reference: Reference) -> None:
        """Hold loss, gradient (the first step leaves it in the moments) and two steps against NumPy's."""
        given = self.data.given
        self.begin_again()
        loss = self.step(0, *self.data.batches[0]).item()
        gradient = {name: (m / (1 - BETA1)).cpu().numpy() for name, m in self.first_moments().items()}
        reference.check_gradient(given, loss, gradient)
        for k in range(1, N_STEPS):
            self.step(k % len(self.data.masks), *self.data.batches[0])
        start = given.start()
        change = {name: p.detach().cpu().numpy() - start[name] for name, p in self.params.items()}
        reference.check_change(given, change)


class Eager(Trainer):
    """The step as it is written, with the fused Adam."""

    def __init__(self, data: Data) -> None:
        super().__init__(data)
        for p in self.params.values():
            p.requires_grad_()
        self.optimizer = fused_adam(self.params)

    def step(self, k: int, x: Tensor, target: Tensor) -> Tensor:
        """Do one step."""
        self.optimizer.zero_grad()
        loss = mean_nll(self.data.given.output, self.params, self.data.masks[k], x, target)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def first_moments(self) -> Tensors:
        """Return what the optimizer keeps."""
        return {name: self.optimizer.state[p]["exp_avg"] for name, p in self.params.items()}

    def begin_again(self) -> None:
        """Go back to the start, with a new optimizer."""
        super().begin_again()
        self.optimizer = fused_adam(self.params)


class Whole(Trainer):
    """Loss, gradient and Adam compiled as one function."""

    def __init__(self, data: Data) -> None:
        super().__init__(data)
        self.m = {name: torch.zeros_like(p) for name, p in self.params.items()}
        self.v = {name: torch.zeros_like(p) for name, p in self.params.items()}
        self.t = torch.ones((), device=data.device.name)
        self.compiled: Callable[..., Tensor] = torch.compile(whole_step, dynamic=False)

    def step(self, k: int, x: Tensor, target: Tensor) -> Tensor:
        """Do one step."""
        masks = self.data.masks[k]
        return self.compiled(self.data.given.output, self.params, self.m, self.v, self.t, masks, x, target)

    def first_moments(self) -> Tensors:
        """Return m."""
        return self.m

    def begin_again(self) -> None:
        """Go back to the start, in the same memory."""
        super().begin_again()
        for moments in (self.m, self.v):
            for each in moments.values():
                each.zero_()
        self.t.fill_(1)


class Graph(Whole):
    """The compiled step recorded once for each mask set, then replayed: a step costs one launch."""

    def __init__(self, data: Data) -> None:
        super().__init__(data)
        if data.device.name != "cuda":
            raise RuntimeError("a CUDA graph needs a GPU")
        self.x, self.target = (part.clone() for part in data.batches[0])
        super().step(0, self.x, self.target)  # compiles
        data.device.wait()
        with torch.cuda.stream(torch.cuda.Stream()):  # nothing can be recorded on the first stream
            super().step(0, self.x, self.target)
            data.device.wait()
            pool = torch.cuda.graph_pool_handle()
            self.graphs = [self._record(k, pool) for k in range(len(data.masks))]
            data.device.wait()

    def _record(self, k: int, pool: Any) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        """Return the graph of a step with mask set k, and where it leaves the loss."""
        graph = torch.cuda.CUDAGraph()
        graph.capture_begin(pool=pool)
        try:
            loss = super().step(k, self.x, self.target)
        finally:
            graph.capture_end()
        return graph, loss

    def step(self, k: int, x: Tensor, target: Tensor) -> Tensor:
        """Copy the batch to where the graph reads it, and replay."""
        self.x.copy_(x)
        if target is not x:
            self.target.copy_(target)
        graph, loss = self.graphs[k]
        graph.replay()
        return loss


def scores(output: Output, params: Tensors, masks: Tensors, x: Tensor, target: Tensor) -> Tensor:
    """Return log p of each row."""
    return -feature_nll(output, raw_outputs(params, masks, x), target).view(len(x), -1).sum(1)


class Scores(Contender):
    """Rows that lie on the device, scored by a dense pass; the scores stay there."""

    def __init__(self, data: Data, n: int, score: Callable[..., Tensor]) -> None:
        self.data = data
        self.score = score
        self.params = data.start()
        self.x = data.x[:n]
        self.target = data.target[:n]

    @torch.no_grad()
    def call(self) -> Tensor:
        """Score all rows."""
        return self.score(self.data.given.output, self.params, self.data.masks[0], self.x, self.target)

    def run(self, n: int) -> list[float]:
        """Time n calls."""
        return block(lambda i: self.call(), self.data.device.wait, n)

    def check(self, reference: Reference) -> None:
        """Hold scores against NumPy's."""
        reference.check_scores(self.call().cpu().numpy())


class HostScores(Scores):
    """Rows that lie with NumPy, as ours do, and scores that go back there."""

    def __init__(self, data: Data, n: int) -> None:
        super().__init__(data, n, scores)
        self.rows = self.x.cpu()
        self.wanted = self.target.cpu()

    @torch.no_grad()
    def call(self) -> Tensor:
        """Score all rows."""
        x = self.rows.to(self.data.device.name)
        target = x if self.data.given.output.kind == "Bernoulli" else self.wanted.to(self.data.device.name)
        return self.score(self.data.given.output, self.params, self.data.masks[0], x, target).cpu()


class DensePass(Contender):
    """One forward pass, the least that dense layers take for a sample."""

    def __init__(self, data: Data, n: int) -> None:
        self.data = data
        self.params = data.start()
        self.x = data.x[:n]

    @torch.no_grad()
    def call(self) -> Tensor:
        """Return raw outputs."""
        return raw_outputs(self.params, self.data.masks[0], self.x)

    def run(self, n: int) -> list[float]:
        """Time n passes."""
        return block(lambda i: self.call(), self.data.device.wait, n)

    def check(self, reference: Reference) -> None:
        """Nothing is held against NumPy here: `Scores` are, and they are made of this."""


class Loop(Contender):
    """Rows drawn by the loop that everybody writes: a whole pass for each feature."""

    def __init__(self, data: Data, n: int) -> None:
        self.data = data
        self.params = data.start()
        self.order = data.given.made.mask_sets[0].order.tolist()
        self.uniforms = torch.from_numpy(data.given.uniforms(n)).to(data.device.name)
        self.x = torch.zeros_like(data.x[:n])
        self.draw(self.order[0])
        (once,) = block(lambda i: self.draw(self.order[i % len(self.order)]), data.device.wait, PASSES)
        self.is_whole = once * len(self.order) < WHOLE
        if not self.is_whole:
            self.note = f"of the loop {PASSES} passes were timed at a time, times {len(self.order)}"

    @torch.no_grad()
    def draw(self, feature: int) -> None:
        """Decide one feature of all rows."""
        raw = raw_outputs(self.params, self.data.masks[0], self.x)
        u = self.uniforms[:, feature]
        n = self.data.given.output.n
        if self.data.given.output.kind == "Bernoulli":
            self.x[:, feature] = (u < torch.sigmoid(raw[:, feature])).to(self.x.dtype)
            return
        own = slice(n * feature, n * (feature + 1))
        value = (torch.softmax(raw[:, own], 1).cumsum(1) < u[:, None]).sum(1).clamp(max=n - 1)
        self.x[:, own] = F.one_hot(value, n).to(self.x.dtype)

    def sample(self) -> None:
        """Draw whole rows."""
        self.x.zero_()
        for feature in self.order:
            self.draw(feature)

    def run(self, n: int) -> list[float]:
        """Time n samples, or some passes for as many as there are."""
        if self.is_whole:
            return block(lambda i: self.sample(), self.data.device.wait, n)
        (once,) = block(lambda i: self.draw(self.order[i % len(self.order)]), self.data.device.wait, PASSES)
        return [once * len(self.order)]

    def check(self, reference: Reference) -> None:
        """Hold a whole sample against what its uniforms decide, if it takes no time."""
        if self.is_whole:
            self.sample()
            x = self.x.cpu().numpy()
            if self.data.given.output.kind != "Bernoulli":
                x = x.reshape(len(x), -1, self.data.given.output.n).argmax(-1)
            check_sample(self.data.given, x, self.uniforms.cpu().numpy())
