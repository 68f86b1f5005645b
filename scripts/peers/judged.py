"""The libraries that are run, with what was made of each finding by hand."""

from __future__ import annotations

LIBRARIES = {
    "zuko": "zuko",
    "nflows": "nflows",
    "normflows": "normflows",
    "pyro": "pyro-ppl",
    "numpyro": "numpyro",
    "flowjax": "flowjax",
    "deeprob": "deeprob-kit",
    "sbi": "sbi",
    "tfp": "tfp-nightly",
    "netket": "netket",
}
"""Names in Python, with those of the packages."""

GF = "GF at its own start: mass lies beyond [-10, 10], where its documentation promises no inverse"
CLAMP = "weights of 1: beyond the clamp of log scales the gradient is passed through on purpose: not that of the loss"
DEAF = "with context: the first feature hears none"
FAST = "FastARNNDense: its sampler raises beside this JAX (the end of a slice is traced); ARNNDense draws right"

JUDGED: dict[str, dict[tuple[str, str], str]] = {
    "zuko": {("GF, at its own start", check): GF for check in ("normalised", "sampler", "sampler_counts")},
    "nflows": {
        ("the same, random masks", "autoregressive"): "random masks: a dependency is lost, no leak",
        ("the same, with context", "context"): DEAF,
        ("MixtureOfGaussiansMADE", "sampler_counts"): "the mixture's `sample` raises without a context",
    },
    "normflows": {("the same, with context", "context"): DEAF},
    "pyro": {("the same, weights of 1", "gradient"): CLAMP},
    "numpyro": {("the same, weights of 1", "gradient"): CLAMP},
    "netket": {("FastARNNDense", "sampler_counts"): FAST},
    "sbi": {("maf (of nflows)", "normalised"): "maf: log(2 pi) is held in float32: 3e-8, harmless"},
}
"""By library, then model with check: whose the finding is, seen by hand."""
