"""The faces experiment: on small made-up faces always, on real ones (slow) with the figures that are promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from made_np.cli import main
from made_np.demos import faces
from made_np.demos.faces.baselines import complete, regressors, squared_error
from made_np.demos.faces.fit import Moments, conditional_mean, fit_faces
from made_np.demos.faces.halves import half_orders, half_scans, missing_halves
from made_np.demos.faces.recipe import Recipe, augment, prior
from made_np.demos.faces.spectrum import radial_power
from made_np.grid.windows import Windows

pytest.importorskip("scipy")
pytest.importorskip("sklearn")

SIDE = 8
QUICK = Recipe(copies=4, shift=0.2, hidden=(16,), components=1, examples=40_000, epochs=6)
"""What small faces need."""


def made_up_faces(n: int, seed: int = 0) -> np.ndarray:
    """Smooth, nearly symmetric images (n, SIDE * SIDE), grey levels 0..255."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    waves = np.stack([np.ones_like(x), y, x**2, y**2, y * x**2, 0.3 * x]).reshape(6, -1)
    images = 128 + 35 * rng.standard_normal((n, 6)) @ waves + 4 * rng.standard_normal((n, SIDE * SIDE))
    return np.clip(images.round(), 0, 255)


def test_each_half_leads_in_one_order() -> None:
    orders, claims = half_orders(SIDE)
    for order, (half, missing) in zip(orders, missing_halves(SIDE).items(), strict=True):
        assert sorted(order) == list(range(SIDE * SIDE))
        assert not missing[order[: SIDE * SIDE // 2]].any(), half
    assert missing_halves(SIDE)["bottom"].reshape(SIDE, SIDE)[SIDE // 2 :].all()
    # Every missing pixel of every half has a claim in the order that completes it.
    for k, missing in enumerate(missing_halves(SIDE).values()):
        shared = {0: 1, 1: 0, 2: 3, 3: 2}[k]
        claimed = np.concatenate([pixels for who, pixels in claims if who in (k, shared)])
        assert set(np.flatnonzero(missing)) <= set(claimed)


def test_a_model_of_made_up_faces_completes_any_half() -> None:
    train, test = made_up_faces(80), made_up_faces(20, seed=1)
    model = fit_faces(train, QUICK, held_out=20)
    for half, missing in missing_halves(SIDE).items():
        completed = model.complete(np.where(missing, np.nan, test))
        np.testing.assert_allclose(completed[:, ~missing], test[:, ~missing], atol=1e-3)
        mean = np.broadcast_to(train.mean(axis=0), test.shape)
        assert squared_error(test, completed, missing) < 0.5 * squared_error(test, mean, missing), half
        drawn = model.draw(np.where(missing, np.nan, test), rng=0)
        spread = squared_error(test, drawn, missing)
        assert squared_error(test, completed, missing) < spread, "a draw carries the noise that the mean leaves out"


def test_bits_per_dim_is_that_of_the_noise() -> None:
    """The noise has a standard deviation of 4 grey levels: no model beats its entropy, and few bits come on top."""
    recipe = replace(QUICK, smooth=(), nugget=0.1, copies=2, examples=80_000)
    model = fit_faces(made_up_faces(300), recipe, held_out=100)
    floor = 0.5 * np.log2(2 * np.pi * np.e * 16)
    assert floor - 0.1 < model.bits_per_dim(made_up_faces(50, seed=1)) < floor + 1.2


def test_drawn_faces_are_whole_grey_levels_about_their_mean() -> None:
    train, test = made_up_faces(80), made_up_faces(20, seed=1)
    model = fit_faces(train, QUICK, held_out=20)
    missing = missing_halves(SIDE)["left"]
    drawn = model.draw(np.where(missing, np.nan, test), rng=0)
    np.testing.assert_array_equal(drawn[:, ~missing], test[:, ~missing])
    nobody = model.sample(30, rng=0)
    for faces_ in (drawn, nobody):
        assert not np.isnan(faces_).any()
        np.testing.assert_array_equal(faces_, np.clip(faces_.round(), 0, 255))
    np.testing.assert_array_equal(nobody, model.sample(30, rng=0))
    with pytest.raises(ValueError, match="one half of every face"):
        model.draw(np.where(np.eye(SIDE * SIDE)[0], np.nan, test), rng=0)


def test_no_pixel_is_told_of_those_after_it() -> None:
    model = fit_faces(made_up_faces(60), QUICK, held_out=20)
    face = made_up_faces(1, seed=1)
    for half, scan in half_scans(SIDE).items():
        before = model.pixel_log_prob(face, half)
        for k, pixel in enumerate(scan.order):
            other = face.copy()
            other[:, pixel] = 255 - other[:, pixel]
            changed = (model.pixel_log_prob(other, half) != before)[0]
            assert not changed[scan.order[:k]].any(), (half, pixel)
            assert changed[pixel]


def test_probabilities_of_all_grey_levels_of_a_pixel_add_up_to_one() -> None:
    model = fit_faces(made_up_faces(60), QUICK, held_out=20)
    for pixel in (0, 27, 63):
        faces_ = np.repeat(made_up_faces(1, seed=1), 256, axis=0)
        faces_[:, pixel] = np.arange(256)
        for half in missing_halves(SIDE):
            log_prob = model.pixel_log_prob(faces_, half)[:, pixel]
            assert np.exp(log_prob, dtype=np.float64).sum() == pytest.approx(1, abs=1e-5)


def test_moments_without_a_fold_are_those_of_the_others() -> None:
    recipe = Recipe(copies=2)
    train = made_up_faces(30)
    mean, covariance = Moments(train, recipe, 10, np.random.default_rng(0)).without(1)
    others = augment(np.delete(train, slice(10, 20), axis=0), recipe, np.random.default_rng(0))
    np.testing.assert_allclose(mean, others.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(covariance, np.cov(others.T, bias=True) + prior(SIDE, recipe), rtol=1e-3, atol=0.1)


def test_guides_in_training_are_those_of_the_linear_model() -> None:
    train = made_up_faces(60)
    model = fit_faces(train, QUICK, held_out=20)
    mean, covariance = Moments(train, QUICK, 20, np.random.default_rng(0)).without(None)
    for half in ("bottom", "left"):
        missing = missing_halves(SIDE)[half]
        expected = conditional_mean(mean, covariance, train, missing)
        np.testing.assert_allclose(model.complete(np.where(missing, np.nan, train)), expected, atol=0.1)


def test_scans_begin_with_what_is_known_and_windows_see_its_border() -> None:
    halves = missing_halves(SIDE)
    for half, scan in half_scans(SIDE).items():
        missing = halves[half]
        assert not missing[scan.order[: SIDE * SIDE // 2]].any(), half
        wires = Windows(scan, 1).wires
        sees_known = (wires >= 0) & ~missing[wires]
        assert sees_known[missing].any(axis=1).sum() == SIDE, "pixels at the border, and no others"
        assert (wires >= 0).any(axis=1).sum() == SIDE * SIDE - 1, "only the first pixel sees nothing"


def test_power_of_noise_is_flat_and_of_a_smooth_field_falls() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((200, 256))
    flat = radial_power(noise, 16)
    np.testing.assert_allclose(flat / flat.mean(), 1, atol=0.2)
    smooth = noise.reshape(200, 16, 16) + np.roll(noise.reshape(200, 16, 16), 1, axis=2)
    falling = radial_power(smooth.reshape(200, 256), 16)
    assert falling[-1] < 0.8 * falling[0]


def test_augmentation_keeps_the_face_and_its_mirror_image() -> None:
    faces_ = made_up_faces(3)
    images = augment(faces_, Recipe(copies=5), np.random.default_rng(0)).reshape(3, 5, SIDE, SIDE)
    np.testing.assert_array_equal(images[:, 0], faces_.reshape(3, SIDE, SIDE))
    np.testing.assert_array_equal(images[:, 1], faces_.reshape(3, SIDE, SIDE)[:, :, ::-1])
    assert all(np.abs(images[:, k] - images[:, k % 2]).max() > 1 for k in (2, 3, 4))


def test_the_prior_is_a_covariance() -> None:
    C = prior(SIDE, Recipe(nugget=5.0, smooth=((80.0, 2.0),)))
    np.testing.assert_allclose(np.diag(C), 85.0)
    np.testing.assert_allclose(C, C.T)
    assert np.linalg.eigvalsh(C).min() >= 5.0 - 1e-9
    neighbour, distant = C[0, 1], C[0, 5]
    assert 80 > neighbour > distant > 0


def test_squared_error_counts_missing_pixels_only() -> None:
    truth = np.zeros((1, 4))
    assert squared_error(truth, np.array([[9.0, 9.0, 1.0, 3.0]]), np.array([False, False, True, True])) == 5.0


def test_baselines_complete_from_the_given_half() -> None:
    train, test = made_up_faces(60), made_up_faces(10, seed=1)
    missing = missing_halves(SIDE)["left"]
    errors = {}
    for name, regressor in regressors(np.arange(60) // 10):
        completed = complete(regressor, train, test, missing)
        np.testing.assert_array_equal(completed[:, ~missing], test[:, ~missing])
        errors[name] = squared_error(test, completed, missing)
    assert errors["ridge, alpha by CV"] < errors["5 nearest neighbours"] < errors["1 nearest neighbour"]


def test_faces_that_are_none_are_refused() -> None:
    good = made_up_faces(6)
    for faces_, message in (
        (good[:, :-1], "give two faces or more"),
        (good[:1], "give two faces or more"),
        (good[0], "faces has 1 dimensions"),
        (np.where(np.eye(6, 64), np.nan, good), "NaN is not allowed"),
        (np.where(np.eye(6, 64), 0.5, good), r"faces\[0, 0\] = 0.5: give whole grey levels"),
    ):
        with pytest.raises(ValueError, match=message):
            fit_faces(faces_, held_out=1)
    for options, error, message in (
        ({"held_out": 0}, ValueError, "held_out=0: give an integer in 1..5"),
        ({"held_out": 6}, ValueError, "held_out=6: give an integer in 1..5"),
        ({"recipe": {"copies": 2}}, TypeError, "recipe is a dict"),
        ({"rng": "a"}, TypeError, "rng='a'"),
    ):
        with pytest.raises(error, match=message):
            fit_faces(good, **{"held_out": 1, **options})
    with pytest.raises(TypeError, match=r"side=2\.0"):
        missing_halves(2.0)
    with pytest.raises(ValueError, match="side=1"):
        half_orders(1)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"copies": 0}, ValueError),
        ({"shift": -1.0}, ValueError),
        ({"zoom": "no"}, TypeError),
        ({"nugget": np.inf}, ValueError),
        ({"smooth": 3.0}, TypeError),
        ({"smooth": ((1.0, 0.0),)}, ValueError),
        ({"smooth": ((1.0,),)}, ValueError),
        ({"hidden": (0,)}, ValueError),
        ({"components": 0}, ValueError),
        ({"epochs": 1.5}, TypeError),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(wrong: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(wrong))):
        Recipe(**wrong)


def test_faces_are_not_written_over_the_faces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "poon.npz"
    np.savez(data, images=np.zeros((400, 64, 64), np.uint8))
    before = data.read_bytes()
    monkeypatch.setattr(faces, "fit_faces", lambda *_, **__: pytest.fail("work has begun"))
    argv = ["faces", "--data", str(data), "--split", "poon", "--out", str(tmp_path)]
    assert main([*argv, "--save"]) == 2
    assert "is --data" in capsys.readouterr().err
    (tmp_path / "poon_left.png").mkdir()
    assert main(argv) == 2
    assert "poon_left.png is a folder" in capsys.readouterr().err
    assert data.read_bytes() == before


def test_missing_data_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faces", "--data", str(tmp_path / "no.npz"), "--out", str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "no.npz" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_promised_figures_on_real_faces(data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(data_dir / "olivetti.npz")
    assert main(["faces", "--data", data, "--split", "poon", "--no-baselines", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    (line,) = (line for line in printed.splitlines() if line.startswith("MADE"))
    (density,) = (line for line in printed.splitlines() if line.startswith("density"))
    assert float(density.split()[5]) <= 4.2
    bottom, left = (float(cell) for cell in line.split()[6:8])
    assert bottom <= 780
    assert left <= 850
    assert len(list(tmp_path.glob("poon_*.png"))) == 4
    assert faces.SPLITS["poon"].n_test == 50
