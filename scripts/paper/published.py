"""Published test NLL in nats, beside this project's own targets; lower is better.

MADE and its contemporaries: Germain et al. (2015) and what they cite; binarized MNIST: PixelRNN of van den Oord et al.
(2016), a network of another kind, where 84.13 (DARN) is the best of those without convolution; the DEBD sets: `twenty`.
"""

from __future__ import annotations

from typing import NamedTuple

from paper.twenty import TWENTY


class Published(NamedTuple):
    """The rows of others for one data set, and our targets."""

    made: float | None
    """The better of MADE's two rows."""
    best: float | None
    best_name: str
    as_papers: float | None
    """Our target where features stand in an order that owes nothing to the data."""
    free: float | None
    """Our target for any order that was chosen without the test rows."""
    stretch: float | None = None


_DEBD = {"nltcs": (5.99, 5.98), "baudio": (38.6, 38.4), "pumsb_star": (21.5, 21.2)}

PUBLISHED = {
    "adult": Published(13.12, 13.12, "MADE", 13.08, 13.05, 12.9),
    "connect4": Published(11.90, 11.90, "MADE", 11.85, 11.50, 11.30),
    "dna": Published(79.66, 79.66, "MADE", 79.3, 79.3, 78.5),
    "mushrooms": Published(9.68, 9.55, "DARN", 9.55, 9.50, 9.40),
    "nips": Published(277.28, 272.39, "EoNADE", 272.3, 272.3, 270.0),
    "ocr_letters": Published(28.34, 27.22, "NADE", 27.2, 26.0, 25.0),
    "binarized_mnist": Published(86.64, 79.20, "PixelRNN", 86.4, 86.0, 84.5),
    **{name: Published(None, TWENTY[name].nll, TWENTY[name].who, None, *ours) for name, ours in _DEBD.items()},
    "web_resplit": Published(None, None, "", None, None),
}
"""By name of `made_np.datasets.load_binary`. Web's own division is lost: `web_resplit` is held against a tree only."""

FIRST_TRY: dict[str, float | None] = {
    "adult": 13.20,
    "connect4": 11.72,
    "dna": 80.08,
    "mushrooms": 9.78,
    "nips": 275.39,
    "ocr_letters": 27.36,
    "binarized_mnist": None,
    "nltcs": 6.00,
    "baudio": 38.74,
    "pumsb_star": 21.79,
    "web_resplit": None,
}
"""Test NLL of a plain first try in another framework, the better of its orders: 500 relu units, direct wires, one mask
set, Adam at 1e-3, patience 20; for dna and nips a mixture over 16 mask sets with dropout 0.3."""
