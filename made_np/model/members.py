"""The members of an ensemble: models that were learned apart, of which each has parameters of its own in one theta.

Mask sets are dealt out to members in turn, and so are the homes of a model with paths: of K members, member k has k,
k + K, k + 2 K, ... . The mixture over all mask sets, which scores and draws, thereby is the mixture of the members'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from made_np.masks.sets import MaskSets
from made_np.values import as_count, show

if TYPE_CHECKING:
    from made_np.model.made import MADE

__all__ = ["check_members", "ensemble_of", "member_of"]

OWN = "order", "degrees", "seed"
"""What members of one ensemble may differ in."""


def check_members(n_members: int, mask_sets: MaskSets) -> None:
    """Raise a `ValueError` if mask sets cannot be dealt out to so many members, as many to each."""
    if n_members == 1:
        return
    _check_endless(n_members, mask_sets)
    n_sets = len(mask_sets.mixed)
    if n_sets % n_members:
        what = "order holds" if mask_sets.has_paths else "n_masks is"
        kind = " home orders" if mask_sets.has_paths else ""
        raise ValueError(f"n_members={n_members}, but {what} {n_sets}{kind}: give as many to each member")


def _check_endless(n_members: int, mask_sets: MaskSets) -> None:
    """Raise a `ValueError` if there is no end of mask sets, and they are no paths from homes."""
    if mask_sets.n_masks is None and not mask_sets.has_paths:
        raise ValueError(
            f"n_members={n_members} with n_masks=None and random orders: these are endless, and cannot be dealt out. "
            "Set n_masks, or home orders"
        )


def member_of(made: MADE, k: int) -> MADE:
    """Return one member of an ensemble, as `MADE.member` says."""
    n = made.n_members
    k = as_count(k, "k", 0, n - 1)
    if n == 1:
        return made
    sets = made.mask_sets
    own: dict[str, Any] = {"n_masks": None if made.n_masks is None else made.n_masks // n}
    if "order" in sets.given:
        own["order"] = made.order[k::n]
    elif sets.order == "random":
        own["order"] = tuple(tuple(one.order.tolist()) for one in list(sets)[k::n])
    if "degrees" in sets.given:
        own["degrees"] = made.degrees[k::n]
    elif sets.degrees == "random" and made.hidden:
        own["degrees"] = tuple(tuple(tuple(layer.tolist()) for layer in one.degrees) for one in list(sets)[k::n])
    for name in ("order", "degrees"):
        if len(own.get(name, "")) == 1:
            own[name] = own[name][0]
    return replace(made, n_members=1, **own)


def ensemble_of(members: Sequence[MADE]) -> MADE:
    """Return the ensemble of some models, one at least, as `MADE.ensemble` says."""
    first = members[0]
    for k, made in enumerate(members):
        _check_alike(first, made, k)
    if len(members) == 1:
        return first
    _check_endless(len(members), first.mask_sets)
    n_masks = None if first.n_masks is None else first.n_masks * len(members)
    return replace(first, n_masks=n_masks, n_members=len(members), order=_orders(members), degrees=_degrees(members))


def _check_alike(first: MADE, made: MADE, k: int) -> None:
    """Raise if the k-th member is another kind of model than the first."""
    if made.n_members != 1:
        raise ValueError(f"members[{k}] is an ensemble of {made.n_members}: give its members")
    own = ("order", "seed") if made.mask_sets.has_paths else OWN
    for field in fields(made):
        mine = getattr(made, field.name)
        theirs = getattr(first, field.name)
        if field.name not in own and mine != theirs:
            raise ValueError(
                f"members[{k}] has {field.name}={show(mine)}, the first one {show(theirs)}: members may differ in "
                f"{', '.join(own[:-1])} and {own[-1]}"
            )


def _orders(each: Sequence[MADE]) -> Any:
    """Return the orders of all members, dealt out; one name where they have no others."""
    names = {made.order if isinstance(made.order, str) else "" for made in each}
    if len(names) == 1 and not names & {"", "random"} and not each[0].mask_sets.has_paths:
        return names.pop()
    own = [[tuple(made.mask_sets[k].order.tolist()) for k in made.mask_sets.mixed] for made in each]
    return tuple(order for turn in zip(*own, strict=True) for order in turn)


def _degrees(each: Sequence[MADE]) -> Any:
    """Return the degrees of all members, dealt out; one thing where they have no others."""
    if each[0].mask_sets.has_paths or all(made.degrees == "spread" for made in each) or not each[0].hidden:
        return each[0].degrees
    own = [[tuple(tuple(layer.tolist()) for layer in one.degrees) for one in made.mask_sets] for made in each]
    return tuple(degrees for turn in zip(*own, strict=True) for degrees in turn)
