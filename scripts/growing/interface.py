"""The growth of everything public: a law for each call, or the reason why it has none."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

from growing import densities, networks, pictures, proofs, tables
from growing.law import LIMIT, Growth, Law, measure

LAWS: dict[str, list[Law]] = {**networks.LAWS, **densities.LAWS, **tables.LAWS, **proofs.LAWS, **pictures.LAWS}
"""By public name, as the tests of arguments call it, or by command."""

WITHOUT = {
    "datasets.": "reads a data set of one size",
    "distributions.": "keeps a few numbers",
    "schedules.": "a formula of one step",
    "optim.SGD": "keeps a few numbers",
    **dict.fromkeys(["optim.AdaDelta", "optim.AdaGrad", "optim.Adam", "optim.AdamW"], "keeps a few numbers"),
    "optim.get_optimizer": "a name",
    "layers.": "a name",
    "model.made.MADE.mixture": "a description",
    "model.made.MADE.member": "a description",
    "model.description.Description.locate": "one number",
    "masks.sets.MaskSets.home_of": "one number",
    "autoencoder.Autoencoder": "a description",
    "sequential.linear.MaskedLinear": "a description, until a network holds it",
    "sequential.linear.Elementwise": "a description",
    "grid.shared.GridMADE": "a description",
    "estimator.density.MADEDensity": "keeps its arguments, and so do the other estimators",
    "estimator.imputer.MADEImputer": "keeps its arguments",
    "estimator.imputer.MADEImputer.get_feature_names_out": "names of columns",
    "estimator.imputer.MADEImputer.set_output": "a name",
    "estimator.outliers.MADEOutlierDetector": "keeps its arguments",
    "estimator.conventions.": "parameters",
    "estimator.routing.": "a flag",
    "table.one_hot.OneHot": "keeps its arguments",
    "table.files.writing.check_target": "a path",
    "interop.torch_in.from_torch": "reads the module, then goes on as from_layers",
    "testing.adapter.Adapter": "keeps its arguments",
    "testing.global_state.": "calls a constructor",
    "testing.roundtrip.": "stores a model a fixed number of times",
    "testing.loading.": "a name",
    "testing.points.Interval": "two numbers",
    "testing.parametrize.": "names of checks",
    "testing.strategies.": "what hypothesis draws",
    "testing.suite.SuiteReport.": "a name",
    "testing.frameworks.torch_models.": "wraps a model",
    "testing.frameworks.jax_models.": "wraps a model",
    "testing.frameworks.sklearn_models.": "wraps a model",
    "testing.frameworks.uniforms.": "hands over the numbers that it is given",
    "made-np demo": "one size; with its time limit in the checks",
    "made-np faces": "one size",
    "made-np learn": "one size",
    "made-np query": "conditions; as Questions.probability",
    "made-np inspect": "prints what fits a terminal",
    "made-np trace": "one row",
    "made-np explore": "its page has a limit of size",
    "made-np check": "as testing.suite",
}
"""Names, or their beginnings up to a dot, of what takes nothing that has a size."""


class Row(NamedTuple):
    """What was found of one law."""

    name: str
    law: Law
    growth: Growth | None
    """None: what the call needs is not installed."""

    @property
    def is_beyond(self) -> bool:
        """Whether the call takes longer than twice what its law says."""
        return self.growth is not None and self.growth.times > LIMIT

    def line(self) -> str:
        """Return a line of a Markdown table."""
        law = self.law
        size = law.size if law.power == 1 else f"{law.size}^{law.power:g}"
        if self.growth is None:
            return f"| {self.name} | {size} | not installed | | | |"
        one = self.growth
        found = f"| {self.name} | {size} | {one.size} | {1e3 * one.small:.3g} | {1e3 * one.large:.3g} | {one.times:.2f}"
        return found + (" **beyond** |" if self.is_beyond else " |")


HEAD = "| call | in proportion to | size | ms | ms at 10 x | times its law |\n|---|---|---|---|---|---|"


def why_without(name: str) -> str | None:
    """Return why a public name has no law; None if none is told."""
    told = [WITHOUT[start] for start in WITHOUT if name == start or (start.endswith(".") and name.startswith(start))]
    return told[0] if told else None


def found(names: list[str] | None = None) -> Iterator[Row]:
    """Yield what is found of the laws of some names, or of their beginnings; of all by default."""
    for name, laws in LAWS.items():
        if names is None or name.startswith(tuple(names)):
            for law in laws:
                yield _row(name, law)


def _row(name: str, law: Law) -> Row:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Row(name, law, measure(law))
        except ImportError:
            return Row(name, law, None)
