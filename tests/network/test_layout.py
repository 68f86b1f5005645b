"""Names and shapes in one flat vector."""

from __future__ import annotations

import numpy as np
import pytest

from made_np.network.layout import Layout

LAYOUT = Layout(("W0", "b0", "W1", "b1", "W_direct"), ((3, 2), (3,), (4, 3), (4,), (4, 2)))


def test_views_cover_the_vector_once_and_in_sequence() -> None:
    theta = np.arange(LAYOUT.size)
    views = LAYOUT.views(theta)
    assert list(views) == list(LAYOUT.names)
    assert [view.shape for view in views.values()] == list(LAYOUT.shapes)
    np.testing.assert_array_equal(np.concatenate([view.ravel() for view in views.values()]), theta)


def test_views_share_memory_both_ways() -> None:
    theta = np.zeros(LAYOUT.size)
    views = LAYOUT.views(theta)
    for view in views.values():
        assert np.shares_memory(view, theta)
        view += 1
    np.testing.assert_array_equal(theta, 1)
    theta[:] = 7
    assert all((view == 7).all() for view in views.values())


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "bool"])
def test_views_keep_the_dtype(dtype: str) -> None:
    assert all(view.dtype == dtype for view in LAYOUT.views(np.zeros(LAYOUT.size, dtype)).values())


def test_locate_names_each_entry_where_its_view_shows_it() -> None:
    for k in range(LAYOUT.size):
        theta = np.zeros(LAYOUT.size)
        theta[k] = 1
        name, _, index = LAYOUT.locate(k).rstrip("]").partition("[")
        assert LAYOUT.views(theta)[name][tuple(int(i) for i in index.split(", "))] == 1


@pytest.mark.parametrize("k", [-1, LAYOUT.size])
def test_locate_refuses_what_is_outside(k: int) -> None:
    with pytest.raises(ValueError, match=rf"k={k}: give an integer in 0\.\.{LAYOUT.size - 1}"):
        LAYOUT.locate(k)


def test_a_vector_that_has_no_views_is_refused() -> None:
    with pytest.raises(ValueError, match=rf"theta has shape \(3,\): this layout needs \({LAYOUT.size},\)"):
        LAYOUT.views(np.zeros(3))
    with pytest.raises(ValueError, match=r"not contiguous: pass np\.ascontiguousarray"):
        LAYOUT.views(np.zeros(2 * LAYOUT.size)[::2])


def test_weights_are_told_from_biases() -> None:
    assert Layout(("W0", "b0", "U0"), ((1, 2), (1,), (1, 2))).weights().tolist() == [True, True, False, True, True]
    views = LAYOUT.views(LAYOUT.weights())
    assert {name for name, view in views.items() if view.all()} == {"W0", "W1", "W_direct"}
    assert not views["b0"].any()
    assert not views["b1"].any()


def test_an_empty_layout_has_no_entries() -> None:
    empty = Layout((), ())
    assert empty.size == 0
    assert empty.views(np.zeros(0)) == {}


def test_what_is_no_array_or_no_entry_is_refused() -> None:
    with pytest.raises(TypeError, match=rf"theta is a list .*: give a NumPy array of shape \({LAYOUT.size},\)"):
        LAYOUT.views([0.0] * LAYOUT.size)  # type: ignore[arg-type]
    for wrong in (0.0, "0", True, None):
        with pytest.raises(TypeError, match=r"^k="):
            LAYOUT.locate(wrong)  # type: ignore[arg-type]
