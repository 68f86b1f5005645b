"""The suite's own arguments, one by one: what is none is refused before any work, with the way out."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from made_np import MADE
from made_np.testing import (
    Adapter,
    Check,
    CheckFailed,
    Failure,
    Interval,
    Layer,
    Report,
    Result,
    SuiteReport,
    check_autoregressive,
    check_close,
    check_consistency,
    check_context,
    check_gradient,
    check_masks,
    check_normalised,
    check_sampler,
    check_vjp,
    checks,
    load_adapter,
    parametrize_with_checks,
    strategies,
    suite,
)

from .hostile import SMALL

X = np.random.default_rng(0).standard_normal((3, 2))
MADE_OF_OURS = MADE(2, hidden=(3,), backend="numpy")
LAYER = Layer("tanh", np.tanh, lambda dy, x: dy, (X,))


def right(x: Any) -> Any:
    """(B, D) -> (B, D)."""
    return x @ np.tril(np.ones((2, 2)), -1).T


REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: suite(MADE_OF_OURS), TypeError, r"adapter is a MADE .*: describe your model by Adapter\("),
    (lambda: suite(None), TypeError, "adapter is a NoneType"),
    (lambda: suite(SMALL, rng=-1), ValueError, "rng=-1"),
    (lambda: suite(SMALL, expected_failures=["masks"]), TypeError, "expected_failures is a list"),
    (lambda: suite(SMALL, expected_failures=[]), TypeError, "expected_failures is a list"),
    (lambda: suite(SMALL, expected_failures={3: "why"}), TypeError, "expected_failures: .* is a int"),
    (lambda: suite(SMALL, expected_failures={"masks": None}), TypeError, "expected_failures: .* is a NoneType"),
    (lambda: checks(MADE_OF_OURS), TypeError, "adapter is a MADE"),
    (lambda: checks(SMALL, rng="0"), TypeError, "rng='0'"),
    (lambda: parametrize_with_checks(MADE_OF_OURS), TypeError, "adapters=.* is a MADE"),
    (lambda: parametrize_with_checks([SMALL, 3]), TypeError, r"adapters\[1\] is a int"),
    (lambda: parametrize_with_checks([]), ValueError, "adapters is empty"),
    (lambda: parametrize_with_checks(Adapter(n_features=2)), ValueError, "adapters: 'model' gives nothing to check"),
    (lambda: load_adapter(3), TypeError, "target is a int"),
    (lambda: load_adapter(":name"), ValueError, "target=':name' must look like package.module:factory"),
    (lambda: load_adapter(".relative:name"), ValueError, "must look like"),
    (lambda: Adapter(n_features=0), ValueError, "n_features=0"),
    (lambda: Adapter(n_features=10**12), ValueError, "n_features=1000000000000: give an integer in 1..65536"),
    (lambda: Adapter(n_features=2, params=3), TypeError, "params=3 is a int, which cannot be called"),
    (lambda: Adapter(n_features=2, order=[0, 0]), ValueError, r"order=\[0, 0\]: give a permutation of 0..1"),
    (lambda: Adapter(n_features=2, order=[False, True]), TypeError, "order=.* has dtype bool"),
    (lambda: Adapter(n_features=2, order=[0.0, 1.0]), TypeError, "order=.* has dtype float64"),
    (lambda: Adapter(n_features=2, order=range(10**12)), ValueError, "order=.* is no array"),
    (lambda: Adapter(n_features=2, n_params=[1]), ValueError, "n_params has 1 counts of columns for 2 features"),
    (lambda: Adapter(n_features=2, n_inputs=-1), ValueError, "n_inputs=-1"),
    (lambda: Adapter(n_features=2, n_outputs=10**400), ValueError, "n_outputs=1000"),
    (lambda: Adapter(n_features=2, layout="mixed"), ValueError, "layout='mixed'"),
    (lambda: Adapter(n_features=2, support=3), TypeError, "support=3"),
    (lambda: Adapter(n_features=2, support="01"), TypeError, "support='01'"),
    (lambda: Adapter(n_features=2, support=(0, 1, 1)), ValueError, "support of every column lists 1 twice"),
    (lambda: Adapter(n_features=2, support=()), ValueError, "support of every column lists no value"),
    (lambda: Adapter(n_features=2, support=(0, np.nan)), ValueError, "support of every column=nan"),
    (lambda: Adapter(n_features=2, support=[(0, 1), "x"]), TypeError, "support of column 1='x'"),
    (lambda: Adapter(n_features=2, theta=X), ValueError, "theta must be a float64 vector"),
    (lambda: Adapter(n_features=2, theta=X[0].astype(np.float32)), ValueError, "theta is float32.*check_close"),
    (lambda: Adapter(n_features=2, theta=X[0], names=["a"]), ValueError, "names has 1 entries for 2"),
    (lambda: Adapter(n_features=2, theta=X[0], names="ab"), TypeError, "names='ab'"),
    (lambda: Adapter(n_features=2, theta=X[0], names=["a", 2]), TypeError, r"names\[1\] is a int"),
    (lambda: Adapter(n_features=2, theta=X[0], names=lambda k: k), TypeError, r"names\(0\) is a int"),
    (lambda: Adapter(n_features=2, theta=X[0], names={}.pop), ValueError, r"names\(0\) raises KeyError"),
    (lambda: Adapter(n_features=2, theta=X[0], frozen=[0, 1]), ValueError, "frozen must be boolean"),
    (lambda: Adapter(n_features=2, rows=0), ValueError, "rows=0"),
    (lambda: Adapter(n_features=2, masks=3), TypeError, "masks=3"),
    (lambda: Adapter(n_features=2, masks=[[[1], [1, 0]]]), ValueError, r"masks\[0\]=.* is no array"),
    (lambda: Adapter(n_features=2, direct=[[1], [1, 0]]), ValueError, "direct=.* is no array"),
    (lambda: Adapter(n_features=2, masks=[None]), TypeError, r"masks\[0\]=None is no array of numbers"),
    (lambda: Adapter(n_features=2, direct=3), TypeError, "direct=3 is no array of numbers"),
    (lambda: Adapter(n_features=2, skips=[True]), TypeError, r"skips\[0\]=True is no array of numbers"),
    (lambda: Adapter(n_features=2, skips=3), TypeError, "skips=3"),
    (lambda: Adapter(n_features=2, n_context=-1), ValueError, "n_context=-1"),
    (lambda: Adapter(n_features=2, params_given=right), ValueError, "n_context=0, but there is params_given"),
    (lambda: Adapter(n_features=2, layers=LAYER), TypeError, "layers=.* is a Layer: give a list of Layer"),
    (lambda: Adapter(n_features=2, layers=[LAYER, 3]), TypeError, r"layers\[1\] is a int"),
    (lambda: Adapter(n_features=2, lost="raise"), ValueError, "lost='raise'"),
    (lambda: Adapter(n_features=2, atol=np.inf), ValueError, "atol=inf"),
    (lambda: Adapter(n_features=2, rtol=-1), ValueError, "rtol=-1"),
    (lambda: Adapter(n_features=2, name=3), TypeError, "name is a int"),
    (lambda: SMALL.has("log_probs"), ValueError, "field='log_probs'"),
    (lambda: Layer(3, np.tanh, np.tanh, (X,)), TypeError, "name is a int"),
    (lambda: Layer("a", None, np.tanh, (X,)), TypeError, "forward=None"),
    (lambda: Layer("a", np.tanh, None, (X,)), TypeError, "vjp=None"),
    (lambda: Layer("a", np.tanh, np.tanh, X), TypeError, r"inputs is an array .*: give a tuple of arrays, \(x,\)"),
    (lambda: Layer("a", np.tanh, np.tanh, ()), ValueError, "inputs=.* holds no float64 array"),
    (lambda: Layer("a", np.tanh, np.tanh, (X,), [X]), ValueError, r"frozen for inputs\[0\] must be boolean"),
    (lambda: Interval("a", 1), TypeError, "low='a'"),
    (lambda: Interval(1, 0), ValueError, "low=1, high=0"),
    (lambda: Check("a", None), TypeError, "run=None"),
    (lambda: Failure("a", None, 1.0), TypeError, "got=None"),
    (lambda: Failure("a", 1.0, 10**400), ValueError, "want=1000"),
    (lambda: Report("a", n_failed=0, failures=(Failure("b", 1, 2),)), ValueError, "n_failed=0, but there are 1"),
    (lambda: Report("a", failures=[3]), TypeError, "failures is a list"),
    (lambda: Report("a", notes="b"), TypeError, "notes is a str"),
    (lambda: Result("a", "right"), ValueError, "status='right'"),
    (lambda: SuiteReport("a", [3]), TypeError, r"results\[0\] is a int"),
    (lambda: CheckFailed(3), TypeError, "report is a int"),
    (lambda: check_close(X, X, rtol=-1), ValueError, r"rtol=-1: give a number in \[0, inf\)"),
    (lambda: check_close(X, X, atol=np.nan), ValueError, "atol=nan"),
    (lambda: check_close("x", X), TypeError, "got='x' has dtype"),
    (lambda: check_close(X, X + 1j), TypeError, "want=.* has dtype complex128"),
    (lambda: check_gradient(3, right, X[0]), TypeError, "f=3"),
    (lambda: check_gradient(np.sum, None, X[0]), TypeError, "grad=None"),
    (lambda: check_gradient(np.sum, right, []), ValueError, "x is empty"),
    (lambda: check_gradient(np.sum, right, [1e200]), ValueError, r"x holds 1e\+200"),
    (lambda: check_gradient(np.sum, right, ["a"]), TypeError, r"x=\['a'\] has dtype"),
    (lambda: check_gradient(np.sum, right, X[0], h=-1e-6), ValueError, "h=-1e-06"),
    (lambda: check_gradient(np.sum, right, X[0], h=np.nan), ValueError, "h=nan"),
    (lambda: check_gradient(np.sum, right, X[0], n_directions=10**9), ValueError, "n_directions=1000000000"),
    (lambda: check_gradient(np.sum, right, X[0], entries=0), ValueError, "entries=0"),
    (lambda: check_gradient(np.sum, right, X[0], entries=True), TypeError, "entries=True"),
    (lambda: check_gradient(np.sum, right, X[0], entries=[[0]]), ValueError, r"entries=\[\[0\]\]"),
    (lambda: check_gradient(np.sum, right, X[0], rows="2"), TypeError, "rows='2'"),
    (lambda: check_vjp(np.tanh, np.tanh, (X,), names="x"), TypeError, "names='x'"),
    (lambda: check_vjp(np.tanh, np.tanh, (X,), one_row=1), TypeError, "one_row=1"),
    (lambda: check_vjp(np.tanh, np.tanh, (np.full((2, 2), np.nan),)), ValueError, r"inputs\[0\] holds nan"),
    (lambda: check_masks(None, [0]), TypeError, "masks=None"),
    (lambda: check_masks([X > 0], [0], n_context=1.0), TypeError, "n_context=1.0"),
    (lambda: check_masks([X > 0], None, n_inputs="2"), TypeError, "n_inputs='2'"),
    (lambda: check_masks([X > 0], None, rng="2"), TypeError, "rng='2'"),
    (lambda: check_normalised(right, 2, atol=np.inf), ValueError, "atol=inf"),
    (lambda: check_normalised(right, 50_000), ValueError, "support: .* rows .* are too many"),
    (lambda: check_autoregressive(right, 2, points=10**9), ValueError, "points=1000000000"),
    (lambda: check_autoregressive(right, 2, atol=-1), ValueError, "atol=-1"),
    (lambda: check_context(right, 2, 0), ValueError, "n_context=0"),
    (lambda: check_consistency(right, 2, rtol=np.inf), ValueError, "rtol=inf"),
    (lambda: check_sampler(right, right, 2, n=1), ValueError, "n=1: give an integer in 2"),
    (lambda: check_sampler(right, None, 2, inverse=3), TypeError, "inverse=3"),
    (lambda: strategies.networks(n_params=3), ValueError, r"n_params=3: give an integer in 1\.\.2"),
    (lambda: strategies.degrees(3, 4, complete="yes"), TypeError, "complete='yes'"),
    (lambda: strategies.orders(0), ValueError, "n_features=0"),
]


@pytest.mark.parametrize("k", range(len(REFUSED)))
def test_what_is_meant_otherwise_is_refused_with_the_way_out(k: int) -> None:
    call, kind, message = REFUSED[k]
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("count", [np.int64, np.uint8, np.int8])
def test_counts_of_numpy_are_taken_as_whole_numbers(count: Any) -> None:
    assert check_context(lambda x, y: y[:, :1] + 0 * x, count(2), count(1), points=count(4), rng=count(3)).ok
    assert check_autoregressive(right, count(2), points=count(4), n_params=count(1), order=[0, 1]).ok
    assert json.dumps(check_autoregressive(right, count(2), rng=count(3)).to_dict())


def test_a_generator_gives_all_checks_of_a_suite_one_seed() -> None:
    seeds = {result.report.seed for result in suite(SMALL, rng=np.random.default_rng(0)).results if result.report}
    assert len(seeds) == 1
    assert [check().seed for check in checks(SMALL, rng=5) if not check.skip] == [5, 5]


def test_masks_of_other_features_than_the_adapter_has_are_found_though_the_order_is_unknown() -> None:
    masks = [np.tril(np.ones((3, 3), dtype=bool), -1)]
    assert suite(Adapter(n_features=3, masks=masks))["masks"].status == "passed"
    (failure,) = suite(Adapter(n_features=2, masks=masks))["masks"].report.failures  # type: ignore[union-attr]
    assert failure.where == "masks[0].shape"


@pytest.mark.parametrize("mask", [np.zeros((3, 0)), np.zeros(3), np.zeros((2, 2, 2)), np.array([["a"]])])
@pytest.mark.parametrize("order", [None, [0, 1, 2]])
def test_masks_of_no_use_are_a_finding(mask: Any, order: Any) -> None:
    assert not check_masks([mask], order).ok
    assert not check_masks([], order, direct=mask).ok
    assert not check_masks([np.eye(3, dtype=bool)] * 2, order, skips=[mask]).ok


def test_a_failed_check_can_be_sent_to_another_process() -> None:
    error = CheckFailed(Report("a", (Failure("b", 1, 2),)))
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.report == error.report
