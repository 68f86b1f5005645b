# A gradient by hand, against finite differences.
import numpy as np

from made_np import MADE

made = MADE(4, hidden=(5,), dtype="float64")
theta = made.init(0)
x = np.random.default_rng(0).integers(0, 2, size=(20, 4)).astype(float)

loss, grad = made.loss_and_grad(theta, x)
h = 1e-5
for k in np.argsort(-abs(grad))[:6]:
    step = np.zeros_like(theta)
    step[k] = h
    up = made.loss_and_grad(theta + step, x)[0]
    down = made.loss_and_grad(theta - step, x)[0]
    print(f"theta[{k:2d}]: by hand {grad[k]:+.8f}, nudged {(up - down) / (2 * h):+.8f}")
print(
    f"{int((grad == 0).sum())} of {len(grad)} are exactly 0: wires that the masks cut, and units that no row turns on"
)
