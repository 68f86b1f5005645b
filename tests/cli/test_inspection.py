"""What made-np inspect says of a model: degrees, masks in order with labelled rows, as the pictures have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import made_np
from made_np import MADE, draw
from made_np.cli.inspection import describe

ORDER = (2, 0, 3, 5, 1, 4)


def said(tmp_path: Path, made: MADE, **how: object) -> list[str]:
    made_np.save(tmp_path / "m.npz", made, made.init(rng=0))
    return "\n".join(describe(made_np.load(tmp_path / "m.npz"), ascii=True, **how)).splitlines()


def test_degrees_are_listed_by_layer(tmp_path: Path) -> None:
    lines = said(tmp_path, MADE(6, hidden=(10, 3), order=ORDER))
    assert "  h0        1, 1, 2, 2, 3, 3, 4, 4, 5, 5" in lines
    start = lines.index("degrees: 1 is the first feature in the order")
    assert [line.split()[0] for line in lines[start + 1 : start + 5]] == ["input", "h0", "h1", "output"]


def test_rows_bear_their_unit_and_its_degree_and_stand_in_the_order(tmp_path: Path) -> None:
    made = MADE(6, hidden=(10,), order=ORDER)
    lines = said(tmp_path, made)
    one = made.mask_sets[0]
    first = lines.index("W0, unit >= input: 10 x 6, 30 wires")
    assert lines[first + 1].split() == ["deg", "below", *map(str, range(1, 7))]
    assert lines[first + 5] == "h0[3] deg 2  ####........"
    start = lines.index("W1, output > unit: 6 x 10, 30 wires")
    rows = lines[start + 2 : start + 8]
    assert [row.split()[0] for row in rows] == [f"x{feature}" for feature in ORDER]
    for row, mask in zip(rows, one.masks[1][one.order], strict=True):
        assert row.split()[-1] == "".join("##" if wire else ".." for wire in mask)


def test_the_text_stands_as_the_picture_does(tmp_path: Path) -> None:
    made = MADE(6, hidden=(10,), order=ORDER)
    lines = said(tmp_path, made)
    panels = draw.masks(made).axes
    for name, axes in (("W0", panels[0]), ("W1", panels[1]), ("reachability", panels[2])):
        (start,) = [k for k, line in enumerate(lines) if line.startswith(f"{name}, ")]
        cells = ~np.ma.getmaskarray(axes.images[0].get_array())
        labels = [label.get_text() for label in axes.get_yticklabels()]
        for line, row, label in zip(lines[start + 2 :], cells, labels, strict=False):
            assert line.split()[-1] == "".join("##" if cell else ".." for cell in row)
            assert line.startswith(label.replace("(", "deg ").replace(")", ""))


def test_a_large_mask_is_drawn_without_labels(tmp_path: Path) -> None:
    lines = said(tmp_path, MADE(64, hidden=(100,)), width=40)
    assert not any(line.startswith("h0[") for line in lines)
    start = next(k for k, line in enumerate(lines) if line.startswith("W0, "))
    assert {len(line) for line in lines[start + 1 : start + 25]} == {40}
