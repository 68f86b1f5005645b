"""The picture of sampling shows what happens: units are computed once or D times, and the row is that of the model."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from test_site import load

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "scripts" / "pictures" / "sampling.svg"
script = load(ROOT / "scripts" / "draw_sampling.py", "draw_sampling")


def test_the_stored_picture_is_what_the_command_draws() -> None:
    assert PICTURE.read_text(encoding="utf-8") == script.draw()[0]


def test_one_pass_computes_each_unit_once_and_the_loop_for_each_feature() -> None:
    _, once, often = script.draw()
    assert [len(times) for times in once.computed] == [1] * script.N_HIDDEN
    assert [len(times) for times in often.computed] == [len(script.ORDER)] * script.N_HIDDEN
    assert len(once.drawn) == len(often.drawn) == len(script.ORDER)


def test_no_unit_is_computed_before_what_it_sees_is_drawn() -> None:
    degrees = np.array([1, 1, 2, 2, 3, 3, 4, 4, 5, 5])
    clock = script.one_pass(degrees)
    for unit, (time,) in enumerate(clock.computed):
        assert sum(drawn < time for drawn in clock.drawn) == degrees[unit]


def test_it_is_an_image_of_its_own_that_can_stand_still() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.find("{http://www.w3.org/2000/svg}title") is not None
    assert "<script" not in text
    assert not re.search(r"(href|src|url\()", text)
    assert "@media (prefers-reduced-motion:reduce)" in text
    assert len(text) < 60_000


def test_both_halves_end_in_the_same_row() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    values = re.findall(r'class="digit(\d)">(\d)<', text)
    assert all(shape == digit for shape, digit in values)
    row = [int(digit) for _, digit in values]
    assert len(row) == 2 * len(script.ORDER)
    assert row[: len(script.ORDER)] == row[len(script.ORDER) :]
    compared = re.findall(r">([\d.]+)</text>\n?<text[^>]*>u ([\d.]+) (&lt;|≥) p", text)
    assert len(compared) == len(row)
    assert [float(u) < float(p) for p, u, _ in compared] == [bool(each) for each in row]
