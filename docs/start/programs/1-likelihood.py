# A first likelihood: which rows of three bits are likely?
from itertools import product

import numpy as np

from made_np import MADE, fit

rng = np.random.default_rng(0)
first = rng.integers(0, 2, 200)
x = np.stack([first, first, rng.integers(0, 2, 200)], axis=1).astype(float)  # bits 0 and 1 are equal

made = MADE(3, hidden=(16,), dtype="float64")
theta = fit(made, x, max_epochs=300, learning_rate=0.02).theta

every = np.array(list(product([0.0, 1.0], repeat=3)))
p = np.exp(made.log_prob(theta, every))
for row, each in zip(every.astype(int), p, strict=True):
    print(row, f"{each:.3f}")
print(f"sum over all rows: {p.sum():.6f}")
