"""A MADE in plain NumPy with a backward pass by hand, and its adapter."""

from __future__ import annotations

import numpy as np

from made_np.testing import Adapter

D, H, B = 6, 16, 7
DEGREES_IN = np.arange(1, D + 1)
DEGREES_HIDDEN = 1 + np.arange(H) % (D - 1)


class MaskedNet:
    """One hidden layer; weights are (out, in), as the masks are."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.masks = [
            DEGREES_HIDDEN[:, None] >= DEGREES_IN[None, :],
            DEGREES_IN[:, None] > DEGREES_HIDDEN[None, :],
        ]
        self.shapes = {"W0": (H, D), "b0": (H,), "W1": (D, H), "b1": (D,)}
        self.theta = rng.standard_normal(sum(np.prod(shape) for shape in self.shapes.values()))
        self.x = rng.standard_normal((B, D))  # real numbers: a column of zeros would exercise nothing

    def blocks(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """The flat vector as matrices, by name."""
        sizes = np.cumsum([np.prod(shape) for shape in self.shapes.values()])
        parts = np.split(theta, sizes[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}

    def logits(self, x: np.ndarray, theta: np.ndarray | None = None) -> np.ndarray:
        """(B, D) -> (B, D)."""
        p = self.blocks(self.theta if theta is None else theta)
        h = np.tanh(x @ (p["W0"] * self.masks[0]).T + p["b0"])
        return h @ (p["W1"] * self.masks[1]).T + p["b1"]

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """Log p(x) in nats, (B,)."""
        z = self.logits(x)
        return (x * z - np.logaddexp(0, z)).sum(axis=1)

    def sample(self, u: np.ndarray) -> np.ndarray:
        """Draw with the uniforms u (n, D), feature by feature."""
        x = np.zeros_like(u)
        for d in range(D):
            x[:, d] = u[:, d] < sigmoid(self.logits(x)[:, d])
        return x

    def loss(self, theta: np.ndarray) -> float:
        """Mean negative log-likelihood of the rows self.x."""
        z = self.logits(self.x, theta)
        return float((np.logaddexp(0, z) - self.x * z).sum() / len(self.x))

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """The derivative of the loss, by hand."""
        p, x = self.blocks(theta), self.x
        h = np.tanh(x @ (p["W0"] * self.masks[0]).T + p["b0"])
        z = h @ (p["W1"] * self.masks[1]).T + p["b1"]
        dz = (sigmoid(z) - x) / len(x)
        da = dz @ (p["W1"] * self.masks[1]) * (1 - h**2)
        dW1, dW0 = dz.T @ h * self.masks[1], da.T @ x * self.masks[0]
        return np.concatenate([dW0.ravel(), da.sum(axis=0), dW1.ravel(), dz.sum(axis=0)])

    def names(self) -> list[str]:
        """A name for each entry of theta, in its sequence: "W0[3, 1]"."""
        places = [(name, place) for name, shape in self.shapes.items() for place in np.ndindex(shape)]
        return [f"{name}[{', '.join(map(str, place))}]" for name, place in places]

    def off_the_mask(self) -> np.ndarray:
        """(P,) booleans: entries of theta that nothing may depend on."""
        free = np.ones(H, bool), np.ones(D, bool)
        return ~np.concatenate([self.masks[0].ravel(), free[0], self.masks[1].ravel(), free[1]])


class ForgottenMean(MaskedNet):
    """The classic: the loss is a mean over rows, the gradient a sum."""

    def grad(self, theta: np.ndarray) -> np.ndarray:
        """The gradient of another loss, B times as large."""
        return B * super().grad(theta)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-z))


def factory(net: MaskedNet | None = None) -> Adapter:
    """What the suite is given."""
    net = MaskedNet() if net is None else net
    return Adapter(
        name="NumPy MADE",
        n_features=D,
        order=range(D),
        params=net.logits,
        log_prob=net.log_prob,
        sample=net.sample,
        conditional=lambda x: sigmoid(net.logits(x)),
        loss=net.loss,
        grad=net.grad,
        theta=net.theta,
        names=net.names(),
        frozen=net.off_the_mask(),
        rows=B,
        masks=net.masks,
    )


def faulty() -> Adapter:
    """The same with a gradient that forgot 1/B."""
    return factory(ForgottenMean())
