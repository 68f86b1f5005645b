"""Everything public, called in a random sequence on models that all calls share."""

from __future__ import annotations

from typing import Any

from hypothesis.stateful import invariant, rule

from fuzz import models
from fuzz.calls import fault
from fuzz.examples import EXAMPLES
from fuzz.frameworks_examples import NEEDS
from fuzz.watched import MISTAKES, SEEDS, Watched, bits, choice
from made_np import layers

NAMES = sorted(set(EXAMPLES) - set(NEEDS))
"""What needs no other framework."""


class InterfaceMachine(Watched):
    """Models that have been given to all kinds of calls answer as they did at first."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = self._answers()

    def teardown(self) -> None:
        """Have nothing registered."""
        super().teardown()
        for name in set(layers.ACTIVATIONS) - layers.BUILT_IN:
            layers.unregister_activation(name)

    def _answers(self) -> Any:
        """Return what the shared models say."""
        found = [
            self.ask(models.mixed().log_prob, models.theta(), models.rows(), context=models.context()),
            *(self.ask(each.score_samples, models.rows()) for each in (models.learned(), models.answering())),
        ]
        return bits(found)

    @invariant()
    def _they_are_as_they_were(self) -> None:
        assert self._answers() == self.answers

    @rule(seed=SEEDS)
    def use(self, seed: int) -> None:
        """A call works."""
        rng = self.chance(seed)
        for _ in range(MISTAKES):
            name = choice(rng, NAMES)
            self.calls[name] += 1
            wrong = fault(EXAMPLES[name](), {})
            assert wrong is None, f"{name} {wrong}"

    @rule(seed=SEEDS)
    def mistake(self, seed: int) -> None:
        """A call with wrong arguments is taken, or refused in words that name one."""
        rng = self.chance(seed)
        for _ in range(MISTAKES):
            self.misuse(EXAMPLES[choice(rng, NAMES)](), rng)
