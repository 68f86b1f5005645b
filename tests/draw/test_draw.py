"""Pictures hold what they claim to show: cells, wires, pixels, losses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from made_np import MADE, Calibration, Categorical, MADEDensity, calibration, draw
from made_np.draw import canvas
from made_np.draw.canvas import contrast, degree_colours, text_on
from made_np.draw.images import outline
from made_np.draw.network_picture import _places
from made_np.messages import not_installed

PNG = b"\x89PNG\r\n\x1a\n"
CURVE = {"epoch": [1, 2], "train": [3.0, 2.0], "valid": [4.0, 2.5]}


def title_of(picture: Figure) -> str:
    """The title of a figure, as matplotlib before 3.8 keeps it too."""
    return "" if picture._suptitle is None else str(picture._suptitle.get_text())


def small(**more: object) -> MADE:
    return MADE(5, hidden=(7, 7), order=(3, 0, 4, 1, 2), **more)


def cells(axes: object) -> np.ndarray:
    """Which cells of a mask picture are coloured."""
    (image,) = axes.images
    return ~np.ma.getmaskarray(image.get_array())


def wires(figure: Figure) -> dict[str, int]:
    """How many wires there are in a picture of a network, by gid."""
    found = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    return {c.get_gid(): len(c.get_segments()) for c in found if "cut" not in c.get_gid()}


def cut_wires(figure: Figure) -> dict[str, int]:
    """How many dotted wires there are in a picture of a network, by the name of the layer."""
    found = [c for c in figure.axes[0].collections if "cut" in (c.get_gid() or "")]
    return {c.get_gid().removesuffix(" cut"): len(c.get_segments()) for c in found}


def words(figure: Figure) -> str:
    """All that is written beside and under a picture of a network."""
    return "\n".join(text.get_text() for text in (*figure.texts, *figure.axes[0].texts))


# ---------------------------------------------------------------------------------------------------------- masks


def test_masks_by_feature_are_the_masks() -> None:
    one = small(direct=True).mask_sets[0]
    figure = draw.masks(one, by="feature")
    panels = {axes.get_title(): axes for axes in figure.axes if axes.get_title()}
    rules = ["unit >= input", "unit >= unit below", "output > unit", "output > input", "output > input"]
    names = ["W0", "W1", "W2", "W_direct", "reachability"]
    assert list(panels) == [f"{name}: {rule}" for name, rule in zip(names, rules, strict=True)]
    expected = [*one.masks, one.direct, one.reachability()]
    for axes, mask in zip(panels.values(), expected, strict=True):
        np.testing.assert_array_equal(cells(axes), mask)


def test_masks_in_order_are_staircases() -> None:
    one = small().mask_sets[0]
    figure = draw.masks(one)
    np.testing.assert_array_equal(cells(figure.axes[0]), one.masks[0][:, one.order])
    np.testing.assert_array_equal(cells(figure.axes[2]), one.masks[2][one.order])
    for axes in figure.axes[:4]:
        assert (np.diff(cells(axes).astype(int), axis=1) <= 0).all()


def test_a_cell_has_the_colour_of_the_degree_of_its_unit() -> None:
    one = small().mask_sets[0]
    image = draw.masks(one, by="feature").axes[2].images[0]
    degrees = np.ma.filled(image.get_array(), -1)
    row, column = np.argwhere(one.masks[2])[0]
    assert degrees[row, column] == one.position[row] + 1
    colours, scale = degree_colours(5)
    assert tuple(image.to_rgba(image.get_array())[row, column]) == colours(scale(one.position[row] + 1))


def test_where_there_is_no_wire_the_ground_is_hatched_and_shows() -> None:
    axes = draw.reachability(small().mask_sets[0]).axes[0]
    assert axes.patch.get_hatch()
    rgba = axes.images[0].to_rgba(axes.images[0].get_array())
    np.testing.assert_array_equal(rgba[..., 3] == 0, ~cells(axes))


def test_reachability_in_order_is_strictly_lower_triangular_and_labelled_in_order() -> None:
    names = ["a", "b", "c", "d", "e"]
    axes = draw.reachability(small().mask_sets[0], names=names).axes[0]
    np.testing.assert_array_equal(cells(axes), np.tri(5, k=-1, dtype=bool))
    labels = ["d (1)", "a (2)", "e (3)", "b (4)", "c (5)"]
    assert [label.get_text() for label in axes.get_yticklabels()] == labels
    assert [label.get_text() for label in axes.get_xticklabels()] == labels


def test_reachability_by_feature_is_labelled_by_feature() -> None:
    one = small().mask_sets[0]
    axes = draw.reachability(one, by="feature").axes[0]
    np.testing.assert_array_equal(cells(axes), one.reachability())
    labels = ["x0 (2)", "x1 (4)", "x2 (5)", "x3 (1)", "x4 (3)"]
    assert [label.get_text() for label in axes.get_xticklabels()] == labels


def test_the_masks_stand_as_an_equation_in_which_the_product_is_the_reachability() -> None:
    one = small(direct=True).mask_sets[0]
    figure = draw.masks(one, by="feature")
    figure.draw_without_rendering()
    shown = [axes for axes in figure.axes if axes.images]
    across = sorted(shown, key=lambda axes: axes.get_position().x0)
    assert [axes.get_title().split(":")[0] for axes in across] == ["W2", "W1", "W0", "W_direct", "reachability"]
    signs = [axes for axes in figure.axes if not axes.images and axes.texts]
    assert [axes.texts[0].get_text() for axes in signs] == ["\u00b7", "\u00b7", "+", "="]
    for left, sign, right in zip(across, signs, across[1:], strict=False):
        assert left.get_position().x1 <= sign.get_position().x0 < right.get_position().x0
    w2, w1, w0, direct, reach = (cells(axes).astype(int) for axes in across)
    np.testing.assert_array_equal(w2 @ w1 @ w0 + direct > 0, reach > 0)
    assert "generates x3, x0, x4, x1, x2" in title_of(figure)


def test_a_reachability_that_lacks_wires_does_not_say_that_it_has_all() -> None:
    one = MADE(5, hidden=(2,), direct=False).mask_sets[0]
    assert draw.reachability(one).axes[0].get_title() == "who sees whom: less than output > input allows"


def test_the_bar_of_degrees_has_whole_numbers() -> None:
    figure = draw.masks(MADE(3, hidden=(4,)))
    figure.draw_without_rendering()
    (bar,) = [axes for axes in figure.axes if axes.get_ylabel() == "degree"]
    ticks = [float(label.get_text()) for label in bar.get_yticklabels()]
    assert ticks
    assert all(tick == round(tick) for tick in ticks)


def test_blocks_of_units_and_context_are_drawn_unit_by_unit() -> None:
    made = MADE(3, hidden=(4,), output=Categorical(3), order="reverse", n_context=2)
    one = made.mask_sets[0]
    figure = draw.masks(one, by="feature", names=["a", "b", "c"])
    np.testing.assert_array_equal(cells(figure.axes[0]), one.masks[0])
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["a (3)"] * 3 + ["b (2)"] * 3 + ["c (1)"] * 3 + ["y0 (0)", "y1 (0)"]


@pytest.mark.parametrize("made", [MADE(1), MADE(1, hidden=()), MADE(3, hidden=()), MADE(22, hidden=(9,))])
def test_models_at_the_edge_can_be_drawn(made: MADE, tmp_path: Path) -> None:
    for name in ("masks", "reachability", "network"):
        getattr(draw, name)(made.mask_sets[0], path=tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("picture", [draw.masks, draw.reachability, draw.network])
def test_a_model_is_drawn_by_one_of_its_mask_sets(picture: object) -> None:
    made = MADE(5, hidden=(7,), order="random", n_masks=3)

    def order(figure: Figure) -> str:
        return title_of(figure) + "".join(label.get_text() for label in figure.axes[0].get_yticklabels())

    assert order(picture(made)) == order(picture(made.mask_sets[0]))
    assert order(picture(made, mask_set=2)) == order(picture(made.mask_sets[2]))
    assert order(picture(made, mask_set=1)) != order(picture(made))
    own = (4, 2, 0, 1, 3)
    assert order(picture(made, mask_set=own)) == order(picture(made.mask_sets.for_order(own)))


def test_masks_refuse_what_they_do_not_know() -> None:
    one = small().mask_sets[0]
    with pytest.raises(ValueError, match="by='size'"):
        draw.masks(one, by="size")
    with pytest.raises(ValueError, match="names has 2 entries"):
        draw.masks(one, names=["a", "b"])


# -------------------------------------------------------------------------------------------------------- network


def test_every_wire_is_drawn_once() -> None:
    one = small(direct=True, residual=True).mask_sets[0]
    counts = {f"W{layer}": int(mask.sum()) for layer, mask in enumerate(one.masks)}
    assert wires(draw.network(one)) == {**counts, "skip1": int(one.skips[1].sum()), "W_direct": int(one.direct.sum())}


def test_a_wire_joins_the_units_that_its_mask_names() -> None:
    one = MADE(3, hidden=(2,), order=(2, 0, 1), direct=False).mask_sets[0]
    figure = draw.network(one)
    axes = figure.axes[0]
    inputs, hidden, outputs = (s.get_offsets() for s in axes.collections if not isinstance(s, LineCollection))
    first = next(c for c in axes.collections if c.get_gid() == "W0")
    drawn = {(tuple(start), tuple(end)) for start, end in first.get_segments()}
    # Input place t is feature order[t]; hidden units are sorted by degree already.
    expected = {
        (tuple(inputs[t]), tuple(hidden[h]))
        for t, feature in enumerate(one.order)
        for h in range(2)
        if one.masks[0][h, feature]
    }
    assert drawn == expected
    assert (np.diff(outputs[:, 1]) < 0).all()


@pytest.mark.parametrize("feature", range(5))
def test_highlighted_wires_are_those_on_a_path_to_the_output(feature: int) -> None:
    one = small(direct=True).mask_sets[0]
    found = wires(draw.network(one, highlight=feature))
    live = np.zeros(5, dtype=bool)
    live[feature] = True
    for layer in (2, 1, 0):
        mask = one.masks[layer]
        assert found[f"W{layer} highlighted"] == int(mask[live].sum())
        assert found[f"W{layer}"] == int(mask[~live].sum())
        live = mask[live].any(axis=0)
    assert found["W_direct highlighted"] == int(one.direct[feature].sum())


def test_cut_wires_are_all_those_that_the_masks_leave_out() -> None:
    one = small(direct=True).mask_sets[0]
    figure = draw.network(one)
    expected = {f"W{layer}": int((~mask).sum()) for layer, mask in enumerate(one.masks)}
    assert cut_wires(figure) == {**expected, "W_direct": int((~one.direct).sum())}
    (dots,) = {tuple(c.get_linestyle()[0][1]) for c in figure.axes[0].collections if "cut" in (c.get_gid() or "")}
    assert dots[0] < dots[1]
    assert "Dotted" in words(figure)


def test_wires_lie_below_the_units_and_dotted_ones_below_those_that_are_highlighted() -> None:
    axes = draw.network(small(), highlight=4).axes[0]
    place = {str(each.get_gid()): each.get_zorder() for each in axes.collections if isinstance(each, LineCollection)}
    units = [each.get_zorder() for each in axes.collections if not isinstance(each, LineCollection)]
    assert max(place.values()) < min(units)
    strong = [place[name] for name in place if name.endswith("highlighted")]
    assert max(place[name] for name in place if name.endswith("cut")) < min(strong)


@pytest.mark.parametrize(("n", "height"), [(1, 0.0), (2, 2.0), (5, 8.0), (6, 9.0), (10, 9.0)])
def test_units_are_spread_over_the_tallest_column_at_most_two_apart(n: int, height: float) -> None:
    x, y = _places(3, n, 10).T
    np.testing.assert_array_equal(x, 3)
    assert np.ptp(y) == pytest.approx(height)
    assert y.sum() == pytest.approx(0, abs=1e-12)
    assert (np.diff(y) < 0).all()


def test_with_a_highlight_only_the_wires_that_were_cut_off_it_are_dotted() -> None:
    one = small().mask_sets[0]
    figure = draw.network(one, highlight=4)
    live = np.zeros(5, dtype=bool)
    live[4] = True
    for layer in (2, 1, 0):
        assert cut_wires(figure)[f"W{layer}"] == int((~one.masks[layer][live]).sum())
        live = one.masks[layer][live].any(axis=0)
    assert "Orange: every wire that reaches p(x4 | x3, x0)." in words(figure)


def test_where_too_many_wires_are_cut_none_is_dotted() -> None:
    figure = draw.network(MADE(30, hidden=(30,)))
    assert cut_wires(figure) == {}
    assert "Dotted" not in words(figure)


def test_a_network_says_its_order_its_rule_and_its_true_conditions() -> None:
    figure = draw.network(MADE(6, hidden=(10, 10), order=(2, 0, 3, 5, 1, 4)))
    assert title_of(figure) == "generates x2, x0, x3, x5, x1, x4"
    text = words(figure)
    for name in ("p(x2)", "p(x0 | x2)", "p(x3 | x2, x0)", "p(x5 | x2, x0, x3)", "p(x4 | x2, x0, x3, x5, x1)"):
        assert name in text.split("\n")
    assert "number in a unit is its degree" in text
    assert "hidden unit >= unit below, output > unit below" in text


def test_conditions_are_those_that_the_masks_leave() -> None:
    narrow = MADE(5, hidden=(1,), degrees=[[2]], direct=False)
    names = [text.get_text() for text in draw.network(narrow).axes[0].texts]
    assert [name for name in names if name.startswith("p(")] == [
        "p(x0)", "p(x1)", "p(x2 | x0, x1)", "p(x3 | x0, x1)", "p(x4 | x0, x1)"
    ]  # fmt: skip
    told = MADE(2, hidden=(4,), n_context=1)
    names = [text.get_text() for text in draw.network(told, names=["a", "b"]).axes[0].texts]
    assert [name for name in names if name.startswith("p(")] == ["p(a | y0)", "p(b | a, y0)"]
    many = words(draw.network(MADE(30, hidden=(30,)), max_units=30))
    assert "p(x29 | 29 features)" in many
    long = words(draw.network(MADE(3, hidden=(4,)), names=["a" * 30, "b" * 30, "c"]))
    assert f"p({'b' * 30} | {'a' * 30})" in long
    assert "p(c | 2 features)" in long


@pytest.mark.parametrize(
    "made",
    [MADE(6, hidden=(10,)), MADE(12, hidden=(20,), n_context=1), MADE(120, hidden=(200,)), MADE(1500, hidden=(40,))],
)
def test_degrees_can_be_read(made: MADE) -> None:
    axes = draw.network(made, highlight=2).axes[0]
    inside = [text for text in axes.texts if text.get_text().isdigit()]
    colours = {tuple(colour) for c in axes.collections if not isinstance(c, LineCollection) for colour in to_rgba(c)}
    assert len(colours) > 2
    assert all(max(contrast(colour, "white"), contrast(colour, "black")) >= 4.5 for colour in colours)
    discs = [c for c in axes.collections if not isinstance(c, LineCollection)]
    drawn = [colour for disc in discs for colour in to_rgba(disc)]
    assert len(drawn) == len(inside)
    for text, colour in zip(inside, drawn, strict=True):
        assert contrast(text.get_color(), colour) >= 4.5
    assert all(text.get_fontsize() >= 8 for text in (*axes.texts, *axes.figure.texts))
    # a digit is about 0.64 of its size wide, and has to lie in its disc
    for disc in discs:
        digits = max(len(text.get_text()) for text in inside)
        assert np.sqrt(disc.get_sizes()[0]) > 0.64 * 8 * digits


def to_rgba(disc: object) -> np.ndarray:
    return disc.to_rgba(disc.get_array())


def test_every_wire_stands_out_from_the_paper() -> None:
    for figure in (draw.network(small(direct=True)), draw.network(small(direct=True), highlight=4)):
        for wire in figure.axes[0].collections:
            if isinstance(wire, LineCollection):
                (colour,) = wire.get_colors()
                assert colour[3] == 1
                assert contrast(colour, "white") >= 3, wire.get_gid()


@pytest.mark.parametrize("n", [1, 6, 64, 784])
def test_every_colour_of_a_degree_stands_out_from_the_paper_and_bears_a_number(n: int) -> None:
    colours, scale = degree_colours(n)
    for degree in range(n + 1):
        colour = colours(scale(degree))
        assert contrast(colour, "white") >= 3
        assert contrast(text_on(colour), colour) >= 4.5
    for name in ("INK", "ACCENT", "CALM", "GREY"):
        assert contrast(getattr(canvas, name), "white") >= (4.5 if name == "INK" else 3), name


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_black_or_white_can_be_read_on_any_colour(colour: tuple[float, ...]) -> None:
    assert contrast(text_on(colour), colour) >= 4.5


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#777777", "white") == pytest.approx(4.48, abs=0.005)  # the guidelines' own border case
    assert contrast("white", "#0000ff") == contrast("#0000ff", "white") == pytest.approx(8.59, abs=0.005)


def test_nothing_is_highlighted_for_the_first_output() -> None:
    found = wires(draw.network(small().mask_sets[0], highlight=3))
    assert sum(n for name, n in found.items() if name.endswith("highlighted")) == 0


def test_a_large_layer_is_thinned_out_and_says_so() -> None:
    one = MADE(6, hidden=(500,)).mask_sets[0]
    figure = draw.network(one, max_units=10)
    assert any("10 of 500 units" in text.get_text() for text in figure.axes[0].texts)
    assert 0 < wires(figure)["W0"] <= 60


@pytest.mark.parametrize("highlight", [-1, 5])
def test_network_refuses_a_feature_that_is_none(highlight: int) -> None:
    with pytest.raises(ValueError, match="highlight"):
        draw.network(small().mask_sets[0], highlight=highlight)


# --------------------------------------------------------------------------------------------------------- images


def test_a_grid_holds_the_images_row_by_row_on_one_scale() -> None:
    images = np.arange(2 * 3 * 4 * 5, dtype=float).reshape(2, 3, 4, 5)
    figure = draw.image_grid(images, titles=["a", "b", "c"])
    drawn = figure.axes[0].images
    np.testing.assert_array_equal([np.asarray(i.get_array()) for i in drawn], images.reshape(6, 4, 5))
    assert {i.get_clim() for i in drawn} == {(0.0, 119.0)}
    assert [t.get_text() for t in figure.axes[0].texts] == ["a", "b", "c"]


def test_nothing_that_is_filled_lies_on_an_image() -> None:
    axes = draw.completions(np.array([[1.0, np.nan]]), (1, 2)).axes[0]
    top = max(image.get_zorder() for image in axes.images)
    assert any(patch.get_zorder() > top for patch in axes.patches)
    assert not any(patch.get_fill() for patch in axes.patches if patch.get_zorder() > top)


def test_images_stand_upright_in_their_own_place() -> None:
    left, right, bottom, top = draw.image_grid(np.zeros((2, 2, 4, 5))).axes[0].images[3].get_extent()
    first = draw.image_grid(np.zeros((2, 2, 4, 5))).axes[0].images[0].get_extent()
    assert first == [0, 5, 4, 0]
    assert (right - left, bottom - top) == pytest.approx((5, 4))
    assert left > 5
    assert top > 4


def test_completions_show_gaps_as_gaps_and_frame_what_was_given() -> None:
    original = np.arange(8.0).reshape(2, 4)
    given = original.copy()
    given[:, 2:] = np.nan
    samples = np.stack([original, original + 1, original + 2])
    axes = draw.completions(given, (2, 2), original=original, mean=original, samples=samples).axes[0]
    titles = ["original", "given", "mean", "sample 1", "sample 2", "sample 3"]
    assert [t.get_text() for t in axes.texts] == titles
    drawn = np.ma.stack([i.get_array() for i in axes.images]).reshape(2, 6, 4)
    np.testing.assert_array_equal(np.ma.getmaskarray(drawn)[:, 1], np.isnan(given))
    assert not np.ma.getmaskarray(drawn)[:, [0, 2, 3, 4, 5]].any()
    np.testing.assert_array_equal(np.asarray(drawn)[:, 3:], np.swapaxes(samples, 0, 1))
    (frames,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    # The upper row of 2 x 2 pixels has an outline of 6 edges; it is drawn in 5 of 6 columns, for 2 images.
    assert len(frames.get_segments()) == 6 * 5 * 2


def test_completions_take_what_impute_returns_and_say_what_the_mean_is_of() -> None:
    rows = (np.random.default_rng(0).random((60, 4)) < 0.5).astype(float)
    density = MADEDensity((8,), order="natural", n_masks=1, max_epochs=1, weight_decay=0.0).fit(rows)
    given = rows[:3].copy()
    given[:, 2:] = np.nan
    draws = density.impute(given, n_draws=7, random_state=0)
    for samples in (draws, list(draws)):
        axes = draw.completions(given, (2, 2), samples=samples, n_shown=2).axes[0]
        assert [t.get_text() for t in axes.texts] == ["given", "mean of\n7 samples", "sample 1", "sample 2"]
        drawn = np.ma.stack([i.get_array() for i in axes.images]).reshape(3, 4, 4)
        np.testing.assert_allclose(np.asarray(drawn)[:, 1], draws.mean(axis=0))
        np.testing.assert_array_equal(np.asarray(drawn)[:, 3], draws[1])


def test_rows_of_images_have_titles_and_stand_apart() -> None:
    axes = draw.image_grid(np.zeros((3, 2, 4, 4)), row_titles=["real", "drawn", ""]).axes[0]
    assert [t.get_text() for t in axes.texts] == ["real", "drawn"]
    tops = [axes.images[2 * row].get_extent()[3] for row in range(3)]
    assert tops[1] - tops[0] > tops[2] - tops[1] > 4 * 1.1
    for text, top in zip(axes.texts, tops, strict=False):
        assert text.get_position()[1] < top


@given(hnp.arrays(bool, st.tuples(st.integers(1, 5), st.integers(1, 5))))
def test_an_outline_has_the_edges_between_inside_and_outside(pixels: np.ndarray) -> None:
    shape = pixels.shape

    def inside(r: int, c: int) -> bool:
        return 0 <= r < shape[0] and 0 <= c < shape[1] and bool(pixels[r, c])

    expected = set()
    for r in range(shape[0] + 1):
        for c in range(shape[1] + 1):
            if inside(r, c) != inside(r - 1, c):
                expected.add(((c, r), (c + 1, r)))
            if inside(r, c) != inside(r, c - 1):
                expected.add(((c, r), (c, r + 1)))
    assert {tuple(map(tuple, edge.astype(int).tolist())) for edge in outline(pixels)} == expected


def test_images_are_not_modified() -> None:
    given = np.full((1, 4), np.nan)
    given.flags.writeable = False
    draw.completions(given, (2, 2))
    draw.image_grid(given.reshape(1, 1, 2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: draw.image_grid(np.zeros((2, 3))), r"images has shape \(2, 3\)"),
        (lambda: draw.image_grid(np.zeros((0, 1, 2, 2))), "none of them 0"),
        (lambda: draw.image_grid(np.zeros((1, 2, 2, 2)), titles=["a"]), "titles has 1 entries"),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)), frames=np.zeros((1, 2))), "frames has shape"),
        (lambda: draw.completions(np.zeros((2, 4)), (3, 2)), "given has shape"),
        (lambda: draw.completions(np.zeros((2, 4)), (2, 2), mean=np.zeros((1, 4))), "mean has shape"),
        (lambda: draw.learning_curve({"epoch": [], "train": [], "valid": []}), "history has 0 epochs"),
        (lambda: draw.learning_curve({"epoch": [1], "train": [1.0]}), "0 validation losses"),
        (lambda: draw.learning_curve({"epoch": [1], "train": [1.0], "valid": [1.0], "test": []}), "0 test losses"),
        (lambda: draw.calibration(predictions(), feature=4), "feature=4: give an integer"),
        (lambda: draw.image_grid(np.full((1, 1, 2, 2), np.inf)), r"images\[0, 0, 0, 0\] = inf"),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)), cmap="grey scale"), "cmap='grey scale' is unknown"),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)), size=0), r"size=0: give a number in \[0\.01, 100\]"),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)), value_range=(1, 0)), r"value_range=\(1.0, 0.0\)"),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)), value_range=(0, np.nan)), r"value_range\[1\]=nan"),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)), value_range=(0, 1, 2)), "value_range has 3 entries"),
        (lambda: draw.completions(np.zeros((2, 4)), (2, 0)), r"image_shape\[1\]=0"),
        (lambda: draw.completions(np.zeros((2, 4)), (2, 2), samples=np.zeros((2, 4))), "samples has shape"),
        (lambda: draw.completions(np.zeros((2, 4)), (2, 2), samples=np.zeros((2, 5, 4))), r"samples\[0\] has shape"),
        (lambda: draw.image_grid(np.zeros((2, 1, 2, 2)), row_titles=["a"]), "row_titles has 1 entries"),
        (lambda: draw.network(small(), mask_set="first"), "mask_set has shape"),
        (lambda: draw.network(small(), mask_set=1), r"mask_set=1: give an integer in 0\.\.0"),
        (lambda: draw.network(small().mask_sets[0], mask_set=0), "model is one mask set already"),
        (lambda: draw.learning_curve(CURVE, baselines={"a": np.nan}), r"baselines\['a'\]=nan"),
        (lambda: draw.learning_curve(CURVE, dropout=1.0), r"dropout=1\.0"),
        (
            lambda: draw.learning_curve({"epoch": [1], "train": [[1.0]], "valid": [1.0]}),
            r"history\['train'\] has shape",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: draw.masks(MADEDensity()),
            r"model is a MADEDensity .*: give a MADE .*density\.made_.*made\.mask_sets",
        ),
        (lambda: draw.reachability(small().mask_sets), r"model is a MaskSets .* one of made\.mask_sets"),
        (lambda: draw.network([[1]]), "model is a list"),
        (lambda: draw.learning_curve(CURVE, baselines=[1.0]), "baselines is a list"),
        (lambda: draw.learning_curve(CURVE, dropout="much"), "dropout='much' is a str"),
        (lambda: draw.network(small().mask_sets[0], highlight="x1"), "highlight='x1' is a str"),
        (lambda: draw.masks(small().mask_sets[0], names="abcde"), "names='abcde' is a str"),
        (lambda: draw.calibration(small()), r"found is a MADE .*made_np\.calibration"),
        (lambda: draw.calibration(predictions(), title=3), "title is a int"),
        (lambda: draw.learning_curve([1.0]), r"history is a list .*FitResult\.history"),
        (
            lambda: draw.learning_curve({"epoch": [1], "train": ["a"], "valid": [1.0]}),
            r"history\['train'\] has dtype <U1",
        ),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)) * 1j), "images has dtype complex128"),
        (lambda: draw.image_grid(np.zeros((1, 1, 2, 2)), size="big"), "size='big' is a str"),
        (lambda: draw.completions(np.zeros((2, 4)), 2), "image_shape=2 is a int"),
        (lambda: draw.masks(small().mask_sets[0], path=1), "path=1 is a int"),
        (lambda: draw.mask_text([["a"]]), "mask has dtype <U1"),
        (lambda: draw.mask_text(np.eye(2), ascii=1), "ascii=1 is a int"),
    ],
)
def test_things_of_another_kind_are_refused(call: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_names_with_dollars_are_no_formulas(tmp_path: Path) -> None:
    names = ["price ($)", "cost ($)", "$a_{$", "$$", "plain"]
    figure = draw.masks(small().mask_sets[0], names=names, by="feature", path=tmp_path / "a.svg")
    labels = [text.get_text().replace(r"\$", "$") for text in figure.axes[0].get_xticklabels()]
    assert [label.rsplit(" (", 1)[0] for label in labels] == names


# --------------------------------------------------------------------------------------------------------- curves


def test_a_learning_curve_shows_both_losses_and_marks_the_best_epoch() -> None:
    history = {"epoch": [1, 2, 3], "train": [3.0, 2.0, 1.0], "valid": [4.0, 2.5, 2.75]}
    axes = draw.learning_curve(history).axes[0]
    lines = {line.get_label(): line for line in axes.get_lines()}
    np.testing.assert_array_equal(lines["train"].get_xydata(), [[1, 3], [2, 2], [3, 1]])
    np.testing.assert_array_equal(lines["validation"].get_ydata(), [4, 2.5, 2.75])
    (mark,) = [line for label, line in lines.items() if "best" in label]
    np.testing.assert_array_equal(mark.get_xydata(), [[2, 2.5]])
    assert "epoch 2, 2.50 nats" in mark.get_label()
    assert "nats" in axes.get_ylabel()


def test_a_learning_curve_without_validation_has_one_line() -> None:
    axes = draw.learning_curve({"epoch": [1, 2], "train": [3.0, 2.0], "valid": [np.nan, np.nan]}).axes[0]
    assert [line.get_label() for line in axes.get_lines()] == ["train"]


def test_a_learning_curve_says_what_train_holds_and_what_is_simpler() -> None:
    figure = draw.learning_curve(CURVE, dropout=0.3, baselines={"independent pixels": 24.514})
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert "train, with dropout 0.3 at work" in lines
    assert set(lines["independent pixels, 24.51 nats"].get_ydata()) == {24.514}
    low, high = figure.axes[0].get_ylim()
    assert low < 24.514 < high


def test_the_legend_covers_no_data() -> None:
    figure = draw.learning_curve(CURVE, baselines={"a": 3.0})
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert figure.axes[0].get_legend() is None
    assert legend.get_window_extent().x0 >= figure.axes[0].get_window_extent().x1


def test_the_given_best_epoch_is_marked() -> None:
    axes = draw.learning_curve({"epoch": [1, 2], "train": [3, 2], "valid": [1, 2]}, best_epoch=2).axes[0]
    assert any("epoch 2" in str(line.get_label()) for line in axes.get_lines())


def test_test_losses_are_drawn_where_a_callback_has_taken_them() -> None:
    history = {"epoch": [1, 2], "train": [3.0, 2.0], "valid": [2.5, 2.0], "test": [2.75, 2.25]}
    lines = {line.get_label(): line for line in draw.learning_curve(history).axes[0].get_lines()}
    np.testing.assert_array_equal(lines["test"].get_xydata(), [[1, 2.75], [2, 2.25]])


# ---------------------------------------------------------------------------------------------------- calibration


def predictions() -> Calibration:
    """A bit that is 1 with probability 1/4 and came in 2 of 4 rows, a standard normal of which 3 of 4 lie below 0."""
    made = MADE(2, hidden=(4,), output=["bernoulli", "gaussian"], dtype="float64")
    theta = np.zeros(made.n_params)
    views = made.layout.views(theta)
    views["b1"][0] = -np.log(3)
    return calibration(made, theta, [[0, -1.0], [0, -2.0], [1, -0.5], [1, 3.0]], n_bins=2)


def heights(axes: object) -> list[float]:
    return [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle) and bar.get_width() == 0.5]


def test_calibration_shows_observed_over_predicted_with_counts_and_a_histogram() -> None:
    diagram, counts, histogram = draw.calibration(predictions()).axes
    (diagonal, points, *_) = diagram.get_lines()
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_allclose(points.get_xydata(), [[0.25, 0.5]])
    (whiskers,) = diagram.collections
    error = 2 * np.sqrt(0.25 * 0.75 / 4)
    np.testing.assert_allclose(whiskers.get_segments()[0], [[0.25, 0.5 - error], [0.25, 0.5 + error]])
    assert heights(counts) == [4, 0]
    assert heights(histogram) == [0.75, 0.25]
    assert "error 0.2500" in diagram.get_title()
    assert "error 0.2500" in histogram.get_title()


def test_calibration_of_one_feature_is_one_picture(tmp_path: Path) -> None:
    assert len(draw.calibration(predictions(), feature=0).axes) == 2
    (axes,) = draw.calibration(predictions(), feature=1, title="x1", path=tmp_path / "a.png").axes
    assert axes.get_title().startswith("x1: ")
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)


# ----------------------------------------------------------------------------------------------------------- text


def test_a_small_mask_is_drawn_wire_by_wire() -> None:
    mask = small().mask_sets[0].masks[0]
    lines = draw.mask_text(mask).split("\n")
    read = np.array([[sign == "█" for sign in line[::2]] for line in lines])
    np.testing.assert_array_equal(read, mask)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_a_cell_is_full_or_empty_only_if_all_its_wires_are(rows: int, columns: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((rows, columns)) < 0.97
    lines = draw.mask_text(mask, width=20, height=6, ascii=True).split("\n")
    assert len(lines) == min(rows, 6)
    assert {len(line) for line in lines} == {2 * min(columns, 10)}
    parts = np.array_split(np.arange(rows), len(lines)), np.array_split(np.arange(columns), len(lines[0]) // 2)
    if rows % len(lines) or columns % (len(lines[0]) // 2):
        assert ("#" * len(lines[0]) in lines) <= mask.any()
        return
    for r, line in zip(parts[0], lines, strict=True):
        for c, sign in zip(parts[1], line[::2], strict=True):
            cell = mask[np.ix_(r, c)]
            assert (sign == "#") == cell.all()
            assert (sign == ".") == (not cell.any())


def test_one_missing_wire_of_many_is_seen() -> None:
    mask = np.ones((3000, 3000), dtype=bool)
    mask[1500, 1500] = False
    assert draw.mask_text(mask, ascii=True).count("*") == 2
    assert draw.mask_text(~mask, ascii=True).count(":") == 2


@pytest.mark.parametrize("mask", [np.zeros(3), np.zeros((2, 2, 2))])
def test_mask_text_takes_one_mask(mask: np.ndarray) -> None:
    with pytest.raises(ValueError, match="give an array with 2 axes"):
        draw.mask_text(mask)


def test_mask_text_needs_room() -> None:
    with pytest.raises(ValueError, match="width=1"):
        draw.mask_text(np.ones((2, 2)), width=1)


# ---------------------------------------------------------------------------------------------------------- files


def test_a_picture_is_saved_as_its_name_says(tmp_path: Path) -> None:
    figure = draw.image_grid(np.zeros((1, 1, 2, 2)), path=tmp_path / "a.png")
    assert isinstance(figure, Figure)
    assert (tmp_path / "a.png").read_bytes().startswith(PNG)
    draw.image_grid(np.zeros((1, 1, 2, 2)), path=tmp_path / "a.svg")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()


def test_a_picture_of_another_kind_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in one of \.png"):
        draw.image_grid(np.zeros((1, 1, 2, 2)), path=tmp_path / "a.jpeg2")
    with pytest.raises(FileNotFoundError, match=r"path: .*missing.*: make the folder .* first"):
        draw.image_grid(np.zeros((1, 1, 2, 2)), path=tmp_path / "missing" / "a.png")
    assert not list(tmp_path.iterdir())
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(IsADirectoryError, match=r"path .*folder\.png is a folder"):
        draw.image_grid(np.zeros((1, 1, 2, 2)), path=tmp_path / "folder.png")


@pytest.mark.parametrize(
    "picture",
    [
        lambda path: draw.masks(small().mask_sets[0], path=path),
        lambda path: draw.reachability(small().mask_sets[0], path=path),
        lambda path: draw.network(small().mask_sets[0], path=path),
        lambda path: draw.calibration(predictions(), path=path),
        lambda path: draw.learning_curve({"epoch": [1], "train": [1.0], "valid": [1.0]}, path=path),
        lambda path: draw.image_grid(np.zeros((1, 1, 2, 2)), path=path),
        lambda path: draw.completions(np.zeros((1, 4)), (2, 2), path=path),
    ],
)
def test_a_path_is_looked_at_before_anything_is_drawn(picture: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(*_: object) -> None:
        raise AssertionError("drawing has started")

    drawing = [
        name for name in sys.modules if name.startswith("made_np.draw.") and hasattr(sys.modules[name], "finish")
    ]
    assert len(drawing) > 5
    for module in drawing:
        monkeypatch.setattr(f"{module}.new_figure", work)
    with pytest.raises(ValueError, match=r"path='a\.jpeg2': give a picture a name"):
        picture("a.jpeg2")


def run(code: str) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_pyplot_is_never_touched() -> None:
    code = (
        "import sys, numpy as np; from made_np import draw, MADE\n"
        "draw.masks(MADE(3, hidden=(4,)).mask_sets[0]); draw.network(MADE(3, hidden=(4,)).mask_sets[0])\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    assert run(code).strip() == "False"


def test_without_matplotlib_text_works_and_pictures_say_what_to_install() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = sys.modules['matplotlib.figure'] = None\n"
        "from made_np import draw, MADE; one = MADE(3, hidden=(4,)).mask_sets[0]\n"
        "print(draw.mask_text(one.masks[0], ascii=True))\n"
        "for call in (draw.masks, draw.reachability, draw.network):\n"
        "    try: call(one)\n"
        "    except ImportError as error: print(error)\n"
    )
    lines = run(code).splitlines()
    assert lines[0].startswith("##")
    assert lines[-3:] == [str(not_installed("pictures need", "matplotlib", "plot"))] * 3
