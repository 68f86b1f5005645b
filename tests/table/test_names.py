"""A table has the columns of fit, or is refused in words that say which it has instead."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from made_np.table.names import check_columns

AB = ("a", "b")


def test_the_same_columns_are_taken() -> None:
    check_columns(AB, 2, AB, 2)
    check_columns(list(AB), 2, np.array(AB, dtype=object), 2)
    check_columns(None, 2, None, 2)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("b", "a"), ["Y has 'b' as column 0, but fit saw 'a' there", "must be in the same order"]),
        (("a", "c"), ["Y has 'c' as column 1, but fit saw 'b' there", "unseen at fit time:\n- c\n.*missing:\n- b\n"]),
        (("a",), ["Y has 1 columns, but fit saw 2", "yet now missing:\n- b\n"]),
        (("a", "b", "c"), ["Y has 3 columns, but fit saw 2", "unseen at fit time:\n- c\n"]),
        ((*AB, *"cdefgh"), ["- c\n- d\n- e\n- f\n- g\n- ...\n$"]),
    ],
)
def test_other_names_are_refused(names: tuple[str, ...], words: list[str]) -> None:
    for word in ["The feature names should match those that were passed during fit.", *words]:
        with pytest.raises(ValueError, match=f"(?s){word}"):
            check_columns(names, len(names), AB, 2, what="Y")


def test_another_number_of_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="Y has 3 features, but Mine is expecting 2 features as input: give"):
        check_columns(None, 3, None, 2, what="Y", who="Mine")


def test_names_on_one_side_only_are_said() -> None:
    with pytest.warns(UserWarning, match="Y has feature names, but MADEDensity was fitted without feature names"):
        check_columns(AB, 2, None, 2, what="Y")
    with pytest.warns(UserWarning, match="Y does not have valid feature names, but Mine was fitted with"):
        check_columns(None, 2, AB, 2, what="Y", who="Mine")


SAID = """
import sys, warnings
import numpy as np
from made_np import MADEDensity

class Frame:
    def __init__(self, array, columns):
        self.array, self.columns = array, columns
    def __array__(self, dtype=None, copy=None):
        return self.array

X = np.random.default_rng(0).integers(0, 2, (20, 2)).astype(float)
density = MADEDensity((4,), order="natural", n_masks=1, weight_decay=0.0, max_epochs=1, backend="numpy")
density.fit(Frame(X, ["a", "b"]))
warnings.simplefilter("error")

def say():
    for other in (Frame(X, ["b", "a"]), Frame(X, ["a", "c"]), Frame(X[:, :1], ["a"]), X[:, :1], X):
        try:
            density.score(other)
        except (ValueError, UserWarning) as error:
            print(repr(error))

say()
assert "sklearn" not in sys.modules
import sklearn.utils.validation
say()
"""


def test_the_words_do_not_depend_on_who_imported_scikit_learn() -> None:
    pytest.importorskip("sklearn")
    done = subprocess.run([sys.executable, "-c", SAID], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:5] == said[5:]
    assert len(said) == 10
