"""A plan: which model is built for a table, how it is trained, with nothing left open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from made_np.columns.columns import Columns
from made_np.estimator import rules
from made_np.estimator.rules import is_auto
from made_np.estimator.trials import BOTH_WAYS, HOMES, PATHS, Choice, is_homes, is_sheared
from made_np.model.made import MADE
from made_np.training.arguments import as_options
from made_np.training.loop import Options
from made_np.typing import Array
from made_np.validation import as_widths

__all__ = ["Facts", "Plan", "asked", "choose", "going_on"]

TRIAL_STEPS = 1_500
TRIAL_WORK = 1.5e9
FEWEST_TRIAL_STEPS = 500
"""Steps of a trial, or as many as make the second number times the parameters, if that is less, but no fewer than the
third. An order with its reverse gets twice as many. The model is narrow where the width is open, its rate constant.
"""


class Facts(NamedTuple):
    """What is known of a table when a plan is made.

    Attributes
    ----------
    columns : Columns
    n_rows : int
        Of the table.
    n_train, n_valid : int
        How many of them are learned from, and how many rows are held out or given for validation.
    """

    columns: Columns
    n_rows: int
    n_train: int
    n_valid: int = 0


@dataclass(frozen=True)
class Plan:
    """What is built and trained.

    Attributes
    ----------
    made : MADE
        The model: order, mask sets, widths, wires.
    options : Options
        How it is trained: optimizer, learning rate, decay, dropout, epochs.
    weight_decay : float or dict of str to float
        The one that was chosen.
    shear : ndarray (D, D), optional
        Home is learned of rows less these regressions (see `training.shear`).
    """

    made: MADE
    options: Options
    weight_decay: Any
    shear: Array | None = None

    def in_order(self, order: Any) -> Plan:
        """Return the same plan for a model with another order."""
        return replace(self, made=replace(self.made, order=order))


def asked(params: Any, columns: Columns) -> Choice:
    """Return what is set, and what is open; a single column has but one order."""
    one = len(columns.features) == 1 and is_auto(params.order) and is_auto(params.n_masks)
    if one:
        return Choice("natural", params.n_masks, params.weight_decay)
    paths = rules.takes_paths(params.answers, params.order, params.n_masks, columns)
    order = HOMES if paths and is_auto(params.order) and rules.are_real(columns.outputs) else params.order
    return Choice(order, PATHS if paths else params.n_masks, params.weight_decay)


def choose(params: Any, facts: Facts, choice: Choice, seed: int = 0, *, trial: bool = False) -> Plan:
    """Return the plan that the parameters and a choice describe, for a table of which some facts are known.

    An order that is to be found is not looked for: the plan has the natural one, until `Plan.in_order` says better.

    Raises
    ------
    TypeError, ValueError
        A parameter that cannot be meant, or that does not go with the others or with the table.
    """
    n_rows = 0 if trial else facts.n_rows
    n_sharing = 1 if choice.n_masks == BOTH_WAYS else choice.n_masks  # an order and its reverse hardly share weights
    if is_sheared(choice.order):
        hidden = rules.sheared_widths(params.hidden_layer_sizes)
    else:
        hidden = rules.hidden_layer_sizes(
            params.hidden_layer_sizes, n_rows, len(facts.columns), n_sharing, facts.columns.outputs
        )
    if trial and choice.n_masks == PATHS:  # one home alone, which a trial is about
        choice = replace(choice, n_masks=1, order="natural" if is_homes(choice.order) else choice.order)
    made = _model(params, facts, choice, seed, hidden)
    return Plan(made, _options(params, facts, choice, made, trial), choice.weight_decay)


def going_on(params: Any, facts: Facts, choice: Choice, made: MADE) -> Plan:
    """Return the plan for a model that goes on learning, or raise if the parameters now describe another one."""
    widths = params.hidden_layer_sizes
    hidden = made.hidden if is_auto(widths) else as_widths(widths, "hidden_layer_sizes")
    new = _model(params, facts, choice, made.seed, hidden)
    if new != made:
        was = made.config()
        changed = [name for name, value in was.items() if value != new.config().get(name)]
        raise ValueError(
            f"the fitted model cannot go on learning, since {', '.join(changed)} changed: set the old values, or "
            "fit anew with warm_start=False"
        )
    return Plan(made, _options(params, facts, choice, made, False), choice.weight_decay)


def _model(params: Any, facts: Facts, choice: Choice, seed: int, hidden: tuple[int, ...]) -> MADE:
    """Return the model that the parameters and a choice describe, in the natural order where one is to be found."""
    order = choice.order
    outputs = facts.columns.outputs
    n_masks = {PATHS: None, BOTH_WAYS: 2}.get(choice.n_masks, choice.n_masks)
    if isinstance(order, str) and order == "found":
        if choice.n_masks not in (1, PATHS, BOTH_WAYS):
            raise ValueError(
                f"order='found' is one order, and n_masks={choice.n_masks}: set n_masks=1, or order='random'"
            )
        order = np.arange(len(outputs))
    elif is_homes(order):
        order = rules.homes(len(outputs), seed)
    elif is_sheared(order):
        order = "natural"
    if choice.n_masks == BOTH_WAYS:
        order = rules.both_ways(np.arange(len(outputs)) if isinstance(order, str) else order)
    return MADE(
        len(outputs),
        hidden,
        outputs,
        activation=params.activation,
        order=order,
        n_masks=n_masks,
        direct=rules.direct_wires(params.direct, outputs),
        residual=params.residual,
        mask_weights=params.mask_weights,
        n_context=facts.columns.told.n_inputs,
        gap_inputs=rules.gap_inputs(facts.columns, choice.n_masks == PATHS),
        seed=seed,
        dtype=params.dtype,
        backend=params.backend,
    )


def _trial_steps(made: MADE, choice: Choice) -> int:
    """Return how many steps a trial has."""
    steps = min(TRIAL_STEPS, max(FEWEST_TRIAL_STEPS, int(TRIAL_WORK / made.n_params)))
    return 2 * steps if choice.n_masks == BOTH_WAYS else steps


def _options(params: Any, facts: Facts, choice: Choice, made: MADE, trial: bool) -> Options:
    """Return how the model is trained; in a trial only for a few steps, and for that at a constant rate."""
    outputs = facts.columns.outputs
    batch_size = min(params.batch_size, facts.n_train)
    per_epoch = -(-facts.n_train // batch_size)
    is_straight = is_sheared(choice.order)
    n_steps = rules.sheared_steps(facts.n_train) if is_straight else rules.most_steps(made.n_params, outputs)
    max_epochs = rules.epochs(params.max_epochs, n_steps, per_epoch)
    if trial:
        max_epochs = min(max_epochs, -(-_trial_steps(made, choice) // per_epoch))
    return as_options(
        made,
        has_valid=facts.n_valid > 0,
        optimizer=params.optimizer,
        learning_rate=rules.learning_rate(params.learning_rate, made.hidden, outputs),
        schedule=None if trial else params.schedule,
        batch_size=batch_size,
        max_epochs=max_epochs,
        patience=rules.epochs(params.n_iter_no_change, rules.PATIENT_STEPS, per_epoch),
        validate_every=rules.validate_every(made.n_mixed, facts.n_train, facts.n_valid),
        weight_decay=choice.weight_decay,
        dropout=rules.dropout(params.dropout, made.hidden, outputs, facts.n_train, sheared=is_straight),
        input_dropout=params.input_dropout,
        averaging=params.averaging,
    )
