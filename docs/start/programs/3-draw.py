# Pictures of bars, 6 x 6: learn them, then draw new ones.
import numpy as np
from page import show

from made_np import MADE, fit

rng = np.random.default_rng(0)
bars = rng.integers(0, 2, size=(400, 6, 1)) * np.ones((1, 6))
is_turned = rng.integers(0, 2, 400) == 1
bars[is_turned] = bars[is_turned].swapaxes(1, 2)
x = bars.reshape(400, 36)

made = MADE(36, hidden=(128,))
theta = fit(made, x, max_epochs=60, learning_rate=0.005).theta
print("drawn from the data:")
show(bars[:8])
print("drawn from the model:")
show(made.sample(theta, 8, rng=1).reshape(-1, 6, 6))
print(f"{-made.log_prob(theta, x).mean():.2f} nats for a picture; 36 coins would take {36 * np.log(2):.2f}")
