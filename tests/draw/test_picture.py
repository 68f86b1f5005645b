"""A picture shows itself: in a notebook, without pyplot, and it stays a figure like any other."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from made_np import MADE, draw
from made_np.draw import picture

ROOT = Path(__file__).parents[2]
NOTEBOOK = [name for name in ("nbclient", "nbformat", "ipykernel") if find_spec(name) is None]


def small() -> Figure:
    return draw.network(MADE(3, hidden=(4,)))


def test_a_picture_is_a_figure_with_a_png_and_an_svg() -> None:
    figure = small()
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG\r\n\x1a\n")
    assert ElementTree.fromstring(figure._repr_svg_()).tag.endswith("svg")


def test_every_picture_shows_itself() -> None:
    import numpy as np

    figures = [
        draw.masks(MADE(3, hidden=(4,))),
        draw.reachability(MADE(3, hidden=(4,))),
        draw.image_grid(np.zeros((1, 1, 2, 2))),
        draw.completions(np.zeros((1, 4)), (2, 2)),
        draw.learning_curve({"epoch": [1], "train": [1.0], "valid": [1.0]}),
    ]
    assert all(type(figure) is picture.Picture for figure in figures)


def test_a_picture_of_many_wires_shows_itself_as_png_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = small()
    monkeypatch.setattr(picture, "MOST_SVG", 1000)
    assert figure._repr_svg_() is None
    assert figure._repr_png_()


def test_a_picture_survives_pickle_and_saves_as_before(tmp_path: Path) -> None:
    figure = pickle.loads(pickle.dumps(small()))
    assert type(figure) is picture.Picture
    assert figure._repr_png_() == small()._repr_png_()
    figure.savefig(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_a_pickle_is_read_by_a_process_that_has_drawn_nothing(tmp_path: Path) -> None:
    (tmp_path / "figure.pickle").write_bytes(pickle.dumps(small()))
    code = "import pickle, sys; print(type(pickle.load(open(sys.argv[1], 'rb'))).__name__)"
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "figure.pickle")]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout == "Picture\n"


def test_the_module_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Painting'"):
        _ = picture.Painting


@pytest.mark.skipif(bool(NOTEBOOK), reason=f"not installed, so that no notebook can be run: {', '.join(NOTEBOOK)}")
@pytest.mark.filterwarnings("ignore")  # what a kernel and its client warn of is theirs
def test_a_notebook_shows_the_picture_of_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import nbclient
    import nbformat

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cells = [
        "from made_np import MADE, draw, testing\nmade = MADE(6, hidden=(10,), order=(2, 0, 3, 5, 1, 4))",
        "draw.network(made)",
        "import sys\n'matplotlib.pyplot' in sys.modules",
        "testing.Report('check_masks', n_checked=9)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    _, shown, pyplot, report = (cell.outputs for cell in notebook.cells)
    assert {"image/png", "image/svg+xml"} <= set(shown[0].data)
    assert pyplot[0].data["text/plain"] == "False"
    assert report[0].data["text/plain"] == "check_masks passed: 9 checked, 0 exercised"
