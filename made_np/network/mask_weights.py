"""Mask weights: a network that knows which of its wires are cut.

A model of many mask sets (Germain et al. 2015, section 4.2) gives one theta to many networks. To a hidden unit an input
that is 0 and an input that is cut off look the same, though they say different things. So each W may have a companion U
of its shape, and a layer becomes ``h = g(b + (W * M) x + (U * M) 1)``, where 1 is a vector of ones: what U adds depends
on the mask M alone. For a single mask set that is a bias more, of no use; the more sets, the more there is to tell.

Under any one mask set this is the plain network with other biases, ``b + (U * M) 1``. So U is folded into the biases
before anything is computed, and the gradient of the biases is handed on to U when it comes back.
"""

from __future__ import annotations

from collections.abc import Iterator

from made_np.layers import mask_bias, mask_bias_backward
from made_np.masks.sets import MaskSet
from made_np.network.network import Network
from made_np.typing import Array, Bools


def fold(network: Network, theta: Array, mask_set: MaskSet) -> Array:
    """Return the parameters with which ``network.plain`` is `network` under this mask set.

    Parameters
    ----------
    network : Network
    theta : ndarray, shape (P,)
        Not changed. It comes back as it is where there are no mask weights.
    mask_set : MaskSet

    Examples
    --------
    >>> import numpy as np
    >>> from made_np.model.made import MADE
    >>> made = MADE(3, hidden=(), mask_weights=True)
    >>> theta = np.ones(made.n_params, dtype="float32")
    >>> folded = fold(made.network, theta, made.mask_sets[0])
    >>> made.network.plain.layout.views(folded)["b0"]  # 1, and 1 for each feature before
    array([1., 2., 3.], dtype=float32)
    """
    if not network.mask_weights:
        return theta
    views = network.layout.views(theta)
    folded = theta[: network.plain.layout.size].copy()
    biases = network.plain.layout.views(folded)
    for U, b, mask in _told(network, mask_set):
        biases[b] += mask_bias(views[U], mask)
    return folded


def fold_backward(network: Network, grad: Array, mask_set: MaskSet) -> None:
    """Write the gradient of the mask weights into `grad` (P,), whose plain part is that of the folded parameters.

    Notes
    -----
    The folded bias is ``b + mask_bias(U, M)``: both enter with slope 1, so its gradient is that of b, and is what
    `mask_bias_backward` starts from. The output's bias has two companions if there are direct wires; each gets all of
    it.
    """
    if network.mask_weights:
        dviews = network.layout.views(grad)
        for U, b, mask in _told(network, mask_set):
            mask_bias_backward(dviews[b], None, mask, out=dviews[U])


def _told(network: Network, mask_set: MaskSet) -> Iterator[tuple[str, str, Bools]]:
    """Yield the names of mask weights and of the bias that they are folded into, and the mask that they tell."""
    for layer, mask in enumerate(mask_set.masks):
        yield f"U{layer}", f"b{layer}", mask
    if mask_set.direct_wires is not None:
        yield "U_direct", network.output_bias, mask_set.direct_wires
