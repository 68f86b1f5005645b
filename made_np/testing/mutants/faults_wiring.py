"""Planted faults: who is wired to whom. Most were found in published implementations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..adapter import Adapter
from ..compare import Bools, Floats, Ints
from ..networks import Network, make_network
from ..plans import Plan, make_plan
from ..wiring import position_of
from .mutant import ORDER, degrees_of, planted, standard

OWN = position_of(ORDER) + 1
"""The degree of each input and output of the standard network."""
LEAK = ("masks", "autoregressive", "normalised")


def rewired(net: Network, layer: int, mask: Bools) -> Network:
    """The network with one other mask."""
    masks = list(net.plan.masks)
    masks[layer] = mask
    return replace(net, plan=replace(net.plan, masks=tuple(masks)))


def wired_as(rng: np.random.Generator, plan: Plan, **changes: object) -> Adapter:
    """The adapter of a network with this plan."""
    return make_network(rng, plan).adapter(**changes)


@planted("the output mask has >= for >: an output sees its own input", *LEAK)
def _output_not_strict(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rewired(net, 2, OWN[:, None] >= net.plan.degrees[1]).adapter()


@planted("a hidden mask has > for >=: neighbours in the order are lost", "masks")
def _hidden_strict(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rewired(net, 1, net.plan.degrees[1][:, None] > net.plan.degrees[0]).adapter(lost="fail")


@planted("inputs count degrees from 0, hidden units from 1", *LEAK)
def _input_degrees_from_zero(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rewired(net, 0, net.plan.degrees[0][:, None] >= OWN - 1).adapter()


@planted("order is used where position belongs, in every mask", "masks", "autoregressive")
def _order_for_position(rng: np.random.Generator) -> Adapter:
    return standard(rng, order=tuple(position_of(ORDER).tolist())).adapter(order=ORDER)


@planted("output 0 sees input 1 and output 1 sees input 0; the order is not declared", *LEAK)
def _two_cycle(rng: np.random.Generator) -> Adapter:
    net = standard(rng, order=range(5), direct=True)
    direct = np.array(net.plan.direct)
    direct[0, 1] = True
    return replace(net, plan=replace(net.plan, direct=direct)).adapter(order=None)


@planted("output degrees are drawn anew, not those of the inputs", *LEAK)
def _fresh_output_degrees(rng: np.random.Generator) -> Adapter:
    net = standard(rng)
    return rewired(net, 2, np.roll(OWN, 2)[:, None] > net.plan.degrees[1]).adapter()


@planted("no hidden unit has degree 2: a dependency is lost", "masks")
def _missing_degree(rng: np.random.Generator) -> Adapter:
    return wired_as(rng, make_plan(ORDER, [rng.permutation([1, 1, 3, 3, 4, 4])]))


@planted("fewer hidden units than degrees, and no direct wires", "masks")
def _too_narrow(rng: np.random.Generator) -> Adapter:
    return wired_as(rng, make_plan(ORDER, [rng.permutation([2, 3])]))


@planted("hidden degrees 0..D: some units see nothing, some reach nothing", "masks")
def _dead_units(rng: np.random.Generator) -> Adapter:
    return wired_as(rng, make_plan(ORDER, [rng.permutation([0, 1, 2, 3, 4, 5])]))


@planted("an identity skip between hidden layers of unrelated degrees", *LEAK)
def _skip_leaks(rng: np.random.Generator) -> Adapter:
    plan = make_plan(ORDER, [[4, 3, 2, 1, 4], [1, 2, 3, 4, 2]], skips=True)
    return wired_as(rng, replace(plan, skips=(None, np.ones(5, dtype=bool))))


@planted("a residual block at the input: the identity passes x on unmasked", *LEAK)
def _skip_at_the_input(rng: np.random.Generator) -> Adapter:
    plan = make_plan(ORDER, [[1, 2, 3, 4, 1]])
    return wired_as(rng, replace(plan, skips=(np.ones(5, dtype=bool),)))


@planted("the direct mask has >= for >", *LEAK)
def _direct_not_strict(rng: np.random.Generator) -> Adapter:
    net = standard(rng, direct=True)
    return replace(net, plan=replace(net.plan, direct=OWN[:, None] >= OWN)).adapter()


@planted("the slice that fills the direct mask ends too early: later features lose wires", "masks")
def _direct_slice_too_short(rng: np.random.Generator) -> Adapter:
    plan = make_plan(ORDER, [])
    assert plan.direct is not None
    short = plan.direct & (np.arange(5) < 3)
    return wired_as(rng, replace(plan, direct=short))


@planted("square masks are transposed", *LEAK[:2])
def _transposed_masks(rng: np.random.Generator) -> Adapter:
    net = standard(rng, hidden=(5,))
    first, last = net.plan.masks
    return rewired(rewired(net, 0, last.T.copy()), 1, first.T.copy()).adapter()


@planted("context goes to hidden units of degree 1 and above only: x_1 never hears it", "masks", "context")
def _context_misses_the_first(rng: np.random.Generator) -> Adapter:
    degrees = [degrees_of(rng, 5, 7)]
    return wired_as(rng, make_plan(ORDER, degrees, n_context=2))


@planted("one wire too many, somewhere in the middle", *LEAK)
def _one_wire_too_many(rng: np.random.Generator) -> Adapter:
    net = standard(rng, hidden=(4, 4))
    low = np.argmin(net.plan.degrees[1])
    high = np.argmax(net.plan.degrees[0])
    mask = net.plan.masks[1].copy()
    mask[low, high] = True
    return rewired(net, 1, mask).adapter()


@planted("one wire too few, of those without a detour", "masks")
def _one_wire_too_few(rng: np.random.Generator) -> Adapter:
    net = standard(rng, hidden=(4,))
    mask = net.plan.masks[1].copy()
    mask[ORDER[1], np.argmin(net.plan.degrees[0])] = False
    return rewired(net, 1, mask).adapter()


@planted("the mask of the first layer is made, but not applied", "autoregressive", "normalised", "gradient")
def _mask_not_applied(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def apply(W: Floats, mask: Bools) -> Floats:
        return W if mask is net.plan.masks[0] else W * mask

    return replace(net, parts=replace(net.parts, apply_mask=apply)).adapter()


@planted("weights are masked once, at the start: any update breaks them", "gradient")
def _masked_at_the_start_only(rng: np.random.Generator) -> Adapter:
    net = standard(rng)

    def backward(dy: Floats, h: Floats, W: Floats, mask: Bools) -> tuple[Floats, Floats, Floats]:
        return dy.T @ h, dy.sum(axis=0), dy @ W

    parts = replace(net.parts, apply_mask=lambda W, mask: W, linear_backward=backward)
    return replace(net, parts=parts, theta=np.where(net.frozen(), 0.0, net.theta)).adapter()


@planted("layer normalisation: the mean over hidden units of all degrees", "autoregressive", "normalised")
def _normalised_across_units(rng: np.random.Generator) -> Adapter:
    def between(h: Floats) -> Floats:
        spread = h.std(axis=1, keepdims=True) + 1e-5
        return np.asarray((h - h.mean(axis=1, keepdims=True)) / spread, dtype=np.float64)

    net = standard(rng)
    return replace(net, parts=replace(net.parts, between=between)).adapter(loss=None, grad=None)


@planted("two parameters a feature are laid out blocked, but read interleaved", "autoregressive")
def _blocked_read_as_interleaved(rng: np.random.Generator) -> Adapter:
    net = standard(rng, n_params=2)
    columns = np.append(np.arange(0, 10, 2), np.arange(1, 10, 2))
    return net.adapter(params=lambda x: net.params(x)[:, columns])


@planted("masks are cached: the second mask set still has those of the first", "autoregressive")
def _stale_mask_cache(rng: np.random.Generator) -> Adapter:
    orders: Sequence[Sequence[int]] = [range(5), ORDER]
    degrees: list[Ints] = [degrees_of(rng, 5, 7)]
    sets = [make_plan(order, degrees) for order in orders]
    net = make_network(rng, sets[1])
    cache: list[Plan] = []

    def params(k: int, x: Floats) -> Floats:
        if not cache:
            cache.append(sets[k])
        return replace(net, plan=cache[0]).params(x)

    params(0, np.zeros((1, 5)))
    return Adapter(n_features=5, order=ORDER, params=lambda x: params(1, x), masks=sets[1].masks)
