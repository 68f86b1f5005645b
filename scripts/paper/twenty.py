"""The twenty DEBD sets of binary rows, each with the best published test NLL in nats that we know.

Circuits are compared on these sets: Lowd & Davis (2010), Van Haaren & Davis (2012). HCLT, hidden Chow-Liu trees: logs
of Liu & Van den Broeck (github.com/UCLA-StarAI/Tractable-PC-Regularization), the median of five runs, some of which
diverged. Continuous mixtures: Correia et al. (2023). ID-SPN: Rooshenas & Lowd (2014).
"""

from __future__ import annotations

from typing import NamedTuple

STORED = "stored"
MEMORY = "from memory"
MIXTURES = "continuous mixtures"
HCLT = "HCLT"


class Best(NamedTuple):
    """The best published row of one set."""

    nll: float
    who: str
    source: str
    """`STORED`: read in a stored file of its authors. `MEMORY`: as the literature is remembered."""


TWENTY = {
    "nltcs": Best(5.99, MIXTURES, MEMORY),
    "msnbc": Best(6.03, "a circuit", MEMORY),
    "kdd": Best(2.12, MIXTURES, MEMORY),
    "plants": Best(12.26, MIXTURES, MEMORY),
    "baudio": Best(39.02, MIXTURES, MEMORY),
    "jester": Best(51.93, MIXTURES, MEMORY),
    "bnetflix": Best(55.31, MIXTURES, MEMORY),
    "accidents": Best(26.74, HCLT, STORED),
    "tretail": Best(10.81, MIXTURES, MEMORY),
    "pumsb_star": Best(22.40, "ID-SPN", MEMORY),
    "dna_debd": Best(79.05, HCLT, STORED),
    "kosarek": Best(10.55, MIXTURES, MEMORY),
    "msweb": Best(9.60, MIXTURES, MEMORY),
    "book": Best(33.53, HCLT, STORED),
    "tmovie": Best(48.69, MIXTURES, MEMORY),
    "cwebkb": Best(147.75, MIXTURES, MEMORY),
    "cr52": Best(81.17, MIXTURES, MEMORY),
    "c20ng": Best(148.17, MIXTURES, MEMORY),
    "bbc": Best(240.19, MIXTURES, MEMORY),
    "ad": Best(14.42, MIXTURES, MEMORY),
}
"""By name of `made_np.datasets.load_binary`. `dna_debd` is dna with the division of DEBD."""
